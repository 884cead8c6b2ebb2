/* SPDX-License-Identifier: MIT */
/*
 * The comparison of two documents: operations are matched by what a request
 * is told by, method and path, and compared part by part.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include "diff-private.h"
#include "pattern.h"
#include "routes.h"

#define WORK 200000

void
xc_diff_say(struct diff *diff, const char *operation, const char *format,
    ...)
{
	char sentence[700], line[1000];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	snprintf(line, sizeof(line), "%.280s: %s", operation, sentence);
	/* What is shared is found more than once. */
	for (size_t i = 0; i < diff->notes->n; i++)
		if (strcmp(diff->notes->lines[i], line) == 0)
			return;
	xc_notes_add(diff->notes, "%s", line);
}

bool
xc_diff_step(struct diff *diff)
{
	if (diff->work > 0) {
		diff->work--;
		return true;
	}
	if (!diff->gave_up)
		xc_notes_add(diff->notes, "the documents are too large to be "
		    "compared whole: there may be more that breaks");
	diff->gave_up = true;
	return false;
}

/* ---- paths -------------------------------------------------------------- */

/* Whether two templates are of the same form: what stands in braces has no
 * weight, nor has a slash at the end. */
static bool
same_form(const char *a, const char *b)
{
	for (;;) {
		size_t len, other;

		a += *a == '/';
		b += *b == '/';
		if (*a == '\0' || *b == '\0')
			return *a == *b;
		len = strcspn(a, "/");
		other = strcspn(b, "/");
		if ((a[0] != '{' || b[0] != '{') &&
		    (len != other || memcmp(a, b, len) != 0))
			return false;
		a += len;
		b += other;
	}
}

/* The path in a document that is of this form; NULL if there is none. */
static const char *
find_path(struct json_object *paths, const char *path,
    struct json_object **item_r)
{
	struct lh_entry *entry;

	if (json_object_is_type(paths, json_type_object))
		lh_foreach(json_object_get_object(paths), entry) {
			if (!same_form(lh_entry_k(entry), path))
				continue;
			*item_r = lh_entry_v(entry);
			return lh_entry_k(entry);
		}
	*item_r = NULL;
	return NULL;
}

/* Where an operation of this operationId is now, in buf: "POST /things". */
static bool
find_id(struct json_object *paths, const char *id, char *buf, size_t size)
{
	struct lh_entry *entry;

	if (id == NULL || !json_object_is_type(paths, json_type_object))
		return false;
	lh_foreach(json_object_get_object(paths), entry) {
		for (size_t i = 0; i < XC_PATH_METHODS; i++) {
			const char *other = xc_diff_text(xc_diff_member(
			    lh_entry_v(entry), xc_path_methods[i].member),
			    "operationId");

			if (other == NULL || strcmp(other, id) != 0)
				continue;
			snprintf(buf, size, "%s %s",
			    xc_path_methods[i].method,
			    (const char *)lh_entry_k(entry));
			return true;
		}
	}
	return false;
}

/* ---- operations --------------------------------------------------------- */

static void
say_gone(struct diff *diff, const struct both *both, const char *member)
{
	const char *id = xc_diff_text(both->operation, "operationId");
	struct json_object *paths = xc_diff_member(diff->after, "paths");
	char place[300];

	/* xcore answers these by itself. */
	if (strcmp(member, "options") == 0 || (strcmp(member, "head") == 0 &&
	    xc_diff_member(both->new_item, "get") != NULL))
		return;
	if (find_id(paths, id, place, sizeof(place)))
		xc_diff_say(diff, both->name, "is at %s now", place);
	else
		xc_diff_say(diff, both->name, "is gone");
}

static void
compare_operation(struct diff *diff, struct both *both, size_t method)
{
	char name[300];

	both->operation = xc_diff_member(both->item,
	    xc_path_methods[method].member);
	if (both->operation == NULL)
		return;
	snprintf(name, sizeof(name), "%s %s", xc_path_methods[method].method,
	    both->path);
	both->name = name;
	both->new_operation = xc_diff_member(both->new_item,
	    xc_path_methods[method].member);
	if (both->new_operation == NULL) {
		say_gone(diff, both, xc_path_methods[method].member);
		return;
	}
	xc_diff_parameters(both);
	xc_diff_bodies(both);
	xc_diff_replies(both);
	xc_diff_security(both);
}

static void
compare_paths(struct diff *diff)
{
	struct json_object *paths = xc_diff_member(diff->before, "paths");
	struct json_object *new_paths = xc_diff_member(diff->after, "paths");
	struct lh_entry *entry;

	if (!json_object_is_type(paths, json_type_object))
		return;
	lh_foreach(json_object_get_object(paths), entry) {
		struct both both = { .diff = diff,
			.path = lh_entry_k(entry), .item = lh_entry_v(entry) };

		if (both.path[0] != '/' || !xc_diff_step(diff))
			continue;
		both.new_path = find_path(new_paths, both.path,
		    &both.new_item);
		for (size_t i = 0; i < XC_PATH_METHODS; i++)
			compare_operation(diff, &both, i);
	}
}

enum xc_err
xc_contract_diff(struct json_object *before, struct json_object *after,
    struct xc_notes *breaking)
{
	struct diff diff = { .before = before, .after = after,
		.notes = breaking, .work = WORK };

	if (json_object_equal(before, after))
		return XC_OK;
	diff.patterns = xc_pattern_run_create();
	if (diff.patterns == NULL)
		return XC_ERR_NOMEM;
	compare_paths(&diff);
	xc_pattern_run_free(&diff.patterns);
	return diff.nomem ? XC_ERR_NOMEM : XC_OK;
}
