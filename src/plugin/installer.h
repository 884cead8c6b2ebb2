/* SPDX-License-Identifier: MIT */
/*
 * The installer: brings packages into the registry, and changes what is
 * served.  Everything is checked first (structure, metadata, shared object,
 * site, a trial load in a child process), then changed in one transaction,
 * so that a kill at any step leaves the old state or the new one.  Of two
 * installers the second waits for the first.
 */
#ifndef XC_INSTALLER_H
#define XC_INSTALLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/settings.h"
#include "lib/errbuf.h"
#include "plugin/answer.h"
#include "plugin/registry.h"

struct json_object;
struct xc_installer;

struct xc_installer_options {
	bool dry_run;		/* check all, change nothing */
	bool replace;		/* the same version with other content */
	bool allow_breaking;	/* an update may break what was promised */
	bool keep_schema;	/* of rollback: no migration is undone */
	bool wait;		/* until every host serves it */
	int64_t timeout_ms;	/* of wait */
	const char *version;	/* wanted; allows a downgrade; NULL */
	/* Of install, update and enable: the operator's level, "" to leave it
	 * to plugin.json, NULL to leave it as it is; and limits, as
	 * {"cpu_ms":200,"rate":null}, null to leave one to plugin.json. */
	const char *isolation;
	struct json_object *limits;	/* the caller's; NULL */
	/* Progress and warnings, for a person. */
	void (*say)(void *ctx, bool warning, const char *text);
	/*
	 * What a plugin asks for: {"name","version","author","level",
	 * "inprocess":B,"permissions":[{"permission","words"}]}, only what was
	 * not accepted before; an event of others that it wants to hear of is
	 * the permission "hears:NAME".  True if the person agrees; NULL: never.
	 */
	bool (*accept)(void *ctx, const struct json_object *asks);
	/* Before a purge: true if the person agrees. */
	bool (*confirm)(void *ctx, const char *question, const char *name);
	void *ctx;
};

/* What level inprocess means, for whoever is to say yes. */
#define XC_INPROCESS_WORDS "run inside of the server itself"

/* settings must outlive it; options are copied. */
enum xc_err xc_installer_new(const struct xc_settings *settings,
    const struct xc_installer_options *options,
    struct xc_installer **installer_r, struct xc_errbuf *errbuf);
void xc_installer_free(struct xc_installer **installer);
struct xc_registry *xc_installer_registry(struct xc_installer *installer);

/*
 * The calls below return the exit code.  Unless it is 0, errbuf has the
 * reason.  *data_r is a new reference, an object that tells what was done
 * ("name", "version", "hash", "changed", "generation", "message", and "asks",
 * as accept() has it, of what needed a yes; "faults" of openapi.json and
 * "breaking", the changes that break: arrays of lines), or NULL.
 */

/* source: a folder, an .xcp, or the name of a plugin of the registry or of
 * the distribution.  update: it must be installed, and stays as enabled or
 * disabled as it is. */
enum xc_exit xc_install(struct xc_installer *installer, const char *source,
    bool update, struct json_object **data_r, struct xc_errbuf *errbuf);

enum xc_exit xc_install_enable(struct xc_installer *installer,
    const char *name, struct json_object **data_r, struct xc_errbuf *errbuf);
enum xc_exit xc_install_disable(struct xc_installer *installer,
    const char *name, struct json_object **data_r, struct xc_errbuf *errbuf);
/* What serves is loaded anew by each worker: start() and the configuration
 * again, new sandboxes. */
enum xc_exit xc_install_reload(struct xc_installer *installer,
    const char *name, struct json_object **data_r, struct xc_errbuf *errbuf);
enum xc_exit xc_install_rollback(struct xc_installer *installer,
    const char *name, struct json_object **data_r, struct xc_errbuf *errbuf);

/* purge: its schema, its packages and its history of migrations go too. */
enum xc_exit xc_install_remove(struct xc_installer *installer,
    const char *name, bool purge, struct json_object **data_r,
    struct xc_errbuf *errbuf);

/* Proves packages in the registry and the folders of this host's store, of
 * one plugin or of all (NULL). */
enum xc_exit xc_install_verify(struct xc_installer *installer,
    const char *name, struct json_object **data_r, struct xc_errbuf *errbuf);

/* Removes what no one needs: packages beyond reload.keep_versions, folders
 * of the store, remembered trials, hosts that are gone. */
enum xc_exit xc_install_gc(struct xc_installer *installer,
    struct json_object **data_r, struct xc_errbuf *errbuf);

/* The schema of a plugin, for example "xcore_todo". */
void xc_plugin_schema(const struct xc_settings *settings, const char *name,
    char *buf, size_t size);

#endif
