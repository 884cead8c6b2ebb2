/* SPDX-License-Identifier: MIT */
/*
 * Validations a second: schema SCHEMA SECONDS FILE...  The text is in memory;
 * "scan" is the tape alone, "check" the schema alone on a tape that stands,
 * "both" what a request pays.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "contract/schema.h"
#include "lib/block.h"

#define URI "file:///schema.json"

struct work {
	struct xc_validator *validator;
	const struct xc_schema *schema;
	struct xc_block block;
	struct xc_tape tape;
	const char *text;
	size_t len;
};

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static char *
read_file(const char *path, size_t *len_r)
{
	const size_t cap = (size_t)16 << 20;
	FILE *file = fopen(path, "rbe");
	char *text = malloc(cap);

	if (file == NULL || text == NULL) {
		perror(path);
		exit(2);
	}
	*len_r = fread(text, 1, cap, file);
	fclose(file);
	return text;
}

static struct xc_schema *
compile(const char *path)
{
	static const char *const refs[] = { URI };
	struct xc_schema_set *set = xc_schema_set_create();
	struct xc_schema *schema = NULL;
	struct xc_errbuf errbuf = { "" };
	size_t len;
	char *text = read_file(path, &len);
	double start = now();

	if (xc_schema_set_add(set, URI, text, len, &errbuf) != XC_OK ||
	    xc_schema_compile(set, refs, 1, NULL, &schema, &errbuf) !=
	    XC_OK) {
		fprintf(stderr, "%s\n", errbuf.text);
		exit(2);
	}
	printf("xcore: %zu bytes of schema compiled in %.0f us to %zu bytes\n",
	    len, (now() - start) * 1e6, xc_schema_size(schema));
	xc_schema_set_free(&set);
	free(text);
	return schema;
}

static void
scan(struct work *work)
{
	struct xc_tape_error error;
	uint32_t off;

	work->block.used = 0;
	if (xc_tape_scan(work->text, work->len, NULL, &work->block, &off,
	    &work->tape, &error) != XC_OK) {
		fprintf(stderr, "%s\n", error.what);
		exit(2);
	}
}

static void
check(struct work *work)
{
	if (xc_schema_run(work->validator, work->schema, 0, &work->tape, 0)
	    != XC_OK) {
		fprintf(stderr, "not valid\n");
		exit(2);
	}
}

static void
both(struct work *work)
{
	scan(work);
	check(work);
}

static double
measure(struct work *work, void (*fn)(struct work *work), double seconds)
{
	double start = now();
	double end;
	unsigned long n = 0;
	int i;

	do {
		for (i = 0; i < 16; i++)
			fn(work);
		n += 16;
		end = now();
	} while (end - start < seconds);
	return (double)n / (end - start);
}

int
main(int argc, char **argv)
{
	struct work work = { .validator = xc_validator_create(NULL) };
	struct xc_schema *schema;
	double seconds;
	int i;

	if (argc < 4 || work.validator == NULL) {
		fputs("usage: schema SCHEMA SECONDS FILE...\n", stderr);
		return 2;
	}
	schema = compile(argv[1]);
	work.schema = schema;
	seconds = atof(argv[2]);
	for (i = 3; i < argc; i++) {
		char *text = read_file(argv[i], &work.len);

		work.text = text;
		scan(&work);
		check(&work);
		printf("xcore: %zu bytes: scan %.0f/s, check %.0f/s, "
		    "both %.0f/s\n", work.len, measure(&work, scan, seconds),
		    measure(&work, check, seconds),
		    measure(&work, both, seconds));
		free(text);
	}
	xc_block_free(&work.block);
	xc_schema_free(&schema);
	xc_validator_free(&work.validator);
	return 0;
}
