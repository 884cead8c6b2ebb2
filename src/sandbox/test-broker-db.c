/* SPDX-License-Identifier: MIT */
/* The broker: what a sandbox asks of the database. */
#include <string.h>

#include <json-c/json.h>

#include "sandbox/broker-fixture.h"

static void
test_rows(void **state)
{
	static const struct xc_fake_step steps[] = {
		{ .call = XC_FAKE_ROWS, .sql = "SELECT ?", .args = "[7,\"a\",null]",
		    .rows = "[{\"a\":1},{\"a\":2}]" },
		{ .call = XC_FAKE_ROWS, .err = XC_ERR_BUSY },
	};
	struct json_object *rows;

	(void)state;
	use_database(steps, 2);
	xc_call_put_text(call_begin(), "SELECT ?");
	xc_call_put_u64(&args, 0);
	xc_call_put_values(&args, XC_ARGS(xc_int(7), xc_text("a"),
	    xc_null()));
	assert_int_equal(call_finish(XC_CALL_DB_ROWS), XC_OK);
	rows = xc_call_get_json(&result);
	assert_true(xc_call_end(&result));
	assert_string_equal(json_object_to_json_string_ext(rows,
	    JSON_C_TO_STRING_PLAIN), "[{\"a\":1},{\"a\":2}]");
	json_object_put(rows);
	assert_true(req.used_db);
	assert_int_equal(call_finish(XC_CALL_DB_ROWS), XC_ERR_BUSY);
	assert_int_equal(result.len, 0);
}

/* Rows that do not fit. */
static void
test_rows_too_large(void **state)
{
	static char text[AREA + 16];
	const struct xc_fake_step steps[] = {
		{ .call = XC_FAKE_ROWS, .rows = text } };

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "[\"", 2);
	memcpy(text + sizeof(text) - 3, "\"]", 3);
	use_database(steps, 1);
	xc_call_put_text(call_begin(), "SELECT 1");
	xc_call_put_u64(&args, 1);
	xc_call_put_values(&args, XC_NO_ARGS);
	assert_int_equal(call_finish(XC_CALL_DB_ROWS), XC_ERR_TOO_LARGE);
	assert_int_equal(result.len, 0);
}

static enum xc_err
exec(const char *sql, const struct xc_value *values, size_t n)
{
	xc_call_put_text(call_begin(), sql);
	xc_call_put_values(&args, values, n);
	return call_finish(XC_CALL_DB_EXEC);
}

static void
test_exec(void **state)
{
	static const struct xc_fake_step steps[] = {
		{ .call = XC_FAKE_EXEC, .sql = "DELETE", .result = { 3, 9 } },
	};

	(void)state;
	use_database(steps, 1);
	assert_int_equal(exec("DELETE", XC_NO_ARGS), XC_OK);
	assert_int_equal(xc_call_get_u64(&result), 3);
	assert_int_equal(xc_call_get_u64(&result), 9);
	assert_true(xc_call_end(&result));
	/* What the front door would not have let by. */
	assert_int_equal(exec("", XC_NO_ARGS), XC_ERR_INVALID);
	assert_int_equal(exec(NULL, XC_NO_ARGS), XC_ERR_INVALID);
	assert_int_equal(exec("X", XC_ARGS(xc_text("\xff"))),
	    XC_ERR_INVALID);
	assert_string_equal(test_log.name, "plugin.todo");
	assert_string_equal(test_log.id, "test-request-1");
	assert_non_null(strstr(test_log.text, "value 1 of the statement"));
}

