/* SPDX-License-Identifier: MIT */
/* What the operations of a document say of each other, of their paths,
 * parameters and security. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document-private.h"
#include "routes.h"

#define PARAMETERS_MAX 256
#define TAGS_MAX 1000
#define NAMES_MAX (XC_ROUTE_PARAMS_MAX + 1)

struct path_row {
	char *form;		/* what a request is told by: "/items/{}" */
	uint32_t key;		/* of "paths" */
};

struct id_row {
	uint32_t id;		/* the operationId */
	const char *method;
	uint32_t path;		/* key */
};

struct operations {
	struct checker *checker;
	struct xc_block paths;	/* struct path_row */
	struct xc_block ids;	/* struct id_row */
};

/* ---- paths -------------------------------------------------------------- */

static struct words
whole(const struct checker *checker, uint32_t key)
{
	size_t len;
	struct words words;

	words.text = xc_tape_string(&checker->tape, key, &len);
	words.len = (int)len;
	return words;
}

/* The template by the rules of the router, which tells one fault. */
static bool
check_template(struct checker *checker, uint32_t key, uint32_t item)
{
	struct words words = whole(checker, key);
	struct xc_route route = { .method = "GET", .operation = "x" };
	struct xc_errbuf why = { "" };
	struct xc_routes *routes = NULL;
	char *path = strndup(words.text, (size_t)words.len);
	enum xc_err err = XC_ERR_NOMEM;
	size_t skip;

	route.path = path;
	if (path != NULL)
		err = xc_routes_compile(&route, 1, &routes, &why);
	if (err == XC_ERR_NOMEM)
		checker->err = err;
	if (err == XC_ERR_INVALID) {
		/* "GET /items: what is wrong", cut if the path is long. */
		skip = strlen("GET : ") + strlen(path);
		xc_checker_fault(checker, item, "%s", strlen(why.text) > skip
		    ? why.text + skip : "the path is too long");
	}
	if (routes != NULL)
		xc_routes_free(&routes);
	free(path);
	return err == XC_OK;
}

static char *
put_segment(char *to, const char *segment, size_t len)
{
	*to++ = '/';
	if (segment[0] == '{')
		return stpcpy(to, "{}");
	for (size_t i = 0; i < len; i++) {
		unsigned int byte;

		if (segment[i] == '%' &&
		    sscanf(segment + i + 1, "%2x", &byte) == 1) {
			*to++ = (char)byte;
			i += 2;
		} else {
			*to++ = segment[i];
		}
	}
	return to;
}

/* "/items/{}" for "/items/{id}/": two paths of one form are the same. */
static char *
form_of(const struct checker *checker, uint32_t key)
{
	struct words words = whole(checker, key);
	char *path = strndup(words.text, (size_t)words.len);
	char *form = malloc((size_t)words.len * 2 + 3);
	const char *at = path;
	char *to = form;

	if (path == NULL || form == NULL) {
		free(path);
		free(form);
		return NULL;
	}
	while (at[0] == '/' && at[1] != '\0') {
		size_t len = strcspn(at + 1, "/");

		to = put_segment(to, at + 1, len);
		at += 1 + len;
	}
	*to = '\0';
	free(path);
	return form;
}

static int
compare_paths(const void *left, const void *right)
{
	const struct path_row *a = left, *b = right;
	int order = strcmp(a->form, b->form);

	return order != 0 ? order : a->key < b->key ? -1 : a->key > b->key;
}

static void
check_same_paths(struct operations *operations)
{
	struct checker *checker = operations->checker;
	struct path_row *rows = (struct path_row *)(void *)
	    operations->paths.base;
	size_t n = N_ROWS(operations->paths, struct path_row);
	struct words other;

	if (n > 1)
		qsort(rows, n, sizeof(*rows), compare_paths);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(rows[i - 1].form, rows[i].form) != 0)
			continue;
		other = xc_checker_words(checker, rows[i - 1].key);
		xc_checker_fault(checker, xc_tape_value(&checker->tape,
		    rows[i].key), "can never be told apart from the path "
		    "%.*s; put the operations of both under one",
		    other.len, other.text);
	}
	for (size_t i = 0; i < n; i++)
		free(rows[i].form);
}

