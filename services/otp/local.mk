# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libotp.la
libotp_la_SOURCES = \
	services/otp/code.c services/otp/code.h \
	services/otp/letter.c services/otp/letter.h \
	services/otp/mail.c services/otp/mail.h \
	services/otp/mail-fake.c \
	services/otp/otp.c services/otp/otp.h \
	services/otp/otp-mail.c \
	services/otp/otp-operations.c \
	services/otp/otp-private.h \
	services/otp/otp-take.c \
	services/otp/qr.c services/otp/qr.h \
	services/otp/throttle.c services/otp/throttle.h \
	services/otp/totp.c services/otp/totp.h
libotp_la_LIBADD = libdesk.la libdatabase.la libsecurity.la $(OATH_LIBS) \
	$(QRCODEGEN_LIBS) $(CURL_LIBS) $(JSONC_LIBS)

OTP_TEST_LIBS = libotp.la libdesk.la libdatabase.la libsecurity.la \
	libsettings.la libloggers.la libxcore.la $(OATH_LIBS) \
	$(QRCODEGEN_LIBS) $(CURL_LIBS) $(MARIADB_LIBS) $(CRYPTO_LIBS) \
	$(JSONC_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += services/otp/test-mail services/otp/test-totp
# It plays a mail server that speaks TLS.
services_otp_test_mail_SOURCES = services/otp/test-mail.c \
	services/otp/smtp-fixture.c services/otp/smtp-fixture.h
services_otp_test_mail_LDADD = $(OTP_TEST_LIBS) -lssl
services_otp_test_totp_SOURCES = services/otp/test-totp.c
services_otp_test_totp_LDADD = $(OTP_TEST_LIBS)
TESTS += services/otp/test-mail services/otp/test-totp

# With servers of their own: tests/services/otp.sh runs them.
EXTRA_DIST += tests/services/otp.sh
LINT_SHELL += tests/services/otp.sh
check_PROGRAMS += services/otp/test-otp
services_otp_test_otp_SOURCES = services/otp/test-otp.c
services_otp_test_otp_LDADD = $(OTP_TEST_LIBS)
TESTS += tests/services/otp.sh

FUZZ_TARGETS += services/otp/fuzz-otp
services_otp_fuzz_otp_SOURCES = services/otp/fuzz-otp.c
services_otp_fuzz_otp_LDADD = $(OTP_TEST_LIBS) $(FUZZ_LIBS)
