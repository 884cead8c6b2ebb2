/* SPDX-License-Identifier: MIT */
/* Which steps the requests of a plugin pass, and how they are passed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <xcore/arena.h>
#include <xcore/reply.h>

#include "config/settings-private.h"
#include "lib/plugin-private.h"
#include "worker/worker.h"

/* --- what stands beside steps.c ------------------------------------------- */

static struct xc_host host;
static struct xc_worker_row row;
static struct xc_worker worker;
static unsigned warned, outside_calls;
static enum xc_err outside_err;

uint64_t
xc_worker_clock(struct xc_worker *w)
{
	w->now_us += 10;
	w->now_ms = w->now_us / 1000;
	return 10;
}

void
xc_worker_warn(struct xc_worker *w, const char *what, const char *detail)
{
	(void)w;
	(void)what;
	(void)detail;
	warned++;
}

void
xc_fault(struct xc_worker *w, const struct xc_plugin *plugin,
    enum xc_breach breach, const char *operation, const char *request_id,
    const char *detail)
{
	(void)w;
	(void)request_id;
	(void)detail;
	assert_string_equal(plugin->name, "two");
	assert_string_equal(operation, "eats");
	assert_int_equal(breach, XC_BREACH_MEMORY);
	warned += 100;
}

enum xc_err
xc_outside_step(struct xc_request *req, const struct xc_target *target,
    bool behind)
{
	const struct xc_request_head *head = (const void *)req->in.base;

	outside_calls++;
	assert_false(behind);
	assert_int_equal(target->index, 7);
	assert_int_equal(head->size, req->in.used);
	assert_string_equal(xc_request_plugin(req)->name, "three");
	return outside_err;
}

/* --- three plugins and one of the core ------------------------------------ */

static char names[4][8] = { "one", "two", "three", "auth" };
static char version[] = "1.0.0", logger[] = "plugin.test";
static struct xc_plugin plugins[4];
static struct xc_loaded loaded[4];
static struct xc_loaded *rows[] = { &loaded[0], &loaded[1], &loaded[2],
	&loaded[3] };
static char passed[128];

static void
note(const char *what, struct xc_request *req)
{
	size_t len = strlen(passed);

	snprintf(passed + len, sizeof(passed) - len, "%s%s(%s)",
	    len > 0 ? " " : "", what, row.plugin);
	assert_string_equal(row.operation, what);
	assert_true(atomic_load(&row.run_since_ms) != 0);
	assert_null(xc_request_param(req, "id"));
}

static enum xc_err
first(struct xc_request *req)
{
	note("first", req);
	return XC_OK;
}

static enum xc_err
checks(struct xc_request *req)
{
	note("checks", req);
	if (xc_request_query(req, "refuse") != NULL)
		return XC_ERR_DENIED;
	if (xc_request_query(req, "answer") != NULL)
		return xc_reply_empty(req, 302);
	return XC_OK;
}

static enum xc_err
eats(struct xc_request *req)
{
	note("eats", req);
	if (xc_request_query(req, "eat") == NULL)
		return XC_OK;
	return xc_alloc(req, 64 << 20) != NULL ? XC_OK : XC_ERR_NOMEM;
}

static enum xc_err
tags(struct xc_request *req)
{
	note("tags", req);
	if (xc_request_query(req, "much") != NULL)
		assert_non_null(xc_alloc(req, 512 << 10));
	return xc_reply_header(req, "X-Tag", "1");
}

static const struct xc_loaded_step one_steps[] = {
	{ .name = "one:first", .operation_name = "first", .handler = first,
	    .site = true, .before_auth = true },
	{ .name = "one:tags", .operation_name = "tags", .handler = tags,
	    .site = true, .on_reply = true },
};
static const struct xc_loaded_step two_steps[] = {
	{ .name = "two:checks", .operation_name = "checks",
	    .handler = checks, .site = true },
	{ .name = "two:eats", .operation_name = "eats", .handler = eats },
	{ .name = "two:tags", .operation_name = "tags", .handler = tags,
	    .on_reply = true },
};
static const struct xc_loaded_step three_steps[] = {
	{ .name = "three:box", .operation_name = "box", .operation = 7,
	    .site = true },
};