/* ---- operationIds ------------------------------------------------------- */

static int
compare_words(struct words a, struct words b)
{
	int n = a.len < b.len ? a.len : b.len;
	int order = memcmp(a.text, b.text, (size_t)n);

	return order != 0 ? order : a.len - b.len;
}

static int
compare_ids(const void *left, const void *right, void *ctx)
{
	const struct id_row *a = left, *b = right;
	const struct checker *checker = ctx;
	int order = compare_words(whole(checker, a->id),
	    whole(checker, b->id));

	return order != 0 ? order : a->id < b->id ? -1 : a->id > b->id;
}

static void
check_same_ids(struct operations *operations)
{
	struct checker *checker = operations->checker;
	struct id_row *rows = (struct id_row *)(void *)operations->ids.base;
	size_t n = N_ROWS(operations->ids, struct id_row);
	struct words id, path;

	if (n > 1)
		qsort_r(rows, n, sizeof(*rows), compare_ids, checker);
	for (size_t i = 1; i < n; i++) {
		if (!xc_checker_same(checker, rows[i - 1].id, rows[i].id))
			continue;
		id = xc_checker_words(checker, rows[i].id);
		path = xc_checker_words(checker, rows[i - 1].path);
		xc_checker_fault(checker, rows[i].id, "\"%.*s\" stands twice, "
		    "it is that of %s %.*s too; each operation needs a name "
		    "and a handler of its own", id.len, id.text,
		    rows[i - 1].method, path.len, path.text);
	}
}

static bool
has_id(const struct operations *operations, uint32_t wanted)
{
	const struct id_row *rows = ROWS_OF(operations->ids, struct id_row);

	for (size_t i = 0; i < N_ROWS(operations->ids, struct id_row); i++)
		if (xc_checker_same(operations->checker, rows[i].id, wanted))
			return true;
	return false;
}

/* ---- parameters --------------------------------------------------------- */

struct parameter {
	uint32_t at;		/* as it stands in the list */
	uint32_t name;
	uint32_t in;
};

/* False for one that a fault was said of. */
static bool
read_parameter(const struct checker *checker, uint32_t at,
    struct parameter *parameter)
{
	uint32_t real = xc_checker_follow(checker, at);

	parameter->at = at;
	parameter->name = xc_checker_member(checker, real, "name");
	parameter->in = xc_checker_member(checker, real, "in");
	return real != 0 && parameter->name != 0 && parameter->in != 0 &&
	    xc_checker_type(checker, parameter->name) == XC_TOKEN_STRING &&
	    xc_checker_type(checker, parameter->in) == XC_TOKEN_STRING;
}

static bool
same_parameter(const struct checker *checker, const struct parameter *a,
    const struct parameter *b)
{
	struct words left, right;

	if (!xc_checker_same(checker, a->in, b->in))
		return false;
	if (!xc_checker_is(checker, a->in, "header"))
		return xc_checker_same(checker, a->name, b->name);
	left = whole(checker, a->name);
	right = whole(checker, b->name);
	return left.len == right.len &&
	    strncasecmp(left.text, right.text, (size_t)left.len) == 0;
}

static void
check_twins(struct checker *checker, uint32_t list,
    const struct parameter *parameter)
{
	struct walk_over walk = { .of = list };
	struct words in, name;
	struct parameter other;

	while (xc_checker_next(checker, &walk) && walk.at < parameter->at) {
		if (!read_parameter(checker, walk.at, &other) ||
		    !same_parameter(checker, &other, parameter))
			continue;
		in = xc_checker_words(checker, parameter->in);
		name = xc_checker_words(checker, parameter->name);
		xc_checker_fault(checker, parameter->at, "the parameter "
		    "\"%.*s\" in %.*s stands twice; take one out", name.len,
		    name.text, in.len, in.text);
		return;
	}
}

