/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include <xcore/json.h>

#include "lib/permit.h"
#include "loader-version.h"
#include "sandbox/layers.h"

static enum xc_err
fail_nomem(struct xc_errbuf *errbuf)
{
	return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
}

static enum xc_err
take_isolation(struct xc_version *version, struct json_object *json,
    struct xc_errbuf *errbuf)
{
	const char *text = xc_json_string(json, "isolation");

	version->plugin.isolation = XC_ISOLATION_INPROCESS;
	if (text == NULL || xc_isolation_parse(text,
	    &version->plugin.isolation))
		return XC_OK;
	return xc_fail(errbuf, XC_ERR_INVALID, "the snapshot names the "
	    "isolation \"%s\"; this release knows inprocess, pool and "
	    "request", text);
}

/* 0 where there is none, or what is no number. */
static uint32_t
limit_of(struct json_object *limits, const char *name)
{
	int64_t value = 0;

	if (limits == NULL || !xc_json_int(limits, name, &value) || value < 0)
		return 0;
	return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

static void
take_limits(struct xc_version *version, struct json_object *json)
{
	struct json_object *given = xc_json_member(json, "limits");
	struct xc_limits *limits = &version->plugin.limits;

	limits->cpu_ms = limit_of(given, "cpu_ms");
	limits->timeout_ms = limit_of(given, "timeout_ms");
	limits->memory_mb = limit_of(given, "memory_mb");
	limits->rate = limit_of(given, "rate");
	limits->files = limit_of(given, "files");
	limits->threads = limit_of(given, "threads");
	limits->reply_kb = limit_of(given, "reply_kb");
}

/* The strings of a list, for those who walk it; "" for what is none. */
static const char *
text_at(struct json_object *list, size_t i)
{
	struct json_object *one = json_object_array_get_idx(list, i);

	return json_object_is_type(one, json_type_string) ?
	    json_object_get_string(one) : "";
}

static size_t
length_of(struct json_object *list)
{
	return json_object_is_type(list, json_type_array) ?
	    json_object_array_length(list) : 0;
}

static bool
has_permission(struct json_object *list, const char *name)
{
	for (size_t i = 0; i < length_of(list); i++) {
		if (strcmp(text_at(list, i), name) == 0)
			return true;
	}
	return false;
}

static void
free_texts(char **texts)
{
	for (size_t i = 0; texts != NULL && texts[i] != NULL; i++)
		free(texts[i]);
	free(texts);
}

/* What stands behind "http:", "event:" in the permissions that begin so, the
 * last followed by NULL; NULL if there are none. */
static enum xc_err
take_named(struct json_object *list, const char *kind, char ***texts_r)
{
	size_t len = strlen(kind), n = 0;
	char **texts = calloc(length_of(list) + 1, sizeof(*texts));

	if (texts == NULL)
		return XC_ERR_NOMEM;
	for (size_t i = 0; i < length_of(list); i++) {
		const char *text = text_at(list, i);

		if (strncmp(text, kind, len) != 0 || text[len] == '\0')
			continue;
		texts[n] = strdup(text + len);
		if (texts[n++] == NULL) {
			free_texts(texts);
			return XC_ERR_NOMEM;
		}
	}
	if (n == 0) {
		free(texts);
		texts = NULL;
	}
	*texts_r = texts;
	return XC_OK;
}

static enum xc_err
take_permissions(struct xc_version *version, struct json_object *json,
    struct xc_errbuf *errbuf)
{
	struct json_object *list = xc_json_member(json, "permissions");
	struct xc_plugin *plugin = &version->plugin;

	plugin->may_database = has_permission(list, "database");
	plugin->may_cache = has_permission(list, "cache");
	plugin->may_openapi = has_permission(list, "openapi");
	if (xc_permit_words(list, &plugin->words) != XC_OK ||
	    take_named(list, "http:", &plugin->http_hosts) != XC_OK ||
	    take_named(list, "event:", &plugin->emits) != XC_OK)
		return fail_nomem(errbuf);
	return XC_OK;
}

static enum xc_err
take_require(struct xc_version *version, struct json_object *json,
    struct xc_errbuf *errbuf)
{
	struct json_object *list = xc_json_member(json, "require");
	enum xc_layer layer;

	for (size_t i = 0; i < length_of(list); i++) {
		if (!xc_layer_parse(text_at(list, i), &layer))
			return xc_fail(errbuf, XC_ERR_UNSUPPORTED, "it "
			    "requires the layer \"%s\", which this release "
			    "does not know", text_at(list, i));
		version->require |= XC_LAYER_BIT(layer);
	}
	if (version->require != 0 &&
	    version->plugin.isolation == XC_ISOLATION_INPROCESS)
		return xc_fail(errbuf, XC_ERR_UNSUPPORTED, "it requires the "
		    "layer \"%s\" of a sandbox and is to run in-process, "
		    "where there is none: give it the level \"pool\"",
		    text_at(list, 0));
	return XC_OK;
}

static bool
add_event(struct xc_version *version, const char *name,
    const char *operation)
{
	size_t i = version->row.n_events;
	struct xc_loaded_event *event = &version->events[i];
	char **texts = &version->event_texts[2 * i];

	texts[0] = strdup(name);
	texts[1] = texts[0] != NULL ? strdup(operation) : NULL;
	if (texts[1] == NULL)
		return false;
	event->name = texts[0];
	event->operation_name = texts[1];
	version->row.n_events++;
	return true;
}

static enum xc_err
take_events(struct xc_version *version, struct json_object *json,
    struct xc_errbuf *errbuf)
{
	struct json_object *events = xc_json_member(json, "events");
	struct lh_entry *entry;
	size_t n;

	if (!json_object_is_type(events, json_type_object) ||
	    json_object_object_length(events) == 0)
		return XC_OK;
	n = (size_t)json_object_object_length(events);
	version->events = calloc(n, sizeof(*version->events));
	version->event_texts = calloc(2 * n + 1,
	    sizeof(*version->event_texts));
	if (version->events == NULL || version->event_texts == NULL)
		return fail_nomem(errbuf);
	version->row.events = version->events;
	lh_foreach(json_object_get_object(events), entry) {
		struct json_object *value = lh_entry_v(entry);

		if (!json_object_is_type(value, json_type_string))
			return xc_fail(errbuf, XC_ERR_INVALID, "the snapshot "
			    "names no operation for the event \"%s\"",
			    (const char *)lh_entry_k(entry));
		if (!add_event(version, lh_entry_k(entry),
		    json_object_get_string(value)))
			return fail_nomem(errbuf);
	}
	return XC_OK;
}

/* They were taken when the row was made. */
static enum xc_err
check_steps(const struct xc_version *version, struct json_object *json,
    struct xc_errbuf *errbuf)
{
	struct json_object *list = xc_json_member(json, "middleware");

	if (list != NULL && (!json_object_is_type(list, json_type_array) ||
	    version->row.n_steps != json_object_array_length(list)))
		return xc_fail(errbuf, XC_ERR_INVALID, "the snapshot's "
		    "\"middleware\" of it cannot be read");
	if (version->plugin.isolation == XC_ISOLATION_REQUEST &&
	    xc_steps_have_site(&version->asked))
		return xc_fail(errbuf, XC_ERR_UNSUPPORTED, XC_STEPS_LEVEL);
	return XC_OK;
}

enum xc_err
xc_version_take_terms(struct xc_version *version, struct json_object *json,
    struct xc_errbuf *errbuf)
{
	enum xc_err err = take_isolation(version, json, errbuf);

	if (err != XC_OK)
		return err;
	take_limits(version, json);
	err = take_permissions(version, json, errbuf);
	if (err == XC_OK)
		err = take_require(version, json, errbuf);
	if (err == XC_OK)
		err = take_events(version, json, errbuf);
	if (err == XC_OK)
		err = check_steps(version, json, errbuf);
	return err;
}

void
xc_version_free_terms(struct xc_version *version)
{
	xc_permit_words_free(&version->plugin.words);
	free_texts(version->plugin.http_hosts);
	free_texts(version->plugin.emits);
	free_texts(version->event_texts);
	free(version->events);
}
