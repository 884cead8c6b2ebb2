/* SPDX-License-Identifier: MIT */
/* Whether the site is alive, ready, and what of it is down. */
#include <string.h>

#include <xcore/xcore.h>

/* No cache may answer in our place. */
static enum xc_err
reply(struct xc_request *req, int status, struct json_object *body)
{
	enum xc_err err;

	if (body == NULL)
		return XC_ERR_NOMEM;
	err = xc_reply_header(req, "Cache-Control", "no-store");
	if (err == XC_OK && status == 503)
		err = xc_reply_header(req, "Retry-After", "1");
	if (err != XC_OK) {
		json_object_put(body);
		return err;
	}
	return xc_reply_json(req, status, body);
}

static enum xc_err
show_alive(struct xc_request *req)
{
	struct json_object *body = json_object_new_object();

	if (body != NULL)
		json_object_object_add(body, "status",
		    json_object_new_string("alive"));
	return reply(req, 200, body);
}

static bool
is_down(struct json_object *down, const char *name)
{
	for (size_t i = 0; i < json_object_array_length(down); i++) {
		const char *text = json_object_get_string(
		    json_object_array_get_idx(down, i));

		if (text != NULL && strcmp(text, name) == 0)
			return true;
	}
	return false;
}

static const char *
status_of(struct xc_request *req, struct json_object *down)
{
	if (is_down(down, "database") &&
	    xc_config_bool(xc_request_plugin(req), "ready_needs_database",
	    true))
		return "down";
	return json_object_array_length(down) > 0 ? "degraded" : "ready";
}

static enum xc_err
show_ready(struct xc_request *req)
{
	struct json_object *health, *down, *body;
	const char *status;
	enum xc_err err = xc_site_health(req, &health);

	if (err != XC_OK)
		return err;
	down = xc_json_member(health, "down");
	body = json_object_new_object();
	if (body == NULL || !json_object_is_type(down, json_type_array)) {
		json_object_put(body);
		return XC_ERR_FAILED;
	}
	status = status_of(req, down);
	json_object_object_add(body, "status", json_object_new_string(status));
	json_object_object_add(body, "down", json_object_get(down));
	return reply(req, strcmp(status, "down") == 0 ? 503 : 200, body);
}

static enum xc_err
show_health(struct xc_request *req)
{
	struct json_object *health;
	enum xc_err err = xc_site_health(req, &health);

	return err == XC_OK ? reply(req, 200, json_object_get(health)) : err;
}

XC_PLUGIN(
	.operations = XC_OPERATIONS(
		{ "show_alive", show_alive },
		{ "show_ready", show_ready },
		{ "show_health", show_health }
	)
);
