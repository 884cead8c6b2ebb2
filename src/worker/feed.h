/* SPDX-License-Identifier: MIT */
/*
 * How libfcgi decodes a request without touching the socket.  It reads
 * through OS_Read(), which it calls through its table of symbols, so the
 * program's own definition is the one that runs: that one serves the bytes
 * that stand here.  Where it does not (a libfcgi linked with -Bsymbolic), a
 * memfd holds them, which ends instead of blocking.
 *
 * One at a time for the process: libfcgi's reader has no context of its own.
 */
#ifndef XC_WORKER_FEED_H
#define XC_WORKER_FEED_H

#include <stddef.h>

#include <fcgiapp.h>

#include "lib/errbuf.h"

enum xc_feed_mode {
	XC_FEED_DIRECT,		/* through our OS_Read() */
	XC_FEED_MEMFD
};

/*
 * Initialises libfcgi and finds the mode by decoding a request made here.
 * Install signal handlers after it: libfcgi takes SIGPIPE, SIGUSR1 and
 * SIGTERM.  XC_ERR_UNSUPPORTED if libfcgi decodes in neither way.
 */
enum xc_err xc_feed_init(enum xc_feed_mode *mode_r, struct xc_errbuf *errbuf);

/* Prepares a connection's request.  fd stays the caller's in every case. */
void xc_feed_open(FCGX_Request *fcgi, int fd);

/*
 * Decodes len bytes that xc_head_scan() found complete: parameters to
 * fcgi->envp and body_len bytes to body, which has room for body_len.  On
 * XC_OK the caller ends with xc_feed_end().  XC_ERR_INVALID if libfcgi reads
 * them otherwise than we do: drop the connection.  XC_ERR_IO if there is no
 * memfd.
 */
enum xc_err xc_feed_decode(enum xc_feed_mode mode, FCGX_Request *fcgi,
    const unsigned char *bytes, size_t len, char *body, size_t body_len);

/* Frees what decoding took; envp is gone then. */
void xc_feed_end(FCGX_Request *fcgi);

#endif
