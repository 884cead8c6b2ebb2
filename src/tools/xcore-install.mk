# SPDX-License-Identifier: MIT
bin_PROGRAMS += src/tools/xcore-install
xcore_install_sources = \
	src/tools/xcore-install.c src/tools/xcore-install.h \
	src/tools/xcore-install-build.c \
	src/tools/xcore-install-change.c \
	src/tools/xcore-install-check.c \
	src/tools/xcore-install-help.c \
	src/tools/xcore-install-near.c \
	src/tools/xcore-install-new.c \
	src/tools/xcore-install-profile.c \
	src/tools/xcore-install-show.c \
	src/tools/xcore-install-terms.c \
	src/tools/xcore-install-test.c src/tools/xcore-install-test.h \
	src/tools/xcore-install-types.c
xcore_install_libs = libtypes.la libmanager.la libkittest.la libkit.la \
	libsandbox.la \
	libbroker.la libsandbox.la libguest.la libjail.la libplugin.la \
	libcontract.la libdatabase.la libcache.la libdesk.la \
	libsettings.la \
	libloggers.la libcontrol.la libxcore.la \
	$(CRYPTO_LIBS) $(SECCOMP_LIBS) $(JSONC_LIBS)
src_tools_xcore_install_SOURCES = $(xcore_install_sources)
src_tools_xcore_install_LDADD = libregistry.la $(xcore_install_libs)
dist_man_MANS += doc/xcore-install.1
