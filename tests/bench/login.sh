# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154
# Logins at full load beside other requests: how many a second, and whether
# the others keep their speed; and what checking a token costs a request.

LOGIN_USERS=16
LOGIN_CONNECTIONS=${LOGIN_CONNECTIONS:-16}

# A wrk script: each request logs in the next of the users.
login_script() {
	cat <<-END
	wrk.method = "POST"
	wrk.headers["Content-Type"] = "application/json"
	local n = 0
	request = function()
		n = n % $LOGIN_USERS + 1
		return wrk.format(nil, nil, nil, '{"username":"user' .. n ..
		    '","password":"$1"}')
	end
	END
}

login_prepare() {
	local i password
	site_identity >/dev/null || exit 1
	password=$(<"$SITE/secret/admin")
	for ((i = 1; i <= LOGIN_USERS; i++)); do
		site_as xcorectl user add "user$i" --password-file \
		    "$SITE/secret/admin" >/dev/null || exit 1
	done
	(umask 077; login_script "$password" >"$SITE/tmp/login.lua")
}

# A token, as a header's line in a file; of none of those that log in all the
# time, whose eldest sessions end.
login_token() {
	(umask 077; jq -nc --arg p "$(<"$SITE/secret/admin")" \
	    '{username: "admin", password: $p}' |
	    curl -s -H 'Content-Type: application/json' -d @- \
	    "$(door_url xcore /auth/login)" |
	    jq -r '"Authorization: Bearer \(.access_token // empty)"' \
	    >"$SITE/tmp/token")
	[[ $(wc -c <"$SITE/tmp/token") -gt 100 ]] ||
	    { say "nobody could be logged in"; exit 1; }
}

# Other requests at a steady rate: hello, or one whose token is checked.
login_others() { # KEY PATH
	local out=$SITE/tmp/load key
	"$SITE/bin/openload" -p "${door[xcore]}" -c 16 -r 1000 \
	    -d "$SECONDS_EACH" -A "$SITE/tmp/token" "$2" >"$out"
	for key in p50 p99 max; do
		note "$1-$key" "$(figure_of "$out" "$2" "$key")"
	done
	note "$1-bad" "$(($(figure_of "$out" "$2" errors) +
	    $(figure_of "$out" "$2" non2xx)))"
}

login_flood() {
	wrk -t1 -c"$LOGIN_CONNECTIONS" -d"$((2 * SECONDS_EACH + 2))s" \
	    -s "$SITE/tmp/login.lua" "$(door_url xcore /auth/login)" \
	    >"$SITE/tmp/flood" &
	flood=$!
}

login_round() {
	local rate errors
	login_others hello-quiet /app/hello/
	login_others mine-quiet /app/bench/mine
	login_flood
	login_others hello-flood /app/hello/
	login_others mine-flood /app/bench/mine
	wait "$flood"
	note logins "$(awk '/Requests\/sec/ { r = $2 }
	    /requests in/ { n = $1 } /Non-2xx/ { bad = $NF }
	    END { print n ? r * (n - bad) / n : 0 }' "$SITE/tmp/flood")"
	note refused "$(awk '/Non-2xx/ { bad = $NF } END { print bad + 0 }' \
	    "$SITE/tmp/flood")"
	# At full load.
	read -r rate _ < <(wrk_run "$(door_url xcore)" 32)
	note hello-rate "$rate"
	read -r rate errors < <(wrk -t2 -c32 -d"${SECONDS_EACH}s" \
	    --latency -H "$(<"$SITE/tmp/token")" "$(door_url xcore /app/bench/mine)" |
	    awk '/Requests\/sec/ { r = $2 } /Non-2xx/ { e = $NF }
	    END { print r, e + 0 }')
	note mine-rate "$rate"
	note mine-errors "$errors"
}

bench_login() {
	local i name
	bench_begin login 4
	need jq
	# One client floods: the limit by address would be all that is measured.
	site_config '{"middleware": {"prefixes": {"/auth/login": {"rate": []}}}}'
	site_xcored unix
	site_install "$(site_plugin hello)" >/dev/null || exit 1
	bench_build_plugin
	site_install "$SITE/plugin" >/dev/null || exit 1
	login_prepare
	bench_door xcore "$ADDRESS" keep /app/hello/
	bench_nginx
	login_token
	for ((i = 0; i < ROUNDS; i++)); do
		login_round
	done
	echo "login: $workers workers, 1,000 other requests a second," \
	    "$LOGIN_CONNECTIONS connections that log in"
	printf '%-16s %8s %8s %8s %6s\n' us p50 p99 max bad
	for name in hello-quiet hello-flood mine-quiet mine-flood; do
		printf '%-16s %8.0f %8.0f %8.0f %6.0f\n' "$name" \
		    "$(median "$name-p50")" "$(median "$name-p99")" \
		    "$(median "$name-max")" "$(median "$name-bad")"
	done
	printf 'logins a second: %.0f (%s); told to come back: %.0f a round\n' \
	    "$(median logins)" "$(spread logins)" "$(median refused)"
	printf 'at full load: hello %.0f/s, with a token checked %.0f/s\n' \
	    "$(median hello-rate)" "$(median mine-rate)"
	goal "hello's p50 beside the flood, against without" \
	    "$(ratio hello-flood-p50 hello-quiet-p50)" at-most 2 x
	goal "a checked token's p50 beside the flood" \
	    "$(ratio mine-flood-p50 mine-quiet-p50)" at-most 2 x
	goal "requests lost to the flood" \
	    "$(awk '{ n += $1 } END { print n }' \
	    "$SITE"/figures/{hello,mine}-{quiet,flood}-bad)" at-most 0 ""
}
