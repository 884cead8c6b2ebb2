/* SPDX-License-Identifier: MIT */
/*
 * The database as the host of plugins gives it to libxcore: a table of calls
 * and what they work on.
 *
 *	struct xc_database database;
 *
 *	if (xc_database_open(&settings->database, &database, errbuf) != XC_OK)
 *		...
 *	host.db = database.ops;
 *	host.db_ctx = database.ctx;
 *	...
 *	xc_database_close(&database);
 *
 * Three drivers: MariaDB; a fake that checks what it is asked and answers
 * from a script; one that fails.  A driver belongs to one process: it may be
 * opened before a fork, and each child then connects for itself.
 */
#ifndef XC_DATABASE_H
#define XC_DATABASE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/settings.h"
#include "lib/errbuf.h"
#include "lib/host.h"

struct json_object;

struct xc_database {
	const struct xc_db_ops *ops;
	void *ctx;
	void (*close)(void *ctx);	/* may be NULL */
};

#define XC_DATABASE_CONNECTIONS_MAX 16	/* of one process */
#define XC_DATABASE_IDLE_MS 60000

/*
 * MariaDB, each plugin under its own account (see account.h; connection.h for
 * how it fails and recovers).  A plugin's connection is made when it is first
 * used, so that this works without the server, and closed when it was idle
 * for a minute, or when there are too many and it is the one longest unused.
 * XC_OK, else the database is empty and errbuf says why.
 */
enum xc_err xc_database_open(const struct xc_database_settings *settings,
    struct xc_database *database, struct xc_errbuf *errbuf);

/* Closes idle connections also while no request ends; to be called now and
 * then. */
void xc_database_tend(struct xc_database *database);

/* Closes any of the drivers and empties the struct; an empty one is let be. */
void xc_database_close(struct xc_database *database);

/* What the fake expects next, and what it answers. */
enum xc_fake_call {
	XC_FAKE_ROWS, XC_FAKE_EXEC, XC_FAKE_BEGIN, XC_FAKE_COMMIT,
	XC_FAKE_ROLLBACK
};

struct xc_fake_step {
	enum xc_fake_call call;
	const char *sql;	/* for rows and exec; NULL: any */
	const char *args;	/* the values as a JSON array; NULL: any */
	enum xc_err err;
	const char *rows;	/* for rows: a JSON array of objects */
	struct xc_db_result result;	/* for exec */
};

/*
 * A fake that goes through steps (which must outlive it, as n_steps long).
 * A call that is not the one expected fails with XC_ERR_STATE, as do all
 * after it.  BLOBs stand in args as base64 text.
 */
enum xc_err xc_database_fake(const struct xc_fake_step *steps, size_t n_steps,
    struct xc_database *database);

/* Whether all was asked for, in its order, and the request was released
 * with no transaction open; if not, why_r (not NULL) is what went wrong. */
bool xc_database_fake_done(const struct xc_database *database,
    struct xc_errbuf *why_r);

/* Fails each call with err after the first good_calls, which give no rows
 * and change nothing. */
enum xc_err xc_database_failing(enum xc_err err, unsigned good_calls,
    struct xc_database *database);

#endif
