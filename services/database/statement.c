/* SPDX-License-Identifier: MIT */
/* Runs statements: prepares, binds, executes, tries again where it may. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <errmsg.h>
#include <mysqld_error.h>

#include "process.h"
#include "statement.h"

#define ARGS_MAX	65535
#define REST_MS		10	/* to connect anew takes about as long */
#define ARG_OVERHEAD	16	/* bytes of a value in a packet, or more */

/* One run of a statement. */
struct xc_run {
	struct xc_connection *connection;
	const struct xc_statement *statement;
	struct xc_prepared *prepared;
	struct xc_failure failure;
	bool again;
	bool stale;		/* to be prepared anew before the next time */
	bool over;		/* the last row was read */
};

void
xc_run_free(struct xc_run **run)
{
	free(*run);
	*run = NULL;
}

static enum xc_err
judge_mysql(struct xc_run *run)
{
	MYSQL *mysql = run->connection->mysql;

	run->failure.number = mysql_errno(mysql);
	run->failure.state = mysql_sqlstate(mysql);
	run->failure.message = mysql_error(mysql);
	return xc_connection_judge(run->connection, &run->failure,
	    &run->again);
}

static enum xc_err
judge_stmt(struct xc_run *run, MYSQL_STMT *stmt)
{
	/* An error between two rows is noted with the connection alone. */
	if (mysql_stmt_errno(stmt) == 0)
		return judge_mysql(run);
	run->failure.number = mysql_stmt_errno(stmt);
	run->failure.state = mysql_stmt_sqlstate(stmt);
	run->failure.message = mysql_stmt_error(stmt);
	return xc_connection_judge(run->connection, &run->failure,
	    &run->again);
}

