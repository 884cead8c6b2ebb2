/* SPDX-License-Identifier: MIT */
/* What libjwt takes, and what others have taken, wrongly. */
#include "test-jwt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "services/security/keyring-edit.h"
#include "services/security/keyring-private.h"
#include "services/security/token.h"

struct site {
	struct xc_keyring *ring;
	struct xc_jwt *jwt;
	const struct xc_key *key;
	char *header;
	char *payload;
};

static struct site
open_site(enum xc_key_kind kind)
{
	struct site site = { .ring = test_ring(kind) };

	site.jwt = test_jwt(site.ring);
	site.key = xc_keyring_active(site.ring, "token");
	site.header = test_header(site.key);
	site.payload = test_payload("", NULL);
	return site;
}

static void
close_site(struct site *site)
{
	free(site->header);
	free(site->payload);
	xc_jwt_free(&site->jwt);
	xc_keyring_free(&site->ring);
}

/* A token that is signed rightly, but for what it says. */
static void
assert_refused(const struct site *site, const char *header,
    const char *payload, const char *why)
{
	char *token = test_sign(site->key, NULL, 0, header, payload);
	const char *got = test_why(site->jwt, token, NOW);

	/* NULL: libjwt or we refuse it. */
	if (why == NULL ? *got == '\0' : strcmp(got, why) != 0)
		fail_msg("\"%s\", not \"%s\": %s %s", got, why != NULL ? why :
		    "refused", header,
		    payload);
	free(token);
}

static const char *const algorithms[] = {
	"none", "None", "NONE", "nOnE", "", "hs256", "Hs256", "HS384", "HS512",
	"es256", "ES384", "ES512", "RS384", "PS256", "EdDSA", "HS256 ",
	"ES256\\u0000", "RS256,HS256"
};

void
test_algorithms(void **state)
{
	static const enum xc_key_kind kinds[] = {
		XC_KEY_SECRET, XC_KEY_EC, XC_KEY_RSA
	};
	char header[256], *token;
	struct site site;
	size_t i, k;

	(void)state;
	for (k = 0; k < 3; k++) {
		site = open_site(kinds[k]);
		for (i = 0; i < sizeof(algorithms) / sizeof(*algorithms);
		    i++) {
			snprintf(header, sizeof(header), "{\"alg\":\"%s\","
			    "\"kid\":\"%s\",\"typ\":\"JWT\"}", algorithms[i],
			    site.key->id);
			token = test_sign(site.key, NULL, 0, header,
			    site.payload);
			assert_string_not_equal(test_why(site.jwt, token,
			    NOW), "");
			/* ... and with no signature, as "none" has it. */
			strrchr(token, '.')[1] = '\0';
			assert_string_equal(test_why(site.jwt, token, NOW),
			    "form");
			*strrchr(token, '.') = '\0';
			assert_string_equal(test_why(site.jwt, token, NOW),
			    "form");
			free(token);
		}
		if (kinds[k] != XC_KEY_SECRET) {
			/* HMAC with the public key as its secret. */
			snprintf(header, sizeof(header), "{\"alg\":\"HS256\","
			    "\"kid\":\"%s\",\"typ\":\"JWT\"}", site.key->id);
			token = test_sign(NULL, site.key->public_pem,
			    strlen(site.key->public_pem), header,
			    site.payload);
			assert_string_equal(test_why(site.jwt, token, NOW),
			    "header");
			free(token);
			token = test_sign(NULL, site.key->public_pem,
			    strlen(site.key->public_pem), site.header,
			    site.payload);
			assert_string_equal(test_why(site.jwt, token, NOW),
			    "signature");
			free(token);
		}
		close_site(&site);
	}
}

struct header_case {
	const char *format;	/* with one %s for the key's id, or none */
	const char *why;
};

