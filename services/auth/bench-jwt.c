/* SPDX-License-Identifier: MIT */
/*
 * What a token costs: made, checked for the first time, and checked when this
 * process has verified it before.
 *	services/auth/bench-jwt [ROUNDS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "jwt.h"
#include "services/security/keyring-edit.h"

#define NOW INT64_C(1795426431)

static const struct {
	const char *algorithm;
	enum xc_key_kind kind;
} cases[] = {
	{ "HS256", XC_KEY_SECRET }, { "RS256", XC_KEY_RSA },
	{ "ES256", XC_KEY_EC },
};

static double
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void
check(struct xc_jwt *jwt, const char *token)
{
	struct xc_claims claims;
	const char *why;

	if (xc_jwt_check(jwt, token, strlen(token), NOW, &claims,
	    &why) != XC_OK) {
		fprintf(stderr, "bench-jwt: refused: %s\n", why);
		exit(1);
	}
}

static void
measure(const char *algorithm, struct xc_jwt *jwt, int rounds)
{
	struct xc_claims claims = {
		.user_id = 42, .session = "000102030405060708090a0b0c0d0e0f",
		.id = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", .issued_at = NOW,
		.not_before = NOW, .expires_at = NOW + 900
	};
	double start, made, first, again;
	char *token = NULL;
	int i;

	start = now_ns();
	for (i = 0; i < rounds; i++) {
		free(token);
		if (xc_jwt_make(jwt, &claims, &token) != XC_OK)
			exit(1);
	}
	made = (now_ns() - start) / rounds;
	start = now_ns();
	for (i = 0; i < rounds; i++) {
		/* Forgets what was remembered, at the cost of a memset. */
		if (xc_jwt_keys(jwt, NULL) != XC_OK)
			exit(1);
		check(jwt, token);
	}
	first = (now_ns() - start) / rounds;
	start = now_ns();
	for (i = 0; i < rounds; i++)
		if (xc_jwt_keys(jwt, NULL) != XC_OK)
			exit(1);
	first -= (now_ns() - start) / rounds;
	check(jwt, token);
	start = now_ns();
	for (i = 0; i < 100 * rounds; i++)
		check(jwt, token);
	again = (now_ns() - start) / (100.0 * rounds);
	printf("%s  made %8.0f ns  first check %8.0f ns  remembered %5.0f ns"
	    "  (%zu bytes)\n", algorithm, made, first, again, strlen(token));
	free(token);
}

int
main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 1000;
	struct xc_auth_settings settings = { .issuer = "xcore",
		.audience = "xcore" };
	struct xc_keyring *ring;
	struct xc_errbuf errbuf;
	struct xc_jwt *jwt;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		settings.algorithm = cases[i].algorithm;
		if (xc_keyring_new(&ring) != XC_OK || xc_keyring_add(ring,
		    "token", cases[i].kind, XC_KEY_ACTIVE, NULL,
		    &errbuf) != XC_OK || xc_jwt_new(&settings, ring, &jwt,
		    &errbuf) != XC_OK)
			return 1;
		measure(cases[i].algorithm, jwt, rounds > 0 ? rounds : 1);
		xc_jwt_free(&jwt);
		xc_keyring_free(&ring);
	}
	return 0;
}
