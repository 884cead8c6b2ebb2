/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "worker/head.h"

/* A buffer that records are put into. */
struct bytes {
	unsigned char p[200000];
	size_t len;
};

static void
put(struct bytes *b, uint8_t type, uint16_t id, const void *content,
    size_t len, uint8_t padding)
{
	unsigned char *p = b->p + b->len;

	p[0] = 1;
	p[1] = type;
	p[2] = (unsigned char)(id >> 8);
	p[3] = (unsigned char)id;
	p[4] = (unsigned char)(len >> 8);
	p[5] = (unsigned char)len;
	p[6] = padding;
	p[7] = 0;
	if (len > 0)
		memcpy(p + 8, content, len);
	memset(p + 8 + len, 0xee, padding);
	b->len += 8 + len + padding;
}

static void
put_begin(struct bytes *b, uint16_t id, uint8_t role, uint8_t flags)
{
	const unsigned char body[8] = { 0, role, flags };

	put(b, XC_FCGI_BEGIN, id, body, 8, 0);
}

static void
put_request(struct bytes *b, const void *params, size_t len)
{
	b->len = 0;
	put_begin(b, 1, 1, 1);
	if (len > 0)
		put(b, XC_FCGI_PARAMS, 1, params, len, 3);
	put(b, XC_FCGI_PARAMS, 1, NULL, 0, 0);
	put(b, XC_FCGI_STDIN, 1, NULL, 0, 0);
}

static enum xc_head_result
scan(const struct bytes *b, struct xc_head *head)
{
	struct xc_head_limits limits = xc_head_limits(65536, 1000);

	memset(head, 0, sizeof(*head));
	return xc_head_scan(head, &limits, b->p, b->len);
}

static enum xc_head_result
scan_params(const void *params, size_t len, struct xc_head *head)
{
	static struct bytes b;

	put_request(&b, params, len);
	return scan(&b, head);
}

#define SCAN(text, head) scan_params(text, sizeof(text) - 1, head)

static void
takes_a_request(void **state)
{
	static struct bytes b;
	struct xc_head head;

	(void)state;
	put_begin(&b, 0x1234, 1, 1);
	put(&b, XC_FCGI_PARAMS, 0x1234, "\1\2Abc\3", 6, 2);
	put(&b, XC_FCGI_PARAMS, 0x1234, "\0XYZ", 4, 0);
	put(&b, XC_FCGI_PARAMS, 0x1234, NULL, 0, 0);
	put(&b, XC_FCGI_STDIN, 0x1234, "body", 4, 4);
	put(&b, XC_FCGI_STDIN, 0x1234, NULL, 0, 0);
	assert_int_equal(scan(&b, &head), XC_HEAD_COMPLETE);
	assert_int_equal(head.done, b.len);
	assert_int_equal(head.request_id, 0x1234);
	assert_int_equal(head.n_params, 2);
	assert_int_equal(head.params_len, 10);
	assert_int_equal(head.body_len, 4);
	assert_true(head.keep);
}

/* Fed in any two parts, and in single bytes, it gives the same. */
static void
goes_on(void **state)
{
	static struct bytes b;
	struct xc_head_limits limits = xc_head_limits(65536, 1000);
	struct xc_head head;
	size_t n;

	(void)state;
	put_request(&b, "\6\3METHODGET\x80\0\0\2\x80\0\0\3" "AB123", 24);
	for (n = 0; n < b.len; n++) {
		memset(&head, 0, sizeof(head));
		assert_int_equal(xc_head_scan(&head, &limits, b.p, n),
		    XC_HEAD_MORE);
		assert_int_equal(xc_head_scan(&head, &limits, b.p, b.len),
		    XC_HEAD_COMPLETE);
		assert_int_equal(head.n_params, 2);
	}
	memset(&head, 0, sizeof(head));
	for (n = 0; n < b.len; n++)
		assert_int_equal(xc_head_scan(&head, &limits, b.p, n),
		    XC_HEAD_MORE);
	assert_int_equal(xc_head_scan(&head, &limits, b.p, n),
	    XC_HEAD_COMPLETE);
}

static void
says_keep(void **state)
{
	static struct bytes b;
	struct xc_head head;

	(void)state;
	put_request(&b, NULL, 0);
	b.p[10] = 0;
	assert_int_equal(scan(&b, &head), XC_HEAD_COMPLETE);
	assert_false(head.keep);
	b.p[10] = 0xfe;	/* flags without a meaning */
	assert_int_equal(scan(&b, &head), XC_HEAD_COMPLETE);
	assert_false(head.keep);
}

