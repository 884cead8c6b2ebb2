/* SPDX-License-Identifier: MIT */
/* The host: shared memory, limits, the kernel's settings, the clock. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "tools/xcorectl-doctor.h"

#define PROBE_BYTES (1 << 20)
#define SHM_LOW_MB 64

/* The first line of a file without its line feed; false if there is none. */
static bool
read_line(const char *path, char *buf, size_t size)
{
	FILE *file = fopen(path, "re");
	bool ok = file != NULL && fgets(buf, (int)size, file) != NULL;

	if (file != NULL)
		fclose(file);
	if (ok)
		buf[strcspn(buf, "\n")] = '\0';
	return ok;
}

/* The channels are memfds: what counts is whether one can be had. */
static void
check_memfd(const struct ctl_doctor *doctor)
{
	int fd = memfd_create("xcore-doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *map = MAP_FAILED;

	if (fd != -1 && ftruncate(fd, PROBE_BYTES) == 0)
		map = mmap(NULL, PROBE_BYTES, PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		ctl_doctor_find(doctor, "memfd", CTL_BAD, "allow "
		    "memfd_create() and shared mappings to xcored's account",
		    "no shared memory for sandboxes can be had: %s",
		    strerror(errno));
	else
		ctl_doctor_find(doctor, "memfd", CTL_OK, NULL,
		    "shared memory for sandboxes can be had");
	if (map != MAP_FAILED)
		munmap(map, PROBE_BYTES);
	if (fd != -1)
		close(fd);
}

static void
check_shm(const struct ctl_doctor *doctor)
{
	struct statvfs fs;
	uint64_t all, free_mb;

	if (statvfs("/dev/shm", &fs) != 0) {
		ctl_doctor_find(doctor, "/dev/shm", CTL_WARNING,
		    "mount a tmpfs at /dev/shm", "%s", strerror(errno));
		return;
	}
	all = (uint64_t)fs.f_blocks * fs.f_frsize >> 20;
	free_mb = (uint64_t)fs.f_bavail * fs.f_frsize >> 20;
	ctl_doctor_find(doctor, "/dev/shm",
	    free_mb < SHM_LOW_MB ? CTL_WARNING : CTL_OK,
	    free_mb < SHM_LOW_MB ? "give it more room, or find what fills "
	    "it: the memory that it takes is missing elsewhere" : NULL,
	    "%" PRIu64 " MB, %" PRIu64 " MB of them free", all, free_mb);
}

/* The soft limit of the manager, or ours if that cannot be read. */
static uint64_t
limit_of(const struct ctl_doctor *doctor, const char *title, int resource)
{
	char path[64], line[200];
	uint64_t value = UINT64_MAX;
	struct rlimit ours;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/limits",
	    (long)doctor->manager);
	file = doctor->manager > 0 ? fopen(path, "re") : NULL;
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, title, strlen(title)) != 0)
			continue;
		if (sscanf(line + strlen(title), "%" SCNu64, &value) != 1)
			value = UINT64_MAX;
		fclose(file);
		return value;
	}
	if (file != NULL)
		fclose(file);
	if (getrlimit((__rlimit_resource_t)resource, &ours) != 0 ||
	    ours.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	return ours.rlim_cur;
}

static const char *
number(uint64_t value, char *buf, size_t size)
{
	if (value == UINT64_MAX)
		snprintf(buf, size, "unlimited");
	else
		snprintf(buf, size, "%" PRIu64, value);
	return buf;
}

static uint64_t
workers_of(const struct ctl_doctor *doctor)
{
	uint64_t set = doctor->settings != NULL ?
	    (uint64_t)doctor->settings->server.workers : 0;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (set == 0)
		set = cpus > 0 ? 2 * (uint64_t)cpus : 2;
	return ctl_doctor_count(doctor, "workers", set);
}

