/* SPDX-License-Identifier: MIT */
/*
 * Who asks, where proxies stand before the web server: X-Forwarded-For,
 * Forwarded (RFC 7239) or X-Real-IP.  What a client wrote there itself stands
 * left of what the first proxy of ours has added, so the list is read from
 * the right and the first address that is none of ours is the client.
 */
#ifndef XC_FORWARDED_H
#define XC_FORWARDED_H

#include <stdbool.h>
#include <stddef.h>

#include "config/network.h"

enum xc_forwarded_by { XC_BY_FORWARDED_FOR, XC_BY_FORWARDED, XC_BY_REAL_IP };

struct xc_proxies {
	const struct xc_network *trusted;
	size_t n;
	enum xc_forwarded_by by;
	size_t hops_max;	/* 1 to XC_HOPS_MAX */
};

#define XC_HOPS_MAX 256

/* Header values; NULL for one that did not come. */
struct xc_forwarded_in {
	const char *peer;	/* REMOTE_ADDR; "unix:" or "" of a socket */
	const char *hops;	/* of the header that is believed */
	const char *protos;	/* X-Forwarded-Proto */
	const char *hosts;	/* X-Forwarded-Host */
};

struct xc_forwarded {
	bool known;		/* else the peer is all that is known */
	char address[XC_ADDRESS_TEXT];
	char scheme[8];		/* "http", "https"; "": nobody says */
	char host[256];		/* "": nobody says */
};

/*
 * Reads what came.  False: the peer is none of the proxies, and nothing that
 * it says is taken.  What is no address ends the list: what stands left of it
 * cannot be known.
 */
bool xc_forwarded_read(const struct xc_proxies *proxies,
    const struct xc_forwarded_in *in, struct xc_forwarded *out_r);

#endif
