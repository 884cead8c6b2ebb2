/* SPDX-License-Identifier: MIT */
/* The cookie of a browser's session: the worker alone reads it. */
#ifndef XC_SESSION_H
#define XC_SESSION_H

/* "__Host-": Secure, no Domain, Path=/ (RFC 6265bis, section 4.1.3.2). */
#define XC_SESSION_COOKIE "__Host-xcore-session"

#endif
