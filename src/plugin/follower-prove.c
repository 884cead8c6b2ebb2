/* SPDX-License-Identifier: MIT */
/*
 * Proving a version on this host: it is in the store whole (else it is
 * fetched), its shared object is ours, its trial passes.  What was proved
 * once in this process is only verified in the store again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "contract/routes.h"
#include "plugin/digest.h"
#include "plugin/documents.h"
#include "plugin/follower-private.h"
#include "plugin/installer.h"
#include "plugin/limit.h"
#include "plugin/prefix.h"
#include "plugin/registry-private.h"
#include "plugin/registry-terms.h"
#include "plugin/semver.h"
#include "plugin/trial-once.h"
#include "plugin/validate.h"

static void
store_folder(const struct xc_follower *follower,
    const struct xc_candidate *candidate, char *buf, size_t size)
{
	snprintf(buf, size, "%s/plugins/%s/%s-%.8s",
	    follower->settings->server.state_dir, candidate->name,
	    candidate->version, candidate->hash);
}

static void
add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static enum xc_err
add_operations(struct json_object *entry, const struct xc_package *package,
    struct xc_errbuf *errbuf)
{
	struct json_object *list;
	struct xc_route *routes;
	enum xc_err err;
	size_t n;

	err = xc_routes_read(package->openapi, &routes, &n, errbuf);
	if (err != XC_OK)
		return err;
	list = json_object_new_array();
	for (size_t i = 0; i < n; i++) {
		struct json_object *row = json_object_new_object();

		add_text(row, "method", routes[i].method);
		add_text(row, "path", routes[i].path);
		add_text(row, "id", routes[i].operation);
		json_object_array_add(list, row);
	}
	free(routes);
	json_object_object_add(entry, "operations", list);
	return XC_OK;
}

static enum xc_err
add_object(struct json_object *entry, const struct xc_package *package,
    const char *folder, struct xc_errbuf *errbuf)
{
	const struct xc_package_file *object;
	char sum[XC_DIGEST_SIZE];
	char path[PATH_MAX];
	char name[64];

	snprintf(name, sizeof(name), "%s.so", package->manifest->name);
	object = xc_package_find(package, name);
	if (object == NULL ||
	    xc_digest_hex(object->data, object->len, sum) != XC_OK)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "the package has no %s", name);
	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >=
	    (int)sizeof(path))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "the path of server.state_dir is too long");
	add_text(entry, "dir", folder);
	add_text(entry, "so", path);
	add_text(entry, "so_hash", sum);
	return XC_OK;
}

static enum xc_err
add_document(struct json_object *entry, const struct xc_package *package,
    struct xc_errbuf *errbuf)
{
	struct xc_documents documents;
	char sum[XC_DIGEST_SIZE];
	enum xc_err err;

	err = xc_documents_of(package, &documents, errbuf);
	if (err == XC_OK && xc_documents_hash(&documents, sum) != XC_OK)
		err = xc_fail(errbuf, XC_ERR_FAILED, "no SHA-256");
	if (err == XC_OK)
		add_text(entry, "openapi_hash", sum);
	xc_documents_free(&documents);
	return err;
}

static enum xc_err
fill_entry(struct xc_follower *follower, struct json_object *entry,
    const struct xc_package *package, const char *folder,
    struct xc_errbuf *errbuf)
{
	const struct xc_manifest *manifest = package->manifest;
	struct json_object *config = NULL;
	char schema[128];
	enum xc_err err;

	xc_plugin_schema(follower->settings, manifest->name, schema,
	    sizeof(schema));
	add_text(entry, "name", manifest->name);
	add_text(entry, "version", manifest->version);
	add_text(entry, "hash", package->hash);
	xc_row_set_prefix(entry, manifest);
	add_text(entry, "state", "enabled");
	add_text(entry, "schema", schema);
	json_object_object_add(entry, "core",
	    json_object_new_boolean(manifest->core));
	err = add_object(entry, package, folder, errbuf);
	if (err == XC_OK)
		err = add_document(entry, package, errbuf);
	if (err == XC_OK)
		err = xc_manifest_config(manifest, xc_json_member(
		    follower->settings->plugins, manifest->name), &config,
		    errbuf);
	if (err != XC_OK)
		return err;
	json_object_object_add(entry, "config", config);
	return add_operations(entry, package, errbuf);
}

static enum xc_err
try_package(struct xc_follower *follower, const struct xc_package *package,
    const char *folder, struct xc_errbuf *errbuf)
{
	struct xc_trial trial = { .dir = folder, .hash = package->hash,
		.manifest = package->manifest };
	enum xc_err err = xc_validate_package(package, NULL, errbuf);

	if (err != XC_OK)
		return err;
	/* A trial takes its time, and whoever waits must see us live. */
	xc_follower_beat(follower, true);
	return xc_trial_once(follower->settings, &trial, false, errbuf);
}

