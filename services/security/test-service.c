/* SPDX-License-Identifier: MIT */
/* From the front doors of <xcore/security.h> to the keys and back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/security.h>

#include "keyring-edit.h"
#include "lib/test-host.h"
#include "service.h"
#include "token.h"

static struct xc_keyring *ring;
static struct xc_hasher *hasher;
static struct xc_security security = { .ring = &ring, .hasher = &hasher };
static const char *plugin_name;
static unsigned n_asked;

static const struct xc_desk_row *
find(const char *operation)
{
	const struct xc_desk_row *row = xc_security_rows;

	while (row->name != NULL && strcmp(row->name, operation) != 0)
		row++;
	return row->name != NULL ? row : NULL;
}

static enum xc_err
desk_ask(void *ctx, struct xc_request *req, const char *operation,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_caller caller = { .plugin = plugin_name };
	const struct xc_desk_row *row = find(operation);

	(void)ctx;
	(void)req;
	n_asked++;
	*result_r = NULL;
	memset(refusal_r, 0, sizeof(*refusal_r));
	assert_non_null(row);
	return row->fn(&security, &caller, args, result_r, refusal_r);
}

static const char *
desk_permission(void *ctx, const char *operation)
{
	(void)ctx;
	return find(operation)->permission;
}

static const struct xc_desk_ops ops = {
	.ask = desk_ask,
	.permission = desk_permission,
};

static void
begin(struct xc_request *req)
{
	static char *words[2];
	static char word[] = "passwords";

	words[0] = word;
	test_begin(req);
	test_host.desk = &ops;
	test_get(req, "/app/todo");
	test_plugin.words = words;
	plugin_name = "todo";
	n_asked = 0;
}

static int
open_keys(void **state)
{
	static const struct xc_security_settings settings = {
		.argon2_kb = 19456, .argon2_passes = 2, .argon2_lanes = 1,
		.hashes_max = 1, .hash_wait_ms = 2000, .password_min = 12
	};
	struct xc_errbuf errbuf;

	(void)state;
	return xc_keyring_fake(&ring, &errbuf) != XC_OK ||
	    xc_hasher_new(&settings, -1, &hasher, &errbuf) != XC_OK ? -1 : 0;
}

static int
close_keys(void **state)
{
	(void)state;
	xc_hasher_free(&hasher);
	xc_keyring_free(&ring);
	return 0;
}

static void
test_mac(void **state)
{
	unsigned char mac[XC_MAC_LEN], again[XC_MAC_LEN], *large;
	struct xc_request req;
	struct xc_errbuf errbuf;
	size_t i;

	(void)state;
	begin(&req);
	assert_int_equal(xc_mac_make(&req, "invite", "a\0b", 3, mac), XC_OK);
	assert_int_equal(xc_mac_make(&req, "invite", "a\0b", 3, again),
	    XC_OK);
	assert_memory_equal(mac, again, XC_MAC_LEN);
	assert_int_equal(xc_mac_check(&req, "invite", "a\0b", 3, mac,
	    XC_MAC_LEN), XC_OK);
	assert_int_equal(xc_mac_check(&req, "invite", "a\0c", 3, mac,
	    XC_MAC_LEN), XC_ERR_DENIED);
	assert_int_equal(xc_mac_check(&req, "invitea", "\0b", 2, mac,
	    XC_MAC_LEN), XC_ERR_DENIED);
	assert_int_equal(xc_mac_check(&req, "invite", "a\0b", 3, mac, 31),
	    XC_ERR_DENIED);
	for (i = 0; i < XC_MAC_LEN; i++) {
		mac[i] ^= 1;
		assert_int_equal(xc_mac_check(&req, "invite", "a\0b", 3, mac,
		    XC_MAC_LEN), XC_ERR_DENIED);
		mac[i] ^= 1;
	}
	/* That nothing matched is no error, so no reply stands. */
	assert_int_equal(req.reply, XC_REPLY_NONE);
	plugin_name = "other";
	assert_int_equal(xc_mac_check(&req, "invite", "a\0b", 3, mac,
	    XC_MAC_LEN), XC_ERR_DENIED);
	plugin_name = "todo";

	assert_int_equal(xc_keyring_add(ring, "plugin", XC_KEY_SECRET,
	    XC_KEY_ACTIVE, NULL, &errbuf), XC_OK);
	assert_int_equal(xc_mac_check(&req, "invite", "a\0b", 3, mac,
	    XC_MAC_LEN), XC_OK);
	assert_int_equal(xc_mac_make(&req, "invite", "a\0b", 3, again),
	    XC_OK);
	assert_memory_not_equal(mac, again, XC_MAC_LEN);
	assert_int_equal(xc_keyring_retire(ring, xc_keyring_nth(ring,
	    "plugin", 1)->id, &errbuf), XC_OK);
	assert_int_equal(xc_mac_check(&req, "invite", "a\0b", 3, mac,
	    XC_MAC_LEN), XC_ERR_DENIED);

	large = calloc(1, XC_MAC_DATA_MAX + 1);
	assert_non_null(large);
	for (i = XC_MAC_DATA_MAX - 2; i <= XC_MAC_DATA_MAX; i++) {
		assert_int_equal(xc_mac_make(&req, "l", large, i, mac), XC_OK);
		assert_int_equal(xc_mac_check(&req, "l", large, i, mac,
		    XC_MAC_LEN), XC_OK);
	}
	assert_int_equal(xc_mac_make(&req, "l", large, i, mac),
	    XC_ERR_TOO_LARGE);
	assert_int_equal(xc_mac_make(&req, "l", NULL, 0, mac), XC_OK);
	free(large);
	test_end(&req);
}

