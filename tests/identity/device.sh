# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# An account that is guessed at from many addresses, and its owner, who comes
# from a new one; logins from other sites; a part of run.
# shellcheck disable=SC2154,SC2153,SC2034	# what run and auth.sh have

browser_of() { # NAME PASSWORD
	credentials "$1" "$2" | jq -c '.cookie = true'
}
# As from, at /auth/login; DEVICE is the cookie that it sets.
browse() { # ADDRESS NAME PASSWORD CURL-WORDS...
	from "$1" /auth/login "$(browser_of "$2" "$3")" "${@:4}"
	DEVICE=$(header set-cookie | grep '^__Host-xcore-device=')
	DEVICE=${DEVICE%%;*}
}
# The waits that an account has, as seconds from now; so no test depends on how
# fast it is.
device_waits() { # NAME SECONDS
	mariadb_admin <<END
UPDATE xcore.xc_throttle SET until_at = UTC_TIMESTAMP(3) +
	INTERVAL $2 SECOND WHERE scope = 'account' AND until_at IS NOT NULL
	AND hash = (SELECT UNHEX(SHA2(CONCAT('account\nuser:', id, '\n'), 256))
	FROM xcore.xc_user WHERE name = '$1');
END
}
device_attack() { # NAME
	local i codes=
	for i in {1..24}; do
		from "5.$(( i % 12 + 1 ))" /auth/login \
		    "$(credentials "$1" wrong)"
		codes+="$CODE "
	done
	matches "$at: 12 addresses guess at an account" '401 401 *429*' \
	    "$codes"
	check "$at: which goes on" device_waits "$1" 300
}
waits() { # WHAT COOKIE
	at_new=$((at_new + 1))
	browse "6.$at_new" "$name" "$password" -H "Cookie: $2"
	is "$at: $1 waits" 429 .code too_many_tries
}
enters() { # WHAT COOKIE
	at_new=$((at_new + 1))
	browse "6.$at_new" "$name" "$password" -H "Cookie: $2"
	is "$at: $1 is let in" 200 '.csrf_token | type' string
}

device_attacked() {
	local mine=$1 text i codes=
	device_attack "$name"
	waits 'the owner at a new address' 'a=b'
	enters 'the owner with a known browser' "$mine"
	equal "$at: nothing of the cookie is in the body" 0 \
	    "$(grep -c device "$SITE/body")"
	# The other host has the same keys and rows.
	text=$URL URL=$SECOND_URL
	enters 'the owner at another host' "a=b; $DEVICE"
	URL=$text
	waits "one who forges it" "${mine%?}$([[ $mine == *A ]] && echo B ||
	    echo A)"
	text=${mine#*=}
	waits 'one with a later end' "${mine%%=*}=$(cut -d. -f1,2 <<<"$text"
	    ).4102444800.$(cut -d. -f4 <<<"$text")"
	waits "one with another's" "$2"
	# No more guesses than an address has, wherever from.
	for i in {1..6}; do
		from "7.$i" /auth/login "$(credentials "$name" wrong)" \
		    -H "Cookie: $mine"
		codes+="$CODE "
	done
	equal "$at: a browser that fails waits too" \
	    '401 401 401 401 401 429 ' "$codes"
}

# What ends all sessions ends that.
device_void() {
	local mine token
	mariadb_admin <<<'DELETE FROM xcore.xc_throttle'
	browse 8.1 "$name" "$password"
	mine=$DEVICE
	good "$at: $name logs in" login "$name" "$password"
	token=$TOKEN
	device_attack "$name"
	enters 'a known browser' "$mine"
	put /user/password "$(jq -nc --arg o "$password" \
	    --arg n "$password too" '{old: $o, new: $n}')" -H "$(by "$token")"
	matches "$at: a new password" '20?' "$CODE"
	browse 8.2 "$name" "$password too" -H "Cookie: $mine"
	is "$at: voids what browsers had" 429
	mariadb_admin <<<'DELETE FROM xcore.xc_throttle'
}

# Another site's page cannot log its reader in.
device_crossing() {
	local line ticket=Zk3v0nq8yJ4mX1bT7cR9sL2wP5dH6gK0aE8uVfYiQxM
	for line in 'Origin: null' 'Origin: https://evil.test' \
	    'Sec-Fetch-Site: cross-site' 'Sec-Fetch-Site: same-site'; do
		browse 8.3 "$name" "$password" -H "$line"
		is "$at: a browser's login with $line" 403 .code cross_site
		equal "$at: ... sets nothing" '' "$(header set-cookie)"
		post /auth/login/otp '{"ticket":"'"$ticket"'",
		    "code":"123456","cookie":true}' -H "$line"
		is "$at: the second half with $line" 403 .code cross_site
	done
	browse 8.3 "$name" "$password" -H "Origin: $URL" \
	    -H 'Sec-Fetch-Site: same-origin'
	is "$at: one from this site" 200
}

try_device() {
	local name=dev-$at other=dew-$at net=50 at_new=0 mine theirs line
	[[ $at == pool ]] || net=60
	auth_people "$name" "$other"
	browse 8.4 "$other" "$password"
	theirs=$DEVICE
	browse 8.4 "$name" "$password"
	is "$at: a browser's session" 200
	mine=$DEVICE
	line=$(header set-cookie | tail -n 1)
	matches "$at: makes the browser known" \
	    '__Host-xcore-device=*; Path=/; Secure; HttpOnly; SameSite=Strict;*' \
	    "$line"
	equal "$at: beside the session" 2 "$(header set-cookie | wc -l)"
	device_crossing
	device_attacked "$mine" "$theirs"
	device_void
}
