/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>
#include <xcore/reply.h>

#include "config/settings-private.h"
#include "lib/host.h"
#include "lib/request-private.h"
#include "loggers/logger.h"
#include "worker/chain.h"

static struct xc_host host;
static struct xc_worker_row row;

struct site {
	struct xc_settings *settings;
	struct xc_chains *chains;
	struct xc_request req;
	struct xc_passage passage;
};

static void
open_site(struct site *site, const char *middleware)
{
	struct xc_errbuf errbuf = { .text = "" };
	struct xc_chains_options options = { .host = &host, .row = &row };
	char text[2048];

	memset(&row, 0, sizeof(row));
	snprintf(text, sizeof(text), "{\"middleware\":{%s}}", middleware);
	site->settings = xc_settings_new();
	assert_non_null(site->settings);
	if (xc_settings_read_text(site->settings, "x", text, strlen(text),
	    &errbuf) != XC_OK)
		fail_msg("%s", errbuf.text);
	options.config = &site->settings->middleware;
	if (xc_chains_create(&options, &site->chains, &errbuf) != XC_OK)
		fail_msg("%s", errbuf.text);
	assert_int_equal(xc_request_init(&site->req, &host, NULL), XC_OK);
}

static void
close_site(struct site *site)
{
	xc_request_free(&site->req);
	xc_chains_free(&site->chains);
	xc_settings_free(&site->settings);
}

#define PARAMS_MAX 8

/* Sends a request in; the status of the reply that stands, 0: none. */
static unsigned
ask(struct site *site, const char *uri, const char *const *more,
    size_t body_len)
{
	char texts[PARAMS_MAX][512], *envp[PARAMS_MAX + 1] = { NULL };
	size_t n = 0;

	snprintf(texts[n++], 512, "REQUEST_METHOD=%s",
	    more != NULL && strchr(more[0], '=') == NULL ? *more++ : "GET");
	snprintf(texts[n++], 512, "REQUEST_URI=%s", uri);
	snprintf(texts[n++], 512, "CONTENT_LENGTH=%zu", body_len);
	for (; more != NULL && *more != NULL; more++)
		snprintf(texts[n++], 512, "%s", *more);
	for (size_t i = 0; i < n; i++)
		envp[i] = texts[i];
	xc_chain_begin(site->chains, &site->passage);
	assert_int_equal(xc_request_parse(&site->req, envp, NULL, body_len,
	    NULL), 0);
	return xc_chain_in(site->chains, &site->passage, &site->req,
	    body_len) ? 0 : xc_request_reply(&site->req)->status;
}

static void
done(struct site *site)
{
	xc_chain_out(site->chains, &site->passage, &site->req, NULL);
	xc_request_reset(&site->req);
}

static const char *const from_one[] = { "REMOTE_ADDR=192.0.2.1", NULL };

/* However it is written, it is the path that the router would find. */
static void
test_paths(void **state)
{
	static const struct {
		const char *uri;
		bool counts;
	} cases[] = {
		{ "/auth/login", true },
		{ "/auth/login/", true },
		{ "/auth//login", true },
		{ "/auth/./login", true },
		{ "/x/../auth/login", true },
		{ "/auth/%6Cogin", true },
		{ "/auth/login?x=/auth/me", true },
		{ "/auth/login/more", true },
		{ "http://a.test/auth/login", true },
		{ "/auth/loginx", false },
		/* A slash that divides nothing. */
		{ "/auth%2Flogin", false },
		{ "/auth/login%2Fx", false },
		{ "/auth/logi", false },
		{ "/AUTH/login", false },
		{ "/x/auth/login", false },
		{ "/", false },
	};
	struct site site;
	unsigned left = 20;
	size_t i;

	(void)state;
	open_site(&site, "\"prefixes\":{\"/auth/login\":{\"rate\":[{\"limit\":"
	    "20,\"window_s\":86400,\"kind\":\"fixed\"}]}}");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char want[32];

		assert_int_equal(ask(&site, cases[i].uri, from_one, 0), 0);
		left -= cases[i].counts;
		snprintf(want, sizeof(want), ";r=%u;", left);
		if (cases[i].counts != (memmem(site.passage.late,
		    site.passage.late_len, want, strlen(want)) != NULL))
			fail_msg("%s", cases[i].uri);
		done(&site);
	}
	while (left-- > 0)
		assert_int_equal(ask(&site, "/auth/login", from_one, 0), 0);
	assert_int_equal(ask(&site, "/auth/login", from_one, 0), 429);
	done(&site);
	assert_int_equal(ask(&site, "/auth/logout", from_one, 0), 0);
	done(&site);
	assert_int_equal(row.parts[XC_PART_RATE].refused, 1);
	close_site(&site);
}

