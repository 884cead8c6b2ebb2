/* SPDX-License-Identifier: MIT */
/* The loader with a runner that runs nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <xcore/json.h>

#include "fixture-files.h"
#include "lib/host.h"
#include "lib/plugin-private.h"
#include "loader.h"
#include "runner.h"
#include "sandbox/layers.h"
#include "snapshot.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

#define DOCUMENT "{\"openapi\":\"3.1.0\",\"paths\":{"			\
	"\"/a\":{\"get\":{\"operationId\":\"get_a\"}},"			\
	"\"/b\":{\"get\":{\"operationId\":\"get_b\"}}}}"

struct xc_runner {
	struct xc_plugin *plugin;
};

/* What the fake was asked for. */
struct fake {
	bool fails;
	unsigned opened;
	unsigned closed;
	char so[300];
	char operations[200];
	char events[200];
	char steps[200];
	uint32_t require;
};

struct fixture {
	char state[300];
	char path[600];
	struct xc_host host;
	struct xc_loader *loader;
	struct json_object *report;
	struct xc_errbuf why;
	struct fake fake;
};

static void
join(char *to, size_t size, const char *const *texts, size_t n)
{
	to[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		strncat(to, texts[i], size - strlen(to) - 1);
		strncat(to, " ", size - strlen(to) - 1);
	}
}

static enum xc_err
fake_open(void *ctx, const struct xc_runner_spec *spec,
    struct xc_runner **runner_r, struct xc_errbuf *errbuf)
{
	struct fake *fake = ctx;

	*runner_r = NULL;
	if (fake->fails)
		return xc_fail(errbuf, XC_ERR_FAILED, "the fake fails");
	fake->opened++;
	snprintf(fake->so, sizeof(fake->so), "%s", spec->so);
	join(fake->operations, sizeof(fake->operations), spec->operations,
	    spec->n_operations);
	join(fake->events, sizeof(fake->events), spec->event_operations,
	    spec->n_event_operations);
	join(fake->steps, sizeof(fake->steps), spec->step_operations,
	    spec->n_step_operations);
	fake->require = spec->require;
	*runner_r = calloc(1, sizeof(**runner_r));
	assert_non_null(*runner_r);
	(*runner_r)->plugin = spec->plugin;
	return XC_OK;
}

static void
fake_close(void *ctx, struct xc_runner **runner)
{
	struct fake *fake = ctx;

	fake->closed++;
	/* It lives until we return. */
	assert_non_null((*runner)->plugin->name);
	free(*runner);
	*runner = NULL;
}

static const struct xc_runner_ops fake_ops = { fake_open, fake_close };

static int
set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	make_folder(fixture->state, sizeof(fixture->state));
	put(fixture->state, "openapi.json", DOCUMENT);
	assert_int_equal(xc_loader_create(&fixture->host, &fixture->loader),
	    XC_OK);
	xc_loader_set_runner(fixture->loader, &fake_ops, &fixture->fake);
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	json_object_put(fixture->report);
	xc_loader_free(&fixture->loader);
	assert_int_equal(fixture->fake.opened, fixture->fake.closed);
	remove_folder(fixture->state);
	free(fixture);
	return 0;
}

/* Applies a snapshot with these rows. */
static enum xc_err
apply_rows(struct fixture *fixture, int sequence, const char *rows)
{
	char text[8192];
	struct json_object *snapshot;

	snprintf(text, sizeof(text), "{\"format\":1,\"generation\":1,"
	    "\"sequence\":%d,\"plugins\":[%s]}", sequence, rows);
	snapshot = json_tokener_parse(text);
	assert_non_null(snapshot);
	assert_int_equal(xc_snapshot_write(fixture->state, snapshot,
	    fixture->path, sizeof(fixture->path), &fixture->why), XC_OK);
	json_object_put(snapshot);
	json_object_put(fixture->report);
	fixture->why.text[0] = '\0';
	return xc_loader_apply(fixture->loader, fixture->path, NULL, NULL,
	    &fixture->report, &fixture->why);
}

static void
add_row(const struct fixture *fixture, char *rows, size_t size,
    const char *name, const char *more)
{
	size_t len = strlen(rows);

	snprintf(rows + len, size - len, "%s{\"name\":\"%s\","
	    "\"version\":\"1.2.0\",\"hash\":\"" HASH "\",\"state\":\"enabled\","
	    "\"prefix\":\"/app/%s\",\"schema\":\"xcore_todo\","
	    "\"dir\":\"%s\",\"so\":\"todo.so\",\"so_hash\":\"" HASH
	    "\",\"operations\":["
	    "{\"method\":\"GET\",\"path\":\"/a\",\"id\":\"get_a\"},"
	    "{\"method\":\"GET\",\"path\":\"/b\",\"id\":\"get_b\"}]%s}",
	    len > 0 ? "," : "", name, name, fixture->state, more);
}

