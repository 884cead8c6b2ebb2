/* SPDX-License-Identifier: MIT */
/* A sandbox made without the spawner, by a process that is single-threaded
 * itself: a trial, the doctor. */
#include <json-c/json.h>
#include <string.h>

#include "lib/plugin-private.h"
#include "sandbox/guest.h"
#include "sandbox/process.h"

static _Noreturn void
run_child(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    const struct xc_layers *layers, const struct xc_sandbox_ends *ends)
{
	struct xc_guest guest;

	memset(&guest, 0, sizeof(guest));
	guest.jail = jail;
	guest.cell = *cell;
	guest.layers = *layers;
	guest.channel = ends->channel;
	guest.zygote.command_read = guest.zygote.hello_write = -1;
	xc_guest_run(&guest);
}

static enum xc_err
clone_solo(const struct xc_jail *jail, const struct xc_runner_spec *spec,
    const struct xc_sandbox_ends *ends, struct xc_sandbox *sandbox,
    struct xc_errbuf *errbuf)
{
	const int keep[] = { ends->channel.memfd, ends->channel.bell_read,
		ends->channel.bell_write };
	struct xc_jail_cell cell = { .isolation = XC_ISOLATION_POOL,
		.limits = spec->plugin->limits, .dir = spec->dir,
		.keep_fds = keep, .n_keep_fds = 3,
		.output_fd = ends->output, .cpu = -1 };
	struct xc_layers layers;
	int pidfd = -1;
	pid_t pid;

	memset(&layers, 0, sizeof(layers));
	pid = xc_jail_clone(jail, &cell, &layers, &pidfd, errbuf);
	if (pid == 0)
		run_child(jail, &cell, &layers, ends);
	if (pid < 0)
		return XC_ERR_FAILED;
	xc_sandbox_adopt(sandbox, pid, pidfd);
	sandbox->own = true;
	return xc_jail_admit(jail, &cell, pid, errbuf);
}

enum xc_err
xc_sandbox_solo(const struct xc_jail *jail,
    const struct xc_runner_spec *spec, bool complete,
    struct xc_sandbox **sandbox_r, struct xc_errbuf *errbuf)
{
	struct xc_channel_sizes sizes = xc_sandbox_sizes(0,
	    &spec->plugin->limits);
	struct json_object *object = xc_sandbox_spec(spec, complete);
	struct xc_sandbox_ends ends;
	enum xc_err err;

	*sandbox_r = NULL;
	if (!object)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	err = xc_sandbox_prepare(json_object_to_json_string(object), &sizes,
	    sandbox_r, &ends, errbuf);
	json_object_put(object);
	if (err != XC_OK)
		return err;
	err = clone_solo(jail, spec, &ends, *sandbox_r, errbuf);
	xc_sandbox_ends_close(&ends);
	if (err != XC_OK)
		xc_sandbox_close(sandbox_r);
	return err;
}
