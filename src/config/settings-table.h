/* SPDX-License-Identifier: MIT */
/*
 * Every key of the configuration: X(section, key, type, default, min, max,
 * text).  The default is written as in the environment.  min and max are of a
 * number; for XC_CHOICE, max is the words allowed, with '|' between them.
 *
 * xcore.json(5) and the sample xcore.json beside this file name each of them;
 * test-settings sees to that.
 */
#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif
#ifndef PKGLIBEXECDIR
#define PKGLIBEXECDIR "/usr/libexec/xcore"
#endif
#ifndef LOCALSTATEDIR
#define LOCALSTATEDIR "/var"
#endif
#ifndef RUNSTATEDIR
#define RUNSTATEDIR "/run"
#endif

#define XC_SETTINGS_TABLE(X)						\
X(server, workers, XC_NUMBER, "0", 0, 1024,				\
    "worker processes; 0 is two for each processor")			\
X(server, development, XC_SWITCH, "false", 0, 0,			\
    "watch folders, reload on change, log as text, check replies")			\
X(server, state_dir, XC_PATH, LOCALSTATEDIR "/lib/xcore", 0, 0,		\
    "store of plugins and snapshots")					\
X(server, run_dir, XC_PATH, RUNSTATEDIR "/xcore", 0, 0,			\
    "sockets and other things of the moment")				\
X(server, control, XC_PATH, "", 0, 0,					\
    "control socket; empty is control.sock in run_dir")			\
X(server, pid_file, XC_PATH, "", 0, 0,					\
    "the manager's process id; empty is none")				\
X(server, libexec_dir, XC_PATH, PKGLIBEXECDIR, 0, 0,			\
    "helper programs")							\
X(server, drain_ms, XC_NUMBER, "10000", 0, 3600000,			\
    "time a stopping worker has to finish")				\
X(server, requests_max, XC_NUMBER, "0", 0, 1000000000000,		\
    "requests after which a worker is replaced; 0 is never")		\
X(server, memory_max_mb, XC_NUMBER, "0", 0, 1048576,			\
    "memory above which a worker is replaced; 0 is never")		\
X(server, idempotency_s, XC_NUMBER, "86400", 60, 2592000,		\
    "time that an answer is kept for its Idempotency-Key")		\
X(fastcgi, secret_file, XC_PATH, "", 0, 0,				\
    "secret that the web server sends; needed over TCP")		\
X(fastcgi, params_max, XC_NUMBER, "65536", 1024, 16777216,		\
    "bytes of all parameters of a request")				\
X(fastcgi, body_max, XC_NUMBER, "1048576", 0, 1073741824,		\
    "bytes of a request's body")					\
X(fastcgi, body_memory, XC_NUMBER, "262144", 0, 1073741824,		\
    "bytes of it above which it is kept in a file")			\
X(fastcgi, body_dir, XC_PATH, "", 0, 0,					\
    "folder of such files; empty is tmp in server.state_dir")		\
X(fastcgi, connections_max, XC_NUMBER, "1024", 1, 65536,		\
    "connections of one worker")					\
X(fastcgi, read_timeout_ms, XC_NUMBER, "10000", 10, 3600000,		\
    "time for a head or a body to arrive")				\
X(fastcgi, write_timeout_ms, XC_NUMBER, "10000", 10, 3600000,		\
    "time for a reply to be taken")					\
X(fastcgi, idle_timeout_ms, XC_NUMBER, "300000", 10, 86400000,		\
    "life of a kept connection without requests")			\
X(reload, poll_ms, XC_NUMBER, "1000", 50, 3600000,			\
    "how often MariaDB is asked for changes")				\
X(reload, trial_timeout_ms, XC_NUMBER, "10000", 100, 600000,		\
    "time a new version has to load and start on trial")		\
X(reload, keep_versions, XC_NUMBER, "3", 1, 1000,			\
    "versions of a plugin left for a rollback")				\
X(reload, watch, XC_PATHS, "", 0, 0,					\
    "folders of plugins built and watched in development")		\
X(database, socket, XC_PATH, RUNSTATEDIR "/mysqld/mysqld.sock", 0, 0,	\
    "unix socket of MariaDB; empty is TCP to host and port")		\
X(database, host, XC_TEXT, "127.0.0.1", 0, 0,				\
    "host when socket is empty")					\
X(database, port, XC_NUMBER, "3306", 1, 65535,				\
    "port when socket is empty")					\
X(database, name, XC_TEXT, "xcore", 0, 0,				\
    "the core's own schema")						\
X(database, user, XC_TEXT, "xcore", 0, 0,				\
    "account for the registry, migrations and plugin schemas")		\
X(database, password_file, XC_PATH, "", 0, 0,				\
    "its password; empty for unix_socket authentication")		\
X(database, plugin_user, XC_TEXT, "xcore_plugin", 0, 0,			\
    "what the names of the accounts of plugins and services begin with")	\
