/* SPDX-License-Identifier: MIT */
/* The audit log, newest first. */
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/json_tokener.h>

#include <xcore/json.h>

#include "admin-private.h"
#include "audit-private.h"

static const struct xc_sort sorts[] = {
	{ "seq", "a.seq", "a.seq", NULL, true },
	{ "at", "a.seq", "a.seq", NULL, true },
	{ NULL, NULL, NULL, NULL, false }
};

/* Text of JSON as what it says. */
static enum xc_err
unfold(struct json_object *row, const char *name)
{
	const char *text = xc_json_string(row, name);
	struct json_object *value = NULL;

	/* What was changed by hand is shown as it stands. */
	if (text == NULL || xc_json_parse(text, strlen(text), &value, NULL,
	    0) != XC_OK)
		return XC_OK;
	return json_object_object_add(row, name, value) == 0 ? XC_OK :
	    XC_ERR_NOMEM;
}

static enum xc_err
fix(struct json_object *row)
{
	enum xc_err err = unfold(row, "before");

	return err == XC_OK ? unfold(row, "after") : err;
}

static enum xc_err
filter(struct xc_list *list, struct json_object *args, const char *name,
    const char *condition, struct xc_refusal *refusal_r)
{
	struct xc_value value;
	const char *text;
	enum xc_err err = xc_args_text(args, name, 128, &text, refusal_r);

	if (err != XC_OK || *text == '\0')
		return err;
	value = xc_text(text);
	xc_list_where(list, condition, &value, 1);
	return XC_OK;
}

enum xc_err
xc_op_audit(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_list list = {
		.columns = "a.seq, " XC_TIME("a.at") " AS at, a.actor,"
		    " a.address, a.request_id, a.action, a.target,"
		    " a.state_before AS `before`, a.state_after AS `after`,"
		    " LOWER(HEX(a.hash)) AS hash",
		.join = "JOIN xc_audit a ON a.seq = x.id",
		.from = "xc_audit a", .id = "a.seq", .sorts = sorts,
		.down = true, .fix = fix, .total = -1 };
	enum xc_err err;

	(void)caller;
	err = filter(&list, args, "actor", "a.actor = ?", refusal_r);
	if (err == XC_OK)
		err = filter(&list, args, "action", "a.action = ?",
		    refusal_r);
	if (err == XC_OK)
		err = xc_list_search(&list, args, "a.target LIKE ?", 1,
		    refusal_r);
	if (err != XC_OK)
		return err;
	return xc_list_run(service, &list, args, result_r, refusal_r);
}