/* The names in a template. */
static size_t
read_names(const struct checker *checker, uint32_t key,
    struct words names[NAMES_MAX])
{
	struct words words = whole(checker, key);
	size_t n = 0;

	for (int i = 0; i < words.len && n < NAMES_MAX; i++) {
		const char *end;

		if (words.text[i] != '{')
			continue;
		end = memchr(words.text + i, '}', (size_t)(words.len - i));
		if (end == NULL)
			break;
		names[n].text = words.text + i + 1;
		names[n].len = (int)(end - names[n].text);
		n++;
	}
	return n;
}

static void
check_name_in_path(struct checker *checker, uint32_t key,
    const struct parameter *parameter)
{
	struct words names[NAMES_MAX], path, name;
	size_t n = read_names(checker, key, names);

	name = whole(checker, parameter->name);
	for (size_t i = 0; i < n; i++)
		if (compare_words(names[i], name) == 0)
			return;
	path = xc_checker_words(checker, key);
	name = xc_checker_words(checker, parameter->name);
	xc_checker_fault(checker, parameter->at, "the parameter \"%.*s\" is "
	    "not in the path %.*s; write {%.*s} there or take it out",
	    name.len, name.text, path.len, path.text, name.len, name.text);
}

static void
check_header_name(struct checker *checker, const struct parameter *parameter)
{
	static const struct {
		const char *name;
		const char *remedy;
	} others[] = {
		{ "accept", "the media types of the responses" },
		{ "content-type", "the media types of the requestBody" },
		{ "authorization", "security" },
	};
	struct words name = whole(checker, parameter->name);

	if (name.len == 6 && strncasecmp(name.text, "cookie", 6) == 0)
		xc_checker_fault(checker, parameter->at, "the header "
		    "\"%.*s\" is no parameter; say each cookie by one in "
		    "cookie", name.len, name.text);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if ((size_t)name.len == strlen(others[i].name) &&
		    strncasecmp(name.text, others[i].name,
		    (size_t)name.len) == 0)
			xc_checker_fault(checker, parameter->at, "OpenAPI "
			    "ignores a parameter of the header \"%.*s\"; say "
			    "it by %s", name.len, name.text, others[i].remedy);
}

static void
check_parameters(struct checker *checker, uint32_t key, uint32_t list)
{
	struct walk_over walk = { .of = list };
	struct parameter parameter;

	if (list == 0)
		return;
	if (xc_tape_count(&checker->tape, list) > PARAMETERS_MAX) {
		xc_checker_fault(checker, list, "more than %d parameters; "
		    "take an object in the body instead", PARAMETERS_MAX);
		return;
	}
	while (xc_checker_next(checker, &walk)) {
		if (!read_parameter(checker, walk.at, &parameter))
			continue;
		check_twins(checker, list, &parameter);
		if (xc_checker_is(checker, parameter.in, "path"))
			check_name_in_path(checker, key, &parameter);
		if (xc_checker_is(checker, parameter.in, "header"))
			check_header_name(checker, &parameter);
	}
}

static bool
describes(const struct checker *checker, uint32_t list, struct words name)
{
	struct walk_over walk = { .of = list };
	struct parameter parameter;

	while (list != 0 && xc_checker_next(checker, &walk)) {
		/* What cannot be read may be the one. */
		if (!read_parameter(checker, walk.at, &parameter) ||
		    (xc_checker_is(checker, parameter.in, "path") &&
		    compare_words(whole(checker, parameter.name), name) == 0))
			return true;
	}
	return false;
}

