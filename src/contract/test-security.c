/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include <xcore/auth.h>
#include <xcore/reply.h>

#include "contract-fixture.h"

static const char site[] =
"{\"paths\":{"
"\"/root\":{\"get\":{\"operationId\":\"root\"}},"
"\"/open\":{\"get\":{\"operationId\":\"open\",\"security\":[]}},"
"\"/maybe\":{\"get\":{\"operationId\":\"maybe\","
"  \"security\":[{},{\"bearer\":[\"read\"]}]}},"
"\"/either\":{\"get\":{\"operationId\":\"either\",\"security\":["
"  {\"basic\":[]},{\"oauth\":[\"a\",\"b\"]},{\"key\":[],\"cookie\":[]}]}},"
"\"/key\":{\"get\":{\"operationId\":\"key\","
"  \"security\":[{\"key\":[]}]}},"
"\"/all\":{\"get\":{\"operationId\":\"all\",\"security\":["
"  {},{\"query\":[]},{\"cookie\":[]},{\"tls\":[],\"basic\":[]}]}},"
"\"/fresh\":{\"get\":{\"operationId\":\"fresh\","
"  \"x-xcore-step-up\":300}},"
"\"/fresher\":{\"get\":{\"operationId\":\"fresher\","
"  \"x-xcore-step-up\":1,\"security\":[{\"basic\":[]},{\"key\":[]}]}},"
"\"/body\":{\"post\":{\"operationId\":\"body\",\"requestBody\":{"
"  \"required\":true,\"content\":{\"application/json\":{}}}}}},"
"\"security\":[{\"bearer\":[]}],"
"\"components\":{\"securitySchemes\":{"
" \"bearer\":{\"type\":\"http\",\"scheme\":\"Bearer\"},"
" \"basic\":{\"type\":\"http\",\"scheme\":\"basic\"},"
" \"oauth\":{\"type\":\"oauth2\",\"flows\":{}},"
" \"key\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-Key\"},"
" \"query\":{\"type\":\"apiKey\",\"in\":\"query\",\"name\":\"key\"},"
" \"cookie\":{\"$ref\":\"#/components/securitySchemes/session\"},"
" \"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"sid\"},"
" \"tls\":{\"type\":\"mutualTLS\"}}}}";

/* An authentication that says what it is told to, and writes down what it was
 * asked. */
static struct {
	struct {
		enum xc_err err;
		const char *subject;
		const char *challenge;
		const char *detail;
	} says[4];
	size_t n;		/* how often it was asked */
	uint32_t step_up_s;	/* ... the last time */
	char asked[512];
} fake;

static void
note(const char *text)
{
	size_t used = strlen(fake.asked);

	snprintf(fake.asked + used, sizeof(fake.asked) - used, "%s", text);
}

static void
note_scheme(const struct xc_auth_scheme *scheme)
{
	size_t i;

	note(scheme->name);
	note("=");
	note(scheme->kind == XC_AUTH_HTTP ? scheme->scheme : scheme->in);
	for (i = 0; i < scheme->n_scopes; i++) {
		note(",");
		note(scheme->scopes[i]);
	}
	note(" ");
}

static enum xc_err
check(void *ctx, struct xc_request *req, const struct xc_auth_need *need,
    struct xc_auth_verdict *verdict)
{
	size_t n = fake.n++;
	size_t i;

	assert_ptr_equal(ctx, &fake);
	assert_string_equal(xc_plugin_name(xc_request_plugin(req)), "todo");
	for (i = 0; i < need->n; i++)
		note_scheme(&need->schemes[i]);
	fake.step_up_s = need->step_up_s;
	note("; ");
	assert_true(n < sizeof(fake.says) / sizeof(fake.says[0]));
	if (fake.says[n].subject != NULL)
		strcpy(verdict->subject, fake.says[n].subject);
	if (fake.says[n].challenge != NULL)
		strcpy(verdict->challenge, fake.says[n].challenge);
	if (fake.says[n].detail != NULL)
		strcpy(verdict->detail, fake.says[n].detail);
	return fake.says[n].err;
}

static const struct xc_auth_ops ops = { .check = check };

