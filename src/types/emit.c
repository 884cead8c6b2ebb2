/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <json-c/json.h>

#include "types/emit.h"
#include "types/name.h"

#define SHORT 64		/* characters of a comment on one line */

/* In each of these @ is the prefix. */
static const char helpers[] =
    "/* Each gives XC_ERR_INVALID for a value of another type. */\n"
    "static inline enum xc_err\n"
    "@_types_int(struct xc_data from, int64_t *to)\n"
    "{\n"
    "\tif (xc_data_type(from) != XC_DATA_INT)\n"
    "\t\treturn XC_ERR_INVALID;\n"
    "\t*to = xc_data_int(from, 0);\n"
    "\treturn XC_OK;\n"
    "}\n"
    "\n"
    "static inline enum xc_err\n"
    "@_types_real(struct xc_data from, double *to)\n"
    "{\n"
    "\t*to = xc_data_real(from, 0.0);\n"
    "\tif (xc_data_type(from) != XC_DATA_INT &&\n"
    "\t    xc_data_type(from) != XC_DATA_REAL)\n"
    "\t\treturn XC_ERR_INVALID;\n"
    "\t/* No double holds 1e400. */\n"
    "\treturn *to - *to == 0.0 ? XC_OK : XC_ERR_INVALID;\n"
    "}\n"
    "\n"
    "static inline enum xc_err\n"
    "@_types_bool(struct xc_data from, bool *to)\n"
    "{\n"
    "\tif (xc_data_type(from) != XC_DATA_BOOL)\n"
    "\t\treturn XC_ERR_INVALID;\n"
    "\t*to = xc_data_bool(from, false);\n"
    "\treturn XC_OK;\n"
    "}\n"
    "\n"
    "static inline enum xc_err\n"
    "@_types_text(struct xc_data from, const char **to)\n"
    "{\n"
    "\tif (xc_data_type(from) != XC_DATA_TEXT)\n"
    "\t\treturn XC_ERR_INVALID;\n"
    "\t*to = xc_data_text(from, NULL);\n"
    "\treturn *to != NULL ? XC_OK : XC_ERR_NOMEM;\n"
    "}\n"
    "\n"
    "/* Room for the items of an array; NULL without any, or for *err. */\n"
    "static inline void *\n"
    "@_types_room(struct xc_request *req, struct xc_data from, size_t size,\n"
    "    size_t *n, enum xc_err *err)\n"
    "{\n"
    "\tvoid *room = NULL;\n"
    "\n"
    "\t*n = xc_data_count(from);\n"
    "\t*err = xc_data_type(from) == XC_DATA_ARRAY ? XC_OK\n"
    "\t    : XC_ERR_INVALID;\n"
    "\tif (*err == XC_OK && *n > 0) {\n"
    "\t\tif (*n <= SIZE_MAX / size)\n"
    "\t\t\troom = xc_alloc(req, *n * size);\n"
    "\t\tif (room == NULL)\n"
    "\t\t\t*err = XC_ERR_NOMEM;\n"
    "\t}\n"
    "\tif (*err != XC_OK)\n"
    "\t\t*n = 0;\n"
    "\treturn room;\n"
    "}\n"
    "\n"
    "/* As few digits as give the same number again: 0.1 is 0.1. */\n"
    "static inline struct json_object *\n"
    "@_types_new_real(double value)\n"
    "{\n"
    "\tchar text[32];\n"
    "\tint digits = 15;\n"
    "\n"
    "\tif (value - value != 0.0)\n"
    "\t\treturn json_object_new_double(value);\n"
    "\tdo {\n"
    "\t\tsnprintf(text, sizeof(text), \"%.*g\", digits, value);\n"
    "\t} while (strtod(text, NULL) != value && digits++ < 17);\n"
    "\treturn json_object_new_double_s(value, text);\n"
    "}\n"
    "\n"
    "/* Each takes the value, in every case; false: memory is out. */\n"
    "static inline bool\n"
    "@_types_put(struct json_object *to, const char *key,\n"
    "    struct json_object *value)\n"
    "{\n"
    "\tif (value != NULL && json_object_object_add(to, key, value) == 0)\n"
    "\t\treturn true;\n"
    "\tjson_object_put(value);\n"
    "\treturn false;\n"
    "}\n"
    "\n"
    "static inline bool\n"
    "@_types_push(struct json_object *to, struct json_object *value)\n"
    "{\n"
    "\tif (value != NULL && json_object_array_add(to, value) == 0)\n"
    "\t\treturn true;\n"
    "\tjson_object_put(value);\n"
    "\treturn false;\n"
    "}\n"
    "\n"
    "static inline bool\n"
    "@_types_put_null(struct json_object *to, const char *key)\n"
    "{\n"
    "\treturn json_object_object_add(to, key, NULL) == 0;\n"
    "}\n"
    "\n"
    "/* NULL is null. */\n"
    "static inline bool\n"
    "@_types_put_text(struct json_object *to, const char *key,\n"
    "    const char *text)\n"
    "{\n"
    "\treturn text == NULL ? @_types_put_null(to, key)\n"
    "\t    : @_types_put(to, key, json_object_new_string(text));\n"
    "}\n"
    "\n"
    "static inline bool\n"
    "@_types_put_json(struct json_object *to, const char *key,\n"
    "    struct json_object *value)\n"
    "{\n"
    "\treturn value == NULL ? @_types_put_null(to, key)\n"
    "\t    : @_types_put(to, key, json_object_get(value));\n"
    "}\n";

