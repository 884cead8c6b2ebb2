/* SPDX-License-Identifier: MIT */
/* The configuration's reader on any bytes: it reads or refuses them. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "settings-private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xc_settings *settings = xc_settings_new();
	struct xc_errbuf errbuf = { "" };
	enum xc_err err;

	if (settings == NULL)
		return 0;
	err = xc_settings_read_text(settings, "fuzz", (const char *)data,
	    size, &errbuf);
	if (err == XC_OK)
		xc_settings_check(settings, &errbuf);
	else if (errbuf.text[0] == '\0')
		abort();	/* refused without a reason */
	xc_settings_free(&settings);
	return 0;
}
