/* SPDX-License-Identifier: MIT */
/* Bodies of requests and replies, before and after. */
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include "diff-private.h"

#define SUBJECT_MAX 200

/* ---- media types -------------------------------------------------------- */

/* The length of "text/html" without its parameters. */
static size_t
bare(const char *type)
{
	return strcspn(type, "; \t");
}

static bool
covers(const char *range, const char *type)
{
	size_t len = bare(range);

	if (len == 3 && strncmp(range, "*/*", 3) == 0)
		return true;
	if (len > 2 && range[len - 1] == '*' && range[len - 2] == '/')
		return strncasecmp(range, type, len - 1) == 0;
	return len == bare(type) && strncasecmp(range, type, len) == 0;
}

/* The member of "content" that is for a type: the one that says it best. */
static struct json_object *
find_media(struct json_object *content, const char *type, bool *found_r)
{
	struct json_object *media = NULL;
	size_t best = 0;
	struct lh_entry *entry;

	*found_r = false;
	if (!json_object_is_type(content, json_type_object))
		return NULL;
	lh_foreach(json_object_get_object(content), entry) {
		const char *range = lh_entry_k(entry);
		size_t rank = strcmp(range, "*/*") == 0 ? 1 :
		    strchr(range, '*') != NULL ? 2 : 3;

		if (!covers(range, type) || rank <= best)
			continue;
		*found_r = true;
		best = rank;
		media = lh_entry_v(entry);
	}
	return media;
}

static bool
is_empty(struct json_object *content)
{
	return !json_object_is_type(content, json_type_object) ||
	    json_object_object_length(content) == 0;
}

/* "the body", or "the body as text/csv" where it is no JSON. */
static void
name_media(const char *what, const char *type, char *subject)
{
	if (strcasecmp(type, "application/json") == 0 ||
	    strcasecmp(type, "application/problem+json") == 0)
		snprintf(subject, SUBJECT_MAX, "%s", what);
	else
		snprintf(subject, SUBJECT_MAX, "%s as %.80s", what, type);
}

static void
compare_media(const struct both *both, bool reply, const char *subject,
    struct json_object *before, struct json_object *after)
{
	struct compare compare = { .diff = both->diff,
		.operation = both->name, .subject = subject, .reply = reply };

	xc_diff_schemas(&compare, xc_diff_member(before, "schema"),
	    xc_diff_member(after, "schema"));
}

/* How the fields of a form are written. */
static void
compare_encoding(const struct both *both, const char *subject,
    struct json_object *before, struct json_object *after)
{
	static const char *const members[] = { "style", "explode",
		"contentType" };
	struct json_object *old = xc_diff_member(before, "encoding");
	struct json_object *new = xc_diff_member(after, "encoding");
	struct lh_entry *entry;

	if (!json_object_is_type(old, json_type_object))
		return;
	lh_foreach(json_object_get_object(old), entry) {
		struct json_object *other = xc_diff_member(new,
		    lh_entry_k(entry));

		for (size_t i = 0; i < 3; i++)
			if (!json_object_equal(xc_diff_member(
			    lh_entry_v(entry), members[i]),
			    xc_diff_member(other, members[i])))
				xc_diff_say(both->diff, both->name, "/%.80s "
				    "of %s is written in another way now "
				    "(%s)", (const char *)lh_entry_k(entry),
				    subject, members[i]);
	}
}

/* ---- requests ----------------------------------------------------------- */

void
xc_diff_bodies(const struct both *both)
{
	struct diff *diff = both->diff;
	struct json_object *before = xc_diff_follow(diff->before,
	    xc_diff_member(both->operation, "requestBody"));
	struct json_object *after = xc_diff_follow(diff->after,
	    xc_diff_member(both->new_operation, "requestBody"));
	struct json_object *content = xc_diff_member(before, "content");
	struct lh_entry *entry;
	char subject[SUBJECT_MAX];

	if (!xc_diff_flag(before, "required", false) &&
	    xc_diff_flag(after, "required", false))
		xc_diff_say(diff, both->name, "a body is required now");
	if (before != NULL && after == NULL) {
		xc_diff_say(diff, both->name, "no longer takes a body");
		return;
	}
	if (is_empty(content))
		return;
	lh_foreach(json_object_get_object(content), entry) {
		bool found;
		struct json_object *media = find_media(xc_diff_member(after,
		    "content"), lh_entry_k(entry), &found);

		if (!found) {
			xc_diff_say(diff, both->name, "no longer takes a body "
			    "of %.100s", (const char *)lh_entry_k(entry));
			continue;
		}
		name_media("the body", lh_entry_k(entry), subject);
		compare_media(both, false, subject, lh_entry_v(entry), media);
		compare_encoding(both, subject, lh_entry_v(entry), media);
	}
}

