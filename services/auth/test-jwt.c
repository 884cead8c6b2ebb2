/* SPDX-License-Identifier: MIT */
#include "test-jwt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include <xcore/json.h>

#include "services/security/keyring-edit.h"
#include "services/security/token.h"

const struct xc_claims test_claims = {
	.user_id = 42, .session = "000102030405060708090a0b0c0d0e0f",
	.id = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", .issued_at = NOW,
	.not_before = NOW, .expires_at = NOW + 900
};

static struct xc_keyring *
new_ring(enum xc_key_kind kind)
{
	struct xc_keyring *ring;
	struct xc_errbuf errbuf;

	assert_int_equal(xc_keyring_new(&ring), XC_OK);
	assert_int_equal(xc_keyring_add(ring, "token", kind, XC_KEY_ACTIVE,
	    NULL, &errbuf), XC_OK);
	return ring;
}

static char rsa_file[] = "/tmp/xcore-jwt.XXXXXX";

static void
remove_rsa_file(void)
{
	(void)unlink(rsa_file);
}

/* A key of RSA takes long to make, under valgrind very long: there is one. */
struct xc_keyring *
test_ring(enum xc_key_kind kind)
{
	static bool made;
	struct xc_keyring *ring;
	struct xc_errbuf errbuf;
	int fd;

	if (kind != XC_KEY_RSA)
		return new_ring(kind);
	if (made) {
		assert_int_equal(xc_keyring_load(rsa_file, &ring, &errbuf),
		    XC_OK);
		return ring;
	}
	fd = mkstemp(rsa_file);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(atexit(remove_rsa_file), 0);
	ring = new_ring(kind);
	assert_int_equal(xc_keyring_write(ring, rsa_file, NULL, false,
	    &errbuf), XC_OK);
	made = true;
	return ring;
}

static const char *
algorithm_of(const struct xc_key *key)
{
	return key->kind == XC_KEY_SECRET ? "HS256" :
	    key->kind == XC_KEY_RSA ? "RS256" : "ES256";
}

struct xc_jwt *
test_jwt(const struct xc_keyring *ring)
{
	struct xc_auth_settings settings = {
		.issuer = "https://ana.example", .audience = "xcore",
		.algorithm = algorithm_of(xc_keyring_active(ring, "token"))
	};
	struct xc_errbuf errbuf;
	struct xc_jwt *jwt;

	assert_int_equal(xc_jwt_new(&settings, ring, &jwt, &errbuf), XC_OK);
	return jwt;
}

char *
test_token(struct xc_jwt *jwt)
{
	char *token;

	assert_int_equal(xc_jwt_make(jwt, &test_claims, &token), XC_OK);
	return token;
}

const char *
test_why(struct xc_jwt *jwt, const char *token, int64_t now)
{
	struct xc_claims claims;
	const char *why;
	enum xc_err err;

	err = xc_jwt_check(jwt, token, strlen(token), now, &claims, &why);
	assert_int_equal(err, *why == '\0' ? XC_OK : XC_ERR_INVALID);
	if (err != XC_OK)
		assert_true(claims.user_id == 0);
	return why;
}

/* ECDSA as JWS has it: r and s, 32 bytes each. */
static size_t
plain_ecdsa(unsigned char *signature, size_t len)
{
	const unsigned char *at = signature;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);

	assert_non_null(sig);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature, 32),
	    32);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature + 32,
	    32), 32);
	ECDSA_SIG_free(sig);
	return 64;
}

static size_t
sign_bytes(const struct xc_key *key, const char *text,
    unsigned char *signature, size_t size)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL,
	    key->pkey), 1);
	assert_int_equal(EVP_DigestSign(ctx, signature, &size,
	    (const unsigned char *)text, strlen(text)), 1);
	EVP_MD_CTX_free(ctx);
	return key->kind == XC_KEY_EC ? plain_ecdsa(signature, size) : size;
}

