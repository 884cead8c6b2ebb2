/* SPDX-License-Identifier: MIT */
/* The sandbox: a real one is built, and a hostile plugin let loose in it. */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json_object.h>

#include "lib/host.h"
#include "lib/plugin-private.h"
#include "sandbox/process.h"
#include "tools/xcorectl-doctor-attacks.h"
#include "tools/xcorectl-doctor.h"

#define READY_MS 5000
/* Of a worker's sandboxes as root, when no configuration says it. */
#define UID_FIRST 2019753984
#define UID_COUNT 65536

/* Small, so that each attack is over soon. */
static const struct xc_limits limits = { .cpu_ms = 50, .timeout_ms = 200,
	.memory_mb = 64, .files = 32, .threads = 8, .reply_kb = 256 };

/* Layers that a host may well lack: a quota's second line of defence. */
#define LAYERS_MINOR (XC_LAYER_BIT(XC_LAYER_UID) |			\
    XC_LAYER_BIT(XC_LAYER_CGROUP_MEMORY) |				\
    XC_LAYER_BIT(XC_LAYER_CGROUP_PIDS) |				\
    XC_LAYER_BIT(XC_LAYER_CGROUP_CPU) |					\
    XC_LAYER_BIT(XC_LAYER_CGROUP_KILL) | XC_LAYER_BIT(XC_LAYER_MDWE))

static bool
log_enabled(void *ctx, const char *name, enum xc_log_level level)
{
	(void)ctx;
	(void)name;
	(void)level;
	return false;
}

static void
log_write(void *ctx, const char *name, enum xc_log_level level,
    const char *request_id, const char *text)
{
	(void)ctx;
	(void)name;
	(void)level;
	(void)request_id;
	(void)text;
}

static const struct xc_log_ops log_ops = { .enabled = log_enabled,
	.write = log_write };
static const struct xc_host host = { .log = &log_ops };

/* What is put into sandboxes here. */
struct patient {
	char name[16], version[16], prefix[16], schema[2], logger[16];
	char dir[PATH_MAX];
	char so[PATH_MAX + 16];
	struct xc_plugin plugin;
	struct xc_runner_spec spec;
	struct xc_jail_options options;
	struct ctl_maker maker;
	char spawner[108];	/* a socket's path is no longer */
};

static const char *const operations[] = { "attack" };

static void
fill_plugin(struct patient *patient)
{
	struct xc_plugin *plugin = &patient->plugin;

	strcpy(patient->name, "doctor");
	strcpy(patient->version, "1.0.0");
	strcpy(patient->prefix, "/app/doctor");
	strcpy(patient->logger, "plugin.doctor");
	plugin->magic = XC_PLUGIN_HANDLE_MAGIC;
	plugin->name = patient->name;
	plugin->version = patient->version;
	plugin->prefix = patient->prefix;
	plugin->schema = patient->schema;
	plugin->logger = patient->logger;
	plugin->isolation = XC_ISOLATION_POOL;
	plugin->limits = limits;
	plugin->host = &host;
}

/* False with a finding: the plugin is not there. */
static bool
fill(const struct ctl_doctor *doctor, struct patient *patient)
{
	const char *libexec = doctor->settings != NULL ?
	    doctor->settings->server.libexec_dir : PKGLIBEXECDIR;

	snprintf(patient->dir, sizeof(patient->dir), "%s/doctor", libexec);
	snprintf(patient->so, sizeof(patient->so), "%s/doctor.so",
	    patient->dir);
	fill_plugin(patient);
	patient->spec.plugin = &patient->plugin;
	patient->spec.dir = patient->dir;
	patient->spec.so = patient->so;
	patient->spec.so_hash = "";
	patient->spec.operations = operations;
	patient->spec.n_operations = 1;
	patient->options.cgroup = "";
	patient->options.uid_first = UID_FIRST;
	patient->options.uid_count = UID_COUNT;
	patient->options.without = doctor->without;
	if (doctor->settings != NULL) {
		patient->options.cgroup = doctor->settings->sandbox.cgroup;
		patient->options.uid_first =
		    (uint32_t)doctor->settings->sandbox.uid_first;
		patient->options.uid_count =
		    (uint32_t)doctor->settings->sandbox.uid_count;
	}
	patient->maker.options = &patient->options;
	patient->maker.spawner = patient->spawner;
	if (access(patient->so, R_OK) == 0)
		return true;
	ctl_doctor_find(doctor, "attacks", CTL_BAD, "install xcore's helper "
	    "programs whole, or see to the rights of that folder",
	    "the hostile plugin %s cannot be read: %s", patient->so,
	    strerror(errno));
	return false;
}

/* ---- the account -------------------------------------------------------- */

static const char *
user_name(uid_t uid)
{
	const struct passwd *user = getpwuid(uid);

	return user != NULL ? user->pw_name : "an account without a name";
}

/*
 * Who changes accounts without an exec cannot be dumped, and the uid_map of
 * its children stays root's: no sandbox could be made.
 */
