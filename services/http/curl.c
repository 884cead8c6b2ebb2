/* SPDX-License-Identifier: MIT */
/* libcurl: one handle for each process, which keeps connections open. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <curl/curl.h>

#include "address.h"
#include "answer.h"
#include "http.h"
#include "lib/url.h"
#include "loggers/logger.h"

#define CONNECTIONS_MAX 8L	/* kept open */

static struct xc_logger logger = XC_LOGGER("xcore.http");

struct client {
	CURL *easy;		/* NULL before the first request */
	bool global;
};

/* One request on its way. */
struct flight {
	const struct xc_http_ask *ask;
	struct xc_http_answer answer;
	struct curl_slist *lines;
	bool local;		/* an address or "localhost" is asked for */
	bool refused;		/* an address that may not be asked */
	char why[CURL_ERROR_SIZE];
};

static bool
is_method(const struct xc_http_ask *ask, const char *method)
{
	return strcmp(ask->method, method) == 0;
}

/* What may have been done though no answer came, and must not be done
 * twice. */
static bool
is_write(const struct xc_http_ask *ask)
{
	return !is_method(ask, "GET") && !is_method(ask, "HEAD") &&
	    !is_method(ask, "OPTIONS") && !is_method(ask, "PUT") &&
	    !is_method(ask, "DELETE");
}

static size_t
take_line(char *data, size_t size, size_t n, void *ctx)
{
	struct flight *flight = ctx;

	return xc_http_answer_line(&flight->answer, data, size * n) ?
	    size * n : 0;
}

static size_t
take_body(char *data, size_t size, size_t n, void *ctx)
{
	struct flight *flight = ctx;

	return xc_http_answer_body(&flight->answer, data, size * n) ?
	    size * n : 0;
}

/*
 * Whoever owns a name has it lead where he likes.  So one that a permission
 * names may lead into a private network, as names of one's own do, but to this
 * machine only one that says so itself.
 */
static bool
names_local(const struct xc_http_ask *ask)
{
	struct in_addr in;
	struct xc_url url;
	const char *tail;

	if (xc_url_parse(ask->url, &url, NULL) != XC_OK)
		return false;
	tail = strrchr(url.host, '.');
	return url.host[0] == '[' || inet_pton(AF_INET, url.host, &in) == 1 ||
	    strcmp(tail != NULL ? tail + 1 : url.host, "localhost") == 0;
}

/* Before a connection: nothing is sent to an address that may not be asked. */
static curl_socket_t
open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct flight *flight = ctx;

	if (purpose != CURLSOCKTYPE_IPCXN || (flight->ask->named ?
	    !flight->local && xc_address_is_local(&address->addr) :
	    !xc_address_is_public(&address->addr))) {
		flight->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);
}

/* Before a request: the connection may be one that was kept open for another
 * plugin, which may ask that host. */
static int
look_at_peer(void *ctx, char *peer, char *local, int peer_port,
    int local_port)
{
	struct flight *flight = ctx;

	(void)local;
	(void)peer_port;
	(void)local_port;
	if (flight->ask->named ?
	    flight->local || !xc_address_text_is_local(peer) :
	    xc_address_text_is_public(peer))
		return CURL_PREREQFUNC_OK;
	flight->refused = true;
	return CURL_PREREQFUNC_ABORT;
}

static bool
add_line(struct flight *flight, const char *line)
{
	struct curl_slist *lines = curl_slist_append(flight->lines, line);

	if (lines == NULL)
		return false;
	flight->lines = lines;
	return true;
}

static bool
has_line(const struct xc_http_ask *ask, const char *name)
{
	size_t len = strlen(name);
	size_t i;

	for (i = 0; i < ask->n_headers; i++)
		if (strncasecmp(ask->headers[i], name, len) == 0)
			return true;
	return false;
}

