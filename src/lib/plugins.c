/* SPDX-License-Identifier: MIT */
#include <json-c/json_object.h>

#include <xcore/plugins.h>

#include "desk.h"

static void
add_text(struct json_object *args, const char *key, const char *text)
{
	if (args != NULL && text != NULL)
		json_object_object_add(args, key,
		    json_object_new_string(text));
}

static void
add_number(struct json_object *args, const char *key, int64_t number)
{
	if (args != NULL && number != 0)
		json_object_object_add(args, key,
		    json_object_new_int64(number));
}

/* Takes args. */
static enum xc_err
call(struct xc_request *req, const char *operation, struct json_object *args,
    struct json_object **result_r)
{
	struct json_object *result;
	enum xc_err err = xc_desk_call(req, operation, args, &result);

	if (result_r != NULL)
		*result_r = result;
	return err;
}

static struct json_object *
named(const char *name)
{
	struct json_object *args = json_object_new_object();

	add_text(args, "name", name);
	return args;
}

enum xc_err
xc_plugins_list(struct xc_request *req, const struct xc_plugins_query *query,
    struct json_object **result_r)
{
	struct json_object *args = json_object_new_object();

	add_number(args, "page", query->page);
	add_number(args, "per_page", query->per_page);
	add_text(args, "q", query->q);
	add_text(args, "sort", query->sort);
	return call(req, "plugin.list", args, result_r);
}

enum xc_err
xc_plugins_info(struct xc_request *req, const char *name,
    struct json_object **result_r)
{
	return call(req, "plugin.info", named(name), result_r);
}

enum xc_err
xc_plugins_act(struct xc_request *req, const char *name, const char *verb,
    struct json_object **result_r)
{
	struct json_object *args = named(name);

	add_text(args, "verb", verb);
	return call(req, "plugin.act", args, result_r);
}

enum xc_err
xc_plugins_logs(struct xc_request *req, const char *name, int64_t lines,
    struct json_object **result_r)
{
	struct json_object *args = named(name);

	add_number(args, "lines", lines);
	return call(req, "plugin.logs", args, result_r);
}

enum xc_err
xc_plugins_stats(struct xc_request *req, const char *name,
    struct json_object **result_r)
{
	return call(req, "plugin.stats", named(name), result_r);
}
