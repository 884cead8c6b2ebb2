/* SPDX-License-Identifier: MIT */
/* One manager for a folder: a lock file that tells who holds it. */
#ifndef XC_LOCK_H
#define XC_LOCK_H

#include <sys/types.h>

#include "lib/errbuf.h"

/*
 * Locks <folder>/xcored.lock, making the folder (not its parents) if it is
 * not there.  *fd_r is close-on-exec; to close it gives the lock up.  A child
 * that keeps a copy keeps the lock.  XC_ERR_BUSY with the other's pid if
 * another manager holds it.  what names the setting for the sentence.
 */
enum xc_err xc_lock_take(const char *folder, const char *what, int *fd_r,
    struct xc_errbuf *errbuf);

/* Writes a pid file in one step; path "" writes none. */
enum xc_err xc_pid_file_write(const char *path, pid_t pid,
    struct xc_errbuf *errbuf);

/* Removes it, if pid stands in it. */
void xc_pid_file_remove(const char *path, pid_t pid);

#endif