static void
put_marked(FILE *out, const char *text, const char *prefix)
{
	for (; *text != '\0'; text++) {
		if (*text == '@')
			fputs(prefix, out);
		else
			fputc(*text, out);
	}
}

void
xc_emit_begin(struct xc_emit *emit, const char *plugin)
{
	FILE *out = emit->out;

	fprintf(out, "/*\n"
	    " * Types of the plugin %s, made of its openapi.json by\n"
	    " * xcore-install build --types.  What is changed here is lost.\n"
	    " */\n"
	    "#ifndef %s\n"
	    "#define %s\n"
	    "\n"
	    "#include <stdbool.h>\n"
	    "#include <stddef.h>\n"
	    "#include <stdint.h>\n"
	    "#include <stdio.h>\n"
	    "#include <stdlib.h>\n"
	    "#include <string.h>\n"
	    "\n"
	    "#include <xcore/arena.h>\n"
	    "#include <xcore/data.h>\n"
	    "#include <xcore/error.h>\n"
	    "#include <xcore/json.h>\n"
	    "\n", plugin, emit->guard, emit->guard);
	put_marked(out, helpers, emit->prefix);
}

void
xc_emit_end(struct xc_emit *emit)
{
	fputs("\n#endif\n", emit->out);
}

static void
put_description(FILE *out, const char *indent, const char *text)
{
	char begin[8];

	if (text == NULL || text[0] == '\0')
		return;
	if (strlen(text) <= SHORT && strchr(text, '\n') == NULL) {
		fprintf(out, "%s/* ", indent);
		xc_name_plain(out, text, strlen(text));
		fputs(" */\n", out);
		return;
	}
	snprintf(begin, sizeof(begin), "%s * ", indent);
	fprintf(out, "%s/*\n", indent);
	xc_name_comment(out, begin, text);
	fprintf(out, "%s */\n", indent);
}

/* The type of a member, up to its name. */
static void
put_member_type(FILE *out, const struct xc_type_def *def,
    const struct xc_type *type)
{
	const char *star = type->array || type->pointer ? "*" : "";

	switch (type->kind) {
	case XC_TYPE_INT:
		fprintf(out, "int64_t %s", star);
		break;
	case XC_TYPE_REAL:
		fprintf(out, "double %s", star);
		break;
	case XC_TYPE_BOOL:
		fprintf(out, "bool %s", star);
		break;
	case XC_TYPE_TEXT:
		fprintf(out, "const char *%s", star);
		break;
	case XC_TYPE_ENUM:
		fprintf(out, "enum %s %s", type->def->tag, star);
		break;
	case XC_TYPE_STRUCT:
		fprintf(out, "struct %s %s", type->def->tag, star);
		break;
	default:
		fputs(def->params ? "struct xc_data " :
		    "struct json_object *", out);
		break;
	}
}

