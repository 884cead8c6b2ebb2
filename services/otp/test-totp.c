/* SPDX-License-Identifier: MIT */
/* Codes, addresses and pictures, without a server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "code.h"
#include "qr.h"
#include "totp.h"

/* The secret of both RFCs: "12345678901234567890". */
static const unsigned char secret[XC_TOTP_SECRET_LEN + 1] =
    "12345678901234567890";
#define SECRET_TEXT "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

/* RFC 4226, appendix D: the steps 0 to 9. */
static const char *const steps[] = { "755224", "287082", "359152", "969429",
	"338314", "254676", "287922", "162583", "399871", "520489" };

/* RFC 6238, appendix B, SHA-1: the last 6 of its 8 digits. */
static const struct {
	int64_t at;
	uint64_t step;
	const char *code;
} times[] = {
	{ 59, 1, "287082" },
	{ 1111111109, 0x23523ec, "081804" },
	{ 1111111111, 0x23523ed, "050471" },
	{ 1234567890, 0x273ef07, "005924" },
	{ 2000000000, 0x3f940aa, "279037" },
	{ 20000000000, 0x27bc86aa, "353130" },
};

static void
test_vectors(void **state)
{
	uint64_t step;

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		assert_int_equal(xc_totp_match(secret, (int64_t)i * 30 + 29, 0,
		    steps[i], &step), XC_OK);
		assert_int_equal(step, i);
	}
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		assert_int_equal(xc_totp_match(secret, times[i].at, 0,
		    times[i].code, &step), XC_OK);
		assert_int_equal(step, times[i].step);
	}
}

/* A clock that is wrong, either way. */
static void
test_drift(void **state)
{
	uint64_t step;

	(void)state;
	for (int64_t wrong = -3; wrong <= 3; wrong++) {
		for (unsigned window = 0; window <= 2; window++) {
			int64_t at = 1234567890 - wrong * 30;
			enum xc_err err = xc_totp_match(secret, at, window,
			    "005924", &step);

			assert_int_equal(err, llabs(wrong) <= window ? XC_OK
			    : XC_ERR_DENIED);
			assert_int_equal(step, err == XC_OK ? 0x273ef07 : 0);
		}
	}
	/* Before the first step there is none. */
	assert_int_equal(xc_totp_match(secret, 0, 1, steps[1], &step),
	    XC_ERR_DENIED);
	assert_int_equal(xc_totp_match(secret, 30, 1, steps[0], &step),
	    XC_OK);
}

static const char *const no_codes[] = { "", "28708", "2870820", "28708a",
	"287 082", " 287082", "+87082", "-87082", "0x2870", "\331\24287082",
	"287082\n" };

static void
test_no_codes(void **state)
{
	uint64_t step;

	(void)state;
	for (size_t i = 0; i < sizeof(no_codes) / sizeof(no_codes[0]); i++)
		assert_int_equal(xc_totp_match(secret, 59, 1, no_codes[i],
		    &step), XC_ERR_DENIED);
}

/* What a program that we did not write makes of a random secret. */
static void
test_oathtool(void **state)
{
	unsigned char random[XC_TOTP_SECRET_LEN];
	char text[XC_TOTP_SECRET_TEXT], command[160], code[16] = "";
	uint64_t step;
	FILE *out;

	(void)state;
	if (system("command -v oathtool >/dev/null 2>&1") != 0)
		skip();
	for (int i = 0; i < 5; i++) {
		assert_int_equal(xc_random(random, sizeof(random)), XC_OK);
		assert_int_equal(xc_totp_text(random, text), XC_OK);
		assert_int_equal(strlen(text), XC_TOTP_SECRET_TEXT - 1);
		snprintf(command, sizeof(command), "oathtool --totp --base32 "
		    "--now '2026-11-23 10:00:0%d UTC' %s", i, text);
		out = popen(command, "r");
		assert_non_null(out);
		assert_non_null(fgets(code, sizeof(code), out));
		assert_int_equal(pclose(out), 0);
		code[strcspn(code, "\n")] = '\0';
		assert_int_equal(xc_totp_match(random, 1795428000 + i, 0, code,
		    &step), XC_OK);
	}
}

