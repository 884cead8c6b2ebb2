/* SPDX-License-Identifier: MIT */
/* Ed25519 (RFC 8032) for plugins. */
#include <string.h>

#include <json-c/json_object.h>
#include <openssl/evp.h>

#include <xcore/json.h>
#include <xcore/security.h>

#include "service-private.h"
#include "token.h"

/* Who signs, and what for. */
struct signer {
	const struct xc_keyring *ring;
	const char *plugin;
	const char *label;
};

/* XC_ERR_UNAVAILABLE, XC_ERR_INVALID. */
static enum xc_err
read_signer(const struct xc_security *security,
    const struct xc_caller *caller, struct json_object *args,
    struct signer *signer_r)
{
	signer_r->ring = *security->ring;
	if (signer_r->ring == NULL ||
	    xc_keyring_active(signer_r->ring, "plugin") == NULL)
		return XC_ERR_UNAVAILABLE;
	signer_r->plugin = caller->plugin != NULL ? caller->plugin : "";
	signer_r->label = xc_json_string(args, "label");
	if (signer_r->plugin[0] == '\0' ||
	    strlen(signer_r->plugin) > XC_PLUGIN_NAME_MAX ||
	    signer_r->label == NULL || strlen(signer_r->label) > XC_LABEL_MAX)
		return XC_ERR_INVALID;
	return XC_OK;
}

/* The plugin's key for that label: an HMAC by the n-th one of the ring is what
 * RFC 8032 makes a key of.  What is signed is then only what was given, as
 * others who check it expect.  XC_ERR_NOT_FOUND past the last. */
static enum xc_err
make_key(const struct signer *signer, size_t n, EVP_PKEY **pkey_r)
{
	static const char use[] = "xcore plugin sign";
	char text[sizeof(use) + XC_PLUGIN_NAME_MAX + 1 + XC_LABEL_MAX];
	size_t plugin = strlen(signer->plugin) + 1;
	size_t label = strlen(signer->label);
	unsigned char seed[XC_DIGEST_LEN];
	enum xc_err err;

	*pkey_r = NULL;
	memcpy(text, use, sizeof(use));
	memcpy(text + sizeof(use), signer->plugin, plugin);
	memcpy(text + sizeof(use) + plugin, signer->label, label);
	err = xc_keyring_hmac_nth(signer->ring, "plugin", n, text,
	    sizeof(use) + plugin + label, seed);
	if (err != XC_OK)
		return err;
	*pkey_r = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed,
	    sizeof(seed));
	xc_wipe(seed, sizeof(seed));
	return *pkey_r != NULL ? XC_OK : XC_ERR_NOMEM;
}

static enum xc_err
answer_hex(struct json_object **result_r, const char *name,
    const unsigned char *data, size_t len)
{
	char text[2 * XC_SIGNATURE_LEN + 1];

	xc_hex_write(data, len, text);
	return xc_security_answer(result_r, name,
	    json_object_new_string(text));
}

enum xc_err
xc_op_sign(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	unsigned char signature[XC_SIGNATURE_LEN], *data = NULL;
	struct xc_key key = { .kind = XC_KEY_ED25519 };
	struct signer signer;
	enum xc_err err;
	size_t len = 0;

	(void)refusal_r;
	err = read_signer(service, caller, args, &signer);
	if (err == XC_OK) {
		data = xc_security_bytes(args, "data", XC_SIGNED_DATA_MAX,
		    &len);
		err = data != NULL ? make_key(&signer, 0, &key.pkey) :
		    XC_ERR_INVALID;
	}
	if (err == XC_OK)
		err = xc_sign(&key, data, len, signature);
	EVP_PKEY_free(key.pkey);
	xc_security_drop(data, len);
	return err == XC_OK ? answer_hex(result_r, "signature", signature,
	    sizeof(signature)) : err;
}

/* XC_OK, XC_ERR_DENIED; a key that is no point of the curve has signed
 * nothing. */
static enum xc_err
check(const unsigned char *public, size_t public_len,
    const unsigned char *data, size_t len, const unsigned char *signature,
    size_t signature_len)
{
	struct xc_key key = { .kind = XC_KEY_ED25519 };
	enum xc_err err;

	if (public_len != XC_SIGNATURE_KEY_LEN)
		return XC_ERR_DENIED;
	key.pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public,
	    public_len);
	if (key.pkey == NULL)
		return XC_ERR_DENIED;
	err = xc_verify(&key, data, len, signature, signature_len);
	EVP_PKEY_free(key.pkey);
	return err;
}

/* With a key that is given; needs none of ours. */
enum xc_err
xc_op_sign_check(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	size_t key_len, len, signature_len;
	unsigned char *key = xc_security_bytes(args, "key",
	    XC_SIGNATURE_KEY_LEN, &key_len);
	unsigned char *data = xc_security_bytes(args, "data",
	    XC_SIGNED_DATA_MAX, &len);
	unsigned char *signature = xc_security_bytes(args, "signature",
	    XC_SIGNATURE_LEN, &signature_len);
	enum xc_err err = XC_ERR_INVALID;

	(void)service;
	(void)caller;
	(void)refusal_r;
	if (key != NULL && data != NULL && signature != NULL)
		err = check(key, key_len, data, len, signature,
		    signature_len);
	xc_security_drop(key, key_len);
	xc_security_drop(data, len);
	xc_security_drop(signature, signature_len);
	return err == XC_OK || err == XC_ERR_DENIED ?
	    xc_security_answer(result_r, "match",
	    json_object_new_boolean(err == XC_OK)) : err;
}

enum xc_err
xc_op_sign_key(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	unsigned char public[XC_SIGNATURE_KEY_LEN];
	size_t len = sizeof(public);
	EVP_PKEY *pkey = NULL;
	struct signer signer;
	int64_t n = 0;
	enum xc_err err;

	(void)refusal_r;
	err = read_signer(service, caller, args, &signer);
	if (err == XC_OK && (!xc_json_int(args, "n", &n) || n < 0))
		err = XC_ERR_INVALID;
	if (err == XC_OK)
		err = make_key(&signer, (size_t)n, &pkey);
	/* That there are no more is no failure. */
	if (err == XC_ERR_NOT_FOUND)
		return xc_security_answer(result_r, "key",
		    json_object_new_string(""));
	if (err == XC_OK && EVP_PKEY_get_raw_public_key(pkey, public,
	    &len) != 1)
		err = XC_ERR_NOMEM;
	EVP_PKEY_free(pkey);
	return err == XC_OK ? answer_hex(result_r, "key", public,
	    sizeof(public)) : err;
}