/* A copy of the error must be taken before the statement is closed. */
static enum xc_err
prepare_failed(struct xc_run *run, MYSQL_STMT *stmt)
{
	struct xc_connection *c = run->connection;
	char state[6], message[512];
	unsigned number;

	number = mysql_stmt_errno(stmt);
	memcpy(state, mysql_stmt_sqlstate(stmt), 5);
	state[5] = '\0';
	strncpy(message, mysql_stmt_error(stmt), sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	mysql_stmt_close(stmt);
	run->failure.number = number;
	run->failure.state = state;
	run->failure.message = message;
	if (number == ER_MAX_PREPARED_STMT_COUNT_REACHED &&
	    xc_statement_cache_count(c->cache) > 0) {
		/* Others use up the server's share: give ours back. */
		xc_statement_cache_flush(c->cache);
		run->again = true;
		return XC_ERR_UNAVAILABLE;
	}
	return xc_connection_judge(c, &run->failure, &run->again);
}

static enum xc_err
prepare(struct xc_run *run)
{
	const struct xc_statement *s = run->statement;
	struct xc_connection *c = run->connection;
	MYSQL_STMT *stmt;
	enum xc_err err;

	/* A connection that was lost has taken it away. */
	if (run->prepared != NULL && xc_statement_cache_count(c->cache) > 0)
		return XC_OK;
	err = xc_connection_choose(c, s->schema);
	if (err == XC_ERR_INVALID)
		return err;
	if (err != XC_OK)
		return judge_mysql(run);
	stmt = mysql_stmt_init(c->mysql);
	if (stmt == NULL)
		return xc_connection_refuse(c, XC_ERR_NOMEM, "out of memory");
	if (mysql_stmt_prepare(stmt, s->sql, strlen(s->sql)) != 0)
		return prepare_failed(run, stmt);
	run->prepared = xc_statement_cache_put(c->cache, s, stmt);
	if (run->prepared == NULL)
		return xc_connection_refuse(c, XC_ERR_NOMEM, "out of memory");
	return XC_OK;
}

static void
bind_bytes(MYSQL_BIND *bind, const struct xc_value *value)
{
	union {
		const void *in;
		void *out;
	} data;

	/* The library only reads what is bound to a parameter. */
	data.in = value->data == NULL ? "" : value->data;
	bind->buffer_type = value->type == XC_VALUE_TEXT ?
	    MYSQL_TYPE_STRING : MYSQL_TYPE_BLOB;
	bind->buffer = data.out;
	bind->buffer_length = value->data == NULL ? 0 : value->len;
	bind->length_value = bind->buffer_length;
}

/* False if the value's place or size may be another the next time. */
static bool
bind_value(MYSQL_BIND *bind, struct xc_fixed *fixed,
    const struct xc_value *value)
{
	memset(bind, 0, sizeof(*bind));
	switch (value->type) {
	case XC_VALUE_INT:
	case XC_VALUE_UINT:
		bind->buffer_type = MYSQL_TYPE_LONGLONG;
		bind->is_unsigned = value->type == XC_VALUE_UINT;
		bind->buffer = &fixed->integer;
		break;
	case XC_VALUE_REAL:
		bind->buffer_type = MYSQL_TYPE_DOUBLE;
		bind->buffer = &fixed->real;
		break;
	case XC_VALUE_TEXT:
	case XC_VALUE_BLOB:
		bind_bytes(bind, value);
		return false;
	default:
		bind->buffer_type = MYSQL_TYPE_NULL;
		break;
	}
	return true;
}

/* Whether a value is bound as those like it are. */
static bool
is_like(const MYSQL_BIND *bind, const struct xc_value *value)
{
	switch (value->type) {
	case XC_VALUE_INT:
	case XC_VALUE_UINT:
		return bind->buffer_type == MYSQL_TYPE_LONGLONG &&
		    bind->is_unsigned == (value->type == XC_VALUE_UINT);
	case XC_VALUE_REAL:
		return bind->buffer_type == MYSQL_TYPE_DOUBLE;
	case XC_VALUE_NULL:
		return bind->buffer_type == MYSQL_TYPE_NULL;
	default:
		return false;
	}
}

/* Where new values are read from places that the statement knows, it need
 * not, and the server need not, be told of them again. */
static bool
put_values(struct xc_prepared *p, const struct xc_value *args)
{
	bool like = p->bound;
	size_t i;

	for (i = 0; i < p->n_params; i++) {
		p->fixed[i].integer = args[i].integer;
		p->fixed[i].real = args[i].real;
		like = like && is_like(&p->params[i], &args[i]);
	}
	return like;
}

static enum xc_err
check_size(struct xc_run *run)
{
	const struct xc_statement *s = run->statement;
	size_t i, sum = 0, max = run->connection->packet_max;

	for (i = 0; i < s->n_args; i++) {
		if (s->args[i].len > max || sum > max)
			break;
		sum += s->args[i].len + ARG_OVERHEAD;
	}
	if (i == s->n_args && sum <= max)
		return XC_OK;
	return xc_connection_refuse(run->connection, XC_ERR_TOO_LARGE,
	    "the values are more than the %zu bytes of the server's "
	    "max_allowed_packet", max);
}

static enum xc_err
bind_values(struct xc_run *run)
{
	const struct xc_statement *s = run->statement;
	struct xc_prepared *p = run->prepared;
	bool fixed = true;
	enum xc_err err;
	size_t i;

	if (s->n_args != p->n_params)
		return xc_connection_refuse(run->connection, XC_ERR_INVALID,
		    "the statement has %zu question marks but %zu values "
		    "were given", p->n_params, s->n_args);
	err = check_size(run);
	if (err != XC_OK || s->n_args == 0)
		return err;
	if (put_values(p, s->args))
		return XC_OK;
	for (i = 0; i < s->n_args; i++)
		fixed &= bind_value(&p->params[i], &p->fixed[i], &s->args[i]);
	p->bound = false;
	if (mysql_stmt_bind_param(p->stmt, p->params) != 0)
		return judge_stmt(run, p->stmt);
	p->bound = fixed;
	return XC_OK;
}

static enum xc_err
execute(struct xc_run *run)
{
	struct xc_connection *c = run->connection;
	struct xc_prepared *p = run->prepared;
	enum xc_err err;
	unsigned number;
	bool reads;

	run->failure.writes = !p->kind.reads;
	run->failure.implicit = p->kind.implicit;
	run->failure.sent = true;
	if (p->kind.taints) {
		c->tainted = true;
		c->schema[0] = '\0';
	}
	if (mysql_stmt_execute(p->stmt) == 0)
		return XC_OK;
	number = mysql_stmt_errno(p->stmt);
	reads = p->kind.reads;
	err = judge_stmt(run, p->stmt);
	switch (number) {
	case ER_UNKNOWN_STMT_HANDLER:
	case ER_NEED_REPREPARE:
		/* The server does not know it any more, or not as it was. */
		xc_statement_cache_drop(c->cache, p);
		run->again = !c->doomed;
		return err;
	case CR_NEW_STMT_METADATA:
		/* An ALTER TABLE changed the number of columns.  It is done,
		 * but the library does not give the rows. */
		xc_statement_cache_drop(c->cache, p);
		run->again = reads;
		return XC_ERR_UNCERTAIN;
	default:
		return err;
	}
}

static enum xc_err
attempt(struct xc_run *run)
{
	struct xc_connection *c = run->connection;
	enum xc_err err;

	run->again = false;
	memset(&run->failure, 0, sizeof(run->failure));
	run->failure.began_ms = xc_connection_now_ms();
	run->prepared = xc_statement_cache_get(c->cache, run->statement);
	err = xc_connection_ready(c, run->prepared != NULL &&
	    run->prepared->kind.reads);
	if (err != XC_OK)
		return err;
	c->error.number = 0;
	c->error.told = false;
	c->error.state[0] = c->error.message[0] = '\0';
	err = xc_connection_time(c);
	if (err == XC_ERR_TIMEOUT)
		return err;
	if (err != XC_OK)
		return judge_mysql(run);
	err = prepare(run);
	if (err == XC_OK)
		err = bind_values(run);
	if (err == XC_OK)
		err = execute(run);
	return err;
}

/* Executes the statement, on a second connection if that is safe. */
static enum xc_err
start(struct xc_run *run, struct xc_connection *connection,
    const struct xc_statement *statement)
{
	enum xc_err err;

	err = xc_connection_free_of_rows(connection);
	if (err != XC_OK)
		return err;
	memset(run, 0, sizeof(*run));
	run->connection = connection;
	run->statement = statement;
	if (statement->n_args > ARGS_MAX ||
	    (statement->n_args > 0 && statement->args == NULL))
		return xc_connection_refuse(connection, XC_ERR_INVALID,
		    "%zu values", statement->n_args);
	err = attempt(run);
	if (err != XC_OK && run->again)
		err = attempt(run);
	return err;
}

/* Throws away what was not fetched; the connection is free for the next. */
static enum xc_err
finish(struct xc_run *run)
{
	MYSQL_STMT *stmt = run->prepared->stmt;
	int rc;

	do {
		if (mysql_stmt_free_result(stmt) != 0)
			return judge_stmt(run, stmt);
		rc = mysql_stmt_more_results(stmt) ?
		    mysql_stmt_next_result(stmt) : -1;
	} while (rc == 0);
	if (rc > 0)
		return judge_stmt(run, stmt);
	return XC_OK;
}

enum xc_err
xc_connection_exec(struct xc_connection *connection,
    const struct xc_statement *statement, struct xc_db_result *result_r)
{
	struct xc_db_result result;
	struct xc_run run;
	enum xc_err err;

	if (result_r != NULL)
		memset(result_r, 0, sizeof(*result_r));
	err = start(&run, connection, statement);
	if (err != XC_OK)
		return err;
	result.affected = mysql_stmt_affected_rows(run.prepared->stmt);
	if (result.affected == (uint64_t)-1)	/* it has rows */
		result.affected = 0;
	result.last_id = mysql_stmt_insert_id(run.prepared->stmt);
	err = finish(&run);
	if (err == XC_OK && result_r != NULL)
		*result_r = result;
	return err;
}

static enum xc_err
bind_rows(struct xc_run *run)
{
	enum xc_err err;

	err = xc_columns_bind(&run->prepared->columns, run->prepared->stmt,
	    &run->stale);
	return err == XC_ERR_FAILED ? judge_stmt(run, run->prepared->stmt) :
	    err;
}

enum xc_err
xc_connection_walk(struct xc_connection *c,
    const struct xc_statement *statement)
{
	enum xc_err err;

	if (c->run == NULL)
		c->run = calloc(1, sizeof(*c->run));
	if (c->run == NULL)
		return xc_connection_refuse(c, XC_ERR_NOMEM, "out of memory");
	err = start(c->run, c, statement);
	if (err != XC_OK)
		return err;
	/* The values may be gone when the rows are read. */
	c->run->statement = NULL;
	c->walking = true;
	if (mysql_stmt_field_count(c->run->prepared->stmt) == 0) {
		c->run->over = true;
		return XC_OK;
	}
	err = bind_rows(c->run);
	if (err != XC_OK)
		(void)xc_connection_walked(c);
	return err;
}

enum xc_err
xc_connection_next(struct xc_connection *c, const struct xc_cell **cells_r,
    size_t *n_r)
{
	struct xc_run *run = c->run;
	enum xc_err err;
	int rc;

	*cells_r = NULL;
	*n_r = 0;
	if (!c->walking)
		return xc_connection_refuse(c, XC_ERR_STATE,
		    "no rows are being read");
	if (run->over)
		return XC_ERR_NOT_FOUND;
	xc_connection_time_row(c);
	rc = mysql_stmt_fetch(run->prepared->stmt);
	if (rc == MYSQL_NO_DATA) {
		run->over = true;
		return XC_ERR_NOT_FOUND;
	}
	if (rc != 0 && rc != MYSQL_DATA_TRUNCATED)
		return judge_stmt(run, run->prepared->stmt);
	err = xc_columns_cells(run->prepared->columns, run->prepared->stmt,
	    cells_r, n_r);
	if (err == XC_ERR_FAILED)
		return judge_stmt(run, run->prepared->stmt);
	return err;
}

bool
xc_connection_names_last(const struct xc_connection *c)
{
	return xc_columns_lasting(c->run->prepared->columns);
}

/* Reads on for a moment; whether that was all. */
static bool
read_rest(struct xc_run *run)
{
	int64_t end_ms = xc_connection_now_ms() + REST_MS;
	int rc;

	if (run->over)
		return true;
	do {
		rc = mysql_stmt_fetch(run->prepared->stmt);
		if (rc != 0 && rc != MYSQL_DATA_TRUNCATED)
			return true;
	} while (xc_connection_now_ms() < end_ms);
	return false;
}

/* The library would read to the end before it closes: let it read nothing.
 * Without /dev/null it does. */
static void
leave(struct xc_connection *c)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		(void)dup3(null, (int)mysql_get_socket(c->mysql), O_CLOEXEC);
		close(null);
	}
	xc_connection_close(c);
}

