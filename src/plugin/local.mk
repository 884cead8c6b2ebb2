# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libplugin.la
libplugin_la_SOURCES = \
	src/config/near.c src/config/near.h \
	src/plugin/digest.c src/plugin/digest.h \
	src/plugin/documents.c src/plugin/documents.h \
	src/plugin/elf.c src/plugin/elf.h \
	src/plugin/file.c src/plugin/file.h \
	src/plugin/limit.c src/plugin/limit.h \
	src/plugin/loader.c src/plugin/loader.h \
	src/plugin/loader-check.c src/plugin/loader-contract.c \
	src/plugin/loader-object.c src/plugin/loader-object.h \
	src/plugin/loader-prefix.c src/plugin/loader-private.h \
	src/plugin/loader-runner.c src/plugin/loader-settle.c \
	src/plugin/loader-steps.c src/plugin/loader-terms.c \
	src/plugin/loader-traces.c src/plugin/loader-traces.h \
	src/plugin/loader-version.c src/plugin/loader-version.h \
	src/plugin/manifest.c src/plugin/manifest.h \
	src/plugin/manifest-actions.c \
	src/plugin/manifest-config.c src/plugin/manifest-config.h \
	src/plugin/manifest-middleware.c \
	src/plugin/manifest-prefix.c src/plugin/manifest-private.h \
	src/plugin/manifest-sandbox.c \
	src/plugin/manifest-schema.c \
	src/plugin/manifest-shape.c \
	src/plugin/package.c src/plugin/package.h \
	src/plugin/package-archive.c \
	src/plugin/package-folder.c \
	src/plugin/package-private.h \
	src/plugin/runner.h \
	src/plugin/permission.c src/plugin/permission.h \
	src/plugin/prefix.c src/plugin/prefix.h \
	src/plugin/semver.c src/plugin/semver.h \
	src/plugin/step-order.c src/plugin/step-order.h \
	src/plugin/steps.c src/plugin/steps.h \
	src/plugin/store.c \
	src/plugin/store-gc.c \
	src/plugin/trial.c src/plugin/trial.h \
	src/plugin/validate.c src/plugin/validate.h \
	src/plugin/validate-object.c src/plugin/validate-object.h \
	src/plugin/validate-site.c
libplugin_la_LIBADD = libcontract.la libjail.la \
	$(ARCHIVE_LIBS) $(CRYPTO_LIBS) $(JSONC_LIBS) $(DL_LIBS)

plugin_libs = libplugin.la libregistry.la libxcore.la
plugin_tests = src/plugin/test-manifest src/plugin/test-package \
	src/plugin/test-runner src/plugin/test-semver src/plugin/test-site src/plugin/test-steps \
	src/plugin/test-store
check_PROGRAMS += $(plugin_tests)
TESTS += $(plugin_tests)
src_plugin_test_manifest_SOURCES = src/plugin/test-manifest.c
src_plugin_test_manifest_LDADD = $(plugin_libs) $(CMOCKA_LIBS)
src_plugin_test_package_SOURCES = src/plugin/test-package.c src/plugin/fixture-files.h
src_plugin_test_package_LDADD = $(plugin_libs) $(CMOCKA_LIBS)
src_plugin_test_runner_SOURCES = src/plugin/test-runner.c \
	src/plugin/fixture-files.h
src_plugin_test_runner_LDADD = $(plugin_libs) $(JSONC_LIBS) $(CMOCKA_LIBS)
src_plugin_test_semver_SOURCES = src/plugin/test-semver.c
src_plugin_test_semver_LDADD = $(plugin_libs) $(CMOCKA_LIBS)
src_plugin_test_site_SOURCES = src/plugin/test-site.c
src_plugin_test_site_LDADD = $(plugin_libs) $(CMOCKA_LIBS)
src_plugin_test_steps_SOURCES = src/plugin/test-steps.c
src_plugin_test_steps_LDADD = $(plugin_libs) $(CMOCKA_LIBS)
src_plugin_test_store_SOURCES = src/plugin/test-store.c src/plugin/fixture-files.h
src_plugin_test_store_LDADD = $(plugin_libs) $(CMOCKA_LIBS)

FUZZ_TARGETS += src/plugin/fuzz-elf src/plugin/fuzz-manifest \
	src/plugin/fuzz-package
src_plugin_fuzz_elf_SOURCES = src/plugin/fuzz-elf.c
src_plugin_fuzz_elf_LDADD = $(plugin_libs) $(FUZZ_LIBS)
src_plugin_fuzz_manifest_SOURCES = src/plugin/fuzz-manifest.c
src_plugin_fuzz_manifest_LDADD = $(plugin_libs) $(FUZZ_LIBS)
src_plugin_fuzz_package_SOURCES = src/plugin/fuzz-package.c
src_plugin_fuzz_package_LDADD = $(plugin_libs) $(FUZZ_LIBS)
