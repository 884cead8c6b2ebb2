/* SPDX-License-Identifier: MIT */
/* One request: which sandbox gets it, and what follows if that fails. */
#include <stdio.h>
#include <string.h>

#include "lib/reply-private.h"
#include "sandbox/sandboxes-private.h"

/* A request waits so long for a sandbox that is being made. */
#define WAIT_MS 2000
/* Until the spawner says how one ended that has ended. */
#define END_MS 100
#define TRIES 3
#define GOOD_MIN 100		/* calls after which deaths are forgotten */

static const char *
operation_of(const struct xc_request *req)
{
	const struct xc_request_head *head = (const void *)req->in.base;

	return xc_block_text(&req->in, head->operation);
}

static uint64_t
wait_until(const struct xc_limits *limits)
{
	uint64_t ms = WAIT_MS;

	if (limits->timeout_ms != 0 && limits->timeout_ms < ms)
		ms = limits->timeout_ms;
	return xc_box_now_ms() + ms;
}

static struct xc_sandbox *
find_sandbox(struct xc_runner *runner, uint64_t until)
{
	struct xc_sandbox *child;
	struct xc_box *box;
	uint64_t now;

	for (;;) {
		box = xc_runner_box(runner, until);
		if (!box || !box->zygote)
			return box ? box->sandbox : NULL;
		now = xc_box_now_ms();
		child = xc_zygote_take(box,
		    until > now ? (int64_t)(until - now) : 0);
		/* Without one another zygote may have taken over. */
		if (child || now >= until)
			return child;
	}
}

/* Nobody can take it: no fault of this request's, told when it came about. */
static void
refuse(const struct xc_runner *runner, struct xc_outcome *outcome)
{
	memset(outcome, 0, sizeof(*outcome));
	outcome->breach = XC_BREACH_START;
	outcome->handled = XC_ERR_UNAVAILABLE;
	snprintf(outcome->detail, sizeof(outcome->detail), "%s",
	    runner->last_error[0] != '\0' ? runner->last_error :
	    "no sandbox is ready");
}

/* The library says that it failed in good order: that alone is no reason to
 * wait before the next one is made. */
static bool
is_orderly(const struct xc_outcome *outcome)
{
	return outcome->breach == XC_BREACH_REPLY ||
	    (outcome->breach == XC_BREACH_MEMORY &&
	    outcome->handled != XC_OK);
}

static void
drop(struct xc_runner *runner, const struct xc_request *req,
    const char *operation, struct xc_outcome *outcome)
{
	struct xc_breach_told told = { .breach = outcome->breach,
		.detail = outcome->detail, .size = sizeof(outcome->detail),
		.count = !is_orderly(outcome), .wait_ms = END_MS };

	if (!outcome->unheard) {
		told.operation = operation;
		told.request_id = xc_request_id(req);
	}
	xc_runner_drop(runner, &told);
	outcome->breach = told.breach;
}

/* reply: the size of what came back. */
static void
settle(struct xc_runner *runner, struct xc_sandbox *sandbox,
    const struct xc_request *req, uint32_t reply)
{
	struct xc_box *box = runner->active;

	if (++runner->good >= GOOD_MIN)
		runner->deaths = 0;
	xc_recycle_note(box, req->in.used, reply);
	if (box->zygote)
		xc_zygote_spent(box, sandbox);
	/* It can be replaced without a wait when the spare is there. */
	if (!runner->worn &&
	    xc_recycle_due(runner, box, xc_box_now_ms()))
		runner->worn = true;
	if (runner->worn || box->large_ms != 0)
		xc_sandboxes_kick(runner->owner);
}

/* What is to be run, as a handler or as a step. */
struct running {
	uint32_t operation;
	const char *name;
	const struct xc_runner_step *step;	/* NULL: as a handler */
};

static void
run(struct xc_runner *runner, struct xc_sandbox *sandbox,
    struct xc_request *req, const struct running *what,
    struct xc_outcome *outcome)
{
	const struct xc_limits *limits = &runner->plugin->limits;

	(void)xc_logger_enabled(&runner->logger, XC_LOG_DEBUG);
	sandbox->log_level = runner->logger.level;
	xc_sandbox_pin(sandbox);
	if (what->step)
		xc_sandbox_step(sandbox, &runner->broker, req, what->step,
		    limits, outcome);
	else
		xc_sandbox_call(sandbox, &runner->broker, req,
		    what->operation, limits, outcome);
}

/* False: it ended in a breach, for which no reply stands yet. */
static bool
run_anywhere(struct xc_runner *runner, struct xc_request *req,
    const struct running *what, struct xc_outcome *outcome)
{
	uint64_t until = wait_until(&runner->plugin->limits);
	bool behind = what->step && what->step->on_reply;
	struct xc_sandbox *sandbox;
	int tries = 0;

	do {
		sandbox = find_sandbox(runner, until);
		if (!sandbox) {
			refuse(runner, outcome);
			return false;
		}
		run(runner, sandbox, req, what, outcome);
		if (outcome->breach == XC_BREACH_NONE) {
			settle(runner, sandbox, req, behind ? 0 :
			    xc_request_reply(req)->size);
			return true;
		}
		drop(runner, req, what->name, outcome);
	} while (outcome->unheard && ++tries < TRIES);
	return false;
}

void
xc_runner_call(struct xc_runner *runner, struct xc_request *req,
    uint32_t operation, struct xc_outcome *outcome_r)
{
	const struct running what = { .operation = operation,
		.name = operation_of(req) };

	if (!run_anywhere(runner, req, &what, outcome_r) &&
	    req->reply != XC_REPLY_STREAMING)
		(void)xc_breach_reply(req, outcome_r->breach);
}

void
xc_runner_step(struct xc_runner *runner, struct xc_request *req,
    const struct xc_runner_step *step, struct xc_outcome *outcome_r)
{
	const struct running what = { .operation = step->operation,
		.name = step->name, .step = step };
	bool good;

	/* A body that lies in a channel does not stay there. */
	if (step->on_reply && xc_reply_bring_near(req) != XC_OK) {
		memset(outcome_r, 0, sizeof(*outcome_r));
		outcome_r->handled = XC_ERR_NOMEM;
		return;
	}
	good = run_anywhere(runner, req, &what, outcome_r);
	if (!good && !step->on_reply && req->reply != XC_REPLY_STREAMING)
		(void)xc_breach_reply(req, outcome_r->breach);
}
