/* SPDX-License-Identifier: MIT */
/* The driver against a real server; see tests/services/run-database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "connection-private.h"
#include "database.h"
#include "names.h"
#include "statement.h"
#include "support.h"

static void
test_types(void **state)
{
	(void)state;
	must(con, "CREATE OR REPLACE TABLE kinds (a TINYINT, b BIGINT UNSIGNED,"
	    " c DOUBLE, d FLOAT, e DECIMAL(20,4), f DECIMAL(10,0), g DATE, "
	    "h DATETIME(3), i TIME, j YEAR, k BIT(9), l ENUM('x','y'), "
	    "m VARCHAR(20), n BLOB, o JSON, p DECIMAL(30,0))");
	assert_int_equal(do_exec(con, "INSERT INTO kinds VALUES (?, ?, ?, ?, "
	    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", XC_ARGS(xc_int(-5),
	    xc_text("18446744073709551615"), xc_real(0.1), xc_real(0.1),
	    xc_text("12345678901234.5000"), xc_int(42), xc_text("2026-02-03"),
	    xc_text("2026-02-03 04:05:06.789"), xc_text("-01:02:03"),
	    xc_int(2026), xc_int(257), xc_text("y"), xc_text("gr\xc3\xbc\xc3"
	    "\x9f \xf0\x9f\x98\x80"), xc_blob("\0\xff\x01", 3),
	    xc_text("{\"a\": 1}"), xc_text("123456789012345678901234567890"))),
	    XC_OK);
	assert_string_equal(rows_text(con, "SELECT * FROM kinds", XC_NO_ARGS),
	    "[ { \"a\": -5, \"b\": 18446744073709551615, \"c\": 0.1, "
	    "\"d\": 0.1, \"e\": \"12345678901234.5000\", \"f\": 42, "
	    "\"g\": \"2026-02-03\", \"h\": \"2026-02-03 04:05:06.789\", "
	    "\"i\": \"-01:02:03\", \"j\": 2026, \"k\": 257, \"l\": \"y\", "
	    "\"m\": \"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\", \"n\": \"AP8B\", "
	    "\"o\": \"{\\\"a\\\": 1}\", "
	    "\"p\": \"123456789012345678901234567890\" } ]");
	assert_string_equal(rows_text(con, "SELECT ? AS a, ? AS b, ? AS c",
	    XC_ARGS(xc_null(), xc_text(NULL), xc_text(""))),
	    "[ { \"a\": null, \"b\": null, \"c\": \"\" } ]");
	assert_string_equal(rows_text(con, "SELECT SUM(a) AS s, COUNT(*) AS n,"
	    " 1.0 AS one, 1e300 AS big FROM kinds", XC_NO_ARGS),
	    "[ { \"s\": -5, \"n\": 1, \"one\": \"1.0\", \"big\": 1e+300 } ]");
	assert_string_equal(rows_text(con, "SELECT a FROM kinds WHERE a > ?",
	    XC_ARGS(xc_int(0))), "[ ]");
}

/* A value larger than the room is fetched again; the next row is right. */
static void
test_long_values(void **state)
{
	size_t len = 1u << 20, i;
	char *text = malloc(len + 1);
	struct xc_statement statement = { SCHEMA, "SELECT name, long_text, "
	    "data FROM item ORDER BY id", XC_NO_ARGS };
	struct json_object *rows, *cell;

	(void)state;
	assert_non_null(text);
	for (i = 0; i < len; i++)
		text[i] = (char)('a' + i % 26);
	text[len] = '\0';
	for (i = 0; i < 3; i++)
		assert_int_equal(do_exec(con, "INSERT INTO item "
		    "(name, long_text, data) VALUES (?, ?, ?)",
		    XC_ARGS(i == 1 ? xc_text(NULL) : xc_int((int)i),
		    i == 1 ? xc_text("short") : xc_text(text),
		    xc_blob(text, i == 1 ? 0 : len))), XC_OK);
	for (i = 0; i < 2; i++) {
		assert_int_equal(xc_connection_rows(con, &statement, 0, &rows),
		    XC_OK);
		assert_int_equal(json_object_array_length(rows), 3);
		json_object_object_get_ex(json_object_array_get_idx(rows, 0),
		    "long_text", &cell);
		assert_string_equal(json_object_get_string(cell), text);
		json_object_object_get_ex(json_object_array_get_idx(rows, 1),
		    "long_text", &cell);
		assert_string_equal(json_object_get_string(cell), "short");
		json_object_object_get_ex(json_object_array_get_idx(rows, 2),
		    "data", &cell);
		assert_int_equal(json_object_get_string_len(cell),
		    (len + 2) / 3 * 4);
		json_object_put(rows);
	}
	free(text);
}

