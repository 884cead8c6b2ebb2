#!/bin/sh
# SPDX-License-Identifier: MIT
# xcorectl user, role, permission, explain and audit, on a MariaDB of its own.
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

ctl() {
	"$tool" -c "$dir/xcore.json" "$@"
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

sql() {
	mariadb --no-defaults -u"$XCORE_TEST_DB_USER" \
	    --socket="$XCORE_TEST_DB_SOCKET" xcore_test "$@"
}

printf 'correct horse battery\n' >"$dir/password"
chmod 600 "$dir/password"

try 0 'the user is made' user add Ana --email ana@example.org --roles \
    admin,user --password-file "$dir/password"
try 4 'is taken' user add ana --no-password
try 4 'is taken' user add ben --email ANA@example.org --no-password
try 6 'name: ' user add 'a b' --no-password
try 6 'name: ' user add "x'; DROP TABLE xc_user; --" --no-password
try 2 'no terminal' user add ben
try 2 'only one of' user add ben --generate --no-password
try 2 'usage: xcorectl user add' user add
try 2 'is not for this' user show ana --generate
try 2 "did you mean 'list'" user lst
try 0 '^[A-Za-z0-9_-]\{24\}$' user add ben --generate
try 0 '"generated_password"' user passwd ben --generate --json
try 0 '"ok":true' user show ben --json
try 0 '^roles  *user$' user show ben
try 3 "there is no user 'nobody'" user show nobody
try 0 ' ana .*admin,user' user list --sort name --search a
try 0 '^ID       NAME  .*LAST LOGIN AT ' user list
try 6 'page: must be a number' user list --page 0
try 6 'page: must be a number' user list --page 99999999999999999999
try 6 'sort: ' user list --sort password
try 4 'nobody would be left' user lock ana
try 4 'nobody would be left' user role ana user
try 4 'nobody would be left' user remove ana
try 0 'is locked' user lock ben --reason 'on leave'
try 0 'on leave' user show ben
try 0 'can log in' user unlock ben
try 0 'forgotten' user reset-otp ben
try 0 'sessions have ended' user logout ben
try 0 '0 in all' user sessions ben
try 0 'is changed' user set ben --display 'Ben B.' --email b@example.org
try 0 'Ben B.' user show b@example.org
sql -e "INSERT INTO xc_permission (name, plugin, description) VALUES
    ('todo:item:read', 'todo', 'Read items')"
try 0 'Read items' permission list
try 0 'role is made' role add reader --permissions todo:item:read
try 6 "'todo:item:reed': no plugin has .*xcorectl permission list" role add \
    other --permissions todo:item:reed
try 6 "roles/1: 'rader': there is no .*xcorectl role list" user role ben user \
    rader
try 2 'nothing to change was named' role set reader
try 2 'nothing to change was named' user set ben
try 0 'role is made' role add chief --includes reader
try 6 'includes this one' role set reader --includes chief
try 0 'role is changed' role set reader --description 'Reads'
try 0 'Reads' role list --search re
try 0 'these roles now' user role ben user chief
try 0 'allowed: active' explain ben todo:item:read
try 0 'by chief,reader' explain ben todo:item:read
try 0 'not allowed' explain ben todo:item:write
try 4 'belongs to xcore' role remove admin
try 0 'role is removed' role remove reader
try 3 "there is no role 'reader'" role show reader
try 0 'user.create *user:1 ana' audit list --action user.create
try 0 'none changed or missing' audit verify
sql -e "UPDATE xc_audit SET actor = 'eve' WHERE seq = 2"
try 6 'row 2: it was changed' audit verify
try 6 '"code":6' audit verify --json

# On the standard input; and nothing of it stands anywhere.
if printf 'staple horse battery\n' | ctl user passwd ana --password-file - \
    2>/dev/null && ! sql -e 'SELECT * FROM xc_audit' |
    grep -q -e staple -e 'correct horse' -e argon2
then
	passed=$((passed + 1))
else
	failed=$((failed + 1))
	echo "a password from the standard input was not taken, or told" >&2
fi

# The prompt, without echo, where there is script(1).
if command -v script >/dev/null 2>&1; then
	mkfifo "$dir/keys"
	script -qfec "'$tool' -c '$dir/xcore.json' user passwd ana" \
	    /dev/null <"$dir/keys" >"$dir/out" 2>&1 &
	exec 3>"$dir/keys"
	for prompt in 'New password: ' 'Once more: '; do
		n=0
		until grep -q "$prompt" "$dir/out" || [ $n -gt 200 ]; do
			n=$((n + 1))
			sleep 0.05
		done
		printf 'battery staple horse\n' >&3
	done
	wait $!
	exec 3>&-
	if grep -q 'the password is set' "$dir/out" &&
	    ! grep -q battery "$dir/out"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		cat "$dir/out" >&2
	fi
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
