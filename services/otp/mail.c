/* SPDX-License-Identifier: MIT */
/* libcurl: one connection for each letter, so that none goes stale. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include "services/security/token.h"

#include "letter.h"

#define ID_BYTES 16

struct mailer {
	char *server;
	char *from;
	char *user;		/* "": none */
	char *password;
	char *tls_ca;		/* "": the system's */
	long tls;		/* curl_usessl */
	long timeout_ms;
	bool global;
};

/* One letter on its way. */
struct post {
	struct xc_block text;
	size_t sent;
	struct curl_slist *to;
	int64_t end_ms;		/* CLOCK_MONOTONIC */
	bool late;
	curl_socket_t fd;
	char why[CURL_ERROR_SIZE];
};

/* --- settings ------------------------------------------------------------ */

static bool
is_smtps(const char *server)
{
	return strncmp(server, "smtps://", 8) == 0;
}

/* A host and a port, nothing else. */
static bool
server_ok(const char *server)
{
	const char *host;
	size_t i;

	if (strncmp(server, "smtp://", 7) != 0 && !is_smtps(server))
		return false;
	host = strstr(server, "://") + 3;
	for (i = 0; host[i] != '\0'; i++)
		if ((unsigned char)host[i] <= ' ' || host[i] == 0x7f ||
		    strchr("/?#@\\", host[i]) != NULL)
			return false;
	return i > 0;
}

/* A password is not shown to whoever listens on the way. */
static bool
is_here(const char *server)
{
	static const char *const names[] = { "127.0.0.1", "[::1]",
		"localhost" };
	const char *host = strstr(server, "://") + 3;
	size_t len, i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		len = strlen(names[i]);
		if (strncmp(host, names[i], len) == 0 &&
		    (host[len] == '\0' || host[len] == ':'))
			return true;
	}
	return false;
}

static enum xc_err
check(const struct xc_mail_settings *settings, struct xc_errbuf *errbuf)
{
	if (!server_ok(settings->server))
		return xc_fail(errbuf, XC_ERR_INVALID, "mail.server is no "
		    "server; write smtp://host:port or smtps://host:port");
	if (!xc_address_ok(settings->from))
		return xc_fail(errbuf, XC_ERR_INVALID, "mail.from is no "
		    "address; write it as name@host");
	if (settings->user[0] == '\0')
		return XC_OK;
	if (settings->password_file[0] == '\0')
		return xc_fail(errbuf, XC_ERR_INVALID, "mail.user is set but "
		    "mail.password_file is not");
	if (strcmp(settings->tls, "require") != 0 &&
	    !is_smtps(settings->server) && !is_here(settings->server))
		return xc_fail(errbuf, XC_ERR_INVALID, "mail.user would be "
		    "sent without TLS; set mail.tls to \"require\"");
	return XC_OK;
}

static long
tls_of(const char *tls)
{
	if (strcmp(tls, "none") == 0)
		return CURLUSESSL_NONE;
	return strcmp(tls, "try") == 0 ? CURLUSESSL_TRY : CURLUSESSL_ALL;
}

/* --- sending ------------------------------------------------------------- */

static size_t
give_text(char *to, size_t size, size_t n, void *ctx)
{
	struct post *post = ctx;
	size_t len = post->text.used - post->sent;

	if (len > size * n)
		len = size * n;
	memcpy(to, post->text.base + post->sent, len);
	post->sent += len;
	return len;
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static curl_socket_t
open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct post *post = ctx;

	(void)purpose;
	post->fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);
	return post->fd;
}

static int
close_socket(void *ctx, curl_socket_t fd)
{
	struct post *post = ctx;

	if (post->fd == fd)
		post->fd = CURL_SOCKET_BAD;
	return close(fd);
}

/* libcurl says QUIT after its time-out and waits once more for the answer;
 * not when there is nobody to say it to. */
static int
look_at_time(void *ctx, curl_off_t down_total, curl_off_t down,
    curl_off_t up_total, curl_off_t up)
{
	struct post *post = ctx;

	(void)down_total;
	(void)down;
	(void)up_total;
	(void)up;
	if (now_ms() < post->end_ms)
		return 0;
	post->late = true;
	if (post->fd != CURL_SOCKET_BAD)
		(void)shutdown(post->fd, SHUT_RDWR);
	return 1;
}

