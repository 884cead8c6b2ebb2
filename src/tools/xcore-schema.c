/* SPDX-License-Identifier: MIT */
/* Checks JSON files against a schema, for authors and for suites of tests. */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/schema.h"
#include "lib/block.h"

#define EXIT_USAGE 2
#define EXIT_NOT_VALID 6
#define FILE_MAX ((size_t)256 << 20)

struct options {
	bool json;
	bool quiet;
	const char *pointer;	/* into the schema's document; "" */
	struct xc_schema_options schema;
};

static void __attribute__((noreturn))
usage(FILE *file, int status)
{
	fputs("usage: xcore-schema [-q] [--json] [--no-format] [-p POINTER] "
	    "[-r FILE]... SCHEMA INSTANCE...\n", file);
	exit(status);
}

/* All of a file, "-" for the standard input. */
static char *
read_file(const char *path, size_t *len_r)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
	size_t cap = 65536;
	char *bytes = malloc(cap);
	char *grown;
	size_t n;

	if (file == NULL || bytes == NULL)
		err(EXIT_USAGE, "%s", path);
	*len_r = 0;
	while ((n = fread(bytes + *len_r, 1, cap - *len_r, file)) > 0) {
		*len_r += n;
		if (*len_r < cap)
			continue;
		cap *= 2;
		grown = cap <= FILE_MAX * 2 ? realloc(bytes, cap) : NULL;
		if (grown == NULL)
			errx(EXIT_USAGE, "%s: too large", path);
		bytes = grown;
	}
	if (ferror(file) != 0)
		err(EXIT_USAGE, "%s", path);
	if (file != stdin)
		fclose(file);
	return bytes;
}

static bool
is_plain(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' &&
	    (c | 0x20) <= 'z') || (c != '\0' && strchr("/-._~", c) != NULL);
}

/* "file:///path/to/file" in memory of its own. */
static char *
uri_of(const char *path)
{
	char *whole = strcmp(path, "-") == 0 ? strdup("/dev/stdin")
	    : realpath(path, NULL);
	char *uri;
	char *to;
	const char *at;

	if (whole == NULL)
		err(EXIT_USAGE, "%s", path);
	uri = malloc(strlen(whole) * 3 + sizeof("file://"));
	if (uri == NULL)
		err(EXIT_USAGE, NULL);
	to = stpcpy(uri, "file://");
	for (at = whole; *at != '\0'; at++)
		if (is_plain(*at))
			*to++ = *at;
		else
			to += sprintf(to, "%%%02X", (unsigned char)*at);
	*to = '\0';
	free(whole);
	return uri;
}

/* Puts a file into the set and gives its URI. */
static char *
add_file(struct xc_schema_set *set, const char *path)
{
	char *uri = uri_of(path);
	struct xc_errbuf errbuf;
	size_t len;
	char *bytes = read_file(path, &len);

	if (xc_schema_set_add(set, uri, bytes, len, &errbuf) != XC_OK)
		errx(EXIT_USAGE, "%s", errbuf.text);
	free(bytes);
	return uri;
}

static struct xc_schema *
compile(struct xc_schema_set *set, const char *path,
    const struct options *options)
{
	char *uri = add_file(set, path);
	struct xc_schema *schema;
	struct xc_errbuf errbuf;
	const char *refs[1];
	char *ref;

	if (asprintf(&ref, "%s#%s", uri, options->pointer) < 0)
		err(EXIT_USAGE, NULL);
	refs[0] = ref;
	if (xc_schema_compile(set, refs, 1, &options->schema, &schema,
	    &errbuf) != XC_OK)
		errx(EXIT_USAGE, "%s", errbuf.text);
	free(ref);
	free(uri);
	return schema;
}

static void
put_json(const char *text)
{
	putchar('"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			printf("\\u%04x", (unsigned char)*text);
		else
			putchar(*text);
	}
	putchar('"');
}

/* One member of an object; last ends it. */
static void
put_member(const char *name, const char *text, bool last)
{
	printf("\"%s\":", name);
	put_json(text);
	fputs(last ? "}" : ",", stdout);
}

static void
put_fault(const struct xc_schema_fault *fault, const char *path, bool json)
{
	if (!json) {
		printf("%s#%s: %s%s%s\n", path, fault->pointer,
		    fault->keyword, fault->keyword[0] != '\0' ? ": " : "",
		    fault->sentence);
		return;
	}
	putchar('{');
	put_member("pointer", fault->pointer, false);
	put_member("keyword", fault->keyword, false);
	put_member("schema", fault->schema, false);
	put_member("sentence", fault->sentence, true);
}

