/* SPDX-License-Identifier: MIT */
/* One value: its type, its range, where it is kept. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "loggers/rules.h"
#include "middleware-private.h"
#include "settings-private.h"

enum xc_err
xc_fail_at(struct xc_errbuf *errbuf, const struct xc_place *place,
    const char *section, const char *key, const char *format, ...)
{
	char text[768], where[64] = "";
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (place->line != 0)
		snprintf(where, sizeof(where), ":%u:%u", place->line,
		    place->column);
	return xc_fail(errbuf, XC_ERR_INVALID, "%s%s: %s%s%s%s%s",
	    place->file, where, section == NULL ? "" : section,
	    key == NULL ? "" : ".", key == NULL ? "" : key,
	    section == NULL ? "" : ": ", text);
}

/* One value on its way into the settings. */
struct setter {
	struct xc_settings *settings;
	const struct xc_setting *setting;
	const struct xc_place *place;
	struct xc_errbuf *errbuf;
};

#define REFUSE(setter, ...)						\
	xc_fail_at((setter)->errbuf, (setter)->place,			\
	    (setter)->setting->section, (setter)->setting->key, __VA_ARGS__)

static enum xc_err
no_memory(const struct setter *setter)
{
	return xc_fail(setter->errbuf, XC_ERR_NOMEM, "out of memory");
}

/* What the setting is kept in. */
static void *
room(const struct setter *setter)
{
	return (char *)setter->settings + setter->setting->offset;
}

static struct xc_settings_origin *
origin(const struct setter *setter)
{
	return &setter->settings->origins[setter->setting -
	    xc_settings_table];
}

static enum xc_err
note_origin(const struct setter *setter)
{
	struct xc_settings_origin *from = origin(setter);
	char *file = NULL;

	if (setter->place->file != NULL) {
		file = strdup(setter->place->file);
		if (file == NULL)
			return no_memory(setter);
	}
	free(from->from);
	from->from = file;
	from->line = setter->place->line;
	from->column = setter->place->column;
	return XC_OK;
}

static enum xc_err
keep_string(const struct setter *setter, char *string)
{
	struct xc_settings_origin *from = origin(setter);
	const char **slot = room(setter);

	if (string == NULL)
		return no_memory(setter);
	free(from->string);
	from->string = string;
	*slot = string;
	return XC_OK;
}

static enum xc_err
keep_object(const struct setter *setter, struct json_object *value)
{
	struct json_object **slot = room(setter);

	json_object_put(*slot);
	*slot = value;
	return XC_OK;
}

/* A relative path from the folder of the file that it stands in; one from
 * the environment from that of the main file. */
static char *
absolute(const struct setter *setter, const char *path)
{
	const char *file = setter->place->line != 0 ? setter->place->file :
	    setter->settings->file;
	const char *slash = file == NULL ? NULL : strrchr(file, '/');
	char *result;

	if (*path == '\0' || *path == '/' || slash == NULL)
		return strdup(path);
	if (strncmp(path, "./", 2) == 0)
		path += 2;
	if (asprintf(&result, "%.*s/%s", (int)(slash - file), file, path) < 0)
		return NULL;
	return result;
}

static enum xc_err
set_number(const struct setter *setter, int64_t number)
{
	const struct xc_setting *s = setter->setting;
	int64_t *slot = room(setter);

	if (number < s->min || number > s->max)
		return REFUSE(setter, "%" PRId64 " is out of range; from %"
		    PRId64 " to %" PRId64, number, s->min, s->max);
	*slot = number;
	return XC_OK;
}

static enum xc_err
set_string(const struct setter *setter, const char *text)
{
	const struct xc_setting *s = setter->setting;

	if (s->type == XC_CHOICE && !xc_is_one_of(s->words, text))
		return REFUSE(setter, "\"%.64s\" is not one of %s", text,
		    s->words);
	if (s->type != XC_PATH)
		return keep_string(setter, strdup(text));
	if (strlen(text) >= PATH_MAX / 2)
		return REFUSE(setter, "this path is too long");
	return keep_string(setter, absolute(setter, text));
}

