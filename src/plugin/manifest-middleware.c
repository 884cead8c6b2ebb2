/* SPDX-License-Identifier: MIT */
/* The member "middleware" of a manifest, whose shape its schema has told. */
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "plugin/manifest-private.h"

/* One step of those, and where it stands. */
struct looking {
	struct xc_check *check;
	size_t i;
	const struct xc_step *step;
	struct json_object *json;
};

/* Of a word that stands there. */
static void
fault(const struct looking *looking, const char *member, const char *word,
    const char *what)
{
	char pointer[64];

	snprintf(pointer, sizeof(pointer), "/middleware/%zu/%s", looking->i,
	    member);
	xc_check_fault(looking->check, pointer, "\"%s\" %s", word, what);
}

static bool
has_text(struct json_object *list, const char *text)
{
	size_t n = list != NULL ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(json_object_get_string(
		    json_object_array_get_idx(list, i)), text) == 0)
			return true;
	}
	return false;
}

static bool
is_step(const struct xc_manifest *manifest, const char *operation)
{
	for (size_t i = 0; i < manifest->steps.n; i++) {
		if (strcmp(manifest->steps.list[i].order.operation,
		    operation) == 0)
			return true;
	}
	return false;
}

/* A name of a plugin, or "plugin:operation"; is it a place among others? */
static void
check_own(const struct looking *looking, const char *member,
    const char *word)
{
	const struct xc_manifest *manifest = looking->check->manifest;
	size_t len = manifest->name != NULL ? strlen(manifest->name) : 0;

	if (len == 0 || strncmp(word, manifest->name, len) != 0 ||
	    (word[len] != '\0' && word[len] != ':'))
		return;
	if (word[len] == '\0')
		fault(looking, member, word, "is this plugin itself; name "
		    "one of its other steps as PLUGIN:OPERATION");
	else if (strcmp(word + len + 1, looking->step->order.operation) == 0)
		fault(looking, member, word, "is this step itself; take it "
		    "out");
	else if (!is_step(manifest, word + len + 1))
		fault(looking, member, word, "is no step of this plugin; "
		    "take it out, or add it to \"middleware\"");
}

static void
check_names(const struct looking *looking, const char *member,
    const char *other)
{
	struct json_object *list = xc_json_member(looking->json, member);
	struct json_object *others = xc_json_member(looking->json, other);
	size_t n = list != NULL ? json_object_array_length(list) : 0;
	bool before = strcmp(member, "before") == 0;

	for (size_t i = 0; i < n; i++) {
		const char *word = json_object_get_string(
		    json_object_array_get_idx(list, i));

		if (before && xc_steps_is_part(word) &&
		    strcmp(word, "auth") != 0)
			fault(looking, member, word, "is ahead of the steps "
			    "of all plugins: of the parts of the chain they "
			    "can only be before \"auth\"");
		else if (before && has_text(others, word))
			fault(looking, member, word, "stands in \"after\" "
			    "too; take it out of one of them");
		check_own(looking, member, word);
	}
}

static void
check_operation(const struct looking *looking)
{
	const struct xc_manifest *manifest = looking->check->manifest;
	const char *operation = looking->step->order.operation;

	for (size_t i = 0; i < looking->i; i++) {
		if (strcmp(manifest->steps.list[i].order.operation,
		    operation) == 0)
			fault(looking, "operation", operation, "stands "
			    "there twice");
	}
	for (size_t i = 0; i < manifest->n_events; i++) {
		if (strcmp(manifest->events[i].operation, operation) == 0)
			fault(looking, "operation", operation, "handles an "
			    "event; a step needs a handler of its own");
	}
}

static void
check_site(const struct looking *looking)
{
	const struct xc_manifest *manifest = looking->check->manifest;
	bool may = false;

	if (!looking->step->site)
		return;
	for (size_t i = 0; i < manifest->n_permissions; i++)
		may |= strcmp(manifest->permissions[i],
		    XC_STEPS_PERMISSION) == 0;
	if (!may)
		fault(looking, "scope", "site", "needs a yes: add \""
		    XC_STEPS_PERMISSION "\" to \"permissions\"");
	if (manifest->isolation != NULL &&
	    strcmp(manifest->isolation, "request") == 0)
		fault(looking, "scope", "site", "does not go with the "
		    "level: " XC_STEPS_LEVEL);
}

void
xc_check_steps(struct xc_check *check)
{
	struct xc_manifest *manifest = check->manifest;

	for (size_t i = 0; i < manifest->steps.n; i++) {
		const struct looking looking = { .check = check, .i = i,
			.step = &manifest->steps.list[i],
			.json = json_object_array_get_idx(
			    manifest->steps.json, i) };

		check_operation(&looking);
		check_names(&looking, "before", "after");
		check_names(&looking, "after", "before");
		check_site(&looking);
	}
}

void
xc_check_middleware(struct xc_check *check, struct json_object *value)
{
	struct xc_manifest *manifest = check->manifest;
	struct xc_errbuf why = { "" };

	switch (xc_steps_read(value, manifest->name, &manifest->steps,
	    &why)) {
	case XC_OK:
		break;
	case XC_ERR_NOMEM:
		check->nomem = true;
		break;
	default:
		xc_check_fault(check, "/middleware", "%s", why.text);
		break;
	}
}
