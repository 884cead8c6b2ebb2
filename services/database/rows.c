/* SPDX-License-Identifier: MIT */
/* Rows as JSON. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "lib/base64.h"
#include "statement.h"

#define CELL_OVERHEAD 16	/* bytes counted for each cell besides */

/* NULL without memory. */
static struct json_object *
base64(const char *data, size_t len)
{
	size_t size = xc_base64_size(len), n;
	struct json_object *result;
	char *text;

	text = size == 0 || size > INT_MAX ? NULL : malloc(size);
	if (text == NULL)
		return NULL;
	n = xc_base64_encode(data, len, text);
	result = json_object_new_string_len(text, (int)n);
	free(text);
	return result;
}

/* With the digits it needs and no more. */
static struct json_object *
real(double value)
{
	char text[40];
	int digits;

	for (digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) >= value && strtod(text, NULL) <= value)
			break;
	}
	if (strpbrk(text, ".en") == NULL)
		strcat(text, ".0");
	return json_object_new_double_s(value, text);
}

static struct json_object *
decimal(const struct xc_cell *cell)
{
	long long value;
	char *end;

	errno = 0;
	value = strtoll(cell->data, &end, 10);
	if (errno == 0 && *end == '\0' && end != cell->data)
		return json_object_new_int64(value);
	return json_object_new_string_len(cell->data, (int)cell->len);
}

/* A new reference; NULL for NULL, and without memory. */
static struct json_object *
cell_json(const struct xc_cell *cell)
{
	switch (cell->type) {
	case XC_CELL_INT:
		return json_object_new_int64(cell->integer);
	case XC_CELL_UINT:
		return json_object_new_uint64((uint64_t)cell->integer);
	case XC_CELL_REAL:
		return real(cell->real);
	case XC_CELL_DECIMAL:
		return decimal(cell);
	case XC_CELL_TEXT:
		return json_object_new_string_len(cell->data, (int)cell->len);
	case XC_CELL_BLOB:
		return base64(cell->data, cell->len);
	default:
		return NULL;
	}
}

struct collection {
	struct xc_connection *connection;
	struct json_object *rows;
	size_t max_rows;
	bool cut;		/* further rows are left out, not refused */
	size_t bytes;
};

/* A copy of each key, and the search for one that is there already, would be
 * most of what a small row costs. */
static struct json_object *
row_json(const struct xc_cell *cells, size_t n_cells, bool lasting)
{
	struct json_object *row = json_object_new_object(), *value;
	unsigned how = lasting ? JSON_C_OBJECT_ADD_KEY_IS_NEW |
	    JSON_C_OBJECT_ADD_CONSTANT_KEY : 0;
	size_t i;

	for (i = 0; row != NULL && i < n_cells; i++) {
		value = cell_json(&cells[i]);
		if ((value != NULL || cells[i].type == XC_CELL_NULL) &&
		    json_object_object_add_ex(row, cells[i].name, value,
		    how) == 0)
			continue;
		json_object_put(value);
		json_object_put(row);
		return NULL;
	}
	return row;
}

/* A new row, of which *bytes counts the size. */
static enum xc_err
make_row(struct xc_connection *c, const struct xc_cell *cells, size_t n_cells,
    size_t *bytes, struct json_object **row_r)
{
	for (size_t i = 0; i < n_cells; i++)
		*bytes += cells[i].len + CELL_OVERHEAD;
	if (*bytes > XC_CONNECTION_BYTES_MAX)
		return xc_connection_refuse(c, XC_ERR_TOO_LARGE,
		    "more than %u bytes of rows; add a LIMIT",
		    XC_CONNECTION_BYTES_MAX);
	*row_r = row_json(cells, n_cells, xc_connection_names_last(c));
	if (*row_r == NULL)
		return xc_connection_refuse(c, XC_ERR_NOMEM, "out of memory");
	return XC_OK;
}

/* XC_ERR_NOT_FOUND: no more are wanted. */
static enum xc_err
collect(struct collection *all, const struct xc_cell *cells, size_t n_cells)
{
	struct json_object *row;
	enum xc_err err;

	if (json_object_array_length(all->rows) == all->max_rows) {
		if (all->cut)
			return XC_ERR_NOT_FOUND;
		return xc_connection_refuse(all->connection, XC_ERR_TOO_LARGE,
		    "more than %zu rows; add a LIMIT", all->max_rows);
	}
	err = make_row(all->connection, cells, n_cells, &all->bytes, &row);
	if (err != XC_OK)
		return err;
	if (json_object_array_add(all->rows, row) != 0) {
		json_object_put(row);
		return xc_connection_refuse(all->connection, XC_ERR_NOMEM,
		    "out of memory");
	}
	return XC_OK;
}

static enum xc_err
collect_all(struct collection *all, const struct xc_statement *statement)
{
	struct xc_connection *c = all->connection;
	const struct xc_cell *cells;
	enum xc_err err, end;
	size_t n;

	err = xc_connection_walk(c, statement);
	if (err != XC_OK)
		return err;
	while (err == XC_OK) {
		err = xc_connection_next(c, &cells, &n);
		if (err == XC_OK)
			err = collect(all, cells, n);
	}
	end = xc_connection_walked(c);
	return err == XC_ERR_NOT_FOUND ? end : err;
}

enum xc_err
xc_connection_rows(struct xc_connection *connection,
    const struct xc_statement *statement, size_t max_rows,
    struct json_object **rows_r)
{
	struct collection all = { .connection = connection,
		.max_rows = XC_CONNECTION_ROWS_MAX };
	enum xc_err err;

	*rows_r = NULL;
	if (max_rows != 0 && max_rows < XC_CONNECTION_ROWS_MAX) {
		all.max_rows = max_rows;
		all.cut = true;
	}
	all.rows = max_rows == 1 ? json_object_new_array_ext(1) :
	    json_object_new_array();
	if (all.rows == NULL)
		return xc_connection_refuse(connection, XC_ERR_NOMEM,
		    "out of memory");
	err = collect_all(&all, statement);
	if (err != XC_OK) {
		json_object_put(all.rows);
		return err;
	}
	*rows_r = all.rows;
	return XC_OK;
}

enum xc_err
xc_connection_row(struct xc_connection *c,
    const struct xc_statement *statement, struct json_object **row_r)
{
	struct json_object *row = NULL;
	const struct xc_cell *cells;
	size_t n, bytes = 0;
	enum xc_err err, end;

	*row_r = NULL;
	err = xc_connection_walk(c, statement);
	if (err != XC_OK)
		return err;
	err = xc_connection_next(c, &cells, &n);
	if (err == XC_OK)
		err = make_row(c, cells, n, &bytes, &row);
	end = xc_connection_walked(c);
	if (end != XC_OK && (err == XC_OK || err == XC_ERR_NOT_FOUND))
		err = end;
	if (err == XC_OK)
		*row_r = row;
	else
		json_object_put(row);
	return err;
}
