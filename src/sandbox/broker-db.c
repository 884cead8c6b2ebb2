/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <json-c/json_object.h>

#include "lib/check.h"
#include "sandbox/broker-private.h"

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
	/* Whatever becomes of the sandbox: the request's end releases. */
	call->req->used_db = true;
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
	if (call->req->in_transaction)
		return XC_ERR_STATE;
	call->req->used_db = true;
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
	if (!call->req->in_transaction)
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
	call->req->in_transaction = false;
	host->db->rollback(host->db_ctx);
	return XC_OK;
}
