/* SPDX-License-Identifier: MIT */
/* A user's own second factor over HTTP. */
#include <xcore/xcore.h>

#include "auth.h"

static const char *
code_of(struct xc_request *req)
{
	return xc_data_text(xc_data_member(xc_body(req), "code"), NULL);
}

enum xc_err
otp_status(struct xc_request *req)
{
	struct json_object *result;
	enum xc_err err = xc_otp_status(req, &result);

	return err == XC_OK ? reply_private(req, 200, result) : err;
}

enum xc_err
otp_setup(struct xc_request *req)
{
	struct json_object *result;
	enum xc_err err = xc_otp_setup(req, &result);

	return err == XC_OK ? reply_private(req, 200, result) : err;
}

enum xc_err
otp_confirm(struct xc_request *req)
{
	struct json_object *result;
	enum xc_err err = xc_otp_confirm(req, code_of(req), &result);

	return err == XC_OK ? reply_private(req, 200, result) : err;
}

enum xc_err
otp_recovery(struct xc_request *req)
{
	struct json_object *result;
	enum xc_err err = xc_otp_recovery(req, code_of(req), &result);

	return err == XC_OK ? reply_private(req, 200, result) : err;
}

enum xc_err
otp_verify(struct xc_request *req)
{
	enum xc_err err = xc_otp_verify(req, code_of(req));

	return err == XC_OK ? reply_private(req, 204, NULL) : err;
}

enum xc_err
otp_disable(struct xc_request *req)
{
	enum xc_err err = xc_otp_disable(req, code_of(req));

	return err == XC_OK ? reply_private(req, 204, NULL) : err;
}

enum xc_err
otp_mail(struct xc_request *req)
{
	enum xc_err err = xc_otp_mail(req);

	return err == XC_OK ? reply_private(req, 204, NULL) : err;
}
