/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "keyring-edit.h"
#include "keyring-private.h"
#include "token.h"

static char folder[64];
static char path[96];

static int
make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/xcore-keyring-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/keys.json", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static struct xc_keyring *
fake(void)
{
	struct xc_keyring *ring;
	struct xc_errbuf errbuf;

	assert_int_equal(xc_keyring_fake(&ring, &errbuf), XC_OK);
	return ring;
}

static void
write_text(const char *text, unsigned mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, (mode_t)mode), 0);
}

static void
assert_same_key(const struct xc_key *a, const struct xc_key *b)
{
	assert_non_null(a);
	assert_non_null(b);
	assert_string_equal(a->id, b->id);
	assert_string_equal(a->purpose, b->purpose);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->state, b->state);
	assert_true(a->made_at == b->made_at && a->since == b->since);
	assert_int_equal(a->secret_len, b->secret_len);
	if (a->kind == XC_KEY_SECRET) {
		assert_memory_equal(a->secret, b->secret, a->secret_len);
		assert_null(b->pkey);
		return;
	}
	assert_null(a->secret);
	assert_string_equal(a->private_pem, b->private_pem);
	assert_string_equal(a->public_pem, b->public_pem);
	assert_int_equal(EVP_PKEY_eq(a->pkey, b->pkey), 1);
}

static void
test_file(void **state)
{
	struct xc_keyring *ring = fake(), *read;
	struct xc_errbuf errbuf;
	struct stat st;
	size_t i;

	(void)state;
	assert_int_equal(xc_keyring_add(ring, "token", XC_KEY_RSA,
	    XC_KEY_NEXT, NULL, &errbuf), XC_OK);
	assert_int_equal(xc_keyring_write(ring, path, NULL, true, &errbuf),
	    XC_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(xc_keyring_write(ring, path, NULL, true, &errbuf),
	    XC_ERR_EXISTS);
	assert_int_equal(xc_keyring_load(path, &read, &errbuf), XC_OK);
	for (i = 0; i < 6; i++)
		assert_same_key(xc_keyring_at(ring, i),
		    xc_keyring_at(read, i));
	assert_null(xc_keyring_at(read, 6));
	assert_non_null(strstr(xc_keyring_at(read, 5)->private_pem,
	    "-----BEGIN PRIVATE KEY-----"));
	xc_keyring_free(&read);
	assert_null(read);
	xc_keyring_free(&read);
	xc_keyring_free(&ring);
}

static void
test_who_may_read(void **state)
{
	static const unsigned modes[] = { 0640, 0604, 0660, 0606, 0610, 0644 };
	struct xc_keyring *ring;
	struct xc_errbuf errbuf;
	size_t i;

	(void)state;
	assert_int_equal(xc_keyring_load(path, &ring, &errbuf),
	    XC_ERR_NOT_FOUND);
	assert_null(ring);
	assert_non_null(strstr(errbuf.text, "xcorectl keys init"));
	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		write_text("{\"version\":1,\"keys\":[]}", modes[i]);
		assert_int_equal(xc_keyring_load(path, &ring, &errbuf),
		    XC_ERR_DENIED);
		assert_null(ring);
	}
	write_text("{\"version\":1,\"keys\":[]}", 0400);
	assert_int_equal(xc_keyring_load(path, &ring, &errbuf), XC_OK);
	assert_null(xc_keyring_active(ring, "token"));
	xc_keyring_free(&ring);
	assert_int_equal(xc_keyring_load(folder, &ring, &errbuf),
	    XC_ERR_INVALID);
	assert_int_equal(xc_keyring_load("/dev/null", &ring, &errbuf),
	    XC_ERR_INVALID);
	if (geteuid() != 0)
		return;
	/* Root may read whatever it owns to; the others only their own. */
	assert_int_equal(chown(path, 12345, 12345), 0);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(xc_keyring_load(path, &ring, &errbuf), XC_OK);
	xc_keyring_free(&ring);
}

