/* SPDX-License-Identifier: MIT */
/* The schema "config" of a manifest: whether it can be used, and using it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include <xcore/json.h>

#include "contract/plan.h"
#include "contract/schema.h"
#include "lib/block.h"
#include "manifest-config.h"
#include "manifest-private.h"

#define DEPTH_MAX 32
#define PREFIX XC_PLAN_URI "#"

void
xc_config_fault(struct xc_config_faults *faults, const char *pointer,
    const char *format, ...)
{
	size_t room = sizeof(faults->text) - faults->used;
	char what[512];
	va_list ap;
	int n;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	n = snprintf(faults->text + faults->used, room, "%ssetting %s: %s",
	    faults->used > 0 ? "; " : "", pointer[0] != '\0' ? pointer : "/",
	    what);
	if (n > 0)
		faults->used += (size_t)n < room ? (size_t)n : room - 1;
}

/* The schemas that the plan asks for. */
static enum xc_err
compile(const struct xc_plan *plan, struct xc_schema **schema_r,
    struct xc_errbuf *errbuf)
{
	const char *text = json_object_to_json_string_ext(plan->root,
	    JSON_C_TO_STRING_PLAIN);
	struct xc_schema_set *set = xc_schema_set_create();
	enum xc_err err = XC_ERR_NOMEM;

	*schema_r = NULL;
	if (set != NULL && text != NULL)
		err = xc_schema_set_add(set, XC_PLAN_URI, text, strlen(text),
		    errbuf);
	if (err == XC_OK)
		err = xc_schema_compile(set, (const char *const *)plan->refs,
		    plan->n_refs, NULL, schema_r, errbuf);
	xc_schema_set_free(&set);
	return err;
}

/* Runs an entry on a value. */
static enum xc_err
run(struct xc_validator *validator, const struct xc_schema *schema,
    size_t entry, struct json_object *value)
{
	const char *text = json_object_to_json_string_ext(value,
	    JSON_C_TO_STRING_PLAIN);
	struct xc_block block = { 0 };
	struct xc_tape_error error;
	struct xc_tape tape;
	enum xc_err err;
	uint32_t off;

	if (text == NULL)
		return XC_ERR_NOMEM;
	err = xc_tape_scan(text, strlen(text), NULL, &block, &off, &tape,
	    &error);
	if (err == XC_OK)
		err = xc_schema_run(validator, schema, entry, &tape, 0);
	else if (err == XC_ERR_INVALID)
		err = XC_ERR_TOO_LARGE;
	xc_block_free(&block);
	return err;
}

/* --- whether a schema can be used ---- */

/* A default that was found. */
struct initial {
	struct json_object *value;
	uint32_t entry;
	char pointer[256];
};

struct finding {
	struct xc_plan plan;
	struct initial *rows;
	size_t n;
};

static enum xc_err find_defaults(struct finding *finding,
    const struct xc_plan_node *schema, unsigned depth);

/* In all schemas of a map or list, or in the one that stands there. */
static enum xc_err
find_under(struct finding *finding, const struct xc_plan_node *schema,
    const char *keyword, unsigned depth)
{
	struct xc_plan_node all, one;
	struct lh_entry *entry;
	enum xc_err err = XC_OK;
	size_t i;

	xc_plan_member(schema, keyword, &all);
	if (json_object_is_type(all.json, json_type_array)) {
		for (i = 0; i < json_object_array_length(all.json) &&
		    err == XC_OK; i++) {
			xc_plan_item(&all, i, &one);
			err = find_defaults(finding, &one, depth);
		}
		return err;
	}
	if (!json_object_is_type(all.json, json_type_object))
		return XC_OK;
	if (strcmp(keyword, "items") == 0 ||
	    strcmp(keyword, "additionalProperties") == 0)
		return find_defaults(finding, &all, depth);
	lh_foreach(json_object_get_object(all.json), entry) {
		xc_plan_member(&all, lh_entry_k(entry), &one);
		err = find_defaults(finding, &one, depth);
		if (err != XC_OK)
			break;
	}
	return err;
}

