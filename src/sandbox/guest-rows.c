/* SPDX-License-Identifier: MIT */
/* Rows of the database, asked for a call's worth at a time. */
#include <stdlib.h>
#include <string.h>

#include "guest-private.h"

static void
forget(struct xc_guest_rows *rows)
{
	free(rows->copy);
	free(rows->cells);
	memset(rows, 0, sizeof(*rows));
}

static enum xc_err
read_head(struct xc_guest_rows *rows)
{
	rows->n = xc_call_get_u32(&rows->reader);
	if (rows->reader.bad || rows->n > XC_ROWS_COLUMNS_MAX)
		return XC_ERR_FAILED;
	free(rows->cells);
	rows->cells = calloc(rows->n + 1, sizeof(*rows->cells));
	if (rows->cells == NULL)
		return XC_ERR_NOMEM;
	for (size_t i = 0; i < rows->n; i++)
		rows->cells[i].name = xc_call_get_text(&rows->reader);
	return rows->reader.bad ? XC_ERR_FAILED : XC_OK;
}

/* Takes the result out of the area. */
static enum xc_err
take(struct xc_guest_rows *rows, const struct xc_call_reader *result)
{
	char *copy = malloc(result->len + 1);

	if (copy == NULL)
		return XC_ERR_NOMEM;
	memcpy(copy, result->base, result->len);
	free(rows->copy);
	rows->copy = copy;
	rows->reader = *result;
	rows->reader.base = (const unsigned char *)copy;
	rows->reader.at = 0;
	return read_head(rows);
}

enum xc_err
xc_guest_rows_open(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args)
{
	struct xc_session *session = ctx;
	struct xc_call_writer w;
	struct xc_call_reader r;
	enum xc_err err;

	(void)schema;
	if (!xc_guest_is_heard(session) || session->rows.open)
		return XC_ERR_STATE;
	w = xc_guest_call_begin(session);
	xc_call_put_text(&w, sql);
	xc_call_put_values(&w, args, n_args);
	err = xc_guest_call(session, XC_CALL_DB_OPEN, &w, &r);
	if (err != XC_OK)
		return err;
	session->rows.open = true;
	err = take(&session->rows, &r);
	if (err != XC_OK)
		xc_guest_rows_end(session);
	return err;
}

static enum xc_err
fetch_more(struct xc_session *session)
{
	struct xc_call_writer w = { 0 };
	struct xc_call_reader r;
	enum xc_err err;

	err = xc_guest_call(session, XC_CALL_DB_MORE, &w, &r);
	return err == XC_OK ? take(&session->rows, &r) : err;
}

static enum xc_err
read_row(struct xc_guest_rows *rows)
{
	const char *name;

	for (size_t i = 0; i < rows->n; i++) {
		name = rows->cells[i].name;
		xc_call_get_cell(&rows->reader, &rows->cells[i]);
		rows->cells[i].name = name;
	}
	return rows->reader.bad ? XC_ERR_FAILED : XC_OK;
}

enum xc_err
xc_guest_rows_next(void *ctx, const struct xc_cell **cells_r, size_t *n_r)
{
	struct xc_session *session = ctx;
	struct xc_guest_rows *rows = &session->rows;
	enum xc_err err = XC_OK;
	uint32_t what;

	*cells_r = NULL;
	*n_r = 0;
	if (!xc_guest_is_heard(session) || !rows->open)
		return XC_ERR_STATE;
	what = xc_call_get_u32(&rows->reader);
	if (what == XC_ROWS_MORE) {
		err = fetch_more(session);
		if (err == XC_OK)
			what = xc_call_get_u32(&rows->reader);
	}
	if (err != XC_OK)
		return err;
	if (rows->reader.bad)
		return XC_ERR_FAILED;
	if (what != XC_ROWS_ROW)
		return XC_ERR_NOT_FOUND;
	err = read_row(rows);
	*cells_r = rows->cells;
	*n_r = rows->n;
	return err;
}

void
xc_guest_rows_end(void *ctx)
{
	struct xc_session *session = ctx;
	struct xc_call_writer w = { 0 };
	bool open = session->rows.open;

	forget(&session->rows);
	if (open && xc_guest_is_heard(session))
		(void)xc_guest_call_plain(session, XC_CALL_DB_END, &w);
}
