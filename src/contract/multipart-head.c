/* SPDX-License-Identifier: MIT */
/* The header lines of one part. */
#include <string.h>
#include <strings.h>

#include "lib/text.h"

#include "multipart-private.h"

/* What has been read of them. */
struct reading {
	struct xc_multipart *multipart;
	struct xc_part_head *head;
	struct xc_media_text names[XC_MULTIPART_LINES];
	size_t n;
	bool has_disposition;
};

static bool
is(struct xc_media_text text, const char *word)
{
	size_t len = strlen(word);

	return text.len == len && strncasecmp(text.at, word, len) == 0;
}

static enum xc_err
bad(const struct reading *reading, const char *what)
{
	return xc_multipart_fail(reading->multipart, XC_ERR_INVALID, what);
}

/* What is left of a line. */
struct cursor {
	const char *at;
	const char *end;
};

static void
skip_blanks(struct cursor *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t'))
		c->at++;
}

static bool
skip(struct cursor *c, char byte)
{
	if (c->at == c->end || *c->at != byte)
		return false;
	c->at++;
	return true;
}

static bool
take_token(struct cursor *c, struct xc_media_text *token_r)
{
	token_r->at = c->at;
	while (c->at < c->end && xc_is_token(c->at, 1))
		c->at++;
	token_r->len = (size_t)(c->at - token_r->at);
	return token_r->len > 0;
}

/* Behind the quote that opens it. */
static bool
take_quoted(struct cursor *c, struct xc_media_text *text_r)
{
	text_r->at = c->at;
	for (; c->at < c->end && *c->at != '"'; c->at++)
		if (*c->at == '\\' && c->end - c->at > 1 &&
		    (c->at[1] == '"' || c->at[1] == '\\'))
			c->at++;
	text_r->len = (size_t)(c->at - text_r->at);
	return skip(c, '"');
}

static enum xc_err
keep_param(const struct reading *reading, struct xc_media_text name,
    const struct xc_part_param *param)
{
	struct xc_part_param *slot;

	/* RFC 7578, section 4.2: no form has it, and who reads both names
	 * might go by the other one. */
	if (is(name, "filename*") || is(name, "name*"))
		return bad(reading, "has a name in the form of RFC 5987, "
		    "which RFC 7578 forbids");
	if (is(name, "name"))
		slot = &reading->head->name;
	else if (is(name, "filename"))
		slot = &reading->head->filename;
	else
		return XC_OK;
	if (slot->text.at)
		return bad(reading, "has a name twice");
	*slot = *param;
	return XC_OK;
}

/* "; name=value", to the end. */
static enum xc_err
take_params(const struct reading *reading, struct cursor *c)
{
	struct xc_part_param param;
	struct xc_media_text name;
	enum xc_err err = XC_OK;

	for (skip_blanks(c); err == XC_OK && c->at < c->end; skip_blanks(c)) {
		if (!skip(c, ';'))
			return bad(reading,
			    "has a Content-Disposition that is none");
		skip_blanks(c);
		if (!take_token(c, &name) || !skip(c, '='))
			return bad(reading, "has a Content-Disposition with "
			    "a parameter that is none");
		param.quoted = skip(c, '"');
		if (param.quoted ? !take_quoted(c, &param.text)
		    : !take_token(c, &param.text))
			return bad(reading, "has a Content-Disposition with "
			    "a value that is none, or does not end");
		err = keep_param(reading, name, &param);
	}
	return err;
}

static enum xc_err
take_disposition(struct reading *reading, struct cursor *c)
{
	struct xc_media_text type;

	reading->has_disposition = true;
	if (!take_token(c, &type) || !is(type, "form-data"))
		return bad(reading,
		    "has a Content-Disposition other than form-data");
	return take_params(reading, c);
}

/* RFC 7578, section 4.7: no browser encodes. */
static enum xc_err
take_encoding(const struct reading *reading, struct xc_media_text value)
{
	if (is(value, "7bit") || is(value, "8bit") || is(value, "binary"))
		return XC_OK;
	return bad(reading, "has a Content-Transfer-Encoding other than "
	    "7bit, 8bit and binary");
}

