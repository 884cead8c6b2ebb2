/* SPDX-License-Identifier: MIT */
/* Makes sandboxes for workers; started by xcored(8), of no use by hand. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/spawner.h"

#define LISTEN_FD 3
#define CONTROL_FD 4
#define EXIT_USAGE 2

static const struct option longopts[] = {
	{ "cgroup", required_argument, NULL, 'c' },
	{ "uid-first", required_argument, NULL, 'f' },
	{ "uid-count", required_argument, NULL, 'n' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

static void
usage(FILE *out)
{
	fputs("usage: xcore-spawner [--cgroup FOLDER] [--uid-first UID] "
	    "[--uid-count N]\n"
	    "xcored(8) starts it, with a listening socket on descriptor 3 "
	    "and another on 4.\n", out);
}

static bool
parse_number(const char *text, uint32_t *number_r)
{
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 ||
	    number > UINT32_MAX)
		return false;
	*number_r = (uint32_t)number;
	return true;
}

static bool
parse(int argc, char **argv, struct xc_jail_options *jail)
{
	bool valid = true;
	int c;

	while (valid && (c = getopt_long(argc, argv, "h", longopts, NULL)) !=
	    -1) {
		switch (c) {
		case 'c':
			jail->cgroup = optarg;
			break;
		case 'f':
			valid = parse_number(optarg, &jail->uid_first);
			break;
		case 'n':
			valid = parse_number(optarg, &jail->uid_count);
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			valid = false;
			break;
		}
	}
	return valid && optind == argc;
}

/* No sandbox may inherit it, whatever closes its descriptors. */
static bool
is_socket(int fd)
{
	int type;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

int
main(int argc, char **argv)
{
	struct xc_spawner_options options = { .listen_fd = LISTEN_FD,
		.control_fd = CONTROL_FD, .jail = { .cgroup = "" } };

	if (!parse(argc, argv, &options.jail)) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!is_socket(LISTEN_FD) || !is_socket(CONTROL_FD)) {
		fputs("xcore-spawner: descriptors 3 and 4 are no sockets; "
		    "xcored(8) starts this program\n", stderr);
		return EXIT_USAGE;
	}
	return xc_spawner_run(&options);
}
