# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libplugin.la
libplugin_la_SOURCES = \
	src/plugin/digest.c src/plugin/digest.h \
	src/plugin/elf.c src/plugin/elf.h \
	src/plugin/file.c src/plugin/file.h \
	src/plugin/loader.c src/plugin/loader.h \
	src/plugin/loader-object.c src/plugin/loader-object.h \
	src/plugin/loader-traces.c src/plugin/loader-traces.h \
	src/plugin/loader-version.c src/plugin/loader-version.h \
	src/plugin/manifest.c src/plugin/manifest.h \
	src/plugin/manifest-config.c src/plugin/manifest-config.h \
	src/plugin/package.c src/plugin/package.h \
	src/plugin/package-archive.c \
	src/plugin/package-folder.c \
	src/plugin/package-private.h \
	src/plugin/semver.c src/plugin/semver.h \
	src/plugin/store.c \
	src/plugin/store-gc.c \
	src/plugin/trial.c src/plugin/trial.h \
	src/plugin/validate.c src/plugin/validate.h \
	src/plugin/validate-object.h \
	src/plugin/validate-site.c
libplugin_la_LIBADD = libcontract.la \
	$(ARCHIVE_LIBS) $(CRYPTO_LIBS) $(JSONC_LIBS) $(DL_LIBS)
