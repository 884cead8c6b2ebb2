/* SPDX-License-Identifier: MIT */
/*
 * The web server: whether its configuration leads to our socket, and what it
 * lets through.  nginx and Apache are asked for their own configuration; what
 * they do not tell us is not checked, and said so.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xcore/json.h>

#include "tools/xcorectl-doctor.h"

#define DUMP_MAX (4u << 20)
#define DUMP_MS 1000

/* Where programs are that root runs; PATH of an operator may lack them. */
static const char *const folders[] = { "/usr/sbin", "/usr/bin",
	"/usr/local/sbin", "/usr/local/bin" };

static bool
find_program(const char *name, char *path_r, size_t size)
{
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path_r, size, "%s/%s", folders[i], name);
		if (access(path_r, X_OK) == 0)
			return true;
	}
	return false;
}

static void __attribute__((noreturn))
run_child(char *const *argv, int output)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	static char locale[] = "LC_ALL=C";
	char *envp[] = { path, locale, NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null == -1 || dup2(null, 0) == -1 || dup2(output, 1) == -1 ||
	    dup2(output, 2) == -1)
		_exit(126);
	execve(argv[0], argv, envp);
	_exit(127);
}

/* Reads until the end or DUMP_MS; false: it took longer. */
static bool
read_all(int fd, char *text, size_t *len_r)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0 && len < DUMP_MAX) {
		if (poll(&wait, 1, DUMP_MS) <= 0)
			return false;
		n = read(fd, text + len, DUMP_MAX - len);
		if (n > 0)
			len += (size_t)n;
	}
	text[len] = '\0';
	*len_r = len;
	return n == 0;
}

/* What a program prints; malloc'ed, NULL if it failed. */
static char *
output_of(char *const *argv)
{
	char *text = malloc(DUMP_MAX + 1);
	int ends[2], status = -1;
	size_t len = 0;
	bool whole;
	pid_t pid;

	if (text == NULL || pipe2(ends, O_CLOEXEC) != 0) {
		free(text);
		return NULL;
	}
	pid = fork();
	if (pid == 0)
		run_child(argv, ends[1]);
	close(ends[1]);
	whole = pid != -1 && read_all(ends[0], text, &len);
	close(ends[0]);
	if (pid != -1 && !whole)
		kill(pid, SIGKILL);
	if (pid != -1)
		waitpid(pid, &status, 0);
	if (!whole || status != 0 || strlen(text) != len) {
		free(text);
		return NULL;
	}
	return text;
}

/* ---- reading a configuration -------------------------------------------- */

struct dump {
	bool found;		/* it names our socket */
	bool sized;		/* a client_max_body_size stands there */
	uint64_t least;		/* of those, bytes; 0 is "no limit" */
};

static uint64_t
parse_size(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	switch (tolower((unsigned char)*end)) {
	case 'k':
		return value << 10;
	case 'm':
		return value << 20;
	case 'g':
		return value << 30;
	default:
		return value;
	}
}

static void
take_size(struct dump *dump, const char *text)
{
	uint64_t size = parse_size(text + strspn(text, " \t"));

	if (size == 0)
		return;
	if (!dump->sized || size < dump->least)
		dump->least = size;
	dump->sized = true;
}

static void
take_line(struct dump *dump, const char *line, const char *place)
{
	static const char directive[] = "client_max_body_size";
	static const char apache[] = "LimitRequestBody";

	line += strspn(line, " \t");
	if (*line == '#')
		return;
	if (strstr(line, place) != NULL)
		dump->found = true;
	if (strncmp(line, directive, strlen(directive)) == 0)
		take_size(dump, line + strlen(directive));
	if (strncasecmp(line, apache, strlen(apache)) == 0)
		take_size(dump, line + strlen(apache));
}

/* text is cut into lines on the way. */
static void
take_text(struct dump *dump, char *text, const char *place)
{
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		take_line(dump, line, place);
}

