# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154
# What a plugin asks for, what the operator says to it, and what is served.

row() { snapshot ".plugins[] | select(.name == \"$1\") | $2"; }
row_is() { [ "$(row "$1" "$2")" = "$3" ]; }
json() { # WHAT FILTER COMMAND...
	what=$1 filter=$2
	shift 2
	run "$@"
	if printf '%s' "$out" | jq -e "$filter" >/dev/null; then
		ok "$what"
	else
		not_ok "$what: $filter" "$out"
	fi
}

permissions='"database", "http:api.example.org"'
extra=', "isolation": "inprocess", "limits": { "cpu_ms": 200, "rate": 9 },
    "require": [ "seccomp" ],
    "events": { "shop.paid": "say_hello", "asks.done": "say_hello" }'
make_plugin asks 1.0.0
one=$dir
permissions='"database", "cache"' make_plugin asks 1.1.0
two=$dir
permissions='"cache"' make_plugin asks 1.2.0
three=$dir
unset permissions extra
make_plugin plain 1.0.0
plain=$dir

# Nothing is given without a yes, and nothing is asked of who asks nothing.
expect "what asks nothing needs no yes" 0 'installed' install "$plain"
expect "what asks needs one" 5 'say yes' install "$one"
expect "all is listed" 5 'inside of the server itself (inprocess), keep tables of its own in MariaDB (database), send requests to api.example.org (http:api.example.org), hear the event shop.paid of other plugins (hears:shop.paid): say yes' \
    install "$one"
same "it is not installed" plain=1.0.0/enabled "$(in_force)"
json "as JSON" '.ok == false and .code == 5 and
    (.data.plugins[0].asks | .inprocess and .author == "xcore" and
    .level == "inprocess" and [.permissions[].permission] ==
    ["database", "http:api.example.org", "hears:shop.paid"])' install --json "$one"
permissions='"database", "cache", "http:one.example.org",
    "http:two.example.org", "http:three.example.org", "http:four.example.org",
    "http:five.example.org", "http:six.example.org"' make_plugin greedy 1.0.0
expect "of much the remedy is said too" 5 ' and [0-9] more: say yes' install "$dir"

# What this host cannot meet is refused, and said.
extra=', "require": [ "landlock" ]' make_plugin walled 1.0.0
expect "a layer that is not here" 6 'landlock.*xcorectl doctor' \
    "$build/tests/sandbox/without" landlock \
    "$XCORE_INSTALL" --config "$T/xcore.json" install "$dir"
same "it is not installed either" plain=1.0.0/enabled "$(in_force)"

expect "a dry run tells" 0 'asks to' install --dry-run "$one"
json "a dry run tells as JSON" '.ok and .data.plugins[0].asks.inprocess' \
    install --dry-run --json "$one"
same "and gives nothing" plain=1.0.0/enabled "$(in_force)"

# At a terminal a person is asked.
at_terminal() { # ANSWER FOLDER
	printf '%s\n' "$1" | script -qec "'$XCORE_INSTALL' \
	    --config '$T/xcore.json' install '$2'" /dev/null
}
if command -v script >/dev/null; then
	expect "a person is asked" 5 'Allow it?' at_terminal n "$one"
	same "by name and author" 1 "$(printf '%s' "$out" | grep -c \
	    'asks 1.0.0 by xcore, at level inprocess, asks to')"
	same "for each thing" 4 "$(printf '%s' "$out" | tr -d '\r' | grep -c \
	    '^  .* (\(inprocess\|database\|http:api.example.org\|hears:shop.paid\))$')"
	expect "no answer is a no" 5 'say yes' at_terminal '' "$one"
	expect "yes is a yes" 0 'asks 1.0.0 installed' at_terminal y "$one"
	install remove asks >/dev/null
fi

start_follower
await "the first snapshot" has_generation "$(generation)"
expect "with a yes" 0 'installed' install --yes --wait "$one"
same "level" inprocess "$(row asks .isolation)"
same "limits: its own, then the configuration's" \
    '200 9 30000 128 32 8 8192' "$(row asks '.limits | "\(.cpu_ms) \(.rate) \(.timeout_ms) \(.memory_mb) \(.files) \(.threads) \(.reply_kb)"')"
same "permissions" 'database http:api.example.org' \
    "$(row asks '.permissions | join(" ")')"
same "required layers" seccomp "$(row asks '.require | join(" ")')"
same "events" 'asks.done shop.paid say_hello' \
    "$(row asks '(.events | keys | join(" ")) + " " + .events["shop.paid"]')"
same "what says nothing" 'pool 10000 0' "$(row plain \
    '"\(.isolation) \(.limits.cpu_ms) \(.permissions | length)"')"
expect "once more needs none" 0 'already installed' install "$one"
expect "list shows the level" 0 'asks  *1.0.0  *enabled  *inprocess' \
    install list
expect "info says whose word it is" 0 'level  *inprocess: its plugin.json' \
    install info asks
expect "info shows what was accepted" 0 \
    'accepted  *database http:api.example.org hears:shop.paid$' install info asks

# An update asks for what is new, and a rollback for nothing.
expect "an update asks for what is new only" 5 \
    '1.1.0 by xcore asks to keep values of its own in Memcached (cache): say' \
    install update "$two"
expect "with a yes it comes in" 0 'updated' install update --yes --wait "$two"
same "its permissions" 'database cache' \
    "$(row asks '.permissions | join(" ")')"
