/* SPDX-License-Identifier: MIT */
/* HTTP status codes: their phrases, and which one an error becomes. */
#ifndef XC_STATUS_H
#define XC_STATUS_H

#include <xcore/error.h>

/*
 * A standard reason phrase for the status, for example "Not Found"; for one
 * without, the name of its class.  Static, never NULL.
 */
const char *xc_status_text(int status);

/* The status for a handler that returned err and did not reply; 500 for
 * XC_OK and for what is no code. */
int xc_status_of(enum xc_err err);

/* ... and what the client is told, without anything of ours in it. */
const char *xc_status_detail(enum xc_err err);

#endif
