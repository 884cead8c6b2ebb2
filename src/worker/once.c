/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "contract/contract.h"
#include "lib/plugin-private.h"
#include "worker/desk.h"
#include "worker/idempotency.h"
#include "worker/worker.h"

static struct xc_idempotency
with(struct xc_worker *worker, const struct xc_target *target)
{
	const struct xc_plugin *plugin = target->loaded->plugin;

	return (struct xc_idempotency){
		.store = worker->staff != NULL ? worker->staff->store : NULL,
		.log = &worker->log,
		.plugin = plugin->name,
		.operation = target->operation,
		.body = worker->body.data,
		.body_len = worker->body.len,
		.timeout_ms = plugin->limits.timeout_ms,
		.keep_s = worker->settings->server.idempotency_s,
	};
}

bool
xc_once_begin(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target, struct xc_claim *claim_r)
{
	struct xc_idempotency idempotency;

	claim_r->held = false;
	if (!target->contract ||
	    !xc_contract_is_idempotent(target->contract, target->index))
		return true;
	idempotency = with(worker, target);
	return xc_idempotency_begin(&idempotency, req, claim_r);
}

void
xc_once_end(struct xc_worker *worker, struct xc_request *req,
    const struct xc_target *target, enum xc_err ran,
    struct xc_claim *claim)
{
	struct xc_idempotency idempotency;

	if (!claim->held)
		return;
	idempotency = with(worker, target);
	xc_idempotency_end(&idempotency, req, ran, claim);
}
