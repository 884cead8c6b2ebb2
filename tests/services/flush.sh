#!/bin/sh
# SPDX-License-Identifier: MIT
# xcorectl cache, on a MariaDB and two Memcached servers of its own.
set -u

here=$(cd "$(dirname "$0")" && pwd)
if [ "${XCORE_TEST_DB_SOCKET-}" = "" ]; then
	exec sh "$here/run-identity" sh "$here/run-cache" sh "$0" "$@"
fi
tool=${top_builddir:-.}/src/tools/xcorectl
dir=$XCORE_TEST_DB_DIR
passed=0
failed=0
pids=
# shellcheck disable=SC2086 # each is a word
trap 'kill -9 $pids 2>/dev/null; rm -rf "$XCORE_TEST_CACHE_DIR"' EXIT

serve() { # NAME
	"$XCORE_TEST_CACHE_SERVER" -u "$(id -un)" -m 8 -t 1 \
	    -s "$XCORE_TEST_CACHE_DIR/$1" &
	pids="$pids $!"
	while [ ! -S "$XCORE_TEST_CACHE_DIR/$1" ]; do sleep 0.05; done
}
configure() { # SERVERS
	cat >"$dir/xcore.json" <<-END
	{ "server": { "state_dir": "$dir/state", "run_dir": "$dir/run" },
	  "cache": { "servers": [$1] },
	  "database": { "socket": "$XCORE_TEST_DB_SOCKET",
	    "name": "xcore_test", "user": "$XCORE_TEST_DB_USER",
	    "password_file": "" } }
	END
}
mkdir -p "$dir/state" "$dir/run"

# A command with its exit status, and what its output holds.
try() { # STATUS TEXT WORD...
	want=$1 text=$2
	shift 2
	status=0
	"$tool" -c "$dir/xcore.json" "$@" >"$dir/out" 2>&1 </dev/null ||
	    status=$?
	if [ $status -eq "$want" ] && grep -q -e "$text" "$dir/out"; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	echo "xcorectl $*: status $status, $want expected; \"$text\" in:" >&2
	cat "$dir/out" >&2
}
sql() {
	mariadb --no-defaults -u"$XCORE_TEST_DB_USER" \
	    --socket="$XCORE_TEST_DB_SOCKET" xcore_test "$@"
}

configure ''
try 3 'cache.servers is empty' cache status
try 3 'cache.servers is empty' cache flush
serve one
serve two
configure "\"$XCORE_TEST_CACHE_DIR/one\", \"$XCORE_TEST_CACHE_DIR/two\""
try 2 'usage: xcorectl cache flush' cache flush a b
try 2 "did you mean 'flush'" cache flus
try 0 '/one .* 0 items, .*0 evicted' cache status
try 0 '/two .* 0 items' cache status
try 0 '"up":true' cache status --json
try 3 "there is no plugin 'todo'" cache flush todo
sql -e "INSERT INTO xc_plugin (name, package_id, state, changed_at, changed_by)
    VALUES ('todo', 1, 'enabled', NOW(), 'test'),
    ('hello', 2, 'enabled', NOW(), 'test')"
try 0 'is forgotten' cache flush todo
# Its generation stands on each server now.
try 0 '/one .* 1 items' cache status
try 0 '/two .* 1 items' cache status
try 0 '"hello"' cache flush --json
try 0 '/two .* 2 items' cache status
try 0 'cache.flush *cache:todo' audit list
try 0 'cache.flush *cache:\*' audit list
# The one that was started last is killed.
kill -9 "${pids##* }"
try 1 '/two.* does not answer' cache status
try 1 '"up":false' cache status --json
try 1 '/two does not answer, so' cache flush hello
try 0 '"whole":false' audit list --json
try 0 'none changed or missing' audit verify

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
