# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154
# new, build, build --watch.

# The rules that an installed xcore-config would name.
cat >"$T/plugin.mk" <<EOF
NAME := \$(shell sed -n 's/.*"name": *"\([^"]*\)".*/\1/p' plugin.json)
all: \$(NAME).so
note.s: plugin.json
	@printf '%s\n' '.section .note.xcore,"a",%note' '.balign 4' \\
	    '.long 6, 2f - 1f, 1' '.asciz "xcore"' '.balign 4' \\
	    '1: .incbin "plugin.json"' '2: .balign 4' \\
	    '.section .note.GNU-stack,"",%progbits' >\$@
\$(NAME)-types.h: openapi.json
	'$XCORE_INSTALL' build --types -q -o \$@ .
\$(NAME).so: \$(NAME).c note.s \$(NAME)-types.h
	\$(CC) -std=gnu11 -Wall -Werror -fPIC -fvisibility=hidden -shared \\
	    -Wl,-z,defs $XCORE_CPPFLAGS -o \$@.new \$(NAME).c note.s \\
	    -L'$XCORE_LIBDIR' -lxcore -ljson-c
	mv \$@.new \$@
EOF
printf '#!/bin/sh\necho "%s"\n' "$T/plugin.mk" >"$T/xcore-config"
chmod +x "$T/xcore-config"
export XCORE_CONFIG="$T/xcore-config"

cd "$T/src" || exit 1
expect "new" 0 'xcore-install build' install new fresh
same "its files" "Makefile README.md fresh.c openapi.json plugin.json sql tests" \
    "$(cd fresh && echo *)"
expect "new where something is" 4 'exists' install new fresh
expect "new with a bad name" 6 'cannot be' install new Bad
run install new --json "$T/src/second"
same "JSON of new" "$T/src/second" \
    "$(printf '%s' "$out" | jq -r .data.folder)"
expect "build" 0 '' install build fresh
same "types" "fresh/fresh-types.h" "$(install build --types fresh)"
same "JSON of types" "other.h" "$(install build --types -o other.h fresh \
    --json | jq -r .data.file)"
same "they are the same" "" "$(diff fresh/fresh-types.h other.h)"
expect "types of two" 2 'one folder' install build --types fresh second
expect "types and watch" 2 'without --watch' install build --types --watch fresh
expect "types of no plugin" 3 'plugin.json' install build --types "$T/db"
expect "it is a plugin" 0 'can be installed' install --dry-run ./fresh
expect "it installs" 0 'fresh 0.1.0 installed' install --yes ./fresh
expect "build without a Makefile" 3 'no Makefile' install build "$T/db"
cp fresh/fresh.c keep.c
echo 'this is no C;' >>fresh/fresh.c
expect "a build that fails" 1 'fresh.c:.*error\|unknown type' \
    install build fresh
run install build fresh --json
same "JSON of a failed build" 'failed true' "$(printf '%s' "$out" |
    jq -r '.error.type + " " + (.data.builds[0].output |
    test("error") | tostring)')"
cp keep.c fresh/fresh.c

make_config ', "development": true'
expect "watch and JSON" 2 'has no --json' install build --watch fresh --json
start_watch() {
	: >"$T/watched"
	"$XCORE_INSTALL" --config "$T/xcore.json" build --watch "$@" \
	    >"$T/watched" 2>"$T/watch.err" </dev/null &
	watch_pid=$!
}
stop_watch() {
	kill -TERM "$watch_pid"
	code=0
	wait "$watch_pid" || code=$?
	watch_pid=
	same "SIGTERM ends watching in order" 0 "$code"
}
hash() { ask "SELECT hash FROM xc_plugin p JOIN xc_package k
    ON k.id = p.package_id WHERE p.name = 'fresh'"; }
changed() { [ "$(hash)" != "$seen" ]; }
lines() { [ "$(wc -l <"$T/watched")" -ge "$1" ]; }

seen=$(hash)
start_watch ./fresh
await "what stands there is built first" lines 1
seen=$(hash)
sed -i 's/hello\\n/howdy\\n/' fresh/fresh.c
await "a save is built and installed" changed
seen=$(hash)
echo 'this is no C;' >>fresh/fresh.c
await "a build that fails is told" grep -q 'failed' "$T/watched"
await "with the compiler's words" grep -q 'error' "$T/watch.err"
same "and leaves what serves" "$seen" "$(hash)"
sed 's/hello\\n/moin\\n/' keep.c >fresh/.new
mv fresh/.new fresh/fresh.c
await "saved as editors do, it goes on" changed
seen=$(hash)
sed -i 's/"version": "0.1.0"/"version": "oops"/' fresh/plugin.json
await "a manifest that is wrong is told" grep -q 'not installed' \
    "$T/watched"
same "and leaves what serves then too" "$seen" "$(hash)"
sed -i 's/"version": "oops"/"version": "0.2.0"/' fresh/plugin.json
await "mended" changed
stop_watch

seen=$(hash)
start_watch --no-make ./fresh
await "watching what is built" lines 1
sed -i 's/moin\\n/ahoy\\n/' fresh/fresh.c
"$XCORE_INSTALL" build fresh >/dev/null 2>&1
await "another's build is installed" changed
stop_watch
cd "$here" || exit 1
unset XCORE_CONFIG