static const struct header_case header_cases[] = {
	{ "{\"alg\":\"ES256\",\"typ\":\"JWT\"}", "header" },
	{ "{\"alg\":\"ES256\",\"kid\":\"\",\"typ\":\"JWT\"}", "header" },
	{ "{\"alg\":\"ES256\",\"kid\":\"other\",\"typ\":\"JWT\"}", "header" },
	{ "{\"alg\":\"ES256\",\"kid\":\"../../dev/null\",\"typ\":\"JWT\"}",
	    "header" },
	{ "{\"alg\":\"ES256\",\"kid\":\"/etc/passwd\",\"typ\":\"JWT\"}",
	    "header" },
	{ "{\"alg\":\"ES256\",\"kid\":\"' OR 1=1 -- \",\"typ\":\"JWT\"}",
	    "header" },
	{ "{\"alg\":\"ES256\",\"kid\":\"x' UNION SELECT 'k\",\"typ\":\"JWT\"}",
	    "header" },
	{ "{\"alg\":\"ES256\",\"kid\":\"http://a.example/k\",\"typ\":\"JWT\"}",
	    "header" },
	{ "{\"alg\":\"ES256\",\"kid\":\"%s\\u0000\",\"typ\":\"JWT\"}",
	    NULL },
	{ "{\"alg\":\"ES256\",\"kid\":1,\"typ\":\"JWT\"}", "header" },
	{ "{\"alg\":\"ES256\",\"kid\":null,\"typ\":\"JWT\"}", "header" },
	{ "{\"alg\":\"ES256\",\"kid\":[\"%s\"],\"typ\":\"JWT\"}", "header" },
	{ "{\"alg\":[\"ES256\"],\"kid\":\"%s\",\"typ\":\"JWT\"}",
	    "header" },
	{ "{\"alg\":\"none\",\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"JWT\"}",
	    "form" },
	{ "{\"alg\":\"ES256\",\"alg\":\"ES256\",\"kid\":\"%s\"}", "form" },
	{ "{\"kid\":\"%s\",\"typ\":\"JWT\",\"typ\":\"JWT\"}", "form" },
	{ "{\"kid\":\"%s\",\"typ\":\"JWT\",\"x\":1}", "header" },
	{ "{\"alg\":\"ES256\",\"kid\":\"%s\"}", "header" },
	{ "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"jwt\"}", "header" },
	{ "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"at+jwt\"}", "header" },
	{ "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"JWE\"}", "header" },
	{ "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"JWT\",\"crit\":"
	    "[\"exp\"]}", "header" },
	{ "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"JWT\",\"jwk\":{}}",
	    "header" },
	{ "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"JWT\",\"jku\":"
	    "\"http://a.example\"}", "header" },
	{ "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"JWT\",\"x5u\":"
	    "\"http://a.example\"}", "header" },
	{ "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"JWT\",\"x5c\":[]}",
	    "header" },
	{ "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"JWT\",\"b64\":false}",
	    "header" },
	{ "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"JWT\"}x", "form" },
	{ "[\"alg\"]", "form" }, { "null", "form" }, { "7", "form" },
	{ "\xff\xfe", "form" }, { "{", "form" }, { "x", "form" },
};

void
test_headers(void **state)
{
	struct site site = open_site(XC_KEY_EC);
	const char *format, *at;
	char header[512], id[201];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(header_cases) / sizeof(*header_cases); i++) {
		format = header_cases[i].format;
		at = strstr(format, "%s");
		if (at == NULL)
			snprintf(header, sizeof(header), "%s", format);
		else
			snprintf(header, sizeof(header), "%.*s%s%s",
			    (int)(at - format), format, site.key->id, at + 2);
		assert_refused(&site, header, site.payload,
		    header_cases[i].why);
	}
	memset(id, 'a', 200);
	id[200] = '\0';
	snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"kid\":\"%s\","
	    "\"typ\":\"JWT\"}", id);
	assert_refused(&site, header, site.payload, "header");
	/* The same, in other words: taken, as it is the same key's. */
	snprintf(header, sizeof(header), "{ \"typ\" : \"JWT\", \"kid\":\"%s\","
	    " \"alg\":\"\\u0045S256\" }", site.key->id);
	assert_refused(&site, header, site.payload, "");
	close_site(&site);
}

