/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <json-c/json_object.h>

#include "lib/check.h"
#include "sandbox/broker-private.h"

/* Rows go into the sandbox by about so many bytes. */
#define ROWS_BYTES 65536

/* As the front door of <xcore/db.h>. */
static enum xc_err
access_db(struct xc_broking *call)
{
	struct xc_errbuf errbuf;

	if (!call->plugin->may_database)
		return xc_broker_deny(call, XC_ERR_UNAVAILABLE, "database");
	if (call->host->db == NULL) {
		xc_fail(&errbuf, XC_ERR_UNAVAILABLE, "there is no database "
		    "here: set \"database\" in xcore.json");
		return xc_broker_refuse(call, XC_ERR_UNAVAILABLE, &errbuf);
	}
	return XC_OK;
}

/* Whatever becomes of the sandbox: the request's end releases.  What is left
 * of its time is all that the database may take. */
static void
begin_use(struct xc_broking *call)
{
	const struct xc_host *host = call->host;

	if (host->db->until != NULL)
		host->db->until(host->db_ctx, call->broker->end_us);
	call->req->used_db = true;
}

/* A statement as it was asked for; values is malloc'ed. */
struct statement {
	const char *sql;
	struct xc_value *values;
	size_t n;
};

static enum xc_err
check_statement(struct xc_broking *call, const struct statement *statement)
{
	struct xc_errbuf errbuf;
	enum xc_err err;

	if (!xc_broker_args_end(call))
		return XC_ERR_INVALID;
	err = access_db(call);
	if (err != XC_OK)
		return err;
	err = xc_check_statement(statement->sql, statement->values,
	    statement->n, &errbuf);
	if (err != XC_OK)
		return xc_broker_refuse(call, err, &errbuf);
	if (call->broker->rows_open)
		return XC_ERR_STATE;
	begin_use(call);
	return XC_OK;
}

enum xc_err
xc_broker_rows(struct xc_broking *call)
{
	const struct xc_host *host = call->host;
	struct json_object *rows = NULL;
	struct statement s;
	uint64_t max;
	enum xc_err err;

	s.sql = xc_call_get_text(&call->args);
	max = xc_call_get_u64(&call->args);
	s.values = xc_call_get_values(&call->args, &s.n);
	err = check_statement(call, &s);
	if (max == 0 || max > XC_ROWS_MAX)
		max = XC_ROWS_MAX;
	if (err == XC_OK)
		err = host->db->rows(host->db_ctx, call->plugin->schema,
		    s.sql, s.values, s.n, (size_t)max, &rows);
	if (err == XC_OK)
		xc_call_put_json(&call->result, rows);
	json_object_put(rows);
	free(s.values);
	return err;
}

enum xc_err
xc_broker_exec(struct xc_broking *call)
{
	const struct xc_host *host = call->host;
	struct xc_db_result result = { 0 };
	struct statement s;
	enum xc_err err;

	s.sql = xc_call_get_text(&call->args);
	s.values = xc_call_get_values(&call->args, &s.n);
	err = check_statement(call, &s);
	if (err == XC_OK)
		err = host->db->exec(host->db_ctx, call->plugin->schema,
		    s.sql, s.values, s.n, &result);
	free(s.values);
	xc_call_put_u64(&call->result, result.affected);
	xc_call_put_u64(&call->result, result.last_id);
	return err;
}

