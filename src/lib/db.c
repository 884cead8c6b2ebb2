/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <time.h>

#include <xcore/db.h>
#include <xcore/json.h>
#include <xcore/log.h>

#include "check.h"
#include "host.h"
#include "permit.h"
#include "plugin-private.h"
#include "request-private.h"

#define TRIES 3
#define JITTER_NS 8000000	/* for each try so far */

/* Whether the request's plugin has a database; else says why not. */
static enum xc_err
check_access(struct xc_request *req)
{
	assert(req->magic == XC_REQUEST_MAGIC);
	if (!xc_permit(req, req->plugin != NULL && req->plugin->may_database,
	    "database"))
		return XC_ERR_UNAVAILABLE;
	if (req->host->db == NULL) {
		xc_log(req, XC_LOG_ERROR, "there is no database here: set "
		    "\"database\" in xcore.json");
		return XC_ERR_UNAVAILABLE;
	}
	return XC_OK;
}

/* From now on the request's end releases; and the database knows how long
 * it has. */
static void
begin_use(struct xc_request *req)
{
	if (!req->used_db && req->host->db->until != NULL)
		req->host->db->until(req->host->db_ctx, req->end_us);
	req->used_db = true;
}

static enum xc_err
check_args(struct xc_request *req, const char *sql,
    const struct xc_value *args, size_t n_args)
{
	struct xc_errbuf errbuf;
	enum xc_err err = xc_check_statement(sql, args, n_args, &errbuf);

	if (err != XC_OK)
		xc_log(req, XC_LOG_ERROR, "%s", errbuf.text);
	return err;
}

/* All that is seen to before a statement is given to the driver. */
static enum xc_err
check_call(struct xc_request *req, const char *sql,
    const struct xc_value *args, size_t n_args)
{
	enum xc_err err = check_access(req);

	if (err == XC_OK)
		err = check_args(req, sql, args, n_args);
	if (err == XC_OK)
		begin_use(req);
	return err;
}

enum xc_err
xc_db_rows(struct xc_request *req, struct json_object **rows_r,
    const char *sql, const struct xc_value *args, size_t n_args)
{
	const struct xc_host *host = req->host;
	enum xc_err err = check_call(req, sql, args, n_args);

	*rows_r = NULL;
	if (err == XC_OK)
		err = host->db->rows(host->db_ctx, req->plugin->schema, sql,
		    args, n_args, XC_ROWS_MAX, rows_r);
	if (err != XC_OK)
		return err;
	*rows_r = xc_json_own(req, *rows_r);
	return *rows_r != NULL ? XC_OK : XC_ERR_NOMEM;
}

/* By a driver that gives rows only. */
static enum xc_err
first_of_rows(struct xc_request *req, struct json_object **row_r,
    const char *sql, const struct xc_value *args, size_t n_args)
{
	const struct xc_host *host = req->host;
	struct json_object *rows = NULL;
	enum xc_err err;

	err = host->db->rows(host->db_ctx, req->plugin->schema, sql, args,
	    n_args, 1, &rows);
	if (err == XC_OK && (rows == NULL ||
	    json_object_array_length(rows) == 0))
		err = XC_ERR_NOT_FOUND;
	if (err == XC_OK)
		*row_r = json_object_get(json_object_array_get_idx(rows, 0));
	json_object_put(rows);
	return err;
}

enum xc_err
xc_db_row(struct xc_request *req, struct json_object **row_r,
    const char *sql, const struct xc_value *args, size_t n_args)
{
	const struct xc_host *host = req->host;
	enum xc_err err = check_call(req, sql, args, n_args);

	*row_r = NULL;
	if (err != XC_OK)
		return err;
	err = host->db->row == NULL ?
	    first_of_rows(req, row_r, sql, args, n_args) :
	    host->db->row(host->db_ctx, req->plugin->schema, sql, args,
	    n_args, row_r);
	if (err != XC_OK)
		return err;
	*row_r = xc_json_own(req, *row_r);
	return *row_r != NULL ? XC_OK : XC_ERR_NOMEM;
}

enum xc_err
xc_db_exec(struct xc_request *req, struct xc_db_result *result_r,
    const char *sql, const struct xc_value *args, size_t n_args)
{
	const struct xc_host *host = req->host;
	struct xc_db_result result = { 0 };
	enum xc_err err;

	if (result_r != NULL)
		*result_r = result;
	err = check_call(req, sql, args, n_args);
	if (err != XC_OK)
		return err;
	err = host->db->exec(host->db_ctx, req->plugin->schema, sql, args,
	    n_args, &result);
	if (err == XC_OK && result_r != NULL)
		*result_r = result;
	return err;
}

static enum xc_err
walk(struct xc_request *req, xc_row_fn *fn, void *ctx)
{
	const struct xc_host *host = req->host;
	const struct xc_cell *cells;
	enum xc_err err;
	size_t n;

	for (;;) {
		err = host->db->next(host->db_ctx, &cells, &n);
		if (err != XC_OK)
			return err == XC_ERR_NOT_FOUND ? XC_OK : err;
		err = fn(ctx, cells, n);
		if (err != XC_OK)
			return err;
	}
}

enum xc_err
xc_db_each(struct xc_request *req, xc_row_fn *fn, void *ctx,
    const char *sql, const struct xc_value *args, size_t n_args)
{
	const struct xc_host *host = req->host;
	enum xc_err err = check_access(req);

	if (err == XC_OK)
		err = check_args(req, sql, args, n_args);
	if (err != XC_OK)
		return err;
	if (host->db->open == NULL)
		return XC_ERR_UNAVAILABLE;
	begin_use(req);
	err = host->db->open(host->db_ctx, req->plugin->schema, sql, args,
	    n_args);
	if (err != XC_OK)
		return err;
	err = walk(req, fn, ctx);
	host->db->end(host->db_ctx);
	return err;
}

/* One try of a transaction. */
static enum xc_err
attempt(struct xc_request *req,
    enum xc_err (*body)(struct xc_request *req, void *data), void *data)
{
	const struct xc_host *host = req->host;
	enum xc_err err;

	err = host->db->begin(host->db_ctx, req->plugin->schema);
	if (err != XC_OK)
		return err;
	req->in_transaction = true;
	err = body(req, data);
	req->in_transaction = false;
	if (err != XC_OK) {
		host->db->rollback(host->db_ctx);
		return err;
	}
	err = host->db->commit(host->db_ctx);
	/* Lost during the commit: there is nothing left to undo. */
	if (err != XC_OK && err != XC_ERR_UNCERTAIN)
		host->db->rollback(host->db_ctx);
	return err;
}

/* Two that hit each other should not do so again in step. */
static void
step_aside(int tries)
{
	struct timespec now;
	struct timespec pause = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	pause.tv_nsec = 1000000 + now.tv_nsec % (JITTER_NS * (long)tries);
	(void)nanosleep(&pause, NULL);
}

enum xc_err
xc_db_transaction(struct xc_request *req,
    enum xc_err (*body)(struct xc_request *req, void *data), void *data)
{
	enum xc_err err = check_access(req);
	int tries;

	if (err != XC_OK)
		return err;
	if (req->in_transaction)
		return XC_ERR_STATE;
	begin_use(req);
	for (tries = 1;; tries++) {
		err = attempt(req, body, data);
		if (err != XC_ERR_BUSY || tries == TRIES)
			return err;
		xc_log(req, XC_LOG_INFO, "try %d of a transaction met "
		    "another one; trying again", tries);
		step_aside(tries);
	}
}