/* As the loader orders them. */
static const struct xc_table_step steps[] = {
	{ &loaded[0], &one_steps[0] },
	{ &loaded[1], &two_steps[0] },
	{ &loaded[2], &three_steps[0] },
	{ &loaded[1], &two_steps[1] },
	{ &loaded[0], &one_steps[1] },
	{ &loaded[1], &two_steps[2] },
};
static const struct xc_table table = { .rows = rows, .n = 4, .steps = steps,
	.n_steps = sizeof(steps) / sizeof(steps[0]) };

static struct xc_settings *settings;
static struct xc_courses *courses;

static const char config[] = "{\"middleware\":{\"prefixes\":{"
    "\"/none\":{\"plugins\":[]},\"/none/deep\":{\"body\":{\"max\":9}},"
    "\"/two\":{\"plugins\":[\"two\",\"nobody\"]},"
    "\"/first\":{\"plugins\":[\"one:first\"]}}}}";

static void
make_plugins(void)
{
	char *box = names[2];

	for (int i = 0; i < 4; i++) {
		plugins[i] = (struct xc_plugin){
			.magic = XC_PLUGIN_HANDLE_MAGIC, .name = names[i],
			.version = version, .logger = logger, .host = &host,
			.limits = { .memory_mb = 1, .reply_kb = 64,
			    .timeout_ms = 1000 } };
		loaded[i] = (struct xc_loaded){ .name = names[i],
			.version = version, .plugin = &plugins[i],
			.core = i == 3, .state = XC_SERVING };
	}
	/* Nobody looks into it here. */
	loaded[2].runner = (struct xc_runner *)(void *)box;
}

static int
set_up(void **state)
{
	struct xc_errbuf errbuf = { .text = "" };
	struct xc_chains_options options = { .host = &host, .row = &row };

	(void)state;
	make_plugins();
	memset(&row, 0, sizeof(row));
	memset(&worker, 0, sizeof(worker));
	warned = outside_calls = 0;
	worker.row = &row;
	worker.sandbox_log = (struct xc_logger)XC_LOGGER("test");
	worker.now_us = 5000000;
	worker.now_ms = 5000;
	settings = xc_settings_new();
	if (settings == NULL || xc_settings_read_text(settings, "x", config,
	    strlen(config), &errbuf) != XC_OK)
		fail_msg("%s", errbuf.text);
	options.config = &settings->middleware;
	if (xc_chains_create(&options, &worker.chains, &errbuf) != XC_OK)
		fail_msg("%s", errbuf.text);
	return xc_request_init(&worker.req, &host, NULL) == XC_OK ? 0 : 1;
}

static int
tear_down(void **state)
{
	(void)state;
	xc_request_free(&worker.req);
	xc_courses_free(&courses);
	xc_chains_free(&worker.chains);
	xc_settings_free(&settings);
	return 0;
}

static void
build(void)
{
	const struct xc_courses_options options = { .table = &table,
		.chains = worker.chains };

	xc_courses_free(&courses);
	assert_int_equal(xc_courses_build(&options, &courses), XC_OK);
}

static enum xc_err
handler(struct xc_request *req)
{
	if (xc_request_query(req, "much") != NULL)
		assert_non_null(xc_alloc(req, 8 << 20));
	return xc_reply_empty(req, 204);
}

