/* SPDX-License-Identifier: MIT */
/* Members of JSON objects as values, and rows made of them. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/db.h>
#include <xcore/log.h>

#define COLUMNS_MAX 64
#define NAME_MAX_LEN 64
#define SQL_SIZE (COLUMNS_MAX * (NAME_MAX_LEN + 8) + 256)

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define DIGITS "0123456789"

struct xc_value
xc_value_of_json(struct json_object *json)
{
	const char *text;

	switch (json_object_get_type(json)) {
	case json_type_null:
		return xc_null();
	case json_type_boolean:
		return xc_int(json_object_get_boolean(json) ? 1 : 0);
	case json_type_double:
		return xc_real(json_object_get_double(json));
	case json_type_int:
		/* Above what int64_t has, it is read as uint64_t. */
		if (json_object_get_int64(json) == INT64_MAX)
			return xc_uint(json_object_get_uint64(json));
		return xc_int(json_object_get_int64(json));
	case json_type_string:
		return (struct xc_value){ .type = XC_VALUE_TEXT,
			.data = json_object_get_string(json),
			.len = (size_t)json_object_get_string_len(json) };
	default:
		text = json_object_to_json_string_ext(json,
		    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
		return xc_text(text);
	}
}

/* What is being written: a statement and its values. */
struct writing {
	char sql[SQL_SIZE];
	size_t len;
	char names[COLUMNS_MAX][NAME_MAX_LEN + 1];
	struct xc_value values[COLUMNS_MAX + 1];
	size_t n;
};

static void add(struct writing *writing, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* There is room for all that the bounds let in. */
static void
add(struct writing *writing, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(writing->sql + writing->len,
	    sizeof(writing->sql) - writing->len, format, args);
	va_end(args);
	if (n > 0)
		writing->len += (size_t)n;
}

static bool
is_name(const char *name, size_t len)
{
	return len > 0 && len <= NAME_MAX_LEN &&
	    strspn(name, LETTERS DIGITS) >= len &&
	    strchr(DIGITS, name[0]) == NULL;
}

static enum xc_err
refuse(struct xc_request *req, const char *what, const char *name)
{
	xc_log(req, XC_LOG_ERROR, "%s \"%.64s\": names are 1 to 64 of A-Z, "
	    "a-z, 0-9 and \"_\", at most %d columns", what,
	    name != NULL ? name : "", COLUMNS_MAX);
	return XC_ERR_INVALID;
}

/* Of the columns those that the object has. */
static enum xc_err
take_columns(struct xc_request *req, struct writing *writing,
    struct json_object *object, const char *columns)
{
	struct json_object *member;
	size_t len;

	if (columns == NULL || !json_object_is_type(object, json_type_object))
		return refuse(req, "the columns", columns);
	for (; *columns != '\0'; columns += len) {
		columns += strspn(columns, " ");
		len = strcspn(columns, " ");
		if (len == 0)
			break;
		if (!is_name(columns, len) || writing->n == COLUMNS_MAX)
			return refuse(req, "the column", columns);
		memcpy(writing->names[writing->n], columns, len);
		writing->names[writing->n][len] = '\0';
		if (json_object_object_get_ex(object,
		    writing->names[writing->n], &member))
			writing->values[writing->n++] =
			    xc_value_of_json(member);
	}
	return XC_OK;
}

enum xc_err
xc_db_insert(struct xc_request *req, struct xc_db_result *result_r,
    const char *table, struct json_object *object, const char *columns)
{
	struct writing writing = { .n = 0 };
	enum xc_err err;

	if (result_r != NULL)
		*result_r = (struct xc_db_result){ 0 };
	if (table == NULL || !is_name(table, strlen(table)))
		return refuse(req, "the table", table);
	err = take_columns(req, &writing, object, columns);
	if (err != XC_OK)
		return err;
	add(&writing, "INSERT INTO `%s` (", table);
	for (size_t i = 0; i < writing.n; i++)
		add(&writing, "%s`%s`", i == 0 ? "" : ", ", writing.names[i]);
	add(&writing, ") VALUES (");
	for (size_t i = 0; i < writing.n; i++)
		add(&writing, i == 0 ? "?" : ", ?");
	add(&writing, ")");
	return xc_db_exec(req, result_r, writing.sql, writing.values,
	    writing.n);
}

enum xc_err
xc_db_update(struct xc_request *req, struct xc_db_result *result_r,
    const char *table, struct json_object *object, const char *columns,
    const char *key, struct xc_value key_value)
{
	struct writing writing = { .n = 0 };
	enum xc_err err;

	if (result_r != NULL)
		*result_r = (struct xc_db_result){ 0 };
	if (table == NULL || !is_name(table, strlen(table)))
		return refuse(req, "the table", table);
	if (key == NULL || !is_name(key, strlen(key)))
		return refuse(req, "the column", key);
	err = take_columns(req, &writing, object, columns);
	if (err != XC_OK || writing.n == 0)
		return err;
	add(&writing, "UPDATE `%s` SET ", table);
	for (size_t i = 0; i < writing.n; i++)
		add(&writing, "%s`%s` = ?", i == 0 ? "" : ", ",
		    writing.names[i]);
	add(&writing, " WHERE `%s` = ?", key);
	writing.values[writing.n] = key_value;
	return xc_db_exec(req, result_r, writing.sql, writing.values,
	    writing.n + 1);
}
