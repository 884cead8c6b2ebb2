/* SPDX-License-Identifier: MIT */
/* A plugin's files, served without its code. */
#ifndef XC_WORKER_ASSETS_H
#define XC_WORKER_ASSETS_H

#include "plugin/assets.h"
#include "worker/wire.h"

/* One that a request names. */
struct xc_asset_target {
	const struct xc_assets *assets;	/* NULL: it names none */
	const struct xc_asset *asset;
};

/* The media type that the ending of a name stands for. */
const char *xc_asset_type(const char *name);

/* Whether a value of If-None-Match (or NULL) has that entity tag. */
bool xc_asset_tag_matches(const char *if_none_match, const char *etag);

/*
 * Replies with the file to GET or HEAD, or with 304; a large one is streamed
 * in pieces, so no limit of a reply's size holds for it.  A reply stands, or
 * has begun, in every case; an error says with errbuf what is wrong with the
 * file, and that one which has begun is to be cut.
 */
enum xc_err xc_asset_reply(struct xc_wire *wire, struct xc_request *req,
    const struct xc_asset_target *target, struct xc_errbuf *errbuf);

#endif
