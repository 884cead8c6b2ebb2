/* SPDX-License-Identifier: MIT */
/*
 * The member "middleware" of a manifest, and of a snapshot's row: what a
 * plugin does with requests besides handling its own.  See xcore-plugin(7).
 */
#ifndef XC_STEPS_H
#define XC_STEPS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/errbuf.h"
#include "plugin/step-order.h"

struct json_object;

/* That a plugin needs for steps of scope "site". */
#define XC_STEPS_PERMISSION "middleware"

struct xc_step {
	struct xc_order_step order;
	bool on_reply;		/* behind the handler, not ahead of it */
	bool site;		/* for requests of all but core plugins */
};

/* Zero is none. */
struct xc_steps {
	struct xc_step *list;	/* as they stand in the manifest */
	size_t n;
	const char **names;	/* that they point to */
	struct json_object *json;	/* with the texts */
};

/*
 * Reads the array, which may be NULL, into *steps_r, which the caller frees
 * and which holds a reference to it; plugin must outlive it.  XC_ERR_INVALID
 * if it has not the shape that the schema of the manifest asks for.
 */
enum xc_err xc_steps_read(struct json_object *array, const char *plugin,
    struct xc_steps *steps_r, struct xc_errbuf *errbuf);
void xc_steps_free(struct xc_steps *steps);

/* Whether any is of scope "site". */
bool xc_steps_have_site(const struct xc_steps *steps);

/* Whether that word of "before" or "after" is a part of the chain that xcore
 * has itself: "auth", "rate", ... */
bool xc_steps_is_part(const char *word);

/* Why a step of scope "site" is refused at the level "request". */
#define XC_STEPS_LEVEL "it has a step of \"middleware\" that requests of " \
	"the whole site pass, and at the level \"request\" each would cost a " \
	"process: use \"pool\" or \"inprocess\", or the scope \"own\""

#endif