/* Each worker has two sandboxes of each plugin; each may have threads. */
static void
check_processes(const struct ctl_doctor *doctor)
{
	uint64_t have = limit_of(doctor, "Max processes", RLIMIT_NPROC);
	uint64_t workers = workers_of(doctor);
	uint64_t plugins = ctl_doctor_count(doctor, "plugins", 10);
	uint64_t need = workers * (1 + 2 * plugins) + 8;
	bool enough = have >= need || (doctor->known && doctor->uid == 0);
	char text[32];

	ctl_doctor_find(doctor, "processes", enough ? CTL_OK : CTL_BAD,
	    enough ? NULL : "raise LimitNPROC= and TasksMax= of the service, "
	    "or lower server.workers", "%s allowed; %" PRIu64 " workers with "
	    "%" PRIu64 " plugins in sandboxes need up to %" PRIu64,
	    number(have, text, sizeof(text)), workers, plugins, need);
}

static void
check_files(const struct ctl_doctor *doctor)
{
	uint64_t have = limit_of(doctor, "Max open files", RLIMIT_NOFILE);
	uint64_t plugins = ctl_doctor_count(doctor, "plugins", 10);
	uint64_t connections = doctor->settings != NULL ?
	    (uint64_t)doctor->settings->fastcgi.connections_max : 1024;
	uint64_t need = connections + 64 + 10 * plugins;
	bool enough = have >= need;
	char text[32];

	ctl_doctor_find(doctor, "open files", enough ? CTL_OK : CTL_WARNING,
	    enough ? NULL : "raise LimitNOFILE= of the service, or lower "
	    "fastcgi.connections_max", "%s allowed; a worker with %" PRIu64
	    " connections needs up to %" PRIu64,
	    number(have, text, sizeof(text)), connections, need);
}

static void
check_overcommit(const struct ctl_doctor *doctor)
{
	char line[32];

	if (!read_line("/proc/sys/vm/overcommit_memory", line, sizeof(line)))
		ctl_doctor_find(doctor, "vm.overcommit_memory", CTL_UNKNOWN,
		    NULL, "/proc/sys cannot be read");
	else if (strcmp(line, "2") == 0)
		ctl_doctor_find(doctor, "vm.overcommit_memory", CTL_WARNING,
		    "set it to 0, or vm.overcommit_ratio high enough",
		    "2: each sandbox counts with all its address space, and "
		    "forks of level \"request\" may be refused");
	else
		ctl_doctor_find(doctor, "vm.overcommit_memory", CTL_OK, NULL,
		    "%s", line);
}

static void
check_core(const struct ctl_doctor *doctor)
{
	uint64_t limit = limit_of(doctor, "Max core file size", RLIMIT_CORE);
	char line[256] = "?";

	(void)read_line("/proc/sys/kernel/core_pattern", line, sizeof(line));
	if (limit == 0 || (doctor->manager == 0 && line[0] != '|'))
		ctl_doctor_find(doctor, "kernel.core_pattern", CTL_OK, NULL,
		    "\"%.100s\"; %s", line, limit == 0 ?
		    "xcored writes no core files" :
		    "xcored does not run, so its limit is not known");
	else
		ctl_doctor_find(doctor, "kernel.core_pattern", CTL_WARNING,
		    "set LimitCORE=0 unless you look at core files: a crash "
		    "report is written without them", "\"%.100s\": a worker "
		    "that crashes first writes a core file, up to a third of "
		    "a second during which it is not replaced", line);
}

static void
check_clock(const struct ctl_doctor *doctor)
{
	struct timex clock = { .modes = 0 };
	int state = adjtimex(&clock);

	if (state == -1)
		ctl_doctor_find(doctor, "clock", CTL_UNKNOWN, NULL,
		    "the kernel does not tell: %s", strerror(errno));
	else if (state == TIME_ERROR || (clock.status & STA_UNSYNC) != 0)
		ctl_doctor_find(doctor, "clock", CTL_WARNING,
		    "run chrony or systemd-timesyncd; hosts of one site must "
		    "agree on the time", "nothing keeps it synchronised");
	else
		ctl_doctor_find(doctor, "clock", CTL_OK, NULL,
		    "synchronised, within %ld ms", clock.maxerror / 1000);
}

void
ctl_doctor_host(const struct ctl_doctor *doctor)
{
	check_memfd(doctor);
	check_shm(doctor);
	check_processes(doctor);
	check_files(doctor);
	check_overcommit(doctor);
	check_core(doctor);
	check_clock(doctor);
}
