# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154
# Every verb, well and badly used.

make_plugin hello 1.0.0
H1=$dir
word=hallo make_plugin hello 1.1.0
H2=$dir

expect "no verb" 2 'say what to do' install
expect "an option that is none" 2 'no option --wurst' install list --wurst
expect "an option without its value" 2 'needs a value' install --timeout
expect "a bad time" 2 'takes seconds' install list --timeout soon
expect "too many operands" 2 'does not take' install list hello
expect "an option for another verb" 2 'purge is for' install list --purge
expect "help" 0 'exit codes' install --help
for verb in install list status info enable disable reload update rollback remove \
    verify gc pack build check new; do
	expect "help of $verb" 0 "usage: xcore-install.*$verb" \
	    install "$verb" --help
	expect "example of $verb" 0 'example' install -h "$verb"
done
expect "version" 0 'xcore-install [0-9]' "$XCORE_INSTALL" -V
expect "configuration that is none" 1 'error' "$XCORE_INSTALL" list \
    --config "$T/nowhere.json"

expect "an empty list" 0 'no plugin is installed' install list
expect "verify of nothing" 0 '' install verify
expect "a dry run" 0 'hello 1.0.0 can be installed' install --dry-run "$H1"
same "a dry run changes nothing" NULL "$(in_force)"
same "a dry run leaves no folder" "" "$(ls "$T/state/plugins" 2>/dev/null)"
expect "a folder" 0 'hello 1.0.0 installed (generation 2)' install "$H1"
same "it is in force" hello=1.0.0/enabled "$(in_force)"
expect "once more" 0 'already installed' install install "$H1"
same "nothing changed" 2 "$(generation)"
expect "list" 0 'hello  *1.0.0  *enabled  *pool  */app/hello' install list
expect "status" 0 'generation 2' install status
expect "status of one" 0 'hello' install status hello
expect "status of none" 3 'not installed' install status nobody
expect "info" 0 'install  *1.0.0' install info hello
expect "info of a folder" 0 'openapi.json' install info "$H1"
expect "info of none" 3 'not installed' install info nobody

expect "update of none" 3 'not installed' install update \
    "$(prefix='' make_plugin other 1.0.0; echo "$dir")"
expect "update" 0 'hello 1.1.0 updated' install update "$H2"
same "the new version" hello=1.1.0/enabled "$(in_force)"
expect "a downgrade" 4 'older than the installed' install "$H1"
expect "a downgrade that is meant" 0 'hello 1.0.0' install --version 1.0.0 "$H1"
expect "a version that is not there" 3 '9.9.9' install --version 9.9.9 hello
expect "by name and version" 0 'hello 1.1.0' install hello --version 1.1.0
expect "rollback" 0 'hello 1.0.0 rolled back' install rollback hello
same "the version before" hello=1.0.0/enabled "$(in_force)"
expect "rollback again" 0 'hello 1.1.0 rolled back' install rollback hello
expect "rollback of none" 3 'not installed' install rollback nobody
expect "rollback to a version that is not before" 3 'use' \
    install rollback hello --version 7.0.0

before=$(generation)
expect "reload" 0 'hello 1.1.0 reloaded' install reload hello
same "another generation" $((before + 1)) "$(generation)"
expect "reload for somebody" 0 'reloaded' env XCORE_ON_BEHALF_OF=ana \
    "$XCORE_INSTALL" --config "$T/xcore.json" reload hello
expect "who asked for it" 0 'reload .*ana by .*@' install info hello
expect "reload for nobody" 0 'reloaded' env 'XCORE_ON_BEHALF_OF=Ana B' \
    "$XCORE_INSTALL" --config "$T/xcore.json" reload hello
same "who is no user" 1 "$(ask "SELECT COUNT(*) FROM xc_plugin_history
    WHERE changed_by LIKE '%ana by%' AND action = 'reload'")"
