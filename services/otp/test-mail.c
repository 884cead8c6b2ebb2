/* SPDX-License-Identifier: MIT */
/* Letters, and a mail server that does as it likes. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "letter.h"
#include "smtp-fixture.h"

#define UMLAUT "\xc3\xa4"

static const struct xc_letter_frame frame = { .from = "xcore@example.org",
	.id = "1f", .at = 1795428000 };

/* --- letters ------------------------------------------------------------- */

static const struct {
	const char *address;
	bool good;
} addresses[] = {
	{ "a@b", true }, { "ana.b+c@mail.example.org", true },
	{ "o'hara!#$%&*/=?^_`{|}~-@x.y", true }, { "a@1.2.3.4", true },
	{ "", false }, { "a", false }, { "@b", false }, { "a@", false },
	{ "a@b@c", false }, { "a b@c", false }, { ".a@b", false },
	{ "a.@b", false }, { "a..b@c", false }, { "a@b..c", false },
	{ "a@.b", false }, { "a@b.", false }, { "a@-b", false },
	{ "a@b-", false }, { "\"a\"@b", false }, { "a@[127.0.0.1]", false },
	{ "<a@b>", false }, { "a@b>", false }, { "a,b@c", false },
	{ "a@b\r\nRCPT TO:<c@d>", false }, { "a\n@b", false },
	{ "a@b\n", false }, { "a@b ", false }, { "a\t@b", false },
	{ UMLAUT "@b", false }, { "a@" UMLAUT, false }, { "a\x01@b", false },
	{ "a(c)@b", false }, { "a@b;c", false }, { "a\x7f@b", false },
};

static void
test_addresses(void **state)
{
	char address[300];

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		if (xc_address_ok(addresses[i].address) != addresses[i].good)
			fail_msg("%s", addresses[i].address);
	memset(address, 'a', sizeof(address));
	strcpy(address + 64, "@b");
	assert_true(xc_address_ok(address));
	strcpy(address + 65, "@b");
	memset(address, 'a', 65);
	assert_false(xc_address_ok(address));
	memset(address, 'a', sizeof(address));
	for (size_t i = 1; i < 254; i += 2)
		address[i] = '.';
	address[1] = '@';
	address[255] = '\0';
	assert_false(xc_address_ok(address));
	address[253] = '\0';
	assert_true(xc_address_ok(address));
}

static char *
write_letter(const char *subject, const char *text)
{
	const struct xc_letter letter = { .to = "ana@example.org",
		.subject = subject, .text = text };
	struct xc_block out = { .base = NULL };
	struct xc_errbuf errbuf = { .text = "" };

	if (xc_letter_write(&letter, &frame, &out, &errbuf) != XC_OK)
		fail_msg("%s", errbuf.text);
	assert_int_equal(xc_block_put(&out, "", 1), XC_OK);
	/* Lines end by CR LF alone, and none is over 998 bytes. */
	for (uint32_t i = 0, line = 0; i + 1 < out.used; i++) {
		line = out.base[i] == '\n' ? 0 : line + 1;
		assert_true(line <= 998);
		assert_true((out.base[i] == '\n') ==
		    (i > 0 && out.base[i - 1] == '\r'));
	}
	return (char *)out.base;
}

#define HEAD "Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n"		\
	"From: <xcore@example.org>\r\nTo: <ana@example.org>\r\n"	\
	"Message-ID: <1f@example.org>\r\n"
#define TAIL "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"	\
	"Content-Type: text/plain; charset=utf-8\r\n"			\
	"Content-Transfer-Encoding: "

