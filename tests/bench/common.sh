# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the benches share: peers and xcored behind one private nginx, load,
# figures.  On top of tests/fixture/site.sh, which ends all that it started.
#
#	bench_begin NAME WORKERS	a site with a database, not yet started
#	bench_peer NAME MODE keep|once	bare workers, see peer.c
#	bench_xcored			xcored with the plugins hello and bench
#	bench_door NAME SOCKET keep|once	a port of nginx: ${door[NAME]}
#	bench_nginx			starts it with all doors
#
# ROUNDS, SECONDS_EACH: how often and how long; medians of the rounds.

# shellcheck source=../fixture/site.sh
. "$(dirname "${BASH_SOURCE[0]}")/../fixture/site.sh"

ROUNDS=${ROUNDS:-5}
SECONDS_EACH=${SECONDS_EACH:-4}
declare -A door door_socket door_keep door_path door_extra
doors=()
peers=()
loads=()
bench_source=$top/tests/bench

need() {
	local program
	for program; do
		command -v "$program" >/dev/null && continue
		say "$program is missing: install it to run this bench"
		exit 1
	done
}

bench_begin() { # NAME WORKERS
	need nginx spawn-fcgi wrk curl ss
	site_begin "bench-$1"
	trap bench_end EXIT
	workers=$2
	mkdir -p "$SITE"/{bin,figures}
	for program in peer openload reloads lookup; do
		make -s -C "$XCORE_BUILD" "tests/bench/$program" >&2 ||
		    { say "$program could not be built in $XCORE_BUILD"
		    exit 1; }
		"$XCORE_BUILD/libtool" --quiet --mode=install cp \
		    "$XCORE_BUILD/tests/bench/$program" "$SITE/bin/" \
		    2>/dev/null || exit 1
	done
	# The other levels are measured by the bench isolation.
	site_config "{\"server\": {\"workers\": $workers},
	    \"sandbox\": {\"isolation\": \"inprocess\"}}"
	site_mariadb
	! command -v memcached >/dev/null || site_memcached
}

bench_end() {
	local status=$? pid name
	trap - EXIT
	for pid in "${loads[@]}"; do
		kill -TERM "$pid" 2>/dev/null
	done
	for name in "${peers[@]}"; do
		stop_server "$name"
	done
	(exit "$status")
	site_end
}

# --- who answers -------------------------------------------------------------

bench_peer() { # NAME MODE keep|once
	local socket=$SITE/run/$1.sock
	site_as spawn-fcgi -s "$socket" -M 0600 -b 1024 \
	    -P "$SITE/run/$1.pid" -- "$SITE/bin/peer" "$2" "$workers" \
	    >"$SITE/log/$1.log" 2>&1 ||
	    { say "the peer $1 did not start: $(<"$SITE/log/$1.log")"; exit 1; }
	peers+=("$1")
	wait_for 10 test -S "$socket" ||
	    { say "the peer $1 did not start"; exit 1; }
	bench_door "$1" "$socket" "$3"
	door_path[$1]=/hello
}

bench_xcored() {
	site_xcored unix
	site_install "$(site_plugin hello)" >/dev/null || exit 1
	bench_build_plugin
	site_install "$SITE/plugin" >/dev/null || exit 1
}

# The bench's own plugin, a copy of its sources that can be changed.
bench_build_plugin() {
	cp -r "$bench_source/plugin" "$SITE/plugin"
	if ! make -C "$SITE/plugin" XCORE_CONFIG="$XCORE_PREFIX/bin/xcore-config" \
	    >"$SITE/log/plugin-build.log" 2>&1
	then
		say "the bench's plugin cannot be built:" \
		    "$(why_failed "$SITE/log/plugin-build.log")"
		exit 1
	fi
	chmod -R a+rX "$SITE/plugin"
}

# Process ids of the workers; not of those that were told to end.
workers_of() { # NAME
	if [[ $1 == xcore* ]]; then
		site_as xcorectl status --json | tr -d ' \n\t' | grep -oE \
		    '"pid":[0-9]+,"state":"[a-z]+","ready":true,"retired":false' |
		    sed 's/"pid":\([0-9]*\).*/\1/' | tr '\n' ' '
	else
		cat "/proc/$(server_pid "$1")/task/$(server_pid "$1")/children"
	fi
}

# --- the front end -----------------------------------------------------------

bench_door() { # NAME SOCKET keep|once [PATH]
	doors+=("$1")
	door[$1]=$(free_port)
	door_socket[$1]=$2
	door_keep[$1]=$3
	door_path[$1]=${4:-/hello}
}

