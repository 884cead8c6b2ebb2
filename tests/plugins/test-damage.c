/* SPDX-License-Identifier: MIT */
/* A good plugin, damaged in many ways: each is refused with a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <xcore/plugin.h>

#include "plugin/elf.h"
#include "plugin/validate.h"
#include "support.h"

static struct xc_package *
open_good(void)
{
	struct xc_package *package;
	struct xc_errbuf why = { "" };

	if (xc_package_open(made_plugin("misbehave"), &package, &why) !=
	    XC_OK)
		fail_msg("%s", why.text);
	return package;
}

/* A file of the package that may be changed. */
static struct xc_package_file *
file_of(struct xc_package *package, const char *name)
{
	for (size_t i = 0; i < package->n_files; i++) {
		if (strcmp(package->files[i].name, name) == 0)
			return &package->files[i];
	}
	fail_msg("no %s", name);
	return NULL;
}

static struct xc_package_file *
object_of(struct xc_package *package)
{
	return file_of(package, "misbehave.so");
}

/* Frees the package. */
static void
expect(struct xc_package *package, const char *says)
{
	struct xc_errbuf why = { "" };

	assert_int_equal(xc_validate_package(package, NULL, &why), XC_ERR_INVALID);
	if (strstr(why.text, says) == NULL)
		fail_msg("%s", why.text);
	xc_package_free(&package);
}

static void
test_good(void **state)
{
	struct xc_package *package = open_good();
	struct xc_errbuf why = { "" };

	(void)state;
	if (xc_validate_package(package, NULL, &why) != XC_OK)
		fail_msg("%s", why.text);
	xc_package_free(&package);
}

static void
test_truncated(void **state)
{
	struct xc_package *package = open_good();
	struct xc_package_file *object = object_of(package);
	size_t whole = object->len;

	(void)state;
	for (size_t len = 0; len < whole; len += len < 300 ? 1 : 61) {
		struct xc_errbuf why = { "" };
		/* Exactly that long, so that a look behind it is seen. */
		unsigned char *cut = malloc(len + 1);
		unsigned char *all = object->data;

		memcpy(cut, all, len);
		object->data = realloc(cut, len > 0 ? len : 1);
		object->len = len;
		assert_int_equal(xc_validate_package(package, NULL, &why),
		    XC_ERR_INVALID);
		assert_true(strlen(why.text) > 20);
		free(object->data);
		object->data = all;
	}
	object->len = whole;
	xc_package_free(&package);
}

static void
replace(struct xc_package_file *file, const char *text)
{
	free(file->data);
	file->data = (unsigned char *)strdup(text);
	file->len = strlen(text);
}

static void
test_no_object(void **state)
{
	struct xc_package *package = open_good();

	(void)state;
	replace(object_of(package), "");
	expect(package, "misbehave.so is empty");
	package = open_good();
	replace(object_of(package), "#!/bin/sh\necho this is not a plugin, "
	    "and longer than the header of one would be\n");
	expect(package, "is not a shared object (no ELF header)");
}

static void
expect_byte(size_t off, unsigned char byte, const char *says)
{
	struct xc_package *package = open_good();

	object_of(package)->data[off] = byte;
	expect(package, says);
}

static void
test_header(void **state)
{
	(void)state;
	expect_byte(0, 'x', "no ELF header");
	expect_byte(4, 1, "not 64-bit little-endian");
	expect_byte(5, 2, "not 64-bit little-endian");
	expect_byte(6, 9, "unknown ELF version");
	expect_byte(7, 9, "another operating system");
	expect_byte(16, 2, "link it with -shared");
	expect_byte(18, 8, "is not for this machine (ELF machine 8");
	expect_byte(39, 0x7f, "program headers");
	expect_byte(56, 0, "program headers");
	expect_byte(47, 0x7f, "section headers");
}

/* The place of the plugin object in the file. */
static struct xc_plugin_object *
plugin_object(struct xc_package *package)
{
	struct xc_package_file *file = object_of(package);
	struct xc_errbuf why = { "" };
	struct xc_elf_symbol symbol;
	struct xc_elf elf;

	assert_int_equal(xc_elf_open(&elf, file->data, file->len, &why),
	    XC_OK);
	assert_true(xc_elf_defined(&elf, "xc_plugin_object", &symbol));
	assert_non_null(symbol.data);
	return (struct xc_plugin_object *)(void *)(file->data +
	    (symbol.data - file->data));
}

static void
test_abi(void **state)
{
	struct xc_package *package = open_good();

	(void)state;
	plugin_object(package)->magic ^= 1;
	expect(package, "is not one of xcore's");
	package = open_good();
	plugin_object(package)->abi_major++;
	expect(package, "rebuild it with this host's headers");
	package = open_good();
	plugin_object(package)->abi_major = 0;
	expect(package, "is built for plugin ABI 0.");
	package = open_good();
	plugin_object(package)->abi_minor++;
	expect(package, "update xcore here, or rebuild");
	package = open_good();
	plugin_object(package)->size -= 8;
	expect(package, "define it with XC_PLUGIN()");
	package = open_good();
	plugin_object(package)->size += 8;
	expect(package, "define it with XC_PLUGIN()");
}

