/* SPDX-License-Identifier: MIT */
/* The bytes of a shared object. */
#include <stdint.h>
#include <string.h>

#include <xcore/plugin.h>

#include "plugin/validate-object.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xc_errbuf why;
	struct xc_elf elf;
	const void *note;
	size_t len;

	xc_validate_loadable(data, size, &why);
	if (xc_elf_open(&elf, data, size, &why) != XC_OK)
		return 0;
	/* With its own note it gets further. */
	if (!xc_elf_note(&elf, XC_NOTE_NAME, XC_NOTE_MANIFEST, &note, &len))
		note = "", len = 0;
	xc_validate_object(data, size, note, len, &why);
	return 0;
}
