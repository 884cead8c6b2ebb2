/* SPDX-License-Identifier: MIT */
/*
 * The last that a worker does when a plugin in its process crashes, or is at
 * the end of its time: it answers the client in its place and writes a crash
 * report.  All in a signal handler, on a stack of its own.
 *
 * Whoever takes the right to answer has it: the worker before the first byte
 * of its reply, or the handler.
 */
#ifndef XC_LASTGASP_H
#define XC_LASTGASP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/breach.h"
#include "lib/errbuf.h"
#include "worker/scoreboard.h"

struct xc_passage;

/*
 * The manager's word that a run is over its limits, sent by sigqueue(3): see
 * xc_gasp_word().  It kills soon after, in case this is blocked.
 */
#define XC_SIGNAL_OVER (SIGRTMIN + 7)

/* What goes with it: which run, and XC_BREACH_TIMEOUT or XC_BREACH_CPU.  A
 * run that has ended by then is not meant any more. */
union sigval xc_gasp_word(uint32_t run, enum xc_breach breach);

/* The name of the folder in server.state_dir where crash reports are. */
#define XC_CRASHES_DIR "crashes"

/*
 * Installs the handlers for this process; what the report names is read from
 * the row.  state_dir "": no reports are written.  An error leaves the worker
 * without either, which it can do without.
 */
enum xc_err xc_gasp_open(const struct xc_worker_row *row, uint32_t worker,
    const char *state_dir, struct xc_errbuf *errbuf);
void xc_gasp_close(void);

/* Another stack for the calling thread to handle its faults on, and their
 * signals unblocked in it. */
void xc_gasp_thread(void);

/* Before the thread ends. */
void xc_gasp_thread_end(void);

/* From here on the handler may answer, with the header lines that the passage
 * has then.  head_only: a HEAD request. */
void xc_gasp_arm(int fd, uint16_t request_id, bool head_only,
    const struct xc_passage *passage);

/* Takes the right to answer back; does not return if the handler has it. */
void xc_gasp_release(void);

#endif
