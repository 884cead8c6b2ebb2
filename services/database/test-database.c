/* SPDX-License-Identifier: MIT */
/* The drivers that need no server, and what a statement is taken for. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "connection-private.h"
#include "database.h"
#include "process.h"

static void
test_fake(void **state)
{
	static const struct xc_fake_step steps[] = {
		{ .call = XC_FAKE_ROWS, .sql = "SELECT a FROM t WHERE b = ?",
		    .args = "[5]", .rows = "[{\"a\":1},{\"a\":2}]" },
		{ .call = XC_FAKE_BEGIN },
		{ .call = XC_FAKE_EXEC, .args = "[\"x\",null,1.5]",
		    .result = { 3, 7 } },
		{ .call = XC_FAKE_COMMIT, .err = XC_ERR_UNCERTAIN },
	};
	struct xc_db_result result;
	struct xc_database database;
	struct json_object *rows;
	struct xc_errbuf why;

	(void)state;
	assert_int_equal(xc_database_fake(steps, 4, &database), XC_OK);
	assert_int_equal(database.ops->rows(database.ctx, "s",
	    "SELECT a FROM t WHERE b = ?", XC_ARGS(xc_int(5)), 1, &rows),
	    XC_OK);
	assert_int_equal(json_object_array_length(rows), 1);
	json_object_put(rows);
	assert_int_equal(database.ops->begin(database.ctx, "s"), XC_OK);
	assert_int_equal(database.ops->exec(database.ctx, "s", "anything",
	    XC_ARGS(xc_text("x"), xc_null(), xc_real(1.5)), &result), XC_OK);
	assert_int_equal(result.affected, 3);
	assert_int_equal(result.last_id, 7);
	assert_false(xc_database_fake_done(&database, &why));
	assert_non_null(strstr(why.text, "step 4 (commit)"));
	assert_int_equal(database.ops->commit(database.ctx),
	    XC_ERR_UNCERTAIN);
	assert_false(xc_database_fake_done(&database, &why));
	database.ops->release(database.ctx);
	assert_true(xc_database_fake_done(&database, &why));
	xc_database_close(&database);
}

static void
test_fake_refuses(void **state)
{
	static const struct xc_fake_step steps[] = {
		{ .call = XC_FAKE_EXEC, .sql = "A", .args = "[1]" },
		{ .call = XC_FAKE_BEGIN },
	};
	struct xc_database database;
	struct xc_errbuf why;

	(void)state;
	assert_int_equal(xc_database_fake(steps, 2, &database), XC_OK);
	assert_int_equal(database.ops->exec(database.ctx, "s", "A",
	    XC_ARGS(xc_int(2)), NULL), XC_ERR_STATE);
	assert_int_equal(database.ops->exec(database.ctx, "s", "A",
	    XC_ARGS(xc_int(1)), NULL), XC_ERR_STATE);
	assert_false(xc_database_fake_done(&database, &why));
	assert_non_null(strstr(why.text, "[1] expected"));
	xc_database_close(&database);
	assert_int_equal(xc_database_fake(steps, 2, &database), XC_OK);
	assert_int_equal(database.ops->exec(database.ctx, "s", "B",
	    XC_ARGS(xc_int(1)), NULL), XC_ERR_STATE);
	assert_false(xc_database_fake_done(&database, &why));
	assert_string_equal(why.text,
	    "step 1: \"A\" expected, \"B\" asked");
	xc_database_close(&database);
	assert_int_equal(xc_database_fake(steps + 1, 1, &database), XC_OK);
	assert_int_equal(database.ops->begin(database.ctx, "s"), XC_OK);
	database.ops->release(database.ctx);
	assert_false(xc_database_fake_done(&database, &why));
	assert_string_equal(why.text, "released with a transaction open");
	xc_database_close(&database);
}

static void
test_failing(void **state)
{
	struct xc_database database;
	struct json_object *rows;

	(void)state;
	assert_int_equal(xc_database_failing(XC_ERR_BUSY, 2, &database),
	    XC_OK);
	assert_int_equal(database.ops->begin(database.ctx, "s"), XC_OK);
	assert_int_equal(database.ops->rows(database.ctx, "s", "A",
	    XC_NO_ARGS, 1, &rows), XC_OK);
	assert_int_equal(json_object_array_length(rows), 0);
	json_object_put(rows);
	assert_int_equal(database.ops->rows(database.ctx, "s", "A",
	    XC_NO_ARGS, 1, &rows), XC_ERR_BUSY);
	assert_null(rows);
	assert_int_equal(database.ops->exec(database.ctx, "s", "A",
	    XC_NO_ARGS, NULL), XC_ERR_BUSY);
	assert_int_equal(database.ops->commit(database.ctx), XC_ERR_BUSY);
	database.ops->rollback(database.ctx);
	database.ops->release(database.ctx);
	xc_database_close(&database);
	xc_database_close(&database);
}

static void
test_kinds(void **state)
{
	(void)state;
	assert_true(xc_statement_kind("SELECT 1").reads);
	assert_true(xc_statement_kind(" /* x */ -- y\n(select a").reads);
	assert_false(xc_statement_kind("SELECT 1 INTO OUTFILE 'x'").reads);
	assert_false(xc_statement_kind("SELECT NEXTVAL(s)").reads);
	assert_false(xc_statement_kind("SELECT a FROM b FOR UPDATE NOWAIT "
	    "LOCK").reads);
	assert_false(xc_statement_kind("SELECTED").reads);
	assert_false(xc_statement_kind("/*! INSERT */ INTO t").reads);
	assert_false(xc_statement_kind("/* open").reads);
	assert_false(xc_statement_kind("").reads);
	assert_false(xc_statement_kind("WITH a AS (SELECT 1) DELETE FROM t").
	    reads);
	assert_false(xc_statement_kind("UPDATE t SET a = 1").implicit);
	assert_true(xc_statement_kind("ALTER TABLE t ADD b INT").implicit);
	assert_true(xc_statement_kind("SET @a = 1").taints);
	assert_true(xc_statement_kind("SELECT GET_LOCK('a', 1)").taints);
	assert_true(xc_statement_kind("CREATE TEMPORARY TABLE t (a INT)").
	    taints);
	assert_false(xc_statement_kind("INSERT INTO t VALUES (1)").taints);
}

