# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libadmin.la
libadmin_la_SOURCES = \
	services/admin/account.c \
	services/admin/account-guess.c services/admin/account-guess.h \
	services/admin/admin.c services/admin/admin.h \
	services/admin/admin-private.h \
	services/admin/args.c \
	services/admin/audit.c services/admin/audit.h \
	services/admin/audit-list.c \
	services/admin/audit-private.h \
	services/admin/audit-verify.c \
	services/admin/change.c \
	services/admin/explain.c \
	services/admin/grants.c \
	services/admin/list.c \
	services/admin/roles.c services/admin/roles-private.h \
	services/admin/roles-change.c \
	services/admin/sessions.c \
	services/admin/users.c \
	services/admin/users-change.c \
	services/admin/users-new.c
libadmin_la_LIBADD = $(JSONC_LIBS)
