/* SPDX-License-Identifier: MIT */
/* Connecting, and being refused. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <errmsg.h>
#include <mysqld_error.h>

#include "account.h"
#include "connection-private.h"
#include "loggers/logger.h"
#include "process.h"

#define BACKOFF_MIN_MS	200
#define BACKOFF_MAX_MS	2000
#define TELL_EVERY_MS	10000
#define LOOKOUT_MAX_MS	5000	/* between two of its looks */
#define LOOKOUT_MORE_MS	3000
/* Of what the library calls while it connects; names of hosts want more than
 * it would take by itself. */
#define STACK_SIZE	(256u << 10)

/* By these a password is proven without being said.  Who sits between, without
 * TLS, could ask for another. */
#define PROOFS		"mysql_native_password,client_ed25519"

static struct xc_logger logger = XC_LOGGER("xcore.database");

/* For each session; one that can be set is one round trip less. */
static void
set_session(struct xc_connection *c)
{
	char command[512];

	/* The server stops a statement, and a wait for a lock, before we
	 * lose patience with the connection. */
	c->statement_ms = xc_connection_statement_ms(c->read_ms);
	snprintf(command, sizeof(command), "SET SESSION sql_mode = "
	    "'STRICT_ALL_TABLES,STRICT_TRANS_TABLES,NO_ZERO_DATE,"
	    "NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
	    "NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', "
	    "max_statement_time = %lld.%03d, innodb_lock_wait_timeout = %u%s",
	    (long long)(c->statement_ms / 1000),
	    (int)(c->statement_ms % 1000), c->read_s > 3 ? c->read_s / 2 : 1,
	    c->current ? ", wsrep_sync_wait = 1" : "");
	mysql_options(c->mysql, MYSQL_INIT_COMMAND, command);
}

