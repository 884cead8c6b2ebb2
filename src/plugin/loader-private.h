/* SPDX-License-Identifier: MIT */
/* The loader and a change of its table, for loader*.c. */
#ifndef XC_LOADER_PRIVATE_H
#define XC_LOADER_PRIVATE_H

#include <xcore/log.h>

#include "loader-version.h"

struct xc_loader {
	struct xc_version_home home;
	struct xc_table *table;
	struct xc_traces own;		/* threads of the process itself */
	struct xc_version *mapped;	/* all whose code is mapped */
	uint64_t mark;
	char recycle[256];		/* why the process should go; "" */
};

/* A change over to a snapshot. */
struct xc_change {
	struct xc_loader *loader;
	struct json_object *plugins;	/* the snapshot's rows */
	struct json_object *report;	/* rows of what became of them */
	struct xc_loaded **rows;	/* of the table to be */
	size_t n;
	bool failed;			/* some are not as the snapshot says */
	xc_before *before;
	void *ctx;
};

/* loader.c */

/* The first member of a version is its row. */
static inline struct xc_version *
xc_version_of(struct xc_loaded *row)
{
	return (struct xc_version *)(void *)row;
}

void xc_loader_log(const struct xc_loader *loader, enum xc_log_level level,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* What serves under that name now; NULL if nothing does. */
struct xc_version *xc_loader_serving(const struct xc_loader *loader,
    const char *name);

/* Stops and unmaps a version. */
void xc_loader_discard(struct xc_loader *loader, struct xc_version *version);

/* A version does not serve: the one before goes on, or nothing does. */
enum xc_err xc_change_fall_back(struct xc_change *change,
    struct json_object *json, struct xc_version *old, const char *reason);

/*
 * loader-settle.c: lets rows go that cannot be served beside the others, for
 * their prefix or the order of their steps, and sorts by prefix.
 * XC_ERR_NOMEM.
 */
enum xc_err xc_change_settle(struct xc_change *change);

#endif
