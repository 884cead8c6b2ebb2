/* SPDX-License-Identifier: MIT */
/* Whole files, read with care and written so that they last. */
#ifndef XC_PLUGIN_FILE_H
#define XC_PLUGIN_FILE_H

#include <stddef.h>

#include "lib/errbuf.h"

/*
 * Reads a regular file to its end.  On XC_OK the caller frees *data_r, which
 * has a NUL behind *len_r bytes.  XC_ERR_INVALID if it is no regular file or
 * longer than max, XC_ERR_IO, XC_ERR_NOMEM.
 */
enum xc_err xc_file_read_fd(int fd, size_t max, unsigned char **data_r,
    size_t *len_r, struct xc_errbuf *errbuf);

/* The same for a name inside a folder; a link is not followed.
 * XC_ERR_NOT_FOUND if it is not there. */
enum xc_err xc_file_read_at(int dir, const char *name, size_t max,
    unsigned char **data_r, size_t *len_r, struct xc_errbuf *errbuf);

/* Makes a new file of that mode with these bytes and syncs it.  The sentence
 * in errbuf says why not; what was begun is left for the caller to remove. */
enum xc_err xc_file_write_at(int dir, const char *name, unsigned mode,
    const void *data, size_t len, struct xc_errbuf *errbuf);

/* Removes a file or a folder with all in it; links are not followed.  A name
 * that is not there is XC_OK. */
enum xc_err xc_file_remove_at(int dir, const char *name);

#endif
