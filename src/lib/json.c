/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object_iterator.h>
#include <json-c/json_tokener.h>

#include <xcore/arena.h>
#include <xcore/json.h>
#include <xcore/reply.h>
#include <xcore/request.h>

#include "json-scan.h"
#include "request-private.h"

/* Where a caller wants to read what is wrong. */
struct place {
	char *text;
	size_t size;
};

static enum xc_err refuse(struct place place, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum xc_err
refuse(struct place place, const char *format, ...)
{
	va_list ap;

	if (place.text != NULL && place.size > 0) {
		va_start(ap, format);
		vsnprintf(place.text, place.size, format, ap);
		va_end(ap);
	}
	return XC_ERR_INVALID;
}

/* Builds the tree of a text that was scanned. */
static enum xc_err
build(const char *text, size_t len, struct json_object **obj_r,
    struct place place)
{
	/* The scan has counted the levels; json-c counts scalars too. */
	struct json_tokener *tok = json_tokener_new_ex(XC_JSON_DEPTH_MAX + 2);
	enum json_tokener_error err;

	if (tok == NULL)
		return XC_ERR_NOMEM;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT |
	    JSON_TOKENER_VALIDATE_UTF8);
	*obj_r = json_tokener_parse_ex(tok, text, (int)len);
	err = json_tokener_get_error(tok);
	/* A number at the very end might go on. */
	if (err == json_tokener_continue) {
		*obj_r = json_tokener_parse_ex(tok, "", 1);
		err = json_tokener_get_error(tok);
	}
	json_tokener_free(tok);
	if (err == json_tokener_success)
		return XC_OK;
	*obj_r = NULL;
	return refuse(place, "%s", json_tokener_error_desc(err));
}

/* What a tree has of keys, and whether all its numbers are finite. */
struct census {
	uint32_t n_keys;
	bool finite;
};

/* Recursion ends at the 32 levels that the scan lets through. */
static void
count(struct json_object *obj, struct census *census)
{
	struct json_object_iterator it;
	struct json_object_iterator end;
	size_t i;

	switch (json_object_get_type(obj)) {
	case json_type_object:
		census->n_keys += (uint32_t)json_object_object_length(obj);
		it = json_object_iter_begin(obj);
		end = json_object_iter_end(obj);
		for (; !json_object_iter_equal(&it, &end);
		    json_object_iter_next(&it))
			count(json_object_iter_peek_value(&it), census);
		break;
	case json_type_array:
		for (i = 0; i < json_object_array_length(obj); i++)
			count(json_object_array_get_idx(obj, i), census);
		break;
	case json_type_double:
		if (!isfinite(json_object_get_double(obj)))
			census->finite = false;
		break;
	default:
		break;
	}
}

/* Finds the place of a key that stands twice; that it does is known. */
static enum xc_err
refuse_twin(struct xc_json_scan *scan, struct place place)
{
	size_t twin;

	if (place.text == NULL)
		return XC_ERR_INVALID;
	scan->keys = calloc(scan->n_keys, sizeof(*scan->keys));
	if (scan->keys == NULL)
		return XC_ERR_NOMEM;
	xc_json_scan(scan);
	twin = xc_json_scan_twin(scan);
	free(scan->keys);
	scan->keys = NULL;
	return refuse(place, "a key for the second time at byte %zu",
	    twin + 1);
}

/* json-c keeps the last of equal keys and makes 1e400 infinite. */
static enum xc_err
check_tree(struct json_object *obj, struct xc_json_scan *scan,
    struct place place)
{
	struct census census = { .finite = true };

	count(obj, &census);
	if (census.n_keys != scan->n_keys)
		return refuse_twin(scan, place);
	if (!census.finite)
		return refuse(place, "a number out of range");
	return XC_OK;
}

enum xc_err
xc_json_parse(const char *text, size_t len, struct json_object **obj_r,
    char *where, size_t size)
{
	struct place place = { .text = where, .size = size };
	struct xc_json_scan scan = { .text = text, .len = len };
	enum xc_err err;

	*obj_r = NULL;
	if (size > 0 && where != NULL)
		where[0] = '\0';
	if (len > INT_MAX)
		return refuse(place, "the text is over 2 GiB");
	xc_json_scan(&scan);
	if (scan.what != NULL)
		return refuse(place, "%s at byte %zu", scan.what,
		    scan.at + 1);
	err = build(text, len, obj_r, place);
	if (err == XC_OK)
		err = check_tree(*obj_r, &scan, place);
	if (err != XC_OK) {
		json_object_put(*obj_r);
		*obj_r = NULL;
	}
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

enum xc_err
xc_request_json(struct xc_request *req, struct json_object **obj_r)
{
	char where[160];
	const char *body;
	enum xc_err err;
	size_t len;

	body = xc_request_body(req, &len);
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
