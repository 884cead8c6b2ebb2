/* SPDX-License-Identifier: MIT */
/* The workers' driver: a connection as a table of calls, with a log. */
#include <string.h>

#include "connection.h"
#include "database.h"
#include "loggers/logger.h"
#include "told.h"

static struct xc_logger logger = XC_LOGGER("xcore.database");

static enum xc_err
db_rows(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args, size_t max_rows,
    struct json_object **rows_r)
{
	struct xc_statement statement = { schema, sql, args, n_args };

	return xc_told(ctx, xc_connection_rows(ctx, &statement, max_rows,
	    rows_r), schema, sql);
}

static enum xc_err
db_exec(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args, struct xc_db_result *result_r)
{
	struct xc_statement statement = { schema, sql, args, n_args };

	return xc_told(ctx, xc_connection_exec(ctx, &statement, result_r),
	    schema, sql);
}

static enum xc_err
db_begin(void *ctx, const char *schema)
{
	return xc_told(ctx, xc_connection_begin(ctx), schema, "BEGIN");
}

static enum xc_err
db_commit(void *ctx)
{
	return xc_told(ctx, xc_connection_commit(ctx), NULL, "COMMIT");
}

static void
db_rollback(void *ctx)
{
	xc_connection_rollback(ctx);
}

static void
db_release(void *ctx)
{
	if (xc_connection_in_transaction(ctx))
		xc_logf(&logger, XC_LOG_WARNING, "a request ended with its "
		    "transaction open: rolled back");
	xc_connection_release(ctx);
}

static void
db_close(void *ctx)
{
	struct xc_connection *connection = ctx;

	xc_connection_free(&connection);
}

static const struct xc_db_ops mariadb_ops = {
	.rows = db_rows,
	.exec = db_exec,
	.begin = db_begin,
	.commit = db_commit,
	.rollback = db_rollback,
	.release = db_release,
};

enum xc_err
xc_database_open(const struct xc_database_settings *settings,
    struct xc_database *database, struct xc_errbuf *errbuf)
{
	struct xc_connection *connection;
	enum xc_err err;

	memset(database, 0, sizeof(*database));
	err = xc_connection_new(settings, XC_ACCOUNT_PLUGIN, &connection,
	    errbuf);
	if (err != XC_OK)
		return err;
	database->ops = &mariadb_ops;
	database->ctx = connection;
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