static bool
become(const struct ctl_doctor *doctor)
{
	const struct passwd *user = getpwuid(doctor->uid);
	int groups = user != NULL ?
	    initgroups(user->pw_name, doctor->gid) : setgroups(0, NULL);

	return groups == 0 &&
	    setresgid(doctor->gid, doctor->gid, doctor->gid) == 0 &&
	    setresuid(doctor->uid, doctor->uid, doctor->uid) == 0 &&
	    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

/* What holds for one account need not hold for another. */
static bool
take_account(const struct ctl_doctor *doctor)
{
	if (doctor->known && geteuid() == 0 && doctor->uid != 0 &&
	    !become(doctor)) {
		ctl_doctor_find(doctor, "account", CTL_BAD, NULL,
		    "cannot become %s: %s", user_name(doctor->uid),
		    strerror(errno));
		return false;
	}
	json_object_object_add(doctor->out, "user",
	    json_object_new_string(user_name(geteuid())));
	json_object_object_add(doctor->out, "uid",
	    json_object_new_int64(geteuid()));
	if (!doctor->known)
		ctl_doctor_find(doctor, "account", CTL_WARNING, "start "
		    "xcored, or run this as its account", "tried as %s "
		    "(%lu); which account xcored has is not known",
		    user_name(geteuid()), (unsigned long)geteuid());
	else if (geteuid() != doctor->uid)
		ctl_doctor_find(doctor, "account", CTL_WARNING, "run this "
		    "as root, or as that account: another may get other "
		    "layers", "tried as %s (%lu), xcored's is %lu",
		    user_name(geteuid()), (unsigned long)geteuid(),
		    (unsigned long)doctor->uid);
	else
		ctl_doctor_find(doctor, "account", CTL_OK, NULL,
		    "tried as %s (%lu), xcored's own", user_name(doctor->uid),
		    (unsigned long)doctor->uid);
	return true;
}

/* ---- layers ------------------------------------------------------------- */

static void
add_layers(const struct ctl_doctor *doctor, const struct xc_layers *layers)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; i < XC_LAYER__MAX; i++) {
		struct json_object *row = json_object_new_object();
		bool active = (layers->active & XC_LAYER_BIT(i)) != 0;

		json_object_object_add(row, "name", json_object_new_string(
		    xc_layer_name((enum xc_layer)i)));
		json_object_object_add(row, "active",
		    json_object_new_boolean(active));
		if (!active) {
			json_object_object_add(row, "reason",
			    json_object_new_string(xc_layer_reason(
			    (enum xc_layer)i, layers->why[i])));
			json_object_object_add(row, "lost",
			    json_object_new_string(xc_layer_loss(
			    (enum xc_layer)i)));
		}
		json_object_array_add(list, row);
	}
	json_object_object_add(doctor->out, "layers", list);
	json_object_object_add(doctor->out, "landlock_abi",
	    json_object_new_int(layers->landlock_abi));
}

/* The layers say what is lost; here is which folder it is. */
static void
tell_cgroup(const struct ctl_doctor *doctor, const struct patient *patient,
    const struct xc_layers *layers)
{
	const uint32_t wanted = XC_LAYER_BIT(XC_LAYER_CGROUP_MEMORY) |
	    XC_LAYER_BIT(XC_LAYER_CGROUP_PIDS) |
	    XC_LAYER_BIT(XC_LAYER_CGROUP_CPU);
	const char *folder = patient->options.cgroup;

	if (folder[0] == '\0' || (layers->active & wanted) != 0)
		return;
	ctl_doctor_find(doctor, "cgroup", CTL_WARNING, "name a folder of "
	    "cgroup v2 that is delegated to xcored (Delegate=yes), or leave "
	    "sandbox.cgroup empty", "%s: %s", folder, xc_layer_reason(
	    XC_LAYER_CGROUP_MEMORY, layers->why[XC_LAYER_CGROUP_MEMORY]));
}

/*
 * Those of the running xcored are the ones that count: it may have a cgroup,
 * or rights, that we do not have.  Layers are left out in our own only.
 */
static void
choose_maker(const struct ctl_doctor *doctor, struct patient *patient)
{
	struct xc_errbuf why = { "" };

	if (doctor->manager == 0 || doctor->settings == NULL ||
	    doctor->without != 0)
		return;
	if (snprintf(patient->spawner, sizeof(patient->spawner),
	    "%s/spawner.sock", doctor->settings->server.run_dir) >=
	    (int)sizeof(patient->spawner))
		snprintf(why.text, sizeof(why.text), "its path is too long");
	else if (ctl_maker_open(&patient->maker, &why) == XC_OK) {
		ctl_maker_close(&patient->maker);
		ctl_doctor_find(doctor, "spawner", CTL_OK, NULL,
		    "the sandboxes are those of the running xcored");
		return;
	}
	patient->spawner[0] = '\0';
	ctl_doctor_find(doctor, "spawner", CTL_WARNING, "run this as root or "
	    "as xcored's account", "the running xcored makes none for us "
	    "(%s): these are of our own, and may have other layers",
	    why.text);
}

