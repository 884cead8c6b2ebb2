#!/bin/sh
# SPDX-License-Identifier: MIT
# The Memcached driver against servers of its own.
passed=0 failed=0
for test in test-memcached test-shared; do
	status=0
	sh "${top_srcdir:-.}/tests/services/run-cache" \
	    "${top_builddir:-.}/services/cache/$test" || status=$?
	[ "$status" -ne 77 ] || exit 77
	if [ "$status" -ne 0 ]; then
		failed=$((failed + 1))
	else
		passed=$((passed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
