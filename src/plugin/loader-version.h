/* SPDX-License-Identifier: MIT */
/* One row of a snapshot, and what became of it in this process. */
#ifndef XC_LOADER_VERSION_H
#define XC_LOADER_VERSION_H

#include <stdint.h>

#include "digest.h"
#include "lib/plugin-private.h"
#include "loader-object.h"
#include "loader-traces.h"
#include "loader.h"
#include "runner.h"
#include "steps.h"

/* What all versions of a process are given. */
struct xc_version_home {
	const struct xc_host *host;
	const struct xc_runner_ops *runner;	/* NULL: there is none */
	void *runner_ctx;
};

struct xc_version {
	struct xc_loaded row;	/* first: the table points to it */
	struct xc_plugin plugin;
	struct xc_object object;
	struct xc_traces own;	/* threads and keys that it began with */
	struct xc_contract *contract;
	const struct xc_routes *routes;	/* of either */
	struct xc_assets *assets;
	xc_handler **handlers;
	const struct xc_version_home *home;	/* that loaded it */
	struct xc_loaded_event *events;
	char **event_texts;	/* each event's name and operation */
	struct xc_steps asked;	/* of its manifest, as many as steps */
	struct xc_loaded_step *steps;
	uint32_t require;	/* bits of enum xc_layer */
	char key[XC_DIGEST_SIZE];	/* of all that makes it what it is */
	char *name;
	char *version;
	char *hash;
	/* Ends with one without segments. */
	struct xc_loaded_prefix *prefixes;
	char *prefix;		/* as the plugin is told; "" with several */
	char *reason;
	char *what;		/* "todo 1.2.0" */
	uint64_t mark;		/* of the last change that kept it */
	bool in_table;		/* it is, or was, in force */
	struct xc_version *next;	/* in the list of mapped ones */
	struct xc_version **link;	/* what points here there; or NULL */
};

/* What a plugin's code is about to be called for. */
typedef void xc_before(void *ctx, const char *what);

/* Whether a snapshot's row has what each row must have. */
bool xc_version_row_ok(struct json_object *json);

/* loader-check.c: whether all rows of a snapshot can be used: XC_ERR_INVALID,
 * XC_ERR_NOMEM. */
enum xc_err xc_version_check_rows(struct json_object *plugins,
    struct xc_errbuf *errbuf);

/*
 * Makes a row that serves nothing from a snapshot's row: state and reason as
 * given.  The caller frees *version_r with xc_version_free().
 */
enum xc_err xc_version_create(struct json_object *json,
    enum xc_serving state, const char *reason,
    struct xc_version **version_r, struct xc_errbuf *errbuf);

/* loader-prefix.c: takes a row's prefixes; XC_ERR_INVALID, XC_ERR_NOMEM. */
enum xc_err xc_version_take_prefixes(struct xc_version *version,
    const struct json_object *json);
void xc_version_free_prefixes(struct xc_version *version);

/* With several prefixes each path must lie below one; XC_ERR_INVALID. */
enum xc_err xc_version_check_paths(const struct xc_version *version,
    const struct xc_route *routes, size_t n, struct xc_errbuf *errbuf);

/* A prefix that both have; NULL. */
const char *xc_loaded_shares(const struct xc_loaded *a,
    const struct xc_loaded *b);

/*
 * Loads, starts and warms it, here or in a runner: its state is XC_SERVING
 * then.  On an error nothing of it runs any more (but see xc_version_stop()).
 * home must outlive the version.
 */
enum xc_err xc_version_load(struct xc_version *version,
    struct json_object *json, const struct xc_version_home *home,
    struct xc_errbuf *errbuf);

/*
 * loader-contract.c: compiles its openapi.json, of which the row has the
 * digest (one of an older release has not).  Sets routes.
 */
enum xc_err xc_version_take_contract(struct xc_version *version,
    struct json_object *json, struct xc_errbuf *errbuf);
void xc_version_free_contract(struct xc_version *version);

/*
 * loader-terms.c: takes from a snapshot's row on which terms it runs:
 * isolation, limits, permissions, required layers, events.  A row of an older
 * release names no isolation: it ran in the process then, and does so now.
 */
enum xc_err xc_version_take_terms(struct xc_version *version,
    struct json_object *json, struct xc_errbuf *errbuf);
void xc_version_free_terms(struct xc_version *version);

/* loader-steps.c: takes the steps of a snapshot's row, without handlers. */
enum xc_err xc_version_take_steps(struct xc_version *version,
    struct json_object *json, struct xc_errbuf *errbuf);
void xc_version_free_steps(struct xc_version *version);

/*
 * Puts the steps of all rows in their order; the caller frees *steps_r, which
 * is NULL without any.  XC_ERR_EXISTS: there is no order: *closer_r is of a
 * version that serves, and without which there may be one.  XC_ERR_NOMEM.
 */
enum xc_err xc_loaded_arrange(struct xc_loaded *const *rows, size_t n,
    struct xc_table_step **steps_r, size_t *n_r,
    const struct xc_loaded **closer_r, struct xc_errbuf *errbuf);

/* loader-runner.c: has it loaded and started outside of this process. */
enum xc_err xc_version_open_runner(struct xc_version *version,
    struct json_object *json, struct xc_errbuf *errbuf);

/* The path of its shared object, as the row says; XC_ERR_INVALID. */
enum xc_err xc_version_object_path(struct json_object *json, char *path_r,
    size_t size, struct xc_errbuf *errbuf);

/*
 * Stops it and, if nothing of it is left, unmaps it.  `others` is what the
 * process and the other plugins have of threads.  False with the reason if
 * its code has to stay mapped.
 */
bool xc_version_stop(struct xc_version *version,
    const struct xc_traces *others, struct xc_errbuf *why);

/* Frees the row; its code must not be mapped any more, or never run. */
void xc_version_free(struct xc_version **version);

/* The digest of a snapshot's row without state and reason. */
enum xc_err xc_version_key(struct json_object *json,
    char key_r[XC_DIGEST_SIZE]);

#endif
