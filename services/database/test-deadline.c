/* SPDX-License-Identifier: MIT */
/* Time that is short, rows one by one, transactions that are cut; the session
 * and its transport.  See tests/services/run-database. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "connection-private.h"
#include "database.h"
#include "store.h"
#include "support.h"

#define SUM "SELECT CAST(SUM(n) AS SIGNED) FROM item"

static uint64_t
in_ms(unsigned ms)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 +
	    (uint64_t)now.tv_nsec / 1000 + ms * UINT64_C(1000);
}

/* One whose statement the server ended in time: a busy one may be late with
 * it, and then the connection is given up. */
static struct xc_connection *
with_ended_statement(int64_t *id_r)
{
	struct xc_connection *c;
	int tries = 20;

	for (;;) {
		c = patient_connection();
		*id_r = number(c, "SELECT CONNECTION_ID()");
		xc_connection_until(c, in_ms(300));
		assert_string_equal(rows_text(c, "SELECT SLEEP(3600) AS s, "
		    "n FROM (SELECT 1 AS n) AS t", XC_NO_ARGS),
		    "error time limit passed");
		if (xc_connection_error(c)->number == 1969 || --tries == 0)
			break;
		xc_connection_free(&c);
	}
	assert_int_equal(xc_connection_error(c)->number, 1969);
	return c;
}

static void
test_statement_ends(void **state)
{
	int64_t id;
	struct xc_connection *c = with_ended_statement(&id);

	(void)state;
	/* What is over is not begun; the connection is fit for the next. */
	xc_connection_until(c, 1);
	assert_int_equal(do_exec(c, "INSERT INTO item (n) VALUES (1)",
	    XC_NO_ARGS), XC_ERR_TIMEOUT);
	assert_int_equal(xc_connection_begin(c), XC_ERR_TIMEOUT);
	xc_connection_until(c, 0);
	assert_int_equal(number(c, "SELECT COUNT(*) FROM item"), 0);
	assert_int_equal(number(c, "SELECT CONNECTION_ID()"), id);
	/* With time again, the session's limit is the long one again. */
	assert_true(number(c, "SELECT CAST(@@max_statement_time AS SIGNED)") >
	    3000);
	xc_connection_free(&c);
}

static void
test_hung_server(void **state)
{
	struct xc_connection *c = patient_connection();
	pid_t pid = server_pid();

	(void)state;
	assert_int_equal(number(c, "SELECT COUNT(*) FROM item"), 0);
	stop_server();
	xc_connection_until(c, in_ms(200));
	assert_string_equal(rows_text(c, "SELECT COUNT(*) FROM item",
	    XC_NO_ARGS), "error time limit passed");
	assert_int_equal(kill(pid, SIGCONT), 0);
	xc_connection_until(c, in_ms(3000));
	assert_int_equal(xc_connection_open(c), XC_OK);
	assert_int_equal(xc_connection_begin(c), XC_OK);
	must(c, "INSERT INTO item (n) VALUES (2)");
	stop_server();
	assert_int_equal(xc_connection_commit(c), XC_ERR_UNCERTAIN);
	assert_int_equal(kill(pid, SIGCONT), 0);
	wait_for_server(c);
	/* Less time than the session was told: nothing was committed. */
	xc_connection_until(c, 0);
	assert_int_equal(xc_connection_begin(c), XC_OK);
	must(c, "INSERT INTO item (n) VALUES (3)");
	stop_server();
	xc_connection_until(c, in_ms(200));
	assert_int_equal(xc_connection_commit(c), XC_ERR_BUSY);
	xc_connection_until(c, 0);
	assert_int_equal(kill(pid, SIGCONT), 0);
	xc_connection_free(&c);
}

static void
test_time_is_up_at_commit(void **state)
{
	(void)state;
	assert_int_equal(xc_connection_begin(con), XC_OK);
	must(con, "INSERT INTO item (n) VALUES (1)");
	xc_connection_until(con, 1);
	assert_int_equal(xc_connection_commit(con), XC_ERR_TIMEOUT);
	assert_false(xc_connection_in_transaction(con));
	xc_connection_until(con, 0);
	assert_int_equal(number(con, "SELECT COUNT(*) FROM item"), 0);
}

