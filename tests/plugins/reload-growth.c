/* SPDX-License-Identifier: MIT */
/*
 * How much a process grows by reloads: reload-growth [RELOADS] (10,000).
 * Each reload is a new file at a new path, as in the store; the growth is
 * told after the first hundred, in which the C library makes itself at home.
 * Ends with 1 if it is more than 100 KiB.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "lib/host.h"
#include "plugin/loader.h"
#include "support.h"

#define WARM_UP 100
#define GROWTH_MAX_KB 100

static long
resident_kb(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long total = 0, resident = 0;

	if (file == NULL || fscanf(file, "%ld %ld", &total, &resident) != 2)
		abort();
	fclose(file);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void
reload(struct xc_loader *loader, const char *state, long n)
{
	struct json_object *snapshot = snapshot_new(n), *report;
	struct xc_errbuf why = { "" };
	char dir[300], version[40], path[600];

	snprintf(dir, sizeof(dir), "%s/v%ld", state, n);
	snprintf(version, sizeof(version), "1.0.%ld", n);
	copy_plugin(made_plugin("misbehave"), dir);
	snapshot_add(snapshot, dir, "misbehave", version);
	snapshot_write(state, snapshot, path, sizeof(path));
	if (xc_loader_apply(loader, path, NULL, NULL, &report, &why) !=
	    XC_OK) {
		fprintf(stderr, "reload %ld: %s\n%s\n", n, why.text,
		    json_object_to_json_string(report));
		exit(1);
	}
	json_object_put(report);
	if (n > 1) {
		snprintf(dir, sizeof(dir), "%s/v%ld", state, n - 1);
		remove_tree(dir);
	}
}

int
main(int argc, char **argv)
{
	long reloads = argc > 1 ? atol(argv[1]) : 10000, before = 0, grown;
	struct xc_host host = { 0 };
	struct xc_loader *loader;
	const char *reason;
	char state[256];
	double start = now();

	/* The first look costs memory of its own. */
	resident_kb();
	new_folder(state, sizeof(state));
	if (xc_loader_create(&host, &loader) != XC_OK)
		return 1;
	for (long i = 1; i <= reloads + WARM_UP; i++) {
		reload(loader, state, i);
		if (i == WARM_UP)
			before = resident_kb();
	}
	grown = resident_kb() - before;
	printf("%ld reloads in %.1f s: %ld KiB more (of %ld)\n", reloads,
	    now() - start, grown, before);
	if (xc_loader_wants_recycle(loader, &reason))
		printf("wants to be replaced: %s\n", reason);
	xc_loader_free(&loader);
	remove_tree(state);
	return grown > GROWTH_MAX_KB;
}
