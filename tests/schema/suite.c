/* SPDX-License-Identifier: MIT */
/*
 * Runs files of a suite of tests for JSON Schema: arrays of groups, each with
 * a "description", a "schema" and "tests" of "data" and "valid".
 *
 *	suite [-f] [-r FOLDER] FILE...
 *
 * -f asserts formats.  -r gives the documents under a folder, each under
 * http://localhost:1234/ and its path, as the suites expect.  Prints a line
 * for each file and what fails; the exit status is 1 if a test does.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract/schema.h"
#include "lib/block.h"

#define REMOTES_MAX 500

struct text {
	char *uri;
	char *bytes;
	size_t len;
};

static struct text remotes[REMOTES_MAX];
static size_t n_remotes;
static struct xc_schema_options options = { .no_format = true };
static unsigned n_passed;
static unsigned n_failed;

static char *
read_file(const char *path, size_t *len_r)
{
	FILE *file = fopen(path, "rbe");
	char *bytes = NULL;
	struct stat st;

	if (file != NULL && fstat(fileno(file), &st) == 0) {
		bytes = malloc((size_t)st.st_size + 1);
		if (bytes != NULL)
			*len_r = fread(bytes, 1, (size_t)st.st_size, file);
	}
	if (bytes == NULL) {
		perror(path);
		exit(2);
	}
	fclose(file);
	return bytes;
}

static void
add_remotes(const char *folder, const char *under)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	char *path;
	char *name;
	struct stat st;

	if (dir == NULL) {
		perror(folder);
		exit(2);
	}
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' ||
		    asprintf(&path, "%s/%s", folder, entry->d_name) < 0 ||
		    asprintf(&name, "%s/%s", under, entry->d_name) < 0)
			continue;
		if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
			add_remotes(path, name);
		} else if (n_remotes < REMOTES_MAX &&
		    asprintf(&remotes[n_remotes].uri,
		    "http://localhost:1234%s", name) > 0) {
			remotes[n_remotes].bytes = read_file(path,
			    &remotes[n_remotes].len);
			n_remotes++;
		}
		free(path);
		free(name);
	}
	closedir(dir);
}

/* The text of a value. */
static const char *
slice(const struct xc_tape *tape, uint32_t at, size_t *len_r)
{
	uint32_t off = tape->tokens[at].off;
	enum xc_token_type type = xc_tape_type(tape, at);
	uint32_t end;

	*len_r = tape->tokens[at].len;
	if (type != XC_TOKEN_STRING)
		return tape->text + off;
	for (end = off; tape->text[end] != '"'; end++)
		if (tape->text[end] == '\\')
			end++;
	*len_r = end + 2 - off;
	return tape->text + off - 1;
}

static struct xc_schema *
compile(const struct xc_tape *tape, uint32_t at, struct xc_errbuf *errbuf)
{
	static const char uri[] = "test:schema";
	const char *refs[] = { uri };
	struct xc_schema_set *set = xc_schema_set_create();
	struct xc_schema *schema = NULL;
	struct xc_errbuf unused;
	const char *text;
	size_t len;
	size_t i;

	for (i = 0; i < n_remotes; i++)
		xc_schema_set_add(set, remotes[i].uri, remotes[i].bytes,
		    remotes[i].len, &unused);
	text = slice(tape, at, &len);
	if (xc_schema_set_add(set, uri, text, len, errbuf) == XC_OK)
		xc_schema_compile(set, refs, 1, &options, &schema, errbuf);
	xc_schema_set_free(&set);
	return schema;
}

static const char *
member_text(const struct xc_tape *tape, uint32_t at, const char *name,
    int *len_r)
{
	uint32_t value = xc_tape_member(tape, at, name, strlen(name));
	size_t len;
	const char *text = xc_tape_string(tape, value, &len);

	*len_r = (int)len;
	return text;
}

static void
run_test(struct xc_validator *validator, const struct xc_schema *schema,
    const struct xc_tape *tape, uint32_t group, uint32_t test,
    const char *why)
{
	uint32_t data = xc_tape_member(tape, test, "data", 4);
	uint32_t valid = xc_tape_member(tape, test, "valid", 5);
	bool wanted = xc_tape_type(tape, valid) == XC_TOKEN_TRUE;
	enum xc_err err = XC_ERR_FAILED;
	int len[2];
	const char *names[2];

	if (schema != NULL)
		err = xc_schema_run(validator, schema, 0, tape, data);
	if (err == (wanted ? XC_OK : XC_ERR_INVALID)) {
		n_passed++;
		return;
	}
	n_failed++;
	names[0] = member_text(tape, group, "description", &len[0]);
	names[1] = member_text(tape, test, "description", &len[1]);
	printf("  FAIL: %.*s: %.*s: %s\n", len[0], names[0], len[1],
	    names[1], schema == NULL ? why : err == XC_OK
	    ? "taken" : err == XC_ERR_INVALID ? "refused" : xc_strerror(err));
}

static void
run_group(struct xc_validator *validator, const struct xc_tape *tape,
    uint32_t group)
{
	uint32_t tests = xc_tape_member(tape, group, "tests", 5);
	uint32_t schema_at = xc_tape_member(tape, group, "schema", 6);
	struct xc_errbuf errbuf = { "" };
	struct xc_schema *schema = compile(tape, schema_at, &errbuf);
	uint32_t n = xc_tape_count(tape, tests);
	uint32_t test = xc_tape_first(tests);

	for (; n > 0; n--) {
		run_test(validator, schema, tape, group, test, errbuf.text);
		test = xc_tape_next(tape, test);
	}
	xc_schema_free(&schema);
}

static void
run_file(struct xc_validator *validator, const char *path)
{
	static const struct xc_tape_limits limits = { .depth = 200,
		.nul = true };
	unsigned passed = n_passed;
	unsigned failed = n_failed;
	struct xc_block block = { 0 };
	struct xc_tape_error error;
	const char *name = strrchr(path, '/');
	struct xc_tape tape;
	uint32_t group;
	uint32_t off;
	uint32_t n;
	size_t len;
	char *bytes = read_file(path, &len);

	if (xc_tape_scan(bytes, len, &limits, &block, &off, &tape, &error) !=
	    XC_OK) {
		printf("%s:%zu: %s\n", path, error.line, error.what);
		n_failed++;
	} else {
		group = xc_tape_first(0);
		for (n = xc_tape_count(&tape, 0); n > 0; n--) {
			run_group(validator, &tape, group);
			group = xc_tape_next(&tape, group);
		}
	}
	printf("%-28s %u passed, %u failed\n", name != NULL ? name + 1 : path,
	    n_passed - passed, n_failed - failed);
	xc_block_free(&block);
	free(bytes);
}

int
main(int argc, char **argv)
{
	struct xc_validator *validator = xc_validator_create(NULL);
	size_t i;
	int c;

	while ((c = getopt(argc, argv, "fr:")) != -1) {
		if (c == 'r')
			add_remotes(optarg, "");
		else if (c == 'f')
			options.no_format = false;
		else
			return 2;
	}
	if (validator == NULL || optind == argc)
		return 2;
	for (; optind < argc; optind++)
		run_file(validator, argv[optind]);
	xc_validator_free(&validator);
	for (i = 0; i < n_remotes; i++) {
		free(remotes[i].uri);
		free(remotes[i].bytes);
	}
	printf("%u passed, %u failed\n", n_passed, n_failed);
	return n_failed > 0;
}
