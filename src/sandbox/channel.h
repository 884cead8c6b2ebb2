/* SPDX-License-Identifier: MIT */
/*
 * The channel between a host (worker, trial, doctor) and one sandbox process:
 * a sealed memfd with areas for data, and two pipes for doorbells, one byte
 * for each message.  The host never believes what it reads there: a notice is
 * copied once to private memory and checked against the host's own constants;
 * areas are copied before they are looked at.
 *
 *	host				sandbox
 *	writes the spec			maps, enters the jail, loads
 *					READY or FAILED
 *	ORDER_RUN		->	runs the operation
 *				<-	CALL (a service is wanted)
 *	ORDER_RESULT		->
 *				<-	REPLY
 *
 * Calls may come before READY too (log records of start()).
 */
#ifndef XC_CHANNEL_H
#define XC_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include "lib/errbuf.h"
#include "lib/limits.h"
#include "sandbox/layers.h"

#define XC_CHANNEL_MAGIC UINT32_C(0x6e686378)
#define XC_CHANNEL_LAYOUT 2

enum xc_order_kind {
	XC_ORDER_RUN = 1,	/* handle the request block */
	XC_ORDER_RESULT,	/* of the call that was made */
	XC_ORDER_STOP		/* stop() and say what is left behind */
};

/* What an operation is run as. */
enum xc_run_as {
	XC_RUN_HANDLER,
	XC_RUN_AHEAD,		/* of the handler: may leave it without reply */
	XC_RUN_BEHIND,	/* ... a whole reply: may add header lines */
	XC_RUN_BEHIND_STREAM
};

/* Host to sandbox.  The sandbox trusts it. */
struct xc_order {
	uint32_t kind;
	uint32_t seq;		/* of the request; in a RESULT, of its run */
	uint32_t operation;	/* number, see xc_runner_spec */
	uint32_t len;		/* of the request block, or of the result */
	int32_t err;		/* RESULT: enum xc_err */
	uint32_t log_level;	/* records up to this are wanted */
	uint32_t clear;		/* bytes at the reply area's front to blank */
	uint32_t step;		/* RUN: enum xc_run_as */
	uint32_t status;	/* ... of the reply that it is behind */
};

enum xc_notice_kind {
	XC_NOTICE_READY = 1,
	XC_NOTICE_FAILED,	/* to load or start: the reason stands */
	XC_NOTICE_CALL,
	XC_NOTICE_REPLY,
	XC_NOTICE_STOPPED
};

/* Sandbox to host.  Nothing in it is to be believed. */
struct xc_notice {
	uint32_t kind;
	uint32_t seq;		/* that of the order; 0 before the first */
	uint32_t call;		/* CALL: enum xc_call, see calls.h; REPLY: enum
				 * xc_breach, NONE or MEMORY or REPLY: the
				 * limit that the handler failed by, for which
				 * the reply stands */
	uint32_t len;		/* CALL: of the arguments; REPLY: of the reply
				 * block that is used */
	int32_t err;		/* REPLY: what the handler returned */
	uint32_t state;		/* REPLY: enum xc_reply_state; NONE of a step
				 * that made none: one behind the handler has
				 * the lines that it adds in the reply block */
};

/* What a guest is doing; it says so before each step (the trial's words are
 * "load", "start()", "warm()", "stop()"). */
enum xc_stage {
	XC_STAGE_JAIL,		/* the walls go up: no code of the plugin */
	XC_STAGE_LOAD,		/* dlopen(), constructors */
	XC_STAGE_START,
	XC_STAGE_WARM,
	XC_STAGE_SERVE,
	XC_STAGE_STOP,
	XC_STAGE__MAX
};

/* Bytes of the areas, each a multiple of the page. */
struct xc_channel_sizes {
	uint32_t request;	/* request block, and at first the spec */
	uint32_t reply;
	uint32_t args;
	uint32_t result;
};

#define XC_CHANNEL_REASON_MAX 512
#define XC_CHANNEL_TRACE_MAX 4096

