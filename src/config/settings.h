/* SPDX-License-Identifier: MIT */
/*
 * The configuration: xcore.json (JSON with comments), then each
 * conf.d/NAME.json beside it in the order of names, then the environment
 * (XCORE__SECTION__KEY), each over the one before.  The keys stand in one
 * table, settings-table.h, from which come the checks, -T and xcore.json(5).
 *
 * An unknown key or a bad value is refused with its place (file and path of
 * keys, or the variable's name), what was expected, and the nearest known
 * key.  Relative paths are taken from the file's own folder.
 */
#ifndef XC_SETTINGS_H
#define XC_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config/middleware.h"
#include "lib/errbuf.h"
#include "loggers/logger.h"

struct json_object;
struct xc_limits;

struct xc_server_settings {
	int64_t workers;	/* 0: two for each processor */
	bool development;
	const char *state_dir;	/* store, snapshots: /var/lib/xcore */
	const char *run_dir;	/* /run/xcore */
	const char *control;	/* control socket; run_dir/control.sock */
	const char *pid_file;	/* "": none */
	const char *libexec_dir;	/* xcore-trial and other helpers */
	int64_t drain_ms;	/* a stopping worker's time to finish */
	int64_t requests_max;	/* a worker is replaced after so many; 0 */
	int64_t memory_max_mb;	/* ... or above so much; 0: never */
	int64_t idempotency_s;	/* life of an answer under its key */
};

struct xc_fastcgi_settings {
	const char *secret_file;	/* required over TCP; "" */
	int64_t params_max;	/* bytes of all parameters: 65536 */
	int64_t body_max;	/* bytes of a body: 1048576 */
	int64_t body_memory;	/* larger ones lie in a file: 262144 */
	const char *body_dir;	/* of such files; state_dir/tmp */
	int64_t connections_max;	/* of one worker: 1024 */
	int64_t read_timeout_ms;	/* head or body complete: 10000 */
	int64_t write_timeout_ms;	/* the reply taken: 10000 */
	int64_t idle_timeout_ms;	/* a kept connection: 300000 */
};

struct xc_reload_settings {
	int64_t poll_ms;	/* how often MariaDB is asked: 1000 */
	int64_t trial_timeout_ms;	/* a trial load: 10000 */
	int64_t keep_versions;	/* left by gc for rollback: 3 */
	struct json_object *watch;	/* folders watched in development */
};

struct xc_database_settings {
	const char *socket;	/* unix socket; "" for TCP */
	const char *host;
	int64_t port;
	const char *name;	/* the core's schema: xcore */
	const char *user;	/* registry, migrations, plugin schemas */
	const char *password_file;	/* "": none (unix_socket auth) */
	const char *plugin_user;	/* the workers' account */
	const char *plugin_password_file;
	const char *plugin_schema_prefix;	/* xcore_ */
	const char *tls_ca;	/* "": no TLS */
	int64_t connect_timeout_ms;
	int64_t read_timeout_ms;
	int64_t write_timeout_ms;
};

struct xc_cache_settings {
	struct json_object *servers;	/* ["/run/m.sock", "127.0.0.1:11211"]
					 * [] : no cache */
	const char *prefix;	/* before each key: "xcore" */
	int64_t connect_timeout_ms;	/* 50 */
	int64_t timeout_ms;	/* 100 */
	int64_t retry_ms;	/* left alone after a fault: 1000 */
};

/* What a plugin gets that does not say it itself: see struct xc_limits. */
struct xc_limits_settings {
	int64_t cpu_ms;
	int64_t timeout_ms;
	int64_t memory_mb;
	int64_t rate;
	int64_t files;
	int64_t threads;
	int64_t reply_kb;
};

struct xc_sandbox_settings {
	const char *isolation;	/* inprocess, pool, request */
	int64_t requests_max;	/* a sandbox is replaced after so many; 0 */
	int64_t age_max_s;
	int64_t growth_max_mb;
	int64_t forked_ahead;
	const char *cgroup;	/* "": none */
	int64_t uid_first;
	int64_t uid_count;
};

struct xc_quarantine_settings {
	int64_t faults;		/* 0: never */
	int64_t window_s;
	bool demote;
};

struct xc_auth_settings {
	const char *issuer;	/* who issues tokens: their claim iss */
	const char *audience;	/* whom tokens are for: their claim aud */
	const char *algorithm;	/* how access tokens are signed */
	const char *keys;	/* the key ring */
	int64_t access_s;	/* life of an access token */
	int64_t refresh_s;	/* life of a refresh token */
	int64_t session_s;	/* life of a session, whatever is refreshed */
	/* life of a browser's session without requests */
	int64_t cookie_idle_s;
	int64_t cookie_s;	/* life of a browser's session */
	bool registration;	/* let anybody make an account */
	/* wrong passwords for an account from an address before it must wait */
	int64_t login_failures;
	int64_t login_window_s;	/* seconds in which they are counted */
	int64_t login_delay_max_s;	/* the longest that it must wait */
};

