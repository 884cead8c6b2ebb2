/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <xcore/part.h>

#include "multipart-fixture.h"

#define FILE_FD 1000000		/* nothing reads it */

static enum xc_err
take_bytes(const char *body, size_t len)
{
	return fixture_take("XX", 2, body, len, -1);
}

static enum xc_err
take(const char *body)
{
	return take_bytes(body, strlen(body));
}

#define TAKE(body) take_bytes(body, sizeof(body) - 1)
#define DISPOSITION "Content-Disposition: form-data; "
#define PART(params, data)						\
	"--XX\r\n" DISPOSITION params "\r\n\r\n" data "\r\n"
#define END "--XX--\r\n"

static const char *
text_of(struct xc_span span)
{
	return xc_block_text(&fixture.req.in, span);
}

static const char *
name_of(size_t i)
{
	assert_true(i < fixture.n);
	return text_of(fixture.fields[i].name);
}

static const char *
value_of(size_t i)
{
	assert_true(i < fixture.n);
	return text_of(fixture.fields[i].value);
}

static struct xc_part
part(size_t i)
{
	struct xc_part part;

	assert_true(xc_part_at(&fixture.req, i, &part));
	return part;
}

/* What the last fault says. */
static const char *
fault(void)
{
	static char text[4096];

	xc_contract_faults_end(&fixture.faults);
	assert_true(fixture.faults.text.used < sizeof(text));
	memcpy(text, fixture.faults.text.base, fixture.faults.text.used);
	text[fixture.faults.text.used] = '\0';
	return text;
}

static void
refused(const char *body, size_t len, const char *why)
{
	assert_int_equal(take_bytes(body, len), XC_ERR_INVALID);
	assert_non_null(strstr(fault(), why));
	assert_int_equal(xc_part_count(&fixture.req), 0);
	assert_int_equal(fixture.n, 0);
}

#define REFUSED(body, why) refused(body, sizeof(body) - 1, why)

static void
takes_fields_and_files(void **state)
{
	(void)state;
	assert_int_equal(TAKE(
	    PART("name=\"title\"", "Caf\xc3\xa9\r\n--X")
	    PART("name=empty", "")
	    "--XX\r\ncontent-type:image/png \r\n"
	    "CONTENT-DISPOSITION:\tFORM-DATA ;\tNAME=\"pic\"; "
	    "FileName=\"a.png\"\r\nX-More: ignored\r\n\r\n\0\xff\r\n\r\n"
	    END), XC_OK);
	assert_int_equal(fixture.n, 3);
	assert_string_equal(name_of(0), "title");
	assert_string_equal(value_of(0), "Caf\xc3\xa9\r\n--X");
	assert_false(fixture.fields[0].is_file);
	assert_int_equal(fixture.fields[0].type.off, 0);
	assert_string_equal(value_of(1), "");
	assert_int_not_equal(fixture.fields[1].value.off, 0);
	assert_string_equal(value_of(2), "a.png");
	assert_true(fixture.fields[2].is_file);
	assert_string_equal(text_of(fixture.fields[2].type), "image/png");
	assert_int_equal(xc_part_count(&fixture.req), 3);
	assert_null(part(0).filename);
	assert_string_equal(part(0).type, "text/plain");
	assert_string_equal(part(0).data, "Caf\xc3\xa9\r\n--X");
	assert_int_equal(part(1).size, 0);
	assert_string_equal(part(2).filename, "a.png");
	assert_string_equal(part(2).type, "image/png");
	assert_int_equal(part(2).size, 4);
	assert_memory_equal(part(2).data, "\0\xff\r\n", 5);
}

