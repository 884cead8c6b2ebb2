/* SPDX-License-Identifier: MIT */
/* The members that say where a plugin runs and what it may do there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include "config/near.h"
#include "plugin/limit.h"
#include "plugin/manifest-private.h"
#include "plugin/permission.h"
#include "sandbox/layers.h"

#define OPERATION_MAX 63

void
xc_check_isolation(struct xc_check *check, struct json_object *value)
{
	const char *level = xc_check_text(check, "/isolation", value, 16);
	enum xc_isolation isolation;

	if (level != NULL && !xc_isolation_parse(level, &isolation))
		xc_check_fault(check, "/isolation", "\"%s\" is not "
		    "\"inprocess\", \"pool\" or \"request\"", level);
	check->manifest->isolation = level;
}

static void
check_limit(struct xc_check *check, const char *name,
    struct json_object *value)
{
	struct xc_errbuf why = { "" };
	char pointer[64] = "/limits";
	int64_t number = -1;
	enum xc_err err;

	if (json_object_is_type(value, json_type_int))
		number = json_object_get_int64(value);
	err = xc_limit_set(&check->manifest->limits, name, number, &why);
	if (err == XC_ERR_INVALID)
		snprintf(pointer, sizeof(pointer), "/limits/%.40s", name);
	if (err != XC_OK)
		xc_check_fault(check, pointer, "%s", why.text);
}

void
xc_check_limits(struct xc_check *check, struct json_object *value)
{
	struct lh_entry *entry;

	if (!json_object_is_type(value, json_type_object)) {
		xc_check_fault(check, "/limits", "must be an object");
		return;
	}
	lh_foreach(json_object_get_object(value), entry)
		check_limit(check, lh_entry_k(entry), lh_entry_v(entry));
}

static void
check_layer(struct xc_check *check, const char *pointer,
    struct json_object *value)
{
	const char *name = xc_check_text(check, pointer, value, 64);
	enum xc_layer layer;
	struct xc_near near;

	if (name == NULL)
		return;
	if (xc_layer_parse(name, &layer)) {
		check->manifest->require |= XC_LAYER_BIT(layer);
		return;
	}
	xc_near_init(&near, name);
	for (unsigned i = 0; i < XC_LAYER__MAX; i++)
		xc_near_try(&near, xc_layer_name((enum xc_layer)i), 0);
	xc_check_fault(check, pointer, "\"%s\" is no layer of a sandbox%s%s%s",
	    name, near.word != NULL ? "; did you mean \"" : "",
	    near.word != NULL ? near.word : "; xcore-sandbox(7) lists them",
	    near.word != NULL ? "\"?" : "");
}

void
xc_check_require(struct xc_check *check, struct json_object *value)
{
	if (!json_object_is_type(value, json_type_array)) {
		xc_check_fault(check, "/require", "must be an array of "
		    "strings, for example [\"landlock\", \"netns\"]");
		return;
	}
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		char pointer[40];

		snprintf(pointer, sizeof(pointer), "/require/%zu", i);
		check_layer(check, pointer,
		    json_object_array_get_idx(value, i));
	}
}

static void
check_permission(struct xc_check *check, const char *pointer,
    struct json_object *value)
{
	struct xc_manifest *manifest = check->manifest;
	const char *name = xc_check_text(check, pointer, value, 300);
	struct xc_errbuf why = { "" };

	if (name == NULL)
		return;
	if (xc_permission_check(name, &why) != XC_OK) {
		xc_check_fault(check, pointer, "%s", why.text);
		return;
	}
	manifest->may_database |= strcmp(name, "database") == 0;
	manifest->may_cache |= strcmp(name, "cache") == 0;
	manifest->may_openapi |= strcmp(name, "openapi") == 0;
	manifest->permissions[manifest->n_permissions++] = name;
}

void
xc_check_permissions(struct xc_check *check, struct json_object *value)
{
	struct xc_manifest *manifest = check->manifest;
	size_t n;

	if (!json_object_is_type(value, json_type_array)) {
		xc_check_fault(check, "/permissions", "must be an array of "
		    "strings, for example [\"database\", \"cache\"]");
		return;
	}
	n = json_object_array_length(value);
	manifest->permissions = calloc(n + 1, sizeof(*manifest->permissions));
	if (manifest->permissions == NULL) {
		check->nomem = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		char pointer[40];

		snprintf(pointer, sizeof(pointer), "/permissions/%zu", i);
		check_permission(check, pointer,
		    json_object_array_get_idx(value, i));
	}
}

static void
check_event(struct xc_check *check, const char *event,
    struct json_object *value)
{
	struct xc_manifest *manifest = check->manifest;
	const char *operation;
	char pointer[96];

	if (!xc_event_name_ok(event)) {
		xc_check_fault(check, "/events", "\"%.64s\" is no name of an "
		    "event: words of small letters, digits, '_' and '-' with "
		    "dots between, at most 64 bytes", event);
		return;
	}
	snprintf(pointer, sizeof(pointer), "/events/%s", event);
	operation = xc_check_text(check, pointer, value, OPERATION_MAX);
	if (operation == NULL)
		return;
	manifest->events[manifest->n_events++] = (struct xc_subscription){
		.event = event, .operation = operation };
}

void
xc_check_events(struct xc_check *check, struct json_object *value)
{
	struct xc_manifest *manifest = check->manifest;
	struct lh_entry *entry;
	size_t n;

	/* What plugins wrote that had none, when there were none. */
	if (json_object_is_type(value, json_type_array) &&
	    json_object_array_length(value) == 0)
		return;
	if (!json_object_is_type(value, json_type_object)) {
		xc_check_fault(check, "/events", "must be an object of names "
		    "of events and operations, for example "
		    "{\"shop.order_paid\": \"on_order_paid\"}");
		return;
	}
	n = (size_t)json_object_object_length(value);
	manifest->events = calloc(n + 1, sizeof(*manifest->events));
	if (manifest->events == NULL) {
		check->nomem = true;
		return;
	}
	lh_foreach(json_object_get_object(value), entry)
		check_event(check, lh_entry_k(entry), lh_entry_v(entry));
}