/* What a request for that plugin passes, and the status. */
static unsigned
ask(size_t plugin, const char *path)
{
	static const char *const params[][2] = { { "id", "7" } };
	const struct xc_target target = { .loaded = &loaded[plugin],
		.operation = "get", .course = xc_courses_of(courses, plugin) };
	char uri[128];
	char *envp[] = { (char[]){ "REQUEST_METHOD=GET" }, uri, NULL };
	struct xc_request *req = &worker.req;
	unsigned status;

	passed[0] = '\0';
	snprintf(uri, sizeof(uri), "REQUEST_URI=%s", path);
	xc_chain_begin(worker.chains, &worker.passage);
	assert_int_equal(xc_request_parse(req, envp, NULL, 0, NULL), 0);
	assert_true(xc_chain_in(worker.chains, &worker.passage, req, 0));
	assert_int_equal(xc_request_bind(req, &plugins[plugin], 1, "get",
	    params, 1), XC_OK);
	xc_steps_begin(&worker);
	if (xc_steps_before(&worker, req, &target) &&
	    xc_steps_ahead(&worker, req, &target)) {
		assert_ptr_equal(xc_request_plugin(req), &plugins[plugin]);
		assert_string_equal(xc_request_param(req, "id"), "7");
		worker.steps.taken = true;
		assert_int_equal(xc_request_run(req, handler), XC_OK);
	}
	if (target.course != NULL) {
		xc_steps_behind(&worker, req, &target);
		snprintf(uri, sizeof(uri), "%s 1.0.0", names[plugin]);
		assert_string_equal(row.plugin, uri);
		assert_string_equal(row.operation, "get");
	}
	assert_int_equal(atomic_load(&row.run_since_ms), 0);
	status = xc_request_reply(req)->status;
	xc_chain_out(worker.chains, &worker.passage, req, NULL);
	xc_request_reset(req);
	return status;
}

static void
test_order(void **state)
{
	(void)state;
	build();
	assert_int_equal(ask(0, "/one"), 204);
	assert_string_equal(passed, "first(one 1.0.0) checks(two 1.0.0) "
	    "tags(one 1.0.0)");
	assert_int_equal(outside_calls, 1);
	/* Its own for the plugin alone; behind the handler the other way. */
	assert_int_equal(ask(1, "/twice"), 204);
	assert_string_equal(passed, "first(one 1.0.0) checks(two 1.0.0) "
	    "eats(two 1.0.0) tags(two 1.0.0) tags(one 1.0.0)");
	/* The core's plugins pass nobody's. */
	assert_null(xc_courses_of(courses, 3));
	assert_int_equal(ask(3, "/auth"), 204);
	assert_string_equal(passed, "");
	assert_null(xc_courses_of(courses, 4));
	assert_null(xc_courses_of(NULL, 0));
}

static void
test_choices(void **state)
{
	(void)state;
	build();
	/* "" with all, "/none" with that below it, and two more. */
	assert_int_equal(xc_chains_choices(worker.chains), 4);
	assert_int_equal(ask(1, "/none"), 204);
	assert_string_equal(passed, "eats(two 1.0.0) tags(two 1.0.0)");
	assert_int_equal(ask(1, "/none/deep/er"), 204);
	assert_string_equal(passed, "eats(two 1.0.0) tags(two 1.0.0)");
	assert_int_equal(ask(0, "/two"), 204);
	assert_string_equal(passed, "checks(two 1.0.0)");
	assert_int_equal(ask(0, "/first"), 204);
	assert_string_equal(passed, "first(one 1.0.0)");
	/* What is no prefix to the router is none here. */
	assert_int_equal(ask(1, "/none%2Fx"), 204);
	assert_string_equal(passed, "first(one 1.0.0) checks(two 1.0.0) "
	    "eats(two 1.0.0) tags(two 1.0.0) tags(one 1.0.0)");
	assert_int_equal(ask(0, "/nonesuch"), 204);
	assert_string_equal(passed, "first(one 1.0.0) checks(two 1.0.0) "
	    "tags(one 1.0.0)");
	assert_int_equal(outside_calls, 2);
}

/* A step ends it: those behind see that, other steps and the handler do
 * not. */
