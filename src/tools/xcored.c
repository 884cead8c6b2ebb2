/* SPDX-License-Identifier: MIT */
/* xcored(8): reads the command line, then becomes the manager. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/settings.h"
#include "manager/manager.h"
#include "manager/title.h"

#include "judge.h"

enum mode { MODE_SERVE, MODE_TEST, MODE_DUMP };

struct words {
	enum mode mode;
	struct xc_manager_options options;
};

static void
usage(FILE *out)
{
	fputs("usage: xcored [-c FILE] [-f] [--safe]\n"
	      "       xcored -t | -T [-c FILE]\n"
	      "       xcored -h | -V\n"
	      "  -c FILE  the configuration\n"
	      "  -f       log text on standard error\n"
	      "  --safe   serve xcore's own plugins only\n"
	      "  -t       test the configuration\n"
	      "  -T       show what is in force and where it comes from\n"
	      "Descriptor 0 must be the listening socket:\n"
	      "  spawn-fcgi -s /run/xcore/xcore.sock -- xcored -c FILE\n",
	    out);
}

/* Descriptors 0 to 2 shall be there, lest a file or socket become one. */
static void
open_standard(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd != -1 && fd <= STDERR_FILENO);
	if (fd != -1)
		close(fd);
}

/*
 * Where the program lies, as it was called: after an upgrade the new file is
 * there.  /proc/self/exe would follow the old one to its end.
 */
static const char *
find_binary(const char *name)
{
	static char path[PATH_MAX];
	char folder[PATH_MAX];
	ssize_t n;

	if (name[0] == '/') {
		snprintf(path, sizeof(path), "%s", name);
	} else if (strchr(name, '/') != NULL &&
	    getcwd(folder, sizeof(folder)) != NULL &&
	    strlen(folder) + strlen(name) + 2 < sizeof(path)) {
		strcpy(path, folder);
		strcat(path, "/");
		strcat(path, name);
	} else {
		n = readlink("/proc/self/exe", path, sizeof(path) - 1);
		path[n > 0 ? n : 0] = '\0';
	}
	return path;
}

/* The exit status, or -1 to go on. */
static int
read_words(int argc, char **argv, struct words *words)
{
	static const struct option longs[] = {
		{ "safe", no_argument, NULL, 'S' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:ftTVh", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			words->options.config = optarg;
			break;
		case 'f':
			words->options.foreground = true;
			break;
		case 'S':
			words->options.safe = true;
			break;
		case 't':
			words->mode = MODE_TEST;
			break;
		case 'T':
			words->mode = MODE_DUMP;
			break;
		case 'V':
			printf("xcored %s\n", PACKAGE_VERSION);
			return XC_EXIT_OK;
		case 'h':
			usage(stdout);
			return XC_EXIT_OK;
		default:
			usage(stderr);
			return XC_EXIT_USAGE;
		}
	}
	if (optind == argc)
		return -1;
	fprintf(stderr, "xcored: '%s' is one argument too many\n",
	    argv[optind]);
	usage(stderr);
	return XC_EXIT_USAGE;
}

static int
show_configuration(const struct words *words)
{
	struct xc_settings *settings;
	struct xc_errbuf errbuf;
	enum xc_err err;

	err = xc_settings_load(words->options.config, &settings, &errbuf);
	if (err != XC_OK) {
		fprintf(stderr, "xcored: %s\n", errbuf.text);
		return err == XC_ERR_INVALID ? XC_EXIT_INVALID :
		    XC_EXIT_FAILED;
	}
	if (words->mode == MODE_DUMP)
		xc_settings_dump(settings, stdout);
	else
		fprintf(stderr, "xcored: %s is valid\n", settings->file);
	xc_settings_free(&settings);
	return fflush(stdout) == 0 ? XC_EXIT_OK : XC_EXIT_FAILED;
}

int
main(int argc, char **argv)
{
	static char config[PATH_MAX];
	struct words words = { .mode = MODE_SERVE };
	int status;

	open_standard();
	status = read_words(argc, argv, &words);
	if (status != -1)
		return status;
	xc_settings_let_judge(xc_judge);
	if (words.mode != MODE_SERVE)
		return show_configuration(&words);
	/* The title overwrites the arguments in each child. */
	if (words.options.config != NULL) {
		snprintf(config, sizeof(config), "%s", words.options.config);
		words.options.config = config;
	}
	words.options.binary = find_binary(argv[0]);
	words.options.version = PACKAGE_VERSION;
	xc_title_init(argc, argv);
	return xc_manager_run(&words.options);
}
