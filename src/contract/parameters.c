/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include <xcore/json.h>

#include "lib/text.h"

#include "media.h"
#include "parameters-private.h"

static const char *const places[XC_PLACES] = {
	"path", "query", "header", "cookie"
};

/* A Parameter Object that holds for the operation. */
struct parameter {
	struct xc_plan_node node;
	const char *name;
	enum xc_place place;
};

struct reader {
	struct xc_plan *plan;
	const char *path;	/* the template */
	struct xc_parameters *parameters;
	struct parameter *rows;
	size_t n;
	size_t n_own;		/* those of the operation itself */
	size_t n_defaults;
	struct {
		uint8_t place;
		uint32_t field;
	} defaults[XC_PARAMETERS_MAX];
};

static enum xc_err
no_memory(struct reader *reader)
{
	return xc_fail(reader->plan->errbuf, XC_ERR_NOMEM, "out of memory");
}

/* --- which parameters there are ---- */

/* OpenAPI 3.1, 4.8.12.1: described elsewhere in a document.  Cookies are
 * parameters one by one: that of the worker is none. */
static bool
is_ignored(const struct parameter *row)
{
	static const char *const names[] = { "Accept", "Content-Type",
		"Authorization", "Cookie" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (row->place == XC_PLACE_HEADER &&
		    strcasecmp(names[i], row->name) == 0)
			return true;
	return false;
}

static bool
is_same(const struct parameter *a, const struct parameter *b)
{
	if (a->place != b->place)
		return false;
	return a->place == XC_PLACE_HEADER
	    ? strcasecmp(a->name, b->name) == 0
	    : strcmp(a->name, b->name) == 0;
}

static enum xc_err
read_place(struct reader *reader, struct parameter *row)
{
	const char *in = xc_json_string(row->node.json, "in");
	struct xc_plan_node node;
	unsigned i;

	for (i = 0; i < XC_PLACES; i++)
		if (in != NULL && strcmp(places[i], in) == 0) {
			row->place = (enum xc_place)i;
			return XC_OK;
		}
	xc_plan_member(&row->node, "in", &node);
	return xc_plan_fail(reader->plan, &node, "must be \"path\", "
	    "\"query\", \"header\" or \"cookie\"");
}

static enum xc_err
read_name(struct reader *reader, struct parameter *row)
{
	struct xc_plan_node node;

	xc_plan_member(&row->node, "name", &node);
	row->name = xc_json_string(row->node.json, "name");
	if (row->name == NULL || row->name[0] == '\0')
		return xc_plan_fail(reader->plan, &node,
		    "must be the parameter's name");
	if ((row->place == XC_PLACE_HEADER || row->place == XC_PLACE_COOKIE)
	    && !xc_is_token(row->name, strlen(row->name)))
		return xc_plan_fail(reader->plan, &node, "no %s can have this "
		    "name; use letters, digits, '-' and '_'",
		    places[row->place]);
	return XC_OK;
}

/* A row for what stands at node, unless one holds in its place already: of
 * the n_known first ones. */
static enum xc_err
add_row(struct reader *reader, const struct xc_plan_node *node,
    size_t n_known)
{
	struct parameter *row = &reader->rows[reader->n];
	enum xc_err err;
	size_t i;

	row->node = *node;
	err = xc_plan_follow(reader->plan, &row->node);
	if (err == XC_OK &&
	    !json_object_is_type(row->node.json, json_type_object))
		err = xc_plan_fail(reader->plan, &row->node,
		    "must be an object");
	if (err == XC_OK)
		err = read_place(reader, row);
	if (err == XC_OK)
		err = read_name(reader, row);
	if (err != XC_OK || is_ignored(row))
		return err;
	for (i = 0; i < reader->n; i++) {
		if (!is_same(row, &reader->rows[i]))
			continue;
		if (i < n_known)
			return XC_OK;
		return xc_plan_fail(reader->plan, node, "the %s parameter "
		    "\"%.100s\" stands twice in this list; take one out",
		    places[row->place], row->name);
	}
	reader->n++;
	return XC_OK;
}

/* "parameters" of an operation or of a path item. */
static enum xc_err
add_rows(struct reader *reader, const struct xc_plan_node *holder)
{
	size_t n_known = reader->n;
	struct parameter *rows;
	struct xc_plan_node list;
	struct xc_plan_node one;
	enum xc_err err = XC_OK;
	size_t n;
	size_t i;

	if (holder == NULL)
		return XC_OK;
	xc_plan_member(holder, "parameters", &list);
	if (list.json == NULL)
		return XC_OK;
	if (!json_object_is_type(list.json, json_type_array))
		return xc_plan_fail(reader->plan, &list, "must be an array");
	n = json_object_array_length(list.json);
	if (n > XC_PARAMETERS_MAX || n + reader->n > XC_PARAMETERS_MAX)
		return xc_plan_fail(reader->plan, &list, "an operation may "
		    "have %d parameters at most", XC_PARAMETERS_MAX);
	rows = reallocarray(reader->rows, n_known + n + 1, sizeof(*rows));
	if (rows == NULL)
		return no_memory(reader);
	reader->rows = rows;
	for (i = 0; i < n && err == XC_OK; i++) {
		xc_plan_item(&list, i, &one);
		err = add_row(reader, &one, n_known);
	}
	return err;
}

/* --- one of them ---- */

/* The only member of "content": its name and schema. */
static enum xc_err
read_content(struct reader *reader, const struct xc_plan_node *content,
    struct xc_field *field, struct xc_plan_node *schema_r)
{
	struct xc_plan_node node;
	struct xc_media media;
	enum xc_media_kind kind;
	const char *type;

	if (!json_object_is_type(content->json, json_type_object) ||
	    json_object_object_length(content->json) != 1)
		return xc_plan_fail(reader->plan, content, "must be an object "
		    "with one media type");
	type = lh_entry_k(json_object_get_object(content->json)->head);
	xc_plan_member(content, type, &node);
	if (!xc_media_parse(type, &media))
		return xc_plan_fail(reader->plan, &node, "is no media type");
	kind = xc_media_kind(&media);
	if (kind != XC_MEDIA_JSON && kind != XC_MEDIA_TEXT)
		return xc_plan_fail(reader->plan, &node, "a parameter can be "
		    "application/json or text/plain, no other media type");
	field->json = kind == XC_MEDIA_JSON;
	field->style = XC_STYLE_SIMPLE;
	field->explode = false;
	xc_plan_member(&node, "schema", schema_r);
	return XC_OK;
}

static enum xc_err
read_schema(struct reader *reader, const struct parameter *row,
    struct xc_field *field, struct xc_plan_node *schema_r)
{
	struct xc_plan_node content;
	enum xc_err err;

	xc_plan_member(&row->node, "content", &content);
	xc_plan_member(&row->node, "schema", schema_r);
	if ((content.json == NULL) == (schema_r->json == NULL))
		return xc_plan_fail(reader->plan, &row->node, "must have "
		    "either \"schema\" or \"content\"");
	err = xc_read_style(reader->plan, &row->node, row->place, field);
	if (err == XC_OK && content.json != NULL)
		err = read_content(reader, &content, field, schema_r);
	return err;
}

static enum xc_err
read_switches(struct reader *reader, const struct parameter *row,
    struct xc_field *field)
{
	struct xc_plan *plan = reader->plan;
	bool deprecated;
	enum xc_err err;

	err = xc_read_bool(plan, &row->node, "required", &field->required);
	if (err == XC_OK)
		err = xc_read_bool(plan, &row->node, "deprecated",
		    &deprecated);
	if (err == XC_OK && row->place == XC_PLACE_QUERY)
		err = xc_read_bool(plan, &row->node, "allowEmptyValue",
		    &field->allow_empty);
	if (err == XC_OK && row->place == XC_PLACE_QUERY)
		err = xc_read_bool(plan, &row->node, "allowReserved",
		    &field->reserved);
	if (err == XC_OK && row->place == XC_PLACE_PATH && !field->required)
		err = xc_plan_fail(plan, &row->node, "a parameter of the path "
		    "must have \"required\": true");
	return err;
}

/* Puts a default behind the others; the tape of them is made at the end. */
static enum xc_err
add_default(struct reader *reader, const struct parameter *row,
    const struct xc_plan_node *schema)
{
	struct xc_block *text = &reader->parameters->text;
	struct xc_plan_node node;
	const char *json;
	enum xc_err err;

	if (!xc_plan_default(reader->plan, schema, &node))
		return XC_OK;
	json = json_object_to_json_string_ext(node.json,
	    JSON_C_TO_STRING_PLAIN);
	if (json == NULL)
		return no_memory(reader);
	err = xc_block_put(text, reader->n_defaults == 0 ? "[" : ",", 1);
	if (err == XC_OK)
		err = xc_block_put(text, json, strlen(json));
	if (err != XC_OK)
		return no_memory(reader);
	reader->defaults[reader->n_defaults].place = (uint8_t)row->place;
	reader->defaults[reader->n_defaults++].field =
	    reader->parameters->places[row->place].n - 1;
	return XC_OK;
}

static enum xc_err
add_field(struct reader *reader, const struct parameter *row)
{
	struct xc_field field = { .entry = XC_NO_ENTRY };
	struct xc_plan_node schema;
	enum xc_err err;

	err = read_schema(reader, row, &field, &schema);
	if (err == XC_OK)
		err = read_switches(reader, row, &field);
	if (err == XC_OK && schema.json != NULL)
		err = xc_plan_schema(reader->plan, &schema, &field.entry);
	if (err == XC_OK)
		err = xc_fields_add(&reader->parameters->places[row->place],
		    reader->plan, &row->node, row->name, &schema, &field);
	if (err == XC_OK && schema.json != NULL && !field.required)
		err = add_default(reader, row, &schema);
	reader->parameters->n++;
	return err;
}

/* --- the template ---- */

/* The next name in braces from *at on; false behind the last. */
static bool
next_variable(const char **at, const char **name_r, size_t *len_r)
{
	const char *open = strchr(*at, '{');
	const char *close = open != NULL ? strchr(open, '}') : NULL;

	if (close == NULL)
		return false;
	*name_r = open + 1;
	*len_r = (size_t)(close - open) - 1;
	*at = close + 1;
	return true;
}

static bool
is_in_template(const char *path, const char *name)
{
	const char *variable;
	size_t len;

	while (next_variable(&path, &variable, &len))
		if (strlen(name) == len && memcmp(variable, name, len) == 0)
			return true;
	return false;
}

static bool
is_declared(const struct reader *reader, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < reader->n; i++)
		if (reader->rows[i].place == XC_PLACE_PATH &&
		    strlen(reader->rows[i].name) == len &&
		    memcmp(reader->rows[i].name, name, len) == 0)
			return true;
	return false;
}

