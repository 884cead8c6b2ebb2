# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Steps that plugins add: the same at each level, in their order, only where
# they are wanted, and harmless when they fail.

step_levels="inprocess pool request"

# A folder of the plugin by another name and level.  A step that each request
# of the site passes does not go with the level "request".
make_gate() { # NAME LEVEL
	local dir=$SITE/$1
	cp -r "$top/tests/middleware/plugin" "$dir"
	sed -i "s/\"name\": .*/\"name\": \"$1\",/; s/gate:check/$1:check/
	    s/\"isolation\": .*/\"isolation\": \"$2\",/" "$dir/plugin.json"
	if [[ $2 == request ]]; then
		sed -i 's/"scope": "site"/"scope": "own"/; /"permissions"/d' \
		    "$dir/plugin.json"
	fi
	# The order is by names, unless it is told.
	case $1 in
	gate-inprocess)
		sed -i '/"check", "scope"/s/}/, "after": ["gate-pool", "nobody"]}/' \
		    "$dir/plugin.json" ;;
	gate-third)
		sed -i '/"check", "scope"/s/}/, "before": ["gate-pool:check"]}/' \
		    "$dir/plugin.json" ;;
	esac
	make --no-print-directory -C "$dir" all >/dev/null
}

make_gates() {
	local level
	for level in $step_levels; do
		make_gate "gate-$level" "$level" || return 1
	done
	make_gate gate-third inprocess
}

# Asks hello until it is told to stop; what was not answered with 200.
begin_asking() {
	rm -f "$SITE/www/asked" "$SITE/www/stop"
	(
		while [[ ! -e $SITE/www/stop ]]; do
			curl -s -m 20 -o /dev/null -w '%{http_code}\n' \
			    "$NGINX_URL/app/hello/" "$NGINX_URL/app/hello/" \
			    -o /dev/null >>"$SITE/www/asked"
		done
	) &
	asking=$!
}
end_asking() { # WHAT
	touch "$SITE/www/stop"
	wait "$asking"
	check "$1: requests came meanwhile" test -s "$SITE/www/asked"
	equal "$1: and none was lost" 200 "$(sort -u "$SITE/www/asked")"
}

# The steps that the last request has passed, by what they have logged; what
# one of them has seen.
records() {
	grep -F "$(value X-Request-Id)" "$SITE/log/xcored.log" |
	    grep ' plugin\.gate.* passes '
}
trail() {
	records | sed 's/.* plugin\.\([a-z-]*\).* passes \([a-z]*\),.*/\1:\2/' |
	    paste -sd '|'
}
seen_by() { # PLUGIN STEP
	records | sed -n "s/.* plugin\\.$1\\[.* passes $2, \\([^\"]*\).*/\\1/p"
}

test_step_install() {
	local level
	make_gates || exit 1
	check "a step of the whole site needs a yes" \
	    grep -q '"middleware"' "$SITE/gate-pool/plugin.json"
	begin_asking
	for level in $step_levels; do
		site_install "$SITE/gate-$level" || exit 1
	done
	site_install "$SITE/gate-third" || exit 1
	end_asking "while plugins with steps are installed"
}

