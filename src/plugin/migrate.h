/* SPDX-License-Identifier: MIT */
/*
 * Migrations: numbered scripts, NNNN_name.up.sql and NNNN_name.down.sql, of
 * the core (in its schema) and of each plugin (in its own).
 *
 * MariaDB can undo a statement of DDL, not a script of them.  So each
 * statement is recorded in xc_migration when it is done: a script that
 * failed at its second statement of three is shown as such, and the next
 * `up` goes on there.  A script that was changed after it ran is refused; the
 * rest of one that failed may be mended.
 */
#ifndef XC_MIGRATE_H
#define XC_MIGRATE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/settings.h"
#include "lib/errbuf.h"
#include "plugin/package.h"
#include "plugin/registry.h"

struct json_object;

struct xc_migration {
	unsigned number;	/* 1 to 9999 */
	char name[96];		/* "0001_create" */
	char checksum[65];	/* SHA-256 of up */
	char *up;
	size_t up_len;
	char *down;		/* NULL: it cannot be undone */
	size_t down_len;
	bool other;		/* of another version than the one that is
				 * installed: it is undone, never run */
};

/* A statement that would run; text is not NUL-terminated. */
struct xc_migration_step {
	const struct xc_migration *row;
	bool down;
	size_t number;		/* from 1 */
	size_t of;
	unsigned line;
	const char *text;
	size_t len;
};

struct xc_migration_set {
	struct xc_migration *rows;	/* sorted by number */
	size_t n;
};

/* Those of a folder, or of a package's "sql/".  XC_ERR_INVALID: two of one
 * number, a down without an up.  The caller frees *set_r. */
enum xc_err xc_migration_set_read(const char *folder,
    struct xc_migration_set **set_r, struct xc_errbuf *errbuf);
enum xc_err xc_migration_set_of(const struct xc_package *package,
    struct xc_migration_set **set_r, struct xc_errbuf *errbuf);
void xc_migration_set_free(struct xc_migration_set **set);

/* Splits and checks every script of a plugin, without a database. */
enum xc_err xc_migration_set_check(const struct xc_migration_set *set,
    struct xc_errbuf *errbuf);

struct xc_migrator {
	struct xc_registry *registry;
	struct xc_lease *lease;		/* held by the caller, unless show */
	const char *scope;		/* "core", or "plugin:<name>" */
	const char *schema;		/* where the scripts run */
	bool serves;	/* its plugin: only what is of others is undone */
	void (*say)(void *ctx, const char *text);	/* may be NULL */
	/* If not NULL: is given each statement that would run, and nothing is
	 * run or written. */
	void (*show)(void *ctx, const struct xc_migration_step *step);
	void *ctx;
};

/*
 * Runs what is not yet done, at most limit scripts (0: all); *n_r is how many
 * were.  XC_ERR_INVALID: a statement failed, errbuf names script, statement
 * and what MariaDB said.  XC_ERR_EXISTS: a script that ran was changed since.
 */
enum xc_err xc_migrate_up(const struct xc_migrator *migrator,
    const struct xc_migration_set *set, size_t limit, size_t *n_r,
    struct xc_errbuf *errbuf);

/* Undoes the last limit scripts.  XC_ERR_NOT_FOUND: one has no down, or
 * there is nothing to undo.  XC_ERR_EXISTS: it serves. */
enum xc_err xc_migrate_down(const struct xc_migrator *migrator,
    const struct xc_migration_set *set, size_t limit, size_t *n_r,
    struct xc_errbuf *errbuf);

/* Ends the script that failed or was interrupted, up or down, which *down_r
 * tells.  XC_ERR_NOT_FOUND: there is none. */
enum xc_err xc_migrate_resume(const struct xc_migrator *migrator,
    const struct xc_migration_set *set, bool *down_r,
    struct xc_errbuf *errbuf);

/*
 * Writes into the journal that a migration is applied, or reverted, without
 * running it: somebody has seen to that by hand.  *changed_r: false if it
 * stood so.  XC_ERR_NOT_FOUND: there is none of that number.
 */
enum xc_err xc_migrate_mark(const struct xc_migrator *migrator,
    const struct xc_migration_set *set, unsigned number, bool applied,
    bool *changed_r, struct xc_errbuf *errbuf);

/*
 * Makes the next pair in a folder, which is made if its parent is there.
 * *name_r ("0003_name") is to be freed.  XC_ERR_INVALID: no name for one.
 */
enum xc_err xc_migration_new(const char *folder, const char *name,
    char **name_r, struct xc_errbuf *errbuf);

/*
 * The scripts of an installed plugin; of those that the journal has and the
 * installed version lacks, the ones that another package of the registry has.
 * scope is that of the plugin.  *serves_r: it is enabled.
 */
enum xc_err xc_migration_set_installed(const struct xc_migrator *migrator,
    const char *plugin, struct xc_migration_set **set_r, bool *serves_r,
    struct xc_errbuf *errbuf);

/*
 * An array of {"number","name","state","statement","statements","error",
 * "changed_at","changed_by"}; state is pending, applied, failed, running,
 * revert-failed, reverting, reverted (marked so: it is pending) or changed.
 * statement counts those that are done.
 */
enum xc_err xc_migrate_status(const struct xc_migrator *migrator,
    const struct xc_migration_set *set, struct json_object **rows_r,
    struct xc_errbuf *errbuf);

/* Forgets what is recorded of a scope: its schema is gone. */
enum xc_err xc_migrate_forget(struct xc_registry *registry,
    const char *scope, struct xc_errbuf *errbuf);

/* Makes the core's schema, the journal and the leases if they are not there,
 * which migrating needs. */
enum xc_err xc_migrate_prepare(struct xc_registry *registry,
    struct xc_errbuf *errbuf);

struct xc_migrate_options {
	const char *folder;	/* of the core's scripts; NULL: our own */
	const char *plugin;	/* NULL: the core */
	const char *dir;	/* of "new"; NULL: "sql" */
	bool dry_run;
	bool yes;
	bool json;
};

/*
 * "xcorectl migrate": argv holds the words behind "migrate".  settings are
 * not needed for "new".  Returns the exit code.
 */
int xc_migrate_command(const struct xc_settings *settings,
    const struct xc_migrate_options *options, int argc, char **argv);

#endif
