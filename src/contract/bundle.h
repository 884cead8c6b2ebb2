/* SPDX-License-Identifier: MIT */
/*
 * The documents of one plugin as one: its openapi.json, and the files of JSON
 * Schema beside it in schemas/.
 *
 * Each file becomes an entry of components/schemas, named like the file, or
 * with a number behind if that is taken.  The URI it is retrieved under,
 * file:///schemas/item.json where openapi.json is file:///openapi.json, or
 * its own "$id", becomes the "$id" of the entry, so that what it says of
 * itself by "#" and by anchors stays its own (JSON Schema 2020-12, 9.3).
 * References to schemas by either URI, in all of the documents, become
 * pointers from the root ("#/components/schemas/item"): whoever reads the
 * whole follows those.  One that leads nowhere stays as it is.
 */
#ifndef XC_BUNDLE_H
#define XC_BUNDLE_H

#include <stddef.h>

#include "contract/document.h"
#include "lib/errbuf.h"

#define XC_BUNDLE_FILES_MAX 256

struct json_object;

struct xc_bundle_file {
	const char *name;	/* "openapi.json", "schemas/item.json" */
	const char *text;
	size_t len;
};

struct xc_bundle {
	const char *text;	/* of the whole; len bytes */
	size_t len;
	/* NULL if there is no file but openapi.json: then nothing was parsed
	 * yet, and text is its own. */
	struct json_object *root;
	struct json_object *names;	/* {"item":"schemas/item.json"}; NULL */
	char *own;		/* NULL, or text */
};

/*
 * Puts n files together, of which the first is openapi.json.  They must
 * outlive the bundle.  XC_ERR_INVALID with the file and the place: no JSON,
 * no schema, more files, levels or values than a document may have;
 * XC_ERR_NOMEM.  The caller frees *bundle_r on XC_OK.
 */
enum xc_err xc_bundle_make(const struct xc_bundle_file *files, size_t n,
    struct xc_bundle **bundle_r, struct xc_errbuf *errbuf);
void xc_bundle_free(struct xc_bundle **bundle);

/* The whole, parsed now if it is not yet: a new reference, which is an object.
 * XC_ERR_INVALID with "openapi.json: ", the place and the reason;
 * XC_ERR_NOMEM. */
enum xc_err xc_bundle_json(const struct xc_bundle *bundle,
    struct json_object **root_r, struct xc_errbuf *errbuf);

/* What was said of the whole ("openapi.json: /components/schemas/item/type:
 * ...") as it is to be said of its files ("schemas/item.json: /type: ..."). */
void xc_bundle_name_notes(const struct xc_bundle *bundle,
    struct xc_notes *notes);
void xc_bundle_name_fault(const struct xc_bundle *bundle,
    struct xc_errbuf *errbuf);

#endif
