#!/bin/sh
# SPDX-License-Identifier: MIT
# xcorectl keys and the tables: what stands in the audit log, and whose codes a
# key takes with it.  On a MariaDB of its own.
set -u

here=$(cd "$(dirname "$0")" && pwd)
if [ "${XCORE_TEST_DB_SOCKET-}" = "" ]; then
	exec sh "$here/run-identity" sh "$0" "$@"
fi
tool=${top_builddir:-.}/src/tools/xcorectl
dir=$XCORE_TEST_DB_DIR
passed=0
failed=0
cat >"$dir/xcore.json" <<END
{
	"server": { "state_dir": "$dir/state", "run_dir": "$dir/run" },
	"database": { "socket": "$XCORE_TEST_DB_SOCKET", "name": "xcore_test",
		"user": "$XCORE_TEST_DB_USER", "password_file": "" }
}
END
mkdir -p "$dir/state" "$dir/run"

ctl() { "$tool" -c "$dir/xcore.json" "$@"; }
sql() {
	mariadb --no-defaults -N -u"$XCORE_TEST_DB_USER" \
	    --socket="$XCORE_TEST_DB_SOCKET" xcore_test "$@"
}
id_of() {
	ctl keys list | awk -v p="$1" -v s="$2" '$2 == p && $4 == s { print $1 }'
}

# A command with its exit status, and what its output holds.
#	try STATUS TEXT WORD...
try() {
	want=$1 text=$2
	shift 2
	status=0
	ctl "$@" >"$dir/out" 2>&1 </dev/null || status=$?
	if [ $status -eq "$want" ] && grep -q -e "$text" "$dir/out"; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	echo "xcorectl $*: status $status, $want expected; \"$text\" in:" >&2
	cat "$dir/out" >&2
}
same() { # WHAT WANTED GOT
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	printf '%s: wanted "%s", got "%s"\n' "$1" "$2" "$3" >&2
}
last() { sql -e "SELECT $1 FROM xc_audit ORDER BY seq DESC LIMIT 1"; }

try 0 '"audited":true' keys init --json
same "who made the ring" "$(id -un)@$(hostname) keys.init keys:all" \
    "$(last "CONCAT_WS(' ', actor, action, target)")"
same "of five keys" 5 "$(last "JSON_LENGTH(state_after)")"
try 0 'nothing changed' keys init
same "which is no act" 1 "$(sql -e 'SELECT COUNT(*) FROM xc_audit')"

first=$(id_of hash active)
try 0 'in use' keys rotate hash
second=$(id_of hash active)
same "what was before" "{\"$first\":\"active\"}" "$(last state_before)"
same "and after" "{\"$first\":\"old\",\"$second\":\"active\"}" \
    "$(last state_after)"
try 0 'next key is made' keys rotate token --next
same "one to be" 'keys.next keys:token' \
    "$(last "CONCAT_WS(' ', action, target)")"
try 0 'in use' keys rotate token --activate
same "in use" keys.activate "$(last action)"

# The log's own key: what it signed is signed by the one behind it.
audit=$(id_of audit active)
try 0 'in use' keys rotate audit
try 0 'gone' keys retire "$audit"
same "what is gone" "keys.retire keys:$audit" \
    "$(last "CONCAT_WS(' ', action, target)")"
try 0 'none changed or missing' audit verify

# A user with a second factor that the first "seal" key seals, and codes by
# the first "hash" key.
seal=$(id_of seal active)
sql -e "INSERT INTO xc_user (name, name_key, created_at, created_by,
    changed_at) VALUES ('ana', 'ana', UTC_TIMESTAMP(3), '', UTC_TIMESTAMP(3));
INSERT INTO xc_otp (user_id, secret, confirmed_at, created_at) VALUES (1,
    CONCAT(CHAR(1), CHAR(LENGTH('$seal')), '$seal', REPEAT('x', 48)),
    UTC_TIMESTAMP(3), '2020-01-01');
INSERT INTO xc_otp_recovery (user_id, hash) VALUES (1, REPEAT('h', 32));
INSERT INTO xc_session (id, user_id, kind, created_at, seen_at, expires_at,
    address, agent) VALUES (REPEAT('s', 16), 1, 'token', '2020-01-01',
    UTC_TIMESTAMP(3), '2099-01-01', '', '')"
try 0 'in use' keys rotate seal
rows=$(sql -e 'SELECT COUNT(*) FROM xc_audit')
try 4 'seals the second factors of 1 users' keys retire "$seal"
try 4 'recovery codes of 1 users at most are by .* 1 sessions' \
    keys retire "$first"
same "neither was done" "$rows" "$(sql -e 'SELECT COUNT(*) FROM xc_audit')"
try 0 '"second_factors":1,' keys retire "$seal" --force --json
same "the key is gone" "" "$(id_of seal old)"
sql -e "UPDATE xc_otp_recovery SET used_at = UTC_TIMESTAMP(3)"
try 0 'gone' keys retire "$first"
same "codes that were used hold no key" "" "$(id_of hash old)"

# No secret of the file is in the log.
sed -n 's/.*"key": "\([^"]*\)".*/\1/p' "$dir/state/keys.json" >"$dir/secrets"
sql -e 'SELECT * FROM xc_audit' >"$dir/log"
same "secrets were looked for" 6 "$(grep -c . "$dir/secrets")"
same "none is in the log" 0 "$(grep -cFf "$dir/secrets" "$dir/log")"
try 0 'none changed or missing' audit verify

# Without the tables, and without MariaDB, keys can be changed all the same.
sql -e 'RENAME TABLE xc_audit_head TO gone, xc_otp TO gone_too'
try 0 'not in the audit log: its tables are not there' keys rotate seal
try 0 'gone' keys retire "$(id_of seal old)"
kill "$(cat "$XCORE_TEST_DB_PIDFILE")"
n=0
while [ -S "$XCORE_TEST_DB_SOCKET" ] && [ $n -lt 400 ]; do
	n=$((n + 1))
	sleep 0.05
done
try 0 '"audited":false' keys rotate hash --json
try 4 'cannot be counted: .*--force' keys retire "$(id_of hash old)"
try 0 'gone' keys retire "$(id_of hash old)" --force
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
