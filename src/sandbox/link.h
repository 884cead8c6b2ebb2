/* SPDX-License-Identifier: MIT */
/*
 * Between a worker and the spawner: a SOCK_SEQPACKET connection to
 * <run_dir>/spawner.sock, one fixed message each way for a sandbox.  The
 * spawner kills what it made for a connection that ends; a worker whose
 * connection ends has lost its sandboxes and connects anew.
 */
#ifndef XC_LINK_H
#define XC_LINK_H

#include <stdint.h>

#include "lib/errbuf.h"
#include "lib/limits.h"
#include "sandbox/guest.h"

#define XC_SPAWN_MAGIC UINT32_C(0x77707378)

/*
 * With it come the descriptors: memfd, bell_read, bell_write, output; at
 * level `request` also command_read, hello_write and for each slot memfd,
 * bell_read, bell_write.
 */
struct xc_spawn_request {
	uint32_t magic;
	uint32_t id;		/* comes back in the answer */
	uint32_t isolation;
	uint32_t n_slots;
	int32_t cpu;
	struct xc_limits limits;
};

/* With it comes the pidfd, unless error is set. */
struct xc_spawn_answer {
	uint32_t magic;
	uint32_t id;
	int32_t pid;		/* 0: it failed */
	int32_t error;		/* enum xc_err */
	char reason[240];	/* NUL-terminated */
};

/* Told without being asked when a sandbox was reaped. */
struct xc_spawn_end {
	uint32_t magic;
	uint32_t id;
	int32_t pid;
	int32_t status;		/* as of waitpid() */
	uint32_t oom_kills;
	uint32_t pad;
};

/* Both directions; XC_ERR_IO, XC_ERR_BUSY (would block), XC_ERR_INVALID.
 * Descriptors received are close-on-exec, the caller's. */
enum xc_err xc_link_send_fds(int fd, const void *message, size_t size,
    const int *fds, size_t n_fds);
enum xc_err xc_link_receive(int fd, void *message_r, size_t size,
    size_t *len_r, int *fds_r, size_t max_fds, size_t *n_fds_r);

/* The address's length must fit sun_path; XC_ERR_INVALID says so. */
enum xc_err xc_link_connect(const char *path, int *fd_r,
    struct xc_errbuf *errbuf);
enum xc_err xc_link_listen(const char *path, int *fd_r,
    struct xc_errbuf *errbuf);

#endif
