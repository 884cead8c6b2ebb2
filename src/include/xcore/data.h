/* SPDX-License-Identifier: MIT */
/*
 * What the client has sent, as the contract in openapi.json takes it: the
 * parameters of path, query, header and cookie, and a body that is JSON or a
 * form.  All was checked against its schema before the handler runs, so a
 * handler reads and need not check.
 *
 *	int64_t id = xc_param_int(req, "id");
 *	const char *title = xc_data_text(xc_data_member(xc_body(req),
 *	    "title"), "");
 *
 * A struct xc_data is a look at one value: it is passed by value, owns
 * nothing, and is good until the handler has returned.  Looks never fail: at
 * what is not there one gets a look at nothing, of the type XC_DATA_NONE, and
 * everything asked of that gives nothing.  Nothing here allocates unless it
 * is said.  req is never NULL.
 */
#ifndef XCORE_DATA_H
#define XCORE_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xcore/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct json_object;
struct xc_request;

enum xc_data_type {
	XC_DATA_NONE,		/* there is no such value */
	XC_DATA_NULL,
	XC_DATA_BOOL,
	XC_DATA_INT,		/* a whole number that fits 64 bits */
	XC_DATA_REAL,		/* any other number */
	XC_DATA_TEXT,
	XC_DATA_ARRAY,
	XC_DATA_OBJECT
};

/* The members are xcore's own. */
struct xc_data {
	struct xc_request *req;
	uint32_t doc;		/* 0: the parameters, 1: the body */
	uint32_t at;		/* the token; UINT32_MAX: nothing */
	uint32_t key;		/* of a member that was walked to */
	uint32_t end;		/* behind the last one of the walk */
};

/*
 * A parameter by the name that openapi.json gives it, converted to the type
 * of its schema; its default, if it has one and was not sent.  Where an
 * operation has two of one name, that of the path comes before those of query,
 * header and cookie; "query:id", "header:id" and so on name one for sure.
 */
struct xc_data xc_param(struct xc_request *req, const char *name);

/* Whether it was sent, or has a default. */
bool xc_param_has(struct xc_request *req, const char *name);

/* A parameter's value; 0, 0.0, false and NULL if it was not sent and has no
 * default, or is of another type.  The text is as of xc_data_text(). */
int64_t xc_param_int(struct xc_request *req, const char *name);
double xc_param_real(struct xc_request *req, const char *name);
bool xc_param_bool(struct xc_request *req, const char *name);
const char *xc_param_text(struct xc_request *req, const char *name);

/*
 * The body, if the operation takes JSON or a form and one was sent; else
 * nothing.  A form is an object; what has a file in it holds the file's name
 * there, see <xcore/part.h>.
 */
struct xc_data xc_body(struct xc_request *req);

enum xc_data_type xc_data_type(struct xc_data data);

/* A member of an object, an item of an array (from 0). */
struct xc_data xc_data_member(struct xc_data data, const char *name);
struct xc_data xc_data_item(struct xc_data data, size_t i);

/* Items of an array, members of an object; else 0. */
size_t xc_data_count(struct xc_data data);

/*
 * Walks an array or object:
 *
 *	for (one = xc_data_first(list); xc_data_type(one) != XC_DATA_NONE;
 *	    one = xc_data_next(one))
 */
struct xc_data xc_data_first(struct xc_data data);
struct xc_data xc_data_next(struct xc_data one);

/* The name of a member that was walked to, as xc_data_text() has it; NULL for
 * an item of an array, and if memory is out. */
const char *xc_data_key(struct xc_data one);

/* The value, or `otherwise` if it is not of that type (a whole number is a
 * real one too; one beyond 64 bits is no whole one).  A number that no double
 * holds, such as 1e400, is an infinity. */
int64_t xc_data_int(struct xc_data data, int64_t otherwise);
double xc_data_real(struct xc_data data, double otherwise);
bool xc_data_bool(struct xc_data data, bool otherwise);

/*
 * A text, NUL-terminated, valid UTF-8, without a NUL inside; `otherwise`
 * (which may be NULL) if it is none, or if memory is out.  It may be a copy
 * that belongs to the request.
 */
const char *xc_data_text(struct xc_data data, const char *otherwise);

/* The bytes of a text, or of a number as it was written; not NUL-terminated,
 * never a copy.  NULL and 0 for another type. */
const char *xc_data_bytes(struct xc_data data, size_t *len_r);

/*
 * The value as json-c has it, made when it is asked for.  On XC_OK *obj_r
 * belongs to the request (take a reference to keep it); it is NULL for null.
 * XC_ERR_NOT_FOUND for nothing; XC_ERR_INVALID for a number that no double
 * can hold; XC_ERR_NOMEM.
 */
enum xc_err xc_data_json(struct xc_data data, struct json_object **obj_r);

#ifdef __cplusplus
}
#endif
#endif
