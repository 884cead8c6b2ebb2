/* SPDX-License-Identifier: MIT */
#include "url.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PORT_HTTP 80
#define PORT_HTTPS 443
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"	\
	"0123456789.-_"
#define NUMBER_CHARS "0123456789abcdefABCDEF:."

static enum xc_err
refuse(struct xc_errbuf *errbuf, const char *what)
{
	return xc_fail(errbuf, XC_ERR_INVALID, "the URL %s", what);
}

/* Whether all of it may stand in a URL; no '#', which is not sent. */
static bool
is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~' || strchr("\"#<>\\^`{|}",
		    *text) != NULL)
			return false;
	return true;
}

static void
put_host(struct xc_url *url, const char *from, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		url->host[i] = from[i] >= 'A' && from[i] <= 'Z' ?
		    (char)(from[i] - 'A' + 'a') : from[i];
	url->host[len] = '\0';
}

/* "[...]"; gives its length, 0 if it is none. */
static size_t
take_number(struct xc_url *url, const char *at)
{
	size_t len = strspn(at + 1, NUMBER_CHARS);
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (len >= sizeof(text) || at[1 + len] != ']')
		return 0;
	memcpy(text, at + 1, len);
	text[len] = '\0';
	if (inet_pton(AF_INET6, text, &address) != 1)
		return 0;
	put_host(url, at, len + 2);
	return len + 2;
}

static size_t
take_name(struct xc_url *url, const char *at)
{
	size_t len = strspn(at, NAME_CHARS);

	if (len == 0 || len > XC_URL_HOST_MAX || at[0] == '.' || at[0] == '-')
		return 0;
	put_host(url, at, len);
	return len;
}

/* What stands behind the colon; gives how many digits, 0 if it is no port. */
static size_t
take_port(struct xc_url *url, const char *at)
{
	unsigned long port = 0;
	size_t len;

	for (len = 0; at[len] >= '0' && at[len] <= '9' && len < 6; len++)
		port = port * 10 + (unsigned long)(at[len] - '0');
	if (port == 0 || port > UINT16_MAX)
		return 0;
	url->port = (uint16_t)port;
	return len;
}

enum xc_err
xc_url_parse(const char *text, struct xc_url *url_r, struct xc_errbuf *errbuf)
{
	const char *at = text;
	size_t len;

	memset(url_r, 0, sizeof(*url_r));
	if (text == NULL || strnlen(text, XC_URL_MAX + 1) > XC_URL_MAX ||
	    !is_printable(text))
		return refuse(errbuf, "is over 8 KiB or holds what may not "
		    "stand in one: blanks, a fragment, bytes outside of "
		    "ASCII");
	url_r->tls = strncasecmp(text, "https://", 8) == 0;
	url_r->port = url_r->tls ? PORT_HTTPS : PORT_HTTP;
	if (!url_r->tls && strncasecmp(text, "http://", 7) != 0)
		return refuse(errbuf, "begins with neither http:// nor "
		    "https://");
	at += url_r->tls ? 8 : 7;
	len = *at == '[' ? take_number(url_r, at) : take_name(url_r, at);
	if (len == 0)
		return refuse(errbuf, "names no host, or one that is neither "
		    "a name nor an address");
	at += len;
	if (*at == ':') {
		len = take_port(url_r, at + 1);
		if (len == 0)
			return refuse(errbuf, "names no port from 1 to "
			    "65535 behind its colon");
		at += 1 + len;
	}
	if (*at != '\0' && *at != '/' && *at != '?')
		return refuse(errbuf, "has something other than a port or a "
		    "path behind its host; a user is not taken");
	return XC_OK;
}

bool
xc_url_matches(const struct xc_url *url, const char *permission)
{
	size_t len = strlen(url->host);
	char port[8];

	if (strcmp(permission, "*") != 0) {
		if (strncasecmp(permission, url->host, len) != 0)
			return false;
		permission += len;
	} else {
		permission++;
	}
	if (*permission == '\0')
		return url->port == PORT_HTTP || url->port == PORT_HTTPS;
	snprintf(port, sizeof(port), ":%u", (unsigned)url->port);
	return strcmp(permission, port) == 0;
}
