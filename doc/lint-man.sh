#!/bin/sh
# SPDX-License-Identifier: MIT
# Lints the manual pages: the manual is the contract, and one that renders
# wrong says something else.
set -u
: "${top_srcdir:?is set by make check}"
[ -n "${MANDOC:-}" ] || { echo "mandoc not found"; exit 77; }
cd "$top_srcdir" || exit 99
failed=0
for page in $MAN_PAGES; do
	# References to pages of other projects cannot be resolved here.
	words=$("$MANDOC" -T lint -W warning "$page" 2>&1 |
	    grep -v 'referenced manual not found')
	[ -z "$words" ] || { echo "$words"; failed=1; }
done
exit $failed
