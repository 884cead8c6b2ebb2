/* SPDX-License-Identifier: MIT */
/* SIGHUP: the configuration is read again, and taken if it is valid. */
#include <string.h>

#include "manager/manager-private.h"
#include "manager/notify.h"

static enum xc_err
refuse_change(const char *key, const char *old, const char *new,
    struct xc_errbuf *errbuf)
{
	if (strcmp(old, new) == 0)
		return XC_OK;
	return xc_fail(errbuf, XC_ERR_INVALID, "%s cannot change from %s to "
	    "%s while xcored runs: restart it", key, old, new);
}

static enum xc_err
refuse_changes(const struct xc_server_settings *old,
    const struct xc_server_settings *new, struct xc_errbuf *errbuf)
{
	enum xc_err err;

	err = refuse_change("server.state_dir", old->state_dir,
	    new->state_dir, errbuf);
	if (err == XC_OK)
		err = refuse_change("server.run_dir", old->run_dir,
		    new->run_dir, errbuf);
	if (err == XC_OK)
		err = refuse_change("server.control", old->control,
		    new->control, errbuf);
	if (err == XC_OK)
		err = refuse_change("server.pid_file", old->pid_file,
		    new->pid_file, errbuf);
	return err;
}

static enum xc_err
load_anew(struct xc_manager *m, struct xc_settings **settings_r,
    char **secret_r, struct xc_errbuf *errbuf)
{
	enum xc_err err;

	err = xc_settings_load(m->settings->file, settings_r, errbuf);
	if (err != XC_OK)
		return err;
	err = refuse_changes(&m->settings->server, &(*settings_r)->server,
	    errbuf);
	if (err == XC_OK)
		err = xc_manager_read_secret(m, *settings_r, secret_r, errbuf);
	if (err == XC_OK)
		err = xc_manager_open_log(m, *settings_r, errbuf);
	if (err != XC_OK) {
		xc_secret_free(secret_r);
		xc_settings_free(settings_r);
	}
	return err;
}

static void
take_settings(struct xc_manager *m, struct xc_settings *settings,
    char *secret)
{
	xc_settings_free(&m->settings);
	xc_secret_free(&m->pool.secret);
	m->settings = settings;
	m->pool.secret = secret;
	xc_pool_forget_faults(m);
	xc_quarantine_forget(m);
	/* Before the new workers: it has the settings of their sandboxes. */
	xc_spawner_renew(m);
	xc_pool_renew(m, xc_manager_target(settings));
	xc_watcher_stop(m);
	/* The follower too has the old settings; the new one is told to try
	 * again what was rejected. */
	if (m->link.pid != 0) {
		xc_link_stop(m);
		if (xc_link_start(m, NULL) == XC_OK)
			xc_link_say(m, "retry");
	}
}

enum xc_err
xc_manager_reload(struct xc_manager *m, struct xc_errbuf *errbuf)
{
	struct xc_settings *settings = NULL;
	char *secret = NULL;
	enum xc_err err;

	if (m->phase == XC_PHASE_DRAINING)
		return xc_fail(errbuf, XC_ERR_STATE, "xcored stops");
	xc_notify("RELOADING=1\nMONOTONIC_USEC=%llu",
	    (unsigned long long)xc_now_ms() * 1000);
	err = load_anew(m, &settings, &secret, errbuf);
	if (err == XC_OK) {
		take_settings(m, settings, secret);
		xc_logf(&xc_manager_log, XC_LOG_NOTICE,
		    "configuration read again; %u workers are replaced",
		    m->pool.target);
	} else {
		xc_logf(&xc_manager_log, XC_LOG_ERROR,
		    "the configuration stays as it was: %s", errbuf->text);
	}
	if (m->phase == XC_PHASE_RUNNING)
		xc_notify("READY=1");
	return err;
}
