/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "smtp-fixture.h"

#define CREDENTIALS "AHhjb3JlAHNlY3JldA=="	/* xcore, secret */

struct peer {
	const struct smtp_script *script;
	int fd;
	int heard;
	SSL_CTX *ctx;
	SSL *ssl;		/* NULL: none yet */
	bool known;
};

/* --- a certificate ------------------------------------------------------- */

static void
add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(ext);
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

/* For 127.0.0.1; whoever takes it for an authority trusts it. */
static SSL_CTX *
make_context(const char *path)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	X509_NAME *name = X509_get_subject_name(cert);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_non_null(ctx);
	assert_int_equal(X509_set_version(cert, 2), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"test", -1, -1, 0), 1);
	assert_int_equal(X509_set_issuer_name(cert, name), 1);
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	add_extension(cert, NID_subject_alt_name, "IP:127.0.0.1");
	add_extension(cert, NID_basic_constraints, "critical,CA:TRUE");
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_X509(file, cert), 1);
	fclose(file);
	assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
	X509_free(cert);
	EVP_PKEY_free(key);
	return ctx;
}

/* --- what is said -------------------------------------------------------- */

static bool
get(struct peer *peer, char *c)
{
	return peer->ssl != NULL ? SSL_read(peer->ssl, c, 1) == 1
	    : read(peer->fd, c, 1) == 1;
}

/* A line without its end; false when there is none any more. */
static bool
hear(struct peer *peer, char *line, size_t size)
{
	size_t len = 0;
	char c;

	while (get(peer, &c)) {
		if (write(peer->heard, &c, 1) != 1)
			return false;
		if (c == '\n') {
			line[len] = '\0';
			return true;
		}
		if (c != '\r' && len + 1 < size)
			line[len++] = c;
	}
	return false;
}

static void
put(struct peer *peer, const char *text, size_t len)
{
	ssize_t n = peer->ssl != NULL ? SSL_write(peer->ssl, text, (int)len)
	    : write(peer->fd, text, len);

	if (n < 0)
		_exit(0);
}

static void
misbehave(struct peer *peer, const char *answer)
{
	char c;

	if (answer[0] == '\0')
		_exit(0);
	while (strcmp(answer, "drip") == 0) {
		put(peer, "2", 1);
		usleep(20000);
	}
	while (strcmp(answer, "hang") == 0)
		if (!get(peer, &c))
			_exit(0);
	put(peer, answer, strlen(answer));
	put(peer, "\r\n", 2);
}

/* True if the script had the answer. */
static bool
say(struct peer *peer, const char *at, const char *answer)
{
	const struct smtp_script *script = peer->script;

	if (script->at != NULL && strcmp(script->at, at) == 0) {
		misbehave(peer, script->answer);
		return true;
	}
	put(peer, answer, strlen(answer));
	put(peer, "\r\n", 2);
	return false;
}

static void
start_tls(struct peer *peer)
{
	SSL *ssl = SSL_new(peer->ctx);

	if (ssl == NULL || SSL_set_fd(ssl, peer->fd) != 1 ||
	    SSL_accept(ssl) != 1)
		_exit(0);
	peer->ssl = ssl;
}

static void
greet(struct peer *peer)
{
	const int flags = peer->script->flags;
	char text[128];

	snprintf(text, sizeof(text), "250-test\r\n%s%s250 8BITMIME",
	    (flags & SMTP_STARTTLS) != 0 && peer->ssl == NULL ?
	    "250-STARTTLS\r\n" : "",
	    (flags & SMTP_AUTH) != 0 ? "250-AUTH PLAIN\r\n" : "");
	say(peer, "EHLO", text);
}

static void
take_data(struct peer *peer)
{
	char line[2048];

	if (say(peer, "DATA", "354 go on"))
		return;
	while (hear(peer, line, sizeof(line)))
		if (strcmp(line, ".") == 0) {
			say(peer, "END", "250 taken");
			return;
		}
	_exit(0);
}

