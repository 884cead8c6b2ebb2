/* SPDX-License-Identifier: MIT */
/*
 * The registry: what is installed on the site, in the core's schema of
 * MariaDB (sql/0001_registry.up.sql).  Every change is one transaction that
 * also raises the generation, by compare-and-set on the number that the
 * caller validated against, so that it holds on one server and on a Galera
 * cluster.
 *
 * Rows may have been edited by hand or damaged: such a plugin is reported
 * with the reason, and the others go on.
 */
#ifndef XC_REGISTRY_H
#define XC_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/settings.h"
#include "lib/errbuf.h"
#include "plugin/manifest.h"
#include "plugin/package.h"

struct json_object;
struct xc_connection;
struct xc_lease;
struct xc_registry;

/*
 * Makes a registry without connecting; settings must outlive it.  XC_OK, or
 * errbuf says why (the password file, out of memory).
 */
enum xc_err xc_registry_new(const struct xc_settings *settings,
    struct xc_registry **registry_r, struct xc_errbuf *errbuf);
void xc_registry_free(struct xc_registry **registry);

/* Its connection, for the migrator. */
struct xc_connection *xc_registry_connection(struct xc_registry *registry);
const char *xc_registry_schema(const struct xc_registry *registry);

/* The generation in force; one cheap SELECT.  All calls below give
 * XC_ERR_UNAVAILABLE if MariaDB does not answer and XC_ERR_STATE if the
 * tables are not there, with the command that makes them. */
enum xc_err xc_registry_generation(struct xc_registry *registry,
    uint64_t *generation_r, struct xc_errbuf *errbuf);

enum xc_registry_state {
	XC_REGISTRY_ENABLED,
	XC_REGISTRY_DISABLED,
	XC_REGISTRY_QUARANTINED,	/* and no good version to go back to */
	XC_REGISTRY_DAMAGED	/* reason says what of the row is wrong */
};

/* A version that was taken off because it failed again and again; at "" if it
 * was not. */
struct xc_quarantined {
	const char *at;
	const char *by;
	const char *reason;
};

/* A row of what is installed; strings belong to the view and are never NULL
 * ("" where the row has none). */
struct xc_registry_plugin {
	const char *name;
	enum xc_registry_state state;
	const char *version;
	const char *hash;
	const char *previous_version;
	const char *previous_hash;
	const char *changed_at;
	const char *changed_by;
	uint64_t package_id;
	uint64_t previous_id;	/* 0: none */
	uint64_t revision;
	uint64_t size;		/* bytes of the .xcp */
	/* What the operator has decided. */
	const char *isolation;		/* "": as plugin.json says */
	struct json_object *limits;	/* over those of plugin.json; or NULL */
	bool accepted_inprocess;
	struct json_object *accepted;	/* permissions, an array; or NULL */
	struct xc_quarantined quarantined;
	struct xc_quarantined previous_quarantined;
	struct xc_manifest *manifest;	/* NULL if damaged */
	char reason[256];	/* "" unless damaged */
};

struct xc_registry_view {
	uint64_t generation;
	struct xc_registry_plugin *plugins;	/* sorted by name */
	size_t n;
	struct json_object *rows;
};

/* All of it as of one moment. */
enum xc_err xc_registry_read(struct xc_registry *registry,
    struct xc_registry_view **view_r, struct xc_errbuf *errbuf);
void xc_registry_view_free(struct xc_registry_view **view);

/* NULL if it is not installed. */
const struct xc_registry_plugin *xc_registry_find(
    const struct xc_registry_view *view, const char *name);

/*
 * Packages as an array of {"id","name","version","hash","size","created_at",
 * "created_by"}, newest first, of one name or of all (NULL); a new reference.
 */
enum xc_err xc_registry_packages(struct xc_registry *registry,
    const char *name, struct json_object **rows_r, struct xc_errbuf *errbuf);

/* The last `limit` changes of a plugin, newest first, as an array of
 * {"action","version","hash","detail","generation","changed_at",
 * "changed_by"}. */
enum xc_err xc_registry_history(struct xc_registry *registry,
    const char *name, unsigned limit, struct json_object **rows_r,
    struct xc_errbuf *errbuf);

/*
 * Fetches a package and proves it by its hash.  XC_ERR_NOT_FOUND: there is
 * no such package; XC_ERR_INVALID: its rows are damaged, errbuf says how and
 * the remedy.
 */
enum xc_err xc_registry_fetch(struct xc_registry *registry, uint64_t id,
    struct xc_package **package_r, struct xc_errbuf *errbuf);

/* Removes a package that no plugin points at; XC_ERR_STATE if one does. */
enum xc_err xc_registry_drop_package(struct xc_registry *registry,
    uint64_t id, struct xc_errbuf *errbuf);

