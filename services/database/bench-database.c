/* SPDX-License-Identifier: MIT */
/*
 * What a one-row SELECT costs: by xc_db_row(), by xc_db_each(), and by the bare
 * connector with a prepared statement; some requests of each in turns, so that
 * all see the same machine.
 *
 *	sh tests/services/run-database services/database/bench-database \
 *	    [ROUNDS [together | apart | free [CALLS]]]
 *
 * prints the best and the median of microseconds, and the median of the rates
 * of neighbours.  A request makes CALLS calls (10).  Client and server share a
 * CPU unless told otherwise, so that all work counts and little else does: to
 * wake another one may cost more than the statement, and differs from minute to
 * minute.  The bare connector has the account, the session and the time-outs of
 * the driver's connection; that it waits with a time-out is a part of what it
 * costs, so it is shown without, too.  Requests with a limit of 5 s are those of
 * a site: they have a connection of their own, whose session keeps a limit like
 * it.  Nothing is asserted.
 */
#include <dirent.h>
#include <sched.h>
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

#define SLOTS 50		/* of each kind in a round */
#define REQUESTS 10		/* in a slot */
#define ROUNDS_MAX 101
#define CALLS_MAX 1000
#define READ_S 10		/* that an answer may take, as by default */
#define LIMIT_US 5000000u	/* of a request that has one */
#define SQL "SELECT id, title FROM bench WHERE id = ?"
#define SESSION "SET SESSION sql_mode = 'STRICT_ALL_TABLES,"		\
	"STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,"		\
	"ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', "		\
	"time_zone = '+00:00', max_statement_time = 8.997"

/* A connection without xcore. */
struct bare {
	MYSQL *mysql;
	MYSQL_STMT *stmt;
};

/* What is compared. */
struct side {
	const char *name;
	void (*call)(long long id);
	unsigned limit_us;
	double us[ROUNDS_MAX * SLOTS];
	double rate[ROUNDS_MAX * SLOTS];
};

static struct xc_host host;
static struct xc_request req;
static struct xc_plugin plugin = { .name = (char[]){ "bench" },
	.version = (char[]){ "1" },
	.schema = (char[]){ "xcore_bench" }, .may_database = true };
static struct xc_database database, limited;
static struct bare careful, trusting;
static int n_calls = 10;

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

/* Rows are not stored either: they are fetched from the socket. */
static void
by_connector(struct bare *bare, long long id)
{
	MYSQL_BIND in = { .buffer_type = MYSQL_TYPE_LONGLONG, .buffer = &id };
	MYSQL_STMT *stmt = bare->stmt;
	unsigned long len = 0;
	long long got = 0;
	MYSQL_BIND out[2];
	char title[256];

	memset(out, 0, sizeof(out));
	out[0].buffer_type = MYSQL_TYPE_LONGLONG;
	out[0].buffer = &got;
	out[1].buffer_type = MYSQL_TYPE_STRING;
	out[1].buffer = title;
	out[1].buffer_length = sizeof(title);
	out[1].length = &len;
	if (mysql_stmt_bind_param(stmt, &in) != 0 ||
	    mysql_stmt_execute(stmt) != 0 ||
	    mysql_stmt_bind_result(stmt, out) != 0 ||
	    mysql_stmt_fetch(stmt) != 0 || got != id ||
	    mysql_stmt_fetch(stmt) != MYSQL_NO_DATA ||
	    mysql_stmt_free_result(stmt) != 0)
		die(mysql_stmt_error(stmt));
}

static void
by_careful(long long id)
{
	by_connector(&careful, id);
}

static void
by_trusting(long long id)
{
	by_connector(&trusting, id);
}

static struct side sides[] = {
	{ .name = "bare connector", .call = by_careful },
	{ .name = "... no time-outs", .call = by_trusting },
	{ .name = "xc_db_row", .call = by_json },
	{ .name = "xc_db_each", .call = by_cells },
	{ .name = "xc_db_row, 5 s", .call = by_json, .limit_us = LIMIT_US },
	{ .name = "xc_db_each, 5 s", .call = by_cells, .limit_us = LIMIT_US },
};
#define N_SIDES (sizeof(sides) / sizeof(sides[0]))

static uint64_t
now_us(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_nsec /
	    1000;
}

/* A request from its begin to its end. */
static void
run_request(const struct side *side)
{
	static long long id;
	struct timespec from;

	clock_gettime(CLOCK_MONOTONIC, &from);
	req.plugin = &plugin;
	host.db_ctx = side->limit_us == 0 ? database.ctx : limited.ctx;
	req.end_us = side->limit_us == 0 ? 0 : now_us(&from) + side->limit_us;
	for (int i = 0; i < n_calls; i++)
		side->call(1 + id++ % 100);
	xc_request_reset(&req);
}

/* Of a call, in us. */
static double
time_of(const struct side *side)
{
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < REQUESTS; i++)
		run_request(side);
	clock_gettime(CLOCK_MONOTONIC, &to);
	return ((double)(to.tv_sec - from.tv_sec) * 1e6 +
	    (double)(to.tv_nsec - from.tv_nsec) / 1e3) / n_calls / REQUESTS;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The account of the plugin, and its rows. */
