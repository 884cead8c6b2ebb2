/* SPDX-License-Identifier: MIT */
/* Reading the documents that are compared, whatever stands in them. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include "diff-private.h"
#include "plan.h"
#include "lib/text.h"

#define NAME_MAX_BYTES 1024
#define SEARCH_DEPTH 40

struct json_object *
xc_diff_member(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	if (!json_object_is_type(object, json_type_object))
		return NULL;
	json_object_object_get_ex(object, name, &value);
	return value;
}

const char *
xc_diff_text(struct json_object *object, const char *name)
{
	struct json_object *value = xc_diff_member(object, name);

	return json_object_is_type(value, json_type_string) ?
	    json_object_get_string(value) : NULL;
}

bool
xc_diff_flag(struct json_object *object, const char *name, bool usual)
{
	struct json_object *value = xc_diff_member(object, name);

	return json_object_is_type(value, json_type_boolean) ?
	    json_object_get_boolean(value) != 0 : usual;
}

size_t
xc_diff_count(struct json_object *list)
{
	return json_object_is_type(list, json_type_array) ?
	    json_object_array_length(list) : 0;
}

/* Undoes %XX of a name in a fragment; false if it is too long. */
static bool
undo_percent(const char *text, size_t len, char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int high = -1, low = -1;

		if (n + 1 == NAME_MAX_BYTES)
			return false;
		name[n] = text[i];
		if (text[i] == '%' && i + 2 < len) {
			high = xc_hex((unsigned char)text[i + 1]);
			low = xc_hex((unsigned char)text[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			name[n] = (char)(high << 4 | low);
			i += 2;
		}
		n++;
	}
	name[n] = '\0';
	return true;
}

/* Undoes ~0 and ~1, in place. */
static void
undo_tilde(char *name)
{
	char *to = name;

	for (; *name != '\0'; name++) {
		if (name[0] == '~' && (name[1] == '0' || name[1] == '1'))
			*to++ = *++name == '0' ? '~' : '/';
		else
			*to++ = *name;
	}
	*to = '\0';
}

static struct json_object *
child(struct json_object *of, const char *name)
{
	if (json_object_is_type(of, json_type_array)) {
		size_t i = (size_t)strtoul(name, NULL, 10);

		return i < json_object_array_length(of) ?
		    json_object_array_get_idx(of, i) : NULL;
	}
	return xc_diff_member(of, name);
}

static bool
has_anchor(struct json_object *object, const char *name)
{
	const char *plain = xc_diff_text(object, "$anchor");
	const char *dynamic = xc_diff_text(object, "$dynamicAnchor");

	return (plain != NULL && strcmp(plain, name) == 0) ||
	    (dynamic != NULL && strcmp(dynamic, name) == 0);
}

static struct json_object *
find_anchor(struct json_object *in, const char *name, int depth)
{
	struct json_object *found = NULL;

	if (depth == 0)
		return NULL;
	if (json_object_is_type(in, json_type_object)) {
		struct lh_entry *entry;

		if (has_anchor(in, name))
			return in;
		lh_foreach(json_object_get_object(in), entry) {
			found = find_anchor(lh_entry_v(entry), name,
			    depth - 1);
			if (found != NULL)
				return found;
		}
	}
	for (size_t i = 0; i < xc_diff_count(in) && found == NULL; i++)
		found = find_anchor(json_object_array_get_idx(in, i), name,
		    depth - 1);
	return found;
}

struct json_object *
xc_diff_resolve(struct json_object *root, const char *ref)
{
	struct json_object *at = root;
	char name[NAME_MAX_BYTES];

	if (ref == NULL)
		return NULL;
	if (strncmp(ref, XC_PLAN_URI "#", sizeof(XC_PLAN_URI)) == 0)
		ref += sizeof(XC_PLAN_URI) - 1;
	if (ref[0] != '#')
		return NULL;
	if (ref[1] != '\0' && ref[1] != '/')
		return find_anchor(root, ref + 1, SEARCH_DEPTH);
	for (ref++; *ref == '/' && at != NULL; ref += strcspn(ref, "/")) {
		ref++;
		if (!undo_percent(ref, strcspn(ref, "/"), name))
			return NULL;
		undo_tilde(name);
		at = child(at, name);
	}
	return at;
}

struct json_object *
xc_diff_follow(struct json_object *root, struct json_object *object)
{
	for (int hops = 0; hops < 32; hops++) {
		const char *ref = xc_diff_text(object, "$ref");

		if (ref == NULL)
			return object;
		object = xc_diff_resolve(root, ref);
	}
	return NULL;
}