/* The memfd's beginning; the areas follow at page boundaries. */
struct xc_channel_head {
	uint32_t magic;
	uint32_t layout;
	struct xc_channel_sizes sizes;
	uint32_t spec_len;	/* JSON, in the request area */
	uint32_t stage;		/* enum xc_stage, the guest's word */
	struct xc_order order __attribute__((aligned(64)));
	struct xc_notice notice __attribute__((aligned(64)));
	struct xc_layers layers __attribute__((aligned(64)));
	/* Of FAILED; of STOPPED: what is left behind. */
	char reason[XC_CHANNEL_REASON_MAX];
	char trace[XC_CHANNEL_TRACE_MAX];	/* as crash-trace.h has it */
};

/* One side's view.  Zero it, with -1 for the descriptors, before use. */
struct xc_channel {
	int memfd;
	int bell_read;
	int bell_write;
	struct xc_channel_head *head;
	struct xc_channel_sizes sizes;	/* private: never read from head */
	unsigned char *request;
	unsigned char *reply;
	unsigned char *args;
	unsigned char *result;
	size_t size;
};

/* The descriptors of the sandbox's side. */
struct xc_channel_guest {
	int memfd;
	int bell_read;
	int bell_write;
};

/*
 * Host: makes memfd (sealed against growing, shrinking and more seals) and
 * pipes, maps it.  All descriptors are close-on-exec; guest_r's are the
 * caller's to pass on and close.  The host's ends never block; it ignores
 * SIGPIPE.  XC_ERR_INVALID: a size is no multiple of the page, or 0.
 */
enum xc_err xc_channel_create(const struct xc_channel_sizes *sizes,
    struct xc_channel *channel_r, struct xc_channel_guest *guest_r,
    struct xc_errbuf *errbuf);

/* Sandbox: maps it and takes the sizes from its head (the host's word).  The
 * descriptors are the channel's then, also after an error. */
enum xc_err xc_channel_attach(const struct xc_channel_guest *guest,
    struct xc_channel *channel_r, struct xc_errbuf *errbuf);

/* Unmaps and closes; sets it to empty. */
void xc_channel_close(struct xc_channel *channel);

/* Host: writes the order, rings.  XC_ERR_IO: the sandbox is gone. */
enum xc_err xc_channel_order(struct xc_channel *channel,
    const struct xc_order *order);

/*
 * Host: after the bell has become readable.  Takes one byte and copies the
 * notice once.  XC_ERR_INVALID: more than one byte, a kind that is none, a
 * length over the area's, another seq than `seq` (the sandbox is to be
 * killed).  XC_ERR_IO: end of file, it is gone.  XC_ERR_BUSY: nothing came.
 */
enum xc_err xc_channel_notice(struct xc_channel *channel, uint32_t seq,
    struct xc_notice *notice_r);

/*
 * Host: copies of what the sandbox has put into the head, taken once.  Texts
 * are NUL-terminated UTF-8; control characters (in a trace: but line feeds)
 * and what is no UTF-8 are question marks.
 */
void xc_channel_reason(const struct xc_channel *channel,
    char text_r[XC_CHANNEL_REASON_MAX]);
void xc_channel_trace(const struct xc_channel *channel,
    char text_r[XC_CHANNEL_TRACE_MAX]);
void xc_channel_layers(const struct xc_channel *channel,
    struct xc_layers *layers_r);

/* Sandbox: waits for the next order; end of file or an error ends the
 * process.  Rings with a notice. */
void xc_channel_wait_order(struct xc_channel *channel,
    struct xc_order *order_r);
void xc_channel_send_notice(struct xc_channel *channel,
    const struct xc_notice *notice);

/* Host: gives the memory above the first keep bytes of each area back. */
void xc_channel_trim(struct xc_channel *channel, size_t keep);

/* Host: makes all of it zero but magic, layout and sizes, and the bell silent,
 * for the next process of a slot.  Nobody else may have it mapped then. */
enum xc_err xc_channel_wipe(struct xc_channel *channel);

#endif