/* Applies a snapshot with one plugin, and more members as JSON. */
static enum xc_err
apply(struct fixture *fixture, int sequence, const char *more)
{
	char rows[2048] = "";

	add_row(fixture, rows, sizeof(rows), "todo", more);
	return apply_rows(fixture, sequence, rows);
}

static const struct xc_loaded *
only_row(const struct fixture *fixture)
{
	const struct xc_table *table = xc_loader_table(fixture->loader);

	assert_int_equal(table->n, 1);
	return table->rows[0];
}

static const char *
reported(const struct fixture *fixture, const char *key)
{
	struct json_object *list = xc_json_member(fixture->report, "plugins");
	const char *text = xc_json_string(json_object_array_get_idx(list, 0),
	    key);

	return text != NULL ? text : "";
}

#define POOL ",\"isolation\":\"pool\""

static void
test_runs_outside(void **state)
{
	struct fixture *fixture = *state;
	const struct xc_loaded *row;
	char so[310];

	snprintf(so, sizeof(so), "%s/todo.so", fixture->state);
	assert_int_equal(apply(fixture, 1, POOL ",\"limits\":{\"cpu_ms\":7,"
	    "\"timeout_ms\":8,\"memory_mb\":9,\"rate\":10,\"files\":11,"
	    "\"threads\":12,\"reply_kb\":13},\"require\":[\"landlock\","
	    "\"netns\"],\"permissions\":[\"cache\",\"http:a.example:81\","
	    "\"http:b.example\",\"event:a.b\"],\"events\":"
	    "{\"a.b\":\"on_b\",\"a.c\":\"on_c\"}"), XC_OK);
	row = only_row(fixture);
	assert_int_equal(row->state, XC_SERVING);
	assert_non_null(row->runner);
	assert_null(row->handlers);
	assert_int_equal(row->plugin->isolation, XC_ISOLATION_POOL);
	assert_int_equal(row->plugin->limits.cpu_ms, 7);
	assert_int_equal(row->plugin->limits.timeout_ms, 8);
	assert_int_equal(row->plugin->limits.memory_mb, 9);
	assert_int_equal(row->plugin->limits.rate, 10);
	assert_int_equal(row->plugin->limits.files, 11);
	assert_int_equal(row->plugin->limits.threads, 12);
	assert_int_equal(row->plugin->limits.reply_kb, 13);
	assert_false(row->plugin->may_database);
	assert_true(row->plugin->may_cache);
	assert_string_equal(row->plugin->http_hosts[0], "a.example:81");
	assert_string_equal(row->plugin->http_hosts[1], "b.example");
	assert_null(row->plugin->http_hosts[2]);
	assert_string_equal(row->plugin->emits[0], "a.b");
	assert_null(row->plugin->emits[1]);
	assert_string_equal(fixture->fake.so, so);
	assert_string_equal(fixture->fake.operations, "get_a get_b ");
	assert_string_equal(fixture->fake.events, "on_b on_c ");
	assert_int_equal(fixture->fake.require,
	    XC_LAYER_BIT(XC_LAYER_LANDLOCK) | XC_LAYER_BIT(XC_LAYER_NETNS));
	assert_int_equal(row->n_events, 2);
	assert_string_equal(row->events[1].name, "a.c");
	assert_int_equal(row->events[1].operation, 3);
	assert_null(row->events[1].handler);
	assert_string_equal(reported(fixture, "isolation"), "pool");
}

static void
test_change_of_terms_loads_anew(void **state)
{
	struct fixture *fixture = *state;
	const struct xc_runner *before;

	assert_int_equal(apply(fixture, 1, POOL), XC_OK);
	before = only_row(fixture)->runner;
	assert_int_equal(apply(fixture, 2, POOL), XC_OK);
	assert_ptr_equal(only_row(fixture)->runner, before);
	assert_int_equal(apply(fixture, 3, POOL ",\"limits\":{\"rate\":1}"),
	    XC_OK);
	assert_int_equal(fixture->fake.opened, 2);
	assert_int_equal(fixture->fake.closed, 1);
	assert_int_equal(apply(fixture, 4, ",\"isolation\":\"request\","
	    "\"limits\":{\"rate\":1}"), XC_OK);
	assert_int_equal(only_row(fixture)->plugin->isolation,
	    XC_ISOLATION_REQUEST);
	assert_int_equal(fixture->fake.opened, 3);
}

