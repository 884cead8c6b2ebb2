/* SPDX-License-Identifier: MIT */
/* What proxies say, and traceparent: the first byte tells how it is read. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "services/middleware/forwarded.h"
#include "services/middleware/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_trace(const char *text)
{
	struct xc_trace_seed seed = { { 1, 2 } };
	char child[XC_TRACEPARENT], grandchild[XC_TRACEPARENT];

	(void)xc_trace_state_ok(text);
	if (!xc_trace_child(text, &seed, child))
		return;
	/* What we pass on can be gone on with. */
	if (!xc_trace_child(child, &seed, grandchild) ||
	    memcmp(child, grandchild, 35) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xc_network trusted[2];
	struct xc_proxies proxies = { .trusted = trusted, .n = 2,
		.hops_max = 16 };
	struct xc_forwarded_in in = { .peer = "10.0.0.1" };
	struct xc_forwarded out;
	struct xc_address address;
	char *text;

	if (size == 0)
		return 0;
	text = malloc(size);
	if (text == NULL)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	(void)xc_network_read("10.0.0.0/8", &trusted[0]);
	(void)xc_network_read("unix", &trusted[1]);
	proxies.by = (enum xc_forwarded_by)(data[0] % 3);
	in.hops = in.protos = in.hosts = text;
	if (!xc_forwarded_read(&proxies, &in, &out) ||
	    (out.known && !xc_address_read(out.address,
	    strlen(out.address), false, &address)))
		abort();
	try_trace(text);
	free(text);
	return 0;
}
