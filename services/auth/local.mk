# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libauth.la
libauth_la_SOURCES = \
	services/auth/auth.c services/auth/auth.h \
	services/auth/auth-private.h \
	services/auth/check.c \
	services/auth/cookie.c \
	services/auth/device.c services/auth/device-read.c \
	services/auth/failing.c \
	services/auth/fake.c \
	services/auth/jwt.c services/auth/jwt.h \
	services/auth/jwt-keys.c services/auth/jwt-private.h \
	services/auth/jwt-sign.c services/auth/jwt-sign.h \
	services/auth/login.c \
	services/auth/memory.c \
	services/auth/name.c \
	services/auth/refresh.c \
	services/auth/self.c \
	services/auth/session.c \
	services/auth/sessions-end.c \
	services/auth/throttle.c \
	services/auth/ticket.c
# libjwt brings along another library with json-c's names: ours goes first.
libauth_la_LIBADD = libsettings.la $(JSONC_LIBS) $(JWT_LIBS)

EXTRA_DIST += tests/services/run-identity
LINT_SHELL += tests/services/run-identity

FUZZ_TARGETS += services/auth/fuzz-cookie
services_auth_fuzz_cookie_SOURCES = services/auth/fuzz-cookie.c
services_auth_fuzz_cookie_LDADD = libauth.la libsecurity.la libxcore.la \
	$(CRYPTO_LIBS) $(JSONC_LIBS) $(FUZZ_LIBS)

# The tests have second factors of their own, and count the hashes.  Of
# libadmin they have what libauth asks for.
AUTH_TEST_LIBS = libadmin.la libauth.la libdesk.la \
	libdatabase.la libsecurity.la libsettings.la libloggers.la \
	libtesthost.la libxcore.la $(MARIADB_LIBS) $(CRYPTO_LIBS) \
	$(JSONC_LIBS) $(JWT_LIBS) $(CMOCKA_LIBS)
AUTH_TEST_WRAP = -Wl,--wrap=xc_password_verify,--wrap=xc_password_hash \
	-Wl,--undefined=xc_user_grants,--undefined=xc_audit_add
AUTH_TESTS = services/auth/test-check services/auth/test-device \
	services/auth/test-login services/auth/test-session
EXTRA_DIST += tests/services/auth.sh
LINT_SHELL += tests/services/auth.sh
check_PROGRAMS += $(AUTH_TESTS)
TESTS += tests/services/auth.sh
services_auth_test_check_SOURCES = services/auth/test-check.c \
	services/auth/support.c services/auth/support.h
services_auth_test_check_LDADD = $(AUTH_TEST_LIBS)
services_auth_test_check_LDFLAGS = $(AUTH_TEST_WRAP)
services_auth_test_device_SOURCES = services/auth/test-device.c \
	services/auth/support.c services/auth/support.h
services_auth_test_device_LDADD = $(AUTH_TEST_LIBS)
services_auth_test_device_LDFLAGS = $(AUTH_TEST_WRAP)
services_auth_test_login_SOURCES = services/auth/test-login.c \
	services/auth/support.c services/auth/support.h
services_auth_test_login_LDADD = $(AUTH_TEST_LIBS)
services_auth_test_login_LDFLAGS = $(AUTH_TEST_WRAP)
services_auth_test_session_SOURCES = services/auth/test-session.c \
	services/auth/support.c services/auth/support.h
services_auth_test_session_LDADD = $(AUTH_TEST_LIBS)
services_auth_test_session_LDFLAGS = $(AUTH_TEST_WRAP)

# Measures; run by hand.
check_PROGRAMS += services/auth/bench-auth
services_auth_bench_auth_SOURCES = services/auth/bench-auth.c \
	services/auth/support.c services/auth/support.h
services_auth_bench_auth_LDADD = $(AUTH_TEST_LIBS)
services_auth_bench_auth_LDFLAGS = $(AUTH_TEST_WRAP)
