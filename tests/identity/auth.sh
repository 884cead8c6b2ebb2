# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Attacks on logins, tokens and sessions; a part of run.
# shellcheck disable=SC2154,SC1003	# what run has; a backslash is meant

# From an address of its own, so that what fails here delays nobody else.
from() { # ADDRESS CURL-WORDS... as post
	local address=127.$net.$1; shift
	post "$@" --interface "$address"
}
credentials() { # NAME PASSWORD
	jq -nc --arg u "$1" --arg p "$2" '{username: $u, password: $p}'
}
password='a quite long pass phrase'

auth_people() {
	local name
	for name in "$@"; do
		post /user/register "$(jq -nc --arg n "$name" \
		    --arg p "$password" \
		    '{name: $n, email: ($n + "@example.org"), password: $p}')"
		is "$at: $name registers" 201
	done
}

payload_of() { # TOKEN
	cut -d. -f2 <<<"$1" | tr '_-' '/+' | sed 's/$/==/' | base64 -d \
	    2>/dev/null
}
header_of() { cut -d. -f1 <<<"$1" | tr '_-' '/+' | sed 's/$/==/' |
    base64 -d 2>/dev/null; } # TOKEN
base64url() { base64 -w 0 | tr -d = | tr '/+' '_-'; }

refused_token() { # WHAT TOKEN
	me "$2"
	is "$at: $1" 401
}
# By whoever has a token and not the key; tokens.sh has the key.
try_forgery() {
	local payload other late
	good "$at: $1 logs in" login "$1" "$password"
	payload=$(payload_of "$TOKEN")
	other=$(jq -c '.sub = "1"' <<<"$payload")
	refused_token 'a token for somebody else' \
	    "$(cut -d. -f1 <<<"$TOKEN").$(printf '%s' "$other" |
	    base64url).$(cut -d. -f3 <<<"$TOKEN")"
	late=$(jq -c '.exp = 4102444800' <<<"$payload")
	refused_token 'a token that lives for longer' \
	    "$(cut -d. -f1 <<<"$TOKEN").$(printf '%s' "$late" |
	    base64url).$(cut -d. -f3 <<<"$TOKEN")"
	refused_token 'half a token' "${TOKEN:0:$(( ${#TOKEN} / 2 ))}"
	refused_token 'a token with a tail' "$TOKEN="
	refused_token 'two tokens' "$TOKEN, $TOKEN"
	refused_token 'a long token' "$(head -c 6000 /dev/zero | tr '\0' a)"
	matches "$at: the header names its key" '*"kid":"token-*' \
	    "$(header_of "$TOKEN")"
	api GET /auth/me -H "authorization: bearer $TOKEN"
	is "$at: the right one, as it is" 200 .name "$1"
	# Over what a web server takes as a header.
	head -c 1048576 /dev/zero | tr '\0' a |
	    sed 's/^/Authorization: Bearer /' >"$SITE/large"
	api GET /auth/me -H "@$SITE/large"
	# ... which may hang up before all of it was sent.
	matches "$at: a token of 1 MiB" '[04]??' "$CODE"
}

try_bodies() {
	local name i=10
	post /auth/login '{"username":"admin","password":"x","role":"admin"}'
	is "$at: a login may not say a role" 422
	post /user/register "$(jq -nc --arg p "$password" \
	    '{name: "eve", password: $p, roles: ["admin"]}')"
	is "$at: nor a registration" 422
	post /auth/login '{"username":"admin","password":"a\u0000b"}'
	is "$at: a password with a NUL" 400
	post /auth/login '{"username":"admin","password":""}'
	is "$at: an empty password" 422
	post /auth/login "$(credentials admin "$(printf 'p%.0s' {1..1025})")"
	is "$at: a password that is too long" 422
	for name in 65000:422 65600:413 1000000:413 10485760:413; do
		head -c "${name%:*}" /dev/zero | tr '\0' p |
		    sed 's/^/{"username":"admin","password":"/; s/$/"}/' \
		    >"$SITE/large"
		api POST /auth/login -H "$json" -H 'Expect:' \
		    --data-binary "@$SITE/large"
		is "$at: a password of ${name%:*} bytes" "${name#*:}"
	done
	# What is too large is not even looked at.
	head -c 70000 /dev/zero | tr '\0' '{' >"$SITE/large"
	api POST /auth/refresh -H "$json" --data-binary "@$SITE/large"
	is "$at: 70,000 brackets" 413
	for name in "admin' OR '1'='1" 'admin"; --' $'\xd0\xb0dmin' \
	    'admin ' '%' ; do
		i=$((i + 1))
		from "1.$i" /auth/login "$(credentials "$name" x)"
		is "$at: nobody is called $name" 401 .code bad_credentials
	done
	from 1.8 /auth/login "$(credentials ADMIN "$ADMIN_PASSWORD")"
	is "$at: names are the same in capitals" 200
}

