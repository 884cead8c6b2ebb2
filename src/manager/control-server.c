/* SPDX-License-Identifier: MIT */
/* The control socket: lines in, lines out, never waiting for a client. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "manager/manager-private.h"

#define CLIENTS_MAX 32
#define LINE_MAX_BYTES (64 << 10)
#define CLIENT_MS 5000		/* to send a request, to take an answer */
#define WAIT_MS 90000		/* for an answer that takes time */
#define DEPTH_MAX 16
#define BACKLOG 64

struct client {
	struct xc_manager *manager;
	struct xc_watch watch;
	uint64_t until;
	uint64_t serial;	/* of this conversation */
	bool waits;		/* for an answer that is still being made */
	char who[64];		/* "uid 0, process 1234" */
	char *in;		/* LINE_MAX_BYTES */
	size_t in_len;
	char *out;		/* NULL: nothing is owed */
	size_t out_len;
	size_t out_sent;
};

struct xc_control {
	struct xc_manager *manager;
	struct xc_watch listener;
	char path[PATH_MAX];
	uint64_t next_serial;
	struct client clients[CLIENTS_MAX];
};

static void
drop_client(struct client *client)
{
	xc_events_drop(&client->manager->events, &client->watch);
	free(client->in);
	free(client->out);
	client->in = client->out = NULL;
	client->in_len = client->out_len = client->out_sent = 0;
	client->waits = false;
}

/* Sends what the socket takes; false if the client is gone. */
static bool
push(struct client *client)
{
	ssize_t n;

	while (client->out_sent < client->out_len) {
		n = send(client->watch.fd, client->out + client->out_sent,
		    client->out_len - client->out_sent,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return errno == EAGAIN;
		client->out_sent += (size_t)n;
	}
	free(client->out);
	client->out = NULL;
	client->out_len = client->out_sent = 0;
	return true;
}

static struct json_object *
refusal(const char *sentence)
{
	struct json_object *answer = json_object_new_object();

	json_object_object_add(answer, "ok", json_object_new_boolean(0));
	json_object_object_add(answer, "code", json_object_new_int(2));
	json_object_object_add(answer, "error",
	    json_object_new_string(sentence));
	return answer;
}

/* Takes the answer's reference; false if it cannot be kept. */
static bool
set_answer(struct client *client, struct json_object *answer)
{
	const char *text;
	size_t len;

	text = json_object_to_json_string_length(answer,
	    JSON_C_TO_STRING_PLAIN, &len);
	client->out = malloc(len + 1);
	if (client->out != NULL) {
		memcpy(client->out, text, len);
		client->out[len] = '\n';
		client->out_len = len + 1;
		client->out_sent = 0;
	}
	json_object_put(answer);
	client->until = xc_now_ms() + CLIENT_MS;
	return client->out != NULL;
}

static struct json_object *
answer_line(struct client *client, const char *line, size_t len)
{
	const struct xc_control_client asking = { .serial = client->serial,
		.who = client->who };
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
	struct json_object *request, *answer;

	if (tokener == NULL)
		return refusal("out of memory");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	request = json_tokener_parse_ex(tokener, line, (int)len);
	if (json_tokener_get_error(tokener) != json_tokener_success ||
	    !json_object_is_type(request, json_type_object))
		answer = refusal("the request is not one JSON object in one "
		    "line");
	else
		answer = xc_control_answer(client->manager, request, &asking);
	json_object_put(request);
	json_tokener_free(tokener);
	return answer;
}

/* Answers the first whole line; the others wait until that is taken. */
static bool
serve(struct client *client)
{
	struct json_object *answer;
	char *end;
	size_t used;

	while (client->out == NULL && !client->waits) {
		end = memchr(client->in, '\n', client->in_len);
		if (end == NULL)
			return client->in_len < LINE_MAX_BYTES;
		used = (size_t)(end - client->in) + 1;
		*end = '\0';
		answer = answer_line(client, client->in, used);
		memmove(client->in, client->in + used,
		    client->in_len - used);
		client->in_len -= used;
		if (answer == NULL) {
			client->waits = true;
			client->until = xc_now_ms() + WAIT_MS;
			return true;
		}
		if (!set_answer(client, answer) || !push(client))
			return false;
	}
	return true;
}

/* False at the end of what it sends. */
static bool
pull(struct client *client)
{
	ssize_t n;

	n = recv(client->watch.fd, client->in + client->in_len,
	    LINE_MAX_BYTES - client->in_len, MSG_DONTWAIT);
	if (n == -1)
		return errno == EAGAIN || errno == EINTR;
	client->in_len += (size_t)n;
	return n > 0;
}

static void
on_client(void *ctx, uint32_t events)
{
	struct client *client = ctx;
	bool alive = true;

	if (client->out != NULL)
		alive = push(client);
	else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		alive = pull(client);
	alive = alive && serve(client);
	if (!alive) {
		drop_client(client);
		return;
	}
	xc_events_change(&client->manager->events, &client->watch,
	    client->out != NULL ? EPOLLOUT : EPOLLIN);
}

static void
describe_peer(struct client *client)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	snprintf(client->who, sizeof(client->who), "someone");
	if (getsockopt(client->watch.fd, SOL_SOCKET, SO_PEERCRED, &peer,
		&len) == 0)
		snprintf(client->who, sizeof(client->who),
		    "uid %ld, process %ld", (long)peer.uid, (long)peer.pid);
}

