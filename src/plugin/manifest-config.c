/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include <xcore/json.h>

#include "manifest-config.h"
#include "manifest.h"

struct merge {
	bool complete;
	struct xc_errbuf *errbuf;
	char pointer[256];	/* of the setting at hand */
};

static enum xc_err merge_value(struct merge *merge,
    struct json_object *schema, struct json_object *value,
    struct json_object **out_r);

static enum xc_err
refuse(const struct merge *merge, const char *what)
{
	return xc_fail(merge->errbuf, XC_ERR_INVALID, "setting %s: %s",
	    merge->pointer[0] != '\0' ? merge->pointer : "/", what);
}

/* Goes into a member; what it returns takes leave() back out. */
static size_t
enter(struct merge *merge, const char *key)
{
	size_t len = strlen(merge->pointer);

	snprintf(merge->pointer + len, sizeof(merge->pointer) - len, "/%s",
	    key);
	return len;
}

static void
leave(struct merge *merge, size_t len)
{
	merge->pointer[len] = '\0';
}

static enum xc_err
check_keywords(const struct merge *merge, struct json_object *schema)
{
	static const char *const known[] = { "type", "properties", "required",
		"additionalProperties", "items", "enum", "default", "minimum",
		"maximum", "minLength", "maxLength", "title", "description",
		"examples", "secret", "$schema", "$comment", "deprecated" };
	struct lh_entry *entry;

	if (!json_object_is_type(schema, json_type_object))
		return refuse(merge, "its schema must be an object");
	lh_foreach(json_object_get_object(schema), entry) {
		const char *key = lh_entry_k(entry);
		size_t i = 0, n = sizeof(known) / sizeof(known[0]);

		while (i < n && strcmp(key, known[i]) != 0)
			i++;
		if (i == n && strncmp(key, "x-", 2) != 0)
			return xc_fail(merge->errbuf, XC_ERR_INVALID,
			    "setting %s: its schema uses \"%.40s\", which is "
			    "not checked here; take it out", merge->pointer,
			    key);
	}
	return XC_OK;
}

static bool
is_of_type(const char *type, struct json_object *value)
{
	static const struct {
		const char *name;
		enum json_type type;
	} types[] = { { "null", json_type_null },
		{ "boolean", json_type_boolean },
		{ "object", json_type_object },
		{ "array", json_type_array }, { "string", json_type_string },
		{ "integer", json_type_int }, { "number", json_type_int },
		{ "number", json_type_double } };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(type, types[i].name) == 0 &&
		    json_object_is_type(value, types[i].type))
			return true;
	}
	return false;
}

static enum xc_err
check_type(const struct merge *merge, struct json_object *schema,
    struct json_object *value)
{
	struct json_object *type = xc_json_member(schema, "type");
	size_t n;

	if (type == NULL)
		return XC_OK;
	if (json_object_is_type(type, json_type_string)) {
		if (is_of_type(json_object_get_string(type), value))
			return XC_OK;
		return xc_fail(merge->errbuf, XC_ERR_INVALID,
		    "setting %s: must be of type %s", merge->pointer,
		    json_object_get_string(type));
	}
	if (!json_object_is_type(type, json_type_array))
		return refuse(merge, "\"type\" must be a string or an array");
	n = json_object_array_length(type);
	for (size_t i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(type, i);

		if (json_object_is_type(one, json_type_string) &&
		    is_of_type(json_object_get_string(one), value))
			return XC_OK;
	}
	return refuse(merge, "is of none of the types that its schema names");
}

static enum xc_err
check_enum(const struct merge *merge, struct json_object *schema,
    struct json_object *value)
{
	struct json_object *list = xc_json_member(schema, "enum");
	size_t n;

	if (list == NULL)
		return XC_OK;
	if (!json_object_is_type(list, json_type_array))
		return refuse(merge, "\"enum\" must be an array");
	n = json_object_array_length(list);
	for (size_t i = 0; i < n; i++) {
		if (json_object_equal(json_object_array_get_idx(list, i),
		    value))
			return XC_OK;
	}
	return xc_fail(merge->errbuf, XC_ERR_INVALID,
	    "setting %s: must be one of %s", merge->pointer,
	    json_object_to_json_string(list));
}

