# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154
# What the three levels cost: hello and an echo of 64 KB behind nginx, the
# first answer after a crash, by how much limits are overstepped, memory, and
# fifty plugins in one worker.

LEVELS=(inprocess pool request)
SANDBOXED=${SANDBOXED:-50}

# The bench's plugin at a level, under a name of its own: as long, so that the
# shared object need not be built again.
isolation_copy() { # FOLDER NAME LEVEL
	local file
	mkdir -p "$1/$2"
	for file in openapi.json plugin.json; do
		sed "s/\"bench\"/\"$2\"/
		    s/\"license\"/\"isolation\": \"$3\", \"license\"/" \
		    "$SITE/base/$file" >"$1/$2/$file"
	done
	cp "$SITE/base/bench.c" "$SITE/base/Makefile" "$1/$2/"
	make -s -C "$1/$2" XCORE_CONFIG="$XCORE_PREFIX/bin/xcore-config" \
	    >>"$SITE/log/plugin-build.log" 2>&1 ||
	    { say "the plugin $2 cannot be built:" \
	    "$(why_failed "$SITE/log/plugin-build.log")"; exit 1; }
	chmod -R a+rX "$1/$2"
}

isolation_site() {
	local level
	cp -r "$bench_source/plugin" "$SITE/base"
	site_xcored unix
	for level in "${LEVELS[@]}"; do
		isolation_copy "$SITE/one" "iso-$level" "$level"
		site_install "$SITE/one/iso-$level" >/dev/null || exit 1
		bench_door "xcore-$level" "$ADDRESS" keep \
		    "/app/iso-$level/version"
	done
	isolation_php
	bench_nginx
}

# --- PHP beside it, where it is installed -------------------------------------

isolation_php() {
	local program
	program=$(compgen -c php-fpm | sort -u | head -n 1)
	has_php=
	[[ -n $program ]] || return 0
	mkdir -p "$SITE/php"
	echo '<?php header("Content-Type: application/json");
	    echo "{\"version\":\"1.0.1000\"}";' >"$SITE/php/version.php"
	cat >"$SITE/php/fpm.conf" <<-END
		[global]
		pid = $SITE/run/php.pid
		error_log = $SITE/log/php.log
		[www]
		listen = $SITE/run/php.sock
		listen.backlog = 1024
		pm = static
		pm.max_children = $workers
		chdir = $SITE/php
		${SITE_USER:+user = $SITE_USER}
		${SITE_USER:+group = $SITE_USER}
		${SITE_USER:+listen.owner = $SITE_USER}
	END
	"$program" -y "$SITE/php/fpm.conf" >>"$SITE/log/php.log" 2>&1 ||
	    return 0
	peers+=(php)
	wait_for 10 test -S "$SITE/run/php.sock" || return 0
	has_php=yes
	bench_door php "$SITE/run/php.sock" keep
	door_extra[php]="fastcgi_param SCRIPT_FILENAME $SITE/php/version.php;"
}

# --- load ----------------------------------------------------------------------

isolation_post() {
	cat >"$SITE/post.lua" <<-'END'
		wrk.method = "POST"
		wrk.body = string.rep("x", 65536)
		wrk.headers["Content-Type"] = "application/octet-stream"
	END
}

isolation_round() { # CONNECTIONS
	local level rate p99 errors names=("${LEVELS[@]/#/xcore-}")
	[[ -z $has_php ]] || names+=(php)
	for level in "${names[@]}"; do
		read -r rate p99 errors \
		    < <(wrk_run "$(door_url "$level")" "$1")
		note "$level-rate" "$rate"
		note "$level-p99" "$p99"
		note "$level-errors" "$errors"
	done
	for level in "${LEVELS[@]}"; do
		read -r rate p99 errors < <(wrk_run "$(door_url \
		    "xcore-$level" "/app/iso-$level/echo")" "$1" \
		    "$SITE/post.lua")
		note "echo-$level-rate" "$rate"
		note "echo-$level-p99" "$p99"
		note "echo-$level-errors" "$errors"
	done
}

isolation_table() {
	local name
	printf '%-18s %9s %19s %8s %7s\n' what req/s min..max 'p99 us' errors
	for name in "${LEVELS[@]/#/xcore-}" ${has_php:+php} \
	    "${LEVELS[@]/#/echo-}"; do
		printf '%-18s %9.0f %19s %8.0f %7s\n' "$name" \
		    "$(median "$name-rate")" "$(spread "$name-rate")" \
		    "$(median "$name-p99")" "$(awk '{ s += $1 } END {
		    print s + 0 }' "$SITE/figures/$name-errors" 2>/dev/null)"
	done
}

# --- a crash ---------------------------------------------------------------------

# The crash's own answer, and the one after it over the same connection.
isolation_crash() { # LEVEL
	local i at first next code after
	at=$(door_url "xcore-$1" "/app/iso-$1")
	for ((i = 0; i < 20; i++)); do
		# A version that dies again and again is made to wait.
		sleep "${CRASH_PAUSE:-1}"
		read -r code first after next < <(curl -s -m 20 \
		    -o /dev/null -o /dev/null \
		    -w '%{http_code} %{time_total} ' "$at/boom" "$at/version" |
		    tr '\n' ' '; echo)
		# Else it was made to wait.
		[[ $code == 500 && $after == 200 ]] || continue
		note "crash-$1" "$(awk -v t="$first" 'BEGIN { print t * 1e3 }')"
		note "after-$1" "$(awk -v t="$next" 'BEGIN { print t * 1e3 }')"
	done
}

# --- limits ------------------------------------------------------------------------