static void
test_ends(void **state)
{
	(void)state;
	build();
	assert_int_equal(ask(1, "/x?refuse"), 403);
	assert_string_equal(passed, "first(one 1.0.0) checks(two 1.0.0) "
	    "tags(two 1.0.0) tags(one 1.0.0)");
	assert_int_equal(worker.steps.err, XC_ERR_DENIED);
	assert_int_equal(ask(0, "/x?answer"), 302);
	assert_string_equal(passed, "first(one 1.0.0) checks(two 1.0.0) "
	    "tags(one 1.0.0)");
	assert_int_equal(worker.steps.err, XC_OK);
	assert_int_equal(outside_calls, 0);
	/* A limit is that of the step's plugin. */
	assert_int_equal(ask(1, "/x?eat"), 503);
	assert_int_equal(warned, 100);
	/* What the handler has taken does not count. */
	assert_int_equal(ask(1, "/x?much"), 204);
	assert_int_equal(warned, 100);
	/* One that fails without a word is not passed. */
	outside_err = XC_ERR_NOMEM;
	assert_int_equal(ask(0, "/x"), 500);
	assert_int_equal(worker.steps.err, XC_ERR_NOMEM);
	outside_err = XC_OK;
}

/* What does not work is passed by nobody, or is not asked about replies. */
static void
test_broken(void **state)
{
	static const struct xc_loaded_step gone[] = {
		{ .name = "one:first", .operation_name = "first",
		    .site = true, .before_auth = true },
		{ .name = "one:tags", .operation_name = "tags",
		    .site = true, .on_reply = true },
	};
	struct xc_table_step changed[sizeof(steps) / sizeof(steps[0])];
	const struct xc_table with = { .rows = rows, .n = 4,
		.steps = changed, .n_steps = table.n_steps };
	const struct xc_courses_options options = { .table = &with,
		.chains = worker.chains };

	(void)state;
	memcpy(changed, steps, sizeof(steps));
	changed[0].step = &gone[0];
	changed[4].step = &gone[1];
	loaded[0].state = XC_SERVING_FAILED;
	loaded[0].plugin = NULL;
	assert_int_equal(xc_courses_build(&options, &courses), XC_OK);
	assert_null(xc_courses_of(courses, 0));
	assert_int_equal(ask(1, "/x"), 503);
	assert_string_equal(passed, "");
	assert_int_equal(warned, 1);
	assert_int_equal(ask(3, "/auth"), 204);
	/* Unless the prefix does without. */
	assert_int_equal(ask(1, "/two"), 204);
	assert_string_equal(passed, "checks(two 1.0.0) eats(two 1.0.0) "
	    "tags(two 1.0.0)");
}

static void
test_figures(void **state)
{
	static struct xc_scoreboard board;
	const struct xc_courses_options options = { .table = &table,
		.chains = worker.chains, .board = &board };
	struct xc_step_row *checks_row;

	(void)state;
	assert_int_equal(xc_courses_build(&options, &courses), XC_OK);
	checks_row = xc_scoreboard_step(&board, "two:checks");
	assert_int_equal(ask(0, "/x"), 204);
	assert_int_equal(ask(0, "/x?answer"), 302);
	assert_int_equal(ask(0, "/x?refuse"), 403);
	assert_int_equal(checks_row->runs, 3);
	assert_int_equal(checks_row->stopped, 2);
	assert_int_equal(checks_row->failed, 1);
	assert_int_equal(checks_row->samples, 1);
	assert_int_equal(xc_scoreboard_step(&board, "one:tags")->runs, 3);
	assert_int_equal(xc_scoreboard_step(&board, "three:box")->samples, 1);
	assert_int_equal(xc_scoreboard_step(&board, "two:eats")->runs, 0);
	assert_true(worker.steps.took_us > 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_order),
		TEST(test_choices),
		TEST(test_ends),
		TEST(test_broken),
		TEST(test_figures),
	};

	return cmocka_run_group_tests_name("course", tests, NULL, NULL);
}
