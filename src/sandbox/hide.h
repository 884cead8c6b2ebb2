/* SPDX-License-Identifier: MIT */
/*
 * What proves who sends a request stays in the worker.  A plugin in a sandbox
 * may be anybody's: it could keep the token or the cookie that came with a
 * request, and be that user later, in all that the user may.
 */
#ifndef XC_HIDE_H
#define XC_HIDE_H

#include "lib/block.h"
#include "lib/errbuf.h"

#define XC_HIDDEN_MAX 4		/* header fields: two names, each once */

/* What was taken out, until it is put back. */
struct xc_hidden {
	struct xc_pairs headers;
	unsigned char *rows;	/* of the table; NULL: nothing was hidden */
	struct {
		struct xc_span span;
		char *text;
	} values[XC_HIDDEN_MAX];
	size_t n;
};

/*
 * Takes our cookies (see lib/session.h) out of a request's block, and a header
 * Authorization with a token that says it is of issuer (NULL: of none).
 * XC_ERR_NOMEM, XC_ERR_TOO_LARGE: the block is as it was.
 */
enum xc_err xc_hide(struct xc_block *in, const char *issuer,
    struct xc_hidden *hidden_r);

/* Puts all of it back. */
void xc_unhide(struct xc_block *in, struct xc_hidden *hidden);

#endif