/* The entry as JSON of its own, so that no two share a part. */
static enum xc_err
make_entry(struct xc_follower *follower, const struct xc_package *package,
    const char *folder, struct xc_errbuf *errbuf)
{
	struct json_object *entry, *proved;
	enum xc_err err;

	err = try_package(follower, package, folder, errbuf);
	if (err != XC_OK)
		return err;
	entry = json_object_new_object();
	err = fill_entry(follower, entry, package, folder, errbuf);
	if (err != XC_OK) {
		json_object_put(entry);
		return err;
	}
	proved = json_object_new_object();
	json_object_object_add(proved, "entry", entry);
	json_object_object_add(proved, "manifest",
	    json_object_get(package->manifest->json));
	json_object_object_add(follower->entries, package->hash, proved);
	return XC_OK;
}

static struct json_object *
required_layers(const struct xc_manifest *manifest)
{
	struct json_object *value = xc_json_member(manifest->json, "require");

	if (json_object_is_type(value, json_type_array))
		return json_object_get(value);
	return json_object_new_array();
}

static void
add_terms(const struct xc_follower *follower, struct json_object *entry,
    const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest)
{
	struct xc_terms terms;

	xc_terms_of(follower->settings, plugin, manifest, &terms);
	if (xc_follower_demoted(follower, xc_registry_text(entry, "hash")))
		terms.isolation = XC_ISOLATION_POOL;
	/* So that "reload" makes another entry of the same version. */
	json_object_object_add(entry, "revision",
	    json_object_new_int64((int64_t)plugin->revision));
	add_text(entry, "isolation", xc_isolation_name(terms.isolation));
	json_object_object_add(entry, "limits",
	    xc_limits_json(&terms.limits));
	json_object_object_add(entry, "require",
	    required_layers(manifest));
	json_object_object_add(entry, "permissions",
	    xc_terms_permissions(plugin, manifest));
	json_object_object_add(entry, "events",
	    xc_terms_events(plugin, manifest));
	json_object_object_add(entry, "middleware",
	    xc_terms_steps(plugin, manifest));
}

/* The terms may change without the version. */
static enum xc_err
copy_entry(const struct xc_follower *follower,
    const struct xc_candidate *candidate, struct json_object **entry_r,
    struct xc_errbuf *errbuf)
{
	struct json_object *proved = xc_json_member(follower->entries,
	    candidate->hash);
	struct xc_manifest *manifest;
	const char *text;
	enum xc_err err;
	size_t len;

	text = json_object_to_json_string_length(xc_json_member(proved,
	    "manifest"), JSON_C_TO_STRING_PLAIN, &len);
	err = xc_manifest_parse(text, len, &manifest, errbuf);
	if (err != XC_OK)
		return err;
	if (json_object_deep_copy(xc_json_member(proved, "entry"), entry_r,
	    NULL) != 0) {
		*entry_r = NULL;
		err = xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	} else {
		add_terms(follower, *entry_r, candidate->plugin, manifest);
	}
	xc_manifest_free(&manifest);
	return err;
}

static enum xc_err
fetch(struct xc_follower *follower, const struct xc_candidate *candidate,
    struct xc_errbuf *errbuf)
{
	struct xc_package *package;
	char folder[PATH_MAX];
	enum xc_err err;

