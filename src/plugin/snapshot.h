/* SPDX-License-Identifier: MIT */
/*
 * The snapshot: an immutable file that says what a host's workers serve.
 * The follower writes it; workers read it; it serves when MariaDB is down,
 * at start too.  Each file ends in a line with its SHA-256, so that a damaged
 * one is refused.
 */
#ifndef XC_SNAPSHOT_H
#define XC_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/errbuf.h"

struct json_object;

/*
 * Writes <state>/snapshot/<generation>-<sequence>.json and then points
 * <state>/snapshot/current.json at it; both by write, fsync, rename.  The
 * last 5 are kept.  path_r gets the numbered path.
 */
enum xc_err xc_snapshot_write(const char *state_dir,
    struct json_object *snapshot, char *path_r, size_t size,
    struct xc_errbuf *errbuf);

/* The same, and the one of that sequence is kept too (0: none): workers that
 * start read what is published, not what is newest. */
enum xc_err xc_snapshot_write_keep(const char *state_dir,
    struct json_object *snapshot, uint64_t keep, char *path_r, size_t size,
    struct xc_errbuf *errbuf);

/* Reads one and checks its sum and shape.  A new reference.
 * XC_ERR_NOT_FOUND if there is none. */
enum xc_err xc_snapshot_read(const char *path, struct json_object **snapshot_r,
    struct xc_errbuf *errbuf);

/* The path of current.json. */
void xc_snapshot_current(const char *state_dir, char *path_r, size_t size);

/* The path of the numbered file of that sequence in the folder of current;
 * XC_ERR_NOT_FOUND if it is gone. */
enum xc_err xc_snapshot_beside(const char *current, uint64_t sequence,
    char *path_r, size_t size);

/* The path of the newest numbered file whose sequence is below that, which
 * may be damaged; XC_ERR_NOT_FOUND if there is none. */
enum xc_err xc_snapshot_before(const char *state_dir, uint64_t below,
    char *path_r, size_t size, uint64_t *sequence_r);

/*
 * The path of the OpenAPI document beside a numbered snapshot, "31" or "30"
 * for the version: <generation>-<sequence>.openapi31.json.  Removed with the
 * snapshot.  XC_ERR_INVALID if it does not fit.
 */
enum xc_err xc_snapshot_document(const char *snapshot, const char *version,
    char *path_r, size_t size);

/* Writes it by write, fsync, rename. */
enum xc_err xc_snapshot_write_document(const char *path, const char *text,
    size_t len, struct xc_errbuf *errbuf);

/* The highest sequence of any file there, damaged ones too; 0 if none. */
uint64_t xc_snapshot_last_sequence(const char *state_dir);

/*
 * When current.json is damaged or gone: points it at the newest good file.
 * XC_OK: path_r is the numbered path and *snapshot_r a new reference.
 * XC_ERR_NOT_FOUND if no file is good.
 */
enum xc_err xc_snapshot_recover(const char *state_dir, char *path_r,
    size_t size, struct json_object **snapshot_r, struct xc_errbuf *errbuf);

#endif
