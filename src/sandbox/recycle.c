/* SPDX-License-Identifier: MIT */
/* Sandboxes that have served long enough, and memory that is given back. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/sandboxes-private.h"

#define LOOK_EVERY 64		/* calls, at the memory */
#define LARGE (256 * 1024)
#define KEEP (64 * 1024)
#define LARGE_MS 1000		/* without a large one, until it is given back */
#define IDLE_MS 4000		/* between looks at what it uses by itself */
#define IDLE_PART 4		/* of a processor: one in so many may be used */
#define FORK_NS UINT64_C(10000000)	/* that a zygote may take for a child */
#define NS_PER_MS UINT64_C(1000000)

/* Resident kilobytes; 0 if they cannot be read. */
static uint64_t
rss_kb(pid_t pid)
{
	unsigned long long size, resident;
	char path[64];
	FILE *file;
	int n;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	n = fscanf(file, "%llu %llu", &size, &resident);
	fclose(file);
	return n == 2 ? resident * (uint64_t)sysconf(_SC_PAGESIZE) / 1024 :
	    0;
}

void
xc_recycle_begin(struct xc_box *box, uint64_t now)
{
	box->active_ms = now;
	box->rss_kb = rss_kb(box->sandbox->pid);
}

static bool
has_grown(const struct xc_box *box, uint64_t max_kb)
{
	uint64_t rss;

	if (box->rss_kb == 0 || box->sandbox->calls % LOOK_EVERY != 0)
		return false;
	rss = rss_kb(box->sandbox->pid);
	return rss > box->rss_kb && rss - box->rss_kb > max_kb;
}

bool
xc_recycle_due(const struct xc_runner *runner, const struct xc_box *box,
    uint64_t now)
{
	const struct xc_sandbox_settings *settings =
	    &runner->owner->options.settings->sandbox;

	if (settings->requests_max > 0 &&
	    box->sandbox->calls >= (uint64_t)settings->requests_max)
		return true;
	if (settings->age_max_s > 0 &&
	    now >= box->active_ms + (uint64_t)settings->age_max_s * 1000)
		return true;
	return settings->growth_max_mb > 0 &&
	    has_grown(box, (uint64_t)settings->growth_max_mb * 1024);
}

void
xc_recycle_note(struct xc_box *box, uint32_t request, uint32_t reply)
{
	if (request > LARGE || reply > LARGE)
		box->large_ms = xc_box_now_ms();
}

uint64_t
xc_recycle_trim(struct xc_box *box, uint64_t now)
{
	if (box->large_ms == 0)
		return 0;
	if (now < box->large_ms + LARGE_MS)
		return box->large_ms + LARGE_MS;
	xc_channel_trim(&box->sandbox->channel, KEEP);
	box->large_ms = 0;
	return 0;
}

/* 0: it has ended. */
static uint64_t
cpu_ns(const struct xc_sandbox *sandbox)
{
	struct timespec ts;

	if (sandbox->clock == (clockid_t)-1 ||
	    clock_gettime(sandbox->clock, &ts) != 0)
		return 0;
	return (uint64_t)ts.tv_sec * 1000 * NS_PER_MS + (uint64_t)ts.tv_nsec;
}

/* Time of calls is under limits.cpu_ms; all of its threads may run then. */
static uint64_t
may_use(const struct xc_box *box, uint64_t elapsed_ms)
{
	const struct xc_sandbox *sandbox = box->sandbox;
	uint64_t threads = box->runner->plugin->limits.threads;
	uint64_t busy = (sandbox->busy_ns - box->idle.busy_ns) *
	    (threads > 1 ? threads : 1);

	if (box->zygote)
		busy += (sandbox->calls - box->idle.calls) * FORK_NS;
	return busy + elapsed_ms * NS_PER_MS / IDLE_PART;
}

uint64_t
xc_recycle_watch(struct xc_box *box, uint64_t now, char *text_r, size_t size)
{
	uint64_t elapsed, used, cpu;

	text_r[0] = '\0';
	if (box->runner->plugin->limits.cpu_ms == 0)
		return 0;
	if (box->idle.at_ms != 0 && now < box->idle.at_ms + IDLE_MS)
		return box->idle.at_ms + IDLE_MS;
	elapsed = now - box->idle.at_ms;
	if (box->zygote && xc_zygote_strays(box))
		snprintf(text_r, size, "it has made processes that serve no "
		    "request");
	cpu = cpu_ns(box->sandbox);
	used = cpu > box->idle.cpu_ns ? cpu - box->idle.cpu_ns : 0;
	if (box->idle.at_ms != 0 && used > may_use(box, elapsed))
		snprintf(text_r, size, "%llu ms of processor time within %llu "
		    "ms, of which requests took %llu: it goes on without one",
		    (unsigned long long)(used / NS_PER_MS),
		    (unsigned long long)elapsed, (unsigned long long)
		    ((box->sandbox->busy_ns - box->idle.busy_ns) /
		    NS_PER_MS));
	box->idle.at_ms = now;
	box->idle.cpu_ns = cpu;
	box->idle.busy_ns = box->sandbox->busy_ns;
	box->idle.calls = box->sandbox->calls;
	return now + IDLE_MS;
}
