#!/bin/sh
# SPDX-License-Identifier: MIT
# Second factors, with a MariaDB and a mail server of their own.
top=${top_srcdir:-.}
folder=${top_builddir:-.}/services/otp
passed=0
failed=0

count() {
	status=0
	"$@" || status=$?
	[ "$status" -ne 77 ] || exit 77
	if [ "$status" -eq 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
}

count sh "$top/tests/services/run-identity" "$folder/test-otp"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
