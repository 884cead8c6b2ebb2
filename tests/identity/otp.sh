# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Second factors, from setting one up to the operations that ask for it; a
# part of run.
# shellcheck disable=SC2154	# what run has

otp_password='a quite long pass phrase'

# The code of an app that the secret was typed into; steps from now.
otp_code() { # SECRET [STEPS]
	oathtool --totp --base32 \
	    --now "@$(( $(date +%s) + 30 * ${2:-0} ))" "$1"
}
# A code that is none of now.
otp_wrong() { # SECRET
	local code near
	near="$(for i in -2 -1 0 1 2; do otp_code "$1" $i; done)"
	for code in 000000 000001 000002 000003 000004 000005; do
		grep -qx $code <<<"$near" || { echo $code; return; }
	done
}
# Time passes: what was shown may be shown again.
otp_later() {
	mariadb_admin -e 'UPDATE xcore.xc_otp SET last_step = 0;
	    DELETE FROM xcore.xc_throttle' ||
	    fail "$at: the clock is set on"
}
otp_post() { # TOKEN NAME [CODE]
	post "/auth/otp/$2" "${3+{\"code\":\"$3\"\}}" -H "$(by "$1")"
}
vault() { api GET /app/stepper/vault -H "$(by "$1")"; } # TOKEN

# TICKET of a login that waits for its second factor.
otp_ticket() { # NAME
	post /auth/login "$(jq -nc --arg u "$1" --arg p "$otp_password" \
	    '{username: $u, password: $p}')"
	TICKET=$(field .ticket)
	[[ $CODE == 202 ]]
}
otp_login() { # CODE
	post /auth/login/otp "{\"ticket\":\"$TICKET\",\"code\":\"$1\"}"
	TOKEN=$(field .access_token)
}

otp_begin() { # NAME
	post /user/register "$(jq -nc --arg n "$1" --arg p "$otp_password" \
	    '{name: $n, email: ($n + "@example.org"), password: $p}')"
	is "$at: $1 registers" 201
	good "$at: $1 logs in by password alone" login "$1" "$otp_password"
	vault "$TOKEN"
	is "$at: which is not enough for the vault" 401
	matches "$at: as the challenge says" \
	    '*insufficient_user_authentication*max_age=*300*' \
	    "$(header www-authenticate)"
	api GET /auth/otp -H "$(by "$TOKEN")"
	is "$at: there is no second factor" 200 .enrolled false
}

otp_enrol() { # NAME
	api POST /auth/otp/setup
	is "$at: nobody sets one up for nobody" 401
	otp_post "$TOKEN" setup
	is "$at: a secret" 200 '.secret | length' 32
	SECRET=$(field .secret)
	matches "$at: as an address" \
	    "otpauth://totp/xcore:$1?secret=$SECRET&issuer=xcore&*" \
	    "$(field .uri)"
	matches "$at: and as a picture" '<svg *<title>*</svg>' \
	    "$(field .qr_svg)"
	equal "$at: kept by nobody" no-store "$(header cache-control)"
	good "$at: logins do not ask for it yet" login "$1" "$otp_password"
	otp_post "$TOKEN" confirm "$(otp_wrong "$SECRET")"
	is "$at: a wrong code confirms nothing" 422
	otp_post "$TOKEN" confirm "$(otp_code "$SECRET")"
	is "$at: a right one does" 200 '.recovery_codes | length' 10
	mapfile -t RECOVERY < <(field '.recovery_codes[]')
	vault "$TOKEN"
	is "$at: now the vault is open" 200
	otp_post "$TOKEN" setup
	is "$at: no other takes its place" 409 .code otp_exists
}

otp_replay() { # NAME
	local code
	post /auth/login "$(jq -nc --arg u "$1" --arg p "$otp_password" \
	    '{username: $u, password: $p}')"
	is "$at: a login asks for it now" 202 .otp_required true
	equal "$at: ... and says how" '["app","recovery"]' \
	    "$(jq -c .methods <<<"$BODY")"
	otp_later
	good "$at: a ticket" otp_ticket "$1"
	code=$(otp_code "$SECRET")
	otp_login "$code"
	is "$at: a code logs in" 200 .token_type Bearer
	SESSION=$TOKEN
	good "$at: another ticket" otp_ticket "$1"
	URL=$SECOND_URL otp_login "$code"
	matches "$at: but not twice, on no host" '4??' "$CODE"
	vault "$SESSION"
	is "$at: who logged in with it may see the vault" 200
}

otp_step_up() {
	local code
	mariadb_admin -e 'UPDATE xcore.xc_session SET otp_at = otp_at -
	    INTERVAL 301 SECOND'
	vault "$SESSION"
	is "$at: after its time the vault is shut" 401
	otp_later
	otp_post "$SESSION" verify "$(otp_wrong "$SECRET")"
	is "$at: a wrong code does not open it" 422 '.errors[0].code' otp_wrong
	code=$(otp_code "$SECRET")
	otp_post "$SESSION" verify "$code"
	is "$at: a right one does" 204
	vault "$SESSION"
	is "$at: it is open again" 200
	otp_post "$SESSION" verify "$code"
	is "$at: that one was used up" 422
}

