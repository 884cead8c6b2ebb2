/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>

#include "middleware-check.h"
#include "network.h"

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define TOKEN ALNUM "!#$%&'*+-.^_`|~"
#define HEADER_MAX 4096
#define LINES_MAX 16
#define ORIGIN_MAX 255
#define NAME_MAX_LEN 32

/* --- the chain ----------------------------------------------------------- */

/* What must come before what, where both are there. */
static const struct {
	enum xc_mw_part first, then;
	const char *why;
} orders[] = {
	{ XC_PART_REQUEST_ID, XC_PART_LOG, "a record has the request's id" },
	{ XC_PART_PROXY, XC_PART_LOG, "a record has the client's address" },
	{ XC_PART_PROXY, XC_PART_RATE,
	    "a limit by address would be one for the whole proxy" },
	{ XC_PART_PROXY, XC_PART_AUTH,
	    "who guesses passwords is told apart by address" },
	{ XC_PART_CORS, XC_PART_RATE,
	    "a browser can read a refusal only with the headers of cors" },
	{ XC_PART_CORS, XC_PART_AUTH,
	    "a browser's preflight has no credentials" },
	{ XC_PART_RATE, XC_PART_AUTH, "a limit by address must hold before "
	    "credentials are looked at; one by user is asked for behind auth "
	    "wherever rate stands" },
	{ XC_PART_BODY, XC_PART_AUTH,
	    "what is too large is refused before anything else is done" },
};

static size_t
place_of(const struct xc_middleware *middleware, enum xc_mw_part part)
{
	size_t i;

	for (i = 0; i < middleware->n_order; i++)
		if (middleware->order[i] == part)
			return i;
	return SIZE_MAX;
}

bool
xc_middleware_has(const struct xc_middleware *middleware, enum xc_mw_part part)
{
	return place_of(middleware, part) != SIZE_MAX;
}

enum xc_err
xc_check_chain(const struct xc_middleware *middleware,
    struct xc_errbuf *errbuf)
{
	size_t i, first, then;

	if (!xc_middleware_has(middleware, XC_PART_AUTH))
		return xc_fail(errbuf, XC_ERR_INVALID, "middleware.chain: "
		    "\"auth\" must stand in it: what asks for a login always "
		    "does");
	for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		first = place_of(middleware, orders[i].first);
		then = place_of(middleware, orders[i].then);
		if (first != SIZE_MAX && then != SIZE_MAX && first > then)
			return xc_fail(errbuf, XC_ERR_INVALID,
			    "middleware.chain: \"%s\" must stand before "
			    "\"%s\": %s", xc_mw_part_name(orders[i].first),
			    xc_mw_part_name(orders[i].then), orders[i].why);
	}
	return XC_OK;
}

/* --- values -------------------------------------------------------------- */

static bool
is_header_name(const char *name)
{
	return *name != '\0' && strlen(name) <= 64 &&
	    name[strspn(name, TOKEN)] == '\0';
}

/* What can do no harm in a header. */
static bool
is_header_value(const char *value)
{
	size_t len = strlen(value), i;

	for (i = 0; i < len; i++)
		if ((unsigned char)value[i] < 0x20 ||
		    (unsigned char)value[i] >= 0x7f)
			return false;
	return len <= HEADER_MAX && (len == 0 || (value[0] != ' ' &&
	    value[len - 1] != ' '));
}

enum xc_err
xc_check_ends(const struct xc_middleware *middleware,
    struct xc_errbuf *errbuf)
{
	const char *header = middleware->request_id.header;
	struct json_object *trusted = middleware->proxy.trusted;
	struct xc_network network;
	const char *text;
	size_t i;

	if (header[0] != '\0' && !is_header_name(header))
		return xc_fail(errbuf, XC_ERR_INVALID, "middleware.request_id:"
		    " header: \"%.64s\" is no name of a header", header);
	for (i = 0; trusted != NULL && i < json_object_array_length(trusted);
	    i++) {
		text = json_object_get_string(
		    json_object_array_get_idx(trusted, i));
		if (!xc_network_read(text, &network))
			return xc_fail(errbuf, XC_ERR_INVALID,
			    "middleware.proxy: trusted: \"%.64s\" is neither "
			    "an address, nor a network like 192.0.2.0/24 or "
			    "2001:db8::/32 without bits behind its own, nor "
			    "\"unix\"", text);
	}
	return XC_OK;
}

