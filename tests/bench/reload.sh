# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154
# 100 reloads under full load: failed requests, answers of old code after
# xcore-install --wait has returned, and the time until the last worker has
# changed over.

RELOADS=${RELOADS:-100}

# Version 1.0.1000+N of the bench's plugin, by writing digits into its files.
reload_version() { # N
	local folder=$SITE/versions/$1
	mkdir -p "$folder"
	cp "$SITE"/plugin/{plugin.json,openapi.json,bench.so} "$folder/"
	sed -i "s/1\.0\.1000/1.0.$((1000 + $1))/g" "$folder"/*
	chmod -R a+rX "$SITE/versions"
}

reload_load() { # NAME PORT
	"$SITE/bin/openload" -p "$2" -c 32 -r 0 -d 3600 -w 0 \
	    -V "$SITE/oldest" /app/bench/version >"$SITE/reload.$1" &
	loads+=($!)
}

# From the generation's announcement to the last worker, as the manager says.
reload_last_ms() {
	site_as xcorectl status --json | tr -d ' \n\t' |
	    sed 's/.*"last_apply_ms":\([0-9]*\).*/\1/'
}

reload_under_load() { # NAME PORT FIRST
	local i start words
	: "${3:?}"
	printf '%08d' $((1000 + $3 - 1)) >"$SITE/oldest"
	loads=()
	reload_load "$1" "$2"
	sleep 1
	for ((i = $3; i < $3 + RELOADS; i++)); do
		start=${EPOCHREALTIME/[.,]/}
		words=$(site_install "$SITE/versions/$i" 2>&1) ||
		    { say "version $i was not installed: $words"; exit 1; }
		# From here on a request must be answered by the new code.
		printf '%08d' $((1000 + i)) 1<>"$SITE/oldest"
		note "$1-install" \
		    $(((${EPOCHREALTIME/[.,]/} - start) / 1000))
		note "$1-last" "$(reload_last_ms)"
	done
	sleep 1
	kill -TERM "${loads[0]}"
	wait "${loads[0]}"
	loads=()
}

reload_report() { # NAME
	local key
	for key in n p50 p99 max errors non2xx stale; do
		printf -v "r_$key" %s "$(figure_of "$SITE/reload.$1" \
		    /app/bench/version "$key")"
	done
	printf '%-7s %9d %6d %6d %8d %7.0f ms %9.0f ms (%s)\n' "$1" \
	    "$r_n" $((r_errors + r_non2xx)) "$r_stale" "$r_max" \
	    "$(median "$1-last")" "$(median "$1-install")" \
	    "$(spread "$1-install")"
	goal "failed requests behind $1" $((r_errors + r_non2xx)) at-most 0 ""
	goal "answers of old code after --wait" "$r_stale" at-most 0 ""
	goal "all workers over, median of $RELOADS" \
	    "$(median "$1-last")" at-most 100 ms
}

bench_reload() {
	local i
	bench_begin reload 4
	bench_xcored
	bench_door nginx "$ADDRESS" keep /app/bench/version
	bench_nginx
	! command -v apache2 >/dev/null || site_apache keep
	for ((i = 1; i <= 2 * RELOADS; i++)); do
		reload_version "$i"
	done
	echo "reload: $RELOADS reloads at full load from 32 connections," \
	    "$workers workers"
	printf '%-7s %9s %6s %6s %8s %10s %12s\n' behind requests failed \
	    stale 'max us' 'last worker' 'installer'
	reload_under_load nginx "${door[nginx]}" 1
	reload_report nginx
	if [[ -n ${APACHE_URL:-} ]]; then
		reload_under_load apache "${APACHE_URL##*:}" $((RELOADS + 1))
		reload_report apache
	fi
}
