/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <xcore/json.h>

#include "lib/host.h"
#include "lib/request-private.h"
#include "plugin/digest.h"
#include "plugin/documents.h"
#include "plugin/loader.h"
#include "support.h"

struct fixture {
	char state[256];
	char dirs[3][300];	/* the same plugin at three places */
	char path[600];		/* of the snapshot */
	struct xc_host host;
	struct xc_loader *loader;
	struct json_object *report;
	struct xc_errbuf why;
};

static int
set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	char folder[256];

	new_folder(folder, sizeof(folder));
	strcpy(fixture->state, folder);
	for (int i = 0; i < 3; i++) {
		snprintf(fixture->dirs[i], sizeof(fixture->dirs[i]), "%s/v%d",
		    folder, i);
		copy_plugin(made_plugin("misbehave"), fixture->dirs[i]);
	}
	assert_int_equal(xc_loader_create(&fixture->host, &fixture->loader),
	    XC_OK);
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	json_object_put(fixture->report);
	xc_loader_free(&fixture->loader);
	remove_tree(fixture->state);
	free(fixture);
	return 0;
}

static enum xc_err
apply(struct fixture *fixture, struct json_object *snapshot)
{
	snapshot_write(fixture->state, snapshot, fixture->path,
	    sizeof(fixture->path));
	json_object_put(fixture->report);
	fixture->why.text[0] = '\0';
	return xc_loader_apply(fixture->loader, fixture->path, NULL, NULL,
	    &fixture->report, &fixture->why);
}

static enum xc_err
apply_one(struct fixture *fixture, int dir, const char *version,
    const char *config)
{
	struct json_object *snapshot = snapshot_new(1);
	struct json_object *row = snapshot_add(snapshot, fixture->dirs[dir],
	    "misbehave", version);

	if (config != NULL)
		row_config(row, config);
	return apply(fixture, snapshot);
}

static const struct xc_loaded *
only_row(const struct fixture *fixture)
{
	const struct xc_table *table = xc_loader_table(fixture->loader);

	assert_int_equal(table->n, 1);
	return table->rows[0];
}

/* What the report says of its first plugin. */
static const char *
reported(const struct fixture *fixture, const char *key)
{
	struct json_object *list = xc_json_member(fixture->report, "plugins");
	const char *text = xc_json_string(json_object_array_get_idx(list, 0),
	    key);

	return text != NULL ? text : "";
}

static void
expect_recycle(const struct fixture *fixture, const char *says)
{
	const char *reason;

	assert_int_equal(xc_loader_wants_recycle(fixture->loader, &reason),
	    says != NULL);
	if (says != NULL && strstr(reason, says) == NULL)
		fail_msg("%s", reason);
}

/* Calls /count of what serves and gives its counter. */
static int64_t
call_count(const struct fixture *fixture, const char *version)
{
	static const char *const segments[] = { "count" };
	const struct xc_loaded *row = only_row(fixture);
	char *envp[] = { (char *)(uintptr_t)"REQUEST_METHOD=GET",
		(char *)(uintptr_t)"REQUEST_URI=/app/misbehave/count", NULL };
	struct xc_errbuf why = { "" };
	struct xc_route_match match;
	const struct xc_reply_head *reply;
	struct json_object *body;
	struct xc_request req;
	int64_t count = -1;

	assert_int_equal(row->state, XC_SERVING);
	assert_int_equal(xc_routes_find(row->routes, XC_GET, segments, 1,
	    &match), XC_ROUTE_MATCH);
	assert_int_equal(xc_request_init(&req, &fixture->host, NULL), XC_OK);
	assert_int_equal(xc_request_parse(&req, envp, "", 0, &why), 0);
	assert_int_equal(xc_request_bind(&req, row->plugin, 2,
	    xc_routes_operation(row->routes, match.index), NULL, 0), XC_OK);
	assert_int_equal(xc_request_run(&req, row->handlers[match.index]),
	    XC_OK);
	reply = xc_request_reply(&req);
	assert_int_equal(reply->status, 200);
	body = json_tokener_parse(xc_block_text(&req.out, reply->body));
	assert_true(xc_json_int(body, "count", &count));
	assert_string_equal(xc_json_string(body, "version"), version);
	json_object_put(body);
	xc_request_free(&req);
	return count;
}

