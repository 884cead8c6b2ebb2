/* SPDX-License-Identifier: MIT */
#include "kit/halt.h"

#include <poll.h>
#include <time.h>

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* XC_ERR_BUSY: there is more to come. */
static enum xc_err
take_notice(struct xc_sandbox *sandbox, struct xc_broker *broker,
    uint32_t seq)
{
	struct xc_notice notice;
	enum xc_err err = xc_channel_notice(&sandbox->channel, seq, &notice);

	if (err == XC_OK && notice.kind == XC_NOTICE_STOPPED)
		return XC_OK;
	if (err == XC_OK && notice.kind == XC_NOTICE_CALL) {
		err = xc_broker_serve(broker, &sandbox->channel, &notice);
		if (err == XC_OK)
			return XC_ERR_BUSY;
	} else if (err == XC_OK) {
		err = XC_ERR_INVALID;
	}
	return err == XC_ERR_IO ? XC_ERR_FAILED : err;
}

static enum xc_err
wait_stopped(struct xc_sandbox *sandbox, struct xc_broker *broker,
    uint32_t seq, int64_t until_ms)
{
	enum xc_err err = XC_ERR_BUSY;

	while (err == XC_ERR_BUSY) {
		struct pollfd fds[2] = {
			{ .fd = sandbox->channel.bell_read, .events = POLLIN },
			{ .fd = sandbox->pidfd, .events = POLLIN } };
		int64_t left = until_ms - now_ms();

		if (left <= 0)
			return XC_ERR_TIMEOUT;
		if (poll(fds, 2, (int)left) <= 0)
			continue;
		err = take_notice(sandbox, broker, seq);
		/* What it said before it ended counts. */
		if (err == XC_ERR_BUSY && fds[0].revents == 0)
			err = XC_ERR_FAILED;
	}
	return err;
}

enum xc_err
xc_halt(struct xc_sandbox *sandbox, struct xc_broker *broker,
    int64_t timeout_ms)
{
	struct xc_order order = { .kind = XC_ORDER_STOP,
		.seq = ++sandbox->seq, .log_level = XC_LOG_DEBUG };
	enum xc_err err = XC_ERR_FAILED;

	if (xc_channel_order(&sandbox->channel, &order) == XC_OK)
		err = wait_stopped(sandbox, broker, order.seq,
		    now_ms() + timeout_ms);
	if (err != XC_OK)
		xc_sandbox_kill(sandbox);
	return err;
}
