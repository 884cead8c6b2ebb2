# SPDX-License-Identifier: MIT
libworkerparts_la_SOURCES += src/worker/spill.c src/worker/spill.h

check_PROGRAMS += src/worker/test-spill
TESTS += src/worker/test-spill
src_worker_test_spill_SOURCES = src/worker/test-spill.c
src_worker_test_spill_LDADD = libworkerparts.la $(CMOCKA_LIBS)
