/* SPDX-License-Identifier: MIT */
#include "worker/steps.h"

#include <string.h>

#include <xcore/reply.h>

#include "lib/plugin-private.h"
#include "worker/watch.h"
#include "worker/worker.h"

_Static_assert(sizeof(((struct xc_worker_row *)NULL)->plugin) ==
    XC_COURSE_NOTE, "a note is what the row has");

/* Who runs, for whoever finds us dead. */
static void
name_row(struct xc_worker *worker, const struct xc_loaded *loaded,
    const char note[XC_COURSE_NOTE], const char *operation)
{
	struct xc_worker_row *row = worker->row;
	size_t len = strnlen(operation, sizeof(row->operation) - 1);

	memcpy(row->plugin, note, sizeof(row->plugin));
	memcpy(row->operation, operation, len);
	row->operation[len] = '\0';
	worker->noted = loaded;
}

void
xc_steps_begin(struct xc_worker *worker)
{
	worker->steps = (struct xc_step_state){ .err = XC_OK };
}

/* --- one step ------------------------------------------------------------- */

static enum xc_err
run_here(struct xc_worker *worker, struct xc_request *req,
    const struct xc_course_step *step, bool behind)
{
	const struct xc_target *target = &step->target;
	struct xc_plugin *plugin = target->loaded->plugin;
	struct xc_lent lent;
	enum xc_err err;

	xc_request_lend(req, plugin, target->operation, false, &lent);
	xc_watch_limit(req, &plugin->limits, lent.mark.taken);
	xc_watch_begin(worker, req, &plugin->limits);
	err = behind ? xc_request_step_behind(req, target->handler) :
	    xc_request_step(req, target->handler);
	xc_watch_tell(worker, req, target);
	/* What it deferred is its code too. */
	xc_request_return(req, &lent);
	xc_watch_end(worker);
	xc_watch_widen(req);
	return err;
}

static enum xc_err
run_outside(struct xc_request *req, const struct xc_course_step *step,
    bool behind)
{
	const struct xc_target *target = &step->target;
	struct xc_lent lent;
	enum xc_err err;

	xc_request_lend(req, target->loaded->plugin, target->operation, true,
	    &lent);
	err = xc_outside_step(req, target, behind);
	xc_request_return(req, &lent);
	return err;
}

static void
add(_Atomic(uint64_t) *word, uint64_t n)
{
	atomic_fetch_add_explicit(word, n, memory_order_relaxed);
}

static void
count(struct xc_step_row *row, uint64_t since, enum xc_err err, bool stopped)
{
	if (!row)
		return;
	add(&row->runs, 1);
	if (stopped)
		add(&row->stopped, 1);
	if (err != XC_OK)
		add(&row->failed, 1);
	if (since == 0)
		return;
	add(&row->samples, 1);
	add(&row->ns, xc_now_ns() - since);
}

/* Of steps in this process some are measured, as of the chain's other parts:
 * the clock costs as much as a short one. */
static enum xc_err
run(struct xc_worker *worker, struct xc_request *req,
    const struct xc_course_step *step, bool behind)
{
	uint64_t since = worker->passage.measured || step->target.runner ?
	    xc_now_ns() : 0;
	enum xc_err err;

	name_row(worker, step->target.loaded, step->note,
	    step->target.operation);
	err = step->target.handler ? run_here(worker, req, step, behind) :
	    run_outside(req, step, behind);
	count(step->row, since, err, !behind && req->reply != XC_REPLY_NONE);
	/* Whoever is next has its own time. */
	worker->steps.took_us += xc_worker_clock(worker);
	return err;
}

static bool
is_chosen(const struct xc_worker *worker, const struct xc_course_step *step)
{
	return !step->chosen || step->chosen[worker->passage.choice];
}

/* --- all ------------------------------------------------------------------ */

static bool
refuse(struct xc_worker *worker, struct xc_request *req,
    const struct xc_course_step *step)
{
	xc_worker_warn(worker, "a request was refused: it cannot pass the "
	    "steps of a plugin that does not work", step->target.loaded->name);
	(void)xc_reply_header(req, "Retry-After", "10");
	(void)xc_reply_problem(req, 503, "Something that each request passes "
	    "does not work at the moment.");
	return false;
}

/* False: a reply stands. */
static bool
pass(struct xc_worker *worker, struct xc_request *req,
    const struct xc_course_step *step)
{
	if (!is_chosen(worker, step))
		return true;
	if (step->broken)
		return refuse(worker, req, step);
	worker->steps.err = run(worker, req, step, false);
	worker->steps.taken = req->reply != XC_REPLY_NONE;
	if (worker->steps.err == XC_OK || worker->steps.taken)
		return !worker->steps.taken;
	/* There was no memory for its reply: it has refused all the same. */
	(void)xc_reply_problem(req, 500, NULL);
	return false;
}

static bool
pass_all(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target, size_t from, size_t to)
{
	bool on = true;

	if (xc_request_lendable(req) != XC_OK) {
		(void)xc_reply_problem(req, 500, NULL);
		return false;
	}
	if (from == to)
		return true;
	for (; from < to && on; from++)
		on = pass(worker, req, target->course->ahead[from]);
	name_row(worker, target->loaded, target->course->note,
	    target->operation ? target->operation : "");
	return on;
}

bool
xc_steps_before(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target)
{
	return !target->course || target->course->n_before == 0 ||
	    pass_all(worker, req, target, 0, target->course->n_before);
}

bool
xc_steps_ahead(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target)
{
	return !target->course || pass_all(worker, req, target,
	    target->course->n_before, target->course->n_ahead);
}

void
xc_steps_behind(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target)
{
	const struct xc_course *course = target->course;
	size_t i;

	if (!worker->steps.taken || course->n_behind == 0)
		return;
	xc_watch_widen(req);
	for (i = 0; i < course->n_behind; i++)
		if (is_chosen(worker, course->behind[i]))
			(void)run(worker, req, course->behind[i], true);
	name_row(worker, target->loaded, course->note,
	    target->operation ? target->operation : "");
}
