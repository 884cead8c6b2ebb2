/* SPDX-License-Identifier: MIT */
/* The formats that are asserted. */
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "lib/text.h"

#include "schema-private.h"
#include "uri.h"

/* What is left of a text. */
struct cursor {
	const char *at;
	const char *end;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alnum(char c)
{
	return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Takes one byte if it is there. */
static bool
take(struct cursor *cursor, char c)
{
	if (cursor->at == cursor->end || *cursor->at != c)
		return false;
	cursor->at++;
	return true;
}

static bool
take_either(struct cursor *cursor, char a, char b)
{
	return take(cursor, a) || take(cursor, b);
}

/* n digits; false if they are not there. */
static bool
take_number(struct cursor *cursor, unsigned n, unsigned *value_r)
{
	*value_r = 0;
	if ((size_t)(cursor->end - cursor->at) < n)
		return false;
	for (; n > 0; n--) {
		if (!is_digit(*cursor->at))
			return false;
		*value_r = *value_r * 10 + (unsigned)(*cursor->at++ - '0');
	}
	return true;
}

static size_t
take_digits(struct cursor *cursor)
{
	const char *start = cursor->at;

	while (cursor->at < cursor->end && is_digit(*cursor->at))
		cursor->at++;
	return (size_t)(cursor->at - start);
}

/* --- dates and times ----------------------------------------------------- */

static bool
take_date(struct cursor *cursor)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31,
	    30, 31, 30, 31 };
	unsigned year;
	unsigned month;
	unsigned day;
	bool leap;

	if (!take_number(cursor, 4, &year) || !take(cursor, '-') ||
	    !take_number(cursor, 2, &month) || !take(cursor, '-') ||
	    !take_number(cursor, 2, &day) || month < 1 || month > 12)
		return false;
	leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return day >= 1 &&
	    day <= days[month - 1] + (unsigned)(leap && month == 2);
}

/* "Z" or "+02:00", in minutes. */
static bool
take_offset(struct cursor *cursor, int *minutes_r)
{
	bool plus;
	unsigned hour;
	unsigned minute;

	*minutes_r = 0;
	if (take_either(cursor, 'Z', 'z'))
		return true;
	plus = take(cursor, '+');
	if ((!plus && !take(cursor, '-')) || !take_number(cursor, 2, &hour) ||
	    !take(cursor, ':') || !take_number(cursor, 2, &minute) ||
	    hour > 23 || minute > 59)
		return false;
	*minutes_r = (int)(hour * 60 + minute) * (plus ? 1 : -1);
	return true;
}

/* A leap second is the last one of a day in UTC. */
static bool
take_time(struct cursor *cursor)
{
	unsigned hour;
	unsigned minute;
	unsigned second;
	int offset;

	if (!take_number(cursor, 2, &hour) || !take(cursor, ':') ||
	    !take_number(cursor, 2, &minute) || !take(cursor, ':') ||
	    !take_number(cursor, 2, &second) || hour > 23 || minute > 59 ||
	    second > 60)
		return false;
	if (take(cursor, '.') && take_digits(cursor) == 0)
		return false;
	if (!take_offset(cursor, &offset))
		return false;
	return second < 60 ||
	    ((int)(hour * 60 + minute) - offset + 2880) % 1440 == 1439;
}

static bool
is_date(struct cursor cursor)
{
	return take_date(&cursor) && cursor.at == cursor.end;
}

static bool
is_time(struct cursor cursor)
{
	return take_time(&cursor) && cursor.at == cursor.end;
}

static bool
is_date_time(struct cursor cursor)
{
	return take_date(&cursor) && take_either(&cursor, 'T', 't') &&
	    take_time(&cursor) && cursor.at == cursor.end;
}

/* Numbers with units in order and none left out, "1Y2M"; how many there
 * were, -1: wrong. */
static int
take_units(struct cursor *cursor, const char *units)
{
	const char *found;
	int n = 0;

	/* The appendix of RFC 3339 has no hours and seconds without minutes. */
	while (cursor->at < cursor->end && is_digit(*cursor->at)) {
		take_digits(cursor);
		if (cursor->at == cursor->end || *cursor->at == '\0')
			return -1;
		found = strchr(units, *cursor->at);
		if (found == NULL || (n > 0 && found != units))
			return -1;
		units = found + 1;
		cursor->at++;
		n++;
	}
	return n;
}

static bool
is_duration(struct cursor cursor)
{
	struct cursor weeks;
	int n;

	if (!take(&cursor, 'P'))
		return false;
	weeks = cursor;
	if (take_digits(&weeks) > 0 && take(&weeks, 'W'))
		return weeks.at == weeks.end;
	n = take_units(&cursor, "YMD");
	if (n < 0)
		return false;
	if (take(&cursor, 'T')) {
		n = take_units(&cursor, "HMS");
		if (n <= 0)
			return false;
	}
	return n > 0 && cursor.at == cursor.end;
}

/* --- hosts --------------------------------------------------------------- */

/* Letters, digits and hyphens, none at the ends; with "--" in the third
 * place only what has been made of another script. */
static bool
is_label(const char *at, size_t len)
{
	size_t i;

	if (len == 0 || len > 63 || at[0] == '-' || at[len - 1] == '-')
		return false;
	for (i = 0; i < len; i++)
		if (!is_alnum(at[i]) && at[i] != '-')
			return false;
	return len < 4 || at[2] != '-' || at[3] != '-' ||
	    (len > 4 && (at[0] | 0x20) == 'x' && (at[1] | 0x20) == 'n');
}

