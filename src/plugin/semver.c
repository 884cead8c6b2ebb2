/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "semver.h"

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* Reads a number without leading zeros; NULL if there is none or it is more
 * than 64 bits can hold. */
static const char *
read_number(const char *at, uint64_t *number_r)
{
	uint64_t number = 0;
	const char *start = at;

	for (; *at >= '0' && *at <= '9'; at++) {
		unsigned digit = (unsigned)(*at - '0');

		if (number > (UINT64_MAX - digit) / 10)
			return NULL;
		number = number * 10 + digit;
	}
	if (at == start || (*start == '0' && at - start > 1))
		return NULL;
	*number_r = number;
	return at;
}

/* Goes over dot-separated identifiers; NULL if one is empty or, where
 * numeric is set, a number with a leading zero. */
static const char *
skip_identifiers(const char *at, bool numeric)
{
	for (;;) {
		size_t len = strspn(at, DIGITS LETTERS "-");

		if (len == 0)
			return NULL;
		if (numeric && len > 1 && *at == '0' &&
		    strspn(at, DIGITS) == len)
			return NULL;
		at += len;
		if (*at != '.')
			return at;
		at++;
	}
}

/* Reads "-pre" and "+build" if they are there. */
static const char *
read_tail(const char *at, struct xc_semver *version)
{
	version->pre = at;
	version->pre_len = 0;
	if (*at == '-') {
		const char *start = at + 1;

		at = skip_identifiers(start, true);
		if (at == NULL)
			return NULL;
		version->pre = start;
		version->pre_len = (size_t)(at - start);
	}
	if (*at == '+')
		at = skip_identifiers(at + 1, false);
	return at;
}

bool
xc_semver_parse(const char *text, struct xc_semver *version_r)
{
	const char *at = read_number(text, &version_r->major);

	if (at == NULL || *at != '.')
		return false;
	at = read_number(at + 1, &version_r->minor);
	if (at == NULL || *at != '.')
		return false;
	at = read_number(at + 1, &version_r->patch);
	if (at == NULL)
		return false;
	at = read_tail(at, version_r);
	return at != NULL && *at == '\0';
}

static int
compare_number(uint64_t left, uint64_t right)
{
	return (left > right) - (left < right);
}

/* Precedence of two identifiers (semver.org, item 11.4). */
static int
compare_identifier(const char *left, size_t left_len, const char *right,
    size_t right_len)
{
	bool left_number = strspn(left, DIGITS) >= left_len;
	bool right_number = strspn(right, DIGITS) >= right_len;
	size_t shorter = left_len < right_len ? left_len : right_len;
	int order;

	if (left_number != right_number)
		return left_number ? -1 : 1;
	/* Without leading zeros the longer number is the greater. */
	if (left_number && left_len != right_len)
		return left_len < right_len ? -1 : 1;
	order = memcmp(left, right, shorter);
	return order != 0 ? order : compare_number(left_len, right_len);
}

static size_t
identifier_len(const char *at, const char *end)
{
	const char *dot = memchr(at, '.', (size_t)(end - at));

	return (size_t)((dot != NULL ? dot : end) - at);
}

static int
compare_pre(const struct xc_semver *left, const struct xc_semver *right)
{
	const char *l = left->pre, *l_end = l + left->pre_len;
	const char *r = right->pre, *r_end = r + right->pre_len;

	if (left->pre_len == 0 || right->pre_len == 0)
		return (left->pre_len == 0) - (right->pre_len == 0);
	for (;;) {
		size_t l_len = identifier_len(l, l_end);
		size_t r_len = identifier_len(r, r_end);
		int order = compare_identifier(l, l_len, r, r_len);

		if (order != 0)
			return order;
		l += l_len;
		r += r_len;
		if (l == l_end || r == r_end)
			return (l != l_end) - (r != r_end);
		l++;
		r++;
	}
}

static int
compare_triple(const struct xc_semver *left, const struct xc_semver *right)
{
	int order = compare_number(left->major, right->major);

	if (order == 0)
		order = compare_number(left->minor, right->minor);
	if (order == 0)
		order = compare_number(left->patch, right->patch);
	return order;
}

int
xc_semver_compare(const struct xc_semver *left, const struct xc_semver *right)
{
	int order = compare_triple(left, right);

	return order != 0 ? order : compare_pre(left, right);
}

int
xc_semver_compare_text(const char *left, const char *right)
{
	struct xc_semver l, r;
	bool l_ok = xc_semver_parse(left, &l);
	bool r_ok = xc_semver_parse(right, &r);

	if (!l_ok || !r_ok)
		return (int)l_ok - (int)r_ok;
	return xc_semver_compare(&l, &r);
}

/* A version in which the numbers behind the first `given` are open. */
struct partial {
	struct xc_semver version;
	unsigned given;
};

