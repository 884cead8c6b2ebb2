/* SPDX-License-Identifier: MIT */
/* How a package is put together, between its readers. */
#ifndef XC_PACKAGE_PRIVATE_H
#define XC_PACKAGE_PRIVATE_H

#include <stdbool.h>

#include "package.h"

/* Files as they come in, unsorted. */
struct xc_package_draft {
	struct xc_package_file *files;
	size_t n_files;
	size_t room;
	uint64_t bytes;
};

/* Whether a file of that relative name belongs into a package. */
bool xc_package_name_ok(const char *name);

#define XC_PACKAGE_PATH_MAX 400

/* Whether a path inside a package is relative, of printable ASCII, and free
 * of empty, "." and ".." segments. */
bool xc_package_path_ok(const char *path);

/* Whether a folder of that name may stand in a package: sql, schemas, assets
 * and those below it. */
bool xc_package_folder_ok(const char *name);

/* Adds a file; takes data (malloc'ed, with a NUL behind len) in every case. */
enum xc_err xc_package_draft_add(struct xc_package_draft *draft,
    const char *name, unsigned char *data, size_t len,
    struct xc_errbuf *errbuf);

/* Refuses what would pass the limits with len bytes more. */
enum xc_err xc_package_draft_room(const struct xc_package_draft *draft,
    uint64_t len, struct xc_errbuf *errbuf);

/* Sorts, hashes and parses; takes the draft's files in every case. */
enum xc_err xc_package_finish(struct xc_package_draft *draft,
    struct xc_package **package_r, struct xc_errbuf *errbuf);

void xc_package_draft_free(struct xc_package_draft *draft);

/*
 * Takes a folder's files into a draft.  strict: anything that belongs into
 * no package is refused (a folder of the store); else it stays at home.
 */
enum xc_err xc_package_read_folder(int dir, bool strict,
    struct xc_package_draft *draft, struct xc_errbuf *errbuf);

/* Takes an archive's files into a draft. */
enum xc_err xc_package_read_archive(const void *data, size_t len,
    struct xc_package_draft *draft, struct xc_errbuf *errbuf);

/* Sorts the draft and writes its hash; XC_ERR_INVALID for two of a name. */
enum xc_err xc_package_draft_hash(struct xc_package_draft *draft,
    char hash_r[65], struct xc_errbuf *errbuf);

#endif
