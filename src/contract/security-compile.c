/* SPDX-License-Identifier: MIT */
/* "security" and "components/securitySchemes" of a document (OpenAPI 3.1,
 * 4.8.27, 4.8.30). */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include <xcore/json.h>

#include "contract-private.h"

#define SCHEME_MAX 64

static const struct {
	const char *type;
	enum xc_auth_kind kind;
} types[] = {
	{ "http", XC_AUTH_HTTP },
	{ "apiKey", XC_AUTH_API_KEY },
	{ "oauth2", XC_AUTH_OAUTH2 },
	{ "openIdConnect", XC_AUTH_OPENID },
	{ "mutualTLS", XC_AUTH_TLS },
};

#define N_TYPES (sizeof(types) / sizeof(types[0]))

/* Keeps "scheme" of an http one, which is a token, in lower case. */
static enum xc_err
read_http(struct xc_contract_build *build, const struct xc_plan_node *node,
    struct scheme_row *row)
{
	const char *scheme = xc_json_string(node->json, "scheme");
	char name[SCHEME_MAX];
	size_t i;

	if (scheme == NULL || scheme[0] == '\0' ||
	    strlen(scheme) >= sizeof(name))
		return xc_plan_fail(&build->plan, node,
		    "has no scheme; say \"bearer\" or \"basic\"");
	for (i = 0; scheme[i] != '\0'; i++) {
		if (!isalnum((unsigned char)scheme[i]) &&
		    strchr("-._~+!", scheme[i]) == NULL)
			return xc_plan_fail(&build->plan, node, "its scheme "
			    "is no name; say \"bearer\" or \"basic\"");
		name[i] = (char)tolower((unsigned char)scheme[i]);
	}
	name[i] = '\0';
	return xc_contract_keep(build, name, &row->scheme);
}

static enum xc_err
read_api_key(struct xc_contract_build *build,
    const struct xc_plan_node *node, struct scheme_row *row)
{
	const char *in = xc_json_string(node->json, "in");
	const char *name = xc_json_string(node->json, "name");
	enum xc_err err;

	if (in == NULL || (strcmp(in, "header") != 0 &&
	    strcmp(in, "query") != 0 && strcmp(in, "cookie") != 0))
		return xc_plan_fail(&build->plan, node,
		    "\"in\" must be header, query or cookie");
	if (name == NULL || name[0] == '\0')
		return xc_plan_fail(&build->plan, node, "has no name; say "
		    "which %s holds the key", in);
	err = xc_contract_keep(build, in, &row->in);
	if (err == XC_OK)
		err = xc_contract_keep(build, name, &row->param);
	return err;
}

/* Reads the scheme of that name; at is where it is asked for. */
static enum xc_err
read_scheme(struct xc_contract_build *build, const struct xc_plan_node *at,
    const char *name, struct scheme_row *row)
{
	struct xc_plan_node node;
	const char *type;
	enum xc_err err;
	size_t i;

	xc_plan_root(&build->plan, &node);
	xc_plan_member(&node, "components", &node);
	xc_plan_member(&node, "securitySchemes", &node);
	xc_plan_member(&node, name, &node);
	if (node.json == NULL)
		return xc_plan_fail(&build->plan, at, "there is no such "
		    "scheme in /components/securitySchemes; put it there");
	err = xc_plan_follow(&build->plan, &node);
	if (err != XC_OK)
		return err;
	type = xc_json_string(node.json, "type");
	for (i = 0; i < N_TYPES; i++)
		if (type != NULL && strcmp(type, types[i].type) == 0)
			break;
	if (i == N_TYPES)
		return xc_plan_fail(&build->plan, &node, "its type must be "
		    "http, apiKey, oauth2, openIdConnect or mutualTLS");
	row->kind = types[i].kind;
	err = xc_contract_keep(build, name, &row->name);
	if (err == XC_OK && row->kind == XC_AUTH_HTTP)
		err = read_http(build, &node, row);
	if (err == XC_OK && row->kind == XC_AUTH_API_KEY)
		err = read_api_key(build, &node, row);
	return err;
}

