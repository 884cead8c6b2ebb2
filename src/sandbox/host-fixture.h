/* SPDX-License-Identifier: MIT */
/* A spawner, a plugin and a worker's sandboxes, for tests and benches. */
#ifndef XC_HOST_FIXTURE_H
#define XC_HOST_FIXTURE_H

#include <stdbool.h>
#include <sys/types.h>

#include "config/settings.h"
#include "lib/plugin-private.h"
#include "lib/request-private.h"
#include "sandbox/sandboxes.h"

struct fixture {
	char dir[64];		/* private */
	char so[4200];
	char so_dir[4200];
	pid_t spawner;
	int control;		/* the spawner's; -1: closed */
	struct xc_settings settings;
	struct xc_host host;
	struct xc_plugin plugin;
	struct xc_logger log;
	struct xc_sandboxes *sandboxes;
	struct xc_runner *runner;
	struct xc_request req;
	struct xc_outcome outcome;
	/* What was told. */
	unsigned faults;
	enum xc_breach fault;
	char fault_operation[64];
	char fault_detail[256];
	unsigned lines;		/* that the plugin has logged */
	char line[4200];	/* the last */
	unsigned streamed;	/* bytes */
	unsigned slow_ms;	/* that a client takes for each piece */
};

/* Starts the spawner and makes the sandboxes of one worker.  False with a
 * sentence on stderr if that cannot be. */
bool fixture_begin(struct fixture *f);
void fixture_end(struct fixture *f);

bool fixture_start_spawner(struct fixture *f);

/* Loads the plugin; false with the reason in errbuf. */
bool fixture_open(struct fixture *f, struct xc_errbuf *errbuf);
void fixture_close(struct fixture *f);

/* The number of an operation of the plugin. */
uint32_t fixture_operation(const char *name);

/* Makes a POST with that body, and runs it; the reply stands in req until
 * fixture_reset(). */
void fixture_ask(struct fixture *f, const char *body, size_t len);
void fixture_call(struct fixture *f, const char *operation);
void fixture_run(struct fixture *f, uint32_t operation);
int fixture_status(const struct fixture *f);
const char *fixture_body(const struct fixture *f);

/* Until the one that serves and the spare are ready. */
bool fixture_settle(struct fixture *f);

/* Pids as xc_sandboxes_json() has them; how many. */
size_t fixture_pids(const struct fixture *f, pid_t *pids, size_t max);

#endif