# Whoever fails often has to wait; the owner, who was here before, has not.
try_flood() { # NAME
	local i codes=
	good "$at: $1 comes in from home" login "$1" "$password"
	for i in 1 2 3 4 5 6 7; do
		from 2.1 /auth/login "$(credentials "$1" wrong)"
		codes+="$CODE "
	done
	equal "$at: five tries, then a wait" '401 401 401 401 401 429 429 ' \
	    "$codes"
	matches "$at: which is said" '[1-9]*' "$(header retry-after)"
	codes=
	for i in {1..30}; do
		from "3.$i" /auth/login "$(credentials "$1" wrong)"
		codes+="$CODE "
	done
	matches "$at: many addresses at one account wait too" '*429*' "$codes"
	good "$at: the owner does not" login "$1" "$password"
	codes=
	for i in {1..60}; do
		from 4.1 /auth/login "$(credentials "name$i" wrong)"
		codes+="$CODE "
	done
	matches "$at: one address at many accounts waits too" '*429*' "$codes"
	good "$at: others do not" login "$1" "$password"
}

try_refresh_of_others() { # ONE OTHER
	local other token
	good "$at: $2 logs in" login "$2" "$password"
	other=$REFRESH
	good "$at: $1 logs in" login "$1" "$password"
	token=$TOKEN
	post /auth/refresh "{\"refresh_token\":\"$other\"}" -H "$(by "$token")"
	is "$at: $1 cannot use what is $2's" 401
	post /auth/refresh "{\"refresh_token\":\"$other\"}"
	is "$at: it was not used up by that" 200
	api DELETE /auth/sessions/00000000000000000000000000000000 \
	    -H "$(by "$token")"
	is "$at: a session that is not there" 404
}

# What a client says of itself is shown as text, and nowhere else.
try_agent() { # NAME
	api POST /auth/login -H "$json" -A '<script>alert(1)</script> "\\' \
	    -d "$(credentials "$1" "$password")"
	TOKEN=$(field .access_token)
	api GET /auth/sessions -H "$(by "$TOKEN")"
	is "$at: the agent, as it was said" 200 '.items[0].agent' \
	    '<script>alert(1)</script> "\\'
	equal "$at: as JSON, which no browser runs" application/json \
	    "$(header content-type)"
	equal "$at: and kept by nobody" no-store "$(header cache-control)"
}

# Sessions of those who are gone.
try_gone() { # NAME
	local token id admin
	good "$at: $1 logs in" login "$1" "$password"
	token=$TOKEN
	me "$token"
	id=$(field .id)
	good "$at: an administrator logs in" login admin "$ADMIN_PASSWORD"
	admin=$TOKEN
	api DELETE "/admin/users/$id" -H "$(by "$admin")"
	is "$at: $1 is deleted" 204
	me "$token"
	is "$at: the token of a deleted user" 401
	post /auth/login "$(credentials "$1" "$password")" \
	    --interface "127.$net.1.7"
	is "$at: who cannot come back" 401 .code bad_credentials
}

try_auth() {
	local n=$at net=10
	[[ $at == pool ]] || net=20
	auth_people "ana-$n" "bob-$n" "eve-$n"
	try_forgery "ana-$n"
	try_bodies
	try_flood "ana-$n"
	try_refresh_of_others "ana-$n" "bob-$n"
	try_agent "bob-$n"
	try_gone "eve-$n"
}
