/* SPDX-License-Identifier: MIT */
/* The key ring for xcorectl(8).  Nothing here prints a secret. */
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "config/near.h"
#include "config/settings.h"
#include "manager/manager.h"
#include "services/database/store.h"
#include "services/security/keyring-edit.h"
#include "tools/xcorectl-keys.h"

struct keys {
	struct xc_ctl *ctl;
	struct xc_keyring *ring;
	char path[4096];
};

struct verb {
	const char *name;
	int words;		/* behind it */
	bool changes;
	uint64_t options;
	int (*run)(struct keys *keys, const char *word);
	const char *usage;
};

static int
fail(const struct keys *keys, enum xc_err err, const struct xc_errbuf *errbuf)
{
	int code = err == XC_ERR_EXISTS || err == XC_ERR_BUSY ||
	    err == XC_ERR_STATE || err == XC_ERR_TOO_LARGE ?
	    XC_EXIT_CONFLICT : err == XC_ERR_NOT_FOUND ? XC_EXIT_NOT_FOUND :
	    err == XC_ERR_INVALID ? XC_EXIT_INVALID :
	    err == XC_ERR_DENIED ? XC_EXIT_POLICY : XC_EXIT_FAILED;

	return ctl_fail(keys->ctl, code, "%s", errbuf->text);
}

static void
print_time(int64_t seconds, char *text, size_t size)
{
	time_t time = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&time, &tm) == NULL ||
	    strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		*text = '\0';
}

static struct json_object *
describe(const struct xc_key *key)
{
	struct json_object *object = json_object_new_object();
	char time[32];

	json_object_object_add(object, "id", json_object_new_string(key->id));
	json_object_object_add(object, "purpose",
	    json_object_new_string(key->purpose));
	json_object_object_add(object, "kind",
	    json_object_new_string(xc_key_kind_word(key->kind)));
	json_object_object_add(object, "state",
	    json_object_new_string(xc_key_state_word(key->state)));
	print_time(key->made_at, time, sizeof(time));
	json_object_object_add(object, "made_at",
	    json_object_new_string(time));
	print_time(key->since, time, sizeof(time));
	json_object_object_add(object, "since", key->since > 0 ?
	    json_object_new_string(time) : NULL);
	return object;
}

/* Which keys a purpose has (NULL: all of the ring), for the audit log:
 * {"token-...": "active"}; no secret. */
static struct json_object *
states_of(const struct keys *keys, const char *purpose)
{
	struct json_object *object = json_object_new_object();
	const struct xc_key *key;
	size_t i;

	for (i = 0; (key = xc_keyring_at(keys->ring, i)) != NULL; i++)
		if (purpose == NULL || strcmp(key->purpose, purpose) == 0)
			json_object_object_add(object, key->id,
			    json_object_new_string(
			    xc_key_state_word(key->state)));
	return object;
}

/* What is changed. */
struct change {
	const char *action;	/* of the audit log */
	const char *purpose;	/* NULL: all */
	const char *target;
	struct json_object *before;	/* NULL: there was no ring */
	struct json_object *data;	/* for --json */
	bool fresh;
};

static void
begin_change(const struct keys *keys, struct change *change)
{
	if (!change->fresh)
		change->before = states_of(keys, change->purpose);
	change->data = json_object_new_object();
	json_object_object_add(change->data, "path",
	    json_object_new_string(keys->path));
}

static void
drop_change(struct change *change)
{
	json_object_put(change->before);
	json_object_put(change->data);
}

/* Whatever MariaDB does: keys must be changed at once when somebody may have
 * seen them. */
static void
note(const struct keys *keys, const struct change *change)
{
	char target[128];
	const struct xc_audit_entry entry = { .action = change->action,
		.target = target, .before = change->before,
		.after = states_of(keys, change->purpose) };
	struct xc_errbuf errbuf = { "" };
	enum xc_err err;

	snprintf(target, sizeof(target), "keys:%s", change->target);
	err = ctl_keys_note(keys->ctl->settings, keys->ring, &entry, &errbuf);
	json_object_put(entry.after);
	json_object_object_add(change->data, "audited",
	    json_object_new_boolean(err == XC_OK));
	if (err != XC_OK && !keys->ctl->json)
		fprintf(stderr, "xcorectl: warning: this is done, but is not "
		    "in the audit log: %s\n", errbuf.text);
}

