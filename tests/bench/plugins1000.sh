# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154
# A thousand plugins of twenty routes: start, memory, lookup.

plugins_make() { # COUNT
	local i folder=$SITE/many routes=
	cp -r "$bench_source/plugin" "$SITE/p0000"
	for ((i = 0; i < 20; i++)); do
		routes+="${routes:+,}
		\"/route$i/{id}\": { \"get\": { \"operationId\": \"r$i\",
		    \"responses\": { \"200\": { \"description\": \"Yes\" } } } }"
	done
	printf '{ "openapi": "3.1.0", "info": { "title": "p0000",
	    "version": "1.0.1000" }, "paths": {%s } }\n' "$routes" \
	    >"$SITE/p0000/openapi.json"
	sed -i 's/"bench"/"p0000"/' "$SITE/p0000/plugin.json"
	{
		echo '#include <xcore/xcore.h>'
		echo 'static enum xc_err yes(struct xc_request *req)'
		echo '{ return xc_reply_text(req, 200, "text/plain", "yes", 3); }'
		echo 'XC_PLUGIN(.operations = XC_OPERATIONS('
		for ((i = 0; i < 20; i++)); do
			((i == 0)) || echo ','
			echo "{ \"r$i\", yes }"
		done
		echo '));'
	} >"$SITE/p0000/bench.c"
	make -C "$SITE/p0000" XCORE_CONFIG="$XCORE_PREFIX/bin/xcore-config" \
	    >"$SITE/log/plugin-build.log" 2>&1 ||
	    { say "the plugins cannot be built:" \
	    "$(why_failed "$SITE/log/plugin-build.log")"; exit 1; }
	for ((i = 1; i <= $1; i++)); do
		printf -v name 'p%04d' "$i"
		mkdir -p "$folder/$name"
		cp "$SITE/p0000/openapi.json" "$SITE/p0000/plugin.json" \
		    "$folder/$name/"
		cp "$SITE/p0000/p0000.so" "$folder/$name/$name.so"
		sed -i "s/p0000/$name/g" "$folder/$name"/*
	done
	chmod -R a+rX "$folder"
}

# Until a request is answered by the plugin that comes last.
plugins_start_ms() {
	local start
	stop_server xcored
	start=${EPOCHREALTIME/[.,]/}
	start_xcored "$XCORE_PREFIX" "$ADDRESS" || exit 1
	wait_for 120 door_answers xcore ||
	    { say "${door_path[xcore]} does not answer"; exit 1; }
	echo $(((${EPOCHREALTIME/[.,]/} - start) / 1000))
}

plugins_all_ready() {
	local pids
	read -ra pids < <(workers_of xcore)
	(( ${#pids[@]} == workers )) && ! site_as xcorectl status --json |
	    grep -q '"starting"'
}

plugins_install() { # FROM TO
	local i list=()
	for ((i = $1; i <= $2; i++)); do
		list+=("$SITE/many/$(printf 'p%04d' "$i")")
	done
	site_as xcore-install install --yes --quiet "${list[@]}" ||
	    { say "the plugins $1 to $2 were not installed"; exit 1; }
}

# One table row: what it costs with so many.
plugins_measure() { # COUNT
	local i pids
	wait_for 600 door_answers xcore ||
	    { say "plugin ${door_path[xcore]} does not answer"; exit 1; }
	for ((i = 0; i < 3; i++)); do
		note "start-$1" "$(plugins_start_ms)"
	done
	wait_for 60 plugins_all_ready
	read -ra pids < <(workers_of xcore)
	memory_of "${pids[@]}" | awk -v n="${#pids[@]}" \
	    '{ print $1 / n; print $3 / n }' >"$SITE/memory"
	for ((i = 0; i < ROUNDS; i++)); do
		read -ra pids < <(workers_of xcore)
		before=$(cpu_us "${pids[@]}")
		read -r rate _ < <(wrk_run "$(door_url xcore)" 32)
		note "cpu-$1" "$(awk -v us="$(($(cpu_us "${pids[@]}") -
		    before))" -v n="$rate" -v s="$SECONDS_EACH" \
		    'BEGIN { print us / (n * s) }')"
	done
	printf '%7d %10.0f %12.0f %12.0f %10.2f\n' "$1" \
	    "$(median "start-$1")" "$(sed -n 1p "$SITE/memory")" \
	    "$(sed -n 2p "$SITE/memory")" "$(median "cpu-$1")"
}

# Other work only ever adds to these, so the least is the truest.
plugins_lookup() { # COUNT
	local i
	for ((i = 0; i < 7; i++)); do
		note lookup-one "$("$SITE/bin/lookup" 1 10)"
		note lookup-ten "$("$SITE/bin/lookup" 10 20)"
		note lookup-many "$("$SITE/bin/lookup" "$1" 20)"
	done
	printf 'lookup, ns: %.0f in 1 x 10 routes, %.0f in 10 x 20, ' \
	    "$(least lookup-one)" "$(least lookup-ten)"
	printf '%.0f in %d x 20\n' "$(least lookup-many)" "$1"
}

bench_plugins1000() {
	local n=${PLUGINS:-1000} i start
	bench_begin plugins1000 4
	plugins_make "$n"
	site_xcored unix
	plugins_install 1 10
	bench_door xcore "$ADDRESS" keep /app/p0010/route7/1
	bench_nginx
	echo "plugins1000: 20 routes each, $workers workers"
	printf '%7s %10s %12s %12s %10s\n' plugins 'start ms' \
	    'PSS KiB/w.' 'own KiB/w.' 'CPU us'
	plugins_measure 10
	start=${EPOCHREALTIME/[.,]/}
	for ((i = 11; i <= n; i += 99)); do
		plugins_install "$i" $((i + 98 < n ? i + 98 : n))
	done
	door_path[xcore]=/app/$(printf 'p%04d' "$n")/route19/1
	plugins_measure "$n"
	echo "(installing $((n - 10)) took" \
	    "$(((${EPOCHREALTIME/[.,]/} - start) / 1000000)) s with the" \
	    "measuring)"
	plugins_lookup "$n"
	goal "start with $n plugins" "$(median "start-$n")" at-most 1000 ms
	goal "lookup against one plugin of 10 routes" "$(awk -v a="$(least \
	    lookup-many)" -v b="$(least lookup-one)" \
	    'BEGIN { print a / b }')" at-most 2 x
}
