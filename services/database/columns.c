/* SPDX-License-Identifier: MIT */
/* The columns of a result: where a row's values go, and what they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "statement.h"

#define BINARY_CHARSET	63
#define ROOM_FIRST	256
#define ROOM_KEPT	65536
#define LASTING_MAX	256	/* columns that are compared with each other */

struct column {
	const char *name;
	char *own_name;		/* what of it is to be freed; or NULL */
	enum xc_cell_type type;
	enum enum_field_types from;
	unsigned flags, charset;	/* which type was made of, too */
	union {
		int64_t integer;
		double real;
	} fixed;
	char *room;		/* of texts; one byte more than size */
	size_t size;
	unsigned long len;
	my_bool is_null;
	my_bool cut;
};

struct xc_columns {
	size_t n;
	struct column *columns;
	MYSQL_BIND *binds;
	bool bound;		/* stmt has binds as they are */
	struct xc_cell *cells;
	bool lasting;		/* all names stay, and no two are the same */
};

static enum xc_cell_type
type_of(const MYSQL_FIELD *field)
{
	switch (field->type) {
	case MYSQL_TYPE_TINY:
	case MYSQL_TYPE_SHORT:
	case MYSQL_TYPE_INT24:
	case MYSQL_TYPE_LONG:
	case MYSQL_TYPE_LONGLONG:
	case MYSQL_TYPE_YEAR:
		return (field->flags & UNSIGNED_FLAG) != 0 ? XC_CELL_UINT :
		    XC_CELL_INT;
	case MYSQL_TYPE_FLOAT:
	case MYSQL_TYPE_DOUBLE:
		return XC_CELL_REAL;
	case MYSQL_TYPE_DECIMAL:
	case MYSQL_TYPE_NEWDECIMAL:
		return XC_CELL_DECIMAL;
	case MYSQL_TYPE_BIT:
		return XC_CELL_UINT;
	case MYSQL_TYPE_NULL:
		return XC_CELL_NULL;
	case MYSQL_TYPE_GEOMETRY:
		return XC_CELL_BLOB;
	case MYSQL_TYPE_TINY_BLOB:
	case MYSQL_TYPE_BLOB:
	case MYSQL_TYPE_MEDIUM_BLOB:
	case MYSQL_TYPE_LONG_BLOB:
	case MYSQL_TYPE_VARCHAR:
	case MYSQL_TYPE_VAR_STRING:
	case MYSQL_TYPE_STRING:
		return field->charsetnr == BINARY_CHARSET ? XC_CELL_BLOB :
		    XC_CELL_TEXT;
	default:
		return XC_CELL_TEXT;	/* dates, times */
	}
}

/* Whether its value comes as bytes into the room. */
static bool
is_text(const struct column *column)
{
	return column->from == MYSQL_TYPE_BIT ||
	    (column->type != XC_CELL_INT && column->type != XC_CELL_UINT &&
	    column->type != XC_CELL_REAL);
}

static bool
make_room(struct column *column, size_t size)
{
	char *room;

	if (column->room != NULL && size <= column->size)
		return true;
	if (size < ROOM_FIRST)
		size = ROOM_FIRST;
	room = realloc(column->room, size + 1);
	if (room == NULL)
		return false;
	column->room = room;
	column->size = size;
	return true;
}

static void
bind_room(MYSQL_BIND *bind, struct column *column)
{
	bind->buffer = column->room;
	bind->buffer_length = column->size;
}

