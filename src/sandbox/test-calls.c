/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "calls-private.h"
#include "lib/host.h"

#define CAP 65536

/* What was written is read from memory of exactly its size, so that a reader
 * that goes too far is seen. */
static struct xc_call_writer
new_writer(void)
{
	struct xc_call_writer w = { .cap = CAP };

	w.base = malloc(w.cap);
	assert_non_null(w.base);
	return w;
}

static struct xc_call_reader
reader_of(const struct xc_call_writer *w)
{
	struct xc_call_reader r = { .len = w->len };
	unsigned char *copy = malloc(w->len > 0 ? w->len : 1);

	assert_false(w->bad);
	assert_non_null(copy);
	memcpy(copy, w->base, w->len);
	r.base = copy;
	return r;
}

static void
done(struct xc_call_writer *w, struct xc_call_reader *r)
{
	free(w->base);
	free((void *)(uintptr_t)r->base);
}

static void
takes_numbers_and_text(void **state)
{
	struct xc_call_writer w = new_writer();
	struct xc_call_reader r;
	size_t len;

	(void)state;
	xc_call_put_u32(&w, UINT32_MAX);
	xc_call_put_u64(&w, UINT64_MAX);
	xc_call_put_bytes(&w, "a\0b", 3);
	xc_call_put_bytes(&w, NULL, 0);
	xc_call_put_text(&w, "text");
	xc_call_put_text(&w, "");
	xc_call_put_text(&w, NULL);
	r = reader_of(&w);
	assert_int_equal(xc_call_get_u32(&r), UINT32_MAX);
	assert_true(xc_call_get_u64(&r) == UINT64_MAX);
	assert_memory_equal(xc_call_get_bytes(&r, &len), "a\0b", 4);
	assert_int_equal(len, 3);
	assert_non_null(xc_call_get_bytes(&r, &len));
	assert_int_equal(len, 0);
	assert_string_equal(xc_call_get_text(&r), "text");
	assert_false(xc_call_end(&r));
	assert_string_equal(xc_call_get_text(&r), "");
	assert_null(xc_call_get_text(&r));
	assert_true(xc_call_end(&r));
	assert_int_equal(xc_call_get_u32(&r), 0);
	assert_true(r.bad);
	done(&w, &r);
}

static void
takes_values(void **state)
{
	const struct xc_value in[] = { xc_null(), xc_int(INT64_MIN),
		xc_int(INT64_MAX), xc_real(-0.0), xc_real(5e-324),
		xc_text("caf\303\251"), xc_blob("\0\377", 2), xc_blob(NULL, 0),
		xc_text("") };
	size_t n_in = sizeof(in) / sizeof(in[0]);
	struct xc_call_writer w = new_writer();
	struct xc_call_reader r;
	struct xc_value *out;
	size_t n;

	(void)state;
	xc_call_put_values(&w, in, n_in);
	xc_call_put_values(&w, NULL, 0);
	r = reader_of(&w);
	out = xc_call_get_values(&r, &n);
	assert_non_null(out);
	assert_int_equal(n, n_in);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(out[i].type, in[i].type);
		assert_true(out[i].integer == in[i].integer);
		assert_memory_equal(&out[i].real, &in[i].real,
		    sizeof(double));
		assert_int_equal(out[i].len, in[i].len);
		if (in[i].len > 0)
			assert_memory_equal(out[i].data, in[i].data,
			    in[i].len);
	}
	free(out);
	assert_null(xc_call_get_values(&r, &n));
	assert_int_equal(n, 0);
	assert_true(xc_call_end(&r));
	done(&w, &r);
}

static void
refuses_values_that_are_none(void **state)
{
	const double bad[] = { NAN, INFINITY, -INFINITY };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct xc_value value = xc_real(bad[i]);
		struct xc_call_writer w = new_writer();
		struct xc_call_reader r;
		size_t n;

		xc_call_put_values(&w, &value, 1);
		r = reader_of(&w);
		assert_null(xc_call_get_values(&r, &n));
		assert_true(r.bad);
		done(&w, &r);
	}
}

