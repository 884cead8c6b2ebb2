/* SPDX-License-Identifier: MIT */
#include "services/middleware/forwarded.h"

#include <string.h>
#include <strings.h>

#define HOST_CHARS "0123456789abcdefghijklmnopqrstuvwxyz"		\
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ-._~:[]"

struct text {
	const char *at;
	size_t len;
};

/* One proxy's word. */
struct hop {
	struct text address, scheme, host;
};

/* The last of them, in a ring: the n-th from the right is at
 * (count - 1 - n) % XC_HOPS_MAX. */
struct hops {
	struct hop ring[XC_HOPS_MAX];
	size_t count;		/* of all */
};

static struct text
trim(const char *at, size_t len)
{
	while (len > 0 && (*at == ' ' || *at == '\t')) {
		at++;
		len--;
	}
	while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t'))
		len--;
	return (struct text){ at, len };
}

static void
add(struct hops *hops, const struct hop *hop)
{
	hops->ring[hops->count++ % XC_HOPS_MAX] = *hop;
}

static const struct hop *
from_right(const struct hops *hops, size_t n)
{
	if (n >= hops->count || n >= XC_HOPS_MAX)
		return NULL;
	return &hops->ring[(hops->count - 1 - n) % XC_HOPS_MAX];
}

/* --- X-Forwarded-For ------------------------------------------------------ */

static void
read_plain(const char *value, struct hops *hops)
{
	struct hop hop = { .address = { NULL, 0 } };
	size_t len;

	for (;; value += len + 1) {
		len = strcspn(value, ",");
		hop.address = trim(value, len);
		add(hops, &hop);
		if (value[len] == '\0')
			break;
	}
}

/* The n-th from the right of a list, or its only one. */
static struct text
item_from_right(const char *value, size_t n)
{
	size_t len = strlen(value), end = len;
	bool only = memchr(value, ',', len) == NULL;

	for (;;) {
		size_t from = end;

		while (from > 0 && value[from - 1] != ',')
			from--;
		if (only || n-- == 0)
			return trim(value + from, end - from);
		if (from == 0)
			return (struct text){ NULL, 0 };
		end = from - 1;
	}
}

/* --- Forwarded ------------------------------------------------------------ */

/* Reads a token or a quoted string at *at; false: it is neither.  A value with
 * an escape in it is no address, and is let be as it stands. */
static bool
take_value(const char **at, struct text *text_r)
{
	const char *from = *at, *p = from;

	if (*p == '"') {
		for (p++; *p != '"'; p++)
			if (*p == '\0' || (*p == '\\' && *++p == '\0'))
				return false;
		*text_r = (struct text){ from + 1, (size_t)(p - from) - 1 };
		*at = p + 1;
		return true;
	}
	p += strcspn(p, " \t,;=\"");
	*text_r = (struct text){ from, (size_t)(p - from) };
	*at = p;
	return p > from;
}

static bool
is_word(const struct text *text, const char *word)
{
	return text->len == strlen(word) &&
	    strncasecmp(text->at, word, text->len) == 0;
}

static void
skip_blanks(const char **at)
{
	*at += strspn(*at, " \t");
}

/* One "name=value"; false: it is none, or stands there twice. */
static bool
take_pair(const char **at, struct hop *hop)
{
	struct text name, value, *to = NULL;

	name = (struct text){ *at, strcspn(*at, " \t,;=\"") };
	*at += name.len;
	if (name.len == 0 || **at != '=')
		return false;
	++*at;
	if (!take_value(at, &value))
		return false;
	if (is_word(&name, "for"))
		to = &hop->address;
	else if (is_word(&name, "proto"))
		to = &hop->scheme;
	else if (is_word(&name, "host"))
		to = &hop->host;
	if (to == NULL)
		return true;
	if (to->at != NULL)
		return false;
	*to = value;
	return true;
}

static bool
take_element(const char **at, struct hop *hop)
{
	memset(hop, 0, sizeof(*hop));
	for (;;) {
		skip_blanks(at);
		if (**at != ';' && **at != ',' && **at != '\0' &&
		    !take_pair(at, hop))
			return false;
		skip_blanks(at);
		if (**at == ',' || **at == '\0')
			return true;
		if (**at != ';')
			return false;
		++*at;
	}
}

