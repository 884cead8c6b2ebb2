/* SPDX-License-Identifier: MIT */
/*
 * dist/schemas/xcore.schema.json is what the table of settings says; with -p
 * this prints it, to be put there.  And the validator takes and refuses by it
 * what the reader of the configuration does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "contract/embedded.h"

#include "middleware-private.h"

#define LEVELS "error|warning|notice|info|debug"
#define LOGGER "^[a-z0-9_-]+(\\\\.[a-z0-9_-]+)*$"

static void put_type(FILE *out, const struct xc_setting *row);

static void
put_words(FILE *out, const char *words)
{
	fprintf(out, "\"enum\": [\"");
	for (; *words != '\0'; words++)
		if (*words == '|')
			fprintf(out, "\", \"");
		else
			fputc(*words, out);
	fprintf(out, "\"]");
}

/* A list "a,b" as JSON. */
static void
put_list(FILE *out, const char *text)
{
	fprintf(out, "\"type\": \"array\", \"items\": { \"type\": "
	    "\"string\", \"minLength\": 1 }");
	if (*text == '\0')
		return;
	fprintf(out, ", \"default\": [\"");
	for (; *text != '\0'; text++)
		if (*text == ',')
			fprintf(out, "\", \"");
		else
			fputc(*text, out);
	fprintf(out, "\"]");
}

static void
put_part(FILE *out, const char *part)
{
	const struct xc_part_row *row = xc_part_rows;
	bool first = true;

	fprintf(out, "\"type\": \"object\", \"properties\": {");
	for (; row < xc_part_rows + xc_part_rows_len; row++) {
		if (strcmp(row->part, part) != 0)
			continue;
		fprintf(out, "%s\n\t\t\t\t\t\t\"%s\": { \"description\": "
		    "\"%s\", ", first ? "" : ",", row->key, row->text);
		first = false;
		if (row->type == XC_LIST)
			put_list(out, row->initial);
		else if (row->type == XC_MAP)
			fprintf(out, "\"type\": \"object\", "
			    "\"additionalProperties\": { \"type\": "
			    "\"string\" }");
		else
			put_type(out, &(const struct xc_setting){
			    .type = row->type, .initial = row->initial,
			    .min = row->min, .max = row->max,
			    .words = row->words });
		fprintf(out, " }");
	}
	fprintf(out, "\n\t\t\t\t\t}, \"additionalProperties\": false");
}

static void
put_ref(FILE *out, const char *part, const char *end)
{
	fprintf(out, "\n\t\t\t\t\t\t\"%s\": { \"$ref\": "
	    "\"#/properties/middleware/properties/%s\" }%s", part, part,
	    end);
}

static void
put_prefixes(FILE *out)
{
	int i;

	fprintf(out, "\"type\": \"object\", \"propertyNames\": { "
	    "\"pattern\": \"^/\" }, \"additionalProperties\": { \"type\": "
	    "\"object\", \"properties\": {");
	for (i = 0; i < XC_PART__MAX; i++)
		if (xc_part_of_prefix(xc_mw_part_name((enum xc_mw_part)i)))
			put_ref(out, xc_mw_part_name((enum xc_mw_part)i), ",");
	put_ref(out, "plugins", "");
	fprintf(out, "\n\t\t\t\t\t}, \"additionalProperties\": false }");
}

static void
put_type(FILE *out, const struct xc_setting *row)
{
	switch (row->type) {
	case XC_NUMBER:
		fprintf(out, "\"type\": \"integer\", \"minimum\": %lld, "
		    "\"maximum\": %lld, \"default\": %s", (long long)row->min,
		    (long long)row->max, row->initial);
		break;
	case XC_SWITCH:
		fprintf(out, "\"type\": \"boolean\", \"default\": %s",
		    row->initial);
		break;
	case XC_CHOICE:
		put_words(out, row->words);
		fprintf(out, ", \"default\": \"%s\"", row->initial);
		break;
	case XC_LIST:
	case XC_PATHS:
		fprintf(out, "\"type\": \"array\", \"items\": { \"type\": "
		    "\"string\", \"minLength\": 1 }");
		break;
	case XC_LEVELS:
		fprintf(out, "\"type\": \"object\", \"propertyNames\": { "
		    "\"pattern\": \"" LOGGER "\" }, "
		    "\"additionalProperties\": { ");
		put_words(out, LEVELS);
		fprintf(out, " }");
		break;
	case XC_PART:
		put_part(out, row->key);
		break;
	case XC_RATES:
		fprintf(out, "\"type\": \"array\", \"maxItems\": %d, "
		    "\"items\": { ", XC_RATES_MAX);
		put_part(out, row->key);
		fprintf(out, " }");
		break;
	case XC_PREFIXES:
		put_prefixes(out);
		break;
	case XC_PATH:
		/* Those that are not empty differ from build to build. */
		fprintf(out, "\"type\": \"string\", \"maxLength\": 2047");
		if (row->initial[0] == '\0')
			fprintf(out, ", \"default\": \"\"");
		break;
	default:
		fprintf(out, "\"type\": \"string\", \"default\": \"%s\"",
		    row->initial);
		break;
	}
}

