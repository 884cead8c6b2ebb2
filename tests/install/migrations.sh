# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154
# Migrations of the core and of plugins.

M=$T/sql
reset_scripts() {
	rm -rf "$M"
	mkdir -p "$M"
	cp "$SQL_FOLDER"/*.sql "$M/"
}
state_of() { # NUMBER
	ask "SELECT CONCAT(state, ' ', statement_no, '/', statements)
	    FROM xc_migration WHERE scope = '${2:-core}' AND number = $1"
}
ask_running() { # NUMBER
	[ "$(ask "SELECT state FROM xc_migration WHERE number = $1")" = running ]
}

reset_scripts
expect "usage" 2 'usage' migrate "$M" sideways
expect "a number that is none" 2 'usage' migrate "$M" up many
expect "status" 0 '0001_registry *applied' migrate "$M" status
expect "up with nothing to do" 0 '0 migrations applied' migrate "$M" up
cat >"$M/0102_more.up.sql" <<'EOF'
CREATE TABLE more_a (id INT PRIMARY KEY); -- a; comment
INSERT INTO more_a VALUES (1), (2); # 'another
INSERT INTO missing VALUES (';');
CREATE TABLE more_b (id INT PRIMARY KEY);
EOF
echo 'DROP TABLE more_b; DROP TABLE more_a;' >"$M/0102_more.down.sql"
expect "pending" 0 '0102_more *pending' migrate "$M" status
expect "a statement fails" 6 'statement 3 of 4 (line 3)' migrate "$M" up
same "it is recorded" "failed 2/4" "$(state_of 102)"
expect "and shown" 0 'failed (2 of 4 statements done).*missing' \
    migrate "$M" status
expect "down of a half one" 4 'half done' migrate "$M" down
expect "resume fails at it again" 6 'statement 3 of 4' migrate "$M" resume
sed -i 's/(1), (2)/(1), (3)/' "$M/0102_more.up.sql"
expect "what is done was changed" 4 'was changed in the 2 statements' \
    migrate "$M" up
sed -i 's/(1), (3)/(1), (2)/; s/INTO missing.*/INTO more_a VALUES (7);/' \
    "$M/0102_more.up.sql"
expect "a dry run shows the rest" 0 'statement 3 of 4' \
    migrate "$M" --dry-run resume
expect "... not what is done" 0 'INSERT INTO more_a VALUES (7);' \
    migrate "$M" --dry-run up
case $out in *"statement 2 of 4"*) not_ok "shows what is done" "$out" ;; esac
same "and changes nothing" "failed 2/4" "$(state_of 102)"
expect "resume ends it" 0 '1 migration applied' migrate "$M" resume
expect "there is no more" 3 'nothing to resume' migrate "$M" resume
same "nothing ran twice" 3 "$(ask 'SELECT COUNT(*) FROM more_a')"
same "it is applied" "applied 4/4" "$(state_of 102)"
echo '-- more' >>"$M/0102_more.up.sql"
expect "changed after it was applied" 4 'was changed after' migrate "$M" up
expect "which status shows" 0 '0102_more *changed' migrate "$M" status
sed -i '$d' "$M/0102_more.up.sql"
echo 'DROP TABLE more_b; DROP TABLE never; DROP TABLE more_a;' \
    >"$M/0102_more.down.sql"
expect "a down that fails" 6 'statement 2 of 3' migrate "$M" down
same "is recorded" "revert-failed 1/3" "$(state_of 102)"
expect "up of a half undone one" 4 'half undone' migrate "$M" up
sed -i 's/DROP TABLE never;/DROP TABLE IF EXISTS never;/' \
    "$M/0102_more.down.sql"
expect "a dry run of it" 0 'DROP TABLE more_a' migrate "$M" --dry-run resume
expect "resume of a down" 0 '1 migration undone' migrate "$M" resume
same "nothing is recorded" "" "$(state_of 102)"
same "nothing is left" 0 "$(ask "SELECT COUNT(*) FROM
    information_schema.tables WHERE table_name LIKE 'more%'")"
rm "$M/0102_more.down.sql"
expect "up again" 0 '1 migration applied' migrate "$M" up 1
expect "no down script" 3 'cannot be undone' migrate "$M" down
run migrate "$M" --json status
same "JSON" applied "$(printf '%s' "$out" | jq -r '.data[-1].state')"
echo 'DROP TABLE more_a; DROP TABLE more_b' >"$M/0102_more.down.sql"
migrate "$M" down >/dev/null 2>&1

# A process killed between a statement of DDL and its record.
ask "CREATE TABLE more_a (id INT PRIMARY KEY)"
ask "INSERT INTO xc_migration (scope, number, name, checksum, done_sum,
    statement_no, statements, state, error, changed_at)
    SELECT scope, 102, '0102_more', checksum, SHA2('', 256), 0, 4, 'running',
    '', changed_at FROM xc_migration WHERE number = 1 AND scope = 'core'"
