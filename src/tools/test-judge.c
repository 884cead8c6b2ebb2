/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/settings-private.h"

#include "judge.h"

static enum xc_err
read_text(const char *text, struct xc_errbuf *errbuf)
{
	struct xc_settings *settings = xc_settings_new();
	enum xc_err err;

	assert_non_null(settings);
	memset(errbuf->text, 'x', sizeof(errbuf->text) - 1);
	errbuf->text[sizeof(errbuf->text) - 1] = '\0';
	err = xc_settings_read_text(settings, "a.json", text, strlen(text),
	    errbuf);
	xc_settings_free(&settings);
	return err;
}

static void
expect(const char *text, const char *want)
{
	struct xc_errbuf errbuf;

	assert_int_equal(read_text(text, &errbuf), XC_ERR_INVALID);
	assert_string_equal(errbuf.text, want);
}

static void
test_good(void **state)
{
	struct xc_errbuf errbuf;

	(void)state;
	assert_int_equal(read_text("{}", &errbuf), XC_OK);
	assert_int_equal(read_text("# a\n{\"server\": { // b\n\"workers\": 4,\n"
	    "/* c */ }, \"plugins\": {\"a\": {\"b\": [1]},},}", &errbuf),
	    XC_OK);
}

/* The table tells the first fault, and what it knows of it; the schema tells
 * the others. */
static void
test_all_faults(void **state)
{
	(void)state;
	expect("{\"server\": {\"workers\": 5000}}", "a.json:1:13: "
	    "server.workers: 5000 is out of range; from 0 to 1024");
	expect("{\"server\": {\n\"workers\": 5000, // many\n\"worker\": 1,\n"
	    "},\n\"log\": {\"sink\": \"paper\"}}",
	    "a.json:2:1: server.workers: 5000 is out of range; from 0 to 1024"
	    "; a.json:3:11: server.worker: unknown; see xcore.json(5)"
	    "; a.json:5:17: log.sink: is \"paper\", not one of \"stderr\", "
	    "\"file\", \"syslog\"");
	expect("{\"servr\": {}, \"cache\": {\"servers\": 7}}",
	    "a.json:1:2: servr: unknown section; did you mean \"server\"?; "
	    "a.json:1:36: cache.servers: is a number, not an array");
	expect("{\"server\": {\"workers\": x}}", "a.json:1:24: a value "
	    "expected: a string in double quotes, a number, true, false, "
	    "null, [ or {");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_all_faults),
	};

	xc_settings_let_judge(xc_judge);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
