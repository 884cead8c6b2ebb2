/* SPDX-License-Identifier: MIT */
#include <sys/inotify.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "plugin/watch.h"

#define QUIET_MS 150
#define RESCAN_MS 1000
#define DEPTH_MAX 16
#define WATCHES_MAX 4096

#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | \
    IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

/* One inotify watch: a folder or one below it. */
struct place {
	int wd;
	size_t folder;		/* index of the folder it belongs to */
	bool root;
	bool payload;		/* below sql/, schemas/ or assets/ */
};

struct xc_watch {
	int fd;
	enum xc_watch_kind kind;
	char *const *folders;
	size_t n_folders;
	bool *there;		/* by folder: its root is watched */
	struct place *places;
	size_t n_places;
};

static void watch_below(struct xc_watch *watch, const char *path,
    struct place place, unsigned depth);

static bool
ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), n = strlen(end);

	return len >= n && strcmp(name + len - n, end) == 0;
}

/* What editors and compilers leave behind. */
static bool
is_litter(const char *name)
{
	static const char *const ends[] = { "~", ".o", ".lo", ".la", ".so",
		".new", ".d", ".a", ".swp", ".swx", ".tmp", ".xcp",
		"-types.h", NULL };

	if (name[0] == '.' || name[0] == '#' || strcmp(name, "4913") == 0)
		return true;
	for (const char *const *end = ends; *end != NULL; end++) {
		if (ends_with(name, *end))
			return true;
	}
	return false;
}

static bool
matters(const struct xc_watch *watch, const struct place *place,
    const char *name)
{
	if (watch->kind == XC_WATCH_SOURCES)
		return !is_litter(name);
	if (place->payload)
		return name[0] != '.' && !ends_with(name, "~");
	return place->root && (ends_with(name, ".so") ||
	    strcmp(name, "plugin.json") == 0 ||
	    strcmp(name, "openapi.json") == 0);
}

static struct place *
find_place(struct xc_watch *watch, int wd)
{
	for (size_t i = 0; i < watch->n_places; i++) {
		if (watch->places[i].wd == wd)
			return &watch->places[i];
	}
	return NULL;
}

static bool
add_place(struct xc_watch *watch, const char *path, struct place place)
{
	struct place *places;

	if (watch->n_places >= WATCHES_MAX)
		return false;
	place.wd = inotify_add_watch(watch->fd, path, EVENTS);
	if (place.wd < 0)
		return false;
	if (find_place(watch, place.wd) != NULL)
		return true;
	places = reallocarray(watch->places, watch->n_places + 1,
	    sizeof(*places));
	if (places == NULL)
		return false;
	watch->places = places;
	places[watch->n_places++] = place;
	return true;
}

static void
watch_entry(struct xc_watch *watch, const char *path, const char *name,
    const struct place *above, unsigned depth)
{
	struct place place = { .folder = above->folder,
		.payload = above->payload };
	char below[PATH_MAX];
	struct stat st;

	if (name[0] == '.')
		return;
	if (snprintf(below, sizeof(below), "%s/%s", path, name) >=
	    (int)sizeof(below))
		return;
	if (lstat(below, &st) != 0 || !S_ISDIR(st.st_mode))
		return;
	if (above->root &&
	    (strcmp(name, "sql") == 0 || strcmp(name, "assets") == 0 ||
	    strcmp(name, "schemas") == 0))
		place.payload = true;
	watch_below(watch, below, place, depth + 1);
}

static void
watch_below(struct xc_watch *watch, const char *path, struct place place,
    unsigned depth)
{
	struct dirent *entry;
	DIR *dir;

	if (depth > DEPTH_MAX || !add_place(watch, path, place))
		return;
	if (place.root)
		watch->there[place.folder] = true;
	dir = opendir(path);
	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		watch_entry(watch, path, entry->d_name, &place, depth);
	closedir(dir);
}

static void
watch_root(struct xc_watch *watch, size_t folder)
{
	struct place place = { .folder = folder, .root = true };

	watch_below(watch, watch->folders[folder], place, 0);
}

enum xc_err
xc_watch_new(char *const *folders, size_t n, enum xc_watch_kind kind,
    struct xc_watch **watch_r, struct xc_errbuf *errbuf)
{
	struct xc_watch *watch = calloc(1, sizeof(*watch));

