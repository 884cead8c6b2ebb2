/* SPDX-License-Identifier: MIT */
/* A manifest against its schema, which editors have too. */
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/json_pointer.h>

#include "config/near.h"
#include "contract/embedded.h"
#include "plugin/manifest-private.h"

#define WORD_MAX 64

/* Tries the names of an object's members, or the strings of an array. */
static void
try_all(struct xc_near *near, const struct xc_tape *tape, uint32_t list,
    char (*words)[WORD_MAX], size_t max, size_t *n)
{
	bool object = list != 0 &&
	    xc_tape_type(tape, list) == XC_TOKEN_OBJECT;
	uint32_t count = list != 0 ? xc_tape_count(tape, list) : 0;
	uint32_t at = xc_tape_first(list);
	const char *text;
	size_t len;

	for (; count > 0 && *n < max; count--) {
		if (object || xc_tape_type(tape, at) == XC_TOKEN_STRING) {
			text = xc_tape_string(tape, at, &len);
			snprintf(words[*n], WORD_MAX, "%.*s", (int)len, text);
			xc_near_try(near, words[(*n)++], 0);
		}
		if (object)
			at = xc_tape_value(tape, at);
		at = xc_tape_next(tape, at);
	}
}

/* The words that a schema has for what it refuses. */
static void
try_words(struct xc_near *near, const struct xc_embedded_fault *fault,
    char (*words)[WORD_MAX], size_t max)
{
	const struct xc_tape *tape = fault->tape;
	uint32_t list = xc_tape_member(tape, fault->node, "anyOf", 5);
	uint32_t i, at;
	size_t n = 0;

	if (strcmp(fault->keyword, "additionalProperties") == 0) {
		try_all(near, tape, xc_tape_member(tape, fault->node,
		    "properties", 10), words, max, &n);
		return;
	}
	try_all(near, tape, xc_tape_member(tape, fault->node, "enum", 4),
	    words, max, &n);
	for (i = 0; list != 0 && (at = xc_tape_item(tape, list, i)) != 0; i++)
		try_all(near, tape, xc_tape_member(tape, at, "enum", 4),
		    words, max, &n);
}

/* The value that a fault is about, if it is a string; or the last name of the
 * pointer, where that is the fault. */
static const char *
what_stands(const struct xc_check *check,
    const struct xc_embedded_fault *fault, char *buf, size_t size)
{
	const char *name = strrchr(fault->pointer, '/');
	struct json_object *value = NULL;

	if (name == NULL)
		return NULL;
	if (strcmp(fault->keyword, "additionalProperties") == 0) {
		snprintf(buf, size, "%s", name + 1);
		return buf;
	}
	if (json_pointer_get(check->manifest->json, fault->pointer, &value) !=
	    0 || !json_object_is_type(value, json_type_string))
		return NULL;
	snprintf(buf, size, "%s", json_object_get_string(value));
	return buf;
}

/* Faults of a member keep it from the checks that take its shape for
 * granted. */
static void
mark(struct xc_check *check, const char *pointer)
{
	size_t len;

	if (*pointer == '/')
		pointer++;
	len = strcspn(pointer, "/");
	for (size_t i = 0; i < xc_manifest_n_fields; i++)
		if (strlen(xc_manifest_field(i)) == len &&
		    memcmp(xc_manifest_field(i), pointer, len) == 0)
			check->misshapen |= UINT32_C(1) << i;
}

/* "lacks the member "NAME"": tells it of the member. */
static bool
say_missing(struct xc_check *check, const struct xc_embedded_fault *fault)
{
	const char *first = strchr(fault->sentence, '"');
	const char *last = strrchr(fault->sentence, '"');
	char pointer[256];

	if (strcmp(fault->keyword, "required") != 0 || first == last)
		return false;
	snprintf(pointer, sizeof(pointer), "%s/%.*s", fault->pointer,
	    (int)(last - first - 1), first + 1);
	xc_check_fault(check, pointer, "is missing; add it");
	return true;
}

static void
say(void *ctx, const struct xc_embedded_fault *fault)
{
	struct xc_check *check = ctx;
	const char *pointer = fault->pointer[0] != '\0' ? fault->pointer : "/";
	bool unknown = strcmp(fault->keyword, "additionalProperties") == 0;
	char words[64][WORD_MAX], buf[128];
	struct xc_near near;
	const char *stands;

	mark(check, fault->pointer);
	/* The schemas in it say why, each for itself. */
	if (strcmp(fault->keyword, "allOf") == 0 ||
	    say_missing(check, fault))
		return;
	stands = what_stands(check, fault, buf, sizeof(buf));
	xc_near_init(&near, stands != NULL ? stands : "");
	if (stands != NULL && fault->node != 0)
		try_words(&near, fault, words, 64);
	if (near.word != NULL)
		xc_check_fault(check, pointer, "%s; did you mean \"%s\"?",
		    unknown ? "there is no such member" : fault->sentence,
		    near.word);
	else if (unknown)
		xc_check_fault(check, pointer, "there is no such member; "
		    "xcore-plugin(7) lists them%s", strchr(pointer + 1, '/')
		    == NULL ? ", and names of your own begin with \"x-\""
		    : "");
	else
		xc_check_fault(check, pointer, "%s", fault->sentence);
}

void
xc_check_shape(struct xc_check *check, const char *text, size_t len)
{
	struct xc_errbuf why = { "" };
	enum xc_err err = xc_embedded_check("plugin", text, len, say, check,
	    &why);

	if (err == XC_ERR_NOMEM)
		check->nomem = true;
	else if (err != XC_OK && (err != XC_ERR_INVALID || check->used == 0))
		xc_check_fault(check, "/", "%s", why.text);
}