static void
judge(const struct ctl_doctor *doctor, const char *name,
    const struct dump *dump, const char *place)
{
	uint64_t ours = doctor->settings != NULL ?
	    (uint64_t)doctor->settings->fastcgi.body_max : 1 << 20;
	/* What nginx takes without a word about it. */
	uint64_t theirs = dump->sized ? dump->least :
	    strcmp(name, "nginx") == 0 ? 1 << 20 : UINT64_MAX;

	if (!dump->found) {
		ctl_doctor_find(doctor, name, CTL_WARNING, "include the "
		    "snippet of xcore in the site, see xcored(8)",
		    "its configuration does not lead to %s", place);
		return;
	}
	ctl_doctor_find(doctor, name, CTL_OK, NULL,
	    "its configuration leads to %s", place);
	if (theirs <= ours)
		ctl_doctor_find(doctor, "body limit", CTL_WARNING, "set it "
		    "above fastcgi.body_max, so that xcored says what is too "
		    "large", "%s takes bodies up to %" PRIu64 " bytes, "
		    "fastcgi.body_max is %" PRIu64 ": what lies between is "
		    "refused with a page of the web server", name, theirs,
		    ours);
	else
		ctl_doctor_find(doctor, "body limit", CTL_OK, NULL,
		    "fastcgi.body_max %" PRIu64 " bytes decides, not %s", ours,
		    name);
}

/* ---- nginx and Apache --------------------------------------------------- */

static bool
check_nginx(const struct ctl_doctor *doctor, const char *place)
{
	static char dump_option[] = "-T", quiet[] = "-q";
	char program[256];
	char *argv[] = { program, quiet, dump_option, NULL };
	struct dump dump = { .found = false };
	char *text;

	if (!find_program("nginx", program, sizeof(program)))
		return false;
	text = output_of(argv);
	if (text == NULL) {
		ctl_doctor_find(doctor, "nginx", CTL_UNKNOWN, geteuid() == 0 ?
		    "see what \"nginx -T\" says" : "run this as root",
		    "it does not show its configuration");
		return true;
	}
	take_text(&dump, text, place);
	free(text);
	judge(doctor, "nginx", &dump, place);
	return true;
}

static void
take_file(struct dump *dump, const char *path, const char *place)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	while (file != NULL && getline(&line, &size, file) != -1)
		take_line(dump, line, place);
	free(line);
	if (file != NULL)
		fclose(file);
}

/* Lines such as "  (123) /etc/apache2/sites-enabled/site.conf". */
static void
take_includes(struct dump *dump, char *text, const char *place)
{
	char *rest = text, *line, *path;

	while ((line = strsep(&rest, "\n")) != NULL) {
		path = strchr(line, '/');
		if (line[strspn(line, " \t")] == '(' && path != NULL)
			take_file(dump, path, place);
	}
}

static bool
check_apache(const struct ctl_doctor *doctor, const char *place)
{
	static char test[] = "-t", define[] = "-D", what[] = "DUMP_INCLUDES";
	char program[256];
	char *argv[] = { program, test, define, what, NULL };
	struct dump dump = { .found = false };
	char *text;

	if (!find_program("apache2ctl", program, sizeof(program)) &&
	    !find_program("httpd", program, sizeof(program)))
		return false;
	text = output_of(argv);
	if (text == NULL) {
		ctl_doctor_find(doctor, "Apache", CTL_UNKNOWN,
		    geteuid() == 0 ? "see what \"apache2ctl -t -D "
		    "DUMP_INCLUDES\" says" : "run this as root",
		    "it does not show its configuration");
		return true;
	}
	take_includes(&dump, text, place);
	free(text);
	judge(doctor, "Apache", &dump, place);
	return true;
}

void
ctl_doctor_web(const struct ctl_doctor *doctor)
{
	const char *place = xc_json_string(doctor->status, "listen");
	char built_in[300];
	bool any;

	if (place == NULL) {
		snprintf(built_in, sizeof(built_in), "unix:%s/xcore.sock",
		    doctor->settings != NULL ?
		    doctor->settings->server.run_dir : RUNSTATEDIR "/xcore");
		place = built_in;
	}
	any = check_nginx(doctor, place);
	any = check_apache(doctor, place) || any;
	if (!any)
		ctl_doctor_find(doctor, "web server", CTL_UNKNOWN, NULL,
		    "neither nginx nor Apache is installed here");
}
