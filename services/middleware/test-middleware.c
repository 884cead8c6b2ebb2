/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "services/cache/cache.h"
#include "services/middleware/cors.h"
#include "services/middleware/forwarded.h"
#include "services/middleware/lines.h"
#include "services/middleware/rate.h"
#include "services/middleware/trace.h"

/* --- proxies ---- */

static struct xc_network trusted[3];
static struct xc_proxies proxies = { .trusted = trusted, .n = 3,
	.hops_max = 4 };

static const struct {
	enum xc_forwarded_by by;
	const char *peer, *hops, *protos;
	const char *want;	/* address; NULL: nothing is taken */
	const char *scheme;
} hop_cases[] = {
#define FOR XC_BY_FORWARDED_FOR
#define FWD XC_BY_FORWARDED
#define REAL XC_BY_REAL_IP
	{ FOR, "10.0.0.1", "192.0.2.7", NULL, "192.0.2.7", "" },
	/* What the client wrote itself stands left. */
	{ FOR, "10.0.0.1", "1.1.1.1, 192.0.2.7", NULL, "192.0.2.7", "" },
	{ FOR, "10.0.0.1", "1.1.1.1, 192.0.2.7, 10.0.0.9", "https",
	    "192.0.2.7", "https" },
	{ FOR, "10.0.0.1", "1.1.1.1,\t192.0.2.7:4711 ,10.0.0.9", NULL,
	    "192.0.2.7", "" },
	{ FOR, "10.0.0.1", "[2001:db8::7]:80", NULL, "2001:db8::7", "" },
	{ FOR, "10.0.0.1", "::ffff:192.0.2.7", NULL, "192.0.2.7", "" },
	{ FOR, "::ffff:10.0.0.1", "192.0.2.7", NULL, "192.0.2.7", "" },
	{ FOR, "unix:", "192.0.2.7", NULL, "192.0.2.7", "" },
	{ FOR, "192.0.2.66", "1.1.1.1", "https", NULL, "" },
	{ FOR, "", "192.0.2.7", NULL, "192.0.2.7", "" },
	{ FOR, "unix:/x", "1.1.1.1", NULL, NULL, "" },
	/* All are ours: the leftmost asks. */
	{ FOR, "10.0.0.1", "10.0.0.3, 10.0.0.2", NULL, "10.0.0.3", "" },
	/* No address ends the list. */
	{ FOR, "10.0.0.1", "1.1.1.1, unknown, 10.0.0.2", NULL, "10.0.0.2",
	    "" },
	{ FOR, "10.0.0.1", "1.1.1.1, ", NULL, "", "" },
	{ FOR, "10.0.0.1", "1.1.1.1,", NULL, "", "" },
	{ FOR, "10.0.0.1", "", NULL, "", "" },
	{ FOR, "10.0.0.1", NULL, "https", "", "https" },
	{ FOR, "10.0.0.1", "<script>", NULL, "", "" },
	{ FOR, "10.0.0.1", "192.0.2.7 1.1.1.1", NULL, "", "" },
	/* More than hops_max of ours: no further. */
	{ FOR, "10.0.0.1", "1.1.1.1,10.0.0.5,10.0.0.4,10.0.0.3,10.0.0.2",
	    NULL, "10.0.0.5", "" },
	{ FOR, "10.0.0.1", "1.1.1.1, 192.0.2.7", "http, https", "192.0.2.7",
	    "https" },
	{ FOR, "10.0.0.1", "192.0.2.7, 10.0.0.2", "https, http",
	    "192.0.2.7", "https" },
	{ FOR, "10.0.0.1", "192.0.2.7", "javascript", "192.0.2.7", "" },
	{ FWD, "10.0.0.1", "for=192.0.2.7", NULL, "192.0.2.7", "" },
	{ FWD, "10.0.0.1", "For=\"[2001:db8::7]:80\";Proto=HTTPS", NULL,
	    "2001:db8::7", "https" },
	{ FWD, "10.0.0.1", "for=1.1.1.1;proto=https, "
	    "for=192.0.2.7;proto=http;by=10.0.0.9, for=10.0.0.9", NULL,
	    "192.0.2.7", "http" },
	{ FWD, "10.0.0.1", "for=\"1.1.1.1, for=192.0.2.66\", for=192.0.2.7",
	    NULL, "192.0.2.7", "" },
	/* A quote that does not end makes all of it unknowable. */
	{ FWD, "10.0.0.1", "for=\"1.1.1.1, for=192.0.2.7", NULL, "", "" },
	{ FWD, "10.0.0.1", "for=192.0.2.7;for=1.1.1.1", NULL, "", "" },
	{ FWD, "10.0.0.1", "for=_hidden, for=10.0.0.2", NULL, "10.0.0.2",
	    "" },
	{ FWD, "10.0.0.1", "for = 192.0.2.7", NULL, "", "" },
	{ FWD, "10.0.0.1", "for", NULL, "", "" },
	{ FWD, "10.0.0.1", "for=\"192.0.2.7\\", NULL, "", "" },
	{ REAL, "10.0.0.1", "192.0.2.7", NULL, "192.0.2.7", "" },
	{ REAL, "10.0.0.1", "1.1.1.1, 192.0.2.7", NULL, "", "" },
};

