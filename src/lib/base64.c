/* SPDX-License-Identifier: MIT */
#include <stdint.h>

#include "base64.h"

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t
xc_base64_size(size_t len)
{
	size_t groups = len / 3 + (len % 3 != 0);

	if (groups > (SIZE_MAX - 1) / 4)
		return 0;
	return groups * 4 + 1;
}

size_t
xc_base64_encode(const void *data, size_t len, char *out)
{
	const unsigned char *in = data;
	char *start = out;
	uint32_t group;
	size_t n;

	for (; len > 0; len -= n, in += n) {
		n = len < 3 ? len : 3;
		group = (uint32_t)in[0] << 16;
		if (n > 1)
			group |= (uint32_t)in[1] << 8;
		if (n > 2)
			group |= in[2];
		*out++ = digits[group >> 18 & 63];
		*out++ = digits[group >> 12 & 63];
		*out++ = n > 1 ? digits[group >> 6 & 63] : '=';
		*out++ = n > 2 ? digits[group & 63] : '=';
	}
	*out = '\0';
	return (size_t)(out - start);
}
