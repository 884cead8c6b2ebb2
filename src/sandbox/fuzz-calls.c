/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as the arguments of a call: the reader stays inside, takes no
 * more memory than it may, and what it takes can be written and read again.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include "calls.h"
#include "lib/host.h"

#define ROOM ((size_t)4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
touch(const void *data, size_t len)
{
	const volatile unsigned char *bytes = data;

	for (size_t i = 0; i <= len; i++)	/* and the NUL behind */
		(void)bytes[i];
}

static void
read_json(struct xc_call_reader *r)
{
	static unsigned char room[ROOM];
	struct xc_call_writer w = { .base = room, .cap = sizeof(room) };
	struct json_object *value = xc_call_get_json(r);
	struct xc_call_reader again;
	struct json_object *back;

	assert(value == NULL || !r->bad);
	if (r->bad)
		return;
	xc_call_put_json(&w, value);
	assert(!w.bad);
	again = (struct xc_call_reader){ .base = room, .len = w.len };
	back = xc_call_get_json(&again);
	assert(xc_call_end(&again));
	assert(json_object_equal(value, back));
	json_object_put(value);
	json_object_put(back);
}

static void
read_http(struct xc_call_reader *r, bool ask)
{
	struct xc_http_got got = { 0 };
	struct xc_http_ask asked;
	void *memory = NULL;

	if (!ask) {
		xc_call_get_http_got(r, &got);
		assert(r->bad == (got.memory == NULL));
		for (size_t i = 0; i < got.n_headers; i++)
			touch(got.headers[i], strlen(got.headers[i]));
		if (got.memory != NULL)
			touch(got.body, got.body_len);
		free(got.memory);
		return;
	}
	xc_call_get_http_ask(r, &asked, &memory);
	assert(!r->bad || memory == NULL);
	for (size_t i = 0; i < asked.n_headers; i++)
		touch(asked.headers[i], strlen(asked.headers[i]));
	if (!r->bad)
		touch(asked.body, asked.body_len);
	free(memory);
}

static void
read_values(struct xc_call_reader *r)
{
	size_t n;
	struct xc_value *values = xc_call_get_values(r, &n);

	assert(values == NULL || (!r->bad && n > 0));
	for (size_t i = 0; i < n; i++)
		if (values[i].type == XC_VALUE_TEXT ||
		    values[i].type == XC_VALUE_BLOB)
			touch(values[i].data, values[i].len);
	free(values);
}

static void
read_refusal(struct xc_call_reader *r)
{
	struct xc_refusal refusal;

	xc_call_get_refusal(r, &refusal);
	assert(r->bad || refusal.status <= 599);
	assert(strlen(refusal.code) < sizeof(refusal.code));
	assert(strlen(refusal.pointer) < sizeof(refusal.pointer));
	assert(strlen(refusal.detail) < sizeof(refusal.detail));
	assert(strlen(refusal.challenge) < sizeof(refusal.challenge));
}

static void
read_one(struct xc_call_reader *r, unsigned what)
{
	const void *data;
	size_t len;

	switch (what % 9) {
	case 0:
		(void)xc_call_get_u32(r);
		return;
	case 1:
		(void)xc_call_get_u64(r);
		return;
	case 2:
		data = xc_call_get_bytes(r, &len);
		if (data != NULL)
			touch(data, len);
		return;
	case 3:
		data = xc_call_get_text(r);
		if (data != NULL)
			touch(data, strlen(data));
		return;
	case 4:
		read_values(r);
		return;
	case 5:
		read_json(r);
		return;
	case 8:
		read_refusal(r);
		return;
	default:
		read_http(r, what % 9 == 6);
	}
}

/* The first byte says how many follow that say what is read. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xc_call_reader r = { 0 };
	unsigned char *copy;
	size_t n;

	if (size == 0 || size - 1 < data[0] % 16u)
		return 0;
	n = data[0] % 16u;
	r.len = size - 1 - n;
	copy = malloc(r.len > 0 ? r.len : 1);
	if (copy == NULL)
		return 0;
	memcpy(copy, data + 1 + n, r.len);
	r.base = copy;
	for (size_t i = 0; i < n; i++)
		read_one(&r, data[1 + i]);
	assert(r.at <= r.len && r.memory <= XC_CALL_MEMORY_MAX);
	free(copy);
	return 0;
}
