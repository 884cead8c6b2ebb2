/* SPDX-License-Identifier: MIT */
/* Asks for every service there is, and says what it got. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include <xcore/xcore.h>

#include "shared.h"

const char *
query(struct xc_request *req, const char *name)
{
	const char *value = xc_request_query(req, name);

	return value != NULL ? value : "";
}

int64_t
query_number(struct xc_request *req, const char *name)
{
	return strtoll(query(req, name), NULL, 10);
}

const char *
words(enum xc_err err)
{
	return err == XC_OK ? "" : xc_strerror(err);
}

enum xc_err
answer(struct xc_request *req, enum xc_err err, const char *name,
    struct json_object *value)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "error",
	    json_object_new_string(words(err)));
	json_object_object_add(object, name, value);
	return xc_reply_json(req, 200, object);
}

static enum xc_err
rows(struct xc_request *req)
{
	struct json_object *got;
	enum xc_err err = xc_db_rows(req, &got,
	    "SELECT word, ? AS i, ? AS r, ? AS t, ? AS n, ? AS b FROM note "
	    "ORDER BY word", XC_ARGS(xc_int(-(INT64_C(1) << 53)), xc_real(1.5),
	    xc_text("\xc3\xa4\xe2\x82\xac"), xc_null(),
	    xc_blob("\0\xff", 2)));

	return answer(req, err, "rows", json_object_get(got));
}

static enum xc_err
insert_two(struct xc_request *req, void *data)
{
	const char *word = data;
	struct xc_db_result result;
	enum xc_err err;

	err = xc_db_exec(req, &result,
	    "INSERT INTO note (word) VALUES (CONCAT(?, '-1'))",
	    XC_ARGS(xc_text(word)));
	if (err != XC_OK)
		return err;
	if (strcmp(query(req, "then"), "fail") == 0)
		return XC_ERR_FAILED;
	if (strcmp(query(req, "then"), "nest") == 0)
		return xc_db_transaction(req, insert_two, data);
	if (strcmp(query(req, "then"), "crash") == 0)
		abort();
	return xc_db_exec(req, &result,
	    "INSERT INTO note (word) VALUES (CONCAT(?, '-2'))",
	    XC_ARGS(xc_text(word)));
}

static enum xc_err
transact(struct xc_request *req)
{
	char *word = xc_strdup(req, query(req, "word"));
	enum xc_err err = xc_db_transaction(req, insert_two, word);

	return answer(req, err, "word", json_object_new_string(word));
}

/* By words instead of by the library: it is undone at the request's end. */
static enum xc_err
left_open(struct xc_request *req)
{
	enum xc_err err = xc_db_exec(req, NULL, "START TRANSACTION",
	    XC_NO_ARGS);

	if (err == XC_OK)
		err = xc_db_exec(req, NULL,
		    "INSERT INTO note (word) VALUES ('open')", XC_NO_ARGS);
	return answer(req, err, "left", json_object_new_boolean(true));
}

static enum xc_err
remember(struct xc_request *req)
{
	const char *key = query(req, "key");
	enum xc_err err = xc_cache_set(req, key, "a\0b", 3, 60);
	enum xc_err twice = xc_cache_add(req, key, "c", 1, 60);

	return answer(req, err, "twice",
	    json_object_new_string(xc_strerror(twice)));
}

static enum xc_err
recall(struct xc_request *req)
{
	const char *key = query(req, "key");
	const void *value;
	size_t len;
	enum xc_err err = xc_cache_get(req, key, &value, &len);

	if (err == XC_OK && strcmp(query(req, "then"), "forget") == 0)
		err = xc_cache_delete(req, key);
	return answer(req, err, "value",
	    json_object_new_string_len(value, (int)len));
}

static enum xc_err
count(struct xc_request *req)
{
	uint64_t value;
	enum xc_err err = xc_cache_incr(req, query(req, "key"), 2, 40, 60,
	    &value);

	return answer(req, err, "value", json_object_new_uint64(value));
}

/* How often it was made; slowly, so that others come meanwhile. */
static enum xc_err
make(struct xc_request *req, void *ctx, const void **value_r, size_t *len_r)
{
	const char *made;
	uint64_t n;
	enum xc_err err = xc_cache_incr(req, "made", 1, 1, 600, &n);

	(void)ctx;
	if (err != XC_OK)
		return err;
	usleep(300000);
	made = xc_printf(req, "%lu", (unsigned long)n);
	if (made == NULL)
		return XC_ERR_NOMEM;
	*value_r = made;
	*len_r = strlen(made);
	return XC_OK;
}

static enum xc_err
compute(struct xc_request *req)
{
	const struct xc_cache_options options = { .wait_ms = 10000 };
	const char *group = xc_request_query(req, "flush");
	struct xc_cache_item items[] = { { .key = "g/k" }, { .key = "none" } };
	const void *value = "";
	enum xc_err err = XC_OK;
	size_t len = 0;

	if (group != NULL)
		err = xc_cache_flush(req, group);
	if (err == XC_OK)
		err = xc_cache_compute(req, "g/k", 600, &options, make, NULL,
		    &value, &len);
	if (err == XC_OK)
		err = xc_cache_get_many(req, items, 2, 0);
	if (err == XC_OK && (items[0].len != len ||
	    memcmp(items[0].value, value, len) != 0 ||
	    items[1].err != XC_ERR_NOT_FOUND))
		err = XC_ERR_FAILED;
	return answer(req, err, "made",
	    json_object_new_string_len(value, (int)len));
}