/* The size that minimum and maximum, or minLength and maxLength, are about. */
static bool
measure(struct json_object *value, bool *is_text_r, double *size_r)
{
	*is_text_r = json_object_is_type(value, json_type_string);
	if (*is_text_r)
		*size_r = json_object_get_string_len(value);
	else
		*size_r = json_object_get_double(value);
	return *is_text_r || json_object_is_type(value, json_type_int) ||
	    json_object_is_type(value, json_type_double);
}

static enum xc_err
check_bounds(const struct merge *merge, struct json_object *schema,
    struct json_object *value)
{
	struct json_object *low, *high;
	bool is_text;
	double size;

	if (!measure(value, &is_text, &size))
		return XC_OK;
	low = xc_json_member(schema, is_text ? "minLength" : "minimum");
	high = xc_json_member(schema, is_text ? "maxLength" : "maximum");
	if (low != NULL && size < json_object_get_double(low))
		return xc_fail(merge->errbuf, XC_ERR_INVALID,
		    "setting %s: must be at least %s%s", merge->pointer,
		    json_object_to_json_string(low),
		    is_text ? " bytes long" : "");
	if (high != NULL && size > json_object_get_double(high))
		return xc_fail(merge->errbuf, XC_ERR_INVALID,
		    "setting %s: must be at most %s%s", merge->pointer,
		    json_object_to_json_string(high),
		    is_text ? " bytes long" : "");
	return XC_OK;
}

/* A setting without a schema is refused unless the schema lets others in: a
 * misspelt one would be ignored without a word. */
static enum xc_err
check_unknown(struct merge *merge, struct json_object *schema,
    struct json_object *value)
{
	struct json_object *properties = xc_json_member(schema, "properties");
	struct lh_entry *entry;
	bool others = false;

	xc_json_bool(schema, "additionalProperties", &others);
	if (others || value == NULL)
		return XC_OK;
	lh_foreach(json_object_get_object(value), entry) {
		const char *key = lh_entry_k(entry);
		size_t mark;

		if (json_object_object_get_ex(properties, key, NULL))
			continue;
		mark = enter(merge, key);
		refuse(merge, "the plugin has no such setting; see \"config\" "
		    "in its plugin.json");
		leave(merge, mark);
		return XC_ERR_INVALID;
	}
	return XC_OK;
}

static enum xc_err
check_required(const struct merge *merge, struct json_object *schema,
    struct json_object *out)
{
	struct json_object *list = xc_json_member(schema, "required");
	size_t n;

	if (list == NULL || !merge->complete)
		return XC_OK;
	if (!json_object_is_type(list, json_type_array))
		return refuse(merge, "\"required\" must be an array");
	n = json_object_array_length(list);
	for (size_t i = 0; i < n; i++) {
		struct json_object *key = json_object_array_get_idx(list, i);

		if (json_object_is_type(key, json_type_string) &&
		    xc_json_member(out, json_object_get_string(key)) == NULL)
			return xc_fail(merge->errbuf, XC_ERR_INVALID,
			    "setting %s/%s: must be set, there is no default",
			    merge->pointer, json_object_get_string(key));
	}
	return XC_OK;
}

/* What has no schema of its own goes over as it is. */
static enum xc_err
copy_others(struct json_object *properties, struct json_object *value,
    struct json_object *out)
{
	struct lh_entry *entry;

	if (value == NULL)
		return XC_OK;
	lh_foreach(json_object_get_object(value), entry) {
		const char *key = lh_entry_k(entry);

		if (json_object_object_get_ex(properties, key, NULL))
			continue;
		if (json_object_object_add(out, key,
		    json_object_get(lh_entry_v(entry))) != 0)
			return XC_ERR_NOMEM;
	}
	return XC_OK;
}

static enum xc_err
merge_member(struct merge *merge, const char *key, struct json_object *schema,
    struct json_object *value, struct json_object *out)
{
	size_t mark = enter(merge, key);
	struct json_object *member;
	enum xc_err err;

	err = merge_value(merge, schema, xc_json_member(value, key), &member);
	leave(merge, mark);
	if (err != XC_OK || member == NULL)
		return err;
	if (json_object_object_add(out, key, member) == 0)
		return XC_OK;
	json_object_put(member);
	return XC_ERR_NOMEM;
}

