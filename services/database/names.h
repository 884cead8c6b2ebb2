/* SPDX-License-Identifier: MIT */
/* Names of columns that stay for as long as the process lives. */
#ifndef XC_DATABASE_NAMES_H
#define XC_DATABASE_NAMES_H

#define XC_NAMES_MAX	2048	/* kept in all */
#define XC_NAME_LEN_MAX	64	/* bytes of one */

/*
 * The one copy of name, which is never freed, so that rows that outlive their
 * statement need none of their own.  NULL if it is not kept: it is too long,
 * or there are too many (statements may be made with names from anywhere), or
 * there is no memory.  Any thread may call it.
 */
const char *xc_name_kept(const char *name);

#endif
