/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>

#include "lib/text.h"

#include "media.h"

static bool
is(struct xc_media_text text, const char *word)
{
	size_t len = strlen(word);

	return text.len == len && strncasecmp(text.at, word, len) == 0;
}

static bool
is_same(struct xc_media_text a, struct xc_media_text b)
{
	return a.len == b.len && strncasecmp(a.at, b.at, a.len) == 0;
}

static const char *
skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* Takes the token at *at_r, which goes behind it. */
static bool
take_token(const char **at_r, struct xc_media_text *token_r)
{
	const char *at = *at_r;

	token_r->at = at;
	token_r->len = strcspn(at, " \t;/=\",");
	*at_r = at + token_r->len;
	return xc_is_token(token_r->at, token_r->len);
}

/* Behind the opening quote; the value keeps its escapes. */
static bool
take_quoted(const char **at_r, struct xc_media_text *value_r)
{
	const char *at = *at_r;

	value_r->at = at;
	for (; *at != '"'; at++) {
		if (*at == '\\')
			at++;
		if ((unsigned char)*at < ' ' && *at != '\t')
			return false;
	}
	value_r->len = (size_t)(at - value_r->at);
	*at_r = at + 1;
	return true;
}

static bool
has_param(const struct xc_media *media, struct xc_media_text name)
{
	size_t i;

	for (i = 0; i < media->n_params; i++)
		if (is_same(media->params[i].name, name))
			return true;
	return false;
}

/* Takes "name=value". */
static bool
take_param(const char **at_r, struct xc_media *media)
{
	struct xc_media_param *param = &media->params[media->n_params];

	if (media->n_params == XC_MEDIA_PARAMS ||
	    !take_token(at_r, &param->name) || **at_r != '=' ||
	    has_param(media, param->name))
		return false;
	media->n_params++;
	(*at_r)++;
	if (**at_r != '"')
		return take_token(at_r, &param->value);
	(*at_r)++;
	return take_quoted(at_r, &param->value);
}

bool
xc_media_parse(const char *text, struct xc_media *media_r)
{
	const char *at = skip_blanks(text);

	media_r->n_params = 0;
	if (strnlen(text, XC_MEDIA_MAX + 1) > XC_MEDIA_MAX ||
	    !take_token(&at, &media_r->type) || *at++ != '/' ||
	    !take_token(&at, &media_r->subtype))
		return false;
	for (;;) {
		at = skip_blanks(at);
		if (*at == '\0')
			return true;
		if (*at != ';')
			return false;
		at = skip_blanks(at + 1);
		/* RFC 9110, section 5.6.6: there may be nothing. */
		if (*at != ';' && *at != '\0' && !take_param(&at, media_r))
			return false;
	}
}

static bool
has_suffix(struct xc_media_text text, const char *suffix)
{
	size_t len = strlen(suffix);

	return text.len > len &&
	    strncasecmp(text.at + text.len - len, suffix, len) == 0;
}

enum xc_media_kind
xc_media_kind(const struct xc_media *media)
{
	bool text = is(media->type, "text");
	bool application = is(media->type, "application");

	if (((application || text) && is(media->subtype, "json")) ||
	    has_suffix(media->subtype, "+json"))
		return XC_MEDIA_JSON;
	if (application && is(media->subtype, "x-www-form-urlencoded"))
		return XC_MEDIA_FORM;
	if (is(media->type, "multipart") && is(media->subtype, "form-data"))
		return XC_MEDIA_MULTIPART;
	return text ? XC_MEDIA_TEXT : XC_MEDIA_BYTES;
}

bool
xc_media_is_range(const struct xc_media *media)
{
	return is(media->subtype, "*");
}

static const struct xc_media_text *
find_param(const struct xc_media *media, struct xc_media_text name)
{
	size_t i;

	for (i = 0; i < media->n_params; i++)
		if (is_same(media->params[i].name, name))
			return &media->params[i].value;
	return NULL;
}

bool
xc_media_param(const struct xc_media *media, const char *name, char *buf,
    size_t size)
{
	const struct xc_media_text *value = find_param(media,
	    (struct xc_media_text){ name, strlen(name) });
	size_t used = 0;
	size_t i;

	buf[0] = '\0';
	if (value == NULL)
		return false;
	for (i = 0; i < value->len && used + 1 < size; i++) {
		if (value->at[i] == '\\' && i + 1 < value->len)
			i++;
		buf[used++] = value->at[i];
	}
	buf[i == value->len ? used : 0] = '\0';
	return i == value->len;
}

bool
xc_media_is_foreign(const struct xc_media *media)
{
	char charset[16];

	if (find_param(media, (struct xc_media_text){ "charset", 7 }) == NULL)
		return false;
	return !xc_media_param(media, "charset", charset, sizeof(charset)) ||
	    (strcasecmp(charset, "utf-8") != 0 &&
	    strcasecmp(charset, "utf8") != 0 &&
	    strcasecmp(charset, "us-ascii") != 0);
}

bool
xc_media_takes(const struct xc_media *key, const struct xc_media *media)
{
	const struct xc_media_text *value;
	size_t i;

	if (!is(key->type, "*") && !is_same(key->type, media->type))
		return false;
	if (!is(key->subtype, "*") && !is_same(key->subtype, media->subtype))
		return false;
	for (i = 0; i < key->n_params; i++) {
		value = find_param(media, key->params[i].name);
		if (value == NULL || !is_same(*value, key->params[i].value))
			return false;
	}
	return true;
}

unsigned
xc_media_rank(const struct xc_media *key)
{
	unsigned rank = 2;

	if (is(key->subtype, "*"))
		rank = is(key->type, "*") ? 0 : 1;
	return rank * (XC_MEDIA_PARAMS + 1) + (unsigned)key->n_params;
}
