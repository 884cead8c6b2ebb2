# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libsettings.la
libsettings_la_SOURCES = \
	src/config/secret.c \
	src/config/settings.c src/config/settings.h \
	src/config/settings-check.c \
	src/config/settings-dump.c \
	src/config/settings-env.c \
	src/config/settings-json.c src/config/settings-json.h \
	src/config/settings-private.h \
	src/config/settings-table.c src/config/settings-table.h \
	src/config/settings-value.c
libsettings_la_LIBADD = libloggers.la $(JSONC_LIBS)