static void
takes_edges(void **state)
{
	(void)state;
	/* What browsers send of a form without fields. */
	assert_int_equal(TAKE(END), XC_OK);
	assert_int_equal(TAKE("--XX--"), XC_OK);
	assert_int_equal(fixture.n, 0);
	assert_int_equal(xc_part_count(&fixture.req), 0);
	/* Before and behind. */
	assert_int_equal(TAKE("for old mail readers\r\n" PART("name=a", "1")
	    "--XX--\r\nbye"), XC_OK);
	assert_string_equal(value_of(0), "1");
	assert_int_equal(TAKE("\r\n" PART("name=a", "1") END), XC_OK);
	/* A part without content, by the grammar of RFC 2046. */
	assert_int_equal(TAKE("--XX\r\n" DISPOSITION "name=a\r\n\r\n" END),
	    XC_OK);
	assert_string_equal(value_of(0), "");
	assert_int_equal(TAKE(PART("name=a", "\r\n--XY\r\n-XX\r\n--X") END),
	    XC_OK);
	assert_string_equal(value_of(0), "\r\n--XY\r\n-XX\r\n--X");
	assert_int_equal(TAKE(PART("name=a", "\r\r\r") END), XC_OK);
	assert_string_equal(value_of(0), "\r\r\r");
	assert_int_equal(TAKE(PART("name=\"a\"; size=3; x=\"\\\"\"", "1")
	    END), XC_OK);
}

static void
takes_boundaries(void **state)
{
	static const char all[] = "0123456789'()+_,-./:=?"
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV";
	static const char *const wrong[] = { "", "a b", "\"a\"", "a\"", "a;b",
		"a\r", "\xc3\xa9", "a*", "a " };
	char body[256], longer[80];
	size_t i;

	(void)state;
	assert_int_equal(strlen(all), 70);
	snprintf(body, sizeof(body), "--%s\r\n" DISPOSITION
	    "name=a\r\n\r\n1\r\n--%s--", all, all);
	assert_int_equal(fixture_take(all, 70, body, strlen(body), -1),
	    XC_OK);
	assert_string_equal(value_of(0), "1");
	snprintf(longer, sizeof(longer), "%sW", all);
	assert_int_equal(fixture_take(longer, 71, body, strlen(body), -1),
	    XC_ERR_INVALID);
	assert_int_equal(fixture_take("a\0b", 3, body, strlen(body), -1),
	    XC_ERR_INVALID);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(fixture_take(wrong[i], strlen(wrong[i]),
		    body, strlen(body), -1), XC_ERR_INVALID);
	/* ':' in it does not make a header line of a boundary. */
	snprintf(body, sizeof(body), "--a:b\r\n" DISPOSITION
	    "name=a\r\n--a:b\r\n\r\nx\r\n--a:b--");
	assert_int_equal(fixture_take("a:b", 3, body, strlen(body), -1),
	    XC_ERR_INVALID);
}

/* Through the front door: it says so. */
static void
names_a_wrong_boundary(void **state)
{
	static const struct xc_source source = { "--a b--", 7, -1 };

	(void)state;
	assert_int_equal(take(END), XC_OK);
	assert_int_equal(xc_multipart_take(NULL, &fixture.take, &source,
	    "a b", 3), XC_ERR_INVALID);
	assert_non_null(strstr(fault(), "boundary"));
	xc_contract_faults_begin(&fixture.faults);
	assert_int_equal(xc_multipart_take(NULL, &fixture.take,
	    &(struct xc_source){ "--ab--", 6, -1 }, "ab", 2), XC_OK);
}

static void
refuses_what_does_not_end(void **state)
{
	static const char body[] = PART("name=a", "1") PART("name=b", "2")
	    "--XX--";
	size_t n;

	(void)state;
	assert_int_equal(take(body), XC_OK);
	for (n = 0; n < sizeof(body) - 1; n++) {
		assert_int_equal(take_bytes(body, n), XC_ERR_INVALID);
		assert_int_equal(fixture.n, 0);
	}
	REFUSED("", "does not begin with the boundary");
	REFUSED("--XY--", "does not begin with the boundary");
	REFUSED("text--XX--", "does not begin with the boundary");
	REFUSED(PART("name=a", "1"), "has no end");
	REFUSED("--XX\r\n" DISPOSITION "name=a\r\n\r\n1", "has no end");
	REFUSED("--XX\r\n" DISPOSITION "name=a\r\n", "inside its header");
	REFUSED("--XX\r\n" DISPOSITION "name=a\r\n" END, "inside its header");
	REFUSED("--XX\r\n" END, "inside its header");
}

