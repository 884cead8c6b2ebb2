/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json_tokener.h>

#include <xcore/db.h>
#include <xcore/json.h>

#include "test-host.h"

/* A driver that does as it is told and remembers what it was asked. */
static struct {
	unsigned n_begin;
	unsigned n_commit;
	unsigned n_rollback;
	unsigned n_release;
	unsigned n_calls;
	unsigned n_rows;	/* of an answer */
	enum xc_err err;
	enum xc_err begin;
	enum xc_err commit;
	char schema[32];
	char sql[256];
	unsigned n_ends;
	uint64_t end_us;
	size_t n_args;
	size_t max_rows;
} fake;

static enum xc_err
fake_rows(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args, size_t max_rows,
    struct json_object **rows_r)
{
	struct json_object *row;
	unsigned i;

	(void)ctx;
	(void)sql;
	(void)args;
	fake.max_rows = max_rows;
	fake.n_calls++;
	fake.n_args = n_args;
	strcpy(fake.schema, schema);
	*rows_r = NULL;
	if (fake.err != XC_OK)
		return fake.err;
	*rows_r = json_object_new_array();
	for (i = 0; i < fake.n_rows; i++) {
		row = json_object_new_object();
		json_object_object_add(row, "id", json_object_new_int64(i));
		json_object_array_add(*rows_r, row);
	}
	return XC_OK;
}

static enum xc_err
fake_exec(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args,
    struct xc_db_result *result_r)
{
	(void)ctx;
	(void)schema;
	(void)args;
	snprintf(fake.sql, sizeof(fake.sql), "%s", sql);
	fake.n_calls++;
	fake.n_args = n_args;
	result_r->affected = 3;
	result_r->last_id = 4;
	return fake.err;
}

static enum xc_err
fake_begin(void *ctx, const char *schema)
{
	(void)ctx;
	assert_string_equal(schema, "xcore_todo");
	fake.n_begin++;
	return fake.begin;
}

static enum xc_err
fake_commit(void *ctx)
{
	(void)ctx;
	fake.n_commit++;
	return fake.commit;
}

static void
fake_rollback(void *ctx)
{
	(void)ctx;
	fake.n_rollback++;
}

static void
fake_release(void *ctx)
{
	(void)ctx;
	fake.n_release++;
}

static void
fake_until(void *ctx, uint64_t end_us)
{
	(void)ctx;
	fake.end_us = end_us;
}

static enum xc_err
fake_open(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args)
{
	(void)ctx;
	(void)schema;
	(void)sql;
	(void)args;
	(void)n_args;
	return fake.err;
}

static enum xc_err
fake_next(void *ctx, const struct xc_cell **cells_r, size_t *n_r)
{
	static struct xc_cell cell = { .name = "id", .type = XC_CELL_INT };

	(void)ctx;
	*cells_r = &cell;
	*n_r = 1;
	cell.integer = fake.n_rows;
	return fake.n_rows-- > 0 ? XC_OK : XC_ERR_NOT_FOUND;
}

static void
fake_end(void *ctx)
{
	(void)ctx;
	fake.n_ends++;
}

static const struct xc_db_ops ops = {
	.rows = fake_rows,
	.exec = fake_exec,
	.begin = fake_begin,
	.commit = fake_commit,
	.rollback = fake_rollback,
	.release = fake_release,
	.until = fake_until,
	.open = fake_open,
	.next = fake_next,
	.end = fake_end,
};

static void
begin(struct xc_request *req)
{
	memset(&fake, 0, sizeof(fake));
	test_begin(req);
	test_host.db = &ops;
	test_get(req, "/app/todo");
}

static void
test_rows(void **state)
{
	struct json_object *rows;
	struct xc_request req;

	(void)state;
	begin(&req);
	fake.n_rows = 2;
	assert_int_equal(xc_db_rows(&req, &rows, "SELECT ?, ?, ?, ?, ?",
	    XC_ARGS(xc_int(1), xc_text("x"), xc_text(NULL), xc_real(1.5),
	    xc_blob("\xff", 1))), XC_OK);
	assert_int_equal(json_object_array_length(rows), 2);
	assert_int_equal(fake.n_args, 5);
	assert_int_equal(fake.max_rows, 100000);
	assert_string_equal(fake.schema, "xcore_todo");
	fake.err = XC_ERR_TIMEOUT;
	assert_int_equal(xc_db_rows(&req, &rows, "SELECT 1", XC_NO_ARGS),
	    XC_ERR_TIMEOUT);
	assert_null(rows);
	xc_request_reset(&req);
	assert_int_equal(fake.n_release, 1);
	xc_request_reset(&req);
	assert_int_equal(fake.n_release, 1);
	test_end(&req);
}