static void
prepare_server(MYSQL *root, char name[static 128], char password[static 128])
{
	char sql[512];
	static const char *const texts[] = {
		"CREATE OR REPLACE DATABASE xcore_bench",
		"CREATE TABLE xcore_bench.bench (id INT PRIMARY KEY, "
		    "title VARCHAR(100))",
		"INSERT INTO xcore_bench.bench SELECT seq, CONCAT('title ', "
		    "seq) FROM xcore_bench.seq_1_to_100",
	};

	for (size_t i = 0; i < 3; i++)
		if (mysql_query(root, texts[i]) != 0)
			die(mysql_error(root));
	if (xc_account_name(&settings, "bench", name, NULL) != XC_OK ||
	    xc_account_password(&settings, name, password, NULL) != XC_OK)
		die("the account has no name");
	snprintf(sql, sizeof(sql), "CREATE OR REPLACE USER '%s'@'%%' "
	    "IDENTIFIED BY '%s'", name, password);
	if (mysql_query(root, sql) != 0)
		die(mysql_error(root));
	snprintf(sql, sizeof(sql), "GRANT SELECT ON `xcore\\_bench`.* TO "
	    "'%s'@'%%'", name);
	if (mysql_query(root, sql) != 0)
		die(mysql_error(root));
}

static MYSQL *
connect_to(const char *user, const char *password, const char *schema,
    unsigned limit_s)
{
	MYSQL *mysql = mysql_init(NULL);

	if (mysql == NULL)
		die("out of memory");
	mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_options(mysql, MYSQL_INIT_COMMAND, SESSION);
	if (limit_s != 0) {
		mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &limit_s);
		mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &limit_s);
	}
	if (mysql_real_connect(mysql, NULL, user, password, schema, 0,
	    settings.socket, 0) == NULL)
		die(mysql_error(mysql));
	return mysql;
}

static void
open_bare(struct bare *bare, const char *user, const char *password,
    unsigned limit_s)
{
	bare->mysql = connect_to(user, password, "xcore_bench", limit_s);
	bare->stmt = mysql_stmt_init(bare->mysql);
	if (bare->stmt == NULL ||
	    mysql_stmt_prepare(bare->stmt, SQL, strlen(SQL)) != 0)
		die(mysql_error(bare->mysql));
}

static void
close_bare(struct bare *bare)
{
	mysql_stmt_close(bare->stmt);
	mysql_close(bare->mysql);
}

/* Threads to come take after the one that makes them. */
static void
pin(pid_t tid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(tid, sizeof(set), &set) != 0)
		die("a process cannot be kept on a CPU: try \"free\"");
}

static void
place(const char *how)
{
	int cpu, mine = -1, servers = -1;
	char path[64];
	struct dirent *entry;
	cpu_set_t set;
	DIR *dir;

	if (strcmp(how, "free") == 0)
		return;
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		die("no CPU is known");
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		servers = mine;
		mine = cpu;
	}
	if (servers < 0 || strcmp(how, "apart") != 0)
		servers = mine;
	pin(0, mine);
	snprintf(path, sizeof(path), "/proc/%d/task", (int)server_pid());
	dir = opendir(path);
	if (dir == NULL)
		die("the server has no threads");
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			pin(atoi(entry->d_name), servers);
	closedir(dir);
}

/* So that none is always behind the same one. */
static void
shuffle(size_t order[static N_SIDES])
{
	for (size_t i = N_SIDES; i-- > 1;) {
		size_t k = (size_t)random() % (i + 1), kept = order[i];

		order[i] = order[k];
		order[k] = kept;
	}
}

static void
measure(size_t n_slots)
{
	size_t order[N_SIDES];

	for (size_t i = 0; i < N_SIDES; i++) {
		order[i] = i;
		(void)time_of(&sides[i]);
	}
	for (size_t s = 0; s < n_slots; s++) {
		shuffle(order);
		for (size_t i = 0; i < N_SIDES; i++)
			sides[order[i]].us[s] = time_of(&sides[order[i]]);
	}
	for (size_t i = 0; i < N_SIDES; i++) {
		struct side *side = &sides[i];

		for (size_t s = 0; s < n_slots; s++)
			side->rate[s] = sides[0].us[s] / side->us[s];
	}
	for (size_t i = 0; i < N_SIDES; i++) {
		struct side *side = &sides[i];

		qsort(side->us, n_slots, sizeof(double), compare);
		qsort(side->rate, n_slots, sizeof(double), compare);
		printf("%-17s best %6.2f us, median %6.2f us, %.3f of the "
		    "connector's rate\n", side->name, side->us[0],
		    side->us[n_slots / 2], side->rate[n_slots / 2]);
	}
}

int
main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 11;
	char name[128], password[128];
	MYSQL *root;

	n_calls = argc > 3 ? atoi(argv[3]) : n_calls;
	if (!find_server() || rounds < 1 || rounds > ROUNDS_MAX ||
	    n_calls < 1 || n_calls > CALLS_MAX)
		die("run it by tests/services/run-database");
	place(argc > 2 ? argv[2] : "together");
	root = connect_to(settings.user, NULL, NULL, 0);
	prepare_server(root, name, password);
	mysql_close(root);
	open_bare(&careful, name, password, READ_S);
	open_bare(&trusting, name, password, 0);
	settings.read_timeout_ms = settings.write_timeout_ms = READ_S * 1000;
	if (xc_database_open(&settings, &database, NULL) != XC_OK ||
	    xc_database_open(&settings, &limited, NULL) != XC_OK)
		die("no driver");
	host.db = database.ops;
	if (xc_request_init(&req, &host, NULL) != XC_OK)
		die("out of memory");
	measure((size_t)rounds * SLOTS);
	xc_request_free(&req);
	xc_database_close(&database);
	xc_database_close(&limited);
	close_bare(&careful);
	close_bare(&trusting);
	return 0;
}
