/* SPDX-License-Identifier: MIT */
/*
 * Level `request`, the host's side: a zygote's slots.  A child is forked
 * ahead for each; it serves one request and ends.  A slot is used again only
 * when its child has been seen dead and its memory is blank.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config/settings.h"
#include "sandbox/sandboxes-private.h"

#define FORK_MS 2000		/* a zygote that takes longer hangs */
#define EXIT_MS 200		/* a child that lives on behind its reply */
#define END_MS 20		/* until the spawner says how one ended */

enum slot_stage {
	SLOT_EMPTY,
	SLOT_FORKING,
	SLOT_READY,
	SLOT_SPENT		/* has replied, and is to end */
};

struct slot {
	struct xc_sandbox child;
	struct xc_box_source death;
	enum slot_stage stage;
	uint64_t until_ms;	/* FORKING, SPENT */
};

struct xc_zygote {
	int command;		/* write end */
	int hello;
	int ends[2 + 3 * XC_SLOTS_MAX];	/* the guest's; -1 when passed on */
	size_t n_ends;
	struct xc_box_source greeting;
	bool begun;		/* it serves: children are wanted */
	uint32_t forking;	/* the slot, or n_slots: none */
	uint32_t n_slots;
	struct slot slots[XC_SLOTS_MAX];
	pid_t stray;		/* a child that is none of theirs; 0: none */
};

static uint32_t
slots_wanted(const struct xc_box *box)
{
	int64_t n =
	    box->runner->owner->options.settings->sandbox.forked_ahead;

	if (n < 1)
		return 1;
	return n > XC_SLOTS_MAX ? XC_SLOTS_MAX : (uint32_t)n;
}

static enum xc_err
make_pipes(struct xc_zygote *zygote, struct xc_errbuf *errbuf)
{
	int command[2], hello[2], on = 1;

	if (pipe2(command, O_CLOEXEC) < 0)
		return xc_fail(errbuf, XC_ERR_IO, "pipe: %s",
		    strerror(errno));
	zygote->ends[zygote->n_ends++] = command[0];
	zygote->command = command[1];
	if (fcntl(command[1], F_SETFL, O_NONBLOCK) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, hello) < 0)
		return xc_fail(errbuf, XC_ERR_IO, "socketpair: %s",
		    strerror(errno));
	zygote->hello = hello[0];
	zygote->ends[zygote->n_ends++] = hello[1];
	if (fcntl(hello[0], F_SETFL, O_NONBLOCK) < 0 ||
	    setsockopt(hello[0], SOL_SOCKET, SO_PASSCRED, &on,
	    sizeof(on)) < 0)
		return xc_fail(errbuf, XC_ERR_IO, "SO_PASSCRED: %s",
		    strerror(errno));
	return XC_OK;
}

static enum xc_err
make_slot(struct xc_zygote *zygote, struct slot *slot,
    const struct xc_channel_sizes *sizes, struct xc_errbuf *errbuf)
{
	struct xc_channel_guest ends;
	enum xc_err err = xc_channel_create(sizes, &slot->child.channel,
	    &ends, errbuf);

	slot->child.pidfd = slot->child.output = slot->child.cpu = -1;
	if (err != XC_OK)
		return err;
	zygote->ends[zygote->n_ends++] = ends.memfd;
	zygote->ends[zygote->n_ends++] = ends.bell_read;
	zygote->ends[zygote->n_ends++] = ends.bell_write;
	return XC_OK;
}

enum xc_err
xc_zygote_prepare(struct xc_box *box, struct xc_errbuf *errbuf)
{
	struct xc_zygote *zygote = calloc(1, sizeof(*zygote));
	uint32_t wanted = slots_wanted(box);
	enum xc_err err;

	if (!zygote)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	zygote->command = zygote->hello = -1;
	box->zygote = zygote;
	err = make_pipes(zygote, errbuf);
	while (err == XC_OK && zygote->n_slots < wanted)
		err = make_slot(zygote, &zygote->slots[zygote->n_slots++],
		    &box->runner->sizes, errbuf);
	zygote->forking = zygote->n_slots;
	return err;
}

size_t
xc_zygote_ends(const struct xc_zygote *zygote, int *fds, size_t max)
{
	size_t n = zygote->n_ends < max ? zygote->n_ends : max;

	memcpy(fds, zygote->ends, n * sizeof(*fds));
	return n;
}

uint32_t
xc_zygote_slots(const struct xc_zygote *zygote)
{
	return zygote->n_slots;
}

