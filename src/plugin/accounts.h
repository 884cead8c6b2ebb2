/* SPDX-License-Identifier: MIT */
/*
 * Makes the accounts of MariaDB that services/database/account.h names, and
 * gives them their rights: a plugin's on its own schema, that of the services
 * that know users on their tables, and nothing besides.
 *
 * What reaches the server is the password's hash.  An account is made for
 * each host that the tools' own account has (of which the tools see all if
 * they may SELECT (User, Host) ON mysql.user, else the one they came from).
 * Where the tools may not make accounts, an administrator must have: the
 * statements are said, and if the account does not work it is a failure.
 */
#ifndef XC_ACCOUNTS_H
#define XC_ACCOUNTS_H

#include <stdbool.h>

#include "plugin/registry.h"

struct xc_accounts {
	struct xc_registry *registry;
	const struct xc_settings *settings;
	void (*say)(void *ctx, bool warning, const char *text);
	void *ctx;
};

/*
 * Makes the account of a plugin, or gives it its password and rights again.
 * XC_ERR_DENIED: it does not work, and we may not make it.
 */
enum xc_err xc_accounts_give_plugin(const struct xc_accounts *accounts,
    const char *plugin, const char *schema, struct xc_errbuf *errbuf);

/* The services' account; of tables that are not there it gets no rights. */
enum xc_err xc_accounts_give_service(const struct xc_accounts *accounts,
    struct xc_errbuf *errbuf);

/* Both kinds: of each plugin that has packages and a schema.  The first
 * failure is returned, and the others are tried all the same. */
enum xc_err xc_accounts_give_all(const struct xc_accounts *accounts,
    struct xc_errbuf *errbuf);

/* Drops a plugin's account; where we may not, the statement is said. */
void xc_accounts_drop_plugin(const struct xc_accounts *accounts,
    const char *plugin);

#endif
