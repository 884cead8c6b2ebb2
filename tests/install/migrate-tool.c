/* SPDX-License-Identifier: MIT */
/* "xcorectl migrate" with another folder of scripts, for the tests:
 * migrate-tool CONFIG FOLDER [--json] up|down|status [N] */
#include <stdio.h>
#include <string.h>

#include "plugin/migrate.h"

int
main(int argc, char **argv)
{
	struct xc_settings *settings;
	struct xc_errbuf errbuf;
	bool json = argc > 3 && strcmp(argv[3], "--json") == 0;
	int first = json ? 4 : 3;
	int code;

	if (argc < first)
		return 2;
	if (xc_settings_load(argv[1], &settings, &errbuf) != XC_OK) {
		fprintf(stderr, "%s\n", errbuf.text);
		return 1;
	}
	code = xc_migrate_command_in(settings, argv[2], argc - first,
	    argv + first, json);
	xc_settings_free(&settings);
	return code;
}
