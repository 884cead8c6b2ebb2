/* SPDX-License-Identifier: MIT */
/* The key ring, its keys, and how many hash passwords. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "services/database/store.h"
#include "services/security/keyring-edit.h"
#include "services/security/password.h"
#include "tools/xcorectl-doctor.h"
#include "tools/xcorectl-keys.h"

#define DAY_S 86400
#define AGE_MAX_DAYS 365

/* ---- the file ------------------------------------------------------------ */

static bool
is_credential(const char *path)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	return folder != NULL && *folder != '\0' &&
	    strncmp(path, folder, strlen(folder)) == 0;
}

static void
check_owner(const struct ctl_doctor *doctor, const char *path)
{
	struct stat st;

	if (is_credential(path) || !doctor->known || stat(path, &st) != 0)
		return;
	ctl_doctor_find(doctor, "owner of the key ring",
	    st.st_uid == doctor->uid ? CTL_OK : CTL_BAD,
	    st.st_uid == doctor->uid ? NULL : "give it to xcored's account "
	    "with chown, or let systemd pass it on as a credential",
	    "user %ld, mode %04o; xcored is user %ld", (long)st.st_uid,
	    (unsigned)(st.st_mode & 07777), (long)doctor->uid);
}

/* Who may write to the folder can put another ring in its place. */
static void
check_folder(const struct ctl_doctor *doctor, const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[4096];
	struct stat st;
	bool open;

	if (slash == NULL)
		return;
	snprintf(folder, sizeof(folder), "%.*s",
	    (int)(slash == path ? 1 : slash - path), path);
	if (stat(folder, &st) != 0)
		return;
	open = (st.st_mode & 022) != 0 && (st.st_mode & S_ISVTX) == 0;
	ctl_doctor_find(doctor, "folder of the key ring", open ? CTL_BAD :
	    CTL_OK, open ? "take the right to write from all but its owner" :
	    NULL, "%.300s has mode %04o%s", folder,
	    (unsigned)(st.st_mode & 07777), open ? ": others can put another "
	    "key ring there" : "");
}

static struct xc_keyring *
open_ring(const struct ctl_doctor *doctor, char *path, size_t size)
{
	struct xc_keyring *ring = NULL;
	struct xc_errbuf why = { "" };
	enum xc_err err;

	err = xc_keyring_path(doctor->settings, path, size, &why);
	if (err == XC_OK)
		err = xc_keyring_load(path, &ring, &why);
	if (err == XC_OK)
		ctl_doctor_find(doctor, "key ring", CTL_OK, NULL, "%s", path);
	else if (err == XC_ERR_NOT_FOUND)
		ctl_doctor_find(doctor, "key ring", CTL_WARNING, "run xcorectl "
		    "keys init: without keys nobody can log in", "%s",
		    why.text);
	else if (err == XC_ERR_DENIED && geteuid() != 0 &&
	    geteuid() != doctor->uid)
		ctl_doctor_find(doctor, "key ring", CTL_UNKNOWN,
		    "run this as root or as xcored's user", "%s", why.text);
	else
		ctl_doctor_find(doctor, "key ring", CTL_BAD, NULL, "%s",
		    why.text);
	return ring;
}

/* ---- the keys ------------------------------------------------------------ */

static void
check_purpose(const struct ctl_doctor *doctor, const struct xc_keyring *ring,
    const char *purpose)
{
	const struct xc_key *key = xc_keyring_active(ring, purpose);
	const char *fault = xc_keyring_fault(ring, purpose,
	    doctor->settings->auth.algorithm);
	char name[40], remedy[64];
	int64_t days;

	snprintf(name, sizeof(name), "keys for %s", purpose);
	snprintf(remedy, sizeof(remedy), "run xcorectl keys rotate %s",
	    purpose);
	if (key == NULL || fault != NULL) {
		ctl_doctor_find(doctor, name, CTL_BAD, remedy, "the purpose "
		    "%s", fault);
		return;
	}
	days = ((int64_t)time(NULL) - (key->since > 0 ? key->since :
	    key->made_at)) / DAY_S;
	ctl_doctor_find(doctor, name, days > AGE_MAX_DAYS ? CTL_WARNING :
	    CTL_OK, days > AGE_MAX_DAYS ? remedy : NULL, "%s, in use for "
	    "%" PRId64 " days", key->id, days);
}