static void
check_described(struct checker *checker, uint32_t key, uint32_t item,
    uint32_t operation)
{
	uint32_t ours = xc_checker_member(checker, operation, "parameters");
	uint32_t shared = xc_checker_member(checker, item, "parameters");
	struct words names[NAMES_MAX];
	size_t n = read_names(checker, key, names);

	for (size_t i = 0; i < n; i++)
		if (!describes(checker, ours, names[i]) &&
		    !describes(checker, shared, names[i]))
			xc_checker_fault(checker, operation, "no parameter "
			    "describes {%.*s} of the path; add one with "
			    "\"in\": \"path\"", names[i].len, names[i].text);
}

/* ---- security ----------------------------------------------------------- */

static bool
has_scope(const struct checker *checker, uint32_t scheme, uint32_t scope)
{
	struct walk_over walk = { .of = xc_checker_member(checker, scheme,
	    "flows") };
	struct words name = whole(checker, scope);

	while (walk.of != 0 && xc_checker_next(checker, &walk)) {
		uint32_t scopes = xc_checker_member(checker, walk.at,
		    "scopes");

		if (xc_tape_member(&checker->tape, scopes, name.text,
		    (size_t)name.len) != 0)
			return true;
	}
	return false;
}

static void
check_scopes(struct checker *checker, uint32_t list, uint32_t scheme)
{
	struct walk_over walk = { .of = list };
	struct words name;

	if (!xc_checker_is(checker, xc_checker_member(checker, scheme,
	    "type"), "oauth2"))
		return;
	while (xc_checker_next(checker, &walk)) {
		if (xc_checker_type(checker, walk.at) != XC_TOKEN_STRING ||
		    has_scope(checker, scheme, walk.at))
			continue;
		name = xc_checker_words(checker, walk.at);
		xc_checker_fault(checker, walk.at, "the scope \"%.*s\" is in "
		    "no flow of the security scheme; add it there", name.len,
		    name.text);
	}
}

static void
check_requirement(struct checker *checker, uint32_t requirement)
{
	uint32_t components = xc_checker_member(checker, 0, "components");
	uint32_t schemes = components == 0 ? 0 : xc_checker_member(checker,
	    components, "securitySchemes");
	struct walk_over walk = { .of = requirement };
	struct words name;
	uint32_t scheme;

	if (xc_checker_type(checker, requirement) != XC_TOKEN_OBJECT)
		return;
	while (xc_checker_next(checker, &walk)) {
		name = whole(checker, walk.key);
		scheme = schemes == 0 ? 0 : xc_tape_member(&checker->tape,
		    schemes, name.text, (size_t)name.len);
		name = xc_checker_words(checker, walk.key);
		if (scheme == 0)
			xc_checker_fault(checker, walk.at, "there is no "
			    "security scheme \"%.*s\"; add it to "
			    "components/securitySchemes", name.len,
			    name.text);
		else
			check_scopes(checker, walk.at,
			    xc_checker_follow(checker, scheme));
	}
}

static void
check_security(struct checker *checker, uint32_t of)
{
	uint32_t list = xc_checker_member(checker, of, "security");
	struct walk_over walk = { .of = list };

	while (list != 0 && xc_checker_next(checker, &walk))
		check_requirement(checker, walk.at);
}

/* Whether somebody may come without a login. */
static bool
is_open(const struct checker *checker, uint32_t operation)
{
	uint32_t list = xc_checker_member(checker, operation, "security");
	struct walk_over walk = { .of = list };

	if (list == 0)
		list = walk.of = xc_checker_member(checker, 0, "security");
	if (list == 0 || xc_tape_count(&checker->tape, list) == 0)
		return true;
	while (xc_checker_next(checker, &walk))
		if (xc_checker_type(checker, walk.at) == XC_TOKEN_OBJECT &&
		    xc_tape_count(&checker->tape, walk.at) == 0)
			return true;
	return false;
}

