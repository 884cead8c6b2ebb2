# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154
# Ten thousand reloads in one worker: does it grow?  The plugin changes
# between two versions, by what the installer's last transaction does.

bench_reloads10k() {
	local n=${RELOADS10K:-10000} pid kib_0 kib_100 kib_n before after
	bench_begin reloads10k 1
	bench_xcored
	bench_door xcore "$ADDRESS" keep /app/bench/version
	bench_nginx
	. "$bench_source/reload.sh"
	reload_version 1
	site_install "$SITE/versions/1" >/dev/null || exit 1
	before=$(workers_of xcore)
	read -r pid _ <<<"$before"
	read -r _ _ kib_0 < <(memory_of "$pid")
	reloads10k_run 100 >/dev/null
	read -r _ _ kib_100 < <(memory_of "$pid")
	echo "reloads10k: one worker, $n reloads"
	echo "ms of each: $(reloads10k_run $((n - 100)))"
	read -r _ rss kib_n < <(memory_of "$pid")
	after=$(workers_of xcore)
	printf 'KiB of its own: %d before, %d after 100, %d after %d (RSS %d)\n' \
	    "$kib_0" "$kib_100" "$kib_n" "$n" "$rss"
	[[ $before == "$after" ]] ||
	    say "the worker was replaced meanwhile: $before, then $after"
	goal "growth from 100 to $n reloads" $((kib_n - kib_100)) at-most 100 KiB
	goal "workers replaced" "$([[ $before == "$after" ]]; echo $?)" \
	    at-most 0 ""
}

reloads10k_run() { # TIMES
	"$SITE/bin/reloads" -s "$SITE/run/mariadb.sock" -u xcore \
	    -P "$SITE/secret/tools" -d xcore \
	    -c "$SITE/run/xcore/control.sock" -n "$1" bench || exit 1
}