static enum xc_err
check_blob(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	assert_int_equal(n_cells, 2);
	assert_int_equal(cells[0].type, XC_CELL_BLOB);
	assert_int_equal(cells[0].len, 4);
	assert_memory_equal(cells[0].data, "a\0b\xff", 5);
	assert_string_equal(cells[0].name, "data");
	assert_int_equal(cells[1].type, XC_CELL_INT);
	assert_int_equal(cells[1].integer, 7);
	++*(int *)ctx;
	return XC_ERR_DENIED;
}

static void
test_cells(void **state)
{
	struct xc_statement statement = { SCHEMA,
	    "SELECT data, n FROM item", XC_NO_ARGS };
	int calls = 0;

	(void)state;
	assert_int_equal(do_exec(con, "INSERT INTO item (data, n) VALUES "
	    "(?, 7), (?, 7)", XC_ARGS(xc_blob("a\0b\xff", 4),
	    xc_blob("a\0b\xff", 4))), XC_OK);
	assert_int_equal(xc_connection_each(con, &statement, check_blob,
	    &calls), XC_ERR_DENIED);
	assert_int_equal(calls, 1);
	/* The rest was thrown away: the connection is fit for the next. */
	assert_int_equal(number(con, "SELECT COUNT(*) FROM item"), 2);
}

static void
test_refusals(void **state)
{
	struct xc_statement insert = { SCHEMA,
	    "INSERT INTO item (name) VALUES ('b')", XC_NO_ARGS };
	struct xc_db_result result;

	(void)state;
	assert_int_equal(do_exec(con, "INSERT INTO item (n) VALUES (?)",
	    XC_NO_ARGS), XC_ERR_INVALID);
	assert_non_null(strstr(xc_connection_error(con)->message,
	    "1 question marks but 0 values"));
	assert_int_equal(do_exec(con, "SELEKT 1", XC_NO_ARGS),
	    XC_ERR_INVALID);
	assert_int_equal(xc_connection_error(con)->number, 1064);
	assert_string_equal(xc_connection_error(con)->state, "42000");
	must(con, "INSERT INTO item (name) VALUES ('a')");
	assert_int_equal(do_exec(con, "INSERT INTO item (name) VALUES ('a')",
	    XC_NO_ARGS), XC_ERR_EXISTS);
	must(con, "CREATE TABLE child (item INT, FOREIGN KEY (item) "
	    "REFERENCES item (id))");
	assert_int_equal(do_exec(con, "INSERT INTO child VALUES (999)",
	    XC_NO_ARGS), XC_ERR_EXISTS);
	/* Strict: nothing is cut to fit. */
	assert_int_equal(do_exec(con, "UPDATE item SET n = 99999999999",
	    XC_NO_ARGS), XC_ERR_INVALID);
	assert_int_equal(xc_connection_exec(con, &insert, &result), XC_OK);
	assert_int_equal(result.affected, 1);
	assert_true(result.last_id > 0);
	assert_int_equal(xc_connection_exec(con, &insert, &result),
	    XC_ERR_EXISTS);
	assert_int_equal(result.last_id, 0);
}

static void
test_limits(void **state)
{
	struct xc_statement one = { SCHEMA,
	    "SELECT seq FROM seq_1_to_1000000", XC_NO_ARGS };
	struct xc_statement wide = { SCHEMA, "SELECT REPEAT('x', 100000) AS x "
	    "FROM seq_1_to_1000", XC_NO_ARGS };
	struct xc_connection *c = patient_connection();
	struct json_object *rows;
	size_t len = 17u << 20;
	char *text;

	(void)state;
	assert_int_equal(xc_connection_rows(c, &one, 0, &rows),
	    XC_ERR_TOO_LARGE);
	assert_int_equal(xc_connection_rows(c, &wide, 0, &rows),
	    XC_ERR_TOO_LARGE);
	assert_int_equal(xc_connection_rows(c, &one, 1, &rows), XC_OK);
	assert_string_equal(json_object_to_json_string(rows),
	    "[ { \"seq\": 1 } ]");
	json_object_put(rows);
	text = malloc(len);
	assert_non_null(text);
	memset(text, 'x', len);
	assert_int_equal(do_exec(c, "INSERT INTO item (data) VALUES (?)",
	    XC_ARGS(xc_blob(text, len))), XC_ERR_TOO_LARGE);
	free(text);
	assert_int_equal(number(c, "SELECT COUNT(*) FROM item"), 0);
	xc_connection_free(&c);
}

