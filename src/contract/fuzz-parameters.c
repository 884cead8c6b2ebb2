/* SPDX-License-Identifier: MIT */
/*
 * What begins with '{' is a document with "item" and "operation": it is
 * compiled or refused with words.  All else is a request to a fixed one: the
 * target, the path parameter, then headers, each on a line.
 */
#include "fuzz-take.h"

#define HEADERS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INTS "\"schema\":{\"type\":\"array\",\"items\":{\"type\":"	\
	"\"integer\",\"minimum\":-5}}"
#define COLOR "\"schema\":{\"type\":\"object\",\"properties\":{"	\
	"\"R\":{\"type\":\"integer\"},\"n\":{\"type\":\"string\"},"	\
	"\"l\":{\"type\":\"array\"}},\"additionalProperties\":{"	\
	"\"type\":[\"boolean\",\"null\"]}}"
#define FLAT "\"schema\":{\"type\":\"object\",\"properties\":{"		\
	"\"R\":{\"type\":\"integer\"},\"n\":{\"type\":\"string\"}}}"
#define IN(place, name, members)					\
	"{\"in\":\"" place "\",\"name\":\"" name "\"," members "}"

static const char document[] = "{\"operation\":{\"parameters\":["
    IN("path", "p", "\"required\":true,\"style\":\"matrix\","
    "\"explode\":true," INTS) ","
    IN("path", "o", "\"required\":true,\"style\":\"label\"," FLAT) ","
    IN("query", "i", "\"schema\":{\"type\":\"integer\",\"default\":3}") ","
    IN("query", "t", "\"allowReserved\":true,\"schema\":{\"type\":"
    "\"string\",\"maxLength\":9,\"pattern\":\"^[a-z+ ]*$\"}") ","
    IN("query", "e", "\"allowEmptyValue\":true,\"schema\":{\"type\":"
    "[\"number\",\"boolean\",\"null\"]}") ","
    IN("query", "a", INTS) ","
    IN("query", "c", "\"explode\":false,\"allowReserved\":true,\"schema\":"
    "{\"type\":\"array\"}") ","
    IN("query", "s", "\"style\":\"spaceDelimited\"," INTS) ","
    IN("query", "b", "\"style\":\"pipeDelimited\"," FLAT) ","
    IN("query", "d", "\"style\":\"deepObject\"," COLOR) ","
    IN("query", "x", COLOR) ","
    IN("query", "j", "\"content\":{\"application/json\":{\"schema\":"
    "{\"default\":{\"a\":[1,\"\\n\"]}}}}") ","
    IN("header", "X-N", "\"schema\":{\"type\":\"number\"}") ","
    IN("header", "X-L", INTS) ","
    IN("header", "X-O", "\"explode\":true," FLAT) ","
    IN("cookie", "k", "\"schema\":{\"type\":\"integer\"}") ","
    IN("cookie", "z", INTS) "," IN("cookie", "m", COLOR) "]}}";

static enum xc_err
compile(struct xc_plan *plan, const char *path,
    struct xc_parameters **parameters_r)
{
	struct xc_plan_node root;
	struct xc_plan_node item;
	struct xc_plan_node operation;

	xc_plan_root(plan, &root);
	xc_plan_member(&root, "item", &item);
	xc_plan_member(&root, "operation", &operation);
	return xc_parameters_compile(plan, path, &item, &operation,
	    parameters_r);
}

static void
compile_any(const char *text, size_t len)
{
	struct xc_parameters *parameters;
	struct xc_errbuf errbuf = { "" };
	struct json_object *root;
	struct xc_plan plan;

	if (xc_json_parse(text, len, &root, NULL, 0) != XC_OK)
		return;
	xc_plan_begin(&plan, root, &errbuf);
	if (compile(&plan, "/{a}", &parameters) != XC_OK)
		assert(parameters == NULL && errbuf.text[0] != '\0');
	xc_parameters_free(&parameters);
	xc_plan_end(&plan);
	json_object_put(root);
}

/* Splits text at its newlines. */
static void
split(char *text, char **lines)
{
	char *end;
	size_t n = 0;

	do {
		lines[n++] = text;
		end = strchr(text, '\n');
		if (end != NULL) {
			*end = '\0';
			text = end + 1;
		}
	} while (end != NULL && n < HEADERS_MAX);
	lines[n] = NULL;
}

static void
take(const struct xc_parameters *parameters, char *text)
{
	static char method[] = "REQUEST_METHOD=GET";
	const struct xc_request_head *head;
	char *lines[HEADERS_MAX + 1] = { NULL };
	char *envp[HEADERS_MAX + 2] = { method };
	const char *params[2][2] = { { "p", "" }, { "o", "" } };
	char *uri = malloc(strlen(text) + 16);
	size_t n;

	assert(uri != NULL);
	split(text, lines);
	strcpy(uri, "REQUEST_URI=");
	strcat(uri, lines[0]);
	envp[1] = uri;
	for (n = 1; n < 3 && lines[n] != NULL; n++)
		params[n - 1][1] = lines[n];
	for (; n < HEADERS_MAX && lines[n] != NULL && n >= 3; n++)
		envp[n - 1] = lines[n];
	xc_contract_faults_begin(&fixture.faults);
	/* The router gives what is valid UTF-8. */
	if (xc_request_parse(&fixture.req, envp, NULL, 0, NULL) == 0 &&
	    xc_utf8_span(params[0][1], strlen(params[0][1])) ==
	    strlen(params[0][1]) && xc_utf8_span(params[1][1],
	    strlen(params[1][1])) == strlen(params[1][1]) &&
	    xc_request_bind(&fixture.req, NULL, 0, "", params, 2) == XC_OK) {
		enum xc_err err = xc_parameters_take(parameters,
		    &fixture.take);

		head = (const void *)fixture.req.in.base;
		check(err, head->args);
	}
	xc_request_reset(&fixture.req);
	free(uri);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct xc_parameters *parameters;
	char *text;

	if (parameters == NULL) {
		fixture_plan(document);
		if (compile(&fixture.plan, "/{p}/{o}", &parameters) != XC_OK)
			abort();
		fixture_open(document);
	}
	if (size > 0 && data[0] == '{') {
		compile_any((const char *)data, size);
		return 0;
	}
	text = malloc(size + 1);
	assert(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	take(parameters, text);
	free(text);
	return 0;
}