char *
test_sign(const struct xc_key *key, const void *secret, size_t secret_len,
    const char *header, const char *payload)
{
	size_t size = 2 * (strlen(header) + strlen(payload)) + 1024, n;
	char *token = malloc(size);
	unsigned char signature[512];

	assert_non_null(token);
	assert_int_equal(xc_base64url(header, strlen(header), token, size),
	    XC_OK);
	strcat(token, ".");
	n = strlen(token);
	assert_int_equal(xc_base64url(payload, strlen(payload), token + n,
	    size - n), XC_OK);
	if (secret == NULL && key->kind == XC_KEY_SECRET) {
		secret = key->secret;
		secret_len = key->secret_len;
	}
	if (secret != NULL) {
		assert_int_equal(xc_hmac_sha256(secret, secret_len, token,
		    strlen(token), signature), XC_OK);
		n = 32;
	} else
		n = sign_bytes(key, token, signature, sizeof(signature));
	strcat(token, ".");
	assert_int_equal(xc_base64url(signature, n, token + strlen(token),
	    size - strlen(token)), XC_OK);
	return token;
}

char *
test_header(const struct xc_key *key)
{
	char *text = malloc(256);

	assert_non_null(text);
	snprintf(text, 256, "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}",
	    algorithm_of(key), key->id);
	return text;
}

char *
test_payload(const char *but, const char *value)
{
	static const char *const claims[][2] = {
		{ "iss", "\"https://ana.example\"" }, { "aud", "\"xcore\"" },
		{ "sub", "\"42\"" },
		{ "sid", "\"000102030405060708090a0b0c0d0e0f\"" },
		{ "jti", "\"f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff\"" },
		{ "iat", "1795426431" }, { "nbf", "1795426431" },
		{ "exp", "1795427331" },
	};
	size_t size = 1024 + (value != NULL ? strlen(value) : 0), i;
	char *text = malloc(size);
	const char *sign = "{", *use;

	assert_non_null(text);
	*text = '\0';
	for (i = 0; i < sizeof(claims) / sizeof(*claims); i++) {
		use = strcmp(claims[i][0], but) == 0 ? value : claims[i][1];
		if (use == NULL)
			continue;
		snprintf(text + strlen(text), size - strlen(text),
		    "%s\"%s\":%s", sign, claims[i][0], use);
		sign = ",";
	}
	strcat(text, "}");
	return text;
}

static const enum xc_key_kind kinds[] = {
	XC_KEY_SECRET, XC_KEY_EC, XC_KEY_RSA
};

static void
test_make(void **state)
{
	char *token, *header, *payload, *ours;
	const struct xc_key *key;
	struct xc_keyring *ring;
	struct xc_claims claims;
	struct xc_jwt *jwt;
	const char *why;
	size_t i, n;

	(void)state;
	for (i = 0; i < 3; i++) {
		ring = test_ring(kinds[i]);
		jwt = test_jwt(ring);
		key = xc_keyring_active(ring, "token");
		token = test_token(jwt);
		/* At first, and remembered. */
		for (n = 0; n < 2; n++) {
			assert_int_equal(xc_jwt_check(jwt, token,
			    strlen(token), NOW, &claims, &why), XC_OK);
			assert_string_equal(why, "");
			assert_memory_equal(&claims, &test_claims,
			    sizeof(claims));
		}
		/* What others make of the same things is taken too. */
		header = test_header(key);
		payload = test_payload("", NULL);
		ours = test_sign(key, NULL, 0, header, payload);
		assert_string_equal(test_why(jwt, ours, NOW), "");
		free(ours);
		free(header);
		free(payload);
		free(token);
		xc_jwt_free(&jwt);
		xc_keyring_free(&ring);
	}
}

static void
test_times(void **state)
{
	struct xc_keyring *ring = test_ring(XC_KEY_EC);
	struct xc_jwt *jwt = test_jwt(ring);
	char *token = test_token(jwt);
	int i;

	(void)state;
	/* The second time from memory. */
	for (i = 0; i < 2; i++) {
		assert_string_equal(test_why(jwt, token, NOW - 31), "not yet valid");
		assert_string_equal(test_why(jwt, token, NOW + 900),
		    "expired");
		assert_string_equal(test_why(jwt, token, NOW + 1000000),
		    "expired");
		assert_string_equal(test_why(jwt, token, 0), "not yet valid");
		assert_string_equal(test_why(jwt, token, NOW - 30), "");
		assert_string_equal(test_why(jwt, token, NOW + 899), "");
	}
	free(token);
	xc_jwt_free(&jwt);
	xc_keyring_free(&ring);
}

