/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "layers.h"

struct row {
	const char *name;
	const char *loss;
};

static const struct row rows[XC_LAYER__MAX] = {
	[XC_LAYER_NO_NEW_PRIVS] = { "no_new_privs",
	    "a program with the set-user-ID bit could give it rights" },
	[XC_LAYER_SECCOMP] = { "seccomp",
	    "it could make any system call of its account" },
	[XC_LAYER_RLIMITS] = { "rlimits",
	    "its memory, files and descriptors would have no limit" },
	[XC_LAYER_LANDLOCK] = { "landlock",
	    "while it is loaded it can read what its account may read" },
	[XC_LAYER_LANDLOCK_NET] = { "landlock.net",
	    "nothing but the system call filter and the network namespace "
	    "keeps it from TCP" },
	[XC_LAYER_LANDLOCK_SCOPE] = { "landlock.scope",
	    "nothing but the system call filter and the namespaces keeps it "
	    "from signals and abstract sockets of others" },
	[XC_LAYER_USERNS] = { "userns",
	    "without an account of its own it has the server's, and no "
	    "other namespace can be made" },
	[XC_LAYER_PIDNS] = { "pidns",
	    "it can see the server's processes, and processes that it left "
	    "behind would outlive it" },
	[XC_LAYER_NETNS] = { "netns",
	    "nothing but the system call filter keeps it from the network" },
	[XC_LAYER_IPCNS] = { "ipcns",
	    "nothing but the system call filter keeps it from System V and "
	    "POSIX queues" },
	[XC_LAYER_UTSNS] = { "utsns", "it can read the host's name" },
	[XC_LAYER_MOUNTNS] = { "mountns", "it can see the host's mounts" },
	[XC_LAYER_ROOT] = { "root",
	    "it can find out which files there are; the system call filter "
	    "and landlock alone keep it from opening them" },
	[XC_LAYER_UID] = { "uid",
	    "it has the server's own account: the other layers alone keep it "
	    "from the server's files and processes" },
	[XC_LAYER_NPROC] = { "nproc",
	    "the number of its threads has no limit but that of memory" },
	[XC_LAYER_CGROUP_MEMORY] = { "cgroup.memory",
	    "the quota is of address space alone (RLIMIT_AS); memory that "
	    "the kernel holds for it is not counted" },
	[XC_LAYER_CGROUP_PIDS] = { "cgroup.pids",
	    "RLIMIT_NPROC alone counts its threads and processes" },
	[XC_LAYER_CGROUP_CPU] = { "cgroup.cpu",
	    "several threads of it can use several processors until "
	    "limits.cpu_ms is reached" },
	[XC_LAYER_CGROUP_KILL] = { "cgroup.kill",
	    "the pid namespace alone ends all of its processes at once" },
	[XC_LAYER_MDWE] = { "mdwe",
	    "nothing but the system call filter keeps it from writing code" },
};

const char *
xc_layer_name(enum xc_layer layer)
{
	return (unsigned)layer < XC_LAYER__MAX ? rows[layer].name : "unknown";
}

const char *
xc_layer_loss(enum xc_layer layer)
{
	return (unsigned)layer < XC_LAYER__MAX ? rows[layer].loss : "unknown";
}

bool
xc_layer_parse(const char *name, enum xc_layer *layer_r)
{
	for (unsigned i = 0; name != NULL && i < XC_LAYER__MAX; i++) {
		if (strcmp(name, rows[i].name) != 0)
			continue;
		*layer_r = (enum xc_layer)i;
		return true;
	}
	return false;
}

void
xc_layers_note(struct xc_layers *layers, enum xc_layer layer, int error)
{
	if (error == 0)
		layers->active |= XC_LAYER_BIT(layer);
	else
		layers->active &= ~XC_LAYER_BIT(layer);
	layers->why[layer] = error;
}

bool
xc_layers_hold(const struct xc_layers *layers, enum xc_layer layer)
{
	return (layers->active & XC_LAYER_BIT(layer)) != 0;
}

static const char *
landlock_reason(enum xc_layer layer, int error)
{
	switch (error) {
	case ENOSYS:
		return "not built into this kernel (5.13 or newer, "
		    "CONFIG_SECURITY_LANDLOCK)";
	case EOPNOTSUPP:
		return "built but switched off at boot (add landlock to lsm=)";
	case EPROTONOSUPPORT:
		return layer == XC_LAYER_LANDLOCK_NET ?
		    "this kernel's landlock is too old (ABI 4, Linux 6.7)" :
		    "this kernel's landlock is too old (ABI 6, Linux 6.12)";
	case EPERM:
		return "refused, as a container's system call filter does";
	default:
		return strerror(error);
	}
}

static const char *
namespace_reason(enum xc_layer layer, int error)
{
	switch (error) {
	case 0:
		return layer == XC_LAYER_USERNS ?
		    "not needed: the server runs as root and gives it an "
		    "account of its own" : "not tried";
	case ENOSPC:
		return "the limit of namespaces is reached or 0 "
		    "(/proc/sys/user/max_*_namespaces)";
	case EPERM:
		return "not allowed: inside a chroot or a container, or "
		    "kernel.unprivileged_userns_clone=0, or AppArmor's "
		    "restriction of user namespaces";
	case EACCES:
		return "the server may not map accounts "
		    "(/proc/PID/uid_map)";
	case EINVAL:
		return "not built into this kernel";
	case ENOSYS:
		return "clone3() is missing or filtered, as containers and "
		    "valgrind do";
	default:
		return strerror(error);
	}
}