/* Builds one sandbox, and tells what it is made of. */
static bool
probe(const struct ctl_doctor *doctor, struct patient *patient,
    struct xc_layers *layers_r)
{
	struct xc_broker broker = { .host = &host,
		.plugin = &patient->plugin };
	struct xc_sandbox *sandbox = NULL;
	struct xc_errbuf why = { "" };
	enum xc_err err = ctl_maker_open(&patient->maker, &why);

	memset(layers_r, 0, sizeof(*layers_r));
	if (err == XC_OK)
		err = ctl_maker_make(&patient->maker, &patient->spec,
		    &sandbox, &why);
	if (err == XC_OK)
		err = xc_sandbox_wait(sandbox, &broker, READY_MS, &why);
	if (sandbox != NULL)
		xc_channel_layers(&sandbox->channel, layers_r);
	if (err == XC_OK || layers_r->active != 0)
		add_layers(doctor, layers_r);
	if (err == XC_OK)
		tell_cgroup(doctor, patient, layers_r);
	if (err != XC_OK)
		ctl_doctor_find(doctor, "sandbox", CTL_BAD, "run plugins of "
		    "level \"inprocess\" only, which you trust, or give this "
		    "account what is missing", "none can be had: %s",
		    why.text);
	xc_sandbox_close(&sandbox);
	xc_broker_end(&broker);
	ctl_maker_close(&patient->maker);
	return err == XC_OK;
}

/* ---- the verdict -------------------------------------------------------- */

static size_t
count(const struct ctl_attack_result *results, enum ctl_attack_end end)
{
	size_t n = 0;

	for (size_t i = 0; i < ctl_attacks_count(); i++)
		n += results[i].end == end;
	return n;
}

/* What is weaker here than on a whole host; an account comes from root or
 * from a user namespace, and one of them is enough. */
static void
list_absent(const struct xc_layers *layers, char *buf, size_t size)
{
	uint32_t ignored = LAYERS_MINOR;
	size_t len = 0;

	if ((layers->active & XC_LAYER_BIT(XC_LAYER_UID)) != 0)
		ignored |= XC_LAYER_BIT(XC_LAYER_USERNS);
	buf[0] = '\0';
	for (unsigned i = 0; i < XC_LAYER__MAX && len < size; i++) {
		if (((layers->active | ignored) & XC_LAYER_BIT(i)) == 0)
			len += (size_t)snprintf(buf + len, size - len,
			    "%s%s", len > 0 ? ", " : "",
			    xc_layer_name((enum xc_layer)i));
	}
}

static void
conclude(const struct ctl_doctor *doctor, const struct xc_layers *layers,
    const struct ctl_attack_result *results, double seconds)
{
	size_t through = count(results, CTL_ATTACK_THROUGH);
	size_t unknown = count(results, CTL_ATTACK_UNKNOWN);
	size_t all = ctl_attacks_count();
	char absent[300];

	list_absent(layers, absent, sizeof(absent));
	if (through > 0)
		ctl_doctor_find(doctor, "attacks", CTL_BAD, "run no plugin "
		    "here that you do not trust", "%zu of %zu got through%s%s",
		    through, all, absent[0] != '\0' ? ", without " : "",
		    absent);
	else if (unknown > 0)
		ctl_doctor_find(doctor, "attacks", CTL_BAD, "see their "
		    "outcome with --json", "%zu of %zu could not be tried",
		    unknown, all);
	else if (absent[0] != '\0')
		ctl_doctor_find(doctor, "attacks", CTL_WARNING, NULL,
		    "weaker but contained: all %zu were stopped (%.1f s), "
		    "without %s", all, seconds, absent);
	else
		ctl_doctor_find(doctor, "attacks", CTL_OK, NULL,
		    "contained: all %zu were stopped (%.1f s)", all, seconds);
	json_object_object_add(doctor->out, "verdict", json_object_new_string(
	    through > 0 ? "open" : unknown > 0 ? "unknown" :
	    absent[0] != '\0' ? "weaker" : "contained"));
}

static double
now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void
ctl_doctor_sandbox(const struct ctl_doctor *doctor)
{
	struct patient *patient = calloc(1, sizeof(*patient));
	struct ctl_attack_result *results = calloc(ctl_attacks_count(),
	    sizeof(*results));
	struct xc_errbuf why = { "" };
	struct xc_layers layers;
	double begun;

	signal(SIGPIPE, SIG_IGN);
	if (patient == NULL || results == NULL || !take_account(doctor) ||
	    !fill(doctor, patient))
		goto out;
	choose_maker(doctor, patient);
	if (!probe(doctor, patient, &layers))
		goto out;
	begun = now_s();
	if (ctl_attacks_run(&patient->maker, &patient->spec, results,
	    &why) == XC_OK) {
		json_object_object_add(doctor->out, "attacks",
		    ctl_attacks_json(results));
		conclude(doctor, &layers, results, now_s() - begun);
	} else {
		ctl_doctor_find(doctor, "attacks", CTL_BAD, NULL, "%s",
		    why.text);
	}
out:
	free(results);
	free(patient);
}