static void
refuses_other_line_ends(void **state)
{
	(void)state;
	REFUSED("--XX\n" DISPOSITION "name=a\r\n\r\n1\r\n" END, "goes on");
	REFUSED("--XX \r\n" DISPOSITION "name=a\r\n\r\n1\r\n" END,
	    "goes on");
	REFUSED(PART("name=a", "1\r\n--XXY") END, "goes on");
	REFUSED("--XX\r\n" DISPOSITION "name=a\n\n1\r\n" END, "control");
	REFUSED("--XX\r\n" DISPOSITION "name=a\r\r\n\r\n1\r\n" END,
	    "control");
	REFUSED("--XX\r\n" DISPOSITION "name=a\r\n\n1\r\n" END, "control");
	REFUSED("--XX--\n", "goes on behind");
	REFUSED("--XX-- ", "goes on behind");
	REFUSED("--XX--text", "goes on behind");
	REFUSED(PART("name=a", "1") "--XX-\r\n", "goes on");
}

static void
refuses_header_lines(void **state)
{
	(void)state;
	REFUSED("--XX\r\n\r\n1\r\n" END, "no Content-Disposition");
	REFUSED("--XX\r\nContent-Type: text/plain\r\n\r\n1\r\n" END,
	    "no Content-Disposition");
	REFUSED("--XX\r\n" DISPOSITION "name=a\r\n b\r\n\r\n1\r\n" END,
	    "folded");
	REFUSED("--XX\r\n" DISPOSITION "\r\n\tname=a\r\n\r\n1\r\n" END,
	    "a parameter that is none");
	REFUSED("--XX\r\n" DISPOSITION "name=a\r\n\tb\r\n\r\n1\r\n" END,
	    "folded");
	REFUSED("--XX\r\n" DISPOSITION "name=a\r\nX\r\n\r\n1\r\n" END,
	    "line that is none");
	REFUSED("--XX\r\n" DISPOSITION "name=a\r\nX : 1\r\n\r\n1\r\n" END,
	    "line that is none");
	REFUSED("--XX\r\n" DISPOSITION "name=a\r\n: 1\r\n\r\n1\r\n" END,
	    "line that is none");
	REFUSED("--XX\r\n" DISPOSITION "name=a\r\nX: \0\r\n\r\n1\r\n" END,
	    "control");
	REFUSED("--XX\r\n" DISPOSITION "name=a\r\nX: \x7f\r\n\r\n1\r\n" END,
	    "control");
	REFUSED("--XX\r\n" DISPOSITION "name=a\r\n" DISPOSITION
	    "name=b\r\n\r\n1\r\n" END, "a header twice");
	REFUSED("--XX\r\n" DISPOSITION "name=a\r\nX-a: 1\r\nx-A: 2\r\n\r\n1"
	    "\r\n" END, "a header twice");
	REFUSED(PART("name=\"\xff\"", "1") END, "no UTF-8");
	REFUSED(PART("name=\"\xc0\xaf\"", "1") END, "no UTF-8");
	REFUSED(PART("name=\"\xed\xa0\x80\"", "1") END, "no UTF-8");
}