static uint32_t
body_max(const struct xc_chains *chains, const char *path)
{
	char method[] = "REQUEST_METHOD=GET", uri[128];
	char *envp[] = { method, uri, NULL };
	struct xc_request req;
	uint32_t max;

	snprintf(uri, sizeof(uri), "REQUEST_URI=%s", path);
	assert_int_equal(xc_request_init(&req, &host, NULL), XC_OK);
	assert_int_equal(xc_request_parse(&req, envp, NULL, 0, NULL), 0);
	max = xc_chains_body_max(chains, &req);
	xc_request_free(&req);
	return max;
}

static void
test_bodies(void **state)
{
	struct site site;

	(void)state;
	open_site(&site, "\"prefixes\":{\"/a\":{\"body\":{\"max\":10}},"
	    "\"/a/b\":{\"body\":{\"max\":100}},\"/a/b/c\":{\"body\":{\"max\":0"
	    "}}}");
	assert_true(xc_chains_limit_bodies(site.chains));
	assert_int_equal(body_max(site.chains, "/a/b/x"), 100);
	assert_int_equal(body_max(site.chains, "/"), UINT32_MAX);
	assert_int_equal(ask(&site, "/a", from_one, 10), 0);
	done(&site);
	assert_int_equal(ask(&site, "/a/bb", from_one, 11), 413);
	done(&site);
	assert_int_equal(ask(&site, "/a/b/", from_one, 100), 0);
	done(&site);
	assert_int_equal(ask(&site, "/a/b", from_one, 101), 413);
	done(&site);
	assert_int_equal(ask(&site, "/a/b/c", from_one, 5000), 0);
	done(&site);
	close_site(&site);
}

/* Of many prefixes the longest is found, and none that ends in a word. */
static void
test_many(void **state)
{
	struct xc_settings *settings = xc_settings_new();
	struct xc_errbuf errbuf = { .text = "" };
	struct xc_chains_options options = { .host = &host, .row = &row };
	struct xc_chains *chains;
	static char text[64 * 1024];
	char path[64];
	size_t len;
	int i;

	(void)state;
	len = (size_t)snprintf(text, sizeof(text),
	    "{\"middleware\":{\"prefixes\":{\"/app\":{}");
	for (i = 1; i <= 1000; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    ",\"/app/p%d%s\":{\"body\":{\"max\":%d}}", i,
		    i % 2 == 0 ? "/deep" : "", i);
	(void)snprintf(text + len, sizeof(text) - len, "}}}");
	assert_int_equal(xc_settings_read_text(settings, "x", text,
	    strlen(text), &errbuf), XC_OK);
	options.config = &settings->middleware;
	assert_int_equal(xc_chains_create(&options, &chains, &errbuf),
	    XC_OK);
	for (i = 1; i <= 1000; i++) {
		snprintf(path, sizeof(path), "/app/p%d/deep/x", i);
		assert_int_equal(body_max(chains, path), i);
		snprintf(path, sizeof(path), "/app/p%d", i);
		assert_int_equal(body_max(chains, path),
		    i % 2 == 0 ? UINT32_MAX : (uint32_t)i);
		snprintf(path, sizeof(path), "/app/p%dx/deep", i);
		assert_int_equal(body_max(chains, path),
		    UINT32_MAX);
	}
	assert_int_equal(body_max(chains, "/ap"), UINT32_MAX);
	assert_int_equal(body_max(chains, "/"), UINT32_MAX);
	xc_chains_free(&chains);
	xc_settings_free(&settings);
}