static void
test_letters(void **state)
{
	char *text, subject[120];

	(void)state;
	text = write_letter("Your code", "12345678\n.\n..\nbye\n");
	assert_string_equal(text, HEAD "Subject: Your code\r\n" TAIL
	    "7bit\r\n\r\n12345678\r\n.\r\n..\r\nbye\r\n");
	free(text);
	text = write_letter("F" UMLAUT "r =?x", UMLAUT "\n\xe2\x82\xac");
	assert_string_equal(text, HEAD "Subject: =?UTF-8?B?RsOkciA9P3g=?=\r\n"
	    TAIL "base64\r\n\r\nw6QNCuKCrA0K\r\n");
	free(text);
	/* What looks like an encoded word is none. */
	text = write_letter("=?UTF-8?B?RsOkcg==?=", "");
	assert_non_null(strstr(text, "Subject: =?UTF-8?B?PT9VVEYtOD9C"));
	free(text);
	/* Long ones are folded between characters. */
	subject[0] = '\0';
	for (int i = 0; i < 39; i++)
		strcat(subject, "\xe2\x82\xac");
	text = write_letter(subject, "x");
	assert_non_null(strstr(text, "Subject: =?UTF-8?B?4oKs4oKs4oKs4oKs4oKs"
	    "4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs?=\r\n =?UTF-8?B?4oKs"));
	free(text);
}

static const struct {
	const char *to;
	const char *subject;
	const char *text;
} bad_letters[] = {
	{ "a@b\r\nBcc: x@y", "s", "t" }, { "x", "s", "t" },
	{ "a@b", "s\r\nBcc: x@y", "t" }, { "a@b", "s\n", "t" },
	{ "a@b", "s\rx", "t" }, { "a@b", "\xff", "t" }, { "a@b", "\x7f", "t" },
	{ "a@b", "s", "t\r\n.\r\nMAIL FROM:<x@y>" }, { "a@b", "s", "\r" },
	{ "a@b", "s", "\xc3" }, { "a@b", "s", "\x1b[1m" },
};

static void
test_bad_letters(void **state)
{
	static char huge[70000];
	struct xc_letter letter;
	struct xc_errbuf errbuf;

	(void)state;
	for (size_t i = 0; i < sizeof(bad_letters) / sizeof(bad_letters[0]);
	    i++) {
		struct xc_block out = { .base = NULL };

		letter = (struct xc_letter){ bad_letters[i].to,
			bad_letters[i].subject, bad_letters[i].text };
		assert_int_equal(xc_letter_write(&letter, &frame, &out,
		    &errbuf), XC_ERR_INVALID);
		assert_int_equal(out.used, 0);
		/* It is not written into a log either. */
		assert_null(strpbrk(errbuf.text, "\r\n\x1b"));
	}
	memset(huge, 'x', sizeof(huge) - 1);
	letter = (struct xc_letter){ "a@b", huge, "" };
	assert_int_equal(xc_letter_write(&letter, &frame, &(struct xc_block){
	    .base = NULL }, &errbuf), XC_ERR_TOO_LARGE);
	letter = (struct xc_letter){ "a@b", "", huge };
	assert_int_equal(xc_letter_write(&letter, &frame, &(struct xc_block){
	    .base = NULL }, &errbuf), XC_ERR_TOO_LARGE);
}

/* --- a server ------------------------------------------------------------ */

static char server[64];
static char password[64];

static struct xc_mail_settings
settings_for(const char *scheme, int port)
{
	snprintf(server, sizeof(server), "%s://127.0.0.1:%d", scheme, port);
	return (struct xc_mail_settings){ .server = server,
		.from = "xcore@example.org", .user = "", .password_file = "",
		.tls = "none", .tls_ca = "", .timeout_ms = 5000 };
}

