/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xcore/arena.h>
#include <xcore/auth.h>
#include <xcore/reply.h>

#include "test-host.h"

#define ENV_MAX 600
#define LONG_ID "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"	\
	"abcdefghijklm"		/* 65 */

/* Parameters of one request: those given, over a GET of "/". */
struct env {
	char *list[ENV_MAX];
	size_t n;
};

static void
env_add(struct env *env, const char *param)
{
	assert_true(env->n + 1 < ENV_MAX);
	env->list[env->n] = strdup(param);
	assert_non_null(env->list[env->n]);
	env->list[++env->n] = NULL;
}

static void
env_free(struct env *env)
{
	while (env->n > 0)
		free(env->list[--env->n]);
}

static void
env_get(struct env *env, const char *uri)
{
	char param[16384];

	env->n = 0;
	snprintf(param, sizeof(param), "REQUEST_URI=%s", uri);
	env_add(env, "REQUEST_METHOD=GET");
	env_add(env, param);
}

/* Parses and frees env; returns the status. */
static int
parse(struct xc_request *req, struct env *env, const char *body)
{
	struct xc_errbuf errbuf = { .text = "" };
	int status;

	status = xc_request_parse(req, env->list, body,
	    body != NULL ? strlen(body) : 0, &errbuf);
	env_free(env);
	if (status != 0)
		assert_true(errbuf.text[0] != '\0');
	assert_true(strlen(xc_request_id(req)) >= 8);
	return status;
}

/* The status for a GET of "/" with one parameter more. */
static int
status_with(struct xc_request *req, const char *param)
{
	struct env env;

	env_get(&env, "/");
	env_add(&env, param);
	return parse(req, &env, NULL);
}

static void
test_whole(void **state)
{
	static const char *const params[][2] = {
		{ "id", "7" }, { "name", "a/b" },
	};
	struct xc_request req;
	struct env env = { .n = 0 };
	size_t len;

	(void)state;
	test_begin(&req);
	env_add(&env, "REQUEST_METHOD=POST");
	env_add(&env, "REQUEST_URI=/app/todo/items/7?a=1&b=x+y&a=2");
	env_add(&env, "REQUEST_ID=0123abcd.Z_-");
	env_add(&env, "REQUEST_SCHEME=https");
	env_add(&env, "REMOTE_ADDR=192.0.2.7");
	env_add(&env, "CONTENT_TYPE=text/plain");
	env_add(&env, "CONTENT_LENGTH=4");
	env_add(&env, "HTTP_HOST=example.org");
	env_add(&env, "HTTP_X_TEST=one");
	env_add(&env, "XCORE_SECRET=hush");
	assert_int_equal(parse(&req, &env, "body"), 0);
	assert_int_equal(xc_request_bind(&req, &test_plugin, 2, "put_item",
	    params, 2), XC_OK);
	assert_int_equal(xc_request_method(&req), XC_POST);
	assert_string_equal(xc_request_method_name(&req), "POST");
	assert_string_equal(xc_request_id(&req), "0123abcd.Z_-");
	assert_string_equal(xc_request_path(&req), "/app/todo/items/7");
	assert_string_equal(xc_request_prefix(&req), "/app/todo");
	assert_string_equal(xc_request_rest(&req), "/items/7");
	assert_string_equal(xc_request_query_string(&req), "a=1&b=x+y&a=2");
	assert_string_equal(xc_request_scheme(&req), "https");
	assert_string_equal(xc_request_host(&req), "example.org");
	assert_string_equal(xc_request_remote(&req), "192.0.2.7");
	assert_string_equal(xc_request_param(&req, "id"), "7");
	assert_string_equal(xc_request_param(&req, "name"), "a/b");
	assert_null(xc_request_param(&req, "ID"));
	assert_string_equal(xc_request_header(&req, "X-Test"), "one");
	assert_string_equal(xc_request_header(&req, "content-TYPE"),
	    "text/plain");
	assert_string_equal(xc_request_header(&req, "Content-Length"), "4");
	assert_string_equal(xc_request_body(&req, &len), "body");
	assert_int_equal(len, 4);
	assert_ptr_equal(xc_request_plugin(&req), &test_plugin);
	test_end(&req);
}