static enum xc_err
add_default(struct finding *finding, const struct xc_plan_node *schema)
{
	struct initial *rows;
	struct initial *row;

	rows = reallocarray(finding->rows, finding->n + 1, sizeof(*rows));
	if (rows == NULL)
		return XC_ERR_NOMEM;
	finding->rows = rows;
	row = &rows[finding->n++];
	row->value = xc_json_member(schema->json, "default");
	snprintf(row->pointer, sizeof(row->pointer), "%s/default",
	    schema->pointer);
	return xc_plan_schema(&finding->plan, schema, &row->entry);
}

static enum xc_err
find_defaults(struct finding *finding, const struct xc_plan_node *schema,
    unsigned depth)
{
	static const char *const keywords[] = { "properties",
		"patternProperties", "$defs", "items", "prefixItems",
		"additionalProperties", "allOf", "anyOf", "oneOf" };
	enum xc_err err = XC_OK;

	if (!json_object_is_type(schema->json, json_type_object) || depth == 0)
		return XC_OK;
	if (json_object_object_get_ex(schema->json, "default", NULL))
		err = add_default(finding, schema);
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]) &&
	    err == XC_OK; i++)
		err = find_under(finding, schema, keywords[i], depth - 1);
	return err;
}

/* A default need not have all that is required: the operator sets that. */
static enum xc_err
check_default(struct xc_validator *validator, const struct xc_schema *schema,
    const struct initial *row, struct xc_errbuf *errbuf)
{
	enum xc_err err = run(validator, schema, row->entry, row->value);
	const struct xc_schema_fault *fault;

	if (err != XC_ERR_INVALID && err != XC_ERR_TOO_LARGE)
		return err;
	for (size_t i = 0; i < xc_validator_n_faults(validator); i++) {
		fault = xc_validator_fault(validator, i);
		if (strcmp(fault->keyword, "required") != 0)
			return xc_fail(errbuf, XC_ERR_INVALID, "%s%s%s",
			    fault->pointer, fault->pointer[0] != '\0' ? " "
			    : "", fault->sentence);
	}
	return XC_OK;
}

static enum xc_err
check_defaults(const struct finding *finding, const struct xc_schema *schema,
    char *where, size_t size, struct xc_errbuf *errbuf)
{
	struct xc_validator *validator = xc_validator_create(NULL);
	enum xc_err err = validator != NULL ? XC_OK : XC_ERR_NOMEM;

	for (size_t i = 0; i < finding->n && err == XC_OK; i++) {
		err = check_default(validator, schema, &finding->rows[i],
		    errbuf);
		if (err == XC_ERR_INVALID)
			snprintf(where, size, "%s", finding->rows[i].pointer);
	}
	xc_validator_free(&validator);
	return err;
}

/* "URI#POINTER: what" is what the compiler says. */
static void
split_where(struct xc_errbuf *errbuf, char *where, size_t size)
{
	size_t skip = sizeof(PREFIX) - 1;
	char *text = errbuf->text;
	char *end = strstr(text, ": ");

	if (strncmp(text, PREFIX, skip) != 0 ||
	    (end = strstr(text + skip, ": ")) == NULL)
		return;
	snprintf(where, size, "%.*s", (int)(end - text - (ptrdiff_t)skip),
	    text + skip);
	memmove(text, end + 2, strlen(end + 2) + 1);
}

enum xc_err
xc_config_check(struct json_object *schema, char *where, size_t size,
    struct xc_errbuf *errbuf)
{
	struct finding finding = { .n = 0 };
	struct xc_schema *compiled = NULL;
	struct xc_plan_node root;
	uint32_t entry;
	enum xc_err err;

	where[0] = '\0';
	xc_plan_begin(&finding.plan, schema, errbuf);
	xc_plan_root(&finding.plan, &root);
	err = xc_plan_schema(&finding.plan, &root, &entry);
	if (err == XC_OK)
		err = find_defaults(&finding, &root, DEPTH_MAX);
	if (err == XC_OK) {
		err = compile(&finding.plan, &compiled, errbuf);
		if (err == XC_ERR_INVALID)
			split_where(errbuf, where, size);
	}
	if (err == XC_OK)
		err = check_defaults(&finding, compiled, where, size, errbuf);
	xc_schema_free(&compiled);
	xc_plan_end(&finding.plan);
	free(finding.rows);
	return err;
}

