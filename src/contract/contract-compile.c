/* SPDX-License-Identifier: MIT */
/*
 * From a document to a contract: a walk over the operations in the order of
 * their routes, which notes the schemas that will be needed; then all of these
 * are compiled into one program.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include <xcore/json.h>

#include "contract-private.h"

#define METHOD_MAX 16
#define SIZE_LIMIT ((size_t)64 << 20)

enum xc_err
xc_contract_no_memory(struct xc_contract_build *build)
{
	return xc_fail(build->plan.errbuf, XC_ERR_NOMEM, "out of memory");
}

void *
xc_growing_add(struct growing *growing)
{
	uint32_t cap = growing->cap == 0 ? 8 : growing->cap * 2;
	void *rows;
	char *row;

	if (growing->n == growing->cap) {
		rows = cap > growing->cap ? reallocarray(growing->rows, cap,
		    growing->row_size) : NULL;
		if (rows == NULL)
			return NULL;
		growing->rows = rows;
		growing->cap = cap;
	}
	row = (char *)growing->rows + growing->n++ * growing->row_size;
	return memset(row, 0, growing->row_size);
}

/* Gives an array away, as large as it has to be. */
static void *
settle(struct growing *growing, size_t *size)
{
	size_t bytes = growing->n * growing->row_size;
	void *rows = growing->rows;
	void *smaller;

	if (growing->n < growing->cap && growing->n > 0) {
		smaller = realloc(rows, bytes);
		if (smaller != NULL)
			rows = smaller;
	}
	*growing = (struct growing){ .row_size = growing->row_size };
	*size += bytes;
	return rows;
}

enum xc_err
xc_contract_keep(struct xc_contract_build *build, const char *text,
    uint32_t *off_r)
{
	size_t len = strlen(text);
	uint32_t i = xc_tape_hash(text, len) % XC_CONTRACT_SLOTS;
	uint32_t *slot = &build->text_slots[i];
	struct xc_span span;

	/* What shares a slot with another is kept as often as it is said. */
	if (*slot != 0 && strcmp((char *)build->text.base + *slot, text) == 0) {
		*off_r = *slot;
		return XC_OK;
	}
	if (xc_block_append(&build->text, text, len, &span) != XC_OK)
		return xc_contract_no_memory(build);
	*slot = *off_r = span.off;
	return XC_OK;
}

static void
lower(const char *from, char *to, size_t size)
{
	size_t i;

	for (i = 0; from[i] != '\0' && i + 1 < size; i++)
		to[i] = (char)tolower((unsigned char)from[i]);
	to[i] = '\0';
}

/* An extension that is true or false; false if it is absent. */
static enum xc_err
compile_flag(struct xc_contract_build *build, const struct xc_plan_node *node,
    const char *name, bool *flag_r)
{
	struct xc_plan_node at;

	xc_plan_member(node, name, &at);
	if (at.json == NULL)
		return XC_OK;
	if (!json_object_is_type(at.json, json_type_boolean))
		return xc_plan_fail(&build->plan, &at,
		    "must be true or false");
	*flag_r = json_object_get_boolean(at.json);
	return XC_OK;
}

/* Only of POST: the other methods may be sent twice as it is (RFC 9110,
 * 9.2.2), or must not be by way of a reply that was kept. */
static enum xc_err
compile_idempotent(struct xc_contract_build *build,
    const struct xc_plan_node *node, const char *method,
    struct operation *operation)
{
	struct xc_plan_node at;
	enum xc_err err = compile_flag(build, node, "x-xcore-idempotent",
	    &operation->idempotent);

	if (err != XC_OK || !operation->idempotent ||
	    strcmp(method, "POST") == 0)
		return err;
	xc_plan_member(node, "x-xcore-idempotent", &at);
	return xc_plan_fail(&build->plan, &at, "is for POST; take it out, or "
	    "serve the operation by POST");
}

