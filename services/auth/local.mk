# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libauth.la
libauth_la_SOURCES = \
	services/auth/auth.c services/auth/auth.h \
	services/auth/auth-private.h \
	services/auth/check.c \
	services/auth/cookie.c \
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
