/* SPDX-License-Identifier: MIT */
/* Attacks on whoever reads what a sandbox writes. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xcore/xcore.h>

#include "doctor/attacks-private.h"
#include "lib/block.h"
#include "lib/request-private.h"
#include "sandbox/calls.h"
#include "sandbox/channel.h"

#define FDS_MAX 256

struct xc_channel_head *
xc_attack_channel(struct xc_attack_scene *scene)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t at = (uintptr_t)scene->req->in.base & ~(page - 1);

	for (size_t i = 0; !scene->inprocess && i < 64; i++, at -= page) {
		struct xc_channel_head *head = (void *)at;

		if (head->magic == XC_CHANNEL_MAGIC)
			return head;
	}
	xc_attack_skipped(scene, "there is no channel");
	return NULL;
}

/* One of the pipes is the bell, and the others do no harm. */
void
xc_attack_ring(const void *bytes, size_t len)
{
	for (int fd = 3; fd < FDS_MAX; fd++) {
		int flags = fcntl(fd, F_GETFL);

		if (flags != -1 && (flags & O_ACCMODE) == O_WRONLY &&
		    write(fd, bytes, len) == -1)
			continue;
	}
}

void
xc_attack_tell(struct xc_attack_scene *scene, struct xc_notice notice)
{
	struct xc_channel_head *head = xc_attack_channel(scene);

	if (head == NULL)
		return;
	if (notice.seq == 0)
		notice.seq = head->order.seq;
	head->notice = notice;
	xc_attack_ring("x", 1);
	/* The host has until then to do something about it. */
	xc_attack_wait_ms(2000);
	xc_attack_succeeded(scene, "the host has taken it");
}

void
xc_attack_close_all(struct xc_attack_scene *scene)
{
	if (scene->inprocess) {
		xc_attack_skipped(scene, "they are its host's");
		return;
	}
	for (int fd = 0; fd <= 100; fd++)
		close(fd);
	xc_attack_harmless(scene, "closed 0 to 100");
}

void
xc_attack_length(struct xc_attack_scene *scene)
{
	struct xc_notice notice = { .kind = XC_NOTICE_CALL,
		.call = XC_CALL_LOG, .len = UINT32_MAX };

	xc_attack_tell(scene, notice);
}

void
xc_attack_reply_length(struct xc_attack_scene *scene)
{
	struct xc_notice notice = { .kind = XC_NOTICE_REPLY,
		.len = UINT32_MAX, .state = XC_REPLY_WHOLE };

	xc_attack_tell(scene, notice);
}

void
xc_attack_sequence(struct xc_attack_scene *scene)
{
	struct xc_channel_head *head = xc_attack_channel(scene);
	struct xc_notice notice = { .kind = XC_NOTICE_REPLY, .len = 64,
		.state = XC_REPLY_WHOLE };

	if (head == NULL)
		return;
	notice.seq = head->order.seq + 1;
	xc_attack_tell(scene, notice);
}

void
xc_attack_garbage(struct xc_attack_scene *scene)
{
	struct xc_notice notice = { .kind = 0x5a5a5a5a, .call = 0x5a5a5a5a,
		.len = 0x5a5a5a5a, .err = -1, .state = 0x5a5a5a5a };

	xc_attack_tell(scene, notice);
}

void
xc_attack_flood(struct xc_attack_scene *scene)
{
	static const char bells[4096];

	if (xc_attack_channel(scene) == NULL)
		return;
	for (int i = 0; i < 100; i++)
		xc_attack_ring(bells, sizeof(bells));
	xc_attack_succeeded(scene, "rang %d times", 100 * 4096);
}

static volatile uint32_t *flipped[8];

static void *
flip_for_ever(void *arg)
{
	for (;;) {
		for (size_t i = 0; flipped[i] != NULL; i++) {
			uint32_t good = *flipped[i];

			*flipped[i] = UINT32_MAX - 64;
			*flipped[i] = good;
		}
	}
	return arg;
}

/* Replies well, and turns the lengths of the reply over and over meanwhile.
 * A host that reads one twice is had. */
void
xc_attack_flip(struct xc_attack_scene *scene)
{
	struct xc_channel_head *head = xc_attack_channel(scene);
	struct xc_reply_head *reply;
	pthread_t thread;

	if (head == NULL)
		return;
	xc_attack_harmless(scene, "it replied");
	if (xc_reply_text(scene->req, 200, "text/plain", scene->text,
	    strlen(scene->text)) != XC_OK)
		return;
	reply = (void *)scene->req->out.base;
	flipped[0] = &reply->body.off;
	flipped[1] = &reply->body.len;
	flipped[2] = &reply->content_type.len;
	flipped[3] = &reply->head.off;
	flipped[4] = &reply->size;
	flipped[5] = &head->notice.len;
	if (pthread_create(&thread, NULL, flip_for_ever, NULL) != 0)
		return;
	pthread_detach(thread);
}

void
xc_attack_truncate(struct xc_attack_scene *scene)
{
	bool tried = false;
	int error = EBADF;

	if (xc_attack_channel(scene) == NULL)
		return;
	for (int fd = 3; fd < FDS_MAX; fd++) {
		if (ftruncate(fd, 0) == 0) {
			xc_attack_succeeded(scene, "ftruncate()");
			return;
		}
		if (errno != EBADF) {
			error = errno;
			tried = true;
		}
	}
	xc_attack_refused(scene, tried ? "ftruncate()" :
	    "ftruncate(): no descriptor of it is left", error);
}

struct xc_reply_head *
xc_attack_reply(struct xc_attack_scene *scene)
{
	if (xc_attack_channel(scene) == NULL ||
	    xc_reply_header(scene->req, "X-Attack", "aaaaaaaaaaaaaaaa") !=
	    XC_OK ||
	    xc_reply_text(scene->req, 200, "text/plain",
	    "SUCCEEDED the host has taken it", 31) != XC_OK)
		return NULL;
	return (void *)scene->req->out.base;
}

void
xc_attack_spans(struct xc_attack_scene *scene)
{
	struct xc_reply_head *reply = xc_attack_reply(scene);

	if (reply == NULL)
		return;
	reply->body.off = UINT32_MAX - 8;
	reply->body.len = 4096;
}

void
xc_attack_header(struct xc_attack_scene *scene)
{
	struct xc_reply_head *reply = xc_attack_reply(scene);
	char *line;

	if (reply == NULL)
		return;
	line = (char *)scene->req->out.base + reply->head.off;
	line = memchr(line, ':', reply->head.len);
	if (line != NULL)
		memcpy(line + 4, "\r\n\r\nX-Evil: 1", 13);
}

void
xc_attack_status(struct xc_attack_scene *scene)
{
	struct xc_reply_head *reply = xc_attack_reply(scene);

	if (reply != NULL)
		reply->status = 9999;
}