struct payload_case {
	const char *name;
	const char *value;	/* NULL: it is missing */
	const char *why;
};

#define HEX "000102030405060708090a0b0c0d0e0"

static const struct payload_case payload_cases[] = {
	{ "exp", NULL, "times" }, { "exp", "\"1795427331\"", "times" },
	{ "exp", "1.795427331e9", "times" }, { "exp", "null", "times" },
	{ "exp", "true", "times" }, { "exp", "-1", "times" },
	{ "exp", "0", "times" }, { "exp", "9223372036854775807", "times" },
	{ "exp", "9223372036854775808", NULL },
	{ "exp", "18446744073709551616", NULL },
	{ "exp", "[1795427331]", "times" }, { "exp", "1795426431", "expired" },
	{ "exp", "1", "expired" }, { "exp", "1795426432", "" },
	{ "nbf", NULL, "times" }, { "nbf", "\"1\"", "times" },
	{ "nbf", "1795430031", "not yet valid" }, { "nbf", "1795426462", "not yet valid" },
	{ "nbf", "1795426461", "" },
	{ "iat", NULL, "times" }, { "iat", "{}", "times" },
	{ "iat", "1795430031", "not yet valid" }, { "iat", "1", "" },
	{ "iss", NULL, "issuer" }, { "iss", "\"\"", "issuer" },
	{ "iss", "\"https://ana.example/\"", "issuer" },
	{ "iss", "\"HTTPS://ana.example\"", "issuer" },
	{ "iss", "[\"https://ana.example\"]", "issuer" },
	{ "iss", "\"https://ana.example\\u0000\"", NULL },
	{ "aud", NULL, "audience" }, { "aud", "\"other\"", "audience" },
	{ "aud", "[\"xcore\"]", "audience" }, { "aud", "\"\"", "audience" },
	{ "aud", "\"xcore2\"", "audience" }, { "aud", "null", "audience" },
	{ "sub", NULL, "subject" }, { "sub", "42", "subject" },
	{ "sub", "\"\"", "subject" }, { "sub", "\"0\"", "subject" },
	{ "sub", "\"042\"", "subject" }, { "sub", "\"+42\"", "subject" },
	{ "sub", "\"-42\"", "subject" }, { "sub", "\"42 \"", "subject" },
	{ "sub", "\"4e1\"", "subject" }, { "sub", "\"admin\"", "subject" },
	{ "sub", "\"9223372036854775808\"", "subject" },
	{ "sub", "\"18446744073709551658\"", "subject" },
	{ "sub", "\"42' OR '1'='1\"", "subject" },
	{ "sub", "\"999999999999999999\"", "" },
	{ "sid", NULL, "id" }, { "sid", "\"\"", "id" },
	{ "sid", "\"" HEX "\"", "id" }, { "sid", "\"" HEX "ff\"", "id" },
	{ "sid", "\"" HEX "F\"", "id" }, { "sid", "\"" HEX "g\"", "id" },
	{ "jti", NULL, "id" }, { "jti", "7", "id" },
	{ "jti", "\"" HEX "f\"", "" },
	/* A claim twice; one that is not known. */
	{ "iss", "\"a\",\"iss\":\"https://ana.example\"", "form" },
	{ "exp", "1795427331,\"exp\":1795427331", "form" },
	{ "sub", "\"1\",\"\\u0073ub\":\"42\"", "form" },
	{ "jti", "\"" HEX "f\",\"role\":\"admin\"", "" },
};

static const char *const payloads[] = {
	"[]", "[1,2]", "null", "7", "\"x\"", "{", "x", "{}x", " ", "\xff",
	"{\"a\":NaN}", "{'a':1}"
};

