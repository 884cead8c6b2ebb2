/* SPDX-License-Identifier: MIT */
/*
 * A package: the files of one version of one plugin.  It comes as a folder
 * or as an .xcp (a tar, compressed by zstd or gzip) and lives in MariaDB as
 * an .xcp and in the store as a folder.
 *
 * Its hash is SHA-256 over the sorted list of (name, length, content), so
 * that folder and archive of the same files have the same.  Only regular
 * files are taken: plugin.json, openapi.json, <name>.so, README*, LICENSE*,
 * the .json files in schemas/, sql/NNNN_*.{up,down}.sql and assets/ of any
 * depth; a folder's other files (sources, Makefile, tests) stay at home.  In an archive anything else, a
 * link, a device, an absolute path, "..", two entries of one name, or more
 * than the limits is refused.
 */
#ifndef XC_PACKAGE_H
#define XC_PACKAGE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/errbuf.h"
#include "plugin/manifest.h"

#define XC_PACKAGE_SIZE_MAX (64u << 20)	/* all files, unpacked */
#define XC_PACKAGE_FILES_MAX 2000

struct xc_bundle;

struct xc_package_file {
	char *name;		/* relative, for example "sql/0001_x.up.sql" */
	unsigned char *data;	/* with a NUL behind that does not count */
	size_t len;
};

struct xc_package {
	struct xc_package_file *files;	/* sorted by name */
	size_t n_files;
	char hash[65];		/* hex, NUL-terminated */
	struct xc_manifest *manifest;
	struct xc_bundle *contract;	/* openapi.json and schemas/; may
					 * lie in files */
	struct json_object *openapi;	/* the whole of it */
};

/*
 * Reads a folder or an .xcp, by what path is.  Checks structure, manifest and
 * that openapi.json and the schemas are JSON; runs and loads nothing.  On XC_OK the caller
 * frees *package_r.
 */
enum xc_err xc_package_open(const char *path, struct xc_package **package_r,
    struct xc_errbuf *errbuf);

/* The same from an .xcp in memory. */
enum xc_err xc_package_read(const void *data, size_t len,
    struct xc_package **package_r, struct xc_errbuf *errbuf);
void xc_package_free(struct xc_package **package);

/* Packs it as .xcp bytes, the same bytes for the same files.  The caller
 * frees *data_r. */
enum xc_err xc_package_pack(const struct xc_package *package,
    void **data_r, size_t *len_r, struct xc_errbuf *errbuf);

const struct xc_package_file *xc_package_find(
    const struct xc_package *package, const char *name);

/* "1.2.0-0a1b2c3d": the name of its folder in the store. */
void xc_package_version_id(const struct xc_package *package, char *buf,
    size_t size);

/*
 * Puts it into the store: <state>/plugins/<name>/<version>-<hash8>/, by
 * writing a folder beside it, fsync and rename.  A folder that stands is
 * verified by the hash and kept, or set aside and made anew if it was
 * damaged.  dir_r gets the path.  XC_ERR_IO with the reason (disk full, ...)
 * leaves no folder of that name.
 */
enum xc_err xc_store_put(const char *state_dir,
    const struct xc_package *package, char *dir_r, size_t size,
    struct xc_errbuf *errbuf);

/* XC_OK if the folder holds exactly the files of that hash; XC_ERR_NOT_FOUND
 * if it is not there; XC_ERR_INVALID names what differs. */
enum xc_err xc_store_verify(const char *dir, const char *hash,
    struct xc_errbuf *errbuf);

/*
 * Removes folders of the store, and staging leftovers older than an hour,
 * for which keep(ctx, name, version_id) is false.  dry_run only counts.
 */
enum xc_err xc_store_gc(const char *state_dir,
    bool (*keep)(void *ctx, const char *name, const char *version_id),
    void *ctx, bool dry_run, size_t *removed_r, uint64_t *bytes_r,
    struct xc_errbuf *errbuf);

#endif
