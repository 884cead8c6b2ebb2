/* SPDX-License-Identifier: MIT */
/* Bells that ring too often, too late or for what is not so, and memory that
 * changes under the eyes of whoever reads it. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xcore/xcore.h>

#include "hostile.h"
#include "lib/request-private.h"

#define CAUGHT XC_ATTACK_CAUGHT
#define DIES XC_ATTACK_DIES
#define HARMLESS XC_ATTACK_HARMLESS
#define WALL XC_ATTACK_WALL
#define CPU XC_ATTACK_CPU

/* What the threads below have in their hands; set before they start. */
static struct xc_channel_head *channel;
static uint32_t channel_seq;

static void
start_thread(void *(*run)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, NULL) == 0)
		pthread_detach(thread);
}

static struct xc_notice
reply_notice(const struct xc_attack_scene *scene, uint32_t seq)
{
	struct xc_notice notice = { .kind = XC_NOTICE_REPLY, .seq = seq,
		.len = scene->req->out.used, .state = XC_REPLY_WHOLE };

	return notice;
}

static bool
reply_pong(struct xc_attack_scene *scene)
{
	return xc_attack_channel(scene) != NULL &&
	    xc_reply_text(scene->req, 200, "text/plain", "harmless it replied",
	    19) == XC_OK;
}

/* Its reply goes out before it returns, and again when it does: the second
 * comes when nobody waits, or somebody else. */
static void
twice(struct xc_attack_scene *scene)
{
	struct xc_channel_head *head = xc_attack_channel(scene);

	if (!reply_pong(scene))
		return;
	head->notice = reply_notice(scene, head->order.seq);
	xc_attack_ring("x", 1);
}

static void
bell_twice(struct xc_attack_scene *scene)
{
	struct xc_channel_head *head = xc_attack_channel(scene);

	if (!reply_pong(scene))
		return;
	head->notice = reply_notice(scene, head->order.seq);
	xc_attack_ring("xx", 2);
}

/* Replies to this request when the next one has come. */
static void *
reply_late(void *arg)
{
	while (((volatile struct xc_channel_head *)channel)->order.seq ==
	    channel_seq)
		continue;
	channel->notice = (struct xc_notice){ .kind = XC_NOTICE_REPLY,
		.seq = channel_seq, .len = 64, .state = XC_REPLY_WHOLE };
	xc_attack_ring("x", 1);
	return arg;
}

static void
late(struct xc_attack_scene *scene)
{
	channel = xc_attack_channel(scene);
	if (channel == NULL)
		return;
	channel_seq = channel->order.seq;
	if (reply_pong(scene))
		start_thread(reply_late);
}

static void
say_kind(struct xc_attack_scene *scene, uint32_t kind)
{
	struct xc_notice notice = { .kind = kind };

	xc_attack_tell(scene, notice);
}

static void
say_ready(struct xc_attack_scene *scene)
{
	say_kind(scene, XC_NOTICE_READY);
}

static void
say_failed(struct xc_attack_scene *scene)
{
	struct xc_channel_head *head = xc_attack_channel(scene);

	if (head == NULL)
		return;
	memset(head->reason, '\n', sizeof(head->reason));
	say_kind(scene, XC_NOTICE_FAILED);
}

static void
say_stopped(struct xc_attack_scene *scene)
{
	say_kind(scene, XC_NOTICE_STOPPED);
}

static void
past(struct xc_attack_scene *scene)
{
	struct xc_channel_head *head = xc_attack_channel(scene);

	if (head != NULL)
		xc_attack_tell(scene, reply_notice(scene,
		    head->order.seq - 1));
}

/* A process that dies and leaves words for the log. */
static void
last_words(struct xc_attack_scene *scene)
{
	struct xc_channel_head *head = xc_attack_channel(scene);

	if (head == NULL)
		return;
	for (size_t i = 0; i < sizeof(head->trace); i++)
		head->trace[i] = "\n\x1b[31mFORGED\r\xff"[i % 14];
	for (size_t i = 0; i < sizeof(head->reason); i++)
		head->reason[i] = "\n\x1b[31mFORGED\r\xff"[i % 14];
	_exit(0);
}

static void
forget_channel(struct xc_attack_scene *scene)
{
	struct xc_channel_head *head = xc_attack_channel(scene);

	if (head == NULL)
		return;
	/* All that the host wrote there, its own sizes among it. */
	head->magic = 0;
	head->layout = UINT32_MAX;
	memset(&head->sizes, 0xff, sizeof(head->sizes));
	memset(&head->layers, 0xff, sizeof(head->layers));
	head->spec_len = UINT32_MAX;
	memset(&head->notice, 0xff, sizeof(head->notice));
	xc_attack_harmless(scene, "it wrote over the channel's head");
}

