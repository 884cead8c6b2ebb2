/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include <xcore/json.h>

#include "lib/text.h"
#include "manifest-config.h"
#include "manifest-private.h"
#include "semver.h"

#define MANIFEST_MAX (256u << 10)

/* A control character of one byte, or of the two that U+0080 to U+009F have
 * in UTF-8: its length, or 0. */
static size_t
control_len(const char *text)
{
	unsigned char c = (unsigned char)text[0];
	unsigned char next = c == '\0' ? c : (unsigned char)text[1];

	if (c < 0x20 || c == 0x7f)
		return 1;
	return c == 0xc2 && next >= 0x80 && next <= 0x9f ? 2 : 0;
}

/* Writes "\x1b" for the byte, so that a name of somebody's manifest cannot
 * steer the terminal that shows it.  What does not fit is left out. */
static void
escape(char *text, char *shown, size_t size)
{
	size_t used = 0;

	xc_utf8_tidy(text);
	while (*text != '\0' && used + 9 < size) {
		size_t n = control_len(text);

		if (n == 0)
			shown[used++] = *text++;
		for (; n > 0; n--)
			used += (size_t)snprintf(shown + used, size - used,
			    "\\x%02x", (unsigned char)*text++);
	}
	shown[used] = '\0';
}

void
xc_check_fault(struct xc_check *check, const char *pointer, const char *format,
    ...)
{
	size_t room = sizeof(check->faults) - check->used;
	char what[512], shown[1024], place[256], where[512];
	va_list ap;
	int n;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	escape(what, shown, sizeof(shown));
	snprintf(place, sizeof(place), "%s", pointer);
	escape(place, where, sizeof(where));
	n = snprintf(check->faults + check->used, room,
	    "%splugin.json: %s: %s", check->used > 0 ? "; " : "", where,
	    shown);
	if (n > 0)
		check->used += (size_t)n < room ? (size_t)n : room - 1;
}

bool
xc_plugin_name_ok(const char *name)
{
	size_t len = strlen(name);

	return len >= 1 && len <= 32 && name[0] >= 'a' && name[0] <= 'z' &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

/* A string without NUL and control characters; NULL, with a fault, if not. */
const char *
xc_check_text(struct xc_check *check, const char *pointer,
    struct json_object *value, size_t max)
{
	const char *text;
	size_t len;

	if (!json_object_is_type(value, json_type_string)) {
		xc_check_fault(check, pointer, "must be a string");
		return NULL;
	}
	text = json_object_get_string(value);
	len = (size_t)json_object_get_string_len(value);
	if (len == 0 || len > max) {
		xc_check_fault(check, pointer, "must be 1 to %zu bytes long",
		    max);
		return NULL;
	}
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) {
			xc_check_fault(check, pointer,
			    "holds a control character");
			return NULL;
		}
	}
	return text;
}

static void
check_name(struct xc_check *check, struct json_object *value)
{
	check->manifest->name = json_object_get_string(value);
}

static void
check_version(struct xc_check *check, struct json_object *value)
{
	const char *version = json_object_get_string(value);
	struct xc_semver parsed;

	if (!xc_semver_parse(version, &parsed))
		xc_check_fault(check, "/version",
		    "\"%s\" is not a semantic version; "
		    "write three numbers, for example \"1.2.0\" or "
		    "\"1.2.0-rc.1\"",
		    version);
	check->manifest->version = version;
}

static void
check_author(struct xc_check *check, struct json_object *value)
{
	check->manifest->author = json_object_get_string(value);
}

static void
check_description(struct xc_check *check, struct json_object *value)
{
	check->manifest->description = json_object_get_string(value);
}

static void
check_license(struct xc_check *check, struct json_object *value)
{
	check->manifest->license = json_object_get_string(value);
}

static const char *
check_range(struct xc_check *check, const char *pointer,
    struct json_object *value)
{
	const char *range = json_object_get_string(value);
	struct xc_errbuf why;

	if (xc_semver_range_check(range, &why) != XC_OK) {
		xc_check_fault(check, pointer, "%s", why.text);
		return NULL;
	}
	return range;
}

static void
check_required_plugin(struct xc_check *check, const char *name,
    struct json_object *value)
{
	struct xc_manifest *manifest = check->manifest;
	struct xc_requirement *required =
	    &manifest->requires[manifest->n_requires];
	char pointer[96];

	if (!xc_plugin_name_ok(name)) {
		xc_check_fault(check, "/requires/plugins",
		    "\"%.32s\" cannot be the name of a plugin", name);
		return;
	}
	snprintf(pointer, sizeof(pointer), "/requires/plugins/%s", name);
	if (manifest->name != NULL && strcmp(name, manifest->name) == 0)
		xc_check_fault(check, pointer,
		    "a plugin cannot require itself");
	required->name = name;
	required->range = check_range(check, pointer, value);
	if (required->range != NULL)
		manifest->n_requires++;
}