enum due { DUE_NO, DUE_YES, DUE_UNKNOWN };

/* Whether nothing is lost any more with an old key. */
static enum due
is_due(const struct ctl_doctor *doctor, const struct xc_keyring *ring,
    const struct xc_key *key, struct xc_store *store)
{
	const struct xc_key *active = xc_keyring_active(ring, key->purpose);
	struct ctl_keys_users users = { 0 };
	struct xc_errbuf why;
	bool signs = false;
	enum xc_err err;
	int64_t since = key->since > 0 ? key->since :
	    active != NULL ? active->made_at : key->made_at;

	/* What plugins made with theirs is known to them alone. */
	if (key->state != XC_KEY_OLD || strcmp(key->purpose, "plugin") == 0)
		return DUE_NO;
	if (strcmp(key->purpose, "token") == 0)
		return since + doctor->settings->auth.access_s <
		    (int64_t)time(NULL) ? DUE_YES : DUE_NO;
	if (strcmp(key->purpose, "audit") == 0)
		err = ctl_keys_signs(store, key, &signs, &why);
	else
		err = ctl_keys_count(store, key, &users, &why);
	if (err != XC_OK)
		return DUE_UNKNOWN;
	return signs || users.factors + users.codes + users.sessions > 0 ?
	    DUE_NO : DUE_YES;
}

static void
check_old(const struct ctl_doctor *doctor, const struct xc_keyring *ring)
{
	struct xc_errbuf why = { "" };
	struct xc_store *store = NULL;
	const struct xc_key *key;
	size_t i, old = 0, unknown = 0, len = 0;
	char list[600] = "";
	enum due due;

	if (ctl_keys_store(doctor->settings, &store, &why) != XC_OK) {
		ctl_doctor_find(doctor, "keys to be retired", CTL_UNKNOWN,
		    "run this as root or as xcored's user", "%s", why.text);
		return;
	}
	for (i = 0; (key = xc_keyring_at(ring, i)) != NULL; i++) {
		old += key->state == XC_KEY_OLD;
		due = is_due(doctor, ring, key, store);
		unknown += due == DUE_UNKNOWN;
		if (due == DUE_YES && len + sizeof(key->id) < sizeof(list))
			len += (size_t)snprintf(list + len, sizeof(list) - len,
			    " %s", key->id);
	}
	xc_store_free(&store);
	if (len > 0)
		ctl_doctor_find(doctor, "keys to be retired", CTL_WARNING,
		    "run xcorectl keys retire for each", "nothing that they "
		    "made counts any more:%s", list);
	else if (unknown > 0)
		ctl_doctor_find(doctor, "keys to be retired", CTL_UNKNOWN,
		    NULL, "MariaDB does not say whether %zu old ones hold "
		    "something", unknown);
	else
		ctl_doctor_find(doctor, "keys to be retired", CTL_OK, NULL,
		    "none of %zu old ones", old);
}

static void
check_places(const struct ctl_doctor *doctor)
{
	const struct xc_security_settings *settings =
	    &doctor->settings->security;
	unsigned n = xc_hash_places(settings);

	ctl_doctor_find(doctor, "passwords", CTL_OK, NULL, "%u are hashed at "
	    "once on this host, %" PRId64 " MiB each; %u may wait, up to "
	    "%" PRId64 " ms", n, settings->argon2_kb / 1024,
	    2 * n, settings->hash_wait_ms);
}

void
ctl_doctor_keys(const struct ctl_doctor *doctor)
{
	const char *const *purpose = xc_key_purposes;
	struct xc_keyring *ring;
	char path[4096] = "";

	if (doctor->settings == NULL)
		return;
	ring = open_ring(doctor, path, sizeof(path));
	check_owner(doctor, path);
	check_folder(doctor, path);
	for (; ring != NULL && *purpose != NULL; purpose++)
		check_purpose(doctor, ring, *purpose);
	if (ring != NULL)
		check_old(doctor, ring);
	xc_keyring_free(&ring);
	check_places(doctor);
}
