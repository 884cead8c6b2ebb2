/* SPDX-License-Identifier: MIT */
/* What <xcore/security.h> has. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "shared.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"	\
	"0123456789-_"

static void
say_error(struct json_object *list, enum xc_err err)
{
	json_object_array_add(list, json_object_new_string(words(err)));
}

static void
say_bool(struct json_object *list, bool is)
{
	json_object_array_add(list, json_object_new_boolean(is));
}

static struct json_object *
tokens(struct xc_request *req)
{
	struct json_object *list = json_object_new_array();
	char one[XC_RANDOM_TOKEN_SIZE], two[XC_RANDOM_TOKEN_SIZE];
	char *secret = xc_secret_alloc(req, 1000);

	say_error(list, xc_random_token(one));
	say_error(list, xc_random_token(two));
	say_bool(list, strlen(one) == 43 && strspn(one, LETTERS) == 43);
	say_bool(list, xc_secret_same(one, two, 43));
	say_bool(list, xc_secret_same(one, one, 43));
	if (secret == NULL)
		return list;
	memset(secret, 0, 1000);
	say_error(list, xc_random_bytes(secret, 1000));
	say_bool(list, memcmp(secret, secret + 500, 500) != 0);
	return list;
}

static struct json_object *
codes(struct xc_request *req, char hex_r[2 * XC_MAC_LEN + 1])
{
	static char much[XC_MAC_DATA_MAX + 1];
	struct json_object *list = json_object_new_array();
	unsigned char mac[XC_MAC_LEN] = { 0 };

	say_error(list, xc_mac_make(req, "invite", "ana\0b", 5, mac));
	for (size_t i = 0; i < XC_MAC_LEN; i++) {
		hex_r[2 * i] = "0123456789abcdef"[mac[i] >> 4];
		hex_r[2 * i + 1] = "0123456789abcdef"[mac[i] & 15];
	}
	hex_r[2 * XC_MAC_LEN] = '\0';
	say_error(list, xc_mac_check(req, "invite", "ana\0b", 5, mac,
	    sizeof(mac)));
	say_error(list, xc_mac_check(req, "reset", "ana\0b", 5, mac,
	    sizeof(mac)));
	say_error(list, xc_mac_check(req, "invite", "ana\0c", 5, mac,
	    sizeof(mac)));
	say_error(list, xc_mac_check(req, "invite", "ana\0b", 5, mac, 31));
	mac[31] ^= 1;
	say_error(list, xc_mac_check(req, "invite", "ana\0b", 5, mac,
	    sizeof(mac)));
	say_error(list, xc_mac_make(req, "invite", much, sizeof(much) - 1,
	    mac));
	say_error(list, xc_mac_make(req, "invite", much, sizeof(much), mac));
	return list;
}

static struct json_object *
signatures(struct xc_request *req)
{
	struct json_object *list = json_object_new_array();
	unsigned char signature[XC_SIGNATURE_LEN];
	unsigned char key[XC_SIGNATURE_KEY_LEN], digest[XC_SHA256_LEN];

	xc_sha256_make("abc", 3, digest);
	say_bool(list, digest[0] == 0xba && digest[31] == 0xad);
	say_error(list, xc_signature_make(req, "bill", digest, sizeof(digest),
	    signature));
	say_error(list, xc_signature_key(req, "bill", 0, key));
	say_error(list, xc_signature_check(req, key, digest, sizeof(digest),
	    signature, sizeof(signature)));
	say_error(list, xc_signature_check(req, key, "abc", 3, signature,
	    sizeof(signature)));
	say_error(list, xc_signature_key(req, "bill", 1, key));
	return list;
}

static enum xc_err
passwords(struct xc_request *req, struct json_object *list)
{
	const char *phc = NULL;
	bool old = true;
	enum xc_err err = xc_hash_password(req, "se\0cret", 7, &phc);

	if (err != XC_OK)
		return err;
	say_bool(list, strncmp(phc, "$argon2id$v=19$", 15) == 0);
	say_error(list, xc_check_password(req, phc, "se\0cret", 7, &old));
	say_bool(list, old);
	say_error(list, xc_check_password(req, phc, "se\0cre", 6, NULL));
	say_error(list, xc_check_password(req, NULL, "se\0cret", 7, NULL));
	return XC_OK;
}

enum xc_err
secrets(struct xc_request *req)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();
	char hex[2 * XC_MAC_LEN + 1];
	enum xc_err err;

	json_object_object_add(object, "tokens", tokens(req));
	json_object_object_add(object, "codes", codes(req, hex));
	json_object_object_add(object, "code", json_object_new_string(hex));
	json_object_object_add(object, "signatures", signatures(req));
	json_object_object_add(object, "passwords", list);
	err = passwords(req, list);
	if (err != XC_OK) {
		json_object_put(object);
		return err;
	}
	return answer(req, XC_OK, "secrets", object);
}
