/* SPDX-License-Identifier: MIT */
#include "kit/subject.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "contract/bundle.h"
#include "contract/contract.h"
#include "lib/permit.h"
#include "plugin/documents.h"
#include "plugin/file.h"
#include "plugin/prefix.h"

#define DOCUMENT_MAX (64u << 20)

/* Where the walls are only there to be safe, not to measure. */
static const struct xc_limits wide = { .cpu_ms = 60000, .timeout_ms = 60000,
	.memory_mb = 1024, .files = 256, .threads = 64, .reply_kb = 65536 };

/* As xcore.json(5) has them. */
static const struct xc_limits usual = { .cpu_ms = 10000, .timeout_ms = 30000,
	.memory_mb = 128, .files = 32, .threads = 8, .reply_kb = 8192 };

static enum xc_err
fail_nomem(struct xc_errbuf *errbuf)
{
	return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
}

static enum xc_err
read_manifest(struct xc_subject *subject, int fd, struct xc_errbuf *errbuf)
{
	unsigned char *data;
	enum xc_err err;
	size_t len;

	err = xc_file_read_at(fd, "plugin.json", DOCUMENT_MAX, &data, &len,
	    errbuf);
	if (err != XC_OK)
		return err;
	err = xc_manifest_parse((const char *)data, len, &subject->manifest,
	    errbuf);
	free(data);
	return err;
}

static enum xc_err
read_document(struct xc_subject *subject, const struct xc_bundle *whole,
    struct xc_errbuf *errbuf)
{
	enum xc_err err = xc_bundle_json(whole, &subject->openapi, errbuf);

	if (err == XC_OK)
		err = xc_routes_read(subject->openapi, &subject->rows,
		    &subject->n_rows, errbuf);
	if (err == XC_OK)
		err = xc_prefix_check_routes(subject->manifest, subject->rows,
		    subject->n_rows, errbuf);
	if (err == XC_OK)
		err = xc_contract_compile(whole->text, whole->len,
		    &subject->contract, errbuf);
	if (err == XC_OK)
		subject->routes = xc_contract_routes(subject->contract);
	else
		xc_bundle_name_fault(whole, errbuf);
	return err;
}

static enum xc_err
read_openapi(struct xc_subject *subject, int fd, struct xc_errbuf *errbuf)
{
	struct xc_documents documents;
	struct xc_bundle *whole = NULL;
	enum xc_err err;

	err = xc_documents_read(fd, DOCUMENT_MAX, &documents, errbuf);
	if (err == XC_OK)
		err = xc_bundle_make(documents.files, documents.n, &whole,
		    errbuf);
	if (err == XC_OK)
		err = read_document(subject, whole, errbuf);
	xc_bundle_free(&whole);
	xc_documents_free(&documents);
	return err;
}

