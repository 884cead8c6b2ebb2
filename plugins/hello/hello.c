/* SPDX-License-Identifier: MIT */
/* Says hello: the smallest plugin that is whole. */
#include <json-c/json.h>

#include <xcore/xcore.h>

static enum xc_err
reply_message(struct xc_request *req, const char *message)
{
	struct json_object *obj = json_object_new_object();

	if (obj == NULL || json_object_object_add(obj, "message",
	    json_object_new_string(message)) != 0) {
		json_object_put(obj);
		return XC_ERR_NOMEM;
	}
	return xc_reply_json(req, 200, obj);
}

static enum xc_err
say_hello(struct xc_request *req)
{
	return reply_message(req, "hello");
}

static enum xc_err
greet(struct xc_request *req)
{
	const char *message = xc_printf(req, "hello, %s",
	    xc_param_text(req, "name"));

	return message == NULL ? XC_ERR_NOMEM : reply_message(req, message);
}

XC_PLUGIN(
	.operations = XC_OPERATIONS(
		{ "say_hello", say_hello },
		{ "greet", greet }
	)
);
