/* SPDX-License-Identifier: MIT */
/* The driver and a server that goes away; see tests/services/run-database. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support.h"

static void
kill_session(struct xc_connection *by, int64_t id)
{
	char sql[128];
	int n = snprintf(sql, sizeof(sql), "KILL %lld", (long long)id);

	assert_int_equal(xc_connection_query(by, NULL, sql, (size_t)n), XC_OK);
	do {
		n = snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM "
		    "information_schema.processlist WHERE id = %lld",
		    (long long)id);
	} while (number(by, sql) != 0);
}

static void
test_killed(void **state)
{
	struct xc_connection *other = new_connection();
	int64_t id;

	(void)state;
	/* Between statements: nobody notices, a write is done once. */
	id = number(con, "SELECT CONNECTION_ID()");
	kill_session(other, id);
	must(con, "INSERT INTO item (n) VALUES (1)");
	assert_int_equal(number(other, "SELECT COUNT(*) FROM item"), 1);
	kill_session(other, number(con, "SELECT CONNECTION_ID()"));
	assert_int_equal(number(con, "SELECT COUNT(*) FROM item"), 1);
	kill_session(other, number(con, "SELECT CONNECTION_ID()"));
	assert_int_equal(xc_connection_begin(con), XC_OK);
	must(con, "INSERT INTO item (n) VALUES (2)");
	/* Inside: all is undone, and nothing is done outside of it. */
	kill_session(other, number(con, "SELECT CONNECTION_ID()"));
	assert_int_equal(do_exec(con, "INSERT INTO item (n) VALUES (3)",
	    XC_NO_ARGS), XC_ERR_BUSY);
	assert_int_equal(do_exec(con, "INSERT INTO item (n) VALUES (4)",
	    XC_NO_ARGS), XC_ERR_BUSY);
	assert_int_equal(xc_connection_commit(con), XC_ERR_BUSY);
	assert_int_equal(number(con, "SELECT COUNT(*) FROM item"), 1);
	/* Before the commit, which is known not to have been sent. */
	assert_int_equal(xc_connection_begin(con), XC_OK);
	must(con, "INSERT INTO item (n) VALUES (5)");
	kill_session(other, number(con, "SELECT CONNECTION_ID()"));
	assert_int_equal(xc_connection_commit(con), XC_ERR_BUSY);
	assert_int_equal(number(con, "SELECT COUNT(*) FROM item"), 1);
	xc_connection_free(&other);
}

static void
test_idle(void **state)
{
	(void)state;
	must(con, "SET SESSION wait_timeout = 1");
	sleep(2);
	must(con, "INSERT INTO item (n) VALUES (1)");
	assert_int_equal(number(con, "SELECT COUNT(*) FROM item"), 1);
}

