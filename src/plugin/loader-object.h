/* SPDX-License-Identifier: MIT */
/* A plugin's shared object, mapped. */
#ifndef XC_LOADER_OBJECT_H
#define XC_LOADER_OBJECT_H

#include <stdbool.h>

#include <xcore/plugin.h>

#include "lib/errbuf.h"

struct xc_object {
	void *handle;		/* NULL: nothing is mapped */
	const struct xc_plugin_object *table;
	char *path;		/* as given to dlopen() */
	int copy;		/* descriptor of a private copy, or -1 */
};

/*
 * Maps the object at path, which is absolute.  Before any of its code runs
 * the file is read: it must be a regular file that only its owner can write,
 * with the SHA-256 so_hash (NULL: any), and a plugin of this ABI.  If an
 * object of that path is mapped already, a private copy is mapped, because
 * the same mapping would share its variables.
 *
 * On XC_OK the caller closes *object_r; else it is empty, and errbuf says
 * what to do.
 */
enum xc_err xc_object_open(const char *path, const char *so_hash,
    struct xc_object *object_r, struct xc_errbuf *errbuf);

/* Unmaps it.  False if the object is still there afterwards. */
bool xc_object_close(struct xc_object *object);

/* The handler of that operation; NULL if there is none. */
xc_handler *xc_object_handler(const struct xc_object *object,
    const char *operation);

#endif
