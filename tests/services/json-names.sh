#!/bin/sh
# SPDX-License-Identifier: MIT
# libjwt brings jansson along, which has names that json-c has: our calls must
# reach json-c, and libjwt's must reach jansson.  The linker of the program
# says which it has chosen.
set -eu
top=${top_builddir:-.}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
passed=0
failed=0

check() {
	if eval "$2"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED $1"
	fi
}

for program in src/tools/xcored src/tools/xcorectl services/auth/test-jwt; do
	rm -f "$folder"/bindings*
	# All names at once, and the program that libtool may have wrapped.
	LD_BIND_NOW=1 LD_DEBUG=bindings LD_DEBUG_OUTPUT=$folder/bindings \
	    "$top/$program" --version >/dev/null 2>&1 || true
	cat "$folder"/bindings* /dev/null 2>/dev/null | grep 'normal symbol `json_' |
	    sed -n 's/.*binding file \([^ ]*\) \[0\] to \([^ ]*\) \[0\].*/\1 \2/p' |
	    sed 's|[^ ]*/||g' | sort -u >"$folder/found" || true
	if ! grep -q '^libjwt' "$folder/found"; then
		echo "$program: without libjwt"
		continue
	fi
	check "$program: its own are json-c's" \
	    "grep -q '^\(lt-\)\{0,1\}${program##*/} libjson-c' \"\$folder/found\""
	check "$program: none of ours is jansson's" \
	    "! grep -v '^libjwt\|^libjansson' \"\$folder/found\" |
	    grep -q 'libjansson'"
	sed "s|^|$program: |" "$folder/found"
	check "$program: libjwt's are jansson's" \
	    "! grep '^libjwt\|^libjansson' \"\$folder/found\" |
	    grep -q 'libjson-c'"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