/* The whole of it, and what is out of order. */
static void
test_transaction(void **state)
{
	static const struct xc_fake_step steps[] = {
		{ .call = XC_FAKE_BEGIN }, { .call = XC_FAKE_EXEC },
		{ .call = XC_FAKE_COMMIT },
		{ .call = XC_FAKE_BEGIN }, { .call = XC_FAKE_ROLLBACK },
		{ .call = XC_FAKE_BEGIN }, { .call = XC_FAKE_COMMIT, .err = XC_ERR_BUSY },
	};
	struct xc_errbuf why;

	(void)state;
	use_database(steps, 7);
	call_begin();
	assert_int_equal(call_finish(XC_CALL_DB_COMMIT), XC_ERR_STATE);
	assert_int_equal(call_finish(XC_CALL_DB_ROLLBACK), XC_OK);
	assert_int_equal(call_finish(XC_CALL_DB_BEGIN), XC_OK);
	assert_true(req.in_transaction && req.used_db);
	assert_int_equal(call_finish(XC_CALL_DB_BEGIN), XC_ERR_STATE);
	assert_int_equal(exec("X", XC_NO_ARGS), XC_OK);
	call_begin();
	assert_int_equal(call_finish(XC_CALL_DB_COMMIT), XC_OK);
	assert_false(req.in_transaction);
	assert_int_equal(call_finish(XC_CALL_DB_COMMIT), XC_ERR_STATE);
	assert_int_equal(call_finish(XC_CALL_DB_BEGIN), XC_OK);
	assert_int_equal(call_finish(XC_CALL_DB_ROLLBACK), XC_OK);
	assert_int_equal(call_finish(XC_CALL_DB_BEGIN), XC_OK);
	/* It failed: over, and nothing is left to be rolled back. */
	assert_int_equal(call_finish(XC_CALL_DB_COMMIT), XC_ERR_BUSY);
	assert_int_equal(call_finish(XC_CALL_DB_ROLLBACK), XC_OK);
	assert_false(req.in_transaction);
	xc_request_reset(&req);
	assert_true(xc_database_fake_done(&database, &why));
}

/* A sandbox that dies has begun one. */
static void
test_transaction_left(void **state)
{
	static const struct xc_fake_step steps[] = {
		{ .call = XC_FAKE_BEGIN }, { .call = XC_FAKE_ROLLBACK },
	};
	struct xc_errbuf why;

	(void)state;
	use_database(steps, 2);
	call_begin();
	assert_int_equal(call_finish(XC_CALL_DB_BEGIN), XC_OK);
	xc_broker_end(&broker);
	assert_false(req.in_transaction);
	xc_request_reset(&req);
	assert_true(xc_database_fake_done(&database, &why));
}
/* ---- rows, a call's worth at a time -------------------------------------- */

/* Rows that are made as they are asked for: a number, and a text. */
static struct {
	uint32_t n;		/* how many */
	size_t len;		/* of the text... */
	uint32_t large_at;	/* ...but of this row, if it is not 0 */
	size_t large_len;
	uint32_t fail_at;	/* this one cannot be had, if it is not 0 */
	uint32_t n_columns;	/* all of them are the number but the second */
	uint32_t at;
	unsigned n_opened, n_ended, n_released;
	bool rolled_back;
	struct xc_cell cells[XC_ROWS_COLUMNS_MAX + 1];
} source;

static char text[4 * AREA];

static enum xc_err
source_open(void *ctx, const char *schema, const char *sql,
    const struct xc_value *values, size_t n)
{
	(void)ctx;
	(void)values;
	(void)n;
	assert_string_equal(schema, "xcore_todo");
	assert_string_equal(sql, "SELECT");
	source.at = 0;
	source.n_opened++;
	return XC_OK;
}

static enum xc_err
source_next(void *ctx, const struct xc_cell **cells_r, size_t *n_r)
{
	size_t len = source.len;

	(void)ctx;
	*n_r = 0;
	assert_int_equal(source.n_opened, source.n_ended + 1);
	if (source.at == source.n)
		return XC_ERR_NOT_FOUND;
	source.at++;
	if (source.at == source.fail_at)
		return XC_ERR_TIMEOUT;
	if (source.at == source.large_at)
		len = source.large_len;
	for (uint32_t i = 0; i < source.n_columns; i++)
		source.cells[i] = (struct xc_cell){ .name = "n",
			.type = XC_CELL_INT, .integer = source.at,
			.data = "" };
	if (source.n_columns > 1)
		source.cells[1] = (struct xc_cell){ .name = "text",
			.type = XC_CELL_TEXT, .data = text, .len = len };
	*cells_r = source.cells;
	*n_r = source.n_columns;
	return XC_OK;
}

