/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cgroup.h"

#define CGROUP2_MAGIC 0x63677270

/*
 * What a sandbox uses of its own before the plugin has anything: libraries'
 * data, stacks, page tables.  RLIMIT_AS refuses first, politely; this kills.
 */
#define MARGIN_MB 48

#define LEAF "xcore-%ld-%u"	/* pid of the maker, slot */
#define LEAF_SIZE 64
#define SERVER "xcore-server"

enum controller {
	MEMORY,
	PIDS,
	CPU,
	CONTROLLERS
};

static const struct {
	const char *name;
	enum xc_layer layer;
} controllers[CONTROLLERS] = {
	[MEMORY] = { "memory", XC_LAYER_CGROUP_MEMORY },
	[PIDS] = { "pids", XC_LAYER_CGROUP_PIDS },
	[CPU] = { "cpu", XC_LAYER_CGROUP_CPU },
};

struct xc_cgroup {
	int fd;
	pid_t maker;
	int why[CONTROLLERS];	/* errno: cannot be passed on */
};

/* 0 or errno. */
static int
write_at(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t len = strlen(text);
	int err = 0;
	ssize_t n;

	if (fd == -1)
		return errno;
	do {
		n = write(fd, text, len);
	} while (n == -1 && errno == EINTR);
	if (n != (ssize_t)len)
		err = n == -1 ? errno : EIO;
	close(fd);
	return err;
}

/* Cut if it is longer than the buffer; "" if it cannot be read. */
static void
read_at(int dir, const char *name, char *buf, size_t size)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = fd == -1 ? -1 : read(fd, buf, size - 1);

	buf[n > 0 ? n : 0] = '\0';
	if (fd != -1)
		close(fd);
}

static bool
has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (; *list != '\0'; list += strcspn(list, " \n")) {
		list += strspn(list, " \n");
		if (strncmp(list, word, len) == 0 &&
		    strchr(" \n", list[len]) != NULL)
			return true;
	}
	return false;
}

static void
pass_on_controllers(struct xc_cgroup *cgroup)
{
	char offered[256];

	read_at(cgroup->fd, "cgroup.controllers", offered, sizeof(offered));
	for (unsigned i = 0; i < CONTROLLERS; i++) {
		char order[32];

		if (!has_word(offered, controllers[i].name)) {
			cgroup->why[i] = ENODEV;
			continue;
		}
		snprintf(order, sizeof(order), "+%s", controllers[i].name);
		cgroup->why[i] = write_at(cgroup->fd,
		    "cgroup.subtree_control", order);
	}
}

