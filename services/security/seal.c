/* SPDX-License-Identifier: MIT */
/*
 * What the keys of the ring do.  What is sealed begins with a byte for the
 * form, one for the length of the key's id, and the id; then the nonce, the
 * cipher's text and the tag.  All before the text and the context are
 * authenticated with it.
 */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "keyring.h"
#include "token.h"

#define FORM		1
#define NONCE_LEN	12
#define TAG_LEN		16
#define DATA_MAX	(64u * 1024 * 1024)

/* One call of the cipher, either way. */
struct box {
	const struct xc_key *key;
	const char *context;
	const unsigned char *head;	/* up to the nonce's end */
	size_t head_len;
	const unsigned char *nonce;
};

/* Sets the cipher up and shows it what is authenticated only. */
static EVP_CIPHER_CTX *
begin(const struct box *box, int seal)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	const unsigned char *context = (const unsigned char *)box->context;
	size_t len = strlen(box->context);
	int n;

	if (ctx != NULL && len <= INT_MAX && EVP_CipherInit_ex(ctx,
	    EVP_aes_256_gcm(), NULL, box->key->secret, box->nonce,
	    seal) == 1 && EVP_CipherUpdate(ctx, NULL, &n, box->head,
	    (int)box->head_len) == 1 && (len == 0 || EVP_CipherUpdate(ctx,
	    NULL, &n, context, (int)len) == 1))
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

static enum xc_err
close_box(const struct box *box, const void *data, size_t len,
    unsigned char *out)
{
	EVP_CIPHER_CTX *ctx = begin(box, 1);
	enum xc_err err = XC_ERR_NOMEM;
	int n;

	if (ctx != NULL && (len == 0 || EVP_CipherUpdate(ctx, out, &n, data,
	    (int)len) == 1) && EVP_CipherFinal_ex(ctx, out + len, &n) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN,
	    out + len) == 1)
		err = XC_OK;
	EVP_CIPHER_CTX_free(ctx);
	return err;
}

static enum xc_err
open_box(const struct box *box, const unsigned char *data, size_t len,
    unsigned char *out)
{
	EVP_CIPHER_CTX *ctx = begin(box, 0);
	unsigned char tag[TAG_LEN];
	enum xc_err err = XC_ERR_DENIED;
	int n;

	if (ctx == NULL)
		return XC_ERR_NOMEM;
	memcpy(tag, data + len, TAG_LEN);
	if ((len == 0 || EVP_CipherUpdate(ctx, out, &n, data,
	    (int)len) == 1) && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG,
	    TAG_LEN, tag) == 1 && EVP_CipherFinal_ex(ctx, out + len, &n) == 1)
		err = XC_OK;
	EVP_CIPHER_CTX_free(ctx);
	return err;
}

enum xc_err
xc_seal(const struct xc_keyring *ring, const char *context, const void *data,
    size_t len, unsigned char **out_r, size_t *out_len_r)
{
	const struct xc_key *key = xc_keyring_active(ring, "seal");
	struct box box = { .key = key, .context = context };
	size_t id_len, head_len;
	unsigned char *out;
	enum xc_err err;

	*out_r = NULL;
	*out_len_r = 0;
	if (key == NULL)
		return XC_ERR_UNAVAILABLE;
	if (len > DATA_MAX)
		return XC_ERR_TOO_LARGE;
	id_len = strlen(key->id);
	head_len = 2 + id_len + NONCE_LEN;
	out = malloc(head_len + len + TAG_LEN);
	if (out == NULL)
		return XC_ERR_NOMEM;
	out[0] = FORM;
	out[1] = (unsigned char)id_len;
	memcpy(out + 2, key->id, id_len);
	box.head = out;
	box.head_len = head_len;
	box.nonce = out + 2 + id_len;
	err = xc_random(out + 2 + id_len, NONCE_LEN);
	if (err == XC_OK)
		err = close_box(&box, data, len, out + head_len);
	if (err != XC_OK) {
		free(out);
		return err;
	}
	*out_r = out;
	*out_len_r = head_len + len + TAG_LEN;
	return XC_OK;
}

