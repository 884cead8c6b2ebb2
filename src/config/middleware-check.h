/* SPDX-License-Identifier: MIT */
/* Whether what stands in section "middleware" can be done; see middleware.h. */
#ifndef XC_MIDDLEWARE_CHECK_H
#define XC_MIDDLEWARE_CHECK_H

#include "middleware.h"

/* Each XC_ERR_INVALID with a sentence that begins with the key. */
enum xc_err xc_check_chain(const struct xc_middleware *middleware,
    struct xc_errbuf *errbuf);
enum xc_err xc_check_ends(const struct xc_middleware *middleware,
    struct xc_errbuf *errbuf);
enum xc_err xc_check_of_prefix(const struct xc_chain_settings *chain,
    struct xc_errbuf *errbuf);

#endif