/* A count that nothing stands behind costs no memory. */
static void
believes_no_count(void **state)
{
	unsigned char bytes[] = { 'v', 0xff, 0xff, 0xff, 0xff, '0' };
	struct xc_call_reader r = { .base = bytes, .len = sizeof(bytes) };
	size_t n;

	(void)state;
	assert_null(xc_call_get_values(&r, &n));
	assert_true(r.bad);
	for (size_t i = 0; i < 3; i++) {
		r = (struct xc_call_reader){ .base = bytes,
			.len = sizeof(bytes) };
		bytes[0] = (unsigned char)"[{t"[i];
		assert_null(xc_call_get_json(&r));
		assert_true(r.bad);
		assert_int_equal(r.memory, 96);
	}
}

static void
check_json(const char *text)
{
	struct json_object *in = json_tokener_parse(text);
	struct xc_call_writer w = new_writer();
	struct json_object *out;
	struct xc_call_reader r;
	const char *back;

	xc_call_put_json(&w, in);
	r = reader_of(&w);
	out = xc_call_get_json(&r);
	assert_true(xc_call_end(&r));
	back = json_object_to_json_string_ext(out,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	assert_string_equal(back, text);
	assert_true(json_object_equal(in, out));
	json_object_put(in);
	json_object_put(out);
	/* However short it is cut, it is refused. */
	while (r.len-- > 0) {
		r.at = 0;
		r.bad = false;
		r.memory = 0;
		json_object_put(xc_call_get_json(&r));
		assert_true(r.bad);
	}
	done(&w, &r);
}

static void
takes_json(void **state)
{
	(void)state;
	check_json("null");
	check_json("true");
	check_json("[false,null,[],{},[[[]]]]");
	check_json("[9223372036854775807,-9223372036854775808]");
	check_json("[9223372036854775808,18446744073709551615]");
	check_json("[0,-1,1.10,-0.0,1e-7,5e-324,1.7976931348623157e308]");
	check_json("\"a\\u0000b caf\303\251 \\\"\"");
	check_json("{\"\":1,\"b\":{\"c\":[{\"d\":\"e\"},2]},\"f\":null}");
}

static void
keeps_numbers_exactly(void **state)
{
	struct json_object *in = json_object_new_double(0.1);
	struct xc_call_writer w = new_writer();
	struct json_object *out;
	struct xc_call_reader r;

	(void)state;
	xc_call_put_json(&w, in);
	r = reader_of(&w);
	out = xc_call_get_json(&r);
	assert_true(json_object_get_double(out) == 0.1);
	assert_string_equal(json_object_to_json_string(out),
	    json_object_to_json_string(in));
	json_object_put(in);
	json_object_put(out);
	done(&w, &r);
}

static void
refuses_infinite_json(void **state)
{
	struct json_object *in = json_object_new_double(INFINITY);
	struct xc_call_writer w = new_writer();

	(void)state;
	xc_call_put_json(&w, in);
	assert_true(w.bad);
	json_object_put(in);
	free(w.base);
}

/* A number's own text must be one: it goes into JSON as it is. */
static void
refuses_false_numbers(void **state)
{
	static const char *const texts[] = { "1.", "01.5", ".5", "1,2", "nan",
		"1e", "1.5}", "-", "", "1.5 ", "+1.5", "0x1p3" };
	static const char *const fine[] = { "1.5", "-0.0", "1e5", "10",
		"1E+05", "2.50e-3" };
	double number = 1.5;

	(void)state;
	for (size_t i = 0; i < 18; i++) {
		bool good = i >= 12;
		const char *text = good ? fine[i - 12] : texts[i];
		struct xc_call_writer w = new_writer();
		struct json_object *out;
		struct xc_call_reader r;

		xc_call_put_run(&w, XC_TAG_REAL_AS, text, strlen(text));
		xc_call_put(&w, XC_TAG_REAL, &number, sizeof(number));
		r = reader_of(&w);
		out = xc_call_get_json(&r);
		assert_int_equal(xc_call_end(&r), good);
		assert_int_equal(out != NULL, good);
		json_object_put(out);
		done(&w, &r);
	}
}

static struct json_object *
nest(unsigned levels)
{
	struct json_object *value = NULL;

	while (levels-- > 0) {
		struct json_object *outer = json_object_new_array();

		json_object_array_add(outer, value);
		value = outer;
	}
	return value;
}

static void
goes_64_levels_deep(void **state)
{
	struct json_object *in = nest(XC_CALL_DEPTH_MAX);
	struct xc_call_writer w = new_writer();
	unsigned char bytes[5 * 66 + 1];
	struct json_object *out;
	struct xc_call_reader r;

	(void)state;
	xc_call_put_json(&w, in);
	r = reader_of(&w);
	out = xc_call_get_json(&r);
	assert_true(xc_call_end(&r));
	assert_true(json_object_equal(in, out));
	json_object_put(in);
	json_object_put(out);
	done(&w, &r);

	in = nest(XC_CALL_DEPTH_MAX + 1);
	w = new_writer();
	xc_call_put_json(&w, in);
	assert_true(w.bad);
	json_object_put(in);
	free(w.base);

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)"[\1\0\0\0"[i % 5];
	r = (struct xc_call_reader){ .base = bytes, .len = sizeof(bytes) };
	assert_null(xc_call_get_json(&r));
	assert_true(r.bad);
}