static void
put_faults(const struct xc_validator *validator, const char *path,
    const struct options *options)
{
	size_t n = xc_validator_n_faults(validator);
	size_t i;

	if (options->json) {
		fputs("{\"file\":", stdout);
		put_json(path);
		printf(",\"valid\":false,\"more\":%s,\"errors\":[",
		    xc_validator_has_more(validator) ? "true" : "false");
	}
	for (i = 0; i < n; i++) {
		if (options->json && i > 0)
			putchar(',');
		put_fault(xc_validator_fault(validator, i), path,
		    options->json);
	}
	if (options->json)
		puts("]}");
	else if (xc_validator_has_more(validator))
		printf("%s: and more\n", path);
}

static void
put_no_json(const struct xc_tape_error *error, const char *path,
    const struct options *options)
{
	struct xc_schema_fault fault = { .pointer = error->pointer,
		.keyword = "", .schema = "" };
	char sentence[200];

	snprintf(sentence, sizeof(sentence), "line %zu, column %zu: %s",
	    error->line, error->column, error->what);
	fault.sentence = sentence;
	if (!options->json) {
		printf("%s:%zu:%zu: %s\n", path, error->line, error->column,
		    error->what);
		return;
	}
	fputs("{\"file\":", stdout);
	put_json(path);
	fputs(",\"valid\":false,\"more\":false,\"errors\":[", stdout);
	put_fault(&fault, path, true);
	puts("]}");
}

static bool
check(struct xc_validator *validator, const struct xc_schema *schema,
    const char *path, const struct options *options)
{
	static const struct xc_tape_limits limits = { .depth = 500,
		.values = XC_TAPE_VALUES_MAX, .nul = true };
	struct xc_block block = { 0 };
	struct xc_tape_error error;
	struct xc_tape tape;
	enum xc_err code;
	uint32_t off;
	size_t len;
	char *bytes = read_file(path, &len);

	code = xc_tape_scan(bytes, len, &limits, &block, &off, &tape, &error);
	if (code != XC_OK && !options->quiet)
		put_no_json(&error, path, options);
	if (code == XC_OK) {
		code = xc_schema_run(validator, schema, 0, &tape, 0);
		if (code != XC_OK && !options->quiet)
			put_faults(validator, path, options);
		else if (options->json && !options->quiet) {
			fputs("{\"file\":", stdout);
			put_json(path);
			puts(",\"valid\":true}");
		}
	}
	xc_block_free(&block);
	free(bytes);
	return code == XC_OK;
}

static int
check_all(const struct xc_schema *schema, char **paths,
    const struct options *options)
{
	const struct xc_validator_limits limits = { .steps = 1000000000,
		.faults = 100, .memory = (size_t)1 << 30 };
	struct xc_validator *validator = xc_validator_create(&limits);
	int status = 0;

	if (validator == NULL)
		err(EXIT_USAGE, NULL);
	for (; *paths != NULL; paths++)
		if (!check(validator, schema, *paths, options))
			status = EXIT_NOT_VALID;
	xc_validator_free(&validator);
	return status;
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "no-format", no_argument, NULL, 'F' },
		{ "pointer", required_argument, NULL, 'p' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "reference", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct options options = { .pointer = "" };
	struct xc_schema_set *set = xc_schema_set_create();
	struct xc_schema *schema;
	int status;
	int c;

	if (set == NULL)
		err(EXIT_USAGE, NULL);
	while ((c = getopt_long(argc, argv, "hjp:qr:", longs, NULL)) != -1)
		switch (c) {
		case 'j':
			options.json = true;
			break;
		case 'F':
			options.schema.no_format = true;
			break;
		case 'p':
			options.pointer = optarg;
			break;
		case 'q':
			options.quiet = true;
			break;
		case 'r':
			free(add_file(set, optarg));
			break;
		case 'h':
			usage(stdout, 0);
		default:
			usage(stderr, EXIT_USAGE);
		}
	if (argc - optind < 2)
		usage(stderr, EXIT_USAGE);
	schema = compile(set, argv[optind], &options);
	xc_schema_set_free(&set);
	status = check_all(schema, argv + optind + 1, &options);
	xc_schema_free(&schema);
	if (fflush(stdout) != 0)
		err(EXIT_USAGE, "standard output");
	return status;
}
