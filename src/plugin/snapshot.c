/* SPDX-License-Identifier: MIT */
/*
 * A snapshot file is the JSON text on one line, and a line "sha256 <hex>"
 * over all before it.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "plugin/digest.h"
#include "plugin/snapshot.h"

#define SNAPSHOTS_KEPT 5
#define SNAPSHOT_SIZE_MAX (256u << 20)
/* A manifest and the configuration have 32 levels each; a snapshot puts some
 * around them. */
#define DEPTH_MAX 64
#define SUM_HEX (XC_DIGEST_SIZE - 1)
#define SUM_LINE (sizeof("sha256 ") - 1 + SUM_HEX + 1)

/* The number in "<generation>-<sequence>.json". */
struct numbered {
	uint64_t generation;
	uint64_t sequence;
};

static bool
parse_number(const char **at, char end, uint64_t *number_r)
{
	char *rest;

	if (**at < '0' || **at > '9')
		return false;
	errno = 0;
	*number_r = strtoull(*at, &rest, 10);
	if (errno != 0 || *rest != end)
		return false;
	*at = rest + 1;
	return true;
}

static bool
parse_name(const char *name, struct numbered *numbered_r)
{
	return parse_number(&name, '-', &numbered_r->generation) &&
	    parse_number(&name, '.', &numbered_r->sequence) &&
	    strcmp(name, "json") == 0;
}

/* That of a snapshot, or of a document beside one. */
static bool
parse_any(const char *name, struct numbered *numbered_r)
{
	if (parse_name(name, numbered_r))
		return true;
	return parse_number(&name, '-', &numbered_r->generation) &&
	    parse_number(&name, '.', &numbered_r->sequence) &&
	    (strcmp(name, "openapi31.json") == 0 ||
	    strcmp(name, "openapi30.json") == 0);
}

static enum xc_err
write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return XC_ERR_IO;
		text += n;
		len -= (size_t)n;
	}
	return XC_OK;
}

static enum xc_err
sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return XC_ERR_IO;
	ret = fsync(fd);
	close(fd);
	return ret == 0 ? XC_OK : XC_ERR_IO;
}

/* line stands behind the text. */
static enum xc_err
write_synced(const char *path, const char *text, size_t len,
    const char *line)
{
	enum xc_err err;
	int fd;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
	    0644);
	if (fd < 0)
		return XC_ERR_IO;
	err = write_all(fd, text, len);
	if (err == XC_OK)
		err = write_all(fd, line, strlen(line));
	if (err == XC_OK && fsync(fd) != 0)
		err = XC_ERR_IO;
	if (close(fd) != 0)
		err = XC_ERR_IO;
	return err;
}

/* Returns with errno of what went wrong. */
static enum xc_err
write_renamed(const char *path, const char *text, size_t len,
    const char *line)
{
	char temporary[PATH_MAX];
	int saved;

	if (snprintf(temporary, sizeof(temporary), "%s.tmp", path) >=
	    (int)sizeof(temporary)) {
		errno = ENAMETOOLONG;
		return XC_ERR_IO;
	}
	if (write_synced(temporary, text, len, line) == XC_OK &&
	    rename(temporary, path) == 0)
		return XC_OK;
	saved = errno;
	unlink(temporary);
	errno = saved;
	return XC_ERR_IO;
}

/* The same, with the sum. */
static enum xc_err
write_numbered(const char *path, const char *text, size_t len)
{
	char sum[XC_DIGEST_SIZE];
	char line[SUM_LINE + 1];

	if (xc_digest_hex(text, len, sum) != XC_OK) {
		errno = ENOMEM;
		return XC_ERR_NOMEM;
	}
	snprintf(line, sizeof(line), "sha256 %s\n", sum);
	return write_renamed(path, text, len, line);
}

/* A link, so that the file that serves and its number are one. */
static enum xc_err
point_current(const char *folder, const char *name)
{
	char current[PATH_MAX];
	char temporary[PATH_MAX];

	if (snprintf(current, sizeof(current), "%s/current.json", folder) >=
	    (int)sizeof(current) ||
	    snprintf(temporary, sizeof(temporary), "%s/current.tmp",
	    folder) >= (int)sizeof(temporary)) {
		errno = ENAMETOOLONG;
		return XC_ERR_IO;
	}
	if (unlink(temporary) != 0 && errno != ENOENT)
		return XC_ERR_IO;
	if (symlink(name, temporary) != 0 || rename(temporary, current) != 0)
		return XC_ERR_IO;
	return sync_folder(folder);
}