/* scheme://host or scheme://host:port as a browser sends it. */
static bool
is_origin(const char *origin)
{
	const char *host = strstr(origin, "://"), *at;

	if (strlen(origin) > ORIGIN_MAX || host == NULL || host == origin)
		return false;
	for (at = origin; at < host; at++)
		if (!islower((unsigned char)*at) && (at == origin ||
		    strchr("0123456789+-.", *at) == NULL))
			return false;
	host += 3;
	if (strncmp(host, "*.", 2) == 0)
		host += 2;
	at = host + strspn(host, *host == '[' ? "[]:0123456789abcdef" :
	    "abcdefghijklmnopqrstuvwxyz0123456789-._");
	if (at == host || (*at != '\0' && *at != ':'))
		return false;
	return *at == '\0' || (at[1] != '\0' && strlen(at + 1) <= 5 &&
	    at[1 + strspn(at + 1, "0123456789")] == '\0');
}

static enum xc_err
check_origins(const struct xc_cors_settings *cors, struct xc_errbuf *errbuf)
{
	const char *text;
	size_t i;

	for (i = 0; i < json_object_array_length(cors->origins); i++) {
		text = json_object_get_string(
		    json_object_array_get_idx(cors->origins, i));
		if (strcmp(text, "*") == 0 && cors->credentials)
			return xc_fail(errbuf, XC_ERR_INVALID, "cors: origins:"
			    " \"*\" with credentials would let each page of "
			    "the world act as whoever visits it; name the "
			    "origins");
		if (strcmp(text, "*") != 0 && !is_origin(text))
			return xc_fail(errbuf, XC_ERR_INVALID, "cors: origins:"
			    " \"%.64s\" is no origin: https://HOST, "
			    "https://HOST:PORT or https://*.DOMAIN in small "
			    "letters, without a path", text);
	}
	return XC_OK;
}

static enum xc_err
check_tokens(struct json_object *list, const char *key,
    struct xc_errbuf *errbuf)
{
	const char *text;
	size_t i;

	for (i = 0; list != NULL && i < json_object_array_length(list); i++) {
		text = json_object_get_string(
		    json_object_array_get_idx(list, i));
		if (!is_header_name(text) || strcmp(text, "*") == 0)
			return xc_fail(errbuf, XC_ERR_INVALID, "cors: %s: "
			    "\"%.64s\" is no name", key, text);
	}
	return XC_OK;
}

static enum xc_err
check_cors(const struct xc_cors_settings *cors, struct xc_errbuf *errbuf)
{
	enum xc_err err = XC_OK;

	if (cors->origins != NULL)
		err = check_origins(cors, errbuf);
	if (err == XC_OK)
		err = check_tokens(cors->methods, "methods", errbuf);
	if (err == XC_OK)
		err = check_tokens(cors->headers, "headers", errbuf);
	if (err == XC_OK)
		err = check_tokens(cors->expose, "expose", errbuf);
	return err;
}

/* What xcore or the web server says itself, or obeys. */
static bool
is_own(const char *name)
{
	static const char *const own[] = { "content-length", "content-type",
		"transfer-encoding", "connection", "status",
		"x-accel-redirect", "x-sendfile", "x-sendfile2",
		"x-lighttpd-send-file", "x-reproxy-url" };
	size_t i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcasecmp(own[i], name) == 0)
			return true;
	return false;
}

static enum xc_err
check_more(struct json_object *more, struct xc_errbuf *errbuf)
{
	if (json_object_object_length(more) > LINES_MAX)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "headers: more: more than %d headers", LINES_MAX);
	json_object_object_foreach(more, name, value) {
		if (!is_header_name(name) || is_own(name))
			return xc_fail(errbuf, XC_ERR_INVALID, "headers: "
			    "more: \"%.64s\" is no name of a header that may "
			    "be set here", name);
		if (!is_header_value(json_object_get_string(value)))
			return xc_fail(errbuf, XC_ERR_INVALID, "headers: "
			    "more: the value of %.64s has a control character,"
			    " one beyond ASCII, or a blank at an end", name);
	}
	return XC_OK;
}