expect "a statement that had run unrecorded" 0 'goes on\|1 migration' \
    migrate "$M" up
same "all is there" 3 "$(ask 'SELECT COUNT(*) FROM more_a')"
expect "all down" 0 '4 migrations undone' migrate "$M" down 4
expect "without the tables" 1 'xcorectl migrate up' install list
expect "and up" 0 '4 migrations applied' migrate "$M" up

for bad in 'DELIMITER //' 'BEGIN' 'COMMIT' "SELECT 'open" 'SELECT /* open' \
    'USE mysql' 'CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN'; do
	printf '%s;\n' "$bad" >"$M/0103_bad.up.sql"
	expect "refused: $bad" 6 'line 1' migrate "$M" up
done
rm "$M/0103_bad.up.sql"
: >"$M/0103_one.up.sql"
: >"$M/0103_two.up.sql"
expect "two of one number" 6 'two migrations have the number 0103' \
    migrate "$M" up
rm "$M"/0103_*
echo 'SELECT 1' >"$M/0104_only.down.sql"
expect "a down alone" 6 'has no' migrate "$M" up
expect "no folder" 1 'cannot read' migrate "$T/nowhere" up
migrate "$M" up >"$T/a" 2>&1 &
pid_a=$!
rm "$M/0104_only.down.sql"
wait "$pid_a" || :

# To look makes nothing.
sql -e 'DROP DATABASE xcore'
reset_scripts
expect "status of nothing" 0 '0001_registry *pending' migrate "$M" status
same "which it leaves so" "" "$(sql -e "SHOW DATABASES LIKE 'xcore'")"
expect "a dry run of nothing" 0 'CREATE TABLE xc_generation' \
    migrate "$M" --dry-run up
same "which it leaves so" "" "$(sql -e "SHOW DATABASES LIKE 'xcore'")"
sql -e 'CREATE DATABASE xcore'
expect "status without a table" 0 '0001_registry *pending' \
    migrate "$M" status
same "which it leaves so too" "" "$(sql xcore -e 'SHOW TABLES')"

# Who repaired by hand.
fresh_site
reset_scripts
printf '%s;\n' 'CREATE TABLE m (id INT PRIMARY KEY)' 'SELECT nothing' \
    'SELECT 1' >"$M/0105_mark.up.sql"
echo 'DROP TABLE m;' >"$M/0105_mark.down.sql"
expect "2 of 3 fails" 6 'statement 2 of 3' migrate "$M" up
expect "to mark needs a yes" 1 'use --yes' migrate "$M" mark 105 applied
expect "marks what there is" 3 'no migration 0106' \
    migrate "$M" --yes mark 106 applied
expect "a dry run marks nothing" 0 'would be marked' \
    migrate "$M" --dry-run mark 105 applied
same "... it still failed" "failed 1/3" "$(state_of 105)"
expect "marked" 0 'is marked applied' migrate "$M" --yes mark 105 applied
same "as if it had run" "applied 3/3" "$(state_of 105)"
expect "which status tells, and who" 0 '0105_mark *applied.*marked by .*@' \
    migrate "$M" status
same "the journal has all" "1" "$(ask "SELECT COUNT(*) FROM xc_migration
    WHERE number = 105 AND changed_by LIKE '%@%' AND
    error LIKE '%failed (1 of 3%'")"
expect "once more" 0 'was already' migrate "$M" --yes mark 105 applied
expect "up has nothing to do" 0 '0 migrations' migrate "$M" up
expect "marked the other way" 0 'is marked reverted' \
    migrate "$M" --yes mark 105 reverted
expect "shown too" 0 '0105_mark *reverted' migrate "$M" status
sed -i 's/SELECT nothing/SELECT 2/; s/TABLE m/TABLE IF NOT EXISTS m/' \
    "$M/0105_mark.up.sql"
expect "it runs again, whatever it was" 0 '1 migration applied' \
    migrate "$M" up
expect "down" 0 '1 migration undone' migrate "$M" down

# Two at once: the second waits, and finds it done.
echo 'SELECT SLEEP(2); CREATE TABLE m (id INT PRIMARY KEY);' \
    >"$M/0105_mark.up.sql"
migrate "$M" up >"$T/a" 2>&1 &
pid_a=$!
await "the first runs" ask_running 105
expect "the second waits and has nothing to do" 0 'waiting for another' \
    migrate "$M" up
same "nothing was left to it" "0 migrations applied" "$out"
wait "$pid_a" || :
same "the first did it" 1 "$(grep -c '1 migration applied' "$T/a")"

