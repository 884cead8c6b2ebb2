/* SPDX-License-Identifier: MIT */
/* A list of things to do, kept in MariaDB, its pages cached. */
#include <time.h>

#include <json-c/json.h>

#include <xcore/xcore.h>

/* Made of openapi.json, which all of a request was checked by. */
#include "todo-types.h"

#define COLUMNS "id, title, done, created_at"

/*
 * The name under which the list's pages are cached holds a number that each
 * change of the list raises, so that no page of before is found again.  It
 * begins with the time, so that it does not begin with one that was used when
 * the cache has lost it.
 */
#define VERSION_KEY "list-version"
#define VERSION_LIFE_S (30 * 24 * 3600)

struct page {
	int64_t number;		/* from 1 */
	int64_t size;
	int64_t done;		/* 0, 1, or -1 for both */
};

static enum xc_err
read_page(struct xc_request *req, struct page *page)
{
	struct todo_list_items_params params;
	enum xc_err err = todo_list_items_params(req, &params);

	if (err != XC_OK)
		return err;
	page->number = params.page;
	page->size = params.per_page;
	page->done = params.has_done ? params.done : -1;
	return XC_OK;
}

static uint64_t
first_version(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/*
 * The name of a page in the cache; NULL if nothing is to be cached.  The
 * version is a number that the cache itself raises, so a cache that is down
 * gives none, and the database answers.
 */
static char *
page_key(struct xc_request *req, const struct page *page)
{
	uint64_t version;

	if (xc_config_int(xc_request_plugin(req), "cache_seconds", 60) == 0 ||
	    xc_cache_incr(req, VERSION_KEY, 0, first_version(),
	    VERSION_LIFE_S, &version) != XC_OK)
		return NULL;
	return xc_printf(req, "list:%llu:%lld:%lld:%lld",
	    (unsigned long long)version, (long long)page->number,
	    (long long)page->size, (long long)page->done);
}

/* The list has changed: what is cached of it is not to be found again. */
static void
forget_list(struct xc_request *req)
{
	uint64_t version;

	if (xc_cache_incr(req, VERSION_KEY, 1, first_version(), VERSION_LIFE_S,
	    &version) == XC_OK)
		return;
	/* Down: then at least not what it holds now, once it is back. */
	xc_cache_delete(req, VERSION_KEY);
}

/* MariaDB has 0 and 1 for what JSON has false and true. */
static bool
fix_item(struct json_object *item)
{
	int64_t done = 0;

	xc_json_int(item, "done", &done);
	return json_object_object_add(item, "done",
	    json_object_new_boolean(done != 0)) == 0;
}

static enum xc_err
count_items(struct xc_request *req, const struct page *page,
    int64_t *total_r)
{
	struct json_object *row;
	enum xc_err err = xc_db_row(req, &row,
	    "SELECT COUNT(*) AS total FROM item WHERE ? < 0 OR done = ?",
	    XC_ARGS(xc_int(page->done), xc_int(page->done)));

	if (err != XC_OK)
		return err;
	return xc_json_int(row, "total", total_r) ? XC_OK : XC_ERR_FAILED;
}

static enum xc_err
select_items(struct xc_request *req, const struct page *page,
    struct json_object **items_r)
{
	enum xc_err err = xc_db_rows(req, items_r,
	    "SELECT " COLUMNS " FROM item WHERE ? < 0 OR done = ? "
	    "ORDER BY id LIMIT ? OFFSET ?",
	    XC_ARGS(xc_int(page->done), xc_int(page->done),
	    xc_int(page->size), xc_int((page->number - 1) * page->size)));

	if (err != XC_OK)
		return err;
	for (size_t i = 0; i < json_object_array_length(*items_r); i++) {
		if (!fix_item(json_object_array_get_idx(*items_r, i)))
			return XC_ERR_NOMEM;
	}
	return XC_OK;
}

/* {"items":[...],"pagination":{...}}, owned by the request. */
static struct json_object *
make_list(struct xc_request *req, const struct page *page,
    struct json_object *items, int64_t total)
{
	const struct todo_pagination pagination = { .page = page->number,
		.per_page = page->size, .total = total,
		.pages = (total + page->size - 1) / page->size };
	struct json_object *list = xc_json_own(req,
	    json_object_new_object());
	struct json_object *place = todo_pagination_json(&pagination);

	if (list == NULL || place == NULL ||
	    json_object_object_add(list, "pagination", place) != 0) {
		json_object_put(place);
		return NULL;
	}
	if (json_object_object_add(list, "items", json_object_get(items)) !=
	    0)
		return NULL;
	return list;
}

static enum xc_err
read_list(struct xc_request *req, const struct page *page,
    struct json_object **list_r)
{
	struct json_object *items;
	int64_t total;
	enum xc_err err = count_items(req, page, &total);

	if (err == XC_OK)
		err = select_items(req, page, &items);
	if (err != XC_OK)
		return err;
	*list_r = make_list(req, page, items, total);
	return *list_r != NULL ? XC_OK : XC_ERR_NOMEM;
}

static enum xc_err
list_items(struct xc_request *req)
{
	struct json_object *list;
	struct page page;
	const void *cached;
	const char *text;
	enum xc_err err;
	size_t len;
	char *key;

	err = read_page(req, &page);
	if (err != XC_OK)
		return err;
	key = page_key(req, &page);
	if (key != NULL && xc_cache_get(req, key, &cached, &len) == XC_OK)
		return xc_reply_text(req, 200, "application/json", cached,
		    len);
	err = read_list(req, &page, &list);
	if (err != XC_OK)
		return err;
	text = json_object_to_json_string_length(list, JSON_C_TO_STRING_PLAIN,
	    &len);
	if (text == NULL)
		return XC_ERR_NOMEM;
	if (key != NULL)
		xc_cache_set(req, key, text, len, (uint32_t)xc_config_int(
		    xc_request_plugin(req), "cache_seconds", 60));
	return xc_reply_text(req, 200, "application/json", text, len);
}

static enum xc_err
reply_item(struct xc_request *req, int status, int64_t id)
{
	struct json_object *item;
	enum xc_err err = xc_db_row(req, &item,
	    "SELECT " COLUMNS " FROM item WHERE id = ?",
	    XC_ARGS(xc_int(id)));

	if (err == XC_ERR_NOT_FOUND)
		return xc_reply_problem(req, 404, "there is no such item");
	if (err != XC_OK)
		return err;
	if (!fix_item(item))
		return XC_ERR_NOMEM;
	return xc_reply_json(req, status, json_object_get(item));
}

static enum xc_err
get_item(struct xc_request *req)
{
	return reply_item(req, 200, xc_param_int(req, "id"));
}

static enum xc_err
create_item(struct xc_request *req)
{
	struct xc_db_result result;
	struct todo_new_item item;
	const char *location;
	enum xc_err err;

	err = todo_new_item_read(req, xc_body(req), &item);
	if (err != XC_OK)
		return err;
	err = xc_db_exec(req, &result,
	    "INSERT INTO item (title, done) VALUES (?, ?)",
	    XC_ARGS(xc_text(item.title), xc_int(item.done)));
	/* It may be there also when the answer was lost. */
	forget_list(req);
	if (err != XC_OK)
		return err;
	location = xc_printf(req, "%s/%llu", xc_request_prefix(req),
	    (unsigned long long)result.last_id);
	if (location == NULL)
		return XC_ERR_NOMEM;
	err = xc_reply_header(req, "Location", location);
	if (err != XC_OK)
		return err;
	return reply_item(req, 201, (int64_t)result.last_id);
}

static enum xc_err
replace_item(struct xc_request *req)
{
	int64_t id = xc_param_int(req, "id");
	struct todo_new_item item;
	enum xc_err err;

	err = todo_new_item_read(req, xc_body(req), &item);
	if (err != XC_OK)
		return err;
	err = xc_db_exec(req, NULL,
	    "UPDATE item SET title = ?, done = ? WHERE id = ?",
	    XC_ARGS(xc_text(item.title), xc_int(item.done), xc_int(id)));
	forget_list(req);
	if (err != XC_OK)
		return err;
	/* No row is changed also when it was like that before. */
	return reply_item(req, 200, id);
}

static enum xc_err
delete_item(struct xc_request *req)
{
	struct xc_db_result result;
	enum xc_err err = xc_db_exec(req, &result,
	    "DELETE FROM item WHERE id = ?", XC_ARGS(xc_int(xc_param_int(req,
	    "id"))));

	forget_list(req);
	if (err != XC_OK)
		return err;
	if (result.affected == 0)
		return xc_reply_problem(req, 404, "there is no such item");
	return xc_reply_empty(req, 204);
}

XC_PLUGIN(
	.operations = XC_OPERATIONS(
		{ "list_items", list_items },
		{ "create_item", create_item },
		{ "get_item", get_item },
		{ "replace_item", replace_item },
		{ "delete_item", delete_item }
	)
);
