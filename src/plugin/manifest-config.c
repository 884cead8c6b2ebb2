/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include <xcore/json.h>

#include "contract/plan.h"
#include "manifest-config.h"
#include "manifest-private.h"
#include "manifest.h"

#define DEPTH_MAX 32

/* Schemas that are being filled in, the innermost first. */
struct frame {
	const struct frame *around;
	const char *pointer;	/* of the schema */
};

struct merge {
	struct xc_plan plan;
	struct xc_config_faults *faults;
	char pointer[256];	/* of the setting at hand */
	unsigned depth;
};

static enum xc_err merge_value(struct merge *merge,
    const struct frame *around, const struct xc_plan_node *schema,
    struct json_object *value, struct json_object **out_r);

/* Goes into a member; what it returns takes leave() back out. */
static size_t
enter(struct merge *merge, const char *key)
{
	size_t len = strlen(merge->pointer);

	snprintf(merge->pointer + len, sizeof(merge->pointer) - len, "/%s",
	    key);
	return len;
}

static void
leave(struct merge *merge, size_t len)
{
	merge->pointer[len] = '\0';
}

/* --- what one object is made of ---- */

/* An object that is being filled in, by all schemas that hold for it. */
struct filling {
	struct merge *merge;
	const struct frame *frame;
	struct json_object *value;	/* as it was set; NULL: not at all */
	struct json_object *out;
	bool has_properties;
	bool is_open;		/* other members may be there */
};

/* Keywords by which a schema may say something of members that
 * "properties" does not name. */
static bool
says_of_others(struct json_object *schema)
{
	static const char *const keywords[] = { "additionalProperties",
		"unevaluatedProperties", "patternProperties", "anyOf", "oneOf",
		"if", "dependentSchemas", "$dynamicRef" };

	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (json_object_object_get_ex(schema, keywords[i], NULL))
			return true;
	return false;
}

static enum xc_err
fill_member(struct filling *filling, const char *key,
    const struct xc_plan_node *schema)
{
	struct merge *merge = filling->merge;
	size_t mark = enter(merge, key);
	struct json_object *value, *member;
	enum xc_err err;

	/* Another schema may have been here with its default. */
	value = xc_json_member(filling->out, key);
	if (value == NULL)
		value = xc_json_member(filling->value, key);
	err = merge_value(merge, filling->frame, schema, value, &member);
	leave(merge, mark);
	if (err != XC_OK || member == NULL)
		return err;
	if (json_object_object_add(filling->out, key, member) == 0)
		return XC_OK;
	json_object_put(member);
	return XC_ERR_NOMEM;
}

static enum xc_err
fill_properties(struct filling *filling, const struct xc_plan_node *schema)
{
	struct xc_plan_node all, one;
	struct lh_entry *entry;
	enum xc_err err = XC_OK;

	xc_plan_member(schema, "properties", &all);
	if (!json_object_is_type(all.json, json_type_object))
		return XC_OK;
	filling->has_properties = true;
	lh_foreach(json_object_get_object(all.json), entry) {
		xc_plan_member(&all, lh_entry_k(entry), &one);
		err = fill_member(filling, lh_entry_k(entry), &one);
		if (err != XC_OK)
			break;
	}
	return err;
}

/* By a schema, what it refers to, and all under its "allOf". */
static enum xc_err
fill(struct filling *filling, const struct xc_plan_node *schema,
    unsigned depth)
{
	const char *ref = xc_json_string(schema->json, "$ref");
	struct xc_plan_node list, one;
	enum xc_err err;
	size_t i;

	if (!json_object_is_type(schema->json, json_type_object) || depth == 0)
		return XC_OK;
	filling->is_open |= says_of_others(schema->json);
	err = fill_properties(filling, schema);
	if (err == XC_OK && ref != NULL &&
	    xc_plan_resolve(&filling->merge->plan, ref, &one))
		err = fill(filling, &one, depth - 1);
	xc_plan_member(schema, "allOf", &list);
	if (!json_object_is_type(list.json, json_type_array))
		return err;
	for (i = 0; i < json_object_array_length(list.json) && err == XC_OK;
	    i++) {
		xc_plan_item(&list, i, &one);
		err = fill(filling, &one, depth - 1);
	}
	return err;
}

/* --- what has no schema ---- */

/* Whether a schema, or what holds beside it, names a property. */
static bool
names(struct merge *merge, const struct xc_plan_node *schema,
    const char *key, unsigned depth)
{
	const char *ref = xc_json_string(schema->json, "$ref");
	struct xc_plan_node list, one;
	size_t i;

	if (!json_object_is_type(schema->json, json_type_object) || depth == 0)
		return false;
	xc_plan_member(schema, "properties", &list);
	if (json_object_is_type(list.json, json_type_object) &&
	    json_object_object_get_ex(list.json, key, NULL))
		return true;
	if (ref != NULL && xc_plan_resolve(&merge->plan, ref, &one) &&
	    names(merge, &one, key, depth - 1))
		return true;
	xc_plan_member(schema, "allOf", &list);
	if (!json_object_is_type(list.json, json_type_array))
		return false;
	for (i = 0; i < json_object_array_length(list.json); i++) {
		xc_plan_item(&list, i, &one);
		if (names(merge, &one, key, depth - 1))
			return true;
	}
	return false;
}