static void
test_signatures(void **state)
{
	unsigned char one[XC_SIGNATURE_LEN], two[XC_SIGNATURE_LEN];
	unsigned char key[XC_SIGNATURE_KEY_LEN], other[XC_SIGNATURE_KEY_LEN];
	static char large[XC_SIGNED_DATA_MAX + 1];
	struct xc_request req;
	struct xc_errbuf errbuf;
	size_t i;

	(void)state;
	begin(&req);
	assert_int_equal(xc_signature_make(&req, "bill", "a\0b", 3, one),
	    XC_OK);
	assert_int_equal(xc_signature_key(&req, "bill", 0, key), XC_OK);
	assert_int_equal(xc_signature_check(&req, key, "a\0b", 3, one,
	    sizeof(one)), XC_OK);
	assert_int_equal(xc_signature_check(&req, key, "a\0c", 3, one,
	    sizeof(one)), XC_ERR_DENIED);
	assert_int_equal(xc_signature_check(&req, key, "a\0b", 3, one, 63),
	    XC_ERR_DENIED);
	for (i = 0; i < sizeof(one); i++) {
		one[i] ^= 1;
		assert_int_equal(xc_signature_check(&req, key, "a\0b", 3,
		    one, sizeof(one)), XC_ERR_DENIED);
		one[i] ^= 1;
	}
	assert_int_equal(xc_signature_key(&req, "bill", 1, other),
	    XC_ERR_NOT_FOUND);
	/* Another label and another plugin have other keys. */
	assert_int_equal(xc_signature_key(&req, "bil", 0, other), XC_OK);
	assert_memory_not_equal(key, other, sizeof(key));
	plugin_name = "other";
	assert_int_equal(xc_signature_key(&req, "bill", 0, other), XC_OK);
	assert_memory_not_equal(key, other, sizeof(key));
	/* ... and check it all the same. */
	assert_int_equal(xc_signature_check(&req, key, "a\0b", 3, one,
	    sizeof(one)), XC_OK);
	assert_int_equal(xc_signature_check(&req, other, "a\0b", 3, one,
	    sizeof(one)), XC_ERR_DENIED);
	plugin_name = "todo";
	assert_int_equal(req.reply, XC_REPLY_NONE);

	assert_int_equal(xc_keyring_add(ring, "plugin", XC_KEY_SECRET,
	    XC_KEY_ACTIVE, NULL, &errbuf), XC_OK);
	assert_int_equal(xc_signature_make(&req, "bill", "a\0b", 3, two),
	    XC_OK);
	assert_memory_not_equal(one, two, sizeof(one));
	assert_int_equal(xc_signature_key(&req, "bill", 1, other), XC_OK);
	assert_memory_equal(key, other, sizeof(key));
	assert_int_equal(xc_signature_check(&req, key, "a\0b", 3, one,
	    sizeof(one)), XC_OK);
	assert_int_equal(xc_keyring_retire(ring, xc_keyring_nth(ring,
	    "plugin", 1)->id, &errbuf), XC_OK);
	assert_int_equal(xc_signature_key(&req, "bill", 1, other),
	    XC_ERR_NOT_FOUND);

	assert_int_equal(xc_signature_make(&req, "l", large, sizeof(large),
	    two), XC_ERR_TOO_LARGE);
	assert_int_equal(xc_signature_make(&req, "l", large,
	    sizeof(large) - 1, two), XC_OK);
	assert_int_equal(xc_signature_make(&req, "l", NULL, 0, two), XC_OK);
	test_end(&req);
}

