/* SPDX-License-Identifier: MIT */
/*
 * What the core answers by itself before a handler runs.  Few plugins say it,
 * and a client that was made from the document has to know it.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "contract/compose-private.h"

#define PROBLEM "xcore_Problem"

enum own {
	OWN_UNAUTHORIZED,
	OWN_FORBIDDEN,
	OWN_WORKING,
	OWN_MEDIA,
	OWN_INVALID,
	OWN_UNAVAILABLE,
	OWN__MAX
};

static const struct {
	const char *status;
	const char *name;
	const char *description;
} answers[OWN__MAX] = {
	[OWN_UNAUTHORIZED] = { "401", "xcore_Unauthorized",
		"The credentials are missing or not valid" },
	[OWN_FORBIDDEN] = { "403", "xcore_Forbidden",
		"The credentials do not suffice for this" },
	[OWN_WORKING] = { "409", "xcore_InProgress",
		"A request with this Idempotency-Key is being worked on" },
	[OWN_MEDIA] = { "415", "xcore_UnsupportedMediaType",
		"The body has a media type that is not taken here" },
	[OWN_INVALID] = { "422", "xcore_Invalid",
		"Parameters or the body are not valid; errors names each" },
	[OWN_UNAVAILABLE] = { "503", "xcore_Unavailable",
		"Nobody can say now who may do this or whether it was "
		"done, or too many came at once; try again later" },
};

#define KEY "Idempotency-Key"

/* What x-xcore-idempotent takes. */
static const char key_parameter[] = "{\"name\":\"" KEY "\",\"in\":\"header\","
    "\"description\":\"Names the request, so that it may be sent again: it "
    "runs once\",\"schema\":{\"type\":\"string\",\"minLength\":1,"
    "\"maxLength\":255,\"pattern\":\"^[!-~]+$\"}}";

/* RFC 9457, with the members that xcore adds. */
static const char problem[] = "{\"type\":\"object\","
    "\"description\":\"What went wrong (RFC 9457)\","
    "\"required\":[\"type\",\"title\",\"status\"],"
    "\"properties\":{"
    "\"type\":{\"type\":\"string\",\"format\":\"uri-reference\"},"
    "\"title\":{\"type\":\"string\"},"
    "\"status\":{\"type\":\"integer\",\"minimum\":400,\"maximum\":599},"
    "\"detail\":{\"type\":\"string\"},"
    "\"instance\":{\"type\":\"string\",\"format\":\"uri-reference\"},"
    "\"request_id\":{\"type\":\"string\"},"
    "\"errors\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
    "\"required\":[\"in\",\"pointer\",\"code\",\"detail\"],"
    "\"properties\":{"
    "\"in\":{\"type\":\"string\",\"enum\":[\"path\",\"query\",\"header\","
    "\"cookie\",\"body\"]},"
    "\"pointer\":{\"type\":\"string\"},"
    "\"code\":{\"type\":\"string\"},"
    "\"detail\":{\"type\":\"string\"}}}}}}";

/* Whether the plugin says something of a status. */
static bool
is_said(const struct json_object *responses, const char *status)
{
	char range[4] = { status[0], 'X', 'X', '\0' };

	return json_object_object_get_ex(responses, status, NULL) ||
	    json_object_object_get_ex(responses, range, NULL) ||
	    json_object_object_get_ex(responses, "default", NULL);
}

static void
add_answer(struct xc_part *part, struct json_object *responses, enum own own)
{
	struct json_object *reference;
	char text[128];

	if (is_said(responses, answers[own].status))
		return;
	snprintf(text, sizeof(text), "#/components/responses/%s",
	    answers[own].name);
	reference = json_object_new_object();
	json_object_object_add(reference, "$ref",
	    json_object_new_string(text));
	json_object_object_add(responses, answers[own].status, reference);
	part->used_own[own] = true;
}

static bool
has_elements(const struct json_object *object, const char *key)
{
	struct json_object *list = xc_json_member(object, key);

	return json_object_is_type(list, json_type_array) &&
	    json_object_array_length(list) > 0;
}