static enum xc_err
add_item(const struct setter *setter, struct json_object *list,
    const char *text)
{
	struct json_object *item;
	char *path;

	if (*text == '\0')
		return REFUSE(setter, "an empty item in the list");
	if (setter->setting->type == XC_PATHS) {
		path = absolute(setter, text);
		if (path == NULL)
			return no_memory(setter);
		item = json_object_new_string(path);
		free(path);
	} else {
		item = json_object_new_string(text);
	}
	if (item == NULL || json_object_array_add(list, item) != 0) {
		json_object_put(item);
		return no_memory(setter);
	}
	return XC_OK;
}

static bool
has_nul(struct json_object *string)
{
	return strlen(json_object_get_string(string)) !=
	    (size_t)json_object_get_string_len(string);
}

static enum xc_err
set_list(const struct setter *setter, struct json_object *value)
{
	struct json_object *list, *item;
	enum xc_err err = XC_OK;
	size_t i;

	if (!json_object_is_type(value, json_type_array))
		return REFUSE(setter, "a list of strings expected, as in "
		    "[\"one\", \"two\"]");
	list = json_object_new_array();
	if (list == NULL)
		return no_memory(setter);
	for (i = 0; err == XC_OK && i < json_object_array_length(value); i++) {
		item = json_object_array_get_idx(value, i);
		if (!json_object_is_type(item, json_type_string) ||
		    has_nul(item))
			err = REFUSE(setter, "item %zu of the list is no "
			    "string", i + 1);
		else
			err = add_item(setter, list,
			    json_object_get_string(item));
	}
	if (err == XC_OK)
		return keep_object(setter, list);
	json_object_put(list);
	return err;
}

static enum xc_err
check_level(const struct setter *setter, const char *name,
    struct json_object *value)
{
	const char *text = json_object_is_type(value, json_type_string) ?
	    json_object_get_string(value) : NULL;
	enum xc_log_level level;

	if (!xc_rules_name_valid(name))
		return REFUSE(setter, "\"%.64s\" is no name of a logger: "
		    "words of a-z, 0-9, '_', '-' with dots between", name);
	if (text == NULL || !xc_log_level_parse(text, &level))
		return REFUSE(setter, "the level of \"%.64s\" is not one of "
		    "error, warning, notice, info, debug", name);
	return XC_OK;
}

static enum xc_err
set_levels(const struct setter *setter, struct json_object *value)
{
	struct json_object_iterator at, end;
	enum xc_err err = XC_OK;

	if (!json_object_is_type(value, json_type_object))
		return REFUSE(setter, "an object expected, as in "
		    "{\"plugin.todo\": \"debug\"}");
	at = json_object_iter_begin(value);
	end = json_object_iter_end(value);
	while (err == XC_OK && !json_object_iter_equal(&at, &end)) {
		err = check_level(setter, json_object_iter_peek_name(&at),
		    json_object_iter_peek_value(&at));
		json_object_iter_next(&at);
	}
	if (err != XC_OK)
		return err;
	return keep_object(setter, json_object_get(value));
}

static enum xc_err
set_tree(const struct setter *setter, struct json_object *value)
{
	struct xc_errbuf why = { .text = "" };

	if (xc_middleware_shape(setter->setting->key, value, &why) != XC_OK)
		return REFUSE(setter, "%.600s", why.text);
	return keep_object(setter, json_object_get(value));
}

static enum xc_err
set_json(const struct setter *setter, struct json_object *value)
{
	bool *flag = room(setter);

	switch (setter->setting->type) {
	case XC_NUMBER:
		if (!json_object_is_type(value, json_type_int))
			return REFUSE(setter, "a whole number expected");
		return set_number(setter, json_object_get_int64(value));
	case XC_SWITCH:
		if (!json_object_is_type(value, json_type_boolean))
			return REFUSE(setter, "true or false expected");
		*flag = json_object_get_boolean(value);
		return XC_OK;
	case XC_LIST:
	case XC_PATHS:
		return set_list(setter, value);
	case XC_LEVELS:
		return set_levels(setter, value);
	case XC_PART:
	case XC_RATES:
	case XC_PREFIXES:
		return set_tree(setter, value);
	default:
		if (!json_object_is_type(value, json_type_string) ||
		    has_nul(value))
			return REFUSE(setter, "a string expected");
		return set_string(setter, json_object_get_string(value));
	}
}

