/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "settings-json.h"
#include "settings-private.h"
#include "settings-table.h"

#define BUILT_IN_FILE SYSCONFDIR "/xcore/xcore.json"

struct xc_settings *
xc_settings_new(void)
{
	struct xc_place nowhere = { NULL, 0, 0 };
	struct xc_settings *settings;
	size_t i;

	settings = calloc(1, sizeof(*settings));
	if (settings == NULL)
		return NULL;
	settings->origins = calloc(xc_settings_table_len,
	    sizeof(*settings->origins));
	settings->file = strdup("");
	if (settings->origins == NULL || settings->file == NULL) {
		xc_settings_free(&settings);
		return NULL;
	}
	for (i = 0; i < xc_settings_table_len; i++)
		if (xc_settings_set_text(settings, &xc_settings_table[i],
		    xc_settings_table[i].initial, &nowhere, NULL) != XC_OK) {
			xc_settings_free(&settings);
			return NULL;
		}
	return settings;
}

static bool
is_object(enum xc_setting_type type)
{
	return type == XC_LIST || type == XC_PATHS || type == XC_LEVELS ||
	    type == XC_MAP || type == XC_PART || type == XC_RATES ||
	    type == XC_PREFIXES;
}

static void
free_string(const char *string)
{
	/* Ours from strdup(); the const is for those who read. */
	free((void *)(uintptr_t)string);
}

void
xc_settings_free(struct xc_settings **settings_p)
{
	struct xc_settings *settings = *settings_p;
	size_t i;

	if (settings == NULL)
		return;
	for (i = 0; settings->origins != NULL && i < xc_settings_table_len;
	    i++) {
		free(settings->origins[i].from);
		free(settings->origins[i].string);
		if (is_object(xc_settings_table[i].type))
			json_object_put(*(struct json_object **)(void *)
			    ((char *)settings +
			    xc_settings_table[i].offset));
	}
	json_object_put(settings->plugins);
	free_string(settings->file);
	free(settings->origins);
	free(settings);
	*settings_p = NULL;
}

static bool
plugin_name_valid(const char *name)
{
	size_t len = strlen(name);

	return len >= 1 && len <= 32 && *name >= 'a' && *name <= 'z' &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

enum xc_err
xc_settings_set_plugin(struct xc_settings *settings, const char *name,
    struct json_object *value, const struct xc_place *place,
    struct xc_errbuf *errbuf)
{
	if (!plugin_name_valid(name))
		return xc_fail_at(errbuf, place, "plugins", name,
		    "a plugin's name has 1 to 32 of a-z, 0-9, '-', '_' and "
		    "begins with a letter");
	if (!json_object_is_type(value, json_type_object))
		return xc_fail_at(errbuf, place, "plugins", name,
		    "an object expected: the plugin's own settings");
	if (settings->plugins == NULL)
		settings->plugins = json_object_new_object();
	if (settings->plugins == NULL || json_object_object_add(
	    settings->plugins, name, json_object_get(value)) != 0)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	return XC_OK;
}

static enum xc_err
unknown_section(const struct xc_member *member, struct xc_errbuf *errbuf)
{
	const char *near = xc_section_nearest(member->section);

	if (near == NULL)
		return xc_fail_at(errbuf, &member->place, member->section,
		    NULL, "unknown section; see xcore.json(5)");
	return xc_fail_at(errbuf, &member->place, member->section, NULL,
	    "unknown section; did you mean \"%s\"?", near);
}

static enum xc_err
unknown_key(const struct xc_member *member, struct xc_errbuf *errbuf)
{
	const struct xc_setting *near;

	near = xc_setting_nearest(member->section, member->key);
	if (near == NULL)
		return xc_fail_at(errbuf, &member->place, member->section,
		    member->key, "unknown key; see xcore.json(5)");
	return xc_fail_at(errbuf, &member->place, member->section,
	    member->key, "unknown key; did you mean \"%s.%s\"?",
	    near->section, near->key);
}

static enum xc_err
take_member(void *ctx, const struct xc_member *member,
    struct xc_errbuf *errbuf)
{
	struct xc_settings *settings = ctx;
	const struct xc_setting *setting;

	if (!xc_section_known(member->section))
		return unknown_section(member, errbuf);
	if (member->key == NULL)
		return XC_OK;
	if (strcmp(member->section, "plugins") == 0)
		return xc_settings_set_plugin(settings, member->key,
		    member->value, &member->place, errbuf);
	setting = xc_setting_find(member->section, member->key);
	if (setting == NULL)
		return unknown_key(member, errbuf);
	return xc_settings_set_json(settings, setting, member->value,
	    &member->place, errbuf);
}

static xc_settings_judge *other_judge;

void
xc_settings_let_judge(xc_settings_judge *judge)
{
	other_judge = judge;
}

/* The table stops at the first fault; another may find more. */
static enum xc_err
ask_other(const char *file, const char *text, size_t len, enum xc_err err,
    struct xc_errbuf *errbuf)
{
	enum xc_err other;
	char *plain;

	if (other_judge == NULL || xc_settings_plain(text, len, &plain) !=
	    XC_OK)
		return err;
	if (err == XC_OK)
		errbuf->text[0] = '\0';
	other = other_judge(file, plain, len, errbuf);
	free(plain);
	return err != XC_OK ? err : other;
}

enum xc_err
xc_settings_read_text(struct xc_settings *settings, const char *file,
    const char *text, size_t len, struct xc_errbuf *errbuf)
{
	enum xc_err err = xc_settings_scan(file, text, len, take_member,
	    settings, errbuf);

	if (err != XC_OK && err != XC_ERR_INVALID)
		return err;
	return ask_other(file, text, len, err, errbuf);
}

static enum xc_err
open_failed(const char *file, struct xc_errbuf *errbuf)
{
	if (errno == ENOENT)
		return xc_fail(errbuf, XC_ERR_NOT_FOUND,
		    "%s: no such file; write it ({} takes all defaults) or "
		    "name another with XCORE_CONFIG_FILE", file);
	return xc_fail(errbuf, errno == EACCES ? XC_ERR_DENIED : XC_ERR_IO,
	    "%s: cannot be opened: %s", file, strerror(errno));
}

static enum xc_err
read_all(int fd, const char *file, char **text_r, size_t *len_r,
    struct xc_errbuf *errbuf)
{
	size_t size = XC_CONFIG_FILE_MAX + 1, len = 0;
	char *text = malloc(size);
	ssize_t n = 1;

	if (text == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	while (n > 0 && len < size) {
		n = read(fd, text + len, size - len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			len += (size_t)n;
	}
	if (n < 0) {
		free(text);
		return xc_fail(errbuf, XC_ERR_IO, "%s: cannot be read: %s",
		    file, strerror(errno));
	}
	*text_r = text;
	*len_r = len;
	return XC_OK;
}

static enum xc_err
read_file(struct xc_settings *settings, const char *file,
    struct xc_errbuf *errbuf)
{
	enum xc_err err;
	char *text = NULL;
	size_t len = 0;
	struct stat st;
	int fd;

	/* O_NONBLOCK: a FIFO must not hold us. */
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return open_failed(file, errbuf);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "%s: not a regular file", file);
	}
	err = read_all(fd, file, &text, &len, errbuf);
	close(fd);
	if (err != XC_OK)
		return err;
	err = xc_settings_read_text(settings, file, text, len, errbuf);
	free(text);
	return err;
}

static int
is_part(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 &&
	    strcmp(entry->d_name + len - 5, ".json") == 0;
}

/* The order must not hang on the locale. */
static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static enum xc_err
read_part(struct xc_settings *settings, const char *folder, const char *name,
    struct xc_errbuf *errbuf)
{
	char path[PATH_MAX];
	int n;

	n = snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "%s/%s: this path is too long", folder, name);
	return read_file(settings, path, errbuf);
}