static void
test_walk(void **state)
{
	struct xc_statement many = { SCHEMA, "SELECT seq, REPEAT('x', 1000) AS "
	    "x FROM seq_1_to_20000", XC_NO_ARGS };
	struct xc_statement none = { SCHEMA, "INSERT INTO item (n) VALUES (1)",
	    XC_NO_ARGS };
	const struct xc_cell *cells;
	int64_t sum = 0;
	size_t n;

	(void)state;
	assert_int_equal(xc_connection_next(con, &cells, &n), XC_ERR_STATE);
	assert_int_equal(xc_connection_walk(con, &many), XC_OK);
	while (xc_connection_next(con, &cells, &n) == XC_OK) {
		assert_int_equal(n, 2);
		assert_int_equal(cells[1].len, 1000);
		sum += cells[0].integer;
		if (cells[0].integer != 7)
			continue;
		/* No other call meanwhile. */
		assert_int_equal(number(con, "SELECT 1"), -1);
		assert_int_equal(xc_connection_begin(con), XC_ERR_STATE);
		assert_int_equal(xc_connection_walk(con, &none), XC_ERR_STATE);
	}
	assert_true(sum == INT64_C(20000) * 20001 / 2);
	assert_int_equal(xc_connection_next(con, &cells, &n),
	    XC_ERR_NOT_FOUND);
	assert_int_equal(xc_connection_walked(con), XC_OK);
	assert_int_equal(xc_connection_walked(con), XC_OK);
	/* One without rows, and one that is left in its midst. */
	assert_int_equal(xc_connection_walk(con, &none), XC_OK);
	assert_int_equal(xc_connection_next(con, &cells, &n),
	    XC_ERR_NOT_FOUND);
	xc_connection_release(con);
	assert_int_equal(xc_connection_walk(con, &many), XC_OK);
	assert_int_equal(xc_connection_next(con, &cells, &n), XC_OK);
	xc_connection_release(con);
	assert_int_equal(number(con, "SELECT COUNT(*) FROM item"), 1);
}

/* What is not wanted is not read, if it is much; in a transaction it must be,
 * or it would be lost. */
static void
test_walk_left(void **state)
{
	struct xc_statement few = { SCHEMA, "SELECT seq FROM seq_1_to_100",
	    XC_NO_ARGS };
	struct xc_statement many = { SCHEMA, "SELECT seq, REPEAT('x', 1000) AS "
	    "x FROM seq_1_to_10000000000", XC_NO_ARGS };
	struct xc_connection *c = patient_connection();
	int64_t id = number(c, "SELECT CONNECTION_ID()");
	const struct xc_cell *cells;
	size_t n;

	(void)state;
	assert_int_equal(xc_connection_walk(c, &few), XC_OK);
	assert_int_equal(xc_connection_next(c, &cells, &n), XC_OK);
	assert_int_equal(xc_connection_walked(c), XC_OK);
	assert_int_equal(number(c, "SELECT CONNECTION_ID()"), id);
	assert_int_equal(xc_connection_walk(c, &many), XC_OK);
	assert_int_equal(xc_connection_next(c, &cells, &n), XC_OK);
	assert_int_equal(xc_connection_walked(c), XC_OK);
	assert_int_not_equal(number(c, "SELECT CONNECTION_ID()"), id);
	/* The server does not work on for nobody. */
	while (number(c, "SELECT COUNT(*) FROM information_schema.processlist "
	    "WHERE info LIKE 'SELECT seq, %'") != 0)
		usleep(1000);
	assert_int_equal(xc_connection_begin(c), XC_OK);
	must(c, "INSERT INTO item (n) VALUES (1)");
	xc_connection_until(c, in_ms(500));
	assert_int_equal(xc_connection_walk(c, &many), XC_OK);
	assert_int_equal(xc_connection_next(c, &cells, &n), XC_OK);
	(void)xc_connection_walked(c);
	xc_connection_until(c, 0);
	assert_true(xc_connection_in_transaction(c));
	assert_int_equal(xc_connection_commit(c), XC_OK);
	assert_int_equal(number(c, "SELECT COUNT(*) FROM item"), 1);
	xc_connection_free(&c);
}

/* A connection that is lost at any statement of a transaction: it is done
 * once, or not at all. */
struct sweep {
	struct xc_connection *killer;
	int at;			/* the statement to be cut */
	int runs;
};

static void
cut(struct sweep *sweep, struct xc_store *store)
{
	char sql[64];
	int64_t id = (int64_t)mysql_thread_id(
	    xc_store_connection(store)->mysql);
	int n = snprintf(sql, sizeof(sql), "KILL %lld", (long long)id);

	assert_int_equal(xc_connection_query(sweep->killer, NULL, sql,
	    (size_t)n), XC_OK);
}

static enum xc_err
move_money(struct xc_store *store, void *ctx)
{
	static const char *const sql[] = {
		"SELECT n FROM item WHERE id = 1 FOR UPDATE",
		"UPDATE item SET n = n - 10 WHERE id = 1",
		"UPDATE item SET n = n + 10 WHERE id = 2",
		"INSERT INTO item (n) VALUES (0)",
	};
	struct sweep *sweep = ctx;
	enum xc_err err = XC_OK;

	sweep->runs++;
	for (int i = 0; err == XC_OK && i < 4; i++) {
		if (sweep->runs == 1 && sweep->at == i)
			cut(sweep, store);
		err = xc_store_exec(store, NULL, sql[i], XC_NO_ARGS);
	}
	if (err == XC_OK && sweep->runs == 1 && sweep->at == 4)
		cut(sweep, store);
	return err;
}

