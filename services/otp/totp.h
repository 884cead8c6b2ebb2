/* SPDX-License-Identifier: MIT */
/* Time-based codes (RFC 6238): SHA-1, 30 s, 6 digits, what every
 * authenticator app does.  Knows no database. */
#ifndef XC_TOTP_H
#define XC_TOTP_H

#include <stddef.h>
#include <stdint.h>

#include <xcore/error.h>

#define XC_TOTP_SECRET_LEN 20	/* 160 bits (RFC 4226, 4) */
#define XC_TOTP_SECRET_TEXT 33	/* ... in base32, with the NUL */
#define XC_TOTP_DIGITS 6
#define XC_TOTP_STEP_S 30

/*
 * Whether it is the code of now, or of up to window steps before or after it:
 * *step_r is the number of its step.  XC_ERR_DENIED: it is not;
 * XC_ERR_FAILED: liboath fails.
 */
enum xc_err xc_totp_match(const unsigned char secret[XC_TOTP_SECRET_LEN],
    int64_t now, unsigned window, const char *code, uint64_t *step_r);

/* The secret as apps take it: base32 (RFC 4648) in capitals.  XC_ERR_NOMEM. */
enum xc_err xc_totp_text(const unsigned char secret[XC_TOTP_SECRET_LEN],
    char text_r[XC_TOTP_SECRET_TEXT]);

/*
 * "otpauth://totp/ISSUER:ACCOUNT?secret=...&issuer=ISSUER&..." (Key Uri
 * Format).  A colon in a name, which would divide it, becomes "-".  *uri_r is
 * malloc'ed; it holds the secret.  XC_ERR_NOMEM.
 */
enum xc_err xc_totp_uri(const char *issuer, const char *account,
    const char *secret, char **uri_r);

#endif
