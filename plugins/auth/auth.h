/* SPDX-License-Identifier: MIT */
/* What the files of this plugin share. */
#ifndef AUTH_H
#define AUTH_H

#include <xcore/plugin.h>

struct json_object;
struct xc_request;

/* Replies with what nobody may keep; result stays the request's, and may be
 * NULL for 204. */
enum xc_err reply_private(struct xc_request *req, int status,
    struct json_object *result);

/* otp.c */
xc_handler otp_status, otp_setup, otp_confirm, otp_verify, otp_disable,
    otp_recovery, otp_mail;

#endif