/* What no schema names goes over as it is, where there may be such a thing: a
 * misspelt one would be ignored without a word. */
static enum xc_err
copy_others(struct filling *filling, const struct xc_plan_node *schema)
{
	struct merge *merge = filling->merge;
	struct lh_entry *entry;

	if (filling->value == NULL)
		return XC_OK;
	lh_foreach(json_object_get_object(filling->value), entry) {
		const char *key = lh_entry_k(entry);

		if (names(merge, schema, key, DEPTH_MAX))
			continue;
		if (!filling->is_open && filling->has_properties) {
			size_t mark = enter(merge, key);

			xc_config_fault(merge->faults, merge->pointer,
			    "the plugin has no such setting; see \"config\" "
			    "in its plugin.json");
			leave(merge, mark);
			continue;
		}
		if (json_object_object_add(filling->out, key,
		    json_object_get(lh_entry_v(entry))) != 0)
			return XC_ERR_NOMEM;
	}
	return XC_OK;
}

/* --- values ---- */

static enum xc_err
merge_object(struct merge *merge, const struct frame *frame,
    const struct xc_plan_node *schema, struct json_object *value,
    struct json_object **out_r)
{
	struct filling filling = { .merge = merge, .frame = frame,
		.value = value, .out = json_object_new_object() };
	enum xc_err err;

	if (filling.out == NULL)
		return XC_ERR_NOMEM;
	err = fill(&filling, schema, DEPTH_MAX);
	if (err == XC_OK)
		err = copy_others(&filling, schema);
	/* What nobody has said and nobody has a default for is not there. */
	if (err != XC_OK || (value == NULL && frame->around != NULL &&
	    json_object_object_length(filling.out) == 0)) {
		json_object_put(filling.out);
		return err;
	}
	*out_r = filling.out;
	return XC_OK;
}

/* What a schema refers to, by which it is known. */
static void
find_meant(struct xc_plan *plan, struct xc_plan_node *schema)
{
	struct xc_plan_node next;
	const char *ref;

	for (unsigned i = 0; i < DEPTH_MAX; i++) {
		ref = xc_json_string(schema->json, "$ref");
		if (ref == NULL || !xc_plan_resolve(plan, ref, &next))
			return;
		*schema = next;
	}
}

/* Whether a schema that leads to itself is here again, with nothing set. */
static bool
is_around(const struct frame *around, const char *pointer)
{
	for (; around != NULL; around = around->around)
		if (strcmp(around->pointer, pointer) == 0)
			return true;
	return false;
}

/* *out_r is NULL if there is neither a setting nor a default. */
static enum xc_err
merge_value(struct merge *merge, const struct frame *around,
    const struct xc_plan_node *schema, struct json_object *value,
    struct json_object **out_r)
{
	struct xc_plan_node initial, meant = *schema;
	struct frame frame = { .around = around, .pointer = meant.pointer };
	enum xc_err err;

	*out_r = NULL;
	find_meant(&merge->plan, &meant);
	if (value == NULL && is_around(around, meant.pointer))
		return XC_OK;
	if (value == NULL &&
	    xc_plan_default(&merge->plan, schema, &initial))
		value = initial.json;
	if (merge->depth < DEPTH_MAX && (value == NULL ||
	    json_object_is_type(value, json_type_object))) {
		merge->depth++;
		err = merge_object(merge, &frame, schema, value, out_r);
		merge->depth--;
		return err;
	}
	*out_r = json_object_get(value);
	return XC_OK;
}

enum xc_err
xc_config_merge(struct json_object *schema, struct json_object *settings,
    struct json_object **config_r, struct xc_errbuf *errbuf)
{
	struct xc_config_faults faults = { .used = 0 };
	struct merge merge = { .faults = &faults };
	struct xc_plan_node root;
	enum xc_err err;

	*config_r = NULL;
	if (settings != NULL &&
	    !json_object_is_type(settings, json_type_object))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "settings: must be an object");
	xc_plan_begin(&merge.plan, schema, errbuf);
	xc_plan_root(&merge.plan, &root);
	err = merge_value(&merge, NULL, &root, settings, config_r);
	xc_plan_end(&merge.plan);
	if (err == XC_OK && *config_r == NULL)
		err = XC_ERR_NOMEM;
	if (err == XC_OK)
		err = xc_config_validate(schema, *config_r, &faults);
	if (err == XC_OK && faults.used > 0)
		err = XC_ERR_INVALID;
	if (err == XC_OK)
		return XC_OK;
	json_object_put(*config_r);
	*config_r = NULL;
	return xc_fail(errbuf, err, "%s", err == XC_ERR_NOMEM ?
	    "out of memory" : faults.text);
}

enum xc_err
xc_manifest_config(const struct xc_manifest *manifest,
    struct json_object *settings, struct json_object **config_r,
    struct xc_errbuf *errbuf)
{
	*config_r = NULL;
	if (manifest->config != NULL)
		return xc_config_merge(manifest->config, settings, config_r,
		    errbuf);
	if (settings != NULL && json_object_object_length(settings) > 0)
		return xc_fail(errbuf, XC_ERR_INVALID, "plugin %s has no "
		    "settings; take \"plugins\".\"%s\" out of the "
		    "configuration", manifest->name, manifest->name);
	return XC_OK;
}