/* Each byte of a good request's first headers, wrong. */
static void
refuses_wrong_headers(void **state)
{
	static const struct {
		size_t at;
		unsigned char byte;
	} wrong[] = { { 0, 0 }, { 0, 2 }, { 1, 0 }, { 1, 2 }, { 1, 4 },
		{ 1, 9 }, { 3, 0 }, { 5, 7 }, { 5, 9 }, { 8, 1 }, { 9, 0 },
		{ 9, 2 }, { 9, 3 }, { 16, 2 }, { 17, 1 }, { 17, 3 },
		{ 17, 5 }, { 17, 8 }, { 17, 9 }, { 17, 255 }, { 18, 1 },
		{ 19, 0 }, { 19, 2 } };
	static struct bytes b;
	struct xc_head head;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		put_request(&b, "\1\1Ab", 4);
		b.p[wrong[i].at] = wrong[i].byte;
		assert_int_equal(scan(&b, &head), XC_HEAD_BAD);
		assert_non_null(head.reason);
	}
}

static void
refuses_what_is_behind(void **state)
{
	static struct bytes b;
	struct xc_head head;

	(void)state;
	put_request(&b, "\1\1Ab", 4);
	put_begin(&b, 1, 1, 1);
	assert_int_equal(scan(&b, &head), XC_HEAD_BAD);
	put_request(&b, "\1\1Ab", 4);
	b.p[b.len++] = 0;
	assert_int_equal(scan(&b, &head), XC_HEAD_BAD);
}

static void
refuses_padding_on_nothing(void **state)
{
	static struct bytes b;
	struct xc_head head;

	(void)state;
	put_begin(&b, 1, 1, 1);
	put(&b, XC_FCGI_PARAMS, 1, NULL, 0, 8);
	assert_int_equal(scan(&b, &head), XC_HEAD_BAD);
	b.len = 16;
	b.p[6] = 8;
	assert_int_equal(scan(&b, &head), XC_HEAD_BAD);
}

static void
refuses_endless_padding(void **state)
{
	static unsigned char many[400000];
	struct xc_head_limits limits = xc_head_limits(1000, 1000);
	struct xc_head head = { .done = 0 };
	static struct bytes b;
	size_t len = 0;

	(void)state;
	put_begin(&b, 1, 1, 1);
	memcpy(many, b.p, b.len);
	len = b.len;
	b.len = 0;
	put(&b, XC_FCGI_PARAMS, 1, "x", 1, 255);
	for (; len + b.len < sizeof(many); len += b.len)
		memcpy(many + len, b.p, b.len);
	assert_int_equal(xc_head_scan(&head, &limits, many, len),
	    XC_HEAD_BAD);
}

static void
knows_abort(void **state)
{
	static struct bytes b;
	struct xc_head head;

	(void)state;
	put_begin(&b, 7, 1, 1);
	put(&b, XC_FCGI_ABORT, 7, NULL, 0, 0);
	assert_int_equal(scan(&b, &head), XC_HEAD_ABORTED);
	b.len = 16;
	put(&b, XC_FCGI_ABORT, 8, NULL, 0, 0);
	assert_int_equal(scan(&b, &head), XC_HEAD_BAD);
}

static void
refuses_bad_pairs(void **state)
{
	struct xc_head head;

	(void)state;
	assert_int_equal(SCAN("\0\1b", &head), XC_HEAD_BAD);
	assert_int_equal(SCAN("\3\1A=Bb", &head), XC_HEAD_BAD);
	assert_int_equal(SCAN("\3\1A\0Bb", &head), XC_HEAD_BAD);
	assert_int_equal(SCAN("\3\1A Bb", &head), XC_HEAD_BAD);
	assert_int_equal(SCAN("\3\1A\x7f" "Bb", &head), XC_HEAD_BAD);
	assert_int_equal(SCAN("\1\3Ab\0c", &head), XC_HEAD_BAD);
	assert_int_equal(SCAN("\1", &head), XC_HEAD_BAD);
	assert_int_equal(SCAN("\1\1", &head), XC_HEAD_BAD);
	assert_int_equal(SCAN("\1\1A", &head), XC_HEAD_BAD);
	assert_int_equal(SCAN("\2\1A", &head), XC_HEAD_BAD);
	assert_int_equal(SCAN("\x80\0\0", &head), XC_HEAD_BAD);
	assert_int_equal(SCAN("\x80\0\0\1", &head), XC_HEAD_BAD);
	assert_int_equal(SCAN("\1\0A", &head), XC_HEAD_COMPLETE);
	assert_int_equal(SCAN("\1\3A=b\n", &head), XC_HEAD_COMPLETE);
}