static void
begin(struct fixture *fixture)
{
	fixture_begin(fixture, site);
	test_host.auth = &ops;
	test_host.auth_ctx = &fake;
	memset(&fake, 0, sizeof(fake));
}

/* The status of a GET with a header, after the fake has forgotten. */
static int
get(struct fixture *fixture, const char *uri, const char *header)
{
	fake.n = 0;
	fake.asked[0] = '\0';
	return SEND(fixture, .uri = uri, .headers = { header });
}

#define SAY(i, ...)							\
	do {								\
		static const struct { enum xc_err err;			\
		    const char *subject; const char *challenge;		\
		    const char *detail; } said = { __VA_ARGS__ };	\
		fake.says[i].err = said.err;				\
		fake.says[i].subject = said.subject;			\
		fake.says[i].challenge = said.challenge;		\
		fake.says[i].detail = said.detail;			\
	} while (0)

static void
test_inheritance(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	SAY(0, .err = XC_OK, .subject = "ann");
	assert_int_equal(get(&fixture, "/root", NULL), 0);
	assert_string_equal(fake.asked, "bearer=bearer ; ");
	assert_string_equal(xc_auth_subject(&fixture.req), "ann");
	assert_int_equal(get(&fixture, "/open", NULL), 0);
	assert_int_equal(fake.n, 0);
	assert_null(xc_auth_subject(&fixture.req));
	/* Nobody in particular. */
	SAY(0, .err = XC_OK);
	assert_int_equal(get(&fixture, "/root", NULL), 0);
	assert_null(xc_auth_subject(&fixture.req));
	fixture_end(&fixture);
}

static void
test_verdicts(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	SAY(0, .err = XC_ERR_INVALID);
	assert_int_equal(get(&fixture, "/root", NULL), 401);
	assert_string_equal(fixture_lines(&fixture),
	    "WWW-Authenticate: Bearer\r\n");
	SAY(0, .err = XC_ERR_INVALID, .detail = "It has run out.",
	    .challenge = "Bearer error=\"invalid_token\"");
	assert_int_equal(get(&fixture, "/root", NULL), 401);
	assert_string_equal(fixture_lines(&fixture),
	    "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n");
	assert_non_null(strstr(fixture_reply(&fixture), "It has run out."));
	SAY(0, .err = XC_ERR_DENIED, .detail = "Not \"ann\".\xff");
	assert_int_equal(get(&fixture, "/root", NULL), 403);
	assert_string_equal(fixture_lines(&fixture), "");
	assert_non_null(strstr(fixture_reply(&fixture), "Not \\\"ann\\\".?"));
	SAY(0, .err = XC_ERR_TIMEOUT);
	assert_int_equal(get(&fixture, "/root", NULL), 503);
	assert_string_equal(fixture_lines(&fixture), "Retry-After: 10\r\n");
	/* A challenge that would be two headers. */
	SAY(0, .err = XC_ERR_INVALID, .challenge = "Bearer\r\nX: y");
	assert_int_equal(get(&fixture, "/root", NULL), 401);
	assert_string_equal(fixture_lines(&fixture),
	    "WWW-Authenticate: Bearer\r\n");
	fixture_end(&fixture);
}

static void
test_alternatives(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	SAY(0, .err = XC_ERR_INVALID);
	SAY(1, .err = XC_OK, .subject = "bob");
	assert_int_equal(get(&fixture, "/either", NULL), 0);
	assert_string_equal(fake.asked, "basic=basic ; oauth=,a,b ; ");
	assert_string_equal(xc_auth_subject(&fixture.req), "bob");
	SAY(1, .err = XC_ERR_INVALID);
	SAY(2, .err = XC_ERR_INVALID);
	assert_int_equal(get(&fixture, "/either", NULL), 401);
	assert_string_equal(fake.asked, "basic=basic ; oauth=,a,b ; "
	    "key=header cookie=cookie ; ");
	assert_string_equal(fixture_lines(&fixture), "WWW-Authenticate: "
	    "Basic realm=\"xcore\", charset=\"UTF-8\"\r\n"
	    "WWW-Authenticate: Bearer\r\n");
	/* Denied is more than not known, and that more than invalid. */
	SAY(1, .err = XC_ERR_UNAVAILABLE);
	assert_int_equal(get(&fixture, "/either", NULL), 503);
	SAY(0, .err = XC_ERR_DENIED);
	assert_int_equal(get(&fixture, "/either", NULL), 403);
	/* And a way that holds more than all. */
	SAY(2, .err = XC_OK);
	assert_int_equal(get(&fixture, "/either", NULL), 0);
	/* Keys alone have no scheme that is registered. */
	SAY(0, .err = XC_ERR_INVALID);
	assert_int_equal(get(&fixture, "/key", NULL), 401);
	assert_string_equal(fixture_lines(&fixture),
	    "WWW-Authenticate: APIKey\r\n");
	fixture_end(&fixture);
}

