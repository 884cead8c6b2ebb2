/* SPDX-License-Identifier: MIT */
/*
 * The boundary, a line feed, the body.  Whatever it is, it ends after bounded
 * work; and what was taken is what a handler is promised.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

#include "multipart-fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
insist(bool ok)
{
	if (!ok)
		abort();
}

/* A span in the block, with a NUL behind it. */
static const char *
text_of(struct xc_span span)
{
	const struct xc_block *block = &fixture.req.in;

	insist(span.off > 0 && span.off < block->used &&
	    span.len < block->used - span.off &&
	    block->base[span.off + span.len] == '\0');
	return (const char *)block->base + span.off;
}

static void
check_text(struct xc_span span)
{
	insist(strlen(text_of(span)) == span.len);
	insist(xc_utf8_span(text_of(span), span.len) == span.len);
}

static void
check_filename(struct xc_span span)
{
	const char *name = text_of(span);

	check_text(span);
	insist(span.len > 0 && strcmp(name, ".") != 0 &&
	    strcmp(name, "..") != 0);
	insist(strpbrk(name, "/\\") == NULL);
	insist(xc_is_plain(name, span.len, false));
}

static void
check_part(const struct xc_part_row *row, const struct xc_source *source)
{
	check_text(row->name);
	insist(row->name.len > 0 &&
	    xc_is_plain(text_of(row->name), row->name.len, false));
	check_text(row->type);
	if (row->filename.off != 0)
		check_filename(row->filename);
	insist(row->size <= source->len);
	if (row->data.off != 0)
		insist(row->data.len == row->size &&
		    text_of(row->data) != NULL);
	else
		insist(source->fd >= 0 && row->size > XC_MULTIPART_MEMORY &&
		    row->filename.off != 0 &&
		    row->file_off <= source->len - row->size);
}

static void
check_all(void)
{
	const struct xc_multipart *multipart = &fixture.multipart;
	uint64_t sum = 0;
	size_t i;

	insist(multipart->n_kept <= multipart->n &&
	    multipart->n <= XC_MULTIPART_PARTS &&
	    fixture.n == multipart->n_kept);
	for (i = 0; i < fixture.n; i++) {
		check_part(&multipart->rows[i], &multipart->source);
		check_text(fixture.fields[i].name);
		check_text(fixture.fields[i].value);
		sum += multipart->rows[i].size;
	}
	insist(sum <= multipart->source.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t boundary_len = end ? (size_t)(end - data) : 0;
	const char *body;
	enum xc_err first;
	size_t len;

	if (!ready)
		insist(fixture_open());
	ready = true;
	if (!end)
		return 0;
	body = (const char *)end + 1;
	len = size - boundary_len - 1;
	first = fixture_take((const char *)data, boundary_len, body, len, -1);
	if (first == XC_OK)
		check_all();
	insist(fixture.multipart.steps <= 2 * len + 16 * 1024 * 257);
	insist(fixture_take((const char *)data, boundary_len, body, len,
	    1000000) == first);
	if (first == XC_OK)
		check_all();
	else
		insist(first == XC_ERR_INVALID || first == XC_ERR_TOO_LARGE);
	insist((first == XC_OK) == (fixture.faults.n == 0) ||
	    fixture.multipart.delimiter_len == 0);
	return 0;
}
