/* SPDX-License-Identifier: MIT */
/* The cache: groups, counters, many at once, near copies, old values. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared.h"

#define MANY 600
#define MANY_LEN 30000		/* 18 MB in all: more than one call takes */
#define LARGE (5 << 20)		/* more than any call takes */

static void
say_value(struct json_object *list, enum xc_err err, const void *value,
    size_t len)
{
	json_object_array_add(list, err == XC_OK ?
	    json_object_new_string_len(value, (int)len) :
	    json_object_new_string(words(err)));
}

static void
say_key(struct xc_request *req, struct json_object *list, const char *key)
{
	const void *value = NULL;
	size_t len = 0;
	enum xc_err err = xc_cache_get(req, key, &value, &len);

	say_value(list, err, value, len);
}

static void
say_error(struct json_object *list, enum xc_err err)
{
	json_object_array_add(list, json_object_new_string(words(err)));
}

static void
say_decr(struct xc_request *req, struct json_object *list, const char *key,
    uint64_t delta)
{
	uint64_t value = 0;
	enum xc_err err = xc_cache_decr(req, key, delta, &value);

	json_object_array_add(list, err == XC_OK ?
	    json_object_new_uint64(value) :
	    json_object_new_string(words(err)));
}

static void
groups(struct xc_request *req, struct json_object *list)
{
	(void)xc_cache_set(req, "s/a", "1", 1, 60);
	(void)xc_cache_set(req, "s/b", "2", 1, 60);
	(void)xc_cache_set(req, "t/a", "3", 1, 60);
	say_error(list, xc_cache_flush(req, "s"));
	say_key(req, list, "s/a");
	say_key(req, list, "s/b");
	say_key(req, list, "t/a");
	say_error(list, xc_cache_flush(req, "s/a"));
	say_error(list, xc_cache_flush(req, ""));
	say_error(list, xc_cache_flush(req, NULL));
	say_key(req, list, "t/a");
}

static void
counters(struct xc_request *req, struct json_object *list)
{
	uint64_t n;

	(void)xc_cache_set(req, "left", "50", 2, 60);
	say_decr(req, list, "left", 8);
	say_decr(req, list, "left", 100);
	say_decr(req, list, "none", 1);
	(void)xc_cache_set(req, "word", "abc", 3, 60);
	say_decr(req, list, "word", 1);
	say_error(list, xc_cache_incr(req, "word", 1, 1, 60, &n));
	say_error(list, xc_cache_touch(req, "left", 60));
	say_error(list, xc_cache_touch(req, "none", 60));
	say_error(list, xc_cache_touch(req, "left", 3000000));
}

enum xc_err
values(struct xc_request *req)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();

	groups(req, list);
	json_object_object_add(object, "groups", list);
	list = json_object_new_array();
	counters(req, list);
	json_object_object_add(object, "counters", list);
	return answer(req, XC_OK, "values", object);
}

static enum xc_err
make_many(struct xc_request *req, struct xc_cache_item *items)
{
	char *text;

	for (int i = 0; i < MANY; i++) {
		text = xc_alloc(req, MANY_LEN);
		items[i].key = xc_printf(req, "m/%d", i);
		if (text == NULL || items[i].key == NULL)
			return XC_ERR_NOMEM;
		memset(text, 'a' + i % 26, MANY_LEN);
		items[i].value = text;
		items[i].len = MANY_LEN;
		items[i].ttl_s = 60;
	}
	return XC_OK;
}

/* How many came back as they were. */
static int
count_same(const struct xc_cache_item *items)
{
	const char *text;
	int n = 0;

	for (int i = 0; i < MANY; i++) {
		text = items[i].value;
		n += items[i].err == XC_OK && items[i].len == MANY_LEN &&
		    text[0] == 'a' + i % 26 && text[MANY_LEN] == '\0' &&
		    memcmp(text, text + 1, MANY_LEN - 1) == 0;
	}
	return n;
}

enum xc_err
many(struct xc_request *req)
{
	struct xc_cache_item *items = xc_alloc(req, MANY * sizeof(*items));
	struct xc_cache_item two[] = { { .key = "m/0" }, { .key = "" } };
	struct json_object *list = json_object_new_array();
	char *large = xc_alloc(req, LARGE);
	enum xc_err err;

	if (items == NULL || large == NULL)
		return XC_ERR_NOMEM;
	memset(items, 0, MANY * sizeof(*items));
	memset(large, 'l', LARGE);
	err = make_many(req, items);
	if (err == XC_OK)
		err = xc_cache_set_many(req, items, MANY);
	for (int i = 0; i < MANY; i++)
		items[i].value = NULL;
	if (err == XC_OK)
		err = xc_cache_get_many(req, items, MANY, 0);
	json_object_array_add(list, json_object_new_int(count_same(items)));
	items[1].value = large;
	items[1].len = LARGE;
	items[0].value = items[2].value = "x";
	items[0].len = items[2].len = 1;
	say_error(list, xc_cache_set_many(req, items, 3));
	for (int i = 0; i < 3; i++)
		say_error(list, items[i].err);
	say_key(req, list, "m/0");
	say_key(req, list, "m/2");
	say_error(list, xc_cache_get_many(req, two, 2, 0));
	return answer(req, err, "many", list);
}

/* A value that this process may have a copy of. */
enum xc_err
near_by(struct xc_request *req)
{
	const char *set = xc_request_query(req, "set");
	const void *value = NULL;
	enum xc_err err = XC_OK;
	size_t len = 0;

	if (set != NULL)
		err = xc_cache_set(req, "near", set, strlen(set), 600);
	if (err == XC_OK)
		err = xc_cache_get_near(req, "near", 600000, &value, &len);
	return answer(req, err, "value", json_object_new_string_len(
	    value != NULL ? value : "", (int)len));
}

/* Slowly, where it is asked for: until the key "go" is there. */
static enum xc_err
make(struct xc_request *req, void *ctx, const void **value_r, size_t *len_r)
{
	const char *text = query(req, "value");
	const void *value;
	size_t len;

	(void)ctx;
	xc_log(req, XC_LOG_INFO, "making %s", text);
	if (strcmp(query(req, "wait"), "yes") == 0)
		for (int i = 0; i < 1000 && xc_cache_get(req, "go", &value,
		    &len) != XC_OK; i++)
			usleep(5000);
	*value_r = text;
	*len_r = strlen(text);
	return XC_OK;
}

enum xc_err
stale(struct xc_request *req)
{
	const struct xc_cache_options options = { .stale_s = 600 };
	const void *value = "";
	enum xc_err err;
	size_t len = 0;

	err = xc_cache_compute(req, "old", (uint32_t)query_number(req, "ttl"),
	    &options, make, NULL, &value, &len);
	return answer(req, err, "value",
	    json_object_new_string_len(value, (int)len));
}
