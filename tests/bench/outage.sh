# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154
# MariaDB, then Memcached, is killed or hangs under a steady load, and comes
# back: what is answered meanwhile, and how soon is all well again?

OUTAGES=${OUTAGES:-mariadb-kill mariadb-hang memcached-kill memcached-hang}
# Each: path, requests a second.  "list" finds its pages in Memcached.
declare -A outage_path=([hello]=/app/hello/ [row]=/app/todo/1
    [list]=/app/todo/ [token]=/auth/me)
declare -A outage_rate=([hello]=400 [row]=200 [list]=100 [token]=200)
outage_kinds=(hello row list token)

now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

outage_begin() {
	bench_begin outage 4
	need jq memcached
	site_config '{"middleware": {"prefixes": {"/auth": {"rate": []}}}}'
	site_xcored unix
	for plugin in hello todo; do
		site_install "$(site_plugin $plugin)" >/dev/null || exit 1
	done
	site_identity >/dev/null || exit 1
	bench_door nginx "$ADDRESS" keep /app/hello/
	bench_nginx
	curl -sf -o /dev/null -H 'Content-Type: application/json' \
	    -d '{"title":"one"}' "$(door_url nginx /app/todo/)" || exit 1
}

outage_login() {
	jq -nc --rawfile p "$SITE/secret/admin" \
	    '{username: "admin", password: ($p | rtrimstr("\n"))}' |
	    curl -sf -H 'Content-Type: application/json' -d @- \
	    "$(door_url nginx /auth/login)" |
	    jq -r '"Authorization: Bearer " + .access_token' >"$SITE/token"
	[[ -s $SITE/token ]]
}

outage_fault() { # SERVER-HOW
	case $1 in
	*-kill) stop_server "${1%-*}" KILL ;;
	*) kill -STOP "$(server_pid "${1%-*}")" ;;
	esac
}
outage_mend() { # SERVER-HOW
	case $1 in
	mariadb-kill) start_mariadb || exit 1 ;;
	memcached-kill) start_memcached || exit 1 ;;
	*) kill -CONT "$(server_pid "${1%-*}")" ;;
	esac
}

# One kind's answers: how many of which, and the slowest, in each of three
# times; when the last was none that was hoped for.
outage_table() { # KIND
	awk -v kind="$1" -v fault="$fault" -v back="$back" -v width=12 '
	{
		t = $1 < fault ? 0 : $1 < back ? 1 : 2
		n[t]++
		if ($2 > max[t]) max[t] = $2
		what = $3 == 0 ? "cut off" : $3 ($4 == "-" ? "" : " " $4)
		if ($3 != 200) { bad[t " " what]++
			end = $1 + $2 / 1000
			if (end > last) last = end }
		else good[t]++
	}
	END {
		split("before during after", name, " ")
		for (t = 0; t < 3; t++) {
			text = ""
			for (key in bad) if (substr(key, 1, 1) == t)
				text = text sprintf(", %d %s", bad[key],
				    substr(key, 3))
			printf "%-6s %-7s %6d answers, %6d 200%s; slowest " \
			    "%.1f ms\n", t == 0 ? kind : "", name[t + 1],
			    n[t], good[t], text, max[t] / 1000
		}
		printf "%-6s last error %s\n", "", last == 0 ? "none" :
		    sprintf("%.2f s after it answered again",
		    (last > back ? (last - back) / 1000 : 0))
	}' "$SITE/$1.log"
}

outage_quantile() { # KIND QUANTILE FROM TO
	awk -v a="$3" -v b="$4" '$1 >= a && $1 < b { print $2 }' \
	    "$SITE/$1.log" | sort -n | awk -v q="$2" '{ v[NR] = $1 }
	    END { i = int(NR * q) + 1
	    print(NR ? v[i > NR ? NR : i] : "nan") }'
}

# "BAD WORST LATE": answers that were neither 200 nor a 503, transport errors
# among them; ms of the slowest; ms of the last error after `back`.
outage_sums() { # KIND...
	local kind
	for kind; do cat "$SITE/$kind.log"; done | awk -v back="$back" '
	$3 != 200 && !($3 == 503 && $4 != "-") { bad++ }
	$2 > worst { worst = $2 }
	$3 != 200 && $1 + $2 / 1000 > last { last = $1 + $2 / 1000 }
	END { printf "%d %.1f %d\n", bad, worst / 1000,
	    (last > back ? last - back : 0) }'
}

outage_run() { # SERVER-HOW
	local kind bad worst late settled
	loads=()
	# The workers take the keys in their own time.
	wait_for 20 outage_login || { say "nobody can log in"; exit 1; }
	for kind in "${outage_kinds[@]}"; do
		"$SITE/bin/openload" -p "${door[nginx]}" -c 32 -w 0 -d 12 \
		    -r "${outage_rate[$kind]}" -A "$SITE/token" \
		    -l "$SITE/$kind.log" "${outage_path[$kind]}" \
		    >"$SITE/$kind.out" &
		loads+=($!)
	done
	sleep 3
	fault=$(now_ms)
	outage_fault "$1"
	sleep 3
	outage_mend "$1"
	back=$(now_ms)
	wait "${loads[@]}"
	loads=()
	echo "outage: $1, $workers workers; gone for $((back - fault)) ms"
	for kind in "${outage_kinds[@]}"; do
		outage_table "$kind"
	done
	# What was found out at the cost of a wait is known a second later.
	settled=$((fault + 1000))
	printf 'hello: p50 %s us before, %s meanwhile; p99 %s before, %s meanwhile, %s of that without its first second\n' \
	    "$(outage_quantile hello .5 0 "$fault")" \
	    "$(outage_quantile hello .5 "$fault" "$back")" \
	    "$(outage_quantile hello .99 0 "$fault")" \
	    "$(outage_quantile hello .99 "$fault" "$back")" \
	    "$(outage_quantile hello .99 "$settled" "$back")"
	read -r bad worst late < <(outage_sums "${outage_kinds[@]}")
	goal "$1: neither 200 nor a problem 503" "$bad" at-most 0 ""
	goal "$1: the slowest answer" "$worst" at-most 1500 ms
	goal "$1: errors after it is back, until" "$late" at-most 1500 ms
	# Each worker asks a Memcached that hangs again after cache.retry_ms.
	[[ $1 == memcached-hang ]] ||
	    goal "$1: hello's p99 against before" "$(awk \
	    -v a="$(outage_quantile hello .99 "$settled" "$back")" \
	    -v b="$(outage_quantile hello .99 0 "$fault")" \
	    'BEGIN { print(b > 0 ? a / b : "nan") }')" at-most 2 x
	sleep 2
}

bench_outage() {
	local outage
	outage_begin
	for outage in $OUTAGES; do
		outage_run "$outage"
	done
}
