#!/bin/sh
# SPDX-License-Identifier: MIT
# Logins, sessions and who sends a request, against a MariaDB of its own.
folder=${top_builddir:-.}/services/auth
services=${top_srcdir:-.}/tests/services
passed=0
failed=0
if [ "${XCORE_TEST_DB_SOCKET-}" = "" ]; then
	exec sh "$services/run-database" sh "$0"
fi
for name in test-check test-device test-login test-session; do
	status=0
	sh "$services/run-identity" "$folder/$name" || status=$?
	[ "$status" -ne 77 ] || exit 77
	if [ "$status" -eq 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
