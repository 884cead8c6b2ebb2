/* SPDX-License-Identifier: MIT */
/* What of a snapshot can be served at one time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "loader-private.h"

static void
add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

/* Of two with one prefix the serving one comes first, and of two that serve
 * that which did before. */
static int
compare_rank(struct xc_loaded *a, struct xc_loaded *b)
{
	int order = (int)a->state - (int)b->state;

	if (order == 0)
		order = (int)xc_version_of(b)->in_table -
		    (int)xc_version_of(a)->in_table;
	return order != 0 ? order : strcmp(a->name, b->name);
}

static int
compare_prefix(const void *left, const void *right)
{
	struct xc_loaded *const *a = left, *const *b = right;
	int order = strcmp((*a)->prefix, (*b)->prefix);

	return order != 0 ? order : compare_rank(*a, *b);
}

/* Takes back a row: a version of the old table is discarded with that. */
static void
drop(struct xc_change *change, struct xc_version *version)
{
	if (version->in_table)
		version->mark = change->loader->mark - 1;
	else
		xc_loader_discard(change->loader, version);
}

/* What was reported of a version that is dropped does not hold any more. */
static void
report_dropped(struct xc_change *change, const char *name, const char *reason)
{
	for (size_t i = 0; i < json_object_array_length(change->report); i++) {
		struct json_object *row = json_object_array_get_idx(
		    change->report, i);

		if (strcmp(xc_json_string(row, "name"), name) != 0)
			continue;
		add_text(row, "state", "failed");
		add_text(row, "reason", reason);
		json_object_object_del(row, "serving");
		json_object_object_del(row, "isolation");
	}
}

/* Two plugins have one prefix, and the other keeps it. */
static void
drop_second(struct xc_change *change, struct xc_version *version,
    const struct xc_loaded *keeper, const char *prefix)
{
	char reason[512];

	snprintf(reason, sizeof(reason), "%s has its prefix %s",
	    keeper->name, prefix);
	xc_loader_log(change->loader, XC_LOG_ERROR, "%s is not served: %s",
	    version->what, reason);
	report_dropped(change, version->name, reason);
	change->failed = true;
	drop(change, version);
}

static struct xc_version *
take_out(struct xc_change *change, const struct xc_loaded *row)
{
	struct xc_version *version;
	size_t at = 0;

	while (change->rows[at] != row)
		at++;
	version = xc_version_of(change->rows[at]);
	change->n--;
	memmove(&change->rows[at], &change->rows[at + 1],
	    (change->n - at) * sizeof(*change->rows));
	return version;
}

static void
drop_row(struct xc_change *change, const struct xc_loaded *row,
    const struct xc_loaded *keeper, const char *prefix)
{
	drop_second(change, take_out(change, row), keeper, prefix);
}

static size_t
find_named(struct json_object *rows, const char *name)
{
	size_t i = 0;

	while (i < json_object_array_length(rows) && strcmp(xc_json_string(
	    json_object_array_get_idx(rows, i), "name"), name) != 0)
		i++;
	return i;
}

/* Its steps cannot stand among those of others: what served before does
 * again, or nothing. */
static enum xc_err
give_up(struct xc_change *change, const struct xc_loaded *row,
    const char *reason)
{
	struct xc_version *version = take_out(change, row), *old = NULL;
	struct json_object *json = json_object_array_get_idx(change->plugins,
	    find_named(change->plugins, row->name));

	if (!version->in_table)
		old = xc_loader_serving(change->loader, row->name);
	json_object_array_del_idx(change->report,
	    find_named(change->report, row->name), 1);
	drop(change, version);
	return xc_change_fall_back(change, json, old, reason);
}

/* After it the steps of all rows have an order. */
static enum xc_err
settle_steps(struct xc_change *change)
{
	const struct xc_loaded *closer;
	struct xc_errbuf why = { "" };
	struct xc_table_step *steps;
	enum xc_err err;
	size_t n;

	while ((err = xc_loaded_arrange(change->rows, change->n, &steps, &n,
	    &closer, &why)) == XC_ERR_EXISTS && closer != NULL) {
		err = give_up(change, closer, why.text);
		if (err != XC_OK)
			return err;
	}
	free(steps);
	return err;
}

/* One with several prefixes need not stand beside those that share one.
 * True: a row was dropped, and there may be more. */
static bool
settle_several(struct xc_change *change, struct xc_loaded *row)
{
	for (size_t i = 0; row->n_several > 0 && i < change->n; i++) {
		struct xc_loaded *other = change->rows[i];
		const char *prefix = other == row ? NULL :
		    xc_loaded_shares(row, other);

		if (prefix == NULL)
			continue;
		if (compare_rank(row, other) < 0)
			drop_row(change, other, row, prefix);
		else
			drop_row(change, row, other, prefix);
		return true;
	}
	return false;
}

static void
settle_neighbours(struct xc_change *change)
{
	size_t kept = 0;

	for (size_t i = 0; i < change->n; i++) {
		struct xc_loaded *row = change->rows[i];

		if (kept > 0 && strcmp(change->rows[kept - 1]->prefix,
		    row->prefix) == 0) {
			drop_second(change, xc_version_of(row),
			    change->rows[kept - 1], row->prefix);
			continue;
		}
		change->rows[kept++] = row;
	}
	change->n = kept;
}

/*
 * Sorts by prefix.  Two with the same can be there only if an older version
 * goes on under a prefix that another plugin has now: the first one, that
 * which serves, keeps it.
 */
static void
sort_rows(struct xc_change *change)
{
	if (change->n > 1)
		qsort(change->rows, change->n, sizeof(*change->rows),
		    compare_prefix);
	settle_neighbours(change);
	for (size_t i = 0; i < change->n;)
		i = settle_several(change, change->rows[i]) ? 0 : i + 1;
}

enum xc_err
xc_change_settle(struct xc_change *change)
{
	enum xc_err err = settle_steps(change);

	if (err == XC_OK)
		sort_rows(change);
	return err;
}
