/* SPDX-License-Identifier: MIT */
/*
 * The address of another server's resource, read more strictly than any
 * client does, so that what was permitted is what is asked: no user, no
 * fragment, no escapes in the host, no bytes outside of ASCII.
 */
#ifndef XC_URL_H
#define XC_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "errbuf.h"

#define XC_URL_MAX 8192
#define XC_URL_HOST_MAX 253

struct xc_url {
	bool tls;		/* https */
	uint16_t port;		/* that of the scheme if none is named */
	char host[XC_URL_HOST_MAX + 3];	/* lower case; IPv6 in brackets */
};

/* XC_ERR_INVALID with a sentence if it is no http or https URL.  text is
 * NUL-terminated or NULL. */
enum xc_err xc_url_parse(const char *text, struct xc_url *url_r,
    struct xc_errbuf *errbuf);

/*
 * Whether a permission "HOST", "HOST:PORT" or "*" covers it.  Without a port
 * the ones of http and https are meant; "*" means any host on these.
 */
bool xc_url_matches(const struct xc_url *url, const char *permission);

#endif
