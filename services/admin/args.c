/* SPDX-License-Identifier: MIT */
/* The arguments of operations: what may stand in them, and what is refused. */
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include <xcore/json.h>

#include "admin-private.h"
#include "lib/text.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define LOCAL_MAX 64		/* RFC 5321, 4.5.3.1.1 */

bool
xc_args_have(struct json_object *args, const char *name)
{
	return json_object_object_get_ex(args, name, NULL);
}

static bool
is_among(const char *const *names, const char *name)
{
	for (; *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

enum xc_err
xc_args_only(struct json_object *args, const char *const *names,
    struct xc_refusal *refusal_r)
{
	struct lh_entry *entry;

	lh_foreach(json_object_get_object(args), entry) {
		if (!is_among(names, lh_entry_k(entry)))
			return xc_refuse_at(refusal_r, "/", "unknown_member",
			    "there is a member that is not known here");
	}
	return XC_OK;
}

static void
pointer_of(const char *name, char pointer_r[static 40])
{
	snprintf(pointer_r, 40, "/%.30s", name);
}

static enum xc_err
refuse_type(const char *name, const char *what, struct xc_refusal *refusal_r)
{
	char pointer[40];

	pointer_of(name, pointer);
	return xc_refuse_at(refusal_r, pointer, "type", "must be %s", what);
}

enum xc_err
xc_args_id(struct json_object *args, int64_t *id_r,
    struct xc_refusal *refusal_r)
{
	struct json_object *value = xc_json_member(args, "id");

	*id_r = 0;
	if (!json_object_is_type(value, json_type_int) ||
	    !xc_json_int(args, "id", id_r) || *id_r < 1)
		return refuse_type("id", "a number of 1 or more", refusal_r);
	return XC_OK;
}

enum xc_err
xc_args_bool(struct json_object *args, const char *name, bool *value_r,
    struct xc_refusal *refusal_r)
{
	if (!xc_json_bool(args, name, value_r))
		return refuse_type(name, "true or false", refusal_r);
	return XC_OK;
}

/* A string without NUL; XC_OK with NULL if it is absent or null. */
static enum xc_err
get_text(struct json_object *args, const char *name, const char **text_r,
    size_t *len_r, struct xc_refusal *refusal_r)
{
	struct json_object *value = xc_json_member(args, name);

	*text_r = NULL;
	*len_r = 0;
	if (value == NULL)
		return XC_OK;
	if (!json_object_is_type(value, json_type_string))
		return refuse_type(name, "a text", refusal_r);
	*text_r = json_object_get_string(value);
	*len_r = (size_t)json_object_get_string_len(value);
	return XC_OK;
}

enum xc_err
xc_args_password(struct json_object *args, const char *name,
    const char **text_r, size_t *len_r, struct xc_refusal *refusal_r)
{
	return get_text(args, name, text_r, len_r, refusal_r);
}

/* Controls of one byte or two, line and paragraph separators, and what turns
 * the writing around or does not show (U+200B to U+200F, U+202A to U+202E,
 * U+2060 to U+206F, U+FEFF): with them one text passes for another. */
static bool
is_hidden(const unsigned char *at)
{
	if (at[0] < 0x20 || at[0] == 0x7f)
		return true;
	if (at[0] == 0xc2)
		return at[1] < 0xa0;
	if (at[0] == 0xef)
		return at[1] == 0xbb && at[2] == 0xbf;
	if (at[0] != 0xe2)
		return false;
	if (at[1] == 0x80)
		return (at[2] >= 0x8b && at[2] <= 0x8f) ||
		    (at[2] >= 0xa8 && at[2] <= 0xae);
	return at[1] == 0x81 && at[2] >= 0xa0 && at[2] <= 0xaf;
}

static bool
is_start(unsigned char c)
{
	return (c & 0xc0) != 0x80;
}

static const char *
text_fault(const char *text, size_t len, size_t max)
{
	size_t n = 0;

	if (xc_utf8_span(text, len) != len)
		return "must be UTF-8";
	for (size_t i = 0; i < len; i++) {
		if (!is_start((unsigned char)text[i]))
			continue;
		n++;
		/* Behind the last byte there is a NUL. */
		if (is_hidden((const unsigned char *)text + i))
			return "may hold no control characters, and none "
			    "that do not show";
	}
	return n > max ? "is too long" : NULL;
}

enum xc_err
xc_args_text(struct json_object *args, const char *name, size_t max,
    const char **text_r, struct xc_refusal *refusal_r)
{
	char pointer[40];
	const char *fault;
	enum xc_err err;
	size_t len;

	err = get_text(args, name, text_r, &len, refusal_r);
	if (err != XC_OK)
		return err;
	if (*text_r == NULL) {
		*text_r = "";
		return XC_OK;
	}
	fault = text_fault(*text_r, len, max);
	if (fault == NULL)
		return XC_OK;
	pointer_of(name, pointer);
	return xc_refuse_at(refusal_r, pointer, "text", "%s", fault);
}

static void
fold(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

enum xc_err
xc_args_name(struct json_object *args, const char *name,
    char name_r[XC_NAME_SIZE], struct xc_refusal *refusal_r)
{
	char pointer[40];
	const char *text;
	enum xc_err err;
	size_t len;

	name_r[0] = '\0';
	err = get_text(args, name, &text, &len, refusal_r);
	if (err != XC_OK)
		return err;
	pointer_of(name, pointer);
	if (text == NULL || len == 0 || len >= XC_NAME_SIZE ||
	    strlen(text) != len)
		return xc_refuse_at(refusal_r, pointer, "name",
		    "must be 1 to 63 characters long");
	memcpy(name_r, text, len + 1);
	fold(name_r);
	if (strspn(name_r, LOWER DIGITS "._-") != len ||
	    strchr("._-", name_r[0]) != NULL)
		return xc_refuse_at(refusal_r, pointer, "name",
		    "may hold letters from a to z, digits, '.', '_' and '-', "
		    "and begins with a letter or digit; other letters could "
		    "pass for these");
	return XC_OK;
}

/* Labels of letters, digits and '-', two at least. */
static bool
domain_ok(const char *domain)
{
	size_t labels = 0;

	for (;;) {
		size_t len = strspn(domain, LOWER DIGITS "-");

		if (len == 0 || len > 63 || domain[0] == '-' ||
		    domain[len - 1] == '-')
			return false;
		labels++;
		domain += len;
		if (*domain == '\0')
			return labels > 1;
		if (*domain++ != '.')
			return false;
	}
}

/* The dot-atom of RFC 5322: no quotes, no comments. */
static bool
address_ok(const char *key)
{
	const char *at = strrchr(key, '@');
	size_t len;

	if (at == NULL)
		return false;
	len = (size_t)(at - key);
	if (len == 0 || len > LOCAL_MAX || key[0] == '.' || at[-1] == '.' ||
	    strspn(key, LOWER DIGITS "!#$%&'*+-/=?^_`{|}~.") != len ||
	    memmem(key, len, "..", 2) != NULL)
		return false;
	return domain_ok(at + 1);
}

enum xc_err
xc_args_email(struct json_object *args, char email_r[XC_EMAIL_SIZE],
    char key_r[XC_EMAIL_SIZE], struct xc_refusal *refusal_r)
{
	const char *text;
	enum xc_err err;
	size_t len;

	email_r[0] = key_r[0] = '\0';
	err = get_text(args, "email", &text, &len, refusal_r);
	if (err != XC_OK || text == NULL)
		return err;
	if (len < XC_EMAIL_SIZE && strlen(text) == len) {
		memcpy(key_r, text, len + 1);
		fold(key_r);
		if (address_ok(key_r)) {
			memcpy(email_r, text, len + 1);
			return XC_OK;
		}
	}
	key_r[0] = '\0';
	return xc_refuse_at(refusal_r, "/email", "email", "must be an e-mail "
	    "address of at most 254 letters from a to z, digits and signs; "
	    "other letters could pass for these");
}

static bool
is_revision(struct json_object *value, int64_t revision)
{
	return json_object_is_type(value, json_type_int) &&
	    json_object_get_int64(value) == revision;
}

enum xc_err
xc_args_revision(struct json_object *args, int64_t revision,
    struct xc_refusal *refusal_r)
{
	struct json_object *value = xc_json_member(args, "revision");
	size_t n;

	if (value == NULL || is_revision(value, revision))
		return XC_OK;
	n = json_object_is_type(value, json_type_array) ?
	    json_object_array_length(value) : 0;
	for (size_t i = 0; i < n; i++)
		if (is_revision(json_object_array_get_idx(value, i),
		    revision))
			return XC_OK;
	return xc_refuse(refusal_r, XC_ERR_STATE, 412, "changed",
	    "it was changed meanwhile: it is at revision %lld now",
	    (long long)revision);
}

enum xc_err
xc_args_list(struct json_object *args, const char *name, size_t max,
    struct json_object **list_r, struct xc_refusal *refusal_r)
{
	struct json_object *value = xc_json_member(args, name);
	char pointer[40];

	*list_r = NULL;
	if (value == NULL)
		return XC_OK;
	if (!json_object_is_type(value, json_type_array))
		return refuse_type(name, "a list of texts", refusal_r);
	pointer_of(name, pointer);
	if (json_object_array_length(value) > max)
		return xc_refuse_at(refusal_r, pointer, "too_many",
		    "may hold %zu at most", max);
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		struct json_object *one = json_object_array_get_idx(value, i);

		if (!json_object_is_type(one, json_type_string) ||
		    strlen(json_object_get_string(one)) !=
		    (size_t)json_object_get_string_len(one))
			return refuse_type(name, "a list of texts",
			    refusal_r);
	}
	*list_r = value;
	return XC_OK;
}

/* A word of a permission: "*", or a name; its length, 0 if it is none. */
static size_t
permission_word(const char *at)
{
	size_t len = strspn(at, LOWER DIGITS "_-");

	if (at[0] == '*')
		return 1;
	return len > 32 || at[0] < 'a' || at[0] > 'z' ? 0 : len;
}

bool
xc_permission_form(const char *text)
{
	for (int i = 0; i < 3; i++) {
		size_t len = permission_word(text);

		if (len == 0)
			return false;
		text += len;
		if (*text != (i < 2 ? ':' : '\0'))
			return false;
		text++;
	}
	return true;
}
