/* SPDX-License-Identifier: MIT */
/* Has a plugin in a sandbox stop, as a worker does in its own process. */
#ifndef XC_KIT_HALT_H
#define XC_KIT_HALT_H

#include "sandbox/process.h"

/*
 * Orders STOP and waits up to timeout_ms; calls of the plugin (log records)
 * are served.  XC_OK: it has stopped, and xc_channel_reason() tells what it
 * left behind.  XC_ERR_TIMEOUT: it hangs.  XC_ERR_FAILED: it ended.
 * XC_ERR_INVALID: it said what no sandbox says.  After an error it is dead.
 */
enum xc_err xc_halt(struct xc_sandbox *sandbox, struct xc_broker *broker,
    int64_t timeout_ms);

#endif