	if (candidate->package_id == 0)
		return xc_fail(errbuf, XC_ERR_NOT_FOUND,
		    "its folder in the store is damaged or gone");
	err = xc_registry_fetch(follower->registry, candidate->package_id,
	    &package, errbuf);
	if (err != XC_OK)
		return err == XC_ERR_INVALID ? XC_ERR_NOT_FOUND : err;
	if (strcmp(package->hash, candidate->hash) != 0)
		err = xc_fail(errbuf, XC_ERR_NOT_FOUND,
		    "the registry gave another package than it named");
	else
		err = xc_store_put(follower->settings->server.state_dir,
		    package, folder, sizeof(folder), errbuf);
	xc_package_free(&package);
	return err;
}

/* The folder in the store holds exactly these files when XC_OK. */
static enum xc_err
have_folder(struct xc_follower *follower,
    const struct xc_candidate *candidate, const char *folder,
    struct xc_errbuf *errbuf)
{
	struct xc_errbuf why = { "" };
	enum xc_err err;

	err = xc_store_verify(folder, candidate->hash, &why);
	if (err == XC_OK)
		return XC_OK;
	if (err != XC_ERR_NOT_FOUND)
		xc_logf(&xc_follower_log, XC_LOG_WARNING,
		    "the store's folder of %s %s is restored: %s",
		    candidate->name, candidate->version, why.text);
	return fetch(follower, candidate, errbuf);
}

static enum xc_err
prove_folder(struct xc_follower *follower,
    const struct xc_candidate *candidate, const char *folder,
    struct xc_errbuf *errbuf)
{
	struct xc_package *package;
	enum xc_err err;

	err = xc_package_open(folder, &package, errbuf);
	if (err != XC_OK)
		return err;
	if (strcmp(package->hash, candidate->hash) != 0)
		err = xc_fail(errbuf, XC_ERR_INVALID,
		    "the files in %s changed while they were read", folder);
	else
		err = make_entry(follower, package, folder, errbuf);
	xc_package_free(&package);
	return err;
}

void
xc_follower_refuse(struct xc_follower *follower, const char *hash,
    uint64_t revision, const char *reason)
{
	struct json_object *row = json_object_new_object();

	add_text(row, "reason", reason);
	json_object_object_add(row, "revision",
	    json_object_new_int64((int64_t)revision));
	json_object_object_add(follower->refused, hash, row);
}

/* Refused before, and its row has not been changed since. */
static const char *
refusal(const struct xc_follower *follower,
    const struct xc_candidate *candidate)
{
	struct json_object *row;

	if (!json_object_object_get_ex(follower->refused, candidate->hash,
	    &row))
		return NULL;
	if (xc_registry_number(row, "revision") == candidate->revision)
		return xc_registry_text(row, "reason");
	json_object_object_del(follower->refused, candidate->hash);
	return NULL;
}

static bool
is_final(enum xc_err err)
{
	return err == XC_ERR_INVALID || err == XC_ERR_TOO_LARGE ||
	    err == XC_ERR_UNSUPPORTED;
}

enum xc_err
xc_follower_prove(struct xc_follower *follower,
    const struct xc_candidate *candidate, struct json_object **entry_r,
    struct xc_errbuf *errbuf)
{
	const char *reason = refusal(follower, candidate);
	struct xc_semver version;
	char folder[PATH_MAX];
	enum xc_err err;

	*entry_r = NULL;
	/* They become a path, and an edited row may say anything. */
	if (!xc_plugin_name_ok(candidate->name) ||
	    !xc_digest_ok(candidate->hash) ||
	    !xc_semver_parse(candidate->version, &version))
		return xc_fail(errbuf, XC_ERR_NOT_FOUND,
		    "its row names no package");
	if (reason != NULL)
		return xc_fail(errbuf, XC_ERR_INVALID, "%s", reason);
	store_folder(follower, candidate, folder, sizeof(folder));
	err = have_folder(follower, candidate, folder, errbuf);
	if (err != XC_OK)
		return err;
	if (!json_object_object_get_ex(follower->entries, candidate->hash,
	    NULL))
		err = prove_folder(follower, candidate, folder, errbuf);
	if (is_final(err) && errbuf != NULL)
		xc_follower_refuse(follower, candidate->hash,
		    candidate->revision, errbuf->text);
	return err == XC_OK ? copy_entry(follower, candidate, entry_r,
	    errbuf) : err;
}
