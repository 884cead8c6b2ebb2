/* SPDX-License-Identifier: MIT */
#include "kit/spawned.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json_object.h>

#include "lib/plugin-private.h"
#include "sandbox/link.h"

#define ANSWER_MS 3000

enum xc_err
xc_spawned_connect(const char *path, int *link_r, struct xc_errbuf *errbuf)
{
	return xc_link_connect(path, link_r, errbuf);
}

/* The next answer; what it tells of others' ends is passed over. */
static enum xc_err
receive(int link, uint32_t id, struct xc_spawn_answer *answer_r,
    int *pidfd_r, struct xc_errbuf *errbuf)
{
	union {
		struct xc_spawn_answer answer;
		struct xc_spawn_end end;
	} message;
	struct pollfd wait = { .fd = link, .events = POLLIN };
	size_t len, n_fds;
	enum xc_err err;

	for (;;) {
		*pidfd_r = -1;
		if (poll(&wait, 1, ANSWER_MS) != 1)
			return xc_fail(errbuf, XC_ERR_TIMEOUT,
			    "the spawner does not answer");
		err = xc_link_receive(link, &message, sizeof(message), &len,
		    pidfd_r, 1, &n_fds);
		if (err == XC_ERR_BUSY)
			continue;
		if (err != XC_OK)
			return xc_fail(errbuf, XC_ERR_UNAVAILABLE,
			    "the spawner has closed the connection");
		if (len == sizeof(message.answer) && message.answer.id == id)
			break;
		if (n_fds > 0)
			close(*pidfd_r);
	}
	*answer_r = message.answer;
	answer_r->reason[sizeof(answer_r->reason) - 1] = '\0';
	return XC_OK;
}

static enum xc_err
ask(int link, const struct xc_runner_spec *spec,
    const struct xc_sandbox_ends *ends, struct xc_sandbox *sandbox,
    struct xc_errbuf *errbuf)
{
	static uint32_t last_id;
	struct xc_spawn_request request = { .magic = XC_SPAWN_MAGIC,
		.id = ++last_id, .isolation = XC_ISOLATION_POOL, .cpu = -1,
		.limits = spec->plugin->limits };
	const int fds[] = { ends->channel.memfd, ends->channel.bell_read,
		ends->channel.bell_write, ends->output };
	struct xc_spawn_answer answer;
	enum xc_err err;
	int pidfd;

	if (xc_link_send_fds(link, &request, sizeof(request), fds, 4) != XC_OK)
		return xc_fail(errbuf, XC_ERR_UNAVAILABLE,
		    "the spawner takes no request");
	err = receive(link, request.id, &answer, &pidfd, errbuf);
	if (err != XC_OK)
		return err;
	if (answer.pid <= 0 || pidfd < 0) {
		if (pidfd >= 0)
			close(pidfd);
		return xc_fail(errbuf, XC_ERR_FAILED, "%s",
		    answer.reason[0] != '\0' ? answer.reason :
		    "the spawner cannot make it");
	}
	sandbox->id = request.id;
	xc_sandbox_adopt(sandbox, answer.pid, pidfd);
	return XC_OK;
}

enum xc_err
xc_sandbox_spawned(int link, const struct xc_runner_spec *spec,
    bool complete, struct xc_sandbox **sandbox_r, struct xc_errbuf *errbuf)
{
	struct xc_channel_sizes sizes = xc_sandbox_sizes(0,
	    &spec->plugin->limits);
	struct json_object *object = xc_sandbox_spec(spec, complete);
	struct xc_sandbox_ends ends;
	enum xc_err err;

	*sandbox_r = NULL;
	if (object == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	err = xc_sandbox_prepare(json_object_to_json_string(object), &sizes,
	    sandbox_r, &ends, errbuf);
	json_object_put(object);
	if (err != XC_OK)
		return err;
	err = ask(link, spec, &ends, *sandbox_r, errbuf);
	xc_sandbox_ends_close(&ends);
	if (err != XC_OK)
		xc_sandbox_close(sandbox_r);
	return err;
}
