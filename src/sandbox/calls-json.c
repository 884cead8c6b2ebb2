/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/json_object_iterator.h>

#include "calls-private.h"

#define NUMBER_MAX 63		/* bytes of a number's text */

/* What json-c takes on the heap, rather more than less. */
#define COST_SCALAR 96
#define COST_ARRAY 176
#define COST_ELEMENT 16
#define COST_OBJECT 864
#define COST_KEY 160

static void put_json(struct xc_call_writer *w, struct json_object *value,
    unsigned depth);
static struct json_object *get_json(struct xc_call_reader *r, unsigned depth);

/* json-c gives the nearest signed number for one above its range. */
static void
put_int(struct xc_call_writer *w, struct json_object *value)
{
	int64_t number = json_object_get_int64(value);
	uint64_t large = json_object_get_uint64(value);

	if (number == INT64_MAX && large > INT64_MAX)
		xc_call_put(w, XC_TAG_U64, &large, sizeof(large));
	else
		xc_call_put(w, XC_TAG_INT, &number, sizeof(number));
}

/* A number with data of its own was given its text, such as "1.10". */
static void
put_real(struct xc_call_writer *w, struct json_object *value)
{
	double number = json_object_get_double(value);
	const char *text;
	size_t len = 0;

	if (!isfinite(number)) {
		w->bad = true;
		return;
	}
	if (json_object_get_userdata(value) == NULL) {
		xc_call_put(w, XC_TAG_REAL, &number, sizeof(number));
		return;
	}
	text = json_object_to_json_string_length(value,
	    JSON_C_TO_STRING_PLAIN, &len);
	if (text != NULL && len <= NUMBER_MAX)
		xc_call_put_run(w, XC_TAG_REAL_AS, text, len);
	xc_call_put(w, XC_TAG_REAL, &number, sizeof(number));
}

static void
put_array(struct xc_call_writer *w, struct json_object *value,
    unsigned depth)
{
	size_t n = json_object_array_length(value);
	uint32_t count = (uint32_t)n;

	if (n > UINT32_MAX)
		w->bad = true;
	xc_call_put(w, XC_TAG_ARRAY, &count, sizeof(count));
	for (size_t i = 0; i < n && !w->bad; i++)
		put_json(w, json_object_array_get_idx(value, i), depth);
}

static void
put_object(struct xc_call_writer *w, struct json_object *value,
    unsigned depth)
{
	uint32_t count = (uint32_t)json_object_object_length(value);
	struct json_object_iterator at = json_object_iter_begin(value);
	struct json_object_iterator end = json_object_iter_end(value);

	xc_call_put(w, XC_TAG_OBJECT, &count, sizeof(count));
	while (!w->bad && !json_object_iter_equal(&at, &end)) {
		xc_call_put_text(w, json_object_iter_peek_name(&at));
		put_json(w, json_object_iter_peek_value(&at), depth);
		json_object_iter_next(&at);
	}
}

static void
put_json(struct xc_call_writer *w, struct json_object *value, unsigned depth)
{
	if (depth > XC_CALL_DEPTH_MAX) {
		w->bad = true;
		return;
	}
	switch (json_object_get_type(value)) {
	case json_type_null:
		xc_call_put(w, XC_TAG_NULL, NULL, 0);
		return;
	case json_type_boolean:
		xc_call_put(w, json_object_get_boolean(value) ?
		    XC_TAG_TRUE : XC_TAG_FALSE, NULL, 0);
		return;
	case json_type_int:
		put_int(w, value);
		return;
	case json_type_double:
		put_real(w, value);
		return;
	case json_type_string:
		xc_call_put_run(w, XC_TAG_TEXT, json_object_get_string(value),
		    (size_t)json_object_get_string_len(value));
		return;
	case json_type_array:
		put_array(w, value, depth + 1);
		return;
	case json_type_object:
		put_object(w, value, depth + 1);
		return;
	}
	w->bad = true;
}

void
xc_call_put_json(struct xc_call_writer *w, struct json_object *value)
{
	put_json(w, value, 0);
}

static struct json_object *
checked(struct xc_call_reader *r, struct json_object *value)
{
	if (value != NULL && !r->bad)
		return value;
	json_object_put(value);
	return xc_call_fault(r);
}

static const char *
skip_digits(const char *text)
{
	while (isdigit((unsigned char)*text))
		text++;
	return text;
}

