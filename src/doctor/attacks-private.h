/* SPDX-License-Identifier: MIT */
/* What the attacks share. */
#ifndef XC_DOCTOR_ATTACKS_PRIVATE_H
#define XC_DOCTOR_ATTACKS_PRIVATE_H

#include "doctor/attacks.h"
#include "lib/block.h"
#include "sandbox/channel.h"

/* Each writes the reply.  xc_attack_result() is for a call that either works
 * or sets errno: result -1 is a refusal, whatever errno says. */
void xc_attack_succeeded(struct xc_attack_scene *scene,
    const char *format, ...) __attribute__((format(printf, 2, 3)));
void xc_attack_limited(struct xc_attack_scene *scene,
    const char *format, ...) __attribute__((format(printf, 2, 3)));
void xc_attack_harmless(struct xc_attack_scene *scene,
    const char *format, ...) __attribute__((format(printf, 2, 3)));
void xc_attack_skipped(struct xc_attack_scene *scene, const char *why);
void xc_attack_refused(struct xc_attack_scene *scene, const char *what,
    int error);
void xc_attack_result(struct xc_attack_scene *scene, const char *what,
    long result);

/* Waits, by the clock. */
void xc_attack_wait_ms(long ms);

/*
 * The channel's head: the request's block lies in an area behind it, and
 * memory between is mapped.  NULL, with a reply, where there is no channel.
 */
struct xc_channel_head *xc_attack_channel(struct xc_attack_scene *scene);

/* Rings the bell, once for each byte. */
void xc_attack_ring(const void *bytes, size_t len);

/* Says something to the host, in the handler's place. */
void xc_attack_tell(struct xc_attack_scene *scene, struct xc_notice notice);

/* The head of a reply that is well but for what it is changed to afterwards;
 * NULL where there is no channel. */
struct xc_reply_head *xc_attack_reply(struct xc_attack_scene *scene);

/* attacks-time.c */
void xc_attack_loop(struct xc_attack_scene *scene);
void xc_attack_loop_deaf(struct xc_attack_scene *scene);
void xc_attack_raise(struct xc_attack_scene *scene);
void xc_attack_sleep(struct xc_attack_scene *scene);
void xc_attack_sleep_deaf(struct xc_attack_scene *scene);
void xc_attack_stop(struct xc_attack_scene *scene);
void xc_attack_threads_burn(struct xc_attack_scene *scene);

/* attacks-memory.c */
void xc_attack_malloc(struct xc_attack_scene *scene);
void xc_attack_malloc_blind(struct xc_attack_scene *scene);
void xc_attack_shared_map(struct xc_attack_scene *scene);
void xc_attack_memfd(struct xc_attack_scene *scene);
void xc_attack_sockets(struct xc_attack_scene *scene);
void xc_attack_pipes(struct xc_attack_scene *scene);
void xc_attack_files(struct xc_attack_scene *scene);
void xc_attack_raise_limit(struct xc_attack_scene *scene);
void xc_attack_sysv(struct xc_attack_scene *scene);
void xc_attack_output(struct xc_attack_scene *scene);

/* attacks-process.c */
void xc_attack_forks(struct xc_attack_scene *scene);
void xc_attack_daemon(struct xc_attack_scene *scene);
void xc_attack_threads(struct xc_attack_scene *scene);
void xc_attack_exec(struct xc_attack_scene *scene);
void xc_attack_ptrace(struct xc_attack_scene *scene);
void xc_attack_kill(struct xc_attack_scene *scene);
void xc_attack_read_host(struct xc_attack_scene *scene);
void xc_attack_pidfd(struct xc_attack_scene *scene);
void xc_attack_schedule(struct xc_attack_scene *scene);
void xc_attack_segv(struct xc_attack_scene *scene);
void xc_attack_stack(struct xc_attack_scene *scene);
void xc_attack_abort(struct xc_attack_scene *scene);
void xc_attack_exit(struct xc_attack_scene *scene);

/* attacks-reach.c */
void xc_attack_load_passwd(struct xc_attack_scene *scene);
void xc_attack_passwd(struct xc_attack_scene *scene);
void xc_attack_proc(struct xc_attack_scene *scene);
void xc_attack_tmp(struct xc_attack_scene *scene);
void xc_attack_shm(struct xc_attack_scene *scene);
void xc_attack_overwrite(struct xc_attack_scene *scene);
void xc_attack_unlink(struct xc_attack_scene *scene);
void xc_attack_create(struct xc_attack_scene *scene);
void xc_attack_tcp(struct xc_attack_scene *scene);
void xc_attack_udp(struct xc_attack_scene *scene);
void xc_attack_unix(struct xc_attack_scene *scene);
void xc_attack_netlink(struct xc_attack_scene *scene);
void xc_attack_services(struct xc_attack_scene *scene);

/* attacks-kernel.c */
void xc_attack_rwx(struct xc_attack_scene *scene);
void xc_attack_mprotect(struct xc_attack_scene *scene);
void xc_attack_unshare(struct xc_attack_scene *scene);
void xc_attack_setns(struct xc_attack_scene *scene);
void xc_attack_chroot(struct xc_attack_scene *scene);
void xc_attack_setuid(struct xc_attack_scene *scene);
void xc_attack_mount(struct xc_attack_scene *scene);
void xc_attack_userfaultfd(struct xc_attack_scene *scene);
void xc_attack_keyctl(struct xc_attack_scene *scene);
void xc_attack_io_uring(struct xc_attack_scene *scene);
void xc_attack_bpf(struct xc_attack_scene *scene);
void xc_attack_perf(struct xc_attack_scene *scene);
void xc_attack_dlopen(struct xc_attack_scene *scene);

/* attacks-channel.c */
void xc_attack_close_all(struct xc_attack_scene *scene);
void xc_attack_length(struct xc_attack_scene *scene);
void xc_attack_reply_length(struct xc_attack_scene *scene);
void xc_attack_sequence(struct xc_attack_scene *scene);
void xc_attack_garbage(struct xc_attack_scene *scene);
void xc_attack_flood(struct xc_attack_scene *scene);
void xc_attack_flip(struct xc_attack_scene *scene);
void xc_attack_truncate(struct xc_attack_scene *scene);
void xc_attack_spans(struct xc_attack_scene *scene);
void xc_attack_header(struct xc_attack_scene *scene);
void xc_attack_status(struct xc_attack_scene *scene);

#endif
