# SPDX-License-Identifier: MIT
sbin_PROGRAMS += src/tools/xcored
src_tools_xcored_SOURCES = src/tools/xcored.c
src_tools_xcored_LDADD = libmanager.la libworker.la libregistry.la \
	libplugin.la libcontract.la libdatabase.la libcache.la \
	libhttp.la libsandbox.la libbroker.la libguest.la libjail.la \
	libsettings.la libloggers.la libcontrol.la libxcore.la $(JSONC_LIBS)
dist_man_MANS += doc/xcored.8
