# SPDX-License-Identifier: MIT
# xcore-config(1) and the rules for plugins, installed and not: with
# src/tools/xcore-config-uninstalled a plugin is built against this tree.
bin_SCRIPTS += src/tools/xcore-config
nodist_pkgdata_DATA += src/tools/plugin.mk
dist_man_MANS += doc/xcore-config.1
EXTRA_DIST += src/tools/xcore-config.in src/tools/plugin.mk.in
noinst_DATA += src/tools/xcore-config-uninstalled
CLEANFILES += src/tools/xcore-config src/tools/xcore-config-uninstalled \
	src/tools/plugin.mk

xcore_config_common = \
	-e 's|@VERSION[@]|$(VERSION)|g' \
	-e 's|@XC_ABI_MAJOR[@]|$(XC_ABI_MAJOR)|g' \
	-e 's|@XC_ABI_MINOR[@]|$(XC_ABI_MINOR)|g' \
	-e 's|@JSONC_CFLAGS[@]|$(JSONC_CFLAGS)|g' \
	-e 's|@JSONC_LIBS[@]|$(JSONC_LIBS)|g' \
	-e 's|@CC[@]|$(CC)|g' \
	-e 's|@sysconfdir[@]|$(sysconfdir)|g' \
	-e 's|@localstatedir[@]|$(localstatedir)|g' \
	-e 's|@runstatedir[@]|$(runstatedir)|g' \
	-e 's|@datarootdir[@]|$(datarootdir)|g' \
	-e 's|@datadir[@]|$(datadir)|g'

src/tools/xcore-config: $(srcdir)/src/tools/xcore-config.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(SED) $(xcore_config_common) \
	    -e 's|@prefix[@]|$(prefix)|g' \
	    -e 's|@exec_prefix[@]|$(exec_prefix)|g' \
	    -e 's|@bindir[@]|$(bindir)|g' -e 's|@sbindir[@]|$(sbindir)|g' \
	    -e 's|@libdir[@]|$(libdir)|g' \
	    -e 's|@pkglibexecdir[@]|$(pkglibexecdir)|g' \
	    -e 's|@includedir[@]|$(includedir)|g' \
	    -e 's|@pkgdatadir[@]|$(pkgdatadir)|g' \
	    -e 's|@plugindir[@]|$(plugindir)|g' \
	    -e 's|@runpath[@]||g' \
	    $(srcdir)/src/tools/xcore-config.in >$@.new && \
	    chmod +x $@.new && mv -f $@.new $@

src/tools/xcore-config-uninstalled: $(srcdir)/src/tools/xcore-config.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(SED) $(xcore_config_common) \
	    -e 's|@prefix[@]|$(abs_top_builddir)|g' \
	    -e 's|@exec_prefix[@]|$(abs_top_builddir)|g' \
	    -e 's|@bindir[@]|$(abs_top_builddir)/src/tools|g' \
	    -e 's|@sbindir[@]|$(abs_top_builddir)/src/tools|g' \
	    -e 's|@libdir[@]|$(abs_top_builddir)/.libs|g' \
	    -e 's|@pkglibexecdir[@]|$(abs_top_builddir)/src/tools|g' \
	    -e 's|@includedir[@]|$(abs_top_srcdir)/src/include|g' \
	    -e 's|@pkgdatadir[@]|$(abs_top_builddir)/src/tools|g' \
	    -e 's|@plugindir[@]|$(abs_top_builddir)/plugins|g' \
	    -e 's|@runpath[@]|$(abs_top_builddir)/.libs|g' \
	    $(srcdir)/src/tools/xcore-config.in >$@.new && \
	    chmod +x $@.new && mv -f $@.new $@

src/tools/plugin.mk: $(srcdir)/src/tools/plugin.mk.in
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	    cp -f $(srcdir)/src/tools/plugin.mk.in $@
