/* SPDX-License-Identifier: MIT */
/*
 * References.  All become pointers from the root of the site's document, so
 * that it needs neither $id nor $anchor, which many tools do not follow.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "contract/compose-pointer.h"
#include "contract/compose-private.h"
#include "contract/places.h"

char *
xc_part_resolve(const struct xc_part *part, const char *base,
    const char *reference)
{
	return xc_places_find(part->places, part->doc, base, reference);
}

/* The second and third of "components", kind, name. */
static bool
put_component(const struct xc_part *part, struct xc_pointer *to,
    const char **at)
{
	char token[XC_POINTER_TOKEN_MAX];
	enum xc_kind_of_component kind;
	const char *name;

	if (!xc_pointer_next(at, token, sizeof(token)))
		return false;
	kind = xc_component_of(token);
	if (kind == XC_COMPONENT__MAX)
		return false;
	xc_pointer_add_uri(to, token);
	if (!xc_pointer_next(at, token, sizeof(token)))
		return false;
	name = xc_json_string(part->names[kind], token);
	if (name == NULL)
		return false;
	xc_pointer_add_uri(to, name);
	return true;
}

static bool
put_path(const struct xc_part *part, struct xc_pointer *to, const char **at)
{
	char token[XC_POINTER_TOKEN_MAX];
	char *path;

	if (!xc_pointer_next(at, token, sizeof(token)))
		return false;
	path = xc_part_path(part, token);
	if (path == NULL)
		return false;
	xc_pointer_add_uri(to, path);
	free(path);
	return true;
}

static bool
put_webhook(const struct xc_part *part, struct xc_pointer *to,
    const char **at)
{
	char token[XC_POINTER_TOKEN_MAX];
	const char *name;

	if (!xc_pointer_next(at, token, sizeof(token)))
		return false;
	name = xc_json_string(part->webhooks, token);
	if (name == NULL)
		return false;
	xc_pointer_add_uri(to, name);
	return true;
}

static bool
put_all(const struct xc_part *part, struct xc_pointer *to, const char *at)
{
	char token[XC_POINTER_TOKEN_MAX];
	bool ok = false;

	if (!xc_pointer_next(&at, token, sizeof(token)))
		return false;
	xc_pointer_add_uri(to, token);
	if (strcmp(token, "components") == 0)
		ok = put_component(part, to, &at);
	else if (strcmp(token, "paths") == 0)
		ok = put_path(part, to, &at);
	else if (strcmp(token, "webhooks") == 0)
		ok = put_webhook(part, to, &at);
	while (ok && *at != '\0') {
		ok = xc_pointer_next(&at, token, sizeof(token));
		if (ok)
			xc_pointer_add_uri(to, token);
	}
	return ok;
}

char *
xc_part_rename(const struct xc_part *part, const char *pointer)
{
	struct xc_pointer to = { 0 };
	bool ok = put_all(part, &to, pointer);
	char *text = xc_pointer_take(&to), *reference = NULL;

	if (ok && text != NULL && asprintf(&reference, "#%s", text) == -1)
		reference = NULL;
	free(text);
	return reference;
}

bool
xc_pointer_component(const char *pointer, enum xc_kind_of_component kind,
    char *buf, size_t size)
{
	char token[XC_POINTER_TOKEN_MAX];

	return xc_pointer_next(&pointer, token, sizeof(token)) &&
	    strcmp(token, "components") == 0 &&
	    xc_pointer_next(&pointer, token, sizeof(token)) &&
	    xc_component_of(token) == kind &&
	    xc_pointer_next(&pointer, buf, size) && *pointer == '\0';
}

char *
xc_part_reference(const struct xc_part *part, struct xc_walk *walk,
    const struct xc_place *place, const char *reference)
{
	char *pointer = xc_part_resolve(part, walk->base, reference);
	char *renamed = pointer == NULL ? NULL : xc_part_rename(part,
	    pointer);

	free(pointer);
	if (renamed == NULL)
		(void)xc_walk_fail(walk, place, "the reference \"%.200s\" "
		    "leads nowhere in this document", reference);
	return renamed;
}
