# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What else can be tried at a site that knows users; a part of run.
# shellcheck disable=SC2154,SC2034	# what run and auth.sh have; net is for from

attack_password='seven words make up this pass phrase'

attack_user() { # NAME [PASSWORD]; ID
	post /user/register "$(jq -nc --arg n "$1" --arg p \
	    "${2-$attack_password}" '{name: $n, password: $p}')"
	ID=$(field .id)
}

# --- passwords ----------------------------------------------------------------

letters() { # HOW-MANY; others each time
	head -c "$(( $1 * 2 ))" /dev/urandom | basenc --base64url -w 0 |
	    head -c "$1"
}
# What is registered is what logs in, and nothing that is nearly the same.
attack_length() { # NAME LENGTH
	local word
	word=$(letters "$2")
	attack_user "$1" "$word"
	is "$at: a password of $2" 201
	from 9.1 /auth/login "$(credentials "$1" "$word")"
	is "$at: of $2 logs in" 200
	from 9.2 /auth/login "$(credentials "$1" "${word%?}")"
	is "$at: of $2 without its last letter" 401
	from 9.3 /auth/login "$(credentials "$1" "${word%?}~")"
	is "$at: of $2 with another last letter" 401
}
attack_passwords() {
	local name=pia-$at
	attack_user "$name" ''
	is "$at: no password of 0" 422
	attack_user "$name" x
	is "$at: nor of 1" 422
	attack_length "$name-72" 72
	attack_length "$name-73" 73
	attack_length "$name-1024" 1024
	attack_user "$name" "$(letters 1025)"
	is "$at: no password of 1025" 422 '.errors[0].code' maxLength
	head -c 10485760 /dev/zero | tr '\0' p |
	    sed "s/^/{\"name\":\"$name\",\"password\":\"/; s/\$/\"}/" \
	    >"$SITE/large"
	api POST /user/register -H "$json" -H 'Expect:' --data-binary \
	    "@$SITE/large"
	is "$at: nor of 10 MiB" 413
	post /user/register \
	    "{\"name\":\"$name\",\"password\":\"abcdefgh\\u0000ijklmnop\"}"
	is "$at: nor with a NUL" 400
	# Joined by nothing, written from right to left, no characters at all.
	printf '{"name":"%s","password":"%s"}' "$name" \
	    'e\u0301\u202e\u200d\ud83d\udc68\u200d\ud83d\udc69 \ufeff\ufffe\udbff\udfff water' \
	    >"$SITE/odd"
	api POST /user/register -H "$json" --data-binary "@$SITE/odd"
	is "$at: a password of odd letters" 201
	from 9.4 /auth/login "$(sed 's/"name"/"username"/' "$SITE/odd")"
	is "$at: logs in" 200
	from 9.5 /auth/login "$(sed 's/"name"/"username"/; s/\\u200d//' \
	    "$SITE/odd")"
	is "$at: not without one that nobody sees" 401
}

# --- what is odd about a request ----------------------------------------------

attack_json() {
	local body
	for body in '{"username":"x","username":"admin","password":"y"}' \
	    '{"username":"admin","password":"x","password":"y"}' \
	    '{"username":"admin","password":"x","pass\u0077ord":"y"}' \
	    '{"username":"admin\ud800","password":"x"}' \
	    '{"username":"admin","password":"x"} {}' \
	    $'{"username":"\xc1\xa1dmin","password":"x"}' \
	    $'{"username":"admin","password":"\xed\xa0\x80"}' \
	    $'\xef\xbb\xbf{"username":"admin","password":"x"}'; do
		printf '%s' "$body" >"$SITE/odd"
		api POST /auth/login -H "$json" --data-binary "@$SITE/odd"
		is "$at: a login that says ${body:0:40}" 400
	done
	for body in '["admin","x"]' '{"username":["admin"],"password":"x"}' \
	    '{"username":"admin","password":7}' \
	    '{"username":"admin","password":"x","cookie":"true"}'; do
		post /auth/login "$body"
		is "$at: a login that says $body" 422
	done
	post /auth/login "{\"username\":$(printf '[%.0s' {1..5000})"
	matches "$at: a login of 5000 levels" '4??' "$CODE"
}

