/* SPDX-License-Identifier: MIT */
/*
 * Trials that passed are remembered in <state>/trials, so that what the
 * installer has tried is not tried again by the follower, nor at each start.
 * A failed one is never remembered.
 */
#ifndef XC_TRIAL_ONCE_H
#define XC_TRIAL_ONCE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/settings.h"
#include "lib/errbuf.h"
#include "plugin/manifest.h"

/* What is to be tried. */
struct xc_trial {
	const char *dir;	/* with the plugin's files */
	const char *hash;	/* of the package */
	const struct xc_manifest *manifest;
};

/*
 * Tries it with the settings that the operator gave it, unless the same
 * files passed with the same settings before and again is false.
 * XC_ERR_INVALID: it failed, or the settings do not fit its schema.
 */
enum xc_err xc_trial_once(const struct xc_settings *settings,
    const struct xc_trial *trial, bool again, struct xc_errbuf *errbuf);

/* Forgets what was remembered of packages that keep(ctx, hash) refuses. */
void xc_trial_gc(const struct xc_settings *settings,
    bool (*keep)(void *ctx, const char *hash), void *ctx, bool dry_run,
    size_t *n_r);

#endif
