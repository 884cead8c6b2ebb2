/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "path.h"
#include "text.h"

/* A walk over the raw path. */
struct walk {
	const char *raw;
	size_t len;
	size_t at;
	bool encoded_slash;	/* in the segment just read */
	bool high;		/* ... a byte from 0x80 on */
};

/* Bytes of a path that stand for themselves. */
static bool
is_literal(unsigned char c)
{
	return c > 0x20 && c != 0x7f && c != '#' && c != '%' && c != '?';
}

static int
bad(struct xc_errbuf *errbuf, const char *what, size_t at)
{
	xc_fail(errbuf, XC_ERR_INVALID, "%s at byte %zu of the path", what,
	    at + 1);
	return 400;
}

/* Reads "%41"; *c_r is the byte. */
static int
decode_percent(struct walk *walk, unsigned char *c_r,
    struct xc_errbuf *errbuf)
{
	int high;
	int low;

	if (walk->len - walk->at < 3)
		return bad(errbuf, "a cut percent sequence", walk->at);
	high = xc_hex((unsigned char)walk->raw[walk->at + 1]);
	low = xc_hex((unsigned char)walk->raw[walk->at + 2]);
	if (high < 0 || low < 0)
		return bad(errbuf, "a bad percent sequence", walk->at);
	*c_r = (unsigned char)(high << 4 | low);
	if (*c_r == '\0')
		return bad(errbuf, "an encoded NUL", walk->at);
	if (*c_r == '/')
		walk->encoded_slash = true;
	walk->at += 3;
	return 0;
}

/* Decodes up to the next slash or the end; *len_r is the decoded length. */
static int
decode_segment(struct walk *walk, char *out, size_t *len_r,
    struct xc_errbuf *errbuf)
{
	size_t n = 0;
	unsigned char c;
	int status;

	walk->encoded_slash = false;
	walk->high = false;
	while (walk->at < walk->len && walk->raw[walk->at] != '/') {
		c = (unsigned char)walk->raw[walk->at];
		if (c == '%') {
			status = decode_percent(walk, &c, errbuf);
			if (status != 0)
				return status;
		} else if (is_literal(c)) {
			walk->at++;
		} else {
			return bad(errbuf, "a character that may not stand "
			    "there", walk->at);
		}
		walk->high |= c >= 0x80;
		out[n++] = (char)c;
	}
	*len_r = n;
	return 0;
}

/* Whether a part between slashes of a segment with encoded ones is "..". */
static bool
has_hidden_dots(const char *text, size_t len)
{
	const char *end = text + len;
	const char *part = text;
	const char *slash;

	for (;;) {
		slash = memchr(part, '/', (size_t)(end - part));
		if (slash == NULL)
			slash = end;
		if (slash - part == 2 && memcmp(part, "..", 2) == 0)
			return true;
		if (slash == end)
			return false;
		part = slash + 1;
	}
}

static int
check_segment(const struct walk *walk, const char *text, size_t len,
    struct xc_errbuf *errbuf)
{
	if (walk->high && xc_utf8_span(text, len) != len)
		return bad(errbuf, "invalid UTF-8 in the segment that ends",
		    walk->at);
	if (walk->encoded_slash && has_hidden_dots(text, len))
		return bad(errbuf, "\"..\" beside an encoded slash in the "
		    "segment that ends", walk->at);
	return 0;
}

/* Puts a segment that was decoded to the end of the text in its place. */
static int
place(struct xc_path *path, size_t len, bool last, struct xc_errbuf *errbuf)
{
	const char *text = path->text + path->len;

	if (len == 2 && memcmp(text, "..", 2) == 0) {
		if (path->n_segments == 0) {
			xc_fail(errbuf, XC_ERR_INVALID,
			    "the path leads above the root");
			return 400;
		}
		path->len = path->starts[--path->n_segments];
		len = 0;
	} else if (len == 1 && text[0] == '.') {
		len = 0;
	}
	/* An empty segment counts at the end only: "/a/" is not "/a". */
	if (len == 0 && !last)
		return 0;
	path->starts[path->n_segments++] = (uint16_t)path->len;
	path->len += len;
	if (!last)
		path->text[path->len++] = '/';
	return 0;
}

int
xc_path_decode(const char *raw, size_t len, struct xc_path *path,
    struct xc_errbuf *errbuf)
{
	struct walk walk = { .raw = raw, .len = len, .at = 1 };
	size_t n = 0;
	bool last;
	int status;

	if (len > XC_PATH_MAX) {
		xc_fail(errbuf, XC_ERR_TOO_LARGE, "the path has %zu bytes, "
		    "more than %d", len, XC_PATH_MAX);
		return 414;
	}
	if (len == 0 || raw[0] != '/')
		return bad(errbuf, "no slash", 0);
	path->text[0] = '/';
	path->len = 1;
	path->n_segments = 0;
	do {
		status = decode_segment(&walk, path->text + path->len, &n,
		    errbuf);
		if (status != 0)
			return status;
		status = check_segment(&walk, path->text + path->len, n,
		    errbuf);
		if (status != 0)
			return status;
		last = walk.at == len;
		status = place(path, n, last, errbuf);
		if (status != 0)
			return status;
		walk.at++;
	} while (!last);
	path->text[path->len] = '\0';
	return 0;
}