attack_methods() { # TOKEN
	local line
	for line in 'X-HTTP-Method-Override: DELETE' 'X-HTTP-Method: DELETE' \
	    'X-Method-Override: DELETE'; do
		api GET '/auth/me?_method=DELETE' -H "$(by "$1")" -H "$line"
		is "$at: $line is not heard" 200
		api POST /auth/me -H "$(by "$1")" -H "${line/DELETE/GET}"
		is "$at: ${line/DELETE/GET} neither" 405
	done
	for line in TRACE CONNECT get DELETE; do
		api "$line" /auth/me -H "$(by "$1")"
		matches "$at: $line is not GET" '40?' "$CODE"
	done
}

# Of two that say who it is none is chosen.
attack_two() { # TOKEN COOKIE
	local name=__Host-xcore-session
	api GET /auth/me -H "$(by "$1")" -H "$(by "$1")"
	matches "$at: two tokens" '40?' "$CODE"
	for line in "$2; $2" "$2; $name=x" "$name=x; $2" "$2;$name="; do
		api GET /auth/me -H "Cookie: $line"
		is "$at: two cookies, ${line:0:24}" 401
	done
	api GET /auth/me -H "Cookie: $2" -H "Cookie: $2"
	is "$at: two headers of cookies" 401
	api GET /auth/me -H "Cookie: a=b; $2; c=d"
	is "$at: one among others" 200
	api GET /auth/me -H "Cookie: ${2/__Host-/__host-}"
	is "$at: one of nearly that name" 401
	api GET /auth/me -H "Cookie: $name=$1"
	is "$at: a token as a cookie" 401
	api GET /auth/me -H "$(by "${2#*=}")"
	is "$at: a cookie as a token" 401
	# The cookie counts then, with all that it asks for.
	api POST /auth/logout -H "Cookie: $2" -H "$(by wrong)"
	is "$at: a wrong token beside a cookie" 403
}

# A plugin in a sandbox does not see what would let it be the user later.
attack_plugin() { # TOKEN COOKIE
	local line
	cp -r "$top/tests/site/echo" "$SITE/echo"
	check "echo is built" site_build "$SITE/echo"
	check "echo installs" site_install "$SITE/echo"
	for line in "Authorization: Bearer $1" "authorization: bearer  $1" \
	    "Cookie: $2"; do
		api GET /app/echo/see -H "$line"
		is "$at: a sandbox is not shown ${line:0:20}..." 200 \
		    '.headers | has("authorization") or has("cookie")' false
	done
	api GET /app/echo/see -H "$(by other.to.ken)" -H "Cookie: a=b; $2"
	is "$at: it is shown what is not ours" 200 \
	    '.headers.authorization + .headers.cookie' 'Bearer other.to.kena=b'
	check "echo goes" site_as xcore-install remove --yes echo
}

# --- other sites --------------------------------------------------------------

attack_csrf() { # COOKIE CSRF OTHERS-CSRF
	local line
	local change=(PUT /user/profile -H "$json" -d '{"display":"x"}'
	    -H "Cookie: $1")
	for line in 'Origin: null' 'Origin: https://evil.test' 'Origin;' \
	    "Origin: $URL.evil.test" "Origin: $URL/" 'Origin: file://' \
	    "Origin: http://127.0.0.1:1" 'Sec-Fetch-Site: cross-site' \
	    'Sec-Fetch-Site: same-site' 'Sec-Fetch-Site: x'; do
		api "${change[@]}" -H "X-CSRF-Token: $2" -H "$line"
		is "$at: a change with $line" 403
	done
	api "${change[@]}" -H "X-CSRF-Token: $3"
	is "$at: a change with another session's CSRF token" 403
	api "${change[@]}" -H 'X-CSRF-Token;'
	is "$at: with one that is empty" 403 \
	    '.detail | contains("GET /auth/csrf")' true
	api "${change[@]}" -H "X-CSRF-Token: $2" -H "Origin: $URL" \
	    -H 'Sec-Fetch-Site: same-origin'
	is "$at: a change from this site" 200
	# What a form of another site can send.
	for line in text/plain application/x-www-form-urlencoded \
	    'multipart/form-data; boundary=x' \
	    'text/plain; application/json' ''; do
		api POST /auth/login -H "Content-Type: $line" -d \
		    "$(credentials "$name" "$attack_password")"
		is "$at: a login as ${line:-nothing}" 415
	done
	api GET /auth/csrf -H "Cookie: $1" -H 'Origin: https://evil.test'
	equal "$at: no other origin reads the CSRF token" '' \
	    "$(header access-control-allow-origin)"
}

# A cookie that somebody has put there beforehand does not become a session.
attack_fixation() {
	local own new first
	own=__Host-xcore-session=$(printf '0%.0s' {1..32}).$(letters 43)
	post /auth/login "$(credentials "$name" "$attack_password" |
	    jq -c '.cookie = true')" -H "Cookie: $own"
	is "$at: a login with a cookie that is there" 200
	new=$(header set-cookie) new=${new%%;*}
	equal "$at: gives another one" 0 "$(grep -c "${own:21:32}" <<<"$new")"
	api GET /auth/me -H "Cookie: $own"
	is "$at: which alone is good" 401
	post /auth/login "$(credentials "$name" "$attack_password" |
	    jq -c '.cookie = true')" -H "Cookie: $new"
	first=${new#*=} new=$(header set-cookie)
	COOKIE=${new%%;*} CSRF=$(field .csrf_token)
	api GET /auth/me -H "Cookie: ${COOKIE%%.*}.${first#*.}"
	is "$at: one session with the secret of another" 401
}

