# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libhttp.la
libhttp_la_SOURCES = \
	services/http/address.c services/http/address.h \
	services/http/answer.c services/http/answer.h \
	services/http/curl.c \
	services/http/failing.c \
	services/http/fake.c \
	services/http/http.h
libhttp_la_LIBADD = $(CURL_LIBS)

check_PROGRAMS += services/http/test-http
services_http_test_http_SOURCES = services/http/test-http.c
services_http_test_http_LDADD = libhttp.la libloggers.la libxcore.la \
	$(CURL_LIBS) $(CMOCKA_LIBS)
TESTS += services/http/test-http
