/* SPDX-License-Identifier: MIT */
/* Attacks on the kernel's other doors: code in data, namespaces, and system
 * calls that a plugin has no business with. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>

#include "doctor/attacks-private.h"

void
xc_attack_rwx(struct xc_attack_scene *scene)
{
	void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	xc_attack_result(scene, "mmap(PROT_WRITE | PROT_EXEC)",
	    map == MAP_FAILED ? -1 : 0);
	if (map != MAP_FAILED)
		munmap(map, 4096);
}

void
xc_attack_mprotect(struct xc_attack_scene *scene)
{
	void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED) {
		xc_attack_refused(scene, "mmap()", errno);
		return;
	}
	memset(map, 0xc3, 4096);
	xc_attack_result(scene, "mprotect(PROT_EXEC)",
	    mprotect(map, 4096, PROT_READ | PROT_EXEC));
	munmap(map, 4096);
}

void
xc_attack_unshare(struct xc_attack_scene *scene)
{
	/* It cannot be taken back; in its host's process it would stay. */
	if (scene->inprocess)
		xc_attack_skipped(scene, "its host would be in it");
	else
		xc_attack_result(scene, "unshare(CLONE_NEWUSER)",
		    unshare(CLONE_NEWUSER));
}

void
xc_attack_setns(struct xc_attack_scene *scene)
{
	char path[64];
	int fd;

	if (scene->host <= 0 || scene->inprocess) {
		xc_attack_skipped(scene, "there is no other process");
		return;
	}
	fd = (int)syscall(SYS_pidfd_open, scene->host, 0);
	if (fd == -1) {
		snprintf(path, sizeof(path), "/proc/%ld/ns/net",
		    (long)scene->host);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	xc_attack_result(scene, "setns(CLONE_NEWNET)",
	    setns(fd, CLONE_NEWNET));
	if (fd != -1)
		close(fd);
}

void
xc_attack_chroot(struct xc_attack_scene *scene)
{
	/* To where it is already. */
	xc_attack_result(scene, "chroot(\"/\")", chroot("/"));
}

void
xc_attack_setuid(struct xc_attack_scene *scene)
{
	if (!scene->inprocess && geteuid() == 0) {
		/* Root of a namespace of its own is nobody outside of it;
		 * another account there would be a way out of limits. */
		xc_attack_result(scene, "setresuid(1)",
		    syscall(SYS_setresuid, 1, 1, 1));
		return;
	}
	xc_attack_result(scene, "setresuid(0)",
	    syscall(SYS_setresuid, 0, 0, 0));
}

void
xc_attack_mount(struct xc_attack_scene *scene)
{
	int result = mount("none", "/tmp", "tmpfs", 0, "size=4096");

	xc_attack_result(scene, "mount()", result);
	if (result == 0)
		umount2("/tmp", MNT_DETACH);
}

void
xc_attack_userfaultfd(struct xc_attack_scene *scene)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | 1);

	xc_attack_result(scene, "userfaultfd()", fd);
	if (fd != -1)
		close(fd);
}

void
xc_attack_keyctl(struct xc_attack_scene *scene)
{
	xc_attack_result(scene, "keyctl()", syscall(SYS_keyctl,
	    KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1));
}

void
xc_attack_io_uring(struct xc_attack_scene *scene)
{
	/* struct io_uring_params: 120 bytes, all may be zero. */
	char params[120] = "";
	int fd = (int)syscall(SYS_io_uring_setup, 1, params);

	xc_attack_result(scene, "io_uring_setup()", fd);
	if (fd != -1)
		close(fd);
}

void
xc_attack_bpf(struct xc_attack_scene *scene)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = 4;
	attr.value_size = 4;
	attr.max_entries = 1;
	fd = (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
	xc_attack_result(scene, "bpf()", fd);
	if (fd != -1)
		close(fd);
}

void
xc_attack_perf(struct xc_attack_scene *scene)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr), .config = PERF_COUNT_SW_TASK_CLOCK,
		.disabled = 1, .exclude_kernel = 1, .exclude_hv = 1 };
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);

	xc_attack_result(scene, "perf_event_open()", fd);
	if (fd != -1)
		close(fd);
}

void
xc_attack_dlopen(struct xc_attack_scene *scene)
{
	/* Of glibc itself, and linked to by nothing here. */
	void *library = dlopen("libthread_db.so.1", RTLD_NOW | RTLD_LOCAL);

	if (library == NULL) {
		xc_attack_refused(scene, "dlopen()", EPERM);
		return;
	}
	dlclose(library);
	xc_attack_succeeded(scene, "loaded libthread_db.so.1");
}