/* What the server says is not for standard output. */
static size_t
drop(char *data, size_t size, size_t n, void *ctx)
{
	(void)data;
	(void)ctx;
	return size * n;
}

#define SET(easy, option, value)					\
	do {								\
		if (curl_easy_setopt(easy, option, value) != CURLE_OK)	\
			return false;					\
	} while (0)

static bool
set_server(CURL *easy, const struct mailer *mailer)
{
	SET(easy, CURLOPT_NOSIGNAL, 1L);
	SET(easy, CURLOPT_NOPROGRESS, 0L);
#if LIBCURL_VERSION_NUM >= 0x075500
	SET(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
#else
	SET(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_SMTP |
	    CURLPROTO_SMTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
	/* Else a time-out waits for the name server after all. */
	SET(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
	SET(easy, CURLOPT_URL, mailer->server);
	SET(easy, CURLOPT_PROXY, "");
	SET(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(easy, CURLOPT_TIMEOUT_MS, mailer->timeout_ms);
	SET(easy, CURLOPT_CONNECTTIMEOUT_MS, mailer->timeout_ms);
	/* libcurl waits 2 minutes for each answer by itself. */
	SET(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT,
	    mailer->timeout_ms / 1000 + 1);
	SET(easy, CURLOPT_USE_SSL, mailer->tls);
	SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (mailer->tls_ca[0] != '\0')
		SET(easy, CURLOPT_CAINFO, mailer->tls_ca);
	if (mailer->user[0] != '\0') {
		SET(easy, CURLOPT_USERNAME, mailer->user);
		SET(easy, CURLOPT_PASSWORD, mailer->password);
	}
	return true;
}

static bool
set_post(CURL *easy, const struct mailer *mailer,
    const struct xc_letter *letter, struct post *post)
{
	char from[XC_ADDRESS_MAX + 3] = "<";

	strcat(from, mailer->from);
	strcat(from, ">");
	post->to = curl_slist_append(NULL, letter->to);
	if (post->to == NULL)
		return false;
	SET(easy, CURLOPT_MAIL_FROM, from);
	SET(easy, CURLOPT_MAIL_RCPT, post->to);
	SET(easy, CURLOPT_UPLOAD, 1L);
	SET(easy, CURLOPT_READFUNCTION, give_text);
	SET(easy, CURLOPT_READDATA, post);
	SET(easy, CURLOPT_WRITEFUNCTION, drop);
	SET(easy, CURLOPT_HEADERFUNCTION, drop);
	SET(easy, CURLOPT_ERRORBUFFER, post->why);
	SET(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(easy, CURLOPT_OPENSOCKETDATA, post);
	SET(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	SET(easy, CURLOPT_CLOSESOCKETDATA, post);
	SET(easy, CURLOPT_XFERINFOFUNCTION, look_at_time);
	SET(easy, CURLOPT_XFERINFODATA, post);
	/* Each has a connection of its own. */
	SET(easy, CURLOPT_FORBID_REUSE, 1L);
	return true;
}

static enum xc_err
judge(CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		return XC_OK;
	case CURLE_OPERATION_TIMEDOUT:
		return XC_ERR_TIMEOUT;
	case CURLE_OUT_OF_MEMORY:
		return XC_ERR_NOMEM;
	default:
		return XC_ERR_UNAVAILABLE;
	}
}

/* What libcurl says names neither addresses nor what is in the letter. */
static enum xc_err
deliver(const struct mailer *mailer, const struct xc_letter *letter,
    struct post *post, struct xc_errbuf *errbuf)
{
	CURL *easy = curl_easy_init();
	CURLcode code = CURLE_OUT_OF_MEMORY;
	enum xc_err err;

	if (easy != NULL && set_server(easy, mailer) &&
	    set_post(easy, mailer, letter, post))
		code = curl_easy_perform(easy);
	if (easy != NULL)
		curl_easy_cleanup(easy);
	err = post->late && code != CURLE_OK ? XC_ERR_TIMEOUT : judge(code);
	if (err == XC_OK)
		return XC_OK;
	return xc_fail(errbuf, err, "%s did not take a letter: %s",
	    mailer->server, err == XC_ERR_TIMEOUT ? "mail.timeout_ms passed"
	    : post->why[0] != '\0' ? post->why : curl_easy_strerror(code));
}

static enum xc_err
write_letter(const struct mailer *mailer, const struct xc_letter *letter,
    struct post *post, struct xc_errbuf *errbuf)
{
	unsigned char random[ID_BYTES];
	char id[2 * ID_BYTES + 1];
	const struct xc_letter_frame frame = { .from = mailer->from,
		.id = id, .at = (int64_t)time(NULL) };
	enum xc_err err = xc_random(random, sizeof(random));

	if (err != XC_OK)
		return xc_fail(errbuf, err, "there are no random numbers");
	xc_hex_write(random, sizeof(random), id);
	return xc_letter_write(letter, &frame, &post->text, errbuf);
}

static enum xc_err
mailer_send(void *ctx, const struct xc_letter *letter,
    struct xc_errbuf *errbuf)
{
	struct mailer *mailer = ctx;
	struct post post = { .fd = CURL_SOCKET_BAD,
		.end_ms = now_ms() + mailer->timeout_ms };
	enum xc_err err = XC_OK;

	if (!mailer->global && curl_global_init(CURL_GLOBAL_DEFAULT) !=
	    CURLE_OK)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	mailer->global = true;
	err = write_letter(mailer, letter, &post, errbuf);
	if (err == XC_OK)
		err = deliver(mailer, letter, &post, errbuf);
	curl_slist_free_all(post.to);
	/* There may be a code in it. */
	if (post.text.base != NULL)
		xc_wipe(post.text.base, post.text.used);
	xc_block_free(&post.text);
	return err;
}

static const struct xc_mail_ops mailer_ops = { .send = mailer_send };

static void
mailer_close(void *ctx)
{
	struct mailer *mailer = ctx;

	if (mailer->global)
		curl_global_cleanup();
	free(mailer->server);
	free(mailer->from);
	free(mailer->user);
	xc_secret_free(&mailer->password);
	free(mailer->tls_ca);
	free(mailer);
}

/* --- the service --------------------------------------------------------- */

static enum xc_err
read_settings(struct mailer *mailer, const struct xc_mail_settings *settings,
    struct xc_errbuf *errbuf)
{
	enum xc_err err;

	mailer->tls = is_smtps(settings->server) ? CURLUSESSL_ALL
	    : tls_of(settings->tls);
	mailer->timeout_ms = (long)settings->timeout_ms;
	mailer->server = strdup(settings->server);
	mailer->from = strdup(settings->from);
	mailer->user = strdup(settings->user);
	mailer->tls_ca = strdup(settings->tls_ca);
	if (mailer->server == NULL || mailer->from == NULL ||
	    mailer->user == NULL || mailer->tls_ca == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	if (mailer->user[0] == '\0')
		return XC_OK;
	err = xc_secret_read(settings->password_file, &mailer->password,
	    errbuf);
	return err != XC_OK ? xc_fail_prefix(errbuf, err,
	    "mail.password_file") : XC_OK;
}

enum xc_err
xc_mail_open(const struct xc_mail_settings *settings, struct xc_mail *mail,
    struct xc_errbuf *errbuf)
{
	struct mailer *mailer;
	enum xc_err err;

	memset(mail, 0, sizeof(*mail));
	if (settings->server[0] == '\0')
		return XC_OK;
	err = check(settings, errbuf);
	if (err != XC_OK)
		return err;
	mailer = calloc(1, sizeof(*mailer));
	if (mailer == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	err = read_settings(mailer, settings, errbuf);
	if (err != XC_OK) {
		mailer_close(mailer);
		return err;
	}
	mail->ops = &mailer_ops;
	mail->ctx = mailer;
	mail->close = mailer_close;
	return XC_OK;
}

void
xc_mail_close(struct xc_mail *mail)
{
	if (mail->close != NULL)
		mail->close(mail->ctx);
	memset(mail, 0, sizeof(*mail));
}
