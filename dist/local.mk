# SPDX-License-Identifier: MIT
# What an installation needs around the programs: pkg-config, systemd,
# sysusers, tmpfiles, logrotate, the web servers' snippets, the first
# configuration.  The places are only known to make (DESTDIR, prefix=), so
# sed fills them in here and not configure.
SUBST = $(SED) \
	-e 's|@prefix[@]|$(prefix)|g' \
	-e 's|@exec_prefix[@]|$(exec_prefix)|g' \
	-e 's|@bindir[@]|$(bindir)|g' \
	-e 's|@sbindir[@]|$(sbindir)|g' \
	-e 's|@libdir[@]|$(libdir)|g' \
	-e 's|@includedir[@]|$(includedir)|g' \
	-e 's|@sysconfdir[@]|$(sysconfdir)|g' \
	-e 's|@localstatedir[@]|$(localstatedir)|g' \
	-e 's|@pkgdatadir[@]|$(pkgdatadir)|g' \
	-e 's|@pkglibexecdir[@]|$(pkglibexecdir)|g' \
	-e 's|@plugindir[@]|$(plugindir)|g' \
	-e 's|@xcorestatedir[@]|$(xcorestatedir)|g' \
	-e 's|@xcorerundir[@]|$(xcorerundir)|g' \
	-e 's|@VERSION[@]|$(PACKAGE_VERSION)|g' \
	-e 's|@XC_ABI_MAJOR[@]|$(XC_ABI_MAJOR)|g' \
	-e 's|@XC_ABI_MINOR[@]|$(XC_ABI_MINOR)|g'

DIST_MADE = xcore.pc dist/xcore.service dist/xcore.socket \
	dist/sysusers.d/xcore.conf dist/tmpfiles.d/xcore.conf \
	dist/logrotate.d/xcore nginx/xcore-upstream.conf nginx/xcore.conf \
	nginx/example.conf apache/xcore.conf apache/example.conf
noinst_DATA += $(DIST_MADE)
CLEANFILES += $(DIST_MADE)
EXTRA_DIST += xcore.pc.in dist/xcore.service.in dist/xcore.socket.in \
	dist/sysusers.d/xcore.conf.in dist/tmpfiles.d/xcore.conf.in \
	dist/logrotate.d/xcore.in nginx/xcore-upstream.conf.in \
	nginx/xcore.conf.in nginx/xcore-pass.conf nginx/example.conf.in \
	apache/xcore.conf.in \
	apache/example.conf.in

$(DIST_MADE): %: %.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(SUBST) <$< >$@.tmp && mv $@.tmp $@

pkgconfig_DATA = xcore.pc

nginxsharedir = $(pkgdatadir)/nginx
nginxshare_DATA = nginx/xcore.conf nginx/xcore-pass.conf \
	nginx/xcore-upstream.conf nginx/example.conf
apachesharedir = $(pkgdatadir)/apache
apacheshare_DATA = apache/xcore.conf apache/example.conf

if WANT_SYSTEMDSYSTEMUNITDIR
systemdsystemunit_DATA = dist/xcore.service dist/xcore.socket
endif
if WANT_SYSUSERSDIR
sysusers_DATA = dist/sysusers.d/xcore.conf
endif
if WANT_TMPFILESDIR
tmpfiles_DATA = dist/tmpfiles.d/xcore.conf
endif
if WANT_LOGROTATEDIR
logrotate_DATA = dist/logrotate.d/xcore
endif

# An operator's configuration is never written over, nor taken away.
INSTALL_DATA_LOCAL += install-conf
install-conf:
	$(MKDIR_P) "$(DESTDIR)$(xcoreconfdir)/conf.d" \
	    "$(DESTDIR)$(plugindir)" "$(DESTDIR)$(exampledir)"
	$(INSTALL_DATA) "$(top_srcdir)/src/config/xcore.json" \
	    "$(DESTDIR)$(exampledir)/xcore.json"
	test -e "$(DESTDIR)$(xcoreconfdir)/xcore.json" || \
	    $(INSTALL_DATA) "$(top_srcdir)/src/config/xcore.json" \
	    "$(DESTDIR)$(xcoreconfdir)/xcore.json"
UNINSTALL_LOCAL += uninstall-conf
uninstall-conf:
	rm -f "$(DESTDIR)$(exampledir)/xcore.json"
	if cmp -s "$(top_srcdir)/src/config/xcore.json" \
	    "$(DESTDIR)$(xcoreconfdir)/xcore.json"; then \
		rm -f "$(DESTDIR)$(xcoreconfdir)/xcore.json"; fi

# `make uninstall` leaves no empty folder of ours.
uninstall-hook:
	for dir in "$(xcoreconfdir)/conf.d" "$(xcoreconfdir)" \
	    "$(plugindir)" "$(pkglibdir)" "$(pkglibexecdir)" "$(exampledir)" \
	    "$(nginxsharedir)" "$(apachesharedir)" "$(sqldir)" "$(schemasdir)" \
	    "$(pkgdatadir)" \
	    "$(pkgincludedir)"; do \
		test ! -d "$(DESTDIR)$$dir" || \
		    rmdir "$(DESTDIR)$$dir" 2>/dev/null || true; done