/* Not if one of the alternatives is that nobody need be known. */
static bool
is_secured(const struct json_object *operation)
{
	struct json_object *list = xc_json_member(operation, "security");
	size_t n = json_object_array_length(list);

	for (size_t i = 0; i < n; i++) {
		if (json_object_object_length(json_object_array_get_idx(list,
		    i)) == 0)
			return false;
	}
	return n > 0;
}

static bool
is_queued(const struct json_object *operation)
{
	return json_object_get_boolean(xc_json_member(operation,
	    "x-xcore-hashes"));
}

static bool
is_idempotent(const struct json_object *operation)
{
	return json_object_get_boolean(xc_json_member(operation,
	    "x-xcore-idempotent"));
}

/* The header, unless the plugin describes it. */
static void
add_key(struct json_object *operation)
{
	struct json_object *list = xc_json_member(operation, "parameters");
	size_t n = json_object_is_type(list, json_type_array) ?
	    json_object_array_length(list) : 0;
	const char *name;

	for (size_t i = 0; i < n; i++) {
		name = xc_json_string(json_object_array_get_idx(list, i),
		    "name");
		if (name != NULL && strcasecmp(name, KEY) == 0)
			return;
	}
	if (!json_object_is_type(list, json_type_array)) {
		list = json_object_new_array();
		json_object_object_add(operation, "parameters", list);
	}
	json_object_array_add(list, json_tokener_parse(key_parameter));
}

static void
add_answers(struct xc_part *part, const struct json_object *item,
    struct json_object *operation)
{
	struct json_object *responses = xc_json_member(operation,
	    "responses");
	bool body = xc_json_member(operation, "requestBody") != NULL;

	if (!json_object_is_type(responses, json_type_object)) {
		responses = json_object_new_object();
		json_object_object_add(operation, "responses", responses);
	}
	if (is_secured(operation)) {
		add_answer(part, responses, OWN_UNAUTHORIZED);
		add_answer(part, responses, OWN_FORBIDDEN);
	}
	if (is_idempotent(operation)) {
		add_key(operation);
		add_answer(part, responses, OWN_WORKING);
	}
	if (body)
		add_answer(part, responses, OWN_MEDIA);
	if (body || has_elements(item, "parameters") ||
	    has_elements(operation, "parameters"))
		add_answer(part, responses, OWN_INVALID);
	if (is_secured(operation) || is_idempotent(operation) ||
	    is_queued(operation))
		add_answer(part, responses, OWN_UNAVAILABLE);
}

void
xc_part_own(struct xc_part *part)
{
	static const char *const methods[] = { "get", "put", "post",
		"delete", "options", "head", "patch" };
	struct json_object *paths = xc_json_member(part->copy, "paths");
	struct lh_entry *entry;

	lh_foreach(json_object_get_object(paths), entry) {
		struct json_object *item = lh_entry_v(entry);

		for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]);
		    i++) {
			struct json_object *operation = xc_json_member(item,
			    methods[i]);

			if (json_object_is_type(operation, json_type_object))
				add_answers(part, item, operation);
		}
	}
}

static struct json_object *
make_answer(enum own own)
{
	struct json_object *answer = json_object_new_object();

	json_object_object_add(answer, "description",
	    json_object_new_string(answers[own].description));
	json_object_object_add(answer, "content", json_tokener_parse(
	    "{\"application/problem+json\":{\"schema\":{\"$ref\":"
	    "\"#/components/schemas/" PROBLEM "\"}}}"));
	return answer;
}

void
xc_compose_own(const struct xc_compose *compose,
    struct json_object *schemas, struct json_object *responses)
{
	bool any = false;

	for (int i = 0; i < OWN__MAX; i++) {
		if (!compose->used_own[i])
			continue;
		any = true;
		json_object_object_add(responses, answers[i].name,
		    make_answer((enum own)i));
	}
	if (any)
		json_object_object_add(schemas, PROBLEM,
		    json_tokener_parse(problem));
}

void
xc_compose_own_reserve(struct xc_compose *compose)
{
	json_object_object_add(compose->taken[XC_COMPONENT_SCHEMAS], PROBLEM,
	    NULL);
	for (int i = 0; i < OWN__MAX; i++)
		json_object_object_add(
		    compose->taken[XC_COMPONENT_RESPONSES], answers[i].name,
		    NULL);
}