static void
test_transaction(void **state)
{
	struct xc_connection *other = new_connection();

	(void)state;
	assert_int_equal(xc_connection_begin(con), XC_OK);
	assert_int_equal(xc_connection_begin(con), XC_ERR_STATE);
	must(con, "INSERT INTO item (n) VALUES (1)");
	assert_int_equal(number(other, "SELECT COUNT(*) FROM item"), 0);
	assert_int_equal(xc_connection_commit(con), XC_OK);
	assert_int_equal(xc_connection_commit(con), XC_ERR_STATE);
	assert_int_equal(number(other, "SELECT COUNT(*) FROM item"), 1);
	assert_int_equal(xc_connection_begin(con), XC_OK);
	must(con, "INSERT INTO item (n) VALUES (2)");
	xc_connection_rollback(con);
	assert_int_equal(number(con, "SELECT COUNT(*) FROM item"), 1);
	/* Left open: release undoes it, also one opened by hand. */
	assert_int_equal(xc_connection_begin(con), XC_OK);
	must(con, "INSERT INTO item (n) VALUES (3)");
	xc_connection_release(con);
	assert_int_equal(number(other, "SELECT COUNT(*) FROM item"), 1);
	must(con, "SET autocommit = 0");
	must(con, "INSERT INTO item (n) VALUES (3)");
	xc_connection_release(con);
	must(con, "INSERT INTO item (n) VALUES (4)");
	assert_int_equal(number(other, "SELECT COUNT(*) FROM item"), 2);
	xc_connection_free(&other);
}

static void
test_lock_wait(void **state)
{
	struct xc_connection *other = new_connection();

	(void)state;
	must(con, "INSERT INTO item (id, n) VALUES (1, 0), (2, 0)");
	assert_int_equal(xc_connection_begin(con), XC_OK);
	must(con, "UPDATE item SET n = 1 WHERE id = 1");
	assert_int_equal(xc_connection_begin(other), XC_OK);
	must(other, "UPDATE item SET n = 2 WHERE id = 2");
	assert_int_equal(do_exec(other, "UPDATE item SET n = 2 WHERE id = 1",
	    XC_NO_ARGS), XC_ERR_BUSY);
	/* All of it is undone, and nothing more happens in it. */
	assert_int_equal(do_exec(other, "UPDATE item SET n = 3 WHERE id = 2",
	    XC_NO_ARGS), XC_ERR_BUSY);
	assert_int_equal(xc_connection_commit(other), XC_ERR_BUSY);
	assert_int_equal(xc_connection_commit(con), XC_OK);
	assert_int_equal(number(other, "SELECT SUM(n) FROM item"), 1);
	xc_connection_free(&other);
}

/* What a plugin's transaction does with its body. */
static enum xc_err
add_both(struct xc_connection *c, int first, int second, int *tries, int fd,
    int peer)
{
	enum xc_err err = XC_ERR_BUSY;
	char byte = 0;

	while (err == XC_ERR_BUSY && (*tries)++ < 3) {
		err = xc_connection_begin(c);
		if (err == XC_OK)
			err = do_exec(c, "UPDATE item SET n = n + 1 "
			    "WHERE id = ?", XC_ARGS(xc_int(first)));
		if (*tries == 1) {
			assert_int_equal(write(fd, &byte, 1), 1);
			assert_int_equal(read(peer, &byte, 1), 1);
		}
		if (err == XC_OK)
			err = do_exec(c, "UPDATE item SET n = n + 1 "
			    "WHERE id = ?", XC_ARGS(xc_int(second)));
		if (err == XC_OK)
			err = xc_connection_commit(c);
		else
			xc_connection_rollback(c);
	}
	return err;
}

