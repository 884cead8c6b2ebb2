/* SPDX-License-Identifier: MIT */
/* The parts of a request that lie in its file. */
#include <string.h>

#include "sandbox/broker-private.h"

/* What a tag, a length and a NUL take beside the bytes. */
#define RUN_ROOM 16

uint32_t
xc_broker_read_max(const struct xc_broking *call, uint32_t len)
{
	size_t room = call->result.cap > RUN_ROOM
	    ? call->result.cap - RUN_ROOM : 0;

	if (len > XC_CALL_READ_MAX)
		len = XC_CALL_READ_MAX;
	return len < room ? len : (uint32_t)room;
}

/* How many bytes of a part there are from an offset of the file on; 0 if no
 * part lies there: what else is in the file is nobody's to read. */
static uint64_t
left_at(const struct xc_request *req, uint64_t offset)
{
	const struct xc_request_head *head = (const void *)req->in.base;
	struct xc_part_row row;

	for (uint32_t i = 0; i < head->parts.n; i++) {
		memcpy(&row, req->in.base + head->parts.off +
		    i * sizeof(row), sizeof(row));
		if (row.data.off == 0 && offset >= row.file_off &&
		    offset - row.file_off < row.size)
			return row.size - (offset - row.file_off);
	}
	return 0;
}

enum xc_err
xc_broker_part_read(struct xc_broking *call)
{
	const struct xc_host *host = call->host;
	uint64_t offset = xc_call_get_u64(&call->args);
	uint32_t len = xc_call_get_u32(&call->args);
	char bytes[XC_CALL_READ_MAX];
	uint64_t left;
	size_t got = 0;
	enum xc_err err;

	if (!xc_broker_args_end(call))
		return XC_ERR_INVALID;
	len = xc_broker_read_max(call, len);
	left = left_at(call->req, offset);
	if (len == 0 || left == 0)
		return XC_ERR_INVALID;
	if (len > left)
		len = (uint32_t)left;
	if (host->part == NULL)
		return XC_ERR_IO;
	err = host->part->read(host->part_ctx, call->req, offset, bytes, len,
	    &got);
	if (err == XC_OK)
		xc_call_put_bytes(&call->result, bytes, got);
	return err;
}