static bool
is_newer(const struct numbered *a, const struct numbered *b)
{
	return a->sequence > b->sequence;
}

/* How many numbered files are newer than this one. */
static size_t
count_newer(const char *folder, const struct numbered *than)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	struct numbered other;
	size_t n = 0;

	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL) {
		if (parse_name(entry->d_name, &other) &&
		    is_newer(&other, than))
			n++;
	}
	closedir(dir);
	return n;
}

/* A file that cannot be removed does no harm; it is tried again next time. */
static void
prune(const char *folder, uint64_t keep)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	struct numbered numbered;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);
		bool leftover = len > 9 &&
		    strcmp(entry->d_name + len - 9, ".json.tmp") == 0;

		if (leftover || (parse_any(entry->d_name, &numbered) &&
		    numbered.sequence != keep &&
		    count_newer(folder, &numbered) >= SNAPSHOTS_KEPT))
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
}

static enum xc_err
make_folder(const char *state_dir, char *folder_r, size_t size,
    struct xc_errbuf *errbuf)
{
	if (snprintf(folder_r, size, "%s/snapshot", state_dir) >= (int)size)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "the path of server.state_dir is too long");
	if (mkdir(folder_r, 0755) != 0 && errno != EEXIST)
		return xc_fail(errbuf, XC_ERR_IO, "cannot make %s: %s",
		    folder_r, strerror(errno));
	return XC_OK;
}

/* Whether a reader of so many levels reads it. */
static bool
fits_depth(struct json_object *value, int levels)
{
	struct lh_entry *entry;

	if (levels == 0)
		return false;
	if (json_object_is_type(value, json_type_object)) {
		lh_foreach(json_object_get_object(value), entry) {
			if (!fits_depth(lh_entry_v(entry), levels - 1))
				return false;
		}
	} else if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++) {
			if (!fits_depth(json_object_array_get_idx(value, i),
			    levels - 1))
				return false;
		}
	}
	return true;
}

enum xc_err
xc_snapshot_write(const char *state_dir, struct json_object *snapshot,
    char *path_r, size_t size, struct xc_errbuf *errbuf)
{
	return xc_snapshot_write_keep(state_dir, snapshot, 0, path_r, size,
	    errbuf);
}

enum xc_err
xc_snapshot_write_keep(const char *state_dir, struct json_object *snapshot,
    uint64_t keep, char *path_r, size_t size, struct xc_errbuf *errbuf)
{
	char folder[PATH_MAX];
	char name[64];
	const char *json;
	char *text = NULL;
	int64_t generation, sequence;
	int len;
	enum xc_err err;

	if (!xc_json_int(snapshot, "generation", &generation) ||
	    !xc_json_int(snapshot, "sequence", &sequence))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "the snapshot has no generation or no sequence");
	if (!fits_depth(snapshot, DEPTH_MAX - 1))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "the snapshot is nested deeper than the %d levels that "
		    "are read: look at the settings of the plugins",
		    DEPTH_MAX - 1);
	err = make_folder(state_dir, folder, sizeof(folder), errbuf);
	if (err != XC_OK)
		return err;
	snprintf(name, sizeof(name), "%" PRId64 "-%" PRId64 ".json",
	    generation, sequence);
	if (snprintf(path_r, size, "%s/%s", folder, name) >= (int)size)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "the path of server.state_dir is too long");
	json = json_object_to_json_string_ext(snapshot,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	len = json == NULL ? -1 : asprintf(&text, "%s\n", json);
	if (len < 0)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	err = write_numbered(path_r, text, (size_t)len);
	free(text);
	if (err == XC_OK)
		err = point_current(folder, name);
	if (err != XC_OK)
		return xc_fail(errbuf, err, "cannot write the snapshot %s: %s",
		    path_r, strerror(errno));
	prune(folder, keep);
	return XC_OK;
}

enum xc_err
xc_snapshot_document(const char *snapshot, const char *version,
    char *path_r, size_t size)
{
	const char *dot = strrchr(snapshot, '.');

	if (dot == NULL || strcmp(dot, ".json") != 0 || snprintf(path_r,
	    size, "%.*s.openapi%s.json", (int)(dot - snapshot), snapshot,
	    version) >= (int)size)
		return XC_ERR_INVALID;
	return XC_OK;
}

