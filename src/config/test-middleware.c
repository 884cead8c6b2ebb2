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

#include "network.h"
#include "settings-private.h"

/* --- addresses ---- */

static void
test_addresses(void **state)
{
	static const struct {
		const char *text;
		bool port;
		const char *want;	/* NULL: it is none */
	} cases[] = {
		{ "192.0.2.1", false, "192.0.2.1" },
		{ "192.0.2.1:80", true, "192.0.2.1" },
		{ "192.0.2.1:80", false, NULL },
		{ "192.0.2.1:", true, NULL },
		{ "192.0.2.1:abc", true, NULL },
		{ "192.0.2.01", false, NULL },
		{ "192.0.2", false, NULL },
		{ "192.0.2.256", false, NULL },
		{ "0x7f.1", false, NULL },
		{ " 192.0.2.1", false, NULL },
		{ "2001:DB8::1", false, "2001:db8::1" },
		{ "[2001:db8::1]", false, "2001:db8::1" },
		{ "[2001:db8::1]:443", true, "2001:db8::1" },
		{ "[2001:db8::1]:443", false, NULL },
		{ "[2001:db8::1", true, NULL },
		{ "[2001:db8::1]443", true, NULL },
		{ "[192.0.2.1]", true, NULL },
		{ "::ffff:192.0.2.1", false, "192.0.2.1" },
		{ "fe80::1%eth0", false, NULL },
		{ ":::", false, NULL },
		{ "::", false, "::" },
		{ "", false, NULL },
		{ "unknown", true, NULL },
		{ "_hidden", true, NULL },
	};
	struct xc_address address;
	char text[XC_ADDRESS_TEXT], many[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool ok = xc_address_read(cases[i].text,
		    strlen(cases[i].text), cases[i].port, &address);

		if (ok != (cases[i].want != NULL))
			fail_msg("%s", cases[i].text);
		if (!ok)
			continue;
		xc_address_text(&address, text);
		assert_string_equal(text, cases[i].want);
	}
	assert_false(xc_address_read("1.2.3.4\0x", 9, false, &address));
	memset(many, '1', sizeof(many));
	assert_false(xc_address_read(many, sizeof(many), true, &address));
}

static void
test_networks(void **state)
{
	static const struct {
		const char *network, *address;
		bool has;
	} cases[] = {
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "2001:db8::1", true },
		{ "::/0", "192.0.2.1", true },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "10.0.0.0/9", "10.127.255.255", true },
		{ "10.0.0.0/9", "10.128.0.0", false },
		{ "::ffff:192.0.2.0/120", "192.0.2.7", true },
		{ "192.0.2.0/24", "::ffff:192.0.2.7", true },
		{ "unix", "192.0.2.1", false },
	};
	static const char *const bad[] = { "", "/", "192.0.2.1/24",
		"192.0.2.0/33", "2001:db8::/129", "2001:db8::1/64", "10/8",
		"192.0.2.0/", "192.0.2.0/024", "192.0.2.0/-1", "192.0.2.0/2 ",
		"Unix", "example.org", "192.0.2.0/24/8" };
	struct xc_network network;
	struct xc_address address;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(xc_network_read(cases[i].network, &network));
		assert_true(xc_address_read(cases[i].address,
		    strlen(cases[i].address), false, &address));
		if (xc_network_has(&network, &address) != cases[i].has)
			fail_msg("%s %s", cases[i].network,
			    cases[i].address);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (xc_network_read(bad[i], &network))
			fail_msg("%s", bad[i]);
}

/* --- the section ---- */

/* What is put together of the section with that inside; NULL: errbuf says
 * why not.  *settings_r is the caller's to free in any case. */
static struct xc_middleware *
read_section(const char *inside, struct xc_settings **settings_r,
    struct xc_errbuf *errbuf)
{
	struct xc_middleware *middleware = NULL;
	char text[2048];

	snprintf(text, sizeof(text), "{\"middleware\": {%s}}", inside);
	*settings_r = xc_settings_new();
	assert_non_null(*settings_r);
	errbuf->text[0] = '\0';
	if (xc_settings_read_text(*settings_r, "x.json", text, strlen(text),
	    errbuf) == XC_OK)
		(void)xc_middleware_read(&(*settings_r)->middleware,
		    &middleware, errbuf);
	return middleware;
}

