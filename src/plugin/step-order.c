/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "step-order.h"

#define RING_TEXT_MAX 600

/* Nodes are the steps, and behind them authentication. */
struct sorting {
	const struct xc_order_step *steps;
	size_t n;
	size_t *waits;		/* for how many a node does still */
	bool *placed;
};

static bool
names(const char *const *list, const struct xc_order_step *step)
{
	size_t len = strlen(step->plugin);

	for (; *list != NULL; list++) {
		if (strncmp(*list, step->plugin, len) != 0)
			continue;
		if ((*list)[len] == '\0' || ((*list)[len] == ':' &&
		    strcmp(*list + len + 1, step->operation) == 0))
			return true;
	}
	return false;
}

static bool
goes_before(const struct sorting *sorting, size_t a, size_t b)
{
	const struct xc_order_step *steps = sorting->steps;

	if (a == b)
		return false;
	if (a == sorting->n)
		return !steps[b].before_auth;
	if (b == sorting->n)
		return steps[a].before_auth;
	return names(steps[a].before, &steps[b]) ||
	    names(steps[b].after, &steps[a]);
}

static void
count_waits(struct sorting *sorting)
{
	for (size_t a = 0; a <= sorting->n; a++) {
		for (size_t b = 0; b <= sorting->n; b++)
			sorting->waits[b] += goes_before(sorting, a, b);
	}
}

static bool
ranks_before(const struct sorting *sorting, size_t a, size_t b)
{
	int order;

	/* Steps behind authentication wait for it, so it stands alone. */
	if (a == sorting->n || b == sorting->n)
		return a < b;
	order = strcmp(sorting->steps[a].plugin, sorting->steps[b].plugin);
	return order != 0 ? order < 0 : a < b;
}

/* The first of those that wait for nobody; SIZE_MAX: there is none. */
static size_t
next_of(const struct sorting *sorting)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i <= sorting->n; i++) {
		if (!sorting->placed[i] && sorting->waits[i] == 0 &&
		    (best == SIZE_MAX || ranks_before(sorting, i, best)))
			best = i;
	}
	return best;
}

static void
place(struct sorting *sorting, size_t node)
{
	sorting->placed[node] = true;
	for (size_t b = 0; b <= sorting->n; b++)
		sorting->waits[b] -= goes_before(sorting, node, b);
}

/* One that the node waits for, and that was not placed; there is one, since
 * else the node would have been. */
static size_t
waits_for(const struct sorting *sorting, size_t node)
{
	for (size_t i = 0; i <= sorting->n; i++) {
		if (!sorting->placed[i] && goes_before(sorting, i, node))
			return i;
	}
	return node;
}

static void
add_name(const struct sorting *sorting, size_t node, char *text, size_t size)
{
	size_t len = strlen(text);
	const char *between = len > 0 ? " before " : "";

	if (node == sorting->n)
		snprintf(text + len, size - len, "%sauthentication", between);
	else
		snprintf(text + len, size - len, "%s%s:%s", between,
		    sorting->steps[node].plugin,
		    sorting->steps[node].operation);
}

/*
 * Goes from one that was not placed to what it waits for, and on, until one
 * comes that was passed: from there on it is a ring.  trail has room for all
 * nodes and one.
 */
static void
tell_ring(const struct sorting *sorting, size_t *trail, bool *in_ring,
    struct xc_errbuf *errbuf)
{
	char text[RING_TEXT_MAX] = "";
	size_t last = 0, first = 0;

	while (sorting->placed[trail[0]])
		trail[0]++;
	do {
		trail[last + 1] = waits_for(sorting, trail[last]);
		last++;
		for (first = 0; trail[first] != trail[last]; first++)
			continue;
	} while (first == last);
	for (size_t i = last + 1; i-- > first;) {
		add_name(sorting, trail[i], text, sizeof(text));
		if (in_ring != NULL && trail[i] < sorting->n)
			in_ring[trail[i]] = true;
	}
	xc_fail(errbuf, XC_ERR_EXISTS, "steps of \"middleware\" would have to "
	    "be ahead of themselves: %s; change \"before\" or \"after\" in "
	    "one of these plugins", text);
}

static enum xc_err
sort(struct sorting *sorting, size_t *order, size_t *trail, bool *in_ring,
    struct xc_errbuf *errbuf)
{
	size_t placed = 0, node;

	count_waits(sorting);
	while ((node = next_of(sorting)) != SIZE_MAX) {
		place(sorting, node);
		if (node != sorting->n)
			order[placed++] = node;
	}
	if (placed == sorting->n)
		return XC_OK;
	tell_ring(sorting, trail, in_ring, errbuf);
	return XC_ERR_EXISTS;
}

enum xc_err
xc_step_order(const struct xc_order_step *steps, size_t n, size_t *order_r,
    bool *in_ring_r, struct xc_errbuf *errbuf)
{
	struct sorting sorting = { .steps = steps, .n = n };
	size_t *trail = calloc(n + 2, sizeof(*trail));
	enum xc_err err;

	sorting.waits = calloc(n + 1, sizeof(*sorting.waits));
	sorting.placed = calloc(n + 1, sizeof(*sorting.placed));
	if (in_ring_r != NULL)
		memset(in_ring_r, 0, n * sizeof(*in_ring_r));
	if (trail == NULL || sorting.waits == NULL || sorting.placed == NULL)
		err = xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	else
		err = sort(&sorting, order_r, trail, in_ring_r, errbuf);
	free(trail);
	free(sorting.waits);
	free(sorting.placed);
	return err;
}