static void
put_section(FILE *out, size_t first)
{
	const char *section = xc_settings_table[first].section;
	size_t i;

	fprintf(out, "\t\t\"%s\": {\n\t\t\t\"type\": \"object\",\n"
	    "\t\t\t\"properties\": {\n", section);
	for (i = first; i < xc_settings_table_len &&
	    strcmp(xc_settings_table[i].section, section) == 0; i++) {
		if (i > first)
			fprintf(out, ",\n");
		fprintf(out, "\t\t\t\t\"%s\": {\n\t\t\t\t\t\"description\": "
		    "\"%s\",\n\t\t\t\t\t", xc_settings_table[i].key,
		    xc_settings_table[i].text);
		put_type(out, &xc_settings_table[i]);
		fprintf(out, "\n\t\t\t\t}");
	}
	fprintf(out, "\n\t\t\t},\n\t\t\t\"additionalProperties\": false\n"
	    "\t\t},\n");
}

static void
put_schema(FILE *out)
{
	size_t i;

	fprintf(out, "{\n\t\"$schema\": \"https://json-schema.org/draft/"
	    "2020-12/schema\",\n\t\"$id\": \"urn:xcore:schema:xcore\",\n"
	    "\t\"title\": \"xcore.json, the configuration of xcored\",\n"
	    "\t\"description\": \"See xcore.json(5). Comments may stand in "
	    "the file.\",\n\t\"allowComments\": true,\n"
	    "\t\"allowTrailingCommas\": true,\n"
	    "\t\"type\": \"object\",\n\t\"properties\": {\n"
	    "\t\t\"$schema\": {\n\t\t\t\"description\": \"For editors: where "
	    "this schema is.\",\n\t\t\t\"type\": \"string\"\n\t\t},\n");
	for (i = 0; i < xc_settings_table_len; i++)
		if (i == 0 || strcmp(xc_settings_table[i].section,
		    xc_settings_table[i - 1].section) != 0)
			put_section(out, i);
	fprintf(out, "\t\t\"plugins\": {\n\t\t\t\"description\": \"Settings of "
	    "plugins, by \\\"config\\\" in their plugin.json\",\n"
	    "\t\t\t\"type\": \"object\",\n\t\t\t\"propertyNames\": { "
	    "\"pattern\": \"^[a-z][a-z0-9_-]{0,31}$\" },\n"
	    "\t\t\t\"additionalProperties\": { \"type\": \"object\" }\n"
	    "\t\t}\n\t},\n\t\"additionalProperties\": false\n}\n");
}

/* --- the file ---- */

static void
test_file(void **state)
{
	const char *top = getenv("top_srcdir");
	char path[512], *made = NULL, *kept;
	size_t size = 0, n;
	FILE *out = open_memstream(&made, &size);
	FILE *in;

	(void)state;
	assert_non_null(out);
	put_schema(out);
	fclose(out);
	snprintf(path, sizeof(path), "%s/dist/schemas/xcore.schema.json",
	    top == NULL ? "." : top);
	in = fopen(path, "r");
	kept = calloc(1, size + 2);
	assert_non_null(kept);
	if (in == NULL)
		fail_msg("%s cannot be read", path);
	n = fread(kept, 1, size + 1, in);
	fclose(in);
	if (n != size || memcmp(kept, made, size) != 0)
		fail_msg("%s is not what the table says; print it anew with "
		    "test-settings-schema -p", path);
	free(kept);
	free(made);
}

/* --- agreement ---- */