static enum xc_err
check_template(struct reader *reader, const struct xc_plan_node *operation)
{
	const char *at = reader->path;
	const char *name;
	size_t len;
	size_t i;

	for (i = 0; i < reader->n; i++)
		if (reader->rows[i].place == XC_PLACE_PATH &&
		    !is_in_template(reader->path, reader->rows[i].name))
			return xc_plan_fail(reader->plan,
			    &reader->rows[i].node, "the path %.200s has no "
			    "{%.100s}; put it there or take the parameter out",
			    reader->path, reader->rows[i].name);
	while (next_variable(&at, &name, &len))
		if (!is_declared(reader, name, len))
			return xc_plan_fail(reader->plan, operation, "no "
			    "parameter says what {%.*s} of the path is; add "
			    "{\"name\": \"%.*s\", \"in\": \"path\", "
			    "\"required\": true, \"schema\": {...}} to "
			    "\"parameters\"", len < 100 ? (int)len : 100,
			    name, len < 100 ? (int)len : 100, name);
	return XC_OK;
}

/* --- all of them ---- */

/* Scans the defaults and gives each field its own. */
static enum xc_err
finish_defaults(struct reader *reader, const struct xc_plan_node *operation)
{
	struct xc_parameters *parameters = reader->parameters;
	struct xc_tape_error error;
	struct xc_field *field;
	enum xc_err err;
	uint32_t off;
	uint32_t at;
	size_t i;

	if (reader->n_defaults == 0)
		return XC_OK;
	if (xc_block_put(&parameters->text, "]", 1) != XC_OK)
		return no_memory(reader);
	err = xc_tape_scan((const char *)parameters->text.base,
	    parameters->text.used, NULL, &parameters->tokens, &off,
	    &parameters->defaults, &error);
	if (err == XC_ERR_NOMEM)
		return no_memory(reader);
	if (err != XC_OK)
		return xc_plan_fail(reader->plan, operation, "a default of "
		    "its parameters cannot be a value: %s", error.what);
	at = xc_tape_first(0);
	for (i = 0; i < reader->n_defaults; i++) {
		field = (struct xc_field *)(void *)parameters->places[
		    reader->defaults[i].place].rows.base +
		    reader->defaults[i].field;
		field->fallback = at;
		at = xc_tape_next(&parameters->defaults, at);
	}
	return XC_OK;
}

