/* SPDX-License-Identifier: MIT */
/* One sandbox of a runner, from the asking for it to its end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/sandboxes-private.h"

/* Each call that it makes while it starts gives it its time anew, since it is
 * the worker that it waits for; so many times at most. */
#define EXTENSIONS_MAX 10
/* And calls at all before it is ready: records of the log. */
#define RINGS_MAX 10000
/* What the spawner has to say of an end comes within this. */
#define END_MS 20

static uint64_t
load_ms(const struct xc_runner *runner)
{
	return (uint64_t)
	    runner->owner->options.settings->reload.trial_timeout_ms;
}

static struct xc_box *
make_box(struct xc_runner *runner)
{
	struct xc_box *box = calloc(1, sizeof(*box));
	uint64_t now = xc_box_now_ms();

	if (!box)
		return NULL;
	box->runner = runner;
	box->until_ms = now + load_ms(runner);
	box->last_ms = now + EXTENSIONS_MAX * load_ms(runner);
	return box;
}

static enum xc_err
fill_box(struct xc_box *box, struct xc_errbuf *errbuf)
{
	struct xc_runner *runner = box->runner;
	struct xc_sandbox_ends ends;
	enum xc_err err;

	err = xc_sandbox_prepare(runner->spec, &runner->sizes,
	    &box->sandbox, &ends, errbuf);
	if (err != XC_OK)
		return err;
	if (runner->plugin->isolation == XC_ISOLATION_REQUEST)
		err = xc_zygote_prepare(box, errbuf);
	if (err == XC_OK)
		err = xc_spawn_ask(box, &ends, errbuf);
	xc_sandbox_ends_close(&ends);
	xc_zygote_close_ends(box->zygote);
	return err;
}

enum xc_err
xc_box_start(struct xc_runner *runner, struct xc_box **box_r,
    struct xc_errbuf *errbuf)
{
	struct xc_box *box = make_box(runner);
	enum xc_err err;

	*box_r = NULL;
	if (!box)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	err = fill_box(box, errbuf);
	if (err != XC_OK) {
		xc_box_free(&box);
		return err;
	}
	*box_r = box;
	return XC_OK;
}

/* Puts how it ended behind what it said itself. */
static void
add_end(struct xc_box *box, struct xc_errbuf *errbuf)
{
	struct xc_spawn_end end;
	size_t len = strlen(errbuf->text);

	if (!xc_spawn_end_of(box->runner->owner, box->sandbox->id, END_MS,
	    &end))
		return;
	if (end.oom_kills > 0)
		snprintf(errbuf->text + len, sizeof(errbuf->text) - len,
		    " (the kernel ended it: over limits.memory_mb)");
	else if (WIFSIGNALED(end.status))
		snprintf(errbuf->text + len, sizeof(errbuf->text) - len,
		    " (signal SIG%s)", sigabbrev_np(WTERMSIG(end.status)));
	else
		snprintf(errbuf->text + len, sizeof(errbuf->text) - len,
		    " (status %d)", WEXITSTATUS(end.status));
}

static void
on_bell(struct xc_box_source *source, uint32_t events)
{
	struct xc_box *box = source->box;
	struct xc_runner *runner = box->runner;
	struct xc_errbuf errbuf = { "" };
	enum xc_err err = xc_sandbox_take(box->sandbox, &runner->loading,
	    &errbuf);

	(void)events;
	/* It may log; more than that is to hold us up. */
	if (err == XC_ERR_BUSY && ++box->rings > RINGS_MAX) {
		xc_sandbox_kill(box->sandbox);
		err = xc_fail(&errbuf, XC_ERR_INVALID, "it has called for "
		    "more than %d services before it was ready", RINGS_MAX);
	}
	if (err == XC_ERR_BUSY) {
		box->until_ms = xc_box_now_ms() + load_ms(runner);
		if (box->until_ms > box->last_ms)
			box->until_ms = box->last_ms;
		return;
	}
	xc_broker_end(&runner->loading);
	xc_sandboxes_unwatch(runner->owner,
	    box->sandbox->channel.bell_read);
	if (err == XC_OK) {
		box->stage = XC_BOX_READY;
		xc_runner_ready(runner, box);
		return;
	}
	/* It is ours alone from here on: while the spawner is asked the link
	 * may be found to have ended, which frees all boxes of the runner. */
	if (runner->coming == box)
		runner->coming = NULL;
	if (err == XC_ERR_FAILED)
		add_end(box, &errbuf);
	xc_runner_failed(runner, box, errbuf.text, true);
}

void
xc_box_answer(struct xc_box *box, const struct xc_spawn_answer *answer,
    int pidfd)
{
	struct xc_sandboxes *sandboxes = box->runner->owner;

	if (answer->pid <= 0 || pidfd < 0) {
		if (pidfd >= 0)
			close(pidfd);
		xc_runner_failed(box->runner, box, answer->reason[0] != '\0' ?
		    answer->reason : "the spawner cannot make it", false);
		return;
	}
	xc_sandbox_adopt(box->sandbox, answer->pid, pidfd);
	box->stage = XC_BOX_LOADING;
	xc_output_watch(box);
	box->bell.ready = on_bell;
	box->bell.box = box;
	if (!xc_sandboxes_watch(sandboxes, box->sandbox->channel.bell_read,
	    &box->bell, EPOLLIN))
		xc_runner_failed(box->runner, box, "it cannot be watched",
		    false);
}

/* Nothing of it is watched any more. */
static void
quit(struct xc_box *box)
{
	struct xc_sandboxes *sandboxes = box->runner->owner;

	/* Its last words are often the most telling ones. */
	if (box->stage != XC_BOX_ASKED)
		xc_output_drain(box);
	if (box->stage == XC_BOX_LOADING)
		xc_sandboxes_unwatch(sandboxes,
		    box->sandbox->channel.bell_read);
	xc_sandboxes_unwatch(sandboxes, box->sandbox->output);
	xc_sandbox_kill(box->sandbox);
	if (box->zygote)
		xc_zygote_quit(box);
}

static void
release(struct xc_box *box)
{
	xc_zygote_free(&box->zygote);
	xc_sandbox_close(&box->sandbox);
	free(box);
}

void
xc_box_free(struct xc_box **box)
{
	if (!*box)
		return;
	if ((*box)->sandbox)
		quit(*box);
	release(*box);
	*box = NULL;
}

void
xc_box_bury(struct xc_box **box)
{
	struct xc_sandboxes *sandboxes = (*box)->runner->owner;

	quit(*box);
	(*box)->next = sandboxes->buried;
	sandboxes->buried = *box;
	*box = NULL;
}

void
xc_box_release_buried(struct xc_sandboxes *sandboxes)
{
	struct xc_box *box;

	while ((box = sandboxes->buried)) {
		sandboxes->buried = box->next;
		release(box);
	}
}
