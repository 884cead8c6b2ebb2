/* SPDX-License-Identifier: MIT */
/* What the parts of a connection share. */
#ifndef XC_CONNECTION_PRIVATE_H
#define XC_CONNECTION_PRIVATE_H

#include <sys/types.h>

#include <mysql.h>

#include <ma_pvio.h>		/* wants what <mysql.h> declares */

#include "breaker.h"
#include "connection.h"

#define XC_WAIT_SLICE_MS 100	/* then whoever waits looks up */

struct xc_statement_cache;

/* Between the library and its socket, see wait.c. */
struct xc_wait {
	PVIO_METHODS methods;	/* first: that the library calls */
	const PVIO_METHODS *library;	/* its own */
	struct xc_connection *connection;
};

struct xc_connection {
	char *socket;
	char *host;
	char *user;
	char *password;		/* "" for none */
	char *tls_ca;
	unsigned port;
	unsigned read_s, write_s;
	int64_t connect_ms;
	int64_t read_ms;	/* the longest that an answer may take */
	char *secret_file;	/* what the password comes of; "" */
	bool derived;		/* ... by the account's name */
	bool current;		/* in a cluster: reads wait for its writes */
	struct xc_breaker *breaker;	/* of the server; may be NULL */
	int64_t lookout_ms;	/* see xc_connection_lookout(); 0: is none */

	MYSQL *mysql;		/* NULL when not connected */
	pid_t pid;		/* that connected */
	size_t packet_max;	/* the server's max_allowed_packet */
	char schema[65];	/* chosen; "" if that is not known */
	bool transaction;	/* begin was called, neither commit ... */
	bool doomed;		/* ... but it is undone already */
	bool tainted;		/* the session is not as it was made */
	struct xc_statement_cache *cache;
	struct xc_run *run;	/* of the walk; NULL: there was none yet */
	bool walking;		/* rows are left unread on the wire */

	uint64_t end_us;	/* when the caller's time is up; 0: never */
	int64_t allowed_ms;	/* what an answer may take now */
	int64_t statement_ms;	/* the session's max_statement_time */
	int64_t used_ms;	/* when it was last used */
	bool exact;		/* time-outs by the millisecond can be set */
	bool denied;		/* the last connect failed by the password */
	bool trial;		/* finds out if an open breaker may close */
	struct xc_wait wait;

	int64_t refused_until_ms;	/* monotonic */
	unsigned backoff_ms;	/* 0: the last connect worked */
	int64_t told_ms;	/* when a failed connect was logged */
	struct xc_connection_error error;
};

int64_t xc_connection_now_ms(void);

/*
 * Makes the connection ready for a statement: notices a fork and a peer that
 * is gone, connects.  In a transaction that was lost XC_ERR_BUSY.  One that
 * only reads needs no look at the peer: it may be run again anyway.
 */
enum xc_err xc_connection_ready(struct xc_connection *connection, bool reads);

/* Chooses the schema if it is not chosen yet; schema may be NULL. */
enum xc_err xc_connection_choose(struct xc_connection *connection,
    const char *schema);

/*
 * Lets an answer take what is left of the caller's time, and has the server
 * stop statements before that.  XC_ERR_TIMEOUT: nothing is left; else the
 * error stands with the connection's handle.
 */
enum xc_err xc_connection_time(struct xc_connection *connection);

/* What is left of the caller's time, in ms; INT64_MAX: he has no limit. */
int64_t xc_connection_left_ms(const struct xc_connection *connection);

/* The next answer may take so long. */
void xc_connection_wait_at_most(struct xc_connection *connection, int64_t ms);

/* When the server should stop a statement whose answer may take so long. */
int64_t xc_connection_statement_ms(int64_t allowed_ms);

/* The same for one more row of an answer. */
void xc_connection_time_row(struct xc_connection *connection);

/* Refuses while rows are being read: XC_ERR_STATE. */
enum xc_err xc_connection_free_of_rows(struct xc_connection *connection);

/*
 * Connects, if the server may be asked at all; with a connection it only looks
 * at that.  XC_ERR_UNAVAILABLE, or XC_ERR_BUSY for a transaction that was
 * undone, else.
 */
enum xc_err xc_connection_admit(struct xc_connection *connection);

/* Whether the server greets a new connection in time, or refuses it. */
bool xc_connection_greets(const struct xc_connection *connection,
    int64_t limit_ms);

/* In how many ms it should. */
int64_t xc_connection_probe_ms(const struct xc_connection *connection);

/* The server has said something; an attempt of since_ms was not answered.
 * unheard: whether there is nothing more to be hoped for. */
void xc_connection_heard(struct xc_connection *connection);
bool xc_connection_unheard(struct xc_connection *connection,
    int64_t since_ms, bool hangs, const char *why);

/* wait.c: takes over the waiting for a new connection. */
void xc_connection_watch(struct xc_connection *connection);

void xc_run_free(struct xc_run **run);

/* Notes an error of the server or the library. */
void xc_connection_note(struct xc_connection *connection, unsigned number,
    const char *state, const char *message);

/* Notes an error of our own. */
enum xc_err xc_connection_refuse(struct xc_connection *connection,
    enum xc_err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What failed and how far it had come. */
struct xc_failure {
	unsigned number;
	const char *state;
	const char *message;
	bool sent;		/* to be run, not just prepared */
	bool writes;		/* might have changed something */
	bool implicit;		/* might commit what is open, as DDL does */
	int64_t began_ms;	/* when the call began */
};

/*
 * Notes the server's or library's error, closes a lost connection, dooms a
 * transaction that is gone, and gives the code for the caller.  *again_r is
 * whether the call may be tried again as it is.
 */
enum xc_err xc_connection_judge(struct xc_connection *connection,
    const struct xc_failure *failure, bool *again_r);

/* errors.c: a server's error by its number; whether the connection is lost
 * with it. */
enum xc_err xc_mysql_error(unsigned number);
bool xc_mysql_lost(unsigned number);

/* What a statement does, by its words. */
struct xc_statement_kind {
	bool reads;		/* nothing but a SELECT */
	bool implicit;		/* neither reading nor writing rows */
	bool taints;		/* changes the session for those after */
};
struct xc_statement_kind xc_statement_kind(const char *sql);

#endif