static const struct {
	const char *issuer;
	const char *account;
	const char *label;
	const char *parameter;
} names[] = {
	{ "xcore", "ana", "xcore:ana", "xcore" },
	{ "A & B", "ana@x.org", "A%20%26%20B:ana%40x.org", "A%20%26%20B" },
	{ "a:b", "c:d", "a-b:c-d", "a-b" },
	{ "\xc3\xa4?#", "%/", "%C3%A4%3F%23:%25%2F", "%C3%A4%3F%23" },
	{ "", "", ":", "" },
};

static void
test_uri(void **state)
{
	char text[XC_TOTP_SECRET_TEXT], want[512], *uri;

	(void)state;
	assert_int_equal(xc_totp_text(secret, text), XC_OK);
	assert_string_equal(text, SECRET_TEXT);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(want, sizeof(want), "otpauth://totp/%s?secret="
		    SECRET_TEXT "&issuer=%s&algorithm=SHA1&digits=6&period=30",
		    names[i].label, names[i].parameter);
		assert_int_equal(xc_totp_uri(names[i].issuer, names[i].account,
		    text, &uri), XC_OK);
		assert_string_equal(uri, want);
		free(uri);
	}
}

/* --- the picture --------------------------------------------------------- */

#define SIDE_MAX 200

/* The bars of a path, as cells. */
static int
read_cells(const char *svg, char cells[SIDE_MAX][SIDE_MAX])
{
	const char *at = strstr(svg, " d=\"");
	int side = 0, x, y, n, m, used;

	memset(cells, 0, SIDE_MAX * SIDE_MAX);
	assert_int_equal(sscanf(strstr(svg, "viewBox"),
	    "viewBox=\"0 0 %d", &side), 1);
	assert_non_null(at);
	assert_true(side < SIDE_MAX);
	for (at += 4; *at == 'M'; at += used) {
		assert_int_equal(sscanf(at, "M%d %dh%dv1h-%dz%n", &x, &y, &n,
		    &m, &used), 4);
		assert_int_equal(n, m);
		assert_true(x >= 4 && y >= 4 && x + n <= side - 4 &&
		    y < side - 4);
		while (n-- > 0)
			cells[y][x + n] = 1;
	}
	assert_string_equal(at, "\"/></svg>");
	return side;
}

