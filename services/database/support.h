/* SPDX-License-Identifier: MIT */
/* What the tests of the MariaDB driver share; see tests/services/run-database.
 * Each begins with a connection and empty tables. */
#ifndef XC_DATABASE_SUPPORT_H
#define XC_DATABASE_SUPPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "connection.h"

#define SCHEMA "xcore_test"

extern struct xc_database_settings settings;
extern struct xc_connection *con;

/* Fills the settings from the environment; false if it has no server. */
bool find_server(void);

/* Until the connection is there again by itself. */
void wait_for_server(struct xc_connection *c);

int set_up(void **state);
int tear_down(void **state);

struct xc_connection *new_connection(void);

/* One that would wait for an hour: for what takes long, or what a deadline
 * has to end. */
struct xc_connection *patient_connection(void);

enum xc_err do_exec(struct xc_connection *c, const char *sql,
    const struct xc_value *args, size_t n_args);
void must(struct xc_connection *c, const char *sql);

/* The rows as JSON text, "error WORDS" for a failure; static. */
const char *rows_text(struct xc_connection *c, const char *sql,
    const struct xc_value *args, size_t n_args);

/* The last column of the first row; -1 for a failure. */
int64_t number(struct xc_connection *c, const char *sql);

pid_t server_pid(void);

/* Stops the server and waits until each of its threads has. */
void stop_server(void);

/* Writes the secret of which passwords are made; gives the file's path. */
const char *make_secret(const char *text);

/* Makes the account of a plugin, with rights on its schema, or that of the
 * services (NULL), without any. */
void give_account(struct xc_connection *by, const char *plugin);

#endif