	*watch_r = NULL;
	if (watch == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	watch->folders = folders;
	watch->n_folders = n;
	watch->kind = kind;
	watch->there = calloc(n + 1, sizeof(*watch->there));
	watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->fd < 0 || watch->there == NULL) {
		enum xc_err err = xc_fail(errbuf, XC_ERR_IO,
		    "cannot watch files: %s", strerror(errno));

		xc_watch_free(&watch);
		return err;
	}
	for (size_t i = 0; i < n; i++)
		watch_root(watch, i);
	*watch_r = watch;
	return XC_OK;
}

void
xc_watch_free(struct xc_watch **watch)
{
	if (*watch == NULL)
		return;
	if ((*watch)->fd >= 0)
		close((*watch)->fd);
	free((*watch)->there);
	free((*watch)->places);
	free(*watch);
	*watch = NULL;
}

/* The kernel has dropped the watch. */
static void
forget_place(struct xc_watch *watch, struct place *place)
{
	if (place->root)
		watch->there[place->folder] = false;
	*place = watch->places[--watch->n_places];
}

/* A folder that was made in a watched one is looked at whole: what was put
 * into it before we watched is not told. */
static void
rescan(struct xc_watch *watch, size_t folder)
{
	watch_root(watch, folder);
}

static bool
take_event(struct xc_watch *watch, const struct inotify_event *event,
    bool *changed_r)
{
	struct place *place;
	size_t folder;

	if (event->mask & IN_Q_OVERFLOW) {
		for (size_t i = 0; i < watch->n_folders; i++) {
			rescan(watch, i);
			changed_r[i] = true;
		}
		return true;
	}
	place = find_place(watch, event->wd);
	if (place == NULL)
		return false;
	folder = place->folder;
	if (event->mask & (IN_IGNORED | IN_MOVE_SELF)) {
		if (event->mask & IN_MOVE_SELF)
			inotify_rm_watch(watch->fd, event->wd);
		forget_place(watch, place);
		return false;
	}
	if (event->len == 0)
		return false;
	if (event->mask & IN_ISDIR) {
		if (event->name[0] == '.' ||
		    !(event->mask & (IN_CREATE | IN_MOVED_TO)))
			return false;
		rescan(watch, folder);
		changed_r[folder] = true;
		return true;
	}
	/* A file that was made is told of again when it is closed. */
	if ((event->mask & IN_CREATE) || !matters(watch, place, event->name))
		return false;
	changed_r[folder] = true;
	return true;
}

static bool
read_events(struct xc_watch *watch, bool *changed_r)
{
	char buf[16384]
	    __attribute__((aligned(__alignof__(struct inotify_event))));
	bool any = false;
	ssize_t n;

	while ((n = read(watch->fd, buf, sizeof(buf))) > 0) {
		for (char *at = buf; at < buf + n;) {
			const void *here = at;
			const struct inotify_event *event = here;

			any |= take_event(watch, event, changed_r);
			at += sizeof(*event) + event->len;
		}
	}
	return any;
}

/* Those that were away and have come. */
static bool
find_missing(struct xc_watch *watch, bool *changed_r)
{
	bool any = false;

	for (size_t i = 0; i < watch->n_folders; i++) {
		if (watch->there[i])
			continue;
		watch_root(watch, i);
		changed_r[i] |= watch->there[i];
		any |= watch->there[i];
	}
	return any;
}

enum xc_err
xc_watch_wait(struct xc_watch *watch, const sigset_t *open, bool *changed_r,
    struct xc_errbuf *errbuf)
{
	struct pollfd pfd = { .fd = watch->fd, .events = POLLIN };
	bool any = false;

	memset(changed_r, 0, watch->n_folders * sizeof(*changed_r));
	for (;;) {
		int ms = any ? QUIET_MS : RESCAN_MS;
		struct timespec ts = { .tv_sec = ms / 1000,
			.tv_nsec = (ms % 1000) * 1000000L };
		int n = ppoll(&pfd, 1, &ts, open);

		if (n < 0 && errno == EINTR)
			return XC_ERR_STATE;
		if (n < 0)
			return xc_fail(errbuf, XC_ERR_IO,
			    "cannot watch files: %s", strerror(errno));
		if (n == 0 && any)
			return XC_OK;
		if (n == 0)
			any = find_missing(watch, changed_r);
		else if (read_events(watch, changed_r))
			any = true;
	}
}
