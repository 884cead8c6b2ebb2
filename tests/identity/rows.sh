# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Each endpoint of auth, user and admin, once: who may, what it answers, and
# what all of its kind have in common; a part of run.
# shellcheck disable=SC2154	# what run has

rows_password='rows of good words'

# METHOD PATH STATUS [BODY]: as the administrator; @U is a user and @R a role
# that are there.
rows_of_admin() {
	cat <<'END'
GET /admin/users 200
POST /admin/users 201 {"name":"rows-two"}
GET /admin/users/@U 200
PUT /admin/users/@U 200 {"display":"Rows"}
PUT /admin/users/@U/role 200 {"roles":["user"]}
POST /admin/users/@U/lock 200 {"reason":"rows"}
POST /admin/users/@U/unlock 200
PUT /admin/users/@U/password 204 {"password":"other good words"}
GET /admin/users/@U/explain?permission=todo:item:read 200
DELETE /admin/users/@U/otp 204
GET /admin/users/@U/sessions 200
DELETE /admin/users/@U/sessions/00112233445566778899aabbccddeeff 404
DELETE /admin/users/@U/sessions 200
GET /admin/roles 200
POST /admin/roles 201 {"name":"rows-role"}
GET /admin/roles/@R 200
PUT /admin/roles/@R 200 {"description":"Rows"}
DELETE /admin/roles/@R 204
GET /admin/permissions 200
GET /admin/audit 200
GET /admin/plugins 200
GET /admin/plugins/hello 200
POST /admin/plugins/hello/reload 200
POST /admin/plugins/hello/disable 200
POST /admin/plugins/hello/enable 200
POST /admin/plugins/hello/rollback 409
GET /admin/plugins/hello/logs 200
GET /admin/plugins/hello/stats 200
DELETE /admin/users/@U 204
END
}

# What its owner may, with any login.
rows_of_user() {
	cat <<'END'
GET /auth/me 200
GET /auth/sessions 200
DELETE /auth/sessions/00112233445566778899aabbccddeeff 404
GET /auth/otp 200
POST /auth/otp/setup 200
POST /auth/otp/confirm 422 {"code":"000000"}
POST /auth/otp/disable 409 {"code":"000000"}
GET /user/profile 200
PUT /user/profile 200 {"display":"Rows"}
PUT /user/password 204 {"old":"rows of good words","new":"rows of good words 2"}
POST /auth/logout 204
END
}

rows_ask() { # METHOD PATH BODY TOKEN
	local words=()
	[[ -z $4 ]] || words+=(-H "$(by "$4")")
	[[ -z $3 ]] || words+=(-H "$json" -d "$3")
	api "$1" "$2" "${words[@]}"
}
rows_problem() { # WHAT STATUS
	is "$1" "$2" .status "$2"
	equal "$1: a problem" application/problem+json \
	    "$(header content-type | cut -d ';' -f 1)"
}

# Each row by nobody, by one who may not, and by one who may.
rows_walk() { # TOKEN OTHER-TOKEN <ROWS
	local method path status body
	while read -r method path status body; do
		path=${path/@U/$rows_user} path=${path/@R/$rows_role}
		rows_ask "$method" "$path" "$body" ''
		rows_problem "$at: $method $path by nobody" 401
		matches "$at: $method $path says how" 'Bearer*' \
		    "$(header www-authenticate)"
		if [[ -n $2 ]]; then
			rows_ask "$method" "$path" "$body" "$2"
			rows_problem "$at: $method $path by una" 403
		fi
		rows_ask "$method" "$path" "$body" "$1"
		is "$at: $method $path" "$status"
		(( status < 400 )) || rows_problem "$at: $method $path" "$status"
	done
}

