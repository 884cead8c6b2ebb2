/* SPDX-License-Identifier: MIT */
/*
 * The keys of the objects in section "middleware": X(part, key, type, default,
 * min, max, text), as in settings-table.h.  For XC_CHOICE, max is the words.
 * XC_MAP is an object of strings.  rate is a list of such objects; all but
 * request_id and proxy may stand for a prefix too.
 */
#define XC_MIDDLEWARE_TABLE(X)						\
X(request_id, header, XC_TEXT, "X-Request-Id", 0, 0,			\
    "header of each reply with the request's id; empty is none")	\
X(request_id, trace, XC_CHOICE, "follow", 0, "off|follow|start",	\
    "traceparent: none, go on with those that come, or begin one")	\
X(proxy, trusted, XC_LIST, "", 0, 0,					\
    "proxies before the web server: addresses, networks, unix")		\
X(proxy, header, XC_CHOICE, "x-forwarded-for", 0,			\
    "x-forwarded-for|forwarded|x-real-ip",				\
    "where they say who asks")						\
X(proxy, scheme, XC_SWITCH, "true", 0, 0,				\
    "take the scheme from them too")					\
X(proxy, host, XC_SWITCH, "false", 0, 0,				\
    "take the host from them too")					\
X(proxy, hops_max, XC_NUMBER, "16", 1, 256,				\
    "proxies that may stand behind each other")				\
X(log, level, XC_CHOICE, "off", 0, "off|notice|info|debug",		\
    "level of a record of each request, to the logger access")		\
X(log, query, XC_SWITCH, "false", 0, 0,					\
    "write the query string too")					\
X(timing, header, XC_SWITCH, "false", 0, 0,				\
    "say in Server-Timing how long it took")				\
X(body, max, XC_NUMBER, "0", 0, 1073741824,				\
    "bytes of a body; 0 is fastcgi.body_max")				\
X(cors, origins, XC_LIST, "", 0, 0,					\
    "whose pages may read replies: origins, https://*.DOMAIN, *")	\
X(cors, methods, XC_LIST, "GET,HEAD,POST,PUT,PATCH,DELETE", 0, 0,	\
    "methods that they may use")					\
X(cors, headers, XC_LIST,						\
    "Accept,Authorization,Content-Type,Idempotency-Key,If-Match,"	\
    "If-None-Match,X-CSRF-Token", 0, 0,					\
    "headers that they may send")					\
X(cors, expose, XC_LIST,						\
    "ETag,Location,RateLimit,RateLimit-Policy,Retry-After,X-Request-Id", \
    0, 0,								\
    "headers that they may read")					\
X(cors, credentials, XC_SWITCH, "false", 0, 0,				\
    "let them send cookies")						\
X(cors, max_age_s, XC_NUMBER, "600", 0, 86400,				\
    "how long a browser keeps the answer")				\
X(headers, nosniff, XC_SWITCH, "true", 0, 0,				\
    "X-Content-Type-Options: nosniff")					\
X(headers, referrer_policy, XC_TEXT, "no-referrer", 0, 0,		\
    "Referrer-Policy")							\
X(headers, strict_transport_security, XC_TEXT, "max-age=31536000", 0, 0, \
    "Strict-Transport-Security, over https alone")			\
X(headers, opener_policy, XC_TEXT, "same-origin", 0, 0,			\
    "Cross-Origin-Opener-Policy")					\
X(headers, resource_policy, XC_TEXT, "same-origin", 0, 0,		\
    "Cross-Origin-Resource-Policy")					\
X(headers, content_security_policy, XC_TEXT,				\
    "default-src 'none'; frame-ancestors 'none'", 0, 0,			\
    "Content-Security-Policy of all but HTML")				\
X(headers, html_security_policy, XC_TEXT,				\
    "base-uri 'self'; frame-ancestors 'self'; object-src 'none'", 0, 0,	\
    "Content-Security-Policy of HTML")					\
X(headers, more, XC_MAP, "", 0, 0,					\
    "other headers, by name")						\
X(rate, name, XC_TEXT, "", 0, 0,					\
    "its name in the headers; empty is that of what it counts by")	\
X(rate, by, XC_CHOICE, "address", 0, "address|user|key",		\
    "what it counts by")						\
X(rate, header, XC_TEXT, "X-Api-Key", 0, 0,				\
    "header of the key that it counts by")				\
X(rate, limit, XC_NUMBER, "60", 1, 1000000000,				\
    "requests in a window")						\
X(rate, window_s, XC_NUMBER, "60", 1, 86400,				\
    "seconds of the window")						\
X(rate, kind, XC_CHOICE, "sliding", 0, "sliding|fixed",			\
    "how the windows follow each other")
