/* SPDX-License-Identifier: MIT */
/*
 * The files of a plugin's assets/, as its folder in the store has them: a
 * table of their names, made when the plugin is loaded.  What is not in it
 * is not served, so no path of a request ever reaches the file system.
 */
#ifndef XC_ASSETS_H
#define XC_ASSETS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/errbuf.h"

struct xc_assets;

struct xc_asset {
	const char *name;	/* below assets/: "css/site.css" */
	uint64_t size;
};

/*
 * Reads the table of dir/assets.  *assets_r is NULL if there are no files.
 * hash is that of the package.  Links, devices and what may not be in a
 * package are left out.  XC_ERR_IO, XC_ERR_NOMEM, XC_ERR_TOO_LARGE: more than
 * a package may have.
 */
enum xc_err xc_assets_read(const char *dir, const char *hash,
    struct xc_assets **assets_r, struct xc_errbuf *errbuf);
void xc_assets_free(struct xc_assets **assets);

/* The file that n segments of a path name, or NULL; assets may be NULL. */
const struct xc_asset *xc_assets_find(const struct xc_assets *assets,
    const char *const *segments, size_t n);

/* A value for ETag, quotes included: the same file of another version of the
 * plugin has another. */
const char *xc_assets_etag(const struct xc_assets *assets);

/*
 * Opens a file for reading, without following a link.  XC_ERR_NOT_FOUND,
 * XC_ERR_INVALID (it is not what it was) or XC_ERR_IO, with the reason.
 */
enum xc_err xc_assets_open(const struct xc_assets *assets,
    const struct xc_asset *asset, int *fd_r, struct xc_errbuf *errbuf);

#endif
