/* SPDX-License-Identifier: MIT */
/*
 * The validator: all that can be known of a package without running any of
 * its code, then a trial load in a sandbox.
 */
#ifndef XC_VALIDATE_H
#define XC_VALIDATE_H

#include "contract/bundle.h"
#include "contract/document.h"
#include "lib/errbuf.h"
#include "plugin/package.h"

/* Another plugin that is installed, for conflicts and requirements. */
struct xc_installed {
	const char *name;
	const char *version;
	const char *prefix;
	bool enabled;
	const struct xc_manifest *manifest;	/* NULL if not at hand */
};

/*
 * Checks the shared object as bytes: ELF of this machine, a shared object,
 * whole; the note with the manifest, equal to plugin.json; the plugin object
 * exported, its magic, ABI and size; linked to libxcore and, if it uses
 * names of json-c, to json-c itself; no name of jansson.  Then the document.
 * XC_ERR_INVALID (exit code 6) with what to do; if it is the document, each
 * of its faults is in faults too, which may be NULL.
 */
enum xc_err xc_validate_package(const struct xc_package *package,
    struct xc_notes *faults, struct xc_errbuf *errbuf);

/* The part of it that is about openapi.json and its schemas. */
enum xc_err xc_validate_document(const struct xc_bundle *document,
    struct xc_notes *faults, struct xc_errbuf *errbuf);

/*
 * Checks it against what is installed: the prefix is free (segments, both
 * ways), required plugins are there, enabled and in range, those that require
 * this one still find their range, no circle; the steps of all plugins can be
 * put in an order.  XC_ERR_EXISTS (exit code 4).
 */
enum xc_err xc_validate_site(const struct xc_manifest *manifest,
    const struct xc_installed *installed, size_t n,
    struct xc_errbuf *errbuf);

/*
 * Whether `name` may be disabled or removed: XC_ERR_EXISTS names who needs
 * it and the command that helps.
 */
enum xc_err xc_validate_removal(const char *name,
    const struct xc_installed *installed, size_t n,
    struct xc_errbuf *errbuf);

/*
 * Loads the plugin in dir in a sandbox: runs `trial` (the program xcore-trial)
 * on it with a clean environment and no descriptors, which starts, warms and
 * stops it there within timeout_ms.  None of its code runs with the rights of
 * the caller, at whatever level it is to be served.  config may be NULL.
 * XC_ERR_INVALID tells what happened: what dlopen() said, an operation
 * without handler or a handler without operation, start() that failed, that
 * it hung, exited or died by a signal, and where; or that this host cannot
 * make such a sandbox.  With XC_OK errbuf is left alone, or holds a warning:
 * what it leaves behind after stop().
 * XC_ERR_IO: the trial itself could not be run.
 */
enum xc_err xc_trial_run(const char *trial, const char *dir,
    struct json_object *config, int64_t timeout_ms,
    struct xc_errbuf *errbuf);

#endif
