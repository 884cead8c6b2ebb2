# SPDX-License-Identifier: MIT
# Fuzz targets: a fragment says
#	FUZZ_TARGETS += src/lib/fuzz-noun
#	src_lib_fuzz_noun_SOURCES = src/lib/fuzz-noun.c
#	src_lib_fuzz_noun_LDADD = libxcore.la $(FUZZ_LIBS)
# Without --enable-fuzz they are linked to a driver that replays files, and
# `make check` feeds each its corpus; with it (clang) `make fuzz` searches.
check_PROGRAMS += $(FUZZ_TARGETS)
check_LTLIBRARIES += libfuzzdriver.la
libfuzzdriver_la_SOURCES = tests/fuzz/driver.c
EXTRA_DIST += tests/fuzz/README.md tests/fuzz/replay.sh tests/fuzz/corpus
LINT_SHELL += tests/fuzz/replay.sh

if !WANT_FUZZER
$(FUZZ_TARGETS): libfuzzdriver.la
TESTS += tests/fuzz/replay.sh
endif
AM_TESTS_ENVIRONMENT += FUZZ_TARGETS='$(FUZZ_TARGETS)'; export FUZZ_TARGETS;

FUZZ_SECONDS = 60

fuzz: $(FUZZ_TARGETS)
if WANT_FUZZER
	@for target in $(FUZZ_TARGETS); do \
		noun=$${target##*/fuzz-}; \
		$(MKDIR_P) "fuzz-corpus/$$noun"; \
		set -- "fuzz-corpus/$$noun"; \
		kept="$(top_srcdir)/tests/fuzz/corpus/$$noun"; \
		test ! -d "$$kept" || set -- "$$@" "$$kept"; \
		echo "$$target: $(FUZZ_SECONDS) s"; \
		"./$$target" -max_total_time=$(FUZZ_SECONDS) -timeout=10 \
		    -artifact_prefix="fuzz-corpus/$$noun-" "$$@" || \
		    exit 1; \
	done
else
	@echo "make fuzz needs ./configure CC=clang --enable-fuzz" \
	    "--enable-asan --enable-ubsan --disable-hardening" >&2; exit 1
endif
.PHONY: fuzz
