/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>
#include <xcore/reply.h>

#include "lib/json-build.h"
#include "lib/tape-make.h"

#include "contract-fixture.h"

#define ENV_MAX 16
#define TEXT_MAX 65536

void
fixture_begin(struct fixture *fixture, const char *document)
{
	struct xc_errbuf errbuf = { .text = "" };

	memset(fixture, 0, sizeof(*fixture));
	test_begin(&fixture->req);
	if (xc_contract_compile(document, strlen(document),
	    &fixture->contract, &errbuf) != XC_OK)
		fail_msg("%s", errbuf.text);
	fixture->taker = xc_taker_create();
	assert_non_null(fixture->taker);
}

void
fixture_end(struct fixture *fixture)
{
	xc_contract_free(&fixture->contract);
	xc_contract_free(&fixture->contract);
	xc_taker_free(&fixture->taker);
	xc_taker_free(&fixture->taker);
	test_end(&fixture->req);
}

const char *
fixture_refused(const char *document)
{
	static struct xc_errbuf errbuf;
	struct xc_contract *contract = NULL;

	errbuf.text[0] = '\0';
	assert_int_equal(xc_contract_compile(document, strlen(document),
	    &contract, &errbuf), XC_ERR_INVALID);
	assert_null(contract);
	assert_true(strncmp(errbuf.text, "openapi.json: ", 14) == 0);
	return errbuf.text;
}

/* --- requests ------------------------------------------------------------ */

struct env {
	char *list[ENV_MAX];
	size_t n;
};

static void
add(struct env *env, const char *name, const char *value)
{
	size_t size = strlen(name) + strlen(value) + 2;

	assert_true(env->n + 1 < ENV_MAX);
	env->list[env->n] = malloc(size);
	assert_non_null(env->list[env->n]);
	snprintf(env->list[env->n], size, "%s%s%s", name,
	    name[0] != '\0' ? "=" : "", value);
	env->list[++env->n] = NULL;
}

static size_t
length(const struct sent *sent)
{
	if (sent->len != 0 || sent->body == NULL)
		return sent->len;
	return strlen(sent->body);
}

static void
fill(struct env *env, const struct sent *sent)
{
	const char *method = sent->body != NULL ? "POST" : "GET";
	size_t i;

	env->n = 0;
	add(env, "REQUEST_METHOD", sent->method != NULL ? sent->method
	    : method);
	add(env, "REQUEST_URI", sent->uri);
	if (sent->type != NULL)
		add(env, "CONTENT_TYPE", sent->type);
	for (i = 0; i < 8 && sent->headers[i] != NULL; i++)
		add(env, "", sent->headers[i]);
}

static int
status_of(const struct fixture *fixture)
{
	assert_int_equal(fixture->req.reply, XC_REPLY_WHOLE);
	return xc_request_reply(&fixture->req)->status;
}

/* Finds the operation; 0, or 404 and 405. */
static int
find(struct fixture *fixture)
{
	const struct xc_routes *routes =
	    xc_contract_routes(fixture->contract);
	struct xc_request *req = &fixture->req;
	struct xc_route_match match;
	const char *const *segments;
	size_t n = xc_request_segments(req, &segments);

	switch (xc_routes_find(routes, xc_request_method(req), segments, n,
	    &match)) {
	case XC_ROUTE_NONE:
		return 404;
	case XC_ROUTE_METHOD:
		return 405;
	default:
		break;
	}
	fixture->index = match.index;
	assert_int_equal(xc_request_bind(req, &test_plugin, 0,
	    xc_routes_operation(routes, match.index), match.params,
	    match.n_params), XC_OK);
	return 0;
}

int
fixture_send(struct fixture *fixture, const struct sent *sent)
{
	const struct xc_source source = { .data = sent->body,
		.len = length(sent), .fd = -1 };
	struct xc_errbuf errbuf = { .text = "" };
	struct env env;
	int status;

	xc_request_reset(&fixture->req);
	fill(&env, sent);
	status = xc_request_parse(&fixture->req, env.list,
	    sent->inside ? sent->body : NULL, source.len, &errbuf);
	while (env.n > 0)
		free(env.list[--env.n]);
	if (status == 0)
		status = find(fixture);
	if (status != 0)
		return status;
	if (xc_contract_take(fixture->taker, fixture->contract,
	    fixture->index, &fixture->req, sent->inside ? NULL : &source)) {
		assert_false(xc_reply_done(&fixture->req));
		return 0;
	}
	return status_of(fixture);
}

/* --- what came of it ----------------------------------------------------- */

const char *
fixture_reply(const struct fixture *fixture)
{
	return xc_reply_done(&fixture->req) ? xc_block_text(
	    &fixture->req.out, xc_request_reply(&fixture->req)->body) : "";
}

const char *
fixture_lines(const struct fixture *fixture)
{
	return xc_block_text(&fixture->req.out,
	    xc_request_reply(&fixture->req)->head);
}

static bool
is(struct json_object *row, const char *key, const char *value)
{
	const char *text = xc_json_string(row, key);

	assert_non_null(text);
	return strcmp(text, value) == 0;
}

bool
fixture_faults(const struct fixture *fixture, const char *in,
    const char *pointer, const char *code)
{
	const char *text = fixture_reply(fixture);
	struct json_object *problem;
	struct json_object *errors;
	struct json_object *row;
	bool found = false;
	size_t i;

	assert_int_equal(xc_json_parse(text, strlen(text), &problem, NULL,
	    0), XC_OK);
	errors = xc_json_member(problem, "errors");
	for (i = 0; errors != NULL &&
	    i < json_object_array_length(errors); i++) {
		row = json_object_array_get_idx(errors, i);
		assert_non_null(xc_json_string(row, "detail"));
		found = found || (is(row, "in", in) &&
		    is(row, "pointer", pointer) && is(row, "code", code));
	}
	json_object_put(problem);
	return found;
}

static const char *
print(const struct fixture *fixture, struct xc_tape_ref ref)
{
	static char text[TEXT_MAX];
	struct json_object *obj;
	struct xc_tape tape;
	uint32_t at = 0;

	text[0] = '\0';
	if (!xc_tape_look(&fixture->req.in, ref, &tape))
		return text;
	assert_int_equal(xc_json_build(&tape, &at, &obj), XC_OK);
	snprintf(text, sizeof(text), "%s", json_object_to_json_string_ext(obj,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(obj);
	return text;
}

static const struct xc_request_head *
head_of(const struct fixture *fixture)
{
	return (const void *)fixture->req.in.base;
}

const char *
fixture_args(struct fixture *fixture)
{
	return print(fixture, head_of(fixture)->args);
}

const char *
fixture_data(struct fixture *fixture)
{
	return print(fixture, head_of(fixture)->data);
}

const char *
fixture_check(struct fixture *fixture, int status, const char *type,
    const char *body)
{
	static struct xc_errbuf errbuf;
	enum xc_err err;

	errbuf.text[0] = '\0';
	assert_int_equal(xc_reply_text(&fixture->req, status, type, body,
	    body != NULL ? strlen(body) : 0), XC_OK);
	err = xc_contract_reply(fixture->taker, fixture->contract,
	    fixture->index, &fixture->req, &errbuf);
	assert_true((err == XC_OK) == (errbuf.text[0] == '\0'));
	assert_true(err == XC_OK || err == XC_ERR_INVALID);
	return errbuf.text;
}