/* RFC 8032, section 7.1, the third test: what others have signed. */
static void
test_others_signature(void **state)
{
	unsigned char key[XC_SIGNATURE_KEY_LEN], signature[XC_SIGNATURE_LEN];
	struct xc_keyring *kept = ring;
	struct xc_request req;

	(void)state;
	assert_int_equal(xc_hex_read("fc51cd8e6218a1a38da47ed00230f0580816ed13"
	    "ba3303ac5deb911548908025", key, sizeof(key)), XC_OK);
	assert_int_equal(xc_hex_read("6291d657deec24024827e69c3abe01a30ce548a2"
	    "84743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e97"
	    "16ed28dc027beceea1ec40a", signature, sizeof(signature)), XC_OK);
	begin(&req);
	ring = NULL;
	assert_int_equal(xc_signature_check(&req, key, "\xaf\x82", 2,
	    signature, sizeof(signature)), XC_OK);
	assert_int_equal(xc_signature_check(&req, key, "\xaf\x83", 2,
	    signature, sizeof(signature)), XC_ERR_DENIED);
	memset(key, 0xff, sizeof(key));
	assert_int_equal(xc_signature_check(&req, key, "\xaf\x82", 2,
	    signature, sizeof(signature)), XC_ERR_DENIED);
	ring = kept;
	test_end(&req);
}

/* Against another implementation, at all lengths around the blocks. */
static void
test_sha256(void **state)
{
	unsigned char data[300], one[XC_SHA256_LEN], two[XC_DIGEST_LEN];
	char text[2 * XC_SHA256_LEN + 1];
	size_t i;

	(void)state;
	xc_sha256_make("abc", 3, one);
	xc_hex_write(one, sizeof(one), text);
	assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a3961"
	    "77a9cb410ff61f20015ad");
	xc_sha256_make(NULL, 0, one);
	xc_hex_write(one, sizeof(one), text);
	assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649"
	    "b934ca495991b7852b855");
	for (i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7 + 1);
	for (i = 0; i <= sizeof(data); i++) {
		xc_sha256_make(data, i, one);
		assert_int_equal(xc_sha256(data, i, two), XC_OK);
		assert_memory_equal(one, two, sizeof(one));
	}
}

static void
test_passwords(void **state)
{
	struct xc_request req;
	const char *phc, *none = NULL;
	bool old = true;

	(void)state;
	begin(&req);
	assert_int_equal(xc_hash_password(&req, "p\0q", 3, &phc), XC_OK);
	assert_int_equal(strncmp(phc, "$argon2id$", 10), 0);
	assert_int_equal(xc_check_password(&req, phc, "p\0q", 3, &old),
	    XC_OK);
	assert_false(old);
	assert_int_equal(xc_check_password(&req, phc, "p\0r", 3, NULL),
	    XC_ERR_DENIED);
	assert_int_equal(xc_check_password(&req, none, "p", 1, NULL),
	    XC_ERR_DENIED);
	assert_int_equal(xc_check_password(&req, "", "p", 1, NULL),
	    XC_ERR_DENIED);
	assert_int_equal(req.reply, XC_REPLY_NONE);
	assert_int_equal(xc_check_password(&req, "$2b$x", "p", 1, NULL),
	    XC_ERR_INVALID);
	test_end(&req);

	begin(&req);
	test_plugin.words = NULL;
	assert_int_equal(xc_hash_password(&req, "p", 1, &phc),
	    XC_ERR_DENIED);
	assert_null(phc);
	assert_int_equal(n_asked, 0);
	test_end(&req);
}

