/* SPDX-License-Identifier: MIT */
/*
 * One connection to MariaDB: connected when first used, closed and made anew
 * after it was lost, never used by a child of the process that made it.
 * Under the workers' driver (database.h), and used as it is by what keeps the
 * registry.
 *
 * Every statement is prepared once and kept (256 of them, the longest unused
 * goes first).  A schema is chosen when a statement is prepared; NULL is for
 * a statement that names its schemas.
 *
 * The calls give the codes named in <xcore/db.h>; the server's own number,
 * state and message stand in xc_connection_error() until the next call.
 *
 * Lost connections.  A call is tried again, once, on a new connection when
 * nothing can have been done: the connection proved dead before the statement
 * was sent (idle too long, the server was restarted), or it was a SELECT; and
 * never inside a transaction.  Anything else that was sent and not answered
 * gives XC_ERR_UNCERTAIN.  A transaction whose connection was lost before its
 * commit was sent is undone by the server: that gives XC_ERR_BUSY, and all of
 * it may be tried again.
 *
 * A server that cannot be reached or does not answer is left alone by all
 * connections of the host (see breaker.h): calls give XC_ERR_UNAVAILABLE at
 * once until it is heard again.  That it does not answer is found out while
 * somebody waits for it, within XC_BREAKER_PATIENCE_MS and a quarter of
 * database.connect_timeout_ms.  After a connect that the server refused this
 * connection leaves it alone for 200 ms, then longer up to 2 s.
 */
#ifndef XC_CONNECTION_H
#define XC_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xcore/db.h>
#include <xcore/error.h>

#include "config/settings.h"
#include "lib/errbuf.h"

struct json_object;
struct xc_connection;

#define XC_CONNECTION_ROWS_MAX	100000
#define XC_CONNECTION_BYTES_MAX	(64u << 20)
#define XC_CONNECTION_STATEMENTS_MAX 256

/* A connection that was idle for so long is proven before it is used. */
#define XC_CONNECTION_PROVE_MS 30000

/* Which account (see account.h). */
enum xc_account {
	XC_ACCOUNT_CORE,	/* user, password_file */
	XC_ACCOUNT_SERVICE	/* of the services that know users */
};

/*
 * Makes a connection without connecting.  The settings are copied and the
 * account's password file is read now.  XC_OK, else *connection_r is NULL and
 * errbuf says why (a bad password file, out of memory).
 */
enum xc_err xc_connection_new(const struct xc_database_settings *settings,
    enum xc_account account, struct xc_connection **connection_r,
    struct xc_errbuf *errbuf);

/* The same with the account of a plugin, by its name or what stands behind
 * database.plugin_schema_prefix in the name of its schema. */
enum xc_err xc_connection_of_plugin(
    const struct xc_database_settings *settings, const char *plugin,
    struct xc_connection **connection_r, struct xc_errbuf *errbuf);

/* In a cluster, each read of this connection sees what any of its servers had
 * committed before.  To be called before it connects. */
void xc_connection_current(struct xc_connection *connection);

/*
 * The caller asks every every_ms and nobody waits for him: as long as he does,
 * a server that hangs is tried by him alone.  Does nothing above 5 s.
 */
void xc_connection_lookout(struct xc_connection *connection,
    int64_t every_ms);

/* Closes and frees; *connection becomes NULL.  NULL is allowed.  In a child
 * of the process that connected, the parent's connection is not disturbed. */
void xc_connection_free(struct xc_connection **connection);

/* Connects now if it is not connected; the other calls do so themselves.
 * XC_ERR_UNAVAILABLE if the server cannot be reached or refuses. */
enum xc_err xc_connection_open(struct xc_connection *connection);

/* Disconnects; an open transaction is undone. */
void xc_connection_close(struct xc_connection *connection);

struct xc_connection_error {
	unsigned number;	/* of the server or the client library; 0 */
	char state[6];		/* SQLSTATE, "" */
	char message[512];	/* one line, "" */
	bool told;		/* what is behind it is in the log already */
};

