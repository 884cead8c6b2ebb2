/* SPDX-License-Identifier: MIT */
/* The table of attacks, and the handler that runs one. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <xcore/xcore.h>

#include "doctor/attacks-private.h"

#define REFUSED XC_ATTACK_REFUSED
#define LIMITED XC_ATTACK_LIMITED
#define DIES XC_ATTACK_DIES
#define CPU XC_ATTACK_CPU
#define WALL XC_ATTACK_WALL
#define CAUGHT XC_ATTACK_CAUGHT
#define HARMLESS XC_ATTACK_HARMLESS

const struct xc_attack xc_attacks[] = {
	{ "loop", "runs for ever", CPU, xc_attack_loop },
	{ "loop-deaf", "runs for ever and ignores the timers' signals", CPU,
	    xc_attack_loop_deaf },
	{ "raise", "sends itself signals for ever", CPU | DIES,
	    xc_attack_raise },
	{ "sleep", "waits for ever", WALL, xc_attack_sleep },
	{ "sleep-deaf", "waits for ever with all signals blocked", WALL,
	    xc_attack_sleep_deaf },
	{ "stop", "stops itself with SIGSTOP", WALL | REFUSED | HARMLESS | DIES,
	    xc_attack_stop },
	{ "threads-burn", "runs for ever in eight threads", CPU | LIMITED,
	    xc_attack_threads_burn },
	{ "malloc", "takes memory until there is none", LIMITED | DIES,
	    xc_attack_malloc },
	{ "malloc-blind", "takes memory without looking", DIES,
	    xc_attack_malloc_blind },
	{ "shared-map", "takes shared memory until there is none",
	    REFUSED | LIMITED | DIES, xc_attack_shared_map },
	{ "memfd", "fills a file in memory", REFUSED | LIMITED | DIES,
	    xc_attack_memfd },
	{ "sockets", "fills socket buffers in the kernel",
	    REFUSED | LIMITED | DIES, xc_attack_sockets },
	{ "pipes", "fills pipe buffers in the kernel", REFUSED | LIMITED | DIES,
	    xc_attack_pipes },
	{ "files", "opens descriptors until there is none", REFUSED | LIMITED,
	    xc_attack_files },
	{ "raise-limit", "raises its own memory limit", REFUSED | DIES,
	    xc_attack_raise_limit },
	{ "sysv", "makes System V shared memory", REFUSED | DIES,
	    xc_attack_sysv },
	{ "output", "writes 100 MB to its standard output",
	    HARMLESS | REFUSED | WALL | CPU | DIES, xc_attack_output },
	{ "forks", "forks until it cannot", REFUSED | DIES, xc_attack_forks },
	{ "daemon", "leaves a process behind in a session of its own",
	    REFUSED | DIES, xc_attack_daemon },
	{ "threads", "makes threads until it cannot", LIMITED | REFUSED,
	    xc_attack_threads },
	{ "exec", "runs /bin/true", REFUSED | DIES, xc_attack_exec },
	{ "ptrace", "traces its host", REFUSED | DIES, xc_attack_ptrace },
	{ "kill", "signals its host", REFUSED | DIES, xc_attack_kill },
	{ "read-host", "reads its host's memory", REFUSED | DIES,
	    xc_attack_read_host },
	{ "pidfd", "takes a descriptor of its host", REFUSED | DIES,
	    xc_attack_pidfd },
	{ "schedule", "takes real-time priority", REFUSED | DIES,
	    xc_attack_schedule },
	{ "segv", "touches address 0", DIES, xc_attack_segv },
	{ "stack", "calls itself until the stack ends", DIES,
	    xc_attack_stack },
	{ "abort", "calls abort()", DIES, xc_attack_abort },
	{ "exit", "calls exit(0)", DIES, xc_attack_exit },
	{ "passwd", "opens /etc/passwd", REFUSED | DIES, xc_attack_passwd },
	{ "proc", "opens its host's files in /proc", REFUSED | DIES,
	    xc_attack_proc },
	{ "tmp", "writes to /tmp", REFUSED | DIES, xc_attack_tmp },
	{ "shm", "writes to /dev/shm", REFUSED | DIES, xc_attack_shm },
	{ "overwrite", "opens its plugin.json to write", REFUSED | DIES,
	    xc_attack_overwrite },
	{ "unlink", "removes from its folder", REFUSED | DIES,
	    xc_attack_unlink },
	{ "create", "creates in its folder", REFUSED | DIES,
	    xc_attack_create },
	{ "tcp", "connects to a port of this host", REFUSED | DIES,
	    xc_attack_tcp },
	{ "udp", "sends a datagram to this host", REFUSED | DIES,
	    xc_attack_udp },
	{ "unix", "connects to an abstract unix socket", REFUSED | DIES,
	    xc_attack_unix },
	{ "netlink", "opens a netlink socket", REFUSED | DIES,
	    xc_attack_netlink },
	{ "services", "uses database, cache and http without permission",
	    REFUSED, xc_attack_services },
	{ "rwx", "maps memory to write and to execute", REFUSED | DIES,
	    xc_attack_rwx },
	{ "mprotect", "makes written memory executable", REFUSED | DIES,
	    xc_attack_mprotect },
	{ "unshare", "makes a user namespace", REFUSED | DIES,
	    xc_attack_unshare },
	{ "setns", "enters its host's namespace", REFUSED | DIES,
	    xc_attack_setns },
	{ "chroot", "changes its root", REFUSED | DIES, xc_attack_chroot },
	{ "setuid", "becomes root", REFUSED | DIES, xc_attack_setuid },
	{ "mount", "mounts a file system", REFUSED | DIES, xc_attack_mount },
	{ "userfaultfd", "opens a userfaultfd", REFUSED | DIES,
	    xc_attack_userfaultfd },
	{ "keyctl", "uses the kernel's keyring", REFUSED | DIES,
	    xc_attack_keyctl },
	{ "io_uring", "makes an io_uring", REFUSED | DIES,
	    xc_attack_io_uring },
	{ "bpf", "makes a BPF map", REFUSED | DIES, xc_attack_bpf },
	{ "perf", "opens a performance counter", REFUSED | DIES,
	    xc_attack_perf },
	{ "dlopen", "loads another library", REFUSED, xc_attack_dlopen },
	{ "close-all", "closes the descriptors 0 to 100", DIES,
	    xc_attack_close_all },
	{ "length", "asks for a service with the length 0xffffffff",
	    CAUGHT | DIES, xc_attack_length },
	{ "reply-length", "says that its reply is 0xffffffff bytes long",
	    CAUGHT | DIES, xc_attack_reply_length },
	{ "sequence", "replies for another request", CAUGHT | DIES,
	    xc_attack_sequence },
	{ "garbage", "rings with no message that there is", CAUGHT | DIES,
	    xc_attack_garbage },
	{ "flood", "rings and rings", CAUGHT | DIES | WALL, xc_attack_flood },
	{ "flip", "changes lengths while its host reads them",
	    HARMLESS | CAUGHT | DIES, xc_attack_flip },
	{ "truncate", "shrinks the memory that its host reads",
	    REFUSED | DIES, xc_attack_truncate },
	{ "spans", "replies with offsets outside of the reply", CAUGHT | DIES,
	    xc_attack_spans },
	{ "header", "replies with a header line in a header line",
	    CAUGHT | DIES, xc_attack_header },
	{ "status", "replies with the status 9999", CAUGHT | DIES,
	    xc_attack_status },
	{ NULL, NULL, 0, NULL }
};

static void
put(struct xc_attack_scene *scene, const char *word, const char *format,
    va_list ap)
{
	int len = snprintf(scene->text, sizeof(scene->text), "%s ", word);

	vsnprintf(scene->text + len, sizeof(scene->text) - (size_t)len,
	    format, ap);
}

void
xc_attack_succeeded(struct xc_attack_scene *scene, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	put(scene, "SUCCEEDED", format, ap);
	va_end(ap);
}

void
xc_attack_limited(struct xc_attack_scene *scene, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	put(scene, "limited", format, ap);
	va_end(ap);
}

void
xc_attack_harmless(struct xc_attack_scene *scene, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	put(scene, "harmless", format, ap);
	va_end(ap);
}

void
xc_attack_skipped(struct xc_attack_scene *scene, const char *why)
{
	snprintf(scene->text, sizeof(scene->text), "skipped %s", why);
}

void
xc_attack_refused(struct xc_attack_scene *scene, const char *what, int error)
{
	const char *name = strerrorname_np(error);

	snprintf(scene->text, sizeof(scene->text), "refused %s %s",
	    name != NULL ? name : "?", what);
}

void
xc_attack_result(struct xc_attack_scene *scene, const char *what, long result)
{
	if (result == -1)
		xc_attack_refused(scene, what, errno);
	else
		xc_attack_succeeded(scene, "%s", what);
}

void
xc_attack_wait_ms(long ms)
{
	struct timespec pause = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&pause, &pause) != 0 && errno == EINTR)
		continue;
}

static const struct xc_attack *
find(const char *name)
{
	for (const struct xc_attack *row = xc_attacks; row->name != NULL;
	    row++) {
		if (strcmp(row->name, name) == 0)
			return row;
	}
	return NULL;
}

static const char *
query(struct xc_request *req, const char *name)
{
	const char *text = xc_request_query(req, name);

	return text != NULL ? text : "";
}

enum xc_err
xc_attack_handle(struct xc_request *req)
{
	const struct xc_attack *attack = find(query(req, "attack"));
	struct xc_attack_scene *scene = xc_alloc(req, sizeof(*scene));

	if (attack == NULL)
		return XC_ERR_NOT_FOUND;
	if (scene == NULL)
		return XC_ERR_NOMEM;
	memset(scene, 0, sizeof(*scene));
	scene->req = req;
	scene->dir = query(req, "dir");
	scene->unix_name = query(req, "unix");
	scene->host = (pid_t)strtol(query(req, "host"), NULL, 10);
	scene->port = (int)strtol(query(req, "port"), NULL, 10);
	scene->secret = (uintptr_t)strtoull(query(req, "secret"), NULL, 16);
	scene->inprocess = strcmp(query(req, "level"), "inprocess") == 0;
	attack->run(scene);
	/* Attacks on the reply have made it already. */
	if (xc_reply_done(req))
		return XC_OK;
	return xc_reply_text(req, 200, "text/plain", scene->text,
	    strlen(scene->text));
}
