/* SPDX-License-Identifier: MIT */
#include "desk-args.h"

#include <string.h>

#include <json-c/json_object.h>

void
xc_desk_begin(struct xc_desk_args *args, struct json_object *object)
{
	args->object = object != NULL ? object : json_object_new_object();
}

void
xc_desk_put(struct xc_desk_args *args, const char *key,
    struct json_object *value)
{
	if (value == NULL)
		return;
	if (args->object != NULL &&
	    json_object_object_add(args->object, key, value) == 0)
		return;
	json_object_put(value);
	json_object_put(args->object);
	args->object = NULL;
}

void
xc_desk_bytes(struct xc_desk_args *args, const char *key, const char *text,
    size_t len)
{
	struct json_object *value;

	if (text == NULL)
		return;
	value = json_object_new_string_len(text, (int)len);
	if (value == NULL) {
		json_object_put(args->object);
		args->object = NULL;
	}
	xc_desk_put(args, key, value);
}

void
xc_desk_text(struct xc_desk_args *args, const char *key, const char *text)
{
	xc_desk_bytes(args, key, text, text != NULL ? strlen(text) : 0);
}

void
xc_desk_int(struct xc_desk_args *args, const char *key, int64_t value)
{
	struct json_object *number;

	if (value == 0)
		return;
	number = json_object_new_int64(value);
	if (number == NULL) {
		json_object_put(args->object);
		args->object = NULL;
	}
	xc_desk_put(args, key, number);
}

enum xc_err
xc_desk_send(struct xc_request *req, const char *operation,
    struct xc_desk_args *args, struct json_object **result_r)
{
	struct json_object *result;
	enum xc_err err;

	if (result_r != NULL)
		*result_r = NULL;
	if (args->object == NULL)
		return XC_ERR_NOMEM;
	err = xc_desk_call(req, operation, args->object, &result);
	if (err == XC_OK && result_r != NULL)
		*result_r = result;
	return err;
}
