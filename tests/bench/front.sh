# SPDX-License-Identifier: MIT
# Sourced by the benches: a private nginx in front of private FastCGI peers.
#
#   bench_begin                  a work folder, and what removes it all at exit
#   add_site NAME keep|once PROGRAM ARG...
#                                starts PROGRAM through spawn-fcgi with the
#                                socket $dir/NAME.sock, and gives it a port
#   start_nginx                  serves all sites added so far; ${port[NAME]}
#   start_apache                 the same with Apache; ${port[NAME-apache]}
#   workers_of NAME              process ids of its workers, one line
#
# Only processes started here are ended, each by its id.

declare -A port site_pid site_keep
sites=()
dir=

bench_fail() {
	echo "bench: $*" >&2
	exit 1
}

need() {
	local program
	for program; do
		command -v "$program" >/dev/null ||
		    bench_fail "$program is missing: install it first"
	done
}

bench_begin() {
	need nginx spawn-fcgi
	dir=$(mktemp -d "${TMPDIR:-/tmp}/xcore-bench.XXXXXX") ||
	    bench_fail "no work folder in ${TMPDIR:-/tmp}"
	trap bench_end EXIT
	trap 'exit 130' INT TERM
}

end_process() {
	local pid=$1 i
	kill -TERM "$pid" 2>/dev/null || return 0
	for ((i = 0; i < 100; i++)); do
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.05
	done
	kill -KILL "$pid" 2>/dev/null
	return 0
}

bench_end() {
	local name
	[ -s "$dir/nginx.pid" ] && end_process "$(cat "$dir/nginx.pid")"
	[ -s "$dir/apache.pid" ] && end_process "$(cat "$dir/apache.pid")"
	for name in "${sites[@]}"; do
		[ -n "${site_pid[$name]:-}" ] && end_process "${site_pid[$name]}"
	done
	type bench_more_end >/dev/null 2>&1 && bench_more_end
	rm -rf "$dir"
}

free_port() {
	local p
	while :; do
		p=$((20000 + RANDOM % 12000))
		[ -z "$(ss -ltnH "sport = :$p")" ] && break
	done
	echo "$p"
}

wait_for_socket() {
	local i
	for ((i = 0; i < 200; i++)); do
		[ -S "$1" ] && return 0
		sleep 0.02
	done
	bench_fail "no socket $1; see $dir"
}

add_site() {
	local name=$1 keep=$2
	shift 2
	spawn-fcgi -n -s "$dir/$name.sock" -M 0600 -b 1024 -- "$@" \
	    >"$dir/$name.out" 2>"$dir/$name.err" &
	site_pid[$name]=$!
	note_site "$name" "$keep"
	wait_for_socket "$dir/$name.sock"
}

# For a peer that is already listening on $dir/NAME.sock.
note_site() {
	sites+=("$1")
	site_keep[$1]=$2
	port[$1]=$(free_port)
}

end_site() {
	end_process "${site_pid[$1]}"
	unset "site_pid[$1]"
}

# With 20 parameters, as a usual fastcgi_params file has.
nginx_params() {
	cat <<'EOT'
	fastcgi_param QUERY_STRING $query_string;
	fastcgi_param REQUEST_METHOD $request_method;
	fastcgi_param CONTENT_TYPE $content_type;
	fastcgi_param CONTENT_LENGTH $content_length;
	fastcgi_param SCRIPT_NAME "";
	fastcgi_param PATH_INFO $document_uri;
	fastcgi_param REQUEST_URI $request_uri;
	fastcgi_param DOCUMENT_URI $document_uri;
	fastcgi_param DOCUMENT_ROOT $document_root;
	fastcgi_param SERVER_PROTOCOL $server_protocol;
	fastcgi_param REQUEST_SCHEME $scheme;
	fastcgi_param HTTPS $https if_not_empty;
	fastcgi_param GATEWAY_INTERFACE CGI/1.1;
	fastcgi_param SERVER_SOFTWARE nginx/$nginx_version;
	fastcgi_param REMOTE_ADDR $remote_addr;
	fastcgi_param REMOTE_PORT $remote_port;
	fastcgi_param SERVER_ADDR $server_addr;
	fastcgi_param SERVER_PORT $server_port;
	fastcgi_param SERVER_NAME $server_name;
	fastcgi_param REDIRECT_STATUS 200;
EOT
}

nginx_site() {
	local name=$1
	echo "upstream $name {"
	echo "	server unix:$dir/$name.sock;"
	[ "${site_keep[$name]}" = keep ] && echo "	keepalive 64;"
	echo "}"
	echo "server {"
	echo "	listen 127.0.0.1:${port[$name]} reuseport backlog=1024;"
	echo "	location / {"
	nginx_params
	echo "	fastcgi_pass $name;"
	[ "${site_keep[$name]}" = keep ] && echo "	fastcgi_keep_conn on;"
	echo "	}"
	echo "}"
}

start_nginx() {
	local name
	{
		[ "$(id -u)" = 0 ] && echo "user root;"
		cat <<EOT
worker_processes 2;
daemon off;
pid $dir/nginx.pid;
error_log $dir/nginx.err;
worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http {
access_log off;
keepalive_requests 100000000;
client_body_temp_path $dir/body;
fastcgi_temp_path $dir/fcgi;
proxy_temp_path $dir/proxy;
uwsgi_temp_path $dir/uwsgi;
scgi_temp_path $dir/scgi;
EOT
		for name in "${sites[@]}"; do
			nginx_site "$name"
		done
		echo "}"
	} >"$dir/nginx.conf"
	nginx -p "$dir" -c "$dir/nginx.conf" 2>"$dir/nginx.out" &
	for name in "${sites[@]}"; do
		wait_for_port "${port[$name]}"
	done
}

wait_for_port() {
	local i
	for ((i = 0; i < 200; i++)); do
		[ -n "$(ss -ltnH "sport = :$1")" ] && return 0
		sleep 0.02
	done
	bench_fail "nothing listens on $1: $(cat "$dir"/*.out "$dir"/*.err)"
}

children_of() {
	cat "/proc/$1/task/$1/children" 2>/dev/null
}

workers_of() {
	children_of "${site_pid[$1]}"
}

# user + system time of processes, in clock ticks.
ticks_of() {
	local pid sum=0 rest
	for pid; do
		rest=$(sed 's/^.*) //' "/proc/$pid/stat" 2>/dev/null) || continue
		set -- $rest
		sum=$((sum + ${12} + ${13}))
	done
	echo "$sum"
}

median() {
	sort -g | awk '{ v[NR] = $1 } END { if (NR)
	    print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# wrk_run PORT CONNECTIONS SECONDS PATH -> "req/s p99us errors"
wrk_run() {
	wrk -t2 -c"$2" -d"$3s" --latency "http://127.0.0.1:$1$4" | awk '
	function us(t) { n = t + 0
	    return t ~ /us$/ ? n : t ~ /ms$/ ? n * 1e3 : n * 1e6 }
	/Requests\/sec/ { r = $2 }
	$1 == "99%" { p = us($2) }
	/Socket errors/ { gsub(",", ""); e += $4 + $6 + $8 + $10 }
	/Non-2xx/ { e += $NF }
	END { printf "%s %d %d\n", r, p, e }'
}
