/* SPDX-License-Identifier: MIT */
/*
 * Bodies that are forms: application/x-www-form-urlencoded, and the fields of
 * multipart/form-data.  Each becomes an object by the properties of its
 * schema and the encoding objects (OpenAPI 3.1, 4.8.14, 4.8.15).
 */
#ifndef XC_FORM_H
#define XC_FORM_H

#include "contract/parameters.h"
#include "contract/plan.h"

struct xc_form;

/* media: a Media Type Object whose schema is that of the form; without one all
 * fields are taken as text.  XC_ERR_INVALID: an encoding that is for no
 * property, or a style that cannot hold it. */
enum xc_err xc_form_compile(struct xc_plan *plan,
    const struct xc_plan_node *media, bool multipart,
    struct xc_form **form_r);
void xc_form_free(struct xc_form **form);

/* The bytes that it holds. */
size_t xc_form_size(const struct xc_form *form);

/* Whether a field of this name is JSON.  Then its part's bytes are its value
 * also if it has a file's name: browsers give "blob" to all but plain text. */
bool xc_form_is_json(const struct xc_form *form, const char *name,
    size_t len);

/* Whether the schema of a field of this name, or that of its items, is for the
 * content of a file, and so not for the file's name. */
bool xc_form_is_file(const struct xc_form *form, const char *name,
    size_t len);

#define XC_FORM_FIELDS 1000

/* One field as it came: both decoded, in the request's block.  A file has its
 * name for a value. */
struct xc_form_field {
	struct xc_span name;
	struct xc_span value;
	struct xc_span type;	/* Content-Type of the part; or absent */
	bool is_file;
};

/* Makes the tape (head->data) of n fields.  The value is not validated here.
 * Errors as xc_parameters_take(); XC_ERR_TOO_LARGE for over 1,000 fields. */
enum xc_err xc_form_take(const struct xc_form *form,
    const struct xc_take *take, const struct xc_form_field *fields, size_t n);

/*
 * Splits and decodes a urlencoded body that lies in the block, and makes the
 * tape of it.  XC_ERR_INVALID with a fault: what is not percent-encoded right,
 * no UTF-8, holds a NUL; XC_ERR_TOO_LARGE: over 1,000 fields.
 */
enum xc_err xc_form_take_urlencoded(const struct xc_form *form,
    const struct xc_take *take, struct xc_span body);

#endif
