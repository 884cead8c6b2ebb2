/* SPDX-License-Identifier: MIT */
/*
 * The site's OpenAPI document, in two versions, beside the snapshot that says
 * what is served.  That it cannot be made harms nobody but who asks for it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "contract/bundle.h"
#include "contract/compose.h"
#include "loggers/logger.h"
#include "plugin/digest.h"
#include "plugin/documents.h"
#include "plugin/follower-private.h"
#include "plugin/prefix.h"
#include "plugin/registry-private.h"
#include "plugin/snapshot.h"

#define DOCUMENT_MAX ((size_t)16 << 20)
/* Of the digest of what is served, in the document's version. */
#define VERSION_DIGITS 12
/* With more plugins a reload does not wait for the document; one takes half a
 * millisecond. */
#define PLUGINS_AT_ONCE 100

static const char *const versions[] = {
	[XC_OPENAPI_3_1] = "31",
	[XC_OPENAPI_3_0] = "30"
};

static bool
is_enabled(const struct json_object *row)
{
	return strcmp(xc_registry_text(row, "state"), "enabled") == 0;
}

/* "" for several: then its paths are whole. */
static const char *
prefix_of(const struct json_object *row)
{
	const char *texts[XC_PREFIXES_MAX];

	return xc_row_prefixes(row, texts) == 1 ? texts[0] : "";
}

static void
add_text(struct xc_digest *digest, const char *text)
{
	xc_digest_add(digest, text, strlen(text) + 1);
}

/* All that the document depends on. */
static enum xc_err
digest_plugins(const struct json_object *plugins, char sum_r[XC_DIGEST_SIZE])
{
	struct xc_digest digest;

	xc_digest_begin(&digest);
	add_text(&digest, PACKAGE_VERSION);
	for (size_t i = 0; i < json_object_array_length(plugins); i++) {
		struct json_object *row = json_object_array_get_idx(plugins,
		    i);

		if (!is_enabled(row))
			continue;
		add_text(&digest, xc_registry_text(row, "name"));
		add_text(&digest, xc_registry_text(row, "version"));
		add_text(&digest, xc_registry_text(row, "hash"));
		add_text(&digest, prefix_of(row));
	}
	return xc_digest_end(&digest, sum_r);
}

static enum xc_err
read_document(const struct json_object *row, struct json_object **document_r,
    struct xc_errbuf *errbuf)
{
	struct xc_documents documents;
	struct xc_bundle *whole = NULL;
	enum xc_err err;

	*document_r = NULL;
	err = xc_documents_read_path(xc_registry_text(row, "dir"),
	    DOCUMENT_MAX, &documents, errbuf);
	if (err == XC_OK)
		err = xc_bundle_make(documents.files, documents.n, &whole,
		    errbuf);
	if (err == XC_OK)
		err = xc_bundle_json(whole, document_r, errbuf);
	xc_bundle_free(&whole);
	xc_documents_free(&documents);
	return err;
}

static void
add_plugin(struct xc_compose *compose, const struct json_object *row)
{
	struct xc_compose_plugin plugin = {
		.name = xc_registry_text(row, "name"),
		.version = xc_registry_text(row, "version"),
		.prefix = prefix_of(row) };
	struct xc_errbuf errbuf = { "" };
	enum xc_err err;

	err = read_document(row, &plugin.openapi, &errbuf);
	if (err == XC_OK)
		err = xc_compose_add(compose, &plugin, &errbuf);
	json_object_put(plugin.openapi);
	if (err != XC_OK)
		xc_logf(&xc_follower_log, XC_LOG_ERROR, "plugin %s %s is "
		    "not in the site's OpenAPI document: %s", plugin.name,
		    plugin.version, errbuf.text);
}

static struct xc_compose *
compose(const struct json_object *plugins, const char *sum)
{
	char version[64];
	const struct xc_compose_site site = { .title = "xcore",
		.version = version };
	struct xc_compose *made;

	snprintf(version, sizeof(version), "%s+%.*s", PACKAGE_VERSION,
	    VERSION_DIGITS, sum);
	made = xc_compose_begin(&site);
	for (size_t i = 0; made != NULL &&
	    i < json_object_array_length(plugins); i++) {
		struct json_object *row = json_object_array_get_idx(plugins,
		    i);

		if (is_enabled(row))
			add_plugin(made, row);
	}
	return made;
}

static enum xc_err
write_version(struct xc_compose *made, enum xc_openapi version,
    const char *snapshot, struct xc_errbuf *errbuf)
{
	char path[PATH_MAX], *text;
	enum xc_err err;
	size_t len;

	err = xc_snapshot_document(snapshot, versions[version], path,
	    sizeof(path));
	if (err != XC_OK)
		return xc_fail(errbuf, err,
		    "the path of server.state_dir is too long");
	err = xc_compose_text(made, version, &text, &len);
	if (err != XC_OK)
		return xc_fail(errbuf, err, "out of memory");
	err = xc_snapshot_write_document(path, text, len, errbuf);
	free(text);
	return err;
}

static enum xc_err
write_both(const struct json_object *plugins, const char *sum,
    const char *snapshot, struct xc_errbuf *errbuf)
{
	struct xc_compose *made = compose(plugins, sum);
	enum xc_err err;

	if (made == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	err = write_version(made, XC_OPENAPI_3_1, snapshot, errbuf);
	if (err == XC_OK)
		err = write_version(made, XC_OPENAPI_3_0, snapshot, errbuf);
	xc_compose_free(&made);
	return err;
}

/* The files of another snapshot serve this one too.  False: they are gone. */
static bool
link_both(const char *from, const char *to)
{
	char old[PATH_MAX], new[PATH_MAX];

	if (strcmp(from, to) == 0)
		return true;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		if (xc_snapshot_document(from, versions[i], old,
		    sizeof(old)) != XC_OK || xc_snapshot_document(to,
		    versions[i], new, sizeof(new)) != XC_OK)
			return false;
		if ((unlink(new) != 0 && errno != ENOENT) ||
		    link(old, new) != 0)
			return false;
	}
	return true;
}

bool
xc_follower_document_first(const struct json_object *plugins)
{
	return json_object_array_length(plugins) <= PLUGINS_AT_ONCE;
}

void
xc_follower_document(struct xc_follower *follower,
    const struct json_object *plugins, const char *snapshot)
{
	struct xc_errbuf errbuf = { "" };
	char sum[XC_DIGEST_SIZE];

	if (digest_plugins(plugins, sum) != XC_OK)
		return;
	if (strcmp(sum, follower->document_sum) != 0 ||
	    !link_both(follower->document, snapshot)) {
		if (write_both(plugins, sum, snapshot, &errbuf) != XC_OK) {
			xc_logf(&xc_follower_log, XC_LOG_ERROR,
			    "the site has no OpenAPI document: %s",
			    errbuf.text);
			return;
		}
	}
	memcpy(follower->document_sum, sum, sizeof(sum));
	snprintf(follower->document, sizeof(follower->document), "%s",
	    snapshot);
}

void
xc_follower_document_current(struct xc_follower *follower)
{
	const char *state_dir = follower->settings->server.state_dir;
	char current[PATH_MAX], path[PATH_MAX];

	if (follower->snapshot == NULL || follower->document[0] != '\0')
		return;
	xc_snapshot_current(state_dir, current, sizeof(current));
	if (xc_snapshot_beside(current, xc_registry_number(
	    follower->snapshot, "sequence"), path, sizeof(path)) == XC_OK)
		xc_follower_document(follower, xc_json_member(
		    follower->snapshot, "plugins"), path);
}
