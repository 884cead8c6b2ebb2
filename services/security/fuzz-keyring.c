/* SPDX-License-Identifier: MIT */
/* Any text as a key ring: all keys of one that is taken can be used. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "keyring-edit.h"
#include "keyring-private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xc_keyring *ring = xc_keyring_make();
	unsigned char out[XC_KEY_DER_MAX];
	struct xc_errbuf errbuf = { "" };
	const struct xc_key *key;
	enum xc_err err;
	size_t i, len;

	if (ring == NULL)
		abort();
	err = xc_keyring_parse(ring, (const char *)data, size, &errbuf);
	assert((err == XC_OK) == (errbuf.text[0] == '\0'));
	for (i = 0; err == XC_OK &&
	    (key = xc_keyring_at(ring, i)) != NULL; i++) {
		assert(*key->id != '\0' && xc_key_suits(key->purpose,
		    key->kind));
		assert(xc_keyring_find(ring, key->purpose, key->id) == key);
		assert(xc_key_data(key, out, &len) == XC_OK && len > 0);
	}
	xc_keyring_free(&ring);
	return 0;
}
