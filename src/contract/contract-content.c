/* SPDX-License-Identifier: MIT */
/* "content" of a document: what an operation takes and answers, by media
 * type (OpenAPI 3.1, 4.8.13, 4.8.14, 4.8.16). */
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include <xcore/json.h>

#include "contract-private.h"

static enum xc_err
compile_form(struct xc_contract_build *build,
    const struct xc_plan_node *media, struct content *content)
{
	bool multipart = content->kind == XC_MEDIA_MULTIPART;
	struct xc_form **form = xc_growing_add(&build->forms);
	enum xc_err err;

	if (form == NULL)
		return xc_contract_no_memory(build);
	content->form = build->forms.n;
	err = xc_form_compile(&build->plan, media, multipart, form);
	if (err == XC_OK)
		build->contract->size += xc_form_size(*form) + sizeof(*form);
	return err;
}

/* Whether the schema of a text is one that only a text can be held to. */
static bool
is_about_texts(struct xc_plan *plan, const struct xc_plan_node *schema)
{
	unsigned kinds = xc_plan_kinds(plan, schema);
	const char *format = xc_json_string(schema->json, "format");

	/* "binary" is how OpenAPI 3.0 says "any bytes". */
	return (kinds & XC_KIND_TEXT) != 0 && kinds != XC_KIND_ANY &&
	    (format == NULL || strcmp(format, "binary") != 0);
}

/* Whether what a row takes can be held to a schema. */
static bool
is_checked(struct xc_plan *plan, const struct xc_plan_node *schema,
    struct content *content)
{
	if (schema->json == NULL)
		return false;
	content->texts = (content->kind == XC_MEDIA_TEXT || content->range) &&
	    is_about_texts(plan, schema);
	return content->range || content->texts ||
	    (content->kind != XC_MEDIA_TEXT &&
	    content->kind != XC_MEDIA_BYTES);
}

static enum xc_err
read_key(struct xc_contract_build *build, const struct xc_plan_node *node,
    const char *key, struct content *content)
{
	struct xc_media media;

	if (!xc_media_parse(key, &media) || (media.type.at[0] == '*' &&
	    (media.type.len != 1 || !xc_media_is_range(&media))))
		return xc_plan_fail(&build->plan, node, "is no media type; "
		    "write it as in application/json, text/* or */*");
	content->kind = (uint8_t)xc_media_kind(&media);
	content->range = xc_media_is_range(&media);
	content->exact = media.n_params == 0;
	content->entry = XC_NO_ENTRY;
	return xc_contract_keep(build, key, &content->key);
}

static enum xc_err
compile_media(struct xc_contract_build *build,
    const struct xc_plan_node *node, const char *key, bool is_request)
{
	struct xc_plan_node media;
	struct xc_plan_node schema;
	struct content content = { .entry = XC_NO_ENTRY };
	struct content *row;
	enum xc_err err;

	xc_plan_member(node, key, &media);
	err = read_key(build, &media, key, &content);
	if (err == XC_OK)
		err = xc_plan_follow(&build->plan, &media);
	if (err != XC_OK)
		return err;
	if (!json_object_is_type(media.json, json_type_object))
		return xc_plan_fail(&build->plan, &media,
		    "must be an object");
	xc_plan_member(&media, "schema", &schema);
	if (is_checked(&build->plan, &schema, &content))
		err = xc_plan_schema(&build->plan, &schema, &content.entry);
	if (err == XC_OK && is_request && (content.kind == XC_MEDIA_FORM ||
	    content.kind == XC_MEDIA_MULTIPART))
		err = compile_form(build, &media, &content);
	if (err != XC_OK)
		return err;
	row = xc_growing_add(&build->contents);
	if (row == NULL)
		return xc_contract_no_memory(build);
	*row = content;
	return XC_OK;
}

static unsigned
rank_of(const struct xc_contract_build *build, const struct content *row)
{
	const char *key = (const char *)build->text.base + row->key;
	struct xc_media media;

	return xc_media_parse(key, &media) ? xc_media_rank(&media) : 0;
}

/* The narrowest first; those that are alike stay in the order of the
 * document.  There are a handful. */
static void
sort_contents(struct xc_contract_build *build, struct rows rows)
{
	struct content *all = build->contents.rows;
	uint32_t end = rows.first + rows.n;
	struct content row;
	uint32_t i;
	uint32_t j;

	for (i = rows.first + 1; i < end; i++) {
		row = all[i];
		for (j = i; j > rows.first && rank_of(build, &all[j - 1]) <
		    rank_of(build, &row); j--)
			all[j] = all[j - 1];
		all[j] = row;
	}
}

