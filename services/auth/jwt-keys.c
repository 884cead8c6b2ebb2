/* SPDX-License-Identifier: MIT */
/* The keys that tokens are signed and verified with. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "services/auth/jwt-private.h"
#include "services/security/token.h"

#define SECRET_MIN 32
#define EC_FIELD 32		/* bytes of a coordinate on P-256 */
#define NUMBER_MAX 512		/* bytes of an RSA modulus of 4096 bits */

struct algorithm {
	const char *name;
	enum xc_key_kind kind;
};

static const struct algorithm algorithms[] = {
	{ "HS256", XC_KEY_SECRET },
	{ "RS256", XC_KEY_RSA },
	{ "ES256", XC_KEY_EC },
};

static const struct algorithm *
find_algorithm(const char *name)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (strcmp(algorithms[i].name, name) == 0)
			return &algorithms[i];
	return NULL;
}

/*
 * A key goes into the table only if it is of the one kind that the algorithm
 * in force has, and is there: libjwt takes any bytes for a secret, and no
 * bytes for leave to verify nothing.
 */
static bool
take_key(struct xc_jwt_key *row, const struct xc_key *key,
    enum xc_key_kind kind)
{
	if (key->kind != kind)
		return false;
	row->key = key;
	if (kind == XC_KEY_SECRET) {
		row->sign = row->verify = key->secret;
		row->sign_len = row->verify_len = (int)key->secret_len;
		row->signature_len = XC_DIGEST_LEN;
		return key->secret != NULL && key->secret_len >= SECRET_MIN;
	}
	if (key->private_pem == NULL || key->public_pem == NULL ||
	    key->pkey == NULL)
		return false;
	row->sign = (const unsigned char *)key->private_pem;
	row->sign_len = (int)strlen(key->private_pem);
	row->verify = (const unsigned char *)key->public_pem;
	row->verify_len = (int)strlen(key->public_pem);
	row->signature_len = kind == XC_KEY_EC ? 2 * EC_FIELD
	    : (size_t)EVP_PKEY_get_size(key->pkey);
	return row->sign_len > 0 && row->verify_len > 0;
}

enum xc_err
xc_jwt_keys(struct xc_jwt *jwt, struct xc_errbuf *errbuf)
{
	const struct algorithm *algorithm = find_algorithm(jwt->algorithm);
	const struct xc_key *key;

	xc_wipe(jwt->seen, sizeof(jwt->seen));
	memset(jwt->keys, 0, sizeof(jwt->keys));
	jwt->n = 0;
	if (algorithm == NULL)
		return xc_fail(errbuf, XC_ERR_INVALID, "auth.algorithm \"%s\""
		    " is not known: set HS256, RS256 or ES256",
		    jwt->algorithm);
	for (size_t i = 0; jwt->n < XC_JWT_KEYS_MAX; i++) {
		key = xc_keyring_nth(jwt->ring, "token", i);
		if (key == NULL)
			break;
		if (take_key(&jwt->keys[jwt->n], key, algorithm->kind))
			jwt->n++;
		else
			memset(&jwt->keys[jwt->n], 0, sizeof(jwt->keys[0]));
	}
	if (xc_jwt_signer(jwt) == NULL)
		return xc_fail(errbuf, XC_ERR_UNAVAILABLE, "the key ring has "
		    "no active token key for auth.algorithm %s: make one with "
		    "\"xcorectl keys rotate token\"", jwt->algorithm);
	return XC_OK;
}

const struct xc_jwt_key *
xc_jwt_key(const struct xc_jwt *jwt, const char *id)
{
	for (size_t i = 0; i < jwt->n; i++)
		if (strcmp(jwt->keys[i].key->id, id) == 0)
			return &jwt->keys[i];
	return NULL;
}

const struct xc_jwt_key *
xc_jwt_signer(const struct xc_jwt *jwt)
{
	for (size_t i = 0; i < jwt->n; i++)
		if (jwt->keys[i].key->state == XC_KEY_ACTIVE)
			return &jwt->keys[i];
	return NULL;
}

