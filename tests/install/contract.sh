# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154
# The document: what is refused of it, and what an update may not break.

# A plugin NAME VERSION whose document has these paths; $components.
document() { # NAME VERSION PATHS
	make_plugin "$1" "$2"
	cat >"$dir/openapi.json" <<-EOT
	{ "openapi": "3.1.0", "info": { "title": "$1", "version": "$2" },
	  "paths": { $3 }${components:-} }
	EOT
}
answer='"responses": { "200": { "description": "a word" } }'
hello="\"operationId\": \"say_hello\", $answer"

# All that is wrong with it is told at once.
document bad 1.0.0 "\"/\": { \"get\": { $hello, \"tags\": 1 } },
    \"/{id}\": { \"get\": { \"operationId\": \"a-b\" } }"
bad=$dir
expect "a bad document" 6 'openapi.json has 3 faults' install "$bad"
for words in '/paths/~1/get/tags: is a number, not an array' \
    '/operationId: must be a C identifier' 'no parameter describes {id}'; do
	if grep -q -e "$words" "$T/err"; then
		ok "it says: $words"
	else
		not_ok "it says: $words" "$err"
	fi
done
expect "pack tells them too" 6 'openapi.json has 3 faults' install pack "$bad"
run install --json "$bad"
same "JSON has them as an array" '3 6' "$(printf '%s' "$out" |
    jq -r '"\(.data.plugins[0].faults | length) \(.code)"')"
expect "one is the error itself" 6 'error: openapi.json: /paths' \
    install "$(document one 1.0.0 '"/": { "get": {} }'; echo "$dir")"

# The same without a server.
expect "check" 6 'has 3 faults' install check "$bad"
expect "check of the file" 6 'must be a C identifier' \
    install check "$bad/openapi.json"
run install check --json "$bad"
same "check as JSON" 3 "$(printf '%s' "$out" | jq '.data.faults | length')"
expect "check of a good one" 0 'nothing is wrong' install check \
    "$(make_plugin fine 1.0.0; echo "$dir")"
expect "check of none" 3 'there is no' install check "$T/nowhere"
echo '{ "openapi": }' >"$T/src/fine-1.0.0/openapi.json"
expect "no JSON: line and column" 6 'line 1, column 14' install check \
    "$T/src/fine-1.0.0"
expect "the same from the installer" 6 'line 1, column 14' \
    install "$T/src/fine-1.0.0"
echo '{ "name": 1 }' >"$bad/plugin.json"
expect "check reads the manifest too" 6 'has 4 faults' install check "$bad"

# Handlers and operations must be the same.
make_plugin extra 1.0.0
sed -i 's/{ "say_hello", say_hello }/&, { "nobody", say_hello }/' \
    "$dir/extra.c"
build_plugin "$dir" extra
expect "a handler without operation" 6 \
    'handler "nobody" has no operation in openapi.json; add it' install "$dir"
document lacking 1.0.0 "\"/\": { \"get\": { $hello } },
    \"/b\": { \"get\": { \"operationId\": \"nobody\", $answer } }"
expect "an operation without handler" 6 \
    'operation "nobody" has no handler; add it' install "$dir"

# What an update may not break.
query() { # MORE
	echo "\"parameters\": [ { \"name\": \"n\", \"in\": \"query\",
	    \"schema\": { \"type\": [\"integer\", \"null\"] }$1 } ],"
}
old="\"/\": { \"get\": { $(query '') $hello } }"
new="\"/\": { \"get\": { $(query ', "required": true' |
    sed 's/, "null"//') $hello } }"
document app 1.2.3 "$old"
install "$dir" >/dev/null
document app 1.3.0 "$new"
narrow=$dir
expect "a breaking update" 5 \
    'app 1.3.0 breaks what 1.2.3 promised (2 changes): give it the version 2.0.0, or use --allow-breaking' \
    install update "$narrow"
for words in 'breaking: GET /: the parameter "n" of the query is required' \
    'no longer takes null'; do
	if grep -q -e "$words" "$T/err"; then
		ok "it says: $words"
	else
		not_ok "it says: $words" "$err"
	fi
done
same "the old one is in force" app=1.2.3/enabled "$(in_force)"
expect "install refuses it as well" 5 'breaks what 1.2.3 promised' \
    install "$narrow"
