/* SPDX-License-Identifier: MIT */
/*
 * The web server: whether its configuration leads to our socket, and what it
 * lets through.  The files are read as they are, with what they include;
 * neither nginx nor Apache is run, since that could make files or load
 * modules with our rights.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xcore/json.h>

#include "tools/xcorectl-doctor.h"

#define FILES_MAX 1000		/* of one configuration */
#define DEPTH_MAX 8

/* One configuration, as far as it concerns us. */
struct reading {
	const char *place;	/* "unix:/run/xcore/xcore.sock" */
	const char *base;	/* what relative names are taken from */
	unsigned files;
	unsigned unread;	/* that could not be read */
	bool found;		/* it names the place */
	bool sized;		/* a limit of bodies stands there */
	uint64_t least;		/* of those, bytes */
};

static void read_file(struct reading *reading, const char *path, int depth);

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

/* 0 stands for no limit. */
static void
take_size(struct reading *reading, const char *text)
{
	uint64_t size = parse_size(text);

	if (size == 0)
		return;
	if (!reading->sized || size < reading->least)
		reading->least = size;
	reading->sized = true;
}

/* A name with wildcards, in quotes or not, with a semicolon behind it. */
static void
take_include(struct reading *reading, const char *text, int depth)
{
	char name[PATH_MAX], pattern[PATH_MAX + PATH_MAX];
	size_t len = strcspn(text, ";\r\n");
	glob_t found;

	while (len > 0 && strchr(" \t\"'", text[len - 1]) != NULL)
		len--;
	snprintf(name, sizeof(name), "%.*s", (int)len, text);
	if (name[0] == '/')
		snprintf(pattern, sizeof(pattern), "%s", name);
	else
		snprintf(pattern, sizeof(pattern), "%s/%s", reading->base,
		    name);
	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		read_file(reading, found.gl_pathv[i], depth + 1);
	globfree(&found);
}

/* What follows a directive of that name; NULL: it is another. */
static const char *
argument(const char *line, const char *name)
{
	size_t len = strlen(name);

	if (strncasecmp(line, name, len) != 0 ||
	    (line[len] != ' ' && line[len] != '\t'))
		return NULL;
	line += len;
	return line + strspn(line, " \t\"'");
}

static void
take_line(struct reading *reading, const char *line, int depth)
{
	const char *text;

	line += strspn(line, " \t");
	if (*line == '#')
		return;
	if (strstr(line, reading->place) != NULL)
		reading->found = true;
	if ((text = argument(line, "client_max_body_size")) != NULL ||
	    (text = argument(line, "LimitRequestBody")) != NULL)
		take_size(reading, text);
	else if ((text = argument(line, "include")) != NULL ||
	    (text = argument(line, "IncludeOptional")) != NULL)
		take_include(reading, text, depth);
}

static void
read_file(struct reading *reading, const char *path, int depth)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	FILE *file = NULL;
	char *line = NULL;
	size_t size = 0;
	struct stat st;

	if (depth > DEPTH_MAX || ++reading->files > FILES_MAX) {
		if (fd != -1)
			close(fd);
		return;
	}
	if (fd != -1 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		file = fdopen(fd, "r");
	if (file == NULL) {
		if (fd != -1)
			close(fd);
		reading->unread += fd == -1;
		return;
	}
	while (getline(&line, &size, file) != -1)
		take_line(reading, line, depth);
	free(line);
	fclose(file);
}

/* ---- which files -------------------------------------------------------- */

/* A process's words, with spaces between them. */
static bool
read_words(const char *pid, char *buf, size_t size)
{
	char path[300];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd == -1 ? -1 : read(fd, buf, size - 1);
	if (fd != -1)
		close(fd);
	if (n <= 0)
		return false;
	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] == '\0')
			buf[i] = ' ';
	}
	buf[n] = '\0';
	return true;
}

/* The word behind an option, into path_r. */
static bool
option_of(const char *words, const char *option, char *path_r, size_t size)
{
	const char *at = strstr(words, option);
	size_t len;

	if (at == NULL)
		return false;
	at += strlen(option);
	len = strcspn(at, " ");
	snprintf(path_r, size, "%.*s", (int)len, at);
	return path_r[0] == '/';
}