static const struct xc_chain_settings *
chain_of(const struct xc_middleware *middleware, const char *prefix)
{
	size_t i;

	for (i = 0; i < middleware->n_chains; i++)
		if (strcmp(middleware->chains[i].prefix, prefix) == 0)
			return &middleware->chains[i];
	fail_msg("no %s", prefix);
	return NULL;
}

static void
test_defaults(void **state)
{
	struct xc_settings *settings;
	struct xc_errbuf errbuf;
	struct xc_middleware *m = read_section("", &settings, &errbuf);
	const struct xc_chain_settings *base;

	(void)state;
	assert_non_null(m);
	assert_int_equal(m->n_order, XC_PART__MAX);
	base = chain_of(m, "");
	assert_null(m->proxy.trusted);
	assert_string_equal(m->request_id.trace, "follow");
	assert_string_equal(base->log.level, "off");
	assert_false(base->timing.header);
	assert_null(base->cors.origins);
	assert_int_equal(json_object_array_length(base->cors.methods), 6);
	assert_true(base->headers.nosniff);
	assert_int_equal(base->n_rates, 0);
	assert_int_equal(chain_of(m, "/auth/login")->n_rates, 1);
	assert_string_equal(chain_of(m, "/auth/otp")->rates[0].by, "address");
	assert_string_equal(chain_of(m, "/user/register")->rates[0].name,
	    "address");
	assert_int_equal(base->body.max, 0);
	assert_int_equal(chain_of(m, "/auth")->body.max, 65536);
	assert_int_equal(chain_of(m, "/auth/login")->body.max, 65536);
	assert_int_equal(chain_of(m, "/user/register")->body.max, 65536);
	xc_middleware_free(&m);
	xc_settings_free(&settings);
}

static void
test_prefixes(void **state)
{
	struct xc_settings *settings;
	struct xc_errbuf errbuf;
	struct xc_middleware *m = read_section(
	    "\"body\": {\"max\": 1000}, \"cors\": {\"origins\": [\"https://a.b\""
	    "], \"max_age_s\": 5}, \"prefixes\": {"
	    "\"/app/todo/lists\": {\"body\": {\"max\": 9}},"
	    "\"/app\": {\"cors\": {\"max_age_s\": 7}},"
	    "\"/app/todo\": {\"rate\": [{\"by\": \"user\", \"limit\": 3}]},"
	    "\"/auth/login\": {\"log\": {\"level\": \"info\"}},"
	    "\"/auth/refresh\": {\"rate\": []},"
	    "\"/app/none\": {\"plugins\": []},"
	    "\"/app/none/one\": {\"plugins\": [\"gate:look\", \"log\"]},"
	    "\"/app/to\": {\"timing\": {\"header\": true}}}",
	    &settings, &errbuf);
	const struct xc_chain_settings *lists;

	(void)state;
	if (m == NULL)
		fail_msg("%s", errbuf.text);
	lists = chain_of(m, "/app/todo/lists");
	assert_int_equal(lists->body.max, 9);
	assert_int_equal(lists->cors.max_age_s, 7);
	assert_int_equal(json_object_array_length(lists->cors.origins), 1);
	assert_int_equal(lists->n_rates, 1);
	assert_int_equal(lists->rates[0].limit, 3);
	assert_int_equal(lists->rates[0].window_s, 60);
	assert_false(lists->timing.header);
	assert_true(chain_of(m, "/app/to")->timing.header);
	assert_int_equal(chain_of(m, "/app/todo")->body.max, 1000);
	/* What is not said of a built-in one stays. */
	assert_int_equal(chain_of(m, "/auth/login")->n_rates, 1);
	assert_string_equal(chain_of(m, "/auth/login")->log.level, "info");
	assert_int_equal(chain_of(m, "/auth/refresh")->n_rates, 0);
	assert_int_equal(json_object_array_length(
	    chain_of(m, "/app/none")->plugins), 0);
	assert_int_equal(json_object_array_length(
	    chain_of(m, "/app/none/one")->plugins), 2);
	assert_int_equal(json_object_array_length(
	    chain_of(m, "/app/todo")->plugins), 1);
	xc_middleware_free(&m);
	xc_settings_free(&settings);
}

