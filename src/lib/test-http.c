/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <xcore/http.h>

#include "check.h"
#include "test-host.h"
#include "url.h"

static unsigned n_calls;
static enum xc_err result;
static struct xc_http_ask seen;
static unsigned n_denied;
static char denied[300];

static enum xc_err
fake_ask(void *ctx, const struct xc_http_ask *ask, struct xc_http_got *got_r)
{
	static const char *const lines[] = { "content-type: text/plain",
		"x-empty:" };

	(void)ctx;
	n_calls++;
	seen = *ask;
	if (result != XC_OK)
		return result;
	got_r->memory = malloc(3);
	assert_non_null(got_r->memory);
	memcpy(got_r->memory, "hi", 3);
	got_r->body = got_r->memory;
	got_r->body_len = 2;
	got_r->status = 404;
	got_r->headers = lines;
	got_r->n_headers = 2;
	return XC_OK;
}

static const struct xc_http_ops ops = { .ask = fake_ask };

static void
note_denied(void *ctx, struct xc_plugin *plugin, const char *what)
{
	(void)ctx;
	assert_ptr_equal(plugin, &test_plugin);
	strcpy(denied, what);
	n_denied++;
}

static char host_a[] = "a.example";
static char host_b[] = "b.example:8080";
static char host_c[] = "[::1]:81";
static char any[] = "*";
static char *hosts[] = { host_a, host_b, host_c, NULL };
static char *every[] = { any, host_a, NULL };

static void
begin(struct xc_request *req)
{
	n_calls = n_denied = 0;
	result = XC_OK;
	test_begin(req);
	test_host.http = &ops;
	test_host.denied = note_denied;
	test_plugin.http_hosts = hosts;
	test_get(req, "/app/todo");
}

static void
test_get_one(void **state)
{
	struct xc_http_response got;
	struct xc_request req;

	(void)state;
	begin(&req);
	assert_int_equal(xc_http_get(&req, "https://a.example/x", &got),
	    XC_OK);
	assert_int_equal(got.status, 404);
	assert_int_equal(got.body_len, 2);
	assert_string_equal(got.body, "hi");
	assert_string_equal(xc_http_header(&got, "Content-Type"),
	    "text/plain");
	assert_string_equal(xc_http_header(&got, "x-empty"), "");
	assert_null(xc_http_header(&got, "x-other"));
	assert_string_equal(seen.method, "GET");
	assert_int_equal(seen.timeout_ms, 5000);
	assert_int_equal(seen.reply_max, 1024 * 1024);
	assert_true(seen.named);
	result = XC_ERR_TIMEOUT;
	assert_int_equal(xc_http_get(&req, "https://a.example/x", &got),
	    XC_ERR_TIMEOUT);
	assert_int_equal(got.status, 0);
	assert_string_equal(got.body, "");
	test_end(&req);
}

/* Whom it asks is told the trace, unless the plugin says another. */
static void
test_trace(void **state)
{
	static const char parent[] =
	    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
	static const char *const own[] = { "X-A: b", "Traceparent: mine" };
	struct xc_http_request ask = { .url = "https://a.example/x",
		.headers = own, .n_headers = 1 };
	struct xc_http_response got;
	struct xc_request req;

	(void)state;
	begin(&req);
	assert_string_equal(xc_request_traceparent(&req), "");
	assert_int_equal(xc_request_set_trace(&req, parent, "a=b"), XC_OK);
	assert_string_equal(xc_request_tracestate(&req), "a=b");
	assert_int_equal(xc_http(&req, &ask, &got), XC_OK);
	assert_int_equal(seen.n_headers, 3);
	assert_string_equal(seen.headers[0], "X-A: b");
	assert_memory_equal(seen.headers[1], "traceparent: 00-0af765", 22);
	assert_string_equal(seen.headers[2], "tracestate: a=b");
	ask.n_headers = 2;
	assert_int_equal(xc_http(&req, &ask, &got), XC_OK);
	assert_int_equal(seen.n_headers, 2);
	test_end(&req);
}

static void
test_permission(void **state)
{
	static const char *const good[] = { "http://a.example",
		"https://A.EXAMPLE?x", "http://a.example:443/",
		"https://b.example:8080/", "http://[::1]:81/" };
	static const char *const bad[] = { "http://a.example:8080/",
		"http://b.example/", "http://a.example.com/",
		"http://xa.example/", "http://a.exampl/", "http://[::1]/",
		"http://127.0.0.1/" };
	struct xc_http_response got;
	struct xc_request req;
	size_t i;

	(void)state;
	begin(&req);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(xc_http_get(&req, good[i], &got), XC_OK);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(xc_http_get(&req, bad[i], &got),
		    XC_ERR_DENIED);
	assert_int_equal(n_denied, sizeof(bad) / sizeof(bad[0]));
	assert_string_equal(denied, "http:127.0.0.1:80");
	assert_non_null(strstr(test_log.text, "permissions"));
	test_plugin.http_hosts = NULL;
	assert_int_equal(xc_http_get(&req, good[0], &got), XC_ERR_DENIED);
	/* In a sandbox it is not judged here. */
	test_plugin.host_judges = true;
	assert_int_equal(xc_http_get(&req, good[0], &got), XC_OK);
	assert_false(seen.named);
	test_plugin.host_judges = false;
	test_plugin.http_hosts = every;
	assert_int_equal(xc_http_get(&req, bad[6], &got), XC_OK);
	assert_false(seen.named);
	assert_int_equal(xc_http_get(&req, bad[0], &got), XC_ERR_DENIED);
	assert_int_equal(xc_http_get(&req, good[0], &got), XC_OK);
	assert_true(seen.named);
	test_host.http = NULL;
	assert_int_equal(xc_http_get(&req, good[0], &got),
	    XC_ERR_UNAVAILABLE);
	test_end(&req);
}