static void
test_failure_keeps_the_old_one(void **state)
{
	struct fixture *fixture = *state;

	fixture->fake.fails = true;
	assert_int_equal(apply(fixture, 1, POOL), XC_ERR_FAILED);
	assert_int_equal(only_row(fixture)->state, XC_SERVING_FAILED);
	assert_null(only_row(fixture)->runner);
	assert_string_equal(reported(fixture, "reason"), "the fake fails");
	fixture->fake.fails = false;
	assert_int_equal(apply(fixture, 2, POOL), XC_OK);
	fixture->fake.fails = true;
	assert_int_equal(apply(fixture, 3, POOL ",\"limits\":{\"rate\":1}"),
	    XC_ERR_FAILED);
	assert_int_equal(only_row(fixture)->state, XC_SERVING);
	assert_int_equal(only_row(fixture)->plugin->limits.rate, 0);
	assert_string_equal(reported(fixture, "serving"), "1.2.0");
	assert_int_equal(fixture->fake.closed, 0);
}

static void
test_no_runner(void **state)
{
	struct fixture *fixture = *state;

	xc_loader_set_runner(fixture->loader, NULL, NULL);
	assert_int_equal(apply(fixture, 1, POOL), XC_ERR_FAILED);
	assert_non_null(strstr(reported(fixture, "reason"), "no sandboxes"));
}

static void
test_bad_terms(void **state)
{
	static const char *const rows[] = {
		",\"isolation\":\"jail\"",
		POOL ",\"require\":[\"moat\"]",
		",\"isolation\":\"inprocess\",\"require\":[\"seccomp\"]",
		POOL ",\"events\":{\"a.b\":1}",
		POOL ",\"middleware\":{}",
		POOL ",\"middleware\":[{\"phase\":\"reply\"}]",
		(",\"isolation\":\"request\",\"middleware\":["
		    "{\"operation\":\"look\",\"scope\":\"site\"}]"),
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(apply(fixture, 1 + (int)i, rows[i]),
		    XC_ERR_FAILED);
		assert_int_equal(only_row(fixture)->state,
		    XC_SERVING_FAILED);
	}
	assert_int_equal(fixture->fake.opened, 0);
}

/* A row of an older release, or odd limits: it is loaded here, and there is
 * no such file. */
static void
test_without_isolation(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(apply(fixture, 1, ",\"limits\":{\"rate\":-1,"
	    "\"cpu_ms\":\"x\"}"), XC_ERR_FAILED);
	assert_int_equal(fixture->fake.opened, 0);
	assert_non_null(strstr(reported(fixture, "reason"), "todo.so"));
}

/* ---- steps --------------------------------------------------------------- */

/* A plugin with one step. */
struct stepping {
	const char *name;
	const char *more;	/* of the step */
	const char *state;	/* NULL: enabled */
};

static enum xc_err
apply_steps(struct fixture *fixture, int sequence,
    const struct stepping *plugins, size_t n)
{
	char rows[6000] = "", more[400];

	for (size_t i = 0; i < n; i++) {
		const char *state = plugins[i].state;

		/* The last of two members counts. */
		snprintf(more, sizeof(more), POOL ",\"middleware\":["
		    "{\"operation\":\"look\"%s}]%s%s%s", plugins[i].more,
		    state != NULL ? ",\"state\":\"" : "",
		    state != NULL ? state : "", state != NULL ? "\"" : "");
		add_row(fixture, rows, sizeof(rows), plugins[i].name, more);
	}
	return apply_rows(fixture, sequence, rows);
}

static void
assert_order(const struct fixture *fixture, const char *order)
{
	const struct xc_table *table = xc_loader_table(fixture->loader);
	const char *names[8];
	char text[200];

	assert_in_range(table->n_steps, 0, 8);
	for (size_t i = 0; i < table->n_steps; i++) {
		names[i] = table->steps[i].step->name;
		assert_memory_equal(names[i], table->steps[i].loaded->name,
		    strlen(table->steps[i].loaded->name));
	}
	join(text, sizeof(text), names, table->n_steps);
	assert_string_equal(text, order);
}

static const struct xc_loaded *
find_row(const struct fixture *fixture, const char *name)
{
	const struct xc_table *table = xc_loader_table(fixture->loader);

	for (size_t i = 0; i < table->n; i++)
		if (strcmp(table->rows[i]->name, name) == 0)
			return table->rows[i];
	fail_msg("no row of %s", name);
	return NULL;
}