static void
write_password(const char *text)
{
	int fd;

	strcpy(password, "/tmp/xcore-mail.XXXXXX");
	fd = mkstemp(password);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static enum xc_err
send_by(const struct xc_mail_settings *settings, struct xc_errbuf *errbuf)
{
	static const struct xc_letter letter = { .to = "ana@example.org",
		.subject = "Code", .text = "12345678\n.hidden\n.\nend\n" };
	struct xc_mail mail;
	enum xc_err err;

	errbuf->text[0] = '\0';
	assert_int_equal(xc_mail_open(settings, &mail, errbuf), XC_OK);
	err = mail.ops->send(mail.ctx, &letter, errbuf);
	xc_mail_close(&mail);
	assert_null(mail.ops);
	/* Neither the code nor the password is said. */
	assert_null(strstr(errbuf->text, "12345678"));
	assert_null(strstr(errbuf->text, "secret"));
	return err;
}

static int64_t timeout_ms = 20000;

/* Sends one by a server that plays a script. */
static enum xc_err
play(struct smtp_script script, const char *tls, bool trusted,
    struct smtp *smtp)
{
	struct xc_mail_settings settings;
	struct xc_errbuf errbuf;
	enum xc_err err;

	smtp_begin(smtp, &script);
	settings = settings_for((script.flags & SMTP_TLS) != 0 ? "smtps"
	    : "smtp", smtp->port);
	settings.tls = tls;
	settings.timeout_ms = timeout_ms;
	settings.tls_ca = trusted ? smtp->ca : "";
	if ((script.flags & SMTP_AUTH) != 0) {
		settings.user = "xcore";
		settings.password_file = password;
	}
	err = send_by(&settings, &errbuf);
	smtp_end(smtp);
	return err;
}

#define PLAY(tls, trusted, smtp, ...)					\
	play((struct smtp_script){ __VA_ARGS__ }, tls, trusted, smtp)

static void
test_sending(void **state)
{
	struct smtp smtp;

	(void)state;
	assert_int_equal(PLAY("none", false, &smtp, .flags = 0), XC_OK);
	assert_non_null(strstr(smtp.heard,
	    "MAIL FROM:<xcore@example.org>\r\n"));
	assert_non_null(strstr(smtp.heard,
	    "RCPT TO:<ana@example.org>\r\nDATA\r\nDate: "));
	assert_non_null(strstr(smtp.heard, "\r\nSubject: Code\r\n"));
	/* A line that is a dot does not end it. */
	assert_non_null(strstr(smtp.heard,
	    "\r\n\r\n12345678\r\n..hidden\r\n..\r\nend\r\n.\r\n"));
}

static void
test_tls(void **state)
{
	struct smtp smtp;

	(void)state;
	assert_int_equal(PLAY("require", true, &smtp, .flags = SMTP_STARTTLS),
	    XC_OK);
	assert_non_null(strstr(smtp.heard, "STARTTLS\r\nEHLO "));
	assert_non_null(strstr(smtp.heard, "\r\n12345678\r\n"));
	assert_int_equal(PLAY("try", true, &smtp, .flags = SMTP_STARTTLS),
	    XC_OK);
	assert_non_null(strstr(smtp.heard, "STARTTLS\r\n"));
	assert_int_equal(PLAY("try", true, &smtp, .flags = 0), XC_OK);
	assert_int_equal(PLAY("none", true, &smtp, .flags = SMTP_TLS), XC_OK);
	assert_non_null(strstr(smtp.heard, "\r\n12345678\r\n"));
	/* Nothing is sent to one that nobody vouches for, that offers no TLS,
	 * or from whose offer somebody has taken it out. */
	assert_int_equal(PLAY("require", false, &smtp,
	    .flags = SMTP_STARTTLS), XC_ERR_UNAVAILABLE);
	assert_null(strstr(smtp.heard, "MAIL"));
	assert_int_equal(PLAY("none", false, &smtp, .flags = SMTP_TLS),
	    XC_ERR_UNAVAILABLE);
	assert_null(strstr(smtp.heard, "MAIL"));
	assert_int_equal(PLAY("require", true, &smtp, .flags = 0),
	    XC_ERR_UNAVAILABLE);
	assert_null(strstr(smtp.heard, "MAIL"));
	assert_int_equal(PLAY("require", true, &smtp, .flags = SMTP_STARTTLS,
	    .at = "STARTTLS", .answer = "454 not now"), XC_ERR_UNAVAILABLE);
	assert_null(strstr(smtp.heard, "MAIL"));
}

static void
test_password(void **state)
{
	struct smtp smtp;

	(void)state;
	write_password("secret\n");
	assert_int_equal(PLAY("require", true, &smtp,
	    .flags = SMTP_STARTTLS | SMTP_AUTH), XC_OK);
	assert_non_null(strstr(smtp.heard, "AUTH PLAIN"));
	assert_true(strstr(smtp.heard, "STARTTLS") < strstr(smtp.heard,
	    "AUTH"));
	assert_int_equal(PLAY("require", true, &smtp, .flags = SMTP_AUTH),
	    XC_ERR_UNAVAILABLE);
	assert_null(strstr(smtp.heard, "AUTH"));
	unlink(password);
	write_password("wrong");
	assert_int_equal(PLAY("require", true, &smtp,
	    .flags = SMTP_STARTTLS | SMTP_AUTH), XC_ERR_UNAVAILABLE);
	assert_null(strstr(smtp.heard, "DATA"));
	unlink(password);
}

static const struct smtp_script scripts[] = {
	{ 0, "GREETING", "554 go away" },
	{ 0, "GREETING", "" },
	{ 0, "EHLO", "500 what" },
	{ 0, "EHLO", "" },
	{ 0, "MAIL", "550 no" },
	{ 0, "RCPT", "550 no such user" },
	{ 0, "RCPT", "451 later" },
	{ 0, "RCPT", "" },
	{ 0, "DATA", "554 no" },
	{ 0, "DATA", "" },
	{ 0, "END", "554 spam" },
	{ 0, "END", "" },
};

static const struct smtp_script slow_scripts[] = {
	{ 0, "GREETING", "hang" }, { 0, "GREETING", "\xff\xfe" },
	{ 0, "GREETING", "drip" },
	{ 0, "EHLO", "hang" }, { 0, "RCPT", "hang" }, { 0, "DATA", "hang" },
	{ 0, "END", "hang" }, { SMTP_STARTTLS, "STARTTLS", "hang" },
};

static void
test_refusals(void **state)
{
	struct smtp smtp;

	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
		if (play(scripts[i], "none", false, &smtp) !=
		    XC_ERR_UNAVAILABLE)
			fail_msg("%s: %s", scripts[i].at, scripts[i].answer);
}

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* A server that hangs, wherever, holds nobody up for longer. */
static void
test_hanging(void **state)
{
	struct smtp smtp;
	double begin;

	(void)state;
	timeout_ms = 500;
	for (size_t i = 0; i < sizeof(slow_scripts) / sizeof(slow_scripts[0]);
	    i++) {
		begin = now();
		if (play(slow_scripts[i], "try", true, &smtp) !=
		    XC_ERR_TIMEOUT)
			fail_msg("%s: %s", slow_scripts[i].at,
			    slow_scripts[i].answer);
		print_message("%s: %.3f s of 0.5\n", slow_scripts[i].at,
		    now() - begin);
	}
	timeout_ms = 20000;
}

static void
test_dead(void **state)
{
	struct xc_mail_settings settings = settings_for("smtp",
	    smtp_dead_port());
	struct xc_errbuf errbuf;

	(void)state;
	assert_int_equal(send_by(&settings, &errbuf), XC_ERR_UNAVAILABLE);
	assert_non_null(strstr(errbuf.text, server));
}

static void
test_injection(void **state)
{
	struct smtp_script script = { .flags = 0 };
	const struct xc_letter letter = { .to = "a@b>\r\nRCPT TO:<c@d",
		.subject = "s", .text = "t" };
	struct xc_mail_settings settings;
	struct xc_errbuf errbuf;
	struct xc_mail mail;
	struct smtp smtp;

	(void)state;
	smtp_begin(&smtp, &script);
	settings = settings_for("smtp", smtp.port);
	assert_int_equal(xc_mail_open(&settings, &mail, &errbuf), XC_OK);
	assert_int_equal(mail.ops->send(mail.ctx, &letter, &errbuf),
	    XC_ERR_INVALID);
	xc_mail_close(&mail);
	smtp_end(&smtp);
	assert_string_equal(smtp.heard, "");
}

static const struct {
	const char *server;
	const char *from;
	const char *user;
	const char *file;
	const char *tls;
	const char *words;	/* NULL: it is good */
} opened[] = {
	{ "smtp://mail:25", "a@b", "", "", "none", NULL },
	{ "smtps://mail", "a@b", "u", "/dev/null", "none",
	    "regular file" },
	{ "http://mail", "a@b", "", "", "none", "mail.server" },
	{ "smtp://", "a@b", "", "", "none", "mail.server" },
	{ "smtp://u:p@mail", "a@b", "", "", "none", "mail.server" },
	{ "smtp://mail/x", "a@b", "", "", "none", "mail.server" },
	{ "smtp://ma il", "a@b", "", "", "none", "mail.server" },
	{ "mail", "a@b", "", "", "none", "mail.server" },
	{ "smtp://mail", "", "", "", "none", "mail.from" },
	{ "smtp://mail", "a@b\n", "", "", "none", "mail.from" },
	{ "smtp://mail", "a@b", "u", "", "require", "mail.password_file" },
	{ "smtp://mail", "a@b", "u", "/x", "none", "TLS" },
	{ "smtp://mail", "a@b", "u", "/x", "try", "TLS" },
	{ "smtp://mail", "a@b", "u", "/nonexistent/x", "require",
	    "mail.password_file" },
	{ "smtp://localhost:25", "a@b", "u", "/nonexistent/x", "none",
	    "mail.password_file" },
};

static void
test_settings(void **state)
{
	struct xc_errbuf errbuf;
	struct xc_mail mail;
	enum xc_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(opened) / sizeof(opened[0]); i++) {
		const struct xc_mail_settings settings = {
			.server = opened[i].server, .from = opened[i].from,
			.user = opened[i].user, .tls = opened[i].tls,
			.password_file = opened[i].file, .tls_ca = "",
			.timeout_ms = 100 };

		errbuf.text[0] = '\0';
		err = xc_mail_open(&settings, &mail, &errbuf);
		assert_int_equal(err == XC_OK, opened[i].words == NULL);
		if (err != XC_OK && strstr(errbuf.text, opened[i].words) ==
		    NULL)
			fail_msg("%s: %s", opened[i].server, errbuf.text);
		assert_int_equal(mail.ops == NULL, err != XC_OK);
		xc_mail_close(&mail);
	}
	assert_int_equal(xc_mail_open(&(struct xc_mail_settings){
	    .server = "" }, &mail, &errbuf), XC_OK);
	assert_null(mail.ops);
	xc_mail_close(&mail);
}

