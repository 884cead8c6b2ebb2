/* SPDX-License-Identifier: MIT */
#include "service-private.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>
#include <xcore/security.h>

#include "token.h"

unsigned char *
xc_security_bytes(struct json_object *args, const char *name,
    size_t max, size_t *len_r)
{
	const char *text = xc_json_string(args, name);
	size_t len = text != NULL ? strlen(text) : 0, i;
	unsigned char *data = NULL;
	char *url;

	*len_r = 0;
	if (text == NULL || len > (max + 2) / 3 * 4)
		return NULL;
	/* Plain base64 with its padding, as the library writes it. */
	for (i = 0; i < 2 && len > 0 && text[len - 1] == '='; i++)
		len--;
	url = malloc(len + 1);
	data = malloc(max + 1);
	for (i = 0; url != NULL && i < len; i++)
		url[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
	if (url == NULL || data == NULL ||
	    xc_base64url_read(url, len, data, max, len_r) != XC_OK) {
		free(data);
		data = NULL;
	}
	if (url != NULL)
		xc_wipe(url, len);
	free(url);
	return data;
}

void
xc_security_drop(unsigned char *data, size_t len)
{
	if (data != NULL)
		xc_wipe(data, len);
	free(data);
}

enum xc_err
xc_security_answer(struct json_object **result_r, const char *name,
    struct json_object *value)
{
	struct json_object *result = json_object_new_object();

	if (result == NULL || value == NULL ||
	    json_object_object_add(result, name, value) != 0) {
		json_object_put(value);
		json_object_put(result);
		return XC_ERR_NOMEM;
	}
	*result_r = result;
	return XC_OK;
}

/* ---- codes by the plugin's key ------------------------------------------- */

/* What a code is about. */
struct subject {
	const char *plugin;
	const char *label;
	unsigned char *data;
	size_t len;
};

/* HMAC by the plugin's key, which is an HMAC by the n-th one of the ring: what
 * one plugin gets says nothing about another's. */
static enum xc_err
make_mac(const struct xc_keyring *ring, size_t n,
    const struct subject *subject, unsigned char mac_r[XC_DIGEST_LEN])
{
	static const char use[] = "xcore plugin mac";
	unsigned char key[XC_DIGEST_LEN];
	char name[sizeof(use) + XC_PLUGIN_NAME_MAX];
	size_t label = strlen(subject->label) + 1;
	size_t plugin = strlen(subject->plugin);
	unsigned char *text;
	enum xc_err err;

	if (plugin == 0 || plugin > XC_PLUGIN_NAME_MAX)
		return XC_ERR_INVALID;
	memcpy(name, use, sizeof(use));
	memcpy(name + sizeof(use), subject->plugin, plugin);
	err = xc_keyring_hmac_nth(ring, "plugin", n, name,
	    sizeof(use) + plugin, key);
	if (err != XC_OK)
		return err;
	text = malloc(label + subject->len + 1);
	if (text == NULL)
		return XC_ERR_NOMEM;
	/* The label's NUL ends it, so that nothing is said by two pairs. */
	memcpy(text, subject->label, label);
	memcpy(text + label, subject->data, subject->len);
	err = xc_hmac_sha256(key, sizeof(key), text, label + subject->len,
	    mac_r);
	xc_wipe(key, sizeof(key));
	xc_security_drop(text, label + subject->len);
	return err;
}

/* XC_ERR_UNAVAILABLE, XC_ERR_INVALID. */
static enum xc_err
read_subject(const struct xc_security *security,
    const struct xc_caller *caller, struct json_object *args,
    struct subject *subject_r)
{
	memset(subject_r, 0, sizeof(*subject_r));
	if (*security->ring == NULL ||
	    xc_keyring_active(*security->ring, "plugin") == NULL)
		return XC_ERR_UNAVAILABLE;
	subject_r->plugin = caller->plugin != NULL ? caller->plugin : "";
	subject_r->label = xc_json_string(args, "label");
	if (subject_r->label == NULL || strlen(subject_r->label) > XC_LABEL_MAX)
		return XC_ERR_INVALID;
	subject_r->data = xc_security_bytes(args, "data", XC_MAC_DATA_MAX,
	    &subject_r->len);
	return subject_r->data != NULL ? XC_OK : XC_ERR_INVALID;
}

static enum xc_err
run_mac(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	const struct xc_security *security = service;
	unsigned char mac[XC_DIGEST_LEN];
	char text[2 * XC_DIGEST_LEN + 1];
	struct subject subject;
	enum xc_err err;

	(void)refusal_r;
	err = read_subject(security, caller, args, &subject);
	if (err == XC_OK)
		err = make_mac(*security->ring, 0, &subject, mac);
	xc_security_drop(subject.data, subject.len);
	if (err != XC_OK)
		return err;
	xc_hex_write(mac, sizeof(mac), text);
	return xc_security_answer(result_r, "mac", json_object_new_string(text));
}

static enum xc_err
run_mac_check(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	const struct xc_security *security = service;
	unsigned char mac[XC_DIGEST_LEN], *given = NULL;
	struct subject subject;
	bool match = false;
	enum xc_err err;
	size_t n, len = 0;

	(void)refusal_r;
	err = read_subject(security, caller, args, &subject);
	if (err == XC_OK)
		given = xc_security_bytes(args, "mac", XC_DIGEST_LEN, &len);
	for (n = 0; err == XC_OK && !match; n++) {
		err = make_mac(*security->ring, n, &subject, mac);
		match = err == XC_OK && given != NULL &&
		    len == sizeof(mac) && xc_same(given, mac, len);
	}
	/* Past the last key: it is by none of them. */
	if (err == XC_ERR_NOT_FOUND)
		err = XC_OK;
	xc_security_drop(given, len);
	xc_security_drop(subject.data, subject.len);
	return err == XC_OK ? xc_security_answer(result_r, "match",
	    json_object_new_boolean(match)) : err;
}

/* ---- passwords ------------------------------------------------------------ */

static enum xc_err
run_hash(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	const struct xc_security *security = service;
	unsigned char *password;
	char phc[XC_PHC_SIZE];
	enum xc_err err;
	size_t len;

	(void)caller;
	(void)refusal_r;
	if (*security->hasher == NULL)
		return XC_ERR_UNAVAILABLE;
	password = xc_security_bytes(args, "password", XC_PASSWORD_MAX, &len);
	if (password == NULL)
		return XC_ERR_INVALID;
	err = xc_password_hash(*security->hasher, password, len, phc);
	xc_security_drop(password, len);
	return err == XC_OK ? xc_security_answer(result_r, "phc",
	    json_object_new_string(phc)) : err;
}

static enum xc_err
run_verify(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	const struct xc_security *security = service;
	const char *phc = xc_json_string(args, "phc");
	unsigned char *password;
	enum xc_err err;
	size_t len;
	bool old;

	(void)caller;
	(void)refusal_r;
	if (*security->hasher == NULL)
		return XC_ERR_UNAVAILABLE;
	password = xc_security_bytes(args, "password", XC_PASSWORD_MAX, &len);
	if (password == NULL)
		return XC_ERR_INVALID;
	err = xc_password_verify(*security->hasher, phc, password, len);
	xc_security_drop(password, len);
	if (err != XC_OK && err != XC_ERR_DENIED)
		return err;
	old = err == XC_OK && xc_password_is_old(*security->hasher, phc);
	err = xc_security_answer(result_r, "match", json_object_new_boolean(err == XC_OK));
	if (err == XC_OK && json_object_object_add(*result_r, "old",
	    json_object_new_boolean(old)) != 0)
		err = XC_ERR_NOMEM;
	return err;
}

/* A plugin's key is its own; a hash takes memory and time of the host. */
const struct xc_desk_row xc_security_rows[] = {
	{ "security.mac", NULL, NULL, run_mac },
	{ "security.mac_check", NULL, NULL, run_mac_check },
	{ "security.sign", NULL, NULL, xc_op_sign },
	{ "security.sign_check", NULL, NULL, xc_op_sign_check },
	{ "security.sign_key", NULL, NULL, xc_op_sign_key },
	{ "security.hash", "passwords", NULL, run_hash },
	{ "security.verify", "passwords", NULL, run_verify },
	{ NULL, NULL, NULL, NULL }
};
