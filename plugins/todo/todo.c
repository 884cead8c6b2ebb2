/* SPDX-License-Identifier: MIT */
/* A list of things to do, kept in MariaDB, its pages cached. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include <xcore/xcore.h>

#define PER_PAGE_MAX 100
#define PAGE_MAX 1000000
#define TITLE_MAX 200

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

/* What a client sent for an item; a part that was not sent is absent. */
struct item {
	const char *title;
	int64_t done;
};

/* Reads a number of the query; false if it is none or out of bounds. */
static bool
query_number(struct xc_request *req, const char *name, int64_t max,
    int64_t *number)
{
	const char *text = xc_request_query(req, name);
	char *end;

	if (text == NULL)
		return true;
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0' && *number >= 1 && *number <= max;
}

static bool
query_bool(struct xc_request *req, const char *name, int64_t *value)
{
	const char *text = xc_request_query(req, name);

	if (text == NULL)
		return true;
	*value = strcmp(text, "true") == 0;
	return *value == 1 || strcmp(text, "false") == 0;
}

/* False with a reply if the query is not right. */
static bool
read_page(struct xc_request *req, struct page *page)
{
	*page = (struct page){ .number = 1, .size = 20, .done = -1 };
	if (query_number(req, "page", PAGE_MAX, &page->number) &&
	    query_number(req, "per_page", PER_PAGE_MAX, &page->size) &&
	    query_bool(req, "done", &page->done))
		return true;
	xc_reply_problem(req, 422, "page must be 1 to %d, per_page 1 to %d, "
	    "done true or false", PAGE_MAX, PER_PAGE_MAX);
	return false;
}

/* The id of the path; 0 if it is none, which no item has. */
static int64_t
path_id(struct xc_request *req)
{
	const char *text = xc_request_param(req, "id");
	char *end;
	int64_t id;

	if (text == NULL || *text < '1' || *text > '9')
		return 0;
	errno = 0;
	id = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0' ? id : 0;
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

static bool
add_int(struct json_object *obj, const char *key, int64_t value)
{
	return json_object_object_add(obj, key,
	    json_object_new_int64(value)) == 0;
}

/* {"items":[...],"pagination":{...}}, owned by the request. */
static struct json_object *
make_list(struct xc_request *req, const struct page *page,
    struct json_object *items, int64_t total)
{
	struct json_object *list = json_object_new_object();
	struct json_object *pagination = json_object_new_object();

	xc_json_own(req, list);
	if (list == NULL || pagination == NULL ||
	    json_object_object_add(list, "items", json_object_get(items)) !=
	    0 ||
	    json_object_object_add(list, "pagination", pagination) != 0 ||
	    !add_int(pagination, "page", page->number) ||
	    !add_int(pagination, "per_page", page->size) ||
	    !add_int(pagination, "total", total) ||
	    !add_int(pagination, "pages",
	    (total + page->size - 1) / page->size))
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

	if (!read_page(req, &page))
		return XC_OK;
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
	return reply_item(req, 200, path_id(req));
}

/* Characters of UTF-8 text, which is what the column counts. */
static size_t
count_characters(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

/* The sentence that says what is wrong with the body; NULL if nothing is. */
static const char *
read_members(struct json_object *body, struct item *item)
{
	if (!json_object_is_type(body, json_type_object))
		return "the body must be an object";
	json_object_object_foreach(body, key, value) {
		bool done;

		if (strcmp(key, "title") == 0) {
			if (!json_object_is_type(value, json_type_string))
				return "/title must be a string";
			item->title = json_object_get_string(value);
		} else if (strcmp(key, "done") == 0) {
			if (!json_object_is_type(value, json_type_boolean))
				return "/done must be true or false";
			xc_json_bool(body, "done", &done);
			item->done = done;
		} else {
			return "there are title and done, and no others";
		}
	}
	if (item->title == NULL)
		return "/title is missing";
	if (count_characters(item->title) < 1 ||
	    count_characters(item->title) > TITLE_MAX)
		return "/title must be 1 to 200 characters long";
	return NULL;
}

/* False with a reply if the body is not right. */
static bool
read_item(struct xc_request *req, struct item *item)
{
	struct json_object *body;
	const char *fault;

	*item = (struct item){ NULL, 0 };
	if (xc_request_json(req, &body) != XC_OK)
		return false;
	fault = read_members(body, item);
	if (fault != NULL)
		xc_reply_problem(req, 422, "%s", fault);
	return fault == NULL;
}

static enum xc_err
create_item(struct xc_request *req)
{
	struct xc_db_result result;
	struct item item;
	const char *location;
	enum xc_err err;

	if (!read_item(req, &item))
		return XC_OK;
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
	int64_t id = path_id(req);
	struct item item;
	enum xc_err err;

	if (!read_item(req, &item))
		return XC_OK;
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
	    "DELETE FROM item WHERE id = ?", XC_ARGS(xc_int(path_id(req))));

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
