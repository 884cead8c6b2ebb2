/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "decimal.h"

#define DIVISOR_DIGITS 18

/* The number behind 'e', with its sign. */
static int64_t
read_exponent(const char *at, const char *end)
{
	bool negative = at < end && *at == '-';
	int64_t value = 0;

	if (at < end && (*at == '-' || *at == '+'))
		at++;
	for (; at < end; at++)
		value = value * 10 + (*at - '0');
	return negative ? -value : value;
}

void
xc_decimal_read(struct xc_decimal *decimal, const char *text, size_t len)
{
	const char *end = text + len;
	const char *first = NULL;	/* digit that is not 0 */
	const char *last = NULL;
	int64_t whole = 0;		/* digits before the point */
	int64_t before = 0;		/* digits before the first */
	int64_t upto = 0;		/* digits up to the last */
	int64_t n = 0;
	bool point = false;

	memset(decimal, 0, sizeof(*decimal));
	decimal->negative = text < end && *text == '-';
	for (text += decimal->negative; text < end; text++) {
		if (*text == '.') {
			point = true;
			continue;
		}
		if (*text == 'e' || *text == 'E')
			break;
		if (!point)
			whole++;
		if (*text != '0') {
			if (first == NULL) {
				first = text;
				before = n;
			}
			last = text;
			upto = n + 1;
		}
		n++;
	}
	if (first == NULL) {
		decimal->negative = false;
		return;
	}
	decimal->text = first;
	decimal->len = (uint32_t)(last - first) + 1;
	decimal->n_digits = (uint32_t)(upto - before);
	decimal->exponent = whole - before;
	if (text < end)
		decimal->exponent += read_exponent(text + 1, end);
}

/* The next digit of a decimal, from *at on; 0 behind the last. */
static char
next_digit(const struct xc_decimal *decimal, uint32_t *at)
{
	if (*at < decimal->len && decimal->text[*at] == '.')
		(*at)++;
	return *at < decimal->len ? decimal->text[(*at)++] : '0';
}

static int
compare_digits(const struct xc_decimal *a, const struct xc_decimal *b)
{
	uint32_t n = a->n_digits > b->n_digits ? a->n_digits : b->n_digits;
	uint32_t i = 0;
	uint32_t j = 0;
	char x;
	char y;

	if (a->exponent != b->exponent)
		return a->exponent < b->exponent ? -1 : 1;
	for (; n > 0; n--) {
		x = next_digit(a, &i);
		y = next_digit(b, &j);
		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

/* -1, 0 or 1. */
static int
sign(const struct xc_decimal *decimal)
{
	return decimal->n_digits == 0 ? 0 : decimal->negative ? -1 : 1;
}

int
xc_decimal_compare(const struct xc_decimal *a, const struct xc_decimal *b)
{
	int left = sign(a);
	int right = sign(b);

	if (left != right)
		return left < right ? -1 : 1;
	return left == 0 ? 0 : left * compare_digits(a, b);
}

bool
xc_decimal_is_integer(const struct xc_decimal *decimal)
{
	return decimal->n_digits == 0 ||
	    decimal->exponent >= (int64_t)decimal->n_digits;
}

/* The size without its sign. */
static bool
magnitude(const struct xc_decimal *decimal, uint64_t *value_r)
{
	uint64_t value = 0;
	uint32_t at = 0;
	int64_t i;

	if (!xc_decimal_is_integer(decimal) || decimal->exponent > 20)
		return false;
	if (decimal->n_digits > 0)
		for (i = 0; i < decimal->exponent; i++)
			if (__builtin_mul_overflow(value, 10, &value) ||
			    __builtin_add_overflow(value,
			    (unsigned)(next_digit(decimal, &at) - '0'),
			    &value))
				return false;
	*value_r = value;
	return true;
}

bool
xc_decimal_int64(const struct xc_decimal *decimal, int64_t *value_r)
{
	uint64_t value;

	if (!magnitude(decimal, &value))
		return false;
	if (decimal->negative) {
		if (value > (uint64_t)INT64_MAX + 1)
			return false;
		*value_r = (int64_t)-value;
		return true;
	}
	if (value > INT64_MAX)
		return false;
	*value_r = (int64_t)value;
	return true;
}

bool
xc_decimal_uint64(const struct xc_decimal *decimal, uint64_t *value_r)
{
	return !decimal->negative && magnitude(decimal, value_r);
}

uint64_t
xc_decimal_hash(const struct xc_decimal *decimal, uint64_t seed)
{
	uint64_t hash = seed ^ (uint64_t)decimal->exponent;
	uint32_t at = 0;
	uint32_t i;

	for (i = 0; i < decimal->n_digits; i++) {
		hash ^= (unsigned char)next_digit(decimal, &at);
		hash *= UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return hash + decimal->negative;
}

bool
xc_divisor_read(struct xc_divisor *divisor, const struct xc_decimal *decimal)
{
	uint32_t at = 0;
	uint32_t i;

	if (sign(decimal) <= 0 || decimal->n_digits > DIVISOR_DIGITS)
		return false;
	divisor->digits = 0;
	for (i = 0; i < decimal->n_digits; i++)
		divisor->digits = divisor->digits * 10 +
		    (unsigned)(next_digit(decimal, &at) - '0');
	divisor->exponent = decimal->exponent - (int64_t)decimal->n_digits;
	return true;
}

/* a * b mod m, with m below 10^18. */
static uint64_t
mul_mod(uint64_t a, uint64_t b, uint64_t m)
{
	__extension__ typedef unsigned __int128 wide;

	return (uint64_t)((wide)a * b % m);
}

/* 10^exponent mod m. */
static uint64_t
power_mod(uint64_t exponent, uint64_t m)
{
	uint64_t result = 1 % m;
	uint64_t base = 10 % m;

	for (; exponent > 0; exponent >>= 1) {
		if ((exponent & 1) != 0)
			result = mul_mod(result, base, m);
		base = mul_mod(base, base, m);
	}
	return result;
}

/*
 * a * 10^x is a multiple of b * 10^y if b divides a * 10^(x - y).  With x
 * below y it is none, since a does not end with 0.
 */
bool
xc_decimal_is_multiple(const struct xc_decimal *decimal,
    const struct xc_divisor *divisor)
{
	uint64_t rest = 0;
	uint32_t at = 0;
	int64_t shift;
	uint32_t i;

	if (decimal->n_digits == 0)
		return true;
	shift = decimal->exponent - (int64_t)decimal->n_digits -
	    divisor->exponent;
	if (shift < 0)
		return false;
	for (i = 0; i < decimal->n_digits; i++)
		rest = (rest * 10 + (unsigned)(next_digit(decimal, &at) -
		    '0')) % divisor->digits;
	return mul_mod(rest, power_mod((uint64_t)shift, divisor->digits),
	    divisor->digits) == 0;
}