static void
test_deadlock(void **state)
{
	struct xc_connection *other;
	int there[2], back[2], status, tries = 0;
	pid_t pid;

	(void)state;
	must(con, "INSERT INTO item (id, n) VALUES (1, 0), (2, 0)");
	assert_int_equal(pipe(there), 0);
	assert_int_equal(pipe(back), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		other = new_connection();
		status = add_both(other, 2, 1, &tries, back[1], there[0]);
		xc_connection_free(&other);
		_exit(status);
	}
	assert_int_equal(add_both(con, 1, 2, &tries, there[1], back[0]),
	    XC_OK);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(number(con, "SELECT SUM(n) FROM item"), 4);
	close(there[0]);
	close(there[1]);
	close(back[0]);
	close(back[1]);
}

static void
test_alter(void **state)
{
	static const char sql[] = "SELECT * FROM moved";

	(void)state;
	must(con, "CREATE OR REPLACE TABLE moved (a INT)");
	must(con, "INSERT INTO moved VALUES (1)");
	assert_string_equal(rows_text(con, sql, XC_NO_ARGS),
	    "[ { \"a\": 1 } ]");
	must(con, "ALTER TABLE moved ADD b VARCHAR(10) DEFAULT 'x'");
	assert_string_equal(rows_text(con, sql, XC_NO_ARGS),
	    "[ { \"a\": 1, \"b\": \"x\" } ]");
	must(con, "ALTER TABLE moved MODIFY a VARCHAR(10)");
	assert_string_equal(rows_text(con, sql, XC_NO_ARGS),
	    "[ { \"a\": \"1\", \"b\": \"x\" } ]");
	must(con, "ALTER TABLE moved CHANGE a c INT, DROP b");
	assert_string_equal(rows_text(con, sql, XC_NO_ARGS),
	    "[ { \"c\": 1 } ]");
	assert_string_equal(rows_text(con, "SELECT c FROM moved", XC_NO_ARGS),
	    "[ { \"c\": 1 } ]");
	must(con, "ALTER TABLE moved CHANGE c d INT");
	assert_string_equal(rows_text(con, sql, XC_NO_ARGS),
	    "[ { \"d\": 1 } ]");
	assert_string_equal(rows_text(con, sql, XC_NO_ARGS),
	    "[ { \"d\": 1 } ]");
	must(con, "ALTER TABLE moved CHANGE d a INT");
	assert_string_equal(rows_text(con, "SELECT c FROM moved", XC_NO_ARGS),
	    "error not valid");
}

/* The first row alone; it needs nothing of what it came from. */
static void
test_row(void **state)
{
	struct xc_statement three = { SCHEMA, "SELECT n, 1 AS a, name, 2 AS a "
	    "FROM item ORDER BY n", XC_NO_ARGS };
	struct xc_statement insert = { SCHEMA, "INSERT INTO item (n) VALUES "
	    "(4)", XC_NO_ARGS };
	struct xc_statement wrong = { SCHEMA, "SELECT x FROM item",
	    XC_NO_ARGS };
	struct xc_connection *c = new_connection();
	struct json_object *rows[2];

	(void)state;
	assert_int_equal(xc_connection_row(c, &three, &rows[0]),
	    XC_ERR_NOT_FOUND);
	assert_null(rows[0]);
	must(con, "INSERT INTO item (n, name) VALUES (1, 'x'), (2, 'y'), "
	    "(3, NULL)");
	for (int i = 0; i < 2; i++)
		assert_int_equal(xc_connection_row(c, &three, &rows[i]),
		    XC_OK);
	assert_int_equal(number(c, "SELECT COUNT(*) FROM item"), 3);
	xc_connection_free(&c);
	for (int i = 0; i < 2; i++) {
		assert_string_equal(json_object_to_json_string(rows[i]),
		    "{ \"n\": 1, \"a\": 2, \"name\": \"x\" }");
		json_object_object_del(rows[i], "name");
		json_object_put(rows[i]);
	}
	assert_int_equal(xc_connection_row(con, &insert, &rows[0]),
	    XC_ERR_NOT_FOUND);
	assert_int_equal(number(con, "SELECT COUNT(*) FROM item"), 4);
	assert_int_equal(xc_connection_row(con, &wrong, &rows[0]),
	    XC_ERR_INVALID);
	assert_null(rows[0]);
}

