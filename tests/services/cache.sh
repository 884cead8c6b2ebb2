#!/bin/sh
# SPDX-License-Identifier: MIT
# The Memcached driver against servers of its own.
status=0
sh "${top_srcdir:-.}/tests/services/run-cache" \
    "${top_builddir:-.}/services/cache/test-memcached" || status=$?
[ "$status" -ne 77 ] || exit 77
if [ "$status" -ne 0 ]; then
	echo "0 passed, 1 failed"
	exit 1
fi
echo "1 passed, 0 failed"
