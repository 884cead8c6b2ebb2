# SPDX-License-Identifier: MIT
# The plugins that come with xcore.  They are built like anyone's, by the
# rules that xcore-config names, against this tree, and installed as folders
# that xcore-install(1) takes.
SHIPPED_PLUGINS = admin auth hello manager todo user
if WANT_DOCS
SHIPPED_PLUGINS += docs
endif

EXTRA_DIST += \
	plugins/admin/Makefile plugins/admin/README.md \
	plugins/admin/admin.c plugins/admin/admin.h \
	plugins/admin/plugins.c plugins/admin/plugins.h \
	plugins/admin/roles.c plugins/admin/users.c \
	plugins/admin/openapi.json plugins/admin/plugin.json \
	plugins/admin/tests/plugins.json \
	plugins/admin/tests/users.json \
	plugins/user/Makefile plugins/user/README.md \
	plugins/user/openapi.json plugins/user/plugin.json \
	plugins/user/tests/account.json plugins/user/user.c \
	plugins/auth/Makefile plugins/auth/README.md \
	plugins/auth/auth.c plugins/auth/auth.h plugins/auth/otp.c \
	plugins/auth/openapi.json plugins/auth/plugin.json \
	plugins/auth/tests/logins.json plugins/auth/tests/otp.json \
	plugins/docs/Makefile plugins/docs/README.md \
	plugins/docs/assets/docs/docs.css plugins/docs/assets/docs/docs.js \
	plugins/docs/assets/docs/mode.js \
	plugins/docs/assets/redoc/redoc.css \
	plugins/docs/assets/redoc/redoc.js \
	plugins/docs/docs.c plugins/docs/fetch-assets \
	plugins/docs/fetched.sha256 plugins/docs/openapi.json \
	plugins/docs/plugin.json plugins/docs/tests/pages.json \
	plugins/hello/Makefile plugins/hello/README.md \
	plugins/hello/hello.c plugins/hello/openapi.json \
	plugins/hello/plugin.json plugins/hello/tests/greetings.json \
	plugins/manager/Makefile plugins/manager/README.md \
	plugins/manager/manager.c plugins/manager/openapi.json \
	plugins/manager/plugin.json plugins/manager/tests/health.json \
	plugins/todo/Makefile plugins/todo/README.md \
	plugins/todo/openapi.json plugins/todo/plugin.json \
	plugins/todo/sql/0001_create.down.sql \
	plugins/todo/sql/0001_create.up.sql \
	plugins/todo/tests/items.json \
	plugins/todo/todo.c

shipped_plugin_make = $(MAKE) $(AM_MAKEFLAGS) --no-print-directory \
	CC='$(CC)' CFLAGS='$(CFLAGS) $(HARDEN_CFLAGS)' \
	XCORE_CONFIG='$(abs_top_builddir)/src/tools/xcore-config-uninstalled'

noinst_DATA += plugins/built
CLEANFILES += plugins/built
plugins/built: libxcore.la src/tools/xcore-config-uninstalled \
	src/tools/plugin.mk src/tools/xcore-install$(EXEEXT) \
	$(srcdir)/plugins/*/*.c $(srcdir)/plugins/*/*.json \
	$(srcdir)/plugins/*/README.md $(srcdir)/plugins/*/sql/*.sql \
	$(srcdir)/plugins/*/assets/*/* $(srcdir)/plugins/docs/fetch-assets \
	$(srcdir)/plugins/docs/fetched.sha256
	@$(MKDIR_P) plugins
	$(AM_V_GEN)for name in $(SHIPPED_PLUGINS); do \
	    $(shipped_plugin_make) -C $(srcdir)/plugins/$$name \
	        O='$(abs_top_builddir)/plugins/'$$name all >plugins/log 2>&1 || \
	        { cat plugins/log >&2; exit 1; }; \
	done
	@rm -f plugins/log
	@echo done >$@

# Loads, starts, warms and stops each, as the installer would, and runs their
# requests.
check-plugins: plugins/built src/tools/xcore-trial$(EXEEXT) \
	src/tools/xcore-install$(EXEEXT)
	@for name in $(SHIPPED_PLUGINS); do \
	    $(shipped_plugin_make) -C $(srcdir)/plugins/$$name \
	        O='$(abs_top_builddir)/plugins/'$$name check || exit 1; \
	done
CHECK_LOCAL += check-plugins

install-plugins: plugins/built
	@for name in $(SHIPPED_PLUGINS); do \
	    folder='$(DESTDIR)$(plugindir)/'$$name; \
	    echo " installing plugin $$name in $$folder"; \
	    $(MKDIR_P) "$$folder" || exit 1; \
	    (cd plugins/$$name && \
	        find plugin.json openapi.json README.md schemas sql assets \
	        -type f 2>/dev/null) | while read -r file; do \
	        $(MKDIR_P) "$$folder/$$(dirname "$$file")" && \
	        $(INSTALL_DATA) "plugins/$$name/$$file" \
	            "$$folder/$$file" || exit 1; \
	    done || exit 1; \
	    $(INSTALL_DATA) plugins/$$name/$$name.so \
	        "$$folder/$$name.so.new" && \
	        mv -f "$$folder/$$name.so.new" "$$folder/$$name.so" || \
	        exit 1; \
	done
INSTALL_EXEC_LOCAL += install-plugins

uninstall-plugins:
	for name in $(SHIPPED_PLUGINS); do \
	    rm -rf '$(DESTDIR)$(plugindir)/'"$$name"; \
	done
UNINSTALL_LOCAL += uninstall-plugins

# So that who has the tarball needs no npm.
dist-hook:
if WANT_DOCS
	$(srcdir)/plugins/docs/fetch-assets '$(distdir)/plugins/docs/fetched'
else
	@echo 'note: who builds this tarball will need npm, or --without-docs'
endif

LINT_SHELL += plugins/docs/fetch-assets

# The rules that the plugins are built by may be gone before this is run.
# Beside the sources, only what was made goes; elsewhere all was made.
clean-plugins:
	for name in $(SHIPPED_PLUGINS); do \
	    if test plugins/$$name -ef $(srcdir)/plugins/$$name; then \
	        rm -f plugins/$$name/$$name.so plugins/$$name/*.[do] \
	            plugins/$$name/$$name-types.h; \
	        test $$name != docs || { rm -f plugins/docs/fetched.stamp; \
	            sed 's|^[0-9a-f]*  |plugins/docs/assets/|' \
	            plugins/docs/fetched.sha256 | xargs rm -f; }; \
	    else rm -rf plugins/$$name; fi; \
	done
CLEAN_LOCAL += clean-plugins
