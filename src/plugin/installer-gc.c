/* SPDX-License-Identifier: MIT */
/* What is proved, and what is swept. */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "plugin/file.h"
#include "plugin/installer-private.h"
#include "plugin/registry-private.h"
#include "plugin/snapshot.h"
#include "plugin/trial-once.h"

/* Hosts that were silent for a day are gone. */
#define HOST_GONE_MS (24 * 60 * 60 * INT64_C(1000))

#define LEFTOVER_S 3600

/* What is kept: packages of the registry, folders of this host's
 * snapshots. */
struct keep {
	struct json_object *packages;	/* rows that stay */
	struct json_object *folders;	/* {"todo/1.2.0-0a1b2c3d": true} */
	bool all;			/* some snapshot could not be read */
};

static void
version_id(const char *version, const char *hash, char *buf, size_t size)
{
	snprintf(buf, size, "%s-%.8s", version, hash);
}

static struct json_object *
check_row(const char *name, const char *version, const char *where,
    enum xc_err err, const char *detail)
{
	struct json_object *row = json_object_new_object();
	const char *state = "ok";

	if (err == XC_ERR_NOT_FOUND)
		state = "absent";
	else if (err != XC_OK)
		state = "damaged";
	json_object_object_add(row, "name", json_object_new_string(name));
	json_object_object_add(row, "version",
	    json_object_new_string(version));
	json_object_object_add(row, "where", json_object_new_string(where));
	json_object_object_add(row, "state", json_object_new_string(state));
	json_object_object_add(row, "detail", json_object_new_string(
	    err == XC_OK || err == XC_ERR_NOT_FOUND ? "" : detail));
	return row;
}

struct verify {
	struct xc_installer *installer;
	struct json_object *rows;
	size_t damaged;
	struct xc_errbuf first;
};

static void
add_check(struct verify *verify, struct json_object *row, enum xc_err err,
    const char *detail)
{
	json_object_array_add(verify->rows, row);
	if (err == XC_OK || err == XC_ERR_NOT_FOUND)
		return;
	if (verify->damaged++ == 0)
		xc_fail(&verify->first, err, "%s", detail);
}

/* XC_OK also for a damaged one, which is what is looked for. */
static enum xc_err
verify_package(struct verify *verify, uint64_t id, const char *name,
    const char *version, const char *hash, struct xc_errbuf *errbuf)
{
	const char *state_dir =
	    verify->installer->settings->server.state_dir;
	struct xc_errbuf why = { "" };
	struct xc_package *package;
	char folder[PATH_MAX];
	char id_text[192];
	enum xc_err err;

	err = xc_registry_fetch(verify->installer->registry, id, &package,
	    &why);
	if (err != XC_OK && err != XC_ERR_INVALID &&
	    err != XC_ERR_NOT_FOUND) {
		*errbuf = why;
		return err;
	}
	if (err == XC_ERR_NOT_FOUND)
		err = XC_ERR_INVALID;
	if (err == XC_OK)
		xc_package_free(&package);
	add_check(verify, check_row(name, version, "registry", err,
	    why.text), err, why.text);
	version_id(version, hash, id_text, sizeof(id_text));
	snprintf(folder, sizeof(folder), "%s/plugins/%s/%s", state_dir, name,
	    id_text);
	why.text[0] = '\0';
	err = xc_store_verify(folder, hash, &why);
	add_check(verify, check_row(name, version, "store", err, why.text),
	    err, why.text);
	return XC_OK;
}

static enum xc_err
verify_plugin(struct verify *verify, const struct xc_registry_plugin *plugin,
    struct xc_errbuf *errbuf)
{
	enum xc_err err;

	if (plugin->state == XC_REGISTRY_DAMAGED) {
		struct xc_errbuf why;

		xc_fail(&why, XC_ERR_INVALID, "%s: %s; install it again",
		    plugin->name, plugin->reason);
		add_check(verify, check_row(plugin->name, plugin->version,
		    "registry", XC_ERR_INVALID, why.text), XC_ERR_INVALID,
		    why.text);
		return XC_OK;
	}
	err = verify_package(verify, plugin->package_id, plugin->name,
	    plugin->version, plugin->hash, errbuf);
	if (err == XC_OK && plugin->previous_hash[0] != '\0')
		err = verify_package(verify, plugin->previous_id,
		    plugin->name, plugin->previous_version,
		    plugin->previous_hash, errbuf);
	return err;
}

