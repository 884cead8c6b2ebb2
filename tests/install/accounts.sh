# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154
# The tools' account has a password, and not always the rights that it needs;
# then the same over TCP with TLS.

TOOLS_WORD=nobody-else-knows-this

# The settings of the database besides the common ones.
tools_config() { # MEMBERS
	(umask 077 && echo "$TOOLS_WORD" >"$T/tools")
	make_config ""
	jq ".database |= (. + { \"user\": \"tools\",
	    \"password_file\": \"$T/tools\" } + $1)" "$T/xcore.json" \
	    >"$T/xcore.json.new"
	mv "$T/xcore.json.new" "$T/xcore.json"
}
tools_account() { # HOST
	sql <<-EOF
	CREATE OR REPLACE USER tools@'$1' IDENTIFIED BY '$TOOLS_WORD';
	GRANT ALL ON xcore.* TO tools@'$1' WITH GRANT OPTION;
	GRANT ALL ON \`xcore\\_%\`.* TO tools@'$1' WITH GRANT OPTION;
	GRANT CREATE USER ON *.* TO tools@'$1';
	GRANT SELECT (User, Host) ON mysql.user TO tools@'$1';
	EOF
}
whole() {
	ask "SELECT CONCAT_WS(' ', (SELECT generation FROM xc_generation),
	    (SELECT COUNT(*) FROM xc_package), (SELECT COUNT(*) FROM xc_plugin),
	    (SELECT COUNT(*) FROM xc_migration),
	    (SELECT GROUP_CONCAT(schema_name ORDER BY schema_name)
	    FROM information_schema.schemata))"
}
unchanged() { same "$1: nothing is changed" "$before" "$(whole)"; }

permissions='"database"' make_plugin ledger 1.0.0
ledger=$dir
mkdir "$ledger/sql"
echo 'CREATE TABLE entry (id INT PRIMARY KEY);' >"$ledger/sql/0001_a.up.sql"
tools_config '{}'
tools_account localhost
before=$(whole)

# --- rights that are not there ----------------------------------------------

sql -e 'REVOKE CREATE USER ON *.* FROM tools@localhost'
expect "without CREATE USER nothing is installed" 5 \
    'the account worker_ledger is not as it must be.*run the statements above.*xcore.json(5)' \
    install "$ledger" --yes
sed -n 's/^xcore-install: \([A-Z].*;\)$/\1/p' "$T/err" >"$T/by-hand"
same "the statements are said" 3 "$(grep -c worker_ledger "$T/by-hand")"
! grep -q "$TOOLS_WORD" "$T/err" || not_ok "a password is said"
unchanged "without CREATE USER"
sql -e 'DROP USER worker__service@localhost'
expect "nor are accounts made by migrate" 5 'run the statements above' \
    migrate "$SQL_FOLDER" up
unchanged "migrate without CREATE USER"
expect "an administrator runs them" 0 '' sql -e "$(cat "$T/by-hand")"
expect "and it is installed" 0 'ledger 1.0.0 installed' install "$ledger" --yes
expect "and purged, but for its account" 0 "the account of ledger stays" \
    install remove ledger --purge --yes
sql -e "DROP USER IF EXISTS worker_ledger@localhost;
    GRANT CREATE USER ON *.* TO tools@localhost"
before=$(whole)

sql -e 'REVOKE GRANT OPTION ON `xcore\_%`.* FROM tools@localhost'
expect "without GRANT OPTION nothing is installed" 5 \
    'the account worker_ledger is not as it must be.*run the statements above' \
    install "$ledger" --yes
unchanged "without GRANT OPTION"

sql -e 'REVOKE ALL ON `xcore\_%`.* FROM tools@localhost'
expect "without rights for schemas nothing is installed" 5 \
    'the schema xcore_ledger.*xcore.json(5)' install "$ledger" --yes
unchanged "without rights for schemas"
tools_account localhost
expect "with all of them it is" 0 'ledger 1.0.0 installed' \
    install "$ledger" --yes
install remove ledger --purge --yes >/dev/null 2>&1

# --- over TCP, with TLS -----------------------------------------------------

tls_certificate() { # NAME
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
	    -addext subjectAltName=DNS:localhost -keyout "$T/$1.key" \
	    -out "$T/$1.pem" 2>/dev/null
}
free_port() {
	port=$((12000 + $(od -An -N2 -tu2 /dev/urandom) % 20000))
	! grep -q "$(printf ':%04X ' "$port")" /proc/net/tcp /proc/net/tcp6 ||
	    free_port
}
# As a plugin of that name does.
by_account() { # OPTION...
	MYSQL_PWD=Xc1-$(printf 'xcore database account worker_ledger' |
	    openssl dgst -sha256 -hmac "$(cat "$T/secret")" | sed 's/.* //' |
	    cut -c 1-60) \
	    mariadb --no-defaults --protocol=tcp -h localhost -P "$port" \
	    -u worker_ledger "$@" -N -B xcore_ledger -e 'SELECT 40 + 2'
}

if tls_certificate ca && tls_certificate wrong; then
	free_port
	stop_db
	MARIADBD_OPTIONS="--skip-networking=OFF --bind-address=127.0.0.1
	    --port=$port --ssl-cert=$T/ca.pem --ssl-key=$T/ca.key" start_db
	sql -e 'DROP USER tools@localhost'
	tools_account %
	tools_config "{ \"socket\": \"\", \"host\": \"localhost\",
	    \"port\": $port, \"tls_ca\": \"$T/ca.pem\" }"
	expect "by TLS all accounts are made" 0 '' migrate "$SQL_FOLDER" up
	expect "and a plugin is installed" 0 'ledger 1.0.0 installed' \
	    install "$ledger" --yes
	same "its account is for every host, and wants TLS" '% ANY' \
	    "$(sql -e "SELECT CONCAT(Host, ' ', ssl_type) FROM mysql.user
	    WHERE User = 'worker_ledger'")"
	same "as is that of the services" '% ANY' \
	    "$(sql -e "SELECT CONCAT(Host, ' ', ssl_type) FROM mysql.user
	    WHERE User = 'worker__service' AND Host = '%'")"
	expect "it works with TLS" 0 42 by_account --ssl-ca="$T/ca.pem" \
	    --ssl-verify-server-cert
	expect "and is refused without" 1 'Access denied' by_account --skip-ssl
	before=$(whole)
	tools_config "{ \"socket\": \"\", \"host\": \"localhost\",
	    \"port\": $port, \"tls_ca\": \"$T/wrong.pem\" }"
	expect "another's certificate is refused, with the remedy" 1 \
	    'database.tls_ca" is .*wrong.pem: give the server a certificate' \
	    install list
	tools_config "{ \"socket\": \"\", \"host\": \"localhost\",
	    \"port\": $port, \"tls_ca\": \"$T/ca.pem\" }"
	stop_db
	MARIADBD_OPTIONS="--skip-networking=OFF --bind-address=127.0.0.1
	    --port=$port --skip-ssl" start_db
	expect "a server without TLS is refused, with the remedy" 1 \
	    'database.tls_ca" is .*ca.pem: give the server a certificate' \
	    install remove ledger --yes
	unchanged "a server without TLS"
	stop_db
	start_db
fi
sql -e "DROP USER IF EXISTS tools@'%', tools@localhost,
    worker_ledger@'%', worker__service@'%'"
