/* SPDX-License-Identifier: MIT */
#include "worker/assets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <xcore/reply.h>

#include "lib/reply-private.h"

/* Up to here a file goes out with its head in one piece. */
#define WHOLE_MAX (64 * 1024)
#define PIECE (256 * 1024)

static const struct {
	const char *ending;
	const char *type;
} types[] = {
	{ "avif", "image/avif" },
	{ "css", "text/css; charset=utf-8" },
	{ "gif", "image/gif" },
	{ "html", "text/html; charset=utf-8" },
	{ "ico", "image/vnd.microsoft.icon" },
	{ "jpeg", "image/jpeg" },
	{ "jpg", "image/jpeg" },
	{ "js", "text/javascript; charset=utf-8" },
	{ "json", "application/json" },
	{ "map", "application/json" },
	{ "md", "text/markdown; charset=utf-8" },
	{ "mjs", "text/javascript; charset=utf-8" },
	{ "pdf", "application/pdf" },
	{ "png", "image/png" },
	{ "svg", "image/svg+xml" },
	{ "txt", "text/plain; charset=utf-8" },
	{ "wasm", "application/wasm" },
	{ "webp", "image/webp" },
	{ "woff", "font/woff" },
	{ "woff2", "font/woff2" },
	{ "xml", "application/xml" },
};

const char *
xc_asset_type(const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t i;

	for (i = 0; dot && i < sizeof(types) / sizeof(*types); i++)
		if (strcasecmp(dot + 1, types[i].ending) == 0)
			return types[i].type;
	return "application/octet-stream";
}

/* RFC 9110, 13.1.2: compared weakly, as a proxy that packs a reply makes a
 * weak tag of ours. */
bool
xc_asset_tag_matches(const char *if_none_match, const char *etag)
{
	const char *at = if_none_match;
	size_t len = strlen(etag);

	if (!at)
		return false;
	for (;;) {
		at += strspn(at, " \t,");
		if (*at == '\0')
			return false;
		if (*at == '*')
			return true;
		if (strncmp(at, "W/", 2) == 0)
			at += 2;
		if (strncmp(at, etag, len) == 0 && strchr(" \t,", at[len]))
			return true;
		/* Inside of a tag there may be a comma. */
		if (*at == '"')
			at += 1 + strcspn(at + 1, "\"");
		at += strcspn(at, ",");
	}
}

static enum xc_err
read_exactly(int fd, void *buf, size_t len)
{
	char *at = buf;
	ssize_t n;

	while (len > 0) {
		n = read(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return XC_ERR_IO;
		at += n;
		len -= (size_t)n;
	}
	return XC_OK;
}

static enum xc_err
reply_whole(struct xc_request *req, int fd, const struct xc_asset *asset)
{
	enum xc_err err = xc_reply_open(req, 200, xc_asset_type(asset->name));
	uint32_t body = req->out.used;

	if (err == XC_OK)
		err = xc_block_room(&req->out, asset->size + 1);
	if (err == XC_OK)
		err = read_exactly(fd, req->out.base + body, asset->size);
	if (err != XC_OK) {
		xc_reply_abandon(req);
		return err;
	}
	req->out.used += (uint32_t)asset->size;
	return xc_reply_close(req, body);
}

static enum xc_err
stream_pieces(struct xc_request *req, int fd, uint64_t left)
{
	char *buf = malloc(PIECE);
	enum xc_err err = buf ? XC_OK : XC_ERR_NOMEM;
	size_t n;

	while (err == XC_OK && left > 0) {
		n = left < PIECE ? (size_t)left : PIECE;
		err = read_exactly(fd, buf, n);
		if (err == XC_OK)
			err = xc_reply_write(req, buf, n);
		left -= n;
	}
	free(buf);
	return err;
}

/* Its length is known, which makes a head for HEAD too. */
static enum xc_err
reply_streamed(struct xc_wire *wire, struct xc_request *req, int fd,
    const struct xc_asset *asset)
{
	enum xc_err err;

	wire->sized = true;
	wire->size = asset->size;
	err = xc_reply_begin(req, 200, xc_asset_type(asset->name));
	if (err != XC_OK || xc_request_method(req) == XC_HEAD)
		return err;
	return stream_pieces(req, fd, asset->size);
}

static enum xc_err
put_headers(struct xc_request *req, const struct xc_assets *assets)
{
	static const char *const lines[][2] = {
		{ "Cache-Control", "no-cache" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Accept-Ranges", "none" },
	};
	enum xc_err err = xc_reply_header(req, "ETag",
	    xc_assets_etag(assets));
	size_t i;

	for (i = 0; err == XC_OK && i < sizeof(lines) / sizeof(*lines); i++)
		err = xc_reply_header(req, lines[i][0], lines[i][1]);
	return err;
}

static enum xc_err
reply_file(struct xc_wire *wire, struct xc_request *req,
    const struct xc_asset_target *target, struct xc_errbuf *errbuf)
{
	const struct xc_asset *asset = target->asset;
	enum xc_err err;
	int fd;

	err = xc_assets_open(target->assets, asset, &fd, errbuf);
	if (err != XC_OK)
		return err;
	if (asset->size > WHOLE_MAX || xc_request_method(req) == XC_HEAD)
		err = reply_streamed(wire, req, fd, asset);
	else
		err = reply_whole(req, fd, asset);
	close(fd);
	return err;
}

enum xc_err
xc_asset_reply(struct xc_wire *wire, struct xc_request *req,
    const struct xc_asset_target *target, struct xc_errbuf *errbuf)
{
	/* The limit of whoever ran before is not ours. */
	static const struct xc_request_limits wide = {
		.reply_max = UINT32_MAX };
	enum xc_err err;

	errbuf->text[0] = '\0';
	xc_request_limit(req, &wide);
	err = put_headers(req, target->assets);
	if (err == XC_OK && xc_asset_tag_matches(xc_request_header(req,
	    "if-none-match"), xc_assets_etag(target->assets)))
		err = xc_reply_empty(req, 304);
	else if (err == XC_OK)
		err = reply_file(wire, req, target, errbuf);
	if (err == XC_OK || wire->begun)
		return err;
	(void)xc_reply_blank(req);
	(void)xc_reply_problem(req, 500, NULL);
	if (errbuf->text[0] == '\0')
		(void)xc_fail(errbuf, err, "%s: %s", target->asset->name,
		    xc_strerror(err));
	return err;
}