/* Each byte at each place of a name. */
static void
knows_names(void **state)
{
	unsigned char pair[22] = { 19, 1, [21] = 'v' };
	struct xc_head head;
	unsigned byte;
	size_t at;
	bool good;

	(void)state;
	for (at = 2; at < 21; at++)
		for (byte = 0; byte < 256; byte++) {
			memset(pair + 2, 'N', 19);
			pair[at] = (unsigned char)byte;
			good = byte > ' ' && byte != '=' && byte != 0x7f;
			assert_int_equal(scan_params(pair, sizeof(pair),
			    &head), good ? XC_HEAD_COMPLETE : XC_HEAD_BAD);
		}
}

static void
refuses_absurd_lengths(void **state)
{
	struct xc_head head;

	(void)state;
	assert_int_equal(SCAN("\xff\xff\xff\xff\1Ab", &head), XC_HEAD_BAD);
	assert_int_equal(SCAN("\1\xff\xff\xff\xff" "Ab", &head),
	    XC_HEAD_BAD);
	assert_int_equal(SCAN("\xff\xff\xff\xff\xff\xff\xff\xff" "Ab",
	    &head), XC_HEAD_BAD);
	assert_int_equal(SCAN("\1\x81\0\0\1" "Ab", &head), XC_HEAD_BAD);
	assert_int_equal(SCAN("\1\x80\2\0\0" "Ab", &head),
	    XC_HEAD_TOO_LARGE);
	assert_int_equal(head.status, 431);
	assert_int_equal(SCAN("\x80\0\4\1\1Ab", &head), XC_HEAD_TOO_LARGE);
	assert_int_equal(head.status, 431);
}

static void
counts_params(void **state)
{
	static unsigned char params[4000];
	struct xc_head head;
	size_t i;

	(void)state;
	for (i = 0; i < 1000; i++)
		memcpy(params + 4 * i, "\1\1Ab", 4);
	assert_int_equal(scan_params(params, 4 * 512, &head),
	    XC_HEAD_COMPLETE);
	assert_int_equal(scan_params(params, 4 * 513, &head),
	    XC_HEAD_TOO_LARGE);
	assert_int_equal(head.status, 431);
}

static void
limits_params(void **state)
{
	static struct bytes b;
	static char value[40000];
	struct xc_head head;

	(void)state;
	memset(value, 'v', sizeof(value));
	memcpy(value, "\1\x80\0\x9c\x3a" "A", 6);	/* 39,994 */
	put_begin(&b, 1, 1, 1);
	put(&b, XC_FCGI_PARAMS, 1, value, sizeof(value), 0);
	put(&b, XC_FCGI_PARAMS, 1, value, sizeof(value), 0);
	assert_int_equal(scan(&b, &head), XC_HEAD_TOO_LARGE);
	assert_int_equal(head.status, 431);
	assert_int_equal(head.request_id, 1);
}

static void
limits_the_body(void **state)
{
	static struct bytes b;
	static char body[2000];
	struct xc_head head;

	(void)state;
	put_begin(&b, 1, 1, 1);
	put(&b, XC_FCGI_PARAMS, 1, NULL, 0, 0);
	put(&b, XC_FCGI_STDIN, 1, body, 1000, 0);
	assert_int_equal(scan(&b, &head), XC_HEAD_MORE);
	put(&b, XC_FCGI_STDIN, 1, body, 1, 0);
	/* Known from the header, before the byte is there. */
	b.len--;
	assert_int_equal(scan(&b, &head), XC_HEAD_TOO_LARGE);
	assert_int_equal(head.status, 413);
}

static void
makes_limits(void **state)
{
	struct xc_head_limits limits = xc_head_limits(-1, INT64_MAX);

	(void)state;
	assert_int_equal(limits.params_max, 0);
	assert_int_equal(limits.body_max, INT32_MAX);
	assert_true(limits.raw_max >= limits.body_max);
	limits = xc_head_limits(INT64_MAX, 0);
	assert_int_equal(limits.params_max, XC_HEAD_ABSURD);
}

/* A request whose body comes in records of every size, with padding. */
static size_t
put_upload(struct bytes *b, unsigned char *body)
{
	size_t i, n, len = 0;

	b->len = 0;
	put_begin(b, 0x1234, 1, 1);
	put(b, XC_FCGI_PARAMS, 0x1234, "\1\2Abc", 5, 3);
	put(b, XC_FCGI_PARAMS, 0x1234, NULL, 0, 0);
	for (i = 1; i <= 40; i++) {
		n = i * i % 97 + 1;
		memset(body + len, (int)i, n);
		put(b, XC_FCGI_STDIN, 0x1234, body + len, n,
		    (uint8_t)(i % 9));
		len += n;
	}
	put(b, XC_FCGI_STDIN, 0x1234, NULL, 0, 0);
	return len;
}