enum xc_exit
xc_install_verify(struct xc_installer *installer, const char *name,
    struct json_object **data_r, struct xc_errbuf *errbuf)
{
	struct verify verify = { .installer = installer };
	struct xc_registry_view *view;
	enum xc_err err;

	*data_r = NULL;
	err = xc_registry_read(installer->registry, &view, errbuf);
	if (err != XC_OK)
		return xc_exit_of(err);
	if (name != NULL && xc_registry_find(view, name) == NULL)
		err = xc_fail(errbuf, XC_ERR_NOT_FOUND,
		    "%s is not installed", name);
	verify.rows = json_object_new_array();
	for (size_t i = 0; i < view->n && err == XC_OK; i++) {
		if (name == NULL || strcmp(view->plugins[i].name, name) == 0)
			err = verify_plugin(&verify, &view->plugins[i],
			    errbuf);
	}
	xc_registry_view_free(&view);
	*data_r = json_object_new_object();
	json_object_object_add(*data_r, "checks", verify.rows);
	if (err != XC_OK)
		return xc_exit_of(err);
	if (verify.damaged == 0)
		return XC_EXIT_DONE;
	*errbuf = verify.first;
	return XC_EXIT_INVALID;
}

static void
keep_folder(struct keep *keep, const char *name, const char *version,
    const char *hash)
{
	char key[256];

	snprintf(key, sizeof(key), "%s/%s-%.8s", name, version, hash);
	json_object_object_add(keep->folders, key,
	    json_object_new_boolean(true));
}

/* Every snapshot that is kept may serve again. */
static void
keep_snapshot(struct keep *keep, const char *path)
{
	struct json_object *snapshot, *plugins;

	enum xc_err err = xc_snapshot_read(path, &snapshot, NULL);

	if (err == XC_ERR_NOT_FOUND)
		return;		/* pruned meanwhile */
	if (err != XC_OK) {
		keep->all = true;
		return;
	}
	plugins = xc_json_member(snapshot, "plugins");
	for (size_t i = 0; i < json_object_array_length(plugins); i++) {
		struct json_object *row = json_object_array_get_idx(plugins,
		    i);

		keep_folder(keep, xc_registry_text(row, "name"),
		    xc_registry_text(row, "version"),
		    xc_registry_text(row, "hash"));
	}
	json_object_put(snapshot);
}

static bool
has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), n = strlen(suffix);

	return len >= n && strcmp(name + len - n, suffix) == 0;
}

static void
keep_snapshots(struct keep *keep, const char *state_dir)
{
	char folder[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(folder, sizeof(folder), "%s/snapshot", state_dir);
	dir = opendir(folder);
	if (dir == NULL) {
		keep->all = errno != ENOENT;
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		char path[PATH_MAX];

		if (strspn(entry->d_name, "0123456789") == 0)
			continue;
		if (has_suffix(entry->d_name, ".tmp"))
			continue;	/* of a writer that was killed */
		if (snprintf(path, sizeof(path), "%s/%s", folder,
		    entry->d_name) < (int)sizeof(path))
			keep_snapshot(keep, path);
		else
			keep->all = true;
	}
	closedir(dir);
}

static bool
keeps_folder(void *ctx, const char *name, const char *id)
{
	const struct keep *keep = ctx;
	char key[256];

	if (keep->all)
		return true;
	snprintf(key, sizeof(key), "%s/%s", name, id);
	return json_object_object_get_ex(keep->folders, key, NULL);
}

static bool
keeps_hash(void *ctx, const char *hash)
{
	const struct keep *keep = ctx;

	for (size_t i = 0; i < json_object_array_length(keep->packages);
	    i++) {
		if (strcmp(hash, xc_registry_text(json_object_array_get_idx(
		    keep->packages, i), "hash")) == 0)
			return true;
	}
	return false;
}

static bool
is_pointed_at(const struct xc_registry_view *view, uint64_t id)
{
	for (size_t i = 0; i < view->n; i++) {
		if (view->plugins[i].package_id == id ||
		    view->plugins[i].previous_id == id)
			return true;
	}
	return false;
}

/* Newest first, the last keep_versions of each name stay. */
static enum xc_err
sweep_packages(struct xc_installer *installer,
    const struct xc_registry_view *view, struct keep *keep, size_t *n_r,
    struct xc_errbuf *errbuf)
{
	struct json_object *rows;
	const char *name = "";
	int64_t nth = 0;
	enum xc_err err;

	err = xc_registry_packages(installer->registry, NULL, &rows, errbuf);
	if (err != XC_OK)
		return err;
	for (size_t i = 0; err == XC_OK &&
	    i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		uint64_t id = xc_registry_number(row, "id");

		if (strcmp(name, xc_registry_text(row, "name")) != 0)
			nth = 0;
		name = xc_registry_text(row, "name");
		if (nth++ < installer->settings->reload.keep_versions ||
		    is_pointed_at(view, id)) {
			json_object_array_add(keep->packages,
			    json_object_get(row));
			keep_folder(keep, name,
			    xc_registry_text(row, "version"),
			    xc_registry_text(row, "hash"));
			continue;
		}
		++*n_r;
		if (installer->options.dry_run)
			continue;
		/* Many packages may take longer than the lease. */
		err = xc_lease_renew(installer->lease, XC_LEASE_MS, errbuf);
		if (err == XC_OK)
			err = xc_registry_drop_package(installer->registry,
			    id, errbuf);
	}
	json_object_put(rows);
	return err;
}

/* What a dry run left that was killed an hour ago or longer. */
static size_t
sweep_dry_runs(const char *state_dir, bool dry)
{
	struct dirent *entry;
	size_t n = 0;
	DIR *dir = opendir(state_dir);

	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL) {
		struct stat st;

		if (strncmp(entry->d_name, "dry-run.", 8) != 0 ||
		    fstatat(dirfd(dir), entry->d_name, &st,
		    AT_SYMLINK_NOFOLLOW) != 0 ||
		    time(NULL) - st.st_mtime < LEFTOVER_S)
			continue;
		if (dry || xc_file_remove_at(dirfd(dir), entry->d_name) ==
		    XC_OK)
			n++;
	}
	closedir(dir);
	return n;
}