/* Writes the ring, and what was changed into the audit log. */
static int
save(struct keys *keys, struct change *change, const char *sentence)
{
	struct xc_errbuf errbuf = { "" };
	enum xc_err err;
	int status;

	err = xc_keyring_write(keys->ring, keys->path,
	    keys->ctl->settings->server.state_dir, change->fresh, &errbuf);
	if (err == XC_OK)
		note(keys, change);
	json_object_put(change->before);
	if (err == XC_OK)
		return ctl_done(keys->ctl, change->data, sentence);
	status = fail(keys, err, &errbuf);
	json_object_put(change->data);
	return status;
}

static enum xc_key_kind
kind_of(const struct keys *keys, const char *purpose)
{
	return xc_key_kind_of(purpose, keys->ctl->settings->auth.algorithm);
}

static int
check(const struct keys *keys, const char *sentence)
{
	const char *const *purpose = xc_key_purposes;
	const char *fault;

	for (; *purpose != NULL; purpose++) {
		fault = xc_keyring_fault(keys->ring, *purpose,
		    keys->ctl->settings->auth.algorithm);
		if (fault != NULL)
			return ctl_fail(keys->ctl, XC_EXIT_INVALID,
			    "%s: the purpose \"%s\" %s", keys->path, *purpose,
			    fault);
	}
	return ctl_done(keys->ctl, NULL, sentence);
}

static int
run_init(struct keys *keys, const char *word)
{
	const char *const *purpose = xc_key_purposes;
	struct change change = { .action = "keys.init", .target = "all",
		.fresh = true };
	struct xc_errbuf errbuf = { "" };
	char sentence[4200];
	enum xc_err err;

	(void)word;
	/* It may be run at any time; one that is damaged or shown to others
	 * is for the operator to look at. */
	err = xc_keyring_load(keys->path, &keys->ring, &errbuf);
	if (err == XC_OK) {
		snprintf(sentence, sizeof(sentence), "%s: the key ring is "
		    "there already, nothing changed", keys->path);
		return check(keys, sentence);
	}
	if (err == XC_ERR_NOT_FOUND)
		err = xc_keyring_new(&keys->ring);
	if (err == XC_ERR_NOMEM)
		xc_fail(&errbuf, err, "out of memory");
	for (; *purpose != NULL && err == XC_OK; purpose++)
		err = xc_keyring_add(keys->ring, *purpose,
		    kind_of(keys, *purpose), XC_KEY_ACTIVE, NULL, &errbuf);
	if (err != XC_OK)
		return fail(keys, err, &errbuf);
	snprintf(sentence, sizeof(sentence), "%s: the key ring is made; put "
	    "the same file on each host of the site, and keep a copy where "
	    "nobody else gets at it", keys->path);
	begin_change(keys, &change);
	return save(keys, &change, sentence);
}

static int
run_list(struct keys *keys, const char *word)
{
	struct json_object *list, *data;
	const struct xc_key *key;
	char time[32];
	size_t i;

	(void)word;
	if (!keys->ctl->json) {
		printf("%-28s %-8s %-8s %-7s %s\n", "ID", "PURPOSE", "KIND",
		    "STATE", "MADE AT");
		for (i = 0; (key = xc_keyring_at(keys->ring, i)) != NULL;
		    i++) {
			print_time(key->made_at, time, sizeof(time));
			printf("%-28s %-8s %-8s %-7s %s\n", key->id,
			    key->purpose, xc_key_kind_word(key->kind),
			    xc_key_state_word(key->state), time);
		}
		return XC_EXIT_OK;
	}
	list = json_object_new_array();
	for (i = 0; (key = xc_keyring_at(keys->ring, i)) != NULL; i++)
		json_object_array_add(list, describe(key));
	data = json_object_new_object();
	json_object_object_add(data, "path",
	    json_object_new_string(keys->path));
	json_object_object_add(data, "keys", list);
	return ctl_done(keys->ctl, data, NULL);
}

