/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <json-c/json_object.h>

#include <xcore/arena.h>
#include <xcore/json.h>
#include <xcore/security.h>

#include "base64.h"
#include "desk.h"
#include "text.h"

#define PASSWORD_MAX 1024

enum xc_err
xc_random_bytes(void *buf, size_t len)
{
	unsigned char *at = buf;
	ssize_t n;

	while (len > 0) {
		n = getrandom(at, len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return XC_ERR_IO;
		at += n;
		len -= (size_t)n;
	}
	return XC_OK;
}

enum xc_err
xc_random_token(char token_r[XC_RANDOM_TOKEN_SIZE])
{
	unsigned char data[32];
	char text[48];
	size_t i;

	*token_r = '\0';
	if (xc_random_bytes(data, sizeof(data)) != XC_OK)
		return XC_ERR_IO;
	/* 43 letters and a "=". */
	xc_base64_encode(data, sizeof(data), text);
	for (i = 0; i < XC_RANDOM_TOKEN_SIZE - 1; i++)
		token_r[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' :
		    text[i];
	token_r[i] = '\0';
	explicit_bzero(data, sizeof(data));
	explicit_bzero(text, sizeof(text));
	return XC_OK;
}

/* volatile: the compiler must not end the loop where it knows the answer. */
bool
xc_secret_same(const void *a, const void *b, size_t len)
{
	const volatile unsigned char *x = a, *y = b;
	unsigned char other = 0;
	size_t i;

	for (i = 0; i < len; i++)
		other |= x[i] ^ y[i];
	return other == 0;
}

struct secret {
	void *data;
	size_t len;
};

static void
wipe(void *data)
{
	struct secret *secret = data;

	explicit_bzero(secret->data, secret->len);
}

void *
xc_secret_alloc(struct xc_request *req, size_t len)
{
	struct secret *secret = xc_alloc(req, sizeof(*secret));

	if (secret == NULL)
		return NULL;
	secret->data = xc_alloc(req, len);
	secret->len = len;
	if (secret->data == NULL || xc_defer(req, wipe, secret) != XC_OK)
		return NULL;
	return secret->data;
}

/* ---- what the desk is asked for ------------------------------------------ */

static bool
add(struct json_object *args, const char *name, struct json_object *value)
{
	if (value != NULL && json_object_object_add(args, name, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

static bool
add_text(struct json_object *args, const char *name, const char *text)
{
	return add(args, name, json_object_new_string(text));
}

/* Bytes go as base64: JSON has only text. */
static bool
add_bytes(struct json_object *args, const char *name, const void *data,
    size_t len)
{
	size_t size = xc_base64_size(len);
	char *text = size > 0 ? malloc(size) : NULL;
	bool ok;

	if (text == NULL)
		return false;
	xc_base64_encode(data, len, text);
	ok = add_text(args, name, text);
	explicit_bzero(text, size);
	free(text);
	return ok;
}

/* Asks with args if ok; else memory is out.  Takes their reference. */
static enum xc_err
ask(struct xc_request *req, const char *operation, struct json_object *args,
    bool ok, struct json_object **result_r)
{
	*result_r = NULL;
	if (ok)
		return xc_desk_call(req, operation, args, result_r);
	json_object_put(args);
	return XC_ERR_NOMEM;
}

static enum xc_err
read_match(struct json_object *result)
{
	bool match = false;

	if (!xc_json_bool(result, "match", &match))
		return XC_ERR_FAILED;
	return match ? XC_OK : XC_ERR_DENIED;
}

/* A member that is len bytes in hex. */
static bool
read_hex(struct json_object *result, const char *name, unsigned char *data_r,
    size_t len)
{
	const char *text = xc_json_string(result, name);
	int high, low;
	size_t i;

	if (text == NULL || strlen(text) != 2 * len)
		return false;
	for (i = 0; i < len; i++) {
		high = xc_hex((unsigned char)text[2 * i]);
		low = xc_hex((unsigned char)text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		data_r[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

enum xc_err
xc_mac_make(struct xc_request *req, const char *label, const void *data,
    size_t len, unsigned char mac_r[XC_MAC_LEN])
{
	struct json_object *args, *result;
	enum xc_err err;

	memset(mac_r, 0, XC_MAC_LEN);
	if (len > XC_MAC_DATA_MAX)
		return XC_ERR_TOO_LARGE;
	args = json_object_new_object();
	err = ask(req, "security.mac", args, args != NULL &&
	    add_text(args, "label", label) &&
	    add_bytes(args, "data", data, len), &result);
	if (err == XC_OK && !read_hex(result, "mac", mac_r, XC_MAC_LEN))
		err = XC_ERR_FAILED;
	return err;
}

enum xc_err
xc_mac_check(struct xc_request *req, const char *label, const void *data,
    size_t len, const void *mac, size_t mac_len)
{
	struct json_object *args, *result;
	enum xc_err err;

	if (len > XC_MAC_DATA_MAX)
		return XC_ERR_TOO_LARGE;
	if (mac_len != XC_MAC_LEN)
		return XC_ERR_DENIED;
	args = json_object_new_object();
	err = ask(req, "security.mac_check", args, args != NULL &&
	    add_text(args, "label", label) &&
	    add_bytes(args, "data", data, len) &&
	    add_bytes(args, "mac", mac, mac_len), &result);
	return err == XC_OK ? read_match(result) : err;
}

enum xc_err
xc_signature_make(struct xc_request *req, const char *label, const void *data,
    size_t len, unsigned char signature_r[XC_SIGNATURE_LEN])
{
	struct json_object *args, *result;
	enum xc_err err;

	memset(signature_r, 0, XC_SIGNATURE_LEN);
	if (len > XC_SIGNED_DATA_MAX)
		return XC_ERR_TOO_LARGE;
	args = json_object_new_object();
	err = ask(req, "security.sign", args, args != NULL &&
	    add_text(args, "label", label) &&
	    add_bytes(args, "data", data, len), &result);
	if (err == XC_OK && !read_hex(result, "signature", signature_r,
	    XC_SIGNATURE_LEN))
		err = XC_ERR_FAILED;
	return err;
}

enum xc_err
xc_signature_key(struct xc_request *req, const char *label, unsigned n,
    unsigned char key_r[XC_SIGNATURE_KEY_LEN])
{
	struct json_object *args = json_object_new_object(), *result;
	const char *text;
	enum xc_err err;

	memset(key_r, 0, XC_SIGNATURE_KEY_LEN);
	err = ask(req, "security.sign_key", args, args != NULL &&
	    add_text(args, "label", label) &&
	    add(args, "n", json_object_new_int64((int64_t)n)), &result);
	if (err != XC_OK)
		return err;
	text = xc_json_string(result, "key");
	if (text != NULL && *text == '\0')
		return XC_ERR_NOT_FOUND;
	return read_hex(result, "key", key_r, XC_SIGNATURE_KEY_LEN) ?
	    XC_OK : XC_ERR_FAILED;
}

enum xc_err
xc_signature_check(struct xc_request *req,
    const unsigned char key[XC_SIGNATURE_KEY_LEN], const void *data,
    size_t len, const void *signature, size_t signature_len)
{
	struct json_object *args, *result;
	enum xc_err err;

	if (len > XC_SIGNED_DATA_MAX)
		return XC_ERR_TOO_LARGE;
	if (signature_len != XC_SIGNATURE_LEN)
		return XC_ERR_DENIED;
	args = json_object_new_object();
	err = ask(req, "security.sign_check", args, args != NULL &&
	    add_bytes(args, "key", key, XC_SIGNATURE_KEY_LEN) &&
	    add_bytes(args, "data", data, len) &&
	    add_bytes(args, "signature", signature, signature_len), &result);
	return err == XC_OK ? read_match(result) : err;
}

enum xc_err
xc_hash_password(struct xc_request *req, const void *password, size_t len,
    const char **phc_r)
{
	struct json_object *args, *result;
	enum xc_err err;

	*phc_r = NULL;
	if (len > PASSWORD_MAX)
		return XC_ERR_TOO_LARGE;
	args = json_object_new_object();
	err = ask(req, "security.hash", args, args != NULL &&
	    add_bytes(args, "password", password, len), &result);
	if (err != XC_OK)
		return err;
	*phc_r = xc_json_string(result, "phc");
	return *phc_r != NULL ? XC_OK : XC_ERR_FAILED;
}

enum xc_err
xc_check_password(struct xc_request *req, const char *phc,
    const void *password, size_t len, bool *old_r)
{
	struct json_object *args, *result;
	bool old = false;
	enum xc_err err;

	if (old_r != NULL)
		*old_r = false;
	if (len > PASSWORD_MAX)
		return XC_ERR_DENIED;
	args = json_object_new_object();
	err = ask(req, "security.verify", args, args != NULL &&
	    add_text(args, "phc", phc != NULL ? phc : "") &&
	    add_bytes(args, "password", password, len), &result);
	if (err == XC_OK)
		err = read_match(result);
	if (err == XC_OK && old_r != NULL && xc_json_bool(result, "old", &old))
		*old_r = old;
	return err;
}
