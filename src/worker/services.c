/* SPDX-License-Identifier: MIT */
#include "worker/desk.h"
#include "worker/site.h"
#include "worker/worker.h"

static void
count_denied(void *ctx, struct xc_plugin *plugin, const char *what)
{
	(void)what;
	xc_fault(ctx, plugin, XC_BREACH_DENIED, NULL, NULL, NULL);
}

/* What needs no settings. */
static enum xc_err
open_plain(struct xc_worker *worker, struct xc_errbuf *errbuf)
{
	struct xc_host *host = &worker->host;
	enum xc_err err;

	host->log = &xc_log_host_ops;
	host->stream = &xc_wire_stream_ops;
	host->stream_ctx = &worker->wire;
	host->denied = count_denied;
	host->denied_ctx = worker;
	xc_events_init(&worker->told);
	host->event = &xc_events_ops;
	host->event_ctx = worker;
	host->part = &xc_spill_part_ops;
	host->part_ctx = &worker->body;
	if (xc_site_open(worker) != XC_OK)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	err = xc_http_open(&worker->http, errbuf);
	host->http = worker->http.ops;
	host->http_ctx = worker->http.ctx;
	return err;
}

enum xc_err
xc_services_open(struct xc_worker *worker, struct xc_errbuf *errbuf)
{
	const struct xc_settings *settings = worker->settings;
	struct xc_host *host = &worker->host;
	enum xc_err err;

	err = open_plain(worker, errbuf);
	if (err != XC_OK)
		return err;
	err = xc_database_open(&settings->database, &worker->database,
	    errbuf);
	if (err != XC_OK)
		return err;
	host->db = worker->database.ops;
	host->db_ctx = worker->database.ctx;
	err = xc_cache_open(&settings->cache, &worker->cache, errbuf);
	if (err != XC_OK)
		return err;
	host->cache = worker->cache.ops;
	host->cache_ctx = worker->cache.ctx;
	return xc_staff_open(worker, errbuf);
}

void
xc_services_close(struct xc_worker *worker)
{
	xc_staff_close(worker);
	xc_events_free(&worker->told);
	xc_site_close(worker);
	xc_http_close(&worker->http);
	xc_cache_close(&worker->cache);
	xc_database_close(&worker->database);
}

/* A namespace whose write failed is moved on as soon as its server is back,
 * also if no request comes by which it would be. */
void
xc_services_tend(struct xc_worker *worker)
{
	xc_staff_tend(worker->staff);
	xc_database_tend(&worker->database);
	if (worker->settle_ms == 0 || worker->now_ms < worker->settle_ms)
		return;
	xc_rescuer_begin(worker);
	worker->settle_ms = xc_cache_settle(&worker->cache) ? 0
	    : worker->now_ms + (uint64_t)worker->settings->cache.retry_ms;
	xc_rescuer_end(worker);
	(void)xc_worker_clock(worker);
}
