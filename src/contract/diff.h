/* SPDX-License-Identifier: MIT */
/* What breaks for those who use a plugin when its contract changes. */
#ifndef XC_DIFF_H
#define XC_DIFF_H

#include "contract/document.h"

struct json_object;

/*
 * Compares two documents that xc_document_check() has passed.  Each breaking
 * change becomes a line: "GET /items: the parameter \"page\" of the query is
 * required now".  Requests may only be taken more freely, replies only become
 * more exact.  XC_OK also with lines; XC_ERR_NOMEM.
 */
enum xc_err xc_contract_diff(struct json_object *before,
    struct json_object *after, struct xc_notes *breaking);

#endif