static void
test_anonymous(void **state)
{
	static char bearer[] = "HTTP_AUTHORIZATION=Bearer x";
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	SAY(0, .err = XC_OK, .subject = "ann");
	assert_int_equal(get(&fixture, "/maybe", NULL), 0);
	assert_int_equal(fake.n, 0);
	assert_null(xc_auth_subject(&fixture.req));
	assert_int_equal(get(&fixture, "/maybe", bearer), 0);
	assert_string_equal(fake.asked, "bearer=bearer,read ; ");
	assert_string_equal(xc_auth_subject(&fixture.req), "ann");
	SAY(0, .err = XC_ERR_INVALID);
	assert_int_equal(get(&fixture, "/maybe", bearer), 0);
	assert_null(xc_auth_subject(&fixture.req));
	SAY(0, .err = XC_ERR_DENIED);
	assert_int_equal(get(&fixture, "/maybe", bearer), 0);
	/* Who shows credentials is not taken for nobody. */
	SAY(0, .err = XC_ERR_IO);
	assert_int_equal(get(&fixture, "/maybe", bearer), 503);

	/* What each kind looks for. */
	SAY(0, .err = XC_ERR_INVALID);
	SAY(1, .err = XC_ERR_INVALID);
	assert_int_equal(get(&fixture, "/all", NULL), 0);
	assert_string_equal(fake.asked, "");
	assert_int_equal(get(&fixture, "/all?key=1", NULL), 0);
	assert_string_equal(fake.asked, "query=query ; ");
	assert_int_equal(get(&fixture, "/all", "HTTP_COOKIE=a=b; sid=1"), 0);
	assert_string_equal(fake.asked, "cookie=cookie ; ");
	assert_int_equal(get(&fixture, "/all", "HTTP_COOKIE=xsid=1; sidx=2"),
	    0);
	assert_string_equal(fake.asked, "");
	assert_int_equal(get(&fixture, "/all", bearer), 0);
	assert_string_equal(fake.asked, "tls= basic=basic ; ");
	fixture_end(&fixture);
}

/* It holds for the operation that has it, also if it shares its security. */
static void
test_step_up(void **state)
{
	static const char challenge[] = "Bearer "
	    "error=\"insufficient_user_authentication\", max_age=300";
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	SAY(0, .err = XC_OK, .subject = "1");
	assert_int_equal(get(&fixture, "/fresh", NULL), 0);
	assert_string_equal(fake.asked, "bearer=bearer ; ");
	assert_int_equal(fake.step_up_s, 300);
	assert_int_equal(get(&fixture, "/root", NULL), 0);
	assert_int_equal(fake.step_up_s, 0);
	SAY(0, .err = XC_ERR_INVALID);
	SAY(1, .err = XC_OK, .subject = "1");
	assert_int_equal(get(&fixture, "/fresher", NULL), 0);
	assert_string_equal(fake.asked, "basic=basic ; key=header ; ");
	assert_int_equal(fake.step_up_s, 1);
	fake.says[0].challenge = challenge;
	assert_int_equal(get(&fixture, "/fresh", NULL), 401);
	assert_non_null(strstr(fixture_lines(&fixture), challenge));
	fixture_end(&fixture);
}

