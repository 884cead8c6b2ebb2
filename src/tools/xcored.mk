# SPDX-License-Identifier: MIT
sbin_PROGRAMS += src/tools/xcored
src_tools_xcored_SOURCES = src/tools/xcored.c \
	src/tools/judge.c src/tools/judge.h
src_tools_xcored_LDADD = libmanager.la libworker.la libregistry.la \
	libplugin.la libcontract.la liboperator.la libadmin.la libauth.la \
	libotp.la libsecurity.la libdesk.la libdatabase.la libcache.la \
	libhttp.la libsandbox.la libbroker.la libguest.la libjail.la \
	libsettings.la libloggers.la libcontrol.la libxcore.la $(JSONC_LIBS)
dist_man_MANS += doc/xcored.8

check_PROGRAMS += src/tools/test-judge
TESTS += src/tools/test-judge
src_tools_test_judge_SOURCES = src/tools/test-judge.c \
	src/tools/judge.c src/tools/judge.h
src_tools_test_judge_LDADD = libsettings.la libloggers.la libcontract.la \
	libxcore.la $(JSONC_LIBS) $(CMOCKA_LIBS)
