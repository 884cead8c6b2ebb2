# SPDX-License-Identifier: MIT
# The hostile plugin of `xcorectl doctor`.  It is built like anyone's, and
# kept with the helper programs: it is never installed as a plugin.
doctor_sources = src/doctor/attacks.c src/doctor/attacks-channel.c \
	src/doctor/attacks-kernel.c src/doctor/attacks-memory.c \
	src/doctor/attacks-process.c src/doctor/attacks-reach.c \
	src/doctor/attacks-time.c src/doctor/doctor.c
doctor_headers = src/doctor/attacks.h src/doctor/attacks-private.h \
	src/doctor/attacks-table.h
EXTRA_DIST += $(doctor_sources) $(doctor_headers) src/doctor/Makefile \
	src/doctor/openapi.json src/doctor/plugin.json

noinst_DATA += src/tools/doctor/doctor.so
src/tools/doctor/doctor.so: libxcore.la src/tools/xcore-config-uninstalled \
	src/tools/plugin.mk $(doctor_sources) $(doctor_headers) \
	$(srcdir)/src/doctor/openapi.json $(srcdir)/src/doctor/plugin.json
	@$(MKDIR_P) $(@D)
	$(AM_V_GEN)$(shipped_plugin_make) -C $(srcdir)/src/doctor \
	    O='$(abs_top_builddir)/$(@D)' \
	    PLUGIN_CFLAGS='-D_GNU_SOURCE -I$(abs_top_srcdir)/src $(WARN_CFLAGS)' \
	    all >$(@D)/log 2>&1 || { cat $(@D)/log >&2; exit 1; }

install-doctor: src/tools/doctor/doctor.so
	@folder='$(DESTDIR)$(pkglibexecdir)/doctor'; \
	$(MKDIR_P) "$$folder" && \
	    $(INSTALL_DATA) $(srcdir)/src/doctor/openapi.json \
	        $(srcdir)/src/doctor/plugin.json "$$folder" && \
	    $(INSTALL_DATA) src/tools/doctor/doctor.so \
	        "$$folder/doctor.so.new" && \
	    mv -f "$$folder/doctor.so.new" "$$folder/doctor.so"
INSTALL_EXEC_LOCAL += install-doctor

uninstall-doctor:
	rm -rf '$(DESTDIR)$(pkglibexecdir)/doctor'
UNINSTALL_LOCAL += uninstall-doctor

clean-doctor:
	rm -rf src/tools/doctor
CLEAN_LOCAL += clean-doctor