static void
set_options(struct xc_connection *c, int64_t limit_ms)
{
	unsigned tcp = MYSQL_PROTOCOL_TCP, off = 0;
	unsigned limit_s = (unsigned)((limit_ms + 999) / 1000);
	my_bool yes = 1, no = 0;
	size_t stack = STACK_SIZE;
	MYSQL *m = c->mysql;

	set_session(c);
	mysql_options(m, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_options(m, MYSQL_OPT_CONNECT_TIMEOUT, &limit_s);
	mysql_options(m, MYSQL_OPT_READ_TIMEOUT, &c->read_s);
	mysql_options(m, MYSQL_OPT_WRITE_TIMEOUT, &c->write_s);
	mysql_options(m, MYSQL_OPT_LOCAL_INFILE, &off);
	mysql_options(m, MYSQL_OPT_RECONNECT, &no);
	/* "localhost" alone would mean the library's own socket. */
	if (*c->socket == '\0')
		mysql_options(m, MYSQL_OPT_PROTOCOL, &tcp);
	if (*c->socket == '\0' && *c->tls_ca == '\0')
		mysql_options(m, MARIADB_OPT_RESTRICTED_AUTH, PROOFS);
	if (*c->tls_ca == '\0') {
		mysql_options(m, MYSQL_OPT_NONBLOCK, &stack);
		return;
	}
	/* To enforce TLS does nothing by itself; to verify does. */
	mysql_options(m, MYSQL_OPT_SSL_CA, c->tls_ca);
	mysql_options(m, MYSQL_OPT_SSL_ENFORCE, &yes);
	mysql_options(m, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
}

/*
 * Waits for what the library waits for; what came of it.  Others may find out
 * meanwhile that the server does not answer.
 */
static int
await(struct xc_connection *c, int wanted, int64_t until_ms)
{
	struct pollfd pfd = { .fd = (int)mysql_get_socket(c->mysql) };
	int64_t left;
	int n;

	pfd.events = (short)(((wanted & MYSQL_WAIT_READ) != 0 ? POLLIN : 0) |
	    ((wanted & MYSQL_WAIT_WRITE) != 0 ? POLLOUT : 0) |
	    ((wanted & MYSQL_WAIT_EXCEPT) != 0 ? POLLPRI : 0));
	for (;;) {
		left = until_ms - xc_connection_now_ms();
		if (left <= 0 || (!c->trial && xc_breaker_is_open(c->breaker)))
			return MYSQL_WAIT_TIMEOUT;
		n = poll(&pfd, 1, (int)(left < XC_WAIT_SLICE_MS ? left :
		    XC_WAIT_SLICE_MS));
		if (n > 0)
			break;
	}
	n = (pfd.revents & POLLIN) != 0 ? MYSQL_WAIT_READ : 0;
	if ((pfd.revents & POLLOUT) != 0)
		n |= MYSQL_WAIT_WRITE;
	if ((pfd.revents & POLLPRI) != 0)
		n |= MYSQL_WAIT_EXCEPT;
	return n != 0 ? n : wanted & ~MYSQL_WAIT_TIMEOUT;
}

/*
 * The library counts in seconds, unless it is told step by step how long it
 * has waited.  With TLS that does not work: there it is seconds.
 */
static bool
connect_within(struct xc_connection *c, int64_t limit_ms)
{
	int64_t until_ms = xc_connection_now_ms() + limit_ms;
	bool tcp = *c->socket == '\0';
	const char *host = tcp ? c->host : NULL;
	const char *socket = tcp ? NULL : c->socket;
	const char *password = *c->password != '\0' ? c->password : NULL;
	MYSQL *done = NULL;
	int wanted;

	set_options(c, limit_ms);
	if (*c->tls_ca != '\0')
		return mysql_real_connect(c->mysql, host, c->user, password,
		    NULL, tcp ? c->port : 0, socket, 0) != NULL;
	wanted = mysql_real_connect_start(&done, c->mysql, host, c->user,
	    password, NULL, tcp ? c->port : 0, socket, 0);
	while (wanted != 0)
		wanted = mysql_real_connect_cont(&done, c->mysql,
		    await(c, wanted, until_ms));
	return done != NULL;
}

/* Whether the number of a failed connect is the server's answer, if not the
 * one that was hoped for. */
static bool
is_answer(unsigned number)
{
	if (number == CR_SSL_CONNECTION_ERROR)
		return true;
	return !xc_mysql_lost(number) && (number < CR_MIN_ERROR ||
	    number > CR_MAX_ERROR || number == CR_VERSION_ERROR ||
	    number == CR_AUTH_PLUGIN_CANNOT_LOAD);
}

/*
 * A server without Galera may not know what is asked of the session: then
 * there is nothing to wait for.
 */
static bool
connect_anyhow(struct xc_connection *c, int64_t limit_ms)
{
	if (connect_within(c, limit_ms))
		return true;
	if (!c->current || mysql_errno(c->mysql) != ER_UNKNOWN_SYSTEM_VARIABLE)
		return false;
	c->current = false;
	mysql_close(c->mysql);
	c->mysql = mysql_init(NULL);
	return c->mysql != NULL && connect_within(c, limit_ms);
}

bool
xc_connection_greets(const struct xc_connection *c, int64_t limit_ms)
{
	struct xc_connection probe = *c;
	bool answers;

	probe.trial = true;
	probe.mysql = mysql_init(NULL);
	if (probe.mysql == NULL)
		return true;
	answers = connect_within(&probe, limit_ms) ||
	    is_answer(mysql_errno(probe.mysql));
	mysql_close(probe.mysql);
	return answers;
}

static bool
ask_packet_max(struct xc_connection *c)
{
	MYSQL_RES *res;
	MYSQL_ROW row;

	if (mysql_query(c->mysql, "SELECT @@max_allowed_packet") != 0)
		return false;
	res = mysql_store_result(c->mysql);
	if (res == NULL)
		return false;
	row = mysql_fetch_row(res);
	c->packet_max = row != NULL && row[0] != NULL ?
	    strtoul(row[0], NULL, 10) : 0;
	mysql_free_result(res);
	return c->packet_max != 0;
}

static bool
connect_now(struct xc_connection *c, int64_t limit_ms)
{
	c->exact = false;
	c->allowed_ms = c->read_ms;
	if (!connect_anyhow(c, limit_ms))
		return false;
	xc_connection_heard(c);
	xc_connection_watch(c);
	return ask_packet_max(c);
}

/* The secret may be another by now. */
static void
read_password_again(struct xc_connection *c)
{
	struct xc_database_settings settings = {
		.plugin_password_file = c->secret_file };
	char derived[XC_ACCOUNT_PASSWORD_SIZE], *password = NULL;

	if (!c->derived) {
		if (xc_secret_read(c->secret_file, &password, NULL) != XC_OK)
			return;
	} else if (xc_account_password(&settings, c->user, derived, NULL) ==
	    XC_OK) {
		password = strdup(derived);
	}
	explicit_bzero(derived, sizeof(derived));
	if (password == NULL)
		return;
	xc_secret_free(&c->password);
	c->password = password;
}

/* Of what concerns this account alone. */
static void
back_off(struct xc_connection *c)
{
	int64_t now = xc_connection_now_ms();

	if (c->backoff_ms == 0 || now - c->told_ms >= TELL_EVERY_MS) {
		c->told_ms = now;
		xc_logf(&logger, XC_LOG_ERROR, "cannot connect to MariaDB at "
		    "%s as %s: %s (%u)", *c->socket != '\0' ? c->socket :
		    c->host, c->user, c->error.message, c->error.number);
	}
	c->backoff_ms = c->backoff_ms == 0 ? BACKOFF_MIN_MS :
	    c->backoff_ms * 2;
	if (c->backoff_ms > BACKOFF_MAX_MS)
		c->backoff_ms = BACKOFF_MAX_MS;
	c->refused_until_ms = now + c->backoff_ms;
}

void
xc_connection_heard(struct xc_connection *c)
{
	if (xc_breaker_heard(c->breaker))
		xc_logf(&logger, XC_LOG_NOTICE, "MariaDB at %s answers again",
		    *c->socket != '\0' ? c->socket : c->host);
}

bool
xc_connection_unheard(struct xc_connection *c, int64_t since_ms, bool hangs,
    const char *why)
{
	if (xc_breaker_failed(c->breaker, since_ms, hangs))
		xc_logf(&logger, XC_LOG_ERROR, "MariaDB at %s does not "
		    "answer: %s; all that need it are refused until it does",
		    *c->socket != '\0' ? c->socket : c->host, why);
	return xc_breaker_is_open(c->breaker);
}

/* What can be done where it is not the server's state. */
static void
add_remedy(struct xc_connection *c)
{
	char *message = c->error.message;
	size_t used = strlen(message), size = sizeof(c->error.message);
	const char *host = *c->socket != '\0' ? "this host" : c->host;

	if (c->error.number == CR_SSL_CONNECTION_ERROR && *c->tls_ca != '\0')
		snprintf(message + used, size - used, "; \"database.tls_ca\" "
		    "is %s: give the server a certificate for %s that this "
		    "authority has signed (its ssl_cert and ssl_key), or make "
		    "\"database.tls_ca\" empty to go without TLS", c->tls_ca,
		    host);
	if (c->error.number == CR_PLUGIN_NOT_ALLOWED)
		snprintf(message + used, size - used, "; it would let others "
		    "read the password: set \"database.tls_ca\", or let the "
		    "account be IDENTIFIED VIA one of " PROOFS);
}

static enum xc_err
connect_failed(struct xc_connection *c, int64_t since_ms, int64_t limit_ms)
{
	bool hangs = xc_connection_now_ms() - since_ms >= limit_ms;

	xc_connection_note(c, mysql_errno(c->mysql),
	    mysql_sqlstate(c->mysql), mysql_error(c->mysql));
	add_remedy(c);
	mysql_close(c->mysql);
	c->mysql = NULL;
	c->denied = c->error.number == ER_ACCESS_DENIED_ERROR;
	/* Others have found out meanwhile. */
	if (!c->trial && xc_breaker_is_open(c->breaker))
		return XC_ERR_UNAVAILABLE;
	if (is_answer(c->error.number)) {
		xc_connection_heard(c);
		back_off(c);
	} else if (!xc_connection_unheard(c, since_ms, hangs,
	    c->error.message)) {
		back_off(c);
	}
	return XC_ERR_UNAVAILABLE;
}

/* One line in the log was enough for all of these. */
static enum xc_err
refused(struct xc_connection *c)
{
	enum xc_err err = XC_ERR_UNAVAILABLE;

	if (c->transaction) {
		xc_connection_close(c);
		err = XC_ERR_BUSY;
	}
	err = xc_connection_refuse(c, err, "MariaDB at %s does not answer, so "
	    "it was not asked to connect or for anything else",
	    *c->socket != '\0' ? c->socket : c->host);
	c->error.told = true;
	return err;
}

int64_t
xc_connection_probe_ms(const struct xc_connection *c)
{
	int64_t ms = c->connect_ms / 4;

	return ms < 100 ? 100 : ms > 1000 ? 1000 : ms;
}

/* How long it may take to connect: no longer than the caller has time, but
 * long enough to learn something. */
static int64_t
limit_of(const struct xc_connection *c)
{
	int64_t limit = c->connect_ms, least = xc_connection_probe_ms(c);
	int64_t left = xc_connection_left_ms(c);

	if (c->trial && c->lookout_ms == 0)
		limit = xc_breaker_trial_ms(c->breaker, limit);
	if (left < limit)
		limit = left;
	return limit > least ? limit : least;
}

static enum xc_err
open_now(struct xc_connection *c)
{
	int64_t since_ms, limit_ms = limit_of(c);

	xc_connection_close(c);
	if (c->backoff_ms != 0 && !c->trial &&
	    xc_connection_now_ms() < c->refused_until_ms) {
		c->error.told = true;
		return XC_ERR_UNAVAILABLE;	/* with the error that stands */
	}
	if (c->denied)
		read_password_again(c);
	c->mysql = mysql_init(NULL);
	if (c->mysql == NULL)
		return xc_connection_refuse(c, XC_ERR_NOMEM, "out of memory");
	c->pid = xc_process_id();
	since_ms = xc_connection_now_ms();
	if (!connect_now(c, limit_ms))
		return connect_failed(c, since_ms, limit_ms);
	c->denied = false;
	c->used_ms = xc_connection_now_ms();
	if (c->backoff_ms != 0)
		xc_logf(&logger, XC_LOG_NOTICE, "connected to MariaDB again");
	c->backoff_ms = 0;
	return XC_OK;
}

/* On trial a statement is not risked, only an empty question. */
static enum xc_err
try_it(struct xc_connection *c)
{
	int64_t since_ms = xc_connection_now_ms();
	bool late;

	if (c->mysql != NULL) {
		xc_connection_wait_at_most(c, limit_of(c));
		c->used_ms = since_ms;
		if (mysql_ping(c->mysql) == 0) {
			/* By TLS what comes at once is read unseen. */
			xc_connection_heard(c);
			return XC_OK;
		}
		late = xc_connection_now_ms() - since_ms >= limit_of(c);
		xc_connection_close(c);
		if (late) {
			(void)xc_connection_unheard(c, since_ms, true, "");
			return refused(c);
		}
	}
	return open_now(c);
}

enum xc_err
xc_connection_admit(struct xc_connection *c)
{
	enum xc_err err;

	switch (xc_breaker_ask(c->breaker, c->lookout_ms)) {
	case XC_BREAKER_OPEN:
		return refused(c);
	case XC_BREAKER_TRIAL:
		if (c->transaction)
			return refused(c);
		c->trial = true;
		err = try_it(c);
		c->trial = false;
		return err;
	default:
		return c->mysql != NULL ? XC_OK : open_now(c);
	}
}

enum xc_err
xc_connection_open(struct xc_connection *c)
{
	if (c->mysql != NULL && c->pid == xc_process_id())
		return XC_OK;
	xc_connection_close(c);
	return xc_connection_admit(c);
}

void
xc_connection_current(struct xc_connection *c)
{
	c->current = true;
}

void
xc_connection_lookout(struct xc_connection *c, int64_t every_ms)
{
	if (every_ms <= LOOKOUT_MAX_MS)
		c->lookout_ms = every_ms + c->connect_ms + LOOKOUT_MORE_MS;
}
