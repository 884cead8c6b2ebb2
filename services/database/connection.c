/* SPDX-License-Identifier: MIT */
/* A connection from its making to its end; what was lost; transactions. */
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <errmsg.h>
#include <mysqld_error.h>

#include "account.h"
#include "connection-private.h"
#include "process.h"
#include "statement.h"

int64_t
xc_connection_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
clear_error(struct xc_connection *c)
{
	c->error.number = 0;
	c->error.state[0] = c->error.message[0] = '\0';
	c->error.told = false;
}

void
xc_connection_note(struct xc_connection *c, unsigned number,
    const char *state, const char *message)
{
	char *p;

	c->error.number = number;
	c->error.told = false;
	snprintf(c->error.state, sizeof(c->error.state), "%s", state);
	snprintf(c->error.message, sizeof(c->error.message), "%s", message);
	for (p = c->error.message; *p != '\0'; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';
}

enum xc_err
xc_connection_refuse(struct xc_connection *c, enum xc_err err,
    const char *format, ...)
{
	va_list ap;

	clear_error(c);
	va_start(ap, format);
	vsnprintf(c->error.message, sizeof(c->error.message), format, ap);
	va_end(ap);
	return err;
}

const struct xc_connection_error *
xc_connection_error(const struct xc_connection *c)
{
	return &c->error;
}

enum xc_err
xc_connection_fail(const struct xc_connection *c, struct xc_errbuf *errbuf,
    enum xc_err err, const char *what)
{
	if (c->error.message[0] == '\0')
		return xc_fail(errbuf, err, "%s: %s", what, xc_strerror(err));
	if (c->error.number == 0)
		return xc_fail(errbuf, err, "%s: %s", what,
		    c->error.message);
	return xc_fail(errbuf, err, "%s: %s (%u, %s)", what,
	    c->error.message, c->error.number, c->error.state);
}

static unsigned
seconds(int64_t ms)
{
	return (unsigned)((ms + 999) / 1000);
}

static struct xc_breaker *
breaker_of(const struct xc_database_settings *s)
{
	char place[512];

	if (*s->socket != '\0')
		return xc_breaker_of(s->socket);
	snprintf(place, sizeof(place), "%s:%d", s->host, (int)s->port);
	return xc_breaker_of(place);
}

static bool
copy_settings(struct xc_connection *c, const struct xc_database_settings *s)
{
	c->socket = strdup(s->socket);
	c->host = strdup(s->host);
	c->tls_ca = strdup(s->tls_ca);
	c->port = (unsigned)s->port;
	c->connect_ms = s->connect_timeout_ms;
	c->read_s = seconds(s->read_timeout_ms);
	c->write_s = seconds(s->write_timeout_ms);
	c->read_ms = c->allowed_ms = s->read_timeout_ms;
	c->breaker = breaker_of(s);
	c->cache = xc_statement_cache_new();
	return c->socket != NULL && c->host != NULL && c->tls_ca != NULL &&
	    c->cache != NULL;
}

static enum xc_err
out_of_memory(struct xc_errbuf *errbuf)
{
	return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
}

/* An account that the operator made. */
static enum xc_err
given_account(struct xc_connection *c, const char *user, const char *file,
    struct xc_errbuf *errbuf)
{
	c->user = strdup(user);
	c->secret_file = strdup(file);
	if (c->user == NULL || c->secret_file == NULL)
		return out_of_memory(errbuf);
	return xc_secret_read(file, &c->password, errbuf);
}

/* One that we made: of a plugin, or of the services. */
static enum xc_err
own_account(struct xc_connection *c, const struct xc_database_settings *s,
    const char *plugin, struct xc_errbuf *errbuf)
{
	char name[XC_ACCOUNT_NAME_SIZE], password[XC_ACCOUNT_PASSWORD_SIZE];
	enum xc_err err = xc_account_name(s, plugin, name, errbuf);

	if (err == XC_OK)
		err = xc_account_password(s, name, password, errbuf);
	if (err != XC_OK)
		return err;
	c->user = strdup(name);
	c->password = strdup(password);
	c->secret_file = strdup(s->plugin_password_file);
	c->derived = true;
	explicit_bzero(password, sizeof(password));
	return c->user == NULL || c->password == NULL ||
	    c->secret_file == NULL ?
	    out_of_memory(errbuf) : XC_OK;
}

/* Without its account. */
static enum xc_err
make(const struct xc_database_settings *settings,
    struct xc_connection **connection_r, struct xc_errbuf *errbuf)
{
	struct xc_connection *c;

	*connection_r = NULL;
	/* Not thread-safe, so before anything can have made a thread. */
	if (mysql_library_init(0, NULL, NULL) != 0)
		return xc_fail(errbuf, XC_ERR_FAILED,
		    "the MariaDB library does not start");
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return out_of_memory(errbuf);
	if (!copy_settings(c, settings)) {
		xc_connection_free(&c);
		return out_of_memory(errbuf);
	}
	*connection_r = c;
	return XC_OK;
}

enum xc_err
xc_connection_new(const struct xc_database_settings *settings,
    enum xc_account account, struct xc_connection **connection_r,
    struct xc_errbuf *errbuf)
{
	enum xc_err err = make(settings, connection_r, errbuf);

	if (err != XC_OK)
		return err;
	err = account == XC_ACCOUNT_SERVICE ?
	    own_account(*connection_r, settings, NULL, errbuf) :
	    given_account(*connection_r, settings->user,
	    settings->password_file, errbuf);
	if (err != XC_OK)
		xc_connection_free(connection_r);
	return err;
}

enum xc_err
xc_connection_of_plugin(const struct xc_database_settings *settings,
    const char *plugin, struct xc_connection **connection_r,
    struct xc_errbuf *errbuf)
{
	enum xc_err err = make(settings, connection_r, errbuf);

	if (err != XC_OK)
		return err;
	err = own_account(*connection_r, settings, plugin, errbuf);
	if (err != XC_OK)
		xc_connection_free(connection_r);
	return err;
}

void
xc_connection_free(struct xc_connection **connection)
{
	struct xc_connection *c = *connection;

	if (c == NULL)
		return;
	xc_connection_close(c);
	xc_statement_cache_free(&c->cache);
	xc_run_free(&c->run);
	xc_secret_free(&c->password);
	free(c->secret_file);
	free(c->socket);
	free(c->host);
	free(c->user);
	free(c->tls_ca);
	free(c);
	*connection = NULL;
}

/*
 * The library says goodbye on the socket when it closes; in a child that
 * would end the parent's session.  So let it speak to nobody.
 */
static bool
mute(MYSQL *mysql)
{
	int fd = (int)mysql_get_socket(mysql), null;

	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0) {
		close(fd);
		return false;
	}
	dup3(null, fd, O_CLOEXEC);
	close(null);
	return true;
}