static void
test_fork(void **state)
{
	int64_t id = number(con, "SELECT CONNECTION_ID()");
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(xc_connection_begin(con), XC_OK);
	must(con, "INSERT INTO item (n) VALUES (1)");
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int64_t mine = number(con, "SELECT CONNECTION_ID()");

		xc_connection_free(&con);
		_exit(mine > 0 && mine != id ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* The child's end has not ended ours. */
	assert_int_equal(number(con, "SELECT CONNECTION_ID()"), id);
	assert_int_equal(xc_connection_commit(con), XC_OK);
	assert_int_equal(number(con, "SELECT COUNT(*) FROM item"), 1);
}

static void
test_stopped_server(void **state)
{
	pid_t pid = server_pid();

	(void)state;
	assert_int_equal(number(con, "SELECT COUNT(*) FROM item"), 0);
	stop_server();
	assert_string_equal(rows_text(con, "SELECT COUNT(*) FROM item",
	    XC_NO_ARGS), "error not available");
	assert_int_equal(xc_connection_open(con), XC_ERR_UNAVAILABLE);
	assert_int_equal(xc_connection_open(con), XC_ERR_UNAVAILABLE);
	assert_int_equal(kill(pid, SIGCONT), 0);
	wait_for_server(con);
	stop_server();
	assert_int_equal(do_exec(con, "INSERT INTO item (n) VALUES (1)",
	    XC_NO_ARGS), XC_ERR_UNAVAILABLE);	/* not prepared */
	assert_int_equal(kill(pid, SIGCONT), 0);
	wait_for_server(con);
	must(con, "INSERT INTO item (n) VALUES (1)");
	stop_server();
	assert_int_equal(do_exec(con, "INSERT INTO item (n) VALUES (1)",
	    XC_NO_ARGS), XC_ERR_UNCERTAIN);
	assert_int_equal(kill(pid, SIGCONT), 0);
	wait_for_server(con);
	assert_int_equal(xc_connection_begin(con), XC_OK);
	must(con, "INSERT INTO item (n) VALUES (1)");
	stop_server();
	assert_int_equal(xc_connection_commit(con), XC_ERR_UNCERTAIN);
	assert_int_equal(kill(pid, SIGCONT), 0);
	wait_for_server(con);
}

static void
test_slow_statement(void **state)
{
	(void)state;
	assert_string_equal(rows_text(con, "SELECT SLEEP(10) AS s, n FROM "
	    "(SELECT 1 AS n) AS t", XC_NO_ARGS), "error time limit passed");
	assert_int_equal(xc_connection_error(con)->number, 1969);
	assert_int_equal(number(con, "SELECT 1"), 1);
}

static void
test_restarted_server(void **state)
{
	pid_t pid = server_pid();

	(void)state;
	must(con, "INSERT INTO item (n) VALUES (1)");
	assert_int_equal(kill(pid, SIGKILL), 0);
	while (kill(pid, 0) == 0)
		usleep(10000);
	assert_int_equal(do_exec(con, "INSERT INTO item (n) VALUES (2)",
	    XC_NO_ARGS), XC_ERR_UNAVAILABLE);
	assert_int_equal(number(con, "SELECT 1"), -1);
	assert_non_null(strstr(xc_connection_error(con)->message, "connect"));
	assert_int_equal(system(getenv("XCORE_TEST_DB_START")), 0);
	wait_for_server(con);
	assert_int_equal(number(con, "SELECT COUNT(*) FROM item"), 1);
	must(con, "INSERT INTO item (n) VALUES (2)");
}

static void
test_wrong_account(void **state)
{
	struct xc_database_settings wrong = settings;
	struct xc_errbuf errbuf = { "" };
	struct xc_connection *c;

	(void)state;
	wrong.user = "nobody_here";
	assert_int_equal(xc_connection_new(&wrong, XC_ACCOUNT_CORE, &c,
	    &errbuf), XC_OK);
	assert_int_equal(xc_connection_open(c), XC_ERR_UNAVAILABLE);
	assert_int_equal(xc_connection_fail(c, &errbuf, XC_ERR_UNAVAILABLE,
	    "connecting"), XC_ERR_UNAVAILABLE);
	assert_non_null(strstr(errbuf.text, "connecting: "));
	assert_non_null(strstr(errbuf.text, "(1045, 28000)"));
	xc_connection_free(&c);
	/* A CA that is not there: refused, not in clear. */
	wrong = settings;
	wrong.tls_ca = "/nonexistent/ca.pem";
	assert_int_equal(xc_connection_new(&wrong, XC_ACCOUNT_CORE, &c,
	    &errbuf), XC_OK);
	assert_int_equal(xc_connection_open(c), XC_ERR_UNAVAILABLE);
	xc_connection_free(&c);
	wrong = settings;
	wrong.password_file = "/nonexistent/secret";
	assert_int_equal(xc_connection_new(&wrong, XC_ACCOUNT_CORE, &c,
	    &errbuf), XC_ERR_NOT_FOUND);
	assert_null(c);
	/* A plugin's own account, without rights yet. */
	give_account(con, "other");
	must(con, "REVOKE ALL ON `xcore\\_other`.* FROM plug_other@'%'");
	assert_int_equal(xc_connection_of_plugin(&settings, "other", &c,
	    &errbuf), XC_OK);
	assert_int_equal(xc_connection_open(c), XC_OK);
	/* No grants: the database keeps the border. */
	assert_int_equal(do_exec(c, "SELECT 1", XC_NO_ARGS),
	    XC_ERR_UNAVAILABLE);
	xc_connection_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(test_killed),
		T(test_idle),
		T(test_fork),
		T(test_slow_statement),
		T(test_stopped_server),
		T(test_wrong_account),
		T(test_restarted_server),
	};

	if (!find_server())
		return 77;
	return cmocka_run_group_tests_name("mariadb-faults", tests, NULL,
	    NULL);
}
