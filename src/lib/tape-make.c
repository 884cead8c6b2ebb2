/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "tape-make.h"
#include "tape-private.h"

#define FIRST_CAP UINT32_C(64)

static void
fail(struct xc_tape_make *make, enum xc_err err)
{
	if (make->err == XC_OK)
		make->err = err;
}

void
xc_tape_make_begin(struct xc_tape_make *make, uint32_t values_max)
{
	make->n = 0;
	make->values = 0;
	make->values_max = values_max != 0 ? values_max : XC_TAPE_VALUES;
	if (make->values_max > XC_TAPE_VALUES_MAX)
		make->values_max = XC_TAPE_VALUES_MAX;
	make->depth = 0;
	make->key = 0;
	make->err = XC_OK;
}

static bool
grow(struct xc_tape_make *make, uint32_t want)
{
	uint32_t cap = make->cap != 0 ? make->cap : FIRST_CAP;
	struct xc_token *tokens;

	while (cap < want)
		cap *= 2;
	tokens = realloc(make->tokens, (size_t)cap * sizeof(*tokens));
	if (tokens == NULL) {
		fail(make, XC_ERR_NOMEM);
		return false;
	}
	make->tokens = tokens;
	make->cap = cap;
	return true;
}

/* A new token with room for so many slots behind it; NULL: an error. */
static struct xc_token *
push(struct xc_tape_make *make, uint32_t type, uint32_t slots)
{
	struct xc_token *token;

	/* Half of it, so that doubling never overflows. */
	if (slots > XC_TAPE_SLOTS_MAX / 2 - make->n - 1) {
		fail(make, XC_ERR_TOO_LARGE);
		return NULL;
	}
	if (make->n + slots >= make->cap &&
	    !grow(make, make->n + slots + 1))
		return NULL;
	token = &make->tokens[make->n];
	make->n += 1 + slots;
	token->off = 0;
	token->len = 0;
	token->next = make->n;
	token->meta = type;
	return token;
}

/* A value where one may stand now: counted, and the key has it. */
static struct xc_token *
push_value(struct xc_tape_make *make, uint32_t type)
{
	struct xc_token *around;

	if (make->err != XC_OK)
		return NULL;
	if (make->depth == 0 && make->n > 0) {
		fail(make, XC_ERR_STATE);
		return NULL;
	}
	if (make->values >= make->values_max) {
		fail(make, XC_ERR_TOO_LARGE);
		return NULL;
	}
	make->values++;
	if (make->depth > 0) {
		around = &make->tokens[make->open[make->depth - 1]];
		if ((around->meta & XC_TOKEN_TYPE) == XC_TOKEN_OBJECT &&
		    make->key == 0) {
			fail(make, XC_ERR_STATE);
			return NULL;
		}
		around->meta += 1 << XC_TOKEN_SHIFT;
	}
	make->key = 0;
	return push(make, type, 0);
}

void
xc_tape_make_open(struct xc_tape_make *make, enum xc_token_type type)
{
	if (make->err == XC_OK && make->depth >= XC_TAPE_DEPTH)
		fail(make, XC_ERR_TOO_LARGE);
	if (push_value(make, type) != NULL)
		make->open[make->depth++] = make->n - 1;
}

void
xc_tape_make_close(struct xc_tape_make *make)
{
	if (make->err != XC_OK)
		return;
	if (make->depth == 0 || make->key != 0) {
		fail(make, XC_ERR_STATE);
		return;
	}
	make->tokens[make->open[--make->depth]].next = make->n;
}

void
xc_tape_make_key(struct xc_tape_make *make, const char *name, size_t len)
{
	struct xc_token *token;
	size_t slots = len / XC_TAPE_SLOT + (len % XC_TAPE_SLOT != 0);
	char *to;

	if (make->err != XC_OK)
		return;
	if (make->depth == 0 || make->key != 0 ||
	    (make->tokens[make->open[make->depth - 1]].meta &
	    XC_TOKEN_TYPE) != XC_TOKEN_OBJECT) {
		fail(make, XC_ERR_STATE);
		return;
	}
	if (slots > XC_TAPE_SLOTS_MAX) {
		fail(make, XC_ERR_TOO_LARGE);
		return;
	}
	token = push(make, XC_TOKEN_KEY | XC_TOKEN_DECODED, (uint32_t)slots);
	if (token == NULL)
		return;
	token->len = (uint32_t)len;
	token->meta |= xc_tape_hash(name, len) << XC_TOKEN_SHIFT;
	to = (char *)(token + 1);
	if (len > 0)
		memcpy(to, name, len);
	memset(to + len, 0, slots * XC_TAPE_SLOT - len);
	make->key = (uint32_t)(token - make->tokens);
}

static void
push_span(struct xc_tape_make *make, uint32_t type, struct xc_span text)
{
	struct xc_token *token = push_value(make, type);

	if (token == NULL)
		return;
	token->off = text.off;
	token->len = text.len;
}

void
xc_tape_make_text(struct xc_tape_make *make, struct xc_span text)
{
	push_span(make, XC_TOKEN_STRING, text);
}

void
xc_tape_make_number(struct xc_tape_make *make, struct xc_span text)
{
	push_span(make, XC_TOKEN_NUMBER, text);
}

