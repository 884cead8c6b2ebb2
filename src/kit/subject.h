/* SPDX-License-Identifier: MIT */
/*
 * The folder of a built plugin, as what a sandbox of our own runs: for the
 * trial, the test kit and the profile, which have no registry.
 */
#ifndef XC_KIT_SUBJECT_H
#define XC_KIT_SUBJECT_H

#include "contract/routes.h"
#include "lib/errbuf.h"
#include "lib/plugin-private.h"
#include "plugin/manifest.h"
#include "plugin/runner.h"

struct json_object;
struct xc_contract;
struct xc_host;

struct xc_subject {
	char *dir;		/* absolute */
	struct xc_manifest *manifest;
	struct json_object *openapi;
	struct xc_route *rows;
	size_t n_rows;
	struct xc_contract *contract;
	const struct xc_routes *routes;	/* of it */
	size_t n_segments;	/* of the prefix */
	struct xc_plugin plugin;
	struct xc_runner_spec spec;
	char *so;
	char *lent;		/* a copy of it, or NULL; see below */
	char *lent_dir;
	const char **operations;	/* of the routes, then events, steps */
};

/*
 * Reads plugin.json and openapi.json.  settings are the operator's for the
 * plugin, or NULL; host must outlive it.  Limits that the manifest does not
 * have are those of the configuration's defaults; at level "inprocess", where
 * they do not hold, they are wide.  XC_ERR_INVALID: a fault of the files.
 */
enum xc_err xc_subject_open(const char *dir, struct json_object *settings,
    const struct xc_host *host, struct xc_subject **subject_r,
    struct xc_errbuf *errbuf);
void xc_subject_free(struct xc_subject **subject);

/*
 * Makes sure that a sandbox with an account of its own can load the object:
 * run by root, one in a private folder is copied to a temporary one.  hide
 * removes that again; a sandbox which is ready needs it no more.
 */
enum xc_err xc_subject_expose(struct xc_subject *subject,
    struct xc_errbuf *errbuf);
void xc_subject_hide(struct xc_subject *subject);

/* All permissions that there are, for the profile: what is used shows then. */
enum xc_err xc_subject_allow_all(struct xc_subject *subject,
    struct xc_errbuf *errbuf);

/* Whether plugin.json asks for that permission ("http:*" covers hosts, and a
 * plugin may always emit what begins with its name). */
bool xc_subject_asks(const struct xc_subject *subject,
    const char *permission);

#endif