#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define ONE(id, purpose, kind, state, at, key) "{\"id\":" id ",\"purpose\":" \
	purpose ",\"kind\":" kind ",\"state\":" state ",\"made_at\":" at \
	",\"key\":" key "}"
#define SEAL(id, state) ONE(id, "\"seal\"", "\"secret\"", state, "7", \
	"\"" KEY "\"")
#define RING(keys) "{\"version\":1,\"keys\":[" keys "]}"

/* RFC 8410, section 10.3. */
#define ED "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp-K06_nwoy_HU--CXqI9EdVhC"

static const char *const good_rings[] = {
	RING(""), RING(SEAL("\"a\"", "\"active\"")),
	RING(SEAL("\"a\"", "\"active\"") "," SEAL("\"b\"", "\"next\"") ","
	    SEAL("\"c\"", "\"old\"") "," SEAL("\"d\"", "\"old\"")),
	RING(ONE("\"a\"", "\"audit\"", "\"ed25519\"", "\"active\"", "7",
	    "\"" ED "\"")),
	" " RING(ONE("\"\\u0061-1\"", "\"hash\"", "\"secret\"", "\"old\"",
	    "1795426431", "\"\\u0041" "AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdH"
	    "h8\"")) "\n",
	RING(ONE("\"a\"", "\"seal\"", "\"secret\"", "\"old\"",
	    "7,\"since\":7", "\"" KEY "\"")),
};

static const char *const bad_rings[] = {
	"", "x", "[]", "{}", "null", "{\"keys\":[]}",
	"{\"version\":2,\"keys\":[]}", "{\"version\":\"1\",\"keys\":[]}",
	"{\"version\":1,\"keys\":{}}", "{\"version\":1,\"keys\":null}",
	"{\"version\":1,\"keys\":[],\"more\":1}",
	"{\"version\":1,\"version\":1,\"keys\":[]}",
	RING("") "x", RING("1"), RING("{}"), RING("[]"),
	RING(SEAL("\"a\"", "\"active\"") "," SEAL("\"a\"", "\"old\"")),
	RING(SEAL("\"a\"", "\"active\"") "," SEAL("\"b\"", "\"active\"")),
	RING(SEAL("\"a\"", "\"next\"") "," SEAL("\"b\"", "\"next\"")),
	RING(SEAL("\"\"", "\"active\"")), RING(SEAL("1", "\"active\"")),
	RING(SEAL("\"../a\"", "\"active\"")),
	RING(SEAL("\"A\"", "\"active\"")),
	RING(SEAL("\"a\\u0000\"", "\"active\"")),
	RING(SEAL("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
	    "\"active\"")),
	RING(SEAL("\"a\"", "\"retired\"")), RING(SEAL("\"a\"", "1")),
	RING(ONE("\"a\"", "\"else\"", "\"secret\"", "\"old\"", "7",
	    "\"" KEY "\"")),
	RING(ONE("\"a\"", "\"seal\"", "\"ed25519\"", "\"old\"", "7",
	    "\"" ED "\"")),
	RING(ONE("\"a\"", "\"audit\"", "\"secret\"", "\"old\"", "7",
	    "\"" KEY "\"")),
	RING(ONE("\"a\"", "\"token\"", "\"ed25519\"", "\"old\"", "7",
	    "\"" ED "\"")),
	RING(ONE("\"a\"", "\"token\"", "\"ec\"", "\"old\"", "7",
	    "\"" ED "\"")),
	RING(ONE("\"a\"", "\"token\"", "\"rsa\"", "\"old\"", "7",
	    "\"" KEY "\"")),
	RING(ONE("\"a\"", "\"audit\"", "\"ed25519\"", "\"old\"", "7",
	    "\"" ED "AAAA\"")),
	RING(ONE("\"a\"", "\"seal\"", "\"secret\"", "\"old\"", "\"7\"",
	    "\"" KEY "\"")),
	RING(ONE("\"a\"", "\"seal\"", "\"secret\"", "\"old\"", "0",
	    "\"" KEY "\"")),
	RING(ONE("\"a\"", "\"seal\"", "\"secret\"", "\"old\"", "7.5",
	    "\"" KEY "\"")),
	RING(ONE("\"a\"", "\"seal\"", "\"secret\"", "\"old\"", "7", "\"\"")),
	RING(ONE("\"a\"", "\"seal\"", "\"secret\"", "\"old\"", "7", "7")),
	RING(ONE("\"a\"", "\"seal\"", "\"secret\"", "\"old\"", "7",
	    "\"" KEY "AA\"")),
	RING(ONE("\"a\"", "\"seal\"", "\"secret\"", "\"old\"", "7",
	    "\"" KEY "=\"")),
	RING(ONE("\"a\"", "\"seal\"", "\"secret\"", "\"old\"", "7",
	    "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg\"")),
	RING(ONE("\"a\"", "\"seal\"", "\"secret\"", "\"old\"",
	    "7,\"more\":7", "\"" KEY "\"")),
	RING(ONE("\"a\"", "\"seal\"", "\"secret\"", "\"old\"",
	    "7,\"since\":7,\"more\":7", "\"" KEY "\"")),
	RING(ONE("\"a\"", "\"seal\"", "\"secret\"", "\"old\"",
	    "7,\"since\":6", "\"" KEY "\"")),
	RING(ONE("\"a\"", "\"seal\"", "\"secret\"", "\"old\"",
	    "7,\"since\":\"7\"", "\"" KEY "\"")),
};

