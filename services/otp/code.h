/* SPDX-License-Identifier: MIT */
/* Codes that people type: how they are made, read and kept. */
#ifndef XC_OTP_CODE_H
#define XC_OTP_CODE_H

#include <stdint.h>

#include "services/security/keyring.h"
#include "services/security/token.h"

#define XC_CODE_SIZE 16		/* of any of them as typed here, with a NUL */
#define XC_MAIL_DIGITS 8
#define XC_RECOVERY_LETTERS 12	/* of 5 bits: 60 bits */
#define XC_RECOVERY_CODES 10

enum xc_code_kind {
	XC_CODE_NONE,		/* has the form of none */
	XC_CODE_APP,		/* 6 digits */
	XC_CODE_MAIL,		/* 8 digits */
	XC_CODE_RECOVERY	/* 12 letters and digits */
};

/* What somebody has typed, without blanks and dashes, in code_r: letters in
 * lower case, and those that look like digits (o, i, l) as these. */
enum xc_code_kind xc_code_read(const char *text, char code_r[XC_CODE_SIZE]);

/* "4f7k-x2m9-q0zt"; eight digits.  XC_ERR_IO: there are no random numbers. */
enum xc_err xc_code_recovery(char text_r[XC_CODE_SIZE]);
enum xc_err xc_code_mail(char text_r[XC_CODE_SIZE]);

/*
 * What is kept of a code that was read: an HMAC by the n-th key of the ring
 * for "hash", of what it is for, whose it is, and itself.  XC_ERR_NOT_FOUND
 * past the last key; XC_ERR_UNAVAILABLE without any.
 */
enum xc_err xc_code_digest(const struct xc_keyring *ring, size_t n,
    const char *purpose, int64_t user_id, const char *code,
    unsigned char digest_r[XC_DIGEST_LEN]);

#endif
