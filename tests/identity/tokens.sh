# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Tokens that are forged as well as can be, most of them signed by the site's
# own key, so that one thing alone is wrong with each; a part of run.
# shellcheck disable=SC2154	# what run and auth.sh have

tokens_password='words enough for a pass phrase'

b64url() { basenc --base64url -w 0 | tr -d =; }
unb64url() { # TEXT
	local text=$1
	while (( ${#text} % 4 )); do text+='='; done
	basenc --base64url -d <<<"$text" 2>/dev/null
}

# The site's key, and its public half as the world sees it.
tokens_keys() {
	unb64url "$(jq -r '[.keys[] | select(.purpose == "token")][0].key' \
	    "$SITE/state/keys.json")" >"$SITE/token.der"
	openssl pkey -inform DER -in "$SITE/token.der" -out "$SITE/token.pem" &&
	    openssl pkey -in "$SITE/token.pem" -pubout -out "$SITE/public.pem"
}

# ES256: two numbers of 32 bytes each.
es256() {
	openssl dgst -sha256 -sign "$SITE/token.pem" -binary |
	    openssl asn1parse -inform DER | sed -n 's/.*INTEGER *://p' |
	    while read -r number; do printf '%64s' "$number"; done |
	    tr ' ' 0 | basenc --base16 -d
}
hs256() { # SECRET-FILE
	openssl dgst -sha256 -mac HMAC -binary -macopt \
	    "hexkey:$(basenc --base16 -w 0 <"$1")"
}
token_of() { # HEADER PAYLOAD SIGNATURE-COMMAND...
	local both
	both=$(printf '%s' "$1" | b64url).$(printf '%s' "$2" | b64url)
	printf '%s.%s' "$both" "$(printf '%s' "$both" | "${@:3}" | b64url)"
}

# One whose header or payload was changed by jq, signed anew and well.
changed() { # HEAD-FILTER PAYLOAD-FILTER
	token_of "$(jq -c "$1" <<<"$head")" "$(jq -c "$2" <<<"$payload")" \
	    es256
}
# The tests below are worth nothing unless this one is taken.
tokens_control() {
	me "$(changed . '.jti = "000102030405060708090a0b0c0d0e0f"')"
	is "$at: a token that is signed by hand is good" 200 .name "$name"
}

tokens_header() {
	local kid
	refused_token 'alg none, and no signature' \
	    "$(token_of "$(jq -c '.alg = "none"' <<<"$head")" "$payload" true)"
	refused_token 'alg none, and the right signature' \
	    "$(changed '.alg = "none"' .)"
	refused_token 'HS256 with the public key' \
	    "$(token_of "$(jq -c '.alg = "HS256"' <<<"$head")" "$payload" \
	    hs256 "$SITE/public.pem")"
	refused_token 'HS256 with the public key, said to be ES256' \
	    "$(token_of "$head" "$payload" hs256 "$SITE/public.pem")"
	for kid in "$(jq -r '[.keys[] | select(.purpose == "hash")][0].id' \
	    "$SITE/state/keys.json")" token-00000000-0000 '' \
	    ../../../../../dev/null /etc/passwd "x' OR '1'='1" \
	    "x' UNION SELECT 'k" "$(printf 'x%.0s' {1..2000})"; do
		refused_token "the kid ${kid:0:20}" \
		    "$(changed "$(jq -nc --arg k "$kid" '{kid: $k}' |
		    sed 's/^/. + /')" .)"
	done
	refused_token 'no kid' "$(changed 'del(.kid)' .)"
	refused_token 'a key of its own' "$(changed '.jwk = {kty: "EC"}' .)"
	refused_token 'a key elsewhere' "$(changed '.jku = "http://a/"' .)"
	refused_token 'something critical' "$(changed '.crit = ["exp"]' .)"
}

tokens_payload() {
	local now
	now=$(date +%s)
	refused_token 'an hour too old' "$(changed . \
	    ".iat -= 7200 | .nbf -= 7200 | .exp = $now - 3600")"
	matches "$at: which is said" '*expired*' "$(header www-authenticate)"
	refused_token 'an hour too new' "$(changed . ".nbf = $now + 3600")"
	refused_token 'made tomorrow' "$(changed . ".iat = $now + 86400")"
	refused_token 'no end' "$(changed . 'del(.exp)')"
	refused_token 'for another audience' "$(changed . '.aud = "other"')"
	refused_token 'for several' "$(changed . '.aud = [.aud, "other"]')"
	refused_token 'from another issuer' "$(changed . '.iss = "other"')"
	refused_token "a session of somebody else's" \
	    "$(changed . '.sub = "1"')"
	refused_token 'a session that there never was' \
	    "$(changed . '.sid = "000102030405060708090a0b0c0d0e0f"')"
	me "$(changed . '.roles = ["admin"] | .scope = "*:*:*"')"
	is "$at: what it says of rights is not looked at" 200 \
	    '[.roles[], .permissions[]] | inside(["user"])' true
}

# A refresh token is no access token, nor the other way round.
tokens_mixed() {
	refused_token 'a refresh token' "$REFRESH"
	post /auth/refresh "{\"refresh_token\":\"$TOKEN\"}"
	matches "$at: an access token refreshes nothing" "4??" "$CODE"
	api GET "/auth/me?access_token=$TOKEN"
	is "$at: nor is one taken from the address" 401
	api GET /auth/me -H "Authorization: Basic $(printf '%s' \
	    "$name:$tokens_password" | base64 -w 0)"
	is "$at: nor a password for one" 401
}

# One that another session of the user ends.
tokens_ended() {
	local other=$TOKEN id
	id=$(jq -r .sid <<<"$payload")
	good "$at: $name logs in once more" login "$name" "$tokens_password"
	api DELETE "/auth/sessions/$id" -H "$(by "$TOKEN")"
	is "$at: and ends the first session" 204
	everywhere "$other" 401 "$at: whose token is no good anywhere"
	refused_token 'one signed for it since' "$(changed . ".jti =
	    \"000102030405060708090a0b0c0d0e1f\"")"
	api DELETE "/auth/sessions/$id" -H "$(by "$TOKEN")"
	is "$at: it cannot be ended twice" 404
}

try_tokens() {
	local name=tom-$at head payload
	check "$at: the site's key" tokens_keys
	post /user/register "$(jq -nc --arg n "$name" --arg p \
	    "$tokens_password" '{name: $n, password: $p}')"
	is "$at: $name registers" 201
	good "$at: $name logs in" login "$name" "$tokens_password"
	head=$(unb64url "$(cut -d. -f1 <<<"$TOKEN")")
	payload=$(unb64url "$(cut -d. -f2 <<<"$TOKEN")")
	tokens_control
	tokens_header
	tokens_payload
	tokens_mixed
	tokens_ended
}
