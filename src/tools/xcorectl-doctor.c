/* SPDX-License-Identifier: MIT */
/* "xcorectl doctor": the sections, each in a process of its own. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "config/near.h"
#include "manager/control.h"
#include "manager/manager.h"
#include "sandbox/layers.h"
#include "tools/xcorectl-doctor.h"
#include "tools/xcorectl.h"

#define STATUS_MS 500
#define SITE_MS 4000
#define SANDBOX_MS 20000
#define ANSWER_MAX (1u << 20)

static const struct section {
	const char *name;
	void (*run)(const struct ctl_doctor *doctor);
	bool site;
	bool settings;		/* nothing to be said without them */
	int64_t most_ms;
} sections[] = {
	{ "sandbox", ctl_doctor_sandbox, false, false, SANDBOX_MS },
	{ "host", ctl_doctor_host, true, false, SITE_MS },
	{ "server", ctl_doctor_server, true, false, SITE_MS },
	{ "web", ctl_doctor_web, true, false, SITE_MS },
	{ "database", ctl_doctor_database, true, true, SITE_MS },
	{ "cache", ctl_doctor_cache, true, true, SITE_MS },
	{ "keys", ctl_doctor_keys, true, true, SITE_MS },
};

#define N_SECTIONS (sizeof(sections) / sizeof(sections[0]))

/* A section that runs. */
struct run {
	pid_t pid;		/* 0: it is not wanted */
	int fd;			/* -1: it has said all */
	char *text;
	size_t len;
	int64_t until_ms;
	bool late;
};

static const char *const health_names[CTL_HEALTH__MAX] = {
	[CTL_OK] = "ok", [CTL_UNKNOWN] = "unknown", [CTL_WARNING] = "warning",
	[CTL_BAD] = "bad",
};

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- for the sections --------------------------------------------------- */

static void
add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, text == NULL ? NULL :
	    json_object_new_string(text));
}

void
ctl_doctor_find(const struct ctl_doctor *doctor, const char *name,
    enum ctl_health health, const char *remedy, const char *format, ...)
{
	struct json_object *list = xc_json_member(doctor->out, "checks");
	struct json_object *row = json_object_new_object();
	char text[800];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	add_text(row, "name", name);
	add_text(row, "state", health_names[health]);
	add_text(row, "text", text);
	if (remedy != NULL)
		add_text(row, "remedy", remedy);
	json_object_array_add(list, row);
}

size_t
ctl_doctor_count(const struct ctl_doctor *doctor, const char *list,
    size_t fallback)
{
	struct json_object *value = xc_json_member(doctor->status, list);

	return json_object_is_type(value, json_type_array) ?
	    json_object_array_length(value) : fallback;
}

/* ---- what is known before ----------------------------------------------- */

/* The peer of a unix stream socket is whoever listens. */
static bool
ask_listener(const char *path, struct ucred *cred_r)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(*cred_r);
	bool ok;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return false;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ok = fd != -1 && connect(fd, (const void *)&address,
	    sizeof(address)) == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, cred_r, &len) == 0;
	if (fd != -1)
		close(fd);
	return ok;
}

/* xcored's account: that of the process which listens, else the owner of its
 * folder. */
static void
find_account(struct ctl_doctor *doctor, const char *control)
{
	struct ucred cred;
	struct stat st;

	doctor->uid = geteuid();
	doctor->gid = getegid();
	if (control != NULL && ask_listener(control, &cred)) {
		doctor->uid = cred.uid;
		doctor->gid = cred.gid;
		doctor->known = true;
	} else if (doctor->settings != NULL &&
	    stat(doctor->settings->server.run_dir, &st) == 0) {
		doctor->uid = st.st_uid;
		doctor->gid = st.st_gid;
		doctor->known = true;
	}
}

static void
ask_manager(struct ctl_doctor *doctor, const char *control, char *why,
    size_t size)
{
	struct json_object *request = ctl_request("status"), *reply = NULL;
	struct xc_errbuf errbuf = { "" };
	enum xc_err err = XC_ERR_NOT_FOUND;
	int64_t pid = 0;

	doctor->no_status = why;
	snprintf(why, size, "no configuration says where its control socket "
	    "is");
	if (control != NULL)
		err = xc_control_call(control, request, STATUS_MS, &reply,
		    &errbuf);
	doctor->no_right = err == XC_ERR_DENIED;
	if (err == XC_OK) {
		doctor->status = json_object_get(xc_json_member(reply,
		    "data"));
		snprintf(why, size, "it does not tell its status");
	} else if (control != NULL) {
		snprintf(why, size, "%s", errbuf.text);
	}
	if (xc_json_int(doctor->status, "pid", &pid))
		doctor->manager = (pid_t)pid;
	json_object_put(reply);
	json_object_put(request);
}

/* ---- running ------------------------------------------------------------ */

static void
write_all(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(1);
		text += n;
		len -= (size_t)n;
	}
}

