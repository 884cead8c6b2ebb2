# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libcache.la
libcache_la_SOURCES = \
	services/cache/cache.h \
	services/cache/claim.c \
	services/cache/envelope.c services/cache/envelope.h \
	services/cache/failing.c \
	services/cache/fake.c \
	services/cache/fetch.c \
	services/cache/figures.c \
	services/cache/local.c services/cache/local.h \
	services/cache/many.c \
	services/cache/memcached.c services/cache/memcached-private.h \
	services/cache/ring.c services/cache/ring.h \
	services/cache/server.c services/cache/server.h \
	services/cache/space.c \
	services/cache/spot.c
libcache_la_LIBADD = libsettings.la $(MEMCACHED_LIBS) $(CRYPTO_LIBS) \
	$(JSONC_LIBS)

EXTRA_DIST += tests/services/run-cache tests/services/cache.sh
LINT_SHELL += tests/services/run-cache tests/services/cache.sh
check_PROGRAMS += services/cache/test-cache services/cache/test-memcached \
	services/cache/test-shared
services_cache_test_cache_SOURCES = services/cache/test-cache.c
services_cache_test_cache_LDADD = libcache.la libsettings.la libloggers.la \
	libxcore.la $(MEMCACHED_LIBS) $(CRYPTO_LIBS) $(JSONC_LIBS) \
	$(CMOCKA_LIBS)
services_cache_test_memcached_SOURCES = services/cache/test-memcached.c \
	services/cache/test-servers.c services/cache/test-servers.h
services_cache_test_memcached_LDADD = $(services_cache_test_cache_LDADD)
services_cache_test_shared_SOURCES = services/cache/test-shared.c \
	services/cache/test-servers.c services/cache/test-servers.h
services_cache_test_shared_LDADD = libtesthost.la \
	$(services_cache_test_cache_LDADD)
TESTS += services/cache/test-cache tests/services/cache.sh

# Run by hand.
check_PROGRAMS += services/cache/bench-cache
services_cache_bench_cache_SOURCES = services/cache/bench-cache.c
services_cache_bench_cache_LDADD = $(services_cache_test_cache_LDADD)
