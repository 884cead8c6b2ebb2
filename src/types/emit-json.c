/* SPDX-License-Identifier: MIT */
/* The functions that make a value of json-c of a struct. */
#include <json-c/json.h>

#include "types/emit.h"
#include "types/name.h"

/* A new value of what stands in a place; NULL if memory is out. */
static void
put_value(FILE *out, const char *prefix, const struct xc_type *type,
    const char *place)
{
	switch (type->kind) {
	case XC_TYPE_INT:
		fprintf(out, "json_object_new_int64(%s)", place);
		break;
	case XC_TYPE_REAL:
		fprintf(out, "%s_types_new_real(%s)", prefix, place);
		break;
	case XC_TYPE_BOOL:
		fprintf(out, "json_object_new_boolean(%s)", place);
		break;
	case XC_TYPE_ENUM:
		fprintf(out, "json_object_new_string(%s_text(%s))",
		    type->def->tag, place);
		break;
	case XC_TYPE_TEXT:
		fprintf(out, "json_object_new_string(\n\t\t    "
		    "%s != NULL ? %s : \"\")", place, place);
		break;
	default:
		fprintf(out, "%s_json(&%s)", type->def->tag, place);
		break;
	}
}

static void
put_key(FILE *out, const struct xc_type_field *field)
{
	xc_name_literal(out, field->key);
	fputs(",\n\t\t    ", out);
}

static void
put_list(struct xc_emit *emit, const struct xc_type_field *field)
{
	FILE *out = emit->out;
	char place[256];

	fprintf(out, "\t\tlist = json_object_new_array();\n"
	    "\t\tok = list != NULL;\n"
	    "\t\tfor (i = 0; ok && i < from->%s; i++)\n"
	    "\t\t\tok = %s_types_push(list,\n\t\t\t    ", field->count,
	    emit->prefix);
	snprintf(place, sizeof(place), "from->%s[i]", field->name);
	put_value(out, emit->prefix, &field->type, place);
	fprintf(out, ");\n"
	    "\t\tok = %s_types_put(obj, ", emit->prefix);
	put_key(out, field);
	fputs("list) && ok;\n", out);
}

static void
put_one(struct xc_emit *emit, const struct xc_type_field *field)
{
	const struct xc_type *type = &field->type;
	FILE *out = emit->out;
	char place[256];

	snprintf(place, sizeof(place), "from->%s", field->name);
	if (type->kind == XC_TYPE_TEXT || type->kind == XC_TYPE_JSON) {
		fprintf(out, "\t\tok = %s_types_put_%s(obj, ", emit->prefix,
		    type->kind == XC_TYPE_TEXT ? "text" : "json");
		put_key(out, field);
		fprintf(out, "%s);\n", place);
		return;
	}
	fprintf(out, "\t\tok = %s_types_put(obj, ", emit->prefix);
	put_key(out, field);
	if (type->pointer)
		fprintf(out, "%s_json(%s)", type->def->tag, place);
	else
		put_value(out, emit->prefix, type, place);
	fputs(");\n", out);
}

static void
put_field(struct xc_emit *emit, const struct xc_type_field *field)
{
	const struct xc_type *type = &field->type;
	FILE *out = emit->out;
	bool null = field->null != NULL || (type->pointer && !type->array);

	fputs("\tif (ok", out);
	if (field->has != NULL)
		fprintf(out, " && from->%s", field->has);
	if (null) {
		fputs(" && (", out);
		if (field->null != NULL)
			fprintf(out, "from->%s", field->null);
		if (type->pointer && !type->array)
			fprintf(out, "%sfrom->%s == NULL",
			    field->null != NULL ? " || " : "", field->name);
		fprintf(out, ")) {\n\t\tok = %s_types_put_null(obj, ",
		    emit->prefix);
		xc_name_literal(out, field->key);
		fputs(");\n\t} else if (ok", out);
		if (field->has != NULL)
			fprintf(out, " && from->%s", field->has);
	}
	fputs(") {\n", out);
	if (type->array)
		put_list(emit, field);
	else
		put_one(emit, field);
	fputs("\t}\n", out);
}

void
xc_emit_writer(struct xc_emit *emit, const struct xc_type_def *def)
{
	FILE *out = emit->out;
	bool list = false;
	size_t i;

	for (i = 0; i < def->n_fields; i++)
		list |= def->fields[i].type.array;
	fprintf(out, "\n/* A new reference; NULL if memory is out. */\n"
	    "static inline struct json_object *\n"
	    "%s_json(const struct %s *from)\n"
	    "{\n"
	    "\tstruct json_object *obj = json_object_new_object();\n"
	    "%s"
	    "\tbool ok = obj != NULL;\n"
	    "\n", def->tag, def->tag, list ? "\tstruct json_object *list;\n"
	    "\tsize_t i;\n" : "");
	for (i = 0; i < def->n_fields; i++)
		put_field(emit, &def->fields[i]);
	fputs("\tif (ok)\n"
	    "\t\treturn obj;\n"
	    "\tjson_object_put(obj);\n"
	    "\treturn NULL;\n"
	    "}\n", out);
}
