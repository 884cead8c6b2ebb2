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
  "auth": { "algorithm": "%s" } }\n' "$folder/state" "$folder" "$1" \
	    >"$folder/xcore.json"
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
ok "for its owner only" 0 test "$(stat -c %a "$ring")" = 600
ok "nothing else is left" 0 test "$(find "$folder/state" -type f | wc -l)" = 1
sum=$(cksum <"$ring")
ok "not made twice" 4 keys init
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
ok "in use is not retired" 5 keys retire "$first"
ok "activated" 0 keys rotate token --activate
ok "old" 0 test "$(id_of token old)" = "$first"
ok "nothing is next" 3 keys rotate token --activate
ok "for its owner only" 0 test "$(stat -c %a "$ring")" = 600
ok "retired" 0 keys retire "$first"
ok "once" 3 keys retire "$first"
ok "of one step" 0 keys rotate seal
ok "the one before opens" 0 has "seal secret old"
configure RS256
ok "another algorithm" 6 keys check
ok "rotated to it" 0 keys rotate token
ok "of its kind" 0 has "token rsa active"
ok "in order" 0 keys check
ok "no such purpose" 6 keys rotate tokens
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

chmod 640 "$ring"
ok "others may read it" 5 keys check
ok "nor is it changed" 5 keys rotate hash
chmod 600 "$ring"
echo x >>"$ring"
ok "damaged" 6 keys check
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