expect "less is not asked" 0 'updated' install update --wait "$three"
same "less is given" cache "$(row asks '.permissions | join(" ")')"
expect "back asks nothing" 0 'rolled back' install rollback --wait asks
same "and has its own again" 'database cache' \
    "$(row asks '.permissions | join(" ")')"

# A row without the yes: nothing of it is given.
ask "UPDATE xc_plugin SET accepted_permissions = '[\"cache\"]',
    accepted_isolation = NULL WHERE name = 'asks'"
ask "UPDATE xc_generation SET generation = generation + 1"
await "not accepted, not given" row_is asks '.permissions | join(" ")' cache
same "nor the level" pool "$(row asks .isolation)"
same "nor what others say, but its own" asks.done \
    "$(row asks '.events | keys | join(" ")')"
expect "info says so" 0 'which was not accepted' install info asks
expect "and what" 0 \
    'accepted  *database (not) cache hears:shop.paid (not)$' install info asks
expect "enable asks" 5 'asks to' install enable asks
expect "enable with a yes gives it" 0 'asks 1.1.0 changed' \
    install enable --yes --wait asks
same "the level is back" inprocess "$(row asks .isolation)"
same "and the event" say_hello "$(row asks '.events["shop.paid"]')"

# The operator's own word.
expect "another level" 0 'changed' \
    install enable --wait --isolation request asks
same "it holds" request "$(row asks .isolation)"
expect "and is shown" 0 'request: set here' install info asks
expect "no such level" 2 'inprocess, pool, request or manifest' \
    install enable --isolation jail asks
expect "it stays with an update" 0 'updated' install update --wait "$three"
same "so it does" request "$(row asks .isolation)"
expect "taken back" 0 'changed' \
    install enable --wait --isolation manifest asks
same "the manifest's again" inprocess "$(row asks .isolation)"
expect "already so" 0 'already enabled' \
    install enable --isolation manifest asks
expect "inprocess by the operator's word needs no yes" 0 'changed' \
    install enable --wait --isolation inprocess plain
same "that too" inprocess "$(row plain .isolation)"
expect "install sets it as well" 0 'changed' \
    install --isolation pool --wait "$plain"
same "so it does too" pool "$(row plain .isolation)"

expect "limits" 0 'changed' install enable --wait --limit cpu_ms=70 \
    --limit rate=0 --limit files=12 asks
same "they hold" '70 0 12 30000' "$(row asks \
    '.limits | "\(.cpu_ms) \(.rate) \(.files) \(.timeout_ms)"')"
expect "info marks them" 0 'cpu_ms=70 (set here) timeout_ms=30000 ' \
    install info asks
expect "one is taken back" 0 'changed' \
    install enable --wait --limit cpu_ms=manifest asks
same "the others hold" '200 0 12' "$(row asks \
    '.limits | "\(.cpu_ms) \(.rate) \(.files)"')"
expect "no such limit" 2 'did you mean "cpu_ms"' \
    install enable --limit cpu_m=1 asks
expect "out of its range" 2 'from 1 to 3600000' \
    install enable --limit cpu_ms=0 asks
expect "no number" 2 'whole number' install enable --limit cpu_ms=fast asks
expect "no value" 2 'NAME=NUMBER' install enable --limit cpu_ms asks
expect "for another verb" 2 'are for install' install list --limit files=1
expect "disable has none" 2 'are for install' \
    install disable --isolation pool asks
json "JSON shows it all" '.data.plugin | .level == "inprocess" and
    .level_asked == "inprocess" and .isolation == "" and
    .limits.files == 12 and .operator_limits.files == 12 and
    .permissions.cache and .quarantined == []' install info --json asks

# A level that a host rejects is undone: the one before comes back.
echo 'plain 1.0.0' >"$T/broken"
expect "a rejected level" 8 'as before' \
    install enable --wait --isolation request plain
: >"$T/broken"
same "it is as before" pool "$(ask "SELECT isolation FROM xc_plugin
    WHERE name = 'plain'")"
same "and enabled" 1 "$(ask "SELECT COUNT(*) FROM xc_plugin
    WHERE name = 'plain' AND state = 'enabled'")"
stop_follower

# Bad rows are no yes.
ask "UPDATE xc_plugin SET accepted_permissions = '{', limits = '[1]',
    isolation = 'jail' WHERE name = 'asks'"
ask "UPDATE xc_generation SET generation = generation + 1"
start_follower
await "edited rows give nothing" row_is asks '.permissions | length' 0
same "nor another level" inprocess "$(row asks .isolation)"
same "nor limits" 200 "$(row asks .limits.cpu_ms)"
stop_follower
same "the follower ends in order" 0 "$code"

# A registry of before: what is installed then was accepted.
ask "UPDATE xc_plugin SET isolation = NULL WHERE name = 'asks'"
ask "UPDATE xc_package SET manifest = '{\"name' WHERE name = 'plain'"
expect "the registry of before" 0 '3 migrations undone' \
    migrate "$SQL_FOLDER" down 3
expect "is told" 1 'of an older xcore.*xcorectl migrate up' install list
expect "brought up to date" 0 '3 migrations applied' migrate "$SQL_FOLDER" up
same "what it has was accepted" '["cache"]/inprocess' "$(ask "SELECT
    CONCAT(accepted_permissions, '/', accepted_isolation) FROM xc_plugin
    WHERE name = 'asks'")"
same "and nothing of a damaged one" NULL "$(ask "SELECT
    accepted_permissions FROM xc_plugin WHERE name = 'plain'")"
expect "list" 0 'asks  *1.2.0  *enabled  *inprocess' install list
