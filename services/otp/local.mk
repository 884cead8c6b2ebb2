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
