#!/bin/sh
# SPDX-License-Identifier: MIT
# Feeds each fuzz target the inputs kept for it: tests/fuzz/corpus/NOUN/ for
# .../fuzz-NOUN.  A target without a corpus gets the sources of this folder,
# which no parser expects.
set -u
: "${top_srcdir:?is set by make check}" "${top_builddir:?}"
cd "$top_builddir" || exit 99
failed=0
for target in $FUZZ_TARGETS; do
	noun=${target##*/fuzz-}
	corpus=$top_srcdir/tests/fuzz/corpus/$noun
	[ -d "$corpus" ] || corpus=$top_srcdir/tests/fuzz
	echo "$target $corpus"
	"./$target" "$corpus" || { echo "FAILED: $target"; failed=1; }
done
exit $failed