static void
check_extensions(struct checker *checker, uint32_t operation,
    const char *method)
{
	uint32_t step_up = xc_checker_member(checker, operation,
	    "x-xcore-step-up");
	uint32_t idempotent = xc_checker_member(checker, operation,
	    "x-xcore-idempotent");

	if (step_up != 0 && !checker->said[step_up] &&
	    is_open(checker, operation))
		xc_checker_fault(checker, step_up, "asks for a second factor "
		    "of one who need not log in; give the operation "
		    "\"security\" without {}, or take this out");
	if (idempotent != 0 && strcmp(method, "POST") != 0 &&
	    xc_checker_type(checker, idempotent) == XC_TOKEN_TRUE)
		xc_checker_fault(checker, idempotent, "is for POST; take it "
		    "out, or serve the operation by POST");
}

/* ---- bodies and links --------------------------------------------------- */

/* 1xx, 204, 205 and 304 (RFC 9110) end with their header. */
static bool
is_bodyless(struct words status)
{
	return status.len == 3 && (status.text[0] == '1' ||
	    strncmp(status.text, "204", 3) == 0 ||
	    strncmp(status.text, "205", 3) == 0 ||
	    strncmp(status.text, "304", 3) == 0);
}

static void
check_links(const struct operations *operations, uint32_t response)
{
	struct checker *checker = operations->checker;
	struct walk_over walk = { .of = xc_checker_member(checker, response,
	    "links") };
	uint32_t link, id, ref;

	while (walk.of != 0 && xc_checker_next(checker, &walk)) {
		link = xc_checker_follow(checker, walk.at);
		id = xc_checker_member(checker, link, "operationId");
		ref = xc_checker_member(checker, link, "operationRef");
		if (link == 0 || checker->said[link] || checker->said[id] ||
		    checker->said[ref])
			continue;
		if ((id == 0) == (ref == 0))
			xc_checker_fault(checker, link, "must have one of "
			    "\"operationId\" and \"operationRef\"");
		else if (id != 0 && xc_checker_type(checker, id) ==
		    XC_TOKEN_STRING && !has_id(operations, id))
			xc_checker_fault(checker, id, "is no operation of "
			    "this document; name one of its operationIds");
		else if (ref != 0 && checker->kinds[xc_checker_find(checker,
		    ref)] != KIND_OPERATION)
			xc_checker_fault(checker, ref, "leads to no operation "
			    "of this document; name it by \"operationId\"");
	}
}

static void
check_responses(const struct operations *operations, uint32_t operation)
{
	struct checker *checker = operations->checker;
	uint32_t list = xc_checker_member(checker, operation, "responses");
	struct walk_over walk = { .of = list };

	if (list == 0 || xc_checker_type(checker, list) != XC_TOKEN_OBJECT)
		return;
	while (xc_checker_next(checker, &walk)) {
		uint32_t response = xc_checker_follow(checker, walk.at);
		struct words status = xc_checker_words(checker, walk.key);

		if (response == 0)
			continue;
		check_links(operations, response);
		if (is_bodyless(status) && xc_checker_member(checker,
		    response, "content") != 0)
			xc_checker_fault(checker, walk.at, "a reply of status "
			    "%.3s has no body; take \"content\" out, or "
			    "answer with another status", status.text);
	}
}

static void
check_body(struct checker *checker, uint32_t operation, const char *method)
{
	uint32_t body = xc_checker_member(checker, operation, "requestBody");

	if (body != 0 && (strcmp(method, "GET") == 0 ||
	    strcmp(method, "HEAD") == 0))
		xc_checker_fault(checker, body, "a body of %s means nothing "
		    "(RFC 9110, 9.3.1); take parameters of the query, or "
		    "serve it by POST", method);
}

/* ---- all of it ---------------------------------------------------------- */

