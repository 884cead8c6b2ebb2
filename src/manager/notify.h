/* SPDX-License-Identifier: MIT */
/* Words to systemd over NOTIFY_SOCKET, as sd_notify(3) has them. */
#ifndef XC_NOTIFY_H
#define XC_NOTIFY_H

#include <stdint.h>

/* Sends "READY=1\nSTATUS=..."; nothing is done where nobody listens. */
void xc_notify(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How often "WATCHDOG=1" is to be sent, in milliseconds; 0: never. */
uint64_t xc_notify_watchdog_ms(void);

/* For a child: its words would be taken for the manager's. */
void xc_notify_forget(void);

#endif
