#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes ./configure from a clone.
set -eu
cd "$(dirname "$0")"
for tool in autoconf automake libtoolize pkg-config; do
	command -v "$tool" >/dev/null || {
		echo "autogen.sh: $tool not found; on Debian:" \
		    "apt-get install autoconf automake libtool pkg-config" >&2
		exit 1
	}
done
mkdir -p build-aux
exec autoreconf --install --force --warnings=all,no-obsolete
