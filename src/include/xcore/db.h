/* SPDX-License-Identifier: MIT */
/*
 * The database: MariaDB, one connection for each process, in the plugin's own
 * schema.  Every statement is prepared, once for each process, and cached;
 * values are always bound, never written into the text.
 *
 *	struct json_object *rows;
 *	enum xc_err err = xc_db_rows(req, &rows,
 *	    "SELECT id, title FROM item WHERE done = ?",
 *	    XC_ARGS(xc_int(0)));
 *	if (err != XC_OK)
 *		return err;
 *
 * Errors: XC_ERR_UNAVAILABLE, MariaDB cannot be reached or does not answer,
 * or the plugin has not asked for the permission "database"; XC_ERR_TIMEOUT,
 * the statement took too long; XC_ERR_EXISTS, a unique key or a foreign key is in the way;
 * XC_ERR_BUSY, deadlock or lock wait; XC_ERR_UNCERTAIN, the connection was
 * lost while something was being written; XC_ERR_INVALID, MariaDB refuses the
 * statement or a value, or the number of values is not that of the question
 * marks; XC_ERR_TOO_LARGE, more than 100,000 rows or 64 MiB; XC_ERR_NOMEM.
 * The reason is logged.  A handler may return what it got as it is.
 */
#ifndef XCORE_DB_H
#define XCORE_DB_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <xcore/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct json_object;
struct xc_request;

enum xc_value_type {
	XC_VALUE_NULL,
	XC_VALUE_INT,
	XC_VALUE_REAL,
	XC_VALUE_TEXT,		/* UTF-8 */
	XC_VALUE_BLOB,
	XC_VALUE_UINT		/* integer, to be read as uint64_t */
};

/* A value to bind.  What it points to must live until the call returns. */
struct xc_value {
	enum xc_value_type type;
	int64_t integer;
	double real;
	const void *data;
	size_t len;		/* bytes */
};

static inline struct xc_value
xc_null(void)
{
	struct xc_value v = { .type = XC_VALUE_NULL };
	return v;
}

static inline struct xc_value
xc_int(int64_t integer)
{
	struct xc_value v = { .type = XC_VALUE_INT, .integer = integer };
	return v;
}

static inline struct xc_value
xc_uint(uint64_t integer)
{
	struct xc_value v = { .type = XC_VALUE_UINT,
		.integer = (int64_t)integer };
	return v;
}

static inline struct xc_value
xc_real(double real)
{
	struct xc_value v = { .type = XC_VALUE_REAL, .real = real };
	return v;
}

/* text is NUL-terminated; NULL binds NULL. */
static inline struct xc_value
xc_text(const char *text)
{
	struct xc_value v = { .type = text ? XC_VALUE_TEXT : XC_VALUE_NULL,
		.data = text, .len = text ? strlen(text) : 0 };
	return v;
}

static inline struct xc_value
xc_blob(const void *data, size_t len)
{
	struct xc_value v = { .type = XC_VALUE_BLOB, .data = data,
		.len = len };
	return v;
}

/* The two last arguments of the calls below. */
#define XC_ARGS(...)							\
	((const struct xc_value[]){ __VA_ARGS__ }),			\
	    (sizeof((struct xc_value[]){ __VA_ARGS__ }) /		\
	    sizeof(struct xc_value))
#define XC_NO_ARGS NULL, 0

struct xc_db_result {
	uint64_t affected;	/* rows changed */
	uint64_t last_id;	/* AUTO_INCREMENT value made, or 0 */
};

/*
 * All rows as a JSON array of objects with the column names as keys.
 * Integers and decimals without fraction that fit are numbers, floats too;
 * DECIMAL stays text so that no digit is lost; NULL is null; dates are text;
 * BLOBs are base64.  On XC_OK *rows_r belongs to the request; else NULL.
 */
enum xc_err xc_db_rows(struct xc_request *req, struct json_object **rows_r,
    const char *sql, const struct xc_value *args, size_t n_args);

/* The first row as an object, without the others; XC_ERR_NOT_FOUND if there
 * is none. */
enum xc_err xc_db_row(struct xc_request *req, struct json_object **row_r,
    const char *sql, const struct xc_value *args, size_t n_args);

enum xc_cell_type {
	XC_CELL_NULL,
	XC_CELL_INT,		/* integer */
	XC_CELL_UINT,		/* integer, to be read as uint64_t; BIT too */
	XC_CELL_REAL,		/* real */
	XC_CELL_DECIMAL,	/* data, as text */
	XC_CELL_TEXT,		/* data; dates, times and JSON too */
	XC_CELL_BLOB		/* data, raw bytes */
};

/* One value of a row.  It lives until the callback returns.  data always has
 * a NUL behind it and is never NULL ("" where the type has none). */
struct xc_cell {
	const char *name;	/* the column's */
	enum xc_cell_type type;
	int64_t integer;
	double real;
	const char *data;
	size_t len;
};

/* Called for each row; anything but XC_OK ends the walk and is returned. */
typedef enum xc_err xc_row_fn(void *ctx, const struct xc_cell *cells,
    size_t n_cells);

/*
 * Calls fn for each row as it comes from the server, however many there are:
 * not more than one (in a sandbox, one call's worth) is in memory.  fn can
 * use all but the database, which gives XC_ERR_STATE meanwhile.  To end the
 * walk early costs nothing, but in a transaction, where what was not wanted
 * comes over all the same: there, say LIMIT.
 */
enum xc_err xc_db_each(struct xc_request *req, xc_row_fn *fn, void *ctx,
    const char *sql, const struct xc_value *args, size_t n_args);

/* A statement without rows.  result_r may be NULL; on an error it is zero. */
enum xc_err xc_db_exec(struct xc_request *req, struct xc_db_result *result_r,
    const char *sql, const struct xc_value *args, size_t n_args);

/*
 * A member of a JSON object as a value to bind: true and false as 1 and 0,
 * numbers as they are, text as text, an object or array as its JSON text,
 * null and NULL as NULL.  It lives as long as json is not changed.
 */
struct xc_value xc_value_of_json(struct json_object *json);

/*
 * Writes members of a JSON object: a row is added, or the rows changed in which
 * the column key has the value of key_value.  columns are the names of those
 * that may be written, with a blank between: members that are not named are
 * left out, so that a client cannot set what it should not, and a column that
 * is no member is not written.  Names are 1 to 64 of A-Z, a-z, 0-9 and "_",
 * not beginning with a digit, 64 columns at most: else XC_ERR_INVALID.
 */
enum xc_err xc_db_insert(struct xc_request *req,
    struct xc_db_result *result_r, const char *table,
    struct json_object *object, const char *columns);
enum xc_err xc_db_update(struct xc_request *req,
    struct xc_db_result *result_r, const char *table,
    struct json_object *object, const char *columns, const char *key,
    struct xc_value key_value);

/*
 * Runs body(req, data) in a transaction: commits if it returns XC_OK, else
 * rolls back and returns what it returned.  After a deadlock or a lock wait
 * body is run again, up to 3 times in all, so it must not have effects
 * outside the database.  XC_ERR_UNCERTAIN if the connection was lost during
 * the commit.  XC_ERR_STATE inside another transaction.
 */
enum xc_err xc_db_transaction(struct xc_request *req,
    enum xc_err (*body)(struct xc_request *req, void *data), void *data);

#ifdef __cplusplus
}
#endif
#endif
