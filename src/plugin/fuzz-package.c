/* SPDX-License-Identifier: MIT */
/* An archive in memory; what is read is packed and must read the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/package.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xc_package *package, *again;
	struct xc_errbuf why;
	void *packed;
	size_t len;

	if (xc_package_read(data, size, &package, &why) != XC_OK)
		return 0;
	if (xc_package_pack(package, &packed, &len, &why) == XC_OK) {
		if (xc_package_read(packed, len, &again, &why) != XC_OK ||
		    strcmp(package->hash, again->hash) != 0)
			abort();
		xc_package_free(&again);
		free(packed);
	}
	xc_package_free(&package);
	return 0;
}
