/* SPDX-License-Identifier: MIT */
/*
 * Calls of services, past the front doors of the library, which check before
 * they ask: what is not allowed must be refused by whoever is asked.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include <xcore/xcore.h>

#include "hostile.h"
#include "lib/request-private.h"
#include "sandbox/calls.h"

#define REFUSED XC_ATTACK_REFUSED
#define CAUGHT XC_ATTACK_CAUGHT
#define DIES XC_ATTACK_DIES
#define HARMLESS XC_ATTACK_HARMLESS
#define WALL XC_ATTACK_WALL
#define CPU XC_ATTACK_CPU

#define TURNS_S 5

/* Waits for the host's byte: only its bell is a pipe that can be read. */
static bool
wait_order(void)
{
	struct stat st;
	char byte;

	for (int fd = 3; fd < 256; fd++) {
		int flags = fcntl(fd, F_GETFL);

		if (flags != -1 && (flags & O_ACCMODE) == O_RDONLY &&
		    fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
			return read(fd, &byte, 1) == 1;
	}
	return false;
}

static struct xc_call_writer
arguments(struct xc_attack_scene *scene)
{
	struct xc_channel_head *head = xc_attack_channel(scene);
	struct xc_call_writer w = { 0 };

	if (head == NULL)
		return w;
	w.base = (unsigned char *)scene->req->in.base + head->sizes.request +
	    head->sizes.reply;
	w.cap = head->sizes.args;
	return w;
}

static void
ring_for(struct xc_channel_head *head, uint32_t call, size_t len)
{
	head->notice = (struct xc_notice){ .kind = XC_NOTICE_CALL,
		.seq = head->order.seq, .call = call, .len = (uint32_t)len };
	xc_attack_ring("x", 1);
}

/* Asks, and says how it was answered. */
static void
ask(struct xc_attack_scene *scene, uint32_t call,
    const struct xc_call_writer *w)
{
	struct xc_channel_head *head = xc_attack_channel(scene);

	if (head == NULL)
		return;
	ring_for(head, call, w->len);
	if (!wait_order())
		xc_attack_harmless(scene, "no answer came");
	else if (head->order.kind == XC_ORDER_RESULT &&
	    head->order.err != XC_OK)
		xc_attack_refused(scene, xc_strerror(
		    (enum xc_err)head->order.err), EPERM);
	else
		xc_attack_succeeded(scene, "%s was done",
		    xc_call_name((enum xc_call)call));
}

static void
ask_database(struct xc_attack_scene *scene)
{
	struct xc_call_writer w = arguments(scene);

	xc_call_put_text(&w, "SELECT user, password FROM mysql.user");
	xc_call_put_u64(&w, 10);
	xc_call_put_values(&w, NULL, 0);
	ask(scene, XC_CALL_DB_ROWS, &w);
}

static void
ask_begin(struct xc_attack_scene *scene)
{
	struct xc_call_writer w = arguments(scene);

	ask(scene, XC_CALL_DB_BEGIN, &w);
}

static void
ask_cache(struct xc_attack_scene *scene)
{
	struct xc_call_writer w = arguments(scene);

	xc_call_put_text(&w, "key");
	xc_call_put_bytes(&w, "value", 5);
	xc_call_put_u32(&w, 60);
	ask(scene, XC_CALL_CACHE_SET, &w);
}

static void
ask_event(struct xc_attack_scene *scene)
{
	struct xc_call_writer w = arguments(scene);

	xc_call_put_text(&w, "todo.created");
	xc_call_put_json(&w, NULL);
	ask(scene, XC_CALL_EVENT, &w);
}

static void
ask_unknown(struct xc_attack_scene *scene)
{
	struct xc_call_writer w = arguments(scene);

	ask(scene, XC_CALL__MAX + 1000, &w);
}

/* Arguments that are none. */
static void
ask_noise(struct xc_attack_scene *scene)
{
	struct xc_call_writer w = arguments(scene);

	if (w.base == NULL)
		return;
	for (w.len = 0; w.len < 4096; w.len++)
		w.base[w.len] = (unsigned char)rand();
	ask(scene, XC_CALL_DB_ROWS, &w);
}

/* A text whose length goes past the arguments. */
static void
ask_long(struct xc_attack_scene *scene)
{
	struct xc_call_writer w = arguments(scene);
	uint32_t len = UINT32_MAX - 4;

	if (w.base == NULL)
		return;
	xc_call_put_text(&w, "key");
	memcpy(w.base + 1, &len, sizeof(len));
	ask(scene, XC_CALL_CACHE_GET, &w);
}

/* JSON in JSON in JSON: whoever reads it by calling itself runs out of
 * stack. */
static void
ask_deep(struct xc_attack_scene *scene)
{
	struct xc_call_writer w = arguments(scene);
	struct json_object *list = json_object_new_array();
	size_t from, item;

	if (w.base == NULL)
		return;
	json_object_array_add(list, json_object_new_array());
	xc_call_put_text(&w, "hostile.deep");
	from = w.len;
	xc_call_put_json(&w, list);
	json_object_put(list);
	/* A list with a list in it, both equally long: the first half, again
	 * and again. */
	item = (w.len - from) / 2;
	w.len = from + item;
	while (w.len + item <= w.cap && w.len < 200000) {
		memcpy(w.base + w.len, w.base + from, item);
		w.len += item;
	}
	ask(scene, XC_CALL_EVENT, &w);
}

/* A log record for every turn, as long as it may. */
static void
ask_for_ever(struct xc_attack_scene *scene)
{
	struct xc_channel_head *head = xc_attack_channel(scene);
	struct xc_call_writer w;
	struct timespec now, end;

	if (head == NULL)
		return;
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += TURNS_S;
	do {
		w = arguments(scene);
		xc_call_put_text(&w, "key");
		ring_for(head, XC_CALL_CACHE_GET, w.len);
		if (!wait_order())
			return;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < end.tv_sec);
	xc_attack_succeeded(scene, "it asked for %d s", TURNS_S);
}

/* Asks again before it was answered. */
static void
ask_twice(struct xc_attack_scene *scene)
{
	struct xc_channel_head *head = xc_attack_channel(scene);
	struct xc_call_writer w = arguments(scene);

	if (head == NULL)
		return;
	xc_call_put_text(&w, "key");
	ring_for(head, XC_CALL_CACHE_GET, w.len);
	xc_attack_ring("xxx", 3);
	xc_attack_wait_ms(2000);
	xc_attack_succeeded(scene, "both were answered");
}

/* The highest byte of a length. */
static volatile unsigned char *length;

static void *
flip_length(void *arg)
{
	for (;;) {
		*length = 0xff;
		*length = 0;
	}
	return arg;
}

/* The length of a text changes while its host reads it. */
static void
ask_flip(struct xc_attack_scene *scene)
{
	struct xc_call_writer w = arguments(scene);
	pthread_t thread;

	if (w.base == NULL)
		return;
	xc_call_put_text(&w, "key");
	length = w.base + sizeof(uint32_t);
	if (pthread_create(&thread, NULL, flip_length, NULL) == 0)
		pthread_detach(thread);
	for (int i = 0; i < 500; i++) {
		ask(scene, XC_CALL_CACHE_GET, &w);
		if (strncmp(scene->text, "refused", 7) != 0)
			return;
	}
}

/* A reply that is streamed, of which the head is a lie. */
static void
stream_bad(struct xc_attack_scene *scene)
{
	struct xc_call_writer w = arguments(scene);

	if (w.base == NULL)
		return;
	xc_call_put_u32(&w, UINT32_MAX);
	ask(scene, XC_CALL_STREAM_BEGIN, &w);
}

static void
stream_unbegun(struct xc_attack_scene *scene)
{
	struct xc_call_writer w = arguments(scene);

	xc_call_put_bytes(&w, "HTTP/1.1 200 OK\r\n\r\n", 19);
	ask(scene, XC_CALL_STREAM_WRITE, &w);
}

const struct xc_attack xc_hostile_asks[] = {
	{ "ask-database", "asks for the database, past the library",
	    REFUSED | CAUGHT, ask_database },
	{ "ask-begin", "begins a transaction, past the library",
	    REFUSED | CAUGHT, ask_begin },
	{ "ask-cache", "asks for the cache, past the library",
	    REFUSED | CAUGHT, ask_cache },
	{ "ask-event", "emits another's event, past the library",
	    REFUSED | CAUGHT, ask_event },
	{ "ask-unknown", "asks for a service that there is not",
	    REFUSED | CAUGHT, ask_unknown },
	{ "ask-noise", "asks with noise", REFUSED | CAUGHT, ask_noise },
	{ "ask-long", "asks with a text longer than what is sent",
	    REFUSED | CAUGHT, ask_long },
	{ "ask-deep", "asks with JSON of endless depth", REFUSED | CAUGHT,
	    ask_deep },
	{ "ask-for-ever", "asks and asks", WALL | CPU, ask_for_ever },
	{ "ask-twice", "asks again before it was answered", CAUGHT,
	    ask_twice },
	{ "ask-flip", "changes a length while it is read",
	    REFUSED | CAUGHT, ask_flip },
	{ "stream-bad", "streams a reply that is none", REFUSED | CAUGHT,
	    stream_bad },
	{ "stream-unbegun", "streams before it has begun to",
	    REFUSED | CAUGHT, stream_unbegun },
	{ NULL, NULL, 0, NULL }
};
