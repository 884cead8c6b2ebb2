/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdio.h>

#include <json-c/json_object.h>

#include <xcore/event.h>
#include <xcore/log.h>

#include "check.h"
#include "host.h"
#include "permit.h"
#include "plugin-private.h"
#include "request-private.h"

/* Whether the plugin may emit it; says so if not. */
static enum xc_err
check_access(struct xc_request *req, const char *name)
{
	char permission[80];
	struct xc_errbuf errbuf;
	enum xc_err err = xc_check_event(name, &errbuf);

	if (err != XC_OK) {
		xc_log(req, XC_LOG_ERROR, "%s", errbuf.text);
		return err;
	}
	snprintf(permission, sizeof(permission), "event:%s", name);
	if (!xc_permit(req, req->plugin != NULL && xc_may_emit(req->plugin,
	    name), permission))
		return XC_ERR_DENIED;
	if (req->plugin == NULL || req->host->event == NULL) {
		xc_log(req, XC_LOG_DEBUG, "there are no events here");
		return XC_ERR_UNAVAILABLE;
	}
	return XC_OK;
}

static enum xc_err
check_data(struct xc_request *req, struct json_object *data)
{
	size_t len = 0;

	if (data == NULL)
		return XC_OK;
	if (json_object_to_json_string_length(data, JSON_C_TO_STRING_PLAIN |
	    JSON_C_TO_STRING_NOSLASHESCAPE, &len) == NULL)
		return XC_ERR_NOMEM;
	if (len <= XC_EVENT_DATA_MAX)
		return XC_OK;
	xc_log(req, XC_LOG_ERROR, "an event's data of %zu bytes; there may be "
	    "%d", len, XC_EVENT_DATA_MAX);
	return XC_ERR_TOO_LARGE;
}

enum xc_err
xc_event_emit(struct xc_request *req, const char *name,
    struct json_object *data)
{
	const struct xc_host *host = req->host;
	enum xc_err err;

	assert(req->magic == XC_REQUEST_MAGIC);
	err = check_access(req, name);
	if (err == XC_OK)
		err = check_data(req, data);
	if (err == XC_OK)
		err = host->event->emit(host->event_ctx, req->plugin, name,
		    data);
	json_object_put(data);
	return err;
}
