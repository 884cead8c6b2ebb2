/* SPDX-License-Identifier: MIT */
/*
 * The site's document, put together from those of its plugins without running
 * their code.  "servers" is left out: whoever serves the text puts it in
 * behind the first byte, which is "{".
 *
 * Paths are under their prefixes; operationIds are "<plugin>_<handler>", and
 * components "<plugin>_<Name>", with a number behind where two would be one.
 * A security scheme keeps its name, and plugins that mean the same by it share
 * the entry, so that one login serves them; another scheme of a name that is
 * taken gets the plugin's before it.  Tags are the plugin's name, or that and
 * ": " before those of the document.  Each operation says what security it
 * has, and which version of which plugin it is of.  All references are
 * pointers from the root ("#/components/schemas/todo_Item"); $id and anchors
 * are gone, a dynamic reference leads where it does when nothing extends it.
 *
 * As 3.0 the document says less where that version can, never more.
 */
#ifndef XC_COMPOSE_H
#define XC_COMPOSE_H

#include <stddef.h>
#include <stdint.h>

#include <xcore/site.h>

#include "lib/errbuf.h"

struct json_object;
struct xc_compose;

/* What the document says of itself. */
struct xc_compose_site {
	const char *title;
	const char *version;	/* of the site: its generation, for example */
};

struct xc_compose_plugin {
	const char *name;
	const char *version;
	const char *prefix;	/* "/app/todo"; "" if its paths are whole */
	struct json_object *openapi;
};

struct xc_compose *xc_compose_begin(const struct xc_compose_site *site);

/* Adds a plugin; its document is not changed.  XC_ERR_INVALID with the reason:
 * it is left out, the others go on. */
enum xc_err xc_compose_add(struct xc_compose *compose,
    const struct xc_compose_plugin *plugin, struct xc_errbuf *errbuf);

/* The text (malloc'ed, NUL-terminated, the caller's to free) in a version.
 * May be called once for each.  XC_ERR_NOMEM. */
enum xc_err xc_compose_text(struct xc_compose *compose,
    enum xc_openapi version, char **text_r, size_t *len_r);
void xc_compose_free(struct xc_compose **compose);

#endif
