/* SPDX-License-Identifier: MIT */
/* The registry's inside, for registry*.c and migrate*.c. */
#ifndef XC_REGISTRY_PRIVATE_H
#define XC_REGISTRY_PRIVATE_H

#include <xcore/db.h>

#include "plugin/registry.h"
#include "services/database/connection.h"

#define XC_REGISTRY_TOKEN 33	/* 32 hex digits and a NUL */
#define XC_REGISTRY_CHUNK (256u << 10)

struct xc_registry {
	struct xc_connection *connection;
	const struct xc_settings *settings;
};

/* A statement in the core's schema; errbuf gets "what: reason". */
enum xc_err xc_registry_exec(struct xc_registry *registry, const char *what,
    const char *sql, const struct xc_value *args, size_t n_args,
    struct xc_db_result *result_r, struct xc_errbuf *errbuf);
enum xc_err xc_registry_rows(struct xc_registry *registry, const char *what,
    const char *sql, const struct xc_value *args, size_t n_args,
    struct json_object **rows_r, struct xc_errbuf *errbuf);

/* Turns the connection's last error into a sentence with a remedy. */
enum xc_err xc_registry_fail(struct xc_registry *registry, enum xc_err err,
    const char *what, struct xc_errbuf *errbuf);

/* 32 random hex digits. */
enum xc_err xc_registry_token(char token_r[static XC_REGISTRY_TOKEN],
    struct xc_errbuf *errbuf);

/* A member that is an integer, 0 if it is not. */
uint64_t xc_registry_number(const struct json_object *row, const char *key);

/* A member that is a string, "" if it is not. */
const char *xc_registry_text(const struct json_object *row, const char *key);

/* Inside a transaction: stores the package unless it is there whole. */
enum xc_err xc_registry_store_package(struct xc_registry *registry,
    const struct xc_package *package, uint64_t *id_r,
    struct xc_errbuf *errbuf);

/* Inside a transaction: what else a change may do, registry-quarantine.c. */
enum xc_err xc_registry_put_terms(struct xc_registry *registry,
    const char *name, const struct xc_registry_terms *terms,
    struct xc_errbuf *errbuf);
enum xc_err xc_registry_quarantine(struct xc_registry *registry,
    const struct xc_registry_change *change, struct xc_errbuf *errbuf);
enum xc_err xc_registry_demote(struct xc_registry *registry,
    const struct xc_registry_change *change, struct xc_errbuf *errbuf);
enum xc_err xc_registry_lift(struct xc_registry *registry,
    const struct xc_registry_change *change, struct xc_errbuf *errbuf);

/* registry-actions.c.  Inside a transaction: the permissions that users can
 * have follow the change.  The second, at a purge, makes its own, and takes
 * them from the roles too. */
enum xc_err xc_registry_put_actions(struct xc_registry *registry,
    const struct xc_registry_change *change, struct xc_errbuf *errbuf);
enum xc_err xc_registry_forget_actions(struct xc_registry *registry,
    const char *name, struct xc_errbuf *errbuf);

/* Inside a transaction: XC_ERR_TIMEOUT if the lease is no more ours. */
enum xc_err xc_lease_hold(struct xc_lease *lease, struct xc_errbuf *errbuf);

#endif
