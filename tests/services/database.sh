#!/bin/sh
# SPDX-License-Identifier: MIT
# The MariaDB driver against a server of its own.
folder=${top_builddir:-.}/services/database
run=${top_srcdir:-.}/tests/services/run-database
passed=0
failed=0
for name in test-store test-mariadb test-mariadb-faults \
    test-deadline test-breaker test-proxy; do
	status=0
	sh "$run" "$folder/$name" || status=$?
	[ "$status" -ne 77 ] || exit 77
	if [ "$status" -eq 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
