/* SPDX-License-Identifier: MIT */
#include "sandbox/sandboxes.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sandbox/sandboxes-private.h"

/* At a time, so that a sandbox that keeps ringing holds nobody up. */
#define TURNS_MAX 256
#define TURNS_MS 5

bool
xc_sandboxes_watch(struct xc_sandboxes *sandboxes, int fd,
    struct xc_box_source *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	if (epoll_ctl(sandboxes->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return true;
	xc_logf(sandboxes->options.log, XC_LOG_ERROR, "epoll_ctl: %s",
	    strerror(errno));
	return false;
}

void
xc_sandboxes_rewatch(struct xc_sandboxes *sandboxes, int fd,
    struct xc_box_source *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	(void)epoll_ctl(sandboxes->epoll_fd, EPOLL_CTL_MOD, fd, &event);
}

void
xc_sandboxes_unwatch(struct xc_sandboxes *sandboxes, int fd)
{
	if (fd >= 0)
		(void)epoll_ctl(sandboxes->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

/* One at a time: what is freed cannot be due any more. */
bool
xc_sandboxes_turn(struct xc_sandboxes *sandboxes, int64_t timeout_ms)
{
	struct xc_box_source *source;
	struct epoll_event event;

	if (timeout_ms < 0)
		timeout_ms = 0;
	if (epoll_wait(sandboxes->epoll_fd, &event, 1, (int)timeout_ms) != 1)
		return false;
	source = event.data.ptr;
	source->ready(source, event.events);
	return true;
}

static void
on_kick(struct xc_box_source *source, uint32_t events)
{
	struct xc_sandboxes *sandboxes = (struct xc_sandboxes *)(void *)
	    ((char *)source - offsetof(struct xc_sandboxes, kick));
	uint64_t n;

	(void)events;
	(void)!read(sandboxes->kick_fd, &n, sizeof(n));
	sandboxes->kicked = false;
}

void
xc_sandboxes_kick(struct xc_sandboxes *sandboxes)
{
	const uint64_t one = 1;

	if (!sandboxes->kicked)
		(void)!write(sandboxes->kick_fd, &one, sizeof(one));
	sandboxes->kicked = true;
}

uint64_t
xc_box_pause(unsigned deaths)
{
	uint64_t pause = 100;

	if (deaths <= 1)
		return 0;
	while (deaths-- > 2 && pause < 30000)
		pause *= 2;
	return pause < 30000 ? pause : 30000;
}

enum xc_err
xc_sandboxes_create(const struct xc_sandboxes_options *options,
    struct xc_sandboxes **sandboxes_r, struct xc_errbuf *errbuf)
{
	struct xc_sandboxes *sandboxes = calloc(1, sizeof(*sandboxes));

	*sandboxes_r = NULL;
	if (!sandboxes)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	sandboxes->options = *options;
	sandboxes->link_fd = -1;
	snprintf(sandboxes->path, sizeof(sandboxes->path), "%s/spawner.sock",
	    options->settings->server.run_dir);
	sandboxes->kick.ready = on_kick;
	sandboxes->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sandboxes->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (sandboxes->epoll_fd < 0 || sandboxes->kick_fd < 0 ||
	    !xc_sandboxes_watch(sandboxes, sandboxes->kick_fd,
	    &sandboxes->kick, EPOLLIN)) {
		(void)xc_fail(errbuf, XC_ERR_IO, "what sandboxes are watched "
		    "by cannot be had: %s", strerror(errno));
		xc_sandboxes_free(&sandboxes);
		return XC_ERR_IO;
	}
	*sandboxes_r = sandboxes;
	return XC_OK;
}

void
xc_sandboxes_free(struct xc_sandboxes **sandboxes)
{
	struct xc_sandboxes *s = *sandboxes;
	struct xc_runner *runner;

	if (!s)
		return;
	while (s->runners) {
		runner = s->runners;
		xc_sandboxes_runner_ops.close(s, &runner);
	}
	xc_box_release_buried(s);
	xc_spawn_disconnect(s);
	if (s->kick_fd >= 0)
		close(s->kick_fd);
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	free(s);
	*sandboxes = NULL;
}

int
xc_sandboxes_fd(const struct xc_sandboxes *sandboxes)
{
	return sandboxes->epoll_fd;
}

/* The connection is needed only if somebody runs in a sandbox. */
static void
tend_link(struct xc_sandboxes *sandboxes, uint64_t now)
{
	struct xc_errbuf errbuf;

	if (sandboxes->link_fd >= 0 || !sandboxes->runners ||
	    now < sandboxes->retry_ms)
		return;
	if (xc_spawn_connect(sandboxes, &errbuf) == XC_OK)
		xc_logf(sandboxes->options.log, XC_LOG_INFO,
		    "connected to the spawner again");
	else if (sandboxes->link_failures == 2)
		xc_logf(sandboxes->options.log, XC_LOG_ERROR, "%s",
		    errbuf.text);
}

uint64_t
xc_sandboxes_tend(struct xc_sandboxes *sandboxes, uint64_t now_ms)
{
	struct xc_runner *runner, *next;
	uint64_t again = 0, until = xc_box_now_ms() + TURNS_MS;
	int turns = 0;

	while (turns < TURNS_MAX && xc_sandboxes_turn(sandboxes, 0) &&
	    xc_box_now_ms() < until)
		turns++;
	xc_box_release_buried(sandboxes);
	tend_link(sandboxes, now_ms);
	for (runner = sandboxes->runners; runner; runner = next) {
		next = runner->next;
		again = xc_box_sooner(again, xc_runner_tend(runner, now_ms));
	}
	if (sandboxes->link_fd < 0 && sandboxes->runners)
		again = xc_box_sooner(again, sandboxes->retry_ms);
	return again;
}

/* ---- for the status ----------------------------------------------------- */

static void
add_number(struct json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(object, key,
	    json_object_new_int64((int64_t)number));
}

static void
add_pid(struct json_object *list, const struct xc_box *box)
{
	if (box)
		json_object_array_add(list,
		    json_object_new_int64(box->sandbox->pid));
}

static struct json_object *
runner_json(const struct xc_runner *runner)
{
	struct json_object *object = json_object_new_object();
	struct json_object *pids = json_object_new_array();

	json_object_object_add(object, "plugin",
	    json_object_new_string(runner->plugin->name));
	json_object_object_add(object, "version",
	    json_object_new_string(runner->plugin->version));
	json_object_object_add(object, "isolation", json_object_new_string(
	    xc_isolation_name(runner->plugin->isolation)));
	add_pid(pids, runner->active);
	add_pid(pids, runner->spare);
	json_object_object_add(object, "pids", pids);
	add_number(object, "ready",
	    (runner->active != NULL) + (runner->spare != NULL));
	add_number(object, "restarts", runner->restarts);
	add_number(object, "deaths", runner->deaths);
	if (runner->last_error[0] != '\0')
		json_object_object_add(object, "error",
		    json_object_new_string(runner->last_error));
	return object;
}

struct json_object *
xc_sandboxes_json(const struct xc_sandboxes *sandboxes)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();
	const struct xc_runner *runner;
	uint64_t ready[XC_ISOLATION__MAX] = { 0 };

	for (runner = sandboxes->runners; runner; runner = runner->next) {
		ready[runner->plugin->isolation] +=
		    (runner->active != NULL) + (runner->spare != NULL);
		json_object_array_add(list, runner_json(runner));
	}
	json_object_object_add(object, "connected",
	    json_object_new_boolean(sandboxes->link_fd >= 0));
	add_number(object, "pool", ready[XC_ISOLATION_POOL]);
	add_number(object, "request", ready[XC_ISOLATION_REQUEST]);
	json_object_object_add(object, "plugins", list);
	return object;
}