static void
test_row(void **state)
{
	struct json_object *row;
	struct xc_request req;
	int64_t id = 9;

	(void)state;
	begin(&req);
	assert_int_equal(xc_db_row(&req, &row, "SELECT 1", XC_NO_ARGS),
	    XC_ERR_NOT_FOUND);
	assert_null(row);
	fake.n_rows = 3;
	assert_int_equal(xc_db_row(&req, &row, "SELECT 1", XC_NO_ARGS),
	    XC_OK);
	assert_true(xc_json_int(row, "id", &id));
	assert_int_equal(id, 0);
	assert_int_equal(fake.max_rows, 1);
	fake.err = XC_ERR_UNAVAILABLE;
	assert_int_equal(xc_db_row(&req, &row, "SELECT 1", XC_NO_ARGS),
	    XC_ERR_UNAVAILABLE);
	assert_null(row);
	test_end(&req);
}

static enum xc_err
fake_row(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args, struct json_object **row_r)
{
	(void)ctx;
	(void)sql;
	(void)args;
	(void)n_args;
	assert_string_equal(schema, "xcore_todo");
	fake.n_calls++;
	*row_r = fake.err == XC_OK ? json_tokener_parse("{\"id\": 8}") : NULL;
	return fake.err;
}

/* A driver that gives a row by itself is not asked for rows. */
static void
test_row_by_itself(void **state)
{
	struct xc_db_ops able = ops;
	struct json_object *row;
	struct xc_request req;
	int64_t id = 9;

	(void)state;
	begin(&req);
	able.row = fake_row;
	able.rows = NULL;
	test_host.db = &able;
	assert_int_equal(xc_db_row(&req, &row, "SELECT 1", XC_NO_ARGS),
	    XC_OK);
	assert_true(xc_json_int(row, "id", &id));
	assert_int_equal(id, 8);
	fake.err = XC_ERR_NOT_FOUND;
	assert_int_equal(xc_db_row(&req, &row, "SELECT 1", XC_NO_ARGS),
	    XC_ERR_NOT_FOUND);
	assert_null(row);
	assert_int_equal(xc_db_row(&req, &row, "", XC_NO_ARGS),
	    XC_ERR_INVALID);
	assert_null(row);
	assert_int_equal(fake.n_calls, 2);
	xc_request_reset(&req);
	assert_int_equal(fake.n_release, 1);
	test_end(&req);
}

static void
test_exec(void **state)
{
	struct xc_db_result result;
	struct xc_request req;

	(void)state;
	begin(&req);
	assert_int_equal(xc_db_exec(&req, &result, "DELETE", XC_NO_ARGS),
	    XC_OK);
	assert_int_equal(result.affected, 3);
	assert_int_equal(result.last_id, 4);
	assert_int_equal(xc_db_exec(&req, NULL, "DELETE", XC_NO_ARGS),
	    XC_OK);
	fake.err = XC_ERR_EXISTS;
	assert_int_equal(xc_db_exec(&req, &result, "DELETE", XC_NO_ARGS),
	    XC_ERR_EXISTS);
	assert_int_equal(result.affected, 0);
	assert_int_equal(result.last_id, 0);
	test_end(&req);
}

static enum xc_err
add_up(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	assert_int_equal(n_cells, 1);
	*(int64_t *)ctx += cells[0].integer;
	return cells[0].integer == 5 ? XC_ERR_NOT_FOUND : XC_OK;
}

