# SPDX-License-Identifier: MIT
# What speed is measured with; see tests/bench/README.md.  `make bench` builds
# the peers and runs all benches, BENCH="hello mixed" only those.
EXTRA_PROGRAMS += tests/bench/peer tests/bench/openload
tests_bench_peer_SOURCES = tests/bench/peer.h tests/bench/peer.c \
	tests/bench/peer-shared.c tests/bench/peer-lend.c
tests_bench_peer_LDADD = $(FCGI_LIBS)
tests_bench_openload_SOURCES = tests/bench/openload.c
CLEANFILES += tests/bench/peer tests/bench/openload
EXTRA_DIST += tests/bench/README.md tests/bench/front.sh tests/bench/run
LINT_SHELL += tests/bench/front.sh tests/bench/run

BENCH = all

bench: tests/bench/peer$(EXEEXT) tests/bench/openload$(EXEEXT)
	XCORE_BUILD='$(abs_top_builddir)' \
	    $(BASH) '$(top_srcdir)/tests/bench/run' $(BENCH)
.PHONY: bench
