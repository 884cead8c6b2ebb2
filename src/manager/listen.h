/* SPDX-License-Identifier: MIT */
/* The socket on which the web server's connections arrive: descriptor 0. */
#ifndef XC_LISTEN_H
#define XC_LISTEN_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/errbuf.h"

struct xc_listen {
	int family;		/* AF_UNIX, AF_INET, AF_INET6 */
	char path[256];		/* absolute; "" if there is no file */
	dev_t dev;		/* of the file: not to remove another's */
	ino_t ino;
	bool activated;		/* systemd's: the file is not ours to remove */
};

/*
 * Makes sure that descriptor 0 is a listening socket, moving systemd's
 * descriptor 3 there if LISTEN_FDS names one for us; makes it non-blocking.
 * XC_ERR_INVALID with the command to type if there is none.
 */
enum xc_err xc_listen_take(struct xc_listen *listen, struct xc_errbuf *errbuf);

/* "unix:/run/xcore/xcore.sock" or "127.0.0.1:9000", NUL-terminated. */
void xc_listen_describe(const struct xc_listen *listen, char *text_r,
    size_t size);

/* Removes the socket's file, if it is ours and still the same. */
void xc_listen_unlink(const struct xc_listen *listen);

#endif
