# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154
# kill -9 at each step leaves the old state or the new one, and the same
# command again brings it to its end.

[ -x "$XCORE_INSTALL_FAULTS" ] || {
	echo "skipped: $XCORE_INSTALL_FAULTS is not built"
	return 0
}

permissions='"database"'
make_plugin notes 1.0.0
one=$dir
mkdir "$one/sql"
printf '%s;\n' 'CREATE TABLE a (id INT PRIMARY KEY)' \
    'INSERT INTO a VALUES (1)' >"$one/sql/0001_a.up.sql"
make_plugin notes 1.1.0
two=$dir
cp -r "$one/sql" "$two/"
printf '%s;\n' 'CREATE TABLE b (id INT PRIMARY KEY)' \
    'INSERT INTO b VALUES (1), (2)' 'INSERT INTO a VALUES (2)' \
    >"$two/sql/0002_b.up.sql"
head -c 600000 /dev/urandom | base64 >"$two/README.md"

# What is in force is one of two, the generation with it, nothing is half.
either() { # WHAT OLD NEW
	now=$(in_force)
	same "$1: generation and plugins go together" \
	    "$([ "$now" = "$2" ] && echo "$before" || echo "$after")" \
	    "$(generation)"
	case $now in
	"$2"|"$3") ok "$1: old or new" ;;
	*) not_ok "$1: neither old nor new: $now" ;;
	esac
	same "$1: no package in part" 0 "$(ask "SELECT COUNT(*) FROM
	    xc_package k WHERE chunks <> (SELECT COUNT(*) FROM
	    xc_package_chunk c WHERE c.package_id = k.id)")"
	same "$1: no chunk without its package" 0 "$(ask "SELECT COUNT(*)
	    FROM xc_package_chunk WHERE package_id NOT IN
	    (SELECT id FROM xc_package)")"
	same "$1: a row of history for each change" "$(generation)" "$(ask \
	    "SELECT COUNT(*) + 1 FROM xc_plugin_history")"
}

for step in opened held validated staged statement migrated before-change \
    bumped chunk before-commit changed; do
	fresh_site
	install --yes "$one" >/dev/null 2>&1
	before=$(generation)
	after=$((before + 1))
	run faulty "$step" --yes "$two"
	same "$step: killed" 137 "$code"
	either "$step" notes=1.0.0/enabled notes=1.1.0/enabled
	expect "$step: verify" 0 '' install verify
	expect "$step: again" 0 'notes 1.1.0' install --yes "$two"
	same "$step: it is in force" notes=1.1.0/enabled "$(in_force)"
	same "$step: the migration ran once" 2+2 "$(sql xcore_notes -e \
	    "SELECT CONCAT((SELECT COUNT(*) FROM a), '+', COUNT(*)) FROM b")"
	expect "$step: verify after" 0 '' install verify
	expect "$step: gc" 0 'removed' install gc
done

for verb in enable disable rollback remove; do
	for step in before-change bumped before-commit changed; do
		fresh_site
		install --yes "$one" >/dev/null 2>&1
		install --yes "$two" >/dev/null 2>&1
		[ "$verb" != enable ] ||
		    install disable notes >/dev/null 2>&1
		old=$(in_force)
		before=$(generation)
		after=$((before + 1))
		case $verb in
		enable) new=notes=1.1.0/enabled ;;
		disable) new=notes=1.1.0/disabled ;;
		rollback) new=notes=1.0.0/enabled ;;
		remove) new=NULL ;;
		esac
		run faulty "$step" "$verb" notes
		same "$verb, $step: killed" 137 "$code"
		either "$verb, $step" "$old" "$new"
		[ "$step" = changed ] || expect "$verb, $step: again" 0 '' \
		    install "$verb" notes
		same "$verb, $step: done" "$new" "$(in_force)"
	done
done
unset permissions

# The installed program has none of this.
if grep -q XCORE_FAULT "$(dirname "$XCORE_INSTALL")/.libs/xcore-install" \
    2>/dev/null || grep -q XCORE_FAULT "$XCORE_INSTALL"; then
	not_ok "the installed program has the tests' switch"
else
	ok "the installed program has not the tests' switch"
fi
