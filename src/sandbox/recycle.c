/* SPDX-License-Identifier: MIT */
/* Sandboxes that have served long enough, and memory that is given back. */
#include <stdio.h>
#include <unistd.h>

#include "sandbox/sandboxes-private.h"

#define LOOK_EVERY 64		/* calls, at the memory */
#define LARGE (256 * 1024)
#define KEEP (64 * 1024)
#define LARGE_MS 1000		/* without a large one, until it is given back */

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
