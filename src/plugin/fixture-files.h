/* SPDX-License-Identifier: MIT */
/* Folders of their own for tests. */
#ifndef XC_FIXTURE_FILES_H
#define XC_FIXTURE_FILES_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/file.h"

#define DEMO_MANIFEST "{\"name\":\"demo\",\"version\":\"1.2.0\"," \
	"\"author\":\"A\",\"description\":\"D\",\"license\":\"MIT\"}"
#define DEMO_OPENAPI "{\"openapi\":\"3.1.0\",\"paths\":{}}"

/* A new empty folder; text is where its path goes. */
static inline char *
make_folder(char *text, size_t size)
{
	const char *base = getenv("TMPDIR");

	snprintf(text, size, "%s/xcore-test-XXXXXX",
	    base != NULL ? base : "/tmp");
	if (mkdtemp(text) == NULL)
		abort();
	return text;
}

static inline void
remove_folder(const char *path)
{
	if (xc_file_remove_at(AT_FDCWD, path) != XC_OK)
		abort();
}

static inline void
put(const char *folder, const char *name, const char *text)
{
	char path[1100];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	for (char *slash = strchr(path + strlen(folder) + 1, '/');
	    slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	file = fopen(path, "w");
	if (file == NULL || fputs(text, file) == EOF || fclose(file) != 0)
		abort();
}

/* A package without code that could be loaded. */
static inline void
put_demo(const char *folder)
{
	put(folder, "plugin.json", DEMO_MANIFEST);
	put(folder, "openapi.json", DEMO_OPENAPI);
	put(folder, "demo.so", "not really");
	put(folder, "sql/0001_create.up.sql", "CREATE TABLE a (b INT);");
	put(folder, "sql/0001_create.down.sql", "DROP TABLE a;");
	put(folder, "assets/css/site.css", "body {}");
	put(folder, "README.md", "read me");
}

#endif