void
xc_connection_close(struct xc_connection *c)
{
	bool ours = c->pid == xc_process_id();

	if (c->mysql == NULL)
		return;
	if (!ours && !mute(c->mysql)) {
		/* No /dev/null here: leak it rather than speak. */
		xc_statement_cache_forget(c->cache);
		c->mysql = NULL;
	} else {
		xc_statement_cache_flush(c->cache);
		mysql_close(c->mysql);
		c->mysql = NULL;
	}
	if (!ours)
		c->transaction = c->doomed = false;
	c->doomed = c->transaction;
	c->tainted = c->walking = false;
	c->schema[0] = '\0';
}

/* Whether the peer has closed: seen before anything is sent, it is certain
 * that nothing was done. */
static bool
peer_gone(struct xc_connection *c)
{
	struct pollfd pfd = { .fd = (int)mysql_get_socket(c->mysql),
		.events = POLLRDHUP };

	return poll(&pfd, 1, 0) > 0;
}

/* One that was idle for long may be gone without a word, for example from
 * the table of a firewall. */
static bool
proven(struct xc_connection *c)
{
	int64_t now = xc_connection_now_ms();
	bool idle = now - c->used_ms >= XC_CONNECTION_PROVE_MS;

	c->used_ms = now;
	if (!idle || c->transaction || c->walking)
		return true;
	return xc_connection_time(c) == XC_OK && mysql_ping(c->mysql) == 0;
}

