/* SPDX-License-Identifier: MIT */
/* Plugins that run outside of this process, in sandboxes. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sandbox/sandboxes.h"
#include "worker/worker.h"

/* The status need not be newer, and a plugin that crashes all the time shall
 * not cost more by being told of. */
#define TELL_MS 100

/* What a sandbox is replaced for. */
static bool
is_loss(enum xc_breach breach)
{
	return xc_breach_is_fault(breach) && breach != XC_BREACH_START;
}

static void
on_fault(void *ctx, const struct xc_plugin *plugin, enum xc_breach breach,
    const char *operation, const char *request_id, const char *detail)
{
	struct xc_plugin_row *row = plugin->board;

	if (row && is_loss(breach))
		atomic_fetch_add_explicit(&row->restarts, 1,
		    memory_order_relaxed);
	xc_fault(ctx, plugin, breach, operation, request_id, detail);
}

static void
on_ready(struct xc_worker *worker, struct xc_polled *source, uint32_t events)
{
	(void)source;
	(void)events;
	worker->outside_ms = worker->now_ms;
}

enum xc_err
xc_outside_open(struct xc_worker *worker, struct xc_errbuf *errbuf)
{
	const struct xc_sandboxes_options options = {
		.settings = worker->settings,
		.host = &worker->host,
		.log = &worker->sandbox_log,
		.fault = on_fault,
		.ctx = worker,
	};
	enum xc_err err = xc_sandboxes_create(&options, &worker->sandboxes,
	    errbuf);

	if (err != XC_OK)
		return err;
	xc_loader_set_runner(worker->loader, &xc_sandboxes_runner_ops,
	    worker->sandboxes);
	worker->outside.ready = on_ready;
	if (xc_loop_add(worker, xc_sandboxes_fd(worker->sandboxes),
	    &worker->outside, EPOLLIN))
		return XC_OK;
	return xc_fail(errbuf, XC_ERR_IO, "sandboxes cannot be watched");
}

void
xc_outside_close(struct xc_worker *worker)
{
	xc_sandboxes_free(&worker->sandboxes);
	free(worker->outside_told);
}

void
xc_outside_tend(struct xc_worker *worker)
{
	if (worker->outside_ms == 0 || worker->now_ms < worker->outside_ms)
		return;
	worker->outside_ms = xc_sandboxes_tend(worker->sandboxes,
	    worker->now_ms);
	if (worker->outside_tell_ms == 0)
		worker->outside_tell_ms = worker->now_ms + TELL_MS;
}

static char *
report_text(struct xc_worker *worker)
{
	struct json_object *report = json_object_new_object();
	char *text;

	json_object_object_add(report, "event",
	    json_object_new_string("sandboxes"));
	json_object_object_add(report, "sandboxes",
	    xc_sandboxes_json(worker->sandboxes));
	text = strdup(json_object_to_json_string_ext(report,
	    JSON_C_TO_STRING_PLAIN));
	json_object_put(report);
	return text;
}

void
xc_outside_tell(struct xc_worker *worker)
{
	char *text;

	if (worker->outside_tell_ms == 0 ||
	    worker->now_ms < worker->outside_tell_ms)
		return;
	worker->outside_tell_ms = 0;
	text = report_text(worker);
	if (!text || (worker->outside_told &&
	    strcmp(text, worker->outside_told) == 0)) {
		free(text);
		return;
	}
	if (send(worker->heritage->report_fd, text, strlen(text),
	    MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == EAGAIN) {
		worker->outside_tell_ms = worker->now_ms + TELL_MS;
		free(text);
		return;
	}
	free(worker->outside_told);
	worker->outside_told = text;
}

enum xc_err
xc_outside_call(struct xc_request *req, const struct xc_target *target)
{
	struct xc_outcome outcome = { .breach = XC_BREACH_NONE };

	xc_runner_call(target->runner, req, target->index, &outcome);
	/* What no handler has heard of is no handler's doing. */
	req->breach = outcome.unheard ? XC_BREACH_START : outcome.breach;
	if (outcome.breach != XC_BREACH_NONE && outcome.handled == XC_OK)
		return XC_ERR_FAILED;
	return outcome.handled;
}

enum xc_err
xc_outside_step(struct xc_request *req, const struct xc_target *target,
    bool behind)
{
	const struct xc_runner_step step = { .name = target->operation,
		.operation = target->index, .on_reply = behind };
	struct xc_outcome outcome = { .breach = XC_BREACH_NONE };

	xc_runner_step(target->runner, req, &step, &outcome);
	if (outcome.breach != XC_BREACH_NONE && outcome.handled == XC_OK)
		return XC_ERR_FAILED;
	return outcome.handled;
}
