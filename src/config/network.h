/* SPDX-License-Identifier: MIT */
/* Addresses and networks of them, of both families. */
#ifndef XC_NETWORK_H
#define XC_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* IPv4 as ::ffff:a.b.c.d, so that both families are told apart by their bytes
 * and a client that comes by a mapped address is the same as by the other. */
struct xc_address {
	uint8_t bytes[16];
};

struct xc_network {
	struct xc_address address;	/* its bits behind `bits` are 0 */
	uint8_t bits;		/* 0 to 128; of all 16 bytes */
	bool is_unix;		/* stands for peers on a unix socket */
};

/*
 * Reads an address: "192.0.2.1", "2001:db8::1", "[2001:db8::1]"; with port
 * true also "192.0.2.1:80" and "[2001:db8::1]:80".  No zone, no octal, no
 * blanks.  text need not end with a NUL.
 */
bool xc_address_read(const char *text, size_t len, bool port,
    struct xc_address *address_r);

bool xc_address_is_v4(const struct xc_address *address);

/* As INET6_ADDRSTRLEN has room for; the shortest form. */
#define XC_ADDRESS_TEXT 46
void xc_address_text(const struct xc_address *address,
    char text_r[XC_ADDRESS_TEXT]);

/* Reads an address, "ADDRESS/BITS" or "unix".  False: it is none, or has bits
 * set behind the network's. */
bool xc_network_read(const char *text, struct xc_network *network_r);

bool xc_network_has(const struct xc_network *network,
    const struct xc_address *address);

#endif
