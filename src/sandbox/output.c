/* SPDX-License-Identifier: MIT */
/*
 * What a sandbox writes to its descriptors 1 and 2: a datagram for each
 * write(2), logged in the plugin's name, so many a second.
 */
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "lib/text.h"
#include "sandbox/sandboxes-private.h"

#define LINES_MAX 20		/* a second */
#define WINDOW_MS 1000
#define TEXT_MAX 4000
#define DRAIN_MAX 64		/* datagrams that are looked at in the end */

static void
write_line(struct xc_runner *runner, const char *text)
{
	const struct xc_host *host = runner->owner->options.host;

	if (host->log)
		host->log->write(host->log_ctx, runner->plugin->logger,
		    XC_LOG_INFO, NULL, text);
}

static void
begin_window(struct xc_runner *runner, uint64_t now)
{
	char text[96];

	if (now < runner->lines_ms + WINDOW_MS)
		return;
	if (runner->lines_dropped > 0) {
		snprintf(text, sizeof(text), "%u more lines were written and "
		    "are left out", runner->lines_dropped);
		write_line(runner, text);
	}
	runner->lines_ms = now;
	runner->lines = runner->lines_dropped = 0;
}

static void
take_line(struct xc_runner *runner, char *line)
{
	size_t len = strlen(line);

	if (len > 0 && line[len - 1] == '\r')
		line[--len] = '\0';
	if (len == 0)
		return;
	if (runner->lines >= LINES_MAX) {
		runner->lines_dropped++;
		return;
	}
	runner->lines++;
	xc_utf8_tidy(line);
	write_line(runner, line);
}

/* One datagram; false: there is none. */
static bool
take_datagram(struct xc_box *box)
{
	char text[TEXT_MAX + 1], *line, *save;
	ssize_t n = recv(box->sandbox->output, text, TEXT_MAX,
	    MSG_DONTWAIT);

	if (n < 0)
		return false;
	text[n] = '\0';
	/* What stands behind a NUL is no text. */
	for (line = strtok_r(text, "\n", &save); line;
	    line = strtok_r(NULL, "\n", &save))
		take_line(box->runner, line);
	return true;
}

static void
set_quiet(struct xc_box *box, bool quiet)
{
	if (box->quiet == quiet)
		return;
	box->quiet = quiet;
	xc_sandboxes_rewatch(box->runner->owner, box->sandbox->output,
	    &box->output, quiet ? 0 : EPOLLIN);
}

static void
on_output(struct xc_box_source *source, uint32_t events)
{
	struct xc_box *box = source->box;
	uint32_t lines;

	(void)events;
	begin_window(box->runner, xc_box_now_ms());
	lines = box->runner->lines;
	/* One without a line costs as much: a flood of them must end too. */
	if (take_datagram(box) && box->runner->lines == lines)
		box->runner->lines++;
	/* Until the next window: the kernel drops what has no room. */
	if (box->runner->lines >= LINES_MAX)
		set_quiet(box, true);
}

void
xc_output_watch(struct xc_box *box)
{
	box->output.ready = on_output;
	box->output.box = box;
	(void)xc_sandboxes_watch(box->runner->owner, box->sandbox->output,
	    &box->output, EPOLLIN);
}

void
xc_output_drain(struct xc_box *box)
{
	int n = 0;

	begin_window(box->runner, xc_box_now_ms());
	while (n < DRAIN_MAX && take_datagram(box))
		n++;
}

uint64_t
xc_output_tend(struct xc_box *box, uint64_t now)
{
	uint64_t again = box->runner->lines_ms + WINDOW_MS;

	if (!box->quiet)
		return 0;
	if (now < again)
		return again;
	begin_window(box->runner, now);
	set_quiet(box, false);
	return 0;
}
