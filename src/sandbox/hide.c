/* SPDX-License-Identifier: MIT */
#include "sandbox/hide.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "lib/session.h"

#define BLANKS " \t,"

/* --- tokens --------------------------------------------------------------- */

static int
digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

/* base64url; what is none ends it. */
static size_t
decode(const char *text, size_t len, char *to)
{
	unsigned bits = 0, n_bits = 0;
	size_t i, n = 0;
	int v;

	for (i = 0; i < len && (v = digit(text[i])) >= 0; i++) {
		bits = (bits & 0x3f) << 6 | (unsigned)v;
		n_bits += 6;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		to[n++] = (char)(bits >> n_bits);
	}
	return n;
}

/* Whether a payload names the issuer.  What no memory is there to look into
 * may be one. */
static bool
names(const char *payload, size_t len, const char *issuer)
{
	struct json_object *claims = NULL;
	char *text = malloc(len + 1);
	const char *said;
	bool ours;
	enum xc_err err;

	if (text == NULL)
		return true;
	err = xc_json_parse(text, decode(payload, len, text), &claims, NULL,
	    0);
	said = xc_json_string(claims, "iss");
	ours = err == XC_ERR_NOMEM ||
	    (said != NULL && strcmp(said, issuer) == 0);
	json_object_put(claims);
	explicit_bzero(text, len);
	free(text);
	return ours;
}

/* Whether one of the words of a value is a token of ours. */
static bool
has_token(const char *value, const char *issuer)
{
	const char *end, *payload;
	size_t len;

	for (value += strspn(value, BLANKS); *value != '\0';
	    value = end + strspn(end, BLANKS)) {
		end = value + strcspn(value, BLANKS);
		payload = memchr(value, '.', (size_t)(end - value));
		if (payload == NULL)
			continue;
		payload++;
		len = strcspn(payload, "." BLANKS);
		if (payload[len] == '.' && names(payload, len, issuer))
			return true;
	}
	return false;
}

/* --- cookies -------------------------------------------------------------- */

static const char *const cookie_names[] = {
	XC_SESSION_COOKIE, XC_DEVICE_COOKIE
};

#define N_NAMES (sizeof(cookie_names) / sizeof(cookie_names[0]))

static bool
is_named_so(const char *piece, size_t len, const char *name)
{
	const size_t name_len = strlen(name);

	return len >= name_len && memcmp(piece, name, name_len) == 0 &&
	    (len == name_len || strchr("= \t", piece[name_len]) != NULL);
}

static bool
is_ours(const char *piece, size_t len)
{
	while (len > 0 && (*piece == ' ' || *piece == '\t')) {
		piece++;
		len--;
	}
	for (size_t i = 0; i < N_NAMES; i++)
		if (is_named_so(piece, len, cookie_names[i]))
			return true;
	return false;
}

static bool
may_have_ours(const char *header)
{
	for (size_t i = 0; i < N_NAMES; i++)
		if (strstr(header, cookie_names[i]) != NULL)
			return true;
	return false;
}

/* Blanks ours out of "a=b; c=d".  The others stay where they are: there may
 * be parameters that were found in them. */
static void
blank(char *text, size_t len)
{
	size_t at, n;

	for (at = 0; at < len; at += n + 1) {
		n = strcspn(text + at, ";");
		if (is_ours(text + at, n))
			memset(text + at, ' ', n);
	}
}

/* What is left in the middle; what was cut off behind it is no text. */
static struct xc_span
trim(char *base, struct xc_span span)
{
	char *text = base + span.off;
	uint32_t n = (uint32_t)strspn(text, "; \t");

	if (n > span.len)
		n = span.len;
	span.off += n;
	span.len -= n;
	while (span.len > 0 && strchr("; \t", base[span.off + span.len - 1]))
		base[span.off + --span.len] = '\0';
	return span;
}

/* --- the block ------------------------------------------------------------ */