static const struct {
	const char *members;
	const char *words;
} extensions[] = {
	{ "\"x-xcore-step-up\":0", "x-xcore-step-up: must be the seconds" },
	{ "\"x-xcore-step-up\":86401", "must be the seconds" },
	{ "\"x-xcore-step-up\":\"300\"", "must be the seconds" },
	{ "\"x-xcore-step-up\":null", "must be the seconds" },
	{ "\"x-xcore-step-up\":-1", "must be the seconds" },
	{ "\"x-xcore-step-up\":9,\"security\":[]", "need not log in" },
	{ "\"x-xcore-step-up\":9,\"security\":[{},{\"key\":[]}]",
	    "need not log in" },
	{ "\"x-xcore-idempotent\":1", "must be true or false" },
	{ "\"x-xcore-idempotent\":true", "is for POST" },
	{ "\"x-xcore-idempotent\":false", NULL },
	{ "\"x-xcore-hashes\":\"yes\"", "must be true or false" },
	{ "\"x-xcore-hashes\":true", NULL },
	{ "\"x-xcore-step-up\":86400", NULL },
};

static void
test_extensions(void **state)
{
	struct xc_contract *contract;
	struct xc_errbuf errbuf;
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]);
	    i++) {
		enum xc_err err;

		snprintf(text, sizeof(text), "{\"paths\":{\"/\":{\"get\":{"
		    "\"operationId\":\"a\",%s}}},\"security\":[{\"key\":[]}],"
		    "\"components\":{\"securitySchemes\":{\"key\":{\"type\":"
		    "\"apiKey\",\"in\":\"header\",\"name\":\"K\"}}}}",
		    extensions[i].members);
		errbuf.text[0] = '\0';
		err = xc_contract_compile(text, strlen(text), &contract,
		    &errbuf);
		if (extensions[i].words == NULL) {
			assert_string_equal(errbuf.text, "");
			assert_int_equal(err, XC_OK);
			assert_false(xc_contract_is_idempotent(contract, 0));
			assert_int_equal(xc_contract_hashes(contract, 0),
			    strstr(text, "-hashes\":true") != NULL);
			xc_contract_free(&contract);
			continue;
		}
		assert_int_equal(err, XC_ERR_INVALID);
		if (strstr(errbuf.text, extensions[i].words) == NULL)
			fail_msg("%s: %s", extensions[i].members, errbuf.text);
	}
}

static void
test_idempotent(void **state)
{
	static const char text[] = "{\"paths\":{\"/\":{\"get\":{"
	    "\"operationId\":\"a\"},\"post\":{\"operationId\":\"b\","
	    "\"x-xcore-idempotent\":true}}}}";
	struct xc_contract *contract;
	size_t n = 0;

	(void)state;
	assert_int_equal(xc_contract_compile(text, strlen(text), &contract,
	    NULL), XC_OK);
	for (size_t i = 0; i < 2; i++)
		n += xc_contract_is_idempotent(contract, i);
	assert_int_equal(n, 1);
	xc_contract_free(&contract);
}

/* Nobody who could be asked: never open. */
static void
test_absent(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	test_host.auth = NULL;
	assert_int_equal(get(&fixture, "/root", NULL), 503);
	assert_string_equal(fixture_lines(&fixture), "Retry-After: 10\r\n");
	assert_int_equal(get(&fixture, "/open", NULL), 0);
	assert_int_equal(get(&fixture, "/maybe", NULL), 0);
	assert_int_equal(get(&fixture, "/maybe",
	    "HTTP_AUTHORIZATION=Bearer x"), 503);
	fixture_end(&fixture);
}

/* Security comes before what the body is. */
static void
test_order(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	SAY(0, .err = XC_ERR_INVALID);
	assert_int_equal(SEND(&fixture, .uri = "/body", .body = "{"), 401);
	fake.n = 0;
	SAY(0, .err = XC_OK, .subject = "ann");
	assert_int_equal(SEND(&fixture, .uri = "/body", .body = "{",
	    .type = "application/json"), 400);
	fake.n = 0;
	assert_int_equal(SEND(&fixture, .uri = "/body", .body = "{}",
	    .type = "application/json"), 0);
	assert_string_equal(xc_auth_subject(&fixture.req), "ann");
	fixture_end(&fixture);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inheritance),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_alternatives),
		cmocka_unit_test(test_anonymous),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_step_up),
		cmocka_unit_test(test_extensions),
		cmocka_unit_test(test_idempotent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