static void
test_query(void **state)
{
	struct xc_request req;
	const char *name;
	const char *value;

	(void)state;
	test_begin(&req);
	test_get(&req, "/app/todo?a=1&b=x+y&a=2&=e&c");
	assert_string_equal(xc_request_query(&req, "a"), "1");
	assert_string_equal(xc_request_query_nth(&req, "a", 1), "2");
	assert_null(xc_request_query_nth(&req, "a", 2));
	assert_string_equal(xc_request_query(&req, "b"), "x y");
	assert_string_equal(xc_request_query(&req, "c"), "");
	assert_string_equal(xc_request_query(&req, ""), "e");
	assert_null(xc_request_query(&req, "d"));
	assert_true(xc_request_query_at(&req, 3, &name, &value));
	assert_string_equal(name, "");
	assert_string_equal(value, "e");
	assert_false(xc_request_query_at(&req, 5, &name, &value));
	assert_false(xc_request_query_at(&req, SIZE_MAX, &name, &value));
	assert_string_equal(xc_request_rest(&req), "");
	test_end(&req);
}

/* Before and after a request there is an empty one. */
static void
test_empty(void **state)
{
	const char *const *segments;
	struct xc_request req;
	size_t len = 9;

	(void)state;
	test_begin(&req);
	test_get(&req, "/app/todo?a=1");
	xc_request_reset(&req);
	assert_int_equal(xc_request_method(&req), XC_METHOD_OTHER);
	assert_string_equal(xc_request_path(&req), "");
	assert_string_equal(xc_request_id(&req), "");
	assert_null(xc_request_query(&req, "a"));
	assert_null(xc_request_header(&req, "host"));
	assert_null(xc_request_plugin(&req));
	assert_string_equal(xc_request_body(&req, &len), "");
	assert_int_equal(len, 0);
	assert_int_equal(xc_request_segments(&req, &segments), 0);
	assert_null(segments[0]);
	assert_int_equal(xc_request_bind(&req, &test_plugin, 0, "x", NULL, 0),
	    XC_ERR_INVALID);
	test_end(&req);
}

static void
test_segments(void **state)
{
	const char *const *segments;
	struct xc_request req;

	(void)state;
	test_begin(&req);
	test_get(&req, "/app/todo/a%2Fb/");
	assert_int_equal(xc_request_segments(&req, &segments), 4);
	assert_string_equal(segments[0], "app");
	assert_string_equal(segments[1], "todo");
	assert_string_equal(segments[2], "a/b");
	assert_string_equal(segments[3], "");
	assert_null(segments[4]);
	assert_string_equal(xc_request_rest(&req), "/a/b/");
	assert_int_equal(xc_request_bind(&req, &test_plugin, 0, "x", NULL, 0),
	    XC_OK);
	assert_string_equal(xc_request_prefix(&req), "");
	assert_string_equal(xc_request_rest(&req), "/app/todo/a/b/");
	assert_int_equal(xc_request_bind(&req, &test_plugin, 4, "x", NULL, 0),
	    XC_OK);
	assert_string_equal(xc_request_rest(&req), "");
	assert_int_equal(xc_request_bind(&req, &test_plugin, 5, "x", NULL, 0),
	    XC_ERR_INVALID);
	test_end(&req);
}