enum xc_err
xc_settings_set_json(struct xc_settings *settings,
    const struct xc_setting *setting, struct json_object *value,
    const struct xc_place *place, struct xc_errbuf *errbuf)
{
	struct setter setter = { settings, setting, place, errbuf };
	enum xc_err err;

	err = set_json(&setter, value);
	return err == XC_OK ? note_origin(&setter) : err;
}

static enum xc_err
text_number(const struct setter *setter, const char *text)
{
	long long number;
	char *end;

	errno = 0;
	number = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 ||
	    (*text != '-' && (*text < '0' || *text > '9')))
		return REFUSE(setter, "\"%.64s\" is no whole number", text);
	return set_number(setter, number);
}

static enum xc_err
text_switch(const struct setter *setter, const char *text)
{
	bool *flag = room(setter);

	*flag = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
	if (!*flag && strcmp(text, "false") != 0 && strcmp(text, "0") != 0)
		return REFUSE(setter, "\"%.64s\" is neither true nor false",
		    text);
	return XC_OK;
}

static enum xc_err
text_json(const struct setter *setter, const char *text)
{
	enum json_tokener_error error;
	struct json_object *value;
	enum xc_err err;

	value = json_tokener_parse_verbose(text, &error);
	if (value == NULL)
		return REFUSE(setter, "this is no JSON: %s",
		    json_tokener_error_desc(error));
	err = set_json(setter, value);
	json_object_put(value);
	return err;
}

static enum xc_err
add_pair(const struct setter *setter, struct json_object *object, char *item)
{
	char *equals = strchr(item, '=');
	struct json_object *level;

	if (equals == NULL)
		return REFUSE(setter, "\"%.64s\" is not like NAME=LEVEL",
		    item);
	*equals = '\0';
	level = json_object_new_string(equals + 1);
	if (level == NULL ||
	    json_object_object_add(object, item, level) != 0) {
		json_object_put(level);
		return no_memory(setter);
	}
	return XC_OK;
}

/* "a,b" for a list, "a=x,b=y" for levels; JSON is taken too. */
static enum xc_err
text_items(const struct setter *setter, const char *text)
{
	bool pairs = setter->setting->type == XC_LEVELS;
	char *copy = strdup(text), *rest = copy, *item;
	struct json_object *value;
	enum xc_err err = XC_OK;

	value = pairs ? json_object_new_object() : json_object_new_array();
	if (copy == NULL || value == NULL)
		err = no_memory(setter);
	if (*text == '\0')
		rest = NULL;
	while (err == XC_OK && (item = strsep(&rest, ",")) != NULL)
		err = pairs ? add_pair(setter, value, item) :
		    add_item(setter, value, item);
	if (err == XC_OK && pairs)
		err = set_levels(setter, value);
	else if (err == XC_OK)
		err = keep_object(setter, json_object_get(value));
	json_object_put(value);
	free(copy);
	return err;
}

static enum xc_err
set_text(const struct setter *setter, const char *text)
{
	switch (setter->setting->type) {
	case XC_NUMBER:
		return text_number(setter, text);
	case XC_SWITCH:
		return text_switch(setter, text);
	case XC_LIST:
	case XC_PATHS:
	case XC_LEVELS:
		if (*text == '[' || *text == '{')
			return text_json(setter, text);
		return text_items(setter, text);
	case XC_PART:
	case XC_RATES:
	case XC_PREFIXES:
		return text_json(setter, text);
	default:
		return set_string(setter, text);
	}
}

enum xc_err
xc_settings_set_text(struct xc_settings *settings,
    const struct xc_setting *setting, const char *text,
    const struct xc_place *place, struct xc_errbuf *errbuf)
{
	struct setter setter = { settings, setting, place, errbuf };
	enum xc_err err;

	err = set_text(&setter, text);
	return err == XC_OK ? note_origin(&setter) : err;
}