static struct json_object *
new_out(const struct section *section)
{
	struct json_object *out = json_object_new_object();

	add_text(out, "section", section->name);
	json_object_object_add(out, "checks", json_object_new_array());
	return out;
}

static void __attribute__((noreturn))
run_child(struct ctl_doctor *doctor, const struct section *section, int fd)
{
	/* It goes with us, and takes its own children along. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	doctor->section = section->name;
	doctor->out = new_out(section);
	section->run(doctor);
	write_all(fd, json_object_to_json_string_ext(doctor->out,
	    JSON_C_TO_STRING_PLAIN));
	_exit(0);
}

static void
begin(struct ctl_doctor *doctor, const struct section *section,
    struct run *run)
{
	int ends[2];

	run->text = malloc(ANSWER_MAX);
	if (run->text == NULL || pipe2(ends, O_CLOEXEC) != 0)
		return;
	fflush(stdout);
	run->pid = fork();
	if (run->pid == 0) {
		close(ends[0]);
		run_child(doctor, section, ends[1]);
	}
	close(ends[1]);
	run->until_ms = now_ms() + section->most_ms;
	run->fd = ends[0];
}

static void
take_in(struct run *run)
{
	ssize_t n = read(run->fd, run->text + run->len,
	    ANSWER_MAX - 1 - run->len);

	if (n == -1 && errno == EINTR)
		return;
	if (n > 0) {
		run->len += (size_t)n;
		return;
	}
	close(run->fd);
	run->fd = -1;
}

static void
give_up(struct run *run)
{
	run->late = true;
	kill(-run->pid, SIGKILL);
	kill(run->pid, SIGKILL);
	close(run->fd);
	run->fd = -1;
}

/* How long to wait for the next; those that are late are given up. */
static int
time_left(struct run *runs)
{
	int64_t now = now_ms(), least = INT32_MAX;

	for (size_t i = 0; i < N_SECTIONS; i++) {
		int64_t left = runs[i].until_ms - now;

		if (runs[i].fd == -1)
			continue;
		if (left <= 0)
			give_up(&runs[i]);
		else if (left < least)
			least = left;
	}
	return (int)least;
}

static void
gather(struct run *runs)
{
	struct pollfd fds[N_SECTIONS];

	for (;;) {
		int left = time_left(runs);
		bool any = false;

		for (size_t i = 0; i < N_SECTIONS; i++) {
			fds[i] = (struct pollfd){ .fd = runs[i].fd,
				.events = POLLIN };
			any = any || runs[i].fd != -1;
		}
		if (!any)
			return;
		if (poll(fds, N_SECTIONS, left) <= 0)
			continue;
		for (size_t i = 0; i < N_SECTIONS; i++) {
			if (runs[i].fd != -1 && fds[i].revents != 0)
				take_in(&runs[i]);
		}
	}
}

/* What a section came to, a new reference; that it died is a finding too. */
static struct json_object *
finish(const struct section *section, struct run *run)
{
	struct ctl_doctor doctor = { .section = section->name };
	struct json_object *out = NULL;
	int status = 0;

	if (run->pid > 0)
		waitpid(run->pid, &status, 0);
	if (run->text != NULL && run->len > 0) {
		run->text[run->len] = '\0';
		out = json_tokener_parse(run->text);
	}
	free(run->text);
	if (out != NULL)
		return out;
	doctor.out = new_out(section);
	if (run->late)
		ctl_doctor_find(&doctor, section->name, CTL_BAD, NULL,
		    "it was not done after %lld ms, and was given up",
		    (long long)section->most_ms);
	else
		ctl_doctor_find(&doctor, section->name, CTL_BAD, NULL,
		    "it could not be looked at: its process ended with "
		    "status %#x", (unsigned)status);
	return doctor.out;
}

static struct json_object *
examine(struct ctl_doctor *doctor, const bool *wanted)
{
	struct json_object *list = json_object_new_array();
	struct run runs[N_SECTIONS];

	memset(runs, 0, sizeof(runs));
	for (size_t i = 0; i < N_SECTIONS; i++) {
		runs[i].fd = -1;
		if (wanted[i])
			begin(doctor, &sections[i], &runs[i]);
	}
	gather(runs);
	for (size_t i = 0; i < N_SECTIONS; i++) {
		if (wanted[i])
			json_object_array_add(list, finish(&sections[i],
			    &runs[i]));
	}
	return list;
}

/* ---- the command -------------------------------------------------------- */

static int
choose_section(struct xc_ctl *ctl, const char *word, bool *wanted)
{
	struct xc_near near;
	bool found = false;

	xc_near_init(&near, word);
	xc_near_try(&near, "site", 0);
	for (size_t i = 0; i < N_SECTIONS; i++) {
		xc_near_try(&near, sections[i].name, 0);
		if (strcmp(word, sections[i].name) == 0 ||
		    (sections[i].site && strcmp(word, "site") == 0))
			found = wanted[i] = true;
	}
	if (found)
		return XC_EXIT_OK;
	return ctl_fail(ctl, XC_EXIT_USAGE, "there is no section '%s'%s%s%s; "
	    "there are sandbox, host, server, web, database, cache and keys; "
	    "\"site\" is all but the first", word,
	    near.word != NULL ? " (did you mean '" : "",
	    near.word != NULL ? near.word : "",
	    near.word != NULL ? "'?)" : "");
}

static int
choose(struct xc_ctl *ctl, bool *wanted)
{
	int status = XC_EXIT_OK;

	for (size_t i = 0; ctl->argc == 0 && i < N_SECTIONS; i++)
		wanted[i] = true;
	for (int i = 0; i < ctl->argc && status == XC_EXIT_OK; i++)
		status = choose_section(ctl, ctl->argv[i], wanted);
	return status;
}

static int
choose_without(struct xc_ctl *ctl, uint32_t *mask_r)
{
	char words[300], *rest = words, *word;
	enum xc_layer layer;

	*mask_r = 0;
	if (ctl->without == NULL)
		return XC_EXIT_OK;
	snprintf(words, sizeof(words), "%s", ctl->without);
	while ((word = strsep(&rest, ",")) != NULL) {
		if (!xc_layer_parse(word, &layer))
			return ctl_fail(ctl, XC_EXIT_USAGE, "there is no "
			    "layer '%s'; \"xcorectl doctor sandbox\" lists "
			    "them", word);
		*mask_r |= XC_LAYER_BIT(layer);
	}
	return XC_EXIT_OK;
}

static void
add_settings_fault(struct json_object *list, const char *reason)
{
	struct ctl_doctor doctor = { .out = json_object_new_object() };

	add_text(doctor.out, "section", "configuration");
	json_object_object_add(doctor.out, "checks", json_object_new_array());
	ctl_doctor_find(&doctor, "xcore.json", CTL_BAD, "correct it; what "
	    "needs it was left out", "%s", reason);
	json_object_array_add(list, doctor.out);
}

static size_t
count_health(struct json_object *list, enum ctl_health health)
{
	size_t n = 0;

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *checks = xc_json_member(
		    json_object_array_get_idx(list, i), "checks");

		for (size_t k = 0; k < json_object_array_length(checks); k++) {
			const char *state = xc_json_string(
			    json_object_array_get_idx(checks, k), "state");

			n += state != NULL &&
			    strcmp(state, health_names[health]) == 0;
		}
	}
	return n;
}

