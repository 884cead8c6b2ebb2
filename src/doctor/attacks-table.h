/* SPDX-License-Identifier: MIT */
/*
 * Every attack: X(name, what it tries, how it may end where the walls hold,
 * function).  The plugin takes all of it, the doctor the first three.
 */
#ifndef XC_DOCTOR_ATTACKS_TABLE_H
#define XC_DOCTOR_ATTACKS_TABLE_H

#define XC_ATTACK_REFUSED_OR_DIES (XC_ATTACK_REFUSED | XC_ATTACK_DIES)
#define XC_ATTACK_CAUGHT_OR_DIES (XC_ATTACK_CAUGHT | XC_ATTACK_DIES)
#define XC_ATTACK_MEMORY						\
	(XC_ATTACK_REFUSED | XC_ATTACK_LIMITED | XC_ATTACK_DIES)

#define XC_ATTACKS(X)							\
X("loop", "runs for ever",						\
    XC_ATTACK_CPU, xc_attack_loop)					\
X("loop-deaf", "runs for ever and ignores the timers' signals",		\
    XC_ATTACK_CPU, xc_attack_loop_deaf)					\
X("raise", "sends itself signals for ever",				\
    XC_ATTACK_CPU | XC_ATTACK_DIES, xc_attack_raise)			\
X("sleep", "waits for ever",						\
    XC_ATTACK_WALL, xc_attack_sleep)					\
X("sleep-deaf", "waits for ever with all signals blocked",		\
    XC_ATTACK_WALL, xc_attack_sleep_deaf)				\
X("stop", "stops itself with SIGSTOP",					\
    XC_ATTACK_WALL | XC_ATTACK_REFUSED | XC_ATTACK_HARMLESS |		\
    XC_ATTACK_DIES, xc_attack_stop)					\
X("threads-burn", "runs for ever in eight threads",			\
    XC_ATTACK_CPU | XC_ATTACK_LIMITED, xc_attack_threads_burn)		\
X("malloc", "takes memory until there is none",				\
    XC_ATTACK_LIMITED | XC_ATTACK_DIES | XC_ATTACK_CPU, xc_attack_malloc) \
X("malloc-blind", "takes memory without looking",			\
    XC_ATTACK_DIES | XC_ATTACK_CPU, xc_attack_malloc_blind)		\
X("shared-map", "takes shared memory until there is none",		\
    XC_ATTACK_MEMORY, xc_attack_shared_map)				\
X("memfd", "fills a file in memory",					\
    XC_ATTACK_MEMORY, xc_attack_memfd)					\
X("sockets", "fills socket buffers in the kernel",			\
    XC_ATTACK_MEMORY, xc_attack_sockets)				\
X("pipes", "fills pipe buffers in the kernel",				\
    XC_ATTACK_MEMORY, xc_attack_pipes)					\
X("files", "opens descriptors until there is none",			\
    XC_ATTACK_REFUSED | XC_ATTACK_LIMITED, xc_attack_files)		\
X("raise-limit", "raises its own memory limit",				\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_raise_limit)			\
X("sysv", "makes System V shared memory",				\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_sysv)				\
X("output", "writes 100 MB to its standard output",			\
    XC_ATTACK_HARMLESS | XC_ATTACK_REFUSED | XC_ATTACK_WALL |		\
    XC_ATTACK_CPU | XC_ATTACK_DIES, xc_attack_output)			\
X("forks", "forks until it cannot",					\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_forks)				\
X("daemon", "leaves a process behind in a session of its own",		\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_daemon)			\
X("threads", "makes threads until it cannot",				\
    XC_ATTACK_LIMITED | XC_ATTACK_REFUSED, xc_attack_threads)		\
X("exec", "runs /bin/true",						\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_exec)				\
X("ptrace", "traces its host",						\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_ptrace)			\
X("kill", "signals its host",						\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_kill)				\
X("read-host", "reads its host's memory",				\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_read_host)			\
X("pidfd", "takes a descriptor of its host",				\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_pidfd)				\
X("schedule", "takes real-time priority",				\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_schedule)			\
X("segv", "touches address 0",						\
    XC_ATTACK_DIES, xc_attack_segv)					\
