/* SPDX-License-Identifier: MIT */
/* Bodies of tests that are forms. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include <xcore/json.h>

#include "kit/ask.h"

/* "name=value" behind what is there; the value is a string, or is written as
 * JSON has it. */
static void
put_field(FILE *out, const char *name, struct json_object *value, bool first)
{
	const char *text = json_object_get_string(value);
	size_t size = 3 * (strlen(name) + strlen(text != NULL ? text : "")) +
	    16;
	char *buf = calloc(1, size);

	if (buf == NULL)
		return;
	if (!first)
		fputc('&', out);
	xc_ask_escape(buf, size, name);
	fputs(buf, out);
	buf[0] = '\0';
	xc_ask_escape(buf, size, text != NULL ? text : "");
	fprintf(out, "=%s", buf);
	free(buf);
}

static void
put_fields(FILE *out, struct json_object *form)
{
	bool first = true;

	json_object_object_foreach(form, name, value) {
		if (!json_object_is_type(value, json_type_array)) {
			put_field(out, name, value, first);
			first = false;
			continue;
		}
		for (size_t i = 0; i < json_object_array_length(value); i++) {
			put_field(out, name, json_object_array_get_idx(value,
			    i), first);
			first = false;
		}
	}
}

char *
xc_ask_form(struct json_object *form)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		return NULL;
	put_fields(out, form);
	return fclose(out) == 0 ? text : NULL;
}

/* A quote in a name is written as browsers do. */
static void
put_quoted(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputs("%22", out);
		else
			fputc(*text, out);
	}
}

static void
put_part(FILE *out, struct json_object *part)
{
	const char *name = xc_json_string(part, "name");
	const char *file = xc_json_string(part, "filename");
	const char *type = xc_json_string(part, "type");
	struct json_object *value = xc_json_member(part, "value");

	fputs("--" XC_ASK_BOUNDARY "\r\nContent-Disposition: form-data; "
	    "name=\"", out);
	put_quoted(out, name != NULL ? name : "");
	if (file != NULL) {
		fputs("\"; filename=\"", out);
		put_quoted(out, file);
	}
	fputs("\"\r\n", out);
	if (type != NULL)
		fprintf(out, "Content-Type: %s\r\n", type);
	fprintf(out, "\r\n%s\r\n", value != NULL ?
	    json_object_get_string(value) : "");
}

char *
xc_ask_multipart(struct json_object *parts)
{
	size_t n = json_object_array_length(parts);
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++)
		put_part(out, json_object_array_get_idx(parts, i));
	fputs("--" XC_ASK_BOUNDARY "--\r\n", out);
	return fclose(out) == 0 ? text : NULL;
}
