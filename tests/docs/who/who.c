/* SPDX-License-Identifier: MIT */
/* For tests: tells what a client showed to prove who it is. */
#include <json-c/json.h>

#include <xcore/xcore.h>

static enum xc_err
tell(struct xc_request *req)
{
	const char *shown = xc_request_header(req, "authorization");
	struct json_object *obj = json_object_new_object();

	if (obj == NULL || json_object_object_add(obj, "shown",
	    json_object_new_string(shown != NULL ? shown : "nothing")) != 0) {
		json_object_put(obj);
		return XC_ERR_NOMEM;
	}
	return xc_reply_json(req, 200, obj);
}

XC_PLUGIN(.operations = XC_OPERATIONS({ "tell", tell }));
