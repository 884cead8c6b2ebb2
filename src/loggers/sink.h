/* SPDX-License-Identifier: MIT */
/* Where records go: a file, stderr or syslog. */
#ifndef XC_SINK_H
#define XC_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/errbuf.h"
#include "logger.h"

/* Opens the sink; what was open before is closed only if this works.
 * file is copied. */
enum xc_err xc_sink_open(enum xc_log_sink sink, const char *file,
    struct xc_errbuf *errbuf);
enum xc_err xc_sink_reopen(struct xc_errbuf *errbuf);

/* Back to stderr. */
void xc_sink_close(void);

enum xc_log_sink xc_sink_kind(void);
bool xc_sink_is_terminal(void);

/*
 * Writes one record with one system call; never waits longer than a tenth of
 * a second for a pipe that is full, and only once in a row.  A record that
 * cannot be written to a file goes to stderr; the losses are counted and told
 * of there at most every 10 seconds.
 */
void xc_sink_write(const char *data, size_t len);

#endif