static void
test_load(void **state)
{
	struct fixture *fixture = *state;
	const struct xc_loaded *row;

	assert_int_equal(xc_loader_table(fixture->loader)->n, 0);
	assert_int_equal(apply_one(fixture, 0, "1.0.0", NULL), XC_OK);
	row = only_row(fixture);
	assert_string_equal(row->name, "misbehave");
	assert_string_equal(row->prefix, "/app/misbehave");
	assert_int_equal(row->n_segments, 2);
	assert_string_equal(row->segments[0], "app");
	assert_string_equal(row->segments[1], "misbehave");
	assert_string_equal(xc_plugin_prefix(row->plugin), "/app/misbehave");
	assert_int_equal(xc_loader_table(fixture->loader)->generation, 1);
	assert_string_equal(reported(fixture, "state"), "serving");
	assert_int_equal(call_count(fixture, "1.0.0"), 1);
	expect_recycle(fixture, NULL);
}

static void
test_unchanged(void **state)
{
	struct fixture *fixture = *state;
	const struct xc_loaded *row;

	assert_int_equal(apply_one(fixture, 0, "1.0.0", NULL), XC_OK);
	row = only_row(fixture);
	assert_int_equal(call_count(fixture, "1.0.0"), 1);
	assert_int_equal(apply_one(fixture, 0, "1.0.0", NULL), XC_OK);
	assert_ptr_equal(row, only_row(fixture));
	assert_int_equal(call_count(fixture, "1.0.0"), 2);
}

static void
test_update(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(apply_one(fixture, 0, "1.0.0", NULL), XC_OK);
	assert_int_equal(call_count(fixture, "1.0.0"), 1);
	assert_int_equal(call_count(fixture, "1.0.0"), 2);
	assert_int_equal(apply_one(fixture, 1, "1.1.0", NULL), XC_OK);
	assert_int_equal(call_count(fixture, "1.1.0"), 1);
	expect_recycle(fixture, NULL);
}

/* The same file with other settings is loaded once more: the two must not
 * share their variables. */
static void
test_settings(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(apply_one(fixture, 0, "1.0.0",
	    "{\"label\":\"a\"}"), XC_OK);
	assert_int_equal(call_count(fixture, "1.0.0"), 1);
	for (int i = 0; i < 5; i++) {
		char config[40];

		snprintf(config, sizeof(config), "{\"label\":\"b%d\"}", i);
		assert_int_equal(apply_one(fixture, 0, "1.0.0", config),
		    XC_OK);
		assert_int_equal(call_count(fixture, "1.0.0"), 1);
		assert_int_equal(call_count(fixture, "1.0.0"), 2);
	}
	expect_recycle(fixture, NULL);
}

static void
expect_fallback(struct fixture *fixture, const char *config,
    const char *says)
{
	assert_int_equal(apply_one(fixture, 1, "1.1.0", config),
	    XC_ERR_FAILED);
	assert_string_equal(reported(fixture, "state"), "failed");
	assert_string_equal(reported(fixture, "version"), "1.1.0");
	assert_string_equal(reported(fixture, "serving"), "1.0.0");
	if (strstr(reported(fixture, "reason"), says) == NULL)
		fail_msg("%s", reported(fixture, "reason"));
}

static void
test_failing(void **state)
{
	struct fixture *fixture = *state;
	const char *fails = "{\"fault\":\"start-fails\"}";
	const char *cold = "{\"fault\":\"warm-fails\"}";

	/* Nothing before it: a row that does not serve. */
	assert_int_equal(apply_one(fixture, 0, "1.0.0", fails),
	    XC_ERR_FAILED);
	assert_int_equal(only_row(fixture)->state, XC_SERVING_FAILED);
	assert_non_null(strstr(only_row(fixture)->reason, "start()"));
	assert_null(only_row(fixture)->plugin);
	/* It is tried again. */
	assert_int_equal(apply_one(fixture, 0, "1.0.0", NULL), XC_OK);
	assert_int_equal(call_count(fixture, "1.0.0"), 1);
	expect_fallback(fixture, fails, "its start() returned");
	assert_int_equal(call_count(fixture, "1.0.0"), 2);
	expect_fallback(fixture, cold, "its warm() returned");
	assert_int_equal(call_count(fixture, "1.0.0"), 3);
	assert_int_equal(apply_one(fixture, 1, "1.1.0", NULL), XC_OK);
	assert_int_equal(call_count(fixture, "1.1.0"), 1);
	expect_recycle(fixture, NULL);
}

