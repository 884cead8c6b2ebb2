/* SPDX-License-Identifier: MIT */
/*
 * A shared object as bytes: what can be known of it without running any of
 * its code.  Nothing in the file is believed; every offset is checked.
 */
#ifndef XC_ELF_H
#define XC_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/errbuf.h"

struct xc_elf {
	const unsigned char *data;	/* the caller's, not a copy */
	size_t len;
	uint64_t phoff;
	size_t phnum;
	uint64_t dynamic_off;		/* in the file */
	size_t n_dynamic;
	uint64_t strings_off;
	uint64_t strings_len;
	uint64_t symbols_off;
	size_t n_symbols;
};

/* A symbol that the object defines. */
struct xc_elf_symbol {
	uint64_t size;			/* bytes, as the symbol says */
	const unsigned char *data;	/* its bytes in the file; NULL if the
					 * file does not hold all of them */
	bool is_data;			/* of type OBJECT */
};

/*
 * Looks at the header, the segments and the dynamic section: a 64-bit
 * little-endian shared object for this machine.  data must outlive elf.
 * XC_ERR_INVALID with the reason.
 */
enum xc_err xc_elf_open(struct xc_elf *elf, const void *data, size_t len,
    struct xc_errbuf *errbuf);

/* The descriptor of the first note of that name and type; false if there is
 * none. */
bool xc_elf_note(const struct xc_elf *elf, const char *name, uint32_t type,
    const void **data_r, size_t *len_r);

/* The name of the n-th needed library; NULL past the last. */
const char *xc_elf_needed(const struct xc_elf *elf, size_t n);

/* The next name that the object uses and does not define; NULL past the
 * last.  *at is 0 for the first call and then left alone. */
const char *xc_elf_undefined(const struct xc_elf *elf, size_t *at);

/* Looks for a symbol that the object defines and exports. */
bool xc_elf_defined(const struct xc_elf *elf, const char *name,
    struct xc_elf_symbol *symbol_r);

#endif
