/* SPDX-License-Identifier: MIT */
/*
 * All that can be said against an openapi.json, for the one who wrote it: the
 * installer refuses what has a fault here.
 */
#ifndef XC_DOCUMENT_H
#define XC_DOCUMENT_H

#include <stddef.h>

#include "lib/errbuf.h"

struct json_object;

/* Lines of text, each "openapi.json: POINTER: what, and what to do". */
struct xc_notes {
	char **lines;
	size_t n;
	size_t left_out;	/* over XC_NOTES_MAX */
};

#define XC_NOTES_MAX 50

/* Adds a line (a format); what cannot be kept counts as left out. */
void xc_notes_add(struct xc_notes *notes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void xc_notes_free(struct xc_notes *notes);

/* The lines in a sentence's place, as many as fit. */
void xc_notes_text(const struct xc_notes *notes, struct xc_errbuf *errbuf);

/* An array of the lines, for JSON; a new reference. */
struct json_object *xc_notes_json(const struct xc_notes *notes);

/*
 * Checks a document: its shape, references, operations, parameters, bodies,
 * schemas, security, paths that can never be told apart.  XC_OK;
 * XC_ERR_INVALID with all faults in notes; XC_ERR_NOMEM.
 */
enum xc_err xc_document_check(const char *text, size_t len,
    struct xc_notes *notes);

#endif
