/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target over files, without a fuzzer: `fuzz-NOUN FILE...` feeds
 * each file once, a folder's files one after the other.  With this every
 * input that was ever found stays a test, with any compiler.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input lies in memory of exactly its size, so that a sanitizer sees
 * each byte read past it. */
static int
run_file(const char *path)
{
	FILE *file = fopen(path, "rbe");
	uint8_t *data = NULL;
	struct stat st;
	size_t len = 0;
	int status = -1;

	if (file == NULL || fstat(fileno(file), &st) != 0)
		goto out;
	len = (size_t)st.st_size;
	data = malloc(len != 0 ? len : 1);
	if (data == NULL || fread(data, 1, len, file) != len)
		goto out;
	LLVMFuzzerTestOneInput(data, len);
	status = 0;
out:
	if (status != 0)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	free(data);
	if (file != NULL)
		fclose(file);
	return status;
}

static int
run_folder(const char *path, unsigned *n_r)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	int status = 0;

	if (dir == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	while (status == 0 && (entry = readdir(dir)) != NULL) {
		char *name;

		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&name, "%s/%s", path, entry->d_name) < 0) {
			status = -1;
			break;
		}
		status = run_file(name);
		free(name);
		(*n_r)++;
	}
	closedir(dir);
	return status;
}

int
main(int argc, char **argv)
{
	unsigned n = 0;
	int i;

	for (i = 1; i < argc; i++) {
		struct stat st;

		if (stat(argv[i], &st) != 0) {
			perror(argv[i]);
			return 1;
		}
		if (S_ISDIR(st.st_mode)) {
			if (run_folder(argv[i], &n) != 0)
				return 1;
			continue;
		}
		if (run_file(argv[i]) != 0)
			return 1;
		n++;
	}
	printf("%u inputs\n", n);
	return n > 0 ? 0 : 1;
}