X(database, plugin_password_file, XC_PATH, "", 0, 0,			\
    "secret of which the passwords of these accounts are made")		\
X(database, plugin_schema_prefix, XC_TEXT, "xcore_", 0, 0,		\
    "put before a plugin's name for its schema")			\
X(database, tls_ca, XC_PATH, "", 0, 0,					\
    "authority of the server's certificate; empty is no TLS")		\
X(database, connect_timeout_ms, XC_NUMBER, "2000", 100, 60000,		\
    "time to connect; a quarter of it to doubt that MariaDB answers")	\
X(database, read_timeout_ms, XC_NUMBER, "10000", 100, 86400000,		\
    "time of a statement, rounded up to seconds")			\
X(database, write_timeout_ms, XC_NUMBER, "10000", 100, 86400000,	\
    "time to send a statement, rounded up to seconds")			\
X(cache, servers, XC_LIST, "", 0, 0,					\
    "Memcached servers: socket paths or host:port; none is no cache")	\
X(cache, prefix, XC_TEXT, "xcore", 0, 0,				\
    "put before each key, for servers that are shared")			\
X(cache, connect_timeout_ms, XC_NUMBER, "50", 1, 10000,			\
    "time to connect")							\
X(cache, timeout_ms, XC_NUMBER, "100", 1, 10000,			\
    "time of one operation")						\
X(cache, retry_ms, XC_NUMBER, "1000", 10, 600000,			\
    "time the cache is left alone after a fault")			\
X(limits, cpu_ms, XC_NUMBER, "10000", 1, 3600000,			\
    "processor time of a request of a plugin that says nothing else")	\
X(limits, timeout_ms, XC_NUMBER, "30000", 1, 3600000,			\
    "time of such a request by the clock")				\
X(limits, memory_mb, XC_NUMBER, "128", 1, 65536,			\
    "memory of such a plugin's sandbox")				\
X(limits, rate, XC_NUMBER, "0", 0, 1000000,				\
    "requests a second for such a plugin; 0 is without limit")		\
X(limits, files, XC_NUMBER, "32", 1, 4096,				\
    "descriptors that its sandbox may open")				\
X(limits, threads, XC_NUMBER, "8", 1, 256,				\
    "threads that its sandbox may have")				\
X(limits, reply_kb, XC_NUMBER, "8192", 1, 1048576,			\
    "size of a whole reply")						\
X(sandbox, isolation, XC_CHOICE, "pool", 0, "inprocess|pool|request",	\
    "where plugins run whose plugin.json does not say it")		\
X(sandbox, requests_max, XC_NUMBER, "100000", 0, 1000000000000,		\
    "requests after which a sandbox is replaced; 0 is never")		\
X(sandbox, age_max_s, XC_NUMBER, "3600", 0, 31536000,			\
    "seconds after which a sandbox is replaced; 0 is never")		\
X(sandbox, growth_max_mb, XC_NUMBER, "32", 0, 65536,			\
    "growth after which a sandbox is replaced; 0 is never")		\
X(sandbox, forked_ahead, XC_NUMBER, "4", 1, 16,				\
    "processes waiting for a request at level request")			\
X(sandbox, cgroup, XC_PATH, "", 0, 0,					\
    "delegated cgroup v2 folder for sandboxes; empty is none")		\
X(sandbox, uid_first, XC_NUMBER, "2019753984", 1, 4294900000,		\
    "first account of sandboxes where xcored runs as root")		\
X(sandbox, uid_count, XC_NUMBER, "65536", 1, 1000000,			\
    "how many accounts there are from it on")				\
X(quarantine, faults, XC_NUMBER, "5", 0, 1000,				\
    "faults of a plugin in window_s after which it is taken off; 0 never") \
X(quarantine, window_s, XC_NUMBER, "60", 1, 86400,			\
    "seconds in which faults are counted")				\
X(quarantine, demote, XC_SWITCH, "false", 0, 0,				\
    "move an in-process plugin that crashes to a sandbox instead")	\
X(auth, issuer, XC_TEXT, "xcore", 0, 0,					\
    "who issues tokens: their claim iss")				\
X(auth, audience, XC_TEXT, "xcore", 0, 0,				\
    "whom tokens are for: their claim aud")				\
X(auth, algorithm, XC_CHOICE, "ES256", 0, "HS256|RS256|ES256",		\
    "how access tokens are signed")					\
X(auth, keys, XC_PATH, "", 0, 0,					\
    "the key ring; empty is keys.json in server.state_dir")		\
X(auth, access_s, XC_NUMBER, "900", 60, 86400,				\
    "life of an access token")						\
X(auth, refresh_s, XC_NUMBER, "1209600", 300, 31536000,			\
    "life of a refresh token")						\
X(auth, session_s, XC_NUMBER, "2592000", 300, 31536000,			\
    "life of a session, whatever is refreshed")				\
