/* SPDX-License-Identifier: MIT */
/* The functions that fill a struct. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include <json-c/json.h>

#include "types/emit.h"
#include "types/name.h"

/* Whether a default can be written for a member. */
static bool
has_default(const struct xc_type_field *field)
{
	struct json_object *value = field->otherwise;
	size_t i;

	if (value == NULL || field->type.array)
		return false;
	switch (field->type.kind) {
	case XC_TYPE_INT:
		return json_object_is_type(value, json_type_int) &&
		    json_object_get_uint64(value) <= INT64_MAX;
	case XC_TYPE_REAL:
		return json_object_is_type(value, json_type_int) ||
		    (json_object_is_type(value, json_type_double) &&
		    isfinite(json_object_get_double(value)));
	case XC_TYPE_BOOL:
		return json_object_is_type(value, json_type_boolean);
	case XC_TYPE_TEXT:
		return json_object_is_type(value, json_type_string);
	case XC_TYPE_ENUM:
		if (!json_object_is_type(value, json_type_string))
			return false;
		for (i = 0; i < field->type.def->n_texts; i++)
			if (strcmp(field->type.def->texts[i],
			    json_object_get_string(value)) == 0)
				return true;
		return false;
	default:
		return false;
	}
}

static void
put_int(FILE *out, int64_t value)
{
	/* There is no literal of the least one. */
	if (value == INT64_MIN)
		fputs("INT64_MIN", out);
	else
		fprintf(out, "INT64_C(%lld)", (long long)value);
}

static void
put_real(FILE *out, double value)
{
	char text[40];

	snprintf(text, sizeof(text), "%.17g", value);
	fputs(text, out);
	if (strpbrk(text, ".e") == NULL)
		fputs(".0", out);
}

static void
put_default(FILE *out, const struct xc_type_field *field)
{
	struct json_object *value = field->otherwise;
	size_t i;

	switch (field->type.kind) {
	case XC_TYPE_INT:
		put_int(out, json_object_get_int64(value));
		break;
	case XC_TYPE_REAL:
		put_real(out, json_object_get_double(value));
		break;
	case XC_TYPE_BOOL:
		fputs(json_object_get_boolean(value) ? "true" : "false", out);
		break;
	case XC_TYPE_TEXT:
		xc_name_literal(out, json_object_get_string(value));
		break;
	default:
		for (i = 0; i < field->type.def->n_texts; i++)
			if (strcmp(field->type.def->texts[i],
			    json_object_get_string(value)) == 0)
				break;
		fputs(field->type.def->constants[i], out);
		break;
	}
}

/* The call that reads `one` into a place. */
static void
put_call(struct xc_emit *emit, const struct xc_type *type, const char *place)
{
	FILE *out = emit->out;

	switch (type->kind) {
	case XC_TYPE_INT:
		fprintf(out, "%s_types_int(one, &%s)", emit->prefix, place);
		break;
	case XC_TYPE_REAL:
		fprintf(out, "%s_types_real(one, &%s)", emit->prefix, place);
		break;
	case XC_TYPE_BOOL:
		fprintf(out, "%s_types_bool(one, &%s)", emit->prefix, place);
		break;
	case XC_TYPE_TEXT:
		fprintf(out, "%s_types_text(one, &%s)", emit->prefix, place);
		break;
	case XC_TYPE_JSON:
		fprintf(out, "xc_data_json(one, &%s)", place);
		break;
	default:
		fprintf(out, "%s_read(req, one, &%s)", type->def->tag, place);
		break;
	}
}

static void
put_list(struct xc_emit *emit, const struct xc_type_field *field,
    const char *tabs)
{
	const struct xc_type *type = &field->type;
	FILE *out = emit->out;
	char place[256];

	fprintf(out, "%sto->%s = (", tabs, field->name);
	switch (type->kind) {
	case XC_TYPE_INT:
		fputs("int64_t *", out);
		break;
	case XC_TYPE_REAL:
		fputs("double *", out);
		break;
	case XC_TYPE_BOOL:
		fputs("bool *", out);
		break;
	case XC_TYPE_TEXT:
		fputs("const char **", out);
		break;
	default:
		fprintf(out, "%s %s *", type->kind == XC_TYPE_ENUM ? "enum"
		    : "struct", type->def->tag);
		break;
	}
	fprintf(out, ")%s_types_room(req, one,\n"
	    "%s    sizeof(*to->%s), &to->%s, &err);\n"
	    "%sif (err != XC_OK)\n"
	    "%s\treturn err;\n"
	    "%sone = xc_data_first(one);\n"
	    "%sfor (i = 0; i < to->%s; i++) {\n"
	    "%s\terr = ", emit->prefix, tabs, field->name, field->count,
	    tabs, tabs, tabs, tabs, field->count, tabs);
	snprintf(place, sizeof(place), "to->%s[i]", field->name);
	put_call(emit, type, place);
	fprintf(out, ";\n"
	    "%s\tif (err != XC_OK)\n"
	    "%s\t\treturn err;\n"
	    "%s\tone = xc_data_next(one);\n"
	    "%s}\n", tabs, tabs, tabs, tabs);
}

