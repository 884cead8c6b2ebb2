/* SPDX-License-Identifier: MIT */
/*
 * What a user may: permissions with a blank between, of three words each, of
 * which any may be "*" ("todo:item:read admin:*:*").
 */
#ifndef XC_GRANTS_H
#define XC_GRANTS_H

#include <stdbool.h>

/* Whether a permission ("todo:item:write") is among them.  grants may be
 * NULL for none. */
bool xc_grants_have(const char *grants, const char *permission);

#endif