enum xc_err
xc_connection_ready(struct xc_connection *c, bool reads)
{
	enum xc_err err;

	if (c->mysql != NULL && (c->pid != xc_process_id() ||
	    (!reads && peer_gone(c))))
		xc_connection_close(c);
	if (c->doomed)
		return xc_connection_refuse(c, XC_ERR_BUSY,
		    "the transaction was undone; it may be tried again");
	err = xc_connection_admit(c);
	if (err != XC_OK || proven(c))
		return err;
	xc_connection_close(c);
	return xc_connection_admit(c);
}

enum xc_err
xc_connection_choose(struct xc_connection *c, const char *schema)
{
	if (schema == NULL || strcmp(schema, c->schema) == 0)
		return XC_OK;
	if (strlen(schema) >= sizeof(c->schema))
		return xc_connection_refuse(c, XC_ERR_INVALID,
		    "the schema's name is too long");
	if (mysql_select_db(c->mysql, schema) != 0)
		return XC_ERR_FAILED;
	memcpy(c->schema, schema, strlen(schema) + 1);
	return XC_OK;
}

/* A lost connection or a deadlock ends the transaction for good: what the
 * caller still does in it must not be done outside. */
static enum xc_err
judge_in_transaction(struct xc_connection *c, const struct xc_failure *f,
    bool lost)
{
	enum xc_err err = xc_mysql_error(f->number);

	/* A member of a cluster that is not ready: another may be. */
	if (f->number == ER_UNKNOWN_COM_ERROR)
		err = XC_ERR_BUSY;
	if (lost)
		return f->sent && f->implicit ? XC_ERR_UNCERTAIN : XC_ERR_BUSY;
	if (err != XC_ERR_BUSY)
		return err;
	/* After a lock wait only the statement is undone. */
	if (mysql_rollback(c->mysql) != 0)
		xc_connection_close(c);
	c->doomed = true;
	return err;
}

enum xc_err
xc_connection_judge(struct xc_connection *c, const struct xc_failure *f,
    bool *again_r)
{
	bool lost = xc_mysql_lost(f->number), late, answered;
	enum xc_err err;

	*again_r = false;
	xc_connection_note(c, f->number, f->state, f->message);
	if (lost)
		xc_connection_close(c);
	if (c->transaction)
		return judge_in_transaction(c, f, lost);
	err = xc_mysql_error(f->number);
	if (!lost)
		return err;
	late = xc_connection_now_ms() - f->began_ms >=
	    c->allowed_ms - c->allowed_ms / 20;
	/* An error from the server: it has undone the statement.  2006 is a
	 * statement that could not be sent whole. */
	answered = f->number < CR_MIN_ERROR || f->number > CR_MAX_ERROR ||
	    f->number == CR_SERVER_GONE_ERROR;
	*again_r = !late && (!f->sent || !f->writes || answered);
	if (f->sent && f->writes && !answered)
		return XC_ERR_UNCERTAIN;
	return late ? XC_ERR_TIMEOUT : err;
}

/* Runs a text; true if it worked. */
static bool
run_text(struct xc_connection *c, const char *sql, size_t len)
{
	MYSQL_RES *res;
	int rc;

	if (mysql_real_query(c->mysql, sql, len) != 0)
		return false;
	do {
		res = mysql_store_result(c->mysql);
		if (res != NULL)
			mysql_free_result(res);
		else if (mysql_errno(c->mysql) != 0)
			return false;
		rc = mysql_next_result(c->mysql);
	} while (rc == 0);
	return rc < 0;
}

static enum xc_err
judge_text(struct xc_connection *c, struct xc_failure *f, bool *again_r)
{
	f->number = mysql_errno(c->mysql);
	f->state = mysql_sqlstate(c->mysql);
	f->message = mysql_error(c->mysql);
	return xc_connection_judge(c, f, again_r);
}

