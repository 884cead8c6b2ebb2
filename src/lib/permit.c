/* SPDX-License-Identifier: MIT */
#include "permit.h"

#include <stddef.h>
#include <string.h>

#include <xcore/log.h>

#include "host.h"
#include "plugin-private.h"
#include "request-private.h"
#include "url.h"

bool
xc_may_ask(const struct xc_plugin *plugin, const struct xc_url *url,
    bool *named_r)
{
	char *const *host = plugin->http_hosts;
	bool may = false;

	*named_r = false;
	for (; host != NULL && *host != NULL; host++) {
		if (!xc_url_matches(url, *host))
			continue;
		may = true;
		if (**host != '*')
			*named_r = true;
	}
	return may;
}

bool
xc_may_emit(const struct xc_plugin *plugin, const char *name)
{
	char *const *emits = plugin->emits;
	size_t len = strlen(plugin->name);

	if (strncmp(name, plugin->name, len) == 0 && name[len] == '.' &&
	    name[len + 1] != '\0')
		return true;
	for (; emits != NULL && *emits != NULL; emits++)
		if (strcmp(*emits, name) == 0)
			return true;
	return false;
}

bool
xc_permit(struct xc_request *req, bool may, const char *permission)
{
	const struct xc_host *host = req->host;

	if (may || (req->plugin != NULL && req->plugin->host_judges))
		return true;
	xc_log(req, XC_LOG_ERROR, "the plugin may not do this: add \"%s\" to "
	    "\"permissions\" in its plugin.json", permission);
	if (host->denied != NULL && req->plugin != NULL)
		host->denied(host->denied_ctx, req->plugin, permission);
	return false;
}
