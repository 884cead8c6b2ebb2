/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plugin/migrate-split.h"

/* The statements of text, joined by '|'. */
static void
assert_split(const char *text, const char *wanted)
{
	struct xc_sql_statement *rows;
	struct xc_errbuf errbuf = { "" };
	char joined[1024] = "";
	size_t n;

	assert_int_equal(xc_sql_split(text, strlen(text), &rows, &n,
	    &errbuf), XC_OK);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			strcat(joined, "|");
		strncat(joined, rows[i].text, rows[i].len);
	}
	free(rows);
	assert_string_equal(joined, wanted);
}

static void
assert_refused(const char *text, const char *why)
{
	struct xc_sql_statement *rows;
	struct xc_errbuf errbuf = { "" };
	size_t n;

	assert_int_equal(xc_sql_split(text, strlen(text), &rows, &n,
	    &errbuf), XC_ERR_INVALID);
	assert_null(rows);
	assert_non_null(strstr(errbuf.text, why));
}

static void
test_statements(void **state)
{
	(void)state;
	assert_split("", "");
	assert_split(" \n;;; -- nothing\n/* at all */ # here", "");
	assert_split("SELECT 1", "SELECT 1");
	assert_split("SELECT 1;SELECT 2 ; ", "SELECT 1|SELECT 2");
	assert_split("  -- first\nSELECT 1 -- last\n;", "SELECT 1");
	assert_split("SELECT 1--1;", "SELECT 1--1");
	assert_split("SELECT 1 /* ; */ + 2;X", "SELECT 1 /* ; */ + 2|X");
	assert_split("/*! SET a = 1; */;b", "/*! SET a = 1; */|b");
}

static void
test_quotes(void **state)
{
	(void)state;
	assert_split("SELECT ';', \"a;b\", `c;d`;x",
	    "SELECT ';', \"a;b\", `c;d`|x");
	assert_split("SELECT 'it''s;', 'a\\';b';x",
	    "SELECT 'it''s;', 'a\\';b'|x");
	assert_split("SELECT `a\\`;x", "SELECT `a\\`|x");
	assert_split("SELECT '-- no /* comment';x",
	    "SELECT '-- no /* comment'|x");
	assert_split("SELECT '\\\\';x", "SELECT '\\\\'|x");
}

static void
test_refused(void **state)
{
	(void)state;
	assert_refused("SELECT 'open", "line 1: the quote '");
	assert_refused("SELECT 1;\nSELECT \"open\\\"", "line 2: the quote");
	assert_refused("a;\n\n/* open", "line 3: the comment");
	assert_refused("delimiter //\n", "DELIMITER");
	assert_refused("a; /* x */ begin;", "BEGIN");
	assert_refused("start transaction", "START");
	assert_refused("Use mysql", "USE");
	assert_refused("CREATE OR REPLACE TRIGGER t BEFORE INSERT ON a FOR "
	    "EACH ROW BEGIN SET x = 1; END", "BEGIN and END");
	assert_split("CREATE TABLE `begin` (trigger_begin INT)",
	    "CREATE TABLE `begin` (trigger_begin INT)");
}

static void
test_nul(void **state)
{
	static const char text[] = "SELECT 1;\0SELECT 2";
	struct xc_sql_statement *rows;
	struct xc_errbuf errbuf;
	size_t n;

	(void)state;
	assert_int_equal(xc_sql_split(text, sizeof(text) - 1, &rows, &n,
	    &errbuf), XC_ERR_INVALID);
}

static void
test_lines(void **state)
{
	static const char text[] = "\n\nSELECT\n1;\n-- x\n  SELECT 2";
	struct xc_sql_statement *rows;
	struct xc_errbuf errbuf;
	size_t n;

	(void)state;
	assert_int_equal(xc_sql_split(text, strlen(text), &rows, &n,
	    &errbuf), XC_OK);
	assert_int_equal(n, 2);
	assert_int_equal(rows[0].line, 3);
	assert_int_equal(rows[1].line, 6);
	free(rows);
}

static enum xc_err
plugin_may(const char *text)
{
	struct xc_sql_statement row = { .text = text, .len = strlen(text),
		.line = 1 };

	return xc_sql_check_plugin(&row, NULL);
}

static void
test_plugin(void **state)
{
	static const char *const good[] = {
		"CREATE TABLE a (id INT)",
		"create table if not exists a (b INT)",
		"ALTER TABLE a ADD COLUMN user INT", "DROP TABLE a",
		"INSERT INTO a VALUES (1)", "UPDATE a SET b = 1",
		"DELETE FROM a", "CREATE UNIQUE INDEX i ON a (b)",
		"CREATE VIEW v AS SELECT 1", "RENAME TABLE a TO b"
	};
	static const char *const bad[] = {
		"DROP DATABASE xcore", "CREATE SCHEMA x", "GRANT ALL ON *.* "
		"TO a", "CREATE USER a", "SET GLOBAL a = 1", "",
		"DROP /* x */ DATABASE x", "DROP /*! DATABASE */ x",
		"CREATE OR REPLACE USER a", "LOAD DATA INFILE 'x' INTO "
		"TABLE y", "(SELECT 1)", "FLUSH PRIVILEGES",
		"CREATE DEFINER = root FUNCTION f() RETURNS INT RETURN 1"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(plugin_may(good[i]), XC_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(plugin_may(bad[i]), XC_ERR_DENIED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statements),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_plugin)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
