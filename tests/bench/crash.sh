# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154
# A worker dies under load: how long is its place empty, how many requests
# are lost?

CRASHES=${CRASHES:-20}

# "ROW PID STATE" for each worker.
crash_rows() {
	site_as xcorectl status --json | tr -d ' \n\t' |
	    grep -o '"worker":[0-9]*,"pid":[0-9]*,"state":"[a-z]*"' |
	    sed 's/"//g; s/[a-z]*://g; s/,/ /g'
}

crash_replaced() { # ROW PID
	local row pid state
	while read -r row pid state; do
		[[ $row == "$1" ]] || continue
		[[ $pid != "$2" && ($state == idle || $state == busy) ]]
		return
	done < <(crash_rows)
	return 1
}

bench_crash() {
	local i row pid rest start
	bench_begin crash 4
	bench_xcored
	bench_door nginx "$ADDRESS" keep /app/bench/version
	bench_nginx
	loads=()
	"$SITE/bin/openload" -p "${door[nginx]}" -c 32 -r 0 -d 3600 -w 0 \
	    /app/bench/version >"$SITE/crash.out" &
	loads+=($!)
	sleep 1
	for ((i = 0; i < CRASHES; i++)); do
		read -r row pid rest < <(crash_rows)
		: "$rest"
		start=${EPOCHREALTIME/[.,]/}
		kill -SEGV "$pid"
		wait_for 20 crash_replaced "$row" "$pid" ||
		    { say "worker $row was not replaced"; exit 1; }
		note replaced \
		    $(((${EPOCHREALTIME/[.,]/} - start) / 1000))
		# Longer apart than what counts as dying again and again.
		sleep "${CRASH_PAUSE:-1}"
	done
	kill -TERM "${loads[0]}"
	wait "${loads[0]}"
	loads=()
	echo "crash: $CRASHES times SIGSEGV to one of $workers workers at full" \
	    "load"
	printf 'its place taken after %s ms (median; %s, asking costs some)\n' \
	    "$(median replaced)" "$(spread replaced)"
	for key in n errors non2xx; do
		printf -v "r_$key" %s "$(figure_of "$SITE/crash.out" \
		    /app/bench/version "$key")"
	done
	echo "requests: $r_n answered, $r_errors cut off, $r_non2xx not 2xx"
	goal "lost requests for each crash" "$(awk -v e="$r_errors" \
	    -v n="$r_non2xx" -v c="$CRASHES" 'BEGIN { print (e + n) / c }')" \
	    at-most 1 ""
}