void
xc_zygote_close_ends(struct xc_zygote *zygote)
{
	while (zygote && zygote->n_ends > 0)
		close(zygote->ends[--zygote->n_ends]);
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The children die with their zygote, but have nothing left to do. */
void
xc_zygote_quit(struct xc_box *box)
{
	struct xc_zygote *zygote = box->zygote;
	struct slot *slot;

	xc_sandboxes_unwatch(box->runner->owner, zygote->hello);
	for (uint32_t i = 0; i < zygote->n_slots; i++) {
		slot = &zygote->slots[i];
		xc_sandboxes_unwatch(box->runner->owner, slot->child.pidfd);
		xc_sandbox_kill(&slot->child);
	}
}

void
xc_zygote_free(struct xc_zygote **zygote)
{
	struct xc_zygote *z = *zygote;

	if (!z)
		return;
	xc_zygote_close_ends(z);
	for (uint32_t i = 0; i < z->n_slots; i++) {
		close_fd(&z->slots[i].child.pidfd);
		xc_channel_close(&z->slots[i].child.channel);
	}
	close_fd(&z->command);
	close_fd(&z->hello);
	free(z);
	*zygote = NULL;
}

/* ---- forking ------------------------------------------------------------ */

/* The zygote is of no more use: whoever asks next gets another. */
static void
give_up(struct xc_box *box, const char *why)
{
	struct xc_runner *runner = box->runner;
	struct xc_errbuf text;
	struct xc_breach_told told = { .breach = XC_BREACH_CRASH,
		.detail = text.text, .size = sizeof(text.text),
		.count = true, .wait_ms = END_MS };

	snprintf(text.text, sizeof(text.text), "%s", why);
	if (runner->active == box)
		xc_runner_drop(runner, &told);
}

/* One at a time, so that who says hello is known: all children have the same
 * socket. */
static void
fork_next(struct xc_box *box)
{
	struct xc_zygote *zygote = box->zygote;
	unsigned char number;
	uint32_t i;

	if (!zygote->begun || zygote->forking != zygote->n_slots)
		return;
	for (i = 0; i < zygote->n_slots; i++)
		if (zygote->slots[i].stage == SLOT_EMPTY)
			break;
	if (i == zygote->n_slots)
		return;
	number = (unsigned char)i;
	if (write(zygote->command, &number, 1) != 1) {
		/* It has ended: the spawner is about to tell us how. */
		zygote->begun = false;
		return;
	}
	zygote->slots[i].stage = SLOT_FORKING;
	zygote->slots[i].until_ms = xc_box_now_ms() + FORK_MS;
	zygote->forking = i;
}

/* What is left of the child's talk must not reach the next. */
static bool
is_quiet(const struct xc_channel *channel)
{
	int unread = 0;
	char byte;

	return ioctl(channel->bell_write, FIONREAD, &unread) == 0 &&
	    unread == 0 && read(channel->bell_read, &byte, 1) < 0 &&
	    errno == EAGAIN;
}

static void
on_death(struct xc_box_source *source, uint32_t events)
{
	struct xc_box *box = source->box;
	struct slot *slot = &box->zygote->slots[source->index];

	(void)events;
	xc_sandboxes_unwatch(box->runner->owner, slot->child.pidfd);
	close_fd(&slot->child.pidfd);
	slot->child.pid = 0;
	if (slot->stage != SLOT_SPENT) {
		give_up(box, "a process that waited for a request has ended");
		return;
	}
	if (!is_quiet(&slot->child.channel) ||
	    xc_channel_wipe(&slot->child.channel) != XC_OK) {
		give_up(box, "what a process left behind cannot be cleared");
		return;
	}
	slot->stage = SLOT_EMPTY;
	fork_next(box);
}

/* Takes a hello; the kernel says whose it is.  0: none has come, -1: it is
 * not valid. */
static pid_t
take_hello(int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct ucred)) + 64];
	} control;
	char byte[2];
	struct iovec iov = { .iov_base = byte, .iov_len = sizeof(byte) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *header;
	struct ucred who;
	ssize_t n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	header = CMSG_FIRSTHDR(&msg);
	if (n != 1 || (msg.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) || !header ||
	    header->cmsg_level != SOL_SOCKET ||
	    header->cmsg_type != SCM_CREDENTIALS ||
	    CMSG_NXTHDR(&msg, header))
		return -1;
	memcpy(&who, CMSG_DATA(header), sizeof(who));
	return who.pid > 0 ? who.pid : -1;
}

/* Whether that process is a child of the zygote: a number may have been used
 * again.  What cannot be read is believed. */
static bool
is_child(pid_t pid, pid_t zygote)
{
	char path[64], text[512];
	const char *end;
	FILE *file;
	size_t n;
	int parent;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return true;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	end = strrchr(text, ')');
	return !end || sscanf(end + 1, " %*c %d", &parent) != 1 ||
	    parent == zygote;
}