/* Writes other bytes over all places of some. */
static struct xc_package *
patched(const char *find, const char *put, size_t len)
{
	struct xc_package *package = open_good();
	struct xc_package_file *file = object_of(package);
	unsigned char *at = file->data;
	size_t found = 0;

	while ((at = memmem(at, file->len - (size_t)(at - file->data), find,
	    len)) != NULL) {
		memcpy(at, put, len);
		at += len;
		found++;
	}
	assert_true(found > 0);
	return package;
}

static void
test_names(void **state)
{
	(void)state;
	expect(patched("xc_plugin_object", "xc_plugin_objecT", 17),
	    "does not export xc_plugin_object");
	expect(patched("libxcore.so.", "libxcorE.so.", 12),
	    "is not linked to libxcore");
	expect(patched("libjson-c.so.", "libjsonXc.so.", 13),
	    "uses names of json-c but is not linked to it");
	expect(patched("libjson-c.so.", "libjansson.so", 13),
	    "is linked to libjansson");
}

static void
test_note(void **state)
{
	static const char note[] = "\1\0\0\0xcore";
	static const char other[] = "\1\0\0\0xcorn";
	static const char kind[] = "\2\0\0\0xcore";
	struct xc_package *package;
	struct xc_package_file *manifest;

	(void)state;
	expect(patched(note, other, sizeof(note)),
	    "has no note with plugin.json; build it with plugin.mk");
	expect(patched(note, kind, sizeof(note)), "has no note");
	package = open_good();
	manifest = file_of(package, "plugin.json");
	manifest->data[manifest->len - 1] = ' ';
	expect(package, "was built with another plugin.json");
}

/* Any byte may be any other: it is refused or taken, and nothing else.  The
 * fuzzer of objects tries more of them. */
static void
test_any_byte(void **state)
{
	struct xc_package *package = open_good();
	struct xc_package_file *object = object_of(package);
	unsigned seed = 1;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct xc_errbuf why = { "" };
		unsigned char *at, old;

		seed = seed * 1103515245 + 12345;
		/* Half of them where the structure is. */
		at = &object->data[(seed >> 8) %
		    (i % 2 == 0 ? 4096 : object->len)];
		old = *at;
		*at = (unsigned char)(seed >> 3);
		xc_validate_package(package, NULL, &why);
		*at = old;
	}
	xc_package_free(&package);
}

static void
test_host(void **state)
{
	struct xc_package *package = open_good();
	struct json_object *tasks = json_object_new_array();

	(void)state;
	json_object_array_add(tasks, json_object_new_object());
	json_object_object_add(package->manifest->json, "tasks", tasks);
	expect(package, "/tasks: this xcore cannot honour it");
	package = open_good();
	package->manifest->requires_xcore = ">=99";
	expect(package, "/requires/xcore: >=99 is asked for");
}

#define DOCUMENT "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"t\"," \
    "\"version\":\"1\"}"

/* The contract of a package with this one file is its text. */
static void
replace_document(struct xc_package *package, const char *text)
{
	struct xc_package_file *file = file_of(package, "openapi.json");

	replace(file, text);
	package->contract->text = (const char *)file->data;
	package->contract->len = file->len;
}

static void
expect_document(const char *text, const char *says)
{
	struct xc_package *package = open_good();

	replace_document(package, text);
	expect(package, says);
}

static void
test_document(void **state)
{
	(void)state;
	expect_document("{}", "lacks the member \"openapi\"");
	expect_document("{\"openapi\":\"2.0\",\"paths\":{}}",
	    "/openapi: must be");
	expect_document(DOCUMENT "}", "lacks the member \"paths\"");
	expect_document(DOCUMENT ",\"paths\":{\"/a{b}\":{\"get\":"
	    "{\"operationId\":\"x\"}}}}", "brace");
	expect_document(DOCUMENT ",\"paths\":{\"/a\":{\"get\":"
	    "{\"operationId\":\"x\"}},\"/a/\":{\"get\":"
	    "{\"operationId\":\"y\"}}}}", "told apart");
}

/* All of its faults are told at once. */
static void
test_document_faults(void **state)
{
	struct xc_package *package = open_good();
	struct xc_notes faults = { 0 };
	struct xc_errbuf why = { "" };

	(void)state;
	replace_document(package, DOCUMENT ",\"paths\":{"
	    "\"/{a}\":{\"get\":{}}},\"x\":1}");
	assert_int_equal(xc_validate_package(package, &faults, &why),
	    XC_ERR_INVALID);
	assert_int_equal(faults.n, 3);
	assert_non_null(strstr(why.text, "no operationId"));
	assert_non_null(strstr(why.text, "; openapi.json: /"));
	xc_notes_free(&faults);
	xc_package_free(&package);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_no_object),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_abi),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_note),
		cmocka_unit_test(test_any_byte),
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_document_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
