/* SPDX-License-Identifier: MIT */
/*
 * Accounts of MariaDB that xcore makes itself: one for each plugin with the
 * permission "database", with rights on the plugin's own schema alone, and
 * one for the services that know users, with rights on their tables alone.
 *
 * Their passwords are kept nowhere: each is an HMAC of the account's name by
 * the secret in database.plugin_password_file, which every host of a site
 * has.  Another secret there, and `xcorectl migrate up` gives all accounts
 * their new passwords.
 */
#ifndef XC_ACCOUNT_H
#define XC_ACCOUNT_H

#include <stddef.h>

#include "config/settings.h"
#include "lib/errbuf.h"

#define XC_ACCOUNT_NAME_SIZE 81		/* MariaDB: 80 characters */
#define XC_ACCOUNT_PASSWORD_SIZE 65
#define XC_ACCOUNT_SECRET_MIN 16	/* bytes */

/*
 * "<database.plugin_user>_<plugin>", with "_" for "-" as in the name of the
 * plugin's schema; plugin NULL: the services' account,
 * "<database.plugin_user>__service" (no plugin has such a name).  The name may
 * stand between quotes as it is.  XC_ERR_INVALID, XC_ERR_TOO_LARGE.
 */
enum xc_err xc_account_name(const struct xc_database_settings *settings,
    const char *plugin, char name_r[XC_ACCOUNT_NAME_SIZE],
    struct xc_errbuf *errbuf);

/* The password of an account of that name, letters, digits and "-".  The
 * caller wipes it.  XC_ERR_INVALID: there is no secret, or a short one; else
 * as xc_secret_read(). */
enum xc_err xc_account_password(const struct xc_database_settings *settings,
    const char *name, char password_r[XC_ACCOUNT_PASSWORD_SIZE],
    struct xc_errbuf *errbuf);

#endif