static const char *
cgroup_reason(enum xc_layer layer, int error)
{
	switch (error) {
	case 0:
		return "sandbox.cgroup is empty: no folder was delegated";
	case ENODEV:
		return "the controller is not offered there: it belongs to "
		    "cgroup v1, or the folder above does not pass it on "
		    "(cgroup.subtree_control; Delegate=yes)";
	case ENOENT:
	case ENOTDIR:
		return "sandbox.cgroup names no folder that is there";
	case EINVAL:
		return "sandbox.cgroup names no folder of cgroup v2";
	case EBUSY:
		return "the folder holds processes that are not the server's; "
		    "name one without any";
	case EACCES:
	case EPERM:
		return "not delegated: the folder must belong to the server's "
		    "account, and the server must run beneath it";
	case ENOSYS:
		return layer == XC_LAYER_CGROUP_KILL ?
		    "this kernel has no cgroup.kill (Linux 5.14)" :
		    "clone3() is missing or filtered";
	default:
		return strerror(error);
	}
}

static const char *
uid_reason(int error)
{
	switch (error) {
	case 0:
	case EPERM:
		return "the server does not run as root, so it has one "
		    "account";
	case EDOM:
		return "no accounts are set aside (sandbox.uid_first, "
		    "sandbox.uid_count)";
	case ERANGE:
		return "those of sandbox.uid_first and sandbox.uid_count are "
		    "unknown in this container (/proc/self/uid_map)";
	default:
		return strerror(error);
	}
}

static const char *
nproc_reason(int error)
{
	if (error == EPERM)
		return "it would count all processes of the server's account "
		    "(neither a user namespace nor an account of its own)";
	if (error == EDOM)
		return "root is not held to it, and no accounts are set aside "
		    "(sandbox.uid_first, sandbox.uid_count)";
	return error == 0 ? "not set up" : strerror(error);
}

static const char *
other_reason(enum xc_layer layer, int error)
{
	if (layer == XC_LAYER_MDWE && error == EINVAL)
		return "this kernel is older than Linux 6.3";
	if (layer == XC_LAYER_SECCOMP &&
	    (error == EINVAL || error == ENOSYS))
		return "not built into this kernel (CONFIG_SECCOMP_FILTER)";
	if (layer == XC_LAYER_ROOT && error == EPERM)
		return "chroot() needs a user namespace or root";
	return error == 0 ? "not set up" : strerror(error);
}

const char *
xc_layer_reason(enum xc_layer layer, int error)
{
	if (error == ECANCELED)
		return "left out on request";
	switch (layer) {
	case XC_LAYER_LANDLOCK:
	case XC_LAYER_LANDLOCK_NET:
	case XC_LAYER_LANDLOCK_SCOPE:
		return landlock_reason(layer, error);
	case XC_LAYER_USERNS:
	case XC_LAYER_PIDNS:
	case XC_LAYER_NETNS:
	case XC_LAYER_IPCNS:
	case XC_LAYER_UTSNS:
	case XC_LAYER_MOUNTNS:
		return namespace_reason(layer, error);
	case XC_LAYER_CGROUP_MEMORY:
	case XC_LAYER_CGROUP_PIDS:
	case XC_LAYER_CGROUP_CPU:
	case XC_LAYER_CGROUP_KILL:
		return cgroup_reason(layer, error);
	case XC_LAYER_UID:
		return uid_reason(error);
	case XC_LAYER_NPROC:
		return nproc_reason(error);
	default:
		return other_reason(layer, error);
	}
}

enum xc_err
xc_layers_have(const struct xc_layers *layers, uint32_t needed,
    struct xc_errbuf *errbuf)
{
	uint32_t missing = needed & ~layers->active;
	char list[sizeof(errbuf->text)];
	size_t used = 0;

	if (missing == 0)
		return XC_OK;
	list[0] = '\0';
	for (unsigned i = 0; i < 32 && used < sizeof(list); i++) {
		enum xc_layer layer = (enum xc_layer)i;
		int n;

		if ((missing & (UINT32_C(1) << i)) == 0)
			continue;
		n = snprintf(list + used, sizeof(list) - used, "%s%s (%s)",
		    used > 0 ? ", " : "", xc_layer_name(layer),
		    i < XC_LAYER__MAX ?
		    xc_layer_reason(layer, layers->why[i]) : "no such layer");
		used += n > 0 ? (size_t)n : 0;
	}
	return xc_fail(errbuf, XC_ERR_UNSUPPORTED,
	    "the sandbox lacks what is required: %s", list);
}

enum xc_err
xc_layers_suffice(const struct xc_layers *layers, uint32_t require,
    struct xc_errbuf *errbuf)
{
	/* With the filters among XC_LAYERS_ALWAYS it is never the server's
	 * account and rlimits alone. */
	return xc_layers_have(layers, XC_LAYERS_ALWAYS | require, errbuf);
}