/* What others may do to the store behind our back. */
static void
test_store_changed(void **state)
{
	struct fixture *fixture = *state;
	unsigned char *data;
	char so[600];
	size_t len;

	snprintf(so, sizeof(so), "%s/misbehave.so", fixture->dirs[1]);
	data = slurp(so, &len);
	for (int i = 0; i < 6; i++) {
		struct json_object *snapshot = snapshot_new(1);
		struct json_object *row;

		unlink(so);
		spill(so, data, len);
		row = snapshot_add(snapshot, fixture->dirs[1], "misbehave",
		    "1.1.0");
		if (i == 0) {
			unlink(so);
		} else if (i == 1) {
			spill(so, data, len / 2);
		} else if (i == 2) {
			spill(so, "text", 4);
		} else if (i == 3) {
			chmod(so, 0666);
		} else if (i == 4) {
			unlink(so);
			assert_int_equal(symlink("/bin/true", so), 0);
		} else {
			json_object_object_del(row, "so_hash");
		}
		assert_int_equal(apply(fixture, snapshot), XC_ERR_FAILED);
		assert_int_equal(only_row(fixture)->state, XC_SERVING_FAILED);
		assert_true(strlen(only_row(fixture)->reason) > 10);
	}
	free(data);
	assert_int_equal(apply_one(fixture, 0, "1.0.0", NULL), XC_OK);
	assert_int_equal(call_count(fixture, "1.0.0"), 1);
}

static void
set_document(const struct fixture *fixture, const char *text)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/openapi.json", fixture->dirs[0]);
	spill(path, text, strlen(text));
}

static void
test_missing_handler(void **state)
{
	struct fixture *fixture = *state;
	struct json_object *snapshot = snapshot_new(1);

	set_document(fixture, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":"
	    "\"M\",\"version\":\"1\"},\"paths\":{\"/\":{\"get\":{"
	    "\"operationId\":\"bang\",\"responses\":{\"200\":{"
	    "\"description\":\"a\"}}}}}}");
	snapshot_add(snapshot, fixture->dirs[0], "misbehave", "1.0.0");
	assert_int_equal(apply(fixture, snapshot), XC_ERR_FAILED);
	assert_non_null(strstr(only_row(fixture)->reason,
	    "\"bang\" has no handler"));
}

#define DOCUMENT(type) "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"M\","	\
	"\"version\":\"1\"},\"paths\":{\"/count\":{\"get\":{"		\
	"\"operationId\":\"count_requests\",\"parameters\":[{\"in\":"	\
	"\"query\",\"name\":\"n\",\"schema\":{\"type\":\"" type "\"}}],"	\
	"\"responses\":{\"200\":{\"description\":\"a\"}}}}}}"

/* A document is compiled as it was when it was checked, or not at all. */
static void
test_contract(void **state)
{
	struct fixture *fixture = *state;
	struct json_object *snapshot = snapshot_new(1), *row;
	char hash[XC_DIGEST_SIZE];

	assert_int_equal(xc_digest_hex(DOCUMENT("integer"),
	    strlen(DOCUMENT("integer")), hash), XC_OK);
	set_document(fixture, DOCUMENT("integer"));
	row = snapshot_add(snapshot, fixture->dirs[0], "misbehave", "1.0.0");
	row_set(row, "openapi_hash", hash);
	assert_int_equal(apply(fixture, snapshot), XC_OK);
	assert_non_null(only_row(fixture)->contract);
	assert_int_equal(xc_routes_count(only_row(fixture)->routes), 1);
	assert_int_equal(call_count(fixture, "1.0.0"), 1);

	snapshot = snapshot_new(2);
	row = snapshot_add(snapshot, fixture->dirs[0], "misbehave", "1.1.0");
	row_set(row, "openapi_hash", hash);
	set_document(fixture, DOCUMENT("string"));
	assert_int_equal(apply(fixture, snapshot), XC_ERR_FAILED);
	assert_non_null(strstr(reported(fixture, "reason"),
	    "openapi.json is not the file that was checked"));

	snapshot = snapshot_new(3);
	row = snapshot_add(snapshot, fixture->dirs[0], "misbehave", "1.2.0");
	set_document(fixture, DOCUMENT("sting"));
	assert_int_equal(apply(fixture, snapshot), XC_ERR_FAILED);
	assert_non_null(strstr(reported(fixture, "reason"),
	    "openapi.json: /paths/~1count/get/parameters/0"));

	snapshot = snapshot_new(4);
	row = snapshot_add(snapshot, fixture->dirs[1], "misbehave", "1.3.0");
	row_set(row, "openapi_hash", hash);
	row_set(row, "dir", "/nonexistent");
	assert_int_equal(apply(fixture, snapshot), XC_ERR_FAILED);
	assert_non_null(strstr(reported(fixture, "reason"), "/nonexistent"));
	assert_int_equal(call_count(fixture, "1.0.0"), 2);
}

