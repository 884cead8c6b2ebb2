/* SPDX-License-Identifier: MIT */
/* Says what it was given: the values as they were checked and converted. */
#include <string.h>

#include <json-c/json.h>

#include <xcore/auth.h>
#include <xcore/data.h>
#include <xcore/part.h>
#include <xcore/xcore.h>

/* Adds a value as it is, or nothing if there is none. */
static enum xc_err
add(struct json_object *to, const char *name, struct xc_data data)
{
	struct json_object *value;
	enum xc_err err = xc_data_json(data, &value);

	if (err == XC_ERR_NOT_FOUND)
		return XC_OK;
	if (err == XC_OK)
		json_object_object_add(to, name, json_object_get(value));
	return err;
}

static enum xc_err
add_params(struct xc_request *req, struct json_object *reply)
{
	static const char *const names[] = { "id", "page", "tags", "ids",
		"filter", "exact", "X-Level", "sid", "query:id" };
	enum xc_err err = XC_OK;

	for (size_t i = 0; err == XC_OK && i < sizeof(names) /
	    sizeof(names[0]); i++)
		err = add(reply, names[i], xc_param(req, names[i]));
	return err;
}

static enum xc_err
get_item(struct xc_request *req)
{
	struct json_object *reply = json_object_new_object();
	enum xc_err err = add_params(req, reply);

	if (err == XC_OK && xc_param_int(req, "id") < 1)
		err = XC_ERR_FAILED;
	if (err == XC_OK)
		return xc_reply_json(req, 200, reply);
	json_object_put(reply);
	return err;
}

static enum xc_err
make_item(struct xc_request *req)
{
	struct json_object *reply = json_object_new_object();
	enum xc_err err = add(reply, "item", xc_body(req));

	json_object_object_add(reply, "title", json_object_new_string(
	    xc_data_text(xc_data_member(xc_body(req), "title"), "")));
	if (err == XC_OK)
		return xc_reply_json(req, 201, reply);
	json_object_put(reply);
	return err;
}

/* The bytes that came. */
static enum xc_err
take_any(struct xc_request *req)
{
	size_t len;
	const void *body = xc_request_body(req, &len);

	return xc_reply_text(req, 200, "application/octet-stream", body, len);
}

static enum xc_err
take_form(struct xc_request *req)
{
	struct json_object *reply = json_object_new_object();
	struct json_object *parts = json_object_new_array();
	struct xc_part part;
	enum xc_err err = add(reply, "form", xc_body(req));

	json_object_object_add(reply, "parts", parts);
	for (size_t i = 0; err == XC_OK && xc_part_at(req, i, &part); i++)
		json_object_array_add(parts, json_object_new_string(
		    part.filename != NULL ? part.filename : part.name));
	if (err == XC_OK)
		return xc_reply_json(req, 200, reply);
	json_object_put(reply);
	return err;
}

static enum xc_err
say_who(struct xc_request *req)
{
	const char *who = xc_auth_subject(req);
	struct json_object *reply = json_object_new_object();

	json_object_object_add(reply, "who",
	    json_object_new_string(who != NULL ? who : "nobody"));
	return xc_reply_json(req, 200, reply);
}

/* What the document does not have. */
static enum xc_err
err(struct xc_request *req)
{
	const char *how = xc_param_text(req, "how");
	struct json_object *reply;

	if (strcmp(how, "status") == 0)
		return xc_reply_empty(req, 204);
	if (strcmp(how, "type") == 0)
		return xc_reply_text(req, 200, "text/plain", "x", 1);
	reply = json_object_new_object();
	json_object_object_add(reply, "who",
	    strcmp(how, "value") == 0 ? json_object_new_int(7)
	    : json_object_new_string("x"));
	return xc_reply_json(req, 200, reply);
}

XC_PLUGIN(.operations = XC_OPERATIONS(
    { "get_item", get_item },
    { "make_item", make_item },
    { "take_any", take_any },
    { "take_json", take_any },
    { "take_form", take_form },
    { "take_parts", take_form },
    { "say_open", say_who },
    { "say_secured", say_who },
    { "say_optional", say_who },
    { "say_old", say_who },
    { "match", say_who },
    { "err", err }));