struct swept {
	size_t packages;
	size_t folders;
	uint64_t bytes;
	size_t trials;
	size_t hosts;
};

static enum xc_err
sweep(struct xc_installer *installer, struct keep *keep, struct swept *swept,
    struct xc_errbuf *errbuf)
{
	const char *state_dir = installer->settings->server.state_dir;
	bool dry = installer->options.dry_run;
	struct xc_registry_view *view;
	enum xc_err err;

	err = xc_registry_read(installer->registry, &view, errbuf);
	if (err != XC_OK)
		return err;
	err = sweep_packages(installer, view, keep, &swept->packages,
	    errbuf);
	xc_registry_view_free(&view);
	if (err != XC_OK)
		return err;
	keep_snapshots(keep, state_dir);
	if (keep->all)
		xc_installer_say(installer, true, "a snapshot cannot be read, "
		    "so that no folder of a version is removed");
	err = xc_store_gc(state_dir, keeps_folder, keep, dry,
	    &swept->folders, &swept->bytes, errbuf);
	if (err != XC_OK)
		return err;
	swept->folders += sweep_dry_runs(state_dir, dry);
	xc_trial_gc(installer->settings, keeps_hash, keep, dry,
	    &swept->trials);
	return xc_registry_forget_hosts(installer->registry, HOST_GONE_MS,
	    dry, &swept->hosts, errbuf);
}

static struct json_object *
swept_data(const struct swept *swept)
{
	struct json_object *data = json_object_new_object();

	json_object_object_add(data, "packages",
	    json_object_new_int64((int64_t)swept->packages));
	json_object_object_add(data, "folders",
	    json_object_new_int64((int64_t)swept->folders));
	json_object_object_add(data, "bytes",
	    json_object_new_int64((int64_t)swept->bytes));
	json_object_object_add(data, "trials",
	    json_object_new_int64((int64_t)swept->trials));
	json_object_object_add(data, "hosts",
	    json_object_new_int64((int64_t)swept->hosts));
	return data;
}

enum xc_exit
xc_install_gc(struct xc_installer *installer, struct json_object **data_r,
    struct xc_errbuf *errbuf)
{
	struct keep keep = { .packages = NULL };
	struct swept swept = { .packages = 0 };
	enum xc_err err;

	*data_r = NULL;
	err = xc_installer_hold(installer, errbuf);
	if (err != XC_OK)
		return xc_exit_of(err);
	keep.packages = json_object_new_array();
	keep.folders = json_object_new_object();
	err = sweep(installer, &keep, &swept, errbuf);
	xc_installer_release(installer);
	json_object_put(keep.packages);
	json_object_put(keep.folders);
	if (err == XC_OK)
		*data_r = swept_data(&swept);
	return xc_exit_of(err);
}