static void
refuses_dispositions(void **state)
{
	static const char *const values[] = { "form-data", "form-data;",
		"form-data; name", "form-data; name=", "form-data name=a",
		"form-data; =a", "form-data; name=a;", "form-data; name=a b",
		"form-data; name=\"a", "form-data; name=\"a\"b",
		"form-data; name=\"a\\\"", "form-data; name=a; name=b",
		"form-data; name=a; filename=b; FILENAME=c",
		"form-data; filename=a", "form-data; name =a",
		"form-data; name= a", "attachment; name=a", "", "; name=a",
		"form-data; name=\"\"", "form-data; name=\"\t\"",
		"form-data; name=\"%0D%0A\"", "form-data, name=a",
		"form-data; name=a; filename*=UTF-8''b",
		"form-data; name=a; filename=b; filename*=UTF-8''c",
		"form-data; name*=UTF-8''a" };
	char body[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		snprintf(body, sizeof(body), "--XX\r\nContent-Disposition: "
		    "%s\r\n\r\n1\r\n" END, values[i]);
		if (take(body) != XC_ERR_INVALID)
			fail_msg("taken: %s", values[i]);
		assert_int_equal(fixture.faults.n, 1);
	}
}

static void
refuses_contents(void **state)
{
	(void)state;
	REFUSED(PART("name=a\r\nContent-Transfer-Encoding: base64", "MQ==")
	    END, "Transfer-Encoding");
	REFUSED(PART("name=a\r\nContent-Transfer-Encoding: quoted-printable",
	    "1") END, "Transfer-Encoding");
	assert_int_equal(TAKE(PART("name=a\r\n"
	    "Content-Transfer-Encoding: BINARY", "1") END), XC_OK);
	REFUSED(PART("name=a\r\nContent-Type: multipart/mixed; boundary=YY",
	    "--YY--") END, "multipart itself");
	REFUSED(PART("name=a; filename=b\r\nContent-Type: Multipart/x",
	    "1") END, "multipart itself");
	REFUSED(PART("name=a\r\nContent-Type: text", "1") END,
	    "Content-Type that is none");
	REFUSED(PART("name=a\r\nContent-Type: ", "1") END,
	    "Content-Type that is none");
	REFUSED(PART("name=a\r\nContent-Type: text/plain; charset=latin1",
	    "1") END, "charset");
	assert_int_equal(TAKE(PART("name=a\r\n"
	    "Content-Type: text/plain; charset=UTF-8", "1") END), XC_OK);
	assert_int_equal(TAKE(PART("name=a; filename=b\r\n"
	    "Content-Type: text/plain; charset=latin1", "\xe9") END), XC_OK);
	REFUSED(PART("name=a", "\xe9") END, "no UTF-8");
	REFUSED(PART("name=a", "1\0") END, "a NUL");
	REFUSED(PART("name=a\r\nContent-Type: application/octet-stream",
	    "\xff") END, "no UTF-8");
	/* JSON in UTF-16. */
	REFUSED(PART("name=json; filename=b\r\nContent-Type: "
	    "application/json", "\"\0a\0\"\0") END, "a NUL");
}

static void
says_where(void **state)
{
	(void)state;
	assert_int_equal(TAKE(PART("name=a", "1") PART("name=", "2") END),
	    XC_ERR_INVALID);
	assert_string_equal(fault(), "[{\"in\":\"body\",\"pointer\":\"\","
	    "\"code\":\"multipart\",\"detail\":\"part 2, at byte 57, has a "
	    "Content-Disposition with a value that is none, or does not "
	    "end\"}]");
}

/* What browsers, curl and old browsers write. */
static void
decodes_names(void **state)
{
	static const struct {
		const char *param;
		const char *name;
	} names[] = {
		{ "name=\"a%22b\"", "a\"b" },
		{ "name=\"a%41%\"", "a%41%" },
		{ "name=\"a%2\"", "a%2" },
		{ "name=\"a\\\"b\\\\c\\d\"", "a\"b\\c\\d" },
		{ "name=\"a;b=c\"", "a;b=c" },
		{ "name=tok%22en", "tok\"en" },
		{ "name=\" a \"", " a " },
		{ "name=\"\xe2\x82\xac\"", "\xe2\x82\xac" },
	};
	char body[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(body, sizeof(body), "--XX\r\n" DISPOSITION
		    "%s\r\n\r\n1\r\n" END, names[i].param);
		assert_int_equal(take(body), XC_OK);
		assert_string_equal(name_of(0), names[i].name);
		assert_string_equal(part(0).name, names[i].name);
	}
}

