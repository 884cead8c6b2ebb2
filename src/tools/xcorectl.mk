# SPDX-License-Identifier: MIT
bin_PROGRAMS += src/tools/xcorectl
src_tools_xcorectl_SOURCES = \
	src/tools/xcorectl.c src/tools/xcorectl.h \
	src/tools/xcorectl-audit.c src/tools/xcorectl-cache.c \
	src/tools/xcorectl-doctor.c src/tools/xcorectl-doctor.h \
	src/tools/xcorectl-doctor-accounts.c \
	src/tools/xcorectl-doctor-attacks.c \
	src/tools/xcorectl-doctor-attacks.h \
	src/tools/xcorectl-doctor-cache.c \
	src/tools/xcorectl-doctor-database.c \
	src/tools/xcorectl-doctor-host.c \
	src/tools/xcorectl-doctor-keys.c \
	src/tools/xcorectl-doctor-print.c \
	src/tools/xcorectl-doctor-sandbox.c \
	src/tools/xcorectl-doctor-server.c \
	src/tools/xcorectl-doctor-web.c \
	src/tools/xcorectl-identity.c src/tools/xcorectl-identity.h \
	src/tools/xcorectl-keys.c src/tools/xcorectl-keys.h \
	src/tools/xcorectl-keys-site.c \
	src/tools/xcorectl-password.c \
	src/tools/xcorectl-middleware.c src/tools/xcorectl-status.c \
	src/tools/xcorectl-user.c
src_tools_xcorectl_LDADD = libmanager.la libregistry.la libkit.la \
	libadmin.la libauth.la libotp.la libsecurity.la libdesk.la libcache.la \
	libsandbox.la libbroker.la \
	libsandbox.la libguest.la libjail.la libplugin.la \
	libcontract.la libdatabase.la libsettings.la libloggers.la libcontrol.la \
	libxcore.la $(JSONC_LIBS)
dist_man_MANS += doc/xcorectl.8

EXTRA_DIST += tests/services/flush.sh
LINT_SHELL += tests/services/flush.sh
TESTS += tests/services/flush.sh
EXTRA_DIST += tests/services/keys.sh tests/services/keys-audit.sh
LINT_SHELL += tests/services/keys.sh tests/services/keys-audit.sh
TESTS += tests/services/keys.sh tests/services/keys-audit.sh
