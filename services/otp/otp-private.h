/* SPDX-License-Identifier: MIT */
/* What the files of the second factors share. */
#ifndef XC_OTP_PRIVATE_H
#define XC_OTP_PRIVATE_H

#include "loggers/logger.h"

#include "code.h"
#include "mail.h"
#include "otp.h"
#include "throttle.h"
#include "totp.h"

struct xc_otp {
	struct xc_identity identity;
	struct xc_mail mail;
	/* The clock of the codes; tests have their own. */
	int64_t (*now)(void);
};

extern struct xc_logger xc_otp_log;

/* A secret as it lies in the database. */
struct xc_otp_row {
	unsigned char sealed[256];
	size_t sealed_len;
	bool confirmed;
	char created_at[32];	/* as the database says it */
};

/* XC_ERR_NOT_FOUND: there is none. */
enum xc_err xc_otp_row(struct xc_otp *otp, int64_t user_id,
    struct xc_otp_row *row_r);

/* Opens it; XC_ERR_UNAVAILABLE, logged, if the ring does not. */
enum xc_err xc_otp_open(struct xc_otp *otp, int64_t user_id,
    const struct xc_otp_row *row, unsigned char secret_r[XC_TOTP_SECRET_LEN]);

/* Seals it for that user; *sealed_r is malloc'ed. */
enum xc_err xc_otp_seal(struct xc_otp *otp, int64_t user_id,
    const unsigned char secret[XC_TOTP_SECRET_LEN], unsigned char **sealed_r,
    size_t *len_r);

/* The row of xc_throttle that tries of that purpose are counted in. */
struct xc_throttle xc_otp_throttle(const struct xc_otp *otp,
    const char *purpose, int64_t user_id);

/* XC_ERR_BUSY, said to the client. */
enum xc_err xc_otp_locked(struct xc_refusal *refusal_r, uint32_t retry_s);

/* XC_ERR_UNAVAILABLE without a ring. */
enum xc_err xc_otp_ring(const struct xc_otp *otp,
    struct xc_refusal *refusal_r);

/* Whether something was mailed: otp.mail, xc_otp_send(). */
bool xc_otp_purpose_ok(const char *purpose);

/* What the operations need of otp-mail.c. */
enum xc_err xc_otp_take_mail(struct xc_otp *otp, int64_t user_id,
    const char *purpose, const char *code);

#endif