/* Whether a text may stand for a number in JSON (RFC 8259, 6). */
static bool
is_number(const char *text)
{
	const char *digits;

	if (*text == '-')
		text++;
	digits = text;
	text = skip_digits(text);
	if (text == digits || (*digits == '0' && text > digits + 1))
		return false;
	if (*text == '.') {
		digits = ++text;
		text = skip_digits(text);
		if (text == digits)
			return false;
	}
	if (*text == 'e' || *text == 'E') {
		text++;
		if (*text == '+' || *text == '-')
			text++;
		digits = text;
		text = skip_digits(text);
		if (text == digits)
			return false;
	}
	return *text == '\0';
}

static struct json_object *
get_real_as(struct xc_call_reader *r)
{
	size_t len;
	const char *text = xc_call_get_run(r, &len);

	if (text == NULL || len > NUMBER_MAX || strlen(text) != len ||
	    !is_number(text) || xc_call_get_tag(r) != XC_TAG_REAL ||
	    !xc_call_spend(r, len))
		return xc_call_fault(r);
	return checked(r,
	    json_object_new_double_s(xc_call_get_real(r), text));
}

static struct json_object *
get_text(struct xc_call_reader *r)
{
	size_t len;
	const char *text = xc_call_get_run(r, &len);

	if (text == NULL || len > INT32_MAX || !xc_call_spend(r, len))
		return xc_call_fault(r);
	return checked(r, json_object_new_string_len(text, (int)len));
}

static struct json_object *
get_number(struct xc_call_reader *r, int tag)
{
	uint64_t large;
	int64_t number;

	if (tag == XC_TAG_REAL)
		return checked(r,
		    json_object_new_double(xc_call_get_real(r)));
	if (tag == XC_TAG_U64) {
		xc_call_get(r, &large, sizeof(large));
		return checked(r, json_object_new_uint64(large));
	}
	xc_call_get(r, &number, sizeof(number));
	return checked(r, json_object_new_int64(number));
}

/* How many members follow; each costs at least size bytes to write, and cost
 * to hold. */
static size_t
get_count(struct xc_call_reader *r, size_t size, size_t cost)
{
	uint32_t n;

	xc_call_get(r, &n, sizeof(n));
	if (n > xc_call_left(r) / size || !xc_call_spend(r, n * cost)) {
		r->bad = true;
		return 0;
	}
	return n;
}

static struct json_object *
get_array(struct xc_call_reader *r, unsigned depth)
{
	size_t n = get_count(r, 1, COST_ELEMENT);
	struct json_object *array;

	if (n > INT32_MAX || !xc_call_spend(r, COST_ARRAY))
		return xc_call_fault(r);
	array = json_object_new_array_ext(n > 0 ? (int)n : 1);
	for (size_t i = 0; i < n && array != NULL && !r->bad; i++) {
		struct json_object *value = get_json(r, depth);

		if (json_object_array_add(array, value) == 0)
			continue;
		json_object_put(value);
		r->bad = true;
	}
	return checked(r, array);
}

static void
get_member(struct xc_call_reader *r, struct json_object *object,
    unsigned depth)
{
	const char *key = xc_call_get_text(r);
	struct json_object *value;

	if (key == NULL || !xc_call_spend(r, strlen(key))) {
		r->bad = true;
		return;
	}
	value = get_json(r, depth);
	if (!r->bad && json_object_object_add(object, key, value) == 0)
		return;
	json_object_put(value);
	r->bad = true;
}

static struct json_object *
get_object(struct xc_call_reader *r, unsigned depth)
{
	size_t n = get_count(r, 2, COST_KEY);
	struct json_object *object;

	if (!xc_call_spend(r, COST_OBJECT))
		return NULL;
	object = json_object_new_object();
	for (size_t i = 0; i < n && object != NULL && !r->bad; i++)
		get_member(r, object, depth);
	return checked(r, object);
}

static struct json_object *
get_json(struct xc_call_reader *r, unsigned depth)
{
	int tag = xc_call_get_tag(r);

	if (depth > XC_CALL_DEPTH_MAX || !xc_call_spend(r, COST_SCALAR))
		return xc_call_fault(r);
	switch (tag) {
	case XC_TAG_NULL:
		return NULL;
	case XC_TAG_FALSE:
	case XC_TAG_TRUE:
		return checked(r,
		    json_object_new_boolean(tag == XC_TAG_TRUE));
	case XC_TAG_INT:
	case XC_TAG_U64:
	case XC_TAG_REAL:
		return get_number(r, tag);
	case XC_TAG_REAL_AS:
		return get_real_as(r);
	case XC_TAG_TEXT:
		return get_text(r);
	case XC_TAG_ARRAY:
		return get_array(r, depth + 1);
	case XC_TAG_OBJECT:
		return get_object(r, depth + 1);
	default:
		return xc_call_fault(r);
	}
}

struct json_object *
xc_call_get_json(struct xc_call_reader *r)
{
	return get_json(r, 0);
}