static void
test_hops(void **state)
{
	struct xc_forwarded_in in;
	struct xc_forwarded out;
	size_t i;

	(void)state;
	assert_true(xc_network_read("10.0.0.0/8", &trusted[0]));
	assert_true(xc_network_read("unix", &trusted[1]));
	assert_true(xc_network_read("2001:db8:1::/48", &trusted[2]));
	for (i = 0; i < sizeof(hop_cases) / sizeof(hop_cases[0]); i++) {
		proxies.by = hop_cases[i].by;
		in = (struct xc_forwarded_in){ .peer = hop_cases[i].peer,
			.hops = hop_cases[i].hops,
			.protos = hop_cases[i].protos };
		if (!xc_forwarded_read(&proxies, &in, &out)) {
			if (hop_cases[i].want != NULL)
				fail_msg("%zu: not taken", i);
			continue;
		}
		if (hop_cases[i].want == NULL ||
		    strcmp(out.address, hop_cases[i].want) != 0 ||
		    strcmp(out.scheme, hop_cases[i].scheme) != 0)
			fail_msg("%zu \"%s\": \"%s\" \"%s\"", i,
			    hop_cases[i].hops, out.address, out.scheme);
	}
}

/* A list of 10,000 costs no more than its last part, and does not overflow. */
static void
test_flood(void **state)
{
	enum { N = 10000 };
	char *list = calloc(N, 16);
	struct xc_forwarded_in in = { .peer = "10.0.0.1" };
	struct xc_forwarded out;
	size_t len = 0, i;

	(void)state;
	assert_non_null(list);
	for (i = 0; i < N; i++)
		len += (size_t)sprintf(list + len, "%s10.1.%zu.%zu",
		    i > 0 ? "," : "", i / 256, i % 256);
	in.hops = list;
	proxies.by = XC_BY_FORWARDED_FOR;
	assert_true(xc_forwarded_read(&proxies, &in, &out));
	assert_string_equal(out.address, "10.1.39.12");
	proxies.by = XC_BY_FORWARDED;
	assert_true(xc_forwarded_read(&proxies, &in, &out));
	assert_false(out.known);
	free(list);
}

/* --- traces ---- */

