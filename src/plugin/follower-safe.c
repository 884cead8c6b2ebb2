/* SPDX-License-Identifier: MIT */
/*
 * Safe mode: only the core's plugins are served.  What the others were served
 * with stays in the snapshot, so that a start without safe mode serves them
 * again even while MariaDB is away.
 */
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "loggers/logger.h"
#include "plugin/follower-private.h"
#include "plugin/registry-private.h"

static bool
has_flag(const struct json_object *entry, const char *key)
{
	struct json_object *value = xc_json_member(entry, key);

	return json_object_is_type(value, json_type_boolean) &&
	    json_object_get_boolean(value);
}

static bool
is_enabled(const struct json_object *entry)
{
	return strcmp(xc_registry_text(entry, "state"), "enabled") == 0;
}

struct json_object *
xc_follower_safe_entry(const struct json_object *entry)
{
	struct json_object *copy = NULL;

	if ((!is_enabled(entry) && !has_flag(entry, "safe")) ||
	    json_object_deep_copy((struct json_object *)(uintptr_t)entry,
	    &copy, NULL) != 0)
		return NULL;
	json_object_object_add(copy, "state",
	    json_object_new_string("disabled"));
	json_object_object_add(copy, "reason",
	    json_object_new_string("safe mode"));
	json_object_object_add(copy, "safe", json_object_new_boolean(true));
	return copy;
}

static struct json_object *
normal_entry(struct json_object *entry)
{
	struct json_object *copy = NULL;

	if (json_object_deep_copy(entry, &copy, NULL) != 0)
		return NULL;
	json_object_object_add(copy, "state",
	    json_object_new_string("enabled"));
	json_object_object_del(copy, "reason");
	json_object_object_del(copy, "safe");
	return copy;
}

/* What is to stand in an entry's place; NULL: it stays. */
static struct json_object *
replacement(const struct xc_follower *follower, struct json_object *entry)
{
	if (follower->safe && is_enabled(entry) && !has_flag(entry, "core"))
		return xc_follower_safe_entry(entry);
	if (!follower->safe && has_flag(entry, "safe"))
		return normal_entry(entry);
	return NULL;
}

void
xc_follower_make_safe(struct xc_follower *follower)
{
	struct json_object *now = xc_json_member(follower->snapshot,
	    "plugins");
	size_t n = now == NULL ? 0 : json_object_array_length(now);
	struct json_object *plugins = json_object_new_array();
	struct xc_errbuf errbuf = { "" };
	bool changed = false;

	for (size_t i = 0; i < n; i++) {
		struct json_object *entry = json_object_array_get_idx(now, i);
		struct json_object *other = replacement(follower, entry);

		changed |= other != NULL;
		json_object_array_add(plugins, other != NULL ? other :
		    json_object_get(entry));
	}
	if (changed && xc_follower_write(follower, xc_registry_number(
	    follower->snapshot, "generation"), plugins, false, &errbuf) !=
	    XC_OK)
		xc_logf(&xc_follower_log, XC_LOG_ERROR, "%s", errbuf.text);
	json_object_put(plugins);
}
