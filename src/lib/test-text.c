/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <xcore/error.h>

#include "base64.h"
#include "test-host.h"
#include "text.h"

static void
test_hex(void **state)
{
	(void)state;
	assert_int_equal(xc_hex('0'), 0);
	assert_int_equal(xc_hex('9'), 9);
	assert_int_equal(xc_hex('a'), 10);
	assert_int_equal(xc_hex('F'), 15);
	assert_int_equal(xc_hex('g'), -1);
	assert_int_equal(xc_hex('@'), -1);
	assert_int_equal(xc_hex(0x10), -1);
	assert_int_equal(xc_hex(0xff), -1);
}

static void
test_token(void **state)
{
	(void)state;
	assert_true(xc_is_token("X-Name_1.~", 10));
	assert_false(xc_is_token("", 0));
	assert_false(xc_is_token("a b", 3));
	assert_false(xc_is_token("a:b", 3));
	assert_false(xc_is_token("a\0b", 3));
	assert_false(xc_is_token("a\r\n", 3));
	assert_false(xc_is_token("\xc3\xa4", 2));
	assert_int_equal(xc_header_char('_'), '-');
	assert_int_equal(xc_header_char('Q'), 'q');
	assert_int_equal(xc_header_char('('), '\0');
}

/* Each byte at each place of a word of eight. */
static void
test_plain(void **state)
{
	char text[24];
	bool control;
	unsigned c;
	size_t i;

	(void)state;
	for (c = 0; c < 256; c++)
		for (i = 0; i < 19; i++) {
			memset(text, 'x', sizeof(text));
			text[i] = (char)c;
			control = c < 0x20 || c == 0x7f;
			assert_int_equal(xc_is_plain(text, 19, false),
			    !control);
			assert_int_equal(xc_is_plain(text, 19, true),
			    !control || c == '\t');
		}
	assert_true(xc_is_plain(NULL, 0, false));
	assert_false(xc_is_plain("\x80\x1f\x80\x80\x80\x80\x80\x80", 8,
	    false));
}

static void
test_utf8(void **state)
{
	static const struct {
		const char *text;
		size_t valid;
	} rows[] = {
		{ "plain text that is long enough", 30 },
		{ "\xc3\xa4", 2 },
		{ "\xe2\x82\xac", 3 },
		{ "\xf0\x9f\x98\x80", 4 },
		{ "\xf4\x8f\xbf\xbf", 4 },
		{ "ab\xc3", 2 },
		{ "ab\x80", 2 },
		{ "\xc0\x80", 0 },		/* overlong */
		{ "\xc1\xbf", 0 },
		{ "\xe0\x9f\xbf", 0 },
		{ "\xf0\x8f\xbf\xbf", 0 },
		{ "\xed\xa0\x80", 0 },		/* surrogate */
		{ "\xed\x9f\xbf", 3 },
		{ "\xf4\x90\x80\x80", 0 },	/* above U+10FFFF */
		{ "\xf5\x80\x80\x80", 0 },
		{ "\xe2\x82", 0 },
		{ "\xe2\x28\xa1", 0 },
		{ "\xf0\x9f\x98x", 0 },
		{ "0123456\xc3\xa4" "0123456\xff", 16 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(xc_utf8_span(rows[i].text,
		    strlen(rows[i].text)), rows[i].valid);
}

static void
test_base64(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
	};
	char out[16];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(xc_base64_encode(rows[i][0],
		    strlen(rows[i][0]), out), strlen(rows[i][1]));
		assert_string_equal(out, rows[i][1]);
		assert_int_equal(xc_base64_size(strlen(rows[i][0])),
		    strlen(rows[i][1]) + 1);
	}
	xc_base64_encode("\xff\xfe\xfb", 3, out);
	assert_string_equal(out, "//77");
	assert_int_equal(xc_base64_size(SIZE_MAX), 0);
}