# page, per_page, q and sort of each list.
rows_lists() {
	local list sort
	while read -r list sort; do
		rows_ask GET "$list?page=1&per_page=1&q=" '' "$rows_token"
		is "$at: a page of $list" 200 '(.items | length) <= 1 and
		    (.pagination | .page == 1 and .per_page == 1 and
		    .pages == .total)' true
		for sort in ${sort//,/ }; do
			rows_ask GET "$list?sort=$sort" '' "$rows_token"
			is "$at: $list by $sort" 200
			cp "$SITE/body" "$SITE/up"
			rows_ask GET "$list?sort=-$sort" '' "$rows_token"
			is "$at: $list by -$sort" 200 \
			    '.pagination.total' "$(jq .pagination.total \
			    "$SITE/up")"
		done
		for sort in sort=nothing per_page=101 per_page=0 page=0 page=-1 \
		    page=x "q=$(printf 'x%.0s' {1..101})"; do
			rows_ask GET "$list?$sort" '' "$rows_token"
			rows_problem "$at: $list with ${sort:0:16}" 422
		done
		rows_ask GET "$list?q=no%25such" '' "$rows_token"
		is "$at: $list of nothing" 200 .pagination.total 0
	done <<END
/admin/users id,name,email,created_at,last_login_at
/admin/roles id,name,created_at
/admin/permissions name,plugin
/admin/audit seq,at
/admin/plugins name
/admin/users/$rows_user/sessions created_at,seen_at,expires_at
/auth/sessions created_at,seen_at,expires_at
END
}

# What is edited has a tag, and an edit may ask for one.
rows_tags() {
	local path body tag
	while read -r path body; do
		rows_ask GET "${path%/role}" '' "$rows_token"
		tag=$(header etag)
		matches "$at: $path has a tag" '"r[0-9]*"' "$tag"
		put "$path" "$body" -H "$(by "$rows_token")" -H 'If-Match: "r0"'
		rows_problem "$at: $path at another revision" 412
		put "$path" "$body" -H "$(by "$rows_token")" -H "If-Match: $tag"
		is "$at: $path at this one" 200
		equal "$at: $path has another tag then" 1 \
		    "$([[ $(header etag) == "$tag" ]]; echo $?)"
	done <<END
/admin/users/$rows_user {"display":"Tag"}
/admin/users/$rows_user/role {"roles":["user"]}
/admin/roles/$rows_role {"description":"Tag"}
/user/profile {"display":"Tag"}
END
	put "/admin/users/$rows_user/password" '{"password":"more good words"}' \
	    -H "$(by "$rows_token")" -H 'If-Match: "r0"'
	rows_problem "$at: a password at another revision" 412
	for path in users/$rows_user roles/$rows_role; do
		api DELETE "/admin/$path" -H "$(by "$rows_token")" \
		    -H 'If-Match: "r0"'
		rows_problem "$at: no end of $path at another revision" 412
	done
}

# Each POST that creates takes a key.
rows_keys() {
	local path name
	while read -r path name; do
		for _ in 1 2; do
			post "$path" "{\"name\":\"$name\"}" \
			    -H "$(by "$rows_token")" \
			    -H "Idempotency-Key: rows-$name"
			is "$at: $path with a key" 201 .name "$name"
		done
		equal "$at: $path is told from before" true \
		    "$(header idempotency-replayed)"
		matches "$at: $path says where" "*/[0-9]*" "$(header location)"
		post "$path" "{\"name\":\"$name-2\"}" \
		    -H "$(by "$rows_token")" -H "Idempotency-Key: rows-$name"
		rows_problem "$at: $path with the key of another" 422
	done <<END
/admin/users rows-key
/admin/roles rows-key-role
END
	for _ in 1 2; do
		post /user/register "{\"name\":\"rows-self\",\"password\":\
\"$rows_password\"}" -H 'Idempotency-Key: rows-self'
		is "$at: /user/register with a key" 201 .name rows-self
	done
	equal "$at: /user/register is told from before" true \
	    "$(header idempotency-replayed)"
}

rows_methods() {
	local path
	for path in /auth/login /auth/me /auth/sessions /user/profile \
	    /user/password /admin/users "/admin/users/$rows_user" \
	    /admin/roles /admin/audit /admin/plugins; do
		api PATCH "$path" -H "$(by "$rows_token")"
		rows_problem "$at: PATCH $path" 405
		matches "$at: PATCH $path says what may be" '*[GP][EOU][TS]*' \
		    "$(header allow)"
	done
	api POST /admin/users -H "$(by "$rows_token")" -H "$json" -d '{"name"'
	rows_problem "$at: what is not JSON" 400
	api POST /admin/users -H "$(by "$rows_token")" \
	    -H 'Content-Type: text/plain' -d x
	rows_problem "$at: what is of another type" 415
	rows_ask GET /admin/users/999999999 '' "$rows_token"
	rows_problem "$at: a user that is not there" 404
	rows_ask POST /admin/plugins/nothing/reload '' "$rows_token"
	rows_problem "$at: a plugin that is not there" 404
}

# Without a login.
rows_open() {
	post /auth/login '{"username":"rows","password":"wrong words"}'
	rows_problem "$at: a wrong password" 401
	good "$at: rows logs in" login rows "$rows_password"
	is "$at: with what a client needs" 200 '[.token_type, (.access_token |
	    length > 99), .expires_in > 0] | join(" ")' 'Bearer true true'
	post /auth/refresh "{\"refresh_token\":\"$REFRESH\"}"
	is "$at: and goes on" 200 '.access_token | length > 99' true
	post /auth/refresh '{"refresh_token":"x"}'
	rows_problem "$at: with what is no token" 422
	post /auth/refresh "{\"refresh_token\":\"$REFRESH\"}"
	rows_problem "$at: with one that was used" 401
	login rows "$rows_password"
	rows_own=$TOKEN
}

# At one level: what a level changes is looked at in the other parts.
try_rows() {
	local rows_token rows_own rows_user rows_role una_token
	[[ $at == pool ]] || return 0
	good "$at: an administrator logs in for rows" \
	    login admin "$ADMIN_PASSWORD"
	rows_token=$TOKEN
	post /user/register \
	    "{\"name\":\"rows\",\"password\":\"$rows_password\"}"
	is "$at: POST /user/register" 201
	rows_user=$(field .id)
	rows_open
	post /admin/roles '{"name":"rows"}' -H "$(by "$rows_token")"
	rows_role=$(field .id)
	rows_lists
	rows_tags
	rows_keys
	rows_methods
	rows_walk "$rows_own" '' < <(rows_of_user)
	post /user/register \
	    "{\"name\":\"rows-una\",\"password\":\"$rows_password\"}"
	good "$at: una logs in for rows" login rows-una "$rows_password"
	una_token=$TOKEN
	rows_walk "$rows_token" "$una_token" < <(rows_of_admin)
	api GET /.well-known/jwks.json
	is "$at: GET /.well-known/jwks.json" 200 '.keys | length > 0' true
}