/* Whether anything was moved; *own_r whether we were among it. */
static bool
move_processes(const struct xc_cgroup *cgroup, int target, bool *own_r)
{
	int fd = openat(cgroup->fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	FILE *list = fd == -1 ? NULL : fdopen(fd, "r");
	bool moved = false;
	long pid;

	if (list == NULL) {
		if (fd != -1)
			close(fd);
		return false;
	}
	while (fscanf(list, "%ld", &pid) == 1) {
		char text[32];

		snprintf(text, sizeof(text), "%ld", pid);
		*own_r |= pid == (long)cgroup->maker;
		if (target != -1)
			moved |= write_at(target, "cgroup.procs", text) == 0;
	}
	fclose(list);
	return moved;
}

/*
 * A service manager delegates the folder that it has put the server into, and
 * a folder with processes passes nothing on: the server has to go one down.
 * Processes of a folder where it is not itself are not its to move.
 */
static void
make_room(const struct xc_cgroup *cgroup)
{
	bool own = false;
	int target;

	(void)move_processes(cgroup, -1, &own);
	if (!own || (mkdirat(cgroup->fd, SERVER, 0755) != 0 &&
	    errno != EEXIST))
		return;
	target = openat(cgroup->fd, SERVER,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (target == -1)
		return;
	/* Again for those that were forked meanwhile. */
	for (unsigned i = 0; i < 10 &&
	    move_processes(cgroup, target, &own); i++)
		continue;
	close(target);
}

static bool
is_left_behind(const char *name)
{
	unsigned slot;
	long maker;
	char end;

	/* Exactly LEAF, with nothing behind it. */
	if (sscanf(name, LEAF "%c", &maker, &slot, &end) != 2)
		return false;
	return maker > 0 && kill((pid_t)maker, 0) == -1 && errno == ESRCH;
}

static void
kill_and_remove(int dir, const char *name)
{
	int leaf = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
	    O_NOFOLLOW);

	if (leaf == -1)
		return;
	write_at(leaf, "cgroup.kill", "1");
	close(leaf);
	/* EBUSY: something in it still dies; the next maker removes it. */
	(void)unlinkat(dir, name, AT_REMOVEDIR);
}

static void
sweep(const struct xc_cgroup *cgroup)
{
	int fd = openat(cgroup->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (dir == NULL) {
		if (fd != -1)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (is_left_behind(entry->d_name))
			kill_and_remove(cgroup->fd, entry->d_name);
	}
	closedir(dir);
}

static enum xc_err
open_folder(const char *path, int *fd_r, int *error_r,
    struct xc_errbuf *errbuf)
{
	struct statfs fs;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*error_r = fd == -1 ? errno : EINVAL;
	if (fd == -1)
		return xc_fail(errbuf, XC_ERR_INVALID, "sandbox.cgroup: %s: "
		    "%s", path, strerror(*error_r));
	if (fstatfs(fd, &fs) != 0 || fs.f_type != CGROUP2_MAGIC) {
		close(fd);
		return xc_fail(errbuf, XC_ERR_INVALID, "sandbox.cgroup: %s is "
		    "no folder of cgroup v2", path);
	}
	*fd_r = fd;
	*error_r = 0;
	return XC_OK;
}

enum xc_err
xc_cgroup_open(const char *path, struct xc_cgroup **cgroup_r,
    int *error_r, struct xc_errbuf *errbuf)
{
	struct xc_cgroup *cgroup = calloc(1, sizeof(*cgroup));
	enum xc_err err;

	*cgroup_r = NULL;
	*error_r = ENOMEM;
	if (cgroup == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	err = open_folder(path, &cgroup->fd, error_r, errbuf);
	if (err != XC_OK) {
		free(cgroup);
		return err;
	}
	cgroup->maker = getpid();
	sweep(cgroup);
	make_room(cgroup);
	pass_on_controllers(cgroup);
	*cgroup_r = cgroup;
	return XC_OK;
}

void
xc_cgroup_free(struct xc_cgroup **cgroup)
{
	if (*cgroup == NULL)
		return;
	close((*cgroup)->fd);
	free(*cgroup);
	*cgroup = NULL;
}

void
xc_cgroup_note(struct xc_layers *layers, int error)
{
	for (unsigned i = 0; i < CONTROLLERS; i++) {
		xc_layers_note(layers, controllers[i].layer, error);
		layers->active &= ~XC_LAYER_BIT(controllers[i].layer);
	}
	xc_layers_note(layers, XC_LAYER_CGROUP_KILL, error);
	layers->active &= ~XC_LAYER_BIT(XC_LAYER_CGROUP_KILL);
}

static int
limit_memory(int leaf, const struct xc_limits *limits)
{
	char text[32];

	if (limits->memory_mb == 0)
		return 0;
	snprintf(text, sizeof(text), "%llu",
	    ((unsigned long long)limits->memory_mb + MARGIN_MB) << 20);
	/* Neither of these two is in each kernel. */
	(void)write_at(leaf, "memory.swap.max", "0");
	(void)write_at(leaf, "memory.oom.group", "1");
	return write_at(leaf, "memory.max", text);
}

static int
limit_tasks(int leaf, uint32_t tasks)
{
	char text[32];

	snprintf(text, sizeof(text), "%u", tasks);
	return write_at(leaf, "pids.max", text);
}

static void
limit(const struct xc_cgroup *cgroup, int leaf,
    const struct xc_cgroup_leaf *want, struct xc_layers *layers)
{
	int why[CONTROLLERS];

	memcpy(why, cgroup->why, sizeof(why));
	if (why[MEMORY] == 0)
		why[MEMORY] = limit_memory(leaf, &want->limits);
	if (why[PIDS] == 0)
		why[PIDS] = limit_tasks(leaf, want->tasks);
	if (why[CPU] == 0)	/* one processor: it is pinned to one too */
		why[CPU] = write_at(leaf, "cpu.max", "100000 100000");
	for (unsigned i = 0; i < CONTROLLERS; i++)
		xc_layers_note(layers, controllers[i].layer, why[i]);
	xc_layers_note(layers, XC_LAYER_CGROUP_KILL,
	    faccessat(leaf, "cgroup.kill", W_OK, AT_EACCESS) == 0 ? 0 :
	    errno == ENOENT ? ENOSYS : errno);
}

static void
name_leaf(const struct xc_cgroup *cgroup, uint32_t slot,
    char name[LEAF_SIZE])
{
	snprintf(name, LEAF_SIZE, LEAF, (long)cgroup->maker, slot);
}

int
xc_cgroup_make_leaf(const struct xc_cgroup *cgroup,
    const struct xc_cgroup_leaf *want, struct xc_layers *layers)
{
	char name[LEAF_SIZE];
	int leaf;

	name_leaf(cgroup, want->slot, name);
	/* One that could not be removed in time may be there. */
	if (mkdirat(cgroup->fd, name, 0755) != 0 && errno != EEXIST) {
		xc_cgroup_note(layers, errno);
		return -1;
	}
	leaf = openat(cgroup->fd, name,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (leaf == -1) {
		xc_cgroup_note(layers, errno);
		return -1;
	}
	limit(cgroup, leaf, want, layers);
	return leaf;
}

static uint64_t
count_oom_kills(int leaf)
{
	char events[512];
	const char *at;

	read_at(leaf, "memory.events", events, sizeof(events));
	at = strstr(events, "oom_kill ");
	return at == NULL ? 0 : strtoull(at + strlen("oom_kill "), NULL, 10);
}

uint64_t
xc_cgroup_remove_leaf(const struct xc_cgroup *cgroup, uint32_t slot)
{
	char name[LEAF_SIZE];
	uint64_t kills;
	int leaf;

	name_leaf(cgroup, slot, name);
	leaf = openat(cgroup->fd, name,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (leaf == -1)
		return 0;
	kills = count_oom_kills(leaf);
	close(leaf);
	kill_and_remove(cgroup->fd, name);
	return kills;
}