attack_browser() {
	local first
	attack_fixation
	first=$CSRF
	attack_fixation
	attack_two "$TOKEN" "$COOKIE"
	attack_csrf "$COOKIE" "$CSRF" "$first"
}

# --- SQL, paging and lines, wherever something can be said --------------------

# Whatever is not bound ends a text here and is no SQL: 5xx.  The name is
# taken, so that nobody is made of what is bound.
attack_sql() {
	local bad="x'\"\`\\ OR SLEEP(9)-- " url path members member
	local id=$1 role=$2 users
	users=$(mariadb_admin -N -e 'SELECT COUNT(*) FROM xcore.xc_user')
	url=$(jq -rn --arg b "$bad" '$b | @uri')
	while read -r method path members; do
		for member in $members; do
			api "$method" "$path" -H "$(by "$admin_token")" \
			    -H "$json" -d "$(jq -nc --arg k "$member" \
			    --arg n "$name" --arg b "$bad" 'if $k == "permissions" or
			    $k == "roles" or $k == "includes" then {($k): [$b]}
			    elif $k == "both" then {username: $b, password: $b}
			    elif $k == "pair" then {ticket: $b, code: $b}
			    elif $k == "words" then {old: $b, new: $b}
			    else {name: $n, ($k): $b} end')"
			matches "$at: SQL in $method ${path//[0-9]/} $member" \
			    '[24]??' "$CODE"
		done
	done <<-END
	POST /auth/login both otp
	POST /auth/login/otp pair
	POST /auth/refresh refresh_token
	POST /user/register name email display password
	PUT /user/profile email display password
	PUT /user/password words
	POST /admin/users email display password roles
	PUT /admin/users/$id name email display
	PUT /admin/users/$id/role roles
	POST /admin/users/$id/lock reason
	POST /admin/roles description permissions includes
	PUT /admin/roles/$role description permissions includes
	END
	for path in "/auth/sessions/$url" "/admin/users/$url" \
	    "/admin/users/1%20OR%201=1" "/admin/roles/$url" \
	    "/admin/plugins/$url" "/admin/users/$id/sessions/$url" \
	    "/admin/users/$id/explain?permission=$url" \
	    /admin/{users,roles,permissions,audit,plugins}"?q=$url" \
	    /admin/{users,roles,plugins}"?sort=$url" \
	    "/admin/users?role=$url" "/admin/users?state=$url" \
	    "/admin/audit?actor=$url" "/admin/audit?action=$url"; do
		api GET "$path" -H "$(by "$admin_token")"
		matches "$at: SQL in ${path//[0-9]/}" '[24]??' "$CODE"
	done
	post /admin/roles '{"name":"admin"}' -H "$(by "$admin_token")" \
	    -A "$bad" -H "Idempotency-Key: ${bad// /}" -H "If-Match: $bad" \
	    -H "X-Forwarded-For: $bad" -H "traceparent: $bad"
	matches "$at: SQL in headers" '4??' "$CODE"
	equal "$at: the users are who they were" "$users" \
	    "$(mariadb_admin -N -e 'SELECT COUNT(*) FROM xcore.xc_user')"
	equal "$at: MariaDB met no SQL of ours that is none" 0 \
	    "$(grep -c 'error in your SQL' "$SITE/log/xcored.log")"
}