#define PARTED "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"M\","	\
	"\"version\":\"1\"},\"paths\":{\"/count\":{\"get\":{"		\
	"\"operationId\":\"count_requests\",\"parameters\":[{\"in\":"	\
	"\"query\",\"name\":\"n\",\"schema\":{\"$ref\":"		\
	"\"schemas/n.json\"}}],"						\
	"\"responses\":{\"200\":{\"description\":\"a\"}}}}}}"

static void
set_schema(const struct fixture *fixture, const char *text)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/schemas", fixture->dirs[0]);
	assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
	snprintf(path, sizeof(path), "%s/schemas/n.json", fixture->dirs[0]);
	spill(path, text, strlen(text));
}

/* The same holds of the schemas beside it. */
static void
test_schemas(void **state)
{
	struct fixture *fixture = *state;
	struct json_object *snapshot = snapshot_new(1), *row;
	struct xc_documents documents;
	char hash[XC_DIGEST_SIZE];

	set_document(fixture, PARTED);
	set_schema(fixture, "{\"type\":\"integer\"}");
	assert_int_equal(xc_documents_read_path(fixture->dirs[0], 10000,
	    &documents, NULL), XC_OK);
	assert_int_equal(documents.n, 2);
	assert_int_equal(xc_documents_hash(&documents, hash), XC_OK);
	xc_documents_free(&documents);
	assert_int_equal(xc_documents_read_path(fixture->dirs[0], 10,
	    &documents, NULL), XC_ERR_INVALID);
	xc_documents_free(&documents);
	row = snapshot_add(snapshot, fixture->dirs[0], "misbehave", "1.0.0");
	row_set(row, "openapi_hash", hash);
	assert_int_equal(apply(fixture, snapshot), XC_OK);
	assert_non_null(only_row(fixture)->contract);

	snapshot = snapshot_new(2);
	row = snapshot_add(snapshot, fixture->dirs[0], "misbehave", "1.1.0");
	row_set(row, "openapi_hash", hash);
	set_schema(fixture, "{\"type\":\"string\"}");
	assert_int_equal(apply(fixture, snapshot), XC_ERR_FAILED);
	assert_non_null(strstr(reported(fixture, "reason"),
	    "openapi.json and its schemas are not the files that were"));

	snapshot = snapshot_new(3);
	row = snapshot_add(snapshot, fixture->dirs[0], "misbehave", "1.2.0");
	set_schema(fixture, "{\"type\":\"sting\"}");
	assert_int_equal(apply(fixture, snapshot), XC_ERR_FAILED);
	assert_non_null(strstr(reported(fixture, "reason"),
	    "schemas/n.json: /type"));
}

/* What its operations ask of a client would not be known. */
static void
test_no_folder(void **state)
{
	struct fixture *fixture = *state;
	struct json_object *snapshot = snapshot_new(1), *row;

	row = snapshot_add(snapshot, fixture->dirs[0], "misbehave", "1.0.0");
	json_object_object_del(row, "dir");
	assert_int_equal(apply(fixture, snapshot), XC_ERR_FAILED);
	assert_non_null(strstr(reported(fixture, "reason"), "no folder"));
}

/* A package that has lost its document would be open to all. */
static void
test_lost_document(void **state)
{
	struct fixture *fixture = *state;
	struct json_object *snapshot = snapshot_new(1);
	char path[400];

	snapshot_add(snapshot, fixture->dirs[0], "misbehave", "1.0.0");
	snprintf(path, sizeof(path), "%s/openapi.json", fixture->dirs[0]);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(apply(fixture, snapshot), XC_ERR_FAILED);
	assert_non_null(strstr(reported(fixture, "reason"), "openapi.json"));
}

