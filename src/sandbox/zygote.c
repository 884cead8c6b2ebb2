/* SPDX-License-Identifier: MIT */
/*
 * Level `request`: this process has loaded and warmed the plugin and forks a
 * child for each request to come; a child serves one, in a channel that no
 * other process but the host has mapped.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "guest-private.h"

#define FORK_TRIES 100
#define FORK_PAUSE_NS 1000000

static void
close_fd(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

/* What belongs to the zygote and to the other children. */
static void
drop_others(const struct xc_guest_zygote *zygote, uint32_t own)
{
	close_fd(zygote->command_read);
	for (uint32_t i = 0; i < zygote->n_slots; i++) {
		if (i == own)
			continue;
		close_fd(zygote->slots[i].memfd);
		close_fd(zygote->slots[i].bell_read);
		close_fd(zygote->slots[i].bell_write);
	}
}

/* An order that the one before has not taken is not for this one.  The host
 * orders only after the hello. */
static void
drain(int fd)
{
	struct pollfd bell = { .fd = fd, .events = POLLIN };
	char bytes[64];

	while (poll(&bell, 1, 0) == 1 && read(fd, bytes, sizeof(bytes)) > 0)
		continue;
}

static void
say_hello(int fd)
{
	ssize_t n;

	do
		n = write(fd, "", 1);
	while (n == -1 && errno == EINTR);
	if (n != 1)
		_exit(1);
	close_fd(fd);
}

/* Never returns. */
static _Noreturn void
be_child(struct xc_session *session, const struct xc_guest *guest,
    const struct xc_layers *layers, uint32_t slot)
{
	const struct xc_guest_zygote *zygote = &guest->zygote;
	struct xc_order order;

	/* Nothing can be said before there is a channel to say it in. */
	if (xc_jail_oneshot(guest->jail, &session->cell, layers,
	    NULL) != XC_OK)
		_exit(1);
	drop_others(zygote, slot);
	xc_channel_close(&session->channel);
	if (xc_channel_attach(&zygote->slots[slot], &session->channel,
	    NULL) != XC_OK)
		_exit(1);
	xc_guest_catch_crashes(session->channel.head->trace);
	drain(session->channel.bell_read);
	say_hello(zygote->hello_write);
	xc_channel_wait_order(&session->channel, &order);
	if (order.kind == XC_ORDER_RUN)
		xc_guest_run_order(session, &order);
	_exit(0);
}

/* As fork(); children that are just dying may be in the way. */
static pid_t
fork_patiently(void)
{
	const struct timespec pause = { .tv_nsec = FORK_PAUSE_NS };
	pid_t pid = fork();

	for (int i = 0; pid == -1 && i < FORK_TRIES; i++) {
		(void)nanosleep(&pause, NULL);
		pid = fork();
	}
	return pid;
}

static uint32_t
wait_for_command(int fd)
{
	unsigned char slot;
	ssize_t n;

	do
		n = read(fd, &slot, 1);
	while (n == -1 && errno == EINTR);
	if (n != 1)
		_exit(0);
	return slot;
}

_Noreturn void
xc_guest_be_zygote(struct xc_session *session, const struct xc_guest *guest,
    const struct xc_layers *layers)
{
	/* Whom nobody waits for leaves nothing behind. */
	(void)signal(SIGCHLD, SIG_IGN);
	for (;;) {
		uint32_t slot = wait_for_command(guest->zygote.command_read);
		pid_t pid;

		if (slot >= guest->zygote.n_slots)
			_exit(1);
		pid = fork_patiently();
		if (pid == 0)
			be_child(session, guest, layers, slot);
		if (pid == -1)
			_exit(1);
	}
}
