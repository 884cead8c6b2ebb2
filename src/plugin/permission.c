/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include "config/near.h"
#include "plugin/permission.h"

#define SMALL "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define HOST_MAX 253
#define EVENT_MAX 64

/* Those of one word, and what they mean. */
static const struct {
	const char *name;
	const char *words;
} simple[] = {
	{ "database", "keep tables of its own in MariaDB" },
	{ "cache", "keep values of its own in Memcached" },
	{ "openapi", "show the operations of all plugins" },
	{ "auth", "log users in and out" },
	{ "account", "make accounts, and change that of who asks" },
	{ "admin", "manage users, roles and permissions, as far as who asks "
	    "may" },
	{ "otp", "ask users for a second factor" },
	{ "passwords", "hash passwords of its own" },
	{ "plugins", "manage plugins, as far as who asks may" },
	{ "health", "tell what of the site is up" },
	{ "middleware", "see each request of the site, with its headers, and "
	    "refuse it" },
};

#define N_SIMPLE (sizeof(simple) / sizeof(simple[0]))

static const char *
simple_words(const char *permission)
{
	for (size_t i = 0; i < N_SIMPLE; i++)
		if (strcmp(permission, simple[i].name) == 0)
			return simple[i].words;
	return NULL;
}

static const char *
after(const char *text, const char *start)
{
	size_t len = strlen(start);

	return strncmp(text, start, len) == 0 ? text + len : NULL;
}

bool
xc_event_name_ok(const char *name)
{
	if (strlen(name) > EVENT_MAX || *name < 'a' || *name > 'z')
		return false;
	for (;;) {
		size_t len = strspn(name, SMALL DIGITS "_-");

		if (len == 0)
			return false;
		name += len;
		if (*name == '\0')
			return true;
		if (*name++ != '.')
			return false;
	}
}

/* Labels of 1 to 63 letters, digits and '-', which neither begins nor ends
 * one. */
static bool
name_ok(const char *host, size_t len)
{
	const char *end = host + len;

	if (len == 0 || len > HOST_MAX)
		return false;
	while (host < end) {
		size_t n = strspn(host, SMALL DIGITS "-");

		if (host + n > end)
			n = (size_t)(end - host);
		if (n == 0 || n > 63 || host[0] == '-' || host[n - 1] == '-')
			return false;
		host += n;
		if (host < end && (*host++ != '.' || host == end))
			return false;
	}
	return true;
}

static bool
address_ok(const char *text, size_t len)
{
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return inet_pton(AF_INET6, copy, &address) == 1;
}

static bool
port_ok(const char *text)
{
	size_t len = strlen(text);
	unsigned port = 0;

	if (len == 0 || len > 5 || strspn(text, DIGITS) != len ||
	    text[0] == '0')
		return false;
	for (; *text != '\0'; text++)
		port = port * 10 + (unsigned)(*text - '0');
	return port <= 65535;
}

static bool
host_ok(const char *text)
{
	const char *end;
	bool ok;

	if (strcmp(text, "*") == 0)
		return true;
	if (text[0] == '[') {
		end = strchr(text, ']');
		if (end == NULL)
			return false;
		ok = address_ok(text + 1, (size_t)(end - text - 1));
		end++;
	} else {
		end = text + strcspn(text, ":");
		ok = name_ok(text, (size_t)(end - text));
	}
	return ok && (*end == '\0' || (*end == ':' && port_ok(end + 1)));
}

static enum xc_err
unknown(const char *permission, struct xc_errbuf *errbuf)
{
	struct xc_near near;
	char list[512] = "";

	xc_near_init(&near, permission);
	for (size_t i = 0; i < N_SIMPLE; i++) {
		size_t len = strlen(list);

		xc_near_try(&near, simple[i].name, 0);
		snprintf(list + len, sizeof(list) - len, "\"%s\", ",
		    simple[i].name);
	}
	if (near.word != NULL)
		return xc_fail(errbuf, XC_ERR_INVALID, "\"%.80s\" is no "
		    "permission; did you mean \"%s\"?", permission,
		    near.word);
	return xc_fail(errbuf, XC_ERR_INVALID, "\"%.80s\" is no permission "
	    "that this xcore can give: it gives %s\"http:HOST\", "
	    "\"http:HOST:PORT\", \"http:*\" and \"event:NAME\"", permission,
	    list);
}

enum xc_err
xc_permission_check(const char *permission, struct xc_errbuf *errbuf)
{
	const char *host = after(permission, "http:");
	const char *event = after(permission, "event:");

	if (simple_words(permission) != NULL)
		return XC_OK;
	if (host != NULL && !host_ok(host))
		return xc_fail(errbuf, XC_ERR_INVALID, "\"%.80s\": what "
		    "follows \"http:\" is a host in small letters, with or "
		    "without :PORT, for example \"http:api.example.org\", or "
		    "\"*\" for all public hosts", permission);
	if (event != NULL && !xc_event_name_ok(event))
		return xc_fail(errbuf, XC_ERR_INVALID, "\"%.80s\": what "
		    "follows \"event:\" is the name of an event, for example "
		    "\"event:shop.order_paid\"", permission);
	return host != NULL || event != NULL ? XC_OK :
	    unknown(permission, errbuf);
}

void
xc_permission_words(const char *permission, char *words_r, size_t size)
{
	const char *host = after(permission, "http:");
	const char *event = after(permission, "event:");
	const char *heard = after(permission, XC_HEARS);
	const char *words = simple_words(permission);

	if (words != NULL)
		snprintf(words_r, size, "%s", words);
	else if (host != NULL && strcmp(host, "*") == 0)
		snprintf(words_r, size, "send requests to all public hosts");
	else if (host != NULL)
		snprintf(words_r, size, "send requests to %s", host);
	else if (event != NULL)
		snprintf(words_r, size, "say that %s has happened", event);
	else if (heard != NULL)
		snprintf(words_r, size, "hear the event %s of other plugins",
		    heard);
	else
		snprintf(words_r, size, "%s", permission);
}
