/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include "json-build.h"

#define SHORT 128

struct builder {
	const struct xc_tape *tape;
	uint32_t bad;
	enum xc_err err;
};

static struct json_object *build(struct builder *builder, uint32_t at);

/* Bytes with a NUL behind them, in room if they fit; else malloc'ed.  NULL if
 * memory is out. */
static char *
terminate(struct builder *builder, const char *bytes, size_t len, char *room)
{
	char *text = len < SHORT ? room : malloc(len + 1);

	if (text == NULL) {
		builder->err = XC_ERR_NOMEM;
		return NULL;
	}
	memcpy(text, bytes, len);
	text[len] = '\0';
	return text;
}

static struct json_object *
build_real(struct builder *builder, uint32_t at)
{
	const struct xc_token *token = &builder->tape->tokens[at];
	struct json_object *obj;
	char room[SHORT];
	double value;
	char *text;

	if (!xc_tape_double(builder->tape, at, &value)) {
		builder->bad = at;
		builder->err = XC_ERR_INVALID;
		return NULL;
	}
	text = terminate(builder, builder->tape->text + token->off,
	    token->len, room);
	if (text == NULL)
		return NULL;
	obj = json_object_new_double_s(value, text);
	if (text != room)
		free(text);
	return obj;
}

static struct json_object *
build_number(struct builder *builder, uint32_t at)
{
	const struct xc_tape *tape = builder->tape;
	int64_t value;
	uint64_t large;

	/* 1.0 stays what it was written as. */
	if ((tape->tokens[at].meta & XC_TOKEN_FRACTION) != 0)
		return build_real(builder, at);
	if (xc_tape_int64(tape, at, &value))
		return json_object_new_int64(value);
	if (xc_tape_uint64(tape, at, &large))
		return json_object_new_uint64(large);
	return build_real(builder, at);
}

static struct json_object *
build_string(struct builder *builder, uint32_t at)
{
	size_t len;
	const char *text = xc_tape_string(builder->tape, at, &len);

	/* json-c counts in int. */
	if (len > INT32_MAX) {
		builder->err = XC_ERR_NOMEM;
		return NULL;
	}
	return json_object_new_string_len(text, (int)len);
}

static struct json_object *
build_array(struct builder *builder, uint32_t at)
{
	uint32_t n = xc_tape_count(builder->tape, at);
	struct json_object *array = json_object_new_array_ext((int)n);
	struct json_object *item;

	for (at = xc_tape_first(at); array != NULL && n > 0; n--) {
		item = build(builder, at);
		if (builder->err == XC_OK &&
		    json_object_array_add(array, item) != 0) {
			json_object_put(item);
			builder->err = XC_ERR_NOMEM;
		}
		if (builder->err != XC_OK)
			break;
		at = xc_tape_next(builder->tape, at);
	}
	return array;
}

static void
add_member(struct builder *builder, struct json_object *object, uint32_t key)
{
	struct json_object *value;
	char room[SHORT];
	size_t len;
	const char *name = xc_tape_string(builder->tape, key, &len);
	char *text = terminate(builder, name, len, room);

	if (text == NULL)
		return;
	value = build(builder, xc_tape_value(builder->tape, key));
	if (builder->err == XC_OK && json_object_object_add_ex(object, text,
	    value, JSON_C_OBJECT_ADD_KEY_IS_NEW) != 0) {
		json_object_put(value);
		builder->err = XC_ERR_NOMEM;
	}
	if (text != room)
		free(text);
}

static struct json_object *
build_object(struct builder *builder, uint32_t at)
{
	uint32_t n = xc_tape_count(builder->tape, at);
	struct json_object *object = json_object_new_object();

	for (at = xc_tape_first(at); object != NULL && n > 0 &&
	    builder->err == XC_OK; n--) {
		add_member(builder, object, at);
		at = xc_tape_next(builder->tape,
		    xc_tape_value(builder->tape, at));
	}
	return object;
}

static struct json_object *
build_some(struct builder *builder, uint32_t at)
{
	switch (xc_tape_type(builder->tape, at)) {
	case XC_TOKEN_FALSE:
	case XC_TOKEN_TRUE:
		return json_object_new_boolean(xc_tape_type(builder->tape,
		    at) == XC_TOKEN_TRUE);
	case XC_TOKEN_NUMBER:
		return build_number(builder, at);
	case XC_TOKEN_ARRAY:
		return build_array(builder, at);
	case XC_TOKEN_OBJECT:
		return build_object(builder, at);
	default:
		return build_string(builder, at);
	}
}

/* Recursion ends with the levels that a tape may have. */
static struct json_object *
build(struct builder *builder, uint32_t at)
{
	struct json_object *obj;

	if (xc_tape_type(builder->tape, at) == XC_TOKEN_NULL)
		return NULL;
	obj = build_some(builder, at);
	if (obj == NULL && builder->err == XC_OK)
		builder->err = XC_ERR_NOMEM;
	if (builder->err == XC_OK)
		return obj;
	json_object_put(obj);
	return NULL;
}

enum xc_err
xc_json_build(const struct xc_tape *tape, uint32_t *at,
    struct json_object **obj_r)
{
	struct builder builder = { .tape = tape, .err = XC_OK };

	*obj_r = build(&builder, *at);
	*at = builder.bad;
	return builder.err;
}
