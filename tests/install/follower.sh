# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154
# The follower, with a manager of the tests' own.

: >"$T/broken"
: >"$T/follower.log"

make_plugin hello 1.0.0
one=$dir
word=2 make_plugin hello 1.1.0
two=$dir

start_follower
await "the first snapshot" has_generation 1
same "nothing in it" 0 "$(snapshot '.plugins | length')"
same "a file of its own" 1-1.json \
    "$(readlink "$T/state/snapshot/current.json")"
same "its last line is its sum" "sha256 $(head -n -1 \
    "$T/state/snapshot/current.json" | sha256sum | cut -d' ' -f1)" \
    "$(tail -n 1 "$T/state/snapshot/current.json")"
await "a host's row" applied 1
expect "install, waiting" 0 'hello 1.0.0 installed' install --wait "$one"
same "it is served when that returns" 0 \
    "$(serves hello 1.0.0/enabled; echo $?)"
same "the operations" 'GET / say_hello' "$(snapshot \
    '.plugins[0].operations[0] | .method + " " + .path + " " + .id')"
same "the object" "$(sha256sum "$one/hello.so" | cut -d' ' -f1)" \
    "$(snapshot '.plugins[0].so_hash')"
same "the schema" xcore_hello "$(snapshot '.plugins[0].schema')"
expect "update, waiting" 0 'hello 1.1.0 updated' \
    install update --wait "$two"
await "served" serves hello 1.1.0/enabled
expect "status" 0 '1 *2 *0\|HOST' install status
expect "disable, waiting" 0 'disabled' install disable --wait hello
await "disabled" serves hello 1.1.0/disabled
expect "enable, waiting" 0 'enabled' install enable --wait hello
expect "rollback, waiting" 0 'rolled back' install rollback --wait hello
await "the version before" serves hello 1.0.0/enabled

# A version that the workers reject: the installer goes back.
word=3 make_plugin hello 1.2.0
echo 'hello 1.2.0' >"$T/broken"
expect "a version that workers reject" 8 'start() failed in a worker' \
    install --wait "$dir"
same "the registry is back" hello=1.0.0/enabled "$(in_force)"
await "and the host" serves hello 1.0.0/enabled
same "the history says why" 1 "$(ask "SELECT COUNT(*) FROM
    xc_plugin_history WHERE action = 'rollback' AND detail LIKE
    '%start() failed%'")"
echo 'fresh 1.0.0' >"$T/broken"
make_plugin fresh 1.0.0
expect "a first version that workers reject" 6 'fresh is disabled' \
    install --wait "$dir"
same "is disabled" disabled \
    "$(ask "SELECT state FROM xc_plugin WHERE name = 'fresh'")"
: >"$T/broken"
expect "not sticky: mended, it comes in" 0 'enabled' \
    install enable --wait fresh

