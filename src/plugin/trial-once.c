/* SPDX-License-Identifier: MIT */
/*
 * A remembered trial is an empty file <hash>.<sum>: the package's hash and
 * the digest of the settings, the interface and the program that tried it.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include <xcore/json.h>
#include <xcore/plugin.h>

#include "plugin/digest.h"
#include "plugin/trial-once.h"
#include "plugin/validate.h"

#define HASH_LEN (XC_DIGEST_SIZE - 1)

static void
trial_program(const struct xc_settings *settings, char *buf, size_t size)
{
	snprintf(buf, size, "%s/xcore-trial", settings->server.libexec_dir);
}

/* A new build of the program means that all is tried again. */
static enum xc_err
mark_path(const struct xc_settings *settings, const struct xc_trial *trial,
    struct json_object *config, char *path_r, size_t size)
{
	const char *text = json_object_to_json_string_ext(config,
	    JSON_C_TO_STRING_PLAIN);
	struct xc_digest digest;
	char program[PATH_MAX];
	char sum[XC_DIGEST_SIZE];
	struct stat st = { .st_size = 0 };
	char host[128];

	trial_program(settings, program, sizeof(program));
	if (stat(program, &st) != 0)
		st.st_size = 0;
	snprintf(host, sizeof(host), "%d.%d %" PRIdMAX " %" PRIdMAX,
	    XC_ABI_MAJOR, XC_ABI_MINOR, (intmax_t)st.st_size,
	    (intmax_t)st.st_mtim.tv_sec);
	xc_digest_begin(&digest);
	xc_digest_add(&digest, host, strlen(host) + 1);
	xc_digest_add(&digest, text, strlen(text));
	if (xc_digest_end(&digest, sum) != XC_OK)
		return XC_ERR_NOMEM;
	snprintf(path_r, size, "%s/trials/%s.%.16s",
	    settings->server.state_dir, trial->hash, sum);
	return XC_OK;
}

/* If it cannot be remembered, it is tried again: no fault. */
static void
remember(const struct xc_settings *settings, const char *path)
{
	char folder[PATH_MAX];
	int fd;

	snprintf(folder, sizeof(folder), "%s/trials",
	    settings->server.state_dir);
	if (mkdir(folder, 0755) != 0 && errno != EEXIST)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd >= 0)
		close(fd);
}

enum xc_err
xc_trial_once(const struct xc_settings *settings,
    const struct xc_trial *trial, bool again, struct xc_errbuf *errbuf)
{
	struct json_object *config = NULL;
	char program[PATH_MAX];
	char mark[PATH_MAX];
	enum xc_err err;

	err = xc_manifest_config(trial->manifest,
	    xc_json_member(settings->plugins, trial->manifest->name),
	    &config, errbuf);
	if (err != XC_OK)
		return xc_fail_prefix(errbuf, err,
		    "the settings plugins.%s", trial->manifest->name);
	err = mark_path(settings, trial, config, mark, sizeof(mark));
	if (err != XC_OK) {
		json_object_put(config);
		return xc_fail(errbuf, err, "out of memory");
	}
	if (!again && access(mark, F_OK) == 0) {
		json_object_put(config);
		return XC_OK;
	}
	trial_program(settings, program, sizeof(program));
	err = xc_trial_run(program, trial->dir, config,
	    settings->reload.trial_timeout_ms, errbuf);
	json_object_put(config);
	if (err == XC_OK)
		remember(settings, mark);
	return err;
}

void
xc_trial_gc(const struct xc_settings *settings,
    bool (*keep)(void *ctx, const char *hash), void *ctx, bool dry_run,
    size_t *n_r)
{
	char folder[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	*n_r = 0;
	snprintf(folder, sizeof(folder), "%s/trials",
	    settings->server.state_dir);
	dir = opendir(folder);
	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		char hash[XC_DIGEST_SIZE];

		if (strlen(entry->d_name) <= HASH_LEN)
			continue;
		memcpy(hash, entry->d_name, HASH_LEN);
		hash[HASH_LEN] = '\0';
		if (!xc_digest_ok(hash) || keep(ctx, hash))
			continue;
		if (dry_run || unlinkat(dirfd(dir), entry->d_name, 0) == 0)
			++*n_r;
	}
	closedir(dir);
}
