/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "logger.h"
#include "record.h"

#define ID_MAX		200	/* bytes of an escaped request id */
#define NAME_MAX_OUT	200

/* A buffer that never overflows; what does not fit is left out. */
struct out {
	char *data;
	size_t len;
	size_t max;
};

static bool
put(struct out *out, const char *data, size_t len)
{
	if (len > out->max - out->len)
		return false;
	memcpy(out->data + out->len, data, len);
	out->len += len;
	return true;
}

static bool
puts_out(struct out *out, const char *text)
{
	return put(out, text, strlen(text));
}

/* The length of the valid UTF-8 character at s; 0 if there is none. */
static size_t
character(const unsigned char *s)
{
	static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned code;
	size_t len, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	code = s[0] & (0x7fu >> len);
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3fu);
	}
	if (code < least[len] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return len;
}

/* C0, DEL and C1: what moves a terminal's cursor. */
static bool
is_control(const unsigned char *s, size_t len)
{
	if (len == 1)
		return s[0] < 0x20 || s[0] == 0x7f;
	return len == 2 && s[0] == 0xc2 && s[1] < 0xa0;
}

static const char *
short_escape(unsigned char c)
{
	switch (c) {
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	case '\\':
		return "\\\\";
	default:
		return NULL;
	}
}

/* One character, or one byte that is none, of a text line. */
static bool
put_text_char(struct out *out, const unsigned char *s, size_t len)
{
	const char *escape = short_escape(s[0]);
	char hex[9];
	int n;

	if (escape != NULL)
		return puts_out(out, escape);
	if (len != 0 && !is_control(s, len))
		return put(out, (const char *)s, len);
	if (len == 2)
		n = snprintf(hex, sizeof(hex), "\\x%02x\\x%02x", s[0], s[1]);
	else
		n = snprintf(hex, sizeof(hex), "\\x%02x", s[0]);
	return put(out, hex, (size_t)n);
}

static bool
put_json_char(struct out *out, const unsigned char *s, size_t len)
{
	const char *escape = short_escape(s[0]);
	char hex[8];
	int n;

	if (escape != NULL)
		return puts_out(out, escape);
	if (s[0] == '"')
		return puts_out(out, "\\\"");
	if (len == 0)
		return puts_out(out, "\\ufffd");
	if (!is_control(s, len))
		return put(out, (const char *)s, len);
	n = snprintf(hex, sizeof(hex), "\\u%04x", len == 2 ? s[1] : s[0]);
	return put(out, hex, (size_t)n);
}

typedef bool put_char_fn(struct out *, const unsigned char *, size_t);

/* Puts text so that at most limit bytes of out are used in all; if it is cut
 * it ends in "...". */
static void
put_escaped(struct out *out, const char *text, size_t limit, put_char_fn *fn)
{
	struct out part = { out->data, out->len, limit };
	const unsigned char *s = (const unsigned char *)text;
	size_t mark = part.len;

	while (*s != '\0') {
		size_t len = character(s);

		if (!fn(&part, s, len))
			break;
		/* The last place where "..." still fits. */
		if (part.max - part.len >= 3)
			mark = part.len;
		s += len == 0 ? 1 : len;
	}
	if (*s != '\0' && part.max - mark >= 3) {
		part.len = mark;
		puts_out(&part, "...");
	}
	out->len = part.len;
}

static void
put_limited(struct out *out, const char *text, size_t max, put_char_fn *fn)
{
	size_t limit = out->len + max;

	put_escaped(out, text, limit < out->max ? limit : out->max, fn);
}

static void
put_time(struct out *out, const struct timespec *time)
{
	char text[64];
	struct tm tm;
	size_t n;

	if (gmtime_r(&time->tv_sec, &tm) == NULL)
		memset(&tm, 0, sizeof(tm));
	n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	n += (size_t)snprintf(text + n, sizeof(text) - n, ".%03dZ",
	    (int)(time->tv_nsec / 1000000));
	put(out, text, n);
}

static const char *
level_upper(enum xc_log_level level)
{
	static const char *const names[] = { "ERROR", "WARNING", "NOTICE",
		"INFO", "DEBUG" };

	return (unsigned)level < XC_LOG__MAX ? names[level] : "?";
}

static const char *
level_colour(enum xc_log_level level)
{
	static const char *const colours[] = { "\033[31;1m", "\033[33m",
		"\033[36m", "\033[32m", "\033[2m" };

	return (unsigned)level < XC_LOG__MAX ? colours[level] : "";
}

static void
put_level(struct out *out, enum xc_log_level level, bool colour)
{
	if (colour)
		puts_out(out, level_colour(level));
	puts_out(out, level_upper(level));
	if (colour)
		puts_out(out, "\033[0m");
}

/* The message with the request's id behind it, room left for a newline. */
static void
put_message(struct out *out, const struct xc_record *record)
{
	char space[ID_MAX + 16];
	struct out id = { space, 0, sizeof(space) };

	if (record->request_id != NULL && *record->request_id != '\0') {
		puts_out(&id, " request_id=");
		put_limited(&id, record->request_id, ID_MAX, put_text_char);
	}
	put_escaped(out, record->text, out->max - 1 - id.len, put_text_char);
	put(out, id.data, id.len);
}

size_t
xc_record_text(const struct xc_record *record, bool colour, char *data)
{
	struct out out = { data, 0, XC_RECORD_SIZE };
	char pid[32];

	put_time(&out, &record->time);
	puts_out(&out, " ");
	put_level(&out, record->level, colour);
	puts_out(&out, " ");
	put_limited(&out, record->name, NAME_MAX_OUT, put_text_char);
	snprintf(pid, sizeof(pid), "[%ld] ", (long)record->pid);
	puts_out(&out, pid);
	put_message(&out, record);
	puts_out(&out, "\n");
	return out.len;
}

size_t
xc_record_brief(const struct xc_record *record, char *data)
{
	struct out out = { data, 0, XC_RECORD_SIZE };

	put_limited(&out, record->name, NAME_MAX_OUT, put_text_char);
	puts_out(&out, ": ");
	put_message(&out, record);
	data[out.len] = '\0';
	return out.len;
}

size_t
xc_record_json(const struct xc_record *record, char *data)
{
	struct out out = { data, 0, XC_RECORD_SIZE };
	char pid[48];

	puts_out(&out, "{\"time\":\"");
	put_time(&out, &record->time);
	puts_out(&out, "\",\"level\":\"");
	puts_out(&out, xc_log_level_name(record->level));
	puts_out(&out, "\",\"logger\":\"");
	put_limited(&out, record->name, NAME_MAX_OUT, put_json_char);
	snprintf(pid, sizeof(pid), "\",\"pid\":%ld", (long)record->pid);
	puts_out(&out, pid);
	if (record->request_id != NULL && *record->request_id != '\0') {
		puts_out(&out, ",\"request_id\":\"");
		put_limited(&out, record->request_id, ID_MAX, put_json_char);
		puts_out(&out, "\"");
	}
	if (record->trace_id != NULL && *record->trace_id != '\0') {
		puts_out(&out, ",\"trace_id\":\"");
		put_limited(&out, record->trace_id, ID_MAX, put_json_char);
		puts_out(&out, "\"");
	}
	puts_out(&out, ",\"message\":\"");
	put_escaped(&out, record->text, out.max - 3, put_json_char);
	puts_out(&out, "\"}\n");
	return out.len;
}
