/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "loggers/logger.h"
#include "plugin/follower-private.h"
#include "plugin/registry-private.h"
#include "plugin/snapshot.h"

#define BEAT_MS 2000
#define AGAIN_MS 5000
#define LOG_MS 60000
#define MESSAGE_MAX (4u << 20)

struct xc_logger xc_follower_log = XC_LOGGER("xcore.follower");

static volatile sig_atomic_t ending;

static void
on_end(int number)
{
	if (ending == 0)
		ending = number;
}

int64_t
xc_follower_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

/* Takes event.  The manager that is gone shows at the next read. */
static void
tell(struct xc_follower *follower, struct json_object *event)
{
	const char *text = json_object_to_json_string_ext(event,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	while (send(follower->fd, text, strlen(text), MSG_NOSIGNAL) < 0 &&
	    errno == EINTR && !ending)
		continue;
	json_object_put(event);
}

static void
tell_registry(struct xc_follower *follower, const char *reason)
{
	struct json_object *event = json_object_new_object();

	json_object_object_add(event, "event",
	    json_object_new_string("registry"));
	json_object_object_add(event, "reachable",
	    json_object_new_boolean(follower->reachable));
	json_object_object_add(event, "generation",
	    json_object_new_int64((int64_t)follower->generation));
	json_object_object_add(event, "reason",
	    json_object_new_string(reason));
	tell(follower, event);
}

static void
tell_snapshot(struct xc_follower *follower, const char *path, bool urgent)
{
	struct json_object *event = json_object_new_object();

	json_object_object_add(event, "event",
	    json_object_new_string("snapshot"));
	json_object_object_add(event, "generation", json_object_new_int64(
	    (int64_t)xc_registry_number(follower->snapshot, "generation")));
	json_object_object_add(event, "sequence", json_object_new_int64(
	    (int64_t)xc_registry_number(follower->snapshot, "sequence")));
	json_object_object_add(event, "path", json_object_new_string(path));
	json_object_object_add(event, "urgent", json_object_new_int(urgent));
	json_object_object_add(event, "rejected",
	    json_object_get(follower->rejected));
	tell(follower, event);
}

static void
set_reachable(struct xc_follower *follower, bool reachable,
    const char *reason)
{
	int64_t now = xc_follower_clock();
	bool changed = !follower->known || follower->reachable != reachable;

	follower->known = true;
	follower->reachable = reachable;
	if (changed)
		tell_registry(follower, reason);
	if (reachable)
		return;
	if (changed || now >= follower->next_log) {
		follower->next_log = now + LOG_MS;
		xc_logf(&xc_follower_log, XC_LOG_WARNING, "%s", reason);
	}
}

/* What we and what the workers reject, each plugin once. */
static struct json_object *
all_rejected(const struct xc_follower *follower)
{
	struct json_object *list = json_object_new_array();
	size_t n = json_object_array_length(follower->rejected);

	for (size_t i = 0; i < n; i++)
		json_object_array_add(list, json_object_get(
		    json_object_array_get_idx(follower->rejected, i)));
	for (size_t i = 0; i < json_object_array_length(follower->failed);
	    i++)
		json_object_array_add(list, json_object_get(
		    json_object_array_get_idx(follower->failed, i)));
	return list;
}

void
xc_follower_beat(struct xc_follower *follower, bool now)
{
	struct xc_registry_host host = { .id = follower->host_id,
		.name = follower->host_name,
		.desired = follower->generation,
		.applied = follower->applied,
		.sequence = follower->sequence,
		.workers = follower->workers,
		.pending = follower->pending };

	if (!now && xc_follower_clock() < follower->next_beat)
		return;
	follower->next_beat = xc_follower_clock() + BEAT_MS;
	if (follower->known && !follower->reachable)
		return;
	host.rejected = all_rejected(follower);
	/* If it fails, the next poll finds out and says so. */
	(void)xc_registry_heartbeat(follower->registry, &host, NULL);
	json_object_put(host.rejected);
}

static void
replace(struct json_object **place, struct json_object *object)
{
	json_object_put(*place);
	*place = object;
}

static bool
is_same(const struct xc_follower *follower, uint64_t generation,
    struct json_object *plugins)
{
	return follower->snapshot != NULL &&
	    xc_registry_number(follower->snapshot, "generation") ==
	    generation && json_object_equal(plugins,
	    xc_json_member(follower->snapshot, "plugins"));
}

enum xc_err
xc_follower_write(struct xc_follower *follower, uint64_t generation,
    struct json_object *plugins, bool urgent, struct xc_errbuf *errbuf)
{
	struct json_object *snapshot = json_object_new_object();
	bool first = !urgent && xc_follower_document_first(plugins);
	char path[PATH_MAX];
	enum xc_err err;

	json_object_object_add(snapshot, "format", json_object_new_int(1));
	json_object_object_add(snapshot, "generation",
	    json_object_new_int64((int64_t)generation));
	json_object_object_add(snapshot, "sequence",
	    json_object_new_int64((int64_t)follower->sequence + 1));
	json_object_object_add(snapshot, "plugins",
	    json_object_get(plugins));
	json_object_object_add(snapshot, "quarantined",
	    xc_follower_quarantines(follower));
	json_object_object_add(snapshot, "untold",
	    json_object_get(follower->untold));
	err = xc_snapshot_write_keep(follower->settings->server.state_dir,
	    snapshot, follower->published, path, sizeof(path), errbuf);
	if (err != XC_OK) {
		json_object_put(snapshot);
		return err;
	}
	follower->sequence++;
	follower->pending = follower->workers;
	replace(&follower->failed, json_object_new_array());
	replace(&follower->snapshot, snapshot);
	if (first)
		xc_follower_document(follower, plugins, path);
	tell_snapshot(follower, path, urgent);
	if (!first)
		xc_follower_document(follower, plugins, path);
	xc_logf(&xc_follower_log, XC_LOG_INFO,
	    "snapshot %s: generation %llu, %zu plugins", path,
	    (unsigned long long)generation,
	    json_object_array_length(plugins));
	return XC_OK;
}

static void
note_again(struct xc_follower *follower, bool again)
{
	follower->again = again;
	follower->next_again = xc_follower_clock() + AGAIN_MS;
}

static bool
is_known(const struct xc_registry_view *view, const char *hash)
{
	for (size_t i = 0; i < view->n; i++) {
		if (strcmp(hash, view->plugins[i].hash) == 0 ||
		    strcmp(hash, view->plugins[i].previous_hash) == 0)
			return true;
	}
	return false;
}

/* Forgets what is known of versions that the registry points at no more:
 * ten thousand of them may pass through one process. */
static void
forget_versions(struct json_object *by_hash,
    const struct xc_registry_view *view)
{
	struct lh_entry *entry = json_object_get_object(by_hash)->head;

	while (entry != NULL) {
		const char *hash = lh_entry_k(entry);

		entry = lh_entry_next(entry);
		if (!is_known(view, hash))
			json_object_object_del(by_hash, hash);
	}
}

/* Signals are blocked while we compose. */
static bool
is_told_to_end(void)
{
	sigset_t pending;

	return ending != 0 || (sigpending(&pending) == 0 &&
	    (sigismember(&pending, SIGTERM) == 1 ||
	    sigismember(&pending, SIGINT) == 1 ||
	    sigismember(&pending, SIGUSR2) == 1));
}

/* Takes the composition's arrays. */
static void
adopt(struct xc_follower *follower, struct xc_composition *composition)
{
	uint64_t generation = composition->view->generation;
	struct xc_errbuf errbuf = { "" };

	/* The next follower may be at work: it numbers its files as we do. */
	if (is_told_to_end()) {
		json_object_put(composition->plugins);
		json_object_put(composition->rejected);
		json_object_put(composition->revisions);
		json_object_put(composition->quarantined);
		return;
	}
	replace(&follower->rejected, composition->rejected);
	replace(&follower->revisions, composition->revisions);
	replace(&follower->quarantined, composition->quarantined);
	forget_versions(follower->entries, composition->view);
	forget_versions(follower->refused, composition->view);
	note_again(follower, composition->again);
	if (!is_same(follower, generation, composition->plugins) &&
	    xc_follower_write(follower, generation,
	    composition->plugins, false, &errbuf) != XC_OK) {
		xc_logf(&xc_follower_log, XC_LOG_ERROR, "%s; what is loaded "
		    "serves on, this is tried again", errbuf.text);
		note_again(follower, true);
	} else {
		follower->generation = generation;
	}
	json_object_put(composition->plugins);
	xc_follower_beat(follower, true);
}

static enum xc_err
compose(struct xc_follower *follower, struct xc_errbuf *errbuf)
{
	struct xc_composition composition = { .follower = follower };
	struct xc_registry_view *view;
	enum xc_err err;

	err = xc_follower_settle(follower, errbuf);
	if (err != XC_OK)
		return err;
	err = xc_registry_read(follower->registry, &view, errbuf);
	if (err != XC_OK)
		return err;
	composition.view = view;
	err = xc_follower_compose(&composition, errbuf);
	if (err == XC_OK)
		adopt(follower, &composition);
	xc_registry_view_free(&view);
	return err;
}

/*
 * A row of this host means that the follower before us was killed.  What the
 * workers serve was told to it and not to us: told of the snapshot again,
 * the manager asks them again.
 */
static void
ask_again(struct xc_follower *follower)
{
	struct json_object *hosts;
	char path[PATH_MAX];
	bool found = false;

	if (follower->snapshot == NULL ||
	    xc_registry_hosts(follower->registry, &hosts, NULL) != XC_OK)
		return;
	for (size_t i = 0; i < json_object_array_length(hosts); i++)
		found |= strcmp(xc_registry_text(json_object_array_get_idx(
		    hosts, i), "id"), follower->host_id) == 0;
	json_object_put(hosts);
	xc_snapshot_current(follower->settings->server.state_dir, path,
	    sizeof(path));
	if (found)
		tell_snapshot(follower, path, false);
}

/* Whether something is left to be done though the registry stays as it is. */
static bool
is_unsettled(const struct xc_follower *follower)
{
	return follower->again ||
	    json_object_object_length(follower->untold) > 0;
}

/* Asks for the generation; composes when it is new, or anyway if told. */
static void
look(struct xc_follower *follower, bool anyway)
{
	struct xc_errbuf errbuf = { "" };
	uint64_t generation = 0;
	int64_t now;
	enum xc_err err;

	err = xc_registry_generation(follower->registry, &generation,
	    &errbuf);
	if (err == XC_OK && !follower->asked) {
		follower->asked = true;
		ask_again(follower);
	}
	now = xc_follower_clock();
	if (is_unsettled(follower) && now >= follower->next_again)
		anyway = true;
	if (err == XC_OK && (anyway || generation != follower->generation))
		err = compose(follower, &errbuf);
	set_reachable(follower, err == XC_OK, errbuf.text);
	follower->next_poll = xc_follower_clock() +
	    follower->settings->reload.poll_ms;
}

void
xc_follower_look(struct xc_follower *follower)
{
	look(follower, true);
}

/* When MariaDB is back, it is composed anew. */
static void
reject_offline(struct xc_follower *follower, const char *name,
    const char *hash, const char *reason)
{
	struct xc_errbuf errbuf = { "" };
	struct json_object *plugins;

	plugins = xc_follower_without(follower, name, hash, reason);
	if (plugins == NULL)
		return;
	if (xc_follower_write(follower, xc_registry_number(
	    follower->snapshot, "generation"), plugins, false, &errbuf) !=
	    XC_OK)
		xc_logf(&xc_follower_log, XC_LOG_ERROR, "%s", errbuf.text);
	json_object_put(plugins);
	note_again(follower, true);
}

static void
on_reject(struct xc_follower *follower, const struct json_object *message)
{
	const char *name = xc_registry_text(message, "name");
	const char *hash = xc_registry_text(message, "hash");
	const char *reason = xc_registry_text(message, "reason");

	if (hash[0] == '\0')
		return;
	xc_follower_refuse(follower, hash,
	    xc_registry_number(follower->revisions, name), reason);
	look(follower, true);
	if (!follower->reachable)
		reject_offline(follower, name, hash, reason);
}

static void
on_retry(struct xc_follower *follower)
{
	replace(&follower->refused, json_object_new_object());
	replace(&follower->entries, json_object_new_object());
	look(follower, true);
	tell_registry(follower, "");
}

static void
on_poke(struct xc_follower *follower)
{
	struct xc_errbuf errbuf = { "" };
	uint64_t generation;

	look(follower, false);
	if (!follower->reachable)
		(void)xc_registry_generation(follower->registry, &generation,
		    &errbuf);
	tell_registry(follower, errbuf.text);
}

static void
take_message(struct xc_follower *follower, const char *text, size_t len)
{
	struct json_object *message = NULL;
	const char *event;

	if (xc_json_parse(text, len, &message, NULL, 0) != XC_OK)
		return;
	event = xc_registry_text(message, "event");
	if (strcmp(event, "poke") == 0)
		on_poke(follower);
	else if (strcmp(event, "applied") == 0)
		xc_follower_applied(follower, message);
	else if (strcmp(event, "reject") == 0)
		on_reject(follower, message);
	else if (strcmp(event, "quarantine") == 0)
		xc_follower_take_off(follower, message);
	else if (strcmp(event, "retry") == 0)
		on_retry(follower);
	json_object_put(message);
}

/* XC_ERR_NOT_FOUND: the manager is gone. */
static enum xc_err
read_message(struct xc_follower *follower)
{
	ssize_t size = recv(follower->fd, NULL, 0,
	    MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
	char *text;
	ssize_t n;

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return XC_OK;
	if (size <= 0 || size > (ssize_t)MESSAGE_MAX)
		return XC_ERR_NOT_FOUND;
	text = malloc((size_t)size + 1);
	if (text == NULL)
		return XC_ERR_NOMEM;
	n = recv(follower->fd, text, (size_t)size, MSG_DONTWAIT);
	if (n > 0) {
		text[n] = '\0';
		take_message(follower, text, (size_t)n);
	}
	free(text);
	return n > 0 ? XC_OK : XC_ERR_NOT_FOUND;
}

static bool
parse_id(const char *text, char id_r[33])
{
	if (strspn(text, "0123456789abcdef") < 32)
		return false;
	memcpy(id_r, text, 32);
	id_r[32] = '\0';
	return true;
}

/* A host is a state folder: two sites on one machine are two hosts. */
static enum xc_err
read_host_id(struct xc_follower *follower, struct xc_errbuf *errbuf)
{
	char path[PATH_MAX];
	char text[40] = "";
	ssize_t n;
	enum xc_err err;
	int fd;

	snprintf(path, sizeof(path), "%s/host-id",
	    follower->settings->server.state_dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return xc_fail(errbuf, XC_ERR_IO, "cannot open %s: %s", path,
		    strerror(errno));
	n = read(fd, text, sizeof(text) - 1);
	if (n >= 32 && parse_id(text, follower->host_id)) {
		close(fd);
		return XC_OK;
	}
	err = xc_registry_token(follower->host_id, errbuf);
	snprintf(text, sizeof(text), "%s\n", follower->host_id);
	if (err == XC_OK && (ftruncate(fd, 0) != 0 ||
	    pwrite(fd, text, strlen(text), 0) != (ssize_t)strlen(text)))
		err = xc_fail(errbuf, XC_ERR_IO, "cannot write %s: %s", path,
		    strerror(errno));
	close(fd);
	return err;
}

/* What served before serves on; a damaged file gives way to an older one. */
static void
take_current(struct xc_follower *follower)
{
	const char *state_dir = follower->settings->server.state_dir;
	struct xc_errbuf errbuf = { "" };
	char path[PATH_MAX];
	enum xc_err err;

	follower->sequence = xc_snapshot_last_sequence(state_dir);
	xc_snapshot_current(state_dir, path, sizeof(path));
	err = xc_snapshot_read(path, &follower->snapshot, &errbuf);
	if (err == XC_OK || (err == XC_ERR_NOT_FOUND &&
	    follower->sequence == 0))
		return;
	xc_logf(&xc_follower_log, XC_LOG_ERROR, "%s", errbuf.text);
	if (xc_snapshot_recover(state_dir, path, sizeof(path),
	    &follower->snapshot, &errbuf) == XC_OK)
		tell_snapshot(follower, path, false);
	else
		xc_logf(&xc_follower_log, XC_LOG_ERROR, "%s", errbuf.text);
}

static enum xc_err
begin(struct xc_follower *follower, struct xc_errbuf *errbuf)
{
	enum xc_err err;

	if (gethostname(follower->host_name,
	    sizeof(follower->host_name) - 1) != 0)
		strcpy(follower->host_name, "localhost");
	follower->failed = json_object_new_array();
	follower->good = json_object_new_object();
	follower->rejected = json_object_new_array();
	follower->refused = json_object_new_object();
	follower->revisions = json_object_new_object();
	follower->entries = json_object_new_object();
	follower->untold = json_object_new_object();
	follower->quarantined = json_object_new_array();
	err = read_host_id(follower, errbuf);
	if (err == XC_OK)
		err = xc_registry_new(follower->settings,
		    &follower->registry, errbuf);
	if (err != XC_OK)
		return err;
	/* No request waits here: it is for us to see when MariaDB is back. */
	xc_connection_lookout(xc_registry_connection(follower->registry),
	    follower->settings->reload.poll_ms);
	take_current(follower);
	xc_follower_recall(follower);
	xc_follower_make_safe(follower);
	return XC_OK;
}

/* SIGUSR2: another follower takes our place, and our row with it; gone for a
 * moment, this host would not be waited for. */
static bool
is_succeeded(void)
{
	sigset_t pending;

	return ending == SIGUSR2 || (sigpending(&pending) == 0 &&
	    sigismember(&pending, SIGUSR2) == 1);
}

static void
end(struct xc_follower *follower)
{
	if (follower->registry != NULL && follower->reachable &&
	    !is_succeeded())
		(void)xc_registry_leave(follower->registry,
		    follower->host_id, NULL);
	xc_registry_free(&follower->registry);
	json_object_put(follower->snapshot);
	json_object_put(follower->failed);
	json_object_put(follower->good);
	json_object_put(follower->rejected);
	json_object_put(follower->refused);
	json_object_put(follower->revisions);
	json_object_put(follower->entries);
	json_object_put(follower->untold);
	json_object_put(follower->quarantined);
}

static int
wait_ms(const struct xc_follower *follower)
{
	int64_t next = follower->next_poll < follower->next_beat ?
	    follower->next_poll : follower->next_beat;
	int64_t left = next - xc_follower_clock();

	return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

/* Signals come only while it waits, so that no step is cut in two. */
static void
follow(struct xc_follower *follower, const sigset_t *open)
{
	struct pollfd pfd = { .fd = follower->fd, .events = POLLIN };

	look(follower, true);
	xc_follower_document_current(follower);
	while (!ending) {
		int ms = wait_ms(follower);
		struct timespec ts = { .tv_sec = ms / 1000,
			.tv_nsec = (ms % 1000) * 1000000L };
		int n = ppoll(&pfd, 1, &ts, open);

		if (n > 0 && read_message(follower) == XC_ERR_NOT_FOUND)
			return;
		if (xc_follower_clock() >= follower->next_poll)
			look(follower, false);
		xc_follower_beat(follower, false);
	}
}

static void
catch_signals(sigset_t *open_r)
{
	struct sigaction action = { .sa_handler = on_end };
	sigset_t blocked;

	sigemptyset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGUSR2);
	sigprocmask(SIG_BLOCK, &blocked, open_r);
	sigdelset(open_r, SIGTERM);
	sigdelset(open_r, SIGINT);
	sigdelset(open_r, SIGUSR2);
}

int
xc_follower_run(const struct xc_settings *settings, int fd, bool safe)
{
	struct xc_follower follower = { .settings = settings, .fd = fd,
		.safe = safe };
	struct xc_errbuf errbuf = { "" };
	sigset_t open;
	enum xc_err err;

	catch_signals(&open);
	err = begin(&follower, &errbuf);
	if (err == XC_OK)
		follow(&follower, &open);
	else
		xc_logf(&xc_follower_log, XC_LOG_ERROR, "%s", errbuf.text);
	end(&follower);
	close(fd);
	return err == XC_OK ? 0 : 1;
}
