/* SPDX-License-Identifier: MIT */
/* The follower's inside, for follower*.c. */
#ifndef XC_FOLLOWER_PRIVATE_H
#define XC_FOLLOWER_PRIVATE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "plugin/follower.h"
#include "plugin/registry.h"

struct json_object;

struct xc_follower {
	const struct xc_settings *settings;
	struct xc_registry *registry;
	int fd;			/* to the manager */
	char host_id[33];
	char host_name[64];

	/* What the workers are told to serve; NULL: nothing yet. */
	struct json_object *snapshot;
	uint64_t generation;	/* last composed; 0: none */
	uint64_t sequence;	/* last used */

	/* What they report. */
	uint64_t published;	/* the sequence that they are told of */
	uint64_t applied;
	int64_t workers;
	int64_t pending;
	struct json_object *failed;	/* by workers, as rejected */
	struct json_object *good;	/* {"todo":entry}: last served well */

	struct json_object *rejected;	/* by us, for this host's row */
	/* {"<hash>":{"reason","revision"}}: versions that crashed a worker or
	 * failed their trial, until their row changes or we are told to try
	 * again. */
	struct json_object *refused;
	struct json_object *revisions;	/* {"todo":7}: as last composed */
	/* {"<hash>":{"entry","manifest"}}: proved once */
	struct json_object *entries;
	/*
	 * {"<hash>":{"name","version","hash","reason","at","by",
	 * "revision","demote"}}: taken off here, and the registry does not know yet.
	 */
	struct json_object *untold;
	struct json_object *quarantined;	/* as the registry has them */
	/* The snapshot beside which the last document lies, and the digest of
	 * what is in it; "": none yet. */
	char document[PATH_MAX];
	char document_sum[65];
	bool safe;		/* only core plugins are served */

	bool asked;		/* what the workers serve, at the start */
	bool known;		/* whether reachable is */
	bool reachable;
	bool again;		/* something may go better soon */
	int64_t next_poll;
	int64_t next_beat;
	int64_t next_again;
	int64_t next_log;
};

/* The plugins of a snapshot, being put together. */
struct xc_composition {
	struct xc_follower *follower;
	const struct xc_registry_view *view;
	struct json_object *plugins;
	struct json_object *rejected;
	struct json_object *revisions;
	struct json_object *quarantined;
	bool again;
};

/*
 * Composes what this host is to serve of the view: fetches, stores, verifies
 * and tries what is new.  A plugin that cannot be served stays at the version
 * it has here, or is failed; the others go on.  XC_ERR_UNAVAILABLE if
 * MariaDB went away meanwhile.  On XC_OK the caller puts the arrays.
 */
enum xc_err xc_follower_compose(struct xc_composition *composition,
    struct xc_errbuf *errbuf);

/* A version for which there is an entry in a snapshot, or could be. */
struct xc_candidate {
	const char *name;
	const char *version;
	const char *hash;
	uint64_t package_id;	/* 0: only what is in the store */
	uint64_t revision;
	const struct xc_registry_plugin *plugin;	/* whose terms hold */
};

/*
 * Proves a candidate on this host and gives its entry, a new reference.
 * XC_ERR_INVALID: it is refused.  XC_ERR_NOT_FOUND: its files cannot be had
 * undamaged.  XC_ERR_IO: not now.  XC_ERR_UNAVAILABLE: MariaDB is away.
 */
enum xc_err xc_follower_prove(struct xc_follower *follower,
    const struct xc_candidate *candidate, struct json_object **entry_r,
    struct xc_errbuf *errbuf);

/*
 * While MariaDB is away: the plugins of the snapshot without that version,
 * which is replaced by one before it that is here, or failed; it is noted as
 * rejected.  A new reference; NULL if the snapshot does not serve it.
 */
struct json_object *xc_follower_without(struct xc_follower *follower,
    const char *name, const char *hash, const char *reason);

/* A version before it that can be served here without the registry; a new
 * reference, NULL if there is none. */
struct json_object *xc_follower_before(const struct xc_follower *follower,
    const struct json_object *plugins, const char *name);

/* Writes plugins (which stays the caller's) as the snapshot in force and
 * tells the manager.  urgent: it only leaves something out. */
enum xc_err xc_follower_write(struct xc_follower *follower,
    uint64_t generation, struct json_object *plugins, bool urgent,
    struct xc_errbuf *errbuf);

/* follower-document.c */

/* Writes the site's document for a snapshot of these plugins; why not is
 * logged. */
void xc_follower_document(struct xc_follower *follower,
    const struct json_object *plugins, const char *snapshot);

/* Whether they are so few that the workers may wait for it. */
bool xc_follower_document_first(const struct json_object *plugins);

/* For the snapshot in force, if this process has written none yet: another
 * release may have. */
void xc_follower_document_current(struct xc_follower *follower);

/* Looks at the registry, and composes even if nothing is new. */
void xc_follower_look(struct xc_follower *follower);

/* follower-applied.c: {"event":"applied"} */
void xc_follower_applied(struct xc_follower *follower,
    const struct json_object *message);

/* follower-quarantine.c */

/* {"event":"quarantine"}: takes a version off here, then in the registry. */
void xc_follower_take_off(struct xc_follower *follower,
    const struct json_object *message);

/* Tells the registry of what it does not know yet.  Errors as those of
 * xc_registry_change(): what is left stays for the next time. */
enum xc_err xc_follower_settle(struct xc_follower *follower,
    struct xc_errbuf *errbuf);

/* Whether that version is taken off, or moved to a sandbox, only here yet. */
bool xc_follower_quarantined(const struct xc_follower *follower,
    const char *hash);
bool xc_follower_demoted(const struct xc_follower *follower,
    const char *hash);

/* What a snapshot says of versions that are taken off; a new array. */
struct json_object *xc_follower_quarantines(
    const struct xc_follower *follower);

/* Whether it is among them. */
bool xc_follower_is_off(const struct xc_follower *follower,
    const char *name, const char *version);

/* Takes from the snapshot in force what was taken off, also if only here. */
void xc_follower_recall(struct xc_follower *follower);

/* follower-safe.c */

/* Rewrites the snapshot in force as safe mode has it, or as it was without. */
void xc_follower_make_safe(struct xc_follower *follower);

/* A full entry as one that is not served in safe mode, a new reference; NULL
 * if it is none that serves. */
struct json_object *xc_follower_safe_entry(const struct json_object *entry);

/* Notes that a version is not to be served. */
void xc_follower_refuse(struct xc_follower *follower, const char *hash,
    uint64_t revision, const char *reason);

/* Tells MariaDB that we live, if it is time. */
void xc_follower_beat(struct xc_follower *follower, bool now);

int64_t xc_follower_clock(void);

extern struct xc_logger xc_follower_log;

#endif
