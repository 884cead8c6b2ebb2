# SPDX-License-Identifier: MIT
# What speed is measured with; see tests/bench/README.md.  `make bench` runs
# the benches against what `make install` has installed, BENCH="hello mixed"
# only those.
bench_programs = tests/bench/peer tests/bench/openload tests/bench/reloads \
	tests/bench/lookup
check_PROGRAMS += $(bench_programs)

tests_bench_peer_SOURCES = tests/bench/peer.h tests/bench/peer.c \
	tests/bench/peer-shared.c tests/bench/peer-lend.c
tests_bench_peer_LDADD = $(FCGI_LIBS)
tests_bench_openload_SOURCES = tests/bench/openload.c
tests_bench_reloads_SOURCES = tests/bench/reloads.c
tests_bench_reloads_LDADD = $(MARIADB_LIBS)
tests_bench_lookup_SOURCES = tests/bench/lookup.c
tests_bench_lookup_LDADD = libworker.la libplugin.la libcontract.la \
	libxcore.la

bench_scripts = tests/bench/common.sh tests/bench/hello.sh \
	tests/bench/isolation.sh tests/bench/login.sh \
	tests/bench/mixed.sh tests/bench/reload.sh tests/bench/reloads10k.sh \
	tests/bench/crash.sh tests/bench/outage.sh tests/bench/plugins1000.sh \
	tests/bench/run
LINT_SHELL += $(bench_scripts)
EXTRA_DIST += $(bench_scripts) tests/bench/README.md \
	tests/bench/plugin/Makefile tests/bench/plugin/bench.c \
	tests/bench/plugin/openapi.json tests/bench/plugin/plugin.json

BENCH = all

bench: $(bench_programs)
	XCORE_BUILD='$(abs_top_builddir)' XCORE_PREFIX='$(prefix)' \
	    bash '$(top_srcdir)/tests/bench/run' $(BENCH)
.PHONY: bench
