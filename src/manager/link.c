/* SPDX-License-Identifier: MIT */
/* The manager's end of the follower: starts it, hears it, tells it. */
#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "manager/manager-private.h"
#include "plugin/follower.h"
#include "plugin/snapshot.h"

#define MESSAGE_MAX (4 << 20)
#define QUICK_MS 5000
#define STOP_MS 2000
#define SEND_BUFFER (1 << 20)

static int64_t
number_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value))
		return 0;
	return json_object_get_int64(value);
}

static const char *
text_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return "";
	return json_object_get_string(value);
}

static void
keep_list(struct json_object **list, struct json_object *object,
    const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_array))
		return;
	json_object_get(value);
	json_object_put(*list);
	*list = value;
}

static void
keep_snapshot(struct xc_manager *m, struct json_object *snapshot)
{
	keep_list(&m->link.plugins, snapshot, "plugins");
	json_object_put(m->link.quarantined);
	m->link.quarantined = NULL;
	keep_list(&m->link.quarantined, snapshot, "quarantined");
}

static bool
flag_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) &&
	    json_object_get_boolean(value);
}

/* Whether it has no plugin enabled but those of the core. */
static bool
is_safe(struct json_object *snapshot)
{
	struct json_object *plugins, *plugin;

	if (!json_object_object_get_ex(snapshot, "plugins", &plugins))
		return true;
	for (size_t i = 0; i < json_object_array_length(plugins); i++) {
		plugin = json_object_array_get_idx(plugins, i);
		if (strcmp(text_of(plugin, "state"), "enabled") == 0 &&
		    !flag_of(plugin, "core"))
			return false;
	}
	return true;
}

bool
xc_link_take_current(struct xc_manager *m)
{
	struct json_object *snapshot;
	struct xc_errbuf errbuf;
	enum xc_err err;

	err = xc_snapshot_read(m->pool.snapshot, &snapshot, &errbuf);
	if (err != XC_OK) {
		if (err != XC_ERR_NOT_FOUND)
			xc_logf(&xc_manager_log, XC_LOG_ERROR, "%s",
			    errbuf.text);
		return false;
	}
	if (m->options->safe && !is_safe(snapshot)) {
		xc_logf(&xc_manager_log, XC_LOG_ERROR, "what was last served "
		    "here is not served in safe mode, and the follower has "
		    "written nothing else");
		json_object_put(snapshot);
		return false;
	}
	keep_snapshot(m, snapshot);
	xc_pool_publish(m, (uint64_t)number_of(snapshot, "generation"),
	    (uint64_t)number_of(snapshot, "sequence"));
	json_object_put(snapshot);
	return true;
}

/*
 * The workers serve what a manager before us published; what is newer was
 * still being tried, and is tried again.
 */
void
xc_link_take_published(struct xc_manager *m)
{
	uint64_t published = atomic_load(&m->pool.board->sequence);
	struct json_object *snapshot, *current;
	char path[PATH_MAX];

	if (published == 0) {
		if (!xc_link_take_current(m))
			xc_logf(&xc_manager_log, XC_LOG_INFO,
			    "no snapshot yet");
		return;
	}
	if (xc_snapshot_beside(m->pool.snapshot, published, path,
		sizeof(path)) == XC_OK &&
	    xc_snapshot_read(path, &snapshot, NULL) == XC_OK) {
		keep_snapshot(m, snapshot);
		json_object_put(snapshot);
	}
	if (xc_snapshot_read(m->pool.snapshot, &current, NULL) != XC_OK)
		return;
	if ((uint64_t)number_of(current, "sequence") > published) {
		keep_snapshot(m, current);
		xc_canary_take(m, (uint64_t)number_of(current, "generation"),
		    (uint64_t)number_of(current, "sequence"));
	}
	json_object_put(current);
}

static void
take(struct xc_manager *m, uint64_t generation, uint64_t sequence,
    bool urgent)
{
	if (urgent)
		xc_canary_pass(m, generation, sequence);
	else
		xc_canary_take(m, generation, sequence);
}

/*
 * The file is read after the workers were told, since that is what they wait
 * for; here it only gives names and hashes.
 */
