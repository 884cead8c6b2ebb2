/* SPDX-License-Identifier: MIT */
/* Any text as a PHC string: one that is taken is written the same way. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "password.h"
#include "phc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), again[XC_PHC_SIZE];
	struct xc_phc phc;

	if (text == NULL)
		abort();
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (xc_phc_read(text, &phc) == XC_OK) {
		assert(phc.salt_len <= XC_SALT_MAX &&
		    phc.hash_len <= XC_HASH_MAX);
		assert(xc_phc_write(&phc, again, sizeof(again)) == XC_OK);
		assert(strcmp(again, text) == 0);
	}
	free(text);
	return 0;
}
