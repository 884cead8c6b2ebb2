/* SPDX-License-Identifier: MIT */
#include "sandbox/process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/tape.h"

/* As fastcgi.params_max and body_max are by default. */
#define REQUEST_MAX (UINT64_C(1088) * 1024)
/* Parsed, a request has tables besides: a row of 16 bytes may stand for a
 * parameter of two. */
#define REQUEST_FACTOR 2
#define REQUEST_SLACK (UINT64_C(1024) * 1024)
/* Of JSON there is a tape too: a token for two bytes, but for no more than so
 * many values, keys and slots with decoded bytes; see tape.h. */
#define TAPE_FACTOR (sizeof(struct xc_token) / 2)
#define TAPE_MAX (UINT64_C(4) * XC_TAPE_VALUES * sizeof(struct xc_token))
#define REPLY_MAX (UINT64_C(8) * 1024 * 1024)
#define REPLY_LEAST (UINT64_C(64) * 1024)	/* room for any problem */
#define ARGS_MAX (UINT32_C(4) * 1024 * 1024 + 65536)
#define RESULT_MAX (UINT32_C(16) * 1024 * 1024)
#define AREA_MAX (UINT64_C(1) << 31)
/* Datagrams that wait to be read; what comes then is dropped. */
#define OUTPUT_BUFFER (256 * 1024)

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static uint32_t
pages(uint64_t size)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	if (size > AREA_MAX)
		size = AREA_MAX;
	return (uint32_t)((size + page - 1) / page * page);
}

static uint64_t
tape_max(uint64_t request_max)
{
	uint64_t most = TAPE_MAX + request_max;

	return request_max < most / TAPE_FACTOR ? request_max * TAPE_FACTOR
	    : most;
}

struct xc_channel_sizes
xc_sandbox_sizes(uint64_t request_max, const struct xc_limits *limits)
{
	uint64_t reply = (uint64_t)limits->reply_kb * 1024;
	struct xc_channel_sizes sizes;

	if (request_max == 0)
		request_max = REQUEST_MAX;
	if (reply == 0)
		reply = REPLY_MAX;
	if (reply < REPLY_LEAST)
		reply = REPLY_LEAST;
	sizes.request = pages(request_max * REQUEST_FACTOR +
	    tape_max(request_max) + REQUEST_SLACK);
	sizes.reply = pages(reply);
	sizes.args = pages(ARGS_MAX);
	sizes.result = pages(RESULT_MAX);
	return sizes;
}

/* ---- making one --------------------------------------------------------- */

static struct xc_sandbox *
make_empty(void)
{
	struct xc_sandbox *sandbox = calloc(1, sizeof(*sandbox));

	if (!sandbox)
		return NULL;
	sandbox->channel.memfd = -1;
	sandbox->channel.bell_read = sandbox->channel.bell_write = -1;
	sandbox->pidfd = sandbox->output = -1;
	sandbox->cpu = -1;
	sandbox->log_level = XC_LOG_DEBUG;
	sandbox->born_ms = now_ms();
	return sandbox;
}

static enum xc_err
make_output(struct xc_sandbox *sandbox, struct xc_sandbox_ends *ends,
    struct xc_errbuf *errbuf)
{
	int pair[2], size = OUTPUT_BUFFER;

	/* Neither end blocks: a plugin that writes much loses some of it. */
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    pair) < 0)
		return xc_fail(errbuf, XC_ERR_IO, "socketpair: %s",
		    strerror(errno));
	(void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	sandbox->output = pair[0];
	ends->output = pair[1];
	return XC_OK;
}

static enum xc_err
write_spec(struct xc_channel *channel, const char *spec,
    struct xc_errbuf *errbuf)
{
	size_t len = strlen(spec);

	if (len >= channel->sizes.request)
		return xc_fail(errbuf, XC_ERR_TOO_LARGE, "what a sandbox is "
		    "to know of the plugin, with its configuration, is %zu "
		    "bytes and has room for %u", len,
		    channel->sizes.request);
	memcpy(channel->request, spec, len + 1);
	channel->head->spec_len = (uint32_t)len;
	return XC_OK;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
xc_sandbox_ends_close(struct xc_sandbox_ends *ends)
{
	close_fd(&ends->channel.memfd);
	close_fd(&ends->channel.bell_read);
	close_fd(&ends->channel.bell_write);
	close_fd(&ends->output);
}

enum xc_err
xc_sandbox_prepare(const char *spec, const struct xc_channel_sizes *sizes,
    struct xc_sandbox **sandbox_r, struct xc_sandbox_ends *ends_r,
    struct xc_errbuf *errbuf)
{
	struct xc_sandbox_ends ends = { { -1, -1, -1 }, -1 };
	struct xc_sandbox *sandbox = make_empty();
	enum xc_err err;

