/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include <xcore/arena.h>
#include <xcore/json.h>
#include <xcore/reply.h>
#include <xcore/request.h>

#include "json-build.h"
#include "request-private.h"
#include "tape-make.h"

/* Where a caller wants to read what is wrong, and where that is. */
struct place {
	char *text;
	size_t size;
};

static enum xc_err
refuse(struct place place, const char *what, size_t line, size_t column)
{
	if (place.text != NULL && place.size > 0)
		snprintf(place.text, place.size, "%s at line %zu, column %zu",
		    what, line, column);
	return XC_ERR_INVALID;
}

static enum xc_err
build(const struct xc_tape *tape, struct json_object **obj_r,
    struct place place)
{
	uint32_t at = 0;
	enum xc_err err = xc_json_build(tape, &at, obj_r);
	size_t column;
	size_t line;

	if (err != XC_ERR_INVALID)
		return err;
	xc_tape_place(tape->text, tape->tokens[at].off, &line, &column);
	return refuse(place, "a number out of range", line, column);
}

enum xc_err
xc_json_parse(const char *text, size_t len, struct json_object **obj_r,
    char *where, size_t size)
{
	struct place place = { .text = where, .size = size };
	struct xc_block block = { .used = 0 };
	struct xc_tape_error error;
	struct xc_tape tape;
	enum xc_err err;
	uint32_t off;

	*obj_r = NULL;
	if (size > 0 && where != NULL)
		where[0] = '\0';
	err = xc_tape_scan(text, len, NULL, &block, &off, &tape, &error);
	if (err == XC_OK)
		err = build(&tape, obj_r, place);
	else if (err != XC_ERR_NOMEM)
		err = refuse(place, error.what, error.line, error.column);
	xc_block_free(&block);
	return err;
}

static void
put_object(void *data)
{
	json_object_put(data);
}

struct json_object *
xc_json_own(struct xc_request *req, struct json_object *obj)
{
	if (obj == NULL || xc_defer(req, put_object, obj) != XC_OK)
		return NULL;
	return obj;
}

struct json_object *
xc_json_member(const struct json_object *obj, const char *key)
{
	struct json_object *value;

	if (!json_object_is_type(obj, json_type_object) ||
	    !json_object_object_get_ex(obj, key, &value))
		return NULL;
	return value;
}

const char *
xc_json_string(const struct json_object *obj, const char *key)
{
	struct json_object *value = xc_json_member(obj, key);
	const char *text;

	if (!json_object_is_type(value, json_type_string))
		return NULL;
	text = json_object_get_string(value);
	/* A C string that ends early would be another one. */
	if (strlen(text) != (size_t)json_object_get_string_len(value))
		return NULL;
	return text;
}

bool
xc_json_int(const struct json_object *obj, const char *key, int64_t *value_r)
{
	struct json_object *value = xc_json_member(obj, key);

	if (!json_object_is_type(value, json_type_int))
		return false;
	/* Above INT64_MAX json-c has an unsigned one, and would cut it. */
	if (json_object_get_uint64(value) > INT64_MAX)
		return false;
	*value_r = json_object_get_int64(value);
	return true;
}

bool
xc_json_bool(const struct json_object *obj, const char *key, bool *value_r)
{
	struct json_object *value = xc_json_member(obj, key);

	if (!json_object_is_type(value, json_type_boolean))
		return false;
	*value_r = json_object_get_boolean(value);
	return true;
}

/* The tape of a JSON body, if the contract has made one. */
static bool
look_at_body(const struct xc_request *req, struct xc_tape *tape_r)
{
	const struct xc_request_head *head = (const void *)req->in.base;

	return head->body.off != 0 && head->data.text.off == head->body.off &&
	    xc_tape_look(&req->in, head->data, tape_r);
}

enum xc_err
xc_request_json(struct xc_request *req, struct json_object **obj_r)
{
	char where[160] = "";
	struct place place = { .text = where, .size = sizeof(where) };
	struct xc_tape tape;
	const char *body;
	enum xc_err err;
	size_t len;

	body = xc_request_body(req, &len);
	if (look_at_body(req, &tape))
		err = build(&tape, obj_r, place);
	else
		err = xc_json_parse(body, len, obj_r, where, sizeof(where));
	if (err == XC_OK && *obj_r != NULL) {
		*obj_r = xc_json_own(req, *obj_r);
		if (*obj_r == NULL)
			err = XC_ERR_NOMEM;
	}
	if (err == XC_ERR_INVALID)
		(void)xc_reply_problem(req, 400, "The body is not valid "
		    "JSON: %s.", where);
	return err;
}