void
test_payloads(void **state)
{
	struct site site = open_site(XC_KEY_EC);
	char deep[3001], *payload;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(payload_cases) / sizeof(*payload_cases); i++) {
		payload = test_payload(payload_cases[i].name,
		    payload_cases[i].value);
		assert_refused(&site, site.header, payload,
		    payload_cases[i].why);
		free(payload);
	}
	/* libjwt itself refuses what is no JSON at all. */
	for (i = 0; i < sizeof(payloads) / sizeof(*payloads); i++) {
		payload = test_sign(site.key, NULL, 0, site.header,
		    payloads[i]);
		assert_string_not_equal(test_why(site.jwt, payload, NOW), "");
		free(payload);
	}
	memset(deep, '[', 3000);
	deep[3000] = '\0';
	payload = test_sign(site.key, NULL, 0, site.header, deep);
	assert_string_not_equal(test_why(site.jwt, payload, NOW), "");
	free(payload);
	close_site(&site);
}

/* Each letter changed, and each cut. */
static void
mangle(const struct site *site, const char *token)
{
	size_t len = strlen(token), i;
	struct xc_claims claims;
	char text[XC_JWT_MAX];
	const char *why;

	for (i = 0; i < len; i++) {
		memcpy(text, token, len + 1);
		assert_int_equal(xc_jwt_check(site->jwt, text, i, NOW,
		    &claims, &why), XC_ERR_INVALID);
		text[i] = token[i] == 'A' ? 'B' : 'A';
		assert_string_not_equal(test_why(site->jwt, text, NOW), "");
		text[i] = '\0';
		assert_int_equal(xc_jwt_check(site->jwt, text, len, NOW,
		    &claims, &why), XC_ERR_INVALID);
	}
}

/* What libjwt skips in a signature, and other letters, at each place. */
static void
stuff(const struct site *site, const char *token)
{
	static const char *const pieces[] = {
		"=", "==", "~", "!!", ".", "..", " ", "\n", "\r\n", "+", "/",
		"%3d", "A", "\xc3\xa4"
	};
	size_t len = strlen(token), i, n;
	char text[XC_JWT_MAX + 8];

	for (n = 0; n < sizeof(pieces) / sizeof(*pieces); n++)
		for (i = 0; i <= len; i += i + 70 < len && i > 0 ? 7 : 1) {
			snprintf(text, sizeof(text), "%.*s%s%s", (int)i,
			    token, pieces[n], token + i);
			assert_string_not_equal(test_why(site->jwt, text,
			    NOW), "");
		}
}

/* The last letter of 64 bytes holds four bits that mean nothing. */
static void
spare_bits(const struct site *site, const char *token)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t len = strlen(token), i, n = 0;
	char text[XC_JWT_MAX];

	memcpy(text, token, len + 1);
	for (i = 0; i < 64; i++) {
		text[len - 1] = letters[i];
		n += *test_why(site->jwt, text, NOW) == '\0';
	}
	assert_int_equal(n, 1);
}

static void
zero_signature(const struct site *site, const char *token)
{
	char text[XC_JWT_MAX];
	size_t n = (size_t)(strrchr(token, '.') - token) + 1;

	memcpy(text, token, n);
	memset(text + n, 'A', strlen(token) - n);
	text[strlen(token)] = '\0';
	assert_string_equal(test_why(site->jwt, text, NOW), "signature");
}