static void
check_operation(struct operations *operations, uint32_t key, uint32_t item,
    size_t method)
{
	struct checker *checker = operations->checker;
	uint32_t at = xc_checker_member(checker, item,
	    xc_path_methods[method].member);
	struct id_row row = { .method = xc_path_methods[method].method,
		.path = key };

	if (at == 0 || xc_checker_type(checker, at) != XC_TOKEN_OBJECT)
		return;
	row.id = xc_checker_member(checker, at, "operationId");
	if (row.id == 0)
		xc_checker_fault(checker, at, "has no operationId; give it "
		    "the name of the handler");
	else if (xc_checker_type(checker, row.id) == XC_TOKEN_STRING)
		xc_checker_add(checker, &operations->ids, &row, sizeof(row));
	check_parameters(checker, key, xc_checker_member(checker, at,
	    "parameters"));
	check_described(checker, key, item, at);
	check_body(checker, at, row.method);
	check_security(checker, at);
	check_extensions(checker, at, row.method);
}

static void
check_path(struct operations *operations, uint32_t key, uint32_t item)
{
	struct checker *checker = operations->checker;
	struct path_row row = { .key = key };

	if (whole(checker, key).len == 0 ||
	    whole(checker, key).text[0] != '/' ||
	    xc_checker_type(checker, item) != XC_TOKEN_OBJECT ||
	    !check_template(checker, key, item))
		return;
	row.form = form_of(checker, key);
	if (row.form == NULL)
		checker->err = XC_ERR_NOMEM;
	else
		xc_checker_add(checker, &operations->paths, &row,
		    sizeof(row));
	check_parameters(checker, key, xc_checker_member(checker, item,
	    "parameters"));
	for (size_t i = 0; i < XC_PATH_METHODS; i++)
		check_operation(operations, key, item, i);
}

static void
check_all_responses(const struct operations *operations, uint32_t paths)
{
	struct checker *checker = operations->checker;
	struct walk_over walk = { .of = paths };

	while (xc_checker_next(checker, &walk)) {
		for (size_t i = 0; i < XC_PATH_METHODS; i++) {
			uint32_t at = xc_checker_member(checker, walk.at,
			    xc_path_methods[i].member);

			if (at != 0)
				check_responses(operations, at);
		}
	}
}

static void
check_tags(struct checker *checker)
{
	uint32_t tags = xc_checker_member(checker, 0, "tags");
	struct walk_over walk = { .of = tags };

	if (tags != 0 && xc_tape_count(&checker->tape, tags) > TAGS_MAX)
		xc_checker_fault(checker, tags, "more than %d tags; take "
		    "some out", TAGS_MAX);
	else while (tags != 0 && xc_checker_next(checker, &walk)) {
		struct walk_over before = { .of = tags };
		uint32_t name = xc_checker_member(checker, walk.at, "name");

		if (name == 0 ||
		    xc_checker_type(checker, name) != XC_TOKEN_STRING)
			continue;
		while (xc_checker_next(checker, &before) &&
		    before.at < walk.at) {
			uint32_t other = xc_checker_member(checker, before.at,
			    "name");

			if (other == 0 || xc_checker_type(checker, other) !=
			    XC_TOKEN_STRING ||
			    !xc_checker_same(checker, other, name))
				continue;
			xc_checker_fault(checker, walk.at, "this tag stands "
			    "twice; take one out");
			break;
		}
	}
}

void
xc_document_operations(struct checker *checker)
{
	struct operations operations = { .checker = checker };
	uint32_t paths = xc_checker_member(checker, 0, "paths");
	struct walk_over walk = { .of = paths };

	check_security(checker, 0);
	check_tags(checker);
	if (paths != 0 && xc_checker_type(checker, paths) == XC_TOKEN_OBJECT) {
		while (xc_checker_next(checker, &walk))
			check_path(&operations, walk.key, walk.at);
		check_same_paths(&operations);
		check_same_ids(&operations);
		check_all_responses(&operations, paths);
	}
	xc_block_free(&operations.paths);
	xc_block_free(&operations.ids);
}
