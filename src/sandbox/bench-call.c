/* SPDX-License-Identifier: MIT */
/*
 * What a call of a sandbox costs: `bench-call` prints, for the levels pool
 * and request, the time of a call by size, the time to the next answer after
 * a crash, by how much limits are overrun, memory, and how long many take to
 * be ready.  It asserts nothing.  Run it in the build folder, with its path
 * in top_builddir.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/host-fixture.h"

#define CALLS_MAX 100000

static struct fixture f;
static double times[CALLS_MAX];

static double
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
show(const char *what, int n)
{
	qsort(times, (size_t)n, sizeof(times[0]), compare);
	printf("%-44s p50 %9.1f  p99 %9.1f  max %9.1f us  (%d)\n", what,
	    times[n / 2], times[n * 99 / 100], times[n - 1], n);
	fflush(stdout);
}

static void
open_at(enum xc_isolation isolation)
{
	struct xc_errbuf errbuf;

	fixture_close(&f);
	f.plugin.isolation = isolation;
	if (!fixture_open(&f, &errbuf)) {
		fprintf(stderr, "%s\n", errbuf.text);
		exit(1);
	}
	(void)fixture_settle(&f);
}

static void
tend_for(int ms)
{
	struct pollfd pfd = { .fd = xc_sandboxes_fd(f.sandboxes),
		.events = POLLIN };
	double until = now_us() + ms * 1e3;

	do {
		(void)poll(&pfd, 1, ms > 0 ? 1 : 0);
		if (pfd.revents)
			(void)xc_sandboxes_tend(f.sandboxes,
			    (uint64_t)(now_us() / 1e3));
	} while (now_us() < until);
}

/* think: milliseconds between calls, in which a worker tends. */
static void
bench_echo(const char *what, size_t len, int n, int think)
{
	uint32_t echo = fixture_operation("echo");
	char *body = malloc(len);
	double begin;

	memset(body, 'x', len);
	for (int i = -10; i < n; i++) {
		fixture_ask(&f, body, len);
		if (think >= 0)
			tend_for(think);
		begin = now_us();
		fixture_run(&f, echo);
		if (i >= 0)
			times[i] = now_us() - begin;
		if (f.outcome.breach != XC_BREACH_NONE) {
			fprintf(stderr, "%s\n", f.outcome.detail);
			exit(1);
		}
	}
	free(body);
	show(what, n);
}

/* From the order that crashes to the next answer. */
static void
bench_crash(const char *what, int n)
{
	uint32_t crash = fixture_operation("crash");
	uint32_t echo = fixture_operation("echo");
	double begin, crashed, sum = 0;

	for (int i = 0; i < n; i++) {
		/* What has served well is not paused for. */
		for (int j = 0; j < 120; j++)
			fixture_call(&f, "echo");
		(void)fixture_settle(&f);
		fixture_ask(&f, "body", 4);
		begin = now_us();
		fixture_run(&f, crash);
		crashed = now_us();
		fixture_ask(&f, "body", 4);
		fixture_run(&f, echo);
		times[i] = now_us() - begin;
		sum += crashed - begin;
		if (f.outcome.breach != XC_BREACH_NONE) {
			fprintf(stderr, "%s\n", f.outcome.detail);
			exit(1);
		}
	}
	show(what, n);
	printf("%-44s mean %9.1f us\n", "  of which until the 500 stood",
	    sum / n);
}

static void
bench_limit(const char *what, const char *operation, double limit_ms, int n)
{
	uint32_t number = fixture_operation(operation);
	double begin;

	for (int i = 0; i < n; i++) {
		for (int j = 0; j < 120; j++)
			fixture_call(&f, "echo");
		(void)fixture_settle(&f);
		fixture_ask(&f, "body", 4);
		begin = now_us();
		fixture_run(&f, number);
		times[i] = now_us() - begin - limit_ms * 1e3;
		/* By its own clock, which other processes do not move. */
		if (f.outcome.breach == XC_BREACH_CPU)
			times[i] = (double)f.outcome.cpu_us - limit_ms * 1e3;
	}
	show(what, n);
}

static long
pss_kb(pid_t pid)
{
	char path[64], line[256];
	long kb = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Pss: %ld", &kb) == 1)
			break;
	if (file)
		fclose(file);
	return kb;
}

static void
bench_memory(void)
{
	pid_t pids[4];
	size_t n = fixture_pids(&f, pids, 4);

	for (size_t i = 0; i < n; i++)
		printf("memory of a sandbox: PSS %ld KB\n", pss_kb(pids[i]));
	printf("memory of the spawner: PSS %ld KB\n", pss_kb(f.spawner));
}

static void
bench_many(int n)
{
	struct xc_runner **runners = calloc((size_t)n, sizeof(*runners));
	struct xc_errbuf errbuf;
	double begin = now_us(), first;

	for (int i = 0; i < n; i++) {
		f.runner = NULL;
		if (!fixture_open(&f, &errbuf)) {
			fprintf(stderr, "%s\n", errbuf.text);
			exit(1);
		}
		runners[i] = f.runner;
	}
	first = now_us() - begin;
	printf("%d versions loaded one after the other, each with a spare on "
	    "its way: %.1f ms\n", n, first / 1e3);
	for (int i = 0; i < n; i++)
		xc_sandboxes_runner_ops.close(f.sandboxes, &runners[i]);
	f.runner = NULL;
	free(runners);
}

int
main(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	if (!fixture_begin(&f))
		return 1;
	(void)xc_log_set_level("xcore", XC_LOG_ERROR);
	f.plugin.limits.cpu_ms = 50;
	f.plugin.limits.timeout_ms = 200;
	open_at(XC_ISOLATION_POOL);
	bench_echo("pool, 4 B", 4, 50000, -1);
	bench_echo("pool, 200 B", 200, 50000, -1);
	bench_echo("pool, 200 B, 1 ms between calls", 200, 500, 1);
	bench_echo("pool, 64 KB", 65536, 10000, -1);
	bench_echo("pool, 1 MB", 1 << 20, 2000, -1);
	bench_memory();
	bench_crash("pool, crash to next answer", 50);
	bench_limit("pool, over limits.cpu_ms 50", "spin", 50, 20);
	bench_limit("pool, over limits.timeout_ms 200", "sleep_long", 200, 10);
	bench_many(50);
	open_at(XC_ISOLATION_REQUEST);
	bench_echo("request, 200 B, 2 ms between calls", 200, 500, 2);
	bench_echo("request, 200 B, no pause", 200, 5000, 0);
	bench_echo("request, 64 KB, 2 ms between calls", 65536, 200, 2);
	bench_echo("request, 1 MB, 5 ms between calls", 1 << 20, 100, 5);
	bench_crash("request, crash to next answer", 20);
	fixture_end(&f);
	return 0;
}
