/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store.h"
#include "told.h"

#define STATEMENT_MS 5000
#define TRIES 3
#define JITTER_NS 8000000	/* for each try so far */

struct xc_store {
	struct xc_connection *connection;
	char *schema;
};

enum xc_err
xc_store_new(const struct xc_database_settings *settings,
    enum xc_account account, struct xc_store **store_r,
    struct xc_errbuf *errbuf)
{
	struct xc_database_settings ours = *settings;
	struct xc_store *store;
	enum xc_err err;

	*store_r = NULL;
	store = calloc(1, sizeof(*store));
	if (store == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	store->schema = strdup(settings->name);
	if (store->schema == NULL) {
		xc_store_free(&store);
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	}
	if (ours.read_timeout_ms > STATEMENT_MS)
		ours.read_timeout_ms = STATEMENT_MS;
	if (ours.write_timeout_ms > STATEMENT_MS)
		ours.write_timeout_ms = STATEMENT_MS;
	err = xc_connection_new(&ours, account, &store->connection, errbuf);
	if (err != XC_OK) {
		xc_store_free(&store);
		return err;
	}
	xc_connection_current(store->connection);
	*store_r = store;
	return XC_OK;
}

void
xc_store_free(struct xc_store **store)
{
	if (*store == NULL)
		return;
	xc_connection_free(&(*store)->connection);
	free((*store)->schema);
	free(*store);
	*store = NULL;
}

struct xc_connection *
xc_store_connection(struct xc_store *store)
{
	return store->connection;
}

enum xc_err
xc_store_exec(struct xc_store *store, struct xc_db_result *result_r,
    const char *sql, const struct xc_value *args, size_t n_args)
{
	struct xc_statement statement = { store->schema, sql, args, n_args };

	return xc_told(store->connection, xc_connection_exec(
	    store->connection, &statement, result_r), store->schema, sql);
}

enum xc_err
xc_store_rows(struct xc_store *store, struct json_object **rows_r,
    const char *sql, const struct xc_value *args, size_t n_args)
{
	struct xc_statement statement = { store->schema, sql, args, n_args };

	return xc_told(store->connection, xc_connection_rows(
	    store->connection, &statement, 0, rows_r), store->schema, sql);
}

/* What a callback refuses is its own business: that is not logged. */
struct walk {
	xc_row_fn *fn;
	void *ctx;
	bool one;		/* only the first row */
	size_t rows;
	enum xc_err err;
};

static enum xc_err
step(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct walk *walk = ctx;

	if (walk->one && walk->rows > 0)
		return XC_OK;
	walk->rows++;
	walk->err = walk->fn(walk->ctx, cells, n_cells);
	return walk->err;
}

static enum xc_err
each(struct xc_store *store, struct walk *walk,
    const struct xc_statement *statement)
{
	enum xc_err err = xc_connection_each(store->connection, statement,
	    step, walk);

	if (walk->err != XC_OK)
		return err;
	return xc_told(store->connection, err, store->schema, statement->sql);
}

enum xc_err
xc_store_each(struct xc_store *store, xc_row_fn *fn, void *ctx,
    const char *sql, const struct xc_value *args, size_t n_args)
{
	struct xc_statement statement = { store->schema, sql, args, n_args };
	struct walk walk = { .fn = fn, .ctx = ctx };

	return each(store, &walk, &statement);
}

enum xc_err
xc_store_one(struct xc_store *store, xc_row_fn *fn, void *ctx,
    const char *sql, const struct xc_value *args, size_t n_args)
{
	struct xc_statement statement = { store->schema, sql, args, n_args };
	struct walk walk = { .fn = fn, .ctx = ctx, .one = true };
	enum xc_err err = each(store, &walk, &statement);

	if (err == XC_OK && walk.rows == 0)
		return XC_ERR_NOT_FOUND;
	return err;
}

static enum xc_err
take_number(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	(void)n_cells;
	*(int64_t *)ctx = cells[0].integer;
	return XC_OK;
}

enum xc_err
xc_store_number(struct xc_store *store, int64_t *number_r, const char *sql,
    const struct xc_value *args, size_t n_args)
{
	return xc_store_one(store, take_number, number_r, sql, args, n_args);
}

static enum xc_err
attempt(struct xc_store *store, xc_store_body *body, void *ctx)
{
	struct xc_connection *c = store->connection;
	enum xc_err err;

	err = xc_told(c, xc_connection_begin(c), store->schema, "BEGIN");
	if (err != XC_OK)
		return err;
	err = body(store, ctx);
	if (err != XC_OK) {
		xc_connection_rollback(c);
		return err;
	}
	return xc_told(c, xc_connection_commit(c), store->schema, "COMMIT");
}

/* Two that hit each other should not do so again in step. */
static void
step_aside(int tries)
{
	struct timespec now, pause = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	pause.tv_nsec = 1000000 + now.tv_nsec % (JITTER_NS * (long)tries);
	(void)nanosleep(&pause, NULL);
}

enum xc_err
xc_store_transaction(struct xc_store *store, xc_store_body *body, void *ctx)
{
	enum xc_err err;
	int tries;

	if (xc_connection_in_transaction(store->connection))
		return XC_ERR_STATE;
	for (tries = 1;; tries++) {
		err = attempt(store, body, ctx);
		if (err != XC_ERR_BUSY || tries == TRIES)
			return err;
		step_aside(tries);
	}
}