static const struct {
	const char *parent;
	bool good;
} parents[] = {
#define IDS "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"
	{ "00-" IDS "-01", true },
	{ "00-" IDS "-00", true },
	{ "00-" IDS "-ff", true },
	{ "cc-" IDS "-01", true },
	{ "cc-" IDS "-01-what-comes-later", true },
	{ "cc-" IDS "-01.what", false },
	{ "00-" IDS "-01-more", false },
	{ "ff-" IDS "-01", false },
	{ "00-" IDS "-0", false },
	{ "00-" IDS "-01 ", false },
	{ " 00-" IDS "-01", false },
	{ "00-" IDS "-0G", false },
	{ "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false },
	{ "00-00000000000000000000000000000000-b7ad6b7169203331-01", false },
	{ "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false },
	{ "00-" IDS "-01, 00-" IDS "-01", false },
	{ "0-" IDS "-01", false },
	{ "", false },
	{ "\r\nSet-Cookie: a=b", false },
};

static void
test_traces(void **state)
{
	struct xc_trace_seed seed = { { 3, 4 } };
	char child[XC_TRACEPARENT], other[XC_TRACEPARENT], many[600];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(parents) / sizeof(parents[0]); i++) {
		bool good = xc_trace_child(parents[i].parent, &seed, child);

		if (good != parents[i].good)
			fail_msg("%s", parents[i].parent);
		if (!good)
			continue;
		assert_int_equal(strlen(child), XC_TRACEPARENT - 1);
		assert_memory_equal(child, "00-", 3);
		assert_memory_equal(child + 3, parents[i].parent + 3, 33);
		assert_memory_not_equal(child + 36, parents[i].parent + 36,
		    16);
	}
	assert_true(xc_trace_child("00-" IDS "-ff", &seed, child));
	assert_string_equal(child + 53, "03");
	xc_trace_start(&seed, child);
	xc_trace_start(&seed, other);
	assert_string_not_equal(child, other);
	assert_true(xc_trace_child(child, &seed, other));
	assert_true(xc_trace_state_ok("rojo=00f067aa0ba902b7,congo=t61"));
	assert_false(xc_trace_state_ok(""));
	assert_false(xc_trace_state_ok("a"));
	assert_false(xc_trace_state_ok("a=b\tc"));
	memset(many, ',', sizeof(many));
	many[0] = '=';
	many[40] = '\0';
	assert_false(xc_trace_state_ok(many));
	memset(many, '=', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	assert_false(xc_trace_state_ok(many));
}

/* --- other origins ---- */

static struct json_object *
list_of(const char *json)
{
	struct json_object *list = json_tokener_parse(json);

	assert_non_null(list);
	return list;
}

static const struct {
	const char *origin;
	bool good;
} origins[] = {
	{ "https://app.example.org", true },
	{ "https://app.example.org:8443", false },
	{ "http://app.example.org", false },
	{ "https://app.example.org.evil.test", false },
	{ "https://evil.test/https://app.example.org", false },
	{ "https://APP.example.org", false },
	{ "https://a.b.example.net", true },
	{ "https://example.net", false },
	{ "https://.example.net", false },
	{ "https://evil.test#.example.net", false },
	{ "https://evil.test/.example.net", false },
	{ "https://evil.test\r\nX: .example.net", false },
	{ "https://user@x.example.net", false },
	{ "https://evilexample.net", false },
	{ "null", false },
	{ "", false },
	{ "*", false },
};

static void
test_origins(void **state)
{
	struct xc_cors_settings settings = { .credentials = true,
		.max_age_s = 5 };
	char lines[XC_CORS_LINES + 1];
	struct xc_cors *cors;
	size_t i;

	(void)state;
	assert_int_equal(xc_cors_make(&settings, &cors), XC_OK);
	assert_null(cors);
	settings.origins = list_of("[\"https://app.example.org\","
	    "\"https://*.example.net\"]");
	settings.methods = list_of("[\"GET\",\"PUT\"]");
	assert_int_equal(xc_cors_make(&settings, &cors), XC_OK);
	for (i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
		lines[xc_cors_lines(cors, origins[i].origin, false,
		    lines)] = '\0';
		if ((strstr(lines, "Allow-Origin") != NULL) !=
		    origins[i].good)
			fail_msg("%s: %s", origins[i].origin, lines);
		assert_memory_equal(lines, "Vary: Origin\r\n", 14);
		assert_null(strchr(lines, '*'));
	}
	lines[xc_cors_lines(cors, "https://app.example.org", true,
	    lines)] = '\0';
	assert_string_equal(lines, "Vary: Origin\r\n"
	    "Vary: Access-Control-Request-Method, "
	    "Access-Control-Request-Headers\r\n"
	    "Access-Control-Allow-Origin: https://app.example.org\r\n"
	    "Access-Control-Allow-Methods: GET, PUT\r\n"
	    "Access-Control-Allow-Credentials: true\r\n"
	    "Access-Control-Max-Age: 5\r\n");
	xc_cors_free(&cors);
	json_object_put(settings.origins);
	settings.origins = list_of("[\"*\"]");
	settings.credentials = false;
	assert_int_equal(xc_cors_make(&settings, &cors), XC_OK);
	lines[xc_cors_lines(cors, "https://x.test", false, lines)] = '\0';
	assert_string_equal(lines, "Access-Control-Allow-Origin: *\r\n");
	xc_cors_free(&cors);
	json_object_put(settings.origins);
	json_object_put(settings.methods);
}

/* --- headers ---- */

static void
test_lines(void **state)
{
	struct xc_headers_settings settings = { .nosniff = true,
		.referrer_policy = "no-referrer",
		.strict_transport_security = "max-age=1",
		.opener_policy = "", .resource_policy = "same-origin",
		.content_security_policy = "default-src 'none'",
		.html_security_policy = "base-uri 'self'" };
	static const char own[] = "X-Other: a\r\nreferrer-policy: origin\r\n"
	    "Content-Security-Policyx: b\r\n";
	struct xc_lines lines;

	(void)state;
	settings.more = list_of("{\"X-Robots-Tag\":\"none\"}");
	assert_int_equal(xc_lines_make(&settings, "X-Id", &lines), XC_OK);
	assert_string_equal(lines.id_name, "X-Id: ");
	assert_memory_equal(lines.joined[0][0].text,
	    "X-Content-Type-Options: nosniff\r\n"
	    "Referrer-Policy: no-referrer\r\n"
	    "Cross-Origin-Resource-Policy: same-origin\r\n"
	    "Content-Security-Policy: default-src 'none'\r\n"
	    "X-Robots-Tag: none\r\n", lines.joined[0][0].len);
	assert_non_null(memmem(lines.joined[1][1].text,
	    lines.joined[1][1].len, "base-uri", 8));
	assert_non_null(memmem(lines.joined[1][1].text,
	    lines.joined[1][1].len, "max-age=1", 9));
	assert_null(memmem(lines.joined[1][1].text, lines.joined[1][1].len,
	    "default-src", 11));
	assert_int_equal(xc_lines_taken(&lines, own, sizeof(own) - 1), 2);
	assert_int_equal(xc_lines_taken(&lines, "", 0), 0);
	xc_lines_free(&lines);
	assert_int_equal(xc_lines_make(NULL, "", &lines), XC_OK);
	assert_int_equal(lines.joined[1][0].len, 0);
	assert_int_equal(lines.id_len, 0);
	xc_lines_free(&lines);
	json_object_put(settings.more);
}

/* --- limits ---- */

static const struct xc_rate_settings ten = { .name = "ten", .by = "address",
	.header = "X", .limit = 10, .window_s = 60, .kind = "sliding" };
static const struct xc_rate_settings two = { .name = "two", .by = "address",
	.header = "X", .limit = 2, .window_s = 60, .kind = "fixed" };

/* How many of n are let through at a time. */
static unsigned
count(struct xc_rates *rates, const struct xc_limit *limit,
    const struct xc_host *host, const char *who, uint64_t now_ms, unsigned n)
{
	struct xc_rate_verdict verdict;
	unsigned through = 0;

	while (n-- > 0) {
		xc_rate_count(rates, limit, host, who, now_ms, &verdict);
		through += !verdict.refused;
		assert_true(verdict.reset_s >= 1 && verdict.reset_s <= 60);
		assert_true(verdict.left >= 0 &&
		    verdict.left < limit->settings->limit);
		assert_true(verdict.local == (host->cache == NULL ||
		    host->cache_ctx == NULL) || host->cache_ctx != NULL);
	}
	return through;
}

static void
try_windows(const struct xc_host *host)
{
	struct xc_rates *rates = xc_rates_create();
	struct xc_limit limit, fixed;
	const uint64_t t = 60000 * 1000;

	assert_non_null(rates);
	xc_limit_make(&ten, "/a", &limit);
	xc_limit_make(&two, "/a", &fixed);
	assert_int_equal(count(rates, &limit, host, "one", t, 20), 10);
	assert_int_equal(count(rates, &limit, host, "two", t, 5), 5);
	/* Just behind the window the one before counts whole, nearly. */
	assert_int_equal(count(rates, &limit, host, "two", t + 60000, 10), 5);
	/* A quarter on, 5 of those before are 3 left. */
	assert_int_equal(count(rates, &limit, host, "new", t, 5), 5);
	assert_int_equal(count(rates, &limit, host, "new", t + 75000, 12), 7);
	/* Two windows on all is forgotten. */
	assert_int_equal(count(rates, &limit, host, "one", t + 120000, 20),
	    10);
	assert_int_equal(count(rates, &fixed, host, "one", t, 5), 2);
	assert_int_equal(count(rates, &fixed, host, "one", t + 60000, 5), 2);
	xc_rates_free(&rates);
	assert_null(rates);
}

static void
test_rates(void **state)
{
	struct xc_host host = { .cache = NULL };
	struct xc_cache cache;
	char who[XC_RATE_WHO];

	(void)state;
	try_windows(&host);
	assert_int_equal(xc_cache_fake(&cache), XC_OK);
	host.cache = cache.ops;
	host.cache_ctx = cache.ctx;
	try_windows(&host);
	xc_cache_close(&cache);
	/* Memcached does not answer: each counts for itself. */
	assert_int_equal(xc_cache_failing(XC_ERR_UNAVAILABLE, 0, &cache),
	    XC_OK);
	host.cache = cache.ops;
	host.cache_ctx = cache.ctx;
	try_windows(&host);
	xc_cache_close(&cache);
	xc_rate_address("2001:db8:1:2:3:4:5:6", who);
	assert_string_equal(who, "2001:db8:1:2::");
	xc_rate_address("192.0.2.1", who);
	assert_string_equal(who, "192.0.2.1");
	xc_rate_address("unix:", who);
	assert_string_equal(who, "unix:");
}

static void
test_rate_lines(void **state)
{
	struct xc_limit limits[2];
	struct xc_rate_verdict verdicts[2] = { { .left = 9, .reset_s = 60 },
		{ .refused = true, .reset_s = 7 } };
	char lines[256];

	(void)state;
	xc_limit_make(&ten, "", &limits[0]);
	xc_limit_make(&two, "", &limits[1]);
	assert_true(xc_rate_lines(limits, verdicts, 2, lines,
	    sizeof(lines)) > 0);
	assert_string_equal(lines,
	    "RateLimit-Policy: \"ten\";q=10;w=60, \"two\";q=2;w=60\r\n"
	    "RateLimit: \"ten\";r=9;t=60, \"two\";r=0;t=7\r\n");
	assert_int_equal(xc_rate_lines(limits, verdicts, 2, lines, 60), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hops),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_traces),
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_rate_lines),
	};

	return cmocka_run_group_tests_name("middleware parts", tests, NULL,
	    NULL);
}