expect "reload of none" 3 'not installed' install reload nobody
expect "disable" 0 'disabled' install disable hello
expect "reload of a disabled one" 4 'not enabled' install reload hello
expect "disable again" 0 'already disabled' install disable hello
same "it is disabled" hello=1.1.0/disabled "$(in_force)"
word=huhu make_plugin hello 1.2.0
expect "update of a disabled one" 0 'updated' install update "$dir"
same "it stays disabled" hello=1.2.0/disabled "$(in_force)"
expect "enable" 0 'enabled' install enable hello
expect "enable again" 0 'already enabled' install enable hello
expect "enable none" 3 'not installed' install enable nobody
expect "disable none" 3 'not installed' install disable nobody

expect "verify" 0 'hello  *1.2.0  *registry  *ok' install verify
expect "verify of none" 3 'not installed' install verify nobody

word=other make_plugin hello 1.2.0
expect "the same version with other files" 4 'use --replace' install "$dir"
expect "replace" 0 'updated' install "$dir" --replace

expect "pack" 0 'hello.xcp' install pack "$H1" -o "$T/hello.xcp"
expect "a package" 0 'already\|hello 1.0.0' \
    install --version 1.0.0 "$T/hello.xcp"
(cd "$T" && install pack "$H2" >/dev/null)
same "the name of a package" yes \
    "$([ -f "$T/hello-1.1.0.xcp" ] && echo yes)"
expect "pack of nothing" 3 '' install pack "$T/nothing"
head -c 100 "$T/hello.xcp" >"$T/cut.xcp"
expect "a package that is cut" 6 '' install "$T/cut.xcp"
expect "what is not there" 3 'there is no' install "$T/none.xcp"
expect "a name that is nowhere" 3 'not in the registry' install nobody

expect "gc, dry" 0 'would remove 1 packages' install gc --dry-run
expect "gc" 0 'removed 1 packages' install gc
expect "gc again" 0 'removed 0 packages' install gc
expect "after gc" 0 'ok' install verify

expect "remove" 0 'removed' install remove hello
same "nothing is in force" NULL "$(in_force)"
expect "remove again" 3 'not installed' install remove hello
expect "what was removed, by its name" 0 'installed' install hello
expect "a purge without a yes" 1 'needs a yes' install remove --purge hello
same "it is still there" hello "$(ask 'SELECT name FROM xc_plugin')"
expect "a purge, dry" 0 '' install remove --purge --dry-run hello
same "it is there after that" hello "$(ask 'SELECT name FROM xc_plugin')"
expect "a purge" 0 'purged' install remove --purge --yes hello
same "no package is left" 0 "$(ask 'SELECT COUNT(*) FROM xc_package')"
same "no chunk is left" 0 "$(ask 'SELECT COUNT(*) FROM xc_package_chunk')"
expect "a purge of nothing" 3 'not installed' \
    install remove --purge --yes hello
expect "two operands" 0 'hello 1.0.0 installed' install "$H1" \
    "$T/src/other-1.0.0"
expect "one good, one bad" 3 'nobody' install "$H1" nobody
expect "remove two" 0 'other 1.0.0 removed' install remove hello other

# One JSON object, whatever comes.
json() { # WHAT FILTER COMMAND...
	what=$1 filter=$2
	shift 2
	run "$@"
	if printf '%s' "$out" | jq -se "length == 1 and (.[0] | ($filter) and
	    .code == $code and .ok == ($code == 0))" >/dev/null; then
		ok "JSON: $what"
	else
		not_ok "JSON: $what" "$out$err"
	fi
}
json "install" '.data.plugins[0] | .name == "hello" and .changed and
    .generation > 1' install --json "$H1"
json "list" '.data.plugins[0].state == "enabled"' install list --json
json "status" '.data.hosts == [] and .data.generation > 1' \
    install --json status
json "info" '.data.history[0].action == "install" and
    .data.manifest.name == "hello"' install info hello --json
json "verify" '.data.checks | length == 2' install verify --json
json "gc" '.data.packages == 0' install gc --json
json "not found" '.error.type == "not-found" and
    (.error.detail | test("nobody")) and (.error.title | length > 0)' \
    install --json enable nobody
json "usage" '.error.type == "usage"' install --json --wurst
json "no configuration" '.error.type == "failed"' \
    "$XCORE_INSTALL" --json list --config /nowhere/x.json
json "dry run" '.data.plugins[0].changed == false' \
    install --json -n "$H2"
json "remove" '.data.plugins[0].message == "removed"' \
    install remove hello --json
