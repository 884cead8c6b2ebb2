/* SPDX-License-Identifier: MIT */
#include "worker/course.h"

#include <stdio.h>
#include <stdlib.h>

struct xc_courses {
	struct xc_course **rows;	/* as the table's; NULL: none */
	size_t n;
	struct xc_course_step *steps;	/* as the table's */
	bool *chosen;		/* of each step, for each choice */
};

static void
note(char to[XC_COURSE_NOTE], const struct xc_loaded *loaded)
{
	snprintf(to, XC_COURSE_NOTE, "%s %s", loaded->name, loaded->version);
}

static void
make_step(const struct xc_courses_options *options,
    const struct xc_table_step *from, bool *chosen, struct xc_course_step *step)
{
	size_t n = xc_chains_choices(options->chains), i;

	step->target = (struct xc_target){ .loaded = from->loaded,
		.handler = from->step->handler,
		.runner = from->step->handler ? NULL : from->loaded->runner,
		.index = from->step->operation,
		.operation = from->step->operation_name };
	step->broken = from->loaded->state != XC_SERVING ||
	    (!step->target.handler && !step->target.runner);
	if (options->board)
		step->row = xc_scoreboard_step(options->board,
		    from->step->name);
	note(step->note, from->loaded);
	if (!from->step->site)
		return;
	for (i = 0; i < n; i++)
		chosen[i] = xc_chains_has_chosen(options->chains, i,
		    from->loaded->name, from->step->operation_name);
	step->chosen = chosen;
}

/* Nobody looks at replies in the place of a plugin that does not work. */
static bool
is_passed(const struct xc_course_step *step, const struct xc_table_step *from,
    const struct xc_loaded *loaded)
{
	if (from->loaded != loaded && (!from->step->site || loaded->core))
		return false;
	return !from->step->on_reply || !step->broken;
}

/* A course with room for all steps that there are. */
static struct xc_course *
new_course(size_t n, const struct xc_course_step ***room_r)
{
	struct xc_course *course = calloc(1, sizeof(*course) +
	    n * sizeof(**room_r));

	*room_r = course ? (const struct xc_course_step **)(void *)(course + 1)
	    : NULL;
	return course;
}

/* The steps of one plugin's requests: ahead from the front, behind from the
 * end, so that the last one is passed first. */
static enum xc_err
make_course(const struct xc_courses *courses, const struct xc_table *table,
    const struct xc_loaded *loaded, struct xc_course **course_r)
{
	const struct xc_course_step **room, *step;
	struct xc_course *course = new_course(table->n_steps, &room);
	size_t i, end = table->n_steps;

	if (!course)
		return XC_ERR_NOMEM;
	for (i = 0; i < table->n_steps; i++) {
		const struct xc_table_step *from = &table->steps[i];

		step = &courses->steps[i];
		if (!is_passed(step, from, loaded))
			continue;
		if (from->step->on_reply) {
			room[--end] = step;
			continue;
		}
		course->n_before += from->step->before_auth;
		room[course->n_ahead++] = step;
	}
	course->ahead = room;
	course->behind = room + end;
	course->n_behind = table->n_steps - end;
	note(course->note, loaded);
	if (course->n_ahead + course->n_behind > 0)
		*course_r = course;
	else
		free(course);
	return XC_OK;
}

static enum xc_err
make_all(const struct xc_courses_options *options, struct xc_courses *courses)
{
	const struct xc_table *table = options->table;
	size_t choices = xc_chains_choices(options->chains), i;
	enum xc_err err = XC_OK;

	courses->n = table->n;
	courses->rows = calloc(table->n + 1, sizeof(struct xc_course *));
	courses->steps = calloc(table->n_steps + 1, sizeof(*courses->steps));
	courses->chosen = calloc(table->n_steps * choices + 1, sizeof(bool));
	if (!courses->rows || !courses->steps || !courses->chosen)
		return XC_ERR_NOMEM;
	for (i = 0; i < table->n_steps; i++)
		make_step(options, &table->steps[i],
		    courses->chosen + i * choices, &courses->steps[i]);
	for (i = 0; i < table->n && table->n_steps > 0 && err == XC_OK; i++)
		if (table->rows[i]->state == XC_SERVING)
			err = make_course(courses, table, table->rows[i],
			    &courses->rows[i]);
	return err;
}

enum xc_err
xc_courses_build(const struct xc_courses_options *options,
    struct xc_courses **courses_r)
{
	struct xc_courses *courses = calloc(1, sizeof(*courses));
	enum xc_err err = courses ? make_all(options, courses) : XC_ERR_NOMEM;

	if (err != XC_OK)
		xc_courses_free(&courses);
	*courses_r = courses;
	return err;
}

void
xc_courses_free(struct xc_courses **courses)
{
	struct xc_courses *old = *courses;
	size_t i;

	*courses = NULL;
	if (!old)
		return;
	for (i = 0; old->rows && i < old->n; i++)
		free(old->rows[i]);
	free(old->rows);
	free(old->steps);
	free(old->chosen);
	free(old);
}

const struct xc_course *
xc_courses_of(const struct xc_courses *courses, size_t n)
{
	return courses && n < courses->n ? courses->rows[n] : NULL;
}