/* Reads the list of scopes behind a scheme's name. */
static enum xc_err
read_scopes(struct xc_contract_build *build, const struct xc_plan_node *list,
    struct rows *scopes)
{
	struct json_object *scope;
	struct xc_plan_node item;
	uint32_t off;
	uint32_t *row;
	enum xc_err err;
	size_t i;

	if (!json_object_is_type(list->json, json_type_array))
		return xc_plan_fail(&build->plan, list,
		    "must be a list of scopes, or []");
	scopes->first = build->scopes.n;
	for (i = 0; i < json_object_array_length(list->json); i++) {
		scope = json_object_array_get_idx(list->json, i);
		xc_plan_item(list, i, &item);
		if (!json_object_is_type(scope, json_type_string))
			return xc_plan_fail(&build->plan, &item,
			    "must be a string");
		err = xc_contract_keep(build, json_object_get_string(scope),
		    &off);
		if (err != XC_OK)
			return err;
		row = xc_growing_add(&build->scopes);
		if (row == NULL)
			return xc_contract_no_memory(build);
		*row = off;
		scopes->n++;
	}
	return XC_OK;
}

/* One way: all schemes of an object. */
static enum xc_err
read_need(struct xc_contract_build *build, const struct xc_plan_node *node)
{
	struct rows schemes = { .first = build->schemes.n };
	struct scheme_row *row;
	struct need_row *need;
	struct lh_entry *entry;
	struct xc_plan_node list;
	enum xc_err err = XC_OK;

	lh_foreach(json_object_get_object(node->json), entry) {
		struct scheme_row scheme = { .kind = XC_AUTH_HTTP };

		xc_plan_member(node, lh_entry_k(entry), &list);
		err = read_scheme(build, &list, lh_entry_k(entry), &scheme);
		if (err == XC_OK)
			err = read_scopes(build, &list, &scheme.scopes);
		if (err != XC_OK)
			return err;
		row = xc_growing_add(&build->schemes);
		if (row == NULL)
			return xc_contract_no_memory(build);
		*row = scheme;
		schemes.n++;
	}
	need = xc_growing_add(&build->needs);
	if (need == NULL)
		return xc_contract_no_memory(build);
	need->schemes = schemes;
	return XC_OK;
}

static enum xc_err
read_security(struct xc_contract_build *build,
    const struct xc_plan_node *list, struct rows *needs_r, bool *anonymous_r)
{
	struct xc_plan_node item;
	enum xc_err err;
	size_t i;

	*needs_r = (struct rows){ .first = build->needs.n };
	*anonymous_r = false;
	/* Also null, which must not open what was to be closed. */
	if (!json_object_is_type(list->json, json_type_array))
		return xc_plan_fail(&build->plan, list, "must be a list");
	for (i = 0; i < json_object_array_length(list->json); i++) {
		xc_plan_item(list, i, &item);
		if (!json_object_is_type(item.json, json_type_object))
			return xc_plan_fail(&build->plan, &item,
			    "must be an object of schemes");
		if (json_object_object_length(item.json) == 0) {
			*anonymous_r = true;
			continue;
		}
		err = read_need(build, &item);
		if (err != XC_OK)
			return err;
	}
	needs_r->n = build->needs.n - needs_r->first;
	return XC_OK;
}

/* Whose seconds hold for this operation alone. */
#define STEP_UP_MAX_S 86400

static enum xc_err
read_step_up(struct xc_contract_build *build, const struct xc_plan_node *node,
    uint32_t *seconds_r)
{
	struct xc_plan_node at;
	int64_t seconds;

	*seconds_r = 0;
	if (!json_object_object_get_ex(node->json, "x-xcore-step-up", NULL))
		return XC_OK;
	xc_plan_member(node, "x-xcore-step-up", &at);
	seconds = json_object_is_type(at.json, json_type_int) ?
	    json_object_get_int64(at.json) : 0;
	if (seconds < 1 || seconds > STEP_UP_MAX_S)
		return xc_plan_fail(&build->plan, &at, "must be the seconds, "
		    "1 to %d, within which a second factor was shown",
		    STEP_UP_MAX_S);
	*seconds_r = (uint32_t)seconds;
	return XC_OK;
}

