/* SPDX-License-Identifier: MIT */
/* Lists by pages, fast with a million rows too. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "admin-private.h"
#include "lib/text.h"

#define PAGE_MAX 1000000
#define PER_PAGE 20
#define PER_PAGE_MAX 100
#define Q_MAX 100
#define SQL_SIZE 3072

struct page {
	int64_t number;
	int64_t size;
	struct xc_sort sort;
	bool down;
};

void
xc_list_where(struct xc_list *list, const char *condition,
    const struct xc_value *value, size_t n)
{
	size_t len = strlen(list->where);

	snprintf(list->where + len, sizeof(list->where) - len, "%s%s",
	    len == 0 ? " WHERE " : " AND ", condition);
	for (size_t i = 0; i < n && list->n_args < XC_LIST_ARGS - 2; i++)
		list->args[list->n_args++] = *value;
}

/* Puts a backslash before what LIKE does not take as it is. */
enum xc_err
xc_list_pattern(struct json_object *args, char pattern_r[XC_PATTERN_SIZE],
    struct xc_refusal *refusal_r)
{
	const char *text;
	char *to = pattern_r;
	enum xc_err err;

	*to = '\0';
	err = xc_args_text(args, "q", Q_MAX, &text, refusal_r);
	if (err != XC_OK || *text == '\0')
		return err;
	for (; *text != '\0'; text++) {
		if (strchr("%_\\", *text) != NULL)
			*to++ = '\\';
		*to++ = *text >= 'A' && *text <= 'Z' ?
		    (char)(*text - 'A' + 'a') : *text;
	}
	strcpy(to, "%");
	return XC_OK;
}

enum xc_err
xc_list_search(struct xc_list *list, struct json_object *args,
    const char *condition, size_t n, struct xc_refusal *refusal_r)
{
	enum xc_err err = xc_list_pattern(args, list->pattern, refusal_r);
	struct xc_value word;

	if (err != XC_OK || list->pattern[0] == '\0')
		return err;
	word = xc_text(list->pattern);
	xc_list_where(list, condition, &word, n);
	return XC_OK;
}

static enum xc_err
read_number(struct json_object *args, const char *name, int64_t otherwise,
    int64_t max, int64_t *value_r, struct xc_refusal *refusal_r)
{
	struct json_object *value = xc_json_member(args, name);
	char pointer[16];

	*value_r = otherwise;
	if (value == NULL)
		return XC_OK;
	*value_r = json_object_get_int64(value);
	if (json_object_is_type(value, json_type_int) && *value_r >= 1 &&
	    *value_r <= max)
		return XC_OK;
	snprintf(pointer, sizeof(pointer), "/%s", name);
	return xc_refuse_at(refusal_r, pointer, "range",
	    "must be a number from 1 to %lld", (long long)max);
}

static enum xc_err
read_sort(const struct xc_list *list, struct json_object *args,
    struct page *page_r, struct xc_refusal *refusal_r)
{
	const char *name = xc_json_string(args, "sort");

	page_r->sort = list->sorts[0];
	page_r->down = list->down;
	if (name == NULL || *name == '\0')
		return XC_OK;
	page_r->down = *name == '-';
	if (*name == '-')
		name++;
	for (const struct xc_sort *sort = list->sorts; sort->name != NULL;
	    sort++) {
		page_r->sort = *sort;
		if (strcmp(sort->name, name) == 0)
			return XC_OK;
	}
	return xc_refuse_at(refusal_r, "/sort", "sort",
	    "there is nothing of that name to sort by");
}

static enum xc_err
read_page(const struct xc_list *list, struct json_object *args,
    struct page *page_r, struct xc_refusal *refusal_r)
{
	enum xc_err err;

	err = read_number(args, "page", 1, PAGE_MAX, &page_r->number,
	    refusal_r);
	if (err == XC_OK)
		err = read_number(args, "per_page", PER_PAGE, PER_PAGE_MAX,
		    &page_r->size, refusal_r);
	if (err == XC_OK)
		err = read_sort(list, args, page_r, refusal_r);
	return err;
}

/* ---- how many there are ------------------------------------------------- */

static uint64_t
mix(uint64_t hash, const void *data, size_t len)
{
	const unsigned char *at = data;

	for (; len > 0; len--)
		hash = (hash ^ *at++) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t
key_of(const struct xc_list *list)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	hash = mix(hash, list->from, strlen(list->from));
	hash = mix(hash, list->where, strlen(list->where));
	for (size_t i = 0; i < list->n_args; i++) {
		const struct xc_value *value = &list->args[i];

		hash = mix(hash, &value->integer, sizeof(value->integer));
		if (value->data != NULL)
			hash = mix(hash, value->data, value->len);
	}
	return hash | 1;
}

static int64_t
now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static enum xc_err
count_all(struct xc_admin *admin, const struct xc_list *list,
    const char *limit, int64_t *n_r)
{
	char sql[SQL_SIZE];

	if (*limit != '\0')
		snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM (SELECT 1 "
		    "FROM %s%s LIMIT %s) c", list->from, list->where, limit);
	else
		snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM %s%s",
		    list->from, list->where);
	return xc_store_number(admin->identity.store, n_r, sql,
	    list->args, list->n_args);
}

