# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# An account and what it may, from its making to its end, on two hosts; a part
# of run.
# shellcheck disable=SC2154	# what run has

users_password='plenty of words in here'

# ID of who is logged in.
users_login() { # NAME [PASSWORD]
	login "$1" "${2:-$users_password}" || return 1
	me "$TOKEN"
	ID=$(field .id)
}

# What roles change holds at once on the other host too.
users_see_users() { # CODE WHAT
	local code
	code=$(curl -s -o "$SITE/every" -w '%{http_code}' -H "$(by "$carl")" \
	    "$SECOND_URL/admin/users")
	equal "$at: $2" "$1" "$code"
}

users_make() {
	post /user/register "$(jq -nc --arg n "$name" --arg p \
	    "$users_password" '{name: $n, password: $p, roles: ["admin"]}')"
	is "$at: nobody registers with a role" 422
	post /user/register "{\"name\":\"$name\",\"password\":\"short\"}"
	is "$at: nor with a short password" 422 '.errors[0].pointer' /password
	post /user/register "$(jq -nc --arg n "$name" --arg p \
	    "$users_password" '{name: $n, password: $p, display: "Carl"}')" \
	    -H "Idempotency-Key: \"register-$name\""
	is "$at: $name registers" 201 .name "$name"
	post /user/register "$(jq -nc --arg n "$name" --arg p \
	    "$users_password" '{name: $n, password: $p, display: "Carl"}')" \
	    -H "Idempotency-Key: \"register-$name\""
	is "$at: who says it twice registers once" 201 .name "$name"
	post /user/register "$(jq -nc --arg n "${name^^}" --arg p \
	    "$users_password" '{name: $n, password: $p}')"
	is "$at: case makes no other name" 409 .code taken
}

users_profile() {
	local tag
	api GET /user/profile -H "$(by "$carl")"
	is "$at: the profile" 200 .display Carl
	tag=$(header etag)
	put /user/profile '{"display":"Carla"}' -H "$(by "$carl")" \
	    -H "If-Match: $tag"
	is "$at: a change of it" 200 .display Carla
	put /user/profile '{"display":"Late"}' -H "$(by "$carl")" \
	    -H "If-Match: $tag"
	is "$at: a change of what is old" 412
	put /user/profile '{"display":"x","state":"active"}' -H "$(by "$carl")"
	is "$at: nothing else is changed there" 422
}

users_password_change() {
	put /user/password "$(jq -nc --arg o wrong --arg n "new $users_password" \
	    '{old: $o, new: $n}')" -H "$(by "$carl")"
	is "$at: no new password without the old one" 403
	put /user/password "$(jq -nc --arg o "$users_password" \
	    --arg n "new $users_password" '{old: $o, new: $n}')" \
	    -H "$(by "$carl")"
	is "$at: a new password" 204
	me "$second"
	is "$at: ends the other sessions" 401
	me "$carl"
	is "$at: and not this one" 200 .name "$name"
	post /auth/login "$(jq -nc --arg u "$name" --arg p "$users_password" \
	    '{username: $u, password: $p}')"
	is "$at: the old password is none" 401
}

users_roles() {
	local role=readers-$at tag
	users_see_users 403 "no users are shown to $name"
	post /admin/roles "$(jq -nc --arg n "$role" '{name: $n,
	    permissions: ["admin:user:read"]}')" -H "$(by "$admin")"
	is "$at: a role" 201 .name "$role"
	role_id=$(field .id)
	put "/admin/users/$id/role" "{\"roles\":[\"$role\"]}" \
	    -H "$(by "$admin")"
	is "$at: is given to $name" 200
	users_see_users 200 "who sees users at once, on the other host"
	api GET "/admin/users/$id/explain?permission=admin:user:read" \
	    -H "$(by "$admin")"
	is "$at: why is told" 200 '.because[0].role' "$role"
	api DELETE "/admin/users/$id" -H "$(by "$carl")"
	is "$at: to read is not to remove" 403
	put "/admin/users/$id/role" '{"roles":["user"]}' -H "$(by "$admin")"
	is "$at: the role is taken back" 200
	users_see_users 403 "and with it what it gave, at once"
	api DELETE "/admin/roles/$role_id" -H "$(by "$admin")"
	is "$at: the role is removed" 204
	api GET "/admin/users/$admin_id" -H "$(by "$admin")"
	tag=$(header etag)
	api DELETE "/admin/users/$admin_id" -H "$(by "$admin")" \
	    -H "If-Match: $tag"
	is "$at: the last administrator stays" 409 .code last_admin
}

users_end() {
	post "/admin/users/$id/lock" '{"reason":"test"}' -H "$(by "$admin")"
	is "$at: $name is locked" 200
	everywhere "$carl" 401 "$at: and shut out everywhere"
	api POST "/admin/users/$id/unlock" -H "$(by "$admin")"
	is "$at: unlocked" 200
	good "$at: and let in again" users_login "$name" "new $users_password"
	carl=$TOKEN
	api DELETE "/admin/users/$id" -H "$(by "$admin")"
	is "$at: $name is removed" 204
	everywhere "$carl" 401 "$at: and no token of $name is any good"
	api GET "/admin/audit?q=user:$id" -H "$(by "$admin")"
	is "$at: all of it stands in the audit log" 200 '.items | length > 3' \
	    true
}

try_users() {
	local name=carl-$at carl second id admin admin_id role_id
	good "$at: the administrator" users_login admin "$ADMIN_PASSWORD"
	admin=$TOKEN admin_id=$ID
	users_make
	good "$at: $name logs in" users_login "$name"
	second=$TOKEN
	good "$at: and once more" users_login "$name"
	carl=$TOKEN id=$ID
	users_profile
	users_password_change
	users_roles
	users_end
}
