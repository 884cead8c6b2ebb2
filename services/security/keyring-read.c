/* SPDX-License-Identifier: MIT */
/*
 * The text of a key ring:
 *
 *	{"version": 1, "keys": [{"id": "seal-20261123-4f2a",
 *	    "purpose": "seal", "kind": "secret", "state": "active",
 *	    "made_at": 1795426431, "since": 1795426431, "key": "..."}]}
 *
 * "since" may be missing.  A key is base64url, of the secret or of PKCS#8.  Nothing else may stand in
 * it: a word that is not known could be one that was meant to matter.
 */
#include <stdint.h>
#include <string.h>

#include "keyring-private.h"
#include "lib/block.h"
#include "lib/tape.h"
#include "token.h"

#define VALUES_MAX	(XC_KEYS_MAX * 8 + 8)
#define BLOCK_MAX	(1024u * 1024)
#define MEMBERS		6	/* that must be there */

struct reading {
	struct xc_keyring *ring;
	struct xc_tape tape;
	struct xc_errbuf *errbuf;
};

/* A member that is a string; false. */
static bool
get_text(const struct reading *reading, uint32_t at, const char *name,
    const char **text_r, size_t *len_r)
{
	uint32_t value = xc_tape_member(&reading->tape, at, name,
	    strlen(name));

	if (value == 0 ||
	    xc_tape_type(&reading->tape, value) != XC_TOKEN_STRING)
		return false;
	*text_r = xc_tape_string(&reading->tape, value, len_r);
	return true;
}

/* ... that consists of letters in lower case, digits and, as of an id, '-'. */
static bool
get_word(const struct reading *reading, uint32_t at, const char *name,
    char *word_r, size_t size)
{
	const char *text;
	size_t i, len;

	if (!get_text(reading, at, name, &text, &len) || len == 0 ||
	    len >= size)
		return false;
	for (i = 0; i < len; i++)
		if ((text[i] < 'a' || text[i] > 'z') &&
		    (text[i] < '0' || text[i] > '9') && text[i] != '-')
			return false;
	memcpy(word_r, text, len);
	word_r[len] = '\0';
	return true;
}

static enum xc_err
bad(const struct reading *reading, uint32_t at, const char *what)
{
	char pointer[64];

	xc_tape_pointer(&reading->tape, at, pointer, sizeof(pointer));
	return xc_fail(reading->errbuf, XC_ERR_INVALID, "%s: %s", pointer,
	    what);
}

static enum xc_err
read_data(const struct reading *reading, uint32_t at,
    struct xc_key_room *room)
{
	unsigned char *data = xc_secret_memory(XC_KEY_DER_MAX);
	enum xc_err err = XC_ERR_INVALID;
	const char *text;
	size_t len;

	if (data == NULL)
		return xc_fail(reading->errbuf, XC_ERR_NOMEM, "out of memory");
	if (get_text(reading, at, "key", &text, &len))
		err = xc_base64url_read(text, len, data, XC_KEY_DER_MAX,
		    &len);
	if (err == XC_OK)
		err = xc_key_fill(room, data, len);
	xc_secret_memory_free(data, XC_KEY_DER_MAX);
	if (err == XC_ERR_NOMEM)
		return xc_fail(reading->errbuf, err, "out of memory");
	if (err != XC_OK)
		return bad(reading, at, "\"key\" is no key of its kind");
	return XC_OK;
}

static enum xc_err
read_times(const struct reading *reading, uint32_t at, struct xc_key *key)
{
	const struct xc_tape *tape = &reading->tape;
	uint32_t since = xc_tape_member(tape, at, "since", 5);

	if (!xc_tape_int64(tape, xc_tape_member(tape, at, "made_at", 7),
	    &key->made_at) || key->made_at <= 0)
		return bad(reading, at, "\"made_at\" is no time");
	if (since != 0 && (!xc_tape_int64(tape, since, &key->since) ||
	    key->since < key->made_at))
		return bad(reading, at, "\"since\" is no time after it was "
		    "made");
	if (xc_tape_count(tape, at) != MEMBERS + (since != 0 ? 1 : 0))
		return bad(reading, at, "a key is an object with id, purpose, "
		    "kind, state, made_at, since and key");
	return XC_OK;
}

