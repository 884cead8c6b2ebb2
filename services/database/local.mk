# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libdatabase.la
libdatabase_la_SOURCES = \
	services/database/columns.c \
	services/database/connection.c services/database/connection.h \
	services/database/connection-private.h \
	services/database/database.h \
	services/database/errors.c \
	services/database/failing.c \
	services/database/fake.c \
	services/database/mariadb.c \
	services/database/rows.c \
	services/database/statement-cache.c \
	services/database/statement.c services/database/statement.h
libdatabase_la_LIBADD = libsettings.la $(MARIADB_LIBS) $(JSONC_LIBS)
