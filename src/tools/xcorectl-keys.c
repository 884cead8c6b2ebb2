/* SPDX-License-Identifier: MIT */
/* The key ring for xcorectl(8).  Nothing here prints a secret. */
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "config/settings.h"
#include "manager/manager.h"
#include "services/security/keyring-edit.h"
#include "tools/xcorectl.h"

struct keys {
	struct xc_ctl *ctl;
	struct xc_keyring *ring;
	char path[4096];
};

struct verb {
	const char *name;
	int words;		/* behind it */
	bool changes;
	int (*run)(struct keys *keys, const char *word);
	const char *usage;
};

static int
fail(const struct keys *keys, enum xc_err err, const struct xc_errbuf *errbuf)
{
	int code = err == XC_ERR_EXISTS || err == XC_ERR_BUSY ?
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

	print_time(key->made_at, time, sizeof(time));
	json_object_object_add(object, "id", json_object_new_string(key->id));
	json_object_object_add(object, "purpose",
	    json_object_new_string(key->purpose));
	json_object_object_add(object, "kind",
	    json_object_new_string(xc_key_kind_word(key->kind)));
	json_object_object_add(object, "state",
	    json_object_new_string(xc_key_state_word(key->state)));
	json_object_object_add(object, "made_at",
	    json_object_new_string(time));
	return object;
}

/* Writes the ring and tells of the key that it is about. */
static int
save(struct keys *keys, const struct xc_key *key, bool fresh,
    const char *sentence)
{
	struct json_object *data = json_object_new_object();
	struct xc_errbuf errbuf = { "" };
	enum xc_err err;

	json_object_object_add(data, "path",
	    json_object_new_string(keys->path));
	if (key != NULL)
		json_object_object_add(data, "key", describe(key));
	err = xc_keyring_write(keys->ring, keys->path, fresh, &errbuf);
	if (err != XC_OK) {
		json_object_put(data);
		return fail(keys, err, &errbuf);
	}
	return ctl_done(keys->ctl, data, sentence);
}

static enum xc_key_kind
kind_of(const struct keys *keys, const char *purpose)
{
	return xc_key_kind_of(purpose, keys->ctl->settings->auth.algorithm);
}

static int
run_init(struct keys *keys, const char *word)
{
	const char *const *purpose = xc_key_purposes;
	struct xc_errbuf errbuf = { "" };
	enum xc_err err = xc_keyring_new(&keys->ring);
	char sentence[4200];

	(void)word;
	if (err != XC_OK)
		xc_fail(&errbuf, err, "out of memory");
	for (; *purpose != NULL && err == XC_OK; purpose++)
		err = xc_keyring_add(keys->ring, *purpose,
		    kind_of(keys, *purpose), XC_KEY_ACTIVE, NULL, &errbuf);
	if (err != XC_OK)
		return fail(keys, err, &errbuf);
	snprintf(sentence, sizeof(sentence), "%s: the key ring is made; put "
	    "the same file on each host of the site, and keep a copy where "
	    "nobody else gets at it", keys->path);
	return save(keys, NULL, true, sentence);
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
	struct xc_errbuf errbuf = { "" };
	const struct xc_key *key;
	enum xc_err err;

	if (next && activate)
		return ctl_fail(keys->ctl, XC_EXIT_USAGE,
		    "--next and --activate are two steps");
	if (activate)
		err = xc_keyring_activate(keys->ring, purpose, &errbuf);
	else if (!next && find_next(keys, purpose) != NULL)
		err = xc_fail(&errbuf, XC_ERR_EXISTS, "%s is next: --activate "
		    "it, or retire it", find_next(keys, purpose)->id);
	else
		err = xc_keyring_add(keys->ring, purpose,
		    kind_of(keys, purpose), next ? XC_KEY_NEXT :
		    XC_KEY_ACTIVE, NULL, &errbuf);
	if (err != XC_OK)
		return fail(keys, err, &errbuf);
	key = next ? find_next(keys, purpose) :
	    xc_keyring_active(keys->ring, purpose);
	return save(keys, key, false, next ? "the next key is made; when each "
	    "host has the file, activate it" : "the new key is in use; the "
	    "one before is good for what it has made until it is retired");
}

static int
run_retire(struct keys *keys, const char *id)
{
	struct xc_errbuf errbuf = { "" };
	enum xc_err err = xc_keyring_retire(keys->ring, id, &errbuf);

	if (err != XC_OK)
		return fail(keys, err, &errbuf);
	return save(keys, NULL, false, "the key is gone, and with it what it "
	    "has made");
}

/* What a purpose lacks; NULL. */
static const char *
find_fault(const struct keys *keys, const char *purpose)
{
	const struct xc_key *key = xc_keyring_active(keys->ring, purpose);

	if (key == NULL)
		return "has no active key; rotate it";
	if (key->kind != kind_of(keys, purpose))
		return "has a key of another kind than auth.algorithm asks "
		    "for; rotate it";
	return NULL;
}

static int
run_check(struct keys *keys, const char *word)
{
	const char *const *purpose = xc_key_purposes;
	const char *fault;

	(void)word;
	for (; *purpose != NULL; purpose++) {
		fault = find_fault(keys, *purpose);
		if (fault != NULL)
			return ctl_fail(keys->ctl, XC_EXIT_INVALID,
			    "%s: the purpose \"%s\" %s", keys->path, *purpose,
			    fault);
	}
	return ctl_done(keys->ctl, NULL, "the key ring is in order");
}

static const struct verb verbs[] = {
	{ "init", 0, true, run_init, "keys init" },
	{ "list", 0, false, run_list, "keys list" },
	{ "rotate", 1, true, run_rotate,
	    "keys rotate PURPOSE [--next|--activate]" },
	{ "retire", 1, true, run_retire, "keys retire ID" },
	{ "check", 0, false, run_check, "keys check" },
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
		if (ctl->options[o] != NULL && (verbs[i].run != run_rotate ||
		    (o != CTL_NEXT && o != CTL_ACTIVATE)))
			return ctl_fail(ctl, XC_EXIT_USAGE, "--%s is not for "
			    "keys %s", ctl_option_names[o], verbs[i].name);
	if (ctl->argc - 1 != verbs[i].words)
		return ctl_fail(ctl, XC_EXIT_USAGE, "usage: xcorectl %s",
		    verbs[i].usage);
	status = ctl_settings(ctl);
	return status == XC_EXIT_OK ? run_verb(&keys, &verbs[i]) : status;
}