/* Names that the process does not keep: one is too long, then there are too
 * many. */
static void
test_names(void **state)
{
	char name[80], sql[160], wanted[160];

	(void)state;
	assert_non_null(xc_name_kept("n5"));
	for (int i = 0; i < XC_NAMES_MAX + 3; i++) {
		snprintf(name, sizeof(name), i == 0 ? "%070d" : "n%d", i);
		snprintf(sql, sizeof(sql), "SELECT 1 AS `%s`, 2 AS a", name);
		snprintf(wanted, sizeof(wanted), "[ { \"%s\": 1, \"a\": 2 } ]",
		    name);
		/* Most are not worth a statement. */
		if (i > 5 && i < XC_NAMES_MAX)
			(void)xc_name_kept(name);
		else
			assert_string_equal(rows_text(con, sql, XC_NO_ARGS),
			    wanted);
	}
	assert_null(xc_name_kept(name));
	assert_ptr_equal(xc_name_kept("n5"), xc_name_kept("n5"));
}

/* Values of another type each time, and the same statement after its table was
 * changed. */
static void
test_values(void **state)
{
	static const char sql[] = "SELECT CONCAT(?, '/', ?) AS c";
	static const char big[] = "SELECT COUNT(*) AS n FROM item WHERE n < ? "
	    "AND n > ?";
	static const struct {
		struct xc_value a, b;
		const char *text;
	} cases[] = {
#define INT(n) { .type = XC_VALUE_INT, .integer = (n) }
#define UINT(n) { .type = XC_VALUE_UINT, .integer = (n) }
#define REAL(x) { .type = XC_VALUE_REAL, .real = (x) }
#define TEXT(t) { .type = XC_VALUE_TEXT, .data = (t), .len = sizeof(t) - 1 }
		{ INT(1), INT(2), "1/2" },
		{ INT(3), INT(-4), "3/-4" },
		{ INT(3), UINT(-4), "3/18446744073709551612" },
		{ INT(5), UINT(6), "5/6" },
		{ INT(5), REAL(0.5), "5/0.5" },
		{ INT(7), REAL(1.5), "7/1.5" },
		{ TEXT("abc"), REAL(2.5), "abc/2.5" },
		{ TEXT("x"), REAL(3.5), "x/3.5" },
		{ TEXT(""), INT(8), "/8" },
		{ INT(9), INT(9), "9/9" },
	};
	char wanted[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(wanted, sizeof(wanted), "[ { \"c\": \"%s\" } ]",
		    cases[i].text);
		assert_string_equal(rows_text(con, sql, XC_ARGS(cases[i].a,
		    cases[i].b)), wanted);
	}
	assert_string_equal(rows_text(con, sql, XC_ARGS(xc_null(),
	    xc_int(1))), "[ { \"c\": null } ]");
	assert_string_equal(rows_text(con, sql, XC_ARGS(xc_int(2),
	    xc_int(1))), "[ { \"c\": \"2/1\" } ]");
	must(con, "INSERT INTO item (n) VALUES (10), (20), (30)");
	assert_string_equal(rows_text(con, big, XC_ARGS(xc_int(25),
	    xc_int(15))), "[ { \"n\": 1 } ]");
	must(con, "ALTER TABLE item ADD one_more INT");
	assert_string_equal(rows_text(con, big, XC_ARGS(xc_int(35),
	    xc_int(15))), "[ { \"n\": 2 } ]");
}

/* A text is what is there, not where it is. */
static void
test_text_in_place(void **state)
{
	char sql[] = "SELECT 1 AS n";

	(void)state;
	assert_int_equal(number(con, sql), 1);
	sql[7] = '2';
	assert_int_equal(number(con, sql), 2);
	assert_int_equal(number(con, sql), 2);
	xc_statement_cache_flush(con->cache);
	assert_int_equal(number(con, sql), 2);
	sql[7] = '1';
	assert_int_equal(number(con, sql), 1);
}