/* As with any word that is one of a few. */
static int
refuse_purpose(const struct keys *keys, const char *purpose)
{
	const char *const *at = xc_key_purposes;
	struct xc_near near;

	xc_near_init(&near, purpose);
	for (; *at != NULL; at++) {
		if (strcmp(*at, purpose) == 0)
			return XC_EXIT_OK;
		(void)xc_near_try(&near, *at, 0);
	}
	if (near.word != NULL)
		return ctl_fail(keys->ctl, XC_EXIT_USAGE, "there is no "
		    "purpose '%.32s'; did you mean '%s'?", purpose, near.word);
	return ctl_fail(keys->ctl, XC_EXIT_USAGE, "there is no purpose "
	    "'%.32s': token, seal, hash, plugin or audit", purpose);
}

static const struct xc_key *
find_next(const struct keys *keys, const char *purpose)
{
	const struct xc_key *key;
	size_t i;

	for (i = 0; (key = xc_keyring_nth(keys->ring, purpose, i)) != NULL;
	    i++)
		if (key->state == XC_KEY_NEXT)
			return key;
	return NULL;
}

static int
run_rotate(struct keys *keys, const char *purpose)
{
	bool next = keys->ctl->options[CTL_NEXT] != NULL;
	bool activate = keys->ctl->options[CTL_ACTIVATE] != NULL;
	struct change change = { .action = activate ? "keys.activate" :
		next ? "keys.next" : "keys.rotate", .purpose = purpose,
		.target = purpose };
	struct xc_errbuf errbuf = { "" };
	enum xc_err err;

	if (next && activate)
		return ctl_fail(keys->ctl, XC_EXIT_USAGE,
		    "--next and --activate are two steps");
	begin_change(keys, &change);
	if (activate)
		err = xc_keyring_activate(keys->ring, purpose, &errbuf);
	else if (!next && find_next(keys, purpose) != NULL)
		err = xc_fail(&errbuf, XC_ERR_EXISTS, "%s is next: --activate "
		    "it, or retire it", find_next(keys, purpose)->id);
	else
		err = xc_keyring_add(keys->ring, purpose,
		    kind_of(keys, purpose), next ? XC_KEY_NEXT :
		    XC_KEY_ACTIVE, NULL, &errbuf);
	if (err != XC_OK) {
		drop_change(&change);
		return fail(keys, err, &errbuf);
	}
	json_object_object_add(change.data, "key", describe(next ?
	    find_next(keys, purpose) :
	    xc_keyring_active(keys->ring, purpose)));
	return save(keys, &change, next ? "the next key is made; when each "
	    "host has the file, activate it" : "the new key is in use; the "
	    "one before is good for what it has made until it is retired");
}

/* Whether somebody would lose something that cannot be made again: the exit
 * status. */
static int
refuse_loss(const struct keys *keys, const struct xc_key *key,
    struct json_object *data)
{
	struct ctl_keys_users users = { 0 };
	struct xc_errbuf errbuf = { "" };
	struct xc_store *store = NULL;
	enum xc_err err = ctl_keys_store(keys->ctl->settings, &store, &errbuf);
	bool force = keys->ctl->options[CTL_FORCE] != NULL;

	if (err == XC_OK)
		err = ctl_keys_count(store, key, &users, &errbuf);
	xc_store_free(&store);
	if (err != XC_OK && !force)
		return ctl_fail(keys->ctl, XC_EXIT_CONFLICT, "%s: whose second "
		    "factor or codes would be lost cannot be counted: %s; "
		    "--force takes it out all the same", key->id, errbuf.text);
	json_object_object_add(data, "second_factors",
	    json_object_new_int64(users.factors));
	json_object_object_add(data, "recovery_codes",
	    json_object_new_int64(users.codes));
	json_object_object_add(data, "sessions",
	    json_object_new_int64(users.sessions));
	if (users.factors > 0 && !force)
		return ctl_fail(keys->ctl, XC_EXIT_CONFLICT, "%s seals the "
		    "second factors of %lld users; each is sealed anew when "
		    "its user logs in; --force takes the key out, and they "
		    "must be reset (xcorectl user reset-otp)", key->id,
		    (long long)users.factors);
	if (users.codes > 0 && !force)
		return ctl_fail(keys->ctl, XC_EXIT_CONFLICT, "the recovery "
		    "codes of %lld users at most are by %s, and %lld sessions; "
		    "--force takes the key out, and these users must make "
		    "codes anew", (long long)users.codes, key->id,
		    (long long)users.sessions);
	return XC_EXIT_OK;
}