/* Gives back what was made room for. */
static void
fit(struct xc_parameters *parameters)
{
	struct xc_tape *defaults = &parameters->defaults;
	size_t tokens = defaults->tokens != NULL ? (size_t)((const char *)
	    defaults->tokens - (const char *)parameters->tokens.base) : 0;
	unsigned i;

	parameters->size = sizeof(*parameters);
	for (i = 0; i < XC_PLACES; i++)
		parameters->size += xc_fields_fit(&parameters->places[i]);
	xc_block_fit(&parameters->text);
	xc_block_fit(&parameters->tokens);
	parameters->size += parameters->text.cap + parameters->tokens.cap;
	if (defaults->tokens == NULL)
		return;
	defaults->text = (const char *)parameters->text.base;
	defaults->tokens = (const struct xc_token *)(const void *)
	    (parameters->tokens.base + tokens);
}

static void
begin_places(struct xc_parameters *parameters)
{
	unsigned i;

	for (i = 0; i < XC_PLACES; i++)
		xc_fields_begin(&parameters->places[i], places[i]);
	parameters->places[XC_PLACE_HEADER].folds = true;
	parameters->places[XC_PLACE_HEADER].is_trimmed = true;
	parameters->places[XC_PLACE_HEADER].is_raw = true;
	parameters->places[XC_PLACE_COOKIE].is_raw = true;
	parameters->places[XC_PLACE_COOKIE].splits_cookies = true;
}