static void
test_methods(void **state)
{
	static const struct {
		const char *name;
		enum xc_method method;
	} rows[] = {
		{ "GET", XC_GET }, { "HEAD", XC_HEAD }, { "POST", XC_POST },
		{ "PUT", XC_PUT }, { "PATCH", XC_PATCH },
		{ "DELETE", XC_DELETE }, { "OPTIONS", XC_OPTIONS },
		{ "get", XC_METHOD_OTHER }, { "PROPFIND", XC_METHOD_OTHER },
		{ "GETS", XC_METHOD_OTHER },
	};
	static const char *const bad[] = {
		"", "G T", "GET\r", "G/T", "G\xc3\xa4",
		"A23456789012345678901234567890123",
	};
	struct xc_request req;
	struct env env = { .n = 0 };
	char param[80];
	size_t i;

	(void)state;
	test_begin(&req);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(param, sizeof(param), "REQUEST_METHOD=%s",
		    rows[i].name);
		env_add(&env, param);
		env_add(&env, "REQUEST_URI=/");
		assert_int_equal(parse(&req, &env, NULL), 0);
		assert_int_equal(xc_request_method(&req), rows[i].method);
		assert_string_equal(xc_request_method_name(&req),
		    rows[i].name);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(param, sizeof(param), "REQUEST_METHOD=%s", bad[i]);
		env_add(&env, param);
		env_add(&env, "REQUEST_URI=/");
		assert_int_equal(parse(&req, &env, NULL), 400);
	}
	env_add(&env, "REQUEST_URI=/");
	assert_int_equal(parse(&req, &env, NULL), 400);
	test_end(&req);
}

static void
test_targets(void **state)
{
	static const struct {
		const char *uri;
		const char *path;
		const char *host;
	} good[] = {
		{ "/a?", "/a", "" },
		{ "/a?b?c", "/a", "" },
		{ "http://example.org", "/", "example.org" },
		{ "http://example.org?x=1", "/", "example.org" },
		{ "HTTPS://example.org:8443/a/b?c", "/a/b",
		    "example.org:8443" },
		{ "http://[2001:db8::1]/a", "/a", "[2001:db8::1]" },
	};
	static const char *const bad[] = {
		"", "*", "a", "?a", "ftp://example.org/", "http://",
		"http:///a", "http://user@example.org/", "http://a#b",
		"example.org:80", "http://a b/", "/a#b",
	};
	struct xc_request req;
	struct env env;
	size_t i;

	(void)state;
	test_begin(&req);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		env_get(&env, good[i].uri);
		assert_int_equal(parse(&req, &env, NULL), 0);
		assert_string_equal(xc_request_path(&req), good[i].path);
		assert_string_equal(xc_request_host(&req), good[i].host);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		env_get(&env, bad[i]);
		if (parse(&req, &env, NULL) != 400)
			fail_msg("\"%s\" was taken", bad[i]);
	}
	env_add(&env, "REQUEST_METHOD=GET");
	assert_int_equal(parse(&req, &env, NULL), 400);
	test_end(&req);
}

static void
test_long_target(void **state)
{
	static char uri[16000];
	struct xc_request req;
	struct env env;

	(void)state;
	test_begin(&req);
	memset(uri, 'a', sizeof(uri) - 1);
	uri[0] = '/';
	uri[8192] = '?';
	env_get(&env, uri);
	assert_int_equal(parse(&req, &env, NULL), 0);
	assert_int_equal(strlen(xc_request_path(&req)), 8192);
	uri[8192] = 'a';
	uri[8193] = '?';
	env_get(&env, uri);
	assert_int_equal(parse(&req, &env, NULL), 414);
	test_end(&req);
}

