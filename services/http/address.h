/* SPDX-License-Identifier: MIT */
/* Which addresses lie in the public Internet. */
#ifndef XC_SERVICE_ADDRESS_H
#define XC_SERVICE_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * False for what is this machine, a private, shared or link-local network, a
 * group, reserved or for documentation, and for what is neither IPv4 nor
 * IPv6.  An IPv4 address inside of an IPv6 one is looked at as such.
 */
bool xc_address_is_public(const struct sockaddr *address);

/*
 * True for what is this machine or hangs on its own wire (127.0.0.0/8, ::1,
 * 169.254.0.0/16, fe80::/10: where machines that are rented find their keys),
 * and for what is neither IPv4 nor IPv6.
 */
bool xc_address_is_local(const struct sockaddr *address);

/* As above, of an address as inet_ntop() writes it. */
bool xc_address_text_is_local(const char *text);

/* As xc_address_is_public(); text is an address as inet_ntop() writes it. */
bool xc_address_text_is_public(const char *text);

#endif
