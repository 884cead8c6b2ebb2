# SPDX-License-Identifier: MIT
# The walls around a sandbox.
noinst_LTLIBRARIES += libjail.la
libjail_la_SOURCES = \
	src/sandbox/cgroup.c src/sandbox/cgroup.h \
	src/sandbox/filter.c src/sandbox/filter.h \
	src/sandbox/filter-rules.c src/sandbox/filter-rules.h \
	src/sandbox/jail.c src/sandbox/jail.h src/sandbox/jail-private.h \
	src/sandbox/jail-caps.c src/sandbox/jail-caps.h \
	src/sandbox/jail-clone.c \
	src/sandbox/jail-first.c \
	src/sandbox/jail-last.c \
	src/sandbox/landlock.c src/sandbox/landlock.h \
	src/sandbox/layers.c src/sandbox/layers.h
libjail_la_LIBADD = $(SECCOMP_LIBS) $(DL_LIBS)

check_PROGRAMS += src/sandbox/test-jail src/sandbox/test-layers \
	src/sandbox/bench-jail
TESTS += src/sandbox/test-jail src/sandbox/test-layers
src_sandbox_test_jail_SOURCES = src/sandbox/test-jail.c \
	src/sandbox/test-jail.h src/sandbox/test-jail-attacks.c \
	src/sandbox/test-jail-cgroup.c src/sandbox/test-jail-less.c \
	src/sandbox/test-jail-works.c src/sandbox/test-jail-zygote.c
src_sandbox_test_jail_LDADD = libjail.la libxcore.la $(CMOCKA_LIBS)
src_sandbox_test_layers_SOURCES = src/sandbox/test-layers.c
src_sandbox_test_layers_LDADD = libjail.la libxcore.la $(CMOCKA_LIBS)

# Measures; run by hand.
src_sandbox_bench_jail_SOURCES = src/sandbox/bench-jail.c
src_sandbox_bench_jail_LDADD = libjail.la libxcore.la