static void
test_headers(void **state)
{
	struct xc_request req;
	struct env env;
	const char *name;
	const char *value;
	size_t n;

	(void)state;
	test_begin(&req);
	env_get(&env, "/");
	env_add(&env, "HTTP_ACCEPT=a/b");
	env_add(&env, "HTTP_X_FORWARDED_FOR=192.0.2.1");
	env_add(&env, "HTTP_COOKIE=a=1");
	env_add(&env, "HTTP_X_FORWARDED_FOR=192.0.2.2");
	env_add(&env, "HTTP_COOKIE=b=2");
	env_add(&env, "HTTP_X_FORWARDED_FOR=");
	env_add(&env, "HTTP_X_EMPTY=");
	env_add(&env, "HTTP_X_TAB=a\tb");
	env_add(&env, "HTTP_x_lower=l");
	env_add(&env, "HTTP_X_LOWER=u");
	env_add(&env, "HTTP_PROXY=http://192.0.2.9/");
	env_add(&env, "HTTP_CONTENT_TYPE=x/y");
	env_add(&env, "HTTP_CONTENT_LENGTH=99");
	env_add(&env, "HTTP_CONNECTION=close");
	env_add(&env, "HTTP_TRANSFER_ENCODING=chunked");
	env_add(&env, "HTTP_UPGRADE=h2c");
	env_add(&env, "CONTENT_TYPE=");
	env_add(&env, "CONTENT_LENGTH=");
	env_add(&env, "XCORE_SECRET=hush");
	env_add(&env, "OTHER=");
	env_add(&env, "HTTP_AUTHORIZATION=Bearer x");
	assert_int_equal(parse(&req, &env, NULL), 0);
	assert_string_equal(xc_request_header(&req, "X-Forwarded-For"),
	    "192.0.2.1, 192.0.2.2, ");
	assert_string_equal(xc_request_header(&req, "COOKIE"), "a=1; b=2");
	assert_string_equal(xc_request_header(&req, "x-empty"), "");
	assert_string_equal(xc_request_header(&req, "x-tab"), "a\tb");
	assert_string_equal(xc_request_header(&req, "x-lower"), "l, u");
	assert_string_equal(xc_request_header(&req, "authorization"),
	    "Bearer x");
	assert_null(xc_request_header(&req, "proxy"));
	assert_null(xc_request_header(&req, "content-type"));
	assert_null(xc_request_header(&req, "content-length"));
	assert_null(xc_request_header(&req, "connection"));
	assert_null(xc_request_header(&req, "transfer-encoding"));
	assert_null(xc_request_header(&req, "xcore-secret"));
	for (n = 0; xc_request_header_at(&req, n, &name, &value); n++)
		assert_null(strstr(value, "hush"));
	assert_int_equal(n, 7);
	assert_true(xc_request_header_at(&req, 1, &name, &value));
	assert_string_equal(name, "x-forwarded-for");
	test_end(&req);
}

static void
test_secret_is_nowhere(void **state)
{
	struct xc_request req;
	struct env env;

	(void)state;
	test_begin(&req);
	env_get(&env, "/app/todo");
	env_add(&env, "XCORE_SECRET=hush-hush-hush");
	env_add(&env, "HTTP_ACCEPT=*/*");
	assert_int_equal(parse(&req, &env, NULL), 0);
	assert_null(memmem(req.in.base, req.in.used, "hush", 4));
	test_end(&req);
}

static void
test_bad_parameters(void **state)
{
	static const char *const bad[] = {
		"HTTP_X=a\nb", "HTTP_X=a\rb", "HTTP_X=\x7f", "HTTP_X=\x01",
		"HTTP_A B=x", "HTTP_A:=x", "HTTP_\xc3\xa4=x",
		"REQUEST_METHOD=GET", "REQUEST_URI=/", "request_uri=/",
		"NOVALUE", "=x", "",
		"CONTENT_TYPE=a\nb", "REMOTE_ADDR=a\nb",
		"CONTENT_LENGTH=1", "CONTENT_LENGTH=-1", "CONTENT_LENGTH=0x0",
		"CONTENT_LENGTH=+0", "CONTENT_LENGTH= 0", "CONTENT_LENGTH=0 ",
		"CONTENT_LENGTH=99999999999999999999999999999999",
		"CONTENT_LENGTH=18446744073709551616",
	};
	struct xc_request req;
	struct env env;
	size_t i;

	(void)state;
	test_begin(&req);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (status_with(&req, bad[i]) != 400)
			fail_msg("\"%s\" was taken", bad[i]);
	env_get(&env, "/");
	env_add(&env, "XCORE_SECRET=hush");
	env_add(&env, "XCORE_SECRET=hush");
	assert_int_equal(parse(&req, &env, NULL), 400);
	env_get(&env, "/");
	env_add(&env, "HTTP_HOST=example.org");
	env_add(&env, "HTTP_HOST=example.org");
	assert_int_equal(parse(&req, &env, NULL), 400);
	assert_int_equal(status_with(&req, "CONTENT_LENGTH=0"), 0);
	assert_string_equal(xc_request_header(&req, "content-length"), "0");
	test_end(&req);
}

