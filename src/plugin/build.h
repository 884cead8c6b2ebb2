/* SPDX-License-Identifier: MIT */
/* Building a plugin from its folder: make, with its words passed on. */
#ifndef XC_BUILD_H
#define XC_BUILD_H

#include <stddef.h>

#include "lib/errbuf.h"

/*
 * Runs make in folder and waits for it.  output(ctx, text, len) gets what it
 * and the compiler say, as it comes.  The tools beside this program
 * (xcore-config) are found first.  XC_ERR_FAILED: make failed; XC_ERR_IO: it
 * could not be run; XC_ERR_NOT_FOUND: the folder has no Makefile.
 */
enum xc_err xc_build_run(const char *folder,
    void (*output)(void *ctx, const char *text, size_t len), void *ctx,
    struct xc_errbuf *errbuf);

#endif