static void
source_end(void *ctx)
{
	(void)ctx;
	source.n_ended += source.n_opened > source.n_ended;
}

static enum xc_err
source_begin(void *ctx, const char *schema)
{
	(void)ctx;
	(void)schema;
	return XC_OK;
}

/* Rows that are open stand in its way. */
static void
source_rollback(void *ctx)
{
	(void)ctx;
	assert_int_equal(source.n_opened, source.n_ended);
	source.rolled_back = true;
}

static void
source_release(void *ctx)
{
	(void)ctx;
	source.n_released++;
}

static const struct xc_db_ops source_ops = {
	.open = source_open,
	.next = source_next,
	.end = source_end,
	.begin = source_begin,
	.rollback = source_rollback,
	.release = source_release,
};

static void
use_source(uint32_t n, size_t len)
{
	memset(&source, 0, sizeof(source));
	memset(text, 'x', sizeof(text));
	source.n = n;
	source.len = len;
	source.n_columns = 2;
	test_host.db = &source_ops;
}

static enum xc_err
open_rows(const struct xc_value *values, size_t n)
{
	xc_call_put_text(call_begin(), "SELECT");
	xc_call_put_values(&args, values, n);
	return call_finish(XC_CALL_DB_OPEN);
}

static enum xc_err
without_args(uint32_t call)
{
	call_begin();
	return call_finish(call);
}

/* Reads what one call brought: rows that go on from *n_r, which is stepped.
 * Returns what stands behind the last. */
static uint32_t
read_rows(uint32_t *n_r)
{
	uint32_t n_columns = xc_call_get_u32(&result), what;
	struct xc_cell cell;

	if (n_columns != 0) {
		assert_int_equal(n_columns, 2);
		assert_string_equal(xc_call_get_text(&result), "n");
		assert_string_equal(xc_call_get_text(&result), "text");
	}
	while ((what = xc_call_get_u32(&result)) == XC_ROWS_ROW) {
		assert_int_equal(n_columns, 2);
		xc_call_get_cell(&result, &cell);
		assert_int_equal(cell.type, XC_CELL_INT);
		assert_int_equal(cell.integer, ++*n_r);
		xc_call_get_cell(&result, &cell);
		assert_int_equal(cell.type, XC_CELL_TEXT);
		assert_int_equal(cell.len, *n_r == source.large_at ?
		    source.large_len : source.len);
		assert_memory_equal(cell.data, text, cell.len);
	}
	assert_true(xc_call_end(&result));
	return what;
}

static void
test_each(void **state)
{
	uint32_t n = 0;

	(void)state;
	use_source(3, 5);
	assert_int_equal(without_args(XC_CALL_DB_MORE), XC_ERR_STATE);
	assert_int_equal(without_args(XC_CALL_DB_END), XC_OK);
	assert_int_equal(open_rows(XC_ARGS(xc_int(7))), XC_OK);
	assert_int_equal(read_rows(&n), XC_ROWS_OVER);
	assert_int_equal(n, 3);
	assert_true(req.used_db);
	/* Nothing else meanwhile. */
	assert_int_equal(open_rows(XC_NO_ARGS), XC_ERR_STATE);
	assert_int_equal(exec("X", XC_NO_ARGS), XC_ERR_STATE);
	assert_int_equal(without_args(XC_CALL_DB_BEGIN), XC_ERR_STATE);
	assert_int_equal(without_args(XC_CALL_DB_MORE), XC_OK);
	assert_int_equal(read_rows(&n), XC_ROWS_OVER);
	assert_int_equal(without_args(XC_CALL_DB_END), XC_OK);
	assert_int_equal(without_args(XC_CALL_DB_END), XC_OK);
	assert_int_equal(source.n_ended, 1);
	assert_int_equal(without_args(XC_CALL_DB_MORE), XC_ERR_STATE);
	/* None at all: no columns are known. */
	use_source(0, 0);
	assert_int_equal(open_rows(XC_NO_ARGS), XC_OK);
	assert_int_equal(read_rows(&n), XC_ROWS_OVER);
	assert_int_equal(n, 3);
	assert_int_equal(without_args(XC_CALL_DB_END), XC_OK);
	assert_int_equal(open_rows(XC_ARGS(xc_text("\xff"))),
	    XC_ERR_INVALID);
	test_host.db = NULL;
	assert_int_equal(open_rows(XC_NO_ARGS), XC_ERR_UNAVAILABLE);
}