static void
put_one(struct xc_emit *emit, const struct xc_type_field *field,
    const char *tabs)
{
	const struct xc_type *type = &field->type;
	FILE *out = emit->out;
	char place[256];

	snprintf(place, sizeof(place), "to->%s", field->name);
	if (type->pointer) {
		fprintf(out, "%s%s = (struct %s *)xc_alloc(req,\n"
		    "%s    sizeof(*%s));\n"
		    "%serr = %s == NULL ? XC_ERR_NOMEM\n"
		    "%s    : %s_read(req, one, %s);\n", tabs, place,
		    type->def->tag, tabs, place, tabs, place, tabs,
		    type->def->tag, place);
	} else {
		fprintf(out, "%serr = ", tabs);
		put_call(emit, type, place);
		fputs(";\n", out);
	}
	fprintf(out, "%sif (err != XC_OK)\n"
	    "%s\treturn err;\n", tabs, tabs);
}

/* Where the value is: a member of `from`, or a parameter. */
static void
put_source(FILE *out, const struct xc_type_field *field)
{
	char name[300];

	if (field->in == NULL) {
		fputs("\tone = xc_data_member(from, ", out);
		xc_name_literal(out, field->key);
	} else {
		snprintf(name, sizeof(name), "%s:%s", field->in, field->key);
		fputs("\tone = xc_param(req, ", out);
		xc_name_literal(out, name);
	}
	fputs(");\n", out);
}

static void
put_field(struct xc_emit *emit, const struct xc_type_def *def,
    const struct xc_type_field *field)
{
	const struct xc_type *type = &field->type;
	FILE *out = emit->out;
	bool null = type->nullable && type->kind != XC_TYPE_JSON;
	const char *tabs = "\t";

	fputc('\n', out);
	put_source(out, field);
	if (field->has != NULL)
		fprintf(out, "\tto->%s = xc_data_type(one) != XC_DATA_NONE;\n",
		    field->has);
	if (field->null != NULL)
		fprintf(out, "\tto->%s = xc_data_type(one) == XC_DATA_NULL;\n",
		    field->null);
	if (field->has != NULL && has_default(field)) {
		fprintf(out, "\tif (!to->%s)\n\t\tto->%s = ", field->has,
		    field->name);
		put_default(out, field);
		fputs(";\n", out);
	}
	if (def->params && type->kind == XC_TYPE_JSON) {
		fprintf(out, "\tto->%s = one;\n", field->name);
		return;
	}
	if (field->has != NULL || null) {
		fprintf(out, "\tif (%s%s%s%s) {\n",
		    field->has != NULL ? "to->" : "",
		    field->has != NULL ? field->has : "",
		    field->has != NULL && null ? " &&\n\t    " : "",
		    null ? "xc_data_type(one) != XC_DATA_NULL" : "");
		tabs = "\t\t";
	}
	if (type->array)
		put_list(emit, field, tabs);
	else
		put_one(emit, field, tabs);
	if (tabs[1] != '\0')
		fputs("\t}\n", out);
}

/* The variables that the fields need. */
static void
put_variables(FILE *out, const struct xc_type_def *def)
{
	bool list = false;
	bool err = false;
	size_t i;

	for (i = 0; i < def->n_fields; i++) {
		list |= def->fields[i].type.array;
		err |= !def->params ||
		    def->fields[i].type.kind != XC_TYPE_JSON;
	}
	fputs("\tstruct xc_data one;\n", out);
	if (err)
		fputs("\tenum xc_err err;\n", out);
	if (list)
		fputs("\tsize_t i;\n", out);
}

void
xc_emit_reader(struct xc_emit *emit, const struct xc_type_def *def)
{
	FILE *out = emit->out;
	size_t i;

	if (def->params)
		fprintf(out, "\n/* Reads the operation's parameters. */\n"
		    "static inline enum xc_err\n"
		    "%s(struct xc_request *req, struct %s *to)\n"
		    "{\n", def->tag, def->tag);
	else
		fprintf(out, "\n/* Fills *to, whose memory is the request's. */\n"
		    "static inline enum xc_err\n"
		    "%s_read(struct xc_request *req, struct xc_data from,\n"
		    "    struct %s *to)\n"
		    "{\n", def->tag, def->tag);
	put_variables(out, def);
	fputs("\n\t(void)req;\n"
	    "\tmemset(to, 0, sizeof(*to));\n", out);
	if (!def->params)
		fputs("\tif (xc_data_type(from) != XC_DATA_OBJECT)\n"
		    "\t\treturn XC_ERR_INVALID;\n", out);
	for (i = 0; i < def->n_fields; i++)
		put_field(emit, def, &def->fields[i]);
	fputs("\treturn XC_OK;\n}\n", out);
}
