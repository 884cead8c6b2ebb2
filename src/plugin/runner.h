/* SPDX-License-Identifier: MIT */
/*
 * What the loader needs from whoever runs plugins outside of the process: the
 * worker gives it, a test may give a fake.  The loader knows no sandbox.
 */
#ifndef XC_RUNNER_H
#define XC_RUNNER_H

#include <stddef.h>

#include "lib/errbuf.h"
#include "lib/limits.h"

struct xc_plugin;
struct xc_runner;

/* One version of a plugin.  All strings live until `open` returns; plugin
 * until `close` has. */
struct xc_runner_spec {
	struct xc_plugin *plugin;	/* with isolation, limits, permissions */
	const char *dir;	/* of its files in the store, absolute */
	const char *so;		/* absolute path of the shared object */
	const char *so_hash;	/* SHA-256, 64 hexadecimal digits */
	/* operations[i] is what a call of number i runs: by index of route. */
	const char *const *operations;
	size_t n_operations;
	/* Events that it handles: numbers behind those of the operations. */
	const char *const *event_operations;
	size_t n_event_operations;
	/* Steps that requests pass: numbers behind those of the events. */
	const char *const *step_operations;
	size_t n_step_operations;
	uint32_t require;	/* bits of enum xc_layer, see sandbox/layers.h */
};

struct xc_runner_ops {
	/*
	 * Loads and starts it: it can be called when this returns XC_OK.  Else
	 * nothing of it is left, and errbuf says why.
	 */
	enum xc_err (*open)(void *ctx, const struct xc_runner_spec *spec,
	    struct xc_runner **runner_r, struct xc_errbuf *errbuf);

	/* Ends it; *runner is NULL then. */
	void (*close)(void *ctx, struct xc_runner **runner);
};

#endif
