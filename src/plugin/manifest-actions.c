/* SPDX-License-Identifier: MIT */
/* The member "actions" of a manifest, whose shape its schema has told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "plugin/manifest-private.h"

#define DESCRIPTION_MAX 800	/* bytes of 200 characters */

static bool
is_known(const struct xc_manifest *manifest, const char *name)
{
	for (size_t i = 0; i < manifest->n_actions; i++)
		if (strcmp(manifest->actions[i].name, name) == 0)
			return true;
	return false;
}

static void
check_action(struct xc_check *check, size_t i, struct json_object *value)
{
	struct xc_manifest *manifest = check->manifest;
	const char *name = xc_json_string(value, "name");
	struct xc_action action = { .name = name };
	char pointer[64];

	snprintf(pointer, sizeof(pointer), "/actions/%zu/description", i);
	action.description = xc_check_text(check, pointer,
	    xc_json_member(value, "description"), DESCRIPTION_MAX);
	(void)xc_json_bool(value, "everyone", &action.everyone);
	if (name == NULL || action.description == NULL)
		return;
	if (is_known(manifest, name)) {
		snprintf(pointer, sizeof(pointer), "/actions/%zu/name", i);
		xc_check_fault(check, pointer, "\"%s\" stands there twice",
		    name);
		return;
	}
	manifest->actions[manifest->n_actions++] = action;
}

void
xc_check_actions(struct xc_check *check, struct json_object *value)
{
	size_t n = json_object_array_length(value);

	check->manifest->actions = calloc(n + 1,
	    sizeof(*check->manifest->actions));
	if (check->manifest->actions == NULL) {
		check->nomem = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		check_action(check, i, json_object_array_get_idx(value, i));
}