static void
test_peers(void **state)
{
	static const char *const spoof[] = { "REMOTE_ADDR=192.0.2.66",
		"HTTP_X_FORWARDED_FOR=1.1.1.1",
		"HTTP_X_FORWARDED_PROTO=https", NULL };
	static const char *const good[] = { "REMOTE_ADDR=10.0.0.1",
		"HTTP_X_FORWARDED_FOR=1.1.1.1, 192.0.2.7",
		"HTTP_X_FORWARDED_PROTO=https",
		"HTTP_X_FORWARDED_HOST=evil.test", NULL };
	struct site site;

	(void)state;
	open_site(&site, "\"proxy\":{\"trusted\":[\"10.0.0.0/8\"]}");
	assert_int_equal(ask(&site, "/", spoof, 0), 0);
	assert_string_equal(xc_request_remote(&site.req), "192.0.2.66");
	assert_false(site.passage.https);
	done(&site);
	assert_int_equal(ask(&site, "/", good, 0), 0);
	assert_string_equal(xc_request_remote(&site.req), "192.0.2.7");
	assert_string_equal(xc_request_scheme(&site.req), "https");
	assert_string_equal(xc_request_host(&site.req), "");
	assert_true(site.passage.https);
	done(&site);
	close_site(&site);
}

/* What a record of the request has in the log as it is now; static. */
static const char *
record(struct site *site)
{
	struct xc_log_settings settings = { .sink = XC_LOG_FILE,
		.format = XC_LOG_JSON, .level = XC_LOG_NOTICE };
	struct xc_logger logger = XC_LOGGER("test");
	static char text[1024];
	char path[] = "/tmp/xcore-test-chain.XXXXXX";
	int fd = mkstemp(path);
	ssize_t n;

	assert_true(fd >= 0);
	settings.file = path;
	assert_int_equal(xc_log_open(&settings, NULL), XC_OK);
	xc_logf_request(&logger, XC_LOG_NOTICE, xc_request_id(&site->req),
	    "x");
	xc_log_close();
	n = read(fd, text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	close(fd);
	unlink(path);
	return text;
}

static void
test_traces(void **state)
{
	static const char *const came[] = { "REMOTE_ADDR=192.0.2.1",
		"HTTP_TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-"
		    "b7ad6b7169203331-01", "HTTP_TRACESTATE=a=b", NULL };
	struct site site;

	(void)state;
	open_site(&site, "\"timing\":{}");
	assert_int_equal(ask(&site, "/", came, 0), 0);
	assert_memory_equal(xc_request_traceparent(&site.req),
	    "00-0af7651916cd43dd8448eb211c80319c-", 36);
	assert_string_equal(xc_request_tracestate(&site.req), "a=b");
	assert_non_null(strstr(record(&site), "\"trace_id\":"
	    "\"0af7651916cd43dd8448eb211c80319c\""));
	done(&site);
	assert_int_equal(ask(&site, "/", from_one, 0), 0);
	assert_string_equal(xc_request_traceparent(&site.req), "");
	assert_null(strstr(record(&site), "trace_id"));
	done(&site);
	close_site(&site);
	open_site(&site, "\"request_id\":{\"trace\":\"start\"}");
	assert_int_equal(ask(&site, "/", from_one, 0), 0);
	assert_int_equal(strlen(xc_request_traceparent(&site.req)), 55);
	done(&site);
	close_site(&site);
}

static void
test_preflights(void **state)
{
	static const char *const preflight[] = { "OPTIONS",
		"HTTP_ORIGIN=https://a.test",
		"HTTP_ACCESS_CONTROL_REQUEST_METHOD=PUT", NULL };
	static const char *const plain[] = { "OPTIONS",
		"HTTP_ORIGIN=https://a.test", NULL };
	struct site site;

	(void)state;
	open_site(&site, "\"prefixes\":{\"/a\":{\"cors\":{\"origins\":["
	    "\"https://a.test\"]}}}");
	assert_int_equal(ask(&site, "/a/x", preflight, 0), 204);
	assert_true(site.passage.cors_len > 0);
	done(&site);
	assert_int_equal(ask(&site, "/a/x", plain, 0), 0);
	done(&site);
	assert_int_equal(ask(&site, "/b", preflight, 0), 0);
	assert_int_equal(site.passage.late_len, 0);
	done(&site);
	assert_int_equal(row.parts[XC_PART_CORS].refused, 0);
	close_site(&site);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_traces),
		cmocka_unit_test(test_preflights),
	};

	return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}