static void
test_none(void **state)
{
	struct xc_keyring *kept = ring;
	struct xc_hasher *kept_hasher = hasher;
	unsigned char mac[XC_MAC_LEN], signature[XC_SIGNATURE_LEN];
	struct xc_request req;
	const char *phc;

	(void)state;
	begin(&req);
	ring = NULL;
	hasher = NULL;
	assert_int_equal(xc_mac_make(&req, "l", "x", 1, mac),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(xc_signature_make(&req, "l", "x", 1, signature),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(xc_signature_key(&req, "l", 0, mac),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(xc_hash_password(&req, "x", 1, &phc),
	    XC_ERR_UNAVAILABLE);
	ring = kept;
	hasher = kept_hasher;
	test_end(&req);
}

/* What somebody in a sandbox may send who does not come by the front door. */
static void
test_args(void **state)
{
	static const char *const cases[][2] = {
		{ "security.mac", "{}" },
		{ "security.mac", "{\"label\":1,\"data\":\"\"}" },
		{ "security.mac", "{\"label\":\"l\",\"data\":1}" },
		{ "security.mac", "{\"label\":\"l\",\"data\":\"=\\u0000\"}" },
		{ "security.mac", "{\"label\":\"l\",\"data\":\"A\"}" },
		{ "security.mac", "{\"label\":\"l\",\"data\":\"AB==\"}" },
		{ "security.mac_check", "{\"label\":\"l\",\"data\":\"!!!!\"}" },
		{ "security.sign", "{}" },
		{ "security.sign", "{\"label\":\"l\",\"data\":\"A\"}" },
		{ "security.sign_key", "{\"label\":\"l\"}" },
		{ "security.sign_key", "{\"label\":\"l\",\"n\":-1}" },
		{ "security.sign_key", "{\"n\":0}" },
		{ "security.sign_check", "{}" },
		{ "security.sign_check",
		    "{\"key\":\"\",\"data\":\"\",\"signature\":1}" },
		{ "security.hash", "{}" },
		{ "security.hash", "{\"password\":[]}" },
		{ "security.verify", "{\"phc\":\"x\"}" },
	};
	struct json_object *args, *result;
	struct xc_refusal refusal;
	struct xc_request req;
	size_t i;

	(void)state;
	begin(&req);
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		args = json_tokener_parse(cases[i][1]);
		assert_non_null(args);
		assert_int_equal(desk_ask(NULL, &req, cases[i][0], args,
		    &result, &refusal), XC_ERR_INVALID);
		assert_null(result);
		json_object_put(args);
	}
	test_end(&req);
}

static void
test_local(void **state)
{
	char token[XC_RANDOM_TOKEN_SIZE], other[XC_RANDOM_TOKEN_SIZE];
	unsigned char data[64] = { 0 }, *secret;
	struct xc_request req;
	size_t i, n = 0;

	(void)state;
	begin(&req);
	for (i = 0; i < 200; i++) {
		assert_int_equal(xc_random_token(token), XC_OK);
		assert_true(xc_token_ok(token));
		assert_int_equal(xc_random_token(other), XC_OK);
		assert_string_not_equal(token, other);
	}
	assert_int_equal(xc_random_bytes(data, sizeof(data)), XC_OK);
	for (i = 0; i < sizeof(data); i++)
		n += data[i] == 0;
	assert_true(n < 32);
	assert_true(xc_secret_same("abc", "abc", 3));
	assert_false(xc_secret_same("abc", "abd", 3));
	assert_true(xc_secret_same(NULL, NULL, 0));
	secret = xc_secret_alloc(&req, 32);
	assert_non_null(secret);
	memset(secret, 'x', 32);
	assert_int_equal(n_asked, 0);
	test_end(&req);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mac),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_others_signature),
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_passwords),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_args),
		cmocka_unit_test(test_local),
	};

	return cmocka_run_group_tests(tests, open_keys, close_keys);
}
