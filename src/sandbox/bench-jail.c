/* SPDX-License-Identifier: MIT */
/* How long a sandbox takes from clone to its last wall, without dlopen().
 * Measures; asserts nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/jail.h"

#define N 300
#define BIT(layer) XC_LAYER_BIT(XC_LAYER_##layer)
#define NAMESPACES (BIT(USERNS) | BIT(PIDNS) | BIT(NETNS) | BIT(IPCNS) | \
	BIT(UTSNS) | BIT(MOUNTNS))

static const struct {
	const char *name;
	uint32_t without;
} rows[] = {
	{ "all layers", 0 },
	{ "without a net namespace", BIT(NETNS) },
	{ "without namespaces", NAMESPACES },
	{ "filters and rlimits alone", ~XC_LAYERS_ALWAYS },
};

static double
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* When each step was over; shared with the sandbox. */
enum step {
	BEGUN,
	CLONED,		/* its maker goes on */
	INSIDE,		/* the child begins */
	FIRST,
	LAST,
	STEPS
};
static double *times;

static _Noreturn void
live(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    struct xc_layers *layers)
{
	struct xc_errbuf why;

	times[INSIDE] = now_us();
	if (xc_jail_first(jail, cell, layers, &why) != XC_OK)
		_exit(1);
	times[FIRST] = now_us();
	if (xc_jail_last(jail, cell, layers, &why) != XC_OK)
		_exit(1);
	times[LAST] = now_us();
	_exit(0);
}

static void
measure(const struct xc_jail *jail, const struct xc_jail_cell *cell)
{
	struct xc_errbuf why = { "" };
	struct xc_layers layers;
	int pidfd, status;
	pid_t pid;

	times[BEGUN] = now_us();
	pid = xc_jail_clone(jail, cell, &layers, &pidfd, &why);
	if (pid == 0)
		live(jail, cell, &layers);
	times[CLONED] = now_us();
	if (pid == -1 || xc_jail_admit(jail, cell, pid, &why) != XC_OK ||
	    waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "no sandbox: %s\n", why.text);
		exit(1);
	}
	close(pidfd);
	xc_jail_bury(jail, cell->slot, NULL);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
print_column(double values[N])
{
	qsort(values, N, sizeof(values[0]), compare);
	printf(" %7.0f /%6.0f", values[N / 2], values[N * 99 / 100]);
}

static void
bench(const char *name, const struct xc_jail *jail)
{
	static double took[STEPS][N];
	struct xc_jail_cell cell = {
		.isolation = XC_ISOLATION_POOL,
		.limits = { .memory_mb = 64, .files = 16, .threads = 1 },
		.output_fd = -1, .cpu = -1,
	};

	for (unsigned i = 0; i < N; i++) {
		cell.slot = i % 16;
		measure(jail, &cell);
		took[BEGUN][i] = times[LAST] - times[BEGUN];
		took[CLONED][i] = times[CLONED] - times[BEGUN];
		took[INSIDE][i] = times[INSIDE] - times[BEGUN];
		took[FIRST][i] = times[FIRST] - times[INSIDE];
		took[LAST][i] = times[LAST] - times[FIRST];
	}
	printf("%-26s", name);
	for (unsigned i = 0; i < STEPS; i++)
		print_column(took[i]);
	printf("\n");
}

int
main(void)
{
	times = mmap(NULL, STEPS * sizeof(times[0]), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (times == MAP_FAILED)
		return 1;
	printf("%-26s %15s %15s %15s %15s %15s\n", "microseconds, p50 / p99",
	    "whole", "maker's part", "until inside", "first", "last");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct xc_jail_options options = { .cgroup = "",
			.without = rows[i].without };
		struct xc_errbuf why = { "" };
		struct xc_jail *jail;

		if (getuid() == 0) {
			options.uid_first = 1100000000;
			options.uid_count = 16;
		}
		if (xc_jail_create(&options, &jail, &why) != XC_OK) {
			fprintf(stderr, "%s\n", why.text);
			return 1;
		}
		bench(rows[i].name, jail);
		xc_jail_free(&jail);
	}
	return 0;
}
