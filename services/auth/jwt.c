/* SPDX-License-Identifier: MIT */
#include "services/auth/jwt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "services/auth/jwt-private.h"
#include "services/auth/jwt-sign.h"
#include "services/security/token.h"

#define SLACK_S 30		/* that the clocks of two hosts may differ */
#define SIGNATURE_MAX 512	/* bytes: RSA with 4096 bits */
#define ID_LEN 32		/* hex digits */
/* libjwt refuses "at+jwt" (RFC 9068), so tokens say what RFC 7519 says. */
#define TYPE "JWT"

/* --- life ---------------------------------------------------------------- */

enum xc_err
xc_jwt_new(const struct xc_auth_settings *settings,
    const struct xc_keyring *ring, struct xc_jwt **jwt_r,
    struct xc_errbuf *errbuf)
{
	struct xc_jwt *jwt = calloc(1, sizeof(*jwt));
	enum xc_err err;

	*jwt_r = NULL;
	if (jwt == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	jwt->ring = ring;
	jwt->algorithm = strdup(settings->algorithm);
	jwt->issuer = strdup(settings->issuer);
	jwt->audience = strdup(settings->audience);
	if (jwt->algorithm == NULL || jwt->issuer == NULL ||
	    jwt->audience == NULL)
		err = xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	else
		err = xc_jwt_keys(jwt, errbuf);
	if (err != XC_OK) {
		xc_jwt_free(&jwt);
		return err;
	}
	*jwt_r = jwt;
	return XC_OK;
}

void
xc_jwt_free(struct xc_jwt **jwt)
{
	if (*jwt == NULL)
		return;
	free((*jwt)->algorithm);
	free((*jwt)->issuer);
	free((*jwt)->audience);
	xc_wipe(*jwt, sizeof(**jwt));
	free(*jwt);
	*jwt = NULL;
}

/* --- making -------------------------------------------------------------- */

enum xc_err
xc_jwt_make(struct xc_jwt *jwt, const struct xc_claims *claims,
    char **token_r)
{
	const struct xc_jwt_key *key = xc_jwt_signer(jwt);
	char subject[24];
	const struct xc_jwt_text texts[] = { { "iss", jwt->issuer },
		{ "aud", jwt->audience }, { "sub", subject },
		{ "sid", claims->session }, { "jti", claims->id },
		{ NULL, NULL } };
	const struct xc_jwt_number numbers[] = {
		{ "iat", (long)claims->issued_at },
		{ "nbf", (long)claims->not_before },
		{ "exp", (long)claims->expires_at }, { NULL, 0 } };
	struct xc_jwt_draft draft = { .algorithm = jwt->algorithm,
		.texts = texts, .numbers = numbers };

	*token_r = NULL;
	if (key == NULL)
		return XC_ERR_UNAVAILABLE;
	snprintf(subject, sizeof(subject), "%" PRId64, claims->user_id);
	draft.key_id = key->key->id;
	draft.key = key->sign;
	draft.key_len = key->sign_len;
	*token_r = xc_jwt_encode(&draft);
	return *token_r != NULL ? XC_OK : XC_ERR_FAILED;
}

/* --- checking ------------------------------------------------------------ */

/* The parts of a token; they lie in it. */
struct parts {
	const char *part[3];
	size_t len[3];
};

static bool
is_base64url(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Exactly three parts, none of them empty, of nothing but base64url: libjwt
 * skips letters that it does not know. */
static bool
split(const char *token, size_t len, struct parts *parts)
{
	size_t n = 0, from = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && is_base64url(token[i]))
			continue;
		if ((i < len && token[i] != '.') || i == from || n == 3)
			return false;
		parts->part[n] = token + from;
		parts->len[n++] = i - from;
		from = i + 1;
	}
	return n == 3;
}

/* A part that is a JSON object, read strictly: a new reference, or NULL. */
static struct json_object *
read_object(const char *part, size_t len)
{
	unsigned char bytes[XC_JWT_MAX];
	struct json_object *object = NULL;
	size_t n;

	if (xc_base64url_read(part, len, bytes, sizeof(bytes), &n) != XC_OK ||
	    xc_json_parse((const char *)bytes, n, &object, NULL, 0) != XC_OK)
		return NULL;
	if (json_object_is_type(object, json_type_object))
		return object;
	json_object_put(object);
	return NULL;
}

static bool
says(const struct json_object *object, const char *name, const char *text)
{
	const char *value = xc_json_string(object, name);

	return value != NULL && strcmp(value, text) == 0;
}

/*
 * The header says our algorithm, our type and the name of a key of ours, and
 * nothing else: no key of its own, no address of one, no "crit".
 */
static const struct xc_jwt_key *
header_key(const struct xc_jwt *jwt, const struct json_object *header)
{
	const char *id = xc_json_string(header, "kid");

	if (json_object_object_length(header) != 3 || id == NULL ||
	    !says(header, "alg", jwt->algorithm) || !says(header, "typ", TYPE))
		return NULL;
	return xc_jwt_key(jwt, id);
}