static void
test_form(void **state)
{
	struct xc_keyring *ring;
	struct xc_errbuf errbuf;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good_rings) / sizeof(*good_rings); i++) {
		write_text(good_rings[i], 0600);
		if (xc_keyring_load(path, &ring, &errbuf) != XC_OK)
			fail_msg("%s: %s", good_rings[i], errbuf.text);
		xc_keyring_free(&ring);
	}
	for (i = 0; i < sizeof(bad_rings) / sizeof(*bad_rings); i++) {
		write_text(bad_rings[i], 0600);
		if (xc_keyring_load(path, &ring, &errbuf) != XC_ERR_INVALID)
			fail_msg("%s", bad_rings[i]);
		assert_null(ring);
		/* No message has a secret in it. */
		assert_null(strstr(errbuf.text, "AAECAwQF"));
		assert_int_equal(strncmp(errbuf.text, path, strlen(path)), 0);
	}
}

/* Keys of the right kind that are too weak, or not on the right curve. */
static void
test_weak(void **state)
{
	static const struct {
		enum xc_key_kind kind;
		const char *type, *group;
		size_t bits;
		enum xc_err err;
	} cases[] = {
		{ XC_KEY_RSA, "RSA", NULL, 2048, XC_ERR_INVALID },
		{ XC_KEY_RSA, "RSA", NULL, 3072, XC_OK },
		{ XC_KEY_EC, "EC", "P-256", 0, XC_OK },
		{ XC_KEY_EC, "EC", "P-384", 0, XC_ERR_INVALID },
		{ XC_KEY_EC, "EC", "secp256k1", 0, XC_ERR_INVALID },
		{ XC_KEY_RSA, "EC", "P-256", 0, XC_ERR_INVALID },
		{ XC_KEY_EC, "RSA", NULL, 3072, XC_ERR_INVALID },
	};
	struct xc_keyring *ring;
	struct xc_key_room *room;
	EVP_PKEY *pkey;
	size_t i;

	(void)state;
	assert_int_equal(xc_keyring_new(&ring), XC_OK);
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		pkey = cases[i].group != NULL ? EVP_PKEY_Q_keygen(NULL, NULL,
		    cases[i].type, cases[i].group) : EVP_PKEY_Q_keygen(NULL,
		    NULL, cases[i].type, cases[i].bits);
		assert_non_null(pkey);
		room = xc_keyring_room(ring);
		room->key.kind = cases[i].kind;
		assert_int_equal(xc_key_fill_pkey(room, pkey), cases[i].err);
		EVP_PKEY_free(pkey);
	}
	xc_keyring_free(&ring);
}