/* Only who is known can show a second factor. */
static enum xc_err
set_step_up(struct xc_contract_build *build, const struct xc_plan_node *node,
    const struct operation *operation, uint32_t seconds)
{
	struct need_row *rows = build->needs.rows;
	struct xc_plan_node at;
	uint32_t i;

	if (operation->needs.n == 0 || operation->anonymous) {
		xc_plan_member(node, "x-xcore-step-up", &at);
		return xc_plan_fail(&build->plan, &at, "asks for a second "
		    "factor of one who need not log in; give the operation "
		    "\"security\" without {}, or take this out");
	}
	for (i = 0; i < operation->needs.n; i++)
		rows[operation->needs.first + i].step_up_s = seconds;
	return XC_OK;
}

static enum xc_err
read_root(struct xc_contract_build *build)
{
	struct xc_plan_node list;
	enum xc_err err = XC_OK;

	xc_plan_root(&build->plan, &list);
	if (json_object_object_get_ex(list.json, "security", NULL)) {
		xc_plan_member(&list, "security", &list);
		err = read_security(build, &list, &build->root_needs,
		    &build->root_anonymous);
	}
	build->root_known = err == XC_OK;
	return err;
}

enum xc_err
xc_contract_compile_security(struct xc_contract_build *build,
    const struct xc_plan_node *node, struct operation *operation)
{
	bool own = json_object_object_get_ex(node->json, "security", NULL);
	struct xc_plan_node at, list;
	enum xc_err err;
	uint32_t step_up_s;

	err = read_step_up(build, node, &step_up_s);
	if (err != XC_OK)
		return err;
	xc_plan_root(&build->plan, &at);
	/* What stands at the root is shared, unless it is to be changed. */
	if (own || (step_up_s != 0 &&
	    json_object_object_get_ex(at.json, "security", NULL))) {
		xc_plan_member(own ? node : &at, "security", &list);
		err = read_security(build, &list, &operation->needs,
		    &operation->anonymous);
	} else {
		if (!build->root_known)
			err = read_root(build);
		operation->needs = build->root_needs;
		operation->anonymous = build->root_anonymous;
	}
	if (err == XC_OK && step_up_s != 0)
		err = set_step_up(build, node, operation, step_up_s);
	return err;
}

/* "" for what is not there. */
static const char *
text_at(const struct xc_contract *contract, uint32_t off)
{
	return off != 0 ? contract->text + off : "";
}

static void
lay_scheme(struct xc_contract *contract, const struct scheme_row *row,
    struct xc_auth_scheme *scheme)
{
	scheme->name = text_at(contract, row->name);
	scheme->kind = row->kind;
	scheme->scheme = text_at(contract, row->scheme);
	scheme->in = text_at(contract, row->in);
	scheme->param = text_at(contract, row->param);
	scheme->scopes = contract->scopes + row->scopes.first;
	scheme->n_scopes = row->scopes.n;
}

enum xc_err
xc_contract_lay_security(struct xc_contract_build *build)
{
	struct xc_contract *contract = build->contract;
	const uint32_t *scopes = build->scopes.rows;
	const struct scheme_row *schemes = build->schemes.rows;
	const struct need_row *needs = build->needs.rows;
	uint32_t i;

	if (build->needs.n == 0)
		return XC_OK;
	contract->scopes = calloc(build->scopes.n + 1, sizeof(char *));
	contract->schemes = calloc(build->schemes.n,
	    sizeof(*contract->schemes));
	contract->needs = calloc(build->needs.n, sizeof(*contract->needs));
	if (contract->scopes == NULL || contract->schemes == NULL ||
	    contract->needs == NULL)
		return xc_contract_no_memory(build);
	for (i = 0; i < build->scopes.n; i++)
		contract->scopes[i] = text_at(contract, scopes[i]);
	for (i = 0; i < build->schemes.n; i++)
		lay_scheme(contract, &schemes[i], &contract->schemes[i]);
	for (i = 0; i < build->needs.n; i++) {
		contract->needs[i].schemes = contract->schemes +
		    needs[i].schemes.first;
		contract->needs[i].n = needs[i].schemes.n;
		contract->needs[i].step_up_s = needs[i].step_up_s;
	}
	contract->size += (build->scopes.n + 1) * sizeof(char *) +
	    build->schemes.n * sizeof(*contract->schemes) +
	    build->needs.n * sizeof(*contract->needs);
	return XC_OK;
}
