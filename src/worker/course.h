/* SPDX-License-Identifier: MIT */
/*
 * Which steps of plugins the requests of each plugin pass, put together when
 * the table of plugins changes: those that it has itself and, unless it is of
 * the core, those of the others for the whole site.
 */
#ifndef XC_WORKER_COURSE_H
#define XC_WORKER_COURSE_H

#include <stdbool.h>
#include <stddef.h>

#include "worker/chain.h"
#include "worker/router.h"
#include "worker/scoreboard.h"

/* "todo 1.2.0", as a worker's row of the scoreboard has it. */
#define XC_COURSE_NOTE 64

struct xc_course_step {
	struct xc_target target;	/* as of any run */
	struct xc_step_row *row;	/* its figures; NULL: they have no room */
	/* By number of what a prefix has chosen (struct xc_passage); NULL: it
	 * is passed whatever that is. */
	const bool *chosen;
	/* Its plugin does not work: nothing passes. */
	bool broken;
	char note[XC_COURSE_NOTE];
};

/* What the requests of one plugin pass, in that order. */
struct xc_course {
	const struct xc_course_step *const *ahead;
	size_t n_before;	/* of these, so many before authentication */
	size_t n_ahead;
	const struct xc_course_step *const *behind;
	size_t n_behind;
	char note[XC_COURSE_NOTE];	/* the plugin's own */
};

struct xc_courses;

struct xc_courses_options {
	const struct xc_table *table;
	const struct xc_chains *chains;
	struct xc_scoreboard *board;	/* NULL: there are no figures */
};

/* All in options must outlive them.  XC_ERR_NOMEM. */
enum xc_err xc_courses_build(const struct xc_courses_options *options,
    struct xc_courses **courses_r);
void xc_courses_free(struct xc_courses **courses);

/* That of the table's n-th row; NULL: its requests pass nothing.  courses may
 * be NULL. */
const struct xc_course *xc_courses_of(const struct xc_courses *courses,
    size_t n);

#endif