expect "a dry run tells" 5 'breaking: GET /: ' install -n "$narrow"
run install --json "$narrow"
same "JSON has the changes" '2 5 policy false' "$(printf '%s' "$out" |
    jq -r '.data.plugins[0] as $p | "\($p.breaking | length) \(.code) " +
    "\(.error.type) \($p.changed)"')"
expect "a dry run with the operator's yes" 0 'breaking: GET /: ' \
    install -n --allow-breaking "$narrow"
expect "the operator may" 0 'app 1.3.0 updated' \
    install update --allow-breaking "$narrow"
same "and is told" 2 "$(grep -c 'breaking: GET /: ' "$T/err")"
expect "rollback does not ask" 0 'rolled back' install rollback app
expect "nor the way back to it" 0 'rolled back' install rollback app
expect "what is taken more freely" 0 'updated' \
    install "$(document app 1.3.1 "$old"; echo "$dir")"
expect "an older one that is meant" 0 'app 1.3.0' \
    install --version 1.3.0 "$narrow"
expect "another major version" 0 'app 2.0.0 updated' \
    install "$(document app 2.0.0 "\"/b\": { \"get\": { $hello } }"
    echo "$dir")"
run install --json "$(document app 3.0.0 "$new"; echo "$dir")"
same "JSON tells of it too" 'true 1' "$(printf '%s' "$out" |
    jq -r '.data.plugins[0] | "\(.changed) \(.breaking | length)"')"
prefix=/app/b document app 3.1.0 "$new"
expect "another prefix" 5 'the prefix was /app/app and is /app/b now' \
    install "$dir"
unset prefix
document app 3.0.0 "\"/c\": { \"get\": { $hello } }"
expect "--replace asks too" 5 'breaks what 3.0.0 promised' \
    install --replace "$dir"
make_config ', "development": true'
expect "development does not" 0 'updated' install "$dir"
make_config ''

# Below 1.0.0 the minor version is what says so.
document young 0.1.0 "$old"
install "$dir" >/dev/null
expect "a patch may not break" 5 'give it the version 0.2.0' \
    install "$(document young 0.1.1 "$new"; echo "$dir")"
expect "a minor version may" 0 'updated' \
    install "$(document young 0.2.0 "$new"; echo "$dir")"
expect "an option for other verbs" 2 'allow-breaking is for install' \
    install list --allow-breaking

# Schemas in files of their own are part of the document.
parted() { # VERSION TYPE
	components='' document parted "$1" "\"/\": { \"get\": { \"parameters\": [ {
	    \"name\": \"n\", \"in\": \"query\",
	    \"schema\": { \"\$ref\": \"schemas/count.json\" } } ], $hello } }"
	mkdir "$dir/schemas"
	printf '{ "$ref": "types.json#/$defs/N" }' >"$dir/schemas/count.json"
	printf '{ "$defs": { "N": { "type": %s } } }' "$2" \
	    >"$dir/schemas/types.json"
}
parted 1.0.0 '["integer", "null"]'
expect "a plugin with schemas/" 0 'nothing is wrong' install check "$dir"
expect "check of its openapi.json finds them" 0 'nothing is wrong' \
    install check "$dir/openapi.json"
expect "it is installed" 0 'installed' install "$dir"
same "its files are in the store" '{"$defs":{"N":{"type":["integer","null"]}}}' \
    "$(jq -c . "$T"/state/plugins/parted/1.0.0-*/schemas/types.json)"
parted 1.0.1 '"integer"'
expect "a change in schemas/ that breaks" 5 \
    'breaking: GET /: .*no longer takes null' install update "$dir"
parted 1.0.1 '"intege"'
expect "a fault names the file" 6 \
    'schemas/types.json: /$defs/N/type: ' install update "$dir"
expect "check says the same" 6 \
    'schemas/types.json: /$defs/N/type: ' install check "$dir"
echo '{ "a": }' >"$dir/schemas/types.json"
expect "no JSON: file, line and column" 6 \
    'schemas/types.json: line 1, column 8' install update "$dir"
expect "check says it too" 6 'schemas/types.json: line 1, column 8' \
    install check "$dir"
rm "$dir/schemas/types.json"
expect "a file that is missing" 6 \
    'schemas/count.json: /$ref: "types.json#/$defs/N" leads out of' \
    install update "$dir"
parted 1.0.2 '["integer", "null", "boolean"]'
expect "what takes more may come" 0 'updated' install update "$dir"