static void
put_names(struct xc_broking *call, const struct xc_cell *cells, size_t n)
{
	xc_call_put_u32(&call->result, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		xc_call_put_text(&call->result, cells[i].name);
}

static void
put_row(struct xc_broking *call)
{
	const struct xc_broker *broker = call->broker;

	xc_call_put_u32(&call->result, XC_ROWS_ROW);
	for (size_t i = 0; i < broker->n_cells; i++)
		xc_call_put_cell(&call->result, &broker->cells[i]);
}

/* The next row into broker->cells unless one is there that did not fit. */
static enum xc_err
next_row(struct xc_broking *call)
{
	struct xc_broker *broker = call->broker;

	if (broker->cells != NULL || broker->rows_err != XC_OK)
		return broker->rows_err;
	broker->rows_err = call->host->db->next(call->host->db_ctx,
	    &broker->cells, &broker->n_cells);
	if (broker->rows_err != XC_OK)
		broker->cells = NULL;
	return broker->rows_err;
}

/* So many rows as have room, one at least.  Those before an error go first. */
static enum xc_err
put_rows(struct xc_broking *call)
{
	struct xc_call_writer *w = &call->result;
	struct xc_broker *broker = call->broker;
	bool first = true;
	enum xc_err err;
	size_t mark;

	while ((err = next_row(call)) == XC_OK) {
		if (broker->n_cells > XC_ROWS_COLUMNS_MAX)
			return XC_ERR_TOO_LARGE;
		if (first)
			put_names(call, broker->cells, broker->n_cells);
		mark = w->len;
		put_row(call);
		/* Room for the word that ends it. */
		if (!first && (w->bad || w->cap - w->len < 8 ||
		    mark > ROWS_BYTES)) {
			w->bad = false;
			w->len = mark;
			xc_call_put_u32(w, XC_ROWS_MORE);
			return XC_OK;
		}
		if (w->bad)
			return XC_ERR_TOO_LARGE;
		first = false;
		broker->cells = NULL;
	}
	if (first && err != XC_ERR_NOT_FOUND)
		return err;
	if (first)
		xc_call_put_u32(w, 0);
	xc_call_put_u32(w, err == XC_ERR_NOT_FOUND ? XC_ROWS_OVER :
	    XC_ROWS_MORE);
	return XC_OK;
}

void
xc_broker_rows_close(struct xc_broker *broker)
{
	broker->rows_open = false;
	broker->rows_err = XC_OK;
	broker->cells = NULL;
	if (broker->host->db != NULL && broker->host->db->end != NULL)
		broker->host->db->end(broker->host->db_ctx);
}

enum xc_err
xc_broker_rows_open(struct xc_broking *call)
{
	const struct xc_host *host = call->host;
	struct statement s;
	enum xc_err err;

	s.sql = xc_call_get_text(&call->args);
	s.values = xc_call_get_values(&call->args, &s.n);
	err = check_statement(call, &s);
	if (err == XC_OK && host->db->open == NULL)
		err = XC_ERR_UNAVAILABLE;
	else if (err == XC_OK)
		err = host->db->open(host->db_ctx, call->plugin->schema,
		    s.sql, s.values, s.n);
	free(s.values);
	if (err != XC_OK)
		return err;
	call->broker->rows_open = true;
	call->broker->cells = NULL;
	err = put_rows(call);
	if (err != XC_OK)
		xc_broker_rows_close(call->broker);
	return err;
}

enum xc_err
xc_broker_rows_more(struct xc_broking *call)
{
	if (!xc_broker_args_end(call))
		return XC_ERR_INVALID;
	return call->broker->rows_open ? put_rows(call) : XC_ERR_STATE;
}

enum xc_err
xc_broker_rows_end(struct xc_broking *call)
{
	if (!xc_broker_args_end(call))
		return XC_ERR_INVALID;
	if (call->broker->rows_open)
		xc_broker_rows_close(call->broker);
	return XC_OK;
}

enum xc_err
xc_broker_begin(struct xc_broking *call)
{
	const struct xc_host *host = call->host;
	enum xc_err err;

	if (!xc_broker_args_end(call))
		return XC_ERR_INVALID;
	err = access_db(call);
	if (err != XC_OK)
		return err;
	if (call->req->in_transaction || call->broker->rows_open)
		return XC_ERR_STATE;
	begin_use(call);
	err = host->db->begin(host->db_ctx, call->plugin->schema);
	call->req->in_transaction = err == XC_OK;
	return err;
}

enum xc_err
xc_broker_commit(struct xc_broking *call)
{
	const struct xc_host *host = call->host;
	enum xc_err err;

	if (!xc_broker_args_end(call))
		return XC_ERR_INVALID;
	err = access_db(call);
	if (err != XC_OK)
		return err;
	if (!call->req->in_transaction || call->broker->rows_open)
		return XC_ERR_STATE;
	call->req->in_transaction = false;
	err = host->db->commit(host->db_ctx);
	/* We do not rely on a sandbox to do it. */
	if (err != XC_OK && err != XC_ERR_UNCERTAIN)
		host->db->rollback(host->db_ctx);
	return err;
}

/* Without a transaction it does nothing: a commit that failed ended it. */
enum xc_err
xc_broker_rollback(struct xc_broking *call)
{
	const struct xc_host *host = call->host;
	enum xc_err err;

	if (!xc_broker_args_end(call))
		return XC_ERR_INVALID;
	err = access_db(call);
	if (err != XC_OK || !call->req->in_transaction)
		return err;
	if (call->broker->rows_open)
		xc_broker_rows_close(call->broker);
	call->req->in_transaction = false;
	host->db->rollback(host->db_ctx);
	return XC_OK;
}