struct xc_security_settings {
	int64_t argon2_kb;	/* memory of one hash */
	int64_t argon2_passes;	/* passes over that memory */
	int64_t argon2_lanes;	/* lanes of that memory */
	int64_t hashes_max;	/* hashes at once on this host */
	int64_t hash_wait_ms;	/* time that one waits for its turn */
	int64_t password_min;	/* characters of a new password */
};

struct xc_otp_settings {
	/* the name that an authenticator app shows */
	const char *issuer;
	int64_t window;	/* steps of 30 s that a clock may be wrong by */
	int64_t failures;	/* wrong codes before an account must wait */
	int64_t lock_s;	/* how long it must wait */
	int64_t mail_s;	/* life of a code that was mailed */
	/* codes that are mailed to one account */
	int64_t mails_per_hour;
};

struct xc_mail_settings {
	const char *server;	/* smtp://host:port or smtps://host:port */
	const char *from;	/* the sender's address */
	const char *user;	/* account on the server; empty is none */
	const char *password_file;	/* its password */
	const char *tls;	/* whether smtp: must change over to TLS */
	const char *tls_ca;	/* authority of the server's certificate */
	int64_t timeout_ms;	/* time to send a letter */
};

struct xc_log_config {
	const char *sink;	/* stderr, file, syslog */
	const char *format;	/* auto, text, json */
	const char *file;
	const char *level;	/* error .. debug */
	struct json_object *levels;	/* {"plugin.todo": "debug"} */
};

/* All strings are NUL-terminated, never NULL, and live as long as this. */
struct xc_settings {
	struct xc_server_settings server;
	struct xc_fastcgi_settings fastcgi;
	struct xc_reload_settings reload;
	struct xc_database_settings database;
	struct xc_cache_settings cache;
	struct xc_limits_settings limits;
	struct xc_sandbox_settings sandbox;
	struct xc_quarantine_settings quarantine;
	struct xc_auth_settings auth;
	struct xc_security_settings security;
	struct xc_otp_settings otp;
	struct xc_mail_settings mail;
	struct xc_middleware_config middleware;	/* see middleware.h */
	struct xc_log_config log;
	struct json_object *plugins;	/* {"todo": {...}} or NULL */
	const char *file;	/* the main file, absolute */
	struct xc_settings_origin *origins;
};

/*
 * Reads the configuration.  path NULL: the environment's XCORE_CONFIG_FILE,
 * else the built-in place.  On XC_OK the caller frees *settings_r; else it is
 * NULL and errbuf says which file, which key, and what to do.
 */
enum xc_err xc_settings_load(const char *path,
    struct xc_settings **settings_r, struct xc_errbuf *errbuf);
void xc_settings_free(struct xc_settings **settings);

/*
 * Another one who judges each file besides the table: the validator, which
 * lies above this folder.  text is JSON without comments, with all things in
 * their places.  XC_ERR_INVALID: its faults stand behind what errbuf says.
 */
typedef enum xc_err xc_settings_judge(const char *file, const char *text,
    size_t len, struct xc_errbuf *errbuf);

/* From now on; NULL, as at first: nobody. */
void xc_settings_let_judge(xc_settings_judge *judge);

/* Writes all that is in force with where each value came from ("xcored -T").
 * Secrets are in files, so none is shown. */
void xc_settings_dump(const struct xc_settings *settings, FILE *out);

/* As one JSON object {"server":{"workers":{"value":4,"from":"..."}}}; a new
 * reference. */
struct json_object *xc_settings_json(const struct xc_settings *settings);

/* The section "limits" as the defaults for xc_limits_fill(). */
void xc_settings_limits(const struct xc_settings *settings,
    struct xc_limits *limits_r);

/* The log's part in the shape xc_log_open() takes; also applies "levels". */
enum xc_err xc_settings_open_log(const struct xc_settings *settings,
    struct xc_errbuf *errbuf);

/*
 * Reads a secret file: a regular file that only its owner (us or root;
 * anyone, to root) can read or write, at most 4,096 bytes, a newline at the
 * end left out.  path "" gives "".  *secret_r is malloc'ed; wipe it with
 * xc_secret_free().
 */
enum xc_err xc_secret_read(const char *path, char **secret_r,
    struct xc_errbuf *errbuf);
void xc_secret_free(char **secret);

#endif
