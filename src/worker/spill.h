/* SPDX-License-Identifier: MIT */
/*
 * The body of one request in a file without a name: written while it arrives,
 * looked at when all of it is there, gone when the descriptor is closed,
 * whatever becomes of the process.
 */
#ifndef XC_WORKER_SPILL_H
#define XC_WORKER_SPILL_H

#include <stddef.h>
#include <stdint.h>

#include "contract/multipart.h"
#include "lib/errbuf.h"
#include "lib/host.h"

struct xc_spill {
	int fd;			/* -1: there is no file */
	uint64_t len;		/* bytes that were written */
};

/*
 * The three below return 0, or the HTTP status to refuse the request with and
 * a sentence for the log with the remedy: 507, the disk is full or a limit of
 * sizes is reached; 503, there can be no file; 500, it does not read or
 * write.
 */

/* Makes the file in dir (fastcgi.body_dir), and dir itself if it is missing
 * (not its parents). */
int xc_spill_open(struct xc_spill *spill, const char *dir,
    struct xc_errbuf *errbuf);

/* Appends. */
int xc_spill_write(struct xc_spill *spill, const void *data, size_t len,
    struct xc_errbuf *errbuf);

/* Maps all of it, which is not empty, for reading; the caller unmaps. */
int xc_spill_map(const struct xc_spill *spill, struct xc_source *source_r,
    struct xc_errbuf *errbuf);

/* Unmaps what xc_spill_map() gave, if it did; source->fd is -1 then. */
void xc_spill_unmap(struct xc_source *source);

/* May be called again. */
void xc_spill_close(struct xc_spill *spill);

/* For struct xc_host; its ctx is the const struct xc_source * of the request
 * that runs. */
extern const struct xc_part_ops xc_spill_part_ops;

#endif