void
test_forms(void **state)
{
	static const char *const forms[] = {
		"", ".", "..", "...", "a.b.c", "a..c", ".b.c", "a.b.",
		"Bearer x", "null", "eyJhbGciOiJub25lIn0.e30."
	};
	static const enum xc_key_kind kinds[] = {
		XC_KEY_SECRET, XC_KEY_EC, XC_KEY_RSA
	};
	size_t i, size = 10 * 1024 * 1024;
	char *token, *huge = malloc(size + 1);
	struct site site;

	(void)state;
	assert_non_null(huge);
	memset(huge, 'A', size);
	huge[size] = '\0';
	for (i = 0; i < 3; i++) {
		site = open_site(kinds[i]);
		token = test_token(site.jwt);
		mangle(&site, token);
		stuff(&site, token);
		zero_signature(&site, token);
		assert_string_equal(test_why(site.jwt, token, NOW), "");
		/* Remembered or not, another form is another token. */
		stuff(&site, token);
		spare_bits(&site, token);
		memcpy(huge, token, strlen(token));
		assert_string_equal(test_why(site.jwt, huge, NOW), "form");
		free(token);
		close_site(&site);
	}
	site = open_site(XC_KEY_EC);
	huge[0] = huge[1] = '.';
	assert_string_equal(test_why(site.jwt, huge, NOW), "form");
	huge[1024 * 1024] = '\0';
	assert_string_equal(test_why(site.jwt, huge, NOW), "form");
	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		assert_string_equal(test_why(site.jwt, forms[i], NOW),
		    "form");
	free(huge);
	close_site(&site);
}

/* A ring cannot be read with such keys; if one had them nevertheless, they
 * would not get to libjwt, for which no key means no check. */
static void
bend_key(enum xc_key_kind kind, const unsigned char *secret, size_t len,
    const char *pem)
{
	struct site site = open_site(kind);
	char *token = test_token(site.jwt), *made;
	struct xc_key *key = &site.ring->rooms[0].key;
	struct xc_errbuf errbuf;

	key->secret = secret;
	key->secret_len = len;
	key->private_pem = key->public_pem = pem;
	(void)xc_jwt_keys(site.jwt, &errbuf);
	assert_string_not_equal(test_why(site.jwt, token, NOW), "");
	assert_int_not_equal(xc_jwt_make(site.jwt, &test_claims, &made),
	    XC_OK);
	assert_null(made);
	key->secret = NULL;
	free(token);
	close_site(&site);
}

void
test_keys_wrong(void **state)
{
	struct site ec = open_site(XC_KEY_EC), rsa = open_site(XC_KEY_RSA);
	char header[256], *token;
	EVP_PKEY *p384;
	struct xc_key bent;

	(void)state;
	bend_key(XC_KEY_SECRET, NULL, 0, NULL);
	bend_key(XC_KEY_SECRET, NULL, 32, NULL);
	bend_key(XC_KEY_SECRET, (const unsigned char *)"k", 0, NULL);
	bend_key(XC_KEY_SECRET, (const unsigned char *)"k", 1, NULL);
	bend_key(XC_KEY_SECRET, (const unsigned char *)"k", (size_t)-1, NULL);
	bend_key(XC_KEY_EC, NULL, 0, NULL);
	bend_key(XC_KEY_EC, NULL, 0, "");
	bend_key(XC_KEY_RSA, NULL, 0, "no PEM");

	/* Another site's key under the id of ours; a key of another kind. */
	token = test_sign(rsa.key, NULL, 0, ec.header, ec.payload);
	assert_string_equal(test_why(ec.jwt, token, NOW), "signature");
	free(token);
	snprintf(header, sizeof(header), "{\"alg\":\"RS256\",\"kid\":\"%s\","
	    "\"typ\":\"JWT\"}", ec.key->id);
	token = test_sign(rsa.key, NULL, 0, header, ec.payload);
	assert_string_equal(test_why(ec.jwt, token, NOW), "header");
	free(token);

	/* ES256 by P-384: no ring takes the key, and its signatures have
	 * another length; cut to 64 bytes they are none. */
	p384 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
	assert_non_null(p384);
	bent = *ec.key;
	bent.pkey = p384;
	bent.kind = XC_KEY_RSA;
	token = test_sign(&bent, NULL, 0, ec.header, ec.payload);
	assert_string_equal(test_why(ec.jwt, token, NOW), "signature");
	free(token);
	EVP_PKEY_free(p384);

	/* The key of another purpose. */
	snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"kid\":\"%s\","
	    "\"typ\":\"JWT\"}", "seal-1");
	assert_refused(&ec, header, ec.payload, "header");
	close_site(&ec);
	close_site(&rsa);
}