enum xc_err
xc_snapshot_write_document(const char *path, const char *text, size_t len,
    struct xc_errbuf *errbuf)
{
	enum xc_err err = write_renamed(path, text, len, "");

	if (err != XC_OK)
		return xc_fail(errbuf, err, "cannot write %s: %s", path,
		    strerror(errno));
	return XC_OK;
}

static enum xc_err
read_whole(int fd, const char *path, char **text_r, size_t *len_r,
    struct xc_errbuf *errbuf)
{
	struct stat st;
	char *text;
	size_t len = 0;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_size > (off_t)SNAPSHOT_SIZE_MAX)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "%s is no regular file of a snapshot's size", path);
	text = malloc((size_t)st.st_size + 1);
	if (text == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	while (len < (size_t)st.st_size) {
		ssize_t n = read(fd, text + len, (size_t)st.st_size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	*text_r = text;
	*len_r = len;
	return XC_OK;
}

static enum xc_err
check_shape(struct json_object *snapshot, const char *path,
    struct xc_errbuf *errbuf)
{
	struct json_object *plugins = xc_json_member(snapshot, "plugins");
	int64_t format, number;

	if (!xc_json_int(snapshot, "format", &format))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "%s is no snapshot: it has no \"format\"", path);
	if (format != 1)
		return xc_fail(errbuf, XC_ERR_UNSUPPORTED,
		    "%s is of format %" PRId64 ", this xcore reads 1: it was "
		    "written by another version", path, format);
	if (!xc_json_int(snapshot, "generation", &number) ||
	    !xc_json_int(snapshot, "sequence", &number) ||
	    !json_object_is_type(plugins, json_type_array))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "%s is no snapshot: \"generation\", \"sequence\" or "
		    "\"plugins\" is missing", path);
	for (size_t i = 0; i < json_object_array_length(plugins); i++) {
		struct json_object *row = json_object_array_get_idx(plugins,
		    i);

		if (xc_json_string(row, "name") == NULL ||
		    xc_json_string(row, "state") == NULL ||
		    xc_json_string(row, "prefix") == NULL)
			return xc_fail(errbuf, XC_ERR_INVALID,
			    "%s: /plugins/%zu has no name, state or prefix",
			    path, i);
	}
	return XC_OK;
}

static bool
sum_holds(const char *text, size_t len)
{
	char sum[XC_DIGEST_SIZE];
	const char *line;

	if (len < SUM_LINE + 1)
		return false;
	line = text + len - SUM_LINE;
	return line[-1] == '\n' && text[len - 1] == '\n' &&
	    memcmp(line, "sha256 ", 7) == 0 &&
	    xc_digest_hex(text, len - SUM_LINE, sum) == XC_OK &&
	    memcmp(line + 7, sum, SUM_HEX) == 0;
}

static enum xc_err
parse_snapshot(const char *text, size_t len, const char *path,
    struct json_object **snapshot_r, struct xc_errbuf *errbuf)
{
	struct json_object *snapshot;
	struct json_tokener *tokener;
	enum xc_err err;

	if (!sum_holds(text, len))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "%s is damaged: it does not end in the SHA-256 of what "
		    "stands in it", path);
	tokener = json_tokener_new_ex(DEPTH_MAX);
	if (tokener == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	snapshot = json_tokener_parse_ex(tokener, text,
	    (int)(len - SUM_LINE));
	json_tokener_free(tokener);
	err = check_shape(snapshot, path, errbuf);
	if (err != XC_OK) {
		json_object_put(snapshot);
		return err;
	}
	*snapshot_r = snapshot;
	return XC_OK;
}

enum xc_err
xc_snapshot_read(const char *path, struct json_object **snapshot_r,
    struct xc_errbuf *errbuf)
{
	char *text = NULL;
	size_t len = 0;
	enum xc_err err;
	int fd;

	*snapshot_r = NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return xc_fail(errbuf, XC_ERR_NOT_FOUND,
		    "there is no snapshot %s", path);
	if (fd < 0)
		return xc_fail(errbuf, XC_ERR_IO, "cannot open %s: %s", path,
		    strerror(errno));
	err = read_whole(fd, path, &text, &len, errbuf);
	close(fd);
	if (err != XC_OK)
		return err;
	err = parse_snapshot(text, len, path, snapshot_r, errbuf);
	free(text);
	return err;
}