static const struct xc_key *
find_id(const struct keys *keys, const char *id)
{
	const struct xc_key *key;
	size_t i;

	for (i = 0; (key = xc_keyring_at(keys->ring, i)) != NULL; i++)
		if (strcmp(key->id, id) == 0)
			return key;
	return NULL;
}

static int
run_retire(struct keys *keys, const char *id)
{
	const struct xc_key *key = find_id(keys, id);
	struct change change = { .action = "keys.retire", .target = id };
	struct xc_errbuf errbuf = { "" };
	char purpose[sizeof(key->purpose)] = "";
	int status = XC_EXIT_OK;
	enum xc_err err;

	if (key != NULL)
		memcpy(purpose, key->purpose, sizeof(purpose));
	change.purpose = purpose;
	begin_change(keys, &change);
	if (key != NULL && key->state != XC_KEY_ACTIVE &&
	    (strcmp(purpose, "seal") == 0 || strcmp(purpose, "hash") == 0))
		status = refuse_loss(keys, key, change.data);
	if (status != XC_EXIT_OK) {
		drop_change(&change);
		return status;
	}
	err = xc_keyring_retire(keys->ring, id, &errbuf);
	if (err == XC_OK)
		return save(keys, &change, "the key is gone, and with it what "
		    "it has made");
	drop_change(&change);
	return fail(keys, err, &errbuf);
}

static int
run_check(struct keys *keys, const char *word)
{
	(void)word;
	return check(keys, "the key ring is in order");
}

#define BIT(option) (UINT64_C(1) << (option))

static const struct verb verbs[] = {
	{ "init", 0, true, 0, run_init, "keys init" },
	{ "list", 0, false, 0, run_list, "keys list" },
	{ "rotate", 1, true, BIT(CTL_NEXT) | BIT(CTL_ACTIVATE), run_rotate,
	    "keys rotate PURPOSE [--next|--activate]" },
	{ "retire", 1, true, BIT(CTL_FORCE), run_retire,
	    "keys retire ID [--force]" },
	{ "check", 0, false, 0, run_check, "keys check" },
};

/* Reads the ring, under its lock if it is to be changed. */
static int
run_verb(struct keys *keys, const struct verb *verb)
{
	struct xc_errbuf errbuf = { "" };
	enum xc_err err;
	int lock = -1, status;

	err = xc_keyring_path(keys->ctl->settings, keys->path,
	    sizeof(keys->path), &errbuf);
	if (err == XC_OK && verb->changes)
		err = xc_keyring_lock(keys->path, &lock, &errbuf);
	if (err == XC_OK && verb->run != run_init)
		err = xc_keyring_load(keys->path, &keys->ring, &errbuf);
	if (err == XC_OK)
		status = verb->run(keys, keys->ctl->argv[1]);
	else
		status = fail(keys, err, &errbuf);
	xc_keyring_free(&keys->ring);
	if (lock >= 0)
		close(lock);
	return status;
}

int
ctl_keys(struct xc_ctl *ctl)
{
	struct keys keys = { .ctl = ctl };
	size_t i;
	int o, status;

	for (i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (ctl->argc > 0 && strcmp(verbs[i].name, ctl->argv[0]) == 0)
			break;
	if (i == sizeof(verbs) / sizeof(*verbs))
		return ctl_fail(ctl, XC_EXIT_USAGE, "xcorectl keys init, "
		    "list, rotate, retire or check; see xcorectl --help");
	for (o = 0; o < CTL__OPTIONS; o++)
		if (ctl->options[o] != NULL &&
		    (verbs[i].options & BIT(o)) == 0)
			return ctl_fail(ctl, XC_EXIT_USAGE, "--%s is not for "
			    "keys %s", ctl_option_names[o], verbs[i].name);
	if (ctl->argc - 1 != verbs[i].words)
		return ctl_fail(ctl, XC_EXIT_USAGE, "usage: xcorectl %s",
		    verbs[i].usage);
	status = verbs[i].run == run_rotate ?
	    refuse_purpose(&keys, ctl->argv[1]) : XC_EXIT_OK;
	if (status == XC_EXIT_OK)
		status = ctl_settings(ctl);
	return status == XC_EXIT_OK ? run_verb(&keys, &verbs[i]) : status;
}