/* Finds the key that sealed it and what stands where. */
static enum xc_err
read_head(const struct xc_keyring *ring, const unsigned char *in, size_t len,
    struct box *box)
{
	char id[sizeof(box->key->id)];
	size_t id_len;

	if (len < 2 || in[0] != FORM || in[1] == 0 || in[1] >= sizeof(id))
		return XC_ERR_DENIED;
	id_len = in[1];
	if (len < 2 + id_len + NONCE_LEN + TAG_LEN || len > DATA_MAX + 256)
		return XC_ERR_DENIED;
	memcpy(id, in + 2, id_len);
	id[id_len] = '\0';
	box->head = in;
	box->head_len = 2 + id_len + NONCE_LEN;
	box->nonce = in + 2 + id_len;
	box->key = strlen(id) == id_len ? xc_keyring_find(ring, "seal", id) :
	    NULL;
	return box->key != NULL ? XC_OK : XC_ERR_NOT_FOUND;
}

enum xc_err
xc_unseal(const struct xc_keyring *ring, const char *context,
    const void *sealed, size_t sealed_len, unsigned char **out_r,
    size_t *out_len_r)
{
	const unsigned char *in = sealed;
	struct box box = { .context = context };
	unsigned char *out;
	enum xc_err err;
	size_t len;

	*out_r = NULL;
	*out_len_r = 0;
	err = read_head(ring, in, sealed_len, &box);
	if (err != XC_OK)
		return err;
	len = sealed_len - box.head_len - TAG_LEN;
	/* One more, so that a caller may take it for a text. */
	out = calloc(1, len + 1);
	if (out == NULL)
		return XC_ERR_NOMEM;
	err = open_box(&box, in + box.head_len, len, out);
	if (err != XC_OK) {
		xc_wipe(out, len);
		free(out);
		return err;
	}
	*out_r = out;
	*out_len_r = len;
	return XC_OK;
}

enum xc_err
xc_keyring_hmac_nth(const struct xc_keyring *ring, const char *purpose,
    size_t n, const void *data, size_t len, unsigned char digest_r[32])
{
	const struct xc_key *key = xc_keyring_nth(ring, purpose, n);

	if (key == NULL)
		return XC_ERR_NOT_FOUND;
	return xc_hmac_sha256(key->secret, key->secret_len, data, len,
	    digest_r);
}

enum xc_err
xc_keyring_hmac(const struct xc_keyring *ring, const char *purpose,
    const void *data, size_t len, unsigned char digest_r[32])
{
	const struct xc_key *key = xc_keyring_active(ring, purpose);

	if (key == NULL)
		return XC_ERR_UNAVAILABLE;
	return xc_hmac_sha256(key->secret, key->secret_len, data, len,
	    digest_r);
}

enum xc_err
xc_sign(const struct xc_key *key, const void *data, size_t len,
    unsigned char signature_r[XC_SIGNATURE_LEN])
{
	size_t signature_len = XC_SIGNATURE_LEN;
	enum xc_err err = XC_ERR_NOMEM;
	EVP_MD_CTX *ctx;

	memset(signature_r, 0, XC_SIGNATURE_LEN);
	if (key->kind != XC_KEY_ED25519)
		return XC_ERR_INVALID;
	ctx = EVP_MD_CTX_new();
	if (ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL,
	    key->pkey) == 1 && EVP_DigestSign(ctx, signature_r,
	    &signature_len, data, len) == 1)
		err = XC_OK;
	EVP_MD_CTX_free(ctx);
	return err;
}

enum xc_err
xc_verify(const struct xc_key *key, const void *data, size_t len,
    const unsigned char *signature, size_t signature_len)
{
	enum xc_err err = XC_ERR_NOMEM;
	EVP_MD_CTX *ctx;

	if (key->kind != XC_KEY_ED25519 || signature_len != XC_SIGNATURE_LEN)
		return XC_ERR_DENIED;
	ctx = EVP_MD_CTX_new();
	if (ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL,
	    key->pkey) == 1)
		err = EVP_DigestVerify(ctx, signature, signature_len, data,
		    len) == 1 ? XC_OK : XC_ERR_DENIED;
	EVP_MD_CTX_free(ctx);
	return err;
}
