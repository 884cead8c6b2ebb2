# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154
# Rows edited by hand, packages and folders that are damaged.

make_plugin hello 1.0.0
hello=$dir
make_plugin other 1.0.0
install "$hello" "$dir" >/dev/null
ask "CREATE TABLE keep_plugin AS SELECT * FROM xc_plugin"
ask "CREATE TABLE keep_package AS SELECT * FROM xc_package"
ask "CREATE TABLE keep_chunk AS SELECT * FROM xc_package_chunk"
restore() {
	ask "DELETE FROM xc_plugin; DELETE FROM xc_package;
	    DELETE FROM xc_package_chunk;
	    INSERT INTO xc_plugin SELECT * FROM keep_plugin;
	    INSERT INTO xc_package SELECT * FROM keep_package;
	    INSERT INTO xc_package_chunk SELECT * FROM keep_chunk"
}
id=$(ask "SELECT package_id FROM xc_plugin WHERE name = 'hello'")

damage() { # WHAT SQL PATTERN
	ask "$2"
	expect "$1: list" 0 "hello .*damaged" install list
	expect "$1: the reason" 0 "$3" install list
	expect "$1: the other goes on" 0 'other .*enabled' install list
	expect "$1: verify" 6 "$3" install verify
	expect "$1: other work goes on" 0 'disabled' install disable other
	[ "$1" = state ] || expect "$1: enable" 6 'install it again' \
	    install enable hello
	expect "$1: install again" 0 'hello 1.0.0' install "$hello"
	expect "$1: it is mended" 0 'hello .*enabled' install list
	expect "$1: verify" 0 'ok' install verify hello
	restore
}
damage "state" "UPDATE xc_plugin SET state = 'on' WHERE name = 'hello'" \
    'neither enabled, disabled nor quarantined'
damage "dangling" "UPDATE xc_plugin SET package_id = 4711
    WHERE name = 'hello'" 'package 4711, which is not there'
damage "foreign" "UPDATE xc_plugin SET package_id = (SELECT id FROM
    xc_package WHERE name = 'other') WHERE name = 'hello'" \
    'which is of other'
damage "manifest" "UPDATE xc_package SET manifest = '{' WHERE id = $id" \
    'manifest in xc_package is damaged'
damage "other manifest" "UPDATE xc_package SET manifest = REPLACE(manifest,
    '\"1.0.0\"', '\"3.0.0\"') WHERE id = $id" 'disagree'
damage "hash" "UPDATE xc_package SET hash = 'abc' WHERE id = $id" \
    'no proper hash'

ask "INSERT INTO xc_plugin (name, package_id, state, changed_at, changed_by)
    VALUES ('../etc', 1, 'enabled', UTC_TIMESTAMP(3), 'x')"
expect "a name that none can have" 0 'no plugin can have' install list
expect "... is not removed by it" 3 '' install remove ../etc
restore

chunk() { # WHAT SQL
	ask "$2"
	expect "$1: verify" 6 'hello 1.0.0 in the registry is damaged' \
	    install verify
	expect "$1: installed by name" 6 'damaged' install install hello
	expect "$1: install again" 0 'hello 1.0.0' install "$hello"
	expect "$1: verify after" 0 'ok' install verify
	restore
}
chunk "a chunk with other bytes" "UPDATE xc_package_chunk SET data =
    INSERT(data, 50, 4, 'oops') WHERE package_id = $id AND seq = 0"
chunk "a chunk that is short" "UPDATE xc_package_chunk SET data =
    LEFT(data, 100) WHERE package_id = $id AND seq = 0"
chunk "a chunk that is long" "UPDATE xc_package_chunk SET data =
    CONCAT(data, data) WHERE package_id = $id AND seq = 0"
chunk "a chunk that is gone" \
    "DELETE FROM xc_package_chunk WHERE package_id = $id"
chunk "another's hash" "UPDATE xc_package SET hash = SHA2('x', 256)
    WHERE id = $id"
chunk "a size that is wrong" "UPDATE xc_package SET size = 1 WHERE id = $id"
chunk "a size that is absurd" "UPDATE xc_package SET
    size = 18446744073709551615, chunks = 4294967295 WHERE id = $id"

ask "DELETE FROM xc_generation"
expect "no generation" 1 'has lost its row' install list
ask "INSERT INTO xc_generation VALUES (1, 500, UTC_TIMESTAMP(3))"

# The store of this host.
folder=$(echo "$T"/state/plugins/hello/*)
expect "the store" 0 'hello .*store *ok' install verify hello
chmod -R u+w "$folder"
echo x >>"$folder/hello.so"
expect "a file in the store that was changed" 6 'store *damaged' \
    install verify hello
rm -rf "$folder"
expect "a folder of the store that is gone" 0 'store *absent' \
    install verify hello
expect "which gc does not mind" 0 '' install gc
mkdir -p "$T/state/plugins/hello/9.9.9-deadbeef" "$T/state/snapshot"
echo '{' >"$T/state/snapshot/1-1.json"
expect "a snapshot that cannot be read" 0 'cannot be read' install gc
same "keeps every folder" 9.9.9-deadbeef \
    "$(ls "$T/state/plugins/hello" 2>/dev/null)"
rm "$T/state/snapshot/1-1.json"
expect "a folder that nobody knows" 0 '1 folders' install gc
same "is swept" "" "$(ls "$T/state/plugins/hello" 2>/dev/null)"

# A host that was not heard of for a day.
ask "INSERT INTO xc_host VALUES (REPEAT('a', 32), 'old', 1,
    '2020-01-01', '2020-01-01', 1, 1, 1, 1, 0, 'no JSON')"
expect "an old host is shown" 0 'old ' install status
expect "and waited for by no one" 0 'no host runs' \
    install disable hello --wait
expect "and swept" 0 '1 hosts' install gc
ask "DROP TABLE keep_plugin, keep_package, keep_chunk"

# Without MariaDB.
stop_db
expect "no MariaDB" 1 'error' install list
expect "no MariaDB: install" 1 'error' install "$hello"
start_db
expect "MariaDB is back" 0 'hello' install list
