# SPDX-License-Identifier: MIT
check_PROGRAMS += services/auth/test-jwt
TESTS += services/auth/test-jwt
JWT_TEST_LIBS = libauth.la libsecurity.la libsettings.la libloggers.la \
	libxcore.la $(JSONC_LIBS) $(CRYPTO_LIBS)
services_auth_test_jwt_SOURCES = services/auth/test-jwt.c \
	services/auth/test-jwt-attacks.c services/auth/test-jwt.h
services_auth_test_jwt_LDADD = $(JWT_TEST_LIBS) $(CMOCKA_LIBS)

EXTRA_DIST += tests/services/json-names.sh
LINT_SHELL += tests/services/json-names.sh
TESTS += tests/services/json-names.sh

# Measures; run by hand.
check_PROGRAMS += services/auth/bench-jwt
services_auth_bench_jwt_SOURCES = services/auth/bench-jwt.c
services_auth_bench_jwt_LDADD = $(JWT_TEST_LIBS)

FUZZ_TARGETS += services/auth/fuzz-jwt
services_auth_fuzz_jwt_SOURCES = services/auth/fuzz-jwt.c
services_auth_fuzz_jwt_LDADD = $(JWT_TEST_LIBS) $(FUZZ_LIBS)
