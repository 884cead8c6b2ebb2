/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "types/emit.h"
#include "types/name.h"
#include "types/types.h"

static const char *const methods[] = { "get", "put", "post", "delete",
	"options", "head", "patch", "trace" };

static struct json_object *
member_at(struct json_object *node, const char *a, const char *b)
{
	return xc_json_member(xc_json_member(node, a), b);
}

static bool
is_object(struct json_object *node)
{
	return json_object_is_type(node, json_type_object);
}

static void
read_components(struct xc_types *types)
{
	struct json_object *schemas = member_at(types->root, "components",
	    "schemas");
	struct xc_type type;

	if (!is_object(schemas))
		return;
	json_object_object_foreach(schemas, name, schema) {
		xc_type_of(types, schema, name, &type);
	}
}

/* The schema of a body: of JSON, if there is some, else of the first media
 * type. */
static struct json_object *
schema_of(struct xc_types *types, struct json_object *content)
{
	struct json_object *first = NULL;
	struct json_object *schema;

	if (!is_object(content))
		return NULL;
	json_object_object_foreach(content, name, media) {
		schema = xc_json_member(xc_type_follow(types, media),
		    "schema");
		if (strstr(name, "json") != NULL && schema != NULL)
			return schema;
		if (first == NULL)
			first = schema;
	}
	return first;
}

static void
read_body(struct xc_types *types, struct json_object *body, const char *id,
    const char *end)
{
	char hint[XC_NAME_MAX + 16];
	struct xc_type type;

	snprintf(hint, sizeof(hint), "%.*s_%s", XC_NAME_MAX, id, end);
	body = xc_type_follow(types, body);
	xc_type_of(types, schema_of(types, xc_json_member(body, "content")),
	    hint, &type);
}

/* What is replied when all is well. */
static void
read_replies(struct xc_types *types, struct json_object *operation,
    const char *id)
{
	struct json_object *responses = xc_json_member(operation,
	    "responses");

	if (!is_object(responses))
		return;
	json_object_object_foreach(responses, status, response) {
		if (status[0] == '2')
			read_body(types, response, id, "reply");
	}
}

static struct json_object *
schema_of_parameter(struct xc_types *types, struct json_object *parameter)
{
	struct json_object *schema = xc_json_member(parameter, "schema");

	return schema != NULL ? schema : schema_of(types,
	    xc_json_member(parameter, "content"));
}

/* Whether a list has a parameter of that name and place. */
static bool
has_parameter(struct xc_types *types, struct json_object *list,
    const char *name, const char *in)
{
	struct json_object *one;
	const char *other;
	const char *place;
	size_t i;

	if (!json_object_is_type(list, json_type_array))
		return false;
	for (i = 0; i < json_object_array_length(list); i++) {
		one = xc_type_follow(types, json_object_array_get_idx(list,
		    i));
		other = xc_json_string(one, "name");
		place = xc_json_string(one, "in");
		if (other != NULL && place != NULL &&
		    strcmp(other, name) == 0 && strcmp(place, in) == 0)
			return true;
	}
	return false;
}

static void
add_parameter(struct xc_types *types, struct xc_type_def *def,
    struct json_object *parameter)
{
	struct json_object *schema = schema_of_parameter(types, parameter);
	const char *name = xc_json_string(parameter, "name");
	const char *in = xc_json_string(parameter, "in");
	struct xc_type_field *field;
	bool required = false;

	field = xc_type_add(types, def, name, schema);
	if (field == NULL)
		return;
	(void)xc_json_bool(parameter, "required", &required);
	field->in = in;
	/* A default is there when nothing was sent. */
	field->required = required || xc_json_member(
	    xc_type_follow(types, schema), "default") != NULL;
	if (xc_json_string(parameter, "description") != NULL)
		field->description = xc_json_string(parameter,
		    "description");
}

static bool
is_place(const char *in)
{
	return strcmp(in, "path") == 0 || strcmp(in, "query") == 0 ||
	    strcmp(in, "header") == 0 || strcmp(in, "cookie") == 0;
}

/* Those of a list, without those that another one says anew. */
static void
add_parameters(struct xc_types *types, struct xc_type_def *def,
    struct json_object *list, struct json_object *anew)
{
	struct json_object *one;
	const char *name;
	const char *in;
	size_t i;

	if (!json_object_is_type(list, json_type_array))
		return;
	for (i = 0; i < json_object_array_length(list); i++) {
		one = xc_type_follow(types, json_object_array_get_idx(list,
		    i));
		name = xc_json_string(one, "name");
		in = xc_json_string(one, "in");
		if (name != NULL && in != NULL && is_place(in) &&
		    !has_parameter(types, anew, name, in))
			add_parameter(types, def, one);
	}
}

static void
read_parameters(struct xc_types *types, struct json_object *item,
    struct json_object *operation, const char *id)
{
	struct json_object *shared = xc_json_member(item, "parameters");
	struct json_object *own = xc_json_member(operation, "parameters");
	struct xc_type_def *def;
	char hint[XC_NAME_MAX + 16];