static bool
is_hostname(struct cursor cursor)
{
	const char *dot;

	if (cursor.at == cursor.end || cursor.end - cursor.at > 253)
		return false;
	for (;;) {
		dot = memchr(cursor.at, '.',
		    (size_t)(cursor.end - cursor.at));
		if (!is_label(cursor.at, (size_t)((dot != NULL ? dot
		    : cursor.end) - cursor.at)))
			return false;
		if (dot == NULL)
			return true;
		cursor.at = dot + 1;
	}
}

static bool
is_ipv4(struct cursor cursor)
{
	const char *start;
	unsigned value;
	int i;

	for (i = 0; i < 4; i++) {
		if (i > 0 && !take(&cursor, '.'))
			return false;
		start = cursor.at;
		for (value = 0; cursor.at < cursor.end &&
		    is_digit(*cursor.at) && cursor.at - start < 3;
		    cursor.at++)
			value = value * 10 + (unsigned)(*cursor.at - '0');
		if (cursor.at == start || value > 255 ||
		    (*start == '0' && cursor.at - start > 1))
			return false;
	}
	return cursor.at == cursor.end;
}

static bool
is_ipv6(struct cursor cursor)
{
	size_t len = (size_t)(cursor.end - cursor.at);
	unsigned char address[16];
	char buf[64];

	if (len >= sizeof(buf) || memchr(cursor.at, '\0', len) != NULL)
		return false;
	memcpy(buf, cursor.at, len);
	buf[len] = '\0';
	return inet_pton(AF_INET6, buf, address) == 1;
}

/* --- mail ---------------------------------------------------------------- */

static bool
is_atom(char c)
{
	return is_alnum(c) ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* "john.doe" up to the '@'. */
static bool
take_dot_atoms(struct cursor *cursor)
{
	const char *start;

	do {
		start = cursor->at;
		while (cursor->at < cursor->end && is_atom(*cursor->at))
			cursor->at++;
		if (cursor->at == start)
			return false;
	} while (take(cursor, '.'));
	return true;
}

/* Behind the quote. */
static bool
take_quoted(struct cursor *cursor)
{
	while (cursor->at < cursor->end && *cursor->at != '"') {
		if (*cursor->at == '\\')
			cursor->at++;
		if (cursor->at == cursor->end || *cursor->at < 0x20 ||
		    *cursor->at > 0x7e)
			return false;
		cursor->at++;
	}
	return take(cursor, '"');
}

/* "[127.0.0.1]" or "[IPv6:::1]", without the first bracket. */
static bool
is_address_literal(struct cursor cursor)
{
	static const char tag[] = "IPv6:";

	if (cursor.at == cursor.end || cursor.end[-1] != ']')
		return false;
	cursor.end--;
	if ((size_t)(cursor.end - cursor.at) < sizeof(tag) ||
	    strncasecmp(cursor.at, tag, sizeof(tag) - 1) != 0)
		return is_ipv4(cursor);
	cursor.at += sizeof(tag) - 1;
	return is_ipv6(cursor);
}

static bool
is_email(struct cursor cursor)
{
	const char *start = cursor.at;

	if (take(&cursor, '"')) {
		if (!take_quoted(&cursor))
			return false;
	} else if (!take_dot_atoms(&cursor)) {
		return false;
	}
	if (cursor.at - start > 64 || !take(&cursor, '@'))
		return false;
	return take(&cursor, '[') ? is_address_literal(cursor)
	    : is_hostname(cursor);
}

/* --- the rest ------------------------------------------------------------ */

static bool
is_uri(struct cursor cursor)
{
	return xc_uri_is_valid(cursor.at, (size_t)(cursor.end - cursor.at),
	    false);
}

static bool
is_uri_reference(struct cursor cursor)
{
	return xc_uri_is_valid(cursor.at, (size_t)(cursor.end - cursor.at),
	    true);
}

static bool
is_uuid(struct cursor cursor)
{
	size_t i;

	if (cursor.end - cursor.at != 36)
		return false;
	for (i = 0; i < 36; i++) {
		bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (hyphen ? cursor.at[i] != '-'
		    : xc_hex((unsigned char)cursor.at[i]) < 0)
			return false;
	}
	return true;
}

static bool
is_json_pointer(struct cursor cursor)
{
	if (cursor.at < cursor.end && *cursor.at != '/')
		return false;
	for (; cursor.at < cursor.end; cursor.at++)
		if (*cursor.at == '~' && (cursor.end - cursor.at < 2 ||
		    (cursor.at[1] != '0' && cursor.at[1] != '1')))
			return false;
	return true;
}

static bool
is_regex(struct cursor cursor)
{
	return xc_pattern_is_valid(cursor.at,
	    (size_t)(cursor.end - cursor.at));
}

static const struct {
	const char *name;
	bool (*is)(struct cursor cursor);
} formats[] = {
	{ "date", is_date },
	{ "date-time", is_date_time },
	{ "duration", is_duration },
	{ "email", is_email },
	{ "hostname", is_hostname },
	{ "ipv4", is_ipv4 },
	{ "ipv6", is_ipv6 },
	{ "json-pointer", is_json_pointer },
	{ "regex", is_regex },
	{ "time", is_time },
	{ "uri", is_uri },
	{ "uri-reference", is_uri_reference },
	{ "uuid", is_uuid },
};

#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

int
xc_format_find(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < N_FORMATS; i++)
		if (strlen(formats[i].name) == len &&
		    memcmp(formats[i].name, name, len) == 0)
			return (int)i;
	return -1;
}

const char *
xc_format_name(uint32_t format)
{
	return formats[format].name;
}

uint64_t
xc_format_cost(uint32_t format, size_t len)
{
	return formats[format].is == is_regex ? 1000 + len * 20
	    : 2 + len / 64;
}

bool
xc_format_is(uint32_t format, const char *text, size_t len)
{
	struct cursor cursor = { text, text + len };

	return formats[format].is(cursor);
}
