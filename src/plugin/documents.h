/* SPDX-License-Identifier: MIT */
/*
 * The documents of a plugin: openapi.json, and the files of schemas/ that it
 * may refer to, in the order of their names.
 */
#ifndef XC_DOCUMENTS_H
#define XC_DOCUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/bundle.h"
#include "lib/errbuf.h"
#include "plugin/digest.h"

struct xc_package;

struct xc_documents {
	struct xc_bundle_file *files;	/* the first is openapi.json */
	size_t n;
	bool owned;		/* names and texts; else the package's */
};

/* Whether a file of that relative name is one of schemas/. */
bool xc_documents_is_schema(const char *name);

/*
 * Reads them from a folder; max is of bytes, of all.  XC_ERR_NOT_FOUND without
 * an openapi.json; XC_ERR_INVALID, XC_ERR_IO, XC_ERR_NOMEM with the reason.
 * To be freed in every case.
 */
enum xc_err xc_documents_read(int dir, size_t max,
    struct xc_documents *documents_r, struct xc_errbuf *errbuf);

/* The same for the folder of that path. */
enum xc_err xc_documents_read_path(const char *path, size_t max,
    struct xc_documents *documents_r, struct xc_errbuf *errbuf);

/* Those of a package, which must outlive them. */
enum xc_err xc_documents_of(const struct xc_package *package,
    struct xc_documents *documents_r, struct xc_errbuf *errbuf);
void xc_documents_free(struct xc_documents *documents);

/* SHA-256 of openapi.json, if it is alone; else one of all of them, with
 * their names. */
enum xc_err xc_documents_hash(const struct xc_documents *documents,
    char hash_r[XC_DIGEST_SIZE]);

#endif