static enum xc_err
compile(struct reader *reader, const struct xc_plan_node *item,
    const struct xc_plan_node *operation)
{
	enum xc_err err = add_rows(reader, operation);
	size_t i;

	if (err == XC_OK)
		err = add_rows(reader, item);
	if (err == XC_OK)
		err = check_template(reader, operation);
	if (err != XC_OK || reader->n == 0)
		return err;
	reader->parameters = calloc(1, sizeof(*reader->parameters));
	if (reader->parameters == NULL)
		return no_memory(reader);
	begin_places(reader->parameters);
	for (i = 0; i < reader->n && err == XC_OK; i++)
		err = add_field(reader, &reader->rows[i]);
	return err == XC_OK ? finish_defaults(reader, operation) : err;
}

enum xc_err
xc_parameters_compile(struct xc_plan *plan, const char *path,
    const struct xc_plan_node *item, const struct xc_plan_node *operation,
    struct xc_parameters **parameters_r)
{
	struct reader reader = { .plan = plan, .path = path };
	enum xc_err err = compile(&reader, item, operation);

	free(reader.rows);
	if (err != XC_OK)
		xc_parameters_free(&reader.parameters);
	else if (reader.parameters != NULL)
		fit(reader.parameters);
	*parameters_r = reader.parameters;
	return err;
}

size_t
xc_parameters_size(const struct xc_parameters *parameters)
{
	return parameters->size;
}

void
xc_parameters_free(struct xc_parameters **parameters)
{
	unsigned i;

	if (*parameters == NULL)
		return;
	for (i = 0; i < XC_PLACES; i++)
		xc_fields_free(&(*parameters)->places[i]);
	xc_block_free(&(*parameters)->text);
	xc_block_free(&(*parameters)->tokens);
	free(*parameters);
	*parameters = NULL;
}
