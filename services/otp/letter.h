/* SPDX-License-Identifier: MIT */
/* A letter as it is sent (RFC 5322, MIME). */
#ifndef XC_LETTER_H
#define XC_LETTER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/block.h"
#include "lib/errbuf.h"

#include "mail.h"

#define XC_ADDRESS_MAX 254	/* RFC 5321, 4.5.3.1.3 */
#define XC_SUBJECT_MAX 512	/* bytes */
#define XC_LETTER_MAX 65536	/* ... of the text */

/* Whether it is an address that we send to: ASCII, a dotted atom, "@" and a
 * host's name; no quotes, comments or literal addresses. */
bool xc_address_ok(const char *address);

struct xc_letter_frame {
	const char *from;	/* an address */
	const char *id;		/* what makes its Message-ID another one */
	int64_t at;		/* seconds since 1970 */
};

/*
 * Appends the letter, lines ended by CR LF, to out.  XC_ERR_INVALID with a
 * sentence: an address that is none, a subject that is not one line of UTF-8, a
 * text that is no UTF-8 or has a NUL's like in it; XC_ERR_TOO_LARGE;
 * XC_ERR_NOMEM.
 */
enum xc_err xc_letter_write(const struct xc_letter *letter,
    const struct xc_letter_frame *frame, struct xc_block *out,
    struct xc_errbuf *errbuf);

#endif
