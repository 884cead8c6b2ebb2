/* SPDX-License-Identifier: MIT */
/*
 * Numbers as they are written in JSON, compared exactly: no rounding through
 * a double, no memory of their own.  The exponents have at most 9 digits,
 * which the scanner sees to.
 */
#ifndef XC_DECIMAL_H
#define XC_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0.DIGITS * 10^exponent.  The digits begin and end with another than 0 and
 * may have a '.' among them; zero has none. */
struct xc_decimal {
	const char *text;
	uint32_t len;		/* of text, with the '.' */
	uint32_t n_digits;
	int64_t exponent;
	bool negative;		/* never with zero */
};

/* Reads a number that the scanner took. */
void xc_decimal_read(struct xc_decimal *decimal, const char *text,
    size_t len);

int xc_decimal_compare(const struct xc_decimal *a,
    const struct xc_decimal *b);
bool xc_decimal_is_integer(const struct xc_decimal *decimal);

/* False if it is no integer or does not fit. */
bool xc_decimal_int64(const struct xc_decimal *decimal, int64_t *value_r);
bool xc_decimal_uint64(const struct xc_decimal *decimal, uint64_t *value_r);

/* Equal for equal numbers, however written. */
uint64_t xc_decimal_hash(const struct xc_decimal *decimal, uint64_t seed);

/* What "multipleOf" divides by: digits * 10^exponent. */
struct xc_divisor {
	uint64_t digits;	/* not 0, not divisible by 10 */
	int64_t exponent;
};

/* False for a number that is not above 0 or has more than 18 digits. */
bool xc_divisor_read(struct xc_divisor *divisor,
    const struct xc_decimal *decimal);
bool xc_decimal_is_multiple(const struct xc_decimal *decimal,
    const struct xc_divisor *divisor);

#endif