static void
test_statement_cap(void **state)
{
	char sql[64];
	int i;

	(void)state;
	for (i = 0; i < XC_CONNECTION_STATEMENTS_MAX + 50; i++) {
		snprintf(sql, sizeof(sql), "SELECT %d AS n", i);
		assert_int_equal(number(con, sql), i);
	}
	assert_int_equal(xc_statement_cache_count(con->cache),
	    XC_CONNECTION_STATEMENTS_MAX);
	assert_int_equal(number(con, "SELECT VARIABLE_VALUE FROM "
	    "information_schema.global_status WHERE VARIABLE_NAME = "
	    "'Prepared_stmt_count'"), XC_CONNECTION_STATEMENTS_MAX);
	assert_int_equal(number(con, "SELECT 0 AS n"), 0);
	/* Others use up the server's share. */
	must(con, "SET GLOBAL max_prepared_stmt_count = 100");
	assert_int_equal(number(con, "SELECT 1000 AS n"), 1000);
	must(con, "SET GLOBAL max_prepared_stmt_count = 16382");
}

static void
test_schemas(void **state)
{
	static const char create[] = "CREATE OR REPLACE DATABASE xcore_other";
	struct xc_statement here = { SCHEMA, "SELECT DATABASE() AS d",
	    XC_NO_ARGS };
	struct xc_statement there = { "xcore_other", "SELECT DATABASE() AS d",
	    XC_NO_ARGS };
	struct xc_statement nowhere = { "xcore_missing", "SELECT 1",
	    XC_NO_ARGS };
	struct json_object *rows;
	int i;

	(void)state;
	assert_int_equal(xc_connection_query(con, NULL, create,
	    sizeof(create) - 1), XC_OK);
	for (i = 0; i < 4; i++) {
		assert_int_equal(xc_connection_rows(con,
		    i % 2 == 0 ? &here : &there, 0, &rows), XC_OK);
		assert_string_equal(json_object_to_json_string(rows),
		    i % 2 == 0 ? "[ { \"d\": \"xcore_test\" } ]" :
		    "[ { \"d\": \"xcore_other\" } ]");
		json_object_put(rows);
	}
	assert_int_equal(xc_connection_exec(con, &nowhere, NULL),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(xc_connection_error(con)->number, 1049);
}

static void
test_driver(void **state)
{
	struct xc_database database;
	struct xc_errbuf errbuf = { "" };
	struct json_object *rows;
	struct xc_db_result result;

	(void)state;
	give_account(con, "test");
	assert_int_equal(xc_database_open(&settings, &database, &errbuf),
	    XC_OK);
	assert_int_equal(database.ops->begin(database.ctx, SCHEMA), XC_OK);
	assert_int_equal(database.ops->exec(database.ctx, SCHEMA,
	    "INSERT INTO item (n) VALUES (?)", XC_ARGS(xc_int(5)), &result),
	    XC_OK);
	assert_int_equal(result.affected, 1);
	database.ops->release(database.ctx);
	assert_int_equal(database.ops->rows(database.ctx, SCHEMA,
	    "SELECT n FROM item", XC_NO_ARGS, 10, &rows), XC_OK);
	assert_int_equal(json_object_array_length(rows), 0);
	json_object_put(rows);
	assert_int_equal(database.ops->rows(database.ctx, SCHEMA,
	    "SELECT x FROM item", XC_NO_ARGS, 10, &rows), XC_ERR_INVALID);
	assert_null(rows);
	assert_int_equal(database.ops->row(database.ctx, SCHEMA,
	    "SELECT n FROM item", XC_NO_ARGS, &rows), XC_ERR_NOT_FOUND);
	assert_int_equal(database.ops->row(database.ctx, SCHEMA,
	    "SELECT x FROM item", XC_NO_ARGS, &rows), XC_ERR_INVALID);
	assert_null(rows);
	assert_int_equal(database.ops->row(database.ctx, SCHEMA,
	    "SELECT 5 AS n", XC_NO_ARGS, &rows), XC_OK);
	assert_string_equal(json_object_to_json_string(rows),
	    "{ \"n\": 5 }");
	json_object_put(rows);
	xc_database_close(&database);
	assert_null(database.ops);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(test_types),
		T(test_long_values),
		T(test_cells),
		T(test_refusals),
		T(test_limits),
		T(test_transaction),
		T(test_lock_wait),
		T(test_deadlock),
		T(test_alter),
		T(test_row),
		T(test_names),
		T(test_values),
		T(test_text_in_place),
		T(test_statement_cap),
		T(test_schemas),
		T(test_driver),
	};

	if (!find_server())
		return 77;
	return cmocka_run_group_tests_name("mariadb", tests, NULL, NULL);
}
