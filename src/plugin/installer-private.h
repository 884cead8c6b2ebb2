/* SPDX-License-Identifier: MIT */
/* The installer's inside, for installer*.c. */
#ifndef XC_INSTALLER_PRIVATE_H
#define XC_INSTALLER_PRIVATE_H

#include "contract/document.h"
#include "plugin/installer.h"
#include "plugin/validate.h"

/* How often a change is validated again when the registry moved. */
#define XC_INSTALLER_TRIES 10

struct xc_installer {
	const struct xc_settings *settings;
	struct xc_installer_options options;
	struct xc_registry *registry;
	struct xc_lease *lease;
	struct json_object *refused;	/* what was not agreed to */
	struct json_object *faults;	/* lines: of the document; or NULL */
	struct json_object *breaking;	/* lines: what the update breaks */
	uint64_t compared;	/* the package that was compared; 0: none */
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

/* What this plugin (NULL: it is not installed) asks for with that manifest
 * and the operator has not accepted: see accept(); NULL if nothing is. */
struct json_object *xc_installer_asks(const struct xc_installer *installer,
    const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest);

/* Asks for it, unless the same was agreed to; *agreed is replaced.
 * XC_ERR_DENIED: it was not agreed to, errbuf lists it. */
enum xc_err xc_installer_ask(struct xc_installer *installer,
    const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest, struct json_object **agreed,
    struct xc_errbuf *errbuf);

/*
 * Compares what is installed (NULL: nothing is) with what comes.
 * XC_ERR_DENIED: it breaks what was promised, and neither the version nor the
 * operator says that it may; installer->breaking has the lines.
 */
enum xc_err xc_installer_compare(struct xc_installer *installer,
    const struct xc_registry_plugin *old, const struct xc_package *package,
    struct xc_errbuf *errbuf);

/* xc_validate_package(); what is wrong with the document is kept. */
enum xc_err xc_installer_validate(struct xc_installer *installer,
    const struct xc_package *package, struct xc_errbuf *errbuf);

/* {"name","changed":false} with "asks", "faults" and "breaking" after a
 * refusal that has such, else NULL. */
struct json_object *xc_installer_refusal(struct xc_installer *installer,
    const char *name);

/* What a change puts into the plugin's row; changed: it is not there yet. */
struct xc_installer_terms {
	struct xc_registry_terms put;
	bool changed;
	char *limits;
	char *accepted;
};
enum xc_err xc_installer_take_terms(const struct xc_installer *installer,
    const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest, struct xc_installer_terms *terms,
    struct xc_errbuf *errbuf);
void xc_installer_free_terms(struct xc_installer_terms *terms);

/* What a way back to the version before does to the schema; zeroed. */
struct xc_way_down {
	struct xc_migration_set *set;	/* of the newer version */
	size_t n;		/* how many of the last are undone; 0: none */
	bool behind;		/* the older one has migrations to run */
	uint64_t newer_id;
	char scope[64];
};

/* Finds out, and says why the schema stays if it does. */
enum xc_err xc_installer_way_down(struct xc_installer *installer,
    const struct xc_registry_plugin *plugin, struct xc_way_down *way,
    struct xc_errbuf *errbuf);
void xc_installer_free_way(struct xc_way_down *way);

/* Goes it, when no host serves the newer one.  hash: of the older one. */
enum xc_err xc_installer_go_down(struct xc_installer *installer,
    const char *name, const char *hash, const struct xc_way_down *way,
    size_t *n_r, struct xc_errbuf *errbuf);

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
	char isolation[17];	/* the operator's, "" for none */
	char limits[256];
};
void xc_installer_note_before(const struct xc_registry_plugin *plugin,
    struct xc_before *before);

/*
 * After a change: pokes and, if asked to, waits.  What a host rejects is
 * undone: the version before comes back, or the level and limits before if
 * only these were changed (exit code 8), or the plugin is disabled if there
 * was nothing (6).
 */
enum xc_exit xc_installer_finish(struct xc_installer *installer,
    const struct xc_awaited *awaited, const struct xc_before *before,
    struct xc_errbuf *errbuf);

#endif