/* Many empty objects: five bytes each, and eight hundred for json-c. */
static void
bounds_the_memory(void **state)
{
	size_t n = 200000;
	struct xc_call_reader r = { .len = 5 + n * 5 };
	unsigned char *bytes = calloc(1, r.len);
	uint32_t count = (uint32_t)n;
	struct json_object *out;

	(void)state;
	assert_non_null(bytes);
	bytes[0] = '[';
	memcpy(bytes + 1, &count, sizeof(count));
	for (size_t i = 0; i < n; i++)
		bytes[5 + i * 5] = '{';
	r.base = bytes;
	assert_null(xc_call_get_json(&r));
	assert_true(r.bad);
	r = (struct xc_call_reader){ .base = bytes, .len = 5 + n * 5,
		.memory_max = SIZE_MAX };
	out = xc_call_get_json(&r);
	assert_true(xc_call_end(&r));
	assert_int_equal(json_object_array_length(out), n);
	json_object_put(out);
	free(bytes);
}

static void
refuses_a_key_with_nul(void **state)
{
	static const char bytes[] = "{\1\0\0\0" "t\2\0\0\0a\0\0" "0";
	struct xc_call_reader r = { .base = (const void *)bytes,
		.len = sizeof(bytes) - 1 };

	(void)state;
	assert_null(xc_call_get_json(&r));
	assert_true(r.bad);
}

static void
stops_when_full(void **state)
{
	unsigned char small[16];
	struct xc_call_writer w = { .base = small, .cap = sizeof(small) };

	(void)state;
	xc_call_put_text(&w, "ten bytes!");
	assert_false(w.bad);
	assert_int_equal(w.len, 16);
	xc_call_put_text(&w, NULL);
	assert_true(w.bad);
	assert_int_equal(w.len, 16);
	w = (struct xc_call_writer){ .base = small, .cap = sizeof(small) };
	xc_call_put_bytes(&w, "eleven byte", 11);
	assert_true(w.bad);
	xc_call_put_u32(&w, 1);
	assert_true(w.bad && w.len <= w.cap);
}

static void
takes_http(void **state)
{
	const char *const headers[] = { "Accept: */*", "X-A: b" };
	const struct xc_http_ask ask = { .method = "POST",
		.url = "https://example.org/", .headers = headers,
		.n_headers = 2, .body = "\0x", .body_len = 2,
		.timeout_ms = 7, .reply_max = 9 };
	const struct xc_http_got got = { .status = 201, .headers = headers,
		.n_headers = 2, .body = "ok", .body_len = 2 };
	struct xc_call_writer w = new_writer();
	struct xc_http_ask ask_r;
	struct xc_http_got got_r;
	struct xc_call_reader r;
	void *memory;

	(void)state;
	xc_call_put_http_ask(&w, &ask);
	xc_call_put_http_got(&w, &got);
	r = reader_of(&w);
	xc_call_get_http_ask(&r, &ask_r, &memory);
	assert_string_equal(ask_r.method, "POST");
	assert_string_equal(ask_r.url, ask.url);
	assert_int_equal(ask_r.n_headers, 2);
	assert_string_equal(ask_r.headers[1], "X-A: b");
	assert_int_equal(ask_r.body_len, 2);
	assert_memory_equal(ask_r.body, "\0x", 2);
	assert_int_equal(ask_r.timeout_ms, 7);
	assert_int_equal(ask_r.reply_max, 9);
	free(memory);
	xc_call_get_http_got(&r, &got_r);
	assert_true(xc_call_end(&r));
	done(&w, &r);
	/* It stands on its own. */
	assert_int_equal(got_r.status, 201);
	assert_string_equal(got_r.headers[0], "Accept: */*");
	assert_string_equal(got_r.body, "ok");
	free(got_r.memory);
}