static void
test_rotation(void **state)
{
	const struct xc_key *first, *next;
	struct xc_keyring *ring = fake();
	struct xc_errbuf errbuf;
	char old[40], id[40];
	size_t i;

	(void)state;
	first = xc_keyring_active(ring, "token");
	assert_non_null(first);
	snprintf(old, sizeof(old), "%s", first->id);
	assert_int_equal(xc_keyring_activate(ring, "token", &errbuf),
	    XC_ERR_NOT_FOUND);
	assert_int_equal(xc_keyring_retire(ring, old, &errbuf),
	    XC_ERR_STATE);
	assert_int_equal(xc_keyring_add(ring, "token", XC_KEY_EC, XC_KEY_NEXT,
	    NULL, &errbuf), XC_OK);
	assert_int_equal(xc_keyring_add(ring, "token", XC_KEY_EC, XC_KEY_NEXT,
	    NULL, &errbuf), XC_ERR_EXISTS);
	assert_ptr_equal(xc_keyring_active(ring, "token"), first);
	next = xc_keyring_nth(ring, "token", 1);
	assert_non_null(next);
	assert_int_equal(next->state, XC_KEY_NEXT);
	snprintf(id, sizeof(id), "%s", next->id);
	assert_null(xc_keyring_nth(ring, "token", 2));

	assert_int_equal(xc_keyring_activate(ring, "token", &errbuf), XC_OK);
	assert_string_equal(xc_keyring_active(ring, "token")->id, id);
	assert_string_equal(xc_keyring_nth(ring, "token", 0)->id, id);
	assert_string_equal(xc_keyring_nth(ring, "token", 1)->id, old);
	assert_int_equal(xc_keyring_find(ring, "token", old)->state,
	    XC_KEY_OLD);
	assert_null(xc_keyring_find(ring, "seal", old));
	assert_null(xc_keyring_find(ring, "token", ""));

	assert_int_equal(xc_keyring_retire(ring, old, &errbuf), XC_OK);
	assert_int_equal(xc_keyring_retire(ring, old, &errbuf),
	    XC_ERR_NOT_FOUND);
	assert_null(xc_keyring_find(ring, "token", old));
	/* Those behind it have moved, with all that they point to. */
	for (i = 0; xc_keyring_at(ring, i) != NULL; i++)
		;
	assert_int_equal(i, 5);
	assert_non_null(strstr(xc_keyring_active(ring, "token")->public_pem,
	    "PUBLIC KEY"));
	assert_int_equal(xc_keyring_add(ring, "seal", XC_KEY_RSA,
	    XC_KEY_ACTIVE, NULL, &errbuf), XC_ERR_INVALID);
	assert_int_equal(xc_keyring_add(ring, "other", XC_KEY_SECRET,
	    XC_KEY_ACTIVE, NULL, &errbuf), XC_ERR_INVALID);
	for (; i < XC_KEYS_MAX; i++)
		assert_int_equal(xc_keyring_add(ring, "hash", XC_KEY_SECRET,
		    XC_KEY_ACTIVE, NULL, &errbuf), XC_OK);
	assert_int_equal(xc_keyring_add(ring, "hash", XC_KEY_SECRET,
	    XC_KEY_ACTIVE, NULL, &errbuf), XC_ERR_TOO_LARGE);
	xc_keyring_free(&ring);
}

