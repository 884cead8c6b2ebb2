# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libmiddleware.la
libmiddleware_la_SOURCES = \
	services/middleware/cors.c services/middleware/cors.h \
	services/middleware/forwarded.c services/middleware/forwarded.h \
	services/middleware/lines.c services/middleware/lines.h \
	services/middleware/rate.c services/middleware/rate.h \
	services/middleware/trace.c services/middleware/trace.h
libmiddleware_la_LIBADD = libsettings.la $(JSONC_LIBS)

check_PROGRAMS += services/middleware/test-middleware
services_middleware_test_middleware_SOURCES = \
	services/middleware/test-middleware.c
services_middleware_test_middleware_LDADD = libmiddleware.la libcache.la \
	libsettings.la libloggers.la libxcore.la $(MEMCACHED_LIBS) \
	$(CRYPTO_LIBS) $(JSONC_LIBS) $(CMOCKA_LIBS)
TESTS += services/middleware/test-middleware

FUZZ_TARGETS += services/middleware/fuzz-forwarded
services_middleware_fuzz_forwarded_SOURCES = \
	services/middleware/fuzz-forwarded.c
services_middleware_fuzz_forwarded_LDADD = libmiddleware.la libsettings.la \
	libloggers.la libxcore.la $(JSONC_LIBS) $(FUZZ_LIBS)

dist_man_MANS += doc/xcore-middleware.7