void
xc_snapshot_current(const char *state_dir, char *path_r, size_t size)
{
	snprintf(path_r, size, "%s/snapshot/current.json", state_dir);
}

uint64_t
xc_snapshot_last_sequence(const char *state_dir)
{
	char folder[PATH_MAX];
	struct numbered numbered;
	struct dirent *entry;
	uint64_t last = 0;
	DIR *dir;

	snprintf(folder, sizeof(folder), "%s/snapshot", state_dir);
	dir = opendir(folder);
	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL) {
		if (parse_name(entry->d_name, &numbered) &&
		    numbered.sequence > last)
			last = numbered.sequence;
	}
	closedir(dir);
	return last;
}

/* The newest good one whose sequence is below `below`. */
static enum xc_err
newest_below(const char *folder, uint64_t below, struct numbered *numbered_r)
{
	DIR *dir = opendir(folder);
	struct numbered numbered;
	struct dirent *entry;
	bool found = false;

	if (dir == NULL)
		return XC_ERR_NOT_FOUND;
	numbered_r->sequence = 0;
	while ((entry = readdir(dir)) != NULL) {
		if (!parse_name(entry->d_name, &numbered) ||
		    numbered.sequence >= below ||
		    (found && !is_newer(&numbered, numbered_r)))
			continue;
		*numbered_r = numbered;
		found = true;
	}
	closedir(dir);
	return found ? XC_OK : XC_ERR_NOT_FOUND;
}

enum xc_err
xc_snapshot_before(const char *state_dir, uint64_t below, char *path_r,
    size_t size, uint64_t *sequence_r)
{
	struct numbered numbered;
	char folder[PATH_MAX];

	snprintf(folder, sizeof(folder), "%s/snapshot", state_dir);
	if (newest_below(folder, below, &numbered) != XC_OK ||
	    snprintf(path_r, size, "%s/%" PRIu64 "-%" PRIu64 ".json", folder,
	    numbered.generation, numbered.sequence) >= (int)size)
		return XC_ERR_NOT_FOUND;
	*sequence_r = numbered.sequence;
	return XC_OK;
}

enum xc_err
xc_snapshot_beside(const char *current, uint64_t sequence, char *path_r,
    size_t size)
{
	const char *slash = strrchr(current, '/');
	int len = slash == NULL ? 0 : (int)(slash - current);
	struct numbered numbered;
	char folder[PATH_MAX];

	if (sequence == 0 || sequence == UINT64_MAX || snprintf(folder,
	    sizeof(folder), "%.*s", len, current) >= (int)sizeof(folder))
		return XC_ERR_NOT_FOUND;
	if (newest_below(folder, sequence + 1, &numbered) != XC_OK ||
	    numbered.sequence != sequence ||
	    snprintf(path_r, size, "%s/%" PRIu64 "-%" PRIu64 ".json", folder,
	    numbered.generation, sequence) >= (int)size)
		return XC_ERR_NOT_FOUND;
	return XC_OK;
}

enum xc_err
xc_snapshot_recover(const char *state_dir, char *path_r, size_t size,
    struct json_object **snapshot_r, struct xc_errbuf *errbuf)
{
	struct numbered numbered = { .sequence = UINT64_MAX };
	char folder[PATH_MAX];
	char name[64];

	snprintf(folder, sizeof(folder), "%s/snapshot", state_dir);
	while (newest_below(folder, numbered.sequence, &numbered) == XC_OK) {
		snprintf(name, sizeof(name), "%" PRIu64 "-%" PRIu64 ".json",
		    numbered.generation, numbered.sequence);
		if (snprintf(path_r, size, "%s/%s", folder, name) >=
		    (int)size)
			break;
		if (xc_snapshot_read(path_r, snapshot_r, NULL) != XC_OK)
			continue;
		if (point_current(folder, name) == XC_OK)
			return XC_OK;
		json_object_put(*snapshot_r);
		*snapshot_r = NULL;
		return xc_fail(errbuf, XC_ERR_IO,
		    "cannot point %s/current.json at %s: %s", folder, name,
		    strerror(errno));
	}
	return xc_fail(errbuf, XC_ERR_NOT_FOUND,
	    "there is no undamaged snapshot in %s", folder);
}