static void
test_urls(void **state)
{
	static const char *const bad[] = { NULL, "", "a.example", "/",
		"http:", "http:/a.example/", "http:///", "ftp://a.example/",
		"javascript://a.example/", "http://u@a.example/",
		"http://u:p@a.example/", "http://a.example:/",
		"http://a.example:0/", "http://a.example:65536/",
		"http://a.example:80x/", "http://a.example#/",
		"http://a.example\\@b/", "http://a%2eexample/",
		"http://a.example /", "http://a.example/\n", "http://\xc3\xa4/",
		"http://[::1/", "http://[::1%25lo]/", "http://[1.2.3.4]/",
		"http://.a.example/", "http://-a.example/" };
	static char text[XC_URL_MAX + 2];
	struct xc_errbuf errbuf;
	struct xc_url url;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(xc_url_parse(bad[i], &url, &errbuf),
		    XC_ERR_INVALID);
	assert_int_equal(xc_url_parse("HTTPS://A.example/", &url, NULL),
	    XC_OK);
	assert_true(url.tls);
	assert_int_equal(url.port, 443);
	assert_string_equal(url.host, "a.example");
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "http://a/", 9);
	assert_int_equal(xc_url_parse(text, &url, NULL), XC_ERR_INVALID);
	text[XC_URL_MAX] = '\0';
	assert_int_equal(xc_url_parse(text, &url, NULL), XC_OK);
	memcpy(text, "http://xx", 9);
	assert_int_equal(xc_url_parse(text, &url, NULL), XC_ERR_INVALID);
}

static enum xc_err
with_line(struct xc_request *req, const char *line)
{
	const char *const lines[] = { line };
	struct xc_http_request ask = { .url = "http://a.example/",
		.headers = lines, .n_headers = 1 };
	struct xc_http_response got;

	return xc_http(req, &ask, &got);
}

static void
test_lines(void **state)
{
	static const char *const bad[] = { NULL, "", "A", "A:", "A: ",
		": b", "A b: c", "A: b\r\nB: c", "A: b\nB: c", "A\n: b",
		"A: \x7f", "Host: b", "content-length: 1",
		"Transfer-Encoding: chunked", "Connection: close",
		"TE: trailers", "Expect: 100-continue", "Upgrade: x" };
	struct xc_request req;
	size_t i;

	(void)state;
	begin(&req);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(with_line(&req, bad[i]), XC_ERR_INVALID);
	assert_int_equal(n_calls, 0);
	assert_int_equal(with_line(&req, "Authorization: Bearer x"), XC_OK);
	assert_int_equal(with_line(&req, "Hosts:b"), XC_OK);
	test_end(&req);
}

static enum xc_err
with(struct xc_request *req, const struct xc_http_request *given)
{
	struct xc_http_request ask = *given;
	struct xc_http_response got;

	ask.url = "http://a.example/";
	return xc_http(req, &ask, &got);
}

static void
test_bounds(void **state)
{
	struct xc_request req;

	(void)state;
	begin(&req);
#define WITH(...) with(&req, &(struct xc_http_request){ __VA_ARGS__ })
	assert_int_equal(WITH(.method = "PURGE"), XC_OK);
	assert_int_equal(WITH(.method = ""), XC_ERR_INVALID);
	assert_int_equal(WITH(.method = "A B"), XC_ERR_INVALID);
	assert_int_equal(WITH(.method = "CONNECT"), XC_ERR_INVALID);
	assert_int_equal(WITH(.method = "Trace"), XC_ERR_INVALID);
	assert_int_equal(WITH(.method = "ABCDEFGHIJKLMNOPQ"),
	    XC_ERR_INVALID);
	assert_int_equal(WITH(.body_len = 1), XC_ERR_INVALID);
	assert_int_equal(WITH(.method = "HEAD", .body = "x", .body_len = 1),
	    XC_ERR_INVALID);
	assert_int_equal(WITH(.body = "x",
	    .body_len = XC_HTTP_BODY_MAX + 1), XC_ERR_TOO_LARGE);
	assert_int_equal(WITH(.reply_max = XC_HTTP_REPLY_MAX + 1),
	    XC_ERR_TOO_LARGE);
	assert_int_equal(WITH(.reply_max = XC_HTTP_REPLY_MAX), XC_OK);
	assert_int_equal(WITH(.timeout_ms = 60001), XC_ERR_INVALID);
	assert_int_equal(WITH(.timeout_ms = 60000), XC_OK);
	assert_int_equal(WITH(.n_headers = 1), XC_ERR_INVALID);
	assert_int_equal(n_calls, 3);
	test_end(&req);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get_one),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_permission),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests_name("xc_http", tests, NULL, NULL);
}
