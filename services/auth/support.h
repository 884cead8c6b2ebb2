/* SPDX-License-Identifier: MIT */
/* What the tests of authentication share; see tests/services/run-identity.
 * Each begins with empty tables and a service on them. */
#ifndef XC_AUTH_SUPPORT_H
#define XC_AUTH_SUPPORT_H

#include "auth-private.h"

#define PASSWORD "correct horse battery"
#define HOME "192.0.2.7"	/* where the user is at home */

extern struct xc_settings settings;
extern struct xc_identity identity;
extern struct xc_auth *auth;
extern struct xc_store *store;
extern struct xc_caller caller;	/* nobody, from HOME */

/* Of the last ask(): its result as text ("" for none), and the refusal. */
extern struct json_object *result;
extern struct xc_refusal refusal;
extern unsigned n_hashes;	/* argon2 hashes made since it was set to 0 */

/* The second factor of the tests: who has one, and its only code. */
#define CODE "492039"
#define MAILED_CODE "49203949"
extern int64_t enrolled_id;
extern unsigned n_mailed;

/* Whether there is a server; a test ends with 77 if not. */
bool find_server(void);
int set_up(void **state);
int tear_down(void **state);

/* Runs a statement that has to work; the first cell of its first row, as a
 * number, -1 if there is none. */
void must(const char *sql);
int64_t number(const char *sql);

/* Makes a user with that password (NULL: none); gives the id. */
int64_t make_user(const char *name, const char *email, const char *password);

/* Asks the desk for an operation as the caller; args is JSON, in which ' may
 * stand for ". */
enum xc_err ask(const char *operation, const char *args);

/* ... with an object, whose reference is taken. */
enum xc_err ask_with(const char *operation, struct json_object *args);

/* ... to log in from an address. */
enum xc_err log_in(const char *name, const char *password,
    const char *address);

/* A text of the last result, copied; it has to be there. */
void keep_text(const char *key, char *text_r, size_t size);

/* "NAME=value" of a request's parameters; the caller's to free. */
char *param(const char *name, const char *value);

/* The caller is that user in the session of the last result. */
void become(int64_t user_id);

#endif