static void
test_each(void **state)
{
	struct xc_request req;
	int64_t sum = 0;

	(void)state;
	begin(&req);
	req.end_us = 77;
	fake.n_rows = 3;
	assert_int_equal(xc_db_each(&req, add_up, &sum, "SELECT", XC_NO_ARGS),
	    XC_OK);
	assert_int_equal(sum, 6);
	assert_int_equal(fake.n_ends, 1);
	assert_int_equal(fake.end_us, 77);
	/* What the callback says is what is returned. */
	fake.n_rows = 6;
	assert_int_equal(xc_db_each(&req, add_up, &sum, "SELECT", XC_NO_ARGS),
	    XC_ERR_NOT_FOUND);
	assert_int_equal(fake.n_ends, 2);
	fake.err = XC_ERR_TIMEOUT;
	assert_int_equal(xc_db_each(&req, add_up, &sum, "SELECT", XC_NO_ARGS),
	    XC_ERR_TIMEOUT);
	assert_int_equal(fake.n_ends, 2);
	test_end(&req);
}

static void
test_objects(void **state)
{
	static const char *const bad[] = { "id;", "a`b", "1a", "a-b",
		"\xc3\xa4", "a,b" };
	struct json_object *row = json_tokener_parse("{\"title\": \"x\", "
	    "\"done\": true, \"role\": \"admin\", "
	    "\"big\": 18446744073709551615, \"a`b\": 1, \"1a\": 1}");
	struct xc_request req;

	(void)state;
	begin(&req);
	assert_int_equal(xc_db_insert(&req, NULL, "item", row,
	    "title done absent"), XC_OK);
	assert_string_equal(fake.sql,
	    "INSERT INTO `item` (`title`, `done`) VALUES (?, ?)");
	assert_int_equal(fake.n_args, 2);
	assert_int_equal(xc_db_update(&req, NULL, "item", row, " big  title ",
	    "id", xc_int(5)), XC_OK);
	assert_string_equal(fake.sql,
	    "UPDATE `item` SET `big` = ?, `title` = ? WHERE `id` = ?");
	assert_int_equal(fake.n_args, 3);
	fake.n_calls = 0;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(xc_db_insert(&req, NULL, "item", row,
		    bad[i]), XC_ERR_INVALID);
		assert_int_equal(xc_db_insert(&req, NULL, bad[i], row,
		    "title"), XC_ERR_INVALID);
		assert_int_equal(xc_db_update(&req, NULL, "item", row,
		    "title", bad[i], xc_int(1)), XC_ERR_INVALID);
	}
	assert_int_equal(xc_db_update(&req, NULL, "item", row, "absent",
	    "id", xc_int(5)), XC_OK);
	assert_int_equal(fake.n_calls, 0);
	assert_int_equal(xc_value_of_json(json_object_object_get(row,
	    "big")).type, XC_VALUE_UINT);
	assert_int_equal(xc_value_of_json(NULL).type, XC_VALUE_NULL);
	json_object_put(row);
	test_end(&req);
}

static void
test_bad_arguments(void **state)
{
	const struct xc_value bad[] = {
		{ .type = XC_VALUE_TEXT, .len = 1 },
		{ .type = XC_VALUE_BLOB, .len = 1 },
		{ .type = XC_VALUE_TEXT, .data = "\xff", .len = 1 },
		{ .type = XC_VALUE_REAL, .real = NAN },
		{ .type = XC_VALUE_REAL, .real = INFINITY },
		{ .type = (enum xc_value_type)77 },
	};
	struct json_object *rows;
	struct xc_request req;
	size_t i;

	(void)state;
	begin(&req);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		test_log.n = 0;
		assert_int_equal(xc_db_rows(&req, &rows, "SELECT ?", &bad[i],
		    1), XC_ERR_INVALID);
		assert_int_equal(test_log.n, 1);
		assert_int_equal(xc_db_exec(&req, NULL, "SELECT ?", &bad[i],
		    1), XC_ERR_INVALID);
	}
	assert_int_equal(xc_db_rows(&req, &rows, NULL, XC_NO_ARGS),
	    XC_ERR_INVALID);
	assert_int_equal(xc_db_rows(&req, &rows, "", XC_NO_ARGS),
	    XC_ERR_INVALID);
	assert_int_equal(xc_db_rows(&req, &rows, "SELECT ?", NULL, 1),
	    XC_ERR_INVALID);
	assert_int_equal(xc_db_rows(&req, &rows, "SELECT ?", bad, 65536),
	    XC_ERR_INVALID);
	assert_int_equal(fake.n_calls, 0);
	test_end(&req);
}

