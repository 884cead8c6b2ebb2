# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A key ring without a key that signs tokens: workers that had one go on with
# it, others let nobody in; a part of run.
# shellcheck disable=SC2154	# what run has

ring_put() { # TEXT-FILE
	local ring=$SITE/state/keys.json
	cp -p "$ring" "$ring.new" && cat "$1" >"$ring.new" &&
	    mv "$ring.new" "$ring"
}
ring_said() { # PATTERN LOG
	me "$TOKEN"
	grep -q "$1" "$SITE/log/$2"
}
ring_answers() { # CODE
	CODE=$(curl -s -o "$SITE/every" -w '%{http_code}' \
	    -H "$(by "$TOKEN")" "$SECOND_URL/auth/me")
	[[ $CODE == "$1" ]]
}

try_ring() {
	[[ $at == pool ]] || return
	cp -p "$SITE/state/keys.json" "$SITE/keys.whole"
	jq '(.keys[] | select(.purpose == "token")).state = "old"' \
	    "$SITE/keys.whole" >"$SITE/keys.less"
	good "$at: a login with a whole ring" login admin "$ADMIN_PASSWORD"
	check "$at: the ring loses its token key" ring_put "$SITE/keys.less"
	soon "$at: which a worker does not take" 10 ring_said \
	    'the key ring stays as it was: .* no active token key' xcored.log
	everywhere "$TOKEN" 200 "$at: tokens are good as before"
	good "$at: and there are new ones" login admin "$ADMIN_PASSWORD"
	second_end
	good "$at: a host starts with it" second_begin
	soon "$at: nobody can be let in there" 20 ring_answers 503
	api GET /auth/me -H "$(by "$TOKEN")"
	is "$at: but still here" 200
	check "$at: the ring is whole again" ring_put "$SITE/keys.whole"
	soon "$at: and taken there" 20 ring_answers 200
	everywhere "$TOKEN" 200 "$at: all is as it was"
}
