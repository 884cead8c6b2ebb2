/* SPDX-License-Identifier: MIT */
/* Whether a reply is what a test expects. */
#ifndef XC_KIT_EXPECT_H
#define XC_KIT_EXPECT_H

#include "kit/fakes.h"
#include "lib/request-private.h"

/*
 * Compares the reply that stands in req with the member "expect" of a test.
 * XC_ERR_INVALID says the first difference.
 */
enum xc_err xc_expect(struct json_object *expect, const struct xc_request *req,
    const struct xc_fakes *fakes, struct xc_errbuf *errbuf);

#endif
