/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "plugin/steps.h"

/* See enum xc_mw_part in config/middleware.h. */
static const char *const parts[] = { "request_id", "proxy", "log", "timing",
	"body", "cors", "headers", "rate", "auth" };

bool
xc_steps_is_part(const char *word)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(word, parts[i]) == 0)
			return true;
	}
	return false;
}

static size_t
length_of(struct json_object *array)
{
	return json_object_is_type(array, json_type_array) ?
	    json_object_array_length(array) : 0;
}

static const char *
text_at(struct json_object *array, size_t i)
{
	struct json_object *one = json_object_array_get_idx(array, i);

	return json_object_is_type(one, json_type_string) ?
	    json_object_get_string(one) : "";
}

/* How much room the names of all steps take, with the NULL behind each list. */
static size_t
count_names(struct json_object *array)
{
	size_t n = 0;

	for (size_t i = 0; i < length_of(array); i++) {
		struct json_object *one = json_object_array_get_idx(array, i);

		n += length_of(xc_json_member(one, "before")) + 1;
		n += length_of(xc_json_member(one, "after")) + 1;
	}
	return n;
}

/* The names of plugins in a list, without what stands still by itself.  The
 * place behind them. */
static const char **
take_names(struct json_object *list, const char **at,
    const char *const **names_r)
{
	*names_r = at;
	for (size_t i = 0; i < length_of(list); i++) {
		const char *text = text_at(list, i);

		if (*text != '\0' && !xc_steps_is_part(text))
			*at++ = text;
	}
	*at++ = NULL;
	return at;
}

static bool
has_text(struct json_object *list, const char *text)
{
	for (size_t i = 0; i < length_of(list); i++) {
		if (strcmp(text_at(list, i), text) == 0)
			return true;
	}
	return false;
}

static bool
is_word(struct json_object *object, const char *key, const char *word)
{
	const char *text = xc_json_string(object, key);

	return text != NULL && strcmp(text, word) == 0;
}

static bool
take_step(struct xc_steps *steps, struct json_object *json,
    const char *plugin, const char ***at)
{
	struct xc_step *step = &steps->list[steps->n];
	struct json_object *before = xc_json_member(json, "before");

	step->order.plugin = plugin;
	step->order.operation = xc_json_string(json, "operation");
	if (step->order.operation == NULL)
		return false;
	step->order.before_auth = has_text(before, "auth");
	*at = take_names(before, *at, &step->order.before);
	*at = take_names(xc_json_member(json, "after"), *at,
	    &step->order.after);
	step->on_reply = is_word(json, "phase", "reply");
	step->site = is_word(json, "scope", "site");
	steps->n++;
	return true;
}

enum xc_err
xc_steps_read(struct json_object *array, const char *plugin,
    struct xc_steps *steps_r, struct xc_errbuf *errbuf)
{
	struct xc_steps steps = { .n = 0 };
	const char **at;
	bool ok = true;

	*steps_r = steps;
	if (length_of(array) == 0)
		return XC_OK;
	steps.list = calloc(length_of(array), sizeof(*steps.list));
	steps.names = at = calloc(count_names(array), sizeof(*at));
	steps.json = json_object_get(array);
	if (steps.list == NULL || steps.names == NULL) {
		xc_steps_free(&steps);
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	}
	for (size_t i = 0; ok && i < length_of(array); i++)
		ok = take_step(&steps, json_object_array_get_idx(array, i),
		    plugin, &at);
	if (!ok) {
		xc_steps_free(&steps);
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "a step of \"middleware\" names no operation");
	}
	*steps_r = steps;
	return XC_OK;
}

void
xc_steps_free(struct xc_steps *steps)
{
	free(steps->list);
	free(steps->names);
	json_object_put(steps->json);
	memset(steps, 0, sizeof(*steps));
}

bool
xc_steps_have_site(const struct xc_steps *steps)
{
	for (size_t i = 0; i < steps->n; i++) {
		if (steps->list[i].site)
			return true;
	}
	return false;
}