/* The sentence names the parameter, and never a value. */
static void
test_sentence(void **state)
{
	char method[] = "REQUEST_METHOD=GET";
	char one[] = "XCORE_SECRET=hush";
	char two[] = "XCORE_SECRET=hush";
	char *envp[] = { method, one, two, NULL };
	struct xc_request req;
	struct xc_errbuf errbuf;

	(void)state;
	test_begin(&req);
	assert_int_equal(xc_request_parse(&req, envp, NULL, 0, &errbuf), 400);
	assert_non_null(strstr(errbuf.text, "XCORE_SECRET"));
	assert_null(strstr(errbuf.text, "hush"));
	assert_int_equal(xc_request_parse(&req, envp, NULL, 0, NULL), 400);
	test_end(&req);
}

static void
test_counts(void **state)
{
	struct xc_request req;
	struct env env;
	char param[40];
	int i;

	(void)state;
	test_begin(&req);
	env_get(&env, "/");
	for (i = 0; i < 200; i++) {
		snprintf(param, sizeof(param), "HTTP_X_%d=%d", i, i);
		env_add(&env, param);
	}
	assert_int_equal(parse(&req, &env, NULL), 0);
	assert_string_equal(xc_request_header(&req, "x-199"), "199");
	env_get(&env, "/");
	for (i = 0; i < 201; i++)
		env_add(&env, "HTTP_X=1");
	assert_int_equal(parse(&req, &env, NULL), 431);
	env_get(&env, "/");
	for (i = 0; i < 511; i++) {
		snprintf(param, sizeof(param), "X_%d=%d", i, i);
		env_add(&env, param);
	}
	assert_int_equal(parse(&req, &env, NULL), 431);
	test_end(&req);
}

static void
test_ids(void **state)
{
	static const char *const bad[] = {
		"", "1234567", "12345678 ", "1234567/", "1234\n5678",
		LONG_ID,
	};
	struct xc_request req;
	struct xc_request other;
	struct env env;
	char param[128];
	char last[40] = "";
	const char *id;
	size_t i;

	(void)state;
	test_begin(&req);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		env_get(&env, "/");
		snprintf(param, sizeof(param), "REQUEST_ID=%s", bad[i]);
		env_add(&env, param);
		assert_int_equal(parse(&req, &env, NULL), 0);
		id = xc_request_id(&req);
		assert_int_equal(strlen(id), 32);
		assert_int_equal(strspn(id, "0123456789abcdef"), 32);
		assert_string_not_equal(id, last);
		snprintf(last, sizeof(last), "%s", id);
	}
	test_begin(&other);
	env_get(&env, "/");
	assert_int_equal(parse(&other, &env, NULL), 0);
	assert_memory_not_equal(xc_request_id(&other), last, 16);
	test_end(&other);
	test_end(&req);
}

/* A refused request has its id, also when the parameters are bad. */
static void
test_id_of_refused(void **state)
{
	struct xc_request req;
	struct env env;

	(void)state;
	test_begin(&req);
	env_get(&env, "/..");
	env_add(&env, "REQUEST_ID=refused-1");
	assert_int_equal(parse(&req, &env, NULL), 400);
	assert_string_equal(xc_request_id(&req), "refused-1");
	assert_int_equal(xc_reply_problem(&req, 400, NULL), XC_OK);
	env_get(&env, "/");
	env_add(&env, "REQUEST_ID=refused-2");
	env_add(&env, "REQUEST_ID=refused-3");
	assert_int_equal(parse(&req, &env, NULL), 400);
	assert_string_equal(xc_request_id(&req), "refused-2");
	test_end(&req);
}

static void
test_schemes(void **state)
{
	struct xc_request req;

	(void)state;
	test_begin(&req);
	assert_int_equal(status_with(&req, "REQUEST_SCHEME=http"), 0);
	assert_string_equal(xc_request_scheme(&req), "http");
	assert_int_equal(status_with(&req, "REQUEST_SCHEME=HTTPS"), 0);
	assert_string_equal(xc_request_scheme(&req), "https");
	assert_int_equal(status_with(&req, "REQUEST_SCHEME=x\n"), 0);
	assert_string_equal(xc_request_scheme(&req), "http");
	assert_int_equal(status_with(&req, "HTTPS=on"), 0);
	assert_string_equal(xc_request_scheme(&req), "https");
	assert_int_equal(status_with(&req, "HTTPS=off"), 0);
	assert_string_equal(xc_request_scheme(&req), "http");
	test_end(&req);
}

