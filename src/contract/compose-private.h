/* SPDX-License-Identifier: MIT */
/* The inside of compose*.c. */
#ifndef XC_COMPOSE_PRIVATE_H
#define XC_COMPOSE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/compose.h"
#include "contract/compose-walk.h"

/* The members of "components", in the order in which they are written. */
enum xc_kind_of_component {
	XC_COMPONENT_SCHEMAS,
	XC_COMPONENT_RESPONSES,
	XC_COMPONENT_PARAMETERS,
	XC_COMPONENT_EXAMPLES,
	XC_COMPONENT_BODIES,
	XC_COMPONENT_HEADERS,
	XC_COMPONENT_SCHEMES,
	XC_COMPONENT_LINKS,
	XC_COMPONENT_CALLBACKS,
	XC_COMPONENT_PATH_ITEMS,
	XC_COMPONENT__MAX
};

extern const char *const xc_component_names[XC_COMPONENT__MAX];

/* XC_COMPONENT__MAX for what is none. */
enum xc_kind_of_component xc_component_of(const char *name);

/* Bytes that grow; bad once memory was out. */
struct xc_scroll {
	char *text;
	size_t len;
	size_t cap;
	bool bad;
};

/* The members of objects, as they are written: "key":value,... */
struct xc_sheet {
	struct xc_scroll paths;
	struct xc_scroll webhooks;
	struct xc_scroll components[XC_COMPONENT__MAX];
};

struct xc_compose {
	char *title;
	char *version;
	struct xc_scroll tags;
	struct xc_sheet sheets[2];	/* by enum xc_openapi */
	/* What there is so far, as keys of objects. */
	struct json_object *taken[XC_COMPONENT__MAX];
	struct json_object *operations;
	struct json_object *paths;	/* "/app/x/{}" */
	struct json_object *webhooks;
	/* {"bearer":["bearer","shop_bearer"]}: the entries that were made of
	 * schemes of that name, and what they are. */
	struct json_object *scheme_lists;
	struct json_object *schemes;
	bool used_own[8];	/* answers of xcore's own that are named */
};

/*
 * A plugin while it is added.  Nothing of the composition is changed before
 * all of it is known to be good.
 */
struct xc_part {
	struct xc_compose *compose;
	const struct xc_compose_plugin *plugin;
	struct json_object *doc;	/* as it was given; borrowed */
	struct json_object *copy;	/* what is rewritten */
	struct xc_errbuf *errbuf;

	/* compose-index.c */
	struct json_object *places;	/* see places.h */
	struct json_object *names[XC_COMPONENT__MAX];	/* {"Item":"todo_Item"} */
	struct json_object *fresh[XC_COMPONENT__MAX];	/* the new ones */
	struct json_object *operations;	/* {"list":"todo_list"} */
	struct json_object *fresh_operations;
	struct json_object *fresh_paths;
	struct json_object *webhooks;	/* {"sold":"shop_sold"} */
	struct json_object *fresh_webhooks;
	struct json_object *schemes;	/* new entries that are shared */
	struct json_object *children;	/* {"Pet":["Cat"]}: by allOf */

	/* compose-rewrite.c */
	struct json_object *tags;	/* {"todo: lists":null}: those used */
	struct json_object *seen;	/* operationIds that are given */
	bool used_own[8];
};

/* compose-index.c: finds what can be referred to, and chooses names. */
enum xc_err xc_part_index(struct xc_part *part);

/* A name that is in neither: wanted, or with a number behind it; it is put
 * into fresh.  Odd characters become '_'.  Lies in fresh. */
const char *xc_new_name(const struct json_object *taken,
    struct json_object *fresh, const char *wanted);

/* Where a path of the plugin's is on the site; malloc'ed, NULL if memory is
 * out. */
char *xc_part_path(const struct xc_part *part, const char *path);

/* compose-reference.c */

/* The pointer, in the plugin's document, that a reference under a base leads
 * to; malloc'ed, NULL if it leads nowhere. */
char *xc_part_resolve(const struct xc_part *part, const char *base,
    const char *reference);

/* "#/..." for that pointer in the site's document; malloc'ed, NULL if it
 * stands where nothing can be referred to. */
char *xc_part_rename(const struct xc_part *part, const char *pointer);

/* The name of the component that a pointer is, in buf; false if it is none
 * of that kind, or inside one. */
bool xc_pointer_component(const char *pointer, enum xc_kind_of_component kind,
    char *buf, size_t size);

/* Both together, or a fault of the place. */
char *xc_part_reference(const struct xc_part *part, struct xc_walk *walk,
    const struct xc_place *place, const char *reference);

/* compose-discriminator.c: makes all values of a discriminator explicit, for
 * the names that they stand for change. */
void xc_part_discriminator(struct xc_part *part, struct xc_walk *walk,
    struct json_object *schema, const struct xc_place *place);

/* compose-rewrite.c: references, names, tags, security. */
enum xc_err xc_part_rewrite(struct xc_part *part);

/* compose-own.c: what the core answers by itself, where the plugin says
 * nothing of it. */
void xc_part_own(struct xc_part *part);
/* Adds the components that are named; their names are reserved at the
 * start. */
void xc_compose_own(const struct xc_compose *compose,
    struct json_object *schemas, struct json_object *responses);
void xc_compose_own_reserve(struct xc_compose *compose);

/* compose-old.c: the copy, rewritten for 3.1, as one of 3.0. */
enum xc_err xc_part_old(struct xc_part *part);

/* compose-old-schema.c: one schema; those in it are still of 3.1.  NULL, or
 * what takes its place. */
struct json_object *xc_schema_old(struct json_object *root,
    struct json_object *schema, bool may_be_boolean);

#endif