isolation_limits() {
	local i ms code
	for ((i = 0; i < 10; i++)); do
		curl -s -m 20 -o /dev/null "$(door_url xcore-pool \
		    /app/bounds/burn)"
		read -r code ms < <(curl -s -m 20 -o /dev/null \
		    -w '%{http_code} %{time_total}\n' \
		    "$(door_url xcore-pool '/app/bounds/nap?ms=9000')")
		[[ $code != 504 ]] || note wall-over "$(awk -v t="$ms" \
		    'BEGIN { print t * 1e3 - 1500 }')"
		sleep "${CRASH_PAUSE:-1}"
	done
	grep -o '[0-9]* ms of processor time, limits.cpu_ms is 200' \
	    "$SITE/log/xcored.log" | while read -r ms _; do
		note cpu-over "$((ms - 200))"
	done
}

# --- memory, and many ----------------------------------------------------------------

sandbox_pids() {
	site_as xcorectl status --json |
	    jq -r '.data.workers[].sandboxes.plugins[]?.pids[]'
}

isolation_many() {
	local i name list=() pids start
	stop_server xcored
	site_config '{"server": {"workers": 1}}'
	start_xcored "$XCORE_PREFIX" "$ADDRESS" || exit 1
	isolation_copy "$SITE/many" p0000 pool
	for ((i = 1; i <= SANDBOXED; i++)); do
		printf -v name 'p%04d' "$i"
		cp -r "$SITE/many/p0000" "$SITE/many/$name"
		mv "$SITE/many/$name/p0000.so" "$SITE/many/$name/$name.so"
		find "$SITE/many/$name" -type f \
		    -exec sed -i "s/p0000/$name/g" {} +
		list+=("$SITE/many/$name")
	done
	wait_for 20 site_ready
	site_install "${list[@]}" >/dev/null || exit 1
	stop_server xcored
	start=${EPOCHREALTIME/[.,]/}
	start_xcored "$XCORE_PREFIX" "$ADDRESS" || exit 1
	door_path[xcore-pool]=/app/$name/version
	wait_for 60 door_answers xcore-pool
	note many-start $(((${EPOCHREALTIME/[.,]/} - start) / 1000))
	wait_for 30 many_ready
	read -r rate _ < <(wrk_run "$(door_url xcore-pool)" 32)
	note many-rate "$rate"
	mapfile -t pids < <(sandbox_pids)
	note many-pids "${#pids[@]}"
	note many-pss "$(memory_of "${pids[@]}" | awk -v n="${#pids[@]}" \
	    '{ print n ? $1 / n : 0 }')"
	note many-own "$(memory_of "${pids[@]}" | awk -v n="${#pids[@]}" \
	    '{ print n ? $3 / n : 0 }')"
	read -ra pids < <(workers_of xcore)
	note many-worker "$(memory_of "${pids[@]}" | awk '{ print $1 }')"
}
many_ready() { (( $(sandbox_pids | wc -l) >= 2 * SANDBOXED )); }

bench_isolation() {
	local i level
	need jq
	bench_begin isolation 4
	site_config '{"quarantine": {"faults": 0}, "log": {"level": "info"}}'
	isolation_post
	isolation_site
	cp -r "$top/tests/sandbox/plugin" "$SITE/bounds"
	make -s -C "$SITE/bounds" XCORE_CONFIG="$XCORE_PREFIX/bin/xcore-config" \
	    >>"$SITE/log/plugin-build.log" 2>&1 || exit 1
	site_install "$SITE/bounds" --isolation pool >/dev/null || exit 1
	for ((i = 0; i < ROUNDS; i++)); do isolation_round 32; done
	echo "isolation: $workers workers, $ROUNDS interleaved rounds of" \
	    "$SECONDS_EACH s, 32 connections, medians"
	isolation_table
	for level in "${LEVELS[@]}"; do isolation_crash "$level"; done
	isolation_limits
	isolation_many
	for level in "${LEVELS[@]}"; do
		printf '%-10s a crash is answered in %.2f ms (%s), %s\n' \
		    "$level" "$(median "crash-$level")" \
		    "$(spread "crash-$level")" "$(printf \
		    'the next request in %.2f (%s)' "$(median \
		    "after-$level")" "$(spread "after-$level")")"
	done
	printf 'limits: %s ms over cpu_ms 200 (median %s), %s ms over %s\n' \
	    "$(spread cpu-over)" "$(median cpu-over)" "$(spread wall-over)" \
	    "timeout_ms 1500 (median $(median wall-over))"
	printf '%d plugins at pool in a worker: first answer %d ms after' \
	    "$SANDBOXED" "$(median many-start)"
	printf ' the start, %d sandboxes of %.0f KiB PSS (%.0f their own),' \
	    "$(median many-pids)" "$(median many-pss)" "$(median many-own)"
	printf ' worker %.0f KiB, %.0f req/s to one\n' \
	    "$(median many-worker)" "$(median many-rate)"
	goal "hello at pool against inprocess" "$(ratio xcore-pool-rate \
	    xcore-inprocess-rate)" at-least 0.85 x
	goal "64 KB echo at pool against inprocess" "$(ratio \
	    echo-pool-rate echo-inprocess-rate)" at-least 0.85 x
	goal "hello at request" "$(median xcore-request-rate)" at-least 2500 /s
	[[ -z $has_php ]] || printf 'hello at request against PHP-FPM: %.2f\n' \
	    "$(ratio xcore-request-rate php-rate)"
	goal "next answer after a crash at pool" "$(median after-pool)" \
	    at-most 2 ms
	goal "over limits.cpu_ms" "$(median cpu-over)" at-most 5 ms
	goal "over limits.timeout_ms" "$(median wall-over)" at-most 2 ms
}