static enum xc_err
compile_operation(struct xc_contract_build *build,
    const struct xc_route *route, struct operation *operation)
{
	struct xc_plan_node item;
	struct xc_plan_node node;
	char method[METHOD_MAX];
	enum xc_err err;

	lower(route->method, method, sizeof(method));
	xc_plan_root(&build->plan, &item);
	xc_plan_member(&item, "paths", &item);
	xc_plan_member(&item, route->path, &item);
	xc_plan_member(&item, method, &node);
	err = xc_parameters_compile(&build->plan, route->path, &item, &node,
	    &operation->parameters);
	if (err == XC_OK)
		err = xc_contract_compile_body(build, &node, operation);
	if (err == XC_OK)
		err = xc_contract_compile_answers(build, &node, operation);
	if (err == XC_OK)
		err = xc_contract_compile_security(build, &node, operation);
	if (err == XC_OK)
		err = compile_idempotent(build, &node, route->method,
		    operation);
	if (err == XC_OK)
		err = compile_flag(build, &node, "x-xcore-hashes",
		    &operation->hashes);
	if (operation->parameters != NULL)
		build->contract->size +=
		    xc_parameters_size(operation->parameters);
	operation->plain = operation->parameters == NULL &&
	    !operation->takes_body && operation->needs.n == 0;
	return err;
}

static enum xc_err
compile_operations(struct xc_contract_build *build,
    const struct xc_route *routes, size_t n)
{
	struct xc_contract *contract = build->contract;
	enum xc_err err;
	size_t i;

	contract->operations = calloc(n + 1, sizeof(*contract->operations));
	if (contract->operations == NULL)
		return xc_contract_no_memory(build);
	contract->n_operations = n;
	contract->size += (n + 1) * sizeof(*contract->operations);
	for (i = 0; i < n; i++) {
		err = compile_operation(build, &routes[i],
		    &contract->operations[i]);
		if (err == XC_OK && contract->size > SIZE_LIMIT)
			err = xc_fail(build->plan.errbuf, XC_ERR_INVALID,
			    "openapi.json: its parameters and forms take "
			    "more than %zu MiB; divide the plugin",
			    SIZE_LIMIT >> 20);
		if (err != XC_OK)
			return err;
	}
	return XC_OK;
}

/* A sentence about the set names the document by its URI; the author knows
 * it by its name. */
static void
name_file(struct xc_errbuf *errbuf)
{
	static const char uri[] = XC_PLAN_URI "#";
	static const char name[] = "openapi.json: ";
	size_t len = sizeof(uri) - 1;

	if (errbuf == NULL || strncmp(errbuf->text, uri, len) != 0)
		return;
	memmove(errbuf->text + sizeof(name) - 1, errbuf->text + len,
	    strlen(errbuf->text + len) + 1);
	memcpy(errbuf->text, name, sizeof(name) - 1);
}

_Static_assert(sizeof("openapi.json: ") <= sizeof(XC_PLAN_URI "#"),
    "the name of the file takes the place of its URI");

/* All that stand under a name: another may refer to one by its $id before
 * anything leads to its place. */
static enum xc_err
know_components(const struct xc_plan *plan, struct xc_schema_set *set)
{
	struct json_object *schemas = xc_json_member(xc_json_member(
	    plan->root, "components"), "schemas");
	char ref[XC_PLAN_POINTER];
	enum xc_err err = XC_OK;
	struct lh_entry *entry;

	if (!json_object_is_type(schemas, json_type_object))
		return XC_OK;
	lh_foreach(json_object_get_object(schemas), entry) {
		const char *name = lh_entry_k(entry);

		/* Of other names nothing is made. */
		if (!json_object_is_type(lh_entry_v(entry),
		    json_type_object) || strpbrk(name, "/~%") != NULL ||
		    snprintf(ref, sizeof(ref), XC_PLAN_URI
		    "#/components/schemas/%s", name) >= (int)sizeof(ref))
			continue;
		err = xc_schema_set_know(set, ref, plan->errbuf);
		if (err != XC_OK)
			return err;
	}
	return err;
}

