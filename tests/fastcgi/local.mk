# SPDX-License-Identifier: MIT
# The workers' loop against raw FastCGI: see pool.h and client.h.

check_LTLIBRARIES += libpool.la
libpool_la_SOURCES = \
	tests/fastcgi/fake-loader.c \
	tests/fastcgi/pool.c tests/fastcgi/pool.h \
	src/plugin/assets.c src/plugin/package-path.c \
	src/plugin/snapshot.c src/plugin/digest.c
libpool_la_LIBADD = libworker.la libcontract.la liboperator.la libadmin.la \
	libauth.la libotp.la libsecurity.la libdesk.la libdatabase.la \
	libcache.la libhttp.la libsandbox.la libbroker.la libguest.la \
	libjail.la libsettings.la libloggers.la libcontrol.la libxcore.la \
	$(CRYPTO_LIBS) $(FCGI_LIBS)

check_PROGRAMS += tests/fastcgi/serve
tests_fastcgi_serve_SOURCES = tests/fastcgi/serve.c
tests_fastcgi_serve_LDADD = libpool.la

check_LTLIBRARIES += libfcgiclient.la
libfcgiclient_la_SOURCES = tests/fastcgi/client.c tests/fastcgi/client.h
libfcgiclient_la_LIBADD = libpool.la

check_PROGRAMS += tests/fastcgi/smuggling
tests_fastcgi_smuggling_SOURCES = tests/fastcgi/smuggling.c
tests_fastcgi_smuggling_LDADD = libfcgiclient.la
TESTS += tests/fastcgi/smuggling

check_PROGRAMS += tests/fastcgi/bad-input
tests_fastcgi_bad_input_SOURCES = tests/fastcgi/bad-input.c
tests_fastcgi_bad_input_LDADD = libfcgiclient.la
TESTS += tests/fastcgi/bad-input

check_PROGRAMS += tests/fastcgi/upload
tests_fastcgi_upload_SOURCES = tests/fastcgi/upload.c
tests_fastcgi_upload_LDADD = libfcgiclient.la
TESTS += tests/fastcgi/upload

check_PROGRAMS += tests/fastcgi/last-gasp
tests_fastcgi_last_gasp_SOURCES = tests/fastcgi/last-gasp.c
tests_fastcgi_last_gasp_LDADD = libfcgiclient.la
TESTS += tests/fastcgi/last-gasp

check_PROGRAMS += tests/fastcgi/life
tests_fastcgi_life_SOURCES = tests/fastcgi/life.c
tests_fastcgi_life_LDADD = libfcgiclient.la
TESTS += tests/fastcgi/life