void
xc_tape_make_literal(struct xc_tape_make *make, enum xc_token_type type)
{
	(void)push_value(make, type);
}

static void
copy_bytes(struct xc_tape_make *make, struct xc_block *block, uint32_t type,
    const char *bytes, size_t len)
{
	struct xc_span span;
	enum xc_err err = xc_block_append(block, bytes, len, &span);

	if (err != XC_OK)
		fail(make, err);
	else
		push_span(make, type, span);
}

static void
copy_container(struct xc_tape_make *make, struct xc_block *block,
    const struct xc_tape *from, uint32_t at)
{
	enum xc_token_type type = xc_tape_type(from, at);
	uint32_t n = xc_tape_count(from, at);
	const char *key;
	size_t len;

	xc_tape_make_open(make, type);
	for (at = xc_tape_first(at); n > 0 && make->err == XC_OK; n--) {
		if (type == XC_TOKEN_OBJECT) {
			key = xc_tape_string(from, at, &len);
			xc_tape_make_key(make, key, len);
			at = xc_tape_value(from, at);
		}
		xc_tape_make_copy(make, block, from, at);
		at = xc_tape_next(from, at);
	}
	xc_tape_make_close(make);
}

/* Recursion ends with the levels that a tape may have. */
void
xc_tape_make_copy(struct xc_tape_make *make, struct xc_block *block,
    const struct xc_tape *from, uint32_t at)
{
	enum xc_token_type type = xc_tape_type(from, at);
	const char *bytes;
	size_t len;

	if (make->err != XC_OK)
		return;
	switch (type) {
	case XC_TOKEN_ARRAY:
	case XC_TOKEN_OBJECT:
		copy_container(make, block, from, at);
		break;
	case XC_TOKEN_STRING:
	case XC_TOKEN_KEY:
		bytes = xc_tape_string(from, at, &len);
		copy_bytes(make, block, XC_TOKEN_STRING, bytes, len);
		break;
	case XC_TOKEN_NUMBER:
		copy_bytes(make, block, type,
		    from->text + from->tokens[at].off, from->tokens[at].len);
		break;
	default:
		xc_tape_make_literal(make, type);
		break;
	}
}

/* Only now the bytes can be seen: whether they are where they are said to be,
 * and whether a number is one. */
static bool
look_at(const struct xc_block *block, struct xc_token *token)
{
	uint32_t type = token->meta & XC_TOKEN_TYPE;
	const char *text;

	if (type != XC_TOKEN_STRING && type != XC_TOKEN_NUMBER)
		return true;
	if (token->off > block->used ||
	    token->len > block->used - token->off)
		return false;
	if (type == XC_TOKEN_STRING)
		return true;
	text = (const char *)block->base + token->off;
	if (!xc_tape_is_number(text, token->len))
		return false;
	if (memchr(text, '.', token->len) != NULL ||
	    memchr(text, 'e', token->len) != NULL ||
	    memchr(text, 'E', token->len) != NULL)
		token->meta |= XC_TOKEN_FRACTION;
	return true;
}

static bool
look_at_all(const struct xc_tape_make *make, const struct xc_block *block)
{
	struct xc_token *token;
	uint32_t at = 0;

	while (at < make->n) {
		token = &make->tokens[at++];
		if (!look_at(block, token))
			return false;
		if ((token->meta & XC_TOKEN_DECODED) != 0)
			at += (token->len + XC_TAPE_SLOT - 1) / XC_TAPE_SLOT;
	}
	return true;
}

enum xc_err
xc_tape_make_end(struct xc_tape_make *make, struct xc_block *block,
    struct xc_tape_ref *ref_r)
{
	size_t size = (size_t)make->n * XC_TAPE_SLOT;
	struct xc_tape_head head = { .magic = XC_TAPE_MAGIC, .n = make->n };
	enum xc_err err;
	uint32_t off;

	if (make->err == XC_OK && (make->n == 0 || make->depth > 0))
		fail(make, XC_ERR_STATE);
	if (make->err == XC_OK && !look_at_all(make, block))
		fail(make, XC_ERR_INVALID);
	if (make->err != XC_OK)
		return make->err;
	err = xc_block_reserve(block, sizeof(head) + size, &off);
	if (err != XC_OK)
		return err;
	head.text_len = off;
	memcpy(block->base + off, &head, sizeof(head));
	memcpy(block->base + off + sizeof(head), make->tokens, size);
	ref_r->off = off;
	ref_r->text.off = 0;
	ref_r->text.len = off;
	return XC_OK;
}

void
xc_tape_make_free(struct xc_tape_make *make)
{
	free(make->tokens);
	make->tokens = NULL;
	make->cap = 0;
	make->n = 0;
}

bool
xc_tape_look(const struct xc_block *block, struct xc_tape_ref ref,
    struct xc_tape *tape_r)
{
	return ref.off != 0 && ref.text.off <= block->used &&
	    ref.text.len <= block->used - ref.text.off &&
	    xc_tape_open(block, ref.off,
	    (const char *)block->base + ref.text.off, ref.text.len,
	    tape_r) == XC_OK;
}