/* --- settings ---- */

/* Whether a schema, what it refers to, or one under its "allOf", says
 * "secret": true. */
static bool
says_secret(struct xc_plan *plan, const struct xc_plan_node *schema,
    unsigned depth)
{
	const char *ref = xc_json_string(schema->json, "$ref");
	struct xc_plan_node list, one;
	bool secret = false;

	if (depth == 0)
		return false;
	if (xc_json_bool(schema->json, "secret", &secret) && secret)
		return true;
	if (ref != NULL && xc_plan_resolve(plan, ref, &one) &&
	    says_secret(plan, &one, depth - 1))
		return true;
	xc_plan_member(schema, "allOf", &list);
	for (size_t i = 0; json_object_is_type(list.json, json_type_array) &&
	    i < json_object_array_length(list.json); i++) {
		xc_plan_item(&list, i, &one);
		if (says_secret(plan, &one, depth - 1))
			return true;
	}
	return false;
}

/* Whether what a pointer names lies in a secret. */
static bool
is_secret(struct xc_plan *plan, const char *pointer)
{
	struct xc_plan_node at, next;
	char name[256];
	size_t len;

	xc_plan_root(plan, &at);
	while (!says_secret(plan, &at, DEPTH_MAX)) {
		if (*pointer++ != '/')
			return false;
		len = strcspn(pointer, "/");
		snprintf(name, sizeof(name), "%.*s", (int)len, pointer);
		pointer += len;
		xc_plan_property(plan, &at, name, &next);
		if (next.json == NULL)
			xc_plan_items(plan, &at, &next);
		at = next;
	}
	return true;
}

/* "lacks the member "NAME"": tells it of the setting. */
static bool
add_missing(const struct xc_schema_fault *fault,
    struct xc_config_faults *faults)
{
	const char *first = strchr(fault->sentence, '"');
	const char *last = strrchr(fault->sentence, '"');
	char pointer[512];

	if (strcmp(fault->keyword, "required") != 0 || first == last)
		return false;
	snprintf(pointer, sizeof(pointer), "%s/%.*s", fault->pointer,
	    (int)(last - first - 1), first + 1);
	xc_config_fault(faults, pointer, "must be set, there is no default");
	return true;
}

static void
add_faults(struct xc_plan *plan, const struct xc_validator *validator,
    struct xc_config_faults *faults)
{
	const struct xc_schema_fault *fault;

	for (size_t i = 0; i < xc_validator_n_faults(validator); i++) {
		fault = xc_validator_fault(validator, i);
		if (add_missing(fault, faults))
			continue;
		if (is_secret(plan, fault->pointer))
			xc_config_fault(faults, fault->pointer, "is a secret "
			    "that does not hold to \"%s\"", fault->keyword);
		else
			xc_config_fault(faults, fault->pointer, "%s",
			    fault->sentence);
	}
}

enum xc_err
xc_config_validate(struct json_object *schema, struct json_object *config,
    struct xc_config_faults *faults)
{
	struct xc_validator *validator = xc_validator_create(NULL);
	struct xc_schema *compiled = NULL;
	struct xc_errbuf errbuf = { "" };
	struct xc_plan_node root;
	struct xc_plan plan;
	uint32_t entry;
	enum xc_err err;

	xc_plan_begin(&plan, schema, &errbuf);
	xc_plan_root(&plan, &root);
	err = xc_plan_schema(&plan, &root, &entry);
	if (err == XC_OK)
		err = compile(&plan, &compiled, &errbuf);
	if (err == XC_ERR_INVALID)
		xc_config_fault(faults, "", "\"config\" in plugin.json is no "
		    "schema: %s", errbuf.text);
	if (err == XC_OK && validator == NULL)
		err = XC_ERR_NOMEM;
	if (err == XC_OK) {
		err = run(validator, compiled, 0, config);
		if (err == XC_ERR_INVALID || err == XC_ERR_TOO_LARGE)
			add_faults(&plan, validator, faults);
		if (err == XC_ERR_TOO_LARGE && faults->used == 0)
			xc_config_fault(faults, "", "is too large");
	}
	xc_schema_free(&compiled);
	xc_validator_free(&validator);
	xc_plan_end(&plan);
	return err;
}
