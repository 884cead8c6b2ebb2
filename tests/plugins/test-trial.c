/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "plugin/validate.h"
#include "support.h"

/* Long enough for a slow machine; short for what hangs on purpose. */
#define LONG_MS 60000
#define SHORT_MS 1500

static enum xc_err
try_fault(const char *variant, const char *fault, int64_t timeout_ms,
    struct xc_errbuf *why)
{
	struct json_object *config = NULL;
	enum xc_err err;

	if (fault != NULL) {
		config = json_object_new_object();
		row_set(config, "fault", fault);
	}
	why->text[0] = '\0';
	err = xc_trial_run(trial_program(), made_plugin(variant), config,
	    timeout_ms, why);
	json_object_put(config);
	return err;
}

static void
test_good(void **state)
{
	struct xc_errbuf why;

	(void)state;
	assert_int_equal(try_fault("misbehave", NULL, LONG_MS, &why), XC_OK);
	assert_string_equal(why.text, "");
	assert_int_equal(try_fault("misbehave", "worker", LONG_MS, &why),
	    XC_OK);
	assert_string_equal(why.text, "");
}

static void
expect(const char *variant, const char *fault, int64_t timeout_ms,
    const char *says)
{
	struct xc_errbuf why;

	assert_int_equal(try_fault(variant, fault, timeout_ms, &why),
	    XC_ERR_INVALID);
	if (strncmp(why.text, says, strlen(says)) != 0)
		fail_msg("%s: %s", fault, why.text);
}

static void
test_faults(void **state)
{
	(void)state;
	expect("misbehave", "start-fails", LONG_MS,
	    "its start() returned \"not available\"");
	expect("misbehave", "start-exits", LONG_MS,
	    "exited with 3 during start()");
	expect("misbehave", "start-exits-0", LONG_MS,
	    "exited with 0 during start()");
	expect("misbehave", "warm-fails", LONG_MS, "its warm() returned");
	expect("misbehave", "start-hangs", SHORT_MS,
	    "hung: still in start() after 1500 ms");
	expect("misbehave", "stop-hangs", SHORT_MS,
	    "hung: still in stop() after 1500 ms");
	expect("misbehave", "start-chatters", LONG_MS,
	    "its start() returned");
}

static void
test_words(void **state)
{
	struct xc_errbuf why;

	(void)state;
	try_fault("misbehave", "start-chatters", LONG_MS, &why);
	assert_non_null(strstr(why.text, "its last words: about to fail"));
}

/* A sanitizer takes SIGSEGV and exits; both are told. */
static void
expect_crash(const char *variant, const char *fault, const char *stage)
{
	struct xc_errbuf why;
	char died[64], exited[64];

	assert_int_equal(try_fault(variant, fault, LONG_MS, &why),
	    XC_ERR_INVALID);
	snprintf(died, sizeof(died), "died by SIGSEGV during %s", stage);
	snprintf(exited, sizeof(exited), "during %s", stage);
	if (strncmp(why.text, died, strlen(died)) != 0 &&
	    strstr(why.text, exited) == NULL)
		fail_msg("%s", why.text);
}

static void
test_crashes(void **state)
{
	(void)state;
	expect_crash("misbehave", "start-crashes", "start()");
	expect_crash("misbehave", "warm-crashes", "warm()");
	expect_crash("misbehave", "stop-crashes", "stop()");
	expect_crash("constructor-crashes", NULL, "load");
}

static void
test_constructor(void **state)
{
	(void)state;
	expect("constructor-exits", NULL, LONG_MS,
	    "exited with 0 during load");
	expect("constructor-hangs", NULL, SHORT_MS,
	    "hung: still in load after 1500 ms");
}

static void
test_left_behind(void **state)
{
	struct xc_errbuf why;

	(void)state;
	assert_int_equal(try_fault("misbehave", "thread", LONG_MS, &why),
	    XC_OK);
	assert_non_null(strstr(why.text, "leaves 1 threads"));
	assert_int_equal(try_fault("misbehave", "key", LONG_MS, &why), XC_OK);
	assert_non_null(strstr(why.text, "1 pthread keys"));
}

static void
test_contract(void **state)
{
	(void)state;
	expect("extra-handler", NULL, LONG_MS,
	    "handler \"nobody_asked_for_this\" has no operation");
}

/* Runs a trial of a copy in which one file is another. */
static void
expect_changed(const char *name, const char *find, const char *put,
    const char *says)
{
	char folder[256], path[600], text[8192], *at;
	struct xc_errbuf why = { "" };
	unsigned char *data;
	size_t len;

	copy_plugin(made_plugin("misbehave"),
	    new_folder(folder, sizeof(folder)));
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	data = slurp(path, &len);
	at = strstr((char *)data, find);
	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - (char *)data),
	    (char *)data, put, at + strlen(find));
	spill(path, text, strlen(text));
	free(data);
	assert_int_equal(xc_trial_run(trial_program(), folder, NULL, LONG_MS,
	    &why), XC_ERR_INVALID);
	if (strstr(why.text, says) == NULL)
		fail_msg("%s", why.text);
	remove_tree(folder);
}

static void
test_missing_handler(void **state)
{
	(void)state;
	expect_changed("openapi.json", "\"boom\"", "\"bang\"",
	    "operation \"bang\" has no handler");
}

static void
test_bad_config(void **state)
{
	struct xc_errbuf why;

	(void)state;
	assert_int_equal(try_fault("misbehave", "unheard-of", LONG_MS, &why),
	    XC_ERR_INVALID);
	assert_non_null(strstr(why.text, "/fault: is \""));
}

static void
test_no_program(void **state)
{
	struct xc_errbuf why = { "" };

	(void)state;
	assert_int_equal(xc_trial_run("/nonexistent/xcore-trial",
	    made_plugin("misbehave"), NULL, LONG_MS, &why), XC_ERR_IO);
	assert_non_null(strstr(why.text, "cannot be run"));
	assert_int_equal(xc_trial_run(trial_program(), "/nonexistent", NULL,
	    LONG_MS, &why), XC_ERR_INVALID);
	/* Nothing is left to wait for. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_crashes),
		cmocka_unit_test(test_constructor),
		cmocka_unit_test(test_left_behind),
		cmocka_unit_test(test_contract),
		cmocka_unit_test(test_missing_handler),
		cmocka_unit_test(test_bad_config),
		cmocka_unit_test(test_no_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
