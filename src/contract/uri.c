/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>

#include "lib/text.h"

#include "uri.h"

struct part {
	const char *at;		/* NULL: absent */
	size_t len;
};

struct uri {
	struct part scheme;
	struct part authority;
	struct part path;
	struct part query;
	struct part fragment;
};

/* What a character may be a mark of; PLAIN ones are in RFC 3986 unreserved
 * or sub-delims. */
#define PLAIN 1u
#define COLON 2u
#define SLASH 4u
#define QUESTION 8u
#define HASH 16u
#define AT 32u
#define CLOSER 64u

static bool
is_alpha(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static unsigned
kind_of(char c)
{
	if (is_alpha(c) || is_digit(c))
		return PLAIN;
	switch (c) {
	case '-': case '.': case '_': case '~': case '!': case '$':
	case '&': case '\'': case '(': case ')': case '*': case '+':
	case ',': case ';': case '=':
		return PLAIN;
	case ':':
		return COLON;
	case '/':
		return SLASH;
	case '?':
		return QUESTION;
	case '#':
		return HASH;
	case '@':
		return AT;
	case ']':
		return CLOSER;
	default:
		return 0;
	}
}

/* The first character of some kinds, or the end. */
static const char *
find_any(const char *at, const char *end, unsigned kinds)
{
	while (at < end && (kind_of(*at) & kinds) == 0)
		at++;
	return at;
}

static bool
is_scheme(const char *at, const char *end)
{
	if (at == end || !is_alpha(*at))
		return false;
	for (; at < end; at++)
		if (!is_alpha(*at) && !is_digit(*at) && *at != '+' &&
		    *at != '-' && *at != '.')
			return false;
	return true;
}

static struct part
part_of(const char *at, const char *end)
{
	struct part part = { at, (size_t)(end - at) };

	return part;
}

static void
split(const char *text, size_t len, struct uri *uri)
{
	const char *end = text + len;
	const char *stop = find_any(text, end, COLON | SLASH | QUESTION | HASH);

	memset(uri, 0, sizeof(*uri));
	if (stop < end && *stop == ':' && is_scheme(text, stop)) {
		uri->scheme = part_of(text, stop);
		text = stop + 1;
	}
	if (end - text >= 2 && text[0] == '/' && text[1] == '/') {
		stop = find_any(text + 2, end, SLASH | QUESTION | HASH);
		uri->authority = part_of(text + 2, stop);
		text = stop;
	}
	stop = find_any(text, end, QUESTION | HASH);
	uri->path = part_of(text, stop);
	if (stop < end && *stop == '?') {
		text = stop + 1;
		stop = find_any(text, end, HASH);
		uri->query = part_of(text, stop);
	}
	if (stop < end)
		uri->fragment = part_of(stop + 1, end);
}

struct writer {
	char *buf;
	size_t len;
	bool full;
};

static void
put(struct writer *writer, const char *bytes, size_t len)
{
	if (writer->full || len >= XC_URI_MAX - writer->len) {
		writer->full = true;
		return;
	}
	if (len > 0)
		memcpy(writer->buf + writer->len, bytes, len);
	writer->len += len;
}

/* Cuts the last segment off, down to from. */
static void
drop_segment(struct writer *writer, size_t from)
{
	while (writer->len > from && writer->buf[writer->len - 1] != '/')
		writer->len--;
	if (writer->len > from)
		writer->len--;
}

/* Appends a path that begins with '/', without its dot segments. */
static void
put_absolute(struct writer *writer, const char *path, size_t len)
{
	const char *end = path + len;
	size_t from = writer->len;
	const char *stop;

	while (path < end) {
		stop = find_any(path + 1, end, SLASH);
		len = (size_t)(stop - path);
		if (len == 3 && memcmp(path, "/..", 3) == 0) {
			drop_segment(writer, from);
			if (stop == end)
				put(writer, "/", 1);
		} else if (len == 2 && memcmp(path, "/.", 2) == 0) {
			if (stop == end)
				put(writer, "/", 1);
		} else {
			put(writer, path, len);
		}
		path = stop;
	}
}

static void
put_path(struct writer *writer, struct part path)
{
	if (path.len > 0 && path.at[0] == '/')
		put_absolute(writer, path.at, path.len);
	else
		put(writer, path.at, path.len);
}

/* The path of a reference that is relative to the base's. */
static void
put_merged(struct writer *writer, const struct uri *base, struct part path)
{
	char merged[XC_URI_MAX];
	size_t len = base->path.len;

	while (len > 0 && base->path.at[len - 1] != '/')
		len--;
	if (len + path.len + 1 > sizeof(merged)) {
		writer->full = true;
		return;
	}
	merged[0] = '/';
	if (len > 0)
		memcpy(merged, base->path.at, len);
	else if (base->authority.at != NULL)
		len = 1;
	if (path.len > 0)
		memcpy(merged + len, path.at, path.len);
	put_path(writer, part_of(merged, merged + len + path.len));
}

static void
put_target(struct writer *writer, const struct uri *base,
    const struct uri *ref)
{
	const struct uri *from = ref->scheme.at != NULL ? ref : base;
	bool own = ref->scheme.at != NULL || ref->authority.at != NULL;
	struct part query = ref->query;

	put(writer, from->scheme.at, from->scheme.len);
	if (from->scheme.at != NULL)
		put(writer, ":", 1);
	if (own)
		from = ref;
	if (from->authority.at != NULL) {
		put(writer, "//", 2);
		put(writer, from->authority.at, from->authority.len);
	}
	if (own || (ref->path.len > 0 && ref->path.at[0] == '/')) {
		put_path(writer, ref->path);
	} else if (ref->path.len > 0) {
		put_merged(writer, base, ref->path);
	} else {
		put(writer, base->path.at, base->path.len);
		if (query.at == NULL)
			query = base->query;
	}
	if (query.at != NULL) {
		put(writer, "?", 1);
		put(writer, query.at, query.len);
	}
}

bool
xc_uri_resolve(const char *base, const char *ref, size_t len, char *buf,
    const char **fragment_r)
{
	struct writer writer = { buf, 0, false };
	struct uri base_uri;
	struct uri uri;

	split(base, strlen(base), &base_uri);
	split(ref, len, &uri);
	put_target(&writer, &base_uri, &uri);
	buf[writer.full ? 0 : writer.len] = '\0';
	*fragment_r = uri.fragment.at;
	return !writer.full;
}

/* Unreserved, percent-encoded, sub-delims and what else may stand. */
static bool
is_made_of(struct part part, unsigned kinds)
{
	const char *end;
	const char *at;

	if (part.at == NULL)
		return true;
	end = part.at + part.len;
	for (at = part.at; at < end; at++) {
		if (*at == '%') {
			if (end - at < 3 || xc_hex((unsigned char)at[1]) < 0 ||
			    xc_hex((unsigned char)at[2]) < 0)
				return false;
			at += 2;
		} else if ((kind_of(*at) & (PLAIN | kinds)) == 0) {
			return false;
		}
	}
	return true;
}

/* What is in the brackets of "[::1]". */
static bool
is_ip_literal(struct part part)
{
	unsigned char address[16];
	char buf[64];

	if (part.len > 2 && (part.at[0] | 0x20) == 'v')
		return is_made_of(part, COLON);
	if (part.len >= sizeof(buf))
		return false;
	memcpy(buf, part.at, part.len);
	buf[part.len] = '\0';
	return strlen(buf) == part.len &&
	    inet_pton(AF_INET6, buf, address) == 1;
}

static bool
is_authority(struct part part)
{
	const char *end = part.at + part.len;
	const char *host = part.at;
	const char *at = memchr(part.at, '@', part.len);
	const char *stop;

	if (at != NULL) {
		if (!is_made_of(part_of(part.at, at), COLON))
			return false;
		host = at + 1;
	}
	if (host < end && *host == '[') {
		stop = find_any(host, end, CLOSER);
		if (stop == end ||
		    !is_ip_literal(part_of(host + 1, stop)))
			return false;
		stop++;
	} else {
		stop = find_any(host, end, COLON);
		if (!is_made_of(part_of(host, stop), 0))
			return false;
	}
	if (stop == end)
		return true;
	if (*stop++ != ':')
		return false;
	while (stop < end && is_digit(*stop))
		stop++;
	return stop == end;
}

bool
xc_uri_is_valid(const char *text, size_t len, bool reference)
{
	struct uri uri;
	const char *colon;
	const char *slash;

	split(text, len, &uri);
	if (uri.scheme.at == NULL) {
		/* "a:b" would have a scheme if one could be read. */
		colon = find_any(text, text + len, COLON);
		slash = find_any(text, text + len, SLASH | QUESTION | HASH);
		if (!reference || colon < slash)
			return false;
	}
	return (uri.authority.at == NULL || is_authority(uri.authority)) &&
	    is_made_of(uri.path, COLON | AT | SLASH) &&
	    is_made_of(uri.query, COLON | AT | SLASH | QUESTION) &&
	    is_made_of(uri.fragment, COLON | AT | SLASH | QUESTION);
}
