/* SPDX-License-Identifier: MIT */
/*
 * The workers' driver: for each plugin a connection under its own account,
 * made when it is first used and closed when it is not used any more.
 */
#include <stdlib.h>
#include <string.h>

#include "connection-private.h"
#include "database.h"
#include "loggers/logger.h"
#include "told.h"

#define TELL_EVERY_MS 10000

/* Members of the settings that are text. */
#define TEXTS(X)							\
	X(socket) X(host) X(name) X(user) X(password_file) X(plugin_user) \
	X(plugin_password_file) X(plugin_schema_prefix) X(tls_ca)

static struct xc_logger logger = XC_LOGGER("xcore.database");

/* One plugin's connection. */
struct slot {
	char schema[65];	/* "" : free */
	struct xc_connection *connection;
	int64_t used_ms;
};

struct pool {
	struct xc_database_settings settings;	/* its texts are copies */
	size_t prefix_len;	/* of plugin_schema_prefix */
	struct slot slots[XC_DATABASE_CONNECTIONS_MAX];
	struct slot *current;	/* that the request used last; or NULL */
	uint64_t end_us;	/* of the request's time; 0: none */
	int64_t told_ms;	/* when it was logged that one cannot be made */
};

static void
empty(struct slot *slot)
{
	xc_connection_free(&slot->connection);
	slot->schema[0] = '\0';
	slot->used_ms = 0;
}

/* Plugins that went are among those that are not used. */
static void
tend(struct pool *pool, int64_t now)
{
	for (size_t i = 0; i < XC_DATABASE_CONNECTIONS_MAX; i++) {
		struct slot *slot = &pool->slots[i];

		if (slot->schema[0] != '\0' && slot != pool->current &&
		    now - slot->used_ms >= XC_DATABASE_IDLE_MS)
			empty(slot);
	}
}

/* A free one, else the one longest unused; never one in a transaction, of
 * which there is one at most. */
static struct slot *
find_room(struct pool *pool)
{
	struct slot *oldest = NULL;

	for (size_t i = 0; i < XC_DATABASE_CONNECTIONS_MAX; i++) {
		struct slot *slot = &pool->slots[i];

		if (slot->schema[0] == '\0')
			return slot;
		if (!xc_connection_in_transaction(slot->connection) &&
		    (oldest == NULL || slot->used_ms < oldest->used_ms))
			oldest = slot;
	}
	if (oldest != NULL)
		empty(oldest);
	return oldest;
}

/* In the log, but not for each request. */
static enum xc_err
cannot_make(struct pool *pool, const char *schema, int64_t now,
    const char *why)
{
	if (pool->told_ms == 0 || now - pool->told_ms >= TELL_EVERY_MS) {
		pool->told_ms = now;
		xc_logf(&logger, XC_LOG_ERROR, "no account for the schema "
		    "%s: %s", schema, why);
	}
	return XC_ERR_UNAVAILABLE;
}

static struct slot *
slot_of(struct pool *pool, const char *schema)
{
	if (pool->current != NULL &&
	    strcmp(pool->current->schema, schema) == 0)
		return pool->current;
	for (size_t i = 0; i < XC_DATABASE_CONNECTIONS_MAX; i++)
		if (strcmp(pool->slots[i].schema, schema) == 0)
			return &pool->slots[i];
	return NULL;
}

/* The connection under the account that owns the schema. */
static enum xc_err
choose(struct pool *pool, const char *schema,
    struct xc_connection **connection_r)
{
	const char *prefix = pool->settings.plugin_schema_prefix;
	int64_t now = xc_connection_now_ms();
	struct xc_errbuf why = { "" };
	struct slot *slot;
	enum xc_err err;

	*connection_r = NULL;
	if (strlen(schema) >= sizeof(slot->schema) ||
	    strncmp(schema, prefix, pool->prefix_len) != 0)
		return cannot_make(pool, schema, now, "it is no plugin's");
	slot = slot_of(pool, schema);
	if (slot == NULL) {
		slot = find_room(pool);
		if (slot == NULL)
			return XC_ERR_STATE;
		err = xc_connection_of_plugin(&pool->settings,
		    schema + pool->prefix_len, &slot->connection, &why);
		if (err != XC_OK)
			return cannot_make(pool, schema, now, why.text);
		memcpy(slot->schema, schema, strlen(schema) + 1);
	}
	slot->used_ms = now;
	pool->current = slot;
	xc_connection_until(slot->connection, pool->end_us);
	*connection_r = slot->connection;
	return XC_OK;
}

static enum xc_err
db_rows(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args, size_t max_rows,
    struct json_object **rows_r)
{
	struct xc_statement statement = { schema, sql, args, n_args };
	struct xc_connection *c;
	enum xc_err err = choose(ctx, schema, &c);

	*rows_r = NULL;
	if (err != XC_OK)
		return err;
	return xc_told(c, xc_connection_rows(c, &statement, max_rows,
	    rows_r), schema, sql);
}

static enum xc_err
db_row(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args, struct json_object **row_r)
{
	struct xc_statement statement = { schema, sql, args, n_args };
	struct xc_connection *c;
	enum xc_err err = choose(ctx, schema, &c);

	*row_r = NULL;
	if (err != XC_OK)
		return err;
	err = xc_connection_row(c, &statement, row_r);
	return err == XC_ERR_NOT_FOUND ? err : xc_told(c, err, schema, sql);
}

