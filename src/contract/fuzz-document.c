/* SPDX-License-Identifier: MIT */
/*
 * A document: nothing crashes or hangs, what is refused has words that name the
 * file, and what is not takes a request for each of its operations.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <xcore/reply.h>

#include "lib/host.h"
#include "lib/plugin-private.h"

#include "contract.h"

#define OPERATIONS_MAX 20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One that has nothing of what may be asked for. */
static void
ask(struct xc_taker *taker, const struct xc_contract *contract, size_t index)
{
	static const struct xc_host host;
	static struct xc_plugin plugin;
	static struct xc_request req;
	static char method[] = "REQUEST_METHOD=POST";
	static char uri[] = "REQUEST_URI=/";
	static char type[] = "CONTENT_TYPE=application/json";
	char *params[] = { method, uri, type, NULL };
	const struct xc_source source = { .data = "{\"a\":[1]}", .len = 9,
		.fd = -1 };

	if (req.magic == 0 && xc_request_init(&req, &host, NULL) != XC_OK)
		abort();
	if (xc_request_parse(&req, params, NULL, source.len, NULL) != 0 ||
	    xc_request_bind(&req, &plugin, 0, "a", NULL, 0) != XC_OK)
		abort();
	assert(xc_contract_take(taker, contract, index, &req, &source) !=
	    xc_reply_done(&req));
	xc_request_reset(&req);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct xc_taker *taker;
	struct xc_errbuf errbuf = { .text = "" };
	struct xc_contract *contract;
	size_t n;
	size_t i;

	if (taker == NULL)
		taker = xc_taker_create();
	if (xc_contract_compile((const char *)data, size, &contract,
	    &errbuf) != XC_OK) {
		assert(contract == NULL);
		assert(strncmp(errbuf.text, "openapi.json: ", 14) == 0);
		return 0;
	}
	n = xc_routes_count(xc_contract_routes(contract));
	assert(xc_contract_size(contract) > 0);
	for (i = 0; i < n && i < OPERATIONS_MAX; i++)
		ask(taker, contract, i);
	xc_contract_free(&contract);
	return 0;
}
