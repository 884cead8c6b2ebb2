/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "worker/scoreboard.h"

#define SECOND_US UINT64_C(1000000)

static int
set_up(void **state)
{
	struct xc_scoreboard *board;
	struct xc_errbuf why;
	int fd;

	assert_int_equal(xc_scoreboard_create(4, &fd, &board, &why), XC_OK);
	close(fd);
	*state = board;
	return 0;
}

static int
tear_down(void **state)
{
	struct xc_scoreboard *board = *state;

	xc_scoreboard_detach(&board);
	return 0;
}

static void
test_rows_by_name(void **state)
{
	struct xc_scoreboard *board = *state;
	struct xc_plugin_row *todo = xc_scoreboard_plugin(board, "todo");
	char name[64];

	assert_non_null(todo);
	assert_string_equal(todo->name, "todo");
	assert_ptr_not_equal(xc_scoreboard_plugin(board, "hello"), todo);
	assert_ptr_equal(xc_scoreboard_plugin(board, "todo"), todo);
	memset(name, 'n', sizeof(name));
	name[sizeof(todo->name)] = '\0';
	assert_null(xc_scoreboard_plugin(board, name));
	name[sizeof(todo->name) - 1] = '\0';
	assert_non_null(xc_scoreboard_plugin(board, name));
}

static void
test_all_rows(void **state)
{
	struct xc_scoreboard *board = *state;
	char name[32];

	for (int i = 0; i < XC_PLUGIN_ROWS_MAX; i++) {
		snprintf(name, sizeof(name), "plugin-%d", i);
		assert_non_null(xc_scoreboard_plugin(board, name));
	}
	assert_null(xc_scoreboard_plugin(board, "one-more"));
	assert_non_null(xc_scoreboard_plugin(board, "plugin-7"));
}

static void
test_steps(void **state)
{
	struct xc_scoreboard *board = *state;
	struct xc_step_row *row = xc_scoreboard_step(board, "gate:look");
	char name[128];
	uint32_t n = 0;

	assert_non_null(row);
	assert_ptr_equal(xc_scoreboard_step(board, "gate:look"), row);
	assert_ptr_not_equal(xc_scoreboard_step(board, "gate:loo"), row);
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_null(xc_scoreboard_step(board, name));
	for (uint32_t i = 0; i < XC_STEP_ROWS_MAX + 1; i++)
		n += xc_scoreboard_step_at(board, i) != NULL;
	assert_int_equal(n, 2);
	for (int i = 0; i < XC_STEP_ROWS_MAX - 2; i++) {
		snprintf(name, sizeof(name), "gate:step_%d", i);
		assert_non_null(xc_scoreboard_step(board, name));
	}
	assert_null(xc_scoreboard_step(board, "gate:more"));
}

/* Its writer died: others go on beside it. */
static void
test_abandoned_row(void **state)
{
	struct xc_scoreboard *board = *state;
	struct xc_plugin_row *row = xc_scoreboard_plugin(board, "todo"), *other;

	row->name[0] = '\0';
	atomic_store(&row->claim, 1);
	other = xc_scoreboard_plugin(board, "todo");
	assert_non_null(other);
	assert_ptr_not_equal(other, row);
	assert_ptr_equal(xc_scoreboard_plugin(board, "todo"), other);
}

static void *
claim_many(void *arg)
{
	struct xc_scoreboard *board = arg;
	char name[32];

	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "plugin-%d", i);
		atomic_fetch_add(&xc_scoreboard_plugin(board, name)->requests,
		    1);
	}
	return NULL;
}

static void
test_claims_at_once(void **state)
{
	struct xc_scoreboard *board = *state;
	pthread_t threads[4];
	char name[32];

	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, claim_many,
		    board), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "plugin-%d", i);
		assert_int_equal(atomic_load(
		    &xc_scoreboard_plugin(board, name)->requests), 4);
	}
}

static unsigned
admitted(struct xc_plugin_row *row, uint32_t rate, uint64_t now_us,
    unsigned tries)
{
	unsigned n = 0;
	uint32_t wait_ms;

	while (tries-- > 0)
		n += xc_scoreboard_admit(row, rate, now_us, &wait_ms);
	return n;
}