static void
test_states(void **state)
{
	struct fixture *fixture = *state;
	struct json_object *snapshot = snapshot_new(7), *row;
	const struct xc_table *table;

	assert_int_equal(apply_one(fixture, 0, "1.0.0", NULL), XC_OK);
	row = snapshot_add(snapshot, fixture->dirs[0], "misbehave", "1.0.0");
	row_set(row, "state", "disabled");
	row = snapshot_add(snapshot, fixture->dirs[1], "broken", "0.1.0");
	row_set(row, "state", "failed");
	row_set(row, "reason", "it was quarantined");
	snapshot_add(snapshot, fixture->dirs[2], "another", "2.0.0");
	assert_int_equal(apply(fixture, snapshot), XC_OK);
	table = xc_loader_table(fixture->loader);
	assert_int_equal(table->generation, 7);
	assert_int_equal(table->n, 3);
	assert_string_equal(table->rows[0]->prefix, "/app/another");
	assert_int_equal(table->rows[0]->state, XC_SERVING);
	assert_int_equal(table->rows[1]->state, XC_SERVING_FAILED);
	assert_string_equal(table->rows[1]->reason, "it was quarantined");
	assert_int_equal(table->rows[2]->state, XC_SERVING_DISABLED);
	assert_null(table->rows[2]->handlers);
	/* All gone. */
	assert_int_equal(apply(fixture, snapshot_new(8)), XC_OK);
	assert_int_equal(xc_loader_table(fixture->loader)->n, 0);
	expect_recycle(fixture, NULL);
}

/* The older version goes on, but its prefix was given to another: it served
 * there first, so it stays, and the other is reported. */
static void
test_prefix_moved(void **state)
{
	struct fixture *fixture = *state;
	struct json_object *snapshot = snapshot_new(2), *row;
	const struct xc_table *table;

	assert_int_equal(apply_one(fixture, 0, "1.0.0", NULL), XC_OK);
	row = snapshot_add(snapshot, fixture->dirs[1], "misbehave", "1.1.0");
	row_set(row, "prefix", "/app/moved");
	row_config(row, "{\"fault\":\"start-fails\"}");
	row = snapshot_add(snapshot, fixture->dirs[2], "another", "1.0.0");
	row_set(row, "prefix", "/app/misbehave");
	assert_int_equal(apply(fixture, snapshot), XC_ERR_FAILED);
	table = xc_loader_table(fixture->loader);
	assert_int_equal(table->n, 1);
	assert_string_equal(table->rows[0]->name, "misbehave");
	assert_int_equal(call_count(fixture, "1.0.0"), 1);
	row = json_object_array_get_idx(xc_json_member(fixture->report,
	    "plugins"), 1);
	assert_string_equal(xc_json_string(row, "name"), "another");
	assert_string_equal(xc_json_string(row, "state"), "failed");
	assert_non_null(strstr(xc_json_string(row, "reason"),
	    "misbehave has its prefix /app/misbehave"));
	expect_recycle(fixture, NULL);
}

#define SEVERAL_PATHS "[{\"method\":\"GET\",\"path\":\"/docs/count\","	\
	"\"id\":\"count_requests\"},{\"method\":\"GET\",\"path\":\"/redoc\","	\
	"\"id\":\"echo\"}]"

#define SEVERAL_DOCUMENT "{\"openapi\":\"3.1.0\",\"info\":{\"title\":"	\
	"\"M\",\"version\":\"1\"},\"paths\":{\"/docs/count\":{\"get\":{"	\
	"\"operationId\":\"count_requests\",\"responses\":{\"200\":{"	\
	"\"description\":\"a\"}}}},\"/redoc\":{\"get\":{\"operationId\":"	\
	"\"echo\",\"responses\":{\"200\":{\"description\":\"a\"}}}}}}"

static void
set_prefixes(struct json_object *row, const char *prefixes,
    const char *operations)
{
	char path[400];

	json_object_object_add(row, "prefixes", json_tokener_parse(prefixes));
	json_object_object_add(row, "operations",
	    json_tokener_parse(operations));
	snprintf(path, sizeof(path), "%s/openapi.json",
	    xc_json_string(row, "dir"));
	spill(path, SEVERAL_DOCUMENT, strlen(SEVERAL_DOCUMENT));
}