static void
check_required_plugins(struct xc_check *check, struct json_object *value)
{
	struct lh_entry *entry;
	size_t n;

	n = (size_t)json_object_object_length(value);
	check->manifest->requires = calloc(n + 1,
	    sizeof(*check->manifest->requires));
	if (check->manifest->requires == NULL) {
		check->nomem = true;
		return;
	}
	lh_foreach(json_object_get_object(value), entry)
		check_required_plugin(check, lh_entry_k(entry),
		    lh_entry_v(entry));
}

static void
check_requires(struct xc_check *check, struct json_object *value)
{
	struct json_object *plugins = xc_json_member(value, "plugins");
	struct json_object *xcore = xc_json_member(value, "xcore");

	if (xcore != NULL)
		check->manifest->requires_xcore = check_range(check,
		    "/requires/xcore", xcore);
	if (plugins != NULL)
		check_required_plugins(check, plugins);
}

static void
check_config(struct xc_check *check, struct json_object *value)
{
	struct xc_errbuf why = { "" };
	char where[256], pointer[300];
	enum xc_err err = xc_config_check(value, where, sizeof(where), &why);

	check->manifest->config = value;
	snprintf(pointer, sizeof(pointer), "/config%s", where);
	if (err == XC_ERR_NOMEM)
		check->nomem = true;
	else if (err != XC_OK)
		xc_check_fault(check, pointer, "%s", why.text);
}

static void
check_core(struct xc_check *check, struct json_object *value)
{
	check->manifest->core = json_object_get_boolean(value);
}

/* Those that their schema has not told all of. */
static const struct {
	const char *key;
	void (*check)(struct xc_check *check, struct json_object *value);
} fields[] = {
	{ "name", check_name },
	{ "version", check_version },
	{ "author", check_author },
	{ "description", check_description },
	{ "license", check_license },
	{ "prefix", xc_check_prefix },
	{ "requires", check_requires },
	{ "isolation", xc_check_isolation },
	{ "limits", xc_check_limits },
	{ "require", xc_check_require },
	{ "permissions", xc_check_permissions },
	{ "actions", xc_check_actions },
	{ "config", check_config },
	{ "events", xc_check_events },
	{ "middleware", xc_check_middleware },
	{ "core", check_core },
};

const size_t xc_manifest_n_fields = sizeof(fields) / sizeof(fields[0]);

const char *
xc_manifest_field(size_t i)
{
	return fields[i].key;
}

static void
check_all(struct xc_check *check, const char *text, size_t len)
{
	struct json_object *json = check->manifest->json;

	xc_check_shape(check, text, len);
	for (size_t i = 0; i < xc_manifest_n_fields; i++) {
		struct json_object *value;

		if ((check->misshapen & UINT32_C(1) << i) == 0 &&
		    json_object_object_get_ex(json, fields[i].key, &value))
			fields[i].check(check, value);
	}
	xc_check_place(check);
	xc_check_steps(check);
}

static enum xc_err
parse_json(const char *text, size_t len, struct json_object **json_r,
    struct xc_errbuf *errbuf)
{
	char where[200];
	enum xc_err err;

	*json_r = NULL;
	if (len > MANIFEST_MAX)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "plugin.json: /: longer than 256 KiB");
	err = xc_json_parse(text, len, json_r, where, sizeof(where));
	if (err != XC_OK)
		return xc_fail(errbuf, err, "plugin.json: /: not JSON: %s",
		    where);
	if (json_object_is_type(*json_r, json_type_object))
		return XC_OK;
	json_object_put(*json_r);
	*json_r = NULL;
	return xc_fail(errbuf, XC_ERR_INVALID,
	    "plugin.json: /: must be a JSON object");
}

enum xc_err
xc_manifest_parse(const char *text, size_t len,
    struct xc_manifest **manifest_r, struct xc_errbuf *errbuf)
{
	struct xc_check check = { .errbuf = errbuf };
	struct json_object *json;
	enum xc_err err;

	*manifest_r = NULL;
	err = parse_json(text, len, &json, errbuf);
	if (err != XC_OK)
		return err;
	check.owner = calloc(1, sizeof(*check.owner));
	if (check.owner == NULL) {
		json_object_put(json);
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	}
	check.manifest = &check.owner->manifest;
	check.manifest->json = json;
	check_all(&check, text, len);
	if (check.nomem)
		err = xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	else if (check.used > 0)
		err = xc_fail(errbuf, XC_ERR_INVALID, "%s", check.faults);
	*manifest_r = check.manifest;
	if (err != XC_OK)
		xc_manifest_free(manifest_r);
	return err;
}

void
xc_manifest_free(struct xc_manifest **manifest)
{
	struct xc_manifest *old = *manifest;

	*manifest = NULL;
	if (old == NULL)
		return;
	json_object_put(old->json);
	free(old->requires);
	free(old->permissions);
	free(old->events);
	free(old->actions);
	xc_steps_free(&old->steps);
	/* It is the first member of its owner. */
	free(old);
}