static enum xc_err
compile_schemas(struct xc_contract_build *build, const char *text, size_t len)
{
	struct xc_contract *contract = build->contract;
	struct xc_plan *plan = &build->plan;
	struct xc_schema_set *set;
	enum xc_err err;

	if (plan->n_refs == 0)
		return XC_OK;
	set = xc_schema_set_create();
	if (set == NULL)
		return xc_contract_no_memory(build);
	err = xc_schema_set_add(set, XC_PLAN_URI, text, len, plan->errbuf);
	if (err == XC_OK)
		err = know_components(plan, set);
	if (err == XC_OK)
		err = xc_schema_compile(set,
		    (const char *const *)(void *)plan->refs, plan->n_refs,
		    NULL, &contract->schema, plan->errbuf);
	xc_schema_set_free(&set);
	if (err == XC_OK)
		contract->size += xc_schema_size(contract->schema);
	else
		name_file(plan->errbuf);
	return err;
}

/* Takes what has grown over into the contract. */
static void
settle_all(struct xc_contract_build *build)
{
	struct xc_contract *contract = build->contract;

	xc_block_fit(&build->text);
	contract->size += sizeof(*contract) + build->text.used;
	contract->contents = settle(&build->contents, &contract->size);
	contract->answers = settle(&build->answers, &contract->size);
	contract->text = (char *)build->text.base;
	build->text = (struct xc_block){ .base = NULL };
}

static enum xc_err
compile(struct xc_contract_build *build, const char *text, size_t len)
{
	struct xc_contract *contract = build->contract;
	struct xc_errbuf *errbuf = build->plan.errbuf;
	struct xc_route *routes;
	enum xc_err err;
	uint32_t off;
	size_t n;

	err = xc_routes_read(build->plan.root, &routes, &n, errbuf);
	if (err != XC_OK)
		return err;
	err = xc_routes_compile(routes, n, &contract->routes, errbuf);
	if (err == XC_ERR_INVALID)
		xc_fail_prefix(errbuf, err, "openapi.json: /paths");
	/* There is a text, so that 0 is none. */
	if (err == XC_OK)
		err = xc_contract_keep(build, "", &off);
	if (err == XC_OK)
		err = compile_operations(build, routes, n);
	free(routes);
	if (err == XC_OK)
		err = compile_schemas(build, text, len);
	/* The text moves no more from here on. */
	if (err == XC_OK) {
		settle_all(build);
		err = xc_contract_lay_security(build);
	}
	return err;
}

static void
drop_build(struct xc_contract_build *build)
{
	/* Forms are the contract's from the first on. */
	xc_plan_end(&build->plan);
	xc_block_free(&build->text);
	free(build->contents.rows);
	free(build->answers.rows);
	free(build->needs.rows);
	free(build->schemes.rows);
	free(build->scopes.rows);
}

static enum xc_err
build_contract(struct json_object *root, const char *text, size_t len,
    struct xc_contract **contract_r, struct xc_errbuf *errbuf)
{
	struct xc_contract_build build = {
		.contents = { .row_size = sizeof(struct content) },
		.answers = { .row_size = sizeof(struct answer) },
		.forms = { .row_size = sizeof(struct xc_form *) },
		.needs = { .row_size = sizeof(struct need_row) },
		.schemes = { .row_size = sizeof(struct scheme_row) },
		.scopes = { .row_size = sizeof(uint32_t) },
	};
	enum xc_err err;

	xc_plan_begin(&build.plan, root, errbuf);
	build.contract = calloc(1, sizeof(*build.contract));
	if (build.contract == NULL)
		err = xc_contract_no_memory(&build);
	else
		err = compile(&build, text, len);
	if (build.contract != NULL) {
		build.contract->forms = build.forms.rows;
		build.contract->n_forms = build.forms.n;
	}
	drop_build(&build);
	if (err == XC_OK)
		*contract_r = build.contract;
	else
		xc_contract_free(&build.contract);
	return err;
}

enum xc_err
xc_contract_compile(const char *text, size_t len,
    struct xc_contract **contract_r, struct xc_errbuf *errbuf)
{
	struct json_object *root;
	char where[256];
	enum xc_err err;

	*contract_r = NULL;
	err = xc_json_parse(text, len, &root, where, sizeof(where));
	if (err == XC_ERR_NOMEM)
		return xc_fail(errbuf, err, "out of memory");
	if (err != XC_OK)
		return xc_fail(errbuf, err, "openapi.json: %s", where);
	err = build_contract(root, text, len, contract_r, errbuf);
	json_object_put(root);
	return err;
}