static bool
is_named(const struct xc_block *in, const struct xc_pair *pair,
    const char *name)
{
	return pair->name.len == strlen(name) &&
	    strcasecmp(xc_block_text(in, pair->name), name) == 0;
}

static struct xc_request_head *
head_of(struct xc_block *in)
{
	return (void *)in->base;
}

static enum xc_err
save_rows(const struct xc_block *in, struct xc_hidden *hidden)
{
	size_t size = hidden->headers.n * sizeof(struct xc_pair);

	if (hidden->rows != NULL)
		return XC_OK;
	hidden->rows = malloc(size);
	if (hidden->rows == NULL)
		return XC_ERR_NOMEM;
	memcpy(hidden->rows, in->base + hidden->headers.off, size);
	return XC_OK;
}

static enum xc_err
save(const struct xc_block *in, struct xc_span span,
    struct xc_hidden *hidden)
{
	enum xc_err err = save_rows(in, hidden);
	char *text;

	if (err != XC_OK)
		return err;
	if (hidden->n == XC_HIDDEN_MAX)
		return XC_ERR_TOO_LARGE;
	text = malloc(span.len + 1);
	if (text == NULL)
		return XC_ERR_NOMEM;
	memcpy(text, in->base + span.off, span.len);
	hidden->values[hidden->n].span = span;
	hidden->values[hidden->n++].text = text;
	return XC_OK;
}

/* One field; *left_r is what is left of its value. */
static enum xc_err
hide_one(struct xc_block *in, const struct xc_pair *pair,
    const char *issuer, struct xc_hidden *hidden, struct xc_span *left_r)
{
	char *text = (char *)in->base + pair->value.off;
	bool cookie = is_named(in, pair, "cookie");
	enum xc_err err;

	*left_r = pair->value;
	if (cookie ? !may_have_ours(text) :
	    issuer == NULL || !is_named(in, pair, "authorization") ||
	    !has_token(text, issuer))
		return XC_OK;
	err = save(in, pair->value, hidden);
	if (err != XC_OK)
		return err;
	if (cookie) {
		blank(text, pair->value.len);
		*left_r = trim((char *)in->base, pair->value);
	} else {
		explicit_bzero(text, pair->value.len);
		left_r->len = 0;
	}
	return XC_OK;
}

enum xc_err
xc_hide(struct xc_block *in, const char *issuer, struct xc_hidden *hidden_r)
{
	struct xc_pairs *headers = &head_of(in)->headers;
	enum xc_err err = XC_OK;
	struct xc_span left;
	struct xc_pair pair;
	uint32_t i, n = 0;

	*hidden_r = (struct xc_hidden){ .headers = *headers };
	for (i = 0; err == XC_OK &&
	    xc_block_pair(in, hidden_r->headers, i, &pair); i++) {
		err = hide_one(in, &pair, issuer, hidden_r, &left);
		/* One of which nothing is left goes; one that was empty
		 * before stays. */
		if (left.len == 0 && pair.value.len > 0)
			continue;
		pair.value = left;
		if (hidden_r->rows != NULL)
			memcpy(in->base + headers->off + n * sizeof(pair),
			    &pair, sizeof(pair));
		n++;
	}
	headers->n = n;
	if (err != XC_OK)
		xc_unhide(in, hidden_r);
	return err;
}

void
xc_unhide(struct xc_block *in, struct xc_hidden *hidden)
{
	size_t i;

	head_of(in)->headers = hidden->headers;
	if (hidden->rows == NULL)
		return;
	memcpy(in->base + hidden->headers.off, hidden->rows,
	    hidden->headers.n * sizeof(struct xc_pair));
	for (i = 0; i < hidden->n; i++) {
		memcpy(in->base + hidden->values[i].span.off,
		    hidden->values[i].text, hidden->values[i].span.len);
		explicit_bzero(hidden->values[i].text,
		    hidden->values[i].span.len);
		free(hidden->values[i].text);
	}
	free(hidden->rows);
	hidden->rows = NULL;
	hidden->n = 0;
}
