/* SPDX-License-Identifier: MIT */
/* plugin.json; what is taken must give settings, or a reason why not. */
#include <assert.h>
#include <stdint.h>

#include <json-c/json_object.h>

#include "plugin/manifest.h"
#include "plugin/semver.h"

#define STEPS_MAX 16		/* as the schema has it */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
sort_steps(const struct xc_steps *steps)
{
	struct xc_order_step orders[STEPS_MAX];
	size_t order[STEPS_MAX], places = 0;

	assert(steps->n <= STEPS_MAX);
	for (size_t i = 0; i < steps->n; i++)
		orders[i] = steps->list[i].order;
	if (xc_step_order(orders, steps->n, order, NULL, NULL) != XC_OK)
		return;
	for (size_t i = 0; i < steps->n; i++)
		places |= (size_t)1 << order[i];
	assert(places == ((size_t)1 << steps->n) - 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xc_manifest *manifest;
	struct json_object *config;
	struct xc_errbuf why;

	if (xc_manifest_parse((const char *)data, size, &manifest, &why) !=
	    XC_OK)
		return 0;
	for (size_t i = 0; i < manifest->n_requires; i++)
		xc_semver_in_range(manifest->version,
		    manifest->requires[i].range);
	sort_steps(&manifest->steps);
	xc_manifest_config(manifest, NULL, &config, &why);
	json_object_put(config);
	xc_manifest_free(&manifest);
	return 0;
}