/* What a comparator comes to: low <= version < high, or <= high. */
struct bounds {
	struct xc_semver low;
	struct xc_semver high;
	bool has_low;
	bool has_high;
	bool low_open;		/* low itself is out */
	bool high_open;		/* high itself is out */
	bool nothing;		/* no version is in it */
	bool pre_high;		/* high is no version that was written */
};

static bool
is_wild(char c)
{
	return c == 'x' || c == 'X' || c == '*';
}

static bool
at_end(const char *at)
{
	return *at == '\0' || *at == ' ' || *at == '\t' || *at == '|';
}

/* "1", "1.2", "1.x", "1.2.*", "*", "1.2.3-rc.1"; NULL if it is none. */
static const char *
read_partial(const char *at, struct partial *partial)
{
	uint64_t *numbers[] = { &partial->version.major,
		&partial->version.minor, &partial->version.patch };
	bool wild = false;
	unsigned i;

	memset(partial, 0, sizeof(*partial));
	partial->version.pre = "";
	for (i = 0; i < 3; i++) {
		if (is_wild(*at)) {
			wild = true;
			at++;
		} else if (wild) {
			return NULL;
		} else {
			at = read_number(at, numbers[i]);
			if (at == NULL)
				return NULL;
			partial->given++;
		}
		if (*at != '.')
			break;
		if (i < 2)
			at++;
	}
	if (partial->given == 3)
		at = read_tail(at, &partial->version);
	return at != NULL && at_end(at) ? at : NULL;
}

/* The first version after all that begin with the given numbers, of which
 * `keep` stay.  False if there is no number after. */
static bool
step(const struct partial *from, unsigned keep, struct xc_semver *next)
{
	memset(next, 0, sizeof(*next));
	next->pre = "";
	next->major = from->version.major;
	if (keep == 1)
		return ++next->major != 0;
	next->minor = from->version.minor;
	if (keep == 2)
		return ++next->minor != 0;
	next->patch = from->version.patch;
	return ++next->patch != 0;
}

static void
bound_low(struct bounds *bounds, const struct partial *from)
{
	bounds->low = from->version;
	bounds->has_low = true;
}

static void
bound_high(struct bounds *bounds, const struct partial *from, unsigned keep)
{
	bounds->has_high = step(from, keep, &bounds->high);
	bounds->high_open = true;
	bounds->pre_high = true;
}

/* All versions that begin with the given numbers. */
static void
bound_equal(struct bounds *bounds, const struct partial *partial)
{
	if (partial->given == 0)
		return;
	bound_low(bounds, partial);
	if (partial->given < 3) {
		bound_high(bounds, partial, partial->given);
		return;
	}
	bounds->high = partial->version;
	bounds->has_high = true;
}

static void
bound_caret(struct bounds *bounds, const struct partial *partial)
{
	const struct xc_semver *version = &partial->version;
	unsigned keep = 1;

	if (partial->given == 0)
		return;
	bound_low(bounds, partial);
	if (version->major == 0 && partial->given > 1)
		keep = version->minor == 0 && partial->given > 2 ? 3 : 2;
	bound_high(bounds, partial, keep);
}

static void
bound_tilde(struct bounds *bounds, const struct partial *partial)
{
	if (partial->given == 0)
		return;
	bound_low(bounds, partial);
	bound_high(bounds, partial, partial->given < 2 ? 1 : 2);
}

static void
bound_less(struct bounds *bounds, const struct partial *partial, bool equal)
{
	if (partial->given == 0) {
		bounds->nothing = !equal;
		return;
	}
	if (equal && partial->given < 3) {
		bound_high(bounds, partial, partial->given);
		return;
	}
	bounds->high = partial->version;
	bounds->has_high = true;
	bounds->high_open = !equal;
	bounds->pre_high = partial->given < 3;
}

static void
bound_greater(struct bounds *bounds, const struct partial *partial,
    bool equal)
{
	if (partial->given == 0) {
		bounds->nothing = !equal;
		return;
	}
	if (!equal && partial->given < 3) {
		bounds->nothing = !step(partial, partial->given, &bounds->low);
		bounds->has_low = true;
		return;
	}
	bound_low(bounds, partial);
	bounds->low_open = !equal;
}

static bool
same_pre(const struct xc_semver *version, const struct xc_semver *named)
{
	return named->pre_len > 0 && compare_triple(version, named) == 0;
}

/* Whether the version is inside; *pre_named_r is set if a pre-release of its
 * three numbers stands in the comparator. */
