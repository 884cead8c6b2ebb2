/* SPDX-License-Identifier: MIT */
/* The steps of a version, and those of all in their order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "loader-version.h"

static enum xc_err
fail_nomem(struct xc_errbuf *errbuf)
{
	return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
}

static bool
fill_step(struct xc_version *version, size_t i)
{
	const struct xc_step *from = &version->asked.list[i];
	struct xc_loaded_step *step = &version->steps[i];
	char *name;

	if (asprintf(&name, "%s:%s", version->name,
	    from->order.operation) == -1)
		return false;
	*step = (struct xc_loaded_step){ .name = name,
		.operation_name = from->order.operation,
		.on_reply = from->on_reply, .site = from->site,
		.before_auth = from->order.before_auth };
	version->row.n_steps++;
	return true;
}

enum xc_err
xc_version_take_steps(struct xc_version *version, struct json_object *json,
    struct xc_errbuf *errbuf)
{
	enum xc_err err = xc_steps_read(xc_json_member(json, "middleware"),
	    version->name, &version->asked, errbuf);

	if (err != XC_OK || version->asked.n == 0)
		return err;
	version->steps = calloc(version->asked.n, sizeof(*version->steps));
	if (version->steps == NULL)
		return fail_nomem(errbuf);
	version->row.steps = version->steps;
	for (size_t i = 0; i < version->asked.n; i++) {
		if (!fill_step(version, i))
			return fail_nomem(errbuf);
	}
	return XC_OK;
}

void
xc_version_free_steps(struct xc_version *version)
{
	for (size_t i = 0; i < version->row.n_steps; i++)
		free((void *)(uintptr_t)version->steps[i].name);
	free(version->steps);
	xc_steps_free(&version->asked);
}

/* All steps that requests may pass, as they are gathered. */
struct gathered {
	struct xc_table_step *steps;
	struct xc_order_step *orders;
	size_t *order;
	bool *in_ring;
	size_t n;
};

static const struct xc_version *
version_of(const struct xc_loaded *row)
{
	/* Its first member. */
	return (const struct xc_version *)(const void *)row;
}

static void
free_gathered(struct gathered *gathered)
{
	free(gathered->steps);
	free(gathered->orders);
	free(gathered->order);
	free(gathered->in_ring);
}

/* One that does not serve lets no request through, wherever it stands: so it
 * must not keep others from their places. */
static void
gather_row(struct gathered *gathered, const struct xc_loaded *row)
{
	static const char *const nobody[] = { NULL };
	const struct xc_version *version = version_of(row);

	for (size_t i = 0; i < row->n_steps; i++) {
		struct xc_order_step *order = &gathered->orders[gathered->n];

		*order = version->asked.list[i].order;
		if (row->state != XC_SERVING)
			order->before = order->after = nobody;
		gathered->steps[gathered->n++] = (struct xc_table_step){
			.loaded = row, .step = &row->steps[i] };
	}
}

static enum xc_err
gather(struct xc_loaded *const *rows, size_t n, struct gathered *gathered)
{
	size_t room = 1;

	for (size_t i = 0; i < n; i++)
		room += rows[i]->n_steps;
	gathered->steps = calloc(room, sizeof(*gathered->steps));
	gathered->orders = calloc(room, sizeof(*gathered->orders));
	gathered->order = calloc(room, sizeof(*gathered->order));
	gathered->in_ring = calloc(room, sizeof(*gathered->in_ring));
	if (gathered->steps == NULL || gathered->orders == NULL ||
	    gathered->order == NULL || gathered->in_ring == NULL)
		return XC_ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		if (rows[i]->state != XC_SERVING_DISABLED)
			gather_row(gathered, rows[i]);
	}
	return XC_OK;
}

/* Of the ring's plugins the one that came last, or that of the last name. */
static const struct xc_loaded *
find_closer(const struct gathered *gathered)
{
	const struct xc_loaded *closer = NULL;

	for (size_t i = 0; i < gathered->n; i++) {
		const struct xc_loaded *row = gathered->steps[i].loaded;
		int order = 0;

		if (!gathered->in_ring[i] || row->state != XC_SERVING)
			continue;
		if (closer != NULL)
			order = (int)version_of(closer)->in_table -
			    (int)version_of(row)->in_table;
		if (closer == NULL || order > 0 || (order == 0 &&
		    strcmp(closer->name, row->name) < 0))
			closer = row;
	}
	return closer;
}

static enum xc_err
arrange(struct gathered *gathered, struct xc_table_step **steps_r,
    const struct xc_loaded **closer_r, struct xc_errbuf *errbuf)
{
	struct xc_table_step *sorted;
	enum xc_err err = xc_step_order(gathered->orders, gathered->n,
	    gathered->order, gathered->in_ring, errbuf);

	if (err == XC_ERR_EXISTS)
		*closer_r = find_closer(gathered);
	if (err != XC_OK)
		return err;
	sorted = calloc(gathered->n + 1, sizeof(*sorted));
	if (sorted == NULL)
		return fail_nomem(errbuf);
	for (size_t i = 0; i < gathered->n; i++)
		sorted[i] = gathered->steps[gathered->order[i]];
	*steps_r = sorted;
	return XC_OK;
}

enum xc_err
xc_loaded_arrange(struct xc_loaded *const *rows, size_t n,
    struct xc_table_step **steps_r, size_t *n_r,
    const struct xc_loaded **closer_r, struct xc_errbuf *errbuf)
{
	struct gathered gathered = { .n = 0 };
	enum xc_err err = gather(rows, n, &gathered);

	*steps_r = NULL;
	*closer_r = NULL;
	if (err != XC_OK)
		xc_fail(errbuf, err, "out of memory");
	else if (gathered.n > 0)
		err = arrange(&gathered, steps_r, closer_r, errbuf);
	*n_r = err == XC_OK ? gathered.n : 0;
	free_gathered(&gathered);
	return err;
}
