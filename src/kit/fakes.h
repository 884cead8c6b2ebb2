/* SPDX-License-Identifier: MIT */
/*
 * The services of a plugin under test: a database, services that know users
 * and other servers that go through the test's script, an authentication that
 * believes it, a cache in memory, an ear for events, log and streamed replies.
 * What was used is noted, by permission.
 */
#ifndef XC_KIT_FAKES_H
#define XC_KIT_FAKES_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/errbuf.h"
#include "lib/host.h"

struct json_object;
struct xc_fakes;

enum xc_err xc_fakes_create(struct xc_fakes **fakes_r);
void xc_fakes_free(struct xc_fakes **fakes);

/* All services; lives as long as the fakes. */
const struct xc_host *xc_fakes_host(const struct xc_fakes *fakes);

/* A new file of tests: the cache is empty again. */
void xc_fakes_forget(struct xc_fakes *fakes);

/*
 * A test begins: its members "database", "desk" and "http" are what is
 * expected and answered, "auth" is who sends the request.  XC_ERR_INVALID: they
 * are not as they should be.
 */
enum xc_err xc_fakes_begin(struct xc_fakes *fakes, struct json_object *test,
    struct xc_errbuf *errbuf);

/* It is over.  XC_ERR_STATE: something else was asked for than expected, or
 * not all that was. */
enum xc_err xc_fakes_end(struct xc_fakes *fakes, struct xc_errbuf *errbuf);

/* Of the test: the log's lines, NUL-terminated; events as an array of
 * {"name","data"}; the body of a streamed reply. */
const char *xc_fakes_log(const struct xc_fakes *fakes);
struct json_object *xc_fakes_events(const struct xc_fakes *fakes);
const char *xc_fakes_stream(const struct xc_fakes *fakes, size_t *len_r);

/* A line of the plugin's own output, for the log. */
void xc_fakes_output(struct xc_fakes *fakes, const char *text, size_t len);

/* {"database": 3, "http:api.example.org": 1}: how often each permission was
 * used, of all tests; borrowed. */
struct json_object *xc_fakes_uses(const struct xc_fakes *fakes);
void xc_fakes_note_use(struct xc_fakes *fakes, const char *permission);

#endif
