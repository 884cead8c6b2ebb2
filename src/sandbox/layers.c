/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "layers.h"

static const char *const names[XC_LAYER__MAX] = {
	[XC_LAYER_NO_NEW_PRIVS] = "no_new_privs",
	[XC_LAYER_SECCOMP] = "seccomp",
	[XC_LAYER_RLIMITS] = "rlimits",
	[XC_LAYER_LANDLOCK] = "landlock",
	[XC_LAYER_LANDLOCK_NET] = "landlock.net",
	[XC_LAYER_LANDLOCK_SCOPE] = "landlock.scope",
	[XC_LAYER_USERNS] = "userns",
	[XC_LAYER_PIDNS] = "pidns",
	[XC_LAYER_NETNS] = "netns",
	[XC_LAYER_IPCNS] = "ipcns",
	[XC_LAYER_UTSNS] = "utsns",
	[XC_LAYER_MOUNTNS] = "mountns",
	[XC_LAYER_ROOT] = "root",
	[XC_LAYER_UID] = "uid",
	[XC_LAYER_NPROC] = "nproc",
	[XC_LAYER_CGROUP_MEMORY] = "cgroup.memory",
	[XC_LAYER_CGROUP_PIDS] = "cgroup.pids",
	[XC_LAYER_CGROUP_CPU] = "cgroup.cpu",
	[XC_LAYER_CGROUP_KILL] = "cgroup.kill",
	[XC_LAYER_MDWE] = "mdwe",
};

const char *
xc_layer_name(enum xc_layer layer)
{
	return (unsigned)layer < XC_LAYER__MAX ? names[layer] : "unknown";
}

bool
xc_layer_parse(const char *name, enum xc_layer *layer_r)
{
	for (unsigned i = 0; name != NULL && i < XC_LAYER__MAX; i++) {
		if (strcmp(name, names[i]) != 0)
			continue;
		*layer_r = (enum xc_layer)i;
		return true;
	}
	return false;
}
