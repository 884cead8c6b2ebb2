/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jail-caps.h"

#define N _LINUX_CAPABILITY_U32S_3

/* 0 or errno. */
static int
get(struct __user_cap_data_struct data[N])
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};

	return syscall(SYS_capget, &head, data) == 0 ? 0 : errno;
}

uint64_t
xc_caps_effective(void)
{
	struct __user_cap_data_struct data[N];

	if (get(data) != 0)
		return 0;
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

int
xc_caps_keep(uint64_t caps)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[N];
	int err = get(data);

	if (err != 0)
		return err;
	for (unsigned i = 0; i < N; i++) {
		data[i].permitted &= (uint32_t)(caps >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &head, data) == 0 ? 0 : errno;
}

void
xc_caps_lock(void)
{
	(void)prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED |
	    SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
	    0, 0, 0);
}
