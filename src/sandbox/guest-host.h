/* SPDX-License-Identifier: MIT */
/* The host of one guest, for tests: makes it, orders, carries calls out. */
#ifndef XC_GUEST_HOST_H
#define XC_GUEST_HOST_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/request-private.h"
#include "sandbox/guest.h"

#define BOX_AREA (UINT32_C(1) << 20)

struct box_options {
	const char *config;	/* JSON; NULL: {} */
	const char *operations;	/* JSON list; NULL: all of the plugin */
	const char *so_hash;
	uint32_t require;
	bool complete;
	const struct xc_jail *jail;
	struct xc_limits limits;
	uint32_t n_slots;	/* level `request` */
};

struct box {
	struct xc_channel channel;
	struct xc_channel slots[XC_SLOTS_MAX];
	pid_t pid;
	int pidfd;
	int output;		/* what it writes to 1 and 2 */
	int command;		/* of the zygote... */
	int hello;		/* ...and what comes back */
	uint32_t seq;
	char calls[2048];	/* what was asked for, in words */
	char streamed[64];	/* head, and how much came */
	size_t n_streamed;
};

/* Whether this account can read the plugin. */
bool box_can_load(void);

/* Makes one.  It runs as xc_guest_run() has it. */
void box_make(struct box *box, const struct box_options *options);

/* Carries calls out on that channel (that of the box, or of a slot) until
 * something else comes, which is returned.  kind 0: it has ended. */
struct xc_notice box_serve(struct box *box, struct xc_channel *channel);

/* Orders operation n for a GET of uri; serves until the reply. */
void box_order(struct box *box, struct xc_channel *channel,
    uint32_t operation, const char *uri);
struct xc_notice box_run(struct box *box, struct xc_channel *channel,
    uint32_t operation, const char *uri);

/* The text of the reply's body. */
const char *box_body(const struct xc_channel *channel);
const struct xc_reply_head *box_head(const struct xc_channel *channel);

/* The number of an operation of the plugin. */
uint32_t box_operation(const char *name);

/* Has a child for that slot; its pid as the host sees it. */
pid_t box_fork(struct box *box, uint32_t slot);

/* Waits for the end of a child of the zygote. */
void box_outlive(pid_t child);

/* Prints what it wrote to 1 and 2, for a test that has failed. */
void box_tell(const struct box *box);

/* Waits for its end; the status as of waitpid(). */
int box_wait(struct box *box);

/* Ends it. */
void box_break(struct box *box);

#endif
