# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libcache.la
libcache_la_SOURCES = \
	services/cache/cache.h \
	services/cache/failing.c \
	services/cache/fake.c \
	services/cache/memcached.c \
	services/cache/server.c services/cache/server.h \
	services/cache/space.c
libcache_la_LIBADD = libsettings.la $(MEMCACHED_LIBS) $(CRYPTO_LIBS) \
	$(JSONC_LIBS)