attack_paging() { # USER-ID
	local path bad
	for path in /auth/sessions /admin/{users,roles,permissions,audit} \
	    /admin/plugins "/admin/users/$1/sessions"; do
		for bad in page=0 page=-9223372036854775808 \
		    page=9223372036854775808 page=1.5 page=0x10 page= \
		    per_page=0 per_page=-1 per_page=18446744073709551617 \
		    'per_page=1&per_page=100'; do
			api GET "$path?$bad" -H "$(by "$admin_token")"
			matches "$at: ${path//[0-9]/} with $bad" '4??' "$CODE"
		done
		api GET "$path?page=1000000&per_page=100" \
		    -H "$(by "$admin_token")"
		is "$at: the last page of ${path//[0-9]/}" 200 \
		    '.items | length' 0
	done
	for bad in 0 -1 501 99999999999999999999; do
		api GET "/admin/plugins/hello/logs?lines=$bad" \
		    -H "$(by "$admin_token")"
		is "$at: $bad lines of a log" 422
	done
}

# Nothing that was stored comes back as a line of a head.
attack_lines() { # USER-ID ROLE-ID
	local bad='a\r\nX-Evil: 1\r\n\r\nb' method path member
	while read -r method path member; do
		api "$method" "$path" -H "$(by "$admin_token")" -H "$json" \
		    -d "{\"name\":\"l$1\",\"$member\":\"$bad\"}"
		is "$at: lines in $method ${path//[0-9]/} $member" 422
	done <<-END
	POST /admin/users display
	POST /admin/users email
	PUT /admin/users/$1 display
	PUT /admin/users/$1 email
	POST /admin/roles description
	END
	api PUT "/admin/roles/$2" -H "$(by "$admin_token")" -H "$json" \
	    -d "{\"description\":\"$bad\"}"
	is "$at: lines in what a role is for" 422
	post "/admin/users/$1/lock" "{\"reason\":\"$bad\"}" \
	    -H "$(by "$admin_token")"
	is "$at: lines in why a user is locked" 422
	post /auth/login "$(credentials "$name" "$attack_password")" \
	    -A $'a\tX-Evil: 1' -H $'X-Request-Id: a\tX-Evil: 1'
	for path in "/admin/users/$1" "/admin/users/$1/sessions" \
	    "/admin/roles/$2" '/admin/audit?per_page=100' /admin/users \
	    '/auth/me%0d%0aX-Evil:%201'; do
		api GET "$path" -H "$(by "$admin_token")"
		equal "$at: no line of ${path//[0-9]/} is anybody's" 0 \
		    "$(grep -ci '^X-Evil' "$SITE/head")"
	done
}