/* An old key verifies, a retired one does not; a next one is not used. */
static void
test_rotation(void **state)
{
	struct xc_keyring *ring = test_ring(XC_KEY_EC);
	struct xc_jwt *jwt = test_jwt(ring);
	char *first = test_token(jwt), *second, *third;
	struct xc_errbuf errbuf;
	char old[40];

	(void)state;
	snprintf(old, sizeof(old), "%s", xc_keyring_active(ring,
	    "token")->id);
	assert_int_equal(xc_keyring_add(ring, "token", XC_KEY_EC,
	    XC_KEY_NEXT, NULL, &errbuf), XC_OK);
	assert_int_equal(xc_jwt_keys(jwt, &errbuf), XC_OK);
	second = test_token(jwt);
	/* The same header: the same key. */
	assert_memory_equal(first, second, strcspn(first, ".") + 1);

	assert_int_equal(xc_keyring_activate(ring, "token", &errbuf), XC_OK);
	assert_int_equal(xc_jwt_keys(jwt, &errbuf), XC_OK);
	third = test_token(jwt);
	assert_memory_not_equal(first, third, strcspn(first, ".") + 1);
	assert_string_equal(test_why(jwt, first, NOW), "");
	assert_string_equal(test_why(jwt, third, NOW), "");

	/* The one that is remembered goes with its key. */
	assert_int_equal(xc_keyring_retire(ring, old, &errbuf), XC_OK);
	assert_int_equal(xc_jwt_keys(jwt, &errbuf), XC_OK);
	assert_string_equal(test_why(jwt, first, NOW), "header");
	assert_string_equal(test_why(jwt, second, NOW), "header");
	assert_string_equal(test_why(jwt, third, NOW), "");
	free(first);
	free(second);
	free(third);
	xc_jwt_free(&jwt);
	xc_keyring_free(&ring);
}

/* Without a key for the algorithm nothing is made and nothing is taken. */
static void
test_no_key(void **state)
{
	struct xc_keyring *ring = test_ring(XC_KEY_EC), *none;
	struct xc_auth_settings settings = {
		.issuer = "https://ana.example", .audience = "xcore",
		.algorithm = "HS256"
	};
	struct xc_jwt *jwt = test_jwt(ring), *other;
	char *token = test_token(jwt), *made;
	struct xc_errbuf errbuf;

	(void)state;
	assert_int_equal(xc_jwt_new(&settings, ring, &other, &errbuf),
	    XC_ERR_UNAVAILABLE);
	assert_null(other);
	settings.algorithm = "none";
	assert_int_equal(xc_jwt_new(&settings, ring, &other, &errbuf),
	    XC_ERR_INVALID);
	assert_int_equal(xc_keyring_new(&none), XC_OK);
	settings.algorithm = "ES256";
	assert_int_equal(xc_jwt_new(&settings, none, &other, &errbuf),
	    XC_ERR_UNAVAILABLE);
	xc_keyring_free(&none);

	/* The only key changes to one of another kind. */
	assert_int_equal(xc_keyring_add(ring, "token", XC_KEY_SECRET,
	    XC_KEY_ACTIVE, NULL, &errbuf), XC_OK);
	assert_int_equal(xc_keyring_retire(ring, xc_keyring_nth(ring, "token",
	    1)->id, &errbuf), XC_OK);
	assert_int_equal(xc_jwt_keys(jwt, &errbuf), XC_ERR_UNAVAILABLE);
	assert_string_equal(test_why(jwt, token, NOW), "header");
	assert_int_equal(xc_jwt_make(jwt, &test_claims, &made),
	    XC_ERR_UNAVAILABLE);
	assert_null(made);
	free(token);
	xc_jwt_free(&jwt);
	xc_jwt_free(&jwt);
	xc_keyring_free(&ring);
}

