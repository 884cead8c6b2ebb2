/* SPDX-License-Identifier: MIT */
/*
 * The loader: the plugins of one process, and how it changes over to a new
 * snapshot: load new, warm, switch, drain, discard old.
 */
#ifndef XC_LOADER_H
#define XC_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xcore/plugin.h>

#include "contract/routes.h"
#include "lib/errbuf.h"

struct json_object;
struct xc_assets;
struct xc_contract;
struct xc_host;
struct xc_runner;
struct xc_runner_ops;

enum xc_serving { XC_SERVING, XC_SERVING_DISABLED, XC_SERVING_FAILED };

/* An event that a plugin wants to hear of. */
struct xc_loaded_event {
	const char *name;	/* "todo.created" */
	const char *operation_name;	/* "on_created" */
	uint32_t operation;	/* its number for the runner */
	xc_handler *handler;	/* in-process; else NULL */
};

/* What a plugin does with requests besides handling its own (a member of
 * "middleware" in plugin.json). */
struct xc_loaded_step {
	const char *name;	/* "tenant:check_tenant" */
	const char *operation_name;	/* "check_tenant" */
	uint32_t operation;	/* its number for the runner */
	xc_handler *handler;	/* in-process; NULL: by the runner, or it does
				 * not serve */
	bool on_reply;		/* behind the handler, not ahead of it */
	bool site;		/* for requests of all but core plugins */
	bool before_auth;	/* ahead of authentication */
};

/* Where a plugin answers. */
struct xc_loaded_prefix {
	const char *text;	/* "/app/todo" */
	const char *const *segments;	/* "app", "todo" */
	size_t n_segments;
};

/*
 * One plugin of the table.  plugin and routes are NULL unless state is
 * XC_SERVING.  Then either handlers or runner is set: which one is said by
 * plugin->isolation.
 */
struct xc_loaded {
	const char *name;
	const char *version;
	const char *hash;
	const char *prefix;	/* "/app/todo"; the first of several */
	/* Of its prefix, which its routes leave out.  With several prefixes
	 * there are none here: its routes have whole paths then. */
	const char *const *segments;
	size_t n_segments;
	const struct xc_loaded_prefix *several;	/* NULL: it has one */
	size_t n_several;
	bool core;
	enum xc_serving state;
	const char *reason;	/* why it is not serving, for operators */
	struct xc_plugin *plugin;
	const struct xc_routes *routes;
	/* What each request is held to, by index of the route. */
	const struct xc_contract *contract;
	xc_handler *const *handlers;	/* by index of the route */
	struct xc_runner *runner;	/* it runs outside of this process */
	const struct xc_loaded_event *events;
	size_t n_events;
	const struct xc_assets *assets;	/* its files; NULL: none */
	/* As they stand in the manifest; of one that failed too. */
	const struct xc_loaded_step *steps;
	size_t n_steps;
};

/* A step of the table, and whose it is. */
struct xc_table_step {
	const struct xc_loaded *loaded;
	const struct xc_loaded_step *step;
};

/* Its prefixes, one or more.  single is filled and used where it has one. */
size_t xc_loaded_prefixes(const struct xc_loaded *loaded,
    struct xc_loaded_prefix *single, const struct xc_loaded_prefix **list_r);

/* What a worker serves: immutable once made. */
struct xc_table {
	uint64_t generation;
	uint64_t sequence;
	struct xc_loaded *const *rows;	/* sorted by prefix */
	size_t n;
	/* Of all plugins but the disabled ones, in the order in which they are
	 * passed by a request; its reply passes them in the opposite one.  All
	 * with before_auth come first. */
	const struct xc_table_step *steps;
	size_t n_steps;
};

struct xc_loader;

/* Makes a loader with an empty table.  host must outlive it. */
enum xc_err xc_loader_create(const struct xc_host *host,
    struct xc_loader **loader_r);

/*
 * Who runs plugins that are not to run in this process.  Without one such a
 * plugin is not served.  ctx must outlive the loader.
 */
void xc_loader_set_runner(struct xc_loader *loader,
    const struct xc_runner_ops *ops, void *ctx);

/* Stops and closes all.  */
void xc_loader_free(struct xc_loader **loader);

/* The table in force; never NULL; valid until the next apply. */
const struct xc_table *xc_loader_table(const struct xc_loader *loader);

/*
 * Changes over to a snapshot file.  A version that fails to load, start or
 * warm leaves the version before it serving (or a row XC_SERVING_FAILED if
 * there was none) and is tried again at the next apply.  Call it between
 * requests.  before(ctx, what), if not NULL, is called ahead of code of each
 * plugin ("todo 1.2.0") so that a crash can be attributed.
 *
 * XC_OK when every plugin of the snapshot is as it says.  XC_ERR_FAILED when
 * some are not: report_r says which.  XC_ERR_INVALID, XC_ERR_IO: the snapshot
 * cannot be used at all, and nothing changed.
 * *report_r is a new reference: {"generation":N,"sequence":N,
 * "plugins":[{"name","version","state":"serving|disabled|failed","reason",
 * "isolation" (of one that serves)}]}
 */
enum xc_err xc_loader_apply(struct xc_loader *loader, const char *snapshot,
    void (*before)(void *ctx, const char *what), void *ctx,
    struct json_object **report_r, struct xc_errbuf *errbuf);

/* True if old code could not be unmapped (a thread or a key was left, or the
 * object refuses), so that the process should be replaced; reason_r names
 * the plugin. */
bool xc_loader_wants_recycle(const struct xc_loader *loader,
    const char **reason_r);

#endif