static void
on_snapshot(struct xc_manager *m, struct json_object *message)
{
	uint64_t sequence = (uint64_t)number_of(message, "sequence");
	struct json_object *snapshot;
	struct xc_errbuf errbuf;

	/* A new follower asks what the workers make of what they have. */
	if (sequence == atomic_load(&m->pool.board->sequence) &&
	    !m->canary.held) {
		m->apply.told = false;
	} else {
		xc_pool_forget_faults(m);
		take(m, (uint64_t)number_of(message, "generation"), sequence,
		    number_of(message, "urgent") != 0);
	}
	m->link.heard = true;
	m->link.generation = (uint64_t)number_of(message, "generation");
	keep_list(&m->link.rejected, message, "rejected");
	if (xc_snapshot_read(text_of(message, "path"), &snapshot, &errbuf) !=
	    XC_OK) {
		xc_logf(&xc_manager_log, XC_LOG_ERROR, "%s", errbuf.text);
		return;
	}
	keep_snapshot(m, snapshot);
	json_object_put(snapshot);
}

/* Whether what this host served last is what the registry has: then there is
 * no first snapshot to wait for. */
static bool
is_current(const struct xc_manager *m)
{
	struct json_object *snapshot;
	bool current;

	if (xc_snapshot_read(m->pool.snapshot, &snapshot, NULL) != XC_OK)
		return false;
	current = (uint64_t)number_of(snapshot, "generation") ==
	    m->link.generation;
	json_object_put(snapshot);
	return current;
}

static void
on_registry(struct xc_manager *m, struct json_object *message)
{
	struct xc_link *link = &m->link;
	struct json_object *value;
	bool reachable, changed;

	reachable = json_object_object_get_ex(message, "reachable", &value) &&
	    json_object_get_boolean(value);
	changed = !link->known || reachable != link->reachable;
	link->known = true;
	link->reachable = reachable;
	/* Asked again, it need not say again why. */
	if (reachable || text_of(message, "reason")[0] != '\0')
		snprintf(link->reason, sizeof(link->reason), "%s",
		    text_of(message, "reason"));
	if (reachable)
		link->generation = (uint64_t)number_of(message, "generation");
	if (reachable && m->phase == XC_PHASE_SNAPSHOT)
		link->unchanged = is_current(m);
	if (changed && reachable)
		xc_logf(&xc_manager_log, XC_LOG_INFO,
		    "the registry answers, generation %llu",
		    (unsigned long long)link->generation);
	else if (changed)
		xc_logf(&xc_manager_log, XC_LOG_WARNING,
		    "the registry does not answer, what is loaded serves on: "
		    "%s", link->reason);
}

static void
take_message(struct xc_manager *m, const char *text)
{
	struct json_object *message = json_tokener_parse(text);
	const char *event;

	if (json_object_is_type(message, json_type_object)) {
		event = text_of(message, "event");
		if (strcmp(event, "snapshot") == 0)
			on_snapshot(m, message);
		else if (strcmp(event, "registry") == 0)
			on_registry(m, message);
	}
	json_object_put(message);
}