static enum xc_err body_result;
static unsigned n_body;

static enum xc_err
body(struct xc_request *req, void *data)
{
	n_body++;
	assert_string_equal(data, "data");
	assert_int_equal(xc_db_transaction(req, body, data), XC_ERR_STATE);
	assert_int_equal(xc_db_exec(req, NULL, "INSERT", XC_NO_ARGS), XC_OK);
	return body_result;
}

static void
test_no_access(void **state)
{
	static char data[] = "data";
	struct json_object *rows;
	struct xc_db_result result;
	struct xc_request req;

	(void)state;
	begin(&req);
	test_plugin.may_database = false;
	assert_int_equal(xc_db_rows(&req, &rows, "SELECT 1", XC_NO_ARGS),
	    XC_ERR_UNAVAILABLE);
	assert_null(rows);
	assert_non_null(strstr(test_log.text, "permissions"));
	assert_int_equal(xc_db_exec(&req, &result, "DELETE", XC_NO_ARGS),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(xc_db_transaction(&req, body, data),
	    XC_ERR_UNAVAILABLE);
	test_plugin.may_database = true;
	test_host.db = NULL;
	assert_int_equal(xc_db_row(&req, &rows, "SELECT 1", XC_NO_ARGS),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(test_log.n, 4);
	assert_int_equal(fake.n_calls, 0);
	xc_request_reset(&req);
	/* Outside a plugin there is none either. */
	test_host.db = &ops;
	assert_int_equal(xc_db_exec(&req, NULL, "DELETE", XC_NO_ARGS),
	    XC_ERR_UNAVAILABLE);
	test_end(&req);
}

static enum xc_err
transaction(struct xc_request *req, enum xc_err result)
{
	static char data[] = "data";

	fake.n_begin = fake.n_commit = fake.n_rollback = 0;
	n_body = 0;
	body_result = result;
	return xc_db_transaction(req, body, data);
}

static void
test_transaction(void **state)
{
	struct xc_request req;

	(void)state;
	begin(&req);
	assert_int_equal(transaction(&req, XC_OK), XC_OK);
	assert_int_equal(fake.n_begin, 1);
	assert_int_equal(fake.n_commit, 1);
	assert_int_equal(fake.n_rollback, 0);
	assert_int_equal(transaction(&req, XC_ERR_EXISTS), XC_ERR_EXISTS);
	assert_int_equal(n_body, 1);
	assert_int_equal(fake.n_commit, 0);
	assert_int_equal(fake.n_rollback, 1);
	fake.begin = XC_ERR_UNAVAILABLE;
	assert_int_equal(transaction(&req, XC_OK), XC_ERR_UNAVAILABLE);
	assert_int_equal(n_body, 0);
	assert_int_equal(fake.n_rollback, 0);
	test_end(&req);
}

static void
test_transaction_again(void **state)
{
	struct xc_request req;

	(void)state;
	begin(&req);
	assert_int_equal(transaction(&req, XC_ERR_BUSY), XC_ERR_BUSY);
	assert_int_equal(n_body, 3);
	assert_int_equal(fake.n_rollback, 3);
	fake.commit = XC_ERR_BUSY;
	assert_int_equal(transaction(&req, XC_OK), XC_ERR_BUSY);
	assert_int_equal(n_body, 3);
	assert_int_equal(fake.n_commit, 3);
	assert_int_equal(fake.n_rollback, 3);
	/* What may have been done is not done again. */
	fake.commit = XC_ERR_UNCERTAIN;
	assert_int_equal(transaction(&req, XC_OK), XC_ERR_UNCERTAIN);
	assert_int_equal(n_body, 1);
	assert_int_equal(fake.n_rollback, 0);
	fake.commit = XC_OK;
	assert_int_equal(transaction(&req, XC_OK), XC_OK);
	test_end(&req);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_row),
		cmocka_unit_test(test_row_by_itself),
		cmocka_unit_test(test_exec),
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_bad_arguments),
		cmocka_unit_test(test_no_access),
		cmocka_unit_test(test_transaction),
		cmocka_unit_test(test_transaction_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
