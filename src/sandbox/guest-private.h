/* SPDX-License-Identifier: MIT */
/* The parts of a sandbox's inside. */
#ifndef XC_GUEST_PRIVATE_H
#define XC_GUEST_PRIVATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/errbuf.h"
#include "lib/host.h"
#include "lib/plugin-private.h"
#include "lib/request-private.h"
#include "plugin/loader-object.h"
#include "plugin/loader-traces.h"
#include "sandbox/calls.h"
#include "sandbox/guest.h"

struct json_object;

/* What the host has said of the plugin.  Texts lie in root. */
struct xc_guest_spec {
	struct json_object *root;
	const char *dir;	/* of its files; NULL: none */
	const char *so;
	const char *so_hash;	/* NULL: any */
	struct json_object *operations;	/* lists of names; NULL: none */
	struct json_object *event_operations;
	struct json_object *step_operations;
	uint32_t require;
	uint32_t log_level;
	bool complete;
};

/* The channel's three, the zygote's two, three for each slot; and ours. */
#define XC_GUEST_FDS_MAX (5 + 3 * XC_SLOTS_MAX + 8)

/* The rows of a statement that are here, of one call; see calls-rows.c. */
struct xc_guest_rows {
	bool open;
	char *copy;		/* the area is used by other calls meanwhile */
	struct xc_call_reader reader;
	size_t n;		/* columns */
	struct xc_cell *cells;
};

/* All of the process; there is one. */
struct xc_session {
	struct xc_jail_cell cell;	/* with all that is to be kept */
	int keep_fds[XC_GUEST_FDS_MAX];
	struct xc_channel channel;
	uint32_t seq;		/* of the order that is being carried out */
	uint32_t log_level;
	bool open;		/* the host listens to calls now... */
	pthread_t thread;	/* ...and to those of this thread */
	struct xc_guest_spec spec;
	struct xc_host host;
	struct xc_plugin plugin;
	struct xc_object object;
	xc_handler **handlers;	/* of operations, then events, then steps */
	size_t n_handlers;
	struct xc_request req;
	struct xc_guest_rows rows;
	/* What there was before the plugin was loaded, and /proc/self/stat (or
	 * -1): only if somebody wants to know what it leaves behind. */
	struct xc_traces before;
	int stat_fd;
};

/* Reads the spec in the request area; fills the plugin with it, so that
 * nothing is left to be read there. */
enum xc_err xc_guest_read_spec(struct xc_session *session,
    struct xc_errbuf *errbuf);

/* Fills session->host with tables that ask over the channel, and makes the
 * plugin's host of it. */
void xc_guest_services(struct xc_session *session);

/* How a service asks: begins with the arguments, writes them, rings and waits;
 * the result can be read from *result_r. */
struct xc_call_writer xc_guest_call_begin(struct xc_session *session);
enum xc_err xc_guest_call(struct xc_session *session, enum xc_call call,
    const struct xc_call_writer *args, struct xc_call_reader *result_r);

/* A call whose result is nothing but success. */
enum xc_err xc_guest_call_plain(struct xc_session *session,
    enum xc_call call, const struct xc_call_writer *args);

/* The host listens while it waits for this thread, and at no other time. */
bool xc_guest_is_heard(const struct xc_session *session);

extern const struct xc_cache_ops xc_guest_cache_ops;

/* Of struct xc_db_ops; ctx is the session. */
enum xc_err xc_guest_rows_open(void *ctx, const char *schema,
    const char *sql, const struct xc_value *args, size_t n_args);
enum xc_err xc_guest_rows_next(void *ctx, const struct xc_cell **cells_r,
    size_t *n_r);
void xc_guest_rows_end(void *ctx);

/* Maps the object and finds the handlers. */
enum xc_err xc_guest_load(struct xc_session *session,
    struct xc_errbuf *errbuf);
enum xc_err xc_guest_start(struct xc_session *session,
    struct xc_errbuf *errbuf);

/* stop(), and what stays: a sentence's end, or "" (also when it was not to be
 * looked at, see complete in guest.h). */
void xc_guest_stop(struct xc_session *session, char *left_r, size_t size);

/* From now on, what a crash was goes into trace, XC_CHANNEL_TRACE_MAX bytes,
 * before it ends the process.  Call it again for another place. */
void xc_guest_catch_crashes(char *trace);

/* Carries out an order to run an operation, and replies. */
void xc_guest_run_order(struct xc_session *session,
    const struct xc_order *order);

/* Forks children on command; never returns. */
_Noreturn void xc_guest_be_zygote(struct xc_session *session,
    const struct xc_guest *guest, const struct xc_layers *layers);

#endif
