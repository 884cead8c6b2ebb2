/* SPDX-License-Identifier: MIT */
/* The configuration as the validator sees it. */
#ifndef XC_JUDGE_H
#define XC_JUDGE_H

#include <stddef.h>

#include "lib/errbuf.h"

/* For xc_settings_let_judge(): by xcore.schema.json.  What errbuf says already
 * of a key is not said again. */
enum xc_err xc_judge(const char *file, const char *text, size_t len,
    struct xc_errbuf *errbuf);

#endif
