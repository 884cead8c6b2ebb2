/* SPDX-License-Identifier: MIT */
/*
 * What an update takes from those who use a plugin: a version that breaks
 * what the installed one promised is refused, unless its number says so or
 * the operator does.
 */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "contract/diff.h"
#include "plugin/installer-private.h"
#include "plugin/semver.h"

/* The version that may break what this one promised: below 1.0.0 that is
 * the next minor one. */
static void
next_version(const struct xc_semver *old, char *buf, size_t size)
{
	if (old->major == 0)
		snprintf(buf, size, "0.%llu.0",
		    (unsigned long long)old->minor + 1);
	else
		snprintf(buf, size, "%llu.0.0",
		    (unsigned long long)old->major + 1);
}

static bool
is_raised(const struct xc_semver *old, const struct xc_semver *new)
{
	if (old->major == 0 && new->major == 0)
		return new->minor > old->minor;
	return new->major > old->major;
}

/* Nothing was promised by what is damaged, nor is by going back. */
static bool
is_promise(const struct xc_installer *installer,
    const struct xc_registry_plugin *old, const struct xc_package *package)
{
	const char *version = package->manifest->version;
	int order = xc_semver_compare_text(version, old->version);

	if (old->manifest == NULL || strcmp(old->hash, package->hash) == 0)
		return false;
	/* What is refused anyway, for another reason. */
	if (order < 0 || (order == 0 && !installer->options.replace &&
	    !installer->settings->server.development))
		return false;
	return true;
}

static enum xc_err
compare(struct xc_installer *installer, const struct xc_registry_plugin *old,
    const struct xc_package *package, struct xc_notes *notes,
    struct xc_errbuf *errbuf)
{
	const struct xc_manifest *manifest = package->manifest;
	struct xc_package *before;
	enum xc_err err;

	err = xc_registry_fetch(installer->registry, old->package_id, &before,
	    errbuf);
	if (err == XC_ERR_INVALID || err == XC_ERR_NOT_FOUND)
		return XC_OK;
	if (err != XC_OK)
		return err;
	if (strcmp(old->manifest->prefix, manifest->prefix) != 0)
		xc_notes_add(notes, "plugin.json: the prefix was %s and is "
		    "%s now", old->manifest->prefix, manifest->prefix);
	err = xc_contract_diff(before->openapi, package->openapi, notes);
	xc_package_free(&before);
	return err == XC_OK ? err : xc_fail(errbuf, err, "out of memory");
}

static void
say_all(struct xc_installer *installer, bool warning)
{
	struct json_object *list = installer->breaking;
	char text[1100];

	for (size_t i = 0; installer->options.say != NULL &&
	    i < json_object_array_length(list); i++) {
		snprintf(text, sizeof(text), "breaking: %s",
		    json_object_get_string(json_object_array_get_idx(list,
		    i)));
		installer->options.say(installer->options.ctx, warning,
		    text);
	}
}

static enum xc_err
judge(struct xc_installer *installer, const struct xc_registry_plugin *old,
    const struct xc_package *package, struct xc_errbuf *errbuf)
{
	const struct xc_manifest *manifest = package->manifest;
	struct xc_semver from, to;
	char next[48];
	bool raised;

	if (!xc_semver_parse(old->version, &from) ||
	    !xc_semver_parse(manifest->version, &to))
		return XC_OK;
	/* A pre-release promises nothing yet. */
	raised = is_raised(&from, &to) || from.pre_len > 0;
	if (raised || installer->options.allow_breaking ||
	    installer->settings->server.development) {
		say_all(installer, !raised);
		return XC_OK;
	}
	next_version(&from, next, sizeof(next));
	return xc_fail(errbuf, XC_ERR_DENIED, "%s %s breaks what %s promised "
	    "(%zu changes): give it the version %s, or use --allow-breaking",
	    manifest->name, manifest->version, old->version,
	    json_object_array_length(installer->breaking), next);
}

enum xc_err
xc_installer_compare(struct xc_installer *installer,
    const struct xc_registry_plugin *old, const struct xc_package *package,
    struct xc_errbuf *errbuf)
{
	struct xc_notes notes = { 0 };
	enum xc_err err;

	if (old == NULL || installer->compared == old->package_id ||
	    !is_promise(installer, old, package))
		return XC_OK;
	err = compare(installer, old, package, &notes, errbuf);
	json_object_put(installer->breaking);
	installer->breaking = NULL;
	if (err == XC_OK && notes.n > 0) {
		installer->breaking = xc_notes_json(&notes);
		err = judge(installer, old, package, errbuf);
	}
	/* A registry that moves meanwhile is looked at again. */
	if (err == XC_OK)
		installer->compared = old->package_id;
	xc_notes_free(&notes);
	return err;
}
