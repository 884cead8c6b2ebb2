/* SPDX-License-Identifier: MIT */
/* The checks of a shared object, between the validator and the loader. */
#ifndef XC_VALIDATE_OBJECT_H
#define XC_VALIDATE_OBJECT_H

#include <stddef.h>

#include "elf.h"
#include "lib/errbuf.h"

struct xc_plugin_object;

/* All that xc_validate_package() asks of a shared object.  The sentence
 * begins with a verb: put the file's name before it. */
enum xc_err xc_validate_object(const void *data, size_t len,
    const void *manifest, size_t manifest_len, struct xc_errbuf *errbuf);

/* The part of it that a worker looks at again before it loads: whole, for
 * this machine, a plugin of this ABI. */
enum xc_err xc_validate_loadable(const void *data, size_t len,
    struct xc_errbuf *errbuf);

/* Magic, ABI and size of a loaded object. */
enum xc_err xc_validate_head(const struct xc_plugin_object *object,
    struct xc_errbuf *errbuf);

#endif
