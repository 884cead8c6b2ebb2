/* SPDX-License-Identifier: MIT */
/*
 * Two OpenAPI documents with a NUL between.  What is composed of those that
 * can be must be JSON, the same each time, and no reference in it may lead
 * nowhere.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "contract/compose.h"
#include "contract/compose-pointer.h"
#include "contract/compose-walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct json_object *
look(struct xc_walk *walk, struct json_object *value,
    const struct xc_place *place)
{
	const char *reference = xc_json_string(value, "$ref");
	char *pointer;

	(void)place;
	if (reference == NULL)
		return NULL;
	pointer = strdup(reference + 1);
	if (reference[0] != '#' || pointer == NULL ||
	    !xc_pointer_decode(pointer) ||
	    xc_pointer_find(walk->ctx, pointer) == NULL)
		abort();
	free(pointer);
	return NULL;
}

static void
check(const char *text, size_t len)
{
	struct xc_walk walk = { .visit = look };
	struct json_tokener *tokener = json_tokener_new_ex(400);
	struct json_object *whole;

	whole = json_tokener_parse_ex(tokener, text, (int)len);
	if (whole == NULL || text[0] != '{')
		abort();
	json_tokener_free(tokener);
	walk.ctx = whole;
	(void)xc_walk(&walk, XC_NODE_DOCUMENT, whole);
	json_object_put(whole);
}

static struct xc_compose *
compose(struct json_object *const *documents)
{
	const struct xc_compose_site site = { "fuzz", "1" };
	struct xc_compose *made = xc_compose_begin(&site);
	struct xc_compose_plugin plugin = { .name = "a", .version = "1.0.0",
		.prefix = "/app/a", .openapi = documents[0] };

	if (made == NULL)
		abort();
	if (documents[0] != NULL)
		(void)xc_compose_add(made, &plugin, NULL);
	plugin.name = "a_b";
	plugin.prefix = "";
	plugin.openapi = documents[1];
	if (documents[1] != NULL)
		(void)xc_compose_add(made, &plugin, NULL);
	return made;
}

static void
compare(struct json_object *const *documents)
{
	struct xc_compose *one = compose(documents);
	struct xc_compose *two = compose(documents);

	for (int i = 0; i < 2; i++) {
		size_t len, other_len;
		char *text, *other;

		if (xc_compose_text(one, (enum xc_openapi)i, &text, &len) !=
		    XC_OK || xc_compose_text(two, (enum xc_openapi)i, &other,
		    &other_len) != XC_OK)
			abort();
		if (len != other_len || memcmp(text, other, len) != 0)
			abort();
		check(text, len);
		free(text);
		free(other);
	}
	xc_compose_free(&one);
	xc_compose_free(&two);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	size_t len = size == 0 ? 0 : strnlen(text, size);
	struct json_object *documents[2] = { NULL, NULL };

	if (len == size || xc_json_parse(text, len, &documents[0], NULL, 0) !=
	    XC_OK)
		documents[0] = NULL;
	if (len < size && xc_json_parse(text + len + 1, size - len - 1,
	    &documents[1], NULL, 0) != XC_OK)
		documents[1] = NULL;
	if (len == size)
		(void)xc_json_parse(text, len, &documents[0], NULL, 0);
	compare(documents);
	json_object_put(documents[0]);
	json_object_put(documents[1]);
	return 0;
}