static enum xc_err
read_key(const struct reading *reading, uint32_t at, struct xc_key_room *room)
{
	const struct xc_tape *tape = &reading->tape;
	struct xc_key *key = &room->key;
	const char *text;
	enum xc_err err;
	size_t len;

	if (xc_tape_type(tape, at) != XC_TOKEN_OBJECT)
		return bad(reading, at, "is no object");
	if (!get_word(reading, at, "id", key->id, sizeof(key->id)))
		return bad(reading, at, "\"id\" is not 1 to 39 letters in "
		    "lower case, digits and \"-\"");
	if (!get_word(reading, at, "purpose", key->purpose,
	    sizeof(key->purpose)) || !get_text(reading, at, "kind", &text,
	    &len) || !xc_key_kind_parse(text, len, &key->kind) ||
	    !xc_key_suits(key->purpose, key->kind))
		return bad(reading, at, "there is no such purpose with that "
		    "kind");
	if (!get_text(reading, at, "state", &text, &len) ||
	    !xc_key_state_parse(text, len, &key->state))
		return bad(reading, at, "\"state\" is not next, active or "
		    "old");
	err = read_times(reading, at, key);
	return err == XC_OK ? read_data(reading, at, room) : err;
}

/* Ids stand once; a purpose has one active key and at most one next. */
static bool
clashes(const struct xc_key *a, const struct xc_key *b)
{
	if (strcmp(a->id, b->id) == 0)
		return true;
	return strcmp(a->purpose, b->purpose) == 0 && a->state == b->state &&
	    a->state != XC_KEY_OLD;
}

static enum xc_err
read_keys(const struct reading *reading, uint32_t keys)
{
	struct xc_keyring *ring = reading->ring;
	const struct xc_tape *tape = &reading->tape;
	uint32_t at = xc_tape_first(keys), n = xc_tape_count(tape, keys);
	struct xc_key_room *room;
	enum xc_err err;
	size_t i;

	for (; n > 0; n--, at = xc_tape_next(tape, at)) {
		room = xc_keyring_room(ring);
		if (room == NULL)
			return bad(reading, at, "there are more than 64 keys");
		err = read_key(reading, at, room);
		if (err != XC_OK)
			return err;
		for (i = 0; i + 1 < ring->n; i++)
			if (clashes(&ring->rooms[i].key, &room->key))
				return bad(reading, at, "an earlier key has "
				    "its id, or is active or next too");
	}
	return XC_OK;
}

static enum xc_err
read_top(const struct reading *reading)
{
	const struct xc_tape *tape = &reading->tape;
	int64_t version = 0;
	uint32_t keys = 0, at;

	if (xc_tape_type(tape, 0) == XC_TOKEN_OBJECT &&
	    xc_tape_count(tape, 0) == 2) {
		keys = xc_tape_member(tape, 0, "keys", 4);
		at = xc_tape_member(tape, 0, "version", 7);
		if (at == 0 || !xc_tape_int64(tape, at, &version))
			version = 0;
	}
	if (keys == 0 || xc_tape_type(tape, keys) != XC_TOKEN_ARRAY ||
	    version != 1)
		return xc_fail(reading->errbuf, XC_ERR_INVALID, "is no key "
		    "ring: {\"version\": 1, \"keys\": [...]}");
	return read_keys(reading, keys);
}

enum xc_err
xc_keyring_parse(struct xc_keyring *ring, const char *text, size_t len,
    struct xc_errbuf *errbuf)
{
	struct xc_tape_limits limits = { .depth = 4, .values = VALUES_MAX };
	struct reading reading = { .ring = ring, .errbuf = errbuf };
	struct xc_tape_error error;
	struct xc_block block = { .fixed = true, .cap = BLOCK_MAX };
	enum xc_err err;
	uint32_t off;

	block.base = xc_secret_memory(BLOCK_MAX);
	if (block.base == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	err = xc_tape_scan(text, len, &limits, &block, &off, &reading.tape,
	    &error);
	if (err == XC_ERR_NOMEM)
		err = xc_fail(errbuf, err, "out of memory");
	else if (err != XC_OK)
		err = xc_fail(errbuf, XC_ERR_INVALID, "line %zu, column %zu: "
		    "%s", error.line, error.column, error.what);
	else
		err = read_top(&reading);
	xc_secret_memory_free(block.base, BLOCK_MAX);
	return err;
}