attack_assign() { # USER-ID ROLE-ID
	local extra
	for extra in '"password":"xxxxxxxxxxxx"' '"roles":["admin"]' \
	    '"state":"active"' '"grants_revision":1' '"created_by":"x"'; do
		api PUT "/admin/users/$1" -H "$(by "$admin_token")" \
		    -H "$json" -d "{$extra}"
		is "$at: $extra is no part of a user's" 422
		# There the password proves who it is.
		[[ $extra != *password* ]] || continue
		api PUT /user/profile -H "$(by "$TOKEN")" -H "$json" \
		    -d "{\"display\":\"x\",$extra}"
		is "$at: nor of one's own" 422
	done
	api PUT "/admin/roles/$2" -H "$(by "$admin_token")" -H "$json" \
	    -d '{"built_in":true}'
	is "$at: a role is not made xcore's" 422
}

# --- at once ------------------------------------------------------------------

# A refresh token that is shown twice was stolen from one of the two: nobody
# can tell from which, so both have to log in again.
attack_refresh() {
	local i body
	good "$at: a login" login "$name" "$attack_password"
	body="{\"refresh_token\":\"$REFRESH\"}"
	equal "$at: of eight refreshes at once one is good" '1x200 7x401' \
	    "$(at_once /auth/refresh "$body" "$body" "$body" "$body" \
	    "$body" "$body" "$body" "$body")"
	for i in {1..8}; do
		TOKEN=$(jq -r '.access_token // empty' "$SITE/once$i")
		[[ -z $TOKEN ]] || break
	done
	me "$TOKEN"
	is "$at: and not for long" 401
	good "$at: others of the user go on" login "$name" "$attack_password"
}

# --- roles --------------------------------------------------------------------

as_one() { # METHOD PATH JSON; with the rights of one who may little
	api "$1" "$2" -H "$(by "$little")" -H "$json" -d "$3"
}
attack_circle() {
	local k ids=()
	for k in a b c; do
		post /admin/roles "{\"name\":\"ring-$k-$at\"}" \
		    -H "$(by "$admin_token")"
		ids+=("$(field .id)")
	done
	put "/admin/roles/${ids[0]}" "{\"includes\":[\"ring-b-$at\"]}" \
	    -H "$(by "$admin_token")"
	put "/admin/roles/${ids[1]}" "{\"includes\":[\"ring-c-$at\"]}" \
	    -H "$(by "$admin_token")"
	is "$at: a role in a role in a role" 200
	put "/admin/roles/${ids[2]}" "{\"includes\":[\"ring-a-$at\"]}" \
	    -H "$(by "$admin_token")"
	is "$at: no circle of three" 422 '.errors[0].code' circle
	# Even if one was made by hand, nobody waits for its end.
	mariadb_admin -e "INSERT INTO xcore.xc_role_include VALUES
	    (${ids[2]}, ${ids[0]}); UPDATE xcore.xc_grants SET
	    revision = revision + 1"
	put "/admin/users/$1/role" "{\"roles\":[\"ring-a-$at\",\"user\"]}" \
	    -H "$(by "$admin_token")"
	is "$at: one that is there gives what it has" 200
	me "$TOKEN"
	is "$at: which is nothing" 200 .name "$name"
	for k in "${ids[@]}"; do
		api DELETE "/admin/roles/$k" -H "$(by "$admin_token")"
		is "$at: and it can be undone" 204
	done
}