static void
count(void *ctx, const struct xc_embedded_fault *fault)
{
	(void)fault;
	++*(unsigned *)ctx;
}

/* Whether reader and validator agree about a value of a key. */
static void
try(const struct xc_setting *row, const char *value)
{
	struct xc_settings *settings = xc_settings_new();
	struct xc_errbuf why = { "" }, said = { "" };
	unsigned n = 0;
	char text[512];
	enum xc_err read, valid;

	assert_non_null(settings);
	snprintf(text, sizeof(text), "{\"%s\":{\"%s\":%s}}", row->section,
	    row->key, value);
	read = xc_settings_read_text(settings, "/x/xcore.json", text,
	    strlen(text), &why);
	valid = xc_embedded_check("xcore", text, strlen(text), count, &n,
	    &said);
	if (read != valid || (n > 0) != (read != XC_OK))
		fail_msg("%s: the reader says \"%s\", the schema has %u "
		    "faults %s", text, why.text, n, said.text);
	xc_settings_free(&settings);
}

static void
try_number(const struct xc_setting *row, int64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	try(row, text);
}

static void
test_agree(void **state)
{
	static const char *const values[] = { "true", "false", "null",
		"\"x\"", "\"\"", "[]", "[\"a\"]", "[\"\"]", "[1]", "{}", "1.5",
		"\"debug\"", "\"pool\"", "{\"a.b\":\"debug\"}",
		"{\"a\":\"loud\"}", "{\"A\":\"debug\"}", "{\"a.\":\"info\"}",
		"{\"header\":\"X\"}", "{\"header\":true}", "{\"max\":-1}",
		"{\"max\":1024}", "{\"origins\":[\"*\"]}", "[{}]",
		"{\"origins\":[\"\"]}", "{\"more\":{\"A\":\"b\"}}",
		"{\"more\":{\"A\":1}}", "[{\"limit\":0}]",
		"[{\"limit\":5,\"by\":\"key\"}]", "[{\"limt\":5}]",
		"[{},{},{},{},{},{},{},{},{}]", "{\"/a\":{}}",
		"{\"a\":{}}", "{\"/a\":{\"rate\":[{\"by\":\"user\"}]}}",
		"{\"/a\":{\"rate\":[{\"by\":\"me\"}]}}",
		"{\"/a\":{\"proxy\":{}}}",
		("{\"/a\":{\"cors\":"
		"{\"credentials\":true,\"max_age_s\":86401}}}") };
	size_t i, k;

	(void)state;
	for (i = 0; i < xc_settings_table_len; i++) {
		const struct xc_setting *row = &xc_settings_table[i];

		for (k = 0; k < sizeof(values) / sizeof(values[0]); k++)
			try(row, values[k]);
		try_number(row, row->min - 1);
		try_number(row, row->min);
		try_number(row, row->max);
		try_number(row, row->max + 1);
	}
}

static void
test_others(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{ "{}", true },
		{ "{\"$schema\":\"/usr/share/xcore/schemas/"
		    "xcore.schema.json\",\"server\":{}}", true },
		{ "{\"$schema\":7}", false },
		{ "{\"server\":{\"$schema\":\"x\"}}", false },
		{ "{\"server\":[]}", false },
		{ "{\"servr\":{}}", false },
		{ "{\"server\":{\"worker\":1}}", false },
		{ "{\"plugins\":{\"todo\":{\"a\":1}}}", true },
		{ "{\"plugins\":{\"Todo\":{}}}", false },
		{ "{\"plugins\":{\"todo\":7}}", false },
		{ "[]", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct xc_settings *settings = xc_settings_new();
		struct xc_errbuf why = { "" };
		unsigned n = 0;
		enum xc_err err;

		err = xc_settings_read_text(settings, "/x/xcore.json",
		    cases[i].text, strlen(cases[i].text), &why);
		if ((err == XC_OK) != cases[i].good)
			fail_msg("%s: %s", cases[i].text, why.text);
		err = xc_embedded_check("xcore", cases[i].text,
		    strlen(cases[i].text), count, &n, &why);
		if ((err == XC_OK) != cases[i].good)
			fail_msg("%s: %u faults", cases[i].text, n);
		xc_settings_free(&settings);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_agree),
		cmocka_unit_test(test_others),
	};

	if (argc > 1 && strcmp(argv[1], "-p") == 0) {
		put_schema(stdout);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