X(auth, cookie_idle_s, XC_NUMBER, "1800", 60, 31536000,			\
    "life of a browser's session without requests")			\
X(auth, cookie_s, XC_NUMBER, "43200", 300, 31536000,			\
    "life of a browser's session")					\
X(auth, registration, XC_SWITCH, "false", 0, 0,				\
    "let anybody make an account")					\
X(auth, login_failures, XC_NUMBER, "5", 1, 100,				\
    "wrong passwords for an account from an address before it must wait") \
X(auth, login_window_s, XC_NUMBER, "900", 10, 86400,			\
    "seconds in which they are counted")				\
X(auth, login_delay_max_s, XC_NUMBER, "300", 1, 3600,			\
    "the longest that it must wait")					\
X(security, argon2_kb, XC_NUMBER, "19456", 19456, 4194304,		\
    "memory of one hash")						\
X(security, argon2_passes, XC_NUMBER, "2", 2, 100,			\
    "passes over that memory")						\
X(security, argon2_lanes, XC_NUMBER, "1", 1, 16,			\
    "lanes of that memory")						\
X(security, hashes_max, XC_NUMBER, "0", 0, 1024,			\
    "hashes at once on this host; 0 is half of its processors")		\
X(security, hash_wait_ms, XC_NUMBER, "2000", 1, 60000,			\
    "time that one waits for its turn")					\
X(security, password_min, XC_NUMBER, "12", 8, 64,			\
    "characters of a new password")					\
X(otp, issuer, XC_TEXT, "xcore", 0, 0,					\
    "the name that an authenticator app shows")				\
X(otp, window, XC_NUMBER, "1", 0, 2,					\
    "steps of 30 s that a clock may be wrong by")			\
X(otp, failures, XC_NUMBER, "5", 1, 20,					\
    "wrong codes before an account must wait")				\
X(otp, lock_s, XC_NUMBER, "600", 10, 86400,				\
    "how long it must wait")						\
X(otp, mail_s, XC_NUMBER, "600", 60, 86400,				\
    "life of a code that was mailed")					\
X(otp, mails_per_hour, XC_NUMBER, "5", 1, 100,				\
    "codes that are mailed to one account")				\
X(mail, server, XC_TEXT, "", 0, 0,					\
    "smtp://host:port or smtps://host:port; empty is no mail")		\
X(mail, from, XC_TEXT, "", 0, 0,					\
    "the sender's address")						\
X(mail, user, XC_TEXT, "", 0, 0,					\
    "account on the server; empty is none")				\
X(mail, password_file, XC_PATH, "", 0, 0,				\
    "its password")							\
X(mail, tls, XC_CHOICE, "require", 0, "require|try|none",		\
    "whether smtp: must change over to TLS")				\
X(mail, tls_ca, XC_PATH, "", 0, 0,					\
    "authority of the server's certificate; empty is the system's")	\
X(mail, timeout_ms, XC_NUMBER, "10000", 100, 120000,			\
    "time to send a letter")						\
X(middleware, chain, XC_LIST,						\
    "request_id,proxy,log,timing,body,cors,headers,rate,auth", 0, 0,	\
    "what each request goes through, in this order")			\
X(middleware, request_id, XC_PART, "{}", 0, 0,				\
    "the request's id and its trace")					\
X(middleware, proxy, XC_PART, "{}", 0, 0,				\
    "proxies that are believed; none unless they are named")		\
X(middleware, log, XC_PART, "{}", 0, 0,					\
    "a record of each request, off at first")				\
X(middleware, timing, XC_PART, "{}", 0, 0,				\
    "how long a request took, for the client")				\
X(middleware, body, XC_PART, "{}", 0, 0,				\
    "how large a body may be")						\
X(middleware, cors, XC_PART, "{}", 0, 0,				\
    "pages of other origins; closed unless they are named")		\
X(middleware, headers, XC_PART, "{}", 0, 0,				\
    "headers on each reply, those of security at first")		\
X(middleware, rate, XC_RATES, "[]", 0, 0,				\
    "limits of requests in a time")					\
X(middleware, plugins, XC_LIST, "*", 0, 0,				\
    "plugins whose steps other plugins' requests pass; * is all")	\
X(middleware, prefixes, XC_PREFIXES, "{}", 0, 0,			\
    "what is otherwise below a prefix")					\
X(log, sink, XC_CHOICE, "stderr", 0, "stderr|file|syslog",		\
    "where records go")							\
X(log, format, XC_CHOICE, "auto", 0, "auto|text|json",			\
    "auto is text on a terminal or in development, else JSON")		\
X(log, file, XC_PATH, "", 0, 0,						\
    "the file of sink file")						\
X(log, level, XC_CHOICE, "notice", 0, "error|warning|notice|info|debug", \
    "the least important level written")				\
X(log, levels, XC_LEVELS, "", 0, 0,					\
    "levels of single loggers and all below them")