static enum xc_err
read_documents(struct xc_subject *subject, struct xc_errbuf *errbuf)
{
	int fd = open(subject->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum xc_err err;

	if (fd == -1)
		return xc_fail(errbuf, XC_ERR_IO, "%s: %s", subject->dir,
		    strerror(errno));
	err = read_manifest(subject, fd, errbuf);
	if (err == XC_OK)
		err = read_openapi(subject, fd, errbuf);
	close(fd);
	return err;
}

/* What stands behind kind in the permissions; a list that NULL ends. */
static char **
named(const struct xc_manifest *manifest, const char *kind)
{
	char **texts = calloc(manifest->n_permissions + 1, sizeof(*texts));
	size_t len = strlen(kind), n = 0;

	for (size_t i = 0; texts != NULL && i < manifest->n_permissions;
	    i++) {
		if (strncmp(manifest->permissions[i], kind, len) != 0)
			continue;
		texts[n] = strdup(manifest->permissions[i] + len);
		if (texts[n++] == NULL)
			return NULL;
	}
	return texts;
}

static void
free_named(char **texts)
{
	for (size_t i = 0; texts != NULL && texts[i] != NULL; i++)
		free(texts[i]);
	free(texts);
}

static void
fill_limits(struct xc_subject *subject)
{
	const struct xc_manifest *manifest = subject->manifest;
	struct xc_plugin *plugin = &subject->plugin;

	plugin->isolation = XC_ISOLATION_POOL;
	if (manifest->isolation != NULL)
		(void)xc_isolation_parse(manifest->isolation,
		    &plugin->isolation);
	plugin->limits = manifest->limits;
	if (plugin->isolation == XC_ISOLATION_INPROCESS)
		plugin->limits = wide;
	xc_limits_fill(&plugin->limits, &usual);
}

static enum xc_err
fill_plugin(struct xc_subject *subject, struct json_object *settings,
    struct xc_errbuf *errbuf)
{
	const struct xc_manifest *manifest = subject->manifest;
	struct xc_plugin *plugin = &subject->plugin;

	plugin->magic = XC_PLUGIN_HANDLE_MAGIC;
	plugin->name = strdup(manifest->name);
	plugin->version = strdup(manifest->version);
	plugin->prefix = strdup(manifest->n_prefixes > 1 ? "" :
	    manifest->prefix);
	plugin->schema = strdup("");
	if (asprintf(&plugin->logger, "plugin.%s", manifest->name) == -1)
		plugin->logger = NULL;
	plugin->http_hosts = named(manifest, "http:");
	plugin->emits = named(manifest, "event:");
	if (plugin->name == NULL || plugin->version == NULL ||
	    plugin->prefix == NULL || plugin->schema == NULL ||
	    plugin->logger == NULL || plugin->http_hosts == NULL ||
	    plugin->emits == NULL)
		return fail_nomem(errbuf);
	if (xc_permit_words(xc_json_member(manifest->json, "permissions"),
	    &plugin->words) != XC_OK)
		return fail_nomem(errbuf);
	plugin->may_database = manifest->may_database;
	plugin->may_cache = manifest->may_cache;
	plugin->may_openapi = manifest->may_openapi;
	fill_limits(subject);
	return xc_manifest_config(manifest, settings, &plugin->config,
	    errbuf);
}

static size_t
count_segments(const char *prefix)
{
	size_t n = 0;

	for (; *prefix != '\0'; prefix++)
		n += *prefix == '/' && prefix[1] != '\0' && prefix[1] != '/';
	return n;
}

static enum xc_err
fill_spec(struct xc_subject *subject, struct xc_errbuf *errbuf)
{
	const struct xc_manifest *manifest = subject->manifest;
	struct xc_runner_spec *spec = &subject->spec;

	if (asprintf(&subject->so, "%s/%s.so", subject->dir,
	    manifest->name) == -1)
		subject->so = NULL;
	subject->operations = calloc(subject->n_rows + manifest->n_events +
	    manifest->steps.n + 1, sizeof(*subject->operations));
	if (subject->so == NULL || subject->operations == NULL)
		return fail_nomem(errbuf);
	if (access(subject->so, F_OK) != 0)
		return xc_fail(errbuf, XC_ERR_INVALID, "there is no %s.so in "
		    "%s; build the plugin first (make, or xcore-install "
		    "build)", manifest->name, subject->dir);
	for (size_t i = 0; i < subject->n_rows; i++)
		subject->operations[i] = subject->rows[i].operation;
	for (size_t i = 0; i < manifest->n_events; i++)
		subject->operations[subject->n_rows + i] =
		    manifest->events[i].operation;
	for (size_t i = 0; i < manifest->steps.n; i++)
		subject->operations[subject->n_rows + manifest->n_events + i] =
		    manifest->steps.list[i].order.operation;
	spec->plugin = &subject->plugin;
	spec->dir = subject->dir;
	spec->so = subject->so;
	spec->operations = subject->operations;
	spec->n_operations = subject->n_rows;
	spec->event_operations = subject->operations + subject->n_rows;
	spec->n_event_operations = manifest->n_events;
	spec->step_operations = spec->event_operations + manifest->n_events;
	spec->n_step_operations = manifest->steps.n;
	spec->require = manifest->require;
	return XC_OK;
}

enum xc_err
xc_subject_open(const char *dir, struct json_object *settings,
    const struct xc_host *host, struct xc_subject **subject_r,
    struct xc_errbuf *errbuf)
{
	struct xc_subject *subject = calloc(1, sizeof(*subject));
	enum xc_err err;

	*subject_r = NULL;
	if (subject == NULL)
		return fail_nomem(errbuf);
	subject->plugin.host = host;
	subject->dir = realpath(dir, NULL);
	if (subject->dir == NULL) {
		err = xc_fail(errbuf, XC_ERR_NOT_FOUND, "%s: %s", dir,
		    strerror(errno));
		free(subject);
		return err;
	}
	err = read_documents(subject, errbuf);
	if (err == XC_OK)
		err = fill_plugin(subject, settings, errbuf);
	if (err == XC_OK)
		err = fill_spec(subject, errbuf);
	if (err != XC_OK) {
		xc_subject_free(&subject);
		return err;
	}
	subject->n_segments = count_segments(subject->plugin.prefix);
	*subject_r = subject;
	return XC_OK;
}

void
xc_subject_free(struct xc_subject **subject_p)
{
	struct xc_subject *subject = *subject_p;
	struct xc_plugin *plugin;

	if (subject == NULL)
		return;
	xc_subject_hide(subject);
	plugin = &subject->plugin;
	free(plugin->name);
	free(plugin->version);
	free(plugin->prefix);
	free(plugin->schema);
	free(plugin->logger);
	free_named(plugin->http_hosts);
	free_named(plugin->emits);
	xc_permit_words_free(&plugin->words);
	json_object_put(plugin->config);
	xc_contract_free(&subject->contract);
	free(subject->rows);
	json_object_put(subject->openapi);
	xc_manifest_free(&subject->manifest);
	free(subject->operations);
	free(subject->so);
	free(subject->dir);
	free(subject);
	*subject_p = NULL;
}

enum xc_err
xc_subject_allow_all(struct xc_subject *subject, struct xc_errbuf *errbuf)
{
	struct xc_plugin *plugin = &subject->plugin;
	char **hosts = calloc(2, sizeof(*hosts));

	if (hosts == NULL || (hosts[0] = strdup("*")) == NULL) {
		free(hosts);
		return fail_nomem(errbuf);
	}
	free_named(plugin->http_hosts);
	plugin->http_hosts = hosts;
	plugin->may_database = true;
	plugin->may_cache = true;
	plugin->may_openapi = true;
	plugin->may_all = true;
	return XC_OK;
}

/* "http:api.example.org:8443" is covered by "http:api.example.org:8443" and
 * by "http:*". */
bool
xc_subject_asks(const struct xc_subject *subject, const char *permission)
{
	const struct xc_manifest *manifest = subject->manifest;
	size_t len = strlen(manifest->name);

	if (strncmp(permission, "event:", 6) == 0 &&
	    strncmp(permission + 6, manifest->name, len) == 0 &&
	    permission[6 + len] == '.')
		return true;
	for (size_t i = 0; i < manifest->n_permissions; i++) {
		const char *asked = manifest->permissions[i];

		if (strcmp(asked, permission) == 0 ||
		    (strcmp(asked, "http:*") == 0 &&
		    strncmp(permission, "http:", 5) == 0))
			return true;
	}
	return false;
}
