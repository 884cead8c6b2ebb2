/* SPDX-License-Identifier: MIT */
/* The worker's end of the link to the spawner. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "sandbox/sandboxes-private.h"

#define FDS_MAX (6 + 3 * XC_SLOTS_MAX)
/* To try costs nearly nothing, and all sandboxes wait for it. */
#define RETRY_MAX_MS 1000

/* The largest of what comes. */
union message {
	uint32_t magic;
	struct xc_spawn_answer answer;
	struct xc_spawn_end end;
};

static bool
is_of(const struct xc_box *box, uint32_t id)
{
	return box && box->sandbox->id == id;
}

static struct xc_box *
find_box(const struct xc_sandboxes *sandboxes, uint32_t id)
{
	struct xc_runner *runner;

	for (runner = sandboxes->runners; runner; runner = runner->next) {
		if (is_of(runner->active, id))
			return runner->active;
		if (is_of(runner->spare, id))
			return runner->spare;
		if (is_of(runner->coming, id))
			return runner->coming;
	}
	return NULL;
}

static void
take_answer(struct xc_sandboxes *sandboxes, struct xc_spawn_answer *answer,
    int pidfd)
{
	struct xc_box *box = find_box(sandboxes, answer->id);

	sandboxes->silent_ms = 0;
	answer->reason[sizeof(answer->reason) - 1] = '\0';
	if (box && box->stage == XC_BOX_ASKED)
		xc_box_answer(box, answer, pidfd);
	else if (pidfd >= 0)
		/* Of one that is no more wanted; it sees its channel's end. */
		close(pidfd);
}

static void
take_end(struct xc_sandboxes *sandboxes, const struct xc_spawn_end *end)
{
	struct xc_box *box = find_box(sandboxes, end->id);

	sandboxes->ends[sandboxes->n_ends++ % XC_ENDS_KEPT] = *end;
	/* One that loads is told of by its bell, and by what it said. */
	if (box && box->stage == XC_BOX_READY)
		xc_runner_died(box->runner, box, end);
}

static void
lose(struct xc_sandboxes *sandboxes, const char *why)
{
	struct xc_runner *runner;

	xc_logf(sandboxes->options.log, XC_LOG_ERROR, "the connection to the "
	    "spawner is lost (%s), and with it all sandboxes of this worker",
	    why);
	xc_spawn_disconnect(sandboxes);
	sandboxes->retry_ms = xc_box_now_ms();
	for (runner = sandboxes->runners; runner; runner = runner->next)
		xc_runner_lost(runner);
}

static void
on_link(struct xc_box_source *source, uint32_t events)
{
	struct xc_sandboxes *sandboxes = (struct xc_sandboxes *)(void *)
	    ((char *)source - offsetof(struct xc_sandboxes, link));
	union message message;
	size_t len, n_fds;
	int pidfd = -1;
	enum xc_err err = xc_link_receive(sandboxes->link_fd, &message,
	    sizeof(message), &len, &pidfd, 1, &n_fds);

	(void)events;
	if (err == XC_ERR_BUSY)
		return;
	if (err != XC_OK) {
		lose(sandboxes, err == XC_ERR_IO ? "it has ended" :
		    "what it said is not valid");
	} else if (len == sizeof(message.answer) &&
	    message.magic == XC_SPAWN_MAGIC) {
		take_answer(sandboxes, &message.answer, pidfd);
	} else if (len == sizeof(message.end) && n_fds == 0 &&
	    message.magic == XC_SPAWN_MAGIC) {
		take_end(sandboxes, &message.end);
	} else {
		if (n_fds > 0)
			close(pidfd);
		lose(sandboxes, "what it said is not valid");
	}
}

enum xc_err
xc_spawn_connect(struct xc_sandboxes *sandboxes, struct xc_errbuf *errbuf)
{
	enum xc_err err;
	uint64_t pause;
	int fd;

	if (sandboxes->link_fd >= 0)
		return XC_OK;
	err = xc_link_connect(sandboxes->path, &fd, errbuf);
	if (err == XC_OK) {
		sandboxes->link.ready = on_link;
		if (xc_sandboxes_watch(sandboxes, fd, &sandboxes->link,
		    EPOLLIN)) {
			sandboxes->link_fd = fd;
			sandboxes->link_failures = 0;
			return XC_OK;
		}
		close(fd);
		err = xc_fail(errbuf, XC_ERR_IO,
		    "the spawner cannot be watched");
	}
	pause = xc_box_pause(++sandboxes->link_failures + 1);
	sandboxes->retry_ms = xc_box_now_ms() +
	    (pause < RETRY_MAX_MS ? pause : RETRY_MAX_MS);
	return err;
}

void
xc_spawn_disconnect(struct xc_sandboxes *sandboxes)
{
	if (sandboxes->link_fd >= 0)
		close(sandboxes->link_fd);
	sandboxes->link_fd = -1;
}

enum xc_err
xc_spawn_ask(struct xc_box *box, const struct xc_sandbox_ends *ends,
    struct xc_errbuf *errbuf)
{
	struct xc_sandboxes *sandboxes = box->runner->owner;
	const struct xc_plugin *plugin = box->runner->plugin;
	struct xc_spawn_request request = { .magic = XC_SPAWN_MAGIC,
		.isolation = (uint32_t)plugin->isolation, .cpu = -1,
		.limits = plugin->limits };
	int fds[FDS_MAX] = { ends->channel.memfd, ends->channel.bell_read,
		ends->channel.bell_write, ends->output };
	size_t n = 4;
	enum xc_err err;

	if (++sandboxes->next_id == 0)
		sandboxes->next_id = 1;
	request.id = box->sandbox->id = sandboxes->next_id;
	if (box->zygote) {
		request.n_slots = xc_zygote_slots(box->zygote);
		n += xc_zygote_ends(box->zygote, fds + n, FDS_MAX - n);
	}
	err = xc_link_send_fds(sandboxes->link_fd, &request,
	    sizeof(request), fds, n);
	if (err == XC_ERR_BUSY)
		return xc_fail(errbuf, err,
		    "the spawner does not read at the moment");
	if (err != XC_OK)
		return xc_fail(errbuf, XC_ERR_UNAVAILABLE,
		    "the spawner is gone");
	return XC_OK;
}

static bool
find_end(const struct xc_sandboxes *sandboxes, uint32_t id,
    struct xc_spawn_end *end_r)
{
	for (uint32_t i = 0; i < XC_ENDS_KEPT && i < sandboxes->n_ends; i++) {
		if (sandboxes->ends[i].id == id) {
			*end_r = sandboxes->ends[i];
			return true;
		}
	}
	return false;
}

bool
xc_spawn_end_of(struct xc_sandboxes *sandboxes, uint32_t id, int64_t ms,
    struct xc_spawn_end *end_r)
{
	uint64_t until = xc_box_now_ms() + (uint64_t)ms, now;
	struct pollfd pfd = { .events = POLLIN };

	while (!find_end(sandboxes, id, end_r)) {
		now = xc_box_now_ms();
		pfd.fd = sandboxes->link_fd;
		if (pfd.fd < 0 || now >= until ||
		    poll(&pfd, 1, (int)(until - now)) < 0)
			return false;
		if (pfd.revents)
			on_link(&sandboxes->link, EPOLLIN);
	}
	return true;
}
