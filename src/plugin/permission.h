/* SPDX-License-Identifier: MIT */
/* The permissions that a plugin can ask for, and what they mean. */
#ifndef XC_PERMISSION_H
#define XC_PERMISSION_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/errbuf.h"

/*
 * "database", "cache", "openapi", "auth", "account", "admin", "otp",
 * "passwords", "plugins", "health", "middleware", "http:HOST",
 * "http:HOST:PORT", "http:*", "event:NAME".
 * A host is a name in small letters or an address (IPv6 in brackets).
 * XC_ERR_INVALID: errbuf says what is wrong and, for an unknown one, which
 * is nearest.
 */
enum xc_err xc_permission_check(const char *permission,
    struct xc_errbuf *errbuf);

/*
 * Begins what is accepted of a subscription: "hears:NAME".  No plugin asks for
 * it by that name: its "events" do.
 */
#define XC_HEARS "hears:"

/* In words, for whoever is to say yes: "keep tables of its own in MariaDB". */
void xc_permission_words(const char *permission, char *words_r, size_t size);

/* The name of an event: words of small letters, digits, '_' and '-' with dots
 * between, beginning with a letter, at most 64 bytes. */
bool xc_event_name_ok(const char *name);

#endif