/* Takes the body out whenever `often` bytes have come, and at the end. */
static void
take_out(const struct bytes *b, size_t often, const unsigned char *body,
    size_t body_len)
{
	static unsigned char buf[200000], got[10000];
	struct xc_head_limits limits = xc_head_limits(65536, 10000);
	struct xc_head head = { .done = 0 };
	enum xc_head_result result = XC_HEAD_MORE;
	size_t at, len = 0, n = 0, more;
	unsigned char *content;

	for (at = 0; at < b->len; at++) {
		assert_int_equal(result, XC_HEAD_MORE);
		buf[len++] = b->p[at];
		result = xc_head_scan(&head, &limits, buf, len);
		if (head.body_len == 0 ||
		    (at % often != 0 && result == XC_HEAD_MORE))
			continue;
		content = xc_head_body(&head, buf, &more);
		memcpy(got + n, content, more);
		n += more;
		assert_int_equal(n, head.body_len);
		if (result == XC_HEAD_MORE)
			xc_head_take(&head, buf, &len);
	}
	assert_int_equal(result, XC_HEAD_COMPLETE);
	assert_int_equal(n, body_len);
	assert_memory_equal(got, body, n);
	/* What is left is the same request without a body. */
	len = xc_head_bare(&head, buf);
	assert_int_equal(len, 16 + 16 + 8 + 8);
	assert_memory_equal(buf, b->p, len - 8);
	assert_memory_equal(buf + len - 8, b->p + b->len - 8, 8);
}

static void
takes_the_body_out(void **state)
{
	static unsigned char body[10000];
	static struct bytes b;
	size_t often, len = put_upload(&b, body);

	(void)state;
	for (often = 1; often < b.len; often += often / 3 + 1)
		take_out(&b, often, body, len);
	/* Only at the end. */
	take_out(&b, SIZE_MAX, body, len);
}

/* The limits hold for all that came, whatever was taken out. */
static void
counts_what_was_taken_out(void **state)
{
	static struct bytes b;
	static const char content[600];
	struct xc_head_limits limits = xc_head_limits(1000, 1000);
	struct xc_head head = { .done = 0 };
	enum xc_head_result result;
	size_t n, rounds = 0;

	(void)state;
	b.len = 0;
	put_begin(&b, 1, 1, 1);
	put(&b, XC_FCGI_PARAMS, 1, NULL, 0, 0);
	do {
		put(&b, XC_FCGI_STDIN, 1, "x", 1, 255);
		result = xc_head_scan(&head, &limits, b.p, b.len);
		if (result != XC_HEAD_MORE)
			break;
		(void)xc_head_body(&head, b.p, &n);
		assert_int_equal(n, 1);
		xc_head_take(&head, b.p, &b.len);
		assert_int_equal(b.len, 24);
		rounds++;
	} while (rounds < 1000);
	assert_int_equal(result, XC_HEAD_BAD);
	assert_int_equal(rounds, (limits.raw_max - 24) / 264);
	memset(&head, 0, sizeof(head));
	b.len = 0;
	put_begin(&b, 1, 1, 1);
	put(&b, XC_FCGI_PARAMS, 1, NULL, 0, 0);
	put(&b, XC_FCGI_STDIN, 1, content, 600, 0);
	assert_int_equal(xc_head_scan(&head, &limits, b.p, b.len),
	    XC_HEAD_MORE);
	(void)xc_head_body(&head, b.p, &n);
	xc_head_take(&head, b.p, &b.len);
	put(&b, XC_FCGI_STDIN, 1, content, 401, 0);
	assert_int_equal(xc_head_scan(&head, &limits, b.p, b.len),
	    XC_HEAD_TOO_LARGE);
	assert_int_equal(head.status, 413);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_request),
		cmocka_unit_test(goes_on),
		cmocka_unit_test(says_keep),
		cmocka_unit_test(refuses_wrong_headers),
		cmocka_unit_test(refuses_what_is_behind),
		cmocka_unit_test(refuses_padding_on_nothing),
		cmocka_unit_test(refuses_endless_padding),
		cmocka_unit_test(knows_abort),
		cmocka_unit_test(refuses_bad_pairs),
		cmocka_unit_test(knows_names),
		cmocka_unit_test(refuses_absurd_lengths),
		cmocka_unit_test(counts_params),
		cmocka_unit_test(limits_params),
		cmocka_unit_test(limits_the_body),
		cmocka_unit_test(makes_limits),
		cmocka_unit_test(takes_the_body_out),
		cmocka_unit_test(counts_what_was_taken_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