static enum xc_err
read_parts(struct xc_settings *settings, struct xc_errbuf *errbuf)
{
	const char *slash = strrchr(settings->file, '/');
	enum xc_err err = XC_OK;
	struct dirent **parts;
	char folder[PATH_MAX];
	int i, n;

	n = snprintf(folder, sizeof(folder), "%.*s/conf.d",
	    (int)(slash - settings->file), settings->file);
	if (n < 0 || (size_t)n >= sizeof(folder))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "%s: this path is too long", settings->file);
	n = scandir(folder, &parts, is_part, by_bytes);
	if (n < 0 && errno == ENOENT)
		return XC_OK;
	if (n < 0)
		return xc_fail(errbuf, XC_ERR_IO, "%s: cannot be read: %s",
		    folder, strerror(errno));
	for (i = 0; i < n; i++) {
		if (err == XC_OK)
			err = read_part(settings, folder, parts[i]->d_name,
			    errbuf);
		free(parts[i]);
	}
	free(parts);
	return err;
}

/* Makes a path absolute without following links: conf.d is beside the name
 * that was given. */
static char *
absolute_file(const char *path)
{
	char *folder, *result;

	if (*path == '/')
		return strdup(path);
	folder = getcwd(NULL, 0);
	if (folder == NULL)
		return NULL;
	if (asprintf(&result, "%s/%s", folder, path) < 0)
		result = NULL;
	free(folder);
	return result;
}

static const char *
main_file(const char *path)
{
	const char *named = getenv("XCORE_CONFIG_FILE");

	if (path != NULL)
		return path;
	return named != NULL && *named != '\0' ? named : BUILT_IN_FILE;
}

static enum xc_err
load(struct xc_settings *settings, const char *path, struct xc_errbuf *errbuf)
{
	enum xc_err err;
	char *file;

	file = absolute_file(main_file(path));
	if (file == NULL)
		return xc_fail(errbuf, XC_ERR_IO, "%s: %s", main_file(path),
		    strerror(errno));
	free_string(settings->file);
	settings->file = file;
	err = read_file(settings, file, errbuf);
	if (err == XC_OK)
		err = read_parts(settings, errbuf);
	if (err == XC_OK)
		err = xc_settings_read_env(settings, environ, errbuf);
	if (err == XC_OK)
		err = xc_settings_check(settings, errbuf);
	return err;
}

enum xc_err
xc_settings_load(const char *path, struct xc_settings **settings_r,
    struct xc_errbuf *errbuf)
{
	enum xc_err err;

	*settings_r = xc_settings_new();
	if (*settings_r == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	err = load(*settings_r, path, errbuf);
	if (err != XC_OK)
		xc_settings_free(settings_r);
	return err;
}
