#!/bin/sh
# SPDX-License-Identifier: MIT
# Users, roles and the audit log, on a MariaDB of their own.
run=${top_srcdir:-.}/tests/services/run-identity
passed=0
failed=0
for name in test-admin test-account test-audit; do
	status=0
	sh "$run" "${top_builddir:-.}/services/admin/$name" || status=$?
	[ "$status" -ne 77 ] || exit 77
	if [ "$status" -eq 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
