# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Users, roles and the audit log over HTTP, and attacks on them; a part of run.
# shellcheck disable=SC2154	# what run has

admin_round=0
as_admin() { # METHOD PATH CURL-WORDS...
	api "$1" "$2" -H "$(by "$admin_token")" "${@:3}"
}
send() { # METHOD PATH JSON CURL-WORDS... as the administrator
	as_admin "$1" "$2" -H "$json" -d "$3" "${@:4}"
}

try_strangers() {
	local extra
	for extra in '"role":"admin"' '"roles":["admin"]' '"state":"active"' \
	    '"id":1' '"revision":7' '"grants_revision":1'; do
		post /user/register \
		    "{\"name\":\"eve$n\",\"password\":\"$secret\",$extra}"
		is "$at: $extra at registration" 422
	done
	post /user/register \
	    "{\"name\":\"Una$n\",\"email\":\"una$n@example.org\",\"password\":\"$secret\"}"
	is "$at: una registers" 201 '.roles | join(",")' user
	una=$(field .id)
	post /user/register \
	    "{\"name\":\"uNa$n\",\"password\":\"$secret\"}"
	is "$at: her name in other letters" 409 .code taken
	cp "$SITE/body" "$SITE/taken"
	post /user/register \
	    "{\"name\":\"other$n\",\"email\":\"UNA$n@Example.ORG\",\"password\":\"$secret\"}"
	is "$at: her address in other letters" 409 .code taken
	equal "$at: both are told alike" \
	    "$(jq -c 'del(.request_id)' "$SITE/taken")" \
	    "$(jq -c 'del(.request_id)' <<<"$BODY")"
	post /user/register \
	    "{\"name\":\"un\u0430$n\",\"password\":\"$secret\"}"
	is "$at: a name that looks like hers" 422
	post /user/register \
	    "{\"name\":\"x$n\",\"email\":\"un\u0430$n@example.org\",\"password\":\"$secret\"}"
	is "$at: an address that looks like hers" 422
}

try_fields() {
	local bad
	for bad in "x'; DROP TABLE xc_user; --" 'a\r\nSet-Cookie: x=1' \
	    '<script>' 'a b' ''; do
		send POST /admin/users "{\"name\":\"$bad\"}"
		is "$at: the name ${bad:-of no letters}" 422
	done
	send POST /admin/users '{"name":"a\u0000b"}'
	is "$at: a name with a NUL" 400
	send PUT "/admin/users/$una" '{"display":"a\r\nX-Evil: 1"}'
	is "$at: lines in a stored field" 422
	send PUT "/admin/users/$una" '{"display":"Robert\u0027); DROP TABLE xc_user;--"}'
	is "$at: SQL in a stored field is text" 200 .display \
	    "Robert'); DROP TABLE xc_user;--"
	for bad in page=0 page=-1 page=1000001 page=99999999999999999999 \
	    per_page=0 per_page=101 per_page=-7 sort=password \
	    'sort=name;drop' state=x; do
		as_admin GET "/admin/users?$bad"
		is "$at: a list with $bad" 422
	done
	as_admin GET '/admin/users?page=1000000&per_page=100'
	is "$at: a page behind the last" 200 '.items | length' 0
	as_admin GET "/admin/users?q=%25%27%20OR%201=1"
	is "$at: SQL in a search" 200 .pagination.total 0
}

try_revisions() {
	local tag
	as_admin GET "/admin/users/$una"
	tag=$(header etag)
	send PUT "/admin/users/$una" '{"display":"Una"}' -H "If-Match: $tag"
	is "$at: a change of what was seen" 200 .display Una
	send PUT "/admin/users/$una" '{"display":"x"}' -H "If-Match: $tag"
	is "$at: a change of what was seen before that" 412
	tag=$(header etag)
	as_admin GET "/admin/users/$una"
	tag=$(header etag)
	send PUT "/admin/users/$una" '{"display":"x"}' -H "If-Match: W/$tag"
	is "$at: a weak tag" 412
	send PUT "/admin/users/$una" '{"display":"Una"}' \
	    -H "If-Match: \"x\", $tag"
	is "$at: one of two tags" 200
	send PUT "/admin/users/$una" '{"display":"Una"}' -H 'If-Match: *'
	is "$at: any tag" 200
	send POST /admin/users "{\"name\":\"once-$at-$n\"}" \
	    -H "Idempotency-Key: k-$at-$n"
	is "$at: a user with a key" 201
	send POST /admin/users "{\"name\":\"once-$at-$n\"}" \
	    -H "Idempotency-Key: k-$at-$n"
	is "$at: the same once more" 201
}

