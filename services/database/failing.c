/* SPDX-License-Identifier: MIT */
/* A database that fails, at once or after some calls. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "database.h"

struct failing {
	enum xc_err err;
	unsigned good_calls;	/* still to come */
};

static enum xc_err
fail(struct failing *failing)
{
	if (failing->good_calls == 0)
		return failing->err;
	failing->good_calls--;
	return XC_OK;
}

static enum xc_err
failing_rows(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args, size_t max_rows,
    struct json_object **rows_r)
{
	enum xc_err err = fail(ctx);

	(void)schema;
	(void)sql;
	(void)args;
	(void)n_args;
	(void)max_rows;
	*rows_r = err == XC_OK ? json_object_new_array() : NULL;
	return err == XC_OK && *rows_r == NULL ? XC_ERR_NOMEM : err;
}

static enum xc_err
failing_exec(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args, struct xc_db_result *result_r)
{
	(void)schema;
	(void)sql;
	(void)args;
	(void)n_args;
	if (result_r != NULL)
		memset(result_r, 0, sizeof(*result_r));
	return fail(ctx);
}

static enum xc_err
failing_begin(void *ctx, const char *schema)
{
	(void)schema;
	return fail(ctx);
}

static enum xc_err
failing_commit(void *ctx)
{
	return fail(ctx);
}

static void
failing_end(void *ctx)
{
	(void)ctx;
}

static enum xc_err
failing_open(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args)
{
	(void)schema;
	(void)sql;
	(void)args;
	(void)n_args;
	return fail(ctx);
}

static enum xc_err
failing_next(void *ctx, const struct xc_cell **cells_r, size_t *n_r)
{
	(void)ctx;
	*cells_r = NULL;
	*n_r = 0;
	return XC_ERR_NOT_FOUND;
}

static const struct xc_db_ops failing_ops = {
	.rows = failing_rows,
	.exec = failing_exec,
	.begin = failing_begin,
	.commit = failing_commit,
	.rollback = failing_end,
	.release = failing_end,
	.open = failing_open,
	.next = failing_next,
	.end = failing_end,
};

enum xc_err
xc_database_failing(enum xc_err err, unsigned good_calls,
    struct xc_database *database)
{
	struct failing *failing = calloc(1, sizeof(*failing));

	memset(database, 0, sizeof(*database));
	if (failing == NULL)
		return XC_ERR_NOMEM;
	failing->err = err;
	failing->good_calls = good_calls;
	database->ops = &failing_ops;
	database->ctx = failing;
	database->close = free;
	return XC_OK;
}
