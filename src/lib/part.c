/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <string.h>

#include <xcore/part.h>

#include "host.h"
#include "request-private.h"

/* The row of a part; false past the last. */
static bool
row_at(const struct xc_request *req, size_t index, struct xc_part_row *row_r)
{
	const struct xc_request_head *head = (const void *)req->in.base;
	struct xc_pairs parts = head->parts;

	assert(req->magic == XC_REQUEST_MAGIC);
	if (index >= parts.n || parts.off > req->in.used ||
	    (index + 1) * sizeof(*row_r) > req->in.used - parts.off)
		return false;
	memcpy(row_r, req->in.base + parts.off + index * sizeof(*row_r),
	    sizeof(*row_r));
	return true;
}

size_t
xc_part_count(const struct xc_request *req)
{
	const struct xc_request_head *head = (const void *)req->in.base;

	assert(req->magic == XC_REQUEST_MAGIC);
	return head->parts.n;
}

bool
xc_part_at(const struct xc_request *req, size_t index,
    struct xc_part *part_r)
{
	struct xc_part_row row;

	memset(part_r, 0, sizeof(*part_r));
	if (!row_at(req, index, &row))
		return false;
	part_r->name = xc_block_text(&req->in, row.name);
	part_r->type = "text/plain";
	if (row.filename.off != 0)
		part_r->filename = xc_block_text(&req->in, row.filename);
	if (row.type.off != 0)
		part_r->type = xc_block_text(&req->in, row.type);
	if (row.data.off != 0)
		part_r->data = xc_block_text(&req->in, row.data);
	part_r->size = row.size;
	part_r->index = index;
	return true;
}

bool
xc_part_find(const struct xc_request *req, const char *name, size_t n,
    struct xc_part *part_r)
{
	size_t i;

	for (i = 0; xc_part_at(req, i, part_r); i++)
		if (strcmp(part_r->name, name) == 0 && n-- == 0)
			return true;
	return false;
}

/* Bytes of the request's file; what reads it may give fewer at once. */
static enum xc_err
read_file(struct xc_request *req, uint64_t offset, char *buf, size_t len)
{
	const struct xc_host *host = req->host;
	enum xc_err err;
	size_t got;

	if (host->part == NULL)
		return XC_ERR_IO;
	for (; len > 0; len -= got, buf += got, offset += got) {
		got = 0;
		err = host->part->read(host->part_ctx, req, offset, buf, len,
		    &got);
		if (err == XC_OK && (got == 0 || got > len))
			err = XC_ERR_IO;
		if (err != XC_OK)
			return err;
	}
	return XC_OK;
}

enum xc_err
xc_part_read(struct xc_request *req, const struct xc_part *part,
    uint64_t offset, void *buf, size_t len, size_t *got_r)
{
	struct xc_part_row row;
	enum xc_err err = XC_OK;

	*got_r = 0;
	if (!row_at(req, part->index, &row) || row.size != part->size ||
	    part->name != xc_block_text(&req->in, row.name))
		return XC_ERR_INVALID;
	if (offset >= row.size)
		return XC_OK;
	if (len > row.size - offset)
		len = (size_t)(row.size - offset);
	if (row.data.off == 0)
		err = read_file(req, row.file_off + offset, buf, len);
	else if (offset + len <= row.data.len)
		memcpy(buf, xc_block_text(&req->in, row.data) + offset, len);
	else
		err = XC_ERR_IO;
	if (err == XC_OK)
		*got_r = len;
	return err;
}
