/* SPDX-License-Identifier: MIT */
/* What the objects in section "middleware" may look like. */
#include <inttypes.h>
#include <string.h>

#include <json-c/json.h>

#include "middleware-private.h"
#include "middleware-table.h"
#include "near.h"

#define MAX_NUMBER(max)	_Generic((max), char *: 0, default: (max))
#define MAX_WORDS(max)	_Generic((max), char *: (max), default: NULL)
#define ROW(part, key, type, initial, min, max, text)			\
	{ #part, #key, type, initial, min, MAX_NUMBER(max),		\
	    MAX_WORDS(max), text,					\
	    offsetof(struct xc_##part##_settings, key) },

/* The part "log" has a struct of another name. */
#define xc_log_settings xc_access_settings

const struct xc_part_row xc_part_rows[] = {
	XC_MIDDLEWARE_TABLE(ROW)
};
const size_t xc_part_rows_len =
    sizeof(xc_part_rows) / sizeof(xc_part_rows[0]);

static const char *const part_names[XC_PART__MAX] = {
	[XC_PART_REQUEST_ID] = "request_id",
	[XC_PART_PROXY] = "proxy",
	[XC_PART_LOG] = "log",
	[XC_PART_TIMING] = "timing",
	[XC_PART_BODY] = "body",
	[XC_PART_CORS] = "cors",
	[XC_PART_HEADERS] = "headers",
	[XC_PART_RATE] = "rate",
	[XC_PART_AUTH] = "auth",
};

const char *
xc_mw_part_name(enum xc_mw_part part)
{
	return (unsigned)part < XC_PART__MAX ? part_names[part] : "unknown";
}

enum xc_mw_part
xc_mw_part_find(const char *name, size_t len)
{
	int i;

	for (i = 0; i < XC_PART__MAX; i++)
		if (strlen(part_names[i]) == len &&
		    memcmp(part_names[i], name, len) == 0)
			break;
	return (enum xc_mw_part)i;
}

bool
xc_part_has_rows(const char *part)
{
	size_t i;

	for (i = 0; i < xc_part_rows_len; i++)
		if (strcmp(xc_part_rows[i].part, part) == 0)
			return true;
	return false;
}

bool
xc_part_of_prefix(const char *part)
{
	return strcmp(part, "plugins") == 0 ||
	    (strcmp(part, "request_id") != 0 &&
	    strcmp(part, "proxy") != 0 && xc_part_has_rows(part));
}

bool
xc_is_one_of(const char *words, const char *text)
{
	size_t len = strlen(text);
	const char *word = words, *end;

	for (; len > 0; word = end + 1) {
		end = strchrnul(word, '|');
		if ((size_t)(end - word) == len &&
		    memcmp(word, text, len) == 0)
			return true;
		if (*end == '\0')
			break;
	}
	return false;
}

static const char *
text_of(struct json_object *value)
{
	const char *text;

	if (!json_object_is_type(value, json_type_string))
		return NULL;
	text = json_object_get_string(value);
	return strlen(text) == (size_t)json_object_get_string_len(value) ?
	    text : NULL;
}

static enum xc_err
check_number(const struct xc_part_row *row, struct json_object *value,
    struct xc_errbuf *errbuf)
{
	int64_t number;

	if (!json_object_is_type(value, json_type_int))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "a whole number expected");
	number = json_object_get_int64(value);
	if (number >= row->min && number <= row->max)
		return XC_OK;
	return xc_fail(errbuf, XC_ERR_INVALID, "%" PRId64 " is out of range; "
	    "from %" PRId64 " to %" PRId64, number, row->min, row->max);
}

static enum xc_err
check_list(struct json_object *value, struct xc_errbuf *errbuf)
{
	const char *text;
	size_t i;

	if (!json_object_is_type(value, json_type_array))
		return xc_fail(errbuf, XC_ERR_INVALID, "a list of strings "
		    "expected, as in [\"one\", \"two\"]");
	for (i = 0; i < json_object_array_length(value); i++) {
		text = text_of(json_object_array_get_idx(value, i));
		if (text == NULL || *text == '\0')
			return xc_fail(errbuf, XC_ERR_INVALID, "item %zu of "
			    "the list is no string, or an empty one", i + 1);
	}
	return XC_OK;
}

static enum xc_err
check_map(struct json_object *value, struct xc_errbuf *errbuf)
{
	if (!json_object_is_type(value, json_type_object))
		return xc_fail(errbuf, XC_ERR_INVALID, "an object of strings "
		    "expected, as in {\"X-Robots-Tag\": \"none\"}");
	json_object_object_foreach(value, name, item) {
		if (text_of(item) == NULL)
			return xc_fail(errbuf, XC_ERR_INVALID,
			    "\"%.64s\": a string expected", name);
	}
	return XC_OK;
}

static enum xc_err
check_value(const struct xc_part_row *row, struct json_object *value,
    struct xc_errbuf *errbuf)
{
	switch (row->type) {
	case XC_NUMBER:
		return check_number(row, value, errbuf);
	case XC_SWITCH:
		if (json_object_is_type(value, json_type_boolean))
			return XC_OK;
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "true or false expected");
	case XC_LIST:
		return check_list(value, errbuf);
	case XC_MAP:
		return check_map(value, errbuf);
	default:
		if (text_of(value) == NULL)
			return xc_fail(errbuf, XC_ERR_INVALID,
			    "a string expected");
		if (row->type != XC_CHOICE ||
		    xc_is_one_of(row->words, text_of(value)))
			return XC_OK;
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "\"%.64s\" is not one of %s", text_of(value), row->words);
	}
}