static enum xc_err
db_exec(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args, struct xc_db_result *result_r)
{
	struct xc_statement statement = { schema, sql, args, n_args };
	struct xc_connection *c;
	enum xc_err err = choose(ctx, schema, &c);

	if (err != XC_OK)
		return err;
	return xc_told(c, xc_connection_exec(c, &statement, result_r),
	    schema, sql);
}

static enum xc_err
db_open(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args)
{
	struct xc_statement statement = { schema, sql, args, n_args };
	struct xc_connection *c;
	enum xc_err err = choose(ctx, schema, &c);

	if (err != XC_OK)
		return err;
	return xc_told(c, xc_connection_walk(c, &statement), schema, sql);
}

static enum xc_err
db_next(void *ctx, const struct xc_cell **cells_r, size_t *n_r)
{
	struct pool *pool = ctx;
	enum xc_err err;

	*n_r = 0;
	if (pool->current == NULL)
		return XC_ERR_STATE;
	err = xc_connection_next(pool->current->connection, cells_r, n_r);
	if (err == XC_ERR_NOT_FOUND)
		return err;
	return xc_told(pool->current->connection, err, pool->current->schema,
	    "(the next row)");
}

static void
db_end(void *ctx)
{
	struct pool *pool = ctx;

	if (pool->current != NULL)
		xc_connection_walked(pool->current->connection);
}

static enum xc_err
db_begin(void *ctx, const char *schema)
{
	struct xc_connection *c;
	enum xc_err err = choose(ctx, schema, &c);

	if (err != XC_OK)
		return err;
	return xc_told(c, xc_connection_begin(c), schema, "BEGIN");
}

static enum xc_err
db_commit(void *ctx)
{
	struct pool *pool = ctx;

	if (pool->current == NULL)
		return XC_ERR_STATE;
	return xc_told(pool->current->connection,
	    xc_connection_commit(pool->current->connection),
	    pool->current->schema, "COMMIT");
}

static void
db_until(void *ctx, uint64_t end_us)
{
	struct pool *pool = ctx;

	pool->end_us = end_us;
}

static void
db_rollback(void *ctx)
{
	struct pool *pool = ctx;

	if (pool->current != NULL)
		xc_connection_rollback(pool->current->connection);
}

/* A request has one plugin, and so one connection; an event's handler that
 * ran within it may have had another. */
static void
db_release(void *ctx)
{
	struct pool *pool = ctx;

	for (size_t i = 0; i < XC_DATABASE_CONNECTIONS_MAX; i++) {
		struct slot *slot = &pool->slots[i];

		if (slot->schema[0] == '\0')
			continue;
		if (xc_connection_in_transaction(slot->connection))
			xc_logf(&logger, XC_LOG_WARNING, "a request ended "
			    "with its transaction open: rolled back");
		xc_connection_release(slot->connection);
	}
	pool->current = NULL;
	pool->end_us = 0;
	tend(pool, xc_connection_now_ms());
}

/* The settings' texts are const for all but who copied them. */
static void
free_text(const char *text)
{
	union {
		const char *in;
		void *out;
	} u = { .in = text };

	free(u.out);
}

static void
free_settings(struct xc_database_settings *settings)
{
#define X(member) free_text(settings->member);
	TEXTS(X)
#undef X
}

static void
db_close(void *ctx)
{
	struct pool *pool = ctx;

	for (size_t i = 0; i < XC_DATABASE_CONNECTIONS_MAX; i++)
		empty(&pool->slots[i]);
	free_settings(&pool->settings);
	free(pool);
}

static const struct xc_db_ops mariadb_ops = {
	.rows = db_rows,
	.row = db_row,
	.exec = db_exec,
	.begin = db_begin,
	.commit = db_commit,
	.rollback = db_rollback,
	.release = db_release,
	.until = db_until,
	.open = db_open,
	.next = db_next,
	.end = db_end,
};

void
xc_database_tend(struct xc_database *database)
{
	if (database->ops == &mariadb_ops)
		tend(database->ctx, xc_connection_now_ms());
}

static bool
copy_settings(struct xc_database_settings *to,
    const struct xc_database_settings *from)
{
	bool whole = true;

	*to = *from;
#define X(member)							\
	to->member = strdup(from->member);				\
	whole = whole && to->member != NULL;
	TEXTS(X)
#undef X
	return whole;
}

enum xc_err
xc_database_open(const struct xc_database_settings *settings,
    struct xc_database *database, struct xc_errbuf *errbuf)
{
	struct pool *pool = calloc(1, sizeof(*pool));

	memset(database, 0, sizeof(*database));
	/* Not thread-safe, so before anything can have made a thread. */
	if (mysql_library_init(0, NULL, NULL) != 0) {
		free(pool);
		return xc_fail(errbuf, XC_ERR_FAILED,
		    "the MariaDB library does not start");
	}
	if (pool == NULL || !copy_settings(&pool->settings, settings)) {
		if (pool != NULL)
			db_close(pool);
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	}
	pool->prefix_len = strlen(settings->plugin_schema_prefix);
	database->ops = &mariadb_ops;
	database->ctx = pool;
	database->close = db_close;
	return XC_OK;
}

void
xc_database_close(struct xc_database *database)
{
	if (database->close != NULL)
		database->close(database->ctx);
	memset(database, 0, sizeof(*database));
}