# What the shipped locations do, for this door's workers.
door_config() { # NAME
	local edit=(-e "s/fastcgi_pass xcore/fastcgi_pass $1/")
	[[ ${door_keep[$1]} == keep ]] ||
	    edit+=(-e 's/fastcgi_keep_conn on/fastcgi_keep_conn off/')
	echo "upstream $1 {"
	echo "	server unix:${door_socket[$1]};"
	[[ ${door_keep[$1]} != keep ]] || echo "	keepalive 64;"
	echo "}"
	echo "server {"
	echo "	listen 127.0.0.1:${door[$1]} reuseport backlog=1024;"
	# Parameters of a location replace those of its server.
	[[ -z ${door_extra[$1]:-} ]] ||
	    edit+=(-e "/fastcgi_pass/a\\	${door_extra[$1]}")
	echo "	location / {"
	sed "${edit[@]}" "$top/nginx/xcore-pass.conf"
	echo "	}"
	echo "}"
}

bench_nginx() {
	local name
	{
		nginx_head 2
		echo 'worker_rlimit_nofile 8192;'
		echo 'http {'
		nginx_paths
		echo '	access_log off;'
		echo '	client_body_buffer_size 256k;'
		# wrk's connections stay for a whole run.
		echo '	keepalive_requests 1000000000;'
		for name in "${doors[@]}"; do
			door_config "$name"
		done
		echo '}'
	} >"$SITE/nginx.conf"
	start_nginx || exit 1
	for name in "${doors[@]}"; do
		wait_for 10 door_answers "$name" ||
		    { say "$name does not answer: $(curl -s -i \
		    "http://127.0.0.1:${door[$name]}${door_path[$name]}")"
		    exit 1; }
	done
}
door_answers() {
	curl -sf -o /dev/null "http://127.0.0.1:${door[$1]}${door_path[$1]}"
}
door_url() { echo "http://127.0.0.1:${door[$1]}${2:-${door_path[$1]}}"; }

# --- figures -----------------------------------------------------------------

# One number a line in $SITE/figures/KEY; medians and ratios of the rounds.
note() { # KEY VALUE
	echo "$2" >>"$SITE/figures/$1"
}
median() { # KEY
	sort -g "$SITE/figures/$1" | awk '{ v[NR] = $1 } END { if (NR)
	    print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
	    else print "nan" }'
}
least() { # KEY
	sort -g "$SITE/figures/$1" | head -n 1
}
# The median of the quotients of each round.
ratio() { # KEY KEY
	paste "$SITE/figures/$1" "$SITE/figures/$2" |
	    awk '$2 > 0 { print $1 / $2 }' >"$SITE/figures/.$1.$2"
	median ".$1.$2"
}
difference() { # KEY KEY
	paste "$SITE/figures/$1" "$SITE/figures/$2" |
	    awk '{ print $1 - $2 }' >"$SITE/figures/.$1-$2"
	median ".$1-$2"
}
spread() { # KEY
	sort -g "$SITE/figures/$1" |
	    awk 'NR == 1 { a = $1 } { b = $1 } END { print a ".." b }'
}

n_missed=0
# A goal: prints it with "met" or "MISSED".
goal() { # WHAT VALUE at-least|at-most LIMIT UNIT
	local word=met
	awk -v v="$2" -v l="$4" -v how="$3" 'BEGIN { exit !(how == "at-least" ?
	    v + 0 >= l + 0 : v != "nan" && v + 0 <= l + 0) }' ||
	    { word=MISSED; n_missed=$((n_missed + 1)); }
	printf '%-52s %10.3g %-5s goal %s %s: %s\n' \
	    "$1" "$2" "$5" "${3/-/ }" "$4" "$word"
}

# User and system time of processes and their threads, in microseconds.
cpu_us() { # PID...
	local pid sum=0 tick
	tick=$((1000000 / $(getconf CLK_TCK)))
	for pid; do
		sum=$((sum + $(sed 's/^.*) //' "/proc/$pid/stat" 2>/dev/null |
		    awk '{ print $12 + $13; n++ } END { if (!n) print 0 }')))
	done
	echo $((sum * tick))
}

# req/s, p99 in us, errors.
wrk_run() { # URL CONNECTIONS [SCRIPT]
	wrk -t2 -c"$2" -d"${SECONDS_EACH}s" --latency ${3:+-s "$3"} "$1" |
	    awk '
	function us(t) { n = t + 0
	    return t ~ /us$/ ? n : t ~ /ms$/ ? n * 1e3 : n * 1e6 }
	/Requests\/sec/ { r = $2 }
	$1 == "99%" { p = us($2) }
	/Socket errors/ { gsub(",", ""); e += $4 + $6 + $8 + $10 }
	/Non-2xx/ { e += $NF }
	END { printf "%s %d %d\n", r, p, e }'
}

# The word after KEY in openload's line of PATH.
figure_of() { # FILE PATH KEY
	awk -v path="$2" -v key="$3" '$1 == path {
	    for (i = 2; i < NF; i++) if ($i == key) print $(i + 1) }' "$1"
}

# PSS and RSS of processes in KiB, "pss rss".
memory_of() { # PID...
	local pid
	for pid; do
		cat "/proc/$pid/smaps_rollup"
	done 2>/dev/null | awk '/^Pss:/ { p += $2 } /^Rss:/ { r += $2 }
	    /^Private_/ { u += $2 } END { print p + 0, r + 0, u + 0 }'
}
