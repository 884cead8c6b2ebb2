/* SPDX-License-Identifier: MIT */
/*
 * What plugins ask of keys and passwords (<xcore/security.h>), as operations
 * of the desk: security.mac, mac_check, sign, sign_check, sign_key, hash and
 * verify.  Bytes are base64, in results hex.
 */
#ifndef XC_SECURITY_SERVICE_H
#define XC_SECURITY_SERVICE_H

#include "services/desk/desk.h"
#include "services/security/keyring.h"
#include "services/security/password.h"

/* Where the two are, which may come and go; what they point to may be NULL:
 * then what needs it gives XC_ERR_UNAVAILABLE. */
struct xc_security {
	struct xc_keyring *const *ring;
	struct xc_hasher *const *hasher;
};

/* service is a struct xc_security. */
extern const struct xc_desk_row xc_security_rows[];

#endif