static bool
time_of(const struct json_object *claims, const char *name, int64_t *time_r)
{
	struct json_object *value = xc_json_member(claims, name);

	if (!json_object_is_type(value, json_type_int))
		return false;
	*time_r = json_object_get_int64(value);
	/* A number beyond 64 bits is given as the largest one. */
	return *time_r > 0 && *time_r < INT64_MAX / 2;
}

/* A user's number as we write it: no sign, no zero in front. */
static bool
user_of(const struct json_object *claims, int64_t *user_r)
{
	const char *text = xc_json_string(claims, "sub");
	int64_t value = 0;

	if (text == NULL || *text < '1' || *text > '9' || strlen(text) > 18)
		return false;
	for (; *text >= '0' && *text <= '9'; text++)
		value = value * 10 + (*text - '0');
	*user_r = value;
	return *text == '\0';
}

static bool
id_of(const struct json_object *claims, const char *name, char id_r[33])
{
	const char *text = xc_json_string(claims, name);

	if (text == NULL || strlen(text) != ID_LEN ||
	    strspn(text, "0123456789abcdef") != ID_LEN)
		return false;
	memcpy(id_r, text, ID_LEN + 1);
	return true;
}

/* Each claim, whoever signed it; the times are compared elsewhere. */
static const char *
read_claims(const struct xc_jwt *jwt, const struct json_object *object,
    struct xc_claims *claims)
{
	if (!says(object, "iss", jwt->issuer))
		return "issuer";
	if (!says(object, "aud", jwt->audience))
		return "audience";
	if (!user_of(object, &claims->user_id))
		return "subject";
	if (!id_of(object, "sid", claims->session) ||
	    !id_of(object, "jti", claims->id))
		return "id";
	if (!time_of(object, "exp", &claims->expires_at) ||
	    !time_of(object, "nbf", &claims->not_before) ||
	    !time_of(object, "iat", &claims->issued_at))
		return "times";
	return NULL;
}

static const char *
judge_times(const struct xc_claims *claims, int64_t now)
{
	if (now >= claims->expires_at)
		return "expired";
	if (claims->not_before > now + SLACK_S ||
	    claims->issued_at > now + SLACK_S)
		return "not yet valid";
	return NULL;
}

/* One way of writing a signature, and of the length that the key gives. */
static bool
signature_fits(const struct parts *parts, const struct xc_jwt_key *key)
{
	unsigned char bytes[SIGNATURE_MAX];
	size_t n;

	return xc_base64url_read(parts->part[2], parts->len[2], bytes,
	    sizeof(bytes), &n) == XC_OK && n == key->signature_len;
}

static const char *
check_signature(const struct xc_jwt *jwt, const char *token,
    const struct parts *parts)
{
	struct json_object *header = read_object(parts->part[0],
	    parts->len[0]);
	const struct xc_jwt_key *key;

	if (header == NULL)
		return "form";
	key = header_key(jwt, header);
	json_object_put(header);
	if (key == NULL)
		return "header";
	if (!signature_fits(parts, key) || !xc_jwt_is_signed(token,
	    jwt->algorithm, key->verify, key->verify_len))
		return "signature";
	return NULL;
}

/* A token that was not met before, NUL-terminated. */
static const char *
check_fresh(const struct xc_jwt *jwt, const char *token, size_t len,
    struct xc_claims *claims)
{
	struct json_object *object;
	struct parts parts;
	const char *why;

	if (!split(token, len, &parts))
		return "form";
	why = check_signature(jwt, token, &parts);
	if (why != NULL)
		return why;
	object = read_object(parts.part[1], parts.len[1]);
	if (object == NULL)
		return "form";
	why = read_claims(jwt, object, claims);
	json_object_put(object);
	return why;
}

static enum xc_err
refuse(const char **why_r, const char *why)
{
	*why_r = why;
	return XC_ERR_INVALID;
}

enum xc_err
xc_jwt_check(struct xc_jwt *jwt, const char *token, size_t len, int64_t now,
    struct xc_claims *claims_r, const char **why_r)
{
	unsigned char digest[XC_DIGEST_LEN];
	struct xc_jwt_seen *seen;
	char copy[XC_JWT_MAX + 1];
	const char *why;

	memset(claims_r, 0, sizeof(*claims_r));
	*why_r = "";
	if (len == 0 || len > XC_JWT_MAX)
		return refuse(why_r, "form");
	if (xc_sha256(token, len, digest) != XC_OK)
		return XC_ERR_NOMEM;
	seen = &jwt->seen[(digest[0] | (size_t)digest[1] << 8) &
	    (XC_JWT_SEEN - 1)];
	if (memcmp(seen->digest, digest, sizeof(digest)) != 0) {
		struct xc_claims claims = { 0 };

		memcpy(copy, token, len);
		copy[len] = '\0';
		why = check_fresh(jwt, copy, len, &claims);
		if (why != NULL)
			return refuse(why_r, why);
		memcpy(seen->digest, digest, sizeof(digest));
		seen->claims = claims;
	}
	why = judge_times(&seen->claims, now);
	if (why != NULL)
		return refuse(why_r, why);
	*claims_r = seen->claims;
	return XC_OK;
}
