#!/bin/sh
# SPDX-License-Identifier: MIT
# The MariaDB driver against a server of its own.
exec sh "${top_srcdir:-.}/tests/services/run-database" \
	"${top_builddir:-.}/services/database/test-mariadb"