/* Of the last call that failed; never NULL. */
const struct xc_connection_error *xc_connection_error(
    const struct xc_connection *connection);

/* As xc_fail(): puts the last error's sentence into errbuf behind what,
 * "what: message (number, state)", and returns err. */
enum xc_err xc_connection_fail(const struct xc_connection *connection,
    struct xc_errbuf *errbuf, enum xc_err err, const char *what);

/* A statement with the values for its question marks. */
struct xc_statement {
	const char *schema;	/* NULL: none is chosen */
	const char *sql;	/* NUL-terminated */
	const struct xc_value *args;
	size_t n_args;
};

/*
 * Runs a statement without rows.  result_r may be NULL; it is zero on an
 * error.  Rows, if there are any, are thrown away.
 */
enum xc_err xc_connection_exec(struct xc_connection *connection,
    const struct xc_statement *statement, struct xc_db_result *result_r);

/*
 * The rows as xc_db_rows() gives them, a new reference in *rows_r.  max_rows
 * 0 is XC_CONNECTION_ROWS_MAX; with fewer, further rows are left out without
 * an error (only the first row is made for max_rows 1).
 */
enum xc_err xc_connection_rows(struct xc_connection *connection,
    const struct xc_statement *statement, size_t max_rows,
    struct json_object **rows_r);

/* The first row alone, an object, a new reference in *row_r; the others are
 * thrown away.  XC_ERR_NOT_FOUND if there is none. */
enum xc_err xc_connection_row(struct xc_connection *connection,
    const struct xc_statement *statement, struct json_object **row_r);

/* The rows as they are, BLOBs raw; one at a time is in memory.  While fn runs
 * the connection takes no other call: XC_ERR_STATE. */
enum xc_err xc_connection_each(struct xc_connection *connection,
    const struct xc_statement *statement, xc_row_fn *fn, void *ctx);

/*
 * The same for a caller that asks for each row itself.  next: XC_ERR_NOT_FOUND
 * behind the last; the cells live until the next call.  walked ends it, at any
 * row, and may be called when it has ended.
 */
enum xc_err xc_connection_walk(struct xc_connection *connection,
    const struct xc_statement *statement);
enum xc_err xc_connection_next(struct xc_connection *connection,
    const struct xc_cell **cells_r, size_t *n_r);
enum xc_err xc_connection_walked(struct xc_connection *connection);

/*
 * Until when (CLOCK_MONOTONIC in us; 0: for ever) calls may take: none takes
 * longer, whatever becomes of the server, but that connecting may take up to
 * a quarter of database.connect_timeout_ms more.  The server stops a statement a little before.  It stands
 * until it is set again; database.read_timeout_ms holds besides.
 */
void xc_connection_until(struct xc_connection *connection, uint64_t end_us);

/*
 * Runs one statement as text, not prepared and not kept: for migrations, and
 * for what cannot be prepared.  Rows are thrown away.  Never tried again.
 */
enum xc_err xc_connection_query(struct xc_connection *connection,
    const char *schema, const char *sql, size_t len);

/*
 * A transaction.  begin: XC_ERR_STATE if one is open.  commit: XC_ERR_STATE
 * if none is, XC_ERR_UNCERTAIN if the connection was lost while it was
 * committed; whatever it returns, the transaction is over.  rollback: does
 * nothing if none is open.
 */
enum xc_err xc_connection_begin(struct xc_connection *connection);
enum xc_err xc_connection_commit(struct xc_connection *connection);
void xc_connection_rollback(struct xc_connection *connection);
bool xc_connection_in_transaction(const struct xc_connection *connection);

/*
 * Makes the connection fit for the next user: undoes an open transaction,
 * whoever opened it, table locks and a changed autocommit.
 */
void xc_connection_release(struct xc_connection *connection);

#endif