static void
test_several_prefixes(void **state)
{
	static const char *const path[] = { "docs", "count" };
	struct fixture *fixture = *state;
	struct json_object *snapshot = snapshot_new(1);
	struct xc_route_match match;
	const struct xc_loaded *row;

	set_prefixes(snapshot_add(snapshot, fixture->dirs[0], "misbehave",
	    "1.0.0"), "[\"/docs\",\"/redoc\"]", SEVERAL_PATHS);
	assert_int_equal(apply(fixture, snapshot), XC_OK);
	row = only_row(fixture);
	assert_string_equal(row->prefix, "/docs");
	assert_int_equal(row->n_segments, 0);
	assert_int_equal(row->n_several, 2);
	assert_string_equal(row->several[1].text, "/redoc");
	assert_string_equal(row->several[1].segments[0], "redoc");
	assert_string_equal(xc_plugin_prefix(row->plugin), "");
	assert_int_equal(xc_routes_find(row->routes, XC_GET, path, 2, &match),
	    XC_ROUTE_MATCH);

	snapshot = snapshot_new(2);
	set_prefixes(snapshot_add(snapshot, fixture->dirs[1], "other",
	    "1.0.0"), "[\"/livez\",\"/readyz\"]", SEVERAL_PATHS);
	assert_int_equal(apply(fixture, snapshot), XC_ERR_FAILED);
	assert_non_null(strstr(reported(fixture, "reason"),
	    "/docs/count lies below none of its prefixes"));
	snapshot = snapshot_new(3);
	set_prefixes(snapshot_add(snapshot, fixture->dirs[1], "other",
	    "1.0.0"), "[\"/livez\",7]", SEVERAL_PATHS);
	assert_int_equal(apply(fixture, snapshot), XC_ERR_INVALID);
}

/* As above, with a prefix that is one of several. */
static void
test_one_of_several_moved(void **state)
{
	struct fixture *fixture = *state;
	struct json_object *snapshot = snapshot_new(2), *row;
	const struct xc_table *table;

	assert_int_equal(apply_one(fixture, 0, "1.0.0", NULL), XC_OK);
	row = snapshot_add(snapshot, fixture->dirs[1], "misbehave", "1.1.0");
	row_set(row, "prefix", "/app/moved");
	row_config(row, "{\"fault\":\"start-fails\"}");
	row = snapshot_add(snapshot, fixture->dirs[2], "docs", "1.0.0");
	set_prefixes(row, "[\"/docs\",\"/redoc\",\"/app/misbehave\"]",
	    SEVERAL_PATHS);
	row = snapshot_add(snapshot, fixture->dirs[2], "last", "1.0.0");
	assert_int_equal(apply(fixture, snapshot), XC_ERR_FAILED);
	table = xc_loader_table(fixture->loader);
	assert_int_equal(table->n, 2);
	assert_string_equal(table->rows[0]->name, "last");
	assert_string_equal(table->rows[1]->name, "misbehave");
	row = json_object_array_get_idx(xc_json_member(fixture->report,
	    "plugins"), 1);
	assert_non_null(strstr(xc_json_string(row, "reason"),
	    "misbehave has its prefix /app/misbehave"));
	expect_recycle(fixture, NULL);
}

static void
test_bad_snapshot(void **state)
{
	struct fixture *fixture = *state;
	struct json_object *snapshot;
	const struct xc_table *table;

	assert_int_equal(apply_one(fixture, 0, "1.0.0", NULL), XC_OK);
	table = xc_loader_table(fixture->loader);
	snapshot = snapshot_new(2);
	snapshot_add(snapshot, fixture->dirs[0], "misbehave", "1.0.0");
	snapshot_add(snapshot, fixture->dirs[1], "misbehave", "1.1.0");
	assert_int_equal(apply(fixture, snapshot), XC_ERR_INVALID);
	assert_non_null(strstr(fixture->why.text, "twice"));
	snapshot = snapshot_new(2);
	json_object_object_del(snapshot_add(snapshot, fixture->dirs[0],
	    "misbehave", "1.0.0"), "prefix");
	assert_int_equal(apply(fixture, snapshot), XC_ERR_INVALID);
	assert_int_equal(xc_loader_apply(fixture->loader, "/nonexistent",
	    NULL, NULL, &fixture->report, &fixture->why), XC_ERR_NOT_FOUND);
	spill(fixture->path, "{\"plugins\":[]}\n", 15);
	assert_int_equal(xc_loader_apply(fixture->loader, fixture->path,
	    NULL, NULL, &fixture->report, &fixture->why), XC_ERR_INVALID);
	assert_ptr_equal(table, xc_loader_table(fixture->loader));
	assert_int_equal(call_count(fixture, "1.0.0"), 1);
}

