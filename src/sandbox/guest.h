/* SPDX-License-Identifier: MIT */
/*
 * The inside of a sandbox: enters the jail, loads the plugin, serves orders.
 * The plugin finds the same libxcore as in-process; its host tables are stubs
 * that make calls over the channel (calls.h).
 */
#ifndef XC_GUEST_H
#define XC_GUEST_H

#include "sandbox/channel.h"
#include "sandbox/jail.h"

#define XC_SLOTS_MAX 16

/* Level `request`: one of the places in which a one-shot child may run. */
struct xc_guest_zygote {
	int command_read;	/* a byte: fork a child for that slot */
	int hello_write;	/* SEQPACKET: the child's first word, by whose
				 * credentials the host learns its pid */
	struct xc_channel_guest slots[XC_SLOTS_MAX];
	uint32_t n_slots;	/* 0: this is level `pool` */
};

struct xc_guest {
	const struct xc_jail *jail;
	struct xc_jail_cell cell;
	struct xc_layers layers;	/* so far */
	struct xc_channel_guest channel;
	struct xc_guest_zygote zygote;
};

/*
 * Never returns.  The spec in the channel is an object: name, version,
 * prefix, schema, dir, so, so_hash, config, permissions [], operations [],
 * event_operations [], step_operations [], require (bits), log_level, complete
 * (true: a handler without an operation is refused, and STOPPED says what is
 * left behind).
 * Its dir is the cell's, if that has none.
 *
 * Before READY a failure is said as FAILED with the reason.  An order that
 * breaks off (the host is gone) ends the process.
 */
_Noreturn void xc_guest_run(const struct xc_guest *guest);

#endif
