/* SPDX-License-Identifier: MIT */
/*
 * Mail, one message to one address, by libcurl and SMTP (RFC 5321).
 */
#ifndef XC_MAIL_H
#define XC_MAIL_H

#include "config/settings.h"
#include "lib/errbuf.h"

struct xc_letter {
	const char *to;		/* an address, ASCII */
	const char *subject;	/* UTF-8, one line */
	const char *text;	/* UTF-8 */
};

struct xc_mail_ops {
	enum xc_err (*send)(void *ctx, const struct xc_letter *letter,
	    struct xc_errbuf *errbuf);
};

struct xc_mail {
	const struct xc_mail_ops *ops;	/* NULL: no mail here */
	void *ctx;
	void (*close)(void *ctx);
};

/*
 * XC_OK; without mail.server the service is empty.  Sending:
 * XC_ERR_UNAVAILABLE, the server cannot be reached or refuses;
 * XC_ERR_TIMEOUT; XC_ERR_INVALID, the address or the subject could end its
 * line.
 */
enum xc_err xc_mail_open(const struct xc_mail_settings *settings,
    struct xc_mail *mail, struct xc_errbuf *errbuf);
void xc_mail_close(struct xc_mail *mail);

/* Keeps letters in memory for a test to read; and one that fails with err. */
enum xc_err xc_mail_fake(struct xc_mail *mail);
const struct xc_letter *xc_mail_fake_letter(const struct xc_mail *mail,
    size_t n);
enum xc_err xc_mail_failing(enum xc_err err, struct xc_mail *mail);

#endif