static void
tames_filenames(void **state)
{
	static const char *const names[][2] = {
		{ "a.txt", "a.txt" },
		{ "../../etc/passwd", "passwd" },
		{ "/etc/passwd", "passwd" },
		{ "C:\\\\Users\\\\x\\\\a.txt", "a.txt" },
		{ "C:\\Users\\x\\a.txt", "a.txt" },
		{ "..\\..\\a", "a" },
		{ "a/b\\c/d", "d" },
		{ "a/", "file" },
		{ "a\\b/", "file" },
		{ "/", "file" },
		{ ".", "file" },
		{ "..", "file" },
		{ "x/..", "file" },
		{ "%0D%0A", "file" },
		{ "..%0A", "file" },
		{ "%0A..%0D", "file" },
		{ ".%0A.", "file" },
		{ "a%0D%0Ab", "ab" },
		{ "a\tb", "ab" },
		{ "a\xc2\x85" "b\xc2\x9f", "ab" },
		{ "a\xc2\xa0" "b", "a\xc2\xa0" "b" },
		{ "%22a%22", "\"a\"" },
		{ "%2e%2e%2fx", "%2e%2e%2fx" },
		{ "...", "..." },
		{ ".htaccess", ".htaccess" },
	};
	char body[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(body, sizeof(body), "--XX\r\n" DISPOSITION
		    "name=f; filename=\"%s\"\r\n\r\n1\r\n" END, names[i][0]);
		assert_int_equal(take(body), XC_OK);
		assert_string_equal(value_of(0), names[i][1]);
		assert_string_equal(part(0).filename, names[i][1]);
		assert_string_equal(part(0).data, "1");
	}
	assert_int_equal(TAKE(PART("name=f; filename=\"a\0.png\"", "1") END),
	    XC_ERR_INVALID);
}

static void
leaves_out_what_is_nothing(void **state)
{
	(void)state;
	assert_int_equal(TAKE(PART("name=\"_charset_\"", "UTF-8")
	    PART("name=f; filename=\"\"\r\n"
	    "Content-Type: application/octet-stream", "")
	    PART("name=a", "1") END), XC_OK);
	assert_int_equal(fixture.n, 1);
	assert_string_equal(name_of(0), "a");
	assert_int_equal(xc_part_count(&fixture.req), 1);
	/* A file is one also without a name, if it has anything. */
	assert_int_equal(TAKE(PART("name=f; filename=\"\"", "1") END), XC_OK);
	assert_string_equal(part(0).filename, "file");
	assert_int_equal(TAKE(PART("name=f; filename=\"e\"", "") END), XC_OK);
	assert_int_equal(part(0).size, 0);
}

static void
takes_json(void **state)
{
	(void)state;
	assert_int_equal(TAKE(
	    PART("name=json; filename=\"blob\"\r\n"
	    "Content-Type: application/json", "{}")
	    PART("name=json; filename=\"blob\"", "{}")
	    PART("name=other; filename=\"a.json\"\r\n"
	    "Content-Type: application/json", "{}")
	    PART("name=json\r\nContent-Type: application/json", "[]") END),
	    XC_OK);
	assert_int_equal(fixture.n, 4);
	assert_false(fixture.fields[0].is_file);
	assert_string_equal(value_of(0), "{}");
	assert_null(part(0).filename);
	assert_string_equal(value_of(1), "{}");
	assert_true(fixture.fields[2].is_file);
	assert_string_equal(value_of(2), "a.json");
	assert_false(fixture.fields[3].is_file);
	assert_string_equal(text_of(fixture.fields[3].type),
	    "application/json");
}

