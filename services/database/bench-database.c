/* SPDX-License-Identifier: MIT */
/*
 * What a one-row SELECT costs: by xc_db_row(), by the driver's rows as typed
 * cells, and by the bare connector with a prepared statement, in turns, in one
 * run.  `sh tests/services/run-database services/database/bench-database
 * [ROUNDS]` prints microseconds, the best and the median of rounds.  Nothing is
 * asserted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mysql.h>

#include <xcore/db.h>

#include "account.h"
#include "database.h"
#include "lib/plugin-private.h"
#include "lib/request-private.h"
#include "support.h"

#define CALLS 5000
#define ROUNDS_MAX 101
#define SQL "SELECT id, title FROM bench WHERE id = ?"

static struct xc_host host;
static struct xc_request req;
static struct xc_plugin plugin = { .name = (char[]){ "bench" },
	.version = (char[]){ "1" },
	.schema = (char[]){ "xcore_bench" }, .may_database = true };
static struct xc_database database;
static MYSQL *bare;
static MYSQL_STMT *stmt;

static void
die(const char *what)
{
	fprintf(stderr, "bench-database: %s\n", what);
	exit(1);
}

static void
by_json(long long id)
{
	struct json_object *row;

	if (xc_db_row(&req, &row, SQL, XC_ARGS(xc_int(id))) != XC_OK)
		die("xc_db_row");
}

static enum xc_err
look(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	*(int64_t *)ctx = n_cells == 2 ? cells[0].integer : 0;
	return XC_OK;
}

static void
by_cells(long long id)
{
	int64_t got = 0;

	if (xc_db_each(&req, look, &got, SQL, XC_ARGS(xc_int(id))) != XC_OK ||
	    got != id)
		die("xc_db_each");
}

static void
by_connector(long long id)
{
	MYSQL_BIND in = { .buffer_type = MYSQL_TYPE_LONGLONG, .buffer = &id };
	MYSQL_BIND out[2];
	char title[256];
	long long got = 0;

	memset(out, 0, sizeof(out));
	out[0].buffer_type = MYSQL_TYPE_LONGLONG;
	out[0].buffer = &got;
	out[1].buffer_type = MYSQL_TYPE_STRING;
	out[1].buffer = title;
	out[1].buffer_length = sizeof(title);
	if (mysql_stmt_bind_param(stmt, &in) != 0 ||
	    mysql_stmt_execute(stmt) != 0 ||
	    mysql_stmt_bind_result(stmt, out) != 0 ||
	    mysql_stmt_fetch(stmt) != 0 || got != id ||
	    mysql_stmt_fetch(stmt) != MYSQL_NO_DATA ||
	    mysql_stmt_free_result(stmt) != 0)
		die(mysql_stmt_error(stmt));
}

static double
time_of(void (*call)(long long id))
{
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < CALLS; i++) {
		call(1 + i % 100);
		/* What a request has taken goes with it. */
		if (i % 10 != 9)
			continue;
		xc_request_reset(&req);
		req.plugin = &plugin;
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	return ((double)(to.tv_sec - from.tv_sec) * 1e6 +
	    (double)(to.tv_nsec - from.tv_nsec) / 1e3) / CALLS;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The account of the plugin, and its rows. */
static void
prepare_server(void)
{
	char sql[512], name[128], password[128];
	static const char *const texts[] = {
		"CREATE OR REPLACE DATABASE xcore_bench",
		"CREATE TABLE xcore_bench.bench (id INT PRIMARY KEY, "
		    "title VARCHAR(100))",
		"INSERT INTO xcore_bench.bench SELECT seq, CONCAT('title ', "
		    "seq) FROM xcore_bench.seq_1_to_100",
	};

	for (size_t i = 0; i < 3; i++)
		if (mysql_query(bare, texts[i]) != 0)
			die(mysql_error(bare));
	if (xc_account_name(&settings, "bench", name, NULL) != XC_OK ||
	    xc_account_password(&settings, name, password, NULL) != XC_OK)
		die("the account has no name");
	snprintf(sql, sizeof(sql), "CREATE OR REPLACE USER '%s'@'%%' "
	    "IDENTIFIED BY '%s'", name, password);
	if (mysql_query(bare, sql) != 0)
		die(mysql_error(bare));
	snprintf(sql, sizeof(sql), "GRANT SELECT ON `xcore\\_bench`.* TO "
	    "'%s'@'%%'", name);
	if (mysql_query(bare, sql) != 0 ||
	    mysql_select_db(bare, "xcore_bench") != 0)
		die(mysql_error(bare));
	stmt = mysql_stmt_init(bare);
	if (stmt == NULL || mysql_stmt_prepare(stmt, SQL, strlen(SQL)) != 0)
		die(mysql_error(bare));
}

int
main(int argc, char **argv)
{
	static double took[3][ROUNDS_MAX];
	static void (*const calls[3])(long long) = { by_connector, by_json,
		by_cells };
	static const char *const names[3] = { "bare connector", "xc_db_row",
		"xc_db_each" };
	int rounds = argc > 1 ? atoi(argv[1]) : 11;

	if (!find_server() || rounds < 1 || rounds > ROUNDS_MAX)
		die("run it by tests/services/run-database");
	bare = mysql_init(NULL);
	if (bare == NULL || mysql_real_connect(bare, NULL, settings.user,
	    NULL, NULL, 0, settings.socket, 0) == NULL)
		die("no connection");
	prepare_server();
	if (xc_database_open(&settings, &database, NULL) != XC_OK)
		die("no driver");
	host.db = database.ops;
	host.db_ctx = database.ctx;
	if (xc_request_init(&req, &host, NULL) != XC_OK)
		die("out of memory");
	req.plugin = &plugin;
	for (int r = 0; r < rounds; r++)
		for (int k = 0; k < 3; k++)
			took[k][r] = time_of(calls[k]);
	for (int k = 0; k < 3; k++)
		qsort(took[k], (size_t)rounds, sizeof(double), compare);
	for (int k = 0; k < 3; k++)
		printf("%-16s best %6.2f us, median %6.2f us, %.3f of the "
		    "connector's rate\n", names[k], took[k][0],
		    took[k][rounds / 2], took[0][rounds / 2] /
		    took[k][rounds / 2]);
	xc_request_free(&req);
	xc_database_close(&database);
	mysql_stmt_close(stmt);
	mysql_close(bare);
	return 0;
}