static enum xc_err
take_field(struct reading *reading, struct xc_media_text name,
    struct cursor *c)
{
	struct xc_media_text value;

	skip_blanks(c);
	while (c->end > c->at && (c->end[-1] == ' ' || c->end[-1] == '\t'))
		c->end--;
	value.at = c->at;
	value.len = (size_t)(c->end - c->at);
	if (is(name, "Content-Disposition"))
		return take_disposition(reading, c);
	if (is(name, "Content-Transfer-Encoding"))
		return take_encoding(reading, value);
	if (is(name, "Content-Type"))
		reading->head->type = value;
	/* RFC 7578, section 4.8: all others are ignored. */
	return XC_OK;
}

static bool
was_sent(const struct reading *reading, struct xc_media_text name)
{
	size_t i;

	for (i = 0; i < reading->n; i++)
		if (reading->names[i].len == name.len && strncasecmp(
		    reading->names[i].at, name.at, name.len) == 0)
			return true;
	return false;
}

static enum xc_err
take_line(struct reading *reading, const char *line, size_t len)
{
	const struct xc_multipart *multipart = reading->multipart;
	struct cursor c = { line, line + len };
	struct xc_media_text name;

	if (*line == ' ' || *line == '\t')
		return bad(reading, "has a header line that is folded");
	if (len >= multipart->delimiter_len - 2 && memcmp(line,
	    multipart->delimiter + 2, multipart->delimiter_len - 2) == 0)
		return bad(reading, "ends inside its header lines");
	if (!xc_is_plain(line, len, true))
		return bad(reading,
		    "has a control character in its header lines");
	if (xc_utf8_span(line, len) != len)
		return bad(reading, "has header lines that are no UTF-8");
	if (!take_token(&c, &name) || !skip(&c, ':'))
		return bad(reading, "has a header line that is none");
	if (reading->n == XC_MULTIPART_LINES)
		return xc_multipart_fail(reading->multipart,
		    XC_ERR_TOO_LARGE, "has too many header lines");
	if (was_sent(reading, name))
		return bad(reading, "has a header twice");
	reading->names[reading->n++] = name;
	return take_field(reading, name, &c);
}

/* The length of the line at `at`, which ends with CR LF; left are the bytes
 * that it may have with these. */
static enum xc_err
find_end(struct xc_multipart *multipart, size_t left, size_t *len_r)
{
	const char *line = multipart->source.data + multipart->at;
	size_t rest = multipart->source.len - multipart->at;
	const char *end = memchr(line, '\r', rest < left ? rest : left);

	if (!end && rest > left)
		return xc_multipart_fail(multipart, XC_ERR_TOO_LARGE,
		    "has too long header lines");
	if (!end || (size_t)(end - line) + 1 >= rest)
		return xc_multipart_fail(multipart, XC_ERR_INVALID,
		    "ends inside its header lines");
	if (end[1] != '\n')
		return xc_multipart_fail(multipart, XC_ERR_INVALID,
		    "has a control character in its header lines");
	*len_r = (size_t)(end - line);
	if (*len_r + 2 > left)
		return xc_multipart_fail(multipart, XC_ERR_TOO_LARGE,
		    "has too long header lines");
	multipart->steps += *len_r;
	return XC_OK;
}

enum xc_err
xc_multipart_head(struct xc_multipart *multipart, struct xc_part_head *head_r)
{
	struct reading reading = { .multipart = multipart, .head = head_r };
	size_t left = XC_MULTIPART_HEAD, len = 0;
	const char *line;
	enum xc_err err;

	memset(head_r, 0, sizeof(*head_r));
	for (;;) {
		err = find_end(multipart, left, &len);
		if (err != XC_OK)
			return err;
		line = multipart->source.data + multipart->at;
		if (len > 0)
			err = take_line(&reading, line, len);
		if (err != XC_OK)
			return err;
		multipart->at += len + 2;
		left -= len + 2;
		if (len == 0)
			break;
	}
	if (!reading.has_disposition)
		return bad(&reading, "has no Content-Disposition");
	if (!head_r->name.text.at)
		return bad(&reading, "has no name");
	return XC_OK;
}
