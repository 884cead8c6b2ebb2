/* SPDX-License-Identifier: MIT */
/* What of a request a sandbox is shown, and that the worker has all of it
 * afterwards. */
#include "lib/test-host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base64.h"
#include "sandbox/hide.h"

#define OURS "__Host-xcore-session"
#define DEVICE "__Host-xcore-device"
#define ISSUER "our site"
#define BLANKS_7 "       "
#define BLANKS_28 BLANKS_7 BLANKS_7 BLANKS_7 BLANKS_7

static struct xc_request req;

/* A request with these; NULL: without. */
static void
make(const char *authorization, const char *cookie)
{
	char first[2048], second[2048];
	char *envp[] = { (char[]){ "REQUEST_METHOD=GET" },
		(char[]){ "REQUEST_URI=/app/todo" },
		(char[]){ "HTTP_ACCEPT=*/*" }, first, second,
		(char[]){ "HTTP_X_LAST=last" }, NULL };

	snprintf(first, sizeof(first), "HTTP_%s=%s", authorization != NULL ?
	    "AUTHORIZATION" : "X_A", authorization != NULL ? authorization :
	    "x");
	snprintf(second, sizeof(second), "HTTP_%s=%s", cookie != NULL ?
	    "COOKIE" : "X_C", cookie != NULL ? cookie : "x");
	xc_request_reset(&req);
	assert_int_equal(xc_request_parse(&req, envp, "", 0, NULL), 0);
}

/* A token with that payload, behind a scheme. */
static const char *
bearer(const char *scheme, const char *payload)
{
	static char text[1024];
	char part[512];
	size_t i;

	xc_base64_encode(payload, strlen(payload), part);
	part[strcspn(part, "=")] = '\0';
	for (i = 0; part[i] != '\0'; i++)
		part[i] = part[i] == '+' ? '-' : part[i] == '/' ? '_' :
		    part[i];
	snprintf(text, sizeof(text), "%seyJhbGciOiJFUzI1NiJ9.%s.c2lnbmVk",
	    scheme, part);
	return text;
}

/* Whether the bytes of a block have a text in them anywhere. */
static bool
has(const char *text)
{
	return memmem(req.in.base, req.in.used, text, strlen(text)) != NULL;
}

/* What is shown of a header; NULL: nothing. */
static void
shows(const char *name, const char *shown)
{
	struct xc_block before = req.in;
	struct xc_hidden hidden;
	unsigned char *copy = malloc(req.in.used);
	const char *value;

	assert_non_null(copy);
	memcpy(copy, req.in.base, req.in.used);
	assert_int_equal(xc_hide(&req.in, ISSUER, &hidden), XC_OK);
	value = xc_request_header(&req, name);
	if (shown == NULL)
		assert_null(value);
	else
		assert_string_equal(value != NULL ? value : "(none)", shown);
	assert_false(has("secret"));
	assert_string_equal(xc_request_header(&req, "x-last"), "last");
	assert_string_equal(xc_request_header(&req, "accept"), "*/*");
	xc_unhide(&req.in, &hidden);
	assert_ptr_equal(req.in.base, before.base);
	assert_int_equal(req.in.used, before.used);
	assert_memory_equal(req.in.base, copy, req.in.used);
	free(copy);
}

static const struct {
	const char *cookie;
	const char *shown;
} cookies[] = {
	{ OURS "=secret", NULL },
	{ OURS "=secret;", NULL },
	{ " " OURS " = secret ; ", NULL },
	{ OURS "=secret; a=b", "a=b" },
	{ "a=b; " OURS "=secret", "a=b" },
	{ "a=b;" OURS "=secret;" OURS "=secret ;", "a=b" },
	{ OURS, NULL },
	{ "a=b; c=d", "a=b; c=d" },
	{ "a=" OURS, "a=" OURS },
	{ OURS "x=y", OURS "x=y" },
	{ "x" OURS "=y", "x" OURS "=y" },
	{ "; ;", "; ;" },
	{ DEVICE "=secret", NULL },
	{ "a=b; " DEVICE "=secret", "a=b" },
	{ DEVICE "=secret; a=b", "a=b" },
	{ DEVICE "=secret; " OURS "=secret; a=b; " DEVICE, "a=b" },
	{ "a=" DEVICE, "a=" DEVICE },
	{ DEVICE "s=y", DEVICE "s=y" },
	{ "x" DEVICE "=y", "x" DEVICE "=y" },
};

static void
test_cookies(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cookies) / sizeof(cookies[0]); i++) {
		make(NULL, cookies[i].cookie);
		shows("cookie", cookies[i].shown);
	}
	/* What stands behind it stays where it is. */
	make(NULL, "a=b; " OURS "=secret; c=d");
	shows("cookie", "a=b;" BLANKS_28 "; c=d");
}

static void
test_tokens(void **state)
{
	static const char *const ours[] = {
		"{\"iss\":\"" ISSUER "\",\"jti\":\"secret\"}",
		" { \"sub\" : \"1\", \"i\\u0073s\" : \"our\\u0020site\" } ",
	};
	static const char *const others[] = {
		"{\"iss\":\"another\"}", "{\"iss\":[\"" ISSUER "\"]}",
		"{\"is\":\"" ISSUER "\"}", "[]", "null", "", "{",
		"{\"iss\":\"x\",\"iss\":\"" ISSUER "\"}",
	};
	static const char *const none[] = { "x", "Basic YTpi", "Bearer",
		"Bearer ..", "Bearer .e30.", "Bearer a.!.c" };
	const char *text;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		make(bearer("Bearer ", ours[i]), NULL);
		shows("authorization", NULL);
		make(bearer("bEARER   ", ours[i]), NULL);
		shows("authorization", NULL);
		make(bearer("Bearer x.y.z, Bearer ", ours[i]), NULL);
		shows("authorization", NULL);
		make(bearer("", ours[i]), NULL);
		shows("authorization", NULL);
	}
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		text = bearer("Bearer ", others[i]);
		make(text, NULL);
		shows("authorization", text);
	}
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		make(none[i], NULL);
		shows("authorization", none[i]);
	}
	/* Both at once. */
	make(bearer("Bearer ", ours[0]), OURS "=secret");
	shows("authorization", NULL);
	shows("cookie", NULL);
}

static int
set_up(void **state)
{
	(void)state;
	test_begin(&req);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	test_end(&req);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cookies),
		cmocka_unit_test(test_tokens),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
