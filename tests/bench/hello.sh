# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154
# hello through xcored, against the plain libfcgi loop (which cannot keep
# connections) and bare multiplexing, behind the same nginx in the same rounds.

hello_round() { # CONNECTIONS
	local name pids before rate p99 errors
	for name in classic mux xcore; do
		# shellcheck disable=SC2046
		set -- "$1" $(workers_of "$name")
		pids=("${@:2}")
		before=$(cpu_us "${pids[@]}")
		read -r rate p99 errors \
		    < <(wrk_run "$(door_url "$name")" "$1")
		note "$name-c$1-rate" "$rate"
		note "$name-c$1-p99" "$p99"
		note "$name-errors" "$errors"
		note "$name-c$1-cpu" "$(awk -v us="$(($(cpu_us "${pids[@]}") -
		    before))" -v n="$rate" -v s="$SECONDS_EACH" \
		    'BEGIN { print us / (n * s) }')"
	done
}

# "calls NAME" of processes in two seconds.  strace slows each call so much
# that a server may take its handlers for slow ones; perf does not, where the
# kernel lets us.
hello_count() { # PID...
	local list events
	list=$(IFS=,; echo "$*")
	events=raw_syscalls:sys_enter,syscalls:sys_enter_write
	events+=,syscalls:sys_enter_writev,syscalls:sys_enter_sendto
	events+=,syscalls:sys_enter_sendmsg
	if perf stat -x, -e "$events" -p "$list" -o "$SITE/calls" -- sleep 2 \
	    2>>"$SITE/log/perf.log"
	then
		awk -F, '$3 ~ /sys_enter/ { sub(".*sys_enter_?", "", $3)
		    print $1, $3 == "" ? "total" : $3 }' "$SITE/calls"
	else
		timeout 2 strace -c -f -o "$SITE/calls" -p "$list" \
		    2>>"$SITE/log/strace.log"
		awk '$4 ~ /^[0-9]+$/ { print $4, $NF }' "$SITE/calls"
	fi
}

hello_syscalls() { # NAME
	local pids load
	read -ra pids < <(workers_of "$1")
	wrk -t2 -c32 -d3s "$(door_url "$1")" >/dev/null &
	load=$!
	sleep 0.5
	# A request ends in exactly one write of its reply.
	hello_count "${pids[@]}" | awk '
	    $2 ~ /^(write|writev|sendmsg|sendto)$/ { w += $1 }
	    $2 == "total" { t = $1 }
	    END { print (w ? t / w : 0) }'
	wait "$load"
}

bench_hello() {
	local i c name
	bench_begin hello 8
	bench_peer classic classic once
	bench_peer mux mux keep
	bench_xcored
	bench_door xcore "$ADDRESS" keep /app/hello/
	bench_nginx
	for ((i = 0; i < ROUNDS; i++)); do
		hello_round 32
		hello_round 128
	done
	echo "hello: $workers workers, $ROUNDS interleaved rounds of" \
	    "$SECONDS_EACH s, medians"
	printf '%-8s %5s %9s %21s %8s %9s\n' \
	    peer conn. req/s min..max 'p99 us' 'CPU us'
	for name in classic mux xcore; do
		for c in 32 128; do
			printf '%-8s %5d %9.0f %21s %8.0f %9.2f\n' \
			    "$name" "$c" \
			    "$(median "$name-c$c-rate")" \
			    "$(spread "$name-c$c-rate")" \
			    "$(median "$name-c$c-p99")" \
			    "$(median "$name-c$c-cpu")"
		done
	done
	for name in classic mux xcore; do
		printf '%-8s %.2f system calls for each request, errors %s\n' \
		    "$name" "$(hello_syscalls "$name")" \
		    "$(awk '{ s += $1 } END { print s + 0 }' \
		    "$SITE/figures/$name-errors")"
	done
	for c in 32 128; do
		goal "req/s against the plain loop, $c connections" \
		    "$(ratio xcore-c$c-rate classic-c$c-rate)" at-least 1.9 x
		goal "req/s against multiplexing, $c connections" \
		    "$(ratio xcore-c$c-rate mux-c$c-rate)" at-least 0.95 x
		goal "CPU above multiplexing, $c connections" \
		    "$(difference xcore-c$c-cpu mux-c$c-cpu)" at-most 2 us
	done
}
