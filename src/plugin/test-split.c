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
		"RENAME TABLE a TO b", "CREATE SEQUENCE s",
		"CREATE TABLE a (b DOUBLE DEFAULT 0.5) ENGINE = InnoDB",
		"CREATE TABLE a (`engine` INT, `definer` INT) engine=innodb",
		"UPDATE a SET b = 1.5e3, c = -2.5E-3, d = 1.0/2.0",
		"INSERT INTO a VALUES ('mysql.user', \"a.b\", 'it''s. \\'.')",
		"SELECT 1 -- mysql.user\n+ 2 # a.b\n+ /* a.b ' */ 3",
		"ALTER TABLE `mysql.user` ADD `a.b` INT",
		"UPDATE a SET b = 'LOAD_FILE(1) INTO OUTFILE'"
	};
	static const char *const bad[] = {
		"DROP DATABASE xcore", "CREATE SCHEMA x", "GRANT ALL ON *.* "
		"TO a", "CREATE USER a", "SET GLOBAL a = 1", "",
		"DROP /* x */ DATABASE x", "DROP /*! DATABASE */ x",
		"CREATE OR REPLACE USER a", "LOAD DATA INFILE 'x' INTO "
		"TABLE y", "(SELECT 1)", "FLUSH PRIVILEGES",
		"CREATE DEFINER = root FUNCTION f() RETURNS INT RETURN 1",
		/* Another schema, and ways to hide it. */
		"DROP TABLE mysql.user", "INSERT INTO mysql.user VALUES (1)",
		"DELETE FROM a, mysql.user", "SELECT 1 FROM a, mysql.user",
		"UPDATE xcore.xc_plugin SET state = 1",
		"CREATE TABLE a LIKE mysql.user", "SELECT 1 FROM mysql . user",
		"SELECT 1 FROM mysql/* */./**/user",
		"SELECT 1 FROM mysql -- x\n.-- y\nuser",
		"SELECT 1 FROM mysql # x\n.user",
		"SELECT 1 FROM `mysql`.`user`", "SELECT 1 FROM `mysql`.user",
		"SELECT 1 FROM mysql.`user`", "SELECT 1 FROM `m``y`. user",
		"SELECT 1 FROM \"mysql\".\"user\"", "SELECT 1 FROM .user",
		"SELECT 1 FROM \xc3\xa9t\xc3\xa9.a", "SELECT 1 FROM 1e5.x",
		"SELECT 1 FROM 0x1f.a", "SELECT 1 FROM a$1.5",
		"SELECT 1 FROM a1.5", "SELECT 1.5.x", "SELECT 1.5x",
		"SELECT 1.5e3x", "SELECT 1.5e3.x", "SELECT 1.x",
		"SELECT 1.`x`", "SELECT 1 FROM mysql .5",
		"SELECT 1 FROM mysql.5", "SELECT @@global.datadir",
		"SELECT @a.b", "SELECT '\\\\' FROM mysql.user",
		"SELECT '''' FROM mysql.user", "SELECT `\\` FROM mysql.user",
		"SELECT 1 --\x01'\n, a.b '", "SELECT /*M! 1 */",
		"SELECT 1 FROM /*!mysql.*/ user", "SELECT /*!50000 1 */",
		"SELECT a.* FROM a", "RENAME TABLE a TO mysql.a",
		"ALTER TABLE a RENAME mysql.a",
		"WITH x AS (SELECT 1 FROM mysql.user) SELECT 1 FROM x",
		"CREATE TABLE a (b INT REFERENCES mysql.user (a))",
		/* Files, other engines, other accounts. */
		"SELECT 1 INTO OUTFILE '/x'",
		"SELECT 1 INTO/**/dumpfile '/x'", "SELECT LOAD_FILE('/x')",
		"SELECT `Load_File`('/x')",
		"CREATE TABLE a (b INT) DATA DIRECTORY '/x'",
		"CREATE TABLE a (b INT) ENGINE=CONNECT",
		"CREATE TABLE a (b INT) ENGINE /* x */ 'FEDERATED'",
		"CREATE TABLE a (b INT) ENGINE = `SPIDER`",
		"ALTER TABLE a ENGINE innodb.x",
		"ALTER TABLE a IMPORT TABLESPACE",
		"CREATE VIEW v AS SELECT 1",
		"CREATE OR REPLACE VIEW v AS SELECT 1",
		"CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET x = 1",
		"CREATE SQL SECURITY INVOKER VIEW v AS SELECT 1",
		"CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1",
		"CREATE PROCEDURE p() SELECT 1", "DROP FUNCTION f",
		"HANDLER a OPEN", "PREPARE a FROM 'x'", "EXECUTE a",
		"EXECUTE IMMEDIATE 'x'", "SET STATEMENT x=1 FOR SELECT 1",
		"CALL p()", "DO 1"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (plugin_may(good[i]) != XC_OK)
			fail_msg("refused: %s", good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (plugin_may(bad[i]) != XC_ERR_DENIED)
			fail_msg("not refused: %s", bad[i]);
	}
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
