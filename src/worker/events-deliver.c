/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xcore/log.h>

#include "lib/plugin-private.h"
#include "worker/events.h"
#include "worker/execute.h"
#include "worker/worker.h"

#define PARAM_MAX 512
/* No request is served meanwhile, and each handler has its own time: what one
 * request has set off may hold this worker up for so long. */
#define TELL_MS 30000

static enum xc_err
emit(void *ctx, struct xc_plugin *from, const char *name,
    struct json_object *data)
{
	struct xc_worker *worker = ctx;
	const char *id = xc_request_id(&worker->req);
	struct xc_errbuf errbuf = { .text = "" };
	enum xc_err err = xc_events_put(&worker->told, from->name, name, id,
	    data, &errbuf);

	if (err != XC_OK)
		xc_log(&worker->req, XC_LOG_WARNING, "the event \"%s\" is "
		    "not told: %s", name, errbuf.text);
	return err;
}

const struct xc_event_ops xc_events_ops = { .emit = emit };

/* The request that tells it; the parameters are as a web server sends
 * them. */
static bool
make_request(struct xc_worker *worker, const struct xc_loaded *loaded,
    const struct xc_loaded_event *wanted, const struct xc_event *event)
{
	char method[] = "REQUEST_METHOD=POST";
	char type[] = "CONTENT_TYPE=application/json";
	char uri[PARAM_MAX], id[PARAM_MAX], length[PARAM_MAX];
	char *envp[] = { method, type, uri, id, length, NULL };
	struct xc_request *req = &worker->req;

	snprintf(uri, sizeof(uri), "REQUEST_URI=%s/events/%s",
	    loaded->prefix, event->name);
	snprintf(id, sizeof(id), "REQUEST_ID=%s", event->request_id);
	snprintf(length, sizeof(length), "CONTENT_LENGTH=%zu", event->len);
	return xc_request_parse(req, envp, event->body, event->len, NULL) ==
	    0 && xc_request_bind(req, loaded->plugin, loaded->n_segments,
	    wanted->operation_name, NULL, 0) == XC_OK;
}

static void
log_result(struct xc_worker *worker, const struct xc_loaded *loaded,
    const struct xc_event *event)
{
	const struct xc_request *req = &worker->req;
	unsigned status = xc_request_reply(req)->status;

	if (status >= 400)
		xc_logf_request(&worker->log, XC_LOG_WARNING,
		    xc_request_id(req), "%u for the event %s, which %s wants "
		    "to hear of", status, event->name, loaded->name);
}

/* Tells it to one plugin. */
static void
tell(struct xc_worker *worker, const struct xc_loaded *loaded,
    const struct xc_loaded_event *wanted, const struct xc_event *event)
{
	struct xc_target target = {
		.loaded = loaded,
		.handler = wanted->handler,
		.runner = wanted->handler ? NULL : loaded->runner,
		.index = wanted->operation,
		.operation = wanted->operation_name,
	};
	struct xc_request *req = &worker->req;

	if (!make_request(worker, loaded, wanted, event)) {
		xc_logf(&worker->log, XC_LOG_ERROR, "%s does not hear of "
		    "the event %s: out of memory", loaded->name,
		    event->name);
		xc_request_reset(req);
		return;
	}
	/* Its time begins here, not with what was deferred before it. */
	(void)xc_worker_clock(worker);
	xc_events_begin(&worker->told);
	xc_execute_note(worker, req, &target);
	if (xc_execute(worker, req, &target) != XC_OK)
		xc_events_take_back(&worker->told);
	log_result(worker, loaded, event);
	xc_execute_finish(worker, req, &target);
	xc_rescuer_end(worker);
	if (worker->stopping)
		xc_worker_forget(worker);
}

static const struct xc_loaded_event *
find(const struct xc_loaded *loaded, const char *name)
{
	size_t i;

	for (i = 0; i < loaded->n_events; i++)
		if (strcmp(loaded->events[i].name, name) == 0)
			return &loaded->events[i];
	return NULL;
}

/* False: there was no time for all. */
static bool
tell_all(struct xc_worker *worker, const struct xc_event *event,
    uint64_t until_ms)
{
	const struct xc_table *table = xc_loader_table(worker->loader);
	const struct xc_loaded_event *wanted;
	size_t i;

	for (i = 0; i < table->n; i++) {
		wanted = table->rows[i]->state == XC_SERVING ?
		    find(table->rows[i], event->name) : NULL;
		if (!wanted)
			continue;
		if (worker->now_ms >= until_ms)
			return false;
		tell(worker, table->rows[i], wanted, event);
	}
	return true;
}

/* Nobody waits for what is replied: there is nowhere to stream to. */
void
xc_events_deliver(struct xc_worker *worker, bool well)
{
	const struct xc_stream_ops *stream = worker->host.stream;
	struct xc_events *told = &worker->told;
	struct xc_event *event;
	uint64_t until_ms;
	unsigned late = 0;

	if (told->n == 0)
		return;
	if (!well)
		xc_events_take_back(told);
	(void)xc_worker_clock(worker);
	until_ms = worker->now_ms + TELL_MS;
	worker->host.stream = NULL;
	while ((event = xc_events_take(told)) != NULL) {
		told->depth = event->depth;
		late += !tell_all(worker, event, until_ms);
		free(event);
	}
	if (late > 0)
		xc_logf(&worker->log, XC_LOG_WARNING, "%u events were not "
		    "told to all: those of one request may take %d s", late,
		    TELL_MS / 1000);
	told->depth = 0;
	worker->host.stream = stream;
	xc_events_begin(told);
}