X("stack", "calls itself until the stack ends",				\
    XC_ATTACK_DIES, xc_attack_stack)					\
X("abort", "calls abort()",						\
    XC_ATTACK_DIES, xc_attack_abort)					\
X("exit", "calls exit(0)",						\
    XC_ATTACK_DIES, xc_attack_exit)					\
X("load-passwd", "opens /etc/passwd while it is loaded",		\
    XC_ATTACK_REFUSED, xc_attack_load_passwd)				\
X("passwd", "opens /etc/passwd",					\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_passwd)			\
X("proc", "opens its host's files in /proc",				\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_proc)				\
X("tmp", "writes to /tmp",						\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_tmp)				\
X("shm", "writes to /dev/shm",						\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_shm)				\
X("overwrite", "opens its plugin.json to write",			\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_overwrite)			\
X("unlink", "removes from its folder",					\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_unlink)			\
X("create", "creates in its folder",					\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_create)			\
X("tcp", "connects to a port of this host",				\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_tcp)				\
X("udp", "sends a datagram to this host",				\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_udp)				\
X("unix", "connects to an abstract unix socket",			\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_unix)				\
X("netlink", "opens a netlink socket",					\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_netlink)			\
X("services", "uses database, cache and http without permission",	\
    XC_ATTACK_REFUSED, xc_attack_services)				\
X("rwx", "maps memory to write and to execute",				\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_rwx)				\
X("mprotect", "makes written memory executable",			\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_mprotect)			\
X("unshare", "makes a user namespace",					\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_unshare)			\
X("setns", "enters its host's namespace",				\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_setns)				\
X("chroot", "changes its root",						\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_chroot)			\
X("setuid", "becomes root",						\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_setuid)			\
X("mount", "mounts a file system",					\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_mount)				\
X("userfaultfd", "opens a userfaultfd",					\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_userfaultfd)			\
X("keyctl", "uses the kernel's keyring",				\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_keyctl)			\
X("io_uring", "makes an io_uring",					\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_io_uring)			\
X("bpf", "makes a BPF map",						\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_bpf)				\
X("perf", "opens a performance counter",				\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_perf)				\
X("dlopen", "loads another library",					\
    XC_ATTACK_REFUSED, xc_attack_dlopen)				\
X("close-all", "closes the descriptors 0 to 100",			\
    XC_ATTACK_DIES, xc_attack_close_all)				\
X("length", "asks for a service with the length 0xffffffff",		\
    XC_ATTACK_CAUGHT_OR_DIES, xc_attack_length)				\
X("reply-length", "says that its reply is 0xffffffff bytes long",	\
    XC_ATTACK_CAUGHT_OR_DIES, xc_attack_reply_length)			\
X("sequence", "replies for another request",				\
    XC_ATTACK_CAUGHT_OR_DIES, xc_attack_sequence)			\
X("garbage", "rings with no message that there is",			\
    XC_ATTACK_CAUGHT_OR_DIES, xc_attack_garbage)			\
X("flood", "rings and rings",						\
    XC_ATTACK_CAUGHT | XC_ATTACK_DIES | XC_ATTACK_WALL,			\
    xc_attack_flood)							\
X("flip", "changes lengths while its host reads them",			\
    XC_ATTACK_HARMLESS | XC_ATTACK_CAUGHT | XC_ATTACK_DIES,		\
    xc_attack_flip)							\
X("truncate", "shrinks the memory that its host reads",			\
    XC_ATTACK_REFUSED_OR_DIES, xc_attack_truncate)			\
X("spans", "replies with offsets outside of the reply",			\
    XC_ATTACK_CAUGHT_OR_DIES, xc_attack_spans)				\
X("header", "replies with a header line in a header line",		\
    XC_ATTACK_CAUGHT_OR_DIES, xc_attack_header)				\
X("status", "replies with the status 9999",				\
    XC_ATTACK_CAUGHT_OR_DIES, xc_attack_status)

#endif