static void
test_fakes(void **state)
{
	const struct xc_letter letter = { "a@b", "s", "t" };
	const struct xc_letter bad = { "a@b\n", "s", "t" };
	struct xc_errbuf errbuf;
	struct xc_mail mail;

	(void)state;
	assert_int_equal(xc_mail_fake(&mail), XC_OK);
	assert_null(xc_mail_fake_letter(&mail, 0));
	assert_int_equal(mail.ops->send(mail.ctx, &letter, &errbuf), XC_OK);
	assert_int_equal(mail.ops->send(mail.ctx, &bad, &errbuf),
	    XC_ERR_INVALID);
	assert_string_equal(xc_mail_fake_letter(&mail, 0)->text, "t");
	assert_null(xc_mail_fake_letter(&mail, 1));
	xc_mail_close(&mail);
	assert_int_equal(xc_mail_failing(XC_ERR_TIMEOUT, &mail), XC_OK);
	assert_int_equal(mail.ops->send(mail.ctx, &letter, &errbuf),
	    XC_ERR_TIMEOUT);
	xc_mail_close(&mail);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_letters),
		cmocka_unit_test(test_bad_letters),
		cmocka_unit_test(test_sending),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_password),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_hanging),
		cmocka_unit_test(test_dead),
		cmocka_unit_test(test_injection),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_fakes),
	};

	/* As the worker does. */
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