static enum xc_err
fetch(struct xc_request *req)
{
	static const char *const lines[] = { "X-Asked: by asker" };
	const char *body = xc_request_query(req, "body");
	struct xc_http_request ask = { .url = query(req, "url"),
		.method = body != NULL ? "POST" : "GET", .body = body,
		.body_len = body != NULL ? strlen(body) : 0,
		.headers = lines, .n_headers = 1, .timeout_ms = 2000 };
	struct xc_http_response got;
	enum xc_err err = xc_http(req, &ask, &got);
	struct json_object *object = json_object_new_object();
	const char *type = xc_http_header(&got, "Content-Type");

	json_object_object_add(object, "status",
	    json_object_new_int(got.status));
	json_object_object_add(object, "type",
	    type != NULL ? json_object_new_string(type) : NULL);
	json_object_object_add(object, "body",
	    json_object_new_string_len(got.body, (int)got.body_len));
	return answer(req, err, "got", object);
}

static enum xc_err
emit(struct xc_request *req)
{
	struct json_object *data = json_object_new_object();
	enum xc_err err;

	json_object_object_add(data, "word",
	    json_object_new_string(query(req, "word")));
	err = xc_event_emit(req, query(req, "name"), data);
	if (strcmp(query(req, "then"), "fail") == 0)
		return XC_ERR_FAILED;
	return answer(req, err, "word",
	    json_object_new_string(query(req, "word")));
}

/* What was heard is put where a request finds it. */
static enum xc_err
on_done(struct xc_request *req)
{
	struct json_object *event;
	enum xc_err err = xc_request_json(req, &event);
	const char *text;

	if (err != XC_OK)
		return err;
	text = xc_printf(req, "%s %s %s", xc_request_method_name(req),
	    xc_request_path(req), json_object_to_json_string_ext(event,
	    JSON_C_TO_STRING_PLAIN));
	if (text == NULL)
		return XC_ERR_NOMEM;
	xc_log(req, XC_LOG_INFO, "heard %s", text);
	err = xc_db_exec(req, NULL, "INSERT INTO note (word) VALUES (?)",
	    XC_ARGS(xc_text(xc_json_string(xc_json_member(event, "data"),
	    "word"))));
	return err != XC_OK ? err : xc_reply_empty(req, 204);
}

/* Each makes the next; the library ends it. */
static enum xc_err
on_chain(struct xc_request *req)
{
	uint64_t n;
	enum xc_err err = xc_cache_incr(req, "links", 1, 1, 60, &n);

	if (err == XC_OK)
		err = xc_event_emit(req, "asker.chain", NULL);
	xc_log(req, XC_LOG_INFO, "link %d: %s", (int)n, xc_strerror(err));
	return xc_reply_empty(req, 204);
}

static enum xc_err
say(struct xc_request *req)
{
	xc_log(req, XC_LOG_WARNING, "said: %s", query(req, "word"));
	xc_log(req, XC_LOG_DEBUG, "not said: %s", query(req, "word"));
	return answer(req, XC_OK, "said", NULL);
}

static enum xc_err
flood(struct xc_request *req)
{
	int i;

	for (i = 0; i < 1500; i++)
		xc_log(req, XC_LOG_WARNING, "flood %d", i);
	return answer(req, XC_OK, "said", NULL);
}

static enum xc_err
greet(struct xc_request *req)
{
	const char *word = xc_config_string(xc_request_plugin(req), "word",
	    "");

	return answer(req, XC_OK, "word", json_object_new_string(word));
}

static enum xc_err
stream(struct xc_request *req)
{
	char line[1024];
	enum xc_err err;
	int i;

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	(void)xc_reply_header(req, "X-Streamed", "yes");
	err = xc_reply_begin(req, 200, "text/plain");
	for (i = 0; i < 300 && err == XC_OK; i++)
		err = xc_reply_write(req, line, sizeof(line));
	return err;
}

static enum xc_err
done(struct xc_request *req)
{
	return xc_reply_empty(req, 204);
}

XC_PLUGIN(
	.operations = XC_OPERATIONS(
	    { "rows", rows },
	    { "transact", transact },
	    { "left_open", left_open },
	    { "remember", remember },
	    { "recall", recall },
	    { "compute", compute },
	    { "count", count },
	    { "fetch", fetch },
	    { "emit", emit },
	    { "on_done", on_done },
	    { "on_chain", on_chain },
	    { "say", say },
	    { "flood", flood },
	    { "greet", greet },
	    { "stream", stream },
	    { "done", done },
	    { "walk", walk },
	    { "values", values },
	    { "many", many },
	    { "near_by", near_by },
	    { "stale", stale },
	    { "secrets", secrets })
);