/* A large body, then small requests: the memory is given back, and nothing
 * of the one before is seen. */
static void
test_many(void **state)
{
	static char body[300000];
	struct xc_request req;
	struct env env;
	size_t len;
	int i;

	(void)state;
	test_begin(&req);
	memset(body, 'b', sizeof(body) - 1);
	for (i = 0; i < 3; i++) {
		env_get(&env, "/app/todo?x=1");
		env_add(&env, "HTTP_X_ONE=1");
		assert_int_equal(parse(&req, &env, body), 0);
		assert_string_equal(xc_request_body(&req, &len), body);
		xc_request_reset(&req);
		assert_true(req.in.cap <= 65536);
		env_get(&env, "/");
		assert_int_equal(parse(&req, &env, NULL), 0);
		assert_null(xc_request_header(&req, "x-one"));
		assert_null(xc_request_query(&req, "x"));
		assert_string_equal(xc_request_body(&req, &len), "");
		xc_request_reset(&req);
	}
	test_end(&req);
}

/* Wherever the room ends, the request is refused in words. */
static void
test_no_room(void **state)
{
	struct xc_request req;
	struct env env;
	uint32_t least;
	int status;
	int n_refused = 0;

	(void)state;
	test_begin(&req);
	least = req.in.used + 64;	/* the head and an id */
	do {
		req.in.limit = least++;
		env_get(&env, "/app/todo?a=1&b=2");
		env_add(&env, "HTTP_X_ONE=1");
		env_add(&env, "HTTP_X_ONE=2");
		env_add(&env, "CONTENT_TYPE=text/plain");
		env_add(&env, "REMOTE_ADDR=192.0.2.7");
		status = parse(&req, &env, "body");
		assert_true(status == 0 || status == 500);
		n_refused += status == 500;
		if (status == 500)
			assert_int_equal(xc_reply_problem(&req, status, NULL),
			    XC_OK);
	} while (status != 0);
	assert_in_range(n_refused, 100, 1000);
	assert_int_equal(xc_request_bind(&req, &test_plugin, 2, "get_item",
	    NULL, 0), XC_ERR_TOO_LARGE);
	test_end(&req);
}

static void
count_up(void *data)
{
	/* The request can still be asked. */
	assert_string_equal(xc_request_id(data), "deadbeef01");
}

static enum xc_err
reply_ok(struct xc_request *req)
{
	assert_int_equal(xc_defer(req, count_up, req), XC_OK);
	assert_string_equal(xc_request_rest(req), "/items");
	assert_string_equal(xc_request_query(req, "a"), "1");
	return xc_reply_text(req, 200, "text/plain", "ok", 2);
}

/* A request that was made elsewhere, in memory that is nobody's here. */
static void
test_adopted(void **state)
{
	struct xc_request_areas areas = { .out_cap = 65536 };
	const struct xc_reply_head *head;
	struct xc_request made;
	struct xc_request req;
	struct env env;

	(void)state;
	test_begin(&made);
	env_get(&env, "/app/todo/items?a=1");
	env_add(&env, "REQUEST_ID=deadbeef01");
	assert_int_equal(parse(&made, &env, NULL), 0);
	assert_int_equal(xc_request_bind(&made, &test_plugin, 2, "get_items",
	    NULL, 0), XC_OK);
	areas.in = malloc(made.in.used);
	areas.out = malloc(areas.out_cap);
	assert_non_null(areas.in);
	assert_non_null(areas.out);
	areas.in_len = made.in.used;
	memcpy(areas.in, made.in.base, made.in.used);
	assert_int_equal(xc_request_init(&req, &test_host, NULL), XC_OK);
	for (int i = 0; i < 2; i++) {
		memset(areas.out, 0xee, areas.out_cap);
		assert_int_equal(xc_request_adopt(&req, &test_plugin,
		    &areas), XC_OK);
		assert_int_equal(xc_request_run(&req, reply_ok), XC_OK);
		xc_request_part(&req);
		head = (const void *)areas.out;
		assert_int_equal(head->status, 200);
		assert_memory_equal(areas.out + head->body.off, "ok", 3);
	}
	areas.out_cap--;
	assert_int_equal(xc_request_adopt(&req, &test_plugin, &areas),
	    XC_ERR_INVALID);
	areas.out_cap++;
	areas.in_len = 10;
	assert_int_equal(xc_request_adopt(&req, &test_plugin, &areas),
	    XC_ERR_INVALID);
	xc_request_free(&req);
	test_end(&made);
	free(areas.in);
	free(areas.out);
}

