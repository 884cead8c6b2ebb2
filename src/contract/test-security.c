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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
