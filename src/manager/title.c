/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "manager/title.h"

static char *area;
static size_t area_len;

void
xc_title_init(int argc, char **argv)
{
	char *end;

	if (argc < 1)
		return;
	area = argv[0];
	end = argv[0];
	for (int i = 0; i < argc && argv[i] == end; i++)
		end = argv[i] + strlen(argv[i]) + 1;
	area_len = (size_t)(end - area);
}

void
xc_title_set(const char *role, const char *detail)
{
	char name[16];
	char title[64];

	snprintf(name, sizeof(name), "xc-%s", role);
	(void)prctl(PR_SET_NAME, name);
	if (area_len == 0)
		return;
	snprintf(title, sizeof(title), "xcored: %s%s%s", role,
	    detail[0] == '\0' ? "" : " ", detail);
	memset(area, 0, area_len);
	memcpy(area, title, strnlen(title, area_len - 1));
}