static void
assert_member(struct json_object *jwk, const char *name, size_t len)
{
	const char *text = xc_json_string(jwk, name);
	unsigned char data[512];
	size_t n;

	assert_non_null(text);
	assert_int_equal(xc_base64url_read(text, strlen(text), data,
	    sizeof(data), &n), XC_OK);
	assert_int_equal(n, len);
}

static struct json_object *
get_jwks(enum xc_key_kind kind, char *id_r)
{
	struct xc_keyring *ring = test_ring(kind);
	struct xc_jwt *jwt = test_jwt(ring);
	struct json_object *jwks;
	struct xc_errbuf errbuf;
	const char *text;

	assert_int_equal(xc_keyring_add(ring, "token", kind, XC_KEY_NEXT,
	    NULL, &errbuf), XC_OK);
	assert_int_equal(xc_keyring_add(ring, "token", XC_KEY_SECRET,
	    XC_KEY_OLD, NULL, &errbuf), XC_OK);
	assert_int_equal(xc_jwt_keys(jwt, &errbuf), XC_OK);
	assert_int_equal(xc_jwt_jwks(jwt, &jwks), XC_OK);
	/* Nothing private, and no secret. */
	text = json_object_to_json_string(jwks);
	assert_null(strstr(text, "\"d\""));
	assert_null(strstr(text, "\"k\""));
	assert_null(strstr(text, "PRIVATE"));
	memcpy(id_r, xc_keyring_active(ring, "token")->id, 40);
	xc_jwt_free(&jwt);
	xc_keyring_free(&ring);
	return jwks;
}

static void
test_jwks(void **state)
{
	struct json_object *jwks, *keys, *jwk;
	char id[40];

	(void)state;
	jwks = get_jwks(XC_KEY_EC, id);
	keys = xc_json_member(jwks, "keys");
	assert_int_equal(json_object_array_length(keys), 2);
	jwk = json_object_array_get_idx(keys, 0);
	assert_int_equal(json_object_object_length(jwk), 7);
	assert_string_equal(xc_json_string(jwk, "kty"), "EC");
	assert_string_equal(xc_json_string(jwk, "alg"), "ES256");
	assert_string_equal(xc_json_string(jwk, "kid"), id);
	assert_member(jwk, "x", 32);
	assert_member(jwk, "y", 32);
	json_object_put(jwks);

	jwks = get_jwks(XC_KEY_RSA, id);
	jwk = json_object_array_get_idx(xc_json_member(jwks, "keys"), 0);
	assert_int_equal(json_object_object_length(jwk), 6);
	assert_string_equal(xc_json_string(jwk, "kty"), "RSA");
	assert_string_equal(xc_json_string(jwk, "e"), "AQAB");
	assert_member(jwk, "n", 384);
	json_object_put(jwks);

	jwks = get_jwks(XC_KEY_SECRET, id);
	assert_int_equal(json_object_array_length(xc_json_member(jwks,
	    "keys")), 0);
	json_object_put(jwks);
}

/* More tokens than are remembered. */
/* More than are remembered. */
#define MANY 1500

static void
test_many(void **state)
{
	struct xc_keyring *ring = test_ring(XC_KEY_SECRET);
	struct xc_jwt *jwt = test_jwt(ring);
	struct xc_claims claims = test_claims, found;
	const char *why;
	char *tokens[MANY];
	size_t i, n;

	(void)state;
	for (i = 0; i < MANY; i++) {
		claims.user_id = (int64_t)i + 1;
		assert_int_equal(xc_jwt_make(jwt, &claims, &tokens[i]),
		    XC_OK);
	}
	for (n = 0; n < 2; n++)
		for (i = 0; i < MANY; i++) {
			assert_int_equal(xc_jwt_check(jwt, tokens[i],
			    strlen(tokens[i]), NOW, &found, &why), XC_OK);
			assert_true(found.user_id == (int64_t)i + 1);
		}
	for (i = 0; i < MANY; i++)
		free(tokens[i]);
	xc_jwt_free(&jwt);
	xc_keyring_free(&ring);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_make),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_no_key),
		cmocka_unit_test(test_jwks),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_algorithms),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_payloads),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_keys_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
