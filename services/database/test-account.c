/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "account.h"

static char path[64];

static struct xc_database_settings
settings_of(const char *secret)
{
	struct xc_database_settings settings = {
		.user = "xcore", .plugin_user = "xcore_plugin",
		.plugin_password_file = path
	};
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(secret, file);
	fclose(file);
	assert_int_equal(chmod(path, 0600), 0);
	return settings;
}

static void
test_names(void **state)
{
	static const struct {
		const char *user;
		const char *plugin;
		enum xc_err err;
		const char *name;
	} cases[] = {
		{ "xcore_plugin", "todo", XC_OK, "xcore_plugin_todo" },
		{ "xcore_plugin", "to-do", XC_OK, "xcore_plugin_to_do" },
		{ "a-b", "c-d", XC_OK, "a-b_c_d" },
		{ "xcore_plugin", NULL, XC_OK, "xcore_plugin__service" },
		{ "", "todo", XC_ERR_INVALID, "" },
		{ "it's", "todo", XC_ERR_INVALID, "" },
		{ "a\\", "todo", XC_ERR_INVALID, "" },
		{ "a`b", "todo", XC_ERR_INVALID, "" },
		{ "xcore_plugin", "", XC_ERR_INVALID, "" },
		{ "xcore_plugin", "to'do", XC_ERR_INVALID, "" },
		{ "xcore_plugin", "Todo", XC_ERR_INVALID, "" },
		/* Not the tools' own. */
		{ "xc", "ore", XC_OK, "xc_ore" },
		{ "x", "core", XC_OK, "x_core" },
	};
	struct xc_database_settings settings = settings_of("x");
	char name[XC_ACCOUNT_NAME_SIZE], user[XC_ACCOUNT_NAME_SIZE];
	struct xc_errbuf errbuf;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		settings.plugin_user = cases[i].user;
		assert_int_equal(xc_account_name(&settings, cases[i].plugin,
		    name, &errbuf), cases[i].err);
		assert_string_equal(name, cases[i].name);
	}
	memset(user, 'u', sizeof(user));
	user[75] = '\0';
	settings.plugin_user = user;
	assert_int_equal(xc_account_name(&settings, "todo", name, &errbuf),
	    XC_OK);
	assert_int_equal(strlen(name), 80);
	assert_int_equal(xc_account_name(&settings, "todos", name, &errbuf),
	    XC_ERR_TOO_LARGE);
	settings.plugin_user = "x";
	settings.user = "x_core";
	assert_int_equal(xc_account_name(&settings, "core", name, &errbuf),
	    XC_ERR_INVALID);
}

static void
test_passwords(void **state)
{
	struct xc_database_settings settings =
	    settings_of("0123456789abcdef\n");
	char first[XC_ACCOUNT_PASSWORD_SIZE];
	char second[XC_ACCOUNT_PASSWORD_SIZE];
	struct xc_errbuf errbuf = { "" };

	(void)state;
	assert_int_equal(xc_account_password(&settings, "xcore_plugin_todo",
	    first, &errbuf), XC_OK);
	/* Every host of a site must come to the same: a known answer. */
	assert_string_equal(first, "Xc1-2b8d1815ce0d2034a452347a69b13d"
	    "891f5dbb0b15b88ea2fafa329ef82d");
	assert_int_equal(xc_account_password(&settings, "xcore_plugin_blog",
	    second, &errbuf), XC_OK);
	assert_int_equal(strlen(second), XC_ACCOUNT_PASSWORD_SIZE - 1);
	assert_string_not_equal(first, second);
	settings = settings_of("0123456789abcdeg");
	assert_int_equal(xc_account_password(&settings, "xcore_plugin_todo",
	    second, &errbuf), XC_OK);
	assert_string_not_equal(first, second);
	/* Nothing is made of no secret, or a short one. */
	settings = settings_of("short");
	assert_int_equal(xc_account_password(&settings, "a", second, &errbuf),
	    XC_ERR_INVALID);
	assert_non_null(strstr(errbuf.text, "at least 16"));
	assert_null(strstr(errbuf.text, "short,"));
	assert_string_equal(second, "");
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(xc_account_password(&settings, "a", second, &errbuf),
	    XC_ERR_DENIED);
	settings.plugin_password_file = "";
	assert_int_equal(xc_account_password(&settings, "a", second, &errbuf),
	    XC_ERR_INVALID);
	assert_non_null(strstr(errbuf.text, "plugin_password_file"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_passwords),
	};
	int fd, status;

	snprintf(path, sizeof(path), "/tmp/xcore-account.XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return 99;
	close(fd);
	status = cmocka_run_group_tests_name("account", tests, NULL, NULL);
	unlink(path);
	return status;
}
