/* SPDX-License-Identifier: MIT */
#ifndef XC_TEST_JWT_H
#define XC_TEST_JWT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jwt.h"

#define NOW INT64_C(1795426431)

extern const struct xc_claims test_claims;

/* A ring whose only token key is of that kind. */
struct xc_keyring *test_ring(enum xc_key_kind kind);
struct xc_jwt *test_jwt(const struct xc_keyring *ring);
char *test_token(struct xc_jwt *jwt);

/* Why a token is refused at that time; "" if it is not. */
const char *test_why(struct xc_jwt *jwt, const char *token, int64_t now);

/* A token of any header and payload, signed by a key as its kind does; if
 * secret is not NULL, by HMAC with that.  malloc'ed. */
char *test_sign(const struct xc_key *key, const void *secret,
    size_t secret_len, const char *header, const char *payload);

/* The header and payload that the site writes, malloc'ed. */
char *test_header(const struct xc_key *key);
char *test_payload(const char *but, const char *value);

/* test-jwt-attacks.c */
void test_algorithms(void **state);
void test_headers(void **state);
void test_payloads(void **state);
void test_forms(void **state);
void test_keys_wrong(void **state);

#endif
