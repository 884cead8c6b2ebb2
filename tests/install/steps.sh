# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154
# Steps of middleware: which are refused, and which are served.

row() { snapshot ".plugins[] | select(.name == \"$1\") | $2"; }
row_is() { [ "$(row "$1" "$2")" = "$3" ]; }
step() { printf '{ "operation": "%s"%s }' "$1" "${2:+, $2}"; }
manifest() { # MEMBERS: those of a plugin that was built, for faults in it
	rm -rf "$T/src/faulty"
	cp -r "$gate" "$T/src/faulty"
	jq "$1" "$gate/plugin.json" >"$T/src/faulty/plugin.json"
	install "$T/src/faulty"
}

handlers='check stamp' permissions='"middleware"' \
    extra=", \"middleware\": [ $(step check '"scope": "site",
    "before": ["auth"]'), $(step stamp '"phase": "reply"') ]" \
    make_plugin gate 1.0.0
gate=$dir
expect "a step of the whole site needs a yes" 5 \
    'see each request of the site, with its headers, and refuse it (middleware): say yes' \
    install "$gate"

# What plugin.json says of them.
expect "no permission for the whole site" 6 \
    '/middleware/0/scope: "site" needs a yes: add "middleware"' \
    manifest '.permissions = []'
expect "each request of the site in a process" 6 \
    '/middleware/0/scope: .*use "pool" or "inprocess"' \
    manifest '.isolation = "request"'
expect "ahead of what is always ahead" 6 \
    '/middleware/0/before: "cors" is ahead of the steps of all plugins' \
    manifest '.middleware[0].before = ["cors"]'
expect "on both sides of authentication" 6 '"auth" stands in "after" too' \
    manifest '.middleware[0].after = ["auth"]'
expect "ahead of itself" 6 '"gate" is this plugin itself' \
    manifest '.middleware[0].before = ["gate"]'
expect "behind itself" 6 '"gate:check" is this step itself' \
    manifest '.middleware[0].after = ["gate:check"]'
expect "behind a step that it has not" 6 '"gate:chekc" is no step' \
    manifest '.middleware[0].after = ["gate:chekc"]'
expect "a word that is nobody's name" 6 \
    '/middleware/0/after/0: is neither a part of the chain' \
    manifest '.middleware[0].after = ["Auth!"]'
expect "a phase that there is not" 6 '/middleware/0/phase' \
    manifest '.middleware[0].phase = "after"'
expect "a scope that there is not" 6 '/middleware/0/scope' \
    manifest '.middleware[0].scope = "all"'
expect "no operation" 6 '/middleware/0/operation: is missing' \
    manifest 'del(.middleware[0].operation)'
expect "one operation twice" 6 '"check" stands there twice' \
    manifest '.middleware[1].operation = "check"'
expect "one that handles an event" 6 '"check" handles an event' \
    manifest '.events = { "gate.done": "check" }'

# What only the whole package tells.
extra=", \"middleware\": [ $(step say_hello) ]" make_plugin path 1.0.0
expect "one that has a path" 6 \
    '/middleware/0/operation: "say_hello" is an operation of openapi.json' \
    install "$dir"
extra=", \"middleware\": [ $(step gone) ]" make_plugin none 1.0.0
expect "one without a handler" 6 'operation "gone" has no handler' \
    install "$dir"
handlers=idle make_plugin idle 1.0.0
expect "a handler that is nobody's" 6 'handler "idle" has no operation' \
    install "$dir"

# And what only the operator's word does.
expect "a process for each request of the site" 6 \
    'is to run at the level "request" (set here .*use "pool" or "inprocess"' \
    install install --yes --isolation request "$gate"
same "nothing of these is installed" NULL "$(in_force)"

start_follower
await "the first snapshot" has_generation "$(generation)"
expect "with a yes" 0 'gate 1.0.0 installed' install --yes --wait "$gate"
same "its steps are in the snapshot" 'check stamp' \
    "$(row gate '[.middleware[].operation] | join(" ")')"
expect "a step of the whole site is told" 0 \
    '^middleware  *check: each request of the site$' install info gate
expect "and one of its own" 0 '^  *stamp: each reply of its own$' \
    install info gate
expect "it cannot be set to that level later" 6 'level "request"' \
    install enable --isolation request gate
same "and goes on" pool "$(row gate .isolation)"

# Rings.
handlers=count extra=", \"middleware\": [ $(step count '"after":
    ["gate"]') ]" make_plugin quota 1.0.0
expect "behind another" 0 'quota 1.0.0 installed' install --wait "$dir"
sed 's/"scope"/"after": ["quota"], "scope"/; s/1\.0\.0/1.1.0/' \
    "$gate/plugin.json" >"$T/gate.json"
cp -r "$gate" "$T/src/gate-1.1.0"
mv "$T/gate.json" "$T/src/gate-1.1.0/plugin.json"
sed 's/1\.0\.0/1.1.0/' "$gate/openapi.json" >"$T/src/gate-1.1.0/openapi.json"
build_plugin "$T/src/gate-1.1.0" gate
ring='authentication before quota:count before gate:check before authentication\|gate:check before authentication before quota:count before gate:check\|quota:count before gate:check before authentication before quota:count\|gate:check before quota:count before gate:check\|quota:count before gate:check before quota:count'
expect "ahead of that and behind it" 4 \
    "would have to be ahead of themselves: \\($ring\\); change" \
    install update "$T/src/gate-1.1.0"
expect "with that disabled" 0 'quota .*disabled' install disable quota
expect "there is no ring" 0 'updated' install update --wait \
    "$T/src/gate-1.1.0"
expect "until it is enabled" 4 'ahead of themselves' install enable quota
same "what stays" 'gate=1.1.0/enabled quota=1.0.0/disabled' \
    "$(in_force | tr '\n' ' ' | sed 's/ $//')"

# Without the yes the whole site is not for it.
ask "UPDATE xc_plugin SET accepted_permissions = '[]' WHERE name = 'gate'"
ask "UPDATE xc_generation SET generation = generation + 1"
await "not accepted, not given" row_is gate \
    '[.middleware[].operation] | join(" ")' stamp
expect "but with it" 0 changed install enable --yes --wait gate
await "it is" row_is gate '[.middleware[].operation] | join(" ")' 'check stamp'

# One that is taken off has them still: nothing is to pass it by.
handlers=look extra=", \"middleware\": [ $(step look) ]" make_plugin lone 1.0.0
expect "a step of its own requests needs no yes" 0 'lone 1.0.0 installed' \
    install --wait "$dir"
await "it is served" serves lone 1.0.0/enabled
tell "{\"event\":\"quarantine\",\"name\":\"lone\",\"version\":\"1.0.0\",\
\"hash\":\"$(row lone .hash)\",\"reason\":\"crash\"}"
await "it is quarantined" serves lone 1.0.0/quarantined
same "its steps are known" look "$(row lone '.middleware[0].operation')"
stop_follower