# New ones.
N=$T/new-sql
expect "new" 0 'new-sql/0001_add_a.up.sql' migrate - --dir "$N" new add_a
expect "the next" 0 'new-sql/0002_add_b.down.sql' \
    migrate - --dir "$N" new add_b
same "two pairs" 4 "$(ls "$N" | wc -l)"
expect "a name that is none" 6 'no name' migrate - --dir "$N" new ../x
expect "no folder for it" 1 'cannot make' migrate - --dir "$T/no/where" new a
run migrate - --dir "$N" --json new add_c
same "as JSON" 0003_add_c "$(printf '%s' "$out" | jq -r .data.name)"
: >"$N/9999_end.up.sql"
expect "no number is left" 6 'no next number' migrate - --dir "$N" new add_d

# A plugin's.
fresh_site
permissions='"database"'
make_plugin notes 1.0.0
mkdir "$dir/sql"
cat >"$dir/sql/0001_create.up.sql" <<'EOF'
CREATE TABLE note (id INT PRIMARY KEY);
INSERT INTO note VALUES (1);
EOF
echo 'DROP TABLE note;' >"$dir/sql/0001_create.down.sql"
expect "install with migrations" 0 'notes 1.0.0 installed' \
    install --yes "$dir"
same "its table" 1 "$(sql xcore_notes -e 'SELECT COUNT(*) FROM note')"
# As a worker makes it of the secret.
MYSQL_PWD=Xc1-$(printf 'xcore database account worker_notes' |
    openssl dgst -sha256 -hmac "$(cat "$T/secret")" | sed 's/.* //' |
    cut -c 1-60)
export MYSQL_PWD
expect "the plugin's account reaches it" 0 '^1$' mariadb --no-defaults \
    -S "$T/db.sock" -u worker_notes -N -e 'SELECT id FROM xcore_notes.note'
expect "... and not the core's" 1 'denied' mariadb --no-defaults \
    -S "$T/db.sock" -u worker_notes -N -e 'SELECT * FROM xcore.xc_plugin'
expect "... and defines no tables" 1 'denied' mariadb --no-defaults \
    -S "$T/db.sock" -u worker_notes -N -e 'DROP TABLE xcore_notes.note'
unset MYSQL_PWD
same "the services' account only adds to the log" INSERT,SELECT "$(sql -e "
    SELECT GROUP_CONCAT(DISTINCT privilege_type ORDER BY 1) FROM
    information_schema.table_privileges WHERE table_name = 'xc_audit' AND
    grantee LIKE '%worker\\_\\_service%'")"
one=$dir
make_plugin notes 1.1.0
cp -r "$one/sql" "$dir/"
printf '%s;\n' 'INSERT INTO note VALUES (2)' 'INSERT INTO gone VALUES (1)' \
    >"$dir/sql/0002_more.up.sql"
expect "an update whose migration fails" 6 'statement 2 of 2' \
    install --yes "$dir"
same "the old version is in force" notes=1.0.0/enabled "$(in_force)"
printf '%s;\n' 'INSERT INTO note VALUES (2)' 'INSERT INTO note VALUES (3)' \
    >"$dir/sql/0002_more.up.sql"
expect "mended" 0 'updated' install --yes "$dir"
same "once each" 3 "$(sql xcore_notes -e 'SELECT COUNT(*) FROM note')"
echo 'CREATE TABLE other (id INT PRIMARY KEY);' \
    >"$dir/sql/0001_create.up.sql"
expect "history that was changed" 4 'was changed after' \
    install --yes --replace "$dir"
expect "a plugin's status" 0 '0002_more *applied' \
    migrate "$M" --plugin notes status
expect "what serves is not undone" 3 'no 0002_more.down' \
    migrate "$M" --plugin notes down
expect "of no plugin" 3 'not installed' migrate "$M" --plugin never status
expect "one that is all applied" 0 '0 migrations' \
    migrate "$M" --plugin notes up
expect "back" 0 'rolled back' install rollback notes
same "the data stays at a rollback" 3 \
    "$(sql xcore_notes -e 'SELECT COUNT(*) FROM note')"
install remove notes >/dev/null
same "and at a removal" 3 \
    "$(sql xcore_notes -e 'SELECT COUNT(*) FROM note')"
same "its account stays while its data do" 1 "$(sql -e \
    "SELECT COUNT(DISTINCT User) FROM mysql.user WHERE User = 'worker_notes'")"
expect "a purge lists the tables" 0 'xcore_notes.note' \
    install remove --purge --yes notes
same "its account went with its data" 0 "$(sql -e \
    "SELECT COUNT(DISTINCT User) FROM mysql.user WHERE User = 'worker_notes'")"
