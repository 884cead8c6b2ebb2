/* SPDX-License-Identifier: MIT */
/*
 * Passwords: Argon2id (RFC 9106), as PHC strings.
 *
 * A hash takes 19 MiB and tens of milliseconds, so how many run at once on a
 * host is bounded (security.hashes_max), over all its processes: one that ends
 * or crashes gives its place back.  Who finds no place within
 * security.hash_wait_ms gets XC_ERR_BUSY.
 */
#ifndef XC_PASSWORD_H
#define XC_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

#include "config/settings.h"
#include "lib/errbuf.h"

#define XC_PASSWORD_MAX 1024	/* bytes */
#define XC_PHC_SIZE 256		/* of a PHC string with its NUL */

struct xc_hasher;

/* How many hashes may run at once on this host. */
unsigned xc_hash_places(const struct xc_security_settings *settings);

/*
 * places is a descriptor of a file or memfd that all processes of the host
 * share (borrowed), or -1 for a bound in this process alone.  XC_OK, else
 * *hasher_r is NULL.
 */
enum xc_err xc_hasher_new(const struct xc_security_settings *settings,
    int places, struct xc_hasher **hasher_r, struct xc_errbuf *errbuf);
void xc_hasher_free(struct xc_hasher **hasher);

/* A descriptor for xc_hasher_new(), close-on-exec; -1 with errno. */
int xc_hasher_places(void);

/* Hashes len bytes.  XC_ERR_INVALID: over XC_PASSWORD_MAX; XC_ERR_BUSY;
 * XC_ERR_NOMEM. */
enum xc_err xc_password_hash(struct xc_hasher *hasher, const void *password,
    size_t len, char phc_r[XC_PHC_SIZE]);

/*
 * Whether it is the password of phc: XC_OK, XC_ERR_DENIED if not,
 * XC_ERR_INVALID if phc is no such string or asks for more than we allow,
 * XC_ERR_BUSY, XC_ERR_NOMEM.  phc NULL or "": takes as long as a wrong
 * password does, and gives XC_ERR_DENIED.
 */
enum xc_err xc_password_verify(struct xc_hasher *hasher, const char *phc,
    const void *password, size_t len);

/* Whether phc was made with other parameters than those in force. */
bool xc_password_is_old(const struct xc_hasher *hasher, const char *phc);

/* Whose a password is to be; NULL: not known. */
struct xc_password_owner {
	const char *name;
	const char *email;
	const char *site;	/* its name, as people know it */
};

/*
 * Whether a new password is good: well-formed UTF-8 without NUL, as many
 * characters as security.password_min at least, XC_PASSWORD_MAX bytes at most,
 * none of the most common ones, and not made of what its owner is called.  No
 * rules of composition (NIST SP 800-63B).  NULL if it is; else a sentence for
 * the client, static.
 */
const char *xc_password_fault(const struct xc_security_settings *settings,
    const char *password, size_t len, const struct xc_password_owner *owner);

#endif
