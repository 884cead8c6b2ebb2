/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "schema-private.h"

static bool
is_text(enum xc_token_type type)
{
	return type == XC_TOKEN_STRING || type == XC_TOKEN_KEY;
}

static void
read_number(struct xc_value value, struct xc_decimal *decimal)
{
	const struct xc_token *token = &value.tape->tokens[value.at];

	xc_decimal_read(decimal, value.tape->text + token->off, token->len);
}

static bool
same_arrays(struct xc_value a, struct xc_value b, uint64_t *steps)
{
	uint32_t n = xc_tape_count(a.tape, a.at);

	if (n != xc_tape_count(b.tape, b.at))
		return false;
	a.at = xc_tape_first(a.at);
	b.at = xc_tape_first(b.at);
	for (; n > 0; n--) {
		if (!xc_value_is_same(a, b, steps))
			return false;
		a.at = xc_tape_next(a.tape, a.at);
		b.at = xc_tape_next(b.tape, b.at);
	}
	return true;
}

/* The member of an object with the key at a; most stand in the same order,
 * so the one at guess is looked at first. */
static uint32_t
find_like(struct xc_value key, struct xc_value object, uint32_t guess,
    uint64_t *steps)
{
	size_t len;
	const char *name = xc_tape_string(key.tape, key.at, &len);

	if (xc_tape_is(object.tape, guess, name, len))
		return xc_tape_value(object.tape, guess);
	*steps += xc_tape_count(object.tape, object.at) / 4;
	return xc_tape_member(object.tape, object.at, name, len);
}

static bool
same_objects(struct xc_value a, struct xc_value b, uint64_t *steps)
{
	uint32_t n = xc_tape_count(a.tape, a.at);
	struct xc_value object = b;
	struct xc_value key = a;
	uint32_t guess = xc_tape_first(b.at);

	if (n != xc_tape_count(b.tape, b.at))
		return false;
	key.at = xc_tape_first(a.at);
	for (; n > 0; n--) {
		b.at = find_like(key, object, guess, steps);
		if (b.at == 0)
			return false;
		a.at = xc_tape_value(a.tape, key.at);
		if (!xc_value_is_same(a, b, steps))
			return false;
		key.at = xc_tape_next(a.tape, a.at);
		guess = xc_tape_next(b.tape, xc_tape_value(b.tape, guess));
	}
	return true;
}

bool
xc_value_is_same(struct xc_value a, struct xc_value b, uint64_t *steps)
{
	enum xc_token_type type = xc_tape_type(a.tape, a.at);
	enum xc_token_type other = xc_tape_type(b.tape, b.at);
	struct xc_decimal x;
	struct xc_decimal y;
	const char *text;
	size_t len;

	++*steps;
	if (is_text(type) && is_text(other)) {
		text = xc_tape_string(b.tape, b.at, &len);
		*steps += len / 256;
		return xc_tape_is(a.tape, a.at, text, len);
	}
	if (type != other)
		return false;
	if (type == XC_TOKEN_ARRAY)
		return same_arrays(a, b, steps);
	if (type == XC_TOKEN_OBJECT)
		return same_objects(a, b, steps);
	if (type != XC_TOKEN_NUMBER)
		return true;
	read_number(a, &x);
	read_number(b, &y);
	return xc_decimal_compare(&x, &y) == 0;
}

static uint64_t
mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0xff51afd7ed558ccd);
	return hash ^ hash >> 32;
}

static uint64_t
hash_text(struct xc_value value, uint64_t hash, uint64_t *steps)
{
	uint64_t word;
	size_t len;
	const char *text = xc_tape_string(value.tape, value.at, &len);

	*steps += len / 256;
	hash = mix(hash, len);
	for (; len >= sizeof(word); len -= sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		hash = mix(hash, word);
		text += sizeof(word);
	}
	word = 0;
	memcpy(&word, text, len);
	return mix(hash, word);
}

/* Members in any order give the same sum. */
static uint64_t
hash_object(struct xc_value value, uint64_t seed, uint64_t *steps)
{
	uint32_t n = xc_tape_count(value.tape, value.at);
	uint64_t sum = seed + n;
	uint64_t key;

	value.at = xc_tape_first(value.at);
	for (; n > 0; n--) {
		key = hash_text(value, seed, steps);
		value.at = xc_tape_value(value.tape, value.at);
		sum += xc_value_hash(value, key, steps);
		value.at = xc_tape_next(value.tape, value.at);
	}
	return mix(sum, seed);
}

uint64_t
xc_value_hash(struct xc_value value, uint64_t seed, uint64_t *steps)
{
	enum xc_token_type type = xc_tape_type(value.tape, value.at);
	uint64_t hash = mix(seed, type == XC_TOKEN_KEY ? XC_TOKEN_STRING
	    : (uint64_t)type);
	struct xc_decimal decimal;
	uint32_t n;

	++*steps;
	if (is_text(type))
		return hash_text(value, hash, steps);
	if (type == XC_TOKEN_OBJECT)
		return hash_object(value, hash, steps);
	if (type == XC_TOKEN_NUMBER) {
		read_number(value, &decimal);
		*steps += decimal.len / 64;
		return mix(xc_decimal_hash(&decimal, hash), hash);
	}
	if (type != XC_TOKEN_ARRAY)
		return hash;
	n = xc_tape_count(value.tape, value.at);
	value.at = xc_tape_first(value.at);
	for (; n > 0; n--) {
		hash = mix(hash, xc_value_hash(value, seed, steps));
		value.at = xc_tape_next(value.tape, value.at);
	}
	return hash;
}
