/* SPDX-License-Identifier: MIT */
/*
 * Documents that refer to each other, in an input that NULs divide: what is
 * refused names a file, and what is not is read by all that reads the whole.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include "contract/bundle.h"
#include "contract/compose.h"
#include "contract/contract.h"
#include "contract/diff.h"

#define FILES_MAX 5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
divide(const char *text, size_t size, struct xc_bundle_file *files)
{
	static const char *const names[FILES_MAX] = { "openapi.json",
		"schemas/a.json", "schemas/b.json", "schemas/c.json",
		"schemas/c_2.json" };
	size_t n = 0;

	while (n < FILES_MAX) {
		size_t len = strnlen(text, size);

		files[n] = (struct xc_bundle_file){ .name = names[n],
			.text = text, .len = len };
		n++;
		if (len == size)
			break;
		text += len + 1;
		size -= len + 1;
	}
	return n;
}

static bool
names_file(const char *text)
{
	return strncmp(text, "openapi.json: ", 14) == 0 ||
	    strncmp(text, "schemas/", 8) == 0;
}

/* Whatever the check passes can be compiled and composed. */
static void
use(const struct xc_bundle *bundle, struct json_object *root)
{
	const struct xc_compose_site site = { .title = "a", .version = "1" };
	struct xc_compose_plugin plugin = { .name = "a", .version = "1.0.0",
		.prefix = "/app/a", .openapi = root };
	struct xc_compose *made = xc_compose_begin(&site);
	struct xc_notes notes = { 0 };
	struct xc_errbuf errbuf = { "" };
	struct xc_contract *contract;

	if (made == NULL)
		abort();
	if (xc_contract_compile(bundle->text, bundle->len, &contract,
	    &errbuf) != XC_OK) {
		xc_bundle_name_fault(bundle, &errbuf);
		assert(names_file(errbuf.text));
	}
	xc_contract_free(&contract);
	(void)xc_compose_add(made, &plugin, &errbuf);
	xc_compose_free(&made);
	if (xc_contract_diff(root, root, &notes) != XC_OK)
		abort();
	assert(notes.n == 0);
	xc_notes_free(&notes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xc_bundle_file files[FILES_MAX];
	struct xc_errbuf errbuf = { "" };
	struct xc_notes notes = { 0 };
	struct json_object *root;
	struct xc_bundle *bundle;
	size_t n = divide((const char *)data, size, files);

	if (xc_bundle_make(files, n, &bundle, &errbuf) != XC_OK) {
		assert(bundle == NULL && names_file(errbuf.text));
		return 0;
	}
	if (xc_bundle_json(bundle, &root, NULL) == XC_OK) {
		if (xc_document_check(bundle->text, bundle->len, &notes) ==
		    XC_OK)
			use(bundle, root);
		xc_bundle_name_notes(bundle, &notes);
		for (size_t i = 0; i < notes.n; i++)
			assert(names_file(notes.lines[i]));
	}
	xc_notes_free(&notes);
	json_object_put(root);
	xc_bundle_free(&bundle);
	return 0;
}