static void
test_kill_sweep(void **state)
{
	struct xc_database_settings core = settings;
	struct sweep sweep = { .killer = new_connection() };
	struct xc_store *store;
	enum xc_err err;

	(void)state;
	core.name = SCHEMA;
	assert_int_equal(xc_store_new(&core, XC_ACCOUNT_CORE, &store, NULL),
	    XC_OK);
	must(con, "INSERT INTO item (id, n) VALUES (1, 1000), (2, 0)");
	for (sweep.at = 0; sweep.at <= 5; sweep.at++) {
		sweep.runs = 0;
		err = xc_store_transaction(store, move_money, &sweep);
		/* The commit itself may be what is cut. */
		assert_true(err == XC_OK ||
		    (err == XC_ERR_UNCERTAIN && sweep.at == 4));
		assert_true(sweep.runs <= 2);
		assert_int_equal(number(con, SUM), 1000);
		if (err == XC_OK)
			assert_int_equal(number(con, "SELECT n FROM item "
			    "WHERE id = 2"), 10 * (number(con,
			    "SELECT COUNT(*) FROM item") - 2));
	}
	xc_store_free(&store);
	xc_connection_free(&sweep.killer);
}

static enum xc_err
signal_once(struct xc_store *store, void *ctx)
{
	int *numbers = ctx;
	char sql[96];

	if (numbers[1]++ > 0)
		return XC_OK;
	snprintf(sql, sizeof(sql), "SIGNAL SQLSTATE '08S01' SET MYSQL_ERRNO "
	    "= %d", numbers[0]);
	return xc_store_exec(store, NULL, sql, XC_NO_ARGS);
}

static void
test_tried_again(void **state)
{
	static const int again[] = { 1213, 1205, 1047 };
	struct xc_database_settings core = settings;
	struct xc_store *store;

	(void)state;
	core.name = SCHEMA;
	assert_int_equal(xc_store_new(&core, XC_ACCOUNT_CORE, &store, NULL),
	    XC_OK);
	for (size_t i = 0; i < 3; i++) {
		int numbers[2] = { again[i], 0 };

		assert_int_equal(xc_store_transaction(store, signal_once,
		    numbers), XC_OK);
		assert_int_equal(numbers[1], 2);
	}
	xc_store_free(&store);
}

static void
test_session(void **state)
{
	(void)state;
	assert_string_equal(rows_text(con, "SELECT @@time_zone AS z, "
	    "@@character_set_client AS c, @@character_set_results AS r, "
	    "@@character_set_connection AS n, "
	    "@@sql_mode LIKE '%STRICT_ALL_TABLES%' AS s", XC_NO_ARGS),
	    "[ { \"z\": \"+00:00\", \"c\": \"utf8mb4\", \"r\": \"utf8mb4\", "
	    "\"n\": \"utf8mb4\", \"s\": 1 } ]");
	assert_int_equal(number(con, "SELECT @@collation_connection LIKE "
	    "'utf8mb4%'"), 1);
	/* To the last of what an unsigned number holds, as a number. */
	assert_string_equal(rows_text(con, "SELECT ? AS u, ? AS i",
	    XC_ARGS(xc_uint(UINT64_MAX), xc_int(INT64_MIN))),
	    "[ { \"u\": 18446744073709551615, "
	    "\"i\": -9223372036854775808 } ]");
}

static void
test_idle(void **state)
{
	struct xc_connection *other = new_connection();
	char sql[64];
	int n;

	(void)state;
	n = snprintf(sql, sizeof(sql), "KILL %lld",
	    (long long)number(con, "SELECT CONNECTION_ID()"));
	assert_int_equal(number(con, "SELECT 1"), 1);
	assert_int_equal(xc_connection_query(other, NULL, sql, (size_t)n),
	    XC_OK);
	/* It believes that it was idle for long. */
	con->used_ms -= XC_CONNECTION_PROVE_MS;
	must(con, "INSERT INTO item (n) VALUES (1)");
	assert_int_equal(number(other, "SELECT COUNT(*) FROM item"), 1);
	xc_connection_free(&other);
}

