/* SPDX-License-Identifier: MIT */
/* The services' tables, and their own account, on a real server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "account.h"
#include "store.h"
#include "support.h"

static struct xc_store *store;

static int
set_up_store(void **state)
{
	struct xc_database_settings core = settings;
	struct xc_errbuf errbuf;

	if (set_up(state) != 0)
		return -1;
	core.name = SCHEMA;
	assert_int_equal(xc_store_new(&core, XC_ACCOUNT_CORE, &store, &errbuf),
	    XC_OK);
	return 0;
}

static int
tear_down_store(void **state)
{
	xc_store_free(&store);
	assert_null(store);
	return tear_down(state);
}

static enum xc_err
add_up(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	assert_int_equal(n_cells, 1);
	assert_int_equal(cells[0].type, XC_CELL_INT);
	*(int64_t *)ctx += cells[0].integer;
	return XC_OK;
}

static enum xc_err
refuse(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	(void)ctx;
	(void)cells;
	(void)n_cells;
	return XC_ERR_DENIED;
}

static void
test_statements(void **state)
{
	struct xc_db_result result;
	struct json_object *rows;
	int64_t sum = 0;

	(void)state;
	assert_int_equal(xc_store_exec(store, &result, "INSERT INTO item (n) "
	    "VALUES (?), (?)", XC_ARGS(xc_int(5), xc_int(7))), XC_OK);
	assert_int_equal(result.affected, 2);
	assert_int_equal(xc_store_each(store, add_up, &sum,
	    "SELECT n FROM item", XC_NO_ARGS), XC_OK);
	assert_int_equal(sum, 12);
	sum = 0;
	assert_int_equal(xc_store_one(store, add_up, &sum,
	    "SELECT n FROM item ORDER BY n DESC", XC_NO_ARGS), XC_OK);
	assert_int_equal(sum, 7);
	assert_int_equal(xc_store_one(store, add_up, &sum,
	    "SELECT n FROM item WHERE n = ?", XC_ARGS(xc_int(6))),
	    XC_ERR_NOT_FOUND);
	assert_int_equal(xc_store_one(store, refuse, NULL,
	    "SELECT n FROM item", XC_NO_ARGS), XC_ERR_DENIED);
	assert_int_equal(xc_store_rows(store, &rows, "SELECT n FROM item "
	    "ORDER BY n", XC_NO_ARGS), XC_OK);
	assert_string_equal(json_object_to_json_string(rows),
	    "[ { \"n\": 5 }, { \"n\": 7 } ]");
	json_object_put(rows);
	assert_int_equal(xc_store_exec(store, NULL, "INSERT INTO item (n) "
	    "VALUES (?)", XC_NO_ARGS), XC_ERR_INVALID);
	assert_int_equal(xc_connection_error(xc_store_connection(store))->
	    number, 0);
}

struct body {
	int runs;
	int busy;		/* runs that meet another */
	enum xc_err err;	/* of the others */
};

static enum xc_err
add_one(struct xc_store *of, void *ctx)
{
	struct body *body = ctx;
	enum xc_err err;

	assert_int_equal(xc_store_transaction(of, add_one, ctx),
	    XC_ERR_STATE);
	err = xc_store_exec(of, NULL, "INSERT INTO item (n) VALUES (1)",
	    XC_NO_ARGS);
	if (err != XC_OK)
		return err;
	if (body->runs++ < body->busy)
		return xc_store_exec(of, NULL, "SIGNAL SQLSTATE '40001' SET "
		    "MYSQL_ERRNO = 1213", XC_NO_ARGS);
	return body->err;
}

static void
test_transaction(void **state)
{
	static const struct {
		struct body body;
		enum xc_err err;
		int runs;
		int rows;
	} cases[] = {
		{ { 0, 0, XC_OK }, XC_OK, 1, 1 },
		{ { 0, 0, XC_ERR_DENIED }, XC_ERR_DENIED, 1, 0 },
		{ { 0, 2, XC_OK }, XC_OK, 3, 1 },
		{ { 0, 3, XC_OK }, XC_ERR_BUSY, 3, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct body body = cases[i].body;

		must(con, "DELETE FROM item");
		assert_int_equal(xc_store_transaction(store, add_one, &body),
		    cases[i].err);
		assert_int_equal(body.runs, cases[i].runs);
		assert_int_equal(number(con, "SELECT COUNT(*) FROM item"),
		    cases[i].rows);
	}
}

/* Makes the services' account, with a right on one table. */
static void
make_account(struct xc_database_settings *with)
{
	char name[XC_ACCOUNT_NAME_SIZE], password[XC_ACCOUNT_PASSWORD_SIZE];
	static char path[512];
	struct xc_errbuf errbuf;
	char sql[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/account-secret",
	    getenv("XCORE_TEST_DB_DIR"));
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("a secret of some length\n", file);
	fclose(file);
	assert_int_equal(chmod(path, 0600), 0);
	*with = settings;
	with->name = SCHEMA;
	with->plugin_user = "xcore_plugin";
	with->plugin_password_file = path;
	assert_int_equal(xc_account_name(with, NULL, name, &errbuf), XC_OK);
	assert_int_equal(xc_account_password(with, name, password, &errbuf),
	    XC_OK);
	snprintf(sql, sizeof(sql), "CREATE OR REPLACE USER '%s'@'localhost' "
	    "IDENTIFIED BY '%s'", name, password);
	must(con, sql);
	snprintf(sql, sizeof(sql), "GRANT SELECT ON " SCHEMA ".item TO "
	    "'%s'@'localhost'", name);
	must(con, sql);
}

static void
test_account(void **state)
{
	struct xc_database_settings with;
	struct xc_errbuf errbuf;
	struct xc_store *other;
	int64_t sum = 0;

	(void)state;
	make_account(&with);
	must(con, "INSERT INTO item (n) VALUES (3)");
	assert_int_equal(xc_store_new(&with, XC_ACCOUNT_SERVICE, &other,
	    &errbuf), XC_OK);
	assert_int_equal(xc_store_one(other, add_up, &sum,
	    "SELECT n FROM item", XC_NO_ARGS), XC_OK);
	assert_int_equal(sum, 3);
	/* What it was not granted. */
	assert_int_equal(xc_store_exec(other, NULL, "DELETE FROM item",
	    XC_NO_ARGS), XC_ERR_INVALID);
	assert_int_equal(number(con, "SELECT COUNT(*) FROM item"), 1);
	xc_store_free(&other);
	with.plugin_password_file = "";
	assert_int_equal(xc_store_new(&with, XC_ACCOUNT_SERVICE, &other,
	    &errbuf), XC_ERR_INVALID);
	assert_null(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up_store,	\
    tear_down_store)
		T(test_statements),
		T(test_transaction),
		T(test_account),
	};

	if (!find_server())
		return 77;
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