enum xc_err
xc_connection_walked(struct xc_connection *c)
{
	enum xc_err err;

	/* A lost connection has taken the statement with it. */
	if (!c->walking || c->mysql == NULL)
		return XC_OK;
	c->walking = false;
	/* Of a hundred million rows somebody wanted seven.  A transaction
	 * would be lost with the connection. */
	if (!c->transaction && c->pid == xc_process_id() &&
	    !read_rest(c->run)) {
		leave(c);
		return XC_OK;
	}
	xc_columns_trim(c->run->prepared->columns);
	xc_connection_time_row(c);
	err = finish(c->run);
	if (c->run->stale && c->mysql != NULL)
		xc_statement_cache_drop(c->cache, c->run->prepared);
	return err;
}

enum xc_err
xc_connection_each(struct xc_connection *c,
    const struct xc_statement *statement, xc_row_fn *fn, void *ctx)
{
	enum xc_err err = xc_connection_walk(c, statement), end;
	const struct xc_cell *cells;
	bool over = false;
	size_t n;

	if (err != XC_OK)
		return err;
	while (err == XC_OK && !over) {
		err = xc_connection_next(c, &cells, &n);
		over = err == XC_ERR_NOT_FOUND;
		if (over)
			err = XC_OK;
		else if (err == XC_OK)
			err = fn(ctx, cells, n);
	}
	end = xc_connection_walked(c);
	return err != XC_OK ? err : end;
}