static void
on_link(void *ctx, uint32_t events)
{
	struct xc_manager *m = ctx;
	struct xc_link *link = &m->link;
	ssize_t size, n;
	char *text;

	(void)events;
	size = recv(link->watch.fd, NULL, 0,
	    MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
	if (size == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size <= 0 || size > MESSAGE_MAX) {
		/* Ended, or about to: it follows the pair's end. */
		xc_events_drop(&m->events, &link->watch);
		return;
	}
	text = malloc((size_t)size + 1);
	if (text == NULL)
		return;
	n = recv(link->watch.fd, text, (size_t)size, MSG_DONTWAIT);
	if (n > 0) {
		text[n] = '\0';
		take_message(m, text);
	}
	free(text);
}

void
xc_link_init(struct xc_manager *m)
{
	m->link.watch.fd = -1;
	m->link.watch.fn = on_link;
	m->link.watch.ctx = m;
}

/*
 * The follower's log is opened anew in the handler: a few system calls and no
 * lock, and a record that is being written at that moment is lost at worst.
 */
static void
on_reopen(int number)
{
	int saved = errno;

	(void)number;
	(void)xc_log_reopen(NULL);
	errno = saved;
}

static _Noreturn void
run_follower(struct xc_manager *m, int fd)
{
	struct sigaction action = { .sa_handler = on_reopen,
		.sa_flags = SA_RESTART };

	sigemptyset(&action.sa_mask);
	(void)sigaction(SIGUSR1, &action, NULL);
	exit(xc_follower_run(m->settings, fd, m->options->safe));
}

enum xc_err
xc_link_start(struct xc_manager *m, struct xc_errbuf *errbuf)
{
	struct xc_link *link = &m->link;
	int size = SEND_BUFFER;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return xc_fail(errbuf, XC_ERR_IO, "socketpair: %s",
		    strerror(errno));
	(void)setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	(void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	link->started_ms = xc_now_ms();
	link->not_before = 0;
	link->pid = xc_child_fork(m, "follower", XC_WORKERS_MAX);
	if (link->pid == 0) {
		close(pair[0]);
		run_follower(m, pair[1]);
	}
	close(pair[1]);
	if (link->pid == -1) {
		link->pid = 0;
		close(pair[0]);
		return xc_fail(errbuf, XC_ERR_IO, "fork: %s",
		    strerror(errno));
	}
	link->watch.fd = pair[0];
	/* It knows nothing of what was told to the one before it. */
	m->apply.told = false;
	xc_pool_tell_faults_again(m);
	return xc_events_add(&m->events, &link->watch, EPOLLIN, errbuf);
}

void
xc_link_tick(struct xc_manager *m, uint64_t now, uint64_t *next)
{
	struct xc_link *link = &m->link;
	struct xc_errbuf errbuf;

	if (link->pid != 0 || m->phase == XC_PHASE_DRAINING)
		return;
	if (now < link->not_before) {
		xc_sooner(next, link->not_before);
		return;
	}
	if (xc_link_start(m, &errbuf) != XC_OK) {
		link->not_before = now + xc_child_delay(++link->quick_deaths);
		xc_sooner(next, link->not_before);
		xc_logf(&xc_manager_log, XC_LOG_ERROR,
		    "the follower cannot be started: %s", errbuf.text);
	}
}

bool
xc_link_reaped(struct xc_manager *m, pid_t pid, int status)
{
	struct xc_link *link = &m->link;
	uint64_t now = xc_now_ms();
	char how[64];

	if (link->pid != pid)
		return false;
	xc_events_drop(&m->events, &link->watch);
	link->pid = 0;
	if (m->phase == XC_PHASE_DRAINING)
		return true;
	if (now < link->started_ms + QUICK_MS)
		link->quick_deaths++;
	else
		link->quick_deaths = 1;
	link->not_before = now + xc_child_delay(link->quick_deaths);
	link->known = true;
	link->reachable = false;
	xc_child_end_text(status, how, sizeof(how));
	snprintf(link->reason, sizeof(link->reason),
	    "the follower ended by %s", how);
	xc_logf(&xc_manager_log, XC_LOG_ERROR, "the follower, process %d, "
	    "ended by %s; the next one starts in %llu ms", (int)pid, how,
	    (unsigned long long)(link->not_before - now));
	return true;
}

void
xc_link_stop(struct xc_manager *m)
{
	struct xc_link *link = &m->link;

	/* Before its end of the pair closes: how it ends depends on it. */
	if (link->pid != 0)
		(void)kill(link->pid, m->phase == XC_PHASE_DRAINING ?
		    SIGTERM : SIGUSR2);
	xc_events_drop(&m->events, &link->watch);
	if (link->pid == 0)
		return;
	xc_pool_adopt_stray(m, link->pid, STOP_MS);
	link->pid = 0;
	link->quick_deaths = 0;
	link->not_before = 0;
}

void
xc_link_free(struct xc_manager *m)
{
	xc_events_drop(&m->events, &m->link.watch);
	json_object_put(m->link.rejected);
	json_object_put(m->link.plugins);
	json_object_put(m->link.quarantined);
	m->link.rejected = m->link.plugins = m->link.quarantined = NULL;
}

bool
xc_link_send(struct xc_manager *m, struct json_object *event)
{
	const char *text;
	bool sent = true;
	size_t len;

	if (m->link.watch.fd != -1) {
		text = json_object_to_json_string_length(event,
		    JSON_C_TO_STRING_PLAIN, &len);
		sent = send(m->link.watch.fd, text, len,
		    MSG_DONTWAIT | MSG_NOSIGNAL) != -1;
		if (!sent)
			xc_logf(&xc_manager_log, XC_LOG_WARNING,
			    "the follower does not take a message: %s",
			    strerror(errno));
	}
	json_object_put(event);
	return sent;
}

void
xc_link_say(struct xc_manager *m, const char *name)
{
	struct json_object *event = json_object_new_object();

	json_object_object_add(event, "event", json_object_new_string(name));
	(void)xc_link_send(m, event);
}