static void
test_errors(void **state)
{
	(void)state;
	assert_int_equal(xc_mysql_error(1062), XC_ERR_EXISTS);
	assert_int_equal(xc_mysql_error(1451), XC_ERR_EXISTS);
	assert_int_equal(xc_mysql_error(1452), XC_ERR_EXISTS);
	assert_int_equal(xc_mysql_error(1205), XC_ERR_BUSY);
	assert_int_equal(xc_mysql_error(1213), XC_ERR_BUSY);
	assert_int_equal(xc_mysql_error(1047), XC_ERR_UNAVAILABLE);
	assert_int_equal(xc_mysql_error(1064), XC_ERR_INVALID);
	assert_int_equal(xc_mysql_error(1969), XC_ERR_TIMEOUT);
	assert_int_equal(xc_mysql_error(2006), XC_ERR_UNAVAILABLE);
	assert_int_equal(xc_mysql_error(2002), XC_ERR_UNAVAILABLE);
	assert_true(xc_mysql_lost(2006));
	assert_true(xc_mysql_lost(2013));
	assert_true(xc_mysql_lost(2014));
	assert_true(xc_mysql_lost(2055));
	assert_false(xc_mysql_lost(1213));
}

static int
ask_in_child(pid_t child)
{
	int status;

	if (child == 0)
		_exit(xc_process_id() == getpid() ? 0 : 1);
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

/* Also in a child that the library did not fork. */
static void
test_process_id(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(xc_process_id(), getpid());
		assert_int_equal(ask_in_child(fork()), 0);
		assert_int_equal(ask_in_child((pid_t)syscall(SYS_clone,
		    SIGCHLD, NULL, NULL, NULL, NULL)), 0);
	}
	assert_int_equal(xc_process_id(), getpid());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fake),
		cmocka_unit_test(test_fake_refuses),
		cmocka_unit_test(test_failing),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_process_id),
	};

	return cmocka_run_group_tests_name("database", tests, NULL, NULL);
}