static void
test_errors(void **state)
{
	int err;

	(void)state;
	for (err = XC_OK; err < XC_ERR__MAX; err++)
		assert_true(strlen(xc_strerror((enum xc_err)err)) > 3);
	assert_string_equal(xc_strerror(XC_ERR_NOT_FOUND), "not found");
	assert_string_equal(xc_strerror(XC_ERR__MAX), "unknown error");
	assert_string_equal(xc_strerror((enum xc_err)-1), "unknown error");
	assert_int_equal(xc_status_of(XC_OK), 500);
	assert_int_equal(xc_status_of(XC_ERR_BUSY), 503);
	assert_int_equal(xc_status_of((enum xc_err)99), 500);
	assert_string_equal(xc_status_text(404), "Not Found");
	assert_string_equal(xc_status_text(299), "Success");
	assert_string_equal(xc_status_text(399), "Redirection");
	assert_string_equal(xc_status_text(499), "Client Error");
	assert_string_equal(xc_status_text(599), "Server Error");
	assert_string_equal(xc_status_text(-1), "Unknown");
}

static void
test_sentences(void **state)
{
	struct xc_errbuf errbuf = { .text = "" };
	char longer[2000];

	(void)state;
	assert_int_equal(xc_fail(NULL, XC_ERR_IO, "%d", 1), XC_ERR_IO);
	assert_int_equal(xc_fail_prefix(NULL, XC_ERR_IO, "%d", 1), XC_ERR_IO);
	xc_fail_prefix(&errbuf, XC_ERR_IO, "alone");
	assert_string_equal(errbuf.text, "alone");
	assert_int_equal(xc_fail(&errbuf, XC_ERR_IO, "no %s", "disk"),
	    XC_ERR_IO);
	assert_int_equal(xc_fail_prefix(&errbuf, XC_ERR_BUSY, "line %d", 3),
	    XC_ERR_BUSY);
	assert_string_equal(errbuf.text, "line 3: no disk");
	xc_fail_prefix(&errbuf, XC_ERR_BUSY, "%s", "");
	assert_string_equal(errbuf.text, "line 3: no disk");
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	xc_fail_prefix(&errbuf, XC_ERR_IO, "%s", longer);
	assert_int_equal(strlen(errbuf.text), sizeof(errbuf.text) - 1);
	xc_fail(&errbuf, XC_ERR_IO, "%s", longer);
	xc_fail_prefix(&errbuf, XC_ERR_IO, "short");
	assert_int_equal(strlen(errbuf.text), sizeof(errbuf.text) - 1);
	assert_memory_equal(errbuf.text, "short: xxx", 10);
}

/* However long a sentence is, it ends in a whole character. */
static void
test_cut(void **state)
{
	static const char *const chars[] = { "x", "\xc3\xa9",
		"\xe2\x82\xac", "\xf0\x9f\x98\x80" };
	struct xc_errbuf errbuf;
	char longer[3000];
	size_t pad, i, len;

	(void)state;
	for (i = 0; i < 4; i++) {
		for (pad = 0; pad < 8; pad++) {
			memset(longer, '.', pad);
			for (len = pad; len < 2000; len += strlen(chars[i]))
				strcpy(longer + len, chars[i]);
			xc_fail(&errbuf, XC_ERR_IO, "%s", longer);
			len = strlen(errbuf.text);
			assert_int_equal(xc_utf8_span(errbuf.text, len), len);
			assert_true(len + 4 >= sizeof(errbuf.text));
			xc_fail_prefix(&errbuf, XC_ERR_IO, "%.*s", (int)pad,
			    "12345678");
			len = strlen(errbuf.text);
			assert_int_equal(xc_utf8_span(errbuf.text, len), len);
		}
	}
}

static void
test_tidy(void **state)
{
	char text[] = "a\xff\xc3\xa9\xc3z\xed\xa0\x80\xe2\x82";
	char good[] = "\xe2\x82\xac";

	(void)state;
	xc_utf8_tidy(text);
	assert_string_equal(text, "a?\xc3\xa9?z?????");
	xc_utf8_tidy(good);
	assert_string_equal(good, "\xe2\x82\xac");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_tidy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