/* What libcurl would add of its own is kept away. */
static bool
make_lines(struct flight *flight)
{
	const struct xc_http_ask *ask = flight->ask;
	bool good = add_line(flight, "Expect:");
	size_t i;

	if (good && !has_line(ask, "content-type:"))
		good = add_line(flight, "Content-Type:");
	for (i = 0; good && i < ask->n_headers; i++)
		good = add_line(flight, ask->headers[i]);
	return good;
}

#define SET(easy, option, value)					\
	do {								\
		if (curl_easy_setopt(easy, option, value) != CURLE_OK)	\
			return false;					\
	} while (0)

/* What is so with every request. */
static bool
set_common(CURL *easy)
{
	SET(easy, CURLOPT_NOSIGNAL, 1L);
	SET(easy, CURLOPT_NOPROGRESS, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
	SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	SET(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP |
	    CURLPROTO_HTTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
	/* Else a time-out waits for the name server after all. */
	SET(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
	SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(easy, CURLOPT_HTTP09_ALLOWED, 0L);
	SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
	SET(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	SET(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	/* Not those of the environment either. */
	SET(easy, CURLOPT_PROXY, "");
	SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(easy, CURLOPT_USERAGENT, "xcore");
	SET(easy, CURLOPT_MAXCONNECTS, CONNECTIONS_MAX);
	SET(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(easy, CURLOPT_PREREQFUNCTION, look_at_peer);
	SET(easy, CURLOPT_HEADERFUNCTION, take_line);
	SET(easy, CURLOPT_WRITEFUNCTION, take_body);
	return true;
}

static bool
set_body(CURL *easy, const struct xc_http_ask *ask)
{
	if (is_method(ask, "HEAD")) {
		SET(easy, CURLOPT_NOBODY, 1L);
		return true;
	}
	if (ask->body_len > 0 || is_write(ask) || is_method(ask, "PUT")) {
		SET(easy, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)ask->body_len);
		SET(easy, CURLOPT_POSTFIELDS, ask->body_len > 0 ?
		    (const char *)ask->body : "");
	}
	SET(easy, CURLOPT_CUSTOMREQUEST, ask->method);
	return true;
}

static bool
set_up(CURL *easy, struct flight *flight)
{
	const struct xc_http_ask *ask = flight->ask;

	curl_easy_reset(easy);
	if (!set_common(easy) || !set_body(easy, ask) || !make_lines(flight))
		return false;
	SET(easy, CURLOPT_URL, ask->url);
	SET(easy, CURLOPT_HTTPHEADER, flight->lines);
	SET(easy, CURLOPT_TIMEOUT_MS, (long)ask->timeout_ms);
	SET(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)ask->timeout_ms);
	SET(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)ask->reply_max);
	/* A kept connection that turns out to be dead makes libcurl send the
	 * request again. */
	SET(easy, CURLOPT_FRESH_CONNECT, is_write(ask) ? 1L : 0L);
	SET(easy, CURLOPT_OPENSOCKETDATA, flight);
	SET(easy, CURLOPT_PREREQDATA, flight);
	SET(easy, CURLOPT_HEADERDATA, flight);
	SET(easy, CURLOPT_WRITEDATA, flight);
	SET(easy, CURLOPT_ERRORBUFFER, flight->why);
	return true;
}

static enum xc_err
judge(const struct flight *flight, CURLcode code)
{
	if (flight->answer.err != XC_OK)
		return flight->answer.err;
	switch (code) {
	case CURLE_OK:
		return XC_OK;
	case CURLE_COULDNT_CONNECT:
	case CURLE_ABORTED_BY_CALLBACK:
		return flight->refused ? XC_ERR_DENIED : XC_ERR_UNAVAILABLE;
	case CURLE_OPERATION_TIMEDOUT:
		return XC_ERR_TIMEOUT;
	case CURLE_FILESIZE_EXCEEDED:
		return XC_ERR_TOO_LARGE;
	case CURLE_OUT_OF_MEMORY:
		return XC_ERR_NOMEM;
	case CURLE_URL_MALFORMAT:
		return XC_ERR_INVALID;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
		return XC_ERR_UNAVAILABLE;
	default:
		return is_write(flight->ask) ? XC_ERR_UNCERTAIN
		    : XC_ERR_UNAVAILABLE;
	}
}

/* No path and no query: they may hold a secret. */
static void
tell(const struct flight *flight, CURLcode code, enum xc_err err)
{
	const struct xc_http_ask *ask = flight->ask;
	enum xc_log_level level = err == XC_OK ? XC_LOG_DEBUG
	    : XC_LOG_WARNING;
	struct xc_url url;

	if (!xc_logger_enabled(&logger, level) ||
	    xc_url_parse(ask->url, &url, NULL) != XC_OK)
		return;
	xc_logf(&logger, level, "%s %s://%s:%u: %s%s%s", ask->method,
	    url.tls ? "https" : "http", url.host, (unsigned)url.port,
	    err == XC_OK ? "answered" : xc_strerror(err),
	    err == XC_OK ? "" : ": ",
	    err == XC_OK ? "" :
	    flight->refused && ask->named ? "it leads to this machine, for "
	    "which a permission names localhost or an address" :
	    flight->refused ? "its address is not public, and no permission "
	    "names the host" :
	    err == XC_ERR_TOO_LARGE ? "the answer is over the limit" :
	    flight->why[0] != '\0' ? flight->why : curl_easy_strerror(code));
}

static enum xc_err
open_client(struct client *client)
{
	if (client->easy != NULL)
		return XC_OK;
	if (!client->global && curl_global_init(CURL_GLOBAL_DEFAULT) !=
	    CURLE_OK)
		return XC_ERR_NOMEM;
	client->global = true;
	client->easy = curl_easy_init();
	return client->easy != NULL ? XC_OK : XC_ERR_NOMEM;
}

static enum xc_err
fly(struct client *client, struct flight *flight, struct xc_http_got *got_r)
{
	CURLcode code = CURLE_FAILED_INIT;
	enum xc_err err = XC_ERR_NOMEM;
	long status = 0;

	if (set_up(client->easy, flight)) {
		code = curl_easy_perform(client->easy);
		err = judge(flight, code);
	}
	tell(flight, code, err);
	if (err == XC_OK)
		(void)curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE,
		    &status);
	if (err == XC_OK)
		err = xc_http_answer_finish(&flight->answer, (int)status,
		    got_r);
	/* It points into what ends here. */
	curl_easy_reset(client->easy);
	return err;
}

static enum xc_err
curl_ask(void *ctx, const struct xc_http_ask *ask, struct xc_http_got *got_r)
{
	struct flight flight = { .ask = ask, .local = names_local(ask),
		.answer = { .body_max = ask->reply_max } };
	struct client *client = ctx;
	enum xc_err err = open_client(client);

	memset(got_r, 0, sizeof(*got_r));
	if (err == XC_OK)
		err = fly(client, &flight, got_r);
	curl_slist_free_all(flight.lines);
	xc_http_answer_free(&flight.answer);
	return err;
}

static void
curl_close(void *ctx)
{
	struct client *client = ctx;

	if (client->easy != NULL)
		curl_easy_cleanup(client->easy);
	if (client->global)
		curl_global_cleanup();
	free(client);
}

static const struct xc_http_ops curl_ops = { .ask = curl_ask };

enum xc_err
xc_http_open(struct xc_http_service *service, struct xc_errbuf *errbuf)
{
	memset(service, 0, sizeof(*service));
	service->ctx = calloc(1, sizeof(struct client));
	if (service->ctx == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory for "
		    "requests to other servers");
	service->ops = &curl_ops;
	service->close = curl_close;
	return XC_OK;
}

void
xc_http_close(struct xc_http_service *service)
{
	if (service->close != NULL)
		service->close(service->ctx);
	memset(service, 0, sizeof(*service));
}