/* A body of n parts. */
static char *
many(size_t n, const char *params, size_t *len_r)
{
	char one[256];
	size_t len = (size_t)snprintf(one, sizeof(one), "--XX\r\n"
	    DISPOSITION "%s\r\n\r\n\r\n", params), i;
	char *body = malloc(n * len + sizeof(END));

	assert_non_null(body);
	for (i = 0; i < n; i++)
		memcpy(body + i * len, one, len);
	memcpy(body + n * len, END, sizeof(END) - 1);
	*len_r = n * len + sizeof(END) - 1;
	return body;
}

static void
bounds_parts(void **state)
{
	static const struct {
		size_t n;
		enum xc_err err;
	} counts[] = { { 255, XC_OK }, { 256, XC_OK },
		{ 257, XC_ERR_TOO_LARGE }, { 10000, XC_ERR_TOO_LARGE } };
	static const char *const params[] = { "name=a",
		"name=\"_charset_\"", "name=a; filename=\"\"" };
	size_t i, len;
	char *body;

	(void)state;
	for (i = 0; i < 12; i++) {
		body = many(counts[i % 4].n, params[i / 4], &len);
		assert_int_equal(take_bytes(body, len), counts[i % 4].err);
		if (counts[i % 4].err == XC_OK && i < 4)
			assert_int_equal(xc_part_count(&fixture.req),
			    counts[i].n);
		else
			assert_int_equal(xc_part_count(&fixture.req), 0);
		/* It gives up there: no more than 257 parts are looked at. */
		assert_true(fixture.multipart.steps < 257 * 256);
		free(body);
	}
}

static void
bounds_header_lines(void **state)
{
	char body[20000];
	size_t at, i, n;

	(void)state;
	for (n = 14; n < 18; n++) {
		at = (size_t)sprintf(body, "--XX\r\n" DISPOSITION
		    "name=a\r\n");
		for (i = 0; i < n; i++)
			at += (size_t)sprintf(body + at, "X-%zu: 1\r\n", i);
		sprintf(body + at, "\r\n1\r\n" END);
		assert_int_equal(take(body), n < 16 ? XC_OK
		    : XC_ERR_TOO_LARGE);
	}
	/* With its CR LF, and that of the empty line. */
	n = XC_MULTIPART_HEAD - strlen(DISPOSITION "name=a\r\nX: \r\n\r\n");
	for (i = n - 1; i < n + 2; i++) {
		sprintf(body, "--XX\r\n" DISPOSITION "name=a\r\nX: %0*d\r\n"
		    "\r\n1\r\n" END, (int)i, 0);
		assert_int_equal(take(body), i <= n ? XC_OK
		    : XC_ERR_TOO_LARGE);
	}
	memset(body, 'x', sizeof(body));
	memcpy(body, "--XX\r\n", 6);
	assert_int_equal(take_bytes(body, sizeof(body)), XC_ERR_TOO_LARGE);
	assert_int_equal(take_bytes(body, 8000), XC_ERR_INVALID);
}

static void
bounds_what_is_aside(void **state)
{
	char body[XC_MULTIPART_ASIDE + 200];
	size_t n;

	(void)state;
	for (n = XC_MULTIPART_ASIDE - 1; n < XC_MULTIPART_ASIDE + 2; n++) {
		snprintf(body, sizeof(body), "%0*d\r\n" PART("name=a", "1")
		    END, (int)n, 0);
		assert_int_equal(take(body), n <= XC_MULTIPART_ASIDE ? XC_OK
		    : XC_ERR_INVALID);
		snprintf(body, sizeof(body), PART("name=a", "1") END "%0*d",
		    (int)n, 0);
		assert_int_equal(take(body), n <= XC_MULTIPART_ASIDE ? XC_OK
		    : XC_ERR_INVALID);
	}
}