/* Each once and in order, whatever part of a row is where the room ends. */
static void
test_each_many(void **state)
{
	uint32_t n, what, n_calls;

	(void)state;
	for (size_t len = 1; len < 30000; len = 2 * len + 7) {
		use_source(AREA * 4 / (uint32_t)(len + 20) + 3, len);
		n = n_calls = 0;
		assert_int_equal(open_rows(XC_NO_ARGS), XC_OK);
		while ((what = read_rows(&n)) == XC_ROWS_MORE) {
			n_calls++;
			assert_int_equal(without_args(XC_CALL_DB_MORE),
			    XC_OK);
		}
		assert_int_equal(what, XC_ROWS_OVER);
		assert_int_equal(n, source.n);
		assert_in_range(n_calls, 3, 12);
		assert_int_equal(without_args(XC_CALL_DB_END), XC_OK);
		assert_int_equal(source.n_ended, 1);
	}
}

/* A row that no call has room for is an error of its own. */
static void
test_each_large(void **state)
{
	uint32_t n = 0;

	(void)state;
	use_source(3, AREA);
	assert_int_equal(open_rows(XC_NO_ARGS), XC_ERR_TOO_LARGE);
	assert_int_equal(source.n_ended, 1);
	use_source(5, 5);
	source.large_at = 3;
	source.large_len = AREA;
	assert_int_equal(open_rows(XC_NO_ARGS), XC_OK);
	assert_int_equal(read_rows(&n), XC_ROWS_MORE);
	assert_int_equal(n, 2);
	assert_int_equal(without_args(XC_CALL_DB_MORE), XC_ERR_TOO_LARGE);
	assert_int_equal(without_args(XC_CALL_DB_MORE), XC_ERR_TOO_LARGE);
	assert_int_equal(without_args(XC_CALL_DB_END), XC_OK);
	assert_int_equal(source.n_ended, 1);
	/* The largest that has room goes alone. */
	use_source(4, 5);
	source.large_at = 2;
	source.large_len = AREA - 60;
	n = 0;
	assert_int_equal(open_rows(XC_NO_ARGS), XC_OK);
	assert_int_equal(read_rows(&n), XC_ROWS_MORE);
	assert_int_equal(n, 1);
	assert_int_equal(without_args(XC_CALL_DB_MORE), XC_OK);
	(void)read_rows(&n);
	assert_true(n >= 2);
	xc_broker_end(&broker);
	use_source(1, 5);
	source.n_columns = XC_ROWS_COLUMNS_MAX + 1;
	assert_int_equal(open_rows(XC_NO_ARGS), XC_ERR_TOO_LARGE);
	assert_int_equal(source.n_ended, 1);
}

