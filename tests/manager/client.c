/* SPDX-License-Identifier: MIT */
/*
 * The parts of tests/manager/run that a shell cannot do:
 *
 *	client once SOCKET		asks once, prints the status
 *	client load SOCKET [keep]	asks until SIGTERM, prints how it went
 *	client slow SOCKET		sends half a request, then at a line
 *					on stdin the rest; prints the status
 *	client line SOCKET		sends stdin as it is, prints the answer
 *	client hold SOCKET N		N connections, until stdin ends
 *	client field KEY.KEY.INDEX	prints a part of the JSON on stdin
 *	client notify SOCKET WORD	prints datagrams until one has WORD
 */
#include <errno.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/fastcgi/client.h"

#define REPLY_MS 20000

/* Blocked, so that it does not cut a request short. */
static bool
is_stopped(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && sigismember(&pending, SIGTERM);
}

static int
dial(const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -1;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)&address,
		sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
run_once(const char *path)
{
	const struct request request = { .close = true };
	struct reply reply;
	int fd = dial(path, SOCK_STREAM);

	if (fd == -1) {
		printf("no connection: %s\n", strerror(errno));
		return 1;
	}
	reply = ask(fd, &request);
	printf("%d\n", reply.ended ? reply.status : 0);
	reply_free(&reply);
	close(fd);
	return 0;
}

struct tally {
	unsigned long answered;
	unsigned long failed;
	char why[128];		/* the first failure's reason */
};

static void
fail(struct tally *tally, const char *why)
{
	if (tally->failed++ == 0)
		snprintf(tally->why, sizeof(tally->why), ": %s", why);
}

/* One request; *fd is kept for the next one or -1 after it. */
static void
load_once(const char *path, bool keep, int *fd, struct tally *tally)
{
	const struct request request = { .close = !keep };
	struct reply reply;
	bool first = *fd == -1;

	if (first)
		*fd = dial(path, SOCK_STREAM);
	if (*fd == -1) {
		fail(tally, strerror(errno));
		return;
	}
	reply = ask(*fd, &request);
	if (reply.ended && reply.status != 0)
		tally->answered++;
	else
		fail(tally, reply.timeout ? "no answer in time" :
		    first ? "closed without an answer" :
		    "a kept connection was closed");
	if (!keep || reply.closed || !reply.ended) {
		close(*fd);
		*fd = -1;
	}
	reply_free(&reply);
}

static int
run_load(const char *path, bool keep)
{
	struct tally tally = { .why = "" };
	int fd = -1;

	while (!is_stopped())
		load_once(path, keep, &fd, &tally);
	if (fd != -1)
		close(fd);
	printf("%lu answered, %lu failed%s\n", tally.answered, tally.failed,
	    tally.why);
	return tally.failed == 0 && tally.answered > 0 ? 0 : 1;
}

static int
run_slow(const char *path)
{
	const struct request request = { .method = "POST",
		.body = "0123456789", .body_len = 10, .close = true };
	struct wire_buf buf = { 0 };
	struct reply reply;
	char line[16];
	size_t half;
	int fd = dial(path, SOCK_STREAM);

	buf_request(&buf, &request);
	half = buf.len - 20;
	if (fd == -1 || !send_bytes(fd, buf.p, half))
		return 1;
	puts("begun");
	fflush(stdout);
	if (fgets(line, sizeof(line), stdin) == NULL ||
	    !send_bytes(fd, buf.p + half, buf.len - half))
		return 1;
	reply = read_reply(fd, REPLY_MS);
	printf("%d\n", reply.ended ? reply.status : 0);
	reply_free(&reply);
	buf_free(&buf);
	close(fd);
	return 0;
}

static int
run_line(const char *path)
{
	char text[65536];
	ssize_t n;
	int fd = dial(path, SOCK_STREAM);

	if (fd == -1)
		return 1;
	while ((n = read(STDIN_FILENO, text, sizeof(text))) > 0) {
		if (!send_bytes(fd, text, (size_t)n))
			break;
	}
	while ((n = recv(fd, text, sizeof(text), 0)) > 0) {
		fwrite(text, 1, (size_t)n, stdout);
		if (text[n - 1] == '\n')
			break;
	}
	close(fd);
	return 0;
}

static int
run_hold(const char *path, int n)
{
	char byte;

	while (n-- > 0) {
		if (dial(path, SOCK_STREAM) == -1)
			return 1;
	}
	puts("held");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}

/* The part of at that key names; "length" of an array is printed. */
static struct json_object *
step(struct json_object *at, const char *key)
{
	struct json_object *next = NULL;

	if (!json_object_is_type(at, json_type_array))
		(void)json_object_object_get_ex(at, key, &next);
	else if (strcmp(key, "length") == 0)
		printf("%zu\n", json_object_array_length(at));
	else
		next = json_object_array_get_idx(at, strtoul(key, NULL, 10));
	return next;
}

static struct json_object *
find(struct json_object *at, char *path)
{
	char *save = NULL;

	for (char *key = strtok_r(path, ".", &save); key != NULL && at != NULL;
	    key = strtok_r(NULL, ".", &save))
		at = step(at, key);
	return at;
}

static int
run_field(char *path)
{
	static char text[1 << 20];
	struct json_object *object, *value;
	size_t n = fread(text, 1, sizeof(text) - 1, stdin);

	text[n] = '\0';
	object = json_tokener_parse(text);
	value = find(object, path);
	if (value != NULL)
		puts(json_object_get_string(value));
	json_object_put(object);
	return 0;
}

static int
run_notify(const char *path, const char *word)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval limit = { .tv_sec = 20 };
	char text[512];
	ssize_t n;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd == -1 || strlen(path) >= sizeof(address.sun_path))
		return 1;
	strcpy(address.sun_path, path);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (bind(fd, (const struct sockaddr *)&address,
		sizeof(address)) == -1)
		return 1;
	while ((n = recv(fd, text, sizeof(text) - 1, 0)) > 0) {
		text[n] = '\0';
		puts(text);
		fflush(stdout);
		if (strstr(text, word) != NULL)
			return 0;
	}
	return 1;
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 2 ? argv[1] : "";
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	if (strcmp(mode, "load") == 0)
		(void)sigprocmask(SIG_BLOCK, &term, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	if (strcmp(mode, "once") == 0)
		return run_once(argv[2]);
	if (strcmp(mode, "load") == 0)
		return run_load(argv[2], argc > 3);
	if (strcmp(mode, "slow") == 0)
		return run_slow(argv[2]);
	if (strcmp(mode, "line") == 0)
		return run_line(argv[2]);
	if (strcmp(mode, "hold") == 0 && argc > 3)
		return run_hold(argv[2], atoi(argv[3]));
	if (strcmp(mode, "field") == 0)
		return run_field(argv[2]);
	if (strcmp(mode, "notify") == 0 && argc > 3)
		return run_notify(argv[2], argv[3]);
	fputs("client: which part? see client.c\n", stderr);
	return 2;
}
