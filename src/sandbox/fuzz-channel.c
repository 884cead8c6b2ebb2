/* SPDX-License-Identifier: MIT */
/* Any bytes in the head of a channel: what the host takes is in range. */
#include <assert.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "lib/request-private.h"
#include "lib/text.h"

#define AREA 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct xc_channel host;
static struct xc_channel_guest guest;

static void
make(void)
{
	const struct xc_channel_sizes sizes = { AREA, AREA, AREA, AREA };

	assert(xc_channel_create(&sizes, &host, &guest, NULL) == XC_OK);
}

static void
check_notice(uint32_t seq)
{
	struct xc_notice notice;
	enum xc_err err = xc_channel_notice(&host, seq, &notice);

	assert(err == XC_OK || err == XC_ERR_INVALID || err == XC_ERR_BUSY);
	if (err != XC_OK)
		return;
	assert(notice.seq == seq);
	assert(notice.kind >= XC_NOTICE_READY &&
	    notice.kind <= XC_NOTICE_STOPPED);
	if (notice.kind != XC_NOTICE_CALL && notice.kind != XC_NOTICE_REPLY)
		return;
	assert(notice.len <= AREA);
	if (notice.kind == XC_NOTICE_REPLY)
		assert(notice.state <= XC_REPLY_STREAMING &&
		    notice.err >= 0 && notice.err < XC_ERR__MAX);
}

static void
check_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	assert(len < size);
	assert(xc_utf8_span(text, len) == len);
}

/* The first byte says how often is rung, the second the sequence. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char reason[XC_CHANNEL_REASON_MAX];
	char trace[XC_CHANNEL_TRACE_MAX];
	size_t at = offsetof(struct xc_channel_head, notice);
	size_t room = sizeof(*host.head) - at;
	char byte;

	if (host.head == NULL)
		make();
	if (size < 2)
		return 0;
	memset((unsigned char *)host.head + at, 0, room);
	memcpy((unsigned char *)host.head + at, data + 2,
	    size - 2 < room ? size - 2 : room);
	for (int i = 0; i < data[0] % 4; i++)
		assert(write(guest.bell_write, "", 1) == 1);
	check_notice(data[1]);
	while (read(host.bell_read, &byte, 1) == 1)
		continue;
	xc_channel_reason(&host, reason);
	check_text(reason, sizeof(reason));
	xc_channel_trace(&host, trace);
	check_text(trace, sizeof(trace));
	return 0;
}