enum xc_registry_action {
	XC_REGISTRY_INSTALL,	/* package, or package_id of one in there */
	XC_REGISTRY_ENABLE,
	XC_REGISTRY_DISABLE,
	XC_REGISTRY_ROLLBACK,	/* to the previous package */
	XC_REGISTRY_REMOVE,	/* the row; packages stay until gc */
	XC_REGISTRY_QUARANTINE,	/* package_id is taken off */
	XC_REGISTRY_DEMOTE,	/* package_id goes on in a sandbox */
	XC_REGISTRY_RELOAD,	/* what serves is loaded anew */
	XC_REGISTRY_SETTLE	/* package_id, the previous one, is not to be
				 * gone back to any more */
};

/* What an operator decides of a plugin with a change; NULL: it stays. */
struct xc_registry_terms {
	const char *isolation;	/* "": as plugin.json says */
	const char *limits;	/* a JSON object; "": none */
	const char *accepted;	/* permissions, a JSON array */
	bool accept_inprocess;	/* false: as it was */
};

struct xc_registry_change {
	enum xc_registry_action action;
	const char *name;
	uint64_t generation;	/* that the caller validated against */
	const struct xc_package *package;
	uint64_t package_id;
	bool keep_state;	/* of INSTALL: a disabled one stays so */
	bool mend;		/* of INSTALL: what stands there is damaged
				 * and not to be gone back to */
	uint64_t instead_id;	/* of QUARANTINE: the previous package, which
				 * is to serve; 0: nothing is */
	struct xc_registry_terms terms;
	const char *detail;	/* for the history; NULL */
	const char *reason;	/* of QUARANTINE, for the version */
	struct xc_lease *lease;	/* must still be ours; NULL */
};

/*
 * Makes the change in one transaction.  INSTALL, ENABLE and ROLLBACK lift the
 * quarantine of what is to serve, ENABLE that of the version before it too.
 * XC_OK: *generation_r is the new
 * generation.  XC_ERR_BUSY: somebody else has changed the registry since
 * `generation`: read it and validate again.  XC_ERR_NOT_FOUND: no such
 * plugin, or no previous package to go back to.  XC_ERR_TIMEOUT: the lease
 * was lost.
 */
enum xc_err xc_registry_change(struct xc_registry *registry,
    const struct xc_registry_change *change, uint64_t *generation_r,
    struct xc_errbuf *errbuf);

/* What a host reports of itself. */
struct xc_registry_host {
	const char *id;		/* 32 hex digits */
	const char *name;
	uint64_t desired;
	uint64_t applied;
	uint64_t sequence;
	int64_t workers;
	int64_t pending;
	struct json_object *rejected;	/* array */
};

enum xc_err xc_registry_heartbeat(struct xc_registry *registry,
    const struct xc_registry_host *host, struct xc_errbuf *errbuf);

/* The host's follower has ended in order: it is waited for no more. */
enum xc_err xc_registry_leave(struct xc_registry *registry, const char *id,
    struct xc_errbuf *errbuf);

/*
 * All hosts as an array of {"id","name","pid","age_ms","desired","applied",
 * "sequence","workers","pending","rejected":[...],"heartbeat"}.
 */
enum xc_err xc_registry_hosts(struct xc_registry *registry,
    struct json_object **rows_r, struct xc_errbuf *errbuf);

/* Removes hosts that were not heard of for so long. */
enum xc_err xc_registry_forget_hosts(struct xc_registry *registry,
    int64_t older_ms, bool dry_run, size_t *n_r, struct xc_errbuf *errbuf);

/* Who makes the changes: "user@host", static; "ana by user@host" where the
 * manager acts for a user of the site. */
const char *xc_registry_actor(void);

/*
 * A lease: one holder at a time on the whole site, by compare-and-set, not by
 * a lock of one server.  It ends when it is let go, when its holder is a
 * process of this host that is no more, or 30 s after it was last renewed.
 */
#define XC_LEASE_MS 30000

/*
 * Waits for it at most timeout_ms, then XC_ERR_BUSY with the holder.
 * waiting(ctx, holder), if not NULL, is called once when it must wait.
 */
enum xc_err xc_lease_take(struct xc_registry *registry, const char *name,
    int64_t timeout_ms, void (*waiting)(void *ctx, const char *holder),
    void *ctx, struct xc_lease **lease_r, struct xc_errbuf *errbuf);

/* Holds it for ms from now (for a statement that may be long).
 * XC_ERR_TIMEOUT: somebody else has it. */
enum xc_err xc_lease_renew(struct xc_lease *lease, int64_t ms,
    struct xc_errbuf *errbuf);

/* Lets it go.  *lease becomes NULL; NULL is allowed. */
void xc_lease_drop(struct xc_lease **lease);

#endif