/* ---- replies ------------------------------------------------------------ */

static void
compare_header(const struct both *both, const char *status, const char *name,
    struct json_object *before, struct json_object *after)
{
	char subject[SUBJECT_MAX];
	struct compare compare = { .diff = both->diff,
		.operation = both->name, .subject = subject, .reply = true,
		.textual = true };

	snprintf(subject, sizeof(subject), "the header \"%.60s\" of the reply "
	    "%.10s", name, status);
	if (xc_diff_flag(before, "required", false) &&
	    !xc_diff_flag(after, "required", false))
		xc_diff_say(both->diff, both->name, "%s is %s", subject,
		    after == NULL ? "gone" : "no longer always there");
	if (after != NULL)
		xc_diff_schemas(&compare, xc_diff_member(before, "schema"),
		    xc_diff_member(after, "schema"));
}

static struct json_object *
find_header(struct json_object *headers, const char *name)
{
	struct lh_entry *entry;

	if (json_object_is_type(headers, json_type_object))
		lh_foreach(json_object_get_object(headers), entry)
			if (strcasecmp(lh_entry_k(entry), name) == 0)
				return lh_entry_v(entry);
	return NULL;
}

static void
compare_headers(const struct both *both, const char *status,
    struct json_object *before, struct json_object *after)
{
	struct json_object *headers = xc_diff_member(before, "headers");
	struct lh_entry *entry;

	if (!json_object_is_type(headers, json_type_object))
		return;
	lh_foreach(json_object_get_object(headers), entry)
		compare_header(both, status, lh_entry_k(entry),
		    xc_diff_follow(both->diff->before, lh_entry_v(entry)),
		    xc_diff_follow(both->diff->after, find_header(
		    xc_diff_member(after, "headers"), lh_entry_k(entry))));
}

static void
compare_reply(const struct both *both, const char *status,
    struct json_object *before, struct json_object *after)
{
	struct json_object *content = xc_diff_member(before, "content");
	char what[40], subject[SUBJECT_MAX];
	struct lh_entry *entry;

	compare_headers(both, status, before, after);
	if (is_empty(content))
		return;
	snprintf(what, sizeof(what), "the reply %.10s", status);
	lh_foreach(json_object_get_object(content), entry) {
		bool found;
		struct json_object *media = find_media(xc_diff_member(after,
		    "content"), lh_entry_k(entry), &found);

		if (!found) {
			xc_diff_say(both->diff, both->name, "%s is no longer "
			    "there as %.100s", what,
			    (const char *)lh_entry_k(entry));
			continue;
		}
		name_media(what, lh_entry_k(entry), subject);
		compare_media(both, true, subject, lh_entry_v(entry), media);
	}
}

/* The response that is for a status, "default" at last. */
static struct json_object *
find_reply(struct json_object *responses, const char *status)
{
	struct json_object *found = xc_diff_member(responses, status);
	char range[4] = "0XX";

	if (found == NULL && strcmp(status, "default") != 0) {
		range[0] = status[0];
		found = xc_diff_member(responses, range);
		if (found == NULL)
			found = xc_diff_member(responses, "default");
	}
	return found;
}

void
xc_diff_replies(const struct both *both)
{
	struct diff *diff = both->diff;
	struct json_object *before = xc_diff_member(both->operation,
	    "responses");
	struct json_object *after = xc_diff_member(both->new_operation,
	    "responses");
	struct json_object *other;
	struct lh_entry *entry;

	if (!json_object_is_type(before, json_type_object))
		return;
	lh_foreach(json_object_get_object(before), entry) {
		const char *status = lh_entry_k(entry);

		if (strncmp(status, "x-", 2) == 0)
			continue;
		other = find_reply(after, status);
		if (other == NULL)
			xc_diff_say(diff, both->name, "the reply %.10s is "
			    "gone", status);
		else
			compare_reply(both, status, xc_diff_follow(
			    diff->before, lh_entry_v(entry)),
			    xc_diff_follow(diff->after, other));
	}
	if (!json_object_is_type(after, json_type_object))
		return;
	/* One that is told apart now was one of the others before. */
	lh_foreach(json_object_get_object(after), entry) {
		const char *status = lh_entry_k(entry);

		if (strncmp(status, "x-", 2) == 0 ||
		    xc_diff_member(before, status) != NULL)
			continue;
		other = find_reply(before, status);
		if (other != NULL)
			compare_reply(both, status, xc_diff_follow(
			    diff->before, other), xc_diff_follow(diff->after,
			    lh_entry_v(entry)));
	}
}
