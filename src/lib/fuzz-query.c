/* SPDX-License-Identifier: MIT */
/* Any bytes as a query: what is taken are pairs of valid text. */
#include <assert.h>
#include <string.h>

#include "query.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(const struct xc_block *block, struct xc_span span)
{
	const char *text = xc_block_text(block, span);

	assert(span.off != 0 && strlen(text) == span.len);
	assert(xc_utf8_span(text, span.len) == span.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xc_block block = { 0 };
	struct xc_errbuf errbuf;
	struct xc_pairs pairs;
	struct xc_pair pair;
	uint32_t n;
	int status;

	assert(xc_block_put(&block, "x", 1) == XC_OK);
	status = xc_query_parse(&block, (const char *)data, size, &pairs,
	    &errbuf);
	assert(status == 0 || (status == 400 && pairs.n == 0));
	for (n = 0; n < pairs.n; n++) {
		assert(xc_block_pair(&block, pairs, n, &pair));
		check_text(&block, pair.name);
		check_text(&block, pair.value);
	}
	xc_block_free(&block);
	return 0;
}
