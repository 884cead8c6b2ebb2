/* SPDX-License-Identifier: MIT */
/* Memcached: each server of the settings, asked in its own text protocol. */
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json_object.h>

#include "tools/xcorectl-doctor.h"

#define ANSWER_MS 500
#define ANSWER_MAX 16384
/* Values that plugins may put: <xcore/cache.h>. */
#define VALUE_MAX (1u << 20)

static int
connect_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd != -1 && connect(fd, (const void *)&address,
	    sizeof(address)) != 0) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

static int
connect_address(const struct addrinfo *info)
{
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	struct pollfd wait = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int error = 0;

	if (fd == -1)
		return -1;
	if (connect(fd, info->ai_addr, info->ai_addrlen) == 0)
		return fd;
	error = errno;
	if (error == EINPROGRESS) {
		error = ETIMEDOUT;
		if (poll(&wait, 1, ANSWER_MS) == 1)
			getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	}
	if (error == 0)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

/* "host:port", "host" or "[address]:port". */
static int
connect_tcp(const char *server)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_ADDRCONFIG }, *list = NULL;
	const char *name = server, *port = "11211";
	char copy[256], *colon;
	int fd = -1;

	snprintf(copy, sizeof(copy), "%s", server);
	colon = strrchr(copy, ':');
	if (colon != NULL && strchr(copy, ':') == colon) {
		*colon = '\0';
		port = colon + 1;
		name = copy;
	} else if (copy[0] == '[' && colon != NULL && colon[-1] == ']') {
		colon[-1] = '\0';
		port = colon + 1;
		name = copy + 1;
	}
	if (getaddrinfo(name, port, &hints, &list) != 0) {
		errno = EHOSTUNREACH;
		return -1;
	}
	for (const struct addrinfo *at = list; at != NULL && fd == -1;
	    at = at->ai_next)
		fd = connect_address(at);
	freeaddrinfo(list);
	return fd;
}

/* Sends a command and reads to its end; false: no answer in time. */
static bool
ask(int fd, const char *command, const char *end, char *text)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	size_t len = 0;
	ssize_t n;

	text[0] = '\0';
	if (send(fd, command, strlen(command), MSG_NOSIGNAL) == -1)
		return false;
	while (strstr(text, end) == NULL) {
		if (len + 1 >= ANSWER_MAX || poll(&wait, 1, ANSWER_MS) != 1)
			return false;
		n = recv(fd, text + len, ANSWER_MAX - 1 - len, 0);
		if (n <= 0)
			return false;
		len += (size_t)n;
		text[len] = '\0';
	}
	return true;
}

/* The value of "STAT name value"; 0 without it. */
static uint64_t
stat_of(const char *text, const char *name)
{
	char line[80];
	const char *at;

	snprintf(line, sizeof(line), "STAT %s ", name);
	at = strstr(text, line);
	return at == NULL ? 0 : strtoull(at + strlen(line), NULL, 10);
}

static void
check_settings(const struct ctl_doctor *doctor, const char *server,
    const char *text)
{
	uint64_t item = stat_of(text, "item_size_max");
	uint64_t udp = stat_of(text, "udpport");

	if (item > 0 && item < VALUE_MAX)
		ctl_doctor_find(doctor, server, CTL_WARNING, "start it with "
		    "-I 2m", "item_size_max is %" PRIu64 ": plugins may put "
		    "values of %u bytes, and large ones do not fit",
		    item, VALUE_MAX);
	if (udp != 0)
		ctl_doctor_find(doctor, server, CTL_WARNING,
		    "start it with -U 0", "it answers on UDP port %" PRIu64
		    ", which others can abuse", udp);
	if (server[0] != '/' && strncmp(server, "127.", 4) != 0 &&
	    strncmp(server, "localhost", 9) != 0 &&
	    strncmp(server, "[::1]", 5) != 0)
		ctl_doctor_find(doctor, server, CTL_WARNING, "let a firewall "
		    "pass only the hosts of the site", "it is reached over "
		    "the network, and believes whoever asks");
}

static void
check_stats(const struct ctl_doctor *doctor, const char *server,
    const char *version, const char *text)
{
	uint64_t evictions = stat_of(text, "evictions");
	uint64_t hits = stat_of(text, "get_hits");
	uint64_t misses = stat_of(text, "get_misses");
	uint64_t all = hits + misses;

	ctl_doctor_find(doctor, server, CTL_OK, NULL, "Memcached %s, "
	    "%" PRIu64 " of %" PRIu64 " MB used, %" PRIu64 " %% hits", version,
	    stat_of(text, "bytes") >> 20,
	    stat_of(text, "limit_maxbytes") >> 20,
	    all > 0 ? hits * 100 / all : 0);
	if (evictions > 0)
		ctl_doctor_find(doctor, server, CTL_WARNING, "give it more "
		    "memory (-m)", "%" PRIu64 " values were thrown out to "
		    "make room", evictions);
}

/* Version 1.4.14 has all that is used; what is older is not known to work. */
static bool
version_ok(const char *version)
{
	unsigned major = 0, minor = 0, patch = 0;

	if (sscanf(version, "%u.%u.%u", &major, &minor, &patch) < 2)
		return false;
	return major > 1 || (major == 1 && (minor > 4 ||
	    (minor == 4 && patch >= 14)));
}

static bool
ask_all(const struct ctl_doctor *doctor, const char *server, int fd)
{
	char *text = malloc(ANSWER_MAX);
	char version[40] = "?";
	bool ok = text != NULL && ask(fd, "version\r\n", "\r\n", text) &&
	    sscanf(text, "VERSION %39s", version) == 1;

	if (ok && !version_ok(version))
		ctl_doctor_find(doctor, server, CTL_WARNING,
		    "update it to 1.5 or later", "it is version %s", version);
	ok = ok && ask(fd, "stats\r\n", "END\r\n", text);
	if (ok)
		check_stats(doctor, server, version, text);
	if (ok && ask(fd, "stats settings\r\n", "END\r\n", text))
		check_settings(doctor, server, text);
	free(text);
	return ok;
}

static void
check_server(const struct ctl_doctor *doctor, const char *server)
{
	int fd = server[0] == '/' ? connect_unix(server) :
	    connect_tcp(server);

	/* What we may not do, xcored's account may. */
	if (fd == -1 && errno == EACCES && geteuid() != 0 &&
	    (!doctor->known || doctor->uid != geteuid())) {
		ctl_doctor_find(doctor, server, CTL_UNKNOWN,
		    "run this as root or as xcored's user",
		    "cannot be reached by this account: %s",
		    strerror(errno));
		return;
	}
	if (fd == -1) {
		ctl_doctor_find(doctor, server, CTL_BAD, errno == EACCES ?
		    "give xcored's account the right to write to the socket" :
		    "start it, or take it out of cache.servers",
		    "cannot be reached: %s", strerror(errno));
		return;
	}
	if (!ask_all(doctor, server, fd))
		ctl_doctor_find(doctor, server, CTL_BAD,
		    "see whether it is Memcached and not stuck",
		    "takes connections and does not answer");
	close(fd);
}

void
ctl_doctor_cache(const struct ctl_doctor *doctor)
{
	struct json_object *servers = doctor->settings != NULL ?
	    doctor->settings->cache.servers : NULL;
	size_t n = servers != NULL ? json_object_array_length(servers) : 0;

	if (n == 0)
		ctl_doctor_find(doctor, "cache.servers", CTL_OK, NULL,
		    "none: there is no cache");
	for (size_t i = 0; i < n; i++)
		check_server(doctor, json_object_get_string(
		    json_object_array_get_idx(servers, i)));
}
