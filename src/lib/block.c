/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "block.h"

#define FIRST_CAP UINT32_C(4096)

static uint32_t
limit_of(const struct xc_block *block)
{
	uint32_t limit = block->limit != 0 ? block->limit : UINT32_MAX;

	return block->fixed && block->cap < limit ? block->cap : limit;
}

/* Makes cap at least want, which is within the limit. */
static enum xc_err
grow(struct xc_block *block, uint32_t want)
{
	uint64_t cap = block->cap != 0 ? block->cap : FIRST_CAP;
	unsigned char *base;

	while (cap < want)
		cap *= 2;
	if (cap > limit_of(block))
		cap = limit_of(block);
	base = realloc(block->base, (size_t)cap);
	if (base == NULL)
		return XC_ERR_NOMEM;
	block->base = base;
	block->cap = (uint32_t)cap;
	return XC_OK;
}

enum xc_err
xc_block_room(struct xc_block *block, size_t len)
{
	uint32_t limit = limit_of(block);

	if (block->used > limit || len > limit - block->used)
		return XC_ERR_TOO_LARGE;
	if (len <= block->cap - block->used)
		return XC_OK;
	return grow(block, block->used + (uint32_t)len);
}

enum xc_err
xc_block_reserve(struct xc_block *block, size_t len, uint32_t *off_r)
{
	uint32_t pad = (8 - (block->used & 7)) & 7;
	enum xc_err err;

	if (len > SIZE_MAX - pad)
		return XC_ERR_TOO_LARGE;
	err = xc_block_room(block, len + pad);
	if (err != XC_OK)
		return err;
	memset(block->base + block->used, 0, len + pad);
	*off_r = block->used + pad;
	block->used += (uint32_t)(len + pad);
	return XC_OK;
}

/* Copies data in, with room for extra bytes behind it. */
static enum xc_err
copy_in(struct xc_block *block, const void *data, size_t len, size_t extra)
{
	uintptr_t at = (uintptr_t)data;
	uintptr_t base = (uintptr_t)block->base;
	bool inside = at >= base && at - base < block->cap;
	enum xc_err err;

	if (len > SIZE_MAX - extra)
		return XC_ERR_TOO_LARGE;
	err = xc_block_room(block, len + extra);
	if (err != XC_OK || len == 0)
		return err;
	/* What is copied may lie in the block, which has perhaps moved. */
	if (inside)
		data = block->base + (at - base);
	memmove(block->base + block->used, data, len);
	block->used += (uint32_t)len;
	return XC_OK;
}

enum xc_err
xc_block_put(struct xc_block *block, const void *data, size_t len)
{
	return copy_in(block, data, len, 0);
}

enum xc_err
xc_block_append(struct xc_block *block, const void *data, size_t len,
    struct xc_span *span_r)
{
	uint32_t off = block->used;
	enum xc_err err = copy_in(block, data, len, 1);

	if (err != XC_OK)
		return err;
	block->base[block->used++] = '\0';
	span_r->off = off;
	span_r->len = (uint32_t)len;
	return XC_OK;
}

void
xc_block_fit(struct xc_block *block)
{
	unsigned char *base;

	if (block->fixed || block->used == block->cap)
		return;
	if (block->used == 0) {
		xc_block_free(block);
		return;
	}
	base = realloc(block->base, block->used);
	if (base == NULL)
		return;
	block->base = base;
	block->cap = block->used;
}

void
xc_block_reset(struct xc_block *block, uint32_t keep)
{
	unsigned char *base;

	block->used = 0;
	if (block->fixed || block->cap <= keep)
		return;
	if (keep == 0) {
		xc_block_free(block);
		return;
	}
	base = realloc(block->base, keep);
	if (base == NULL)
		return;
	block->base = base;
	block->cap = keep;
}

void
xc_block_free(struct xc_block *block)
{
	if (!block->fixed)
		free(block->base);
	block->base = NULL;
	block->used = 0;
	block->cap = 0;
}

const char *
xc_block_text(const struct xc_block *block, struct xc_span span)
{
	if (span.off == 0 || span.off >= block->used ||
	    span.len >= block->used - span.off ||
	    block->base[span.off + span.len] != '\0')
		return "";
	return (const char *)block->base + span.off;
}

bool
xc_block_pair(const struct xc_block *block, struct xc_pairs pairs, uint32_t n,
    struct xc_pair *pair_r)
{
	uint64_t at = pairs.off + (uint64_t)n * sizeof(*pair_r);

	if (n >= pairs.n || at + sizeof(*pair_r) > block->used)
		return false;
	memcpy(pair_r, block->base + at, sizeof(*pair_r));
	return true;
}