static void
put_struct(FILE *out, const struct xc_type_def *def)
{
	const struct xc_type_field *field;
	size_t i;

	fprintf(out, "struct %s {\n", def->tag);
	for (i = 0; i < def->n_fields; i++) {
		field = &def->fields[i];
		put_description(out, "\t", field->description);
		if (field->has != NULL)
			fprintf(out, "\tbool %s;\n", field->has);
		if (field->null != NULL)
			fprintf(out, "\tbool %s;\n", field->null);
		if (field->count != NULL)
			fprintf(out, "\tsize_t %s;\n", field->count);
		fputc('\t', out);
		put_member_type(out, def, &field->type);
		fprintf(out, "%s;\n", field->name);
	}
	fputs("};\n", out);
}

void
xc_emit_type(struct xc_emit *emit, const struct xc_type_def *def)
{
	size_t i;

	fputc('\n', emit->out);
	put_description(emit->out, "", def->description);
	if (def->kind == XC_TYPE_STRUCT) {
		put_struct(emit->out, def);
		return;
	}
	fprintf(emit->out, "enum %s {\n", def->tag);
	for (i = 0; i < def->n_texts; i++)
		fprintf(emit->out, "\t%s%s\n", def->constants[i],
		    i + 1 < def->n_texts ? "," : "");
	fputs("};\n", emit->out);
}

void
xc_emit_prototypes(struct xc_emit *emit, const struct xc_type_def *def)
{
	if (def->kind != XC_TYPE_STRUCT || def->params)
		return;
	fprintf(emit->out,
	    "static inline enum xc_err %s_read(struct xc_request *req,\n"
	    "    struct xc_data from, struct %s *to);\n"
	    "static inline struct json_object *%s_json(\n"
	    "    const struct %s *from);\n",
	    def->tag, def->tag, def->tag, def->tag);
}

void
xc_emit_enum(struct xc_emit *emit, const struct xc_type_def *def)
{
	FILE *out = emit->out;
	size_t i;

	fprintf(out, "\nstatic inline const char *\n"
	    "%s_text(enum %s value)\n"
	    "{\n"
	    "\tswitch (value) {\n", def->tag, def->tag);
	for (i = 0; i < def->n_texts; i++) {
		fprintf(out, "\tcase %s:\n\t\treturn ", def->constants[i]);
		xc_name_literal(out, def->texts[i]);
		fputs(";\n", out);
	}
	fprintf(out, "\t}\n"
	    "\treturn \"\";\n"
	    "}\n"
	    "\n"
	    "static inline enum xc_err\n"
	    "%s_read(struct xc_request *req, struct xc_data from,\n"
	    "    enum %s *to)\n"
	    "{\n"
	    "\tsize_t len;\n"
	    "\tconst char *text = xc_data_bytes(from, &len);\n"
	    "\n"
	    "\t(void)req;\n"
	    "\tif (xc_data_type(from) != XC_DATA_TEXT)\n"
	    "\t\treturn XC_ERR_INVALID;\n", def->tag, def->tag);
	for (i = 0; i < def->n_texts; i++) {
		fprintf(out, "\tif (len == %zu && memcmp(text, ",
		    strlen(def->texts[i]));
		xc_name_literal(out, def->texts[i]);
		fprintf(out, ", len) == 0) {\n"
		    "\t\t*to = %s;\n"
		    "\t\treturn XC_OK;\n"
		    "\t}\n", def->constants[i]);
	}
	fputs("\treturn XC_ERR_INVALID;\n}\n", out);
}