static void
on_hello(struct xc_box_source *source, uint32_t events)
{
	struct xc_box *box = source->box;
	struct xc_zygote *zygote = box->zygote;
	struct slot *slot;
	pid_t pid = take_hello(zygote->hello);
	int pidfd;

	(void)events;
	if (pid == 0)
		return;
	if (pid < 0 || zygote->forking == zygote->n_slots) {
		give_up(box, "a process said hello that is not expected");
		return;
	}
	slot = &zygote->slots[zygote->forking];
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0 || !is_child(pid, box->sandbox->pid)) {
		if (pidfd >= 0)
			close(pidfd);
		give_up(box, "a process ended right behind its hello");
		return;
	}
	xc_sandbox_adopt(&slot->child, pid, pidfd);
	slot->child.dead = false;
	slot->child.ready = true;
	slot->child.cpu = -1;
	slot->child.calls = 0;
	slot->stage = SLOT_READY;
	slot->death = (struct xc_box_source){ on_death, box,
		zygote->forking };
	zygote->forking = zygote->n_slots;
	if (!xc_sandboxes_watch(box->runner->owner, pidfd, &slot->death,
	    EPOLLIN))
		give_up(box, "a process cannot be watched");
	else
		fork_next(box);
}

void
xc_zygote_begin(struct xc_box *box)
{
	struct xc_zygote *zygote = box->zygote;

	zygote->begun = true;
	zygote->greeting = (struct xc_box_source){ on_hello, box, 0 };
	if (xc_sandboxes_watch(box->runner->owner, zygote->hello,
	    &zygote->greeting, EPOLLIN))
		fork_next(box);
}

/* ---- use ---------------------------------------------------------------- */

static struct slot *
find_ready(struct xc_zygote *zygote)
{
	for (uint32_t i = 0; i < zygote->n_slots; i++)
		if (zygote->slots[i].stage == SLOT_READY)
			return &zygote->slots[i];
	return NULL;
}

/*
 * Children that have replied end soon, and then the next is forked: what
 * happens meanwhile is done here as between requests.
 */
struct xc_sandbox *
xc_zygote_take(struct xc_box *box, int64_t ms)
{
	struct xc_runner *runner = box->runner;
	uint64_t until = xc_box_now_ms() + (uint64_t)ms, now;
	struct slot *slot = NULL;

	while (runner->active == box && !(slot = find_ready(box->zygote))) {
		now = xc_box_now_ms();
		if (now >= until)
			break;
		(void)xc_sandboxes_turn(runner->owner, (int64_t)(until - now));
		if (runner->active == box)
			(void)xc_zygote_tend(box, now);
	}
	return slot ? &slot->child : NULL;
}

void
xc_zygote_spent(struct xc_box *box, struct xc_sandbox *child)
{
	struct slot *slot = (struct slot *)(void *)((char *)child -
	    offsetof(struct slot, child));

	slot->stage = SLOT_SPENT;
	slot->until_ms = xc_box_now_ms() + EXIT_MS;
	box->sandbox->calls++;
	xc_sandboxes_kick(box->runner->owner);
}

/* ---- what it makes besides ---------------------------------------------- */

static bool
is_slots(const struct xc_zygote *zygote, pid_t pid)
{
	for (uint32_t i = 0; i < zygote->n_slots; i++)
		if (zygote->slots[i].child.pid == pid)
			return true;
	return false;
}

/* What is seen at one look. */
struct strays {
	uint32_t n;
	pid_t one;
	bool again;		/* one that was seen at the last look */
};

static void
look_at_thread(const struct xc_zygote *zygote, pid_t pid, const char *thread,
    struct strays *strays)
{
	char path[320];
	FILE *file;
	int child;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/children", (int)pid,
	    thread);
	file = fopen(path, "re");
	if (!file)
		return;
	while (fscanf(file, "%d", &child) == 1) {
		if (is_slots(zygote, child))
			continue;
		strays->n++;
		strays->one = child;
		strays->again |= child == zygote->stray;
	}
	fclose(file);
}

bool
xc_zygote_strays(struct xc_box *box)
{
	struct xc_zygote *zygote = box->zygote;
	struct strays strays = { 0 };
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task",
	    (int)box->sandbox->pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			look_at_thread(zygote, box->sandbox->pid,
			    entry->d_name, &strays);
	closedir(dir);
	/* One may just be forked for a slot; those of slots may just die. */
	if (strays.again || strays.n > zygote->n_slots + 1)
		return true;
	zygote->stray = strays.one;
	return false;
}

/* A child that lives on is ended; a zygote that does not fork has failed. */
uint64_t
xc_zygote_tend(struct xc_box *box, uint64_t now)
{
	struct xc_zygote *zygote = box->zygote;
	uint64_t again = 0;

	for (uint32_t i = 0; i < zygote->n_slots; i++) {
		struct slot *slot = &zygote->slots[i];

		if (slot->stage != SLOT_FORKING && slot->stage != SLOT_SPENT)
			continue;
		if (now < slot->until_ms) {
			again = xc_box_sooner(again, slot->until_ms);
			continue;
		}
		if (slot->stage == SLOT_FORKING) {
			give_up(box, "its zygote does not fork");
			return 0;
		}
		xc_sandbox_kill(&slot->child);
		slot->until_ms = now + EXIT_MS;
		again = xc_box_sooner(again, slot->until_ms);
	}
	return again;
}