# A version that crashed a worker: this host goes back by itself.
install --wait "$two" >/dev/null
hash=$(ask "SELECT hash FROM xc_package WHERE name = 'hello' AND
    version = '1.1.0'")
tell "{\"event\":\"reject\",\"name\":\"hello\",\"version\":\"1.1.0\",\"hash\":\"$hash\",\"reason\":\"SIGSEGV in worker 1\"}"
await "a crash puts the version before back" serves hello 1.0.0/enabled
await "and is reported" rejects 'SIGSEGV in worker 1'
expect "and shown" 0 'rejects hello 1.1.0: SIGSEGV' install status
install disable fresh >/dev/null
await "another change does not bring it back" serves fresh 1.0.0/disabled
same "it is still away" 0 "$(serves hello 1.0.0/enabled; echo $?)"
tell '{"event":"retry"}'
await "a retry brings it back" serves hello 1.1.0/enabled

# One version fails its trial here, the next crashes a worker: what served
# last is neither, nor the registry's previous one.
word=a make_plugin steps 1.0.0
install --wait "$dir" >/dev/null
word=b make_plugin steps 1.1.0
echo 'steps 1.1.0' >"$T/broken"
install "$dir" >/dev/null
await "workers reject a version" rejects 'steps.*start() failed'
word=c make_plugin steps 1.2.0
: >"$T/broken"
: >"$T/broken.hold"
install "$dir" >/dev/null
await "the next one comes" serves steps 1.2.0/enabled
hash=$(ask "SELECT hash FROM xc_package WHERE name = 'steps' AND
    version = '1.2.0'")
tell "{\"event\":\"reject\",\"name\":\"steps\",\"version\":\"1.2.0\",\"hash\":\"$hash\",\"reason\":\"SIGBUS\"}"
await "it crashes one" rejects SIGBUS
rm "$T/broken.hold"
await "the version that served comes back" serves steps 1.0.0/enabled
install remove --wait steps >/dev/null

tell '{"event":"poke"}'
await "a poke is answered" said '"event":"registry","reachable":true'
tell 'this is no JSON'
tell '{"event":"unknown"}'

# The store behind our back.
gen=$(generation)
folder=$(snapshot '.plugins[] | select(.name == "hello") | .dir')
chmod -R u+w "$folder"
echo x >>"$folder/hello.so"
install disable fresh >/dev/null
install enable --wait fresh >/dev/null
expect "a damaged folder is restored at a new generation" 0 'store *ok' \
    install verify hello
rm -rf "$folder"
install disable --wait fresh >/dev/null
expect "a folder that is gone too" 0 'store *ok' install verify hello

# A package row that is damaged.
ask "CREATE TABLE keep_chunk AS SELECT * FROM xc_package_chunk"
word=4 make_plugin hello 1.3.0
broken=$dir
stop_follower
same "it ends with its manager" 0 "$code"
same "and leaves no row" 0 "$(ask 'SELECT COUNT(*) FROM xc_host')"
install "$broken" >/dev/null
rm -rf "$T"/state/plugins/hello/1.3.0-*
ask "UPDATE xc_package_chunk SET data = REVERSE(data) WHERE package_id =
    (SELECT id FROM xc_package WHERE version = '1.3.0')"
start_follower
await "a damaged package is refused" rejects 'is damaged'
same "what it had stays" 0 "$(serves hello 1.1.0/enabled; echo $?)"
expect "installed again" 0 'hello 1.3.0' install --wait "$broken"
await "it serves" serves hello 1.3.0/enabled

# Rows edited by hand: that plugin, and the others go on.
ask "UPDATE xc_plugin SET state = 'dunno' WHERE name = 'fresh';
    UPDATE xc_generation SET generation = generation + 1"
await "an unknown state is failed with a reason" rejects 'dunno'
same "the other goes on" 0 "$(serves hello 1.3.0/enabled; echo $?)"
ask "UPDATE xc_plugin SET state = 'enabled' WHERE name = 'fresh';
    INSERT INTO xc_plugin (name, package_id, state, changed_at, changed_by)
    VALUES ('ghost', 4711, 'enabled', UTC_TIMESTAMP(3), 'x'),
    ('../up', 1, 'enabled', UTC_TIMESTAMP(3), 'x');
    UPDATE xc_generation SET generation = generation + 1"
await "a row that points nowhere" rejects '4711'
await "is failed" serves ghost /failed
same "with its prefix" /app/ghost \
    "$(snapshot '.plugins[] | select(.name == "ghost").prefix')"
ask "DELETE FROM xc_plugin WHERE name IN ('ghost', '../up');
    UPDATE xc_generation SET generation = generation + 1"
await "and gone with its row" has_generation "$(generation)"

# MariaDB goes and comes.
gen=$(snapshot .generation)
stop_db
await "MariaDB's end is told" said '"reachable":false'
same "the snapshot stays" "$gen" "$(snapshot .generation)"
tell '{"event":"poke"}'
stop_follower
start_follower
await "a start without MariaDB" said '"reachable":false'
same "serves the snapshot" "$gen" "$(snapshot .generation)"
same "told once" 1 "$(grep -c '"reachable":false' "$T/said")"
start_db
await "MariaDB's return is told" said '"reachable":true'
expect "and all goes on" 0 'disabled' install disable --wait fresh

# The snapshot is damaged: an older one, then the registry again.
stop_follower
stop_db
current=$T/state/snapshot/$(readlink "$T/state/snapshot/current.json")
older=$(find "$T/state/snapshot" -regex '.*/[0-9]+-[0-9]+\.json' -printf '%T@ %p\n' |
    sort -rn | sed -n '2s/^[^ ]* //p')
chmod u+w "$current"
sed -i '1s/hello/hallo/' "$current"
start_follower
await "a damaged snapshot is known" grep -q damaged "$T/follower.log"
await "an older one serves" said "$(basename "$older")"
start_db
await "and the registry's when it is back" has_generation "$(generation)"
same "at most five are kept" 5 \
    "$(find "$T/state/snapshot" -regex '.*/[0-9]+-[0-9]+\.json' | wc -l)"
same "each with its two documents" 10 \
    "$(find "$T/state/snapshot" -name '*.openapi3[01].json' | wc -l)"
stop_follower
rm -rf "$T/state/snapshot" "$T/state/plugins" "$T/state/trials"
start_follower
await "all is fetched anew" serves hello 1.3.0/enabled
expect "and whole" 0 'hello *1.3.0 *store *ok' install verify hello

# Killed, the one after it hears anew what is served.
pid=$(jq -r 'select(.event == "pid").pid' "$T/said" | head -n 1)
kill -KILL "$pid"
wait "$follower_pid" || :
exec 9>&-
same "a row is left by a kill" 1 "$(ask 'SELECT COUNT(*) FROM xc_host')"
start_follower
await "the manager is asked again" said '"event":"snapshot"'
expect "and tells" 0 'already' install --wait "$broken"

# Two hosts, of which one rejects: the installer waits for both.
mkdir -p "$T/state2"
jq --arg s "$T/state2" '.server.state_dir = $s' "$T/xcore.json" \
    >"$T/xcore2.json"
mkfifo "$T/to2"
"$FOLLOWER_TOOL" "$T/xcore2.json" "$T/broken2" <"$T/to2" >"$T/said2" \
    2>>"$T/follower.log" 9>&- &
second_pid=$!
exec 8>"$T/to2"
await "a second host" test -e "$T/state2/snapshot/current.json"
word=5 make_plugin hello 2.0.0
echo 'hello 2.0.0' >"$T/broken2"
expect "one of two hosts rejects" 8 'rejects hello 2.0.0' \
    install --wait "$dir"
await "both are back" serves hello 1.3.0/enabled
: >"$T/broken2"
word=6 make_plugin hello 2.0.1
expect "both serve" 0 'updated' install --wait "$dir"
same "on both" "$(generation) $(generation)" \
    "$(ask 'SELECT MIN(applied), MAX(applied) FROM xc_host' |
    tr '\t' ' ')"

# A host that hangs.
hung=$(jq -r 'select(.event == "pid").pid' "$T/said2" | head -n 1)
kill -STOP "$hung"
expect "a host that does not follow in time" 7 'has not applied' \
    install disable --wait --timeout 0.5 hello
kill -CONT "$hung"
exec 8>&-
wait "$second_pid" || :
second_pid=

# A settings change of the operator comes with the snapshot.
stop_follower
extra=', "config": { "type": "object", "properties": { "greeting":
    { "type": "string", "default": "hi" }, "n": { "type": "integer",
    "default": 3 } } }' make_plugin tuned 1.0.0
start_follower
expect "with settings" 0 'installed' install --wait "$dir"
same "merged" 'moin 3' "$(snapshot '.plugins[] |
    select(.name == "tuned").config | .greeting + " " + (.n | tostring)')"

# It ends on SIGTERM too.
pid=$(jq -r 'select(.event == "pid").pid' "$T/said" | head -n 1)
kill -TERM "$pid"
code=0
wait "$follower_pid" || code=$?
follower_pid=
exec 9>&-
same "SIGTERM ends it in order" 0 "$code"
same "no row is left" 0 "$(ask "SELECT COUNT(*) FROM xc_host WHERE pid = $pid")"
