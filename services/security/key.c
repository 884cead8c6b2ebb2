/* SPDX-License-Identifier: MIT */
/* One key: its kinds, and what it is made of. */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "keyring-edit.h"
#include "keyring-private.h"
#include "token.h"

#define RSA_BITS	3072
#define RSA_BITS_MAX	4096

static const char *const kind_names[] = {
	[XC_KEY_SECRET] = "secret",
	[XC_KEY_RSA] = "rsa",
	[XC_KEY_EC] = "ec",
	[XC_KEY_ED25519] = "ed25519"
};

static const char *const state_names[] = {
	[XC_KEY_NEXT] = "next",
	[XC_KEY_ACTIVE] = "active",
	[XC_KEY_OLD] = "old"
};

const char *const xc_key_purposes[] = {
	"token", "seal", "hash", "plugin", "audit", NULL
};

const char *
xc_key_kind_word(enum xc_key_kind kind)
{
	return kind_names[kind];
}

const char *
xc_key_state_word(enum xc_key_state state)
{
	return state_names[state];
}

/* The number of a word in a table; -1. */
static int
find_word(const char *const *words, int n, const char *text, size_t len)
{
	int i;

	for (i = 0; i < n; i++)
		if (strlen(words[i]) == len &&
		    memcmp(words[i], text, len) == 0)
			return i;
	return -1;
}

bool
xc_key_kind_parse(const char *text, size_t len, enum xc_key_kind *kind_r)
{
	int i = find_word(kind_names, 4, text, len);

	if (i >= 0)
		*kind_r = (enum xc_key_kind)i;
	return i >= 0;
}

bool
xc_key_state_parse(const char *text, size_t len, enum xc_key_state *state_r)
{
	int i = find_word(state_names, 3, text, len);

	if (i >= 0)
		*state_r = (enum xc_key_state)i;
	return i >= 0;
}

bool
xc_key_suits(const char *purpose, enum xc_key_kind kind)
{
	if (find_word(xc_key_purposes, 5, purpose, strlen(purpose)) < 0)
		return false;
	if (strcmp(purpose, "token") == 0)
		return kind != XC_KEY_ED25519;
	return kind == xc_key_kind_of(purpose, "");
}

enum xc_key_kind
xc_key_kind_of(const char *purpose, const char *algorithm)
{
	if (strcmp(purpose, "audit") == 0)
		return XC_KEY_ED25519;
	if (strcmp(purpose, "token") != 0 || strcmp(algorithm, "HS256") == 0)
		return XC_KEY_SECRET;
	return strcmp(algorithm, "RS256") == 0 ? XC_KEY_RSA : XC_KEY_EC;
}

void *
xc_secret_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	madvise(memory, size, MADV_DONTDUMP);
	/* Kept from the swap where the limits allow it. */
	(void)mlock2(memory, size, MLOCK_ONFAULT);
	return memory;
}

void
xc_secret_memory_free(void *memory, size_t size)
{
	if (memory == NULL)
		return;
	xc_wipe(memory, size);
	munmap(memory, size);
}

/* Whether an asymmetric key is of its kind, and strong. */
static bool
is_right(EVP_PKEY *pkey, enum xc_key_kind kind)
{
	char group[32] = "";
	int bits;

	switch (kind) {
	case XC_KEY_RSA:
		bits = EVP_PKEY_get_bits(pkey);
		return EVP_PKEY_is_a(pkey, "RSA") && bits >= RSA_BITS &&
		    bits <= RSA_BITS_MAX;
	case XC_KEY_EC:
		return EVP_PKEY_is_a(pkey, "EC") &&
		    EVP_PKEY_get_utf8_string_param(pkey,
		    OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
		    NULL) == 1 && strcmp(group, "prime256v1") == 0;
	case XC_KEY_ED25519:
		return EVP_PKEY_is_a(pkey, "ED25519");
	default:
		return false;
	}
}

/* Takes what was written to a BIO as a string. */
static bool
take_text(BIO *bio, char *text_r, size_t size)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	if (len <= 0 || (size_t)len >= size)
		return false;
	memcpy(text_r, data, (size_t)len);
	text_r[len] = '\0';
	return true;
}

static bool
write_pems(struct xc_key_room *room, EVP_PKEY *pkey)
{
	BIO *secret = BIO_new(BIO_s_secmem()), *open = BIO_new(BIO_s_mem());
	bool ok;

	ok = secret != NULL && open != NULL &&
	    PEM_write_bio_PKCS8PrivateKey(secret, pkey, NULL, NULL, 0, NULL,
	    NULL) == 1 && PEM_write_bio_PUBKEY(open, pkey) == 1 &&
	    take_text(secret, room->private_pem, sizeof(room->private_pem)) &&
	    take_text(open, room->public_pem, sizeof(room->public_pem));
	BIO_free(secret);
	BIO_free(open);
	return ok;
}

/* The public half must be that of the private one, which somebody may have
 * put together. */
static bool
is_whole(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	bool ok = ctx != NULL && EVP_PKEY_pairwise_check(ctx) == 1;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

enum xc_err
xc_key_fill_pkey(struct xc_key_room *room, struct evp_pkey_st *pkey)
{
	struct xc_key *key = &room->key;

	if (!is_right(pkey, key->kind))
		return XC_ERR_INVALID;
	if (!write_pems(room, pkey) || EVP_PKEY_up_ref(pkey) != 1)
		return XC_ERR_NOMEM;
	key->pkey = pkey;
	key->private_pem = room->private_pem;
	key->public_pem = room->public_pem;
	return XC_OK;
}

enum xc_err
xc_key_fill(struct xc_key_room *room, const unsigned char *data, size_t len)
{
	const unsigned char *at = data;
	enum xc_err err = XC_ERR_INVALID;
	PKCS8_PRIV_KEY_INFO *info;
	EVP_PKEY *pkey = NULL;

	if (room->key.kind == XC_KEY_SECRET) {
		if (len != XC_SECRET_LEN)
			return XC_ERR_INVALID;
		memcpy(room->secret, data, len);
		room->key.secret = room->secret;
		room->key.secret_len = len;
		return XC_OK;
	}
	info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)len);
	if (info != NULL && at == data + len)
		pkey = EVP_PKCS82PKEY(info);
	PKCS8_PRIV_KEY_INFO_free(info);
	if (pkey != NULL && is_right(pkey, room->key.kind) && is_whole(pkey))
		err = xc_key_fill_pkey(room, pkey);
	EVP_PKEY_free(pkey);
	return err;
}

enum xc_err
xc_key_data(const struct xc_key *key, unsigned char data_r[XC_KEY_DER_MAX],
    size_t *len_r)
{
	PKCS8_PRIV_KEY_INFO *info;
	unsigned char *at = data_r;
	int len;

	*len_r = 0;
	if (key->kind == XC_KEY_SECRET) {
		memcpy(data_r, key->secret, key->secret_len);
		*len_r = key->secret_len;
		return XC_OK;
	}
	info = EVP_PKEY2PKCS8(key->pkey);
	len = info != NULL ? i2d_PKCS8_PRIV_KEY_INFO(info, NULL) : -1;
	if (len > 0 && len <= XC_KEY_DER_MAX)
		len = i2d_PKCS8_PRIV_KEY_INFO(info, &at);
	else
		len = -1;
	PKCS8_PRIV_KEY_INFO_free(info);
	if (len < 0)
		return XC_ERR_NOMEM;
	*len_r = (size_t)len;
	return XC_OK;
}