static void
test_rate(void **state)
{
	struct xc_plugin_row *row = xc_scoreboard_plugin(*state, "todo");
	uint64_t now = 1000 * SECOND_US;
	uint32_t wait_ms = 1;

	assert_int_equal(admitted(row, 0, now, 1000), 1000);
	assert_int_equal(admitted(NULL, 5, now, 1000), 1000);
	assert_int_equal(admitted(row, 5, now, 100), 5);
	assert_false(xc_scoreboard_admit(row, 5, now, &wait_ms));
	assert_int_equal(wait_ms, 200);
	assert_false(xc_scoreboard_admit(row, 5, now + 199999, &wait_ms));
	assert_int_equal(wait_ms, 1);
	assert_true(xc_scoreboard_admit(row, 5, now + 200000, &wait_ms));
	assert_int_equal(wait_ms, 0);
	assert_false(xc_scoreboard_admit(row, 5, now + 200000, &wait_ms));
	assert_int_equal(admitted(row, 5, now + SECOND_US, 100), 4);
	/* What was not used does not add up. */
	assert_int_equal(admitted(row, 5, now + 100 * SECOND_US, 100), 5);
}

static void
test_rate_of_one(void **state)
{
	struct xc_plugin_row *row = xc_scoreboard_plugin(*state, "todo");
	uint64_t now = 1000 * SECOND_US;
	uint32_t wait_ms;

	assert_int_equal(admitted(row, 1, now, 10), 1);
	assert_false(xc_scoreboard_admit(row, 1, now, &wait_ms));
	assert_int_equal(wait_ms, 1000);
	assert_int_equal(admitted(row, 1, now + SECOND_US, 10), 1);
}

static void
test_took(void **state)
{
	struct xc_plugin_row *row = xc_scoreboard_plugin(*state, "todo");

	xc_scoreboard_took(NULL, 5, true);
	xc_scoreboard_took(row, 0, false);
	xc_scoreboard_took(row, 1000, false);
	xc_scoreboard_took(row, 1001, true);
	xc_scoreboard_took(row, 10000000, false);
	xc_scoreboard_took(row, 10000001, false);
	assert_int_equal(atomic_load(&row->took[0]), 2);
	assert_int_equal(atomic_load(&row->took[1]), 1);
	assert_int_equal(atomic_load(&row->took[12]), 1);
	assert_int_equal(atomic_load(&row->took[13]), 1);
	assert_int_equal(atomic_load(&row->errors), 1);
	assert_int_equal(atomic_load(&row->time_us), 20002002);
	assert_int_equal(xc_latency_bound_ms(0), 1);
	assert_int_equal(xc_latency_bound_ms(12), 10000);
	assert_int_equal(xc_latency_bound_ms(13), 0);
}

static void
test_shortest(void **state)
{
	struct xc_scoreboard *board = *state;

	xc_scoreboard_shorten(board, 0);
	assert_int_equal(atomic_load(&board->shortest_ms), 0);
	xc_scoreboard_shorten(board, 500);
	xc_scoreboard_shorten(board, 700);
	assert_int_equal(atomic_load(&board->shortest_ms), 500);
	xc_scoreboard_shorten(board, 20);
	assert_int_equal(atomic_load(&board->shortest_ms), 20);
}

static void
test_hashing(void **state)
{
	struct xc_scoreboard *board = *state;

	board->n_workers = 100;
	assert_int_equal(xc_scoreboard_hashing(board), 0);
	xc_scoreboard_hash(board, 0, true);
	xc_scoreboard_hash(board, 99, true);
	xc_scoreboard_hash(board, 99, true);
	assert_int_equal(xc_scoreboard_hashing(board), 2);
	xc_scoreboard_hash(board, 1, false);
	xc_scoreboard_hash(board, 99, false);
	assert_int_equal(xc_scoreboard_hashing(board), 1);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_rows_by_name),
		TEST(test_all_rows),
		TEST(test_steps),
		TEST(test_abandoned_row),
		TEST(test_claims_at_once),
		TEST(test_rate),
		TEST(test_rate_of_one),
		TEST(test_took),
		TEST(test_shortest),
		TEST(test_hashing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