static void
note_before(void *ctx, const char *what)
{
	char *text = ctx;

	strcat(text, what);
	strcat(text, ";");
}

static void
test_before(void **state)
{
	struct fixture *fixture = *state;
	struct json_object *snapshot = snapshot_new(2);
	char text[200] = "";

	assert_int_equal(apply_one(fixture, 0, "1.0.0", NULL), XC_OK);
	snapshot_add(snapshot, fixture->dirs[1], "misbehave", "1.1.0");
	snapshot_write(fixture->state, snapshot, fixture->path,
	    sizeof(fixture->path));
	json_object_put(fixture->report);
	assert_int_equal(xc_loader_apply(fixture->loader, fixture->path,
	    note_before, text, &fixture->report, &fixture->why), XC_OK);
	assert_string_equal(text, "misbehave 1.1.0;misbehave 1.0.0;");
}

/* In a child, because a thread that was left behind stays there. */
static void
test_left_behind(void **state)
{
	struct fixture *fixture = *state;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		assert_int_equal(apply_one(fixture, 0, "1.0.0",
		    "{\"fault\":\"thread\"}"), XC_OK);
		expect_recycle(fixture, NULL);
		assert_int_equal(apply_one(fixture, 1, "1.1.0", NULL), XC_OK);
		expect_recycle(fixture, "1.0.0 left 1 thread");
		assert_int_equal(call_count(fixture, "1.1.0"), 1);
		/* The thread is known now: nobody else is blamed. */
		assert_int_equal(apply_one(fixture, 2, "1.2.0", NULL), XC_OK);
		assert_int_equal(call_count(fixture, "1.2.0"), 1);
		/* An end at which nobody counts what was left on purpose. */
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void
test_key_left(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(apply_one(fixture, 0, "1.0.0",
	    "{\"fault\":\"key\"}"), XC_OK);
	expect_recycle(fixture, NULL);
	assert_int_equal(apply_one(fixture, 1, "1.1.0", NULL), XC_OK);
	expect_recycle(fixture, "1 pthread key behind");
	/* The same path once more is another mapping. */
	assert_int_equal(apply_one(fixture, 0, "1.0.0", NULL), XC_OK);
	assert_int_equal(call_count(fixture, "1.0.0"), 1);
}

static void
test_worker_joined(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 20; i++)
		assert_int_equal(apply_one(fixture, i % 2, "1.0.0",
		    i % 2 == 0 ? "{\"fault\":\"worker\"}" : NULL), XC_OK);
	expect_recycle(fixture, NULL);
}

static void
test_many_reloads(void **state)
{
	struct fixture *fixture = *state;
	size_t before = 0;

	for (int i = 0; i < 200; i++) {
		char version[24];

		snprintf(version, sizeof(version), "1.0.%d", i);
		assert_int_equal(apply_one(fixture, i % 3, version, NULL),
		    XC_OK);
		assert_int_equal(call_count(fixture, version), 1);
		if (i == 100)
			before = mallinfo2().uordblks;
	}
	/* The same but for what the C library keeps. */
	assert_true(mallinfo2().uordblks < before + 16384);
	expect_recycle(fixture, NULL);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_load),
		T(test_unchanged),
		T(test_update),
		T(test_settings),
		T(test_failing),
		T(test_store_changed),
		T(test_missing_handler),
		T(test_contract),
		T(test_schemas),
		T(test_no_folder),
		T(test_lost_document),
		T(test_states),
		T(test_prefix_moved),
		T(test_several_prefixes),
		T(test_one_of_several_moved),
		T(test_bad_snapshot),
		T(test_before),
		T(test_left_behind),
		T(test_key_left),
		T(test_worker_joined),
		T(test_many_reloads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