/* --- as a JWK set -------------------------------------------------------- */

static enum xc_err
add_text(struct json_object *object, const char *name, const char *text)
{
	struct json_object *value = json_object_new_string(text);

	if (value == NULL || json_object_object_add(object, name, value) != 0)
	{
		json_object_put(value);
		return XC_ERR_NOMEM;
	}
	return XC_OK;
}

/* A number of the key, as base64url of width bytes (0: as many as it has). */
static enum xc_err
add_number(struct json_object *object, const char *name, EVP_PKEY *pkey,
    const char *param, int width)
{
	unsigned char bytes[NUMBER_MAX];
	char text[2 * NUMBER_MAX];
	BIGNUM *number = NULL;
	int len;
	enum xc_err err = XC_ERR_FAILED;

	if (EVP_PKEY_get_bn_param(pkey, param, &number) != 1)
		return XC_ERR_FAILED;
	len = width > 0 ? width : BN_num_bytes(number);
	if (len <= NUMBER_MAX && BN_bn2binpad(number, bytes, len) == len)
		err = xc_base64url(bytes, (size_t)len, text, sizeof(text));
	BN_free(number);
	return err == XC_OK ? add_text(object, name, text) : err;
}

static enum xc_err
fill_jwk(const struct xc_jwt *jwt, const struct xc_key *key,
    struct json_object *jwk)
{
	bool ec = key->kind == XC_KEY_EC;
	enum xc_err err;

	err = add_text(jwk, "kty", ec ? "EC" : "RSA");
	if (err == XC_OK)
		err = add_text(jwk, "use", "sig");
	if (err == XC_OK)
		err = add_text(jwk, "alg", jwt->algorithm);
	if (err == XC_OK)
		err = add_text(jwk, "kid", key->id);
	if (err == XC_OK && ec)
		err = add_text(jwk, "crv", "P-256");
	if (err == XC_OK)
		err = ec ? add_number(jwk, "x", key->pkey,
		    OSSL_PKEY_PARAM_EC_PUB_X, EC_FIELD)
		    : add_number(jwk, "n", key->pkey, OSSL_PKEY_PARAM_RSA_N, 0);
	if (err == XC_OK)
		err = ec ? add_number(jwk, "y", key->pkey,
		    OSSL_PKEY_PARAM_EC_PUB_Y, EC_FIELD)
		    : add_number(jwk, "e", key->pkey, OSSL_PKEY_PARAM_RSA_E, 0);
	return err;
}

static enum xc_err
add_jwk(const struct xc_jwt *jwt, const struct xc_key *key,
    struct json_object *keys)
{
	struct json_object *jwk = json_object_new_object();
	enum xc_err err = jwk != NULL ? fill_jwk(jwt, key, jwk) : XC_ERR_NOMEM;

	if (err == XC_OK && json_object_array_add(keys, jwk) == 0)
		return XC_OK;
	json_object_put(jwk);
	return err == XC_OK ? XC_ERR_NOMEM : err;
}

enum xc_err
xc_jwt_jwks(const struct xc_jwt *jwt, struct json_object **jwks_r)
{
	struct json_object *set = json_object_new_object();
	struct json_object *keys = json_object_new_array();
	enum xc_err err = XC_OK;

	*jwks_r = NULL;
	if (set == NULL || keys == NULL ||
	    json_object_object_add(set, "keys", keys) != 0) {
		json_object_put(keys);
		json_object_put(set);
		return XC_ERR_NOMEM;
	}
	for (size_t i = 0; err == XC_OK && i < jwt->n; i++)
		if (jwt->keys[i].key->kind != XC_KEY_SECRET)
			err = add_jwk(jwt, jwt->keys[i].key, keys);
	if (err != XC_OK) {
		json_object_put(set);
		return err;
	}
	*jwks_r = set;
	return XC_OK;
}
