# SPDX-License-Identifier: MIT
# Tests with real plugins: one that misbehaves, built in several ways, and
# damaged ones made of it.
EXTRA_DIST += \
	tests/plugins/misbehave/Makefile tests/plugins/misbehave/README.md \
	tests/plugins/misbehave/misbehave.c \
	tests/plugins/misbehave/openapi.json \
	tests/plugins/misbehave/plugin.json

plugins_made = tests/plugins/made/done
CLEANFILES += $(plugins_made)
$(plugins_made): libxcore.la src/tools/xcore-config-uninstalled \
	src/tools/plugin.mk \
	$(srcdir)/tests/plugins/misbehave/misbehave.c \
	$(srcdir)/tests/plugins/misbehave/openapi.json \
	$(srcdir)/tests/plugins/misbehave/plugin.json
	@$(MKDIR_P) $(@D)
	$(AM_V_GEN)for variant in misbehave: \
	    constructor-crashes:-DCONSTRUCTOR=1 \
	    constructor-exits:-DCONSTRUCTOR=2 \
	    constructor-hangs:-DCONSTRUCTOR=3 \
	    extra-handler:-DEXTRA_HANDLER; do \
	    $(shipped_plugin_make) -C $(srcdir)/tests/plugins/misbehave \
	        O="$(abs_top_builddir)/tests/plugins/made/$${variant%%:*}" \
	        PLUGIN_CFLAGS="$${variant#*:}" all >$(@D)/log 2>&1 || \
	        { cat $(@D)/log >&2; exit 1; }; \
	done
	@echo done >$@

plugins_clean:
	rm -rf tests/plugins/made
CLEAN_LOCAL += plugins_clean

plugins_tests = tests/plugins/test-damage tests/plugins/test-loader \
	tests/plugins/test-trial
check_PROGRAMS += $(plugins_tests) tests/plugins/reload-growth
TESTS += $(plugins_tests)
plugins_support = tests/plugins/support.c tests/plugins/support.h
plugins_libs = libplugin.la libregistry.la libxcore.la $(JSONC_LIBS) \
	$(CMOCKA_LIBS)
plugins_need = $(plugins_made) src/tools/xcore-trial$(EXEEXT)
tests_plugins_test_damage_SOURCES = tests/plugins/test-damage.c \
	$(plugins_support)
tests_plugins_test_damage_LDADD = $(plugins_libs)
EXTRA_tests_plugins_test_damage_DEPENDENCIES = $(plugins_need)
tests_plugins_test_loader_SOURCES = tests/plugins/test-loader.c \
	$(plugins_support)
tests_plugins_test_loader_LDADD = $(plugins_libs)
EXTRA_tests_plugins_test_loader_DEPENDENCIES = $(plugins_need)
tests_plugins_test_trial_SOURCES = tests/plugins/test-trial.c \
	$(plugins_support)
tests_plugins_test_trial_LDADD = $(plugins_libs)
EXTRA_tests_plugins_test_trial_DEPENDENCIES = $(plugins_need)

# Not of `make check`: tests/plugins/reload-growth [RELOADS].
tests_plugins_reload_growth_SOURCES = tests/plugins/reload-growth.c \
	$(plugins_support)
tests_plugins_reload_growth_LDADD = $(plugins_libs)
EXTRA_tests_plugins_reload_growth_DEPENDENCIES = $(plugins_need)