struct web_server {
	const char *name;
	const char *process;	/* in its words */
	const char *option;
	const char *files[3];	/* the usual ones */
	uint64_t limit;		/* of bodies, if none is said; 0: none */
};

static const struct web_server servers[] = {
	{ "nginx", "nginx: master process", " -c ",
	    { "/etc/nginx/nginx.conf", NULL }, 1 << 20 },
	{ "Apache", "apache2 ", " -f ", { "/etc/apache2/apache2.conf",
	    "/etc/httpd/conf/httpd.conf", NULL }, 0 },
};

/* ---- what it comes to --------------------------------------------------- */

static void
check_limit(const struct ctl_doctor *doctor, const struct web_server *server,
    const struct reading *reading)
{
	uint64_t ours = doctor->settings != NULL ?
	    (uint64_t)doctor->settings->fastcgi.body_max : 1 << 20;
	uint64_t theirs = reading->sized ? reading->least : server->limit;

	if (theirs != 0 && theirs <= ours)
		ctl_doctor_find(doctor, "body limit", CTL_WARNING, "set it "
		    "above fastcgi.body_max, so that xcored says what is too "
		    "large", "%s takes bodies up to %" PRIu64 " bytes, "
		    "fastcgi.body_max is %" PRIu64 ": what lies between is "
		    "refused with a page of the web server", server->name,
		    theirs, ours);
	else
		ctl_doctor_find(doctor, "body limit", CTL_OK, NULL,
		    "fastcgi.body_max, %" PRIu64 " bytes, decides, not %s",
		    ours, server->name);
}

/* Reads one configuration; true: it leads to us. */
static bool
check_file(const struct ctl_doctor *doctor, const struct web_server *server,
    const char *path, struct reading *reading)
{
	char base[PATH_MAX], *slash;

	snprintf(base, sizeof(base), "%s", path);
	slash = strrchr(base, '/');
	if (slash != NULL)
		*slash = '\0';
	reading->base = base;
	reading->files = 0;
	reading->sized = false;
	read_file(reading, path, 0);
	if (!reading->found)
		return false;
	ctl_doctor_find(doctor, server->name, CTL_OK, NULL,
	    "%s leads to %s", path, reading->place);
	check_limit(doctor, server, reading);
	return true;
}

/* One that runs may have been given another file than the usual one, and
 * several may run. */
static bool
check_running(const struct ctl_doctor *doctor,
    const struct web_server *server, struct reading *reading)
{
	DIR *dir = opendir("/proc");
	char words[4096], path[PATH_MAX];
	struct dirent *entry;
	bool found = false;

	while (dir != NULL && !found && (entry = readdir(dir)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !read_words(entry->d_name, words, sizeof(words)) ||
		    strstr(words, server->process) == NULL ||
		    !option_of(words, server->option, path, sizeof(path)))
			continue;
		found = check_file(doctor, server, path, reading);
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

static bool
check_server(const struct ctl_doctor *doctor, const struct web_server *server,
    const char *place, bool *whole_r)
{
	struct reading reading = { .place = place };
	bool found = check_running(doctor, server, &reading);

	for (size_t i = 0; !found && server->files[i] != NULL; i++) {
		if (access(server->files[i], F_OK) == 0)
			found = check_file(doctor, server, server->files[i],
			    &reading);
	}
	*whole_r = *whole_r && reading.unread == 0;
	return found;
}

void
ctl_doctor_web(const struct ctl_doctor *doctor)
{
	const char *place = xc_json_string(doctor->status, "listen");
	bool any = false, whole = true;
	char built_in[300];

	if (place == NULL) {
		snprintf(built_in, sizeof(built_in), "unix:%s/xcore.sock",
		    doctor->settings != NULL ?
		    doctor->settings->server.run_dir : RUNSTATEDIR "/xcore");
		place = built_in;
	}
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
		any = check_server(doctor, &servers[i], place, &whole) || any;
	if (any)
		return;
	ctl_doctor_find(doctor, "web server", whole ? CTL_WARNING :
	    CTL_UNKNOWN, whole ? "include the snippet of xcore in its site, "
	    "see xcored(8)" : "run this as root", "%s of nginx or Apache "
	    "here leads to %s", whole ? "no configuration" :
	    "nothing that can be read", place);
}
