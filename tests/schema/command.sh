#!/bin/sh
# SPDX-License-Identifier: MIT
# The command xcore-schema: what it prints and its exit status.
set -u
: "${top_builddir:?is set by make check}"
command=$top_builddir/src/tools/xcore-schema
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
passed=0
failed=0

expect() { # STATUS WORDS COMMAND...
	wanted=$1 words=$2
	shift 2
	said=$("$@" 2>&1 <"$work/input")
	status=$?
	if [ "$status" -eq "$wanted" ] &&
	    printf '%s\n' "$said" | grep -qF -- "$words"; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	printf 'FAIL: %s: status %s, not %s; said: %s; wanted: %s\n' "$*" \
	    "$status" "$wanted" "$said" "$words"
}

cat >todo.schema.json <<'END'
{"type": "object", "required": ["title"], "additionalProperties": false,
 "properties": {"title": {"type": "string", "maxLength": 5},
  "tags": {"type": "array", "items": {"$ref": "tag.schema.json"}}}}
END
echo '{"type": "string", "pattern": "^[a-z]+$"}' >tag.schema.json
echo '{"title": "milk", "tags": ["a", "b"]}' >good.json
echo '{"title": "bread and milk", "tags": ["a", "B", 3], "x": 1}' >bad.json
echo '{"title": "a", "title": "b"}' >twice.json
echo '{"title": "milk"}' >input
r='-r tag.schema.json'

expect 0 '' "$command" $r todo.schema.json good.json
expect 0 '' "$command" $r todo.schema.json - good.json
expect 6 'bad.json#/title: maxLength: is 14 characters long, 5 are the most' \
    "$command" $r todo.schema.json good.json bad.json
expect 6 'bad.json#/tags/1: pattern: is "B"' \
    "$command" $r todo.schema.json bad.json
expect 6 'bad.json#/tags/2: type: is a number, not a string' \
    "$command" $r todo.schema.json bad.json
expect 6 'bad.json#/x: additionalProperties: is not allowed here' \
    "$command" $r todo.schema.json bad.json
expect 6 '"pointer":"/title","keyword":"maxLength"' \
    "$command" --json $r todo.schema.json bad.json
expect 0 '"valid":true' "$command" --json $r todo.schema.json good.json
expect 6 'twice.json:1:16: a key that stands twice' \
    "$command" $r todo.schema.json twice.json
expect 6 'line 1, column 16' "$command" --json $r todo.schema.json twice.json
expect 6 '' "$command" -q $r todo.schema.json bad.json
expect 2 'there is no document' "$command" todo.schema.json good.json
expect 2 'usage:' "$command" todo.schema.json
expect 2 'usage:' "$command" --nothing
expect 0 'usage:' "$command" --help
expect 2 'No such file' "$command" nothing.json good.json
expect 2 'No such file' "$command" tag.schema.json nothing.json
echo '{"properties": {"a": {"type": "strnig"}}}' >wrong.json
expect 2 'wrong.json#/properties/a/type: "strnig" is no type' \
    "$command" wrong.json good.json
echo '{"type": "integer"' >wrong.json
expect 2 'wrong.json:2:1: the text ends early' "$command" wrong.json good.json
echo '{"components": {"schemas": {"T": {"type": "null"}}}}' >api.json
expect 6 'type: is an object, not null' \
    "$command" -p /components/schemas/T api.json good.json
expect 2 'there is nothing at' "$command" -p /components/x api.json good.json
echo '{"format": "date"}' >date.json
echo '"now"' >input
expect 6 'which is no date' "$command" date.json -
expect 0 '' "$command" --no-format date.json -

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
