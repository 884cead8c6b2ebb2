#!/bin/sh
# SPDX-License-Identifier: MIT
# The Memcached driver against servers of its own.
exec sh "${top_srcdir:-.}/tests/services/run-cache" \
	"${top_builddir:-.}/services/cache/test-memcached"
