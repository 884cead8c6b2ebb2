/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "landlock.h"

/* The kernel's interface, which never changes but grows. */
#define CREATE_RULESET_VERSION 1u
#define RULE_PATH_BENEATH 1
#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR (UINT64_C(1) << 3)
#define NET_BIND_TCP (UINT64_C(1) << 0)
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT_UNIX_SOCKET (UINT64_C(1) << 0)
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

struct ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;	/* ABI 4 */
	uint64_t scoped;		/* ABI 6 */
};

struct path_beneath_attr {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed));

int
xc_landlock_abi(int *error_r)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    CREATE_RULESET_VERSION);

	*error_r = abi > 0 ? 0 : abi == 0 ? ENOSYS : errno;
	return abi > 0 ? (int)abi : 0;
}

/* All rights to files that this ABI knows. */
static uint64_t
fs_rights(int abi)
{
	int n = 13;	/* EXECUTE to MAKE_SYM */

	if (abi >= 2)
		n = 14;	/* REFER */
	if (abi >= 3)
		n = 15;	/* TRUNCATE */
	if (abi >= 5)
		n = 16;	/* IOCTL_DEV */
	return (UINT64_C(1) << n) - 1;
}

static int
create_ruleset(int abi)
{
	struct ruleset_attr attr = { .handled_access_fs = fs_rights(abi) };
	size_t size = sizeof(attr.handled_access_fs);

	if (abi >= 4) {
		attr.handled_access_net = NET_BIND_TCP | NET_CONNECT_TCP;
		size += sizeof(attr.handled_access_net);
	}
	if (abi >= 6) {
		attr.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
		size += sizeof(attr.scoped);
	}
	return (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
}

/*
 * Mapping code asks for no right to execute: that is for programs, and none
 * is ever to be started.
 */
static int
add_path(int ruleset, const char *path)
{
	struct path_beneath_attr attr = { .allowed_access = FS_READ_FILE };
	struct stat st;
	int err = 0;

	attr.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (attr.parent_fd == -1)
		return errno == ENOENT || errno == EACCES ||
		    errno == ENOTDIR ? 0 : errno;
	if (fstat(attr.parent_fd, &st) == 0 && S_ISDIR(st.st_mode))
		attr.allowed_access |= FS_READ_DIR;
	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &attr,
	    0) != 0)
		err = errno;
	close(attr.parent_fd);
	return err;
}

int
xc_landlock_restrict(int abi, const char *const *paths, size_t n)
{
	int ruleset = create_ruleset(abi);
	int err = 0;

	if (ruleset == -1)
		return errno;
	for (size_t i = 0; i < n && err == 0; i++)
		err = add_path(ruleset, paths[i]);
	if (err == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		err = errno;
	close(ruleset);
	return err;
}