static struct client *
free_client(struct xc_control *control)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		if (control->clients[i].watch.fd == -1)
			return &control->clients[i];
	}
	return NULL;
}

static void
on_listener(void *ctx, uint32_t events)
{
	static const char busy[] =
	    "{\"ok\":false,\"code\":1,\"error\":\"too many are asking\"}\n";
	struct xc_control *control = ctx;
	struct client *client = free_client(control);
	int fd;

	(void)events;
	fd = accept4(control->listener.fd, NULL, NULL,
	    SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd == -1)
		return;
	if (client != NULL)
		client->in = malloc(LINE_MAX_BYTES);
	if (client == NULL || client->in == NULL) {
		(void)send(fd, busy, sizeof(busy) - 1,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		close(fd);
		return;
	}
	client->watch = (struct xc_watch){ fd, on_client, client };
	client->serial = ++control->next_serial;
	client->waits = false;
	client->until = xc_now_ms() + CLIENT_MS;
	describe_peer(client);
	if (xc_events_add(&control->manager->events, &client->watch, EPOLLIN,
		NULL) != XC_OK)
		drop_client(client);
}

/*
 * We hold the lock of run_dir, so a file there is a dead manager's; one
 * elsewhere may be a live one's, of another run_dir.
 */
static enum xc_err
refuse_live(const struct sockaddr_un *address, struct xc_errbuf *errbuf)
{
	struct ucred peer = { .pid = 0 };
	socklen_t len = sizeof(peer);
	int fd, rc;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return XC_OK;
	rc = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	if (rc == 0)
		(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	close(fd);
	if (rc != 0)
		return XC_OK;
	return xc_fail(errbuf, XC_ERR_BUSY,
	    "process %ld listens on server.control %s: give this xcored a "
	    "path of its own", (long)peer.pid, address->sun_path);
}

static enum xc_err
bind_path(int fd, const char *path, struct xc_errbuf *errbuf)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	enum xc_err err;
	struct stat st;
	mode_t mask;
	int rc;

	if (strlen(path) >= sizeof(address.sun_path))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "server.control %s is longer than %zu characters, which "
		    "a unix socket cannot be", path,
		    sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, path);
	if (lstat(path, &st) == 0) {
		if (!S_ISSOCK(st.st_mode))
			return xc_fail(errbuf, XC_ERR_INVALID,
			    "server.control %s is there and is no socket",
			    path);
		err = refuse_live(&address, errbuf);
		if (err != XC_OK)
			return err;
		(void)unlink(path);
	}
	mask = umask(0117);
	rc = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (rc == -1 || listen(fd, BACKLOG) == -1)
		return xc_fail(errbuf, XC_ERR_IO,
		    "cannot listen on server.control %s: %s", path,
		    strerror(errno));
	return XC_OK;
}