# Nobody gives, to others or to himself, what he has not.
attack_reach() { # HIS-ID OTHERS-ID
	local little role bad
	post /admin/roles "$(jq -nc --arg n "little-$at" '{name: $n,
	    permissions: ["admin:user:read", "admin:user:write",
	    "admin:role:read", "admin:role:write"]}')" \
	    -H "$(by "$admin_token")"
	role=$(field .id)
	post /admin/roles "{\"name\":\"log-$at\",\"permissions\":
	    [\"admin:audit:read\"]}" -H "$(by "$admin_token")"
	put "/admin/users/$1/role" "{\"roles\":[\"little-$at\"]}" \
	    -H "$(by "$admin_token")"
	is "$at: $name may change users and roles" 200
	little=$TOKEN
	as_one PUT "/admin/users/$2/role" "{\"roles\":[\"little-$at\"]}"
	is "$at: he gives what he has" 200
	for bad in "log-$at" admin; do
		as_one PUT "/admin/users/$1/role" \
		    "{\"roles\":[\"little-$at\",\"$bad\"]}"
		is "$at: not $bad to himself" 403 .code beyond
		as_one PUT "/admin/users/$2/role" "{\"roles\":[\"$bad\"]}"
		is "$at: nor to another" 403 .code beyond
		as_one POST /admin/users \
		    "{\"name\":\"new-$at\",\"roles\":[\"$bad\"]}"
		is "$at: nor to a new one" 403 .code beyond
		as_one PUT "/admin/roles/$role" "{\"includes\":[\"$bad\"]}"
		is "$at: nor to a role of his" 403 .code beyond
	done
	for bad in '*:*:*' 'admin:*:*' '*:user:*' 'admin:user:*' \
	    '*:*:write' admin:audit:read; do
		as_one PUT "/admin/roles/$role" "{\"permissions\":[\"$bad\"]}"
		is "$at: nor $bad" 403 .code beyond
	done
	for bad in '*' 'admin:user' 'admin:user:write *:*:*' \
	    'admin:user:WRITE' 'admin:user:write:x'; do
		as_one PUT "/admin/roles/$role" "{\"permissions\":[\"$bad\"]}"
		is "$at: \"$bad\" is nothing" 422
	done
	as_one DELETE "/admin/users/$boss/sessions" ''
	is "$at: he ends no session of who may more" 403 .code beyond
	as_one DELETE "/admin/users/$boss/otp" ''
	is "$at: nor takes his second factor away" 403 .code beyond
	put "/admin/users/$1/role" '{"roles":["user"]}' \
	    -H "$(by "$admin_token")"
	as_one PUT "/admin/users/$2/role" '{"roles":["user"]}'
	is "$at: what is taken from him is gone with the next request" 403
	api GET /admin/users -H "$(by "$little")"
	is "$at: on every worker" 403
	URL=$SECOND_URL api GET /admin/users -H "$(by "$little")"
	is "$at: and host" 403
}

attack_registration() {
	URL=$SECOND_URL attack_user "nick-$at"
	is "$at: nobody registers where it is off" 403 .code registration_off
}

# What does not depend on where plugins run is tried once.
attack_once() { # USER-ID OTHERS-ID OTHERS-ROLE
	attack_passwords
	attack_registration
	attack_methods "$TOKEN"
	attack_plugin "$TOKEN" "$COOKIE"
	attack_paging "$2"
	attack_assign "$2" "$3"
	attack_refresh
	attack_circle "$1"
	attack_reach "$1" "$2"
}

try_misuse() {
	local name=mal-$at other=max-$at net=30 admin_token boss id role
	good "$at: an administrator" login admin "$ADMIN_PASSWORD"
	admin_token=$TOKEN
	me "$TOKEN"
	boss=$(field .id)
	attack_user "$other"
	other=$ID
	attack_user "$name"
	id=$ID
	post /admin/roles "{\"name\":\"target-$at\"}" -H "$(by "$admin_token")"
	role=$(field .id)
	good "$at: $name logs in" login "$name" "$attack_password"
	attack_json
	attack_browser
	attack_sql "$other" "$role"
	attack_lines "$other" "$role"
	[[ $at == inprocess ]] || attack_once "$id" "$other" "$role"
}
