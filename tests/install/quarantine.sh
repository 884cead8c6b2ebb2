# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154
# A version that failed too often is taken off; and safe mode.

row() { snapshot ".plugins[] | select(.name == \"$1\") | $2"; }
fault() { # NAME VERSION REASON: as the manager says it
	tell "{\"event\":\"quarantine\",\"name\":\"$1\",\"version\":\"$2\",\
\"hash\":\"$(row "$1" .hash)\",\"reason\":\"$3\"}"
}
state() { ask "SELECT state FROM xc_plugin WHERE name = '$1'"; }
is_state() { [ "$(state "$1")" = "$2" ]; }
marked() { ask "SELECT GROUP_CONCAT(version ORDER BY version) FROM xc_package
    WHERE quarantined_at IS NOT NULL"; }
is_untold() { [ "$(snapshot '[.untold[].name] | join(" ")')" = "$1" ]; }
urgent() { grep -q '"urgent":1' "$T/said"; }

make_plugin shaky 1.0.0
one=$dir
word=2 make_plugin shaky 1.1.0
two=$dir
word=3 make_plugin shaky 1.2.0
three=$dir
extra=', "isolation": "inprocess"'
make_plugin inner 1.0.0
inner=$dir
unset extra

start_follower
await "the first snapshot" has_generation 1
expect "install" 0 'installed' install --wait "$one"

# Nothing to go back to.
fault shaky 1.0.0 "5 faults within 60 s, the last: crash"
await "it is quarantined" serves shaky 1.0.0/quarantined
await "in the registry too" is_state shaky quarantined
same "at once on this host" 0 "$(urgent; echo $?)"
same "with the reason" '5 faults within 60 s, the last: crash' \
    "$(row shaky .reason)"
same "the version is marked" 1.0.0 "$(marked)"
same "the snapshot lists it" 'shaky 1.0.0' \
    "$(snapshot '.quarantined[] | .name + " " + .version')"
same "the history tells" '1.0.0: 5 faults within 60 s, the last: crash' \
    "$(ask "SELECT detail FROM xc_plugin_history
    WHERE action = 'quarantine'")"
expect "list shows it" 0 'shaky  *1.0.0  *quarantined' install list
expect "with the reason" 0 '1.0.0 is quarantined since 20.*the last: crash' \
    install list
expect "info too" 0 'quarantined  *1.0.0 since 20.* by .*@.*: 5 faults' \
    install info shaky
expect "the same version does not lift it by an update" 0 \
    'already installed' install update "$one"
same "so it stays" quarantined "$(state shaky)"
await "the follower has settled" has_generation 3
fault shaky 1.0.0 "again"
expect "enable lifts it" 0 'enabled' install enable --wait shaky
await "it is served" serves shaky 1.0.0/enabled
same "nothing is marked" NULL "$(marked)"

# The version before comes back.
expect "update" 0 'updated' install update --wait "$two"
fault shaky 1.1.0 "it hangs"
await "back" serves shaky 1.0.0/enabled
same "in the registry too" 'shaky=1.0.0/enabled' "$(in_force)"
same "the bad one is marked" 1.1.0 "$(marked)"
expect "list tells" 0 '1.1.0 is quarantined since' install list
fault shaky 1.0.0 "it hangs as well"
await "a quarantined one is not gone back to" is_state shaky quarantined
same "both are marked" 1.0.0,1.1.0 "$(marked)"
expect "an update serves again" 0 'updated' install update --wait "$three"
await "the new one" serves shaky 1.2.0/enabled
expect "enable with a quarantined one before" 0 'lifted\|changed' \
    install enable --wait shaky
same "lifts that one" 1.1.0 "$(marked)"
fault shaky 1.2.0 "no"
await "back to the one whose quarantine was lifted" \
    serves shaky 1.0.0/enabled
expect "a rollback warns" 0 'is quarantined since 20.*lifts that' \
    install rollback --dry-run shaky
expect "a rollback is a word too" 0 'rolled back' \
    install rollback --wait shaky
same "what it brings is not marked any more" 1.1.0 "$(marked)"

# Of two of the same number the hash says which is meant.
word=7 make_plugin twin 1.0.0
install --wait "$dir" >/dev/null
word=8 make_plugin twin 1.0.0
expect "the same version again" 0 'updated' install --wait --replace "$dir"
bad=$(row twin .hash | cut -c 1-12)
fault twin 1.0.0 "it hangs"
is_back() { [ "$(row twin .hash | cut -c 1-12)" != "$bad" ]; }
await "the one before is back" is_back
expect "list names the bad one" 0 "1.0.0 ($bad) is quarantined" install list
expect "info too" 0 "quarantined  *1.0.0 ($bad) since" install info twin
install remove --wait --purge --yes twin >/dev/null

# Told of a version that is not in force, or twice: nothing.
before=$(generation)
tell '{"event":"quarantine","name":"shaky","version":"1.0.0","hash":"00","reason":"x"}'
tell '{"event":"quarantine","name":"nobody","version":"1.0.0","hash":"00","reason":"x"}'
tell '{"event":"quarantine"}'
tell '{"event":"poke"}'
same "nothing changes" "$before" "$(generation)"

# Demoted instead.
expect "an in-process one" 0 'installed' install --yes --wait "$inner"
same "runs in the server" inprocess "$(row inner .isolation)"
stop_follower
make_config ''
sed -i 's/"plugins": {/"quarantine": { "demote": true },\n  &/' "$T/xcore.json"
start_follower
is_pool() { [ "$(row "$1" .isolation)" = pool ]; }
is_chosen() { [ "$(ask "SELECT isolation FROM xc_plugin
    WHERE name = '$1'")" = pool ]; }
fault inner 1.0.0 "crash"
await "it goes on in a sandbox" is_pool inner
await "in the registry too" is_chosen inner
same "it is served" 0 "$(serves inner 1.0.0/enabled; echo $?)"
same "the history tells" 1 "$(ask "SELECT COUNT(*) FROM xc_plugin_history
    WHERE action = 'demote' AND detail = '1.0.0: crash'")"
fault inner 1.0.0 "crash again"
await "there it is quarantined" is_state inner quarantined
expect "and comes back to its own level" 0 'enabled' \
    install enable --wait --isolation manifest inner
same "as it was" inprocess "$(row inner .isolation)"

# Two hosts say it at once: one of them does it.
cat "$T/said" >>"$T/follower.log"
before=$(generation)
fault shaky 1.2.0 "a"
fault shaky 1.2.0 "b"
await "one of two does it" serves shaky 1.0.0/enabled
tell '{"event":"poke"}'
same "once" $((before + 1)) "$(generation)"
install rollback --wait shaky >/dev/null

# MariaDB is away: this host acts, and tells it later, even after a restart.
version=$(row shaky .version)
stop_db
fault shaky "$version" "away"
await "back on this host" serves shaky 1.0.0/enabled
fault inner 1.0.0 "away too"
await "demoted on this host" is_pool inner
same "what is untold is kept" 'inner shaky' \
    "$(snapshot '[.untold[].name] | sort | join(" ")')"
stop_follower
same "it ends in order" 0 "$code"
start_follower
await "after a restart too" said '"reachable":false'
same "it stays off" 0 "$(serves shaky 1.0.0/enabled; echo $?)"
fault shaky 1.0.0 "away as well"
await "nothing is left" serves shaky 1.0.0/quarantined
start_db
await "MariaDB is told" is_state shaky quarantined
await "of the other too" is_chosen inner
await "nothing is untold" [ "$(snapshot '.untold | length')" = 0 ]
expect "enable lifts it" 0 'enabled' install enable --wait shaky
await "it is served" serves shaky "$(ask "SELECT version FROM xc_plugin p
    JOIN xc_package k ON k.id = p.package_id WHERE p.name = 'shaky'")/enabled"

# The same without a restart, while nothing else changes in the registry.
stop_db
fault shaky "$(row shaky .version)" "away again"
await "it is not told yet" is_untold shaky
start_db
await "MariaDB is told by itself" is_untold ""
install enable --wait shaky >/dev/null
stop_follower

# Safe mode: only the core, and nothing of it stays in the registry.
in_registry=$(in_force)
start_follower safe
await "no plugin in safe mode" serves inner 1.0.0/disabled
same "and it says why" 'safe mode' "$(row inner .reason)"
same "the registry has it as before" "$in_registry" "$(in_force)"
word=4 make_plugin late 1.0.0
expect "what is installed then" 0 'installed' install --wait "$dir"
await "is not served either" serves late 1.0.0/disabled
stop_follower
stop_db
start_follower
await "without safe mode it is served, even without MariaDB" \
    serves inner 1.0.0/enabled
stop_follower
start_follower safe
await "and in safe mode it is not" serves inner 1.0.0/disabled
stop_follower
start_db
start_follower
await "all is served again" serves late 1.0.0/enabled
stop_follower
same "that one too" 0 "$code"
make_config ''