/* Another secret: who has the old password finds the new one by himself. */
static void
test_secret_changes(void **state)
{
	struct xc_connection *c;
	int tries;

	(void)state;
	make_secret("a secret of 16 or more");
	give_account(con, "test");
	assert_int_equal(xc_connection_of_plugin(&settings, "test", &c, NULL),
	    XC_OK);
	assert_int_equal(number(c, "SELECT 1"), 1);
	make_secret("another secret, as long");
	give_account(con, "test");
	xc_connection_close(c);
	assert_int_equal(xc_connection_open(c), XC_ERR_UNAVAILABLE);
	assert_int_equal(xc_connection_error(c)->number, 1045);
	for (tries = 0; xc_connection_open(c) != XC_OK; tries++) {
		assert_true(tries < 3000);
		usleep(1000);
	}
	xc_connection_free(&c);
	make_secret("a secret of 16 or more");
}

/* Each plugin its own connection and account; not more than so many. */
static void
test_pool(void **state)
{
	char schema[32], sql[96], name[16];
	struct xc_database database;
	struct json_object *rows;

	(void)state;
	assert_int_equal(xc_database_open(&settings, &database, NULL), XC_OK);
	for (int i = 0; i < XC_DATABASE_CONNECTIONS_MAX + 4; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		snprintf(schema, sizeof(schema), "xcore_p%d", i);
		snprintf(sql, sizeof(sql), "CREATE DATABASE IF NOT EXISTS %s",
		    schema);
		must(con, sql);
		give_account(con, name);
		assert_int_equal(database.ops->rows(database.ctx, schema,
		    "SELECT CURRENT_USER() AS u", XC_NO_ARGS, 1, &rows),
		    XC_OK);
		snprintf(sql, sizeof(sql), "[ { \"u\": \"plug_p%d@%%\" } ]",
		    i);
		assert_string_equal(json_object_to_json_string(rows), sql);
		json_object_put(rows);
		/* Another's tables are not there for it. */
		assert_int_equal(database.ops->exec(database.ctx, schema,
		    "INSERT INTO " SCHEMA ".item (n) VALUES (1)", XC_NO_ARGS,
		    NULL), XC_ERR_INVALID);
		database.ops->release(database.ctx);
	}
	/* The server learns of it in its own time. */
	while (number(con, "SELECT COUNT(*) FROM information_schema."
	    "processlist WHERE user LIKE 'plug\\_p%'") >
	    XC_DATABASE_CONNECTIONS_MAX)
		usleep(1000);
	assert_int_equal(database.ops->rows(database.ctx, "mysql",
	    "SELECT 1", XC_NO_ARGS, 1, &rows), XC_ERR_UNAVAILABLE);
	xc_database_close(&database);
}

/* With a server that has TLS: run-database made its certificates. */
static void
test_tls(void **state)
{
	struct xc_database_settings with = settings;
	const char *folder = getenv("XCORE_TEST_DB_TLS");
	char ca[512], wrong[512];
	struct xc_connection *c;
	pid_t pid = server_pid();

	(void)state;
	if (folder == NULL)
		skip();
	snprintf(ca, sizeof(ca), "%s/ca.pem", folder);
	snprintf(wrong, sizeof(wrong), "%s/wrong.pem", folder);
	with.tls_ca = ca;
	with.read_timeout_ms = 3600000;
	assert_int_equal(xc_connection_new(&with, XC_ACCOUNT_CORE, &c, NULL),
	    XC_OK);
	assert_int_equal(number(c, "SELECT VARIABLE_VALUE <> '' FROM "
	    "information_schema.session_status WHERE VARIABLE_NAME = "
	    "'Ssl_cipher'"), 1);
	/* The deadline holds there too. */
	assert_int_equal(number(c, "SELECT COUNT(*) FROM item"), 0);
	stop_server();
	xc_connection_until(c, in_ms(200));
	assert_string_equal(rows_text(c, "SELECT COUNT(*) FROM item",
	    XC_NO_ARGS), "error time limit passed");
	assert_int_equal(kill(pid, SIGCONT), 0);
	xc_connection_free(&c);
	with.tls_ca = wrong;
	assert_int_equal(xc_connection_new(&with, XC_ACCOUNT_CORE, &c, NULL),
	    XC_OK);
	assert_int_equal(xc_connection_open(c), XC_ERR_UNAVAILABLE);
	assert_int_equal(xc_connection_error(c)->number, 2026);
	xc_connection_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(test_session),
		T(test_statement_ends),
		T(test_hung_server),
		T(test_time_is_up_at_commit),
		T(test_walk),
		T(test_walk_left),
		T(test_kill_sweep),
		T(test_tried_again),
		T(test_idle),
		T(test_secret_changes),
		T(test_pool),
		T(test_tls),
	};

	if (!find_server())
		return 77;
	return cmocka_run_group_tests_name("deadline", tests, NULL, NULL);
}
