/* SPDX-License-Identifier: MIT */
/* What is in force, and the log's part put to use. */
#include <string.h>

#include <json-c/json.h>

#include "settings-private.h"

/* A new reference to the value as JSON. */
static struct json_object *
value_of(const struct xc_settings *settings, const struct xc_setting *setting)
{
	const void *slot = (const char *)settings + setting->offset;

	switch (setting->type) {
	case XC_NUMBER:
		return json_object_new_int64(*(const int64_t *)slot);
	case XC_SWITCH:
		return json_object_new_boolean(*(const bool *)slot);
	case XC_LIST:
	case XC_PATHS:
	case XC_LEVELS:
	case XC_MAP:
	case XC_PART:
	case XC_RATES:
	case XC_PREFIXES:
		return json_object_get(*(struct json_object *const *)slot);
	default:
		return json_object_new_string(*(const char *const *)slot);
	}
}

static const char *
from_of(const struct xc_settings *settings, const struct xc_setting *setting)
{
	const char *from =
	    settings->origins[setting - xc_settings_table].from;

	return from == NULL ? "default" : from;
}

static void
dump_plugins(const struct xc_settings *settings, FILE *out)
{
	if (settings->plugins == NULL)
		return;
	json_object_object_foreach(settings->plugins, name, value)
		fprintf(out, "plugins.%s = %s\n", name,
		    json_object_to_json_string_ext(value,
		    JSON_C_TO_STRING_NOSLASHESCAPE));
}

void
xc_settings_dump(const struct xc_settings *settings, FILE *out)
{
	size_t i;

	for (i = 0; i < xc_settings_table_len; i++) {
		const struct xc_setting *setting = &xc_settings_table[i];
		struct json_object *value = value_of(settings, setting);

		fprintf(out, "%s.%s = %s   # %s\n", setting->section,
		    setting->key, json_object_to_json_string_ext(value,
		    JSON_C_TO_STRING_NOSLASHESCAPE),
		    from_of(settings, setting));
		json_object_put(value);
	}
	dump_plugins(settings, out);
}

/* object[name], made if need be; NULL without memory. */
static struct json_object *
sub_object(struct json_object *object, const char *name)
{
	struct json_object *sub;

	if (json_object_object_get_ex(object, name, &sub))
		return sub;
	sub = json_object_new_object();
	if (sub != NULL && json_object_object_add(object, name, sub) != 0) {
		json_object_put(sub);
		return NULL;
	}
	return sub;
}

struct json_object *
xc_settings_json(const struct xc_settings *settings)
{
	struct json_object *all = json_object_new_object(), *entry;
	size_t i;

	for (i = 0; all != NULL && i < xc_settings_table_len; i++) {
		const struct xc_setting *setting = &xc_settings_table[i];

		entry = sub_object(all, setting->section);
		if (entry != NULL)
			entry = sub_object(entry, setting->key);
		if (entry == NULL) {
			json_object_put(all);
			return NULL;
		}
		json_object_object_add(entry, "value",
		    value_of(settings, setting));
		json_object_object_add(entry, "from",
		    json_object_new_string(from_of(settings, setting)));
	}
	if (all != NULL && settings->plugins != NULL)
		json_object_object_add(all, "plugins",
		    json_object_get(settings->plugins));
	return all;
}

static enum xc_log_sink
sink_of(const char *text)
{
	if (strcmp(text, "file") == 0)
		return XC_LOG_FILE;
	return strcmp(text, "syslog") == 0 ? XC_LOG_SYSLOG : XC_LOG_STDERR;
}

static enum xc_log_format
format_of(const char *text)
{
	if (strcmp(text, "text") == 0)
		return XC_LOG_TEXT;
	return strcmp(text, "json") == 0 ? XC_LOG_JSON : XC_LOG_AUTO;
}

static enum xc_err
apply_levels(const struct xc_settings *settings, struct xc_errbuf *errbuf)
{
	enum xc_log_level level;

	json_object_object_foreach(settings->log.levels, name, value) {
		enum xc_err err = XC_ERR_INVALID;

		if (xc_log_level_parse(json_object_get_string(value), &level))
			err = xc_log_set_level(name, level);
		if (err != XC_OK)
			return xc_fail(errbuf, err, "log.levels: \"%.64s\": "
			    "no name of a logger, or more than 64", name);
	}
	return XC_OK;
}

enum xc_err
xc_settings_open_log(const struct xc_settings *settings,
    struct xc_errbuf *errbuf)
{
	struct xc_log_settings log = {
		.sink = sink_of(settings->log.sink),
		.format = format_of(settings->log.format),
		.file = settings->log.file,
		.level = XC_LOG_NOTICE,
		.development = settings->server.development,
	};
	enum xc_err err;

	xc_log_level_parse(settings->log.level, &log.level);
	err = xc_log_open(&log, errbuf);
	if (err != XC_OK)
		return err;
	return apply_levels(settings, errbuf);
}
