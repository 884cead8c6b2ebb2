# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154
# What is refused and why: structure, code, site, policy, trial.

make_plugin hello 1.0.0
good=$dir
install "$good" >/dev/null

# Prefixes, on segments and both ways.
prefix=/app/hello make_plugin same 1.0.0
expect "a prefix that is taken" 4 'prefix /app/hello is taken' install "$dir"
prefix=/app/hello/sub make_plugin below 1.0.0
expect "a prefix below another" 4 'is taken' install "$dir"
prefix=/app make_plugin above 1.0.0
run install "$dir"
case $code in
4|6) ok "a prefix above another" ;;
*) not_ok "a prefix above another: exit $code" "$err" ;;
esac
prefix=/app/hello2 make_plugin beside 1.0.0
expect "a prefix that only begins alike" 0 'installed' install "$dir"
unset prefix

# Requirements.
requires=', "plugins": { "base": "^1.0" }' make_plugin needy 1.0.0
needy=$dir
expect "what it requires is missing" 4 'base' install "$needy"
make_plugin base 2.0.0
expect "another version of it" 0 'installed' install "$dir"
expect "not in its range" 4 'base.*2.0.0' install "$needy"
install remove --purge --yes base >/dev/null 2>&1
make_plugin base 1.5.0
base=$dir
expect "both at once, in the wrong order" 0 'needy 1.0.0 installed' \
    install "$needy" "$base"
expect "disable what another needs" 4 'needy' install disable base
expect "remove what another needs" 4 'needy' install remove base
make_plugin base 2.1.0
expect "update out of the other's range" 4 'needy' install update "$dir"
expect "disable both" 0 'base .*disabled' install disable base needy
expect "enable without what it needs" 4 'base' install enable needy
expect "enable both" 0 'needy .*enabled' install enable needy base
unset requires

# Policy.
extra=', "core": true' make_plugin inner 1.0.0
expect "a core plugin from anywhere" 5 'core plugin' install "$dir"
unset extra

# Code.
for case in empty text cut; do
	make_plugin broken 1.0.0
	case $case in
	empty) : >"$dir/broken.so" ;;
	text) echo 'no object' >"$dir/broken.so" ;;
	cut) head -c 3000 "$dir/broken.so" >"$dir/x" &&
	    mv "$dir/x" "$dir/broken.so" ;;
	esac
	expect "a shared object that is $case" 6 'broken.so' install "$dir"
done
make_plugin broken 1.0.0
echo '{' >"$dir/plugin.json"
expect "a manifest that is not JSON" 6 'plugin.json' install "$dir"
make_plugin broken 1.0.0
rm "$dir/openapi.json"
expect "no document" 6 'openapi.json' install "$dir"

# Trials.
start='return XC_ERR_FAILED;' make_plugin trying 1.0.0
expect "start() that fails" 6 'start' install "$dir"
start='abort();' make_plugin trying 1.0.0
expect "start() that crashes" 6 'SIGABRT\|signal\|Abort' install "$dir"
start='exit(0);' make_plugin trying 1.0.0
expect "start() that exits" 6 '' install "$dir"
start='if (write(1, "bad \377 word", 10) > 0) abort(); return XC_OK;' \
    make_plugin trying 1.0.0
expect "last words that are no UTF-8" 6 'bad ? word' install "$dir"
start='for (;;) pause();' make_plugin trying 1.0.0
expect "start() that hangs" 6 '' install "$dir"
same "none of them came in" "" \
    "$(ask "SELECT name FROM xc_plugin WHERE name IN ('trying', 'broken')")"
start='return XC_OK;' make_plugin trying 1.0.0
expect "not sticky: mended, it comes in" 0 'installed' install "$dir"
start='return XC_ERR_FAILED;' make_plugin trying 1.1.0
expect "an update that fails its trial" 6 'start' install update "$dir"
same "the version before is in force" 1.0.0 "$(ask "SELECT k.version FROM
    xc_plugin p JOIN xc_package k ON k.id = p.package_id
    WHERE p.name = 'trying'")"