static enum xc_err
check_headers(const struct xc_headers_settings *headers,
    struct xc_errbuf *errbuf)
{
	const char *const values[] = { headers->referrer_policy,
		headers->strict_transport_security, headers->opener_policy,
		headers->resource_policy, headers->content_security_policy,
		headers->html_security_policy };
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (!is_header_value(values[i]))
			return xc_fail(errbuf, XC_ERR_INVALID, "headers: "
			    "\"%.64s\" cannot be the value of a header",
			    values[i]);
	return headers->more == NULL ? XC_OK :
	    check_more(headers->more, errbuf);
}

static enum xc_err
check_rate(const struct xc_chain_settings *chain, size_t i,
    struct xc_errbuf *errbuf)
{
	const struct xc_rate_settings *rate = &chain->rates[i];
	size_t k;

	if (strlen(rate->name) > NAME_MAX_LEN ||
	    rate->name[strspn(rate->name, ALNUM "_-")] != '\0')
		return xc_fail(errbuf, XC_ERR_INVALID, "rate: name: "
		    "\"%.64s\" has not 1 to %d of A-Z, a-z, 0-9, '_', '-'",
		    rate->name, NAME_MAX_LEN);
	if (!is_header_name(rate->header))
		return xc_fail(errbuf, XC_ERR_INVALID, "rate: header: "
		    "\"%.64s\" is no name of a header", rate->header);
	for (k = 0; k < i; k++)
		if (strcmp(chain->rates[k].name, rate->name) == 0)
			return xc_fail(errbuf, XC_ERR_INVALID, "rate: two "
			    "limits of the name \"%s\"; give them names that "
			    "differ", rate->name);
	return XC_OK;
}

/* "PLUGIN" or "PLUGIN:OPERATION".  One that nobody has is none: plugins come
 * and go. */
static bool
is_step(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	if (len == 0 || len > NAME_MAX_LEN)
		return false;
	if (text[len] == '\0')
		return true;
	text += len + 1;
	return text[-1] == ':' && *text != '\0' &&
	    text[strspn(text, ALNUM "_")] == '\0';
}

static enum xc_err
check_plugins(struct json_object *list, struct xc_errbuf *errbuf)
{
	const char *text;
	size_t i;

	for (i = 0; list != NULL && i < json_object_array_length(list); i++) {
		text = json_object_get_string(
		    json_object_array_get_idx(list, i));
		if (strcmp(text, "*") != 0 && !is_step(text))
			return xc_fail(errbuf, XC_ERR_INVALID, "plugins: "
			    "\"%.64s\" is neither the name of a plugin, nor "
			    "PLUGIN:OPERATION, nor \"*\"", text);
	}
	return XC_OK;
}

/* Segments that are not empty, each as it is when decoded. */
static bool
is_prefix(const char *prefix)
{
	size_t len;

	if (strlen(prefix) > 255)
		return false;
	for (; *prefix == '/'; prefix += 1 + len) {
		len = strcspn(prefix + 1, "/");
		if (len == 0 || memchr(prefix + 1, '%', len) != NULL ||
		    memchr(prefix + 1, '?', len) != NULL ||
		    (len == 1 && prefix[1] == '.') ||
		    (len == 2 && strncmp(prefix + 1, "..", 2) == 0))
			return false;
	}
	return *prefix == '\0';
}

enum xc_err
xc_check_of_prefix(const struct xc_chain_settings *chain,
    struct xc_errbuf *errbuf)
{
	enum xc_err err;
	size_t i;

	if (!is_prefix(chain->prefix))
		return xc_fail(errbuf, XC_ERR_INVALID, "this is no prefix: "
		    "/WORD/WORD without a '/' at the end, '%%', '?', \".\" or "
		    "\"..\"");
	err = check_cors(&chain->cors, errbuf);
	if (err == XC_OK)
		err = check_headers(&chain->headers, errbuf);
	if (err == XC_OK)
		err = check_plugins(chain->plugins, errbuf);
	for (i = 0; err == XC_OK && i < chain->n_rates; i++)
		err = check_rate(chain, i, errbuf);
	return err;
}
