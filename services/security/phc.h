/* SPDX-License-Identifier: MIT */
/* Argon2id's PHC strings: "$argon2id$v=19$m=19456,t=2,p=1$salt$hash". */
#ifndef XC_PHC_H
#define XC_PHC_H

#include <stddef.h>
#include <stdint.h>

#include <xcore/error.h>

#define XC_SALT_MIN	8
#define XC_SALT_MAX	64
#define XC_HASH_MIN	16
#define XC_HASH_MAX	64

struct xc_phc {
	uint32_t kb;		/* m */
	uint32_t passes;	/* t */
	uint32_t lanes;		/* p */
	size_t salt_len;
	size_t hash_len;
	unsigned char salt[XC_SALT_MAX];
	unsigned char hash[XC_HASH_MAX];
};

/* Reads one, in the one form that xc_phc_write() gives it.  XC_ERR_INVALID.
 * Whether the numbers are wise is for the caller to say. */
enum xc_err xc_phc_read(const char *text, struct xc_phc *phc_r);

/* XC_ERR_TOO_LARGE. */
enum xc_err xc_phc_write(const struct xc_phc *phc, char *text_r, size_t size);

#endif