/* Where quotes stand can be known only from the left: one fault, and nothing
 * of it is of use. */
static bool
read_forwarded(const char *value, struct hops *hops)
{
	struct hop hop;

	for (;;) {
		if (!take_element(&value, &hop))
			return false;
		add(hops, &hop);
		if (*value == '\0')
			return true;
		value++;
	}
}

/* --- the client ----------------------------------------------------------- */

static bool
is_trusted(const struct xc_proxies *proxies, const struct xc_address *address)
{
	size_t i;

	for (i = 0; i < proxies->n; i++)
		if (xc_network_has(&proxies->trusted[i], address))
			return true;
	return false;
}

static bool
is_trusted_peer(const struct xc_proxies *proxies, const char *peer)
{
	struct xc_address address;
	size_t i;

	if (xc_address_read(peer, strlen(peer), false, &address))
		return is_trusted(proxies, &address);
	/* What the web server says of one that has no address. */
	if (*peer != '\0' && strcmp(peer, "unix:") != 0)
		return false;
	for (i = 0; i < proxies->n; i++)
		if (proxies->trusted[i].is_unix)
			return true;
	return false;
}

static void
take_scheme(struct text text, struct xc_forwarded *out)
{
	if (is_word(&text, "https"))
		strcpy(out->scheme, "https");
	else if (is_word(&text, "http"))
		strcpy(out->scheme, "http");
}

static void
take_host(struct text text, struct xc_forwarded *out)
{
	if (text.len == 0 || text.len >= sizeof(out->host) ||
	    strspn(text.at, HOST_CHARS) < text.len)
		return;
	memcpy(out->host, text.at, text.len);
	out->host[text.len] = '\0';
}

/* What the hop that names the client says besides. */
static void
take_rest(const struct xc_proxies *proxies, const struct xc_forwarded_in *in,
    const struct hops *hops, size_t n, struct xc_forwarded *out)
{
	const struct hop *hop = from_right(hops, n);

	if (proxies->by == XC_BY_FORWARDED) {
		if (hop != NULL) {
			take_scheme(hop->scheme, out);
			take_host(hop->host, out);
		}
		return;
	}
	if (in->protos != NULL)
		take_scheme(item_from_right(in->protos, n), out);
	if (in->hosts != NULL)
		take_host(item_from_right(in->hosts, n), out);
}

static void
find_client(const struct xc_proxies *proxies, const struct hops *hops,
    size_t *n_r, struct xc_forwarded *out)
{
	struct xc_address address;
	const struct hop *hop;
	size_t n;

	*n_r = 0;
	for (n = 0; n < proxies->hops_max; n++) {
		hop = from_right(hops, n);
		if (hop == NULL || hop->address.len == 0 ||
		    !xc_address_read(hop->address.at, hop->address.len, true,
		    &address))
			return;
		xc_address_text(&address, out->address);
		out->known = true;
		*n_r = n;
		if (!is_trusted(proxies, &address))
			return;
	}
}

bool
xc_forwarded_read(const struct xc_proxies *proxies,
    const struct xc_forwarded_in *in, struct xc_forwarded *out_r)
{
	struct hops hops;
	size_t n = 0;
	bool ok = true;

	out_r->known = false;
	out_r->address[0] = out_r->scheme[0] = out_r->host[0] = '\0';
	if (!is_trusted_peer(proxies, in->peer))
		return false;
	hops.count = 0;
	if (in->hops != NULL && proxies->by == XC_BY_FORWARDED)
		ok = read_forwarded(in->hops, &hops);
	else if (in->hops != NULL)
		read_plain(in->hops, &hops);
	if (!ok || hops.count == 0)
		hops.count = 0;
	else if (proxies->by == XC_BY_REAL_IP && hops.count > 1)
		return true;
	find_client(proxies, &hops, &n, out_r);
	take_rest(proxies, in, &hops, n, out_r);
	return true;
}
