/* SPDX-License-Identifier: MIT */
/* Passwords for xcorectl(8): never on a command line. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "config/settings.h"
#include "manager/manager.h"
#include "services/security/password.h"
#include "services/security/token.h"
#include "tools/xcorectl-identity.h"

#define LINE_SIZE (XC_PASSWORD_MAX + 2)
#define MADE_LEN 24		/* letters of base64url: 144 bits */

/* A line without its end, malloc'ed; NULL: none, or it is too long. */
static char *
read_line(FILE *in)
{
	char *line = malloc(LINE_SIZE);
	size_t len;

	if (line == NULL)
		return NULL;
	if (fgets(line, LINE_SIZE, in) == NULL) {
		xc_wipe(line, LINE_SIZE);
		free(line);
		return NULL;
	}
	len = strlen(line);
	if (len > 0 && line[len - 1] == '\n')
		line[--len] = '\0';
	if (len <= XC_PASSWORD_MAX)
		return line;
	xc_wipe(line, LINE_SIZE);
	free(line);
	return NULL;
}

/* With the echo off, which is put on again in each case. */
static char *
ask_terminal(FILE *terminal, const char *words)
{
	struct termios before, silent;
	char *line;

	if (tcgetattr(fileno(terminal), &before) != 0)
		return NULL;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(fileno(terminal), TCSAFLUSH, &silent) != 0)
		return NULL;
	fputs(words, terminal);
	fflush(terminal);
	line = read_line(terminal);
	(void)tcsetattr(fileno(terminal), TCSAFLUSH, &before);
	fputs("\n", terminal);
	return line;
}

static int
ask_twice(struct ctl_site *site, char **password_r)
{
	FILE *terminal = fopen("/dev/tty", "r+e");
	char *again = NULL;
	bool same;

	if (terminal == NULL)
		return ctl_fail(site->ctl, XC_EXIT_USAGE, "there is no "
		    "terminal to ask for the password on; use "
		    "--password-file FILE (\"-\" is the standard input) or "
		    "--generate");
	*password_r = ask_terminal(terminal, "New password: ");
	if (*password_r != NULL)
		again = ask_terminal(terminal, "Once more: ");
	fclose(terminal);
	same = again != NULL && xc_same_text(*password_r, again);
	xc_secret_free(&again);
	if (same)
		return XC_EXIT_OK;
	xc_secret_free(password_r);
	return ctl_fail(site->ctl, XC_EXIT_INVALID,
	    "the two are not the same");
}

static int
read_file(struct ctl_site *site, const char *path, char **password_r)
{
	struct xc_errbuf errbuf;

	if (strcmp(path, "-") == 0) {
		*password_r = read_line(stdin);
		if (*password_r != NULL)
			return XC_EXIT_OK;
		return ctl_fail(site->ctl, XC_EXIT_INVALID, "the standard "
		    "input holds no password of %d bytes or less",
		    XC_PASSWORD_MAX);
	}
	if (xc_secret_read(path, password_r, &errbuf) == XC_OK)
		return XC_EXIT_OK;
	return ctl_fail(site->ctl, XC_EXIT_FAILED, "%s", errbuf.text);
}

static int
make(struct ctl_site *site, char **password_r)
{
	char token[XC_TOKEN_SIZE];

	if (xc_token_make(token) != XC_OK)
		return ctl_fail(site->ctl, XC_EXIT_FAILED,
		    "the system gives no random bytes");
	*password_r = strndup(token, MADE_LEN);
	xc_wipe(token, sizeof(token));
	return *password_r != NULL ? XC_EXIT_OK : ctl_fail(site->ctl,
	    XC_EXIT_FAILED, "out of memory");
}

int
ctl_read_password(struct ctl_site *site, char **password_r, bool *made_r)
{
	const struct xc_ctl *ctl = site->ctl;
	const char *file = ctl->options[CTL_PASSWORD_FILE];
	bool generate = ctl->options[CTL_GENERATE] != NULL;
	bool none = ctl->options[CTL_NO_PASSWORD] != NULL;

	*password_r = NULL;
	*made_r = generate;
	if ((file != NULL) + generate + none > 1)
		return ctl_fail(ctl, XC_EXIT_USAGE, "only one of "
		    "--password-file, --generate and --no-password");
	if (none)
		return XC_EXIT_OK;
	if (generate)
		return make(site, password_r);
	return file != NULL ? read_file(site, file, password_r) :
	    ask_twice(site, password_r);
}
