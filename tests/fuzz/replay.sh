#!/bin/sh
# SPDX-License-Identifier: MIT
# Feeds each fuzz target the inputs kept for it: tests/fuzz/corpus/NOUN/ for
# .../fuzz-NOUN.  A target without a corpus gets this script and its
# neighbours, which no parser expects.
set -u
: "${top_srcdir:?is set by make check}" "${top_builddir:?}"
cd "$top_builddir" || exit 99
failed=0
for target in $FUZZ_TARGETS; do
	noun=${target##*/fuzz-}
	corpus=$top_srcdir/tests/fuzz/corpus/$noun
	if [ -d "$corpus" ]; then set -- "$corpus"
	else set -- "$top_srcdir"/tests/fuzz/*.*; fi
	echo "$target: $noun"
	"./$target" "$@" || { echo "FAILED: $target"; failed=1; }
done
exit $failed
