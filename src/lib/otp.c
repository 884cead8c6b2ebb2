/* SPDX-License-Identifier: MIT */
#include <assert.h>

#include <json-c/json_object.h>

#include <xcore/otp.h>

#include "desk.h"
#include "request-private.h"

/* code may be NULL: the desk says that it is missing. */
static enum xc_err
ask(struct xc_request *req, const char *operation, const char *code,
    struct json_object **result_r)
{
	struct json_object *args = NULL, *text = NULL, *result = NULL;
	enum xc_err err = XC_ERR_NOMEM;

	assert(req->magic == XC_REQUEST_MAGIC);
	if (result_r != NULL)
		*result_r = NULL;
	args = json_object_new_object();
	if (args != NULL && code != NULL) {
		text = json_object_new_string(code);
		if (text == NULL ||
		    json_object_object_add(args, "code", text) != 0) {
			json_object_put(text);
			json_object_put(args);
			args = NULL;
		}
	}
	if (args != NULL)
		err = xc_desk_call(req, operation, args, &result);
	if (result_r != NULL)
		*result_r = result;
	return err;
}

enum xc_err
xc_otp_setup(struct xc_request *req, struct json_object **result_r)
{
	return ask(req, "otp.setup", NULL, result_r);
}

enum xc_err
xc_otp_confirm(struct xc_request *req, const char *code,
    struct json_object **result_r)
{
	return ask(req, "otp.confirm", code, result_r);
}

enum xc_err
xc_otp_verify(struct xc_request *req, const char *code)
{
	return ask(req, "otp.verify", code, NULL);
}

enum xc_err
xc_otp_disable(struct xc_request *req, const char *code)
{
	return ask(req, "otp.disable", code, NULL);
}

enum xc_err
xc_otp_recovery(struct xc_request *req, const char *code,
    struct json_object **result_r)
{
	return ask(req, "otp.recovery", code, result_r);
}

enum xc_err
xc_otp_mail(struct xc_request *req)
{
	return ask(req, "otp.mail", NULL, NULL);
}

enum xc_err
xc_otp_status(struct xc_request *req, struct json_object **result_r)
{
	return ask(req, "otp.status", NULL, result_r);
}
