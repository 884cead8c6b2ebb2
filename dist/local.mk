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
subst = $(AM_V_GEN)$(MKDIR_P) $(@D) && $(SUBST) <$< >$@.tmp && mv $@.tmp $@

DIST_MADE = xcore.pc dist/xcore.service dist/xcore.socket \
	dist/xcore.sysusers dist/xcore.tmpfiles dist/xcore.logrotate \
	nginx/xcore-upstream.conf apache/xcore.conf nginx/example.conf \
	apache/example.conf
CLEANFILES += $(DIST_MADE)
EXTRA_DIST += xcore.pc.in dist/xcore.service.in dist/xcore.socket.in \
	dist/xcore.sysusers.in dist/xcore.tmpfiles.in dist/xcore.logrotate.in \
	nginx/xcore-upstream.conf.in nginx/xcore.conf nginx/example.conf.in \
	apache/xcore.conf.in apache/example.conf.in

xcore.pc: xcore.pc.in Makefile
	$(subst)
dist/xcore.service: dist/xcore.service.in Makefile
	$(subst)
dist/xcore.socket: dist/xcore.socket.in Makefile
	$(subst)
dist/xcore.sysusers: dist/xcore.sysusers.in Makefile
	$(subst)
dist/xcore.tmpfiles: dist/xcore.tmpfiles.in Makefile
	$(subst)
dist/xcore.logrotate: dist/xcore.logrotate.in Makefile
	$(subst)
nginx/xcore-upstream.conf: nginx/xcore-upstream.conf.in Makefile
	$(subst)
nginx/example.conf: nginx/example.conf.in Makefile
	$(subst)
apache/xcore.conf: apache/xcore.conf.in Makefile
	$(subst)
apache/example.conf: apache/example.conf.in Makefile
	$(subst)

pkgconfig_DATA = xcore.pc

nginxsharedir = $(pkgdatadir)/nginx
nginxshare_DATA = nginx/xcore.conf nginx/xcore-upstream.conf \
	nginx/example.conf
apachesharedir = $(pkgdatadir)/apache
apacheshare_DATA = apache/xcore.conf apache/example.conf

if WANT_SYSTEMDSYSTEMUNITDIR
systemdsystemunit_DATA = dist/xcore.service dist/xcore.socket
endif

# These three go by the name xcore.conf, or xcore, where they belong.
if WANT_SYSUSERSDIR
INSTALL_DATA_LOCAL += install-sysusers
UNINSTALL_LOCAL += uninstall-sysusers
noinst_DATA += dist/xcore.sysusers
install-sysusers: dist/xcore.sysusers
	$(MKDIR_P) "$(DESTDIR)$(sysusersdir)"
	$(INSTALL_DATA) dist/xcore.sysusers "$(DESTDIR)$(sysusersdir)/xcore.conf"
uninstall-sysusers:
	rm -f "$(DESTDIR)$(sysusersdir)/xcore.conf"
endif

if WANT_TMPFILESDIR
INSTALL_DATA_LOCAL += install-tmpfiles
UNINSTALL_LOCAL += uninstall-tmpfiles
noinst_DATA += dist/xcore.tmpfiles
install-tmpfiles: dist/xcore.tmpfiles
	$(MKDIR_P) "$(DESTDIR)$(tmpfilesdir)"
	$(INSTALL_DATA) dist/xcore.tmpfiles "$(DESTDIR)$(tmpfilesdir)/xcore.conf"
uninstall-tmpfiles:
	rm -f "$(DESTDIR)$(tmpfilesdir)/xcore.conf"
endif

if WANT_LOGROTATEDIR
INSTALL_DATA_LOCAL += install-logrotate
UNINSTALL_LOCAL += uninstall-logrotate
noinst_DATA += dist/xcore.logrotate
install-logrotate: dist/xcore.logrotate
	$(MKDIR_P) "$(DESTDIR)$(logrotatedir)"
	$(INSTALL_DATA) dist/xcore.logrotate "$(DESTDIR)$(logrotatedir)/xcore"
uninstall-logrotate:
	rm -f "$(DESTDIR)$(logrotatedir)/xcore"
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
	    "$(nginxsharedir)" "$(apachesharedir)" "$(sqldir)" \
	    "$(pkgdatadir)" \
	    "$(pkgincludedir)"; do \
		test ! -d "$(DESTDIR)$$dir" || \
		    rmdir "$(DESTDIR)$$dir" 2>/dev/null || true; done