/* The body comes when the contract has seen the rest. */
static void
test_body_later(void **state)
{
	char text[20000];
	struct xc_request req;
	struct env env;
	static const struct xc_request_who who = { .subject = "7",
		.name = "alice", .session = "", .grants = "todo:item:*" };
	size_t len;

	(void)state;
	test_begin(&req);
	memset(text, 'x', sizeof(text));
	env_get(&env, "/app/todo");
	env_add(&env, "CONTENT_LENGTH=20000");
	assert_int_equal(xc_request_parse(&req, env.list, NULL, sizeof(text),
	    NULL), 0);
	assert_string_equal(xc_request_body(&req, &len), "");
	assert_int_equal(len, 0);
	assert_string_equal(xc_request_header(&req, "Content-Length"),
	    "20000");
	assert_int_equal(xc_request_bind(&req, &test_plugin, 2, "one", NULL,
	    0), XC_OK);
	assert_int_equal(xc_request_set_body(&req, text, sizeof(text)),
	    XC_OK);
	assert_int_equal(xc_request_set_who(&req, &who), XC_OK);
	assert_memory_equal(xc_request_body(&req, &len), text, sizeof(text));
	assert_int_equal(len, sizeof(text));
	assert_string_equal(xc_request_path(&req), "/app/todo");
	assert_string_equal(xc_auth_subject(&req), "7");
	assert_string_equal(xc_auth_name(&req), "alice");
	assert_null(xc_auth_session(&req));
	assert_true(xc_auth_may(&req, "todo:item:write"));
	assert_false(xc_auth_may(&req, "todo:list:write"));
	assert_int_equal(xc_request_parse(&req, env.list, NULL, 1, NULL),
	    400);
	assert_null(xc_auth_subject(&req));
	assert_null(xc_auth_name(&req));
	assert_false(xc_auth_may(&req, "todo:item:write"));
	env_free(&env);
	test_end(&req);
}

/* Grants that are over the limit lose whole ones, never a part of one. */
static void
test_many_grants(void **state)
{
	static char grants[XC_GRANTS_MAX + 64];
	struct xc_request_who who = { .subject = "7", .name = "",
		.session = "", .grants = grants };
	struct env env;
	struct xc_request req;
	size_t len = 0;
	int i;

	(void)state;
	for (i = 0; len < XC_GRANTS_MAX; i++)
		len += (size_t)snprintf(grants + len, sizeof(grants) - len,
		    "%stodo:item:n%d", len > 0 ? " " : "", i);
	test_begin(&req);
	env_get(&env, "/app/todo");
	assert_int_equal(xc_request_parse(&req, env.list, NULL, 0, NULL), 0);
	assert_int_equal(xc_request_set_who(&req, &who), XC_OK);
	assert_true(xc_auth_may(&req, "todo:item:n0"));
	snprintf(grants, sizeof(grants), "todo:item:n%d", i - 2);
	assert_true(xc_auth_may(&req, grants));
	snprintf(grants, sizeof(grants), "todo:item:n%d", i - 1);
	assert_false(xc_auth_may(&req, grants));
	env_free(&env);
	test_end(&req);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_long_target),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_secret_is_nowhere),
		cmocka_unit_test(test_bad_parameters),
		cmocka_unit_test(test_sentence),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_id_of_refused),
		cmocka_unit_test(test_schemes),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_adopted),
		cmocka_unit_test(test_body_later),
		cmocka_unit_test(test_many_grants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
