/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <xcore/part.h>

#include "test-host.h"

static const char file[] = "----0123456789----";

/* Gives two bytes at once, like a slow pipe. */
static enum xc_err
read_slowly(void *ctx, struct xc_request *req, uint64_t offset, void *buf,
    size_t len, size_t *got_r)
{
	size_t size = sizeof(file) - 1;

	(void)req;
	++*(unsigned *)ctx;
	*got_r = len > 2 ? 2 : len;
	if (offset >= size)
		*got_r = 0;
	else if (*got_r > size - offset)
		*got_r = size - offset;
	memcpy(buf, file + offset, *got_r);
	return XC_OK;
}

static enum xc_err
read_nothing(void *ctx, struct xc_request *req, uint64_t offset, void *buf,
    size_t len, size_t *got_r)
{
	(void)ctx;
	(void)req;
	(void)offset;
	(void)buf;
	(void)len;
	(void)got_r;
	return XC_ERR_TIMEOUT;
}

static const struct xc_part_ops slow = { read_slowly };
static const struct xc_part_ops broken = { read_nothing };

static struct xc_span
put(struct xc_request *req, const char *text)
{
	struct xc_span span;

	assert_int_equal(xc_block_append(&req->in, text, strlen(text),
	    &span), XC_OK);
	return span;
}

/* A field, a file in memory, one without a byte, and one in the file. */
static void
put_parts(struct xc_request *req)
{
	struct xc_part_row rows[4] = { { .size = 3 }, { .size = 5 },
		{ .size = 0 }, { .size = 10, .file_off = 4 } };
	struct xc_request_head *head;
	uint32_t off;

	rows[0].name = put(req, "title");
	rows[0].data = put(req, "One");
	rows[1].name = put(req, "files");
	rows[1].filename = put(req, "a.txt");
	rows[1].type = put(req, "text/csv");
	rows[1].data = put(req, "hello");
	rows[2].name = put(req, "empty");
	rows[2].filename = put(req, "b");
	rows[2].data = put(req, "");
	rows[3].name = put(req, "files");
	rows[3].filename = put(req, "c.bin");
	rows[3].type = put(req, "application/octet-stream");
	assert_int_equal(xc_block_reserve(&req->in, sizeof(rows), &off),
	    XC_OK);
	memcpy(req->in.base + off, rows, sizeof(rows));
	head = (void *)req->in.base;
	head->parts.off = off;
	head->parts.n = 4;
}

static void
test_looks(void **state)
{
	struct xc_request req;
	struct xc_part part;

	(void)state;
	test_begin(&req);
	assert_int_equal(xc_part_count(&req), 0);
	assert_false(xc_part_at(&req, 0, &part));
	put_parts(&req);
	assert_int_equal(xc_part_count(&req), 4);
	assert_true(xc_part_find(&req, "title", 0, &part));
	assert_string_equal(part.name, "title");
	assert_null(part.filename);
	assert_string_equal(part.type, "text/plain");
	assert_int_equal(part.size, 3);
	assert_string_equal(part.data, "One");
	assert_true(xc_part_find(&req, "files", 1, &part));
	assert_int_equal(part.index, 3);
	assert_string_equal(part.filename, "c.bin");
	assert_null(part.data);
	assert_false(xc_part_find(&req, "files", 2, &part));
	assert_null(part.name);
	assert_true(xc_part_at(&req, 2, &part));
	assert_string_equal(part.data, "");
	assert_false(xc_part_at(&req, 4, &part));
	test_end(&req);
}

static void
test_reads(void **state)
{
	struct xc_request req;
	struct xc_part part;
	unsigned calls = 0;
	char buf[32];
	size_t got;

	(void)state;
	test_begin(&req);
	put_parts(&req);
	assert_true(xc_part_at(&req, 1, &part));
	assert_int_equal(xc_part_read(&req, &part, 1, buf, sizeof(buf),
	    &got), XC_OK);
	assert_int_equal(got, 4);
	assert_memory_equal(buf, "ello", 4);
	assert_int_equal(xc_part_read(&req, &part, 5, buf, 1, &got), XC_OK);
	assert_int_equal(got, 0);

	assert_true(xc_part_at(&req, 3, &part));
	assert_int_equal(xc_part_read(&req, &part, 0, buf, 1, &got),
	    XC_ERR_IO);
	test_host.part = &slow;
	test_host.part_ctx = &calls;
	assert_int_equal(xc_part_read(&req, &part, 0, buf, sizeof(buf),
	    &got), XC_OK);
	assert_int_equal(got, 10);
	assert_memory_equal(buf, "0123456789", 10);
	assert_int_equal(calls, 5);
	assert_int_equal(xc_part_read(&req, &part, 7, buf, 2, &got), XC_OK);
	assert_int_equal(got, 2);
	assert_memory_equal(buf, "78", 2);
	assert_int_equal(xc_part_read(&req, &part, UINT64_MAX, buf, 2, &got),
	    XC_OK);
	assert_int_equal(got, 0);
	test_host.part = &broken;
	assert_int_equal(xc_part_read(&req, &part, 0, buf, 1, &got),
	    XC_ERR_TIMEOUT);
	assert_int_equal(got, 0);
	test_end(&req);
}

static void
test_strangers(void **state)
{
	struct xc_request req;
	struct xc_part part;
	char buf[4];
	size_t got;

	(void)state;
	test_begin(&req);
	put_parts(&req);
	assert_true(xc_part_at(&req, 1, &part));
	part.size = 6;
	assert_int_equal(xc_part_read(&req, &part, 0, buf, 1, &got),
	    XC_ERR_INVALID);
	assert_true(xc_part_at(&req, 1, &part));
	part.index = 9;
	assert_int_equal(xc_part_read(&req, &part, 0, buf, 1, &got),
	    XC_ERR_INVALID);
	assert_true(xc_part_at(&req, 1, &part));
	part.name = "files";
	assert_int_equal(xc_part_read(&req, &part, 0, buf, 1, &got),
	    XC_ERR_INVALID);
	test_end(&req);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
