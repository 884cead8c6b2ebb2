/* SPDX-License-Identifier: MIT */
/* When calls are refused for a server that hangs or is gone, and when not; see
 * tests/services/run-database. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "connection-private.h"
#include "database.h"
#include "store.h"
#include "support.h"

#define SELECT "SELECT COUNT(*) FROM item"
#define SLOW "SELECT SLEEP(1.3) AS s, COUNT(*) FROM item"

static uint64_t
in_ms(unsigned ms)
{
	return (uint64_t)(xc_connection_now_ms() + ms) * 1000;
}

static struct xc_store *
new_store(void)
{
	struct xc_database_settings core = settings;
	struct xc_store *store;

	core.name = SCHEMA;
	assert_int_equal(xc_store_new(&core, XC_ACCOUNT_CORE, &store, NULL),
	    XC_OK);
	return store;
}

static enum xc_err
ignore(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	(void)ctx;
	(void)cells;
	(void)n_cells;
	return XC_OK;
}

static enum xc_err
do_store(struct xc_store *store)
{
	return xc_store_one(store, ignore, NULL, SELECT, XC_NO_ARGS);
}

static enum xc_err
do_plugin(struct xc_database *database)
{
	struct json_object *rows;

	return database->ops->rows(database->ctx, SCHEMA, SELECT, XC_NO_ARGS,
	    1, &rows);
}

/* What one connection found out holds for all: a store, a plugin, one that
 * never was connected; and in another process. */