static bool
within(const struct bounds *bounds, const struct xc_semver *version,
    bool *pre_named_r)
{
	if (bounds->nothing)
		return false;
	if (bounds->has_low) {
		int order = xc_semver_compare(version, &bounds->low);

		if (order < 0 || (order == 0 && bounds->low_open))
			return false;
		*pre_named_r |= same_pre(version, &bounds->low);
	}
	if (bounds->has_high) {
		int order = xc_semver_compare(version, &bounds->high);

		if (order > 0 || (order == 0 && bounds->high_open))
			return false;
		/* 2.0.0-alpha is before 2.0.0, and yet not of ^1. */
		if (bounds->pre_high &&
		    compare_triple(version, &bounds->high) == 0)
			return false;
		*pre_named_r |= same_pre(version, &bounds->high);
	}
	return true;
}

static const char *
skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* "1.2 - 1.4" behind its first half; NULL if it is not well formed. */
static const char *
read_hyphen(const char *at, const struct partial *from, struct bounds *bounds)
{
	struct partial to;

	at = read_partial(skip_blanks(at + 2), &to);
	if (at == NULL)
		return NULL;
	bound_greater(bounds, from, true);
	bound_less(bounds, &to, true);
	return at;
}

enum operator { EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, CARET,
	TILDE };

static const char *
read_operator(const char *at, enum operator *operator_r)
{
	static const struct {
		const char *text;
		enum operator operator;
	} operators[] = { { "<=", LESS_EQUAL }, { ">=", GREATER_EQUAL },
		{ "<", LESS }, { ">", GREATER }, { "^", CARET },
		{ "~", TILDE }, { "=", EQUAL }, { "", EQUAL } };
	size_t i = 0;

	while (strncmp(at, operators[i].text, strlen(operators[i].text)) != 0)
		i++;
	*operator_r = operators[i].operator;
	return skip_blanks(at + strlen(operators[i].text));
}

static void
bound(struct bounds *bounds, enum operator operator,
    const struct partial *partial)
{
	switch (operator) {
	case EQUAL:
		bound_equal(bounds, partial);
		break;
	case LESS:
	case LESS_EQUAL:
		bound_less(bounds, partial, operator == LESS_EQUAL);
		break;
	case GREATER:
	case GREATER_EQUAL:
		bound_greater(bounds, partial, operator == GREATER_EQUAL);
		break;
	case CARET:
		bound_caret(bounds, partial);
		break;
	case TILDE:
		bound_tilde(bounds, partial);
		break;
	}
}

/* Reads one comparator or one hyphen range. */
static const char *
read_comparator(const char *at, struct bounds *bounds)
{
	struct partial partial;
	enum operator operator;
	const char *start = at, *next;

	memset(bounds, 0, sizeof(*bounds));
	at = read_partial(read_operator(at, &operator), &partial);
	if (at == NULL)
		return NULL;
	next = skip_blanks(at);
	if (next > at && next[0] == '-' && (next[1] == ' ' ||
	    next[1] == '\t')) {
		if (strchr("<>=^~", *start) != NULL)
			return NULL;
		return read_hyphen(next, &partial, bounds);
	}
	bound(bounds, operator, &partial);
	return at;
}

/* Reads comparators up to "||" or the end; version may be NULL. */
static const char *
read_part(const char *at, const struct xc_semver *version, bool *holds_r)
{
	bool holds = true, pre_named = false;

	at = skip_blanks(at);
	if (*at == '\0' || *at == '|')
		return NULL;
	while (*at != '\0' && *at != '|') {
		struct bounds bounds;

		at = read_comparator(at, &bounds);
		if (at == NULL)
			return NULL;
		if (version != NULL)
			holds &= within(&bounds, version, &pre_named);
		at = skip_blanks(at);
	}
	if (version != NULL && version->pre_len > 0 && !pre_named)
		holds = false;
	*holds_r |= holds;
	return at;
}

/* The place that cannot be understood is where the part begins. */
static bool
read_range(const char *range, const struct xc_semver *version, bool *holds_r,
    const char **bad_r)
{
	const char *at = range;

	*holds_r = false;
	for (;;) {
		*bad_r = skip_blanks(at);
		at = read_part(at, version, holds_r);
		if (at == NULL)
			return false;
		if (*at == '\0')
			return true;
		if (at[1] != '|')
			return false;
		at += 2;
	}
}

enum xc_err
xc_semver_range_check(const char *range, struct xc_errbuf *errbuf)
{
	const char *bad;
	bool holds;

	if (read_range(range, NULL, &holds, &bad))
		return XC_OK;
	return xc_fail(errbuf, XC_ERR_INVALID, "\"%s\" is not a range of "
	    "versions at \"%s\"; write for example \"^1.2\", "
	    "\">=1.2 <2\" or \"1.x || 2.x\"", range, bad);
}

bool
xc_semver_in_range(const char *version, const char *range)
{
	struct xc_semver parsed;
	const char *bad;
	bool holds;

	return xc_semver_parse(version, &parsed) &&
	    read_range(range, &parsed, &holds, &bad) && holds;
}