expect "a dry run tries too" 6 'start' install -n "$dir"
unset start

# The operator's settings of a plugin.
extra=', "config": { "type": "object", "properties": { "greeting":
    { "type": "integer" } } }' make_plugin tuned 1.0.0
expect "settings that do not fit" 6 'plugins.tuned' install "$dir"
unset extra

# Links, and more, are not taken.
make_plugin linked 1.0.0
rm "$dir/openapi.json"
ln -s /etc/passwd "$dir/openapi.json"
expect "a link in place of a file" 6 '' install "$dir"

# The disk.
if [ "$(id -u)" = 0 ] && mkdir -p "$T/small" &&
    mount -t tmpfs -o size=64k tmpfs "$T/small" 2>/dev/null; then
	mounted=$T/small
	mv "$T/state" "$T/state.away"
	ln -s "$T/small" "$T/state"
	before=$(generation)
	make_plugin fat 1.0.0
	head -c 300000 /dev/urandom >"$dir/README.md"
	expect "a full disk in the store" 1 'No space left\|disk' \
	    install "$dir"
	same "nothing changed by that" "$before" "$(generation)"
	same "no folder stays" "" "$(ls "$T/small/plugins/fat" 2>/dev/null)"
	rm "$T/state"
	mv "$T/state.away" "$T/state"
	umount "$T/small"
	mounted=
else
	echo "skipped: a full disk needs root and a tmpfs"
fi

# Two at once: both end right, one after the other.
make_plugin one 1.0.0
a=$dir
make_plugin two 1.0.0
b=$dir
make_plugin three 1.0.0
before=$(generation)
install "$a" >"$T/a" 2>&1 &
pid_a=$!
install "$b" >"$T/b" 2>&1 &
pid_b=$!
install "$dir" >"$T/c" 2>&1 &
pid_c=$!
code=0
wait "$pid_a" || code=$?
wait "$pid_b" || code=$?
wait "$pid_c" || code=$?
same "three installers at once" 0 "$code"
same "each has its generation" $((before + 3)) "$(generation)"
same "each is in force" 3 "$(ask "SELECT COUNT(*) FROM xc_plugin WHERE
    name IN ('one', 'two', 'three')")"

# The lease: a dead holder of this host is no hindrance, another is waited
# for until its time is over.
ask "UPDATE xc_lease SET owner = CONCAT('$(uname -n)/',
    '$(cut -c1-8 /proc/sys/kernel/random/boot_id)',
    '.$(stat -Lc %i /proc/self/ns/pid):999999:1'), token = 'x',
    expires = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR WHERE name = 'registry'"
expect "the lease of a dead process" 0 'disabled' install disable one
ask "UPDATE xc_lease SET owner = 'elsewhere/0.0:1:1', token = 'x',
    expires = UTC_TIMESTAMP(3) + INTERVAL 1 SECOND WHERE name = 'registry'"
expect "the lease of another host" 0 'waiting for another command' \
    install enable one

# As root, store and trial are the work of the state folder's owner.
chmod 711 "$T"
if [ "$(id -u)" = 0 ] &&
    setpriv --reuid=65534 --regid=65534 --clear-groups \
    test -x "$XCORE_TRIAL" -a -r "$XCORE_LIBDIR/libxcore.so"; then
	fresh_site
	chown 65534:65534 "$T/state"
	start='return getuid() == 65534 ? XC_OK : XC_ERR_FAILED;' \
	    make_plugin owned 1.0.0
	expect "the trial is not root's" 0 'installed' install "$dir"
	same "nor is the store" 65534 \
	    "$(stat -c %u "$T"/state/plugins/owned/*/owned.so)"
	expect "a dry run neither" 0 'already' install -n "$dir"
else
	echo "skipped: giving up root needs root and a tree others can read"
fi