static enum xc_err
make_listener(struct xc_control *control, struct xc_errbuf *errbuf)
{
	enum xc_err err;
	int fd;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return xc_fail(errbuf, XC_ERR_IO, "socket: %s",
		    strerror(errno));
	err = bind_path(fd, control->path, errbuf);
	if (err != XC_OK) {
		close(fd);
		return err;
	}
	control->listener.fd = fd;
	return XC_OK;
}

enum xc_err
xc_control_open(struct xc_manager *m, int inherited_fd,
    struct xc_errbuf *errbuf)
{
	struct xc_control *control = calloc(1, sizeof(*control));
	enum xc_err err = XC_OK;

	if (control == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	control->manager = m;
	control->listener = (struct xc_watch){ inherited_fd, on_listener,
		control };
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		control->clients[i].manager = m;
		control->clients[i].watch.fd = -1;
	}
	snprintf(control->path, sizeof(control->path), "%s",
	    m->settings->server.control);
	if (inherited_fd == -1)
		err = make_listener(control, errbuf);
	if (err != XC_OK) {
		free(control);
		return err;
	}
	m->control = control;
	return xc_events_add(&m->events, &control->listener, EPOLLIN, errbuf);
}

void
xc_control_deliver(struct xc_manager *m, uint64_t serial,
    struct json_object *answer)
{
	struct client *client = NULL;

	for (size_t i = 0; m->control != NULL && i < CLIENTS_MAX; i++) {
		client = &m->control->clients[i];
		if (client->watch.fd != -1 && client->waits &&
		    client->serial == serial)
			break;
		client = NULL;
	}
	if (client == NULL) {
		json_object_put(answer);
		return;
	}
	client->waits = false;
	if (!set_answer(client, answer) || !push(client) || !serve(client)) {
		drop_client(client);
		return;
	}
	xc_events_change(&m->events, &client->watch,
	    client->out != NULL ? EPOLLOUT : EPOLLIN);
}

void
xc_control_tick(struct xc_manager *m, uint64_t now, uint64_t *next)
{
	struct client *client;

	for (size_t i = 0; m->control != NULL && i < CLIENTS_MAX; i++) {
		client = &m->control->clients[i];
		if (client->watch.fd == -1)
			continue;
		if (now >= client->until)
			drop_client(client);
		else
			xc_sooner(next, client->until);
	}
}

int
xc_control_fd(const struct xc_manager *m)
{
	return m->control == NULL ? -1 : m->control->listener.fd;
}

bool
xc_control_pause(struct xc_manager *m)
{
	struct xc_control *control = m->control;

	xc_events_change(&m->events, &control->listener, 0);
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		if (control->clients[i].watch.fd != -1)
			return true;
	}
	return false;
}

void
xc_control_resume(struct xc_manager *m)
{
	xc_events_change(&m->events, &m->control->listener, EPOLLIN);
}

void
xc_control_close(struct xc_manager *m, bool remove)
{
	struct xc_control *control = m->control;

	if (control == NULL)
		return;
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		if (control->clients[i].watch.fd != -1)
			drop_client(&control->clients[i]);
	}
	xc_events_drop(&m->events, &control->listener);
	if (remove)
		(void)unlink(control->path);
	free(control);
	m->control = NULL;
}

void
xc_control_leave(struct xc_manager *m)
{
	struct xc_control *control = m->control;

	if (control == NULL)
		return;
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		if (control->clients[i].watch.fd != -1)
			close(control->clients[i].watch.fd);
		free(control->clients[i].in);
		free(control->clients[i].out);
	}
	if (control->listener.fd != -1)
		close(control->listener.fd);
	free(control);
	m->control = NULL;
}