/* Large files stay where they are, if they lie in a file. */
static void
leaves_large_parts_in_the_file(void **state)
{
	static char body[4 * XC_MULTIPART_MEMORY];
	const size_t sizes[] = { XC_MULTIPART_MEMORY,
		XC_MULTIPART_MEMORY + 1 };
	size_t at, i, begin = 0, used;

	(void)state;
	for (i = 0; i < 4; i++) {
		at = (size_t)sprintf(body, PART("name=t", "%0*d")
		    "--XX\r\n" DISPOSITION "name=f; filename=x\r\n\r\n",
		    (int)XC_MULTIPART_MEMORY + 1, 7);
		begin = at;
		memset(body + at, 'b', sizes[i % 2]);
		at += sizes[i % 2];
		at += (size_t)sprintf(body + at, "\r\n" END);
		assert_int_equal(fixture_take("XX", 2, body, at,
		    i < 2 ? FILE_FD : -1), XC_OK);
		/* A text is in memory whatever its size. */
		assert_int_equal(part(0).size, XC_MULTIPART_MEMORY + 1);
		assert_non_null(part(0).data);
		assert_int_equal(part(1).size, sizes[i % 2]);
		used = fixture.req.in.used;
		if (i == 1) {
			assert_null(part(1).data);
			assert_int_equal(fixture.multipart.rows[1].file_off,
			    begin);
			assert_true(used < XC_MULTIPART_MEMORY + 2000);
		} else {
			assert_memory_equal(part(1).data, body + begin,
			    sizes[i % 2]);
		}
	}
}

/* Bodies made to be slow: no byte is compared more than twice, whatever they
 * are made of, and header lines are read once. */
static void
is_linear(void **state)
{
	static const char *const stuff[] = { "\r", "\r\n", "\r\n-", "\r\n--",
		"\r\n--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"a", "-", "\r\n--a", "\r\r\n--aaaa", "\r\n--\r\n--" };
	char boundary[61], head[256];
	const size_t len = 1 << 20;
	size_t i, n, at;
	char *body = malloc(len);

	(void)state;
	assert_non_null(body);
	memset(boundary, 'a', 60);
	boundary[60] = '\0';
	at = (size_t)snprintf(head, sizeof(head), "--%s\r\n" DISPOSITION
	    "name=a; filename=b\r\n\r\n", boundary);
	memcpy(body, head, at);
	for (i = 0; i < sizeof(stuff) / sizeof(stuff[0]); i++) {
		for (n = at; n < len; n++)
			body[n] = stuff[i][(n - at) % strlen(stuff[i])];
		assert_int_equal(fixture_take(boundary, 60, body, len, -1),
		    XC_ERR_INVALID);
		assert_true(fixture.multipart.steps <= 2 * len + 64);
	}
	free(body);
}

static int
open_all(void **state)
{
	(void)state;
	return fixture_open() ? 0 : -1;
}

static int
close_all(void **state)
{
	(void)state;
	xc_request_free(&fixture.req);
	xc_contract_faults_free(&fixture.faults);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_fields_and_files),
		cmocka_unit_test(takes_edges),
		cmocka_unit_test(takes_boundaries),
		cmocka_unit_test(names_a_wrong_boundary),
		cmocka_unit_test(refuses_what_does_not_end),
		cmocka_unit_test(refuses_other_line_ends),
		cmocka_unit_test(refuses_header_lines),
		cmocka_unit_test(refuses_dispositions),
		cmocka_unit_test(refuses_contents),
		cmocka_unit_test(says_where),
		cmocka_unit_test(decodes_names),
		cmocka_unit_test(tames_filenames),
		cmocka_unit_test(leaves_out_what_is_nothing),
		cmocka_unit_test(takes_json),
		cmocka_unit_test(bounds_parts),
		cmocka_unit_test(bounds_header_lines),
		cmocka_unit_test(bounds_what_is_aside),
		cmocka_unit_test(leaves_large_parts_in_the_file),
		cmocka_unit_test(is_linear),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