static bool
bind_column(MYSQL_BIND *bind, struct column *column, const MYSQL_FIELD *field)
{
	column->type = type_of(field);
	column->from = field->type;
	column->flags = field->flags;
	column->charset = field->charsetnr;
	column->name = xc_name_kept(field->name);
	if (column->name == NULL)
		column->name = column->own_name = strdup(field->name);
	if (column->name == NULL || !make_room(column, ROOM_FIRST))
		return false;
	bind->length = &column->len;
	bind->is_null = &column->is_null;
	bind->error = &column->cut;
	if (!is_text(column)) {
		bind->buffer = &column->fixed;
		bind->buffer_length = sizeof(column->fixed);
		bind->buffer_type = column->type == XC_CELL_REAL ?
		    MYSQL_TYPE_DOUBLE : MYSQL_TYPE_LONGLONG;
		bind->is_unsigned = column->type == XC_CELL_UINT;
		return true;
	}
	bind_room(bind, column);
	/* As bytes where they are bytes: no conversion to text. */
	bind->buffer_type = column->type == XC_CELL_BLOB ||
	    column->from == MYSQL_TYPE_BIT ? MYSQL_TYPE_BLOB :
	    MYSQL_TYPE_STRING;
	return true;
}

void
xc_columns_free(struct xc_columns **columns_p)
{
	struct xc_columns *columns = *columns_p;
	size_t i;

	if (columns == NULL)
		return;
	for (i = 0; columns->columns != NULL && i < columns->n; i++) {
		free(columns->columns[i].own_name);
		free(columns->columns[i].room);
	}
	free(columns->columns);
	free(columns->binds);
	free(columns->cells);
	free(columns);
	*columns_p = NULL;
}

/* Kept names are the same if they are at the same place. */
static bool
are_lasting(const struct column *columns, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (columns[i].own_name != NULL || n > LASTING_MAX)
			return false;
		for (size_t k = 0; k < i; k++)
			if (columns[k].name == columns[i].name)
				return false;
	}
	return true;
}

static enum xc_err
make_columns(const MYSQL_FIELD *fields, size_t n, struct xc_columns **columns_r)
{
	struct xc_columns *columns = calloc(1, sizeof(*columns));
	size_t i;

	*columns_r = columns;
	if (columns == NULL)
		return XC_ERR_NOMEM;
	columns->n = n;
	columns->columns = calloc(n, sizeof(*columns->columns));
	columns->binds = calloc(n, sizeof(*columns->binds));
	columns->cells = calloc(n, sizeof(*columns->cells));
	if (columns->columns == NULL || columns->binds == NULL ||
	    columns->cells == NULL) {
		xc_columns_free(columns_r);
		return XC_ERR_NOMEM;
	}
	for (i = 0; i < n; i++) {
		if (bind_column(&columns->binds[i], &columns->columns[i],
		    &fields[i]))
			continue;
		xc_columns_free(columns_r);
		return XC_ERR_NOMEM;
	}
	columns->lasting = are_lasting(columns->columns, n);
	return XC_OK;
}

bool
xc_columns_lasting(const struct xc_columns *columns)
{
	return columns->lasting;
}

/* An ALTER TABLE may have changed the columns of a kept statement. */
static bool
still_fit(const struct xc_columns *columns, const MYSQL_FIELD *fields, size_t n)
{
	size_t i;

	if (columns == NULL || columns->n != n)
		return false;
	for (i = 0; i < n; i++)
		if (columns->columns[i].from != fields[i].type ||
		    columns->columns[i].flags != fields[i].flags ||
		    columns->columns[i].charset != fields[i].charsetnr ||
		    strcmp(columns->columns[i].name, fields[i].name) != 0)
			return false;
	return true;
}

/*
 * What the server has just told of the columns.  The statement's own copy
 * keeps the names that it was prepared with; and the server tells of new ones
 * only once.
 */
static const MYSQL_FIELD *
told_fields(const MYSQL_STMT *stmt, bool *stale_r)
{
	const MYSQL_FIELD *told = stmt->mysql->fields;
	unsigned i, n = stmt->field_count;

	if (told == NULL || stmt->mysql->field_count != n)
		return stmt->fields;
	for (i = 0; i < n; i++)
		if (strcmp(told[i].name, stmt->fields[i].name) != 0)
			*stale_r = true;
	return told;
}

