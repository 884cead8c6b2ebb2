/* SPDX-License-Identifier: MIT */
/*
 * Hashes a second at the built-in cost by 1 to N processes, without the bound
 * on how many run at once and with it, and what smaller things cost.
 *	services/security/bench-security [N [SECONDS]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "password.h"
#include "token.h"

static const struct xc_security_settings settings = {
	.argon2_kb = 19456, .argon2_passes = 2, .argon2_lanes = 1,
	.hashes_max = 0, .hash_wait_ms = 2000, .password_min = 12
};

struct count {
	unsigned long done;
	unsigned long busy;
	double slowest_ms;
};

static double
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void
work(int places, double until, struct count *count)
{
	char phc[XC_PHC_SIZE];
	struct xc_hasher *hasher;
	double start, end = 0;
	enum xc_err err;

	if (xc_hasher_new(&settings, places, &hasher, NULL) != XC_OK)
		_exit(1);
	while (end < until) {
		start = now_ms();
		err = xc_password_hash(hasher, "a password", 10, phc);
		end = now_ms();
		if (err == XC_OK)
			count->done++;
		else
			count->busy++;
		if (err == XC_OK && end - start > count->slowest_ms)
			count->slowest_ms = end - start;
		/* One who is told to come back does so later. */
		if (err != XC_OK)
			usleep(20000);
	}
	xc_hasher_free(&hasher);
	_exit(0);
}

static void
measure(int processes, int places, double seconds)
{
	size_t size = (size_t)processes * sizeof(struct count);
	struct count *counts = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0), sum = { 0 };
	double until = now_ms() + seconds * 1000;
	int i;

	if (counts == MAP_FAILED)
		exit(1);
	for (i = 0; i < processes; i++)
		if (fork() == 0)
			work(places, until, &counts[i]);
	for (i = 0; i < processes; i++)
		wait(NULL);
	for (i = 0; i < processes; i++) {
		sum.done += counts[i].done;
		sum.busy += counts[i].busy;
		if (counts[i].slowest_ms > sum.slowest_ms)
			sum.slowest_ms = counts[i].slowest_ms;
	}
	printf("argon2id %2d at once, %-7s %6.1f a second, slowest %6.1f ms, "
	    "%lu told to wait\n", processes, places < 0 ? "unbound" : "bound",
	    (double)sum.done / seconds, sum.slowest_ms, sum.busy);
	munmap(counts, size);
}

static void
measure_small(void)
{
	unsigned char digest[XC_DIGEST_LEN], data[512] = { 0 };
	char token[XC_TOKEN_SIZE];
	const int rounds = 200000;
	double start;
	int i;

	start = now_ms();
	for (i = 0; i < rounds; i++)
		if (xc_sha256(data, sizeof(data), digest) != XC_OK)
			exit(1);
	printf("SHA-256 of 512 bytes   %6.0f ns\n",
	    (now_ms() - start) * 1e6 / rounds);
	start = now_ms();
	for (i = 0; i < rounds; i++)
		if (xc_hmac_sha256(digest, 32, data, 64, digest) != XC_OK)
			exit(1);
	printf("HMAC of 64 bytes       %6.0f ns\n",
	    (now_ms() - start) * 1e6 / rounds);
	start = now_ms();
	for (i = 0; i < rounds; i++)
		if (xc_token_make(token) != XC_OK)
			exit(1);
	printf("random token           %6.0f ns\n",
	    (now_ms() - start) * 1e6 / rounds);
}

int
main(int argc, char **argv)
{
	int most = argc > 1 ? atoi(argv[1]) : 8, n, places;
	double seconds = argc > 2 ? atof(argv[2]) : 2;

	setvbuf(stdout, NULL, _IOLBF, 0);
	measure_small();
	places = xc_hasher_places();
	for (n = 1; n <= most; n *= 2) {
		measure(n, -1, seconds);
		measure(n, places, seconds);
	}
	close(places);
	return 0;
}
