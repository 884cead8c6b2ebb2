/* SPDX-License-Identifier: MIT */
/* The parameters of an operation, before and after. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include "diff-private.h"

#define PARAMETERS_MAX 512

struct parameter {
	const char *name;
	const char *in;
	struct json_object *object;
	size_t place;		/* in the path, from 1; 0: elsewhere */
};

/* Those of an operation with those of its path. */
struct parameters {
	struct parameter rows[PARAMETERS_MAX];
	size_t n;
};

/* Which of the names in braces this is. */
static size_t
place_in(const char *path, const char *name)
{
	size_t n = 0;

	for (const char *at = strchr(path, '{'); at != NULL;
	    at = strchr(at + 1, '{')) {
		size_t len = strcspn(at + 1, "}");

		n++;
		if (strlen(name) == len && memcmp(at + 1, name, len) == 0)
			return n;
	}
	return 0;
}

static bool
is_same(const struct parameter *a, const struct parameter *b)
{
	if (strcmp(a->in, b->in) != 0)
		return false;
	if (strcmp(a->in, "path") == 0)
		return a->place == b->place;
	if (strcmp(a->in, "header") == 0)
		return strcasecmp(a->name, b->name) == 0;
	return strcmp(a->name, b->name) == 0;
}

static struct parameter *
find(struct parameters *parameters, const struct parameter *wanted)
{
	for (size_t i = 0; i < parameters->n; i++)
		if (is_same(&parameters->rows[i], wanted))
			return &parameters->rows[i];
	return NULL;
}

/* Those of the operation, which come later, stand for those of the path. */
static void
take(struct parameters *parameters, struct json_object *root,
    struct json_object *list, const char *path)
{
	for (size_t i = 0; i < xc_diff_count(list); i++) {
		struct parameter row = { .object = xc_diff_follow(root,
		    json_object_array_get_idx(list, i)) };
		struct parameter *old;

		row.name = xc_diff_text(row.object, "name");
		row.in = xc_diff_text(row.object, "in");
		if (row.name == NULL || row.in == NULL)
			continue;
		if (strcmp(row.in, "path") == 0)
			row.place = place_in(path, row.name);
		old = find(parameters, &row);
		if (old != NULL)
			*old = row;
		else if (parameters->n < PARAMETERS_MAX)
			parameters->rows[parameters->n++] = row;
	}
}

static void
name_parameter(const struct parameter *parameter, char *buf, size_t size)
{
	static const char *const places[][2] = {
		{ "path", "of the path" }, { "query", "of the query" },
		{ "header", "of the header" }, { "cookie", "of the cookies" }
	};
	const char *where = "";

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strcmp(places[i][0], parameter->in) == 0)
			where = places[i][1];
	snprintf(buf, size, "the parameter \"%.80s\" %s", parameter->name,
	    where);
}

/* ---- how it is written -------------------------------------------------- */

static const char *
style_of(const struct parameter *parameter)
{
	const char *style = xc_diff_text(parameter->object, "style");

	if (style != NULL)
		return style;
	return strcmp(parameter->in, "query") == 0 ||
	    strcmp(parameter->in, "cookie") == 0 ? "form" : "simple";
}

static struct json_object *
media_of(const struct parameter *parameter, const char **type_r)
{
	struct json_object *content = xc_diff_member(parameter->object,
	    "content");
	struct lh_entry *entry;

	*type_r = "";
	if (!json_object_is_type(content, json_type_object))
		return NULL;
	lh_foreach(json_object_get_object(content), entry) {
		*type_r = lh_entry_k(entry);
		return lh_entry_v(entry);
	}
	return NULL;
}

static bool
is_written_alike(const struct parameter *a, const struct parameter *b)
{
	const char *style = style_of(a);
	bool form = strcmp(style, "form") == 0;

	return strcmp(style, style_of(b)) == 0 &&
	    xc_diff_flag(a->object, "explode", form) ==
	    xc_diff_flag(b->object, "explode", form);
}

static struct json_object *
schema_of(const struct parameter *parameter)
{
	const char *type;
	struct json_object *media = media_of(parameter, &type);

	return xc_diff_member(media != NULL ? media : parameter->object,
	    "schema");
}

/* ---- before and after --------------------------------------------------- */

static void
compare(const struct both *both, const struct parameter *before,
    const struct parameter *after)
{
	char subject[160];
	struct compare compare = { .diff = both->diff,
		.operation = both->name, .subject = subject };
	const char *type, *new_type;

	name_parameter(before, subject, sizeof(subject));
	if (!xc_diff_flag(before->object, "required", false) &&
	    xc_diff_flag(after->object, "required", false))
		xc_diff_say(both->diff, both->name, "%s is required now",
		    subject);
	(void)media_of(before, &type);
	(void)media_of(after, &new_type);
	if (strcasecmp(type, new_type) != 0 || (type[0] == '\0' &&
	    !is_written_alike(before, after)))
		xc_diff_say(both->diff, both->name, "%s is written in another "
		    "way now (%s)", subject, new_type[0] != '\0' ? new_type :
		    "style, explode");
	compare.textual = type[0] == '\0';
	xc_diff_schemas(&compare, schema_of(before), schema_of(after));
}

static void
compare_new(const struct both *both, const struct parameter *row)
{
	char subject[160];

	name_parameter(row, subject, sizeof(subject));
	if (xc_diff_flag(row->object, "required", false) &&
	    strcmp(row->in, "path") != 0)
		xc_diff_say(both->diff, both->name, "%s is new and required",
		    subject);
}

static void
compare_moved(const struct both *both, struct parameters *after,
    const struct parameter *row)
{
	char subject[160], place[160];

	for (size_t i = 0; i < after->n; i++) {
		const struct parameter *other = &after->rows[i];

		if (strcmp(other->name, row->name) != 0 ||
		    strcmp(other->in, row->in) == 0)
			continue;
		name_parameter(row, subject, sizeof(subject));
		name_parameter(other, place, sizeof(place));
		xc_diff_say(both->diff, both->name, "%s is %s now", subject,
		    place);
		return;
	}
}

static void
compare_all(const struct both *both, struct parameters *before,
    struct parameters *after)
{
	struct diff *diff = both->diff;

	take(before, diff->before, xc_diff_member(both->item, "parameters"),
	    both->path);
	take(before, diff->before, xc_diff_member(both->operation,
	    "parameters"), both->path);
	take(after, diff->after, xc_diff_member(both->new_item,
	    "parameters"), both->new_path);
	take(after, diff->after, xc_diff_member(both->new_operation,
	    "parameters"), both->new_path);
	for (size_t i = 0; i < before->n && xc_diff_step(diff); i++) {
		const struct parameter *other = find(after, &before->rows[i]);

		if (other != NULL)
			compare(both, &before->rows[i], other);
		else
			compare_moved(both, after, &before->rows[i]);
	}
	for (size_t i = 0; i < after->n && xc_diff_step(diff); i++)
		if (find(before, &after->rows[i]) == NULL)
			compare_new(both, &after->rows[i]);
}

void
xc_diff_parameters(const struct both *both)
{
	struct parameters *before = calloc(2, sizeof(*before));

	if (before == NULL) {
		both->diff->nomem = true;
		return;
	}
	compare_all(both, &before[0], &before[1]);
	free(before);
}
