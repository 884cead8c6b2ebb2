/* SPDX-License-Identifier: MIT */
/* The member "prefix" of a manifest. */
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>

#include "manifest-private.h"
#include "prefix.h"

#define PREFIX_MAX 63

/* Whether text is '/'-led segments of plain characters, none of dots only. */
static bool
shape_ok(const char *prefix)
{
	if (*prefix != '/' || strlen(prefix) > PREFIX_MAX)
		return false;
	while (*prefix == '/') {
		size_t len = strspn(++prefix, "abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~-");

		if (len == 0 || strspn(prefix, ".") == len)
			return false;
		prefix += len;
	}
	return *prefix == '\0';
}

static bool
core_prefix(const char *prefix)
{
	static const char *const names[] = { "/auth", "/user", "/admin",
		"/manager", "/docs", "/redoc", "/openapi.json", "/livez",
		"/readyz",
		"/.well-known/jwks.json" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(prefix, names[i]) == 0)
			return true;
	}
	return false;
}

static void
add_prefix(struct xc_check *check, const char *pointer,
    struct json_object *value)
{
	struct xc_manifest *manifest = check->manifest;
	const char *prefix = xc_check_text(check, pointer, value, PREFIX_MAX);

	if (prefix == NULL)
		return;
	if (!shape_ok(prefix))
		xc_check_fault(check, pointer,
		    "\"%s\" must be '/' and segments of "
		    "letters, digits, '.', '_', '~' and '-', at most 63 bytes, "
		    "without a slash at the end",
		    prefix);
	for (size_t i = 0; i < manifest->n_prefixes; i++) {
		if (xc_prefix_overlap(prefix, manifest->prefixes[i]))
			xc_check_fault(check, pointer,
			    "\"%s\" overlaps with \"%s\"; take one out",
			    prefix, manifest->prefixes[i]);
	}
	check->owner->prefixes[manifest->n_prefixes++] = prefix;
}

static void
add_prefixes(struct xc_check *check, struct json_object *list)
{
	size_t n = json_object_array_length(list);
	char pointer[32];

	if (n < 2 || n > XC_PREFIXES_MAX) {
		xc_check_fault(check, "/prefix", "has %zu members; a list "
		    "has 2 to %d, a single prefix is a string", n,
		    XC_PREFIXES_MAX);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		snprintf(pointer, sizeof(pointer), "/prefix/%zu", i);
		add_prefix(check, pointer,
		    json_object_array_get_idx(list, i));
	}
}

void
xc_check_prefix(struct xc_check *check, struct json_object *value)
{
	struct xc_manifest *manifest = check->manifest;

	manifest->prefixes = check->owner->prefixes;
	if (json_object_is_type(value, json_type_array))
		add_prefixes(check, value);
	else
		add_prefix(check, "/prefix", value);
	manifest->prefix = check->owner->prefixes[0];
}

/* "/app/..." for all; other places for core plugins only. */
static void
check_one(struct xc_check *check, const char *prefix)
{
	if (strncmp(prefix, "/app/", 5) == 0)
		return;
	if (!core_prefix(prefix))
		xc_check_fault(check, "/prefix",
		    "\"%.63s\" must begin with \"/app/\"", prefix);
	else if (!check->manifest->core)
		xc_check_fault(check, "/prefix",
		    "\"%s\" is for xcore's own plugins; "
		    "take one below \"/app/\"",
		    prefix);
}

static void
make_prefix(struct xc_check *check)
{
	struct xc_manifest_owner *owner = check->owner;

	snprintf(owner->prefix, sizeof(owner->prefix), "/app/%s",
	    check->manifest->name);
	owner->prefixes[0] = owner->prefix;
	check->manifest->prefix = owner->prefix;
	check->manifest->prefixes = owner->prefixes;
	check->manifest->n_prefixes = 1;
}

void
xc_check_place(struct xc_check *check)
{
	struct xc_manifest *manifest = check->manifest;

	if (manifest->n_prefixes == 0 && manifest->name != NULL) {
		make_prefix(check);
		return;
	}
	if (manifest->n_prefixes > 1 && !manifest->core)
		xc_check_fault(check, "/prefix",
		    "several are for xcore's own plugins; write one string");
	for (size_t i = 0; i < manifest->n_prefixes; i++)
		check_one(check, manifest->prefixes[i]);
}