	if (!json_object_is_type(shared, json_type_array) &&
	    !json_object_is_type(own, json_type_array))
		return;
	snprintf(hint, sizeof(hint), "%.*s_params", XC_NAME_MAX, id);
	def = xc_type_begin(types, NULL, hint);
	if (def == NULL)
		return;
	def->params = true;
	add_parameters(types, def, shared, own);
	add_parameters(types, def, own, NULL);
	xc_type_finish(types, def);
}

static void
read_item(struct xc_types *types, struct json_object *item)
{
	struct json_object *operation;
	const char *id;
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		operation = xc_json_member(item, methods[i]);
		id = xc_json_string(operation, "operationId");
		if (id == NULL)
			continue;
		read_parameters(types, item, operation, id);
		read_body(types, xc_json_member(operation, "requestBody"), id,
		    "body");
		read_replies(types, operation, id);
	}
}

static void
read_paths(struct xc_types *types)
{
	struct json_object *paths = xc_json_member(types->root, "paths");

	if (!is_object(paths))
		return;
	json_object_object_foreach(paths, path, item) {
		(void)path;
		read_item(types, xc_type_follow(types, item));
	}
}

/* Structs hold only what stands before them; functions may call any. */
static void
write_all(const struct xc_types *types, struct xc_emit *emit,
    const char *plugin)
{
	struct xc_type_def *const *defs = types->defs;
	size_t n = types->n_defs;
	size_t i;

	xc_emit_begin(emit, plugin);
	for (i = 0; i < n; i++)
		if (defs[i]->kind == XC_TYPE_ENUM)
			xc_emit_type(emit, defs[i]);
	fputc('\n', emit->out);
	for (i = 0; i < n; i++)
		if (defs[i]->kind == XC_TYPE_STRUCT)
			fprintf(emit->out, "struct %s;\n", defs[i]->tag);
	for (i = 0; i < n; i++)
		if (defs[i]->kind == XC_TYPE_STRUCT)
			xc_emit_type(emit, defs[i]);
	fputc('\n', emit->out);
	for (i = 0; i < n; i++)
		xc_emit_prototypes(emit, defs[i]);
	for (i = 0; i < n; i++) {
		if (defs[i]->kind == XC_TYPE_ENUM)
			xc_emit_enum(emit, defs[i]);
		else
			xc_emit_reader(emit, defs[i]);
		if (defs[i]->kind == XC_TYPE_STRUCT && !defs[i]->params)
			xc_emit_writer(emit, defs[i]);
	}
	xc_emit_end(emit);
}

static enum xc_err
write_text(const struct xc_types *types, struct xc_emit *emit,
    const char *plugin, char **text_r, size_t *len_r)
{
	bool failed;

	emit->out = open_memstream(text_r, len_r);
	if (emit->out == NULL)
		return XC_ERR_NOMEM;
	write_all(types, emit, plugin);
	failed = ferror(emit->out) != 0;
	if (fclose(emit->out) != 0 || failed) {
		free(*text_r);
		*text_r = NULL;
		return XC_ERR_NOMEM;
	}
	return XC_OK;
}

/* Names that the file has of its own. */
static void
reserve(struct xc_types *types, const char *guard)
{
	char name[XC_NAME_MAX + 16];

	snprintf(name, sizeof(name), "%s_types", types->prefix);
	free(xc_type_unique(types, types->names, name));
	free(xc_type_unique(types, types->names, guard));
}

enum xc_err
xc_types_write(const char *plugin, struct json_object *openapi,
    bool bundled, char **text_r, size_t *len_r, struct xc_errbuf *errbuf)
{
	struct xc_types types = { .root = openapi, .bundled = bundled,
		.err = XC_OK };
	struct xc_emit emit = { .prefix = NULL };
	char prefix[XC_NAME_MAX];
	char capitals[XC_NAME_MAX];
	enum xc_err err;

	*text_r = NULL;
	if (!is_object(openapi) || xc_json_string(openapi, "openapi") == NULL)
		return xc_fail(errbuf, XC_ERR_INVALID, "openapi.json: it is "
		    "no OpenAPI document: it has no \"openapi\"");
	types.prefix = emit.prefix = xc_name_prefix(plugin, prefix);
	snprintf(emit.guard, sizeof(emit.guard), "%s_TYPES_H",
	    xc_name_capitals(prefix, capitals));
	types.names = json_object_new_object();
	if (types.names == NULL) {
		err = XC_ERR_NOMEM;
	} else {
		reserve(&types, emit.guard);
		read_components(&types);
		read_paths(&types);
		err = types.err;
		if (err == XC_OK)
			err = write_text(&types, &emit, plugin, text_r,
			    len_r);
	}
	xc_types_release(&types);
	return err == XC_OK ? XC_OK : xc_fail(errbuf, err, "out of memory");
}