static void
test_one_for_all(void **state)
{
	struct xc_connection *fresh = new_connection();
	struct xc_store *store = new_store();
	struct xc_database database;
	struct xc_db_result result;
	pid_t pid = server_pid(), child;
	int status;

	(void)state;
	give_account(con, "test");
	assert_int_equal(xc_database_open(&settings, &database, NULL), XC_OK);
	assert_int_equal(do_store(store), XC_OK);
	assert_int_equal(database.ops->exec(database.ctx, SCHEMA,
	    "INSERT INTO item (n) VALUES (1)", XC_NO_ARGS, &result), XC_OK);
	assert_false(xc_breaker_is_open(con->breaker));
	stop_server();
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct xc_connection *c = new_connection();
		enum xc_err err = xc_connection_open(c);

		xc_connection_free(&c);
		_exit(err == XC_ERR_UNAVAILABLE ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(xc_breaker_is_open(con->breaker));
	/* A lookout is about: nobody else waits, not even on trial. */
	(void)xc_breaker_ask(con->breaker, 3600000);
	for (int i = 0; i < 60; i++) {
		assert_int_equal(do_store(store), XC_ERR_UNAVAILABLE);
		assert_int_equal(do_plugin(&database), XC_ERR_UNAVAILABLE);
		assert_int_equal(xc_connection_open(fresh),
		    XC_ERR_UNAVAILABLE);
		usleep(20000);
	}
	assert_non_null(strstr(xc_connection_error(fresh)->message,
	    "does not answer"));
	/* The connections that were not asked are those that go on. */
	assert_non_null(con->mysql);
	assert_int_equal(kill(pid, SIGCONT), 0);
	assert_int_equal(do_store(store), XC_ERR_UNAVAILABLE);
	xc_connection_lookout(fresh, 1);
	wait_for_server(fresh);
	assert_false(xc_breaker_is_open(con->breaker));
	assert_int_equal(do_store(store), XC_OK);
	assert_int_equal(number(con, SELECT), 1);
	database.ops->release(database.ctx);
	xc_database_close(&database);
	xc_store_free(&store);
	xc_connection_free(&fresh);
	/* Of the others no more is known than of a host without a lookout. */
	(void)xc_breaker_ask(con->breaker, 1);
}

/* Who waits already is let go when it is found out, long before the end of
 * his time; what had been sent may have been done. */
static void
test_in_flight(void **state)
{
	struct xc_database_settings patient = settings;
	struct xc_connection *c;
	pid_t pid = server_pid();

	(void)state;
	patient.read_timeout_ms = patient.write_timeout_ms = 3600000;
	assert_int_equal(xc_connection_new(&patient, XC_ACCOUNT_CORE, &c,
	    NULL), XC_OK);
	must(c, "INSERT INTO item (n) VALUES (1)");
	assert_int_equal(xc_connection_begin(con), XC_OK);
	must(con, "INSERT INTO item (n) VALUES (2)");
	stop_server();
	assert_int_equal(do_exec(c, "INSERT INTO item (n) VALUES (1)",
	    XC_NO_ARGS), XC_ERR_UNCERTAIN);
	assert_true(xc_breaker_is_open(c->breaker));
	/* A transaction is undone; it is not waited for either. */
	assert_int_equal(do_exec(con, "INSERT INTO item (n) VALUES (3)",
	    XC_NO_ARGS), XC_ERR_BUSY);
	assert_int_equal(xc_connection_commit(con), XC_ERR_BUSY);
	assert_int_equal(xc_connection_begin(con), XC_ERR_UNAVAILABLE);
	xc_connection_release(con);
	assert_int_equal(kill(pid, SIGCONT), 0);
	wait_for_server(con);
	assert_int_equal(number(con, "SELECT COUNT(*) FROM item WHERE n > 1"),
	    0);
	xc_connection_free(&c);
}

/* More bytes than sockets hold. */
static void
test_in_flight_out(void **state)
{
	size_t len = 8u << 20;
	char *text = malloc(len);
	pid_t pid = server_pid();

	(void)state;
	assert_non_null(text);
	memset(text, 'x', len);
	assert_int_equal(do_exec(con, "UPDATE item SET data = ?",
	    XC_ARGS(xc_blob(text, len))), XC_OK);
	stop_server();
	assert_int_not_equal(do_exec(con, "UPDATE item SET data = ?",
	    XC_ARGS(xc_blob(text, len))), XC_OK);
	assert_true(xc_breaker_is_open(con->breaker));
	assert_int_equal(kill(pid, SIGCONT), 0);
	wait_for_server(con);
	free(text);
}

/* Slow statements, refusals and lost connections are no fault of the
 * server's. */
static void
test_stays_closed(void **state)
{
	struct xc_database_settings wrong = settings;
	struct xc_connection *other = new_connection();
	struct xc_connection *c;
	char sql[64];
	int n;

	(void)state;
	/* Silent for longer than we have patience, and nobody else hears. */
	wrong.read_timeout_ms = 10000;
	assert_int_equal(xc_connection_new(&wrong, XC_ACCOUNT_CORE, &c,
	    NULL), XC_OK);
	assert_int_equal(number(c, SLOW), 0);
	xc_connection_until(c, in_ms(900));
	assert_string_equal(rows_text(c, SLOW, XC_NO_ARGS),
	    "error time limit passed");
	assert_int_equal(xc_connection_error(c)->number, 1969);
	assert_false(xc_breaker_is_open(c->breaker));
	xc_connection_until(c, 0);
	/* Killed while it waits. */
	n = snprintf(sql, sizeof(sql), "KILL %lld",
	    (long long)number(c, "SELECT CONNECTION_ID()"));
	assert_int_equal(xc_connection_query(other, NULL, sql, (size_t)n),
	    XC_OK);
	assert_int_equal(number(c, SELECT), 0);
	xc_connection_free(&c);
	/* Another's account. */
	wrong.user = "nobody_here";
	assert_int_equal(xc_connection_new(&wrong, XC_ACCOUNT_CORE, &c,
	    NULL), XC_OK);
	assert_int_equal(xc_connection_open(c), XC_ERR_UNAVAILABLE);
	assert_int_equal(xc_connection_open(c), XC_ERR_UNAVAILABLE);
	assert_false(xc_breaker_is_open(c->breaker));
	assert_int_equal(number(con, SELECT), 0);
	xc_connection_free(&c);
	xc_connection_free(&other);
}

/* No limit on connections is a reason to take the server for dead. */
static void
test_crowded(void **state)
{
	struct xc_connection *c = new_connection();

	(void)state;
	must(con, "CREATE OR REPLACE USER crowd@'%' WITH "
	    "MAX_USER_CONNECTIONS 1");
	must(con, "GRANT SELECT ON " SCHEMA ".* TO crowd@'%'");
	settings.user = "crowd";
	xc_connection_free(&c);
	c = new_connection();
	assert_int_equal(xc_connection_open(c), XC_OK);
	xc_connection_until(c, in_ms(1100));
	/* Its probes are refused. */
	assert_string_equal(rows_text(c, SLOW, XC_NO_ARGS),
	    "error time limit passed");
	assert_false(xc_breaker_is_open(c->breaker));
	settings.user = getenv("XCORE_TEST_DB_USER");
	xc_connection_free(&c);
}

/* Of another server nothing is known; by TCP, where a name may stand. */
static void
test_other_server(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct xc_database_settings other = settings;
	socklen_t len = sizeof(at);
	struct xc_connection *c;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	other.socket = "";
	other.host = "localhost";
	other.port = ntohs(at.sin_port);
	other.connect_timeout_ms = 300;
	assert_int_equal(xc_connection_new(&other, XC_ACCOUNT_CORE, &c, NULL),
	    XC_OK);
	/* Nobody listens. */
	assert_int_equal(xc_connection_open(c), XC_ERR_UNAVAILABLE);
	assert_int_equal(xc_connection_error(c)->number, 2002);
	assert_true(xc_breaker_is_open(c->breaker));
	/* Somebody does, but says nothing. */
	assert_int_equal(listen(fd, 8), 0);
	while (xc_connection_error(c)->number != 2013)
		assert_int_equal(xc_connection_open(c), XC_ERR_UNAVAILABLE);
	assert_false(xc_breaker_is_open(con->breaker));
	assert_int_equal(number(con, SELECT), 0);
	xc_connection_free(&c);
	close(fd);
}

/* Killed and started again: without a wait, from the first connection on. */
static void
test_restart(void **state)
{
	struct xc_store *store = new_store();
	pid_t pid = server_pid();

	(void)state;
	assert_int_equal(do_store(store), XC_OK);
	assert_int_equal(kill(pid, SIGKILL), 0);
	while (kill(pid, 0) == 0)
		usleep(10000);
	assert_int_equal(do_store(store), XC_ERR_UNAVAILABLE);
	assert_true(xc_breaker_is_open(con->breaker));
	/* To be refused costs nothing: here others than a lookout try too. */
	(void)xc_breaker_ask(con->breaker, 3600000);
	assert_int_equal(system(getenv("XCORE_TEST_DB_START")), 0);
	wait_for_server(xc_store_connection(store));
	assert_int_equal(number(con, SELECT), 0);
	xc_store_free(&store);
	(void)xc_breaker_ask(con->breaker, 1);
}

/* The services' reads wait for what a cluster has committed; a plugin's do
 * as the operator has set. */
static void
test_current(void **state)
{
	static const char sql[] = "SELECT CAST(VARIABLE_VALUE AS SIGNED) FROM "
	    "information_schema.session_variables WHERE VARIABLE_NAME = "
	    "'wsrep_sync_wait'";
	struct xc_store *store = new_store();

	(void)state;
	if (number(con, sql) == -1)
		skip();
	assert_int_equal(number(con, sql), 0);
	assert_int_equal(number(xc_store_connection(store), sql), 1);
	/* Also of a connection that is made anew. */
	xc_connection_close(xc_store_connection(store));
	assert_int_equal(number(xc_store_connection(store), sql), 1);
	xc_store_free(&store);
}

/* Also a connection with TLS closes it by what it hears: the library reads
 * there what comes at once without asking us. */
static void
test_heard_by_tls(void **state)
{
	struct xc_database_settings with = settings;
	const char *folder = getenv("XCORE_TEST_DB_TLS");
	struct xc_connection *c;
	char ca[512];
	int tries;

	(void)state;
	if (folder == NULL)
		skip();
	snprintf(ca, sizeof(ca), "%s/ca.pem", folder);
	with.tls_ca = ca;
	assert_int_equal(xc_connection_new(&with, XC_ACCOUNT_CORE, &c, NULL),
	    XC_OK);
	assert_int_equal(number(c, SELECT), 0);
	/* Another process could not connect a moment ago. */
	assert_true(xc_breaker_failed(c->breaker, xc_connection_now_ms() + 1,
	    false));
	for (tries = 0; xc_connection_ready(c, true) != XC_OK; tries++) {
		assert_true(tries < 3000);
		usleep(10000);
	}
	assert_false(xc_breaker_is_open(c->breaker));
	xc_connection_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(test_one_for_all),
		T(test_in_flight),
		T(test_in_flight_out),
		T(test_stays_closed),
		T(test_crowded),
		T(test_other_server),
		T(test_restart),
		T(test_current),
		T(test_heard_by_tls),
	};

	xc_breaker_share();
	if (!find_server())
		return 77;
	return cmocka_run_group_tests_name("breaker", tests, NULL, NULL);
}
