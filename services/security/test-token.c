/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "token.h"

struct hmac_case {
	const char *key;	/* hex */
	const char *data;	/* hex */
	const char *digest;
};

/* RFC 4231, cases 1 to 4, 6 and 7. */
static const struct hmac_case hmac_cases[] = {
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
	    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
	{ "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	    "dddddddddddddddddddddddddddddddddddd",
	    "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
	{ "0102030405060708090a0b0c0d0e0f10111213141516171819",
	    "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	    "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
	    "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
};

static size_t
unhex(const char *hex, unsigned char *data)
{
	size_t len = strlen(hex) / 2;

	assert_int_equal(xc_hex_read(hex, data, len), XC_OK);
	return len;
}

static void
test_hmac(void **state)
{
	unsigned char key[160], data[160], digest[XC_DIGEST_LEN];
	char text[2 * XC_DIGEST_LEN + 1];
	size_t i, key_len, len;

	(void)state;
	for (i = 0; i < sizeof(hmac_cases) / sizeof(*hmac_cases); i++) {
		key_len = unhex(hmac_cases[i].key, key);
		len = unhex(hmac_cases[i].data, data);
		assert_int_equal(xc_hmac_sha256(key, key_len, data, len,
		    digest), XC_OK);
		xc_hex_write(digest, sizeof(digest), text);
		assert_string_equal(text, hmac_cases[i].digest);
	}
	/* Case 6: a key that is longer than a block. */
	memset(key, 0xaa, 131);
	assert_int_equal(xc_hmac_sha256(key, 131, "Test Using Larger Than "
	    "Block-Size Key - Hash Key First", 54, digest), XC_OK);
	xc_hex_write(digest, sizeof(digest), text);
	assert_string_equal(text, "60e431591ee0b67f0d8a26aacbf5b77f"
	    "8e0bc6213728c5140546040f0ee37f54");
	assert_int_equal(xc_hmac_sha256(key, 0, "x", 1, digest),
	    XC_ERR_INVALID);
	assert_int_equal(xc_hmac_sha256(NULL, 4, "x", 1, digest),
	    XC_ERR_INVALID);
	assert_int_equal(xc_hmac_sha256("k", 1, NULL, 0, digest), XC_OK);
}

/* FIPS 180-4's samples. */
static void
test_sha256(void **state)
{
	unsigned char digest[XC_DIGEST_LEN];
	char text[2 * XC_DIGEST_LEN + 1];

	(void)state;
	assert_int_equal(xc_sha256("abc", 3, digest), XC_OK);
	xc_hex_write(digest, sizeof(digest), text);
	assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(xc_sha256(NULL, 0, digest), XC_OK);
	xc_hex_write(digest, sizeof(digest), text);
	assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855");
}

/* RFC 4648, section 10, and bytes that need the last two letters. */
static const char *const base64_cases[][2] = {
	{ "", "" }, { "f", "Zg" }, { "fo", "Zm8" }, { "foo", "Zm9v" },
	{ "foob", "Zm9vYg" }, { "fooba", "Zm9vYmE" }, { "foobar", "Zm9vYmFy" },
	{ "\xfb\xff\xbf", "-_-_" },
};

static const char *const base64_faults[] = {
	"Z", "Zg==", "Zg=", "Zh", "Zm9", "Zm9v\n", " Zm9v", "Zm+v", "Zm/v",
	"Zm9vY", "Zm9\xc3", "Zm~9", "!!!!", "Zg.A", "AB", "A_",
};

static void
test_base64url(void **state)
{
	unsigned char data[64];
	const char *const *c;
	char text[64];
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(base64_cases) / sizeof(*base64_cases); i++) {
		c = base64_cases[i];
		assert_int_equal(xc_base64url(c[0], strlen(c[0]), text,
		    sizeof(text)), XC_OK);
		assert_string_equal(text, c[1]);
		assert_int_equal(xc_base64url(c[0], strlen(c[0]), text,
		    strlen(c[1]) + 1), XC_OK);
		assert_int_equal(xc_base64url(c[0], strlen(c[0]), text,
		    strlen(c[1])), XC_ERR_TOO_LARGE);
		assert_int_equal(xc_base64url_read(c[1], strlen(c[1]), data,
		    strlen(c[0]), &len), XC_OK);
		assert_int_equal(len, strlen(c[0]));
		assert_memory_equal(data, c[0], len);
	}
	for (i = 0; i < sizeof(base64_faults) / sizeof(*base64_faults); i++)
		assert_int_equal(xc_base64url_read(base64_faults[i],
		    strlen(base64_faults[i]), data, sizeof(data), &len),
		    XC_ERR_INVALID);
	assert_int_equal(xc_base64url_read("Zm\0v", 4, data, sizeof(data),
	    &len), XC_ERR_INVALID);
	assert_int_equal(xc_base64url_read("Zm9v", 4, data, 2, &len),
	    XC_ERR_TOO_LARGE);
}

/* Whatever is read is written as the same text: there is one for each. */
static void
test_base64url_one(void **state)
{
	unsigned char data[8];
	char text[5] = "", again[8];
	unsigned a, b;
	size_t len;

	(void)state;
	for (a = 1; a < 256; a++)
		for (b = 1; b < 256; b++) {
			text[0] = (char)a;
			text[1] = (char)b;
			if (xc_base64url_read(text, 2, data, sizeof(data),
			    &len) != XC_OK)
				continue;
			assert_int_equal(len, 1);
			assert_int_equal(xc_base64url(data, len, again,
			    sizeof(again)), XC_OK);
			assert_string_equal(again, text);
		}
}

static void
test_token(void **state)
{
	char token[XC_TOKEN_SIZE], other[XC_TOKEN_SIZE], bad[64];

	(void)state;
	assert_int_equal(xc_token_make(token), XC_OK);
	assert_int_equal(xc_token_make(other), XC_OK);
	assert_int_equal(strlen(token), 43);
	assert_string_not_equal(token, other);
	assert_true(xc_token_ok(token));
	assert_false(xc_token_ok(NULL));
	assert_false(xc_token_ok(""));
	snprintf(bad, sizeof(bad), "%sA", token);
	assert_false(xc_token_ok(bad));
	bad[42] = '\0';
	assert_false(xc_token_ok(bad));
	snprintf(bad, sizeof(bad), "%s", token);
	bad[7] = '/';
	assert_false(xc_token_ok(bad));
	/* 43 letters hold two bits more than 32 bytes have. */
	memset(bad, 'A', 43);
	bad[42] = 'B';
	bad[43] = '\0';
	assert_false(xc_token_ok(bad));
}

static void
test_hex(void **state)
{
	unsigned char data[2];
	char text[8];

	(void)state;
	xc_hex_write("\x00\xfe", 2, text);
	assert_string_equal(text, "00fe");
	assert_int_equal(xc_hex_read("00fe", data, 2), XC_OK);
	assert_memory_equal(data, "\x00\xfe", 2);
	assert_int_equal(xc_hex_read("00FE", data, 2), XC_ERR_INVALID);
	assert_int_equal(xc_hex_read("00f", data, 2), XC_ERR_INVALID);
	assert_int_equal(xc_hex_read("00fe0", data, 2), XC_ERR_INVALID);
	assert_int_equal(xc_hex_read("", data, 2), XC_ERR_INVALID);
	assert_int_equal(xc_hex_read(NULL, data, 2), XC_ERR_INVALID);
}

static void
test_same(void **state)
{
	char a[64], b[64];
	size_t i;

	(void)state;
	memset(a, 'a', sizeof(a));
	memset(b, 'a', sizeof(b));
	assert_true(xc_same(a, b, sizeof(a)));
	assert_true(xc_same(NULL, NULL, 0));
	for (i = 0; i < sizeof(a); i++) {
		b[i] ^= 1;
		assert_false(xc_same(a, b, sizeof(a)));
		b[i] ^= 1;
	}
	assert_true(xc_same_text("abc", "abc"));
	assert_true(xc_same_text("", ""));
	assert_false(xc_same_text("abc", "abd"));
	assert_false(xc_same_text("abc", "ab"));
	assert_false(xc_same_text("abc", NULL));
	assert_false(xc_same_text(NULL, NULL));
}

static void
test_random(void **state)
{
	unsigned char data[4096] = { 0 };
	size_t i, n = 0;

	(void)state;
	assert_int_equal(xc_random(data, sizeof(data)), XC_OK);
	for (i = 0; i < sizeof(data); i++)
		n += data[i] == 0;
	/* 16 are to be awaited; 100 come once in 10^40 runs. */
	assert_true(n < 100);
	xc_wipe(data, sizeof(data));
	for (i = 0; i < sizeof(data); i++)
		assert_int_equal(data[i], 0);
	xc_wipe(NULL, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_base64url),
		cmocka_unit_test(test_base64url_one),
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
