/* SPDX-License-Identifier: MIT */
/* The site's plugins over HTTP: what is installed, and what is done with it. */
#include "plugins.h"

#include <xcore/xcore.h>

/* What changes from one moment to the next is kept by nobody. */
static enum xc_err
reply(struct xc_request *req, enum xc_err err, struct json_object *result)
{
	if (err == XC_OK)
		err = xc_reply_header(req, "Cache-Control", "no-store");
	return err == XC_OK ? xc_reply_json(req, 200,
	    json_object_get(result)) : err;
}

static int64_t
number_or_none(struct xc_request *req, const char *name)
{
	return xc_param_has(req, name) ? xc_param_int(req, name) : 0;
}

enum xc_err
list_plugins(struct xc_request *req)
{
	const struct xc_plugins_query query = {
		.page = number_or_none(req, "page"),
		.per_page = number_or_none(req, "per_page"),
		.q = xc_param_text(req, "q"),
		.sort = xc_param_text(req, "sort"),
	};
	struct json_object *result;
	enum xc_err err = xc_plugins_list(req, &query, &result);

	return reply(req, err, result);
}

enum xc_err
show_plugin(struct xc_request *req)
{
	struct json_object *result;
	enum xc_err err = xc_plugins_info(req, xc_param_text(req, "name"),
	    &result);

	return reply(req, err, result);
}

static enum xc_err
act(struct xc_request *req, const char *verb)
{
	struct json_object *result;
	enum xc_err err = xc_plugins_act(req, xc_param_text(req, "name"),
	    verb, &result);

	return reply(req, err, result);
}

enum xc_err
reload_plugin(struct xc_request *req)
{
	return act(req, "reload");
}

enum xc_err
enable_plugin(struct xc_request *req)
{
	return act(req, "enable");
}

enum xc_err
disable_plugin(struct xc_request *req)
{
	return act(req, "disable");
}

enum xc_err
roll_back_plugin(struct xc_request *req)
{
	return act(req, "rollback");
}

enum xc_err
show_plugin_logs(struct xc_request *req)
{
	struct json_object *result;
	enum xc_err err = xc_plugins_logs(req, xc_param_text(req, "name"),
	    number_or_none(req, "lines"), &result);

	return reply(req, err, result);
}

enum xc_err
show_plugin_stats(struct xc_request *req)
{
	struct json_object *result;
	enum xc_err err = xc_plugins_stats(req, xc_param_text(req, "name"),
	    &result);

	return reply(req, err, result);
}