#define CONTENTS_MAX 64

/* Reads node/content. */
static enum xc_err
compile_contents(struct xc_contract_build *build,
    const struct xc_plan_node *node, bool is_request, struct rows *rows_r)
{
	struct xc_plan_node contents;
	struct lh_entry *entry;
	enum xc_err err;

	rows_r->first = build->contents.n;
	rows_r->n = 0;
	xc_plan_member(node, "content", &contents);
	if (contents.json == NULL)
		return XC_OK;
	if (!json_object_is_type(contents.json, json_type_object))
		return xc_plan_fail(&build->plan, &contents,
		    "must be an object of media types");
	if (json_object_object_length(contents.json) > CONTENTS_MAX)
		return xc_plan_fail(&build->plan, &contents, "has more than "
		    "%d media types; name a range, as in text/*",
		    CONTENTS_MAX);
	lh_foreach(json_object_get_object(contents.json), entry) {
		err = compile_media(build, &contents, lh_entry_k(entry),
		    is_request);
		if (err != XC_OK)
			return err;
	}
	rows_r->n = build->contents.n - rows_r->first;
	sort_contents(build, *rows_r);
	return XC_OK;
}

enum xc_err
xc_contract_compile_body(struct xc_contract_build *build,
    const struct xc_plan_node *node, struct operation *operation)
{
	struct xc_plan_node body;
	enum xc_err err;

	xc_plan_member(node, "requestBody", &body);
	if (body.json == NULL)
		return XC_OK;
	err = xc_plan_follow(&build->plan, &body);
	if (err != XC_OK)
		return err;
	if (!json_object_is_type(body.json, json_type_object))
		return xc_plan_fail(&build->plan, &body, "must be an object");
	operation->takes_body = true;
	xc_json_bool(body.json, "required", &operation->requires_body);
	err = compile_contents(build, &body, true, &operation->contents);
	if (err == XC_OK && operation->contents.n == 0)
		return xc_plan_fail(&build->plan, &body, "has no content; "
		    "name the media types that it takes");
	return err;
}

/* "200", "2XX" and "default" as an answer's number; false for others. */
static bool
read_status(const char *key, uint16_t *status_r)
{
	bool digit = key[0] >= '1' && key[0] <= '5';

	*status_r = 0;
	if (strcmp(key, "default") == 0)
		return true;
	if (!digit || strlen(key) != 3)
		return false;
	*status_r = (uint16_t)(key[0] - '0');
	if (strcmp(key + 1, "XX") == 0)
		return true;
	*status_r = (uint16_t)atoi(key);
	return strspn(key, "0123456789") == 3;
}

static enum xc_err
compile_answer(struct xc_contract_build *build,
    const struct xc_plan_node *node, const char *key)
{
	struct xc_plan_node response;
	struct answer answer;
	struct answer *row;
	enum xc_err err;

	xc_plan_member(node, key, &response);
	if (!read_status(key, &answer.status))
		return xc_plan_fail(&build->plan, &response, "is no status; "
		    "write 200, 2XX or default");
	err = xc_plan_follow(&build->plan, &response);
	if (err == XC_OK)
		err = compile_contents(build, &response, false,
		    &answer.contents);
	if (err != XC_OK)
		return err;
	row = xc_growing_add(&build->answers);
	if (row == NULL)
		return xc_contract_no_memory(build);
	*row = answer;
	return XC_OK;
}

enum xc_err
xc_contract_compile_answers(struct xc_contract_build *build,
    const struct xc_plan_node *node, struct operation *operation)
{
	struct xc_plan_node responses;
	struct lh_entry *entry;
	enum xc_err err;

	operation->answers.first = build->answers.n;
	xc_plan_member(node, "responses", &responses);
	if (!json_object_is_type(responses.json, json_type_object))
		return XC_OK;
	lh_foreach(json_object_get_object(responses.json), entry) {
		if (strncmp(lh_entry_k(entry), "x-", 2) == 0)
			continue;
		err = compile_answer(build, &responses, lh_entry_k(entry));
		if (err != XC_OK)
			return err;
	}
	operation->answers.n = build->answers.n - operation->answers.first;
	return XC_OK;
}
