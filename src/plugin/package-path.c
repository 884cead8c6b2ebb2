/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "package-private.h"

#define SEGMENT_MAX 200

bool
xc_package_path_ok(const char *path)
{
	if (strlen(path) > XC_PACKAGE_PATH_MAX)
		return false;
	for (;;) {
		size_t len = strcspn(path, "/");

		/* A leading dot: ".", "..", and what editors leave. */
		if (len == 0 || len > SEGMENT_MAX || path[0] == '.')
			return false;
		for (size_t i = 0; i < len; i++) {
			if (path[i] < ' ' || path[i] > '~' || path[i] == '\\')
				return false;
		}
		if (path[len] == '\0')
			return true;
		path += len + 1;
	}
}