/* What came before the error is seen, as it is without a sandbox. */
static void
test_each_fails(void **state)
{
	uint32_t n = 0;

	(void)state;
	use_source(5, 5);
	source.fail_at = 1;
	assert_int_equal(open_rows(XC_NO_ARGS), XC_ERR_TIMEOUT);
	assert_int_equal(source.n_ended, 1);
	use_source(5, 5);
	source.fail_at = 4;
	assert_int_equal(open_rows(XC_NO_ARGS), XC_OK);
	assert_int_equal(read_rows(&n), XC_ROWS_MORE);
	assert_int_equal(n, 3);
	assert_int_equal(without_args(XC_CALL_DB_MORE), XC_ERR_TIMEOUT);
	/* It is not asked for again. */
	assert_int_equal(without_args(XC_CALL_DB_MORE), XC_ERR_TIMEOUT);
	assert_int_equal(source.at, 4);
	assert_int_equal(without_args(XC_CALL_DB_END), XC_OK);
	assert_int_equal(source.n_ended, 1);
	/* Nor does the next one hear of it. */
	source.fail_at = 0;
	n = 0;
	assert_int_equal(open_rows(XC_NO_ARGS), XC_OK);
	assert_int_equal(read_rows(&n), XC_ROWS_OVER);
	assert_int_equal(n, 5);
}

/* A sandbox that died in the midst of rows, in a transaction or not. */
static void
test_each_left(void **state)
{
	uint32_t n = 0;

	(void)state;
	use_source(5, AREA / 2);
	assert_int_equal(open_rows(XC_NO_ARGS), XC_OK);
	assert_int_equal(read_rows(&n), XC_ROWS_MORE);
	xc_broker_end(&broker);
	assert_int_equal(source.n_ended, 1);
	assert_false(source.rolled_back);
	xc_broker_end(&broker);
	assert_int_equal(source.n_ended, 1);
	/* The next request of the same broker begins anew. */
	n = 0;
	assert_int_equal(without_args(XC_CALL_DB_BEGIN), XC_OK);
	assert_int_equal(open_rows(XC_NO_ARGS), XC_OK);
	assert_int_equal(read_rows(&n), XC_ROWS_MORE);
	assert_int_equal(without_args(XC_CALL_DB_COMMIT), XC_ERR_STATE);
	xc_broker_end(&broker);
	assert_int_equal(source.n_ended, 2);
	assert_true(source.rolled_back);
	assert_false(req.in_transaction);
	/* By a sandbox that lives: the rows end first. */
	source.rolled_back = false;
	assert_int_equal(without_args(XC_CALL_DB_BEGIN), XC_OK);
	assert_int_equal(open_rows(XC_NO_ARGS), XC_OK);
	assert_int_equal(without_args(XC_CALL_DB_ROLLBACK), XC_OK);
	assert_int_equal(source.n_ended, 3);
	assert_true(source.rolled_back);
	xc_request_reset(&req);
	assert_int_equal(source.n_released, 1);
}

static void
test_denied(void **state)
{
	(void)state;
	use_database(NULL, 0);
	test_plugin.may_database = false;
	assert_int_equal(exec("X", XC_NO_ARGS), XC_ERR_UNAVAILABLE);
	assert_string_equal(denied, "database");
	call_begin();
	assert_int_equal(call_finish(XC_CALL_DB_BEGIN), XC_ERR_UNAVAILABLE);
	assert_int_equal(call_finish(XC_CALL_DB_COMMIT), XC_ERR_UNAVAILABLE);
	assert_int_equal(call_finish(XC_CALL_DB_ROLLBACK),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(open_rows(XC_NO_ARGS), XC_ERR_UNAVAILABLE);
	assert_int_equal(n_denied, 5);
	assert_false(req.used_db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rows),
		TEST(test_rows_too_large),
		TEST(test_exec),
		TEST(test_transaction),
		TEST(test_transaction_left),
		TEST(test_each),
		TEST(test_each_many),
		TEST(test_each_large),
		TEST(test_each_fails),
		TEST(test_each_left),
		TEST(test_denied),
	};

	return cmocka_run_group_tests_name("broker-db", tests, NULL, NULL);
}