static int
report(struct xc_ctl *ctl, struct json_object *list)
{
	size_t bad = count_health(list, CTL_BAD);
	size_t warnings = count_health(list, CTL_WARNING);
	size_t unknown = count_health(list, CTL_UNKNOWN);
	struct json_object *data;

	if (!ctl->json) {
		for (size_t i = 0; i < json_object_array_length(list); i++)
			ctl_doctor_print(json_object_array_get_idx(list, i),
			    ctl_wants_colour());
		printf("%zu bad, %zu %s", bad, warnings, warnings == 1 ?
		    "warning" : "warnings");
		if (unknown > 0)
			printf(", %zu unknown", unknown);
		putchar('\n');
		json_object_put(list);
		return bad > 0 ? XC_EXIT_FAILED : XC_EXIT_OK;
	}
	data = json_object_new_object();
	json_object_object_add(data, "bad",
	    json_object_new_int64((int64_t)bad));
	json_object_object_add(data, "warnings",
	    json_object_new_int64((int64_t)warnings));
	json_object_object_add(data, "unknown",
	    json_object_new_int64((int64_t)unknown));
	json_object_object_add(data, "sections", list);
	return ctl_found(bad > 0 ? XC_EXIT_FAILED : XC_EXIT_OK, data);
}

int
ctl_doctor(struct xc_ctl *ctl)
{
	struct ctl_doctor doctor = { .ctl = ctl };
	bool wanted[N_SECTIONS] = { false };
	struct xc_errbuf errbuf = { "" };
	struct json_object *list;
	const char *control = ctl->control;
	char why[sizeof(errbuf.text)];
	int status = choose(ctl, wanted);

	if (status == XC_EXIT_OK)
		status = choose_without(ctl, &doctor.without);
	if (status != XC_EXIT_OK)
		return status;
	if (xc_settings_load(ctl->config, &ctl->settings, &errbuf) != XC_OK)
		ctl->settings = NULL;
	doctor.settings = ctl->settings;
	if (control == NULL && ctl->settings != NULL)
		control = ctl->settings->server.control;
	for (size_t i = 0; ctl->settings == NULL && i < N_SECTIONS; i++)
		wanted[i] = wanted[i] && !sections[i].settings;
	find_account(&doctor, control);
	ask_manager(&doctor, control, why, sizeof(why));
	list = examine(&doctor, wanted);
	if (ctl->settings == NULL)
		add_settings_fault(list, errbuf.text);
	json_object_put(doctor.status);
	return report(ctl, list);
}