static void
refuses_cut_http(void **state)
{
	const char *const headers[] = { "a: b" };
	const struct xc_http_got got = { .status = 200, .headers = headers,
		.n_headers = 1, .body = "", .body_len = 0 };
	struct xc_call_writer w = new_writer();
	struct xc_http_got got_r;
	struct xc_http_ask ask_r;
	struct xc_call_reader r;
	void *memory;

	(void)state;
	xc_call_put_http_got(&w, &got);
	r = reader_of(&w);
	xc_call_get_http_ask(&r, &ask_r, &memory);
	assert_true(r.bad && memory == NULL && ask_r.url == NULL);
	while (r.len-- > 0) {
		r.at = 0;
		r.bad = false;
		xc_call_get_http_got(&r, &got_r);
		assert_true(r.bad && got_r.memory == NULL);
	}
	done(&w, &r);
}

static void
names_the_calls(void **state)
{
	(void)state;
	for (int i = 1; i < XC_CALL__MAX; i++)
		assert_string_not_equal(xc_call_name((enum xc_call)i),
		    "unknown");
	assert_string_equal(xc_call_name((enum xc_call)0), "unknown");
	assert_string_equal(xc_call_name(XC_CALL__MAX), "unknown");
	assert_string_equal(xc_call_name((enum xc_call)-1), "unknown");
}

static void
test_cells(void **state)
{
	static const struct xc_cell cells[] = {
		{ .type = XC_CELL_NULL },
		{ .type = XC_CELL_INT, .integer = INT64_MIN },
		{ .type = XC_CELL_UINT, .integer = -1 },
		{ .type = XC_CELL_REAL, .real = 0.1 },
		{ .type = XC_CELL_DECIMAL, .data = "1.50", .len = 4 },
		{ .type = XC_CELL_TEXT, .data = "a\0b", .len = 3 },
		{ .type = XC_CELL_BLOB, .data = "", .len = 0 },
	};
	const size_t n = sizeof(cells) / sizeof(cells[0]);
	unsigned char area[256];
	struct xc_call_writer w = { .base = area, .cap = sizeof(area) };
	struct xc_call_reader r = { .base = area };
	struct xc_cell cell;

	(void)state;
	for (size_t i = 0; i < n; i++)
		xc_call_put_cell(&w, &cells[i]);
	assert_false(w.bad);
	r.len = w.len;
	for (size_t i = 0; i < n; i++) {
		xc_call_get_cell(&r, &cell);
		assert_int_equal(cell.type, cells[i].type);
		assert_true(cell.integer == cells[i].integer);
		assert_true(cell.real >= cells[i].real &&
		    cell.real <= cells[i].real);
		assert_int_equal(cell.len, cells[i].len);
		if (cell.len > 0)
			assert_memory_equal(cell.data, cells[i].data,
			    cell.len + 1);
		assert_non_null(cell.data);
	}
	assert_true(xc_call_end(&r));
	/* Cut at each byte: bad, and never read beyond. */
	for (size_t len = 0; len < w.len; len++) {
		r = (struct xc_call_reader){ .base = area, .len = len };
		for (size_t i = 0; i < n; i++)
			xc_call_get_cell(&r, &cell);
		assert_true(r.bad);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),
		cmocka_unit_test(takes_numbers_and_text),
		cmocka_unit_test(takes_values),
		cmocka_unit_test(refuses_values_that_are_none),
		cmocka_unit_test(believes_no_count),
		cmocka_unit_test(takes_json),
		cmocka_unit_test(keeps_numbers_exactly),
		cmocka_unit_test(refuses_infinite_json),
		cmocka_unit_test(refuses_false_numbers),
		cmocka_unit_test(goes_64_levels_deep),
		cmocka_unit_test(bounds_the_memory),
		cmocka_unit_test(refuses_a_key_with_nul),
		cmocka_unit_test(stops_when_full),
		cmocka_unit_test(takes_http),
		cmocka_unit_test(refuses_cut_http),
		cmocka_unit_test(names_the_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
