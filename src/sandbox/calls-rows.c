/* SPDX-License-Identifier: MIT */
/*
 * Rows on their way into a sandbox, so many as one call has room for: u32 how
 * many columns; if there are any, their names; then before each row u32
 * XC_ROWS_ROW and behind the last XC_ROWS_MORE or XC_ROWS_OVER.
 */
#include "calls-private.h"

void
xc_call_put_cell(struct xc_call_writer *w, const struct xc_cell *cell)
{
	switch (cell->type) {
	case XC_CELL_NULL:
		xc_call_put(w, XC_TAG_NULL, NULL, 0);
		return;
	case XC_CELL_INT:
		xc_call_put(w, XC_TAG_INT, &cell->integer,
		    sizeof(cell->integer));
		return;
	case XC_CELL_UINT:
		xc_call_put(w, XC_TAG_UINT, &cell->integer,
		    sizeof(cell->integer));
		return;
	case XC_CELL_REAL:
		xc_call_put(w, XC_TAG_REAL, &cell->real, sizeof(cell->real));
		return;
	case XC_CELL_DECIMAL:
		xc_call_put_run(w, XC_TAG_DECIMAL, cell->data, cell->len);
		return;
	case XC_CELL_TEXT:
		xc_call_put_run(w, XC_TAG_TEXT, cell->data, cell->len);
		return;
	case XC_CELL_BLOB:
		xc_call_put_run(w, XC_TAG_BYTES, cell->data, cell->len);
		return;
	}
	w->bad = true;
}

static void
get_data(struct xc_call_reader *r, struct xc_cell *cell,
    enum xc_cell_type type)
{
	const char *data = xc_call_get_run(r, &cell->len);

	cell->type = type;
	if (data != NULL)
		cell->data = data;
}

static void
get_integer(struct xc_call_reader *r, struct xc_cell *cell,
    enum xc_cell_type type)
{
	cell->type = type;
	xc_call_get(r, &cell->integer, sizeof(cell->integer));
}

void
xc_call_get_cell(struct xc_call_reader *r, struct xc_cell *cell_r)
{
	*cell_r = (struct xc_cell){ .type = XC_CELL_NULL, .data = "" };
	switch (xc_call_get_tag(r)) {
	case XC_TAG_NULL:
		return;
	case XC_TAG_INT:
		get_integer(r, cell_r, XC_CELL_INT);
		return;
	case XC_TAG_UINT:
		get_integer(r, cell_r, XC_CELL_UINT);
		return;
	case XC_TAG_REAL:
		cell_r->type = XC_CELL_REAL;
		cell_r->real = xc_call_get_real(r);
		return;
	case XC_TAG_DECIMAL:
		get_data(r, cell_r, XC_CELL_DECIMAL);
		return;
	case XC_TAG_TEXT:
		get_data(r, cell_r, XC_CELL_TEXT);
		return;
	case XC_TAG_BYTES:
		get_data(r, cell_r, XC_CELL_BLOB);
		return;
	default:
		r->bad = true;
	}
}
