/* SPDX-License-Identifier: MIT */
/* Watching plugin folders for files that were saved. */
#ifndef XC_WATCH_H
#define XC_WATCH_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/errbuf.h"

struct xc_watch;

enum xc_watch_kind {
	XC_WATCH_SOURCES,	/* all but what a build writes */
	XC_WATCH_BUILT		/* what goes into a package */
};

/*
 * Watches n folders (the strings must outlive it) with what is below them.
 * A folder that is not there, or goes, is waited for.
 */
enum xc_err xc_watch_new(char *const *folders, size_t n,
    enum xc_watch_kind kind, struct xc_watch **watch_r,
    struct xc_errbuf *errbuf);
void xc_watch_free(struct xc_watch **watch);

/*
 * Waits until something was saved and it has been quiet for a moment (an
 * editor writes a file in several steps).  changed_r[i] tells for each
 * folder.  open is the signal mask while it waits.  XC_ERR_STATE: a signal
 * came.
 */
enum xc_err xc_watch_wait(struct xc_watch *watch, const sigset_t *open,
    bool *changed_r, struct xc_errbuf *errbuf);

#endif