	*sandbox_r = NULL;
	*ends_r = ends;
	if (!sandbox)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	err = xc_channel_create(sizes, &sandbox->channel, &ends.channel,
	    errbuf);
	if (err == XC_OK)
		err = make_output(sandbox, &ends, errbuf);
	if (err == XC_OK)
		err = write_spec(&sandbox->channel, spec, errbuf);
	if (err != XC_OK) {
		xc_sandbox_ends_close(&ends);
		xc_sandbox_close(&sandbox);
		return err;
	}
	*sandbox_r = sandbox;
	*ends_r = ends;
	return XC_OK;
}

void
xc_sandbox_adopt(struct xc_sandbox *sandbox, pid_t pid, int pidfd)
{
	sandbox->pid = pid;
	sandbox->pidfd = pidfd;
	if (clock_getcpuclockid(pid, &sandbox->clock) != 0)
		sandbox->clock = -1;
}

/* ---- its end ------------------------------------------------------------ */

void
xc_sandbox_kill(struct xc_sandbox *sandbox)
{
	sandbox->dead = true;
	sandbox->ready = false;
	if (sandbox->pidfd >= 0)
		(void)syscall(SYS_pidfd_send_signal, sandbox->pidfd, SIGKILL,
		    NULL, 0);
	else if (sandbox->own && !sandbox->reaped)
		/* Its number is not used again before we have reaped it. */
		(void)kill(sandbox->pid, SIGKILL);
}

/* Waits for a child of ours, which was killed or has ended. */
static void
reap(struct xc_sandbox *sandbox)
{
	if (!sandbox->own || sandbox->reaped || sandbox->pid <= 0)
		return;
	while (waitpid(sandbox->pid, &sandbox->status, __WALL) < 0 &&
	    errno == EINTR)
		;
	sandbox->reaped = true;
}

void
xc_sandbox_close(struct xc_sandbox **sandbox)
{
	struct xc_sandbox *s = *sandbox;

	if (!s)
		return;
	xc_sandbox_kill(s);
	reap(s);
	xc_channel_close(&s->channel);
	close_fd(&s->pidfd);
	close_fd(&s->output);
	free(s);
	*sandbox = NULL;
}

void
xc_sandbox_last_words(struct xc_sandbox *sandbox, char *text_r, size_t size)
{
	char trace[XC_CHANNEL_TRACE_MAX];

	text_r[0] = '\0';
	xc_channel_trace(&sandbox->channel, trace);
	snprintf(text_r, size, "%.*s", (int)strcspn(trace, "\n"), trace);
	if (text_r[0] != '\0' || !sandbox->own || !sandbox->dead)
		return;
	reap(sandbox);
	if (WIFSIGNALED(sandbox->status))
		snprintf(text_r, size, "signal SIG%s",
		    sigabbrev_np(WTERMSIG(sandbox->status)));
	else
		snprintf(text_r, size, "status %d",
		    WEXITSTATUS(sandbox->status));
}

/* ---- until it is ready -------------------------------------------------- */

static enum xc_err
take_end(struct xc_sandbox *sandbox, struct xc_errbuf *errbuf)
{
	char words[128];

	xc_sandbox_kill(sandbox);
	xc_sandbox_last_words(sandbox, words, sizeof(words));
	return xc_fail(errbuf, XC_ERR_FAILED, "it ended while it was loaded "
	    "or started%s%s", words[0] != '\0' ? ": " : "", words);
}

static enum xc_err
take_notice(struct xc_sandbox *sandbox, struct xc_broker *broker,
    const struct xc_notice *notice, struct xc_errbuf *errbuf)
{
	char reason[XC_CHANNEL_REASON_MAX];
	enum xc_err err = XC_ERR_INVALID;

	switch (notice->kind) {
	case XC_NOTICE_READY:
		sandbox->ready = true;
		return XC_OK;
	case XC_NOTICE_FAILED:
		xc_channel_reason(&sandbox->channel, reason);
		xc_sandbox_kill(sandbox);
		return xc_fail(errbuf, XC_ERR_INVALID, "%s", reason);
	case XC_NOTICE_CALL:
		err = xc_broker_serve(broker, &sandbox->channel, notice);
		break;
	default:
		break;
	}
	if (err == XC_OK)
		return XC_ERR_BUSY;
	if (err == XC_ERR_IO)
		return take_end(sandbox, errbuf);
	xc_sandbox_kill(sandbox);
	return xc_fail(errbuf, XC_ERR_INVALID,
	    "it said what a sandbox never says while it was started");
}

enum xc_err
xc_sandbox_take(struct xc_sandbox *sandbox, struct xc_broker *broker,
    struct xc_errbuf *errbuf)
{
	struct xc_notice notice;
	enum xc_err err = xc_channel_notice(&sandbox->channel, 0, &notice);

	switch (err) {
	case XC_OK:
		return take_notice(sandbox, broker, &notice, errbuf);
	case XC_ERR_BUSY:
		return err;
	case XC_ERR_IO:
		return take_end(sandbox, errbuf);
	default:
		xc_sandbox_kill(sandbox);
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "what it said while it was started is not valid");
	}
}

/* Waits for the bell; false: nothing was rung by then.  *ended_r: nothing
 * will be. */
static bool
wait_bell(const struct xc_sandbox *sandbox, int64_t left_ms, bool *ended_r)
{
	struct pollfd fds[2] = {
		{ .fd = sandbox->channel.bell_read, .events = POLLIN },
		{ .fd = sandbox->pidfd, .events = POLLIN },
	};
	int n = poll(fds, 2, left_ms > 0 ? (int)left_ms : 0);

	/* What it said last counts. */
	*ended_r = n > 0 && !(fds[0].revents & POLLIN) &&
	    (fds[0].revents || fds[1].revents);
	return n > 0 && (fds[0].revents & POLLIN);
}

enum xc_err
xc_sandbox_wait(struct xc_sandbox *sandbox, struct xc_broker *broker,
    int64_t timeout_ms, struct xc_errbuf *errbuf)
{
	uint64_t until = now_ms() + (uint64_t)timeout_ms;
	enum xc_err err = XC_ERR_BUSY;
	int64_t left;
	bool ended;

	while (err == XC_ERR_BUSY) {
		left = (int64_t)(until - now_ms());
		if (wait_bell(sandbox, left, &ended)) {
			err = xc_sandbox_take(sandbox, broker, errbuf);
		} else if (ended) {
			err = take_end(sandbox, errbuf);
		} else if (left <= 0) {
			xc_sandbox_kill(sandbox);
			return xc_fail(errbuf, XC_ERR_TIMEOUT,
			    "it was not ready after %lld ms",
			    (long long)timeout_ms);
		}
	}
	return err;
}
