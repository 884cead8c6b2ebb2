/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xcore/plugin.h>

#include "validate-object.h"

static enum xc_err
check_object_head(const struct xc_plugin_object *head, uint64_t symbol_size,
    struct xc_errbuf *errbuf)
{
	if (head->magic != XC_PLUGIN_MAGIC)
		return xc_fail(errbuf, XC_ERR_INVALID, "its xc_plugin_object "
		    "is not one of xcore's; define it with XC_PLUGIN() of "
		    "<xcore/plugin.h>");
	if (head->abi_major != XC_ABI_MAJOR)
		return xc_fail(errbuf, XC_ERR_INVALID, "is built for plugin "
		    "ABI %u.%u, this host has %u.%u; rebuild it with this "
		    "host's headers", head->abi_major, head->abi_minor,
		    XC_ABI_MAJOR, XC_ABI_MINOR);
	if (head->abi_minor > XC_ABI_MINOR)
		return xc_fail(errbuf, XC_ERR_INVALID, "is built for plugin "
		    "ABI %u.%u, this host has %u.%u; update xcore here, or "
		    "rebuild the plugin with this host's headers",
		    head->abi_major, head->abi_minor, XC_ABI_MAJOR,
		    XC_ABI_MINOR);
	/* There is but one minor number so far, so but one size. */
	if (head->size != sizeof(struct xc_plugin_object) ||
	    symbol_size < head->size)
		return xc_fail(errbuf, XC_ERR_INVALID, "its xc_plugin_object "
		    "is %u bytes long (%llu in the file), ABI %u.%u has %zu; "
		    "define it with XC_PLUGIN()", head->size,
		    (unsigned long long)symbol_size, head->abi_major,
		    head->abi_minor, sizeof(struct xc_plugin_object));
	return XC_OK;
}

enum xc_err
xc_validate_head(const struct xc_plugin_object *object,
    struct xc_errbuf *errbuf)
{
	return check_object_head(object, sizeof(*object), errbuf);
}

static enum xc_err
check_symbol(const struct xc_elf *elf, struct xc_errbuf *errbuf)
{
	struct xc_plugin_object head = { 0 };
	struct xc_elf_symbol symbol;

	if (!xc_elf_defined(elf, "xc_plugin_object", &symbol))
		return xc_fail(errbuf, XC_ERR_INVALID, "does not export "
		    "xc_plugin_object; define it with XC_PLUGIN() of "
		    "<xcore/plugin.h>");
	if (!symbol.is_data || symbol.data == NULL ||
	    symbol.size < offsetof(struct xc_plugin_object, operations))
		return xc_fail(errbuf, XC_ERR_INVALID, "its xc_plugin_object "
		    "is not an object with content; define it with "
		    "XC_PLUGIN()");
	memcpy(&head, symbol.data,
	    offsetof(struct xc_plugin_object, operations));
	return check_object_head(&head, symbol.size, errbuf);
}

static bool
needs(const struct xc_elf *elf, const char *prefix)
{
	const char *name;

	for (size_t i = 0; (name = xc_elf_needed(elf, i)) != NULL; i++) {
		if (strncmp(name, prefix, strlen(prefix)) == 0)
			return true;
	}
	return false;
}

/* Names that json-c has; jansson has some of them too. */
static bool
is_json_name(const char *name)
{
	return strncmp(name, "json_object_", 12) == 0 ||
	    strncmp(name, "json_tokener_", 13) == 0;
}

static bool
uses_json(const struct xc_elf *elf)
{
	const char *name;
	size_t at = 0;

	while ((name = xc_elf_undefined(elf, &at)) != NULL) {
		if (is_json_name(name))
			return true;
	}
	return false;
}

/*
 * jansson and json-c both export json_object_get() and others.  Who answers
 * depends on the order of linking, and the other one's caller crashes: so
 * whoever uses such a name must say whose.
 */
static enum xc_err
check_libraries(const struct xc_elf *elf, struct xc_errbuf *errbuf)
{
	if (!needs(elf, "libxcore.so"))
		return xc_fail(errbuf, XC_ERR_INVALID, "is not linked to "
		    "libxcore; build it with plugin.mk, or link it with "
		    "$(xcore-config --libs)");
	if (needs(elf, "libjansson.so"))
		return xc_fail(errbuf, XC_ERR_INVALID, "is linked to "
		    "libjansson, whose names clash with those of json-c in "
		    "one process; use json-c (-ljson-c -Wl,-z,defs)");
	if (uses_json(elf) && !needs(elf, "libjson-c.so"))
		return xc_fail(errbuf, XC_ERR_INVALID, "uses names of json-c "
		    "but is not linked to it, so that another library could "
		    "answer; link it with -ljson-c -Wl,-z,defs");
	return XC_OK;
}

static enum xc_err
check_note(const struct xc_elf *elf, const void *manifest, size_t len,
    struct xc_errbuf *errbuf)
{
	const void *data;
	size_t data_len;

	if (!xc_elf_note(elf, XC_NOTE_NAME, XC_NOTE_MANIFEST, &data,
	    &data_len))
		return xc_fail(errbuf, XC_ERR_INVALID, "has no note with "
		    "plugin.json; build it with plugin.mk, which puts it "
		    "there");
	if (data_len != len || memcmp(data, manifest, len) != 0)
		return xc_fail(errbuf, XC_ERR_INVALID, "was built with "
		    "another plugin.json than the one beside it; build it "
		    "again");
	return XC_OK;
}

enum xc_err
xc_validate_object(const void *data, size_t len, const void *manifest,
    size_t manifest_len, struct xc_errbuf *errbuf)
{
	struct xc_elf elf;
	enum xc_err err = xc_elf_open(&elf, data, len, errbuf);

	if (err == XC_OK)
		err = check_note(&elf, manifest, manifest_len, errbuf);
	if (err == XC_OK)
		err = check_symbol(&elf, errbuf);
	if (err == XC_OK)
		err = check_libraries(&elf, errbuf);
	return err;
}

enum xc_err
xc_validate_loadable(const void *data, size_t len, struct xc_errbuf *errbuf)
{
	const void *note;
	struct xc_elf elf;
	size_t note_len;
	enum xc_err err = xc_elf_open(&elf, data, len, errbuf);

	if (err != XC_OK)
		return err;
	if (!xc_elf_note(&elf, XC_NOTE_NAME, XC_NOTE_MANIFEST, &note,
	    &note_len))
		return xc_fail(errbuf, XC_ERR_INVALID, "is not a plugin (it "
		    "has no note with plugin.json)");
	return check_symbol(&elf, errbuf);
}
