/* SPDX-License-Identifier: MIT */
/* xcored itself: whether it answers, and who may reach its sockets and
 * folders. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xcore/json.h>

#include "tools/xcorectl-doctor.h"
#include "tools/xcorectl.h"

struct owner {
	char user[40];
	char group[40];
};

static void
name_owner(const struct stat *st, struct owner *owner_r)
{
	const struct passwd *user = getpwuid(st->st_uid);
	const struct group *group = getgrgid(st->st_gid);

	snprintf(owner_r->user, sizeof(owner_r->user), "%s",
	    user != NULL ? user->pw_name : "?");
	snprintf(owner_r->group, sizeof(owner_r->group), "%s",
	    group != NULL ? group->gr_name : "?");
	if (user == NULL)
		snprintf(owner_r->user, sizeof(owner_r->user), "%lu",
		    (unsigned long)st->st_uid);
	if (group == NULL)
		snprintf(owner_r->group, sizeof(owner_r->group), "%lu",
		    (unsigned long)st->st_gid);
}

static void
check_manager(const struct ctl_doctor *doctor)
{
	const char *version = xc_json_string(doctor->status, "version");
	const char *state = xc_json_string(doctor->status, "state");

	if (doctor->status == NULL) {
		ctl_doctor_find(doctor, "xcored", doctor->no_right ?
		    CTL_UNKNOWN : CTL_BAD, doctor->no_right ? "run this as "
		    "root, as xcored's user or one of its group" :
		    "start it", "%s", doctor->no_status);
		return;
	}
	if (version == NULL || strcmp(version, PACKAGE_VERSION) != 0) {
		ctl_doctor_find(doctor, "xcored", CTL_WARNING,
		    "run \"xcorectl upgrade\"", "runs version %s, installed "
		    "is %s", version != NULL ? version : "?",
		    PACKAGE_VERSION);
		return;
	}
	ctl_doctor_find(doctor, "xcored", CTL_OK, NULL, "%s %s, process %ld",
	    version, state != NULL ? state : "?", (long)doctor->manager);
}

/* A folder that others than its owner can write to is not ours alone. */
static void
check_folder(const struct ctl_doctor *doctor, const char *name,
    const char *path, mode_t forbidden)
{
	struct owner owner = { "", "" };
	struct stat st;
	bool bad;

	if (stat(path, &st) != 0) {
		ctl_doctor_find(doctor, name, errno == ENOENT ? CTL_WARNING :
		    CTL_UNKNOWN, NULL, "%s: %s", path, strerror(errno));
		return;
	}
	name_owner(&st, &owner);
	bad = (st.st_mode & forbidden) != 0 || !S_ISDIR(st.st_mode) ||
	    (doctor->known && st.st_uid != doctor->uid && st.st_uid != 0);
	ctl_doctor_find(doctor, name, bad ? CTL_BAD : CTL_OK, bad ?
	    "give it to xcored's account, and take the right to write from "
	    "all others" : NULL, "%s is %s:%s, mode %04o", path, owner.user,
	    owner.group, (unsigned)(st.st_mode & 07777));
}

static void
check_control(const struct ctl_doctor *doctor)
{
	const char *path = doctor->ctl->control != NULL ?
	    doctor->ctl->control : doctor->settings->server.control;
	struct owner owner = { "", "" };
	struct stat st;
	bool bad;

	if (stat(path, &st) != 0) {
		ctl_doctor_find(doctor, "control socket",
		    doctor->manager != 0 ? CTL_BAD : CTL_UNKNOWN, NULL,
		    "%s: %s", path, strerror(errno));
		return;
	}
	name_owner(&st, &owner);
	bad = (st.st_mode & S_IWOTH) != 0;
	ctl_doctor_find(doctor, "control socket", bad ? CTL_BAD : CTL_OK,
	    bad ? "chmod o-w it: who can write to it directs xcored" : NULL,
	    "%s is %s:%s, mode %04o", path, owner.user, owner.group,
	    (unsigned)(st.st_mode & 07777));
}

static void
check_unix_listener(const struct ctl_doctor *doctor, const char *path)
{
	struct owner owner = { "", "" };
	struct stat st;
	bool open, shut;

	if (stat(path, &st) != 0) {
		ctl_doctor_find(doctor, "listen socket", errno == ENOENT ?
		    CTL_BAD : CTL_UNKNOWN, errno == ENOENT ?
		    "restart xcored: its socket's file was removed" : NULL,
		    "%s: %s", path, strerror(errno));
		return;
	}
	name_owner(&st, &owner);
	open = (st.st_mode & S_IWOTH) != 0;
	shut = !open && (st.st_mode & S_IWGRP) == 0;
	ctl_doctor_find(doctor, "listen socket",
	    open || shut ? CTL_WARNING : CTL_OK, open ?
	    "make it 0660 with the web server's group: any account of this "
	    "host can send it requests, with any client address" : shut ?
	    "make it 0660 with the web server's group, unless the web server "
	    "runs as its owner" : NULL, "%s is %s:%s, mode %04o", path,
	    owner.user, owner.group, (unsigned)(st.st_mode & 07777));
}

static void
check_listener(const struct ctl_doctor *doctor)
{
	const char *text = xc_json_string(doctor->status, "listen");
	bool secret = doctor->settings->fastcgi.secret_file[0] != '\0';
	bool local;

	if (text == NULL) {
		ctl_doctor_find(doctor, "listen socket", CTL_UNKNOWN, NULL,
		    "xcored does not say where it listens");
		return;
	}
	if (strncmp(text, "unix:", 5) == 0) {
		check_unix_listener(doctor, text + 5);
		return;
	}
	local = strncmp(text, "127.", 4) == 0 ||
	    strncmp(text, "[::1]", 5) == 0;
	ctl_doctor_find(doctor, "listen socket", secret ? local ? CTL_OK :
	    CTL_WARNING : CTL_BAD, secret ? local ? NULL :
	    "let a firewall pass only the web servers: the secret goes over "
	    "the network in the clear" : "set fastcgi.secret_file",
	    "%s%s", text, secret ? ", with a secret" :
	    ": whoever reaches it can send requests");
}

static void
check_account(const struct ctl_doctor *doctor)
{
	const struct passwd *user = getpwuid(doctor->uid);

	if (!doctor->known)
		return;
	ctl_doctor_find(doctor, "account", doctor->uid == 0 ? CTL_WARNING :
	    CTL_OK, doctor->uid == 0 ? "run xcored as an account of its own: "
	    "plugins of level \"inprocess\" have all rights that it has" :
	    NULL, "xcored runs as %s (%lu)", user != NULL ? user->pw_name :
	    "?", (unsigned long)doctor->uid);
}

void
ctl_doctor_server(const struct ctl_doctor *doctor)
{
	check_manager(doctor);
	check_account(doctor);
	if (doctor->settings == NULL)
		return;
	check_folder(doctor, "run_dir", doctor->settings->server.run_dir,
	    S_IWOTH);
	check_folder(doctor, "state_dir", doctor->settings->server.state_dir,
	    S_IWOTH | S_IWGRP);
	check_control(doctor);
	check_listener(doctor);
}
