/* SPDX-License-Identifier: MIT */
/* plugin.json; what is taken must give settings, or a reason why not. */
#include <stdint.h>

#include <json-c/json_object.h>

#include "plugin/manifest.h"
#include "plugin/semver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
	xc_manifest_config(manifest, NULL, &config, &why);
	json_object_put(config);
	xc_manifest_free(&manifest);
	return 0;
}
