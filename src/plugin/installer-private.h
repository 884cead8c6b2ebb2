/* SPDX-License-Identifier: MIT */
/* The installer's inside, for installer*.c. */
#ifndef XC_INSTALLER_PRIVATE_H
#define XC_INSTALLER_PRIVATE_H

#include "plugin/installer.h"
#include "plugin/validate.h"

/* How often a change is validated again when the registry moved. */
#define XC_INSTALLER_TRIES 10

struct xc_installer {
	const struct xc_settings *settings;
	struct xc_installer_options options;
	struct xc_registry *registry;
	struct xc_lease *lease;
};

void xc_installer_say(struct xc_installer *installer, bool warning,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Takes the lease of all installers; released by xc_installer_release(). */
enum xc_err xc_installer_hold(struct xc_installer *installer,
    struct xc_errbuf *errbuf);
void xc_installer_release(struct xc_installer *installer);

/* {"name","version","hash","changed","generation","message"} */
struct json_object *xc_installer_data(const char *name, const char *version,
    const char *hash, uint64_t generation, bool changed,
    const char *message);

/* The view without the damaged rows and without `but`, for the validator.
 * *rows_r is the caller's to free(). */
enum xc_err xc_installer_others(const struct xc_registry_view *view,
    const char *but, struct xc_installed **rows_r, size_t *n_r,
    struct xc_errbuf *errbuf);

/*
 * Brings a package into this host's store and tries it in a child; as root,
 * both are done as the owner of the state folder.  dry: in a folder of its
 * own that is removed.
 */
enum xc_err xc_installer_stage(struct xc_installer *installer,
    const struct xc_package *package, bool dry, struct xc_errbuf *errbuf);

/* Makes the plugin's schema and runs its migrations. */
enum xc_err xc_installer_migrate(struct xc_installer *installer,
    const struct xc_package *package, struct xc_errbuf *errbuf);

/* Lists the tables of the plugin's schema; XC_ERR_NOT_FOUND: no schema. */
enum xc_err xc_installer_tables(struct xc_installer *installer,
    const char *name, struct json_object **tables_r,
    struct xc_errbuf *errbuf);

/* Drops schema, packages and journal of a plugin that is not installed. */
enum xc_err xc_installer_drop(struct xc_installer *installer,
    const char *name, struct xc_errbuf *errbuf);

/* Tells this host's manager; no manager is no fault. */
void xc_installer_poke(struct xc_installer *installer);

/* What is to be seen on every host; hash NULL: only the generation. */
struct xc_awaited {
	const char *name;
	const char *version;
	const char *hash;
	uint64_t generation;
};

/*
 * Waits until every host that lives has applied the generation.  XC_OK;
 * XC_ERR_FAILED: a host rejected it, errbuf names host and reason;
 * XC_ERR_TIMEOUT: errbuf names who has not.
 */
enum xc_err xc_installer_await(struct xc_installer *installer,
    const struct xc_awaited *awaited, struct xc_errbuf *errbuf);

/* One change with the generation of view; tried once. */
enum xc_err xc_installer_change(struct xc_installer *installer,
    const struct xc_registry_view *view,
    const struct xc_registry_change *change, uint64_t *generation_r,
    struct xc_errbuf *errbuf);

/* What was in force before a change that a host rejects. */
struct xc_before {
	bool installed;
	bool enabled;
	uint64_t package_id;
};

/*
 * After a change: pokes and, if asked to, waits.  A rejected version is
 * undone: the one before it comes back (exit code 8), or the plugin is
 * disabled if there was none (6).
 */
enum xc_exit xc_installer_finish(struct xc_installer *installer,
    const struct xc_awaited *awaited, const struct xc_before *before,
    struct xc_errbuf *errbuf);

#endif