static const struct {
	const char *inside, *want;
} faults[] = {
	{ "\"chian\": []", "did you mean \"middleware.chain\"?" },
	{ "\"chain\": [\"auth\", \"raet\"]", "did you mean \"rate\"?" },
	{ "\"chain\": [\"cors\"]", "\"auth\" must stand in it" },
	{ "\"chain\": [\"auth\", \"auth\"]", "stands in it twice" },
	{ "\"chain\": [\"rate\", \"proxy\", \"auth\"]",
	    "\"proxy\" must stand before \"rate\"" },
	{ "\"chain\": [\"auth\", \"cors\"]",
	    "\"cors\" must stand before \"auth\"" },
	{ "\"proxy\": {\"trusetd\": []}", "middleware.proxy: unknown key "
	    "\"trusetd\"; did you mean \"trusted\"?" },
	{ "\"proxy\": {\"trusted\": [\"10.0.0.1/8\"]}",
	    "\"10.0.0.1/8\" is neither" },
	{ "\"proxy\": {\"header\": \"via\"}", "\"via\" is not one of" },
	{ "\"request_id\": {\"header\": \"X Y\"}", "no name of a header" },
	{ "\"body\": {\"max\": -1}", "middleware.body: max: -1 is out" },
	{ "\"cors\": {\"origins\": [\"*\"], \"credentials\": true}",
	    "would let each page of the world" },
	{ "\"cors\": {\"origins\": [\"https://a.b/\"]}", "is no origin" },
	{ "\"cors\": {\"origins\": [\"null\"]}", "is no origin" },
	{ "\"cors\": {\"origins\": [\"HTTPS://a.b\"]}", "is no origin" },
	{ "\"cors\": {\"headers\": [\"A: b\"]}", "is no name" },
	{ "\"headers\": {\"more\": {\"X\": \"a\\r\\nSet-Cookie: b\"}}",
	    "control character" },
	{ "\"headers\": {\"more\": {\"Content-Length\": \"1\"}}",
	    "no name of a header that may be set" },
	{ "\"headers\": {\"referrer_policy\": \"a\\nb\"}",
	    "cannot be the value" },
	{ "\"rate\": [{\"limit\": 1}, {\"limt\": 2}]", "limit 2: unknown key "
	    "\"limt\"; did you mean \"limit\"?" },
	{ "\"rate\": [{}, {}]", "two limits of the name \"address\"" },
	{ "\"rate\": [{\"name\": \"a b\"}]", "rate: name:" },
	{ "\"plugins\": [\"Gate\"]", "\"Gate\" is neither the name" },
	{ "\"plugins\": [\"gate:\"]", "\"gate:\" is neither the name" },
	{ "\"plugins\": [\"gate:look at\"]", "is neither the name" },
	{ "\"prefixes\": {\"/a\": {\"plugins\": [\"\"]}}", "plugins: item 1" },
	{ "\"prefixes\": {\"/a\": {\"plugins\": [\"a.b\"]}}", "is neither" },
	{ "\"prefixes\": {\"/a\": {\"plugin\": []}}",
	    "did you mean \"plugins\"?" },
	{ "\"prefixes\": {\"/a\": {\"raet\": []}}", "/a: unknown part "
	    "\"raet\"; did you mean \"rate\"?" },
	{ "\"prefixes\": {\"/a\": {\"proxy\": {}}}", "unknown part" },
	{ "\"prefixes\": {\"/a/\": {}}", "no prefix" },
	{ "\"prefixes\": {\"/a/../b\": {}}", "no prefix" },
	{ "\"prefixes\": {\"a\": {}}", "does not begin with '/'" },
	{ "\"prefixes\": {\"/a\": {\"cors\": {\"origins\": [\"x\"]}}}",
	    "middleware.prefixes: /a: cors: origins" },
};

static void
test_faults(void **state)
{
	struct xc_settings *settings;
	struct xc_middleware *m;
	struct xc_errbuf errbuf;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		m = read_section(faults[i].inside, &settings, &errbuf);
		if (m != NULL || strstr(errbuf.text, faults[i].want) == NULL)
			fail_msg("%s: \"%s\"", faults[i].inside, errbuf.text);
		xc_settings_free(&settings);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests_name("middleware", tests, NULL, NULL);
}