try_roles() {
	local low high
	send POST /admin/roles "{\"name\":\"low$n\",\"permissions\":[\"admin:user:read\",\"admin:user:write\",\"admin:role:read\",\"admin:role:write\"]}"
	is "$at: a role" 201
	low=$(field .id)
	send POST /admin/roles "{\"name\":\"high$n\",\"includes\":[\"low$n\"]}"
	is "$at: a role that includes it" 201
	high=$(field .id)
	send PUT "/admin/roles/$low" "{\"includes\":[\"low$n\"]}"
	is "$at: a role that includes itself" 422
	send PUT "/admin/roles/$low" "{\"includes\":[\"high$n\"]}"
	is "$at: a role that includes itself by another" 422
	api GET /admin/users -H "$(by "$una_token")"
	is "$at: una sees no users" 403
	send PUT "/admin/users/$una/role" "{\"roles\":[\"user\",\"high$n\"]}"
	is "$at: una gets the role" 200
	api GET /admin/users -H "$(by "$una_token")"
	is "$at: and sees them at once" 200
	as_admin GET "/admin/users/$una/explain?permission=admin:user:read"
	is "$at: why" 200 '.because[0].via | join(",")' "high$n,low$n"
	put "/admin/users/$una/role" '{"roles":["admin"]}' -H "$(by "$una_token")"
	is "$at: una cannot make herself an administrator" 403 .code beyond
	post /admin/roles "{\"name\":\"all$n\",\"permissions\":[\"*:*:*\"]}" \
	    -H "$(by "$una_token")"
	is "$at: nor make a role of it" 403 .code beyond
	put "/admin/users/$boss/password" "{\"password\":\"$secret\"}" \
	    -H "$(by "$una_token")"
	is "$at: nor take over who may more" 403 .code beyond
	as_admin DELETE "/admin/roles/$low"
	is "$at: the role is removed" 204
	api GET /admin/users -H "$(by "$una_token")"
	is "$at: and una sees no users at once" 403
	as_admin DELETE "/admin/roles/$high"
	is "$at: the other role is removed" 204
}

try_last_admin() {
	send PUT "/admin/users/$boss/role" '{"roles":["user"]}'
	is "$at: the last administrator is not demoted" 409 .code last_admin
	send POST "/admin/users/$boss/lock" '{}'
	is "$at: nor locked" 409 .code last_admin
	as_admin DELETE "/admin/users/$boss"
	is "$at: nor removed" 409 .code last_admin
}

try_locks() {
	send POST "/admin/users/$una/lock" '{"reason":"on leave"}'
	is "$at: una is locked" 200 .state locked
	me "$una_token"
	is "$at: her token is no good at once" 401
	as_admin POST "/admin/users/$una/unlock"
	is "$at: una is unlocked" 200 .state active
	me "$una_token"
	is "$at: her old token stays so" 401
	send PUT "/admin/users/$una/password" "{\"password\":\"$secret $secret\"}"
	is "$at: una's password is set" 204
	good "$at: una logs in with it" login "una$n" "$secret $secret"
	as_admin DELETE "/admin/users/$una"
	is "$at: una is removed" 204
	me "$TOKEN"
	is "$at: her token is no good at once" 401
}

# What a plugin lets users do comes and goes with it.
gifts_say() { # WHAT TOTAL GONE
	as_admin GET '/admin/permissions?q=gifts:'
	is "$at: $1" 200 '"\(.pagination.total) \(.items[0].gone)"' "$2 $3"
}
try_actions() {
	local role
	if [[ ! -d $SITE/gifts ]]; then
		cp -r "$here/stepper" "$SITE/gifts"
		jq '.name = "gifts" | .actions = [{ name: "box:open",
		    description: "Open boxes" }]' "$here/stepper/plugin.json" \
		    >"$SITE/gifts/plugin.json"
		check "gifts is built" site_build "$SITE/gifts"
	fi
	check "$at: gifts installs" site_install "$SITE/gifts"
	gifts_say "its permission is there" 1 false
	send POST /admin/roles \
	    "{\"name\":\"gifts$n\",\"permissions\":[\"gifts:box:open\"]}"
	is "$at: a role has it" 201
	role=$(field .id)
	check "$at: gifts is removed" site_as xcore-install remove --yes gifts
	gifts_say "its permission is gone" 1 true
	check "$at: gifts comes back" site_install "$SITE/gifts"
	gifts_say "and its permission" 1 false
	check "$at: gifts is purged" \
	    site_as xcore-install remove --yes --purge gifts
	gifts_say "its permission is forgotten" 0 null
	as_admin GET "/admin/roles/$role"
	is "$at: by the role too" 200 '.permissions | length' 0
	as_admin DELETE "/admin/roles/$role"
	is "$at: which is removed" 204
}

try_audit() {
	as_admin GET '/admin/audit?action=user.remove&per_page=1'
	is "$at: the log" 200 '.items[0].target' "user:$una una$n"
	equal "$at: no secret in it" 0 "$(grep -c -e "$secret" -e argon2 \
	    "$SITE/body")"
	check "$at: the log is whole" site_as xcorectl audit verify
}

try_admin() {
	local n una una_token boss admin_token
	local secret='correct horse battery'
	admin_round=$((admin_round + 1)) n=$admin_round
	good "$at: an administrator logs in for users" \
	    login admin "$ADMIN_PASSWORD"
	admin_token=$TOKEN
	me "$TOKEN"
	boss=$(field .id)
	try_strangers
	try_fields
	try_revisions
	good "$at: una logs in" login "una$n" "$secret"
	una_token=$TOKEN
	try_roles
	try_last_admin
	try_locks
	try_actions
	try_audit
}