static void
test_refresh(void **state)
{
	struct xc_keyring *ring = fake(), *read;
	struct xc_errbuf errbuf;
	unsigned char digest[32], again[32];
	bool changed;

	(void)state;
	assert_int_equal(xc_keyring_refresh(ring, &changed, &errbuf), XC_OK);
	assert_false(changed);
	assert_int_equal(xc_keyring_write(ring, path, NULL, false, &errbuf),
	    XC_OK);
	assert_int_equal(xc_keyring_load(path, &read, &errbuf), XC_OK);
	assert_int_equal(xc_keyring_refresh(read, &changed, &errbuf), XC_OK);
	assert_false(changed);
	assert_int_equal(xc_keyring_hmac(ring, "hash", "x", 1, digest),
	    XC_OK);

	assert_int_equal(xc_keyring_add(ring, "hash", XC_KEY_SECRET,
	    XC_KEY_ACTIVE, NULL, &errbuf), XC_OK);
	assert_int_equal(xc_keyring_write(ring, path, NULL, false, &errbuf),
	    XC_OK);
	assert_int_equal(xc_keyring_refresh(read, &changed, &errbuf), XC_OK);
	assert_true(changed);
	assert_int_equal(xc_keyring_hmac(read, "hash", "x", 1, again), XC_OK);
	assert_memory_not_equal(digest, again, 32);
	assert_int_equal(xc_keyring_hmac_nth(read, "hash", 1, "x", 1, again),
	    XC_OK);
	assert_memory_equal(digest, again, 32);
	assert_int_equal(xc_keyring_hmac_nth(read, "hash", 2, "x", 1, again),
	    XC_ERR_NOT_FOUND);
	assert_int_equal(EVP_PKEY_eq(xc_keyring_active(read, "audit")->pkey,
	    xc_keyring_active(ring, "audit")->pkey), 1);

	/* A file that is damaged or gone leaves the ring as it was. */
	write_text("{", 0600);
	assert_int_equal(xc_keyring_refresh(read, &changed, &errbuf),
	    XC_ERR_INVALID);
	assert_false(changed);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(xc_keyring_refresh(read, &changed, &errbuf),
	    XC_ERR_NOT_FOUND);
	assert_int_equal(xc_keyring_hmac_nth(read, "hash", 1, "x", 1, again),
	    XC_OK);
	assert_memory_equal(digest, again, 32);
	xc_keyring_free(&read);
	xc_keyring_free(&ring);
}

