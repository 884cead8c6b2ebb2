# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libsecurity.la
libsecurity_la_SOURCES = \
	services/security/key.c \
	services/security/keyring.c services/security/keyring.h \
	services/security/keyring-edit.c services/security/keyring-edit.h \
	services/security/keyring-private.h \
	services/security/keyring-read.c \
	services/security/password.c services/security/password.h \
	services/security/password-common.h \
	services/security/password-fault.c \
	services/security/phc.c services/security/phc.h \
	services/security/places.c services/security/places.h \
	services/security/seal.c \
	services/security/service.c services/security/service.h \
	services/security/service-private.h services/security/service-sign.c \
	services/security/token.c services/security/token.h
libsecurity_la_LIBADD = libsettings.la $(ARGON2_LIBS) $(CRYPTO_LIBS) \
	$(JSONC_LIBS)

SECURITY_TESTS = \
	services/security/test-keyring \
	services/security/test-password \
	services/security/test-token
check_PROGRAMS += $(SECURITY_TESTS)
TESTS += $(SECURITY_TESTS)
SECURITY_TEST_LIBS = libsecurity.la libsettings.la libloggers.la libxcore.la \
	$(CRYPTO_LIBS) $(JSONC_LIBS) $(CMOCKA_LIBS)
services_security_test_keyring_SOURCES = services/security/test-keyring.c
services_security_test_keyring_LDADD = $(SECURITY_TEST_LIBS)
services_security_test_password_SOURCES = services/security/test-password.c
services_security_test_password_LDADD = $(SECURITY_TEST_LIBS) $(ARGON2_LIBS)
services_security_test_token_SOURCES = services/security/test-token.c
services_security_test_token_LDADD = $(SECURITY_TEST_LIBS)

check_PROGRAMS += services/security/test-service
TESTS += services/security/test-service
services_security_test_service_SOURCES = services/security/test-service.c
services_security_test_service_LDADD = libtesthost.la $(SECURITY_TEST_LIBS)

# Measures; run by hand.
check_PROGRAMS += services/security/bench-security
services_security_bench_security_SOURCES = services/security/bench-security.c
services_security_bench_security_LDADD = $(SECURITY_TEST_LIBS)

FUZZ_TARGETS += services/security/fuzz-keyring services/security/fuzz-phc
services_security_fuzz_keyring_SOURCES = services/security/fuzz-keyring.c
services_security_fuzz_keyring_LDADD = libsecurity.la libsettings.la \
	libloggers.la libxcore.la $(CRYPTO_LIBS) $(JSONC_LIBS) $(FUZZ_LIBS)
services_security_fuzz_phc_SOURCES = services/security/fuzz-phc.c
services_security_fuzz_phc_LDADD = $(services_security_fuzz_keyring_LDADD)
