# SPDX-License-Identifier: MIT
# The client's side of the control socket stands apart: the registry asks a
# manager too, and the manager runs the registry's follower.
noinst_LTLIBRARIES += libmanager.la libcontrol.la
libcontrol_la_SOURCES = src/manager/control-client.c src/manager/control.h
libmanager_la_SOURCES = \
	src/manager/act.c \
	src/manager/apply.c \
	src/manager/canary.c \
	src/manager/child.c \
	src/manager/control-commands.c \
	src/manager/control-server.c \
	src/manager/crash.c \
	src/manager/deadline.c \
	src/manager/handover.c \
	src/manager/link.c \
	src/manager/listen.c src/manager/listen.h \
	src/manager/lock.c src/manager/lock.h \
	src/manager/events.c src/manager/events.h \
	src/manager/manager.c src/manager/manager.h \
	src/manager/manager-private.h \
	src/manager/notify.c src/manager/notify.h \
	src/manager/pool.c src/manager/pool.h \
	src/manager/pool-end.c \
	src/manager/pool-row.c \
	src/manager/quarantine.c \
	src/manager/reload.c \
	src/manager/spawner.c \
	src/manager/status.c \
	src/manager/status-plugins.c \
	src/manager/title.c src/manager/title.h \
	src/manager/upgrade.c \
	src/manager/watcher.c
libmanager_la_LIBADD = $(JSONC_LIBS)

check_PROGRAMS += src/manager/test-manager
src_manager_test_manager_SOURCES = src/manager/test-manager.c
src_manager_test_manager_LDADD = $(src_tools_xcored_LDADD) $(CMOCKA_LIBS)
TESTS += src/manager/test-manager

check_PROGRAMS += src/manager/test-quarantine
src_manager_test_quarantine_SOURCES = src/manager/test-quarantine.c
src_manager_test_quarantine_LDADD = $(src_tools_xcored_LDADD) $(CMOCKA_LIBS)
TESTS += src/manager/test-quarantine
