# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154
# A tenth of the requests take 20 ms: how long do the others wait?  Open loop,
# kept connections against one-shot ones, of xcored and of bare workers.

mixed_run() { # NAME RATE PREFIX
	local slow=/slow out=$SITE/mixed.out name=$1
	[[ $name != xcore* ]] || slow=/app/bench/slow
	"$SITE/bin/openload" -p "${door[$name]}" -c 64 -r "$2" \
	    -d "$SECONDS_EACH" -k 10 -o "$slow" "${door_path[$name]}" >"$out"
	for key in p50 p99 p99.9 max; do
		note "$3-$name-$key" \
		    "$(figure_of "$out" "${door_path[$name]}" "$key")"
	done
	note "$3-$name-bad" "$(awk '{ for (i = 2; i < NF; i++)
	    if ($i == "errors" || $i == "non2xx") s += $(i + 1) }
	    END { print s + 0 }' "$out")"
}

mixed_table() { # RATE PREFIX
	local name
	printf '%-12s %8s %8s %8s %8s %6s   (of %d/s)\n' \
	    us p50 p99 p99.9 max bad "$1"
	for name in "${mixed_names[@]}"; do
		printf '%-12s %8.0f %8.0f %8.0f %8.0f %6.0f\n' "$name" \
		    "$(median "$2-$name-p50")" "$(median "$2-$name-p99")" \
		    "$(median "$2-$name-p99.9")" "$(median "$2-$name-max")" \
		    "$(median "$2-$name-bad")"
	done
}

# All requests take 1 ms, at full load: does moving connections cost much?
mixed_brief() { # NAME
	local path=/brief pids before rate p99 errors
	[[ $1 != xcore* ]] || path=/app/bench/brief
	read -ra pids < <(workers_of "$1")
	before=$(cpu_us "${pids[@]}")
	read -r rate p99 errors < <(wrk_run "$(door_url "$1" "$path")" 32)
	note "brief-$1-rate" "$rate"
	note "brief-$1-p99" "$p99"
	note "brief-$1-bad" "$errors"
	note "brief-$1-cpu" "$(awk -v us="$(($(cpu_us "${pids[@]}") -
	    before))" -v n="$rate" -v s="$SECONDS_EACH" \
	    'BEGIN { print us / (n * s) }')"
}

bench_mixed() {
	local i name
	mixed_names=(once mux shared lend xcore-once xcore)
	bench_begin mixed 8
	bench_peer once mux once
	bench_peer mux mux keep
	bench_peer shared shared keep
	bench_peer lend lend keep
	bench_xcored
	bench_door xcore "$ADDRESS" keep /app/hello/
	bench_door xcore-once "$ADDRESS" once /app/hello/
	bench_nginx
	for ((i = 0; i < ROUNDS; i++)); do
		for name in "${mixed_names[@]}"; do
			mixed_run "$name" 2000 half
			mixed_run "$name" 3300 most
			mixed_brief "$name"
		done
	done
	echo "mixed: $workers workers, 64 connections, every 10th request" \
	    "sleeps 20 ms; the others' latency"
	echo "half of the workers in slow requests:"
	mixed_table 2000 half
	echo "seven of eight workers in slow requests:"
	mixed_table 3300 most
	echo "all requests take 1 ms, 32 connections, full load:"
	printf '%-12s %8s %8s %8s %6s\n' '' req/s 'p99 us' 'CPU us' bad
	for name in "${mixed_names[@]}"; do
		printf '%-12s %8.0f %8.0f %8.1f %6.0f\n' "$name" \
		    "$(median "brief-$name-rate")" \
		    "$(median "brief-$name-p99")" \
		    "$(median "brief-$name-cpu")" \
		    "$(median "brief-$name-bad")"
	done
	goal "p99 with kept connections against one-shot" \
	    "$(ratio half-xcore-p99 half-xcore-once-p99)" at-most 2 x
	goal "the same against bare one-shot workers" \
	    "$(ratio half-xcore-p99 half-once-p99)" at-most 2 x
}