static enum xc_err
fill_object(struct merge *merge, struct json_object *schema,
    struct json_object *value, struct json_object *out)
{
	struct json_object *properties = xc_json_member(schema, "properties");
	struct lh_entry *entry;
	enum xc_err err;

	if (!json_object_is_type(properties, json_type_object))
		return refuse(merge, "\"properties\" must be an object");
	err = check_unknown(merge, schema, value);
	if (err != XC_OK)
		return err;
	lh_foreach(json_object_get_object(properties), entry) {
		err = merge_member(merge, lh_entry_k(entry),
		    lh_entry_v(entry), value, out);
		if (err != XC_OK)
			return err;
	}
	err = copy_others(properties, value, out);
	return err == XC_OK ? check_required(merge, schema, out) : err;
}

static enum xc_err
merge_object(struct merge *merge, struct json_object *schema,
    struct json_object *value, struct json_object **out_r)
{
	struct json_object *out = json_object_new_object();
	enum xc_err err;

	if (out == NULL)
		return XC_ERR_NOMEM;
	err = fill_object(merge, schema, value, out);
	if (err != XC_OK) {
		json_object_put(out);
		return err;
	}
	*out_r = out;
	return XC_OK;
}

static enum xc_err
check_items(struct merge *merge, struct json_object *schema,
    struct json_object *value)
{
	struct json_object *items = xc_json_member(schema, "items");
	size_t n;

	if (items == NULL || !json_object_is_type(value, json_type_array))
		return XC_OK;
	n = json_object_array_length(value);
	for (size_t i = 0; i < n; i++) {
		struct json_object *ignored = NULL;
		char index[24];
		size_t mark;
		enum xc_err err;

		snprintf(index, sizeof(index), "%zu", i);
		mark = enter(merge, index);
		err = merge_value(merge, items,
		    json_object_array_get_idx(value, i), &ignored);
		json_object_put(ignored);
		leave(merge, mark);
		if (err != XC_OK)
			return err;
	}
	return XC_OK;
}

/* *out_r is NULL if there is neither a setting nor a default. */
static enum xc_err
merge_value(struct merge *merge, struct json_object *schema,
    struct json_object *value, struct json_object **out_r)
{
	enum xc_err err = check_keywords(merge, schema);

	*out_r = NULL;
	if (err != XC_OK)
		return err;
	if (value == NULL)
		value = xc_json_member(schema, "default");
	if (value != NULL)
		err = check_type(merge, schema, value);
	if (err == XC_OK && value != NULL)
		err = check_enum(merge, schema, value);
	if (err == XC_OK && value != NULL)
		err = check_bounds(merge, schema, value);
	if (err == XC_OK && value != NULL)
		err = check_items(merge, schema, value);
	if (err != XC_OK)
		return err;
	if (json_object_object_get_ex(schema, "properties", NULL) &&
	    (value == NULL || json_object_is_type(value, json_type_object)))
		return merge_object(merge, schema, value, out_r);
	*out_r = json_object_get(value);
	return XC_OK;
}

enum xc_err
xc_config_merge(struct json_object *schema, struct json_object *settings,
    bool complete, struct json_object **config_r, struct xc_errbuf *errbuf)
{
	struct merge merge = { .complete = complete, .errbuf = errbuf };
	enum xc_err err;

	*config_r = NULL;
	if (settings != NULL &&
	    !json_object_is_type(settings, json_type_object))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "settings: must be an object");
	err = merge_value(&merge, schema, settings, config_r);
	if (err == XC_OK && *config_r == NULL)
		*config_r = json_object_new_object();
	if (err == XC_ERR_NOMEM || (err == XC_OK && *config_r == NULL))
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	return err;
}

enum xc_err
xc_manifest_config(const struct xc_manifest *manifest,
    struct json_object *settings, struct json_object **config_r,
    struct xc_errbuf *errbuf)
{
	*config_r = NULL;
	if (manifest->config != NULL)
		return xc_config_merge(manifest->config, settings, true,
		    config_r, errbuf);
	if (settings != NULL && json_object_object_length(settings) > 0)
		return xc_fail(errbuf, XC_ERR_INVALID, "plugin %s has no "
		    "settings; take \"plugins\".\"%s\" out of the "
		    "configuration", manifest->name, manifest->name);
	return XC_OK;
}
