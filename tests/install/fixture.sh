# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154
# What the tests of the installer stand on: a MariaDB of their own on a unix
# socket in a folder of their own, a configuration, and plugins.

passed=0
failed=0

ok() {
	passed=$((passed + 1))
	[ -z "${VERBOSE:-}" ] || echo "ok: $1"
}

not_ok() {
	failed=$((failed + 1))
	echo "FAIL: $1"
	[ -z "${2:-}" ] || printf '%s\n' "$2" | sed 's/^/    /' | head -n 20
}

# Runs a command: $code, $out (stdout), $err (stderr).
run() {
	code=0
	"$@" >"$T/out" 2>"$T/err" </dev/null || code=$?
	out=$(cat "$T/out")
	err=$(cat "$T/err")
}

# The command ends with that code, and says that somewhere.
expect() { # WHAT CODE PATTERN COMMAND...
	what=$1 want=$2 pattern=$3
	shift 3
	run "$@"
	if [ "$code" != "$want" ]; then
		not_ok "$what: exit $code, not $want" "$out$err"
	elif ! printf '%s\n%s\n' "$out" "$err" | grep -q -e "$pattern"; then
		not_ok "$what: does not say \"$pattern\"" "$out$err"
	else
		ok "$what"
	fi
}

same() { # WHAT WANTED FOUND
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1: \"$3\", not \"$2\""
	fi
}

# Waits until a command succeeds, at most 20 s.
await() { # WHAT COMMAND...
	what=$1 tries=0
	shift
	while ! "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		if [ "$tries" -gt 400 ]; then
			not_ok "$what: not in 20 s"
			return 0
		fi
		sleep 0.05
	done
	ok "$what"
}

install() { "$XCORE_INSTALL" --config "$T/xcore.json" "$@"; }
faulty() { # STEP ARGUMENTS...
	step=$1
	shift
	XCORE_FAULT=$step "$XCORE_INSTALL_FAULTS" \
	    --config "$T/xcore.json" "$@"
}
migrate() { "$MIGRATE_TOOL" "$T/xcore.json" "$@"; }
sql() { mariadb --no-defaults -S "$T/db.sock" -u root -N -B "$@"; }
ask() { sql xcore -e "$1"; }

# What is in force, in one word: "hello=1.0.0/enabled ..."
in_force() {
	ask "SELECT GROUP_CONCAT(CONCAT(p.name, '=', k.version, '/', p.state)
	    ORDER BY p.name SEPARATOR ' ') FROM xc_plugin p
	    JOIN xc_package k ON k.id = p.package_id"
}

generation() { ask "SELECT generation FROM xc_generation"; }

start_db() {
	as=
	[ "$(id -u)" != 0 ] || as=--user=root
	# shellcheck disable=SC2086
	mariadbd --no-defaults $as --datadir="$T/db" --socket="$T/db.sock" \
	    --pid-file="$T/db.pid" --skip-networking --skip-name-resolve \
	    --tmpdir="$T/tmp" --innodb-buffer-pool-size=32M \
	    --innodb-log-file-size=8M --innodb-flush-log-at-trx-commit=0 \
	    --innodb-buffer-pool-dump-at-shutdown=OFF \
	    --innodb-buffer-pool-load-at-startup=OFF \
	    --aria-pagecache-buffer-size=1M --key-buffer-size=1M \
	    --max-connections=50 ${MARIADBD_OPTIONS:-} >"$T/db.log" 2>&1 8>&- 9>&- &
	db_pid=$!
	tries=0
	until sql -e 'SELECT 1' >/dev/null 2>&1; do
		tries=$((tries + 1))
		if [ "$tries" -gt 400 ] || ! kill -0 "$db_pid"; then
			echo "MariaDB does not start:" >&2
			tail -n 5 "$T/db.log" >&2
			exit 1
		fi
		sleep 0.05
	done
}

stop_db() {
	[ -n "${db_pid:-}" ] || return 0
	kill "$db_pid"
	wait "$db_pid" || :
	db_pid=
}

make_db() {
	as=
	[ "$(id -u)" != 0 ] || as=--user=root
	mkdir -p "$T/db" "$T/tmp"
	# shellcheck disable=SC2086
	mariadb-install-db --no-defaults $as --datadir="$T/db" \
	    --tmpdir="$T/tmp" \
	    --skip-test-db --skip-name-resolve \
	    --auth-root-authentication-method=normal \
	    --innodb-log-file-size=8M >"$T/db.log" 2>&1 || {
		echo "mariadb-install-db fails:" >&2
		tail -n 5 "$T/db.log" >&2
		exit 1
	}
}

make_config() { # MORE-SERVER-SETTINGS
	(umask 077 && echo "a secret of 16 or more" >"$T/secret")
	cat >"$T/xcore.json" <<-EOF
	{
	  "server": { "state_dir": "$T/state", "run_dir": "$T/run",
	    "libexec_dir": "$T/libexec"$1 },
	  "reload": { "poll_ms": 50, "trial_timeout_ms": 3000,
	    "keep_versions": 2 },
	  "database": { "socket": "$T/db.sock", "user": "root",
	    "plugin_user": "worker", "plugin_password_file": "$T/secret",
	    "read_timeout_ms": 10000 },
	  "plugins": { "tuned": { "greeting": "moin" } }
	}
	EOF
}