enum xc_err
xc_connection_query(struct xc_connection *c, const char *schema,
    const char *sql, size_t len)
{
	struct xc_failure f = { .writes = true, .implicit = true,
		.began_ms = xc_connection_now_ms() };
	enum xc_err err;
	bool again;

	err = xc_connection_free_of_rows(c);
	if (err == XC_OK)
		err = xc_connection_ready(c, false);
	if (err != XC_OK)
		return err;
	clear_error(c);
	err = xc_connection_time(c);
	if (err == XC_OK)
		err = xc_connection_choose(c, schema);
	if (err == XC_ERR_INVALID || err == XC_ERR_TIMEOUT)
		return err;
	f.sent = err == XC_OK;
	if (err == XC_OK && run_text(c, sql, len)) {
		/* It may have been SET or USE. */
		c->schema[0] = '\0';
		c->tainted = true;
		return XC_OK;
	}
	return judge_text(c, &f, &again);
}

enum xc_err
xc_connection_begin(struct xc_connection *c)
{
	static const char sql[] = "START TRANSACTION";
	struct xc_failure f = { .sent = true };
	enum xc_err err = XC_OK;
	bool again = true;
	int tries;

	if (c->transaction)
		return xc_connection_refuse(c, XC_ERR_STATE,
		    "a transaction is open already");
	err = xc_connection_free_of_rows(c);
	if (err != XC_OK)
		return err;
	for (tries = 0; again && tries < 2; tries++) {
		f.began_ms = xc_connection_now_ms();
		err = xc_connection_ready(c, false);
		if (err != XC_OK)
			return err;
		clear_error(c);
		err = xc_connection_time(c);
		if (err == XC_ERR_TIMEOUT)
			return err;
		if (err == XC_OK && run_text(c, sql, sizeof(sql) - 1)) {
			c->transaction = true;
			return XC_OK;
		}
		err = judge_text(c, &f, &again);
		if (f.number == ER_UNKNOWN_COM_ERROR)
			err = XC_ERR_BUSY;
	}
	return err;
}

enum xc_err
xc_connection_commit(struct xc_connection *c)
{
	struct xc_failure f = { .sent = true, .writes = true,
		.began_ms = xc_connection_now_ms() };
	enum xc_err err;
	bool again;

	if (!c->transaction)
		return xc_connection_refuse(c, XC_ERR_STATE,
		    "no transaction is open");
	err = xc_connection_free_of_rows(c);
	if (err == XC_OK)
		err = xc_connection_ready(c, false);
	/* What there is no time to commit is undone. */
	if (err == XC_OK) {
		err = xc_connection_time(c);
		if (err == XC_ERR_FAILED) {
			f.sent = f.writes = false;
			err = judge_text(c, &f, &again);
		}
	}
	if (err != XC_OK) {
		xc_connection_rollback(c);
		c->transaction = c->doomed = false;
		return err;
	}
	c->transaction = false;
	clear_error(c);
	if (run_text(c, "COMMIT", 6))
		return XC_OK;
	err = judge_text(c, &f, &again);
	if (c->mysql == NULL)
		return XC_ERR_UNCERTAIN;
	if (f.number == ER_UNKNOWN_COM_ERROR)
		err = XC_ERR_BUSY;
	/* What the server refused to commit must not stay open. */
	if (mysql_rollback(c->mysql) != 0)
		xc_connection_close(c);
	return err;
}

void
xc_connection_rollback(struct xc_connection *c)
{
	bool open = c->transaction && !c->doomed;

	(void)xc_connection_walked(c);
	c->transaction = c->doomed = false;
	if (!open || c->mysql == NULL || c->pid != xc_process_id())
		return;
	/* A closed connection undoes it as well. */
	if (xc_breaker_is_open(c->breaker) ||
	    xc_connection_time(c) != XC_OK || mysql_rollback(c->mysql) != 0)
		xc_connection_close(c);
}

bool
xc_connection_in_transaction(const struct xc_connection *c)
{
	return c->transaction;
}

void
xc_connection_release(struct xc_connection *c)
{
	unsigned status;

	xc_connection_rollback(c);
	c->end_us = 0;
	if (c->mysql == NULL)
		return;
	status = c->mysql->server_status;
	if (c->tainted || c->pid != xc_process_id() ||
	    (status & SERVER_STATUS_IN_TRANS) != 0 ||
	    (status & SERVER_STATUS_AUTOCOMMIT) == 0)
		xc_connection_close(c);
}
