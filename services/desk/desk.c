/* SPDX-License-Identifier: MIT */
#include "services/desk/desk.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>

#include "lib/grants.h"
#include "lib/text.h"

enum xc_err
xc_desk_add(struct xc_desk *desk, const struct xc_desk_row *rows,
    void *service)
{
	if (desk->n == XC_DESK_TABLES_MAX)
		return XC_ERR_TOO_LARGE;
	desk->tables[desk->n++] = (struct xc_desk_table){ .rows = rows,
		.service = service };
	return XC_OK;
}

static const struct xc_desk_row *
find(const struct xc_desk *desk, const char *operation, void **service_r)
{
	const struct xc_desk_row *row;

	for (size_t i = 0; i < desk->n; i++)
		for (row = desk->tables[i].rows; row->name != NULL; row++)
			if (strcmp(row->name, operation) == 0) {
				*service_r = desk->tables[i].service;
				return row;
			}
	return NULL;
}

const struct xc_desk_row *
xc_desk_find(const struct xc_desk *desk, const char *operation)
{
	void *service;

	return find(desk, operation, &service);
}

static enum xc_err
check_user(const struct xc_desk_row *row, const struct xc_caller *caller,
    struct xc_refusal *refusal_r)
{
	if (row->grant == NULL || caller->root)
		return XC_OK;
	if (caller->user_id == 0) {
		(void)xc_refuse(refusal_r, XC_ERR_DENIED, 401,
		    "login_required", "Log in first.");
		snprintf(refusal_r->challenge, sizeof(refusal_r->challenge),
		    "Bearer");
		return XC_ERR_DENIED;
	}
	if (row->grant[0] == '\0' ||
	    xc_grants_have(caller->grants, row->grant))
		return XC_OK;
	return xc_refuse(refusal_r, XC_ERR_DENIED, 403, "not_allowed",
	    "This needs the permission %s.", row->grant);
}

enum xc_err
xc_desk_ask(const struct xc_desk *desk, const struct xc_caller *caller,
    const char *operation, struct json_object *args,
    struct json_object **result_r, struct xc_refusal *refusal_r)
{
	const struct xc_desk_row *row;
	void *service = NULL;
	enum xc_err err;

	*result_r = NULL;
	memset(refusal_r, 0, sizeof(*refusal_r));
	row = find(desk, operation, &service);
	if (row == NULL)
		return XC_ERR_UNSUPPORTED;
	err = check_user(row, caller, refusal_r);
	if (err == XC_OK)
		err = row->fn(service, caller, args, result_r, refusal_r);
	if (err != XC_OK && *result_r != NULL) {
		/* What was made of it before it failed is nobody's. */
		json_object_put(*result_r);
		*result_r = NULL;
	}
	return err;
}

/* What does not fit ends behind a whole character. */
static void
copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from != NULL ? from : "");
	xc_utf8_cut(to, strlen(to));
}

static void fill(struct xc_refusal *refusal_r, int status, const char *code,
    const char *detail, va_list ap) __attribute__((format(printf, 4, 0)));

static void
fill(struct xc_refusal *refusal_r, int status, const char *code,
    const char *detail, va_list ap)
{
	memset(refusal_r, 0, sizeof(*refusal_r));
	refusal_r->status = status;
	copy(refusal_r->code, sizeof(refusal_r->code), code);
	if (detail == NULL)
		return;
	vsnprintf(refusal_r->detail, sizeof(refusal_r->detail), detail, ap);
	xc_utf8_cut(refusal_r->detail, strlen(refusal_r->detail));
}

enum xc_err
xc_refuse(struct xc_refusal *refusal_r, enum xc_err err, int status,
    const char *code, const char *detail, ...)
{
	va_list ap;

	va_start(ap, detail);
	fill(refusal_r, status, code, detail, ap);
	va_end(ap);
	return err;
}

enum xc_err
xc_refuse_at(struct xc_refusal *refusal_r, const char *pointer,
    const char *code, const char *detail, ...)
{
	va_list ap;

	va_start(ap, detail);
	fill(refusal_r, 422, code, detail, ap);
	va_end(ap);
	copy(refusal_r->pointer, sizeof(refusal_r->pointer), pointer);
	return XC_ERR_INVALID;
}
