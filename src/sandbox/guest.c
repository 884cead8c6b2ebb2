/* SPDX-License-Identifier: MIT */
#include "guest.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <xcore/json.h>

#include "guest-private.h"
#include "lib/crash-trace.h"
#include "lib/text.h"

#define MIB (UINT64_C(1024) * 1024)

static struct xc_session session;

static void
say_reason(const char *text)
{
	char reason[XC_CHANNEL_REASON_MAX];
	int len = snprintf(reason, sizeof(reason), "%s", text);

	if (len >= (int)sizeof(reason))
		(void)xc_utf8_cut(reason, sizeof(reason) - 1);
	memcpy(session.channel.head->reason, reason, sizeof(reason));
}

static _Noreturn void
fail(const char *why)
{
	const struct xc_notice notice = { .kind = XC_NOTICE_FAILED };

	say_reason(why);
	session.open = false;
	xc_channel_send_notice(&session.channel, &notice);
	/* What the plugin left to be run at the exit is not our business. */
	_exit(1);
}

static uint32_t
at_most_32_bits(uint64_t value)
{
	return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

static enum xc_err
make_request(const struct xc_limits *limits, struct xc_errbuf *errbuf)
{
	const struct xc_request_limits most = {
		.reply_max = at_most_32_bits(limits->reply_kb * UINT64_C(1024)),
		.arena_max = at_most_32_bits(limits->memory_mb * MIB),
	};

	if (xc_request_init(&session.req, &session.host, &most) != XC_OK)
		return xc_fail(errbuf, XC_ERR_NOMEM, "no memory for a "
		    "request: raise limits.memory_mb");
	return XC_OK;
}

/* The cell as the maker has it, and what only the spec says. */
static enum xc_err
complete_cell(const struct xc_jail_cell *cell, struct xc_errbuf *errbuf)
{
	size_t n = cell->n_keep_fds;

	session.cell = *cell;
	if (cell->dir == NULL)
		session.cell.dir = session.spec.dir;
	if (n >= XC_GUEST_FDS_MAX)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "too many descriptors for a sandbox");
	if (n > 0)
		memcpy(session.keep_fds, cell->keep_fds, n * sizeof(int));
	if (session.stat_fd != -1)
		session.keep_fds[n++] = session.stat_fd;
	session.cell.keep_fds = session.keep_fds;
	session.cell.n_keep_fds = n;
	return XC_OK;
}

/* What has to be done while there are still files. */
static enum xc_err
prepare(const struct xc_guest *guest, struct xc_errbuf *errbuf)
{
	enum xc_err err = xc_guest_read_spec(&session, errbuf);

	if (err != XC_OK)
		return err;
	/* What a plugin prints should come out also if it ends badly. */
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	session.thread = pthread_self();
	session.open = true;
	session.stat_fd = -1;
	xc_guest_services(&session);
	xc_trace_prepare();
	xc_guest_catch_crashes(session.channel.head->trace);
	if (session.spec.complete)
		session.stat_fd = open("/proc/self/stat",
		    O_RDONLY | O_CLOEXEC);
	err = complete_cell(&guest->cell, errbuf);
	if (err == XC_OK)
		err = make_request(&guest->cell.limits, errbuf);
	return err;
}

/* From an empty process to a plugin that has started. */
static enum xc_err
set_up(const struct xc_guest *guest, struct xc_layers *layers,
    struct xc_errbuf *errbuf)
{
	enum xc_err err = xc_jail_first(guest->jail, &session.cell, layers,
	    errbuf);

	/* Constructors must not run without what the plugin requires. */
	if (err == XC_OK)
		err = xc_layers_have(layers, session.spec.require &
		    XC_LAYERS_FIRST, errbuf);
	if (err == XC_OK && session.spec.complete)
		xc_traces_take(&session.before);
	if (err == XC_OK) {
		session.channel.head->stage = XC_STAGE_LOAD;
		err = xc_guest_load(&session, errbuf);
	}
	if (err == XC_OK) {
		session.channel.head->stage = XC_STAGE_JAIL;
		err = xc_jail_last(guest->jail, &session.cell, layers,
		    errbuf);
	}
	/* Also of one that fails: which layers there were may be why. */
	session.channel.head->layers = *layers;
	if (err == XC_OK)
		err = xc_layers_suffice(layers, session.spec.require, errbuf);
	if (err == XC_OK)
		err = xc_guest_start(&session, errbuf);
	return err;
}

static void
carry_out_stop(const struct xc_order *order)
{
	const struct xc_notice notice = { .kind = XC_NOTICE_STOPPED,
		.seq = order->seq };
	char left[200];

	session.seq = order->seq;
	session.log_level = order->log_level;
	session.open = true;
	xc_guest_stop(&session, left, sizeof(left));
	say_reason(left);
	session.open = false;
	xc_channel_send_notice(&session.channel, &notice);
	_exit(0);
}

static _Noreturn void
serve(void)
{
	struct xc_order order;

	for (;;) {
		xc_channel_wait_order(&session.channel, &order);
		if (order.kind == XC_ORDER_RUN)
			xc_guest_run_order(&session, &order);
		else if (order.kind == XC_ORDER_STOP)
			carry_out_stop(&order);
		else
			_exit(1);
	}
}

_Noreturn void
xc_guest_run(const struct xc_guest *guest)
{
	const struct xc_notice ready = { .kind = XC_NOTICE_READY };
	struct xc_layers layers = guest->layers;
	struct xc_errbuf why = { "" };

	if (xc_channel_attach(&guest->channel, &session.channel, &why) !=
	    XC_OK) {
		fprintf(stderr, "%s\n", why.text);
		_exit(1);
	}
	if (prepare(guest, &why) != XC_OK ||
	    set_up(guest, &layers, &why) != XC_OK)
		fail(why.text);
	session.open = false;
	xc_channel_send_notice(&session.channel, &ready);
	if (guest->zygote.n_slots > 0)
		xc_guest_be_zygote(&session, guest, &layers);
	serve();
}