static enum xc_err
unknown(const char *what, const char *key, const char *near,
    struct xc_errbuf *errbuf)
{
	if (near == NULL)
		return xc_fail(errbuf, XC_ERR_INVALID, "unknown %s \"%.64s\"; "
		    "see xcore-middleware(7)", what, key);
	return xc_fail(errbuf, XC_ERR_INVALID, "unknown %s \"%.64s\"; did you "
	    "mean \"%s\"?", what, key, near);
}

static enum xc_err
check_member(const char *part, const char *key, struct json_object *value,
    struct xc_errbuf *errbuf)
{
	struct xc_near near;
	enum xc_err err;
	size_t i;

	xc_near_init(&near, key);
	for (i = 0; i < xc_part_rows_len; i++) {
		if (strcmp(xc_part_rows[i].part, part) != 0)
			continue;
		if (strcmp(xc_part_rows[i].key, key) != 0) {
			xc_near_try(&near, xc_part_rows[i].key, 0);
			continue;
		}
		err = check_value(&xc_part_rows[i], value, errbuf);
		return err == XC_OK ? err :
		    xc_fail_prefix(errbuf, err, "%s", key);
	}
	return unknown("key", key, near.word, errbuf);
}

static enum xc_err
check_object(const char *part, struct json_object *value,
    struct xc_errbuf *errbuf)
{
	enum xc_err err;

	if (!json_object_is_type(value, json_type_object))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "an object expected: {\"key\": value, ...}");
	json_object_object_foreach(value, key, member) {
		err = check_member(part, key, member, errbuf);
		if (err != XC_OK)
			return err;
	}
	return XC_OK;
}

static enum xc_err
check_rates(struct json_object *value, struct xc_errbuf *errbuf)
{
	enum xc_err err;
	size_t i;

	if (!json_object_is_type(value, json_type_array))
		return xc_fail(errbuf, XC_ERR_INVALID, "a list of limits "
		    "expected, as in [{\"limit\": 100, \"window_s\": 60}]");
	if (json_object_array_length(value) > XC_RATES_MAX)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "more than %d limits", XC_RATES_MAX);
	for (i = 0; i < json_object_array_length(value); i++) {
		err = check_object("rate",
		    json_object_array_get_idx(value, i), errbuf);
		if (err != XC_OK)
			return xc_fail_prefix(errbuf, err, "limit %zu",
			    i + 1);
	}
	return XC_OK;
}

static enum xc_err
check_part(const char *part, struct json_object *value,
    struct xc_errbuf *errbuf)
{
	if (strcmp(part, "rate") == 0)
		return check_rates(value, errbuf);
	return strcmp(part, "plugins") == 0 ? check_list(value, errbuf) :
	    check_object(part, value, errbuf);
}

static enum xc_err
check_prefix(struct json_object *value, struct xc_errbuf *errbuf)
{
	struct xc_near near;
	enum xc_err err;
	int i;

	if (!json_object_is_type(value, json_type_object))
		return xc_fail(errbuf, XC_ERR_INVALID, "an object expected, "
		    "as in {\"rate\": [{\"limit\": 10}]}");
	json_object_object_foreach(value, part, member) {
		if (!xc_part_of_prefix(part)) {
			xc_near_init(&near, part);
			for (i = 0; i < XC_PART__MAX; i++)
				if (xc_part_of_prefix(part_names[i]))
					xc_near_try(&near, part_names[i], 0);
			xc_near_try(&near, "plugins", 0);
			return unknown("part", part, near.word, errbuf);
		}
		err = check_part(part, member, errbuf);
		if (err != XC_OK)
			return xc_fail_prefix(errbuf, err, "%s", part);
	}
	return XC_OK;
}

static enum xc_err
check_prefixes(struct json_object *value, struct xc_errbuf *errbuf)
{
	enum xc_err err = XC_OK;

	if (!json_object_is_type(value, json_type_object))
		return xc_fail(errbuf, XC_ERR_INVALID, "an object of prefixes "
		    "expected, as in {\"/app/todo\": {...}}");
	json_object_object_foreach(value, prefix, member) {
		if (prefix[0] != '/')
			return xc_fail(errbuf, XC_ERR_INVALID, "\"%.64s\" "
			    "does not begin with '/'", prefix);
		err = check_prefix(member, errbuf);
		if (err != XC_OK)
			return xc_fail_prefix(errbuf, err, "%.64s", prefix);
	}
	return XC_OK;
}

enum xc_err
xc_middleware_shape(const char *key, struct json_object *value,
    struct xc_errbuf *errbuf)
{
	return strcmp(key, "prefixes") == 0 ? check_prefixes(value, errbuf) :
	    check_part(key, value, errbuf);
}
