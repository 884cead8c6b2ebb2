/* SPDX-License-Identifier: MIT */
#include "worker/worker.h"

enum xc_err
xc_services_open(struct xc_worker *worker, struct xc_errbuf *errbuf)
{
	const struct xc_settings *settings = worker->settings;
	struct xc_host *host = &worker->host;
	enum xc_err err;

	host->log = &xc_log_host_ops;
	host->stream = &xc_wire_stream_ops;
	host->stream_ctx = &worker->wire;
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
	return XC_OK;
}

void
xc_services_close(struct xc_worker *worker)
{
	xc_cache_close(&worker->cache);
	xc_database_close(&worker->database);
}

/* A namespace whose write failed is moved on as soon as its server is back,
 * also if no request comes by which it would be. */
void
xc_services_tend(struct xc_worker *worker)
{
	if (worker->settle_ms == 0 || worker->now_ms < worker->settle_ms)
		return;
	xc_rescuer_begin(worker);
	worker->settle_ms = xc_cache_settle(&worker->cache) ? 0
	    : worker->now_ms + (uint64_t)worker->settings->cache.retry_ms;
	xc_rescuer_end(worker);
	(void)xc_worker_clock(worker);
}
