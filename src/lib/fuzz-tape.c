/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as JSON for the tape: what is refused has a place and words,
 * what is taken can be walked, and each pointer leads back to its token.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "lib/block.h"

#include "tape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Walks a value and gives what is behind it. */
static uint32_t
walk(const struct xc_tape *tape, uint32_t at)
{
	enum xc_token_type type = xc_tape_type(tape, at);
	uint32_t child = xc_tape_first(at);
	char pointer[1024];
	uint32_t found = 0;
	int64_t whole;
	uint32_t n;

	xc_tape_pointer(tape, at, pointer, sizeof(pointer));
	if (strstr(pointer, "...") == NULL && strlen(pointer) < 900 &&
	    memchr(pointer, '\0', 900) != NULL &&
	    xc_tape_find(tape, pointer, strlen(pointer), &found))
		assert(found == at);
	xc_tape_int64(tape, at, &whole);
	if (type != XC_TOKEN_ARRAY && type != XC_TOKEN_OBJECT) {
		assert(tape->tokens[at].next > at);
		return xc_tape_next(tape, at);
	}
	for (n = xc_tape_count(tape, at); n > 0; n--) {
		if (type == XC_TOKEN_OBJECT) {
			assert(xc_tape_type(tape, child) == XC_TOKEN_KEY);
			child = xc_tape_value(tape, child);
		}
		child = walk(tape, child);
	}
	assert(child == xc_tape_next(tape, at));
	return child;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct xc_tape_limits limits = { .depth = 16,
		.values = 2000 };
	struct xc_block block = { 0 };
	struct xc_tape_error error;
	struct xc_tape tape;
	uint32_t off;

	if (xc_tape_scan((const char *)data, size, &limits, &block, &off,
	    &tape, &error) == XC_OK) {
		assert(walk(&tape, 0) == tape.n);
	} else {
		assert(error.what != NULL && error.offset <= size);
		assert(error.line >= 1 && error.column >= 1);
		assert(block.used == 0);
	}
	xc_block_free(&block);
	return 0;
}