# What one step is asked to do to a request of its own plugin.
gate() { # LEVEL STEP WORD [PATH [CURL-WORDS...]]
	local level=$1 step=$2 word=$3 path=${4:-/items/7}; shift 3
	[[ $# -gt 0 ]] && shift
	ask "$URL/app/gate-$level$path" -H "X-Gate: gate-$level:$step:$word" \
	    "$@"
}
body() { cat "$SITE/www/body"; }

test_step_good() { # NAME LEVEL
	local what="$1, $2"
	equal "$what: a request passes its steps" 200 "$(gate "$2" no step)"
	equal "$what: and is answered" "item 7" "$(body)"
	matches "$what: its own last" "*gate-$2:check|gate-$2:late*" \
	    "$(trail)"
	matches "$what: they see neither parameter nor body" \
	    "GET /app/gate-$2/items/7 0 - -*" "$(seen_by "gate-$2" late)"
	equal "$what: nor do those behind it" \
	    "GET /app/gate-$2/items/7 0 - -" "$(value X-Seen)"
	equal "$what: what a step would have replied with is gone" "" \
	    "$(value X-Lost)"
	equal "$what: behind it the status is seen" "gate-$2 200" \
	    "$(value X-Seal)"
	equal "$what: a body comes to the handler" '{"a":1}' \
	    "$(gate "$2" no step /items/7 -X PUT --data '{"a":1}' \
	    -H 'Content-Type: application/json' >/dev/null; body)"
	matches "$what: not to the steps" "PUT /app/gate-$2/items/7 0 - -*" \
	    "$(seen_by "gate-$2" late)"
	equal "$what: nor to those behind it" "PUT /app/gate-$2/items/7 0 - -" \
	    "$(value X-Seen)"
	equal "$what: a large reply stays whole" "200 1000000" \
	    "$(gate "$2" no step /large) $(tr -d -c x <"$SITE/www/body" |
	    wc -c)"
	equal "$what: with what was added" "gate-$2 200" "$(value X-Seal)"
	equal "$what: files pass too" "200 A file." \
	    "$(gate "$2" no step /page.txt) $(body)"
	matches "$what: the same steps" "*gate-$2:late*" "$(trail)"
	equal "$what: what has no handler passes none" "404 " \
	    "$(gate "$2" no step /none) $(trail)"
}

test_step_auth() { # NAME LEVEL
	local what="$1, $2"
	matches "$what: without a login" '[45]0[13]' "$(gate "$2" no step /mine)"
	matches "$what: only what is before it is passed" \
	    "*gate-$2:early*" "$(trail)"
	equal "$what: nothing behind it" "" \
	    "$(trail | tr '|' '\n' | grep -v ':early$')"
	equal "$what: a step may answer before" 200 \
	    "$(gate "$2" early answer /mine)"
	equal "$what: by itself" "by the step" "$(body)"
}

test_step_ends() { # NAME LEVEL
	local what="$1, $2"
	equal "$what: a step refuses" 403 "$(gate "$2" late deny)"
	equal "$what: as a problem" 403 "$(jq .status <"$SITE/www/body")"
	equal "$what: which is seen behind it" "gate-$2 403" \
	    "$(value X-Seal)"
	equal "$what: one that fails lets nothing through" 500 \
	    "$(gate "$2" check fail)"
	equal "$what: and no later one runs" "" "$(trail | grep ":late")"
	equal "$what: a step answers" "200 by the step" \
	    "$(gate "$2" late answer) $(body)"
	equal "$what: or streams" "200 streamed by the step" \
	    "$(gate "$2" late stream) $(body)"
	equal "$what: a file is refused" 403 "$(gate "$2" late deny /page.txt)"
	equal "$what: one behind it that fails adds nothing" "200 " \
	    "$(gate "$2" seal fail) $(value X-Seal)"
}

# The reply of a worker in its last moment has the headers of each reply.
test_step_faults() { # NAME LEVEL
	local what="$1, $2" step
	for step in late early; do
		equal "$what: $step crashes" 500 "$(gate "$2" "$step" crash)"
		equal "$what: $step: it is told" '"urn:xcore:problem:crash"' \
		    "$(jq .type <"$SITE/www/body")"
		equal "$what: $step: with the headers of each reply" \
		    "nosniff none" \
		    "$(value X-Content-Type-Options) $(value X-Robots-Tag)"
		matches "$what: $step: and the id" '????????*' \
		    "$(value X-Request-Id)"
		soon "$what: $step: the next is served" 10 \
		    gate_works "$2"
	done
	equal "$what: late hangs" 504 "$(gate "$2" late hang)"
	equal "$what: it is told" '"urn:xcore:problem:timeout"' \
	    "$(jq .type <"$SITE/www/body")"
	soon "$what: the next is served" 10 gate_works "$2"
	if [[ $2 != inprocess ]]; then
		equal "$what: one behind it crashes, the reply stands" \
		    "200 item 7" "$(gate "$2" seal crash) $(body)"
		equal "$what: without its headers" "" "$(value X-Seal)"
		soon "$what: the next is served" 10 gate_works "$2"
	fi
}
# Each worker has sandboxes of its own.
# shellcheck disable=SC2317 # soon calls it
gate_works() { # LEVEL
	local n
	for n in 1 2 3 4; do
		[[ $(gate "$1" no step) == 200 &&
		    $(value X-Seal) == "gate-$1 200" ]] || return
	done
}

all=gate-inprocess:early\|gate-pool:early\|gate-third:early
all+=\|gate-third:check\|gate-pool:check\|gate-inprocess:check

test_step_site() { # NAME
	equal "$1: another plugin's request" 200 "$(ask "$URL/app/hello/")"
	equal "$1: passes what is for the site, in its order" "$all" \
	    "$(trail)"
	equal "$1: and back" "gate-third 200|gate-pool 200|gate-inprocess 200" \
	    "$(value X-Tag | sed 's/, /|/g')"
	equal "$1: not what is for its own plugin" "" "$(value X-Seal)"
	equal "$1: the core's requests pass nothing" "200 " \
	    "$(ask "$URL/livez") $(trail)$(value X-Tag)"
	equal "$1: a prefix may be without" "200 " \
	    "$(ask "$URL/app/hello/free") $(trail)$(value X-Tag)"
	equal "$1: or with some" \
	    "gate-pool:early|gate-third:early|gate-pool:check" \
	    "$(ask "$URL/app/hello/some" >/dev/null; trail)"
	equal "$1: a step refuses another's request" 403 \
	    "$(ask "$URL/app/hello/" -H 'X-Gate: gate-pool:check:deny')"
	equal "$1: which others see" \
	    "gate-third 403|gate-pool 403|gate-inprocess 403" \
	    "$(value X-Tag | sed 's/, /|/g')"
}

breaches_of() { # PLUGIN
	site_as xcorectl --json status | jq -c \
	    ".data.plugins[] | select(.name == \"$1\").breaches"
}

# Whose step it is that crashes, not whose request.
test_step_blame() {
	local hello crashes
	hello=$(breaches_of hello)
	equal "a step crashes in another's request" 500 \
	    "$(ask "$URL/app/hello/" -H 'X-Gate: gate-pool:check:crash')"
	equal "in the worker too" 500 \
	    "$(ask "$URL/app/hello/" -H 'X-Gate: gate-inprocess:check:crash')"
	soon "that is served again" 5 hello_works
	equal "what a step has deferred crashes" 500 "$(ask "$URL/app/hello/" \
	    -H 'X-Gate: gate-inprocess:check:defer')"
	soon "that is served once more" 5 hello_works
	equal "hello is not blamed" "$hello" "$(breaches_of hello)"
	crashes=$(site_as xcorectl --json status | jq -c .data.crashes)
	matches "the report names the step's plugin" '*gate-inprocess*' \
	    "$crashes"
	equal "and no other" "" "$(grep -o '"plugin":"hello[^"]*"' \
	    <<<"$crashes")"
}
# shellcheck disable=SC2317 # soon calls it
hello_works() { [[ $(ask "$URL/app/hello/") == 200 ]]; }

test_step_figures() {
	local step
	step=$(site_as xcorectl --json middleware | jq -c \
	    '.data.steps[] | select(.name == "gate-pool:check")')
	check "the figures count each step" jq -e '.runs > .refused and
	    .refused >= 4 and .failed >= 2 and .samples > 0 and .ns_each > 0' \
	    <<<"$step"
	matches "people can read them" '*STEP*gate-pool:check*within*us*' \
	    "$(site_as xcorectl middleware)"
}

# A plugin with a step of the site that does not work lets nothing through.
# shellcheck disable=SC2317 # soon calls it
hello_is() { # STATUS
	ask "$URL/app/hello/" -H 'X-Gate: gate-third:check:crash' >/dev/null
	[[ $(ask "$URL/app/hello/") == "$1" ]]
}
test_step_broken() {
	soon "a step that crashes again and again is taken off" 60 hello_is 503
	equal "what passes it waits" 10 "$(value Retry-After)"
	equal "and a prefix that does without does not" 200 \
	    "$(ask "$URL/app/hello/free")"
	equal "nor does the core" 200 "$(ask "$URL/livez")"
	begin_asking
	check "the operator disables it" \
	    site_as xcore-install disable --wait gate-third
	touch "$SITE/www/stop"
	wait "$asking"
	equal "all is served" 200 "$(ask "$URL/app/hello/")"
	equal "without its steps" "${all//gate-third:+(early|check)|/}" \
	    "$(trail)"
}

test_step_remove() {
	local name
	begin_asking
	for name in gate-pool gate-request gate-inprocess gate-third; do
		check "$name is removed" \
		    site_as xcore-install remove --wait --yes "$name"
	done
	end_asking "while plugins with steps are removed"
	ask "$URL/app/hello/" >/dev/null
	equal "nothing is left of them" "" "$(trail)$(value X-Tag)"
}

test_steps() {
	local name level
	shopt -s extglob
	test_step_install
	for name in nginx Apache; do
		URL=$NGINX_URL
		[[ $name == Apache ]] && URL=$APACHE_URL
		test_step_site "$name"
		for level in $step_levels; do
			# The web server makes no difference to a level.
			[[ $name == nginx || $level == pool ]] || continue
			test_step_good "$name" "$level"
			test_step_auth "$name" "$level"
			test_step_ends "$name" "$level"
			test_step_faults "$name" "$level"
		done
	done
	URL=$NGINX_URL
	test_step_blame
	test_step_figures
	test_step_broken
	test_step_remove
}
