/* SPDX-License-Identifier: MIT */
/* What is said of a call that failed. */
#ifndef XC_TOLD_H
#define XC_TOLD_H

#include "connection.h"

/*
 * Logs why a call failed, as loud as the failure deserves, and returns err.
 * schema may be NULL.  The values are never shown.
 */
enum xc_err xc_told(const struct xc_connection *connection, enum xc_err err,
    const char *schema, const char *sql);

#endif
