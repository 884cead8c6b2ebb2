#!/bin/sh
# SPDX-License-Identifier: MIT
# The key ring by xcorectl keys.
set -eu
ctl=${top_builddir:-.}/src/tools/xcorectl
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
passed=0
failed=0
mkdir "$folder/state"
ring=$folder/state/keys.json
configure() {
	printf '{ "server": { "state_dir": "%s", "run_dir": "%s" },
  "database": { "socket": "%s/no.sock", "password_file": "" },
  "auth": { "algorithm": "%s", "keys": "%s" } }\n' "$folder/state" \
	    "$folder" "$folder" "$1" "${2-}" >"$folder/xcore.json"
}
keys() { "$ctl" --config "$folder/xcore.json" keys "$@"; }

# ok NAME STATUS COMMAND...: what it prints is left in the file "out".
ok() {
	name=$1
	want=$2
	shift 2
	got=0
	"$@" >"$folder/out" 2>&1 || got=$?
	if [ "$got" -eq "$want" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED $name: $got, not $want"
		cat "$folder/out"
	fi
}
id_of() { keys list | awk -v p="$1" -v s="$2" '$2 == p && $4 == s { print $1 }'; }
has() { keys list | awk '{ print $2, $3, $4 }' | grep -qx "$1"; }

configure ES256
ok "no ring" 3 keys list
cp "$folder/out" "$folder/said"
ok "says how to make one" 0 grep -q "xcorectl keys init" "$folder/said"
ok "made" 0 keys init
cp "$folder/out" "$folder/out.init"
ok "for its owner only" 0 test "$(stat -c %a "$ring")" = 600
ok "nothing else is left" 0 test "$(find "$folder/state" -type f | wc -l)" = 1
ok "though MariaDB is away" 0 grep -q "not in the audit log" "$folder/out.init"
sum=$(cksum <"$ring")
ok "again" 0 keys init
cp "$folder/out" "$folder/said"
ok "which is said" 0 grep -q "is there already, nothing changed" "$folder/said"
ok "as it was" 0 test "$(cksum <"$ring")" = "$sum"
ok "in order" 0 keys check
for line in "token ec active" "seal secret active" "hash secret active" \
    "plugin secret active" "audit ed25519 active"; do
	ok "$line" 0 has "$line"
done
first=$(id_of token active)
ok "next" 0 keys rotate token --next
ok "one is next" 4 keys rotate token --next
ok "not over it" 4 keys rotate token
ok "still signs" 0 test "$(id_of token active)" = "$first"
ok "in use is not retired" 4 keys retire "$first"
ok "activated" 0 keys rotate token --activate
ok "old" 0 test "$(id_of token old)" = "$first"
ok "nothing is next" 3 keys rotate token --activate
ok "for its owner only" 0 test "$(stat -c %a "$ring")" = 600
ok "retired" 0 keys retire "$first"
ok "once" 3 keys retire "$first"
ok "of one step" 0 keys rotate seal
ok "the one before opens" 0 has "seal secret old"
old=$(id_of seal old)
ok "whose use cannot be counted" 4 keys retire "$old"
ok "it stays" 0 has "seal secret old"
ok "by force" 0 keys retire "$old" --force
ok "it is gone" 1 has "seal secret old"
ok "the next one has made nothing" 0 keys rotate hash --next
ok "so nobody is asked" 0 keys retire "$(id_of hash next)"
configure RS256
ok "another algorithm" 6 keys check
ok "nor is it good for init" 6 keys init
ok "rotated to it" 0 keys rotate token
ok "of its kind" 0 has "token rsa active"
ok "in order" 0 keys check
ok "no such purpose" 2 keys rotate tokens
cp "$folder/out" "$folder/said"
ok "a near one is named" 0 grep -q "did you mean 'token'" "$folder/said"
ok "no such purpose at all" 2 keys rotate everything
ok "force is for retire" 2 keys rotate token --force
ok "no such verb" 2 keys show
ok "an option of another" 2 keys list --next
ok "both steps at once" 2 keys rotate token --next --activate

# No output has a secret of the file.
for command in list "list --json" check; do
	# shellcheck disable=SC2086
	keys $command >>"$folder/all" 2>&1
done
sed -n 's/.*"key": "\([^"]*\)".*/\1/p' "$ring" >"$folder/secrets"
ok "secrets were found" 0 test -s "$folder/secrets"
ok "no secret is shown" 1 grep -qFf "$folder/secrets" "$folder/all"

cp "$ring" "$folder/good"
awk 'BEGIN { print "{\"version\": 1, \"keys\": ["
	for (i = 0; i < 64; i++)
		printf "%s{\"id\": \"hash-%d\", \"purpose\": \"hash\"," \
		    "\"kind\": \"secret\", \"state\": \"old\", \"made_at\": 1," \
		    "\"key\": \"%s\"}\n", (i > 0 ? "," : ""), i,
		    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	print "]}" }' >"$ring"
ok "full" 4 keys rotate hash
cp "$folder/out" "$folder/said"
ok "which is said" 0 grep -q "the ring is full" "$folder/said"
cp "$folder/good" "$ring"

chmod 640 "$ring"
ok "others may read it" 5 keys check
ok "nor is it changed" 5 keys rotate hash
ok "nor taken for good" 5 keys init
chmod 600 "$ring"
echo x >>"$ring"
sum=$(cksum <"$ring")
ok "damaged" 6 keys check
ok "not made anew" 6 keys init
ok "left as it is" 0 test "$(cksum <"$ring")" = "$sum"

# Root makes it for the account that xcored has, wherever it lies.
if [ "$(id -u)" -eq 0 ]; then
	chmod 755 "$folder"
	chown nobody: "$folder/state"
	mkdir "$folder/etc"
	elsewhere=$folder/etc/keys.json
	configure ES256 "$elsewhere"
	as_nobody() {
		setpriv --reuid=nobody --regid="$(id -g nobody)" \
		    --clear-groups "$@"
	}
	ok "in a folder of root" 0 keys init
	ok "for xcored alone" 0 test "$(stat -c '%U %a' "$elsewhere")" = \
	    "nobody 600"
	if as_nobody test -x "$ctl"; then
		ok "which reads it" 0 as_nobody "$ctl" -c \
		    "$folder/xcore.json" keys check
	fi
	ok "in use" 0 keys rotate hash
	ok "still xcored's" 0 test "$(stat -c '%U %a' "$elsewhere")" = \
	    "nobody 600"
	chown root: "$elsewhere"
	ok "of the operator's choice" 0 keys rotate hash
	ok "is left to root" 0 test "$(stat -c '%U %a' "$elsewhere")" = \
	    "root 600"
else
	echo "note: not root: whom a ring is given to was not tried"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
