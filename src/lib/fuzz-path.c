/* SPDX-License-Identifier: MIT */
/* Any bytes as a path: what is taken has no trap in it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "path.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_segment(const char *text, size_t len, int last)
{
	assert(memchr(text, '\0', len) == NULL);
	assert(len > 0 || last);
	assert(len != 1 || text[0] != '.');
	assert(len != 2 || memcmp(text, "..", 2) != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct xc_path path;
	struct xc_errbuf errbuf;
	size_t end;
	size_t i;
	int status;

	status = xc_path_decode((const char *)data, size, &path, &errbuf);
	if (status != 0) {
		assert(status == 400 || status == 414);
		return 0;
	}
	assert(path.text[0] == '/' && path.len <= size + 1);
	assert(strlen(path.text) == path.len);
	assert(xc_utf8_span(path.text, path.len) == path.len);
	assert(strstr(path.text, "/../") == NULL);
	assert(path.n_segments > 0 && path.starts[0] == 1);
	for (i = 0; i < path.n_segments; i++) {
		end = i + 1 < path.n_segments ? path.starts[i + 1] - 1U
		    : path.len;
		assert(path.starts[i] <= end);
		check_segment(path.text + path.starts[i],
		    end - path.starts[i], i + 1 == path.n_segments);
	}
	return 0;
}
