/* SPDX-License-Identifier: MIT */
/* "xcorectl migrate" with another folder of scripts, for the tests:
 * migrate-tool CONFIG FOLDER [--json|--dry-run|--yes] [--plugin NAME]
 * [--dir FOLDER] WORD... */
#include <stdio.h>
#include <string.h>

#include "plugin/migrate.h"

int
main(int argc, char **argv)
{
	struct xc_migrate_options options = { .folder = argv[2] };
	struct xc_settings *settings;
	struct xc_errbuf errbuf;
	int at = 3;
	int code;

	for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
		if (strcmp(argv[at], "--json") == 0)
			options.json = true;
		else if (strcmp(argv[at], "--dry-run") == 0)
			options.dry_run = true;
		else if (strcmp(argv[at], "--yes") == 0)
			options.yes = true;
		else if (strcmp(argv[at], "--plugin") == 0)
			options.plugin = argv[++at];
		else if (strcmp(argv[at], "--dir") == 0)
			options.dir = argv[++at];
	}
	if (argc < 3 || at > argc)
		return 2;
	if (xc_settings_load(argv[1], &settings, &errbuf) != XC_OK) {
		fprintf(stderr, "%s\n", errbuf.text);
		return 1;
	}
	code = xc_migrate_command(settings, &options, argc - at, argv + at);
	xc_settings_free(&settings);
	return code;
}
