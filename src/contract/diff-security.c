/* SPDX-License-Identifier: MIT */
/* Who may send a request, before and after. */
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include "diff-private.h"

/* What is in force for an operation; NULL: nothing is asked for. */
static struct json_object *
security_of(struct json_object *root, struct json_object *operation)
{
	struct json_object *own = xc_diff_member(operation, "security");

	return own != NULL ? own : xc_diff_member(root, "security");
}

static bool
is_open(struct json_object *security)
{
	size_t n = xc_diff_count(security);

	for (size_t i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(security,
		    i);

		if (json_object_is_type(one, json_type_object) &&
		    json_object_object_length(one) == 0)
			return true;
	}
	return n == 0;
}

static struct json_object *
scheme_of(struct json_object *root, const char *name)
{
	return xc_diff_follow(root, xc_diff_member(xc_diff_member(
	    xc_diff_member(root, "components"), "securitySchemes"), name));
}

static bool
same_text(struct json_object *a, struct json_object *b, const char *name)
{
	const char *x = xc_diff_text(a, name), *y = xc_diff_text(b, name);

	return strcasecmp(x != NULL ? x : "", y != NULL ? y : "") == 0;
}

/* Whether one logs in by them in the same way: their names are the
 * document's own. */
static bool
same_scheme(struct json_object *a, struct json_object *b)
{
	return a != NULL && b != NULL && same_text(a, b, "type") &&
	    same_text(a, b, "in") && same_text(a, b, "scheme") &&
	    (xc_diff_text(a, "in") == NULL || same_text(a, b, "name")) &&
	    same_text(a, b, "openIdConnectUrl");
}

/* Whether each of the scopes after was asked for before. */
static bool
has_scopes(struct json_object *before, struct json_object *after)
{
	for (size_t i = 0; i < xc_diff_count(after); i++) {
		struct json_object *scope = json_object_array_get_idx(after,
		    i);
		bool found = false;

		for (size_t k = 0; k < xc_diff_count(before) && !found; k++)
			found = json_object_equal(scope,
			    json_object_array_get_idx(before, k)) != 0;
		if (!found)
			return false;
	}
	return true;
}

/* Whether who fulfils the one before fulfils the one after. */
static bool
is_enough(const struct diff *diff, struct json_object *before,
    struct json_object *after)
{
	struct lh_entry *wanted, *given;

	if (!json_object_is_type(after, json_type_object) ||
	    !json_object_is_type(before, json_type_object))
		return false;
	lh_foreach(json_object_get_object(after), wanted) {
		bool found = false;

		lh_foreach(json_object_get_object(before), given)
			found |= same_scheme(scheme_of(diff->before,
			    lh_entry_k(given)), scheme_of(diff->after,
			    lh_entry_k(wanted))) &&
			    has_scopes(lh_entry_v(given), lh_entry_v(wanted));
		if (!found)
			return false;
	}
	return true;
}

/* "login, key" */
static void
name_requirement(struct json_object *one, char *buf, size_t size)
{
	struct lh_entry *entry;
	size_t len = 0;

	buf[0] = '\0';
	if (!json_object_is_type(one, json_type_object))
		return;
	lh_foreach(json_object_get_object(one), entry)
		if (len < size)
			len += (size_t)snprintf(buf + len, size - len,
			    "%s%.60s", len > 0 ? " and " : "",
			    (const char *)lh_entry_k(entry));
}

/* Seconds; 0: none need be shown. */
static int64_t
step_up_of(struct json_object *operation)
{
	return json_object_get_int64(xc_diff_member(operation,
	    "x-xcore-step-up"));
}

static void
diff_step_up(const struct both *both)
{
	int64_t before = step_up_of(both->operation);
	int64_t after = step_up_of(both->new_operation);

	if (after > 0 && before <= 0)
		xc_diff_say(both->diff, both->name, "needs a second factor "
		    "now (\"x-xcore-step-up\")");
	else if (after > 0 && after < before)
		xc_diff_say(both->diff, both->name, "needs a second factor "
		    "more often (\"x-xcore-step-up\")");
}

void
xc_diff_security(const struct both *both)
{
	struct diff *diff = both->diff;
	struct json_object *before = security_of(diff->before,
	    both->operation);
	struct json_object *after = security_of(diff->after,
	    both->new_operation);
	char words[200];

	if (is_open(after))
		return;
	diff_step_up(both);
	if (is_open(before)) {
		xc_diff_say(diff, both->name, "needs a login now "
		    "(\"security\")");
		return;
	}
	for (size_t i = 0; i < xc_diff_count(before); i++) {
		struct json_object *one = json_object_array_get_idx(before,
		    i);
		bool found = false;

		for (size_t k = 0; k < xc_diff_count(after) && !found; k++)
			found = is_enough(diff, one,
			    json_object_array_get_idx(after, k));
		if (found)
			continue;
		name_requirement(one, words, sizeof(words));
		xc_diff_say(diff, both->name, "a login by %s with what it "
		    "could do is no longer enough (\"security\")", words);
	}
}