static void
scribble(struct xc_attack_scene *scene)
{
	struct xc_channel_head *head = xc_attack_channel(scene);
	struct xc_channel_sizes sizes;
	unsigned char *at;

	if (head == NULL)
		return;
	sizes = head->sizes;
	at = (unsigned char *)scene->req->in.base;
	srand(channel_seq++);
	for (size_t i = 0; i < (size_t)sizes.request; i++)
		at[i] = (unsigned char)rand();
	for (size_t i = 0; i < sizeof(head->notice); i++)
		((unsigned char *)&head->notice)[i] = (unsigned char)rand();
	xc_attack_ring("x", 1);
	xc_attack_wait_ms(2000);
	_exit(1);
}

static volatile uint32_t *flipped[12];
static uint32_t good[12];

static void
will_flip(uint32_t *word)
{
	size_t i = 0;

	while (flipped[i] != NULL)
		i++;
	good[i] = *word;
	flipped[i] = word;
}

static void *
flip(void *arg)
{
	struct timespec now, end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += 5;
	do {
		for (int n = 0; n < 100000; n++) {
			for (size_t i = 0; flipped[i] != NULL; i++)
				*flipped[i] = good[i] ^ (1u << n % 32);
			for (size_t i = 0; flipped[i] != NULL; i++)
				*flipped[i] = good[i];
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < end.tv_sec);
	return arg;
}

/* Every word of the notice that is read, from before it is rung for. */
static void
flip_notice(struct xc_attack_scene *scene)
{
	struct xc_channel_head *head = xc_attack_channel(scene);

	if (!reply_pong(scene))
		return;
	head->notice = reply_notice(scene, head->order.seq);
	will_flip(&head->notice.kind);
	will_flip(&head->notice.seq);
	will_flip(&head->notice.len);
	will_flip(&head->notice.state);
	start_thread(flip);
}

/* Every length and offset of the reply. */
static void
flip_reply(struct xc_attack_scene *scene)
{
	struct xc_reply_head *reply = xc_attack_reply(scene);

	if (reply == NULL)
		return;
	memcpy((char *)reply + reply->body.off, "harmless ", 9);
	will_flip(&reply->size);
	will_flip(&reply->content_type.off);
	will_flip(&reply->content_type.len);
	will_flip(&reply->head.off);
	will_flip(&reply->head.len);
	will_flip(&reply->body.off);
	will_flip(&reply->body.len);
	start_thread(flip);
}

/* Nobody will hear its reply. */
static void
close_bells(struct xc_attack_scene *scene)
{
	if (xc_attack_channel(scene) == NULL)
		return;
	for (int fd = 3; fd < 256; fd++)
		close(fd);
	xc_attack_wait_ms(5000);
}

/* The last reference is gone, and still it lives. */
static void
silent(struct xc_attack_scene *scene)
{
	if (xc_attack_channel(scene) == NULL)
		return;
	for (int fd = 3; fd < 256; fd++)
		close(fd);
	for (;;)
		channel_seq++;
}

const struct xc_attack xc_hostile_bells[] = {
	{ "twice", "replies twice", HARMLESS | CAUGHT, twice },
	{ "bell-twice", "rings twice for a reply", HARMLESS | CAUGHT,
	    bell_twice },
	{ "late", "replies when the next request runs", HARMLESS, late },
	{ "past", "replies for the request before", CAUGHT, past },
	{ "say-ready", "says that it is ready, when asked", CAUGHT,
	    say_ready },
	{ "say-failed", "says that it cannot load, when asked", CAUGHT,
	    say_failed },
	{ "say-stopped", "says that it stopped, when asked", CAUGHT,
	    say_stopped },
	{ "last-words", "leaves forged lines for the log, and dies", DIES,
	    last_words },
	{ "forget", "writes over the channel's head", HARMLESS | CAUGHT,
	    forget_channel },
	{ "scribble", "writes noise all over, and rings", CAUGHT | DIES,
	    scribble },
	{ "flip-notice", "changes what it says while it is read",
	    HARMLESS | CAUGHT | DIES, flip_notice },
	/* Its own end reads the reply too, and may fall over it. */
	{ "flip-reply", "changes its reply while it is read",
	    HARMLESS | CAUGHT | DIES, flip_reply },
	{ "close-bells", "closes its pipes and waits", DIES | WALL,
	    close_bells },
	{ "silent", "closes its pipes and runs for ever", DIES | CPU, silent },
	{ NULL, NULL, 0, NULL }
};
