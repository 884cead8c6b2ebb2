/* SPDX-License-Identifier: MIT */
/* Tries that are counted in the database, so over all workers and hosts. */
#ifndef XC_OTP_THROTTLE_H
#define XC_OTP_THROTTLE_H

#include <stdint.h>

#include "services/database/store.h"

struct xc_throttle {
	const char *scope;	/* "otp-login": 16 bytes at most */
	int64_t user_id;
	int64_t max;
	int64_t seconds;
};

/*
 * Counts a try before it is made, so that tries at the same time count as
 * well.  XC_OK: it may be made.  XC_ERR_BUSY: max of them were made, and the
 * rest waits: for seconds, and after each further one twice as long, up to 16
 * times that; what is refused does not count.  *retry_s_r is how long.  Others:
 * the database fails.
 */
enum xc_err xc_throttle_try(struct xc_store *store,
    const struct xc_throttle *throttle, uint32_t *retry_s_r);

/* One was right: forgets those that were wrong. */
enum xc_err xc_throttle_clear(struct xc_store *store,
    const struct xc_throttle *throttle);

/* Counts up to max in a window of seconds; codes as above. */
enum xc_err xc_throttle_rate(struct xc_store *store,
    const struct xc_throttle *throttle, uint32_t *retry_s_r);

/* What was counted last did not happen. */
enum xc_err xc_throttle_undo(struct xc_store *store,
    const struct xc_throttle *throttle);

#endif
