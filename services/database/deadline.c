/* SPDX-License-Identifier: MIT */
/*
 * How long a call may take.  The server stops a statement by the session's
 * max_statement_time, which leaves the connection fit for the next.  A server
 * that does not answer at all is left by a time-out of the socket.
 *
 * To set the session's limit is a round trip, so it is done when the one that
 * stands ends too late, or much too early.
 */
#include <stdio.h>
#include <time.h>

#include "connection-private.h"

int64_t
xc_connection_left_ms(const struct xc_connection *c)
{
	return c->end_us == 0 ? INT64_MAX :
	    (int64_t)c->end_us / 1000 - xc_connection_now_ms();
}

static int64_t
left_ms(const struct xc_connection *c)
{
	int64_t left = xc_connection_left_ms(c);

	/* What asked has something to say of it in time. */
	left -= left / 32;
	return left < c->read_ms ? left : c->read_ms;
}

int64_t
xc_connection_statement_ms(int64_t allowed_ms)
{
	int64_t ms = allowed_ms - allowed_ms / 10 - 3;

	return ms > 0 ? ms : 1;
}

/*
 * The library's own settings are in seconds, and hold for connections to
 * come.  What it waits by is in its public header; that it is what we take it
 * for was seen when it was connected.
 */
static void
set_socket(struct xc_connection *c, int64_t ms)
{
	MARIADB_PVIO *pvio = c->mysql->net.pvio;

	/* The library has none when it has lost the connection. */
	if (pvio == NULL || (c->allowed_ms == ms && c->exact))
		return;
	if (!c->exact && pvio->timeout[PVIO_READ_TIMEOUT] !=
	    (int)c->read_s * 1000)
		return;
	c->exact = true;
	c->allowed_ms = ms;
	pvio->timeout[PVIO_READ_TIMEOUT] = (int)ms;
	pvio->timeout[PVIO_WRITE_TIMEOUT] = (int)ms;
}

void
xc_connection_wait_at_most(struct xc_connection *c, int64_t ms)
{
	set_socket(c, ms);
}

static enum xc_err
set_statement(struct xc_connection *c, int64_t ms)
{
	char sql[64];
	int n = snprintf(sql, sizeof(sql), "SET SESSION max_statement_time = "
	    "%lld.%03d", (long long)(ms / 1000), (int)(ms % 1000));

	if (mysql_real_query(c->mysql, sql, (unsigned long)n) != 0)
		return XC_ERR_FAILED;
	c->statement_ms = ms;
	return XC_OK;
}

enum xc_err
xc_connection_time(struct xc_connection *c)
{
	int64_t ms = left_ms(c), most;

	if (ms <= 0)
		return xc_connection_refuse(c, XC_ERR_TIMEOUT,
		    "the request's time was up before the statement");
	set_socket(c, ms);
	most = xc_connection_statement_ms(ms);
	if (c->statement_ms <= most + most / 20 &&
	    c->statement_ms >= most - most * 2 / 5)
		return XC_OK;
	return set_statement(c, most > 10 ? most - most / 20 : most);
}

void
xc_connection_time_row(struct xc_connection *c)
{
	int64_t ms = left_ms(c);

	set_socket(c, ms > 0 ? ms : 1);
}

void
xc_connection_until(struct xc_connection *c, uint64_t end_us)
{
	c->end_us = end_us;
}

enum xc_err
xc_connection_free_of_rows(struct xc_connection *c)
{
	if (!c->walking || c->mysql == NULL)
		return XC_OK;
	return xc_connection_refuse(c, XC_ERR_STATE, "rows are being read: "
	    "end that first");
}
