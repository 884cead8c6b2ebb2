# SPDX-License-Identifier: MIT
EXTRA_DIST += tests/services/idempotency.sh
LINT_SHELL += tests/services/idempotency.sh
check_PROGRAMS += src/worker/test-idempotency
src_worker_test_idempotency_SOURCES = src/worker/test-idempotency.c \
	src/worker/idempotency.c src/worker/idempotency.h
# Objects of their own, beside those of libworker.la.
src_worker_test_idempotency_CPPFLAGS = $(AM_CPPFLAGS) $(JSONC_CFLAGS)
src_worker_test_idempotency_LDADD = libtesthost.la libdatabase.la \
	libsecurity.la libsettings.la libloggers.la libxcore.la \
	$(MARIADB_LIBS) $(CRYPTO_LIBS) $(JSONC_LIBS) $(CMOCKA_LIBS)
TESTS += tests/services/idempotency.sh