same "and drops them" "" "$(sql -e "SHOW DATABASES LIKE 'xcore\\_notes'")"
expect "and installs anew" 0 'installed' install --yes "$one"
same "from the start" 1 "$(sql xcore_notes -e 'SELECT COUNT(*) FROM note')"

# A way back undoes what the newer version brought, if all of it can be.
make_plugin notes 2.0.0
two=$dir
cp -r "$one/sql" "$two/"
echo 'CREATE TABLE extra (id INT PRIMARY KEY);' >"$two/sql/0002_extra.up.sql"
echo 'DROP TABLE extra;' >"$two/sql/0002_extra.down.sql"
extra() { sql -e "SELECT COUNT(*) FROM information_schema.tables WHERE
    table_schema = 'xcore_notes' AND table_name = 'extra'"; }
expect "a newer version" 0 'updated' install --yes "$two"
expect "a dry way back" 0 '1 migration of 2.0.0 will be undone' \
    install --dry-run rollback notes
same "... changes nothing" 1 "$(extra)"
expect "what serves is not undone" 4 'of the version that serves' \
    migrate "$M" --plugin notes down
expect "back, and the schema is kept" 0 'rolled back' \
    install rollback --keep-schema notes
same "kept" 1 "$(extra)"
expect "what is of another version can be undone" 0 'DROP TABLE extra' \
    migrate "$M" --plugin notes --dry-run down
expect "... is" 0 '1 migration undone' migrate "$M" --plugin notes down
same "gone" 0 "$(extra)"
expect "forth again" 0 'rolled back' install rollback notes
same "which migrates first" 1 "$(extra)"
expect "back with the schema" 0 'rolled back' install rollback notes
same "the old version" notes=1.0.0/enabled "$(in_force)"
same "the old schema" 0 "$(extra)"
same "the data of before" 1 "$(sql xcore_notes -e 'SELECT COUNT(*) FROM note')"
expect "no way forth without migrating" 3 'no version before it' \
    install rollback notes
expect "but by an installation" 0 'updated' \
    install --yes --version 2.0.0 notes
same "which migrates" 1 "$(extra)"

# A down that fails: the old version serves, and resume goes on.
make_plugin notes 3.0.0
cp -r "$two/sql" "$dir/"
echo 'CREATE TABLE third (id INT PRIMARY KEY);' >"$dir/sql/0003_third.up.sql"
printf '%s;\n' 'DROP TABLE third' 'DROP TABLE missing' \
    >"$dir/sql/0003_third.down.sql"
expect "one that cannot be undone whole" 0 'updated' install --yes "$dir"
expect "fails on the way" 6 '0 of 1 migrations are undone.*resume' \
    install rollback notes
same "the old one serves" notes=2.0.0/enabled "$(in_force)"
same "half of it is recorded" "revert-failed 1/2" \
    "$(state_of 3 plugin:notes)"
expect "the new one does not come back over it" 4 'half undone' \
    install --yes --version 3.0.0 notes
sql xcore_notes -e 'CREATE TABLE missing (id INT)'
expect "mended by hand" 0 '1 migration undone' \
    migrate "$M" --plugin notes resume
expect "then it comes" 0 'updated' install --yes --version 3.0.0 notes

# Without a down the schema stays.
make_plugin notes 4.0.0
cp -r "$T/src/notes-3.0.0/sql" "$dir/"
echo 'CREATE TABLE fourth (id INT PRIMARY KEY);' \
    >"$dir/sql/0004_fourth.up.sql"
expect "one without a down" 0 'updated' install --yes "$dir"
expect "its schema stays" 0 '0004_fourth has no down script' \
    install rollback notes
same "its journal too" "applied 1/1" "$(state_of 4 plugin:notes)"
expect "so forth is as before" 0 'rolled back' install rollback notes

make_plugin evil 1.0.0
mkdir "$dir/sql"
for bad in 'DROP DATABASE xcore' 'GRANT ALL ON *.* TO evil' \
    'CREATE USER evil' 'SET GLOBAL max_connections = 1' \
    'CREATE /*! DATABASE */ x' 'DROP TABLE xcore.xc_plugin' \
    'INSERT INTO `mysql` . `user` VALUES (1)' \
    'LOAD DATA INFILE "/x" INTO TABLE y'; do
	printf '%s;\n' "$bad" >"$dir/sql/0001_evil.up.sql"
	expect "a plugin may not: $bad" 6 '0001_evil' install "$dir"
done
unset permissions
make_plugin quiet 1.0.0
mkdir "$dir/sql"
echo 'CREATE TABLE a (id INT PRIMARY KEY);' >"$dir/sql/0001_a.up.sql"
expect "migrations without the permission" 6 'does not ask' install "$dir"