# The trial runs without our environment, so the libraries of a tree that is
# not installed are named here.
make_libexec() {
	mkdir -p "$T/libexec"
	cat >"$T/libexec/xcore-trial" <<-EOF
	#!/bin/sh
	LD_LIBRARY_PATH='$XCORE_LIBDIR'
	export LD_LIBRARY_PATH
	exec '$XCORE_TRIAL' "\$@"
	EOF
	chmod +x "$T/libexec/xcore-trial"
}

# The follower, with a manager of the tests' own.
start_follower() { # [safe]
	rm -f "$T/to" "$T/said"
	[ -e "$T/broken" ] || : >"$T/broken"
	mkfifo "$T/to"
	: >"$T/said"
	"$FOLLOWER_TOOL" "$T/xcore.json" "$T/broken" "$@" <"$T/to" >"$T/said" \
	    2>>"$T/follower.log" 8>&- 9>&- &
	follower_pid=$!
	exec 9>"$T/to"
}
stop_follower() {
	exec 9>&-
	code=0
	wait "$follower_pid" || code=$?
	follower_pid=
}
tell() { printf '%s\n' "$1" >&9; }
said() { grep -q -e "$1" "$T/said"; }
snapshot() { jq -r "$1" <<-EOF
	$(head -n 1 "$T/state/snapshot/current.json")
	EOF
}
# The host's row and the snapshot: what is served of a plugin.
serves() { # NAME WANTED(version/state)
	[ "$(snapshot ".plugins[] | select(.name == \"$1\") |
	    .version + \"/\" + .state")" = "$2" ]
}
has_generation() { [ "$(snapshot .generation)" = "$1" ]; }
applied() { [ "$(ask 'SELECT MIN(applied) FROM xc_host')" = "$1" ]; }
rejects() { ask 'SELECT rejected FROM xc_host' | grep -q -e "$1"; }

# A plugin's folder in $T/src/NAME-VERSION; the variables say what is special:
# $prefix, $permissions, $requires, $extra (of the manifest), $start (the body
# of start()), $word (what it answers), $handlers (names of others that do
# nothing).
make_plugin() { # NAME VERSION
	dir=$T/src/$1-$2
	functions='' rows=''
	for handler in ${handlers:-}; do
		functions="$functions static enum xc_err
		    $handler(struct xc_request *req)
		    { (void)req; return XC_OK; }"
		rows="$rows, { \"$handler\", $handler }"
	done
	rm -rf "$dir"
	mkdir -p "$dir"
	cat >"$dir/plugin.json" <<-EOF
	{ "name": "$1", "version": "$2", "author": "xcore",
	  "description": "for a test", "license": "MIT",
	  "prefix": "${prefix:-/app/$1}",
	  "requires": { "xcore": ">=0.1.0"${requires:-} },
	  "permissions": [${permissions:-}]${extra:-} }
	EOF
	cat >"$dir/openapi.json" <<-EOF
	{ "openapi": "3.1.0", "info": { "title": "$1", "version": "$2" },
	  "paths": { "/": { "get": { "operationId": "say_hello",
	    "responses": { "200": { "description": "a word" } } } } } }
	EOF
	cat >"$dir/$1.c" <<-EOF
	#include <stdlib.h>
	#include <unistd.h>
	#include <xcore/xcore.h>
	static enum xc_err say_hello(struct xc_request *req)
	{ return xc_reply_text(req, 200, "text/plain", "${word:-hello}", 1); }
	static enum xc_err start(struct xc_plugin *plugin)
	{ (void)plugin; ${start:-return XC_OK;} }
	$functions
	XC_PLUGIN(.start = start,
	    .operations = XC_OPERATIONS({ "say_hello", say_hello }$rows));
	EOF
	build_plugin "$dir" "$1"
}

build_plugin() { # FOLDER NAME
	printf '%s\n' '.section .note.xcore,"a",%note' '.balign 4' \
	    '.long 6, 2f - 1f, 1' '.asciz "xcore"' '.balign 4' \
	    "1: .incbin \"$1/plugin.json\"" '2: .balign 4' \
	    '.section .note.GNU-stack,"",%progbits' >"$T/note.s"
	${CC:-cc} -std=gnu11 -fPIC -fvisibility=hidden -shared -Wl,-z,defs \
	    $XCORE_CPPFLAGS -o "$1/$2.so.new" "$1/$2.c" "$T/note.s" \
	    -L"$XCORE_LIBDIR" -lxcore -ljson-c || exit 1
	mv "$1/$2.so.new" "$1/$2.so"
}

# Everything as new but MariaDB's process.
fresh_site() {
	chmod -R u+w "$T/state" 2>/dev/null || :
	rm -rf "$T/state" "$T/run"
	mkdir -p "$T/state" "$T/run"
	sql -e "SELECT CONCAT('DROP DATABASE \`', schema_name, '\`;') FROM
	    information_schema.schemata WHERE schema_name LIKE 'xcore%'" |
	    sql
	make_config ""
	migrate "$SQL_FOLDER" up >"$T/out" 2>&1 || {
		echo "the core's migrations fail:" >&2
		cat "$T/out" >&2
		exit 1
	}
}