/* A short list is counted each time; counting a long one takes longer than
 * showing it, so the number is kept for a while. */
static enum xc_err
count(struct xc_admin *admin, const struct xc_list *list, int64_t *n_r)
{
	uint64_t key = key_of(list);
	struct xc_count *kept;
	char limit[24];
	enum xc_err err;

	for (size_t i = 0; i < XC_COUNTS; i++) {
		kept = &admin->counts[i];
		*n_r = kept->n;
		if (kept->key == key && now_s() - kept->at < XC_COUNT_KEEP_S)
			return XC_OK;
	}
	snprintf(limit, sizeof(limit), "%d", XC_COUNT_EXACT + 1);
	err = XC_OK;
	/* A search by two indexes finds all before it gives the first. */
	if (!list->sought)
		err = count_all(admin, list, limit, n_r);
	if (err == XC_OK && (list->sought || *n_r > XC_COUNT_EXACT))
		err = count_all(admin, list, "", n_r);
	if (err != XC_OK || *n_r <= XC_COUNT_EXACT)
		return err;
	kept = &admin->counts[admin->next_count++ % XC_COUNTS];
	*kept = (struct xc_count){ .key = key, .n = *n_r, .at = now_s() };
	return XC_OK;
}

/* ---- the page ----------------------------------------------------------- */

/* From the nearer end: what lies before the page is walked over. */
static enum xc_err
select_page(struct xc_admin *admin, struct xc_list *list,
    struct page *page, int64_t total, struct json_object **rows_r)
{
	int64_t before = (page->number - 1) * page->size;
	int64_t n = total - before < page->size ? total - before : page->size;
	int64_t behind = total - before - n;
	bool turned = behind < before;
	const char *inner = page->down != turned ? "DESC" : "ASC";
	const char *outer = page->down ? "DESC" : "ASC";
	struct xc_sort *sort = &page->sort;
	char sql[SQL_SIZE], tie[64] = "";

	if (list->plan != NULL)
		list->plan(list, sort, total > XC_COUNT_EXACT);
	/* MariaDB would sort all of them for what changes nothing. */
	if (!sort->alone)
		snprintf(tie, sizeof(tie), ", %s %s", list->id, inner);

	list->args[list->n_args] = xc_int(n);
	list->args[list->n_args + 1] = xc_int(turned ? behind : before);
	snprintf(sql, sizeof(sql), "SELECT %s FROM (SELECT %s AS id FROM "
	    "%s%s ORDER BY %s %s%s LIMIT ? OFFSET ?) x %s "
	    "ORDER BY %s %s, x.id %s", list->columns, list->id, list->from,
	    list->where, sort->column, inner, tie, list->join,
	    sort->outer, outer, outer);
	return xc_store_rows(admin->identity.store, rows_r, sql, list->args,
	    list->n_args + 2);
}

static enum xc_err
fix_rows(const struct xc_list *list, struct json_object *rows)
{
	enum xc_err err = XC_OK;

	for (size_t i = 0; list->fix != NULL && err == XC_OK &&
	    i < json_object_array_length(rows); i++)
		err = list->fix(json_object_array_get_idx(rows, i));
	return err;
}

/* Takes the reference of items. */
static struct json_object *
make_list(const struct page *page, int64_t total, struct json_object *items)
{
	struct json_object *list = json_object_new_object();
	struct json_object *place = json_object_new_object();
	const struct {
		const char *name;
		int64_t value;
	} members[] = {
		{ "page", page->number },
		{ "per_page", page->size },
		{ "total", total },
		{ "pages", (total + page->size - 1) / page->size },
	};

	if (list == NULL || place == NULL) {
		json_object_put(list);
		json_object_put(place);
		json_object_put(items);
		return NULL;
	}
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		json_object_object_add(place, members[i].name,
		    json_object_new_int64(members[i].value));
	json_object_object_add(list, "items", items);
	json_object_object_add(list, "pagination", place);
	return list;
}

enum xc_err
xc_list_run(struct xc_admin *admin, struct xc_list *list,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct json_object *rows = NULL;
	int64_t total = list->total;
	struct page page;
	enum xc_err err = read_page(list, args, &page, refusal_r);

	if (err == XC_OK && total < 0)
		err = count(admin, list, &total);
	if (err == XC_OK && (page.number - 1) * page.size < total)
		err = select_page(admin, list, &page, total, &rows);
	else if (err == XC_OK)
		rows = json_object_new_array();
	if (err == XC_OK && rows == NULL)
		err = XC_ERR_NOMEM;
	if (err == XC_OK)
		err = fix_rows(list, rows);
	if (err != XC_OK) {
		json_object_put(rows);
		return err;
	}
	*result_r = make_list(&page, total, rows);
	return *result_r != NULL ? XC_OK : XC_ERR_NOMEM;
}
