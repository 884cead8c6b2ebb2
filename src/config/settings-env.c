/* SPDX-License-Identifier: MIT */
/* XCORE__SECTION__KEY=value */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "settings-private.h"

#define PREFIX		"XCORE__"
#define NAME_MAX_LEN	128

struct variable {
	char name[NAME_MAX_LEN];	/* as it stands */
	char section[NAME_MAX_LEN];	/* in lower case */
	const char *key;		/* in section's room */
	const char *value;
};

static void
lower(char *text)
{
	for (; *text != '\0'; text++)
		*text = (char)tolower((unsigned char)*text);
}

static void
upper(const char *text, char *out, size_t size)
{
	size_t i;

	for (i = 0; text[i] != '\0' && i + 1 < size; i++)
		out[i] = (char)toupper((unsigned char)text[i]);
	out[i] = '\0';
}

static enum xc_err
unknown(const struct variable *variable, struct xc_errbuf *errbuf)
{
	const struct xc_setting *near;
	char section[64], key[64];

	near = xc_setting_nearest(variable->section, variable->key);
	if (near == NULL)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "%s: no key of the configuration has this name; see "
		    "xcore.json(5)", variable->name);
	upper(near->section, section, sizeof(section));
	upper(near->key, key, sizeof(key));
	return xc_fail(errbuf, XC_ERR_INVALID, "%s: unknown key; did you mean "
	    PREFIX "%s__%s?", variable->name, section, key);
}

static enum xc_err
set_plugin(struct xc_settings *settings, const struct variable *variable,
    struct xc_errbuf *errbuf)
{
	struct xc_place place = { variable->name, 0, 0 };
	enum json_tokener_error error;
	struct json_object *value;
	enum xc_err err;

	value = json_tokener_parse_verbose(variable->value, &error);
	if (value == NULL)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "%s: a JSON object expected: %s", variable->name,
		    json_tokener_error_desc(error));
	err = xc_settings_set_plugin(settings, variable->key, value, &place,
	    errbuf);
	json_object_put(value);
	return err;
}

/* Takes apart NAME=VALUE; XC_ERR_NOT_FOUND if it is not for us. */
static enum xc_err
split_variable(const char *entry, struct variable *variable,
    struct xc_errbuf *errbuf)
{
	const char *equals = strchr(entry, '=');
	size_t len, skip = strlen(PREFIX);
	char *split;

	if (equals == NULL || strncmp(entry, PREFIX, skip) != 0)
		return XC_ERR_NOT_FOUND;
	len = (size_t)(equals - entry);
	if (len >= sizeof(variable->name))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "%.64s...: this name is too long", entry);
	memcpy(variable->name, entry, len);
	variable->name[len] = '\0';
	memcpy(variable->section, variable->name + skip, len - skip + 1);
	lower(variable->section);
	split = strstr(variable->section, "__");
	if (split == NULL)
		return xc_fail(errbuf, XC_ERR_INVALID, "%s: " PREFIX
		    "SECTION__KEY expected", variable->name);
	*split = '\0';
	variable->key = split + 2;
	variable->value = equals + 1;
	return XC_OK;
}

static enum xc_err
take_variable(struct xc_settings *settings, const char *entry,
    struct xc_errbuf *errbuf)
{
	const struct xc_setting *setting;
	struct variable variable;
	struct xc_place place = { variable.name, 0, 0 };
	enum xc_err err;

	err = split_variable(entry, &variable, errbuf);
	if (err != XC_OK)
		return err == XC_ERR_NOT_FOUND ? XC_OK : err;
	if (strcmp(variable.section, "plugins") == 0)
		return set_plugin(settings, &variable, errbuf);
	setting = xc_setting_find(variable.section, variable.key);
	if (setting == NULL)
		return unknown(&variable, errbuf);
	return xc_settings_set_text(settings, setting, variable.value, &place,
	    errbuf);
}

enum xc_err
xc_settings_read_env(struct xc_settings *settings, char *const *environment,
    struct xc_errbuf *errbuf)
{
	enum xc_err err = XC_OK;

	for (; err == XC_OK && *environment != NULL; environment++)
		err = take_variable(settings, *environment, errbuf);
	return err;
}