static void
test_steps(void **state)
{
	struct fixture *fixture = *state;
	const struct xc_loaded *row;

	assert_int_equal(apply(fixture, 1, POOL ",\"core\":true,"
	    "\"events\":{\"a.b\":\"on_b\"},\"middleware\":["
	    "{\"operation\":\"look\",\"scope\":\"own\"},"
	    "{\"operation\":\"check\",\"scope\":\"site\","
	    "\"before\":[\"auth\"]},"
	    "{\"operation\":\"stamp\",\"phase\":\"reply\"}]"), XC_OK);
	row = only_row(fixture);
	assert_true(row->core);
	assert_string_equal(fixture->fake.steps, "look check stamp ");
	assert_int_equal(row->n_steps, 3);
	assert_string_equal(row->steps[1].name, "todo:check");
	assert_string_equal(row->steps[1].operation_name, "check");
	assert_int_equal(row->steps[1].operation, 4);
	assert_null(row->steps[1].handler);
	assert_true(row->steps[1].site && row->steps[1].before_auth);
	assert_false(row->steps[0].site || row->steps[0].before_auth);
	assert_true(row->steps[2].on_reply);
	assert_order(fixture, "todo:check todo:look todo:stamp ");
	assert_int_equal(apply(fixture, 2, POOL), XC_OK);
	assert_int_equal(only_row(fixture)->n_steps, 0);
	assert_false(only_row(fixture)->core);
	assert_order(fixture, "");
}

static void
test_order_of_all(void **state)
{
	const struct stepping plugins[] = {
		{ "c", ",\"before\":[\"b\"]", NULL },
		{ "b", "", NULL },
		{ "d", ",\"after\":[\"e:look\"]", NULL },
		{ "e", "", "disabled" },
		{ "a", "", "quarantined" },
		{ "z", ",\"before\":[\"auth\"]", NULL },
	};
	struct fixture *fixture = *state;

	assert_int_equal(apply_steps(fixture, 1, plugins, 6), XC_OK);
	assert_order(fixture, "z:look a:look c:look b:look d:look ");
	assert_int_equal(find_row(fixture, "a")->state, XC_SERVING_FAILED);
	assert_int_equal(find_row(fixture, "e")->state,
	    XC_SERVING_DISABLED);
	/* One that fails is known to have it. */
	fixture->fake.fails = true;
	assert_int_equal(apply_steps(fixture, 2, plugins + 1, 1), XC_OK);
	assert_int_equal(apply_steps(fixture, 3, plugins, 1),
	    XC_ERR_FAILED);
	assert_int_equal(find_row(fixture, "c")->state, XC_SERVING_FAILED);
	assert_order(fixture, "c:look ");
}

static void
test_ring(void **state)
{
	static const struct stepping good[] = { { "a", "", NULL },
		{ "b", ",\"after\":[\"a\"]", NULL } };
	static const struct stepping ring[] = {
		{ "a", ",\"after\":[\"b\"]", NULL },
		{ "b", ",\"after\":[\"a\"]", NULL },
		{ "c", "", NULL } };
	static const struct stepping opposite[] = {
		{ "a", ",\"after\":[\"b\"]", NULL }, { "b", "", NULL } };
	struct fixture *fixture = *state;

	/* Both are new: the last by name goes. */
	assert_int_equal(apply_steps(fixture, 1, ring, 3), XC_ERR_FAILED);
	assert_int_equal(find_row(fixture, "a")->state, XC_SERVING);
	assert_int_equal(find_row(fixture, "b")->state, XC_SERVING_FAILED);
	assert_int_equal(find_row(fixture, "c")->state, XC_SERVING);
	assert_non_null(strstr(find_row(fixture, "b")->reason,
	    "a:look before b:look before a:look"));
	assert_order(fixture, "b:look a:look c:look ");
	/* One of two that serve is updated: its old version goes on. */
	assert_int_equal(apply_steps(fixture, 2, good, 2), XC_OK);
	assert_order(fixture, "a:look b:look ");
	assert_int_equal(apply_steps(fixture, 3, ring, 3), XC_ERR_FAILED);
	assert_int_equal(find_row(fixture, "a")->state, XC_SERVING);
	assert_int_equal(find_row(fixture, "b")->state, XC_SERVING);
	assert_order(fixture, "a:look b:look c:look ");
	assert_non_null(strstr(json_object_to_json_string(fixture->report),
	    "\"serving\": \"1.2.0\""));
	/* Both at once, and all is well. */
	assert_int_equal(apply_steps(fixture, 4, opposite, 2), XC_OK);
	assert_order(fixture, "b:look a:look ");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_runs_outside),
		TEST(test_change_of_terms_loads_anew),
		TEST(test_failure_keeps_the_old_one),
		TEST(test_no_runner),
		TEST(test_bad_terms),
		TEST(test_without_isolation),
		TEST(test_steps),
		TEST(test_order_of_all),
		TEST(test_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
