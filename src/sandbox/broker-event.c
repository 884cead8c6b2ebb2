/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include <json-c/json_object.h>

#include "lib/check.h"
#include "lib/permit.h"
#include "sandbox/broker-private.h"

/* What 64 KiB of JSON, all that the front door lets by, take as a tree at
 * worst. */
#define TREE_MAX ((size_t)48 << 20)

static enum xc_err
emit(struct xc_broking *call, const char *name, struct json_object *data)
{
	const struct xc_host *host = call->host;
	struct xc_errbuf errbuf;
	char permission[80];
	enum xc_err err = xc_check_event(name, &errbuf);

	if (err != XC_OK)
		return xc_broker_refuse(call, err, &errbuf);
	if (!xc_may_emit(call->plugin, name)) {
		snprintf(permission, sizeof(permission), "event:%s", name);
		return xc_broker_deny(call, XC_ERR_DENIED, permission);
	}
	if (host->event == NULL)
		return XC_ERR_UNAVAILABLE;
	return host->event->emit(host->event_ctx, call->plugin, name, data);
}

enum xc_err
xc_broker_event(struct xc_broking *call)
{
	const char *name = xc_call_get_text(&call->args);
	struct json_object *data;
	enum xc_err err = XC_ERR_INVALID;

	call->args.memory_max = TREE_MAX;
	data = xc_call_get_json(&call->args);
	if (xc_broker_args_end(call))
		err = emit(call, name, data);
	json_object_put(data);
	return err;
}
