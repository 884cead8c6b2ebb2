/* SPDX-License-Identifier: MIT */
/* Cookies that the worker alone reads. */
#ifndef XC_SESSION_H
#define XC_SESSION_H

/* Of a browser's session, and of a browser that has logged in before.
 * "__Host-": Secure, no Domain, Path=/ (RFC 6265bis, section 4.1.3.2). */
#define XC_SESSION_COOKIE "__Host-xcore-session"
#define XC_DEVICE_COOKIE "__Host-xcore-device"

#endif