# Whoever knows the password and guesses codes locks no session out.
otp_guess() { # NAME
	local i wrong codes=''
	otp_later
	wrong=$(otp_wrong "$SECRET")
	for i in {1..7}; do
		otp_ticket "$1"
		otp_login "$wrong"
		codes+=" $CODE"
	done
	matches "$at: guessing ends" '* 429' "$codes"
	equal "$at: and says for how long" 1 \
	    "$(( $(header retry-after) > 0 ))"
	otp_ticket "$1"
	URL=$SECOND_URL otp_login "$(otp_code "$SECRET")"
	is "$at: on every host, for the right one too" 429
	vault "$SESSION"
	is "$at: the session that stands goes on" 200
	otp_post "$SESSION" verify "$(otp_code "$SECRET")"
	is "$at: and may show its code" 204
	otp_ticket "$1"
	otp_login "${RECOVERY[0]}"
	is "$at: so does a recovery code" 200
	otp_ticket "$1"
	otp_login "${RECOVERY[0]}"
	matches "$at: once" '4??' "$CODE"
}

# One that is sent eight times at once is taken once.
otp_at_once() { # NAME
	local i bodies=()
	otp_later
	for i in {1..8}; do
		otp_ticket "$1"
		bodies+=("{\"ticket\":\"$TICKET\",\"code\":\"${RECOVERY[2]}\"}")
	done
	equal "$at: a recovery code is good for one of eight" '1x200 7x401' \
	    "$(at_once /auth/login/otp "${bodies[@]}")"
	otp_later
	otp_ticket "$1"
	bodies=()
	for i in 3 4 5 6; do
		bodies+=("{\"ticket\":\"$TICKET\",\"code\":\"${RECOVERY[i]}\"}")
	done
	equal "$at: and a ticket for one of four" '1x200 3x401' \
	    "$(at_once /auth/login/otp "${bodies[@]}")"
}

# Tickets and codes are of one user, and a factor that was shown is of one
# session.
otp_of_others() { # NAME OTHER
	local secret=$SECRET own=("${RECOVERY[@]}") ticket other
	post /user/register "$(jq -nc --arg n "$2" --arg p "$otp_password" \
	    '{name: $n, password: $p}')"
	is "$at: $2 registers" 201
	good "$at: $2 logs in" login "$2" "$otp_password"
	other=$TOKEN
	otp_post "$other" setup
	SECRET=$(field .secret)
	otp_post "$other" confirm "$(otp_code "$secret")"
	is "$at: $1's code confirms nothing of $2's" 422
	otp_post "$other" confirm "$(otp_code "$SECRET")"
	is "$at: his own does" 200
	mapfile -t RECOVERY < <(field '.recovery_codes[]')
	otp_later
	good "$at: a ticket of $1's" otp_ticket "$1"
	ticket=$TICKET
	otp_login "${RECOVERY[0]}"
	is "$at: is no good with a code of $2's" 401
	otp_login "$(otp_code "$SECRET")"
	is "$at: of his app neither" 401
	TICKET=$ticket otp_login "${own[7]}" && me "$TOKEN"
	is "$at: with $1's it is, for $1" 200 .name "$1"
	good "$at: another ticket of $2's" otp_ticket "$2"
	otp_login "${RECOVERY[0]}"
	is "$at: whose code was not used up by that" 200
	mariadb_admin -e 'UPDATE xcore.xc_session SET otp_at = NULL'
	otp_post "$other" verify "${RECOVERY[1]}"
	is "$at: $2 shows a code in one session" 204
	vault "$other"
	is "$at: which opens the vault to that one" 200
	vault "$TOKEN"
	is "$at: and not to his other" 401
	vault "$SESSION"
	is "$at: nor to $1" 401
	SECRET=$secret RECOVERY=("${own[@]}")
}

otp_end() { # NAME
	local old=${RECOVERY[1]}
	otp_later
	otp_post "$SESSION" recovery "$(otp_code "$SECRET")"
	is "$at: new recovery codes" 200 '.recovery_codes | length' 10
	otp_post "$SESSION" disable "$old"
	is "$at: the old ones are gone" 422
	otp_post "$SESSION" mail
	is "$at: no mail here" 409
	otp_later
	otp_post "$SESSION" disable "$(otp_code "$SECRET")"
	is "$at: it ends" 204
	good "$at: a login asks for none" login "$1" "$otp_password"
	check "$at: no secret and no code is in a log" \
	    otp_log_is_clean "$SECRET" "${RECOVERY[@]}"
}
otp_log_is_clean() { # SECRET...
	! cat "$SITE"/log/*.log | grep -qFf <(printf '%s\n' "$@")
}

try_otp() {
	local name=otto-$at
	if ! command -v oathtool >/dev/null; then
		say "no oathtool here: second factors are left out"
		return
	fi
	if [[ ! -d $SITE/stepper ]]; then
		cp -r "$here/stepper" "$SITE/stepper"
		check "stepper is built" site_build "$SITE/stepper"
		check "stepper installs" site_install "$SITE/stepper"
	fi
	otp_begin "$name"
	otp_enrol "$name"
	otp_replay "$name"
	otp_step_up
	otp_guess "$name"
	otp_at_once "$name"
	otp_of_others "$name" "olga-$at"
	otp_end "$name"
}
