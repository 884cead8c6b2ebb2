/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "manager/control.h"

#define REPLY_MAX (64 << 20)
#define REPLY_STEP (64 << 10)

struct call {
	const char *path;
	int fd;
	int64_t until;		/* milliseconds of CLOCK_MONOTONIC */
	char *reply;
	size_t len;
	size_t size;
};

static int64_t
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until the socket is ready; XC_ERR_TIMEOUT when the time is over. */
static enum xc_err
wait_for(struct call *call, short events, struct xc_errbuf *errbuf)
{
	struct pollfd ready = { .fd = call->fd, .events = events };
	int64_t left;
	int rc;

	do {
		left = call->until - clock_ms();
		rc = left <= 0 ? 0 : poll(&ready, 1, (int)left);
	} while (rc == -1 && errno == EINTR);
	if (rc == 1)
		return XC_OK;
	return xc_fail(errbuf, XC_ERR_TIMEOUT,
	    "the manager at %s does not answer in time", call->path);
}

static enum xc_err
open_socket(struct call *call, struct xc_errbuf *errbuf)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *remedy;

	if (strlen(call->path) >= sizeof(address.sun_path))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "%s is too long for a unix socket", call->path);
	strcpy(address.sun_path, call->path);
	call->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (call->fd == -1)
		return xc_fail(errbuf, XC_ERR_IO, "socket: %s",
		    strerror(errno));
	if (connect(call->fd, (const struct sockaddr *)&address,
		sizeof(address)) == 0)
		return XC_OK;
	if (errno == EACCES)
		return xc_fail(errbuf, XC_ERR_DENIED,
		    "no right to talk to the manager at %s: be root, xcored's "
		    "user or of its group", call->path);
	remedy = errno == ENOENT || errno == ECONNREFUSED ?
	    "no manager runs there" : strerror(errno);
	return xc_fail(errbuf, XC_ERR_UNAVAILABLE, "%s: %s", call->path,
	    remedy);
}

static enum xc_err
send_all(struct call *call, const char *text, size_t len,
    struct xc_errbuf *errbuf)
{
	enum xc_err err;
	ssize_t n;

	while (len > 0) {
		err = wait_for(call, POLLOUT, errbuf);
		if (err != XC_OK)
			return err;
		n = send(call->fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n == -1)
			return xc_fail(errbuf, XC_ERR_UNAVAILABLE, "%s: %s",
			    call->path, strerror(errno));
		text += n;
		len -= (size_t)n;
	}
	return XC_OK;
}

static enum xc_err
send_request(struct call *call, struct json_object *request,
    struct xc_errbuf *errbuf)
{
	const char *text;
	enum xc_err err;
	size_t len;

	text = json_object_to_json_string_length(request,
	    JSON_C_TO_STRING_PLAIN, &len);
	err = send_all(call, text, len, errbuf);
	if (err != XC_OK)
		return err;
	return send_all(call, "\n", 1, errbuf);
}

static enum xc_err
make_room(struct call *call, struct xc_errbuf *errbuf)
{
	char *larger;

	if (call->size - call->len > REPLY_STEP / 2)
		return XC_OK;
	if (call->size >= REPLY_MAX)
		return xc_fail(errbuf, XC_ERR_TOO_LARGE,
		    "the manager's answer is too long");
	larger = realloc(call->reply, call->size * 2 + REPLY_STEP);
	if (larger == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	call->reply = larger;
	call->size = call->size * 2 + REPLY_STEP;
	return XC_OK;
}

static enum xc_err
read_reply(struct call *call, struct xc_errbuf *errbuf)
{
	enum xc_err err;
	ssize_t n;

	for (;;) {
		err = make_room(call, errbuf);
		if (err == XC_OK)
			err = wait_for(call, POLLIN, errbuf);
		if (err != XC_OK)
			return err;
		n = recv(call->fd, call->reply + call->len,
		    call->size - call->len - 1, MSG_DONTWAIT);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return xc_fail(errbuf, XC_ERR_UNAVAILABLE,
			    "the manager at %s ended before it answered",
			    call->path);
		call->len += (size_t)n;
		call->reply[call->len] = '\0';
		if (call->reply[call->len - 1] == '\n')
			return XC_OK;
	}
}

static enum xc_err
converse(struct call *call, struct json_object *request,
    struct json_object **reply_r, struct xc_errbuf *errbuf)
{
	enum xc_err err;

	err = open_socket(call, errbuf);
	if (err == XC_OK)
		err = send_request(call, request, errbuf);
	if (err == XC_OK)
		err = read_reply(call, errbuf);
	if (err != XC_OK)
		return err;
	*reply_r = json_tokener_parse(call->reply);
	if (!json_object_is_type(*reply_r, json_type_object)) {
		json_object_put(*reply_r);
		*reply_r = NULL;
		return xc_fail(errbuf, XC_ERR_IO,
		    "what listens at %s does not answer as a manager does",
		    call->path);
	}
	return XC_OK;
}

enum xc_err
xc_control_call(const char *path, struct json_object *request,
    int timeout_ms, struct json_object **reply_r, struct xc_errbuf *errbuf)
{
	struct call call = { .path = path, .fd = -1 };
	enum xc_err err;

	*reply_r = NULL;
	call.until = clock_ms() + timeout_ms;
	err = converse(&call, request, reply_r, errbuf);
	if (call.fd != -1)
		close(call.fd);
	free(call.reply);
	return err;
}