enum xc_err
xc_columns_bind(struct xc_columns **columns, MYSQL_STMT *stmt, bool *stale_r)
{
	const MYSQL_FIELD *fields = told_fields(stmt, stale_r);
	size_t i, n = stmt->field_count;
	enum xc_err err;

	if (!still_fit(*columns, fields, n)) {
		xc_columns_free(columns);
		err = make_columns(fields, n, columns);
		if (err != XC_OK)
			return err;
	}
	if ((*columns)->bound)
		return XC_OK;
	for (i = 0; i < n; i++)
		if (is_text(&(*columns)->columns[i]))
			bind_room(&(*columns)->binds[i],
			    &(*columns)->columns[i]);
	if (mysql_stmt_bind_result(stmt, (*columns)->binds) != 0)
		return XC_ERR_FAILED;
	(*columns)->bound = true;
	return XC_OK;
}

/* Gets the rest of a value that was longer than its room. */
static enum xc_err
fetch_long(struct xc_columns *columns, MYSQL_STMT *stmt, size_t i)
{
	struct column *column = &columns->columns[i];
	size_t need = column->len;
	MYSQL_BIND bind;

	columns->bound = false;
	if (!make_room(column, need))
		return XC_ERR_NOMEM;
	bind = columns->binds[i];
	bind_room(&bind, column);
	if (mysql_stmt_fetch_column(stmt, &bind, (unsigned)i, 0) != 0)
		return XC_ERR_FAILED;
	bind_room(&columns->binds[i], column);
	/* The rows to come are written where the statement was told. */
	if (mysql_stmt_bind_result(stmt, columns->binds) != 0)
		return XC_ERR_FAILED;
	column->len = need;
	return XC_OK;
}

static int64_t
bits(const char *data, size_t len)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < len; i++)
		value = value << 8 | (unsigned char)data[i];
	return (int64_t)value;
}

/* A FLOAT's own digits, not those of the double it was widened to. */
static double
shortest(float value)
{
	char text[32];
	int digits;

	for (digits = 6; digits <= 9; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, (double)value);
		if (strtof(text, NULL) >= value && strtof(text, NULL) <= value)
			break;
	}
	return strtod(text, NULL);
}

static void
make_cell(struct xc_cell *cell, struct column *column)
{
	memset(cell, 0, sizeof(*cell));
	cell->name = column->name;
	cell->type = column->is_null ? XC_CELL_NULL : column->type;
	cell->data = "";
	if (cell->type == XC_CELL_NULL)
		return;
	if (is_text(column)) {
		column->room[column->len] = '\0';
		cell->data = column->room;
		cell->len = column->len;
		cell->integer = column->from == MYSQL_TYPE_BIT ?
		    bits(column->room, column->len) : 0;
	} else if (column->type != XC_CELL_REAL) {
		cell->integer = column->fixed.integer;
	} else if (column->from == MYSQL_TYPE_FLOAT) {
		cell->real = shortest((float)column->fixed.real);
	} else {
		cell->real = column->fixed.real;
	}
}

enum xc_err
xc_columns_cells(struct xc_columns *columns, MYSQL_STMT *stmt,
    const struct xc_cell **cells_r, size_t *n_cells_r)
{
	enum xc_err err;
	size_t i;

	for (i = 0; i < columns->n; i++) {
		struct column *column = &columns->columns[i];

		if (!column->is_null && is_text(column) &&
		    column->len > column->size) {
			err = fetch_long(columns, stmt, i);
			if (err != XC_OK)
				return err;
		}
		make_cell(&columns->cells[i], column);
	}
	*cells_r = columns->cells;
	*n_cells_r = columns->n;
	return XC_OK;
}

void
xc_columns_trim(struct xc_columns *columns)
{
	size_t i;

	for (i = 0; columns != NULL && i < columns->n; i++) {
		struct column *column = &columns->columns[i];
		char *room;

		if (column->size <= ROOM_KEPT)
			continue;
		room = realloc(column->room, ROOM_FIRST + 1);
		if (room == NULL)
			continue;
		column->room = room;
		column->size = ROOM_FIRST;
		columns->bound = false;
	}
}
