/* SPDX-License-Identifier: MIT */
/*
 * libjwt, alone in a file: its header brings along another library's names
 * for JSON, which are those of json-c too.
 */
#ifndef XC_JWT_SIGN_H
#define XC_JWT_SIGN_H

#include <stdbool.h>

/* What a token says, with the names of the claims in front. */
struct xc_jwt_text {
	const char *name;
	const char *text;
};
struct xc_jwt_number {
	const char *name;
	long number;
};

struct xc_jwt_draft {
	const char *algorithm;
	const char *key_id;
	const struct xc_jwt_text *texts;	/* ends with a NULL name */
	const struct xc_jwt_number *numbers;	/* ... */
	const unsigned char *key;
	int key_len;		/* above 0 */
};

/* The signed token, malloc'ed; NULL. */
char *xc_jwt_encode(const struct xc_jwt_draft *draft);

/* Whether the signature is the key's, by that algorithm.  The form of the
 * token has been checked. */
bool xc_jwt_is_signed(const char *token, const char *algorithm,
    const unsigned char *key, int key_len);

#endif