/* Has another program read the picture; it takes what a camera gives. */
static void
scan(char cells[SIDE_MAX][SIDE_MAX], int side, char *text, size_t size)
{
	char path[] = "/tmp/xcore-qr.XXXXXX", command[256];
	int fd = mkstemp(path);
	FILE *file;

	assert_true(fd >= 0);
	file = fdopen(fd, "w");
	assert_non_null(file);
	fprintf(file, "P1\n%d %d\n", side * 4, side * 4);
	for (int y = 0; y < side * 4; y++) {
		for (int x = 0; x < side * 4; x++)
			fputs(cells[y / 4][x / 4] ? "1 " : "0 ", file);
		fputc('\n', file);
	}
	assert_int_equal(fclose(file), 0);
	snprintf(command, sizeof(command), "zbarimg --quiet --raw -Sdisable "
	    "-Sqrcode.enable %s 2>/dev/null", path);
	file = popen(command, "r");
	assert_non_null(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	(void)pclose(file);
	unlink(path);
	text[strcspn(text, "\n")] = '\0';
}

static void
test_picture(void **state)
{
	static char cells[SIDE_MAX][SIDE_MAX];
	char *uri, *svg, text[1024];
	int side;

	(void)state;
	assert_int_equal(xc_totp_uri("A & B", "ana@example.org", SECRET_TEXT,
	    &uri), XC_OK);
	assert_int_equal(xc_qr_svg(uri, "For <A & \"B\">", &svg), XC_OK);
	assert_non_null(strstr(svg, " role=\"img\" "));
	assert_non_null(strstr(svg, "<title>For &#60;A &#38; &#34;B&#34;&#62;"
	    "</title><rect "));
	assert_non_null(strstr(svg, " fill=\"#fff\"/>"));
	side = read_cells(svg, cells);
	/* Its three corners; nothing in the margin was made sure of. */
	for (int i = 0; i < 7; i++) {
		assert_int_equal(cells[4][4 + i], 1);
		assert_int_equal(cells[4 + i][4], 1);
		assert_int_equal(cells[4][side - 5 - i], 1);
		assert_int_equal(cells[side - 5 - i][4], 1);
	}
	free(svg);
	if (system("command -v zbarimg >/dev/null 2>&1") == 0) {
		scan(cells, side, text, sizeof(text));
		assert_string_equal(text, uri);
	}
	free(uri);
}

static void
test_picture_size(void **state)
{
	char text[4000], *svg;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[2331] = '\0';
	assert_int_equal(xc_qr_svg(text, "", &svg), XC_OK);
	free(svg);
	text[2331] = 'x';
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(xc_qr_svg(text, "", &svg), XC_ERR_TOO_LARGE);
	assert_null(svg);
}

/* --- what people type ---------------------------------------------------- */

static const struct {
	const char *text;
	enum xc_code_kind kind;
	const char *code;
} typed[] = {
	{ "287082", XC_CODE_APP, "287082" },
	{ " 287 082 ", XC_CODE_APP, "287082" },
	{ "12345678", XC_CODE_MAIL, "12345678" },
	{ "1234-5678", XC_CODE_MAIL, "12345678" },
	{ "4f7k-x2m9-q0zt", XC_CODE_RECOVERY, "4f7kx2m9q0zt" },
	{ "4F7K X2M9 QOZT", XC_CODE_RECOVERY, "4f7kx2m9q0zt" },
	{ "ilILoO000000", XC_CODE_RECOVERY, "111100000000" },
	{ "", XC_CODE_NONE, "" },
	{ "1234567", XC_CODE_NONE, "1234567" },
	{ "a23456", XC_CODE_NONE, "a23456" },
	{ "4f7kx2m9q0zu", XC_CODE_NONE, NULL },
	{ "4f7kx2m9q0zt4f7kx2m9", XC_CODE_NONE, NULL },
	{ "28708\xff", XC_CODE_NONE, NULL },
	{ "287082'--", XC_CODE_NONE, NULL },
};

static void
test_typed(void **state)
{
	char code[XC_CODE_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
		assert_int_equal(xc_code_read(typed[i].text, code),
		    typed[i].kind);
		if (typed[i].code != NULL)
			assert_string_equal(code, typed[i].code);
	}
}

static void
test_made(void **state)
{
	char text[2][XC_CODE_SIZE] = { "", "" }, code[XC_CODE_SIZE];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(xc_code_recovery(text[i % 2]), XC_OK);
		assert_int_equal(strlen(text[i % 2]), 14);
		assert_int_equal(xc_code_read(text[i % 2], code),
		    XC_CODE_RECOVERY);
		assert_string_not_equal(text[0], text[1]);
		assert_int_equal(xc_code_mail(code), XC_OK);
		assert_int_equal(strspn(code, "0123456789"), 8);
		assert_int_equal(strlen(code), 8);
	}
}

static void
test_digests(void **state)
{
	unsigned char digests[4][XC_DIGEST_LEN];
	struct xc_keyring *ring;

	(void)state;
	assert_int_equal(xc_keyring_fake(&ring, NULL), XC_OK);
	assert_int_equal(xc_code_digest(ring, 0, "login", 42, "12345678",
	    digests[0]), XC_OK);
	assert_int_equal(xc_code_digest(ring, 0, "step-up", 42, "12345678",
	    digests[1]), XC_OK);
	assert_int_equal(xc_code_digest(ring, 0, "login", 4, "212345678",
	    digests[2]), XC_OK);
	assert_int_equal(xc_code_digest(ring, 0, "login", 42, "12345678",
	    digests[3]), XC_OK);
	assert_memory_equal(digests[0], digests[3], XC_DIGEST_LEN);
	assert_memory_not_equal(digests[0], digests[1], XC_DIGEST_LEN);
	assert_memory_not_equal(digests[0], digests[2], XC_DIGEST_LEN);
	assert_int_equal(xc_code_digest(ring, 1, "login", 42, "12345678",
	    digests[3]), XC_ERR_NOT_FOUND);
	xc_keyring_free(&ring);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_drift),
		cmocka_unit_test(test_no_codes),
		cmocka_unit_test(test_oathtool),
		cmocka_unit_test(test_uri),
		cmocka_unit_test(test_picture),
		cmocka_unit_test(test_picture_size),
		cmocka_unit_test(test_typed),
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_digests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