static void
authenticate(struct peer *peer, const char *line)
{
	char more[256];

	if (strcmp(line, "AUTH PLAIN") == 0) {
		say(peer, "AUTH", "334 ");
		if (!hear(peer, more, sizeof(more)))
			_exit(0);
		line = more;
	} else {
		line += strlen("AUTH PLAIN ");
	}
	peer->known = strcmp(line, CREDENTIALS) == 0;
	say(peer, "AUTH", peer->known ? "235 welcome" : "535 who?");
}

static void
obey(struct peer *peer, const char *line)
{
	bool may = (peer->script->flags & SMTP_AUTH) == 0 || peer->known;

	if (strncasecmp(line, "EHLO", 4) == 0)
		greet(peer);
	else if (strncasecmp(line, "STARTTLS", 8) == 0) {
		say(peer, "STARTTLS", "220 go on");
		start_tls(peer);
	} else if (strncasecmp(line, "AUTH", 4) == 0)
		authenticate(peer, line);
	else if (strncasecmp(line, "MAIL", 4) == 0)
		say(peer, "MAIL", may ? "250 ok" : "530 log in");
	else if (strncasecmp(line, "RCPT", 4) == 0)
		say(peer, "RCPT", may ? "250 ok" : "530 log in");
	else if (strncasecmp(line, "DATA", 4) == 0)
		take_data(peer);
	else if (strncasecmp(line, "QUIT", 4) == 0)
		say(peer, "QUIT", "221 bye");
	else
		say(peer, "OTHER", "500 what?");
}

static void
serve(struct peer *peer, int listener)
{
	char line[2048];

	signal(SIGPIPE, SIG_IGN);
	alarm(60);
	peer->fd = accept(listener, NULL, NULL);
	if (peer->fd < 0)
		_exit(1);
	if ((peer->script->flags & SMTP_TLS) != 0)
		start_tls(peer);
	say(peer, "GREETING", "220 test");
	while (hear(peer, line, sizeof(line)))
		obey(peer, line);
	_exit(0);
}

/* --- for tests ----------------------------------------------------------- */

static int
listen_here(int *port_r)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len),
	    0);
	*port_r = ntohs(address.sin_port);
	return fd;
}

void
smtp_begin(struct smtp *smtp, const struct smtp_script *script)
{
	struct peer peer = { .script = script };
	int listener, ends[2];

	memset(smtp, 0, sizeof(*smtp));
	strcpy(smtp->folder, "/tmp/xcore-smtp.XXXXXX");
	assert_non_null(mkdtemp(smtp->folder));
	snprintf(smtp->ca, sizeof(smtp->ca), "%s/ca.pem", smtp->folder);
	peer.ctx = make_context(smtp->ca);
	listener = listen_here(&smtp->port);
	assert_int_equal(pipe(ends), 0);
	smtp->pid = fork();
	assert_true(smtp->pid >= 0);
	if (smtp->pid == 0) {
		close(ends[0]);
		peer.heard = ends[1];
		serve(&peer, listener);
	}
	SSL_CTX_free(peer.ctx);
	close(listener);
	close(ends[1]);
	smtp->pipe = ends[0];
}

void
smtp_end(struct smtp *smtp)
{
	size_t len = 0;
	ssize_t n;

	kill(smtp->pid, SIGKILL);
	assert_int_equal(waitpid(smtp->pid, NULL, 0), smtp->pid);
	while (len + 1 < sizeof(smtp->heard) && (n = read(smtp->pipe,
	    smtp->heard + len, sizeof(smtp->heard) - 1 - len)) > 0)
		len += (size_t)n;
	smtp->heard[len] = '\0';
	close(smtp->pipe);
	unlink(smtp->ca);
	rmdir(smtp->folder);
}

int
smtp_dead_port(void)
{
	int port;

	close(listen_here(&port));
	return port;
}