static void
test_seal(void **state)
{
	struct xc_keyring *ring = fake(), *other = fake(), *none;
	struct xc_errbuf errbuf;
	unsigned char *sealed, *again, *open;
	size_t len, again_len, open_len, i;

	(void)state;
	assert_int_equal(xc_seal(ring, "otp:42", "secret", 6, &sealed, &len),
	    XC_OK);
	assert_int_equal(xc_seal(ring, "otp:42", "secret", 6, &again,
	    &again_len), XC_OK);
	assert_int_equal(len, again_len);
	assert_memory_not_equal(sealed, again, len);
	assert_null(memmem(sealed, len, "secret", 6));
	free(again);
	assert_int_equal(xc_unseal(ring, "otp:42", sealed, len, &open,
	    &open_len), XC_OK);
	assert_int_equal(open_len, 6);
	assert_string_equal((char *)open, "secret");
	free(open);
	assert_int_equal(xc_unseal(ring, "otp:43", sealed, len, &open,
	    &open_len), XC_ERR_DENIED);
	assert_null(open);
	assert_int_equal(xc_unseal(other, "otp:42", sealed, len, &open,
	    &open_len), XC_ERR_NOT_FOUND);
	for (i = 0; i < len; i++) {
		sealed[i] ^= 0x20;
		assert_int_not_equal(xc_unseal(ring, "otp:42", sealed, len,
		    &open, &open_len), XC_OK);
		assert_null(open);
		sealed[i] ^= 0x20;
		assert_int_equal(xc_unseal(ring, "otp:42", sealed, i, &open,
		    &open_len), i == 0 || i < len ? XC_ERR_DENIED : XC_OK);
	}
	/* An earlier key still opens; one that was taken out does not. */
	assert_int_equal(xc_keyring_add(ring, "seal", XC_KEY_SECRET,
	    XC_KEY_ACTIVE, NULL, &errbuf), XC_OK);
	assert_int_equal(xc_unseal(ring, "otp:42", sealed, len, &open,
	    &open_len), XC_OK);
	free(open);
	assert_int_equal(xc_keyring_retire(ring, xc_keyring_nth(ring, "seal",
	    1)->id, &errbuf), XC_OK);
	assert_int_equal(xc_unseal(ring, "otp:42", sealed, len, &open,
	    &open_len), XC_ERR_NOT_FOUND);
	free(sealed);

	assert_int_equal(xc_seal(ring, "", NULL, 0, &sealed, &len), XC_OK);
	assert_int_equal(xc_unseal(ring, "", sealed, len, &open, &open_len),
	    XC_OK);
	assert_int_equal(open_len, 0);
	free(open);
	free(sealed);
	assert_int_equal(xc_keyring_new(&none), XC_OK);
	assert_int_equal(xc_seal(none, "a", "b", 1, &sealed, &len),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(xc_keyring_hmac(none, "hash", "b", 1,
	    (unsigned char[32]){ 0 }), XC_ERR_UNAVAILABLE);
	xc_keyring_free(&none);
	xc_keyring_free(&other);
	xc_keyring_free(&ring);
}

/* RFC 8032, section 7.1, test 3. */
static void
test_sign(void **state)
{
	static const char head[] = "302e020100300506032b657004220420";
	unsigned char der[48], want[64], got[64];
	struct xc_keyring *ring;
	struct xc_key_room *room;
	struct xc_key *key;
	size_t i;

	(void)state;
	assert_int_equal(xc_hex_read(head, der, 16), XC_OK);
	assert_int_equal(xc_hex_read("c5aa8df43f9f837bedb7442f31dcb7b1"
	    "66d38535076f094b85ce3a2e0b4458f7", der + 16, 32), XC_OK);
	assert_int_equal(xc_hex_read("6291d657deec24024827e69c3abe01a3"
	    "0ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
	    "4a7c15e9716ed28dc027beceea1ec40a", want, 64), XC_OK);
	assert_int_equal(xc_keyring_new(&ring), XC_OK);
	room = xc_keyring_room(ring);
	key = &room->key;
	key->kind = XC_KEY_ED25519;
	assert_int_equal(xc_key_fill(room, der, sizeof(der)), XC_OK);
	assert_int_equal(xc_sign(key, "\xaf\x82", 2, got), XC_OK);
	assert_memory_equal(got, want, 64);
	assert_int_equal(xc_verify(key, "\xaf\x82", 2, got, 64), XC_OK);
	assert_int_equal(xc_verify(key, "\xaf\x83", 2, got, 64),
	    XC_ERR_DENIED);
	assert_int_equal(xc_verify(key, "\xaf\x82", 2, got, 63),
	    XC_ERR_DENIED);
	for (i = 0; i < 64; i++) {
		got[i] ^= 1;
		assert_int_equal(xc_verify(key, "\xaf\x82", 2, got, 64),
		    XC_ERR_DENIED);
		got[i] ^= 1;
	}
	key->kind = XC_KEY_SECRET;
	assert_int_equal(xc_sign(key, "x", 1, got), XC_ERR_INVALID);
	assert_int_equal(xc_verify(key, "x", 1, got, 64), XC_ERR_DENIED);
	xc_keyring_free(&ring);
}

static void
test_path(void **state)
{
	struct xc_settings settings = {
		.server.state_dir = "/var/lib/xcore", .auth.keys = ""
	};
	struct xc_errbuf errbuf;
	char got[128], want[128];

	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_int_equal(xc_keyring_path(&settings, got, sizeof(got),
	    &errbuf), XC_OK);
	assert_string_equal(got, "/var/lib/xcore/keys.json");
	settings.auth.keys = "/etc/xcore/ring";
	assert_int_equal(xc_keyring_path(&settings, got, sizeof(got),
	    &errbuf), XC_OK);
	assert_string_equal(got, "/etc/xcore/ring");
	/* The credential, if there is such a file. */
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	assert_int_equal(xc_keyring_path(&settings, got, sizeof(got),
	    &errbuf), XC_OK);
	assert_string_equal(got, "/etc/xcore/ring");
	snprintf(want, sizeof(want), "%s/xcore-keys", folder);
	snprintf(path, sizeof(path), "%s/xcore-keys", folder);
	write_text("", 0600);
	assert_int_equal(xc_keyring_path(&settings, got, sizeof(got),
	    &errbuf), XC_OK);
	assert_string_equal(got, want);
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_int_equal(xc_keyring_path(&settings, got, 8, &errbuf),
	    XC_ERR_TOO_LARGE);
}

static void
test_lock(void **state)
{
	struct xc_errbuf errbuf;
	int one, two;

	(void)state;
	assert_int_equal(xc_keyring_lock(path, &one, &errbuf), XC_OK);
	assert_int_equal(xc_keyring_lock(path, &two, &errbuf), XC_ERR_BUSY);
	close(one);
	assert_int_equal(xc_keyring_lock(path, &two, &errbuf), XC_OK);
	close(two);
	assert_int_equal(xc_keyring_lock("/nowhere/at/all", &two, &errbuf),
	    XC_ERR_NOT_FOUND);
}

#define IN_FOLDER(fn) \
	cmocka_unit_test_setup_teardown(fn, make_folder, remove_folder)

/* A ring that could do less than the one in use is not taken. */
static void
test_refresh_lacking(void **state)
{
	struct xc_keyring *ring = fake(), *read, *less;
	struct xc_errbuf errbuf;
	char id[sizeof(xc_keyring_active(ring, "token")->id)];
	bool changed;

	(void)state;
	snprintf(id, sizeof(id), "%s", xc_keyring_active(ring, "token")->id);
	assert_int_equal(xc_keyring_write(ring, path, NULL, false, &errbuf),
	    XC_OK);
	assert_int_equal(xc_keyring_load(path, &read, &errbuf), XC_OK);
	/* Without a token key, and with one of another kind. */
	assert_int_equal(xc_keyring_new(&less), XC_OK);
	assert_int_equal(xc_keyring_add(less, "hash", XC_KEY_SECRET,
	    XC_KEY_ACTIVE, NULL, &errbuf), XC_OK);
	assert_int_equal(xc_keyring_add(less, "token", XC_KEY_EC,
	    XC_KEY_NEXT, NULL, &errbuf), XC_OK);
	assert_int_equal(xc_keyring_write(less, path, NULL, false, &errbuf),
	    XC_OK);
	assert_int_equal(xc_keyring_refresh(read, &changed, &errbuf),
	    XC_ERR_INVALID);
	assert_false(changed);
	assert_non_null(strstr(errbuf.text, " key any more"));
	assert_string_equal(xc_keyring_active(read, "token")->id, id);
	assert_non_null(xc_keyring_active(read, "audit"));
	assert_int_equal(xc_keyring_add(ring, "token", XC_KEY_SECRET,
	    XC_KEY_ACTIVE, NULL, &errbuf), XC_OK);
	assert_int_equal(xc_keyring_write(ring, path, NULL, false, &errbuf),
	    XC_OK);
	assert_int_equal(xc_keyring_refresh(read, &changed, &errbuf),
	    XC_ERR_INVALID);
	assert_non_null(strstr(errbuf.text, "of another kind"));
	assert_string_equal(xc_keyring_active(read, "token")->id, id);
	/* Mended. */
	assert_int_equal(xc_keyring_add(ring, "token", XC_KEY_EC,
	    XC_KEY_ACTIVE, NULL, &errbuf), XC_OK);
	assert_int_equal(xc_keyring_write(ring, path, NULL, false, &errbuf),
	    XC_OK);
	assert_int_equal(xc_keyring_refresh(read, &changed, &errbuf), XC_OK);
	assert_true(changed);
	assert_string_not_equal(xc_keyring_active(read, "token")->id, id);
	xc_keyring_free(&less);
	xc_keyring_free(&read);
	xc_keyring_free(&ring);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_file),
		IN_FOLDER(test_who_may_read),
		IN_FOLDER(test_form),
		cmocka_unit_test(test_weak),
		cmocka_unit_test(test_rotation),
		IN_FOLDER(test_refresh),
		IN_FOLDER(test_refresh_lacking),
		cmocka_unit_test(test_seal),
		cmocka_unit_test(test_sign),
		IN_FOLDER(test_path),
		IN_FOLDER(test_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
