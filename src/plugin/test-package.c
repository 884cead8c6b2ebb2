/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/sysmacros.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include <json-c/json_object.h>

#include "contract/bundle.h"
#include "plugin/digest.h"
#include "plugin/package.h"
#include "fixture-files.h"

static void
test_folder(void **state)
{
	struct xc_package *package;
	struct xc_errbuf why = { "" };
	char folder[256], id[64];

	(void)state;
	put_demo(make_folder(folder, sizeof(folder)));
	put(folder, "demo.c", "stays at home");
	put(folder, "Makefile", "too");
	put(folder, "tests/test.c", "too");
	put(folder, "assets/.hidden", "too");
	put(folder, "demo.o", "too");
	assert_int_equal(xc_package_open(folder, &package, &why), XC_OK);
	assert_int_equal(package->n_files, 7);
	assert_string_equal(package->files[0].name, "README.md");
	assert_string_equal(package->files[1].name, "assets/css/site.css");
	assert_non_null(xc_package_find(package, "sql/0001_create.up.sql"));
	assert_null(xc_package_find(package, "demo.c"));
	assert_true(xc_digest_ok(package->hash));
	xc_package_version_id(package, id, sizeof(id));
	assert_int_equal(strncmp(id, "1.2.0-", 6), 0);
	assert_int_equal(strlen(id), 14);
	xc_package_free(&package);
	assert_null(package);
	remove_folder(folder);
}

static void
test_pack(void **state)
{
	struct xc_package *package, *again;
	struct xc_errbuf why = { "" };
	void *first, *second;
	size_t first_len, second_len;
	char folder[256];

	(void)state;
	put_demo(make_folder(folder, sizeof(folder)));
	assert_int_equal(xc_package_open(folder, &package, &why), XC_OK);
	assert_int_equal(xc_package_pack(package, &first, &first_len, &why),
	    XC_OK);
	assert_int_equal(xc_package_pack(package, &second, &second_len, &why),
	    XC_OK);
	assert_int_equal(first_len, second_len);
	assert_memory_equal(first, second, first_len);
	assert_int_equal(xc_package_read(first, first_len, &again, &why),
	    XC_OK);
	assert_string_equal(package->hash, again->hash);
	assert_int_equal(package->n_files, again->n_files);
	xc_package_free(&again);
	/* Cut anywhere, it is refused. */
	for (size_t len = 0; len < first_len; len += 1 + first_len / 60) {
		assert_int_equal(xc_package_read(first, len, &again, &why),
		    XC_ERR_INVALID);
		assert_null(again);
	}
	xc_package_free(&package);
	free(first);
	free(second);
	remove_folder(folder);
}

/* The same content gives the same hash however it is packed; another name,
 * length or byte gives another. */
static void
test_hash(void **state)
{
	struct xc_package *package;
	struct xc_errbuf why = { "" };
	char folder[256], hash[65];

	(void)state;
	put_demo(make_folder(folder, sizeof(folder)));
	assert_int_equal(xc_package_open(folder, &package, &why), XC_OK);
	snprintf(hash, sizeof(hash), "%s", package->hash);
	xc_package_free(&package);
	put(folder, "assets/css/site.css", "body {} ");
	assert_int_equal(xc_package_open(folder, &package, &why), XC_OK);
	assert_string_not_equal(hash, package->hash);
	xc_package_free(&package);
	remove_folder(folder);
}

static void
expect_folder(const char *folder, const char *says)
{
	struct xc_package *package;
	struct xc_errbuf why = { "" };

	assert_int_equal(xc_package_open(folder, &package, &why),
	    XC_ERR_INVALID);
	assert_null(package);
	if (strstr(why.text, says) == NULL)
		fail_msg("%s", why.text);
}

static void
spoil(const char *name, const char *link, const char *says)
{
	char folder[256], path[600];

	put_demo(make_folder(folder, sizeof(folder)));
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	xc_file_remove_at(AT_FDCWD, path);
	if (link != NULL)
		assert_int_equal(symlink(link, path), 0);
	expect_folder(folder, says);
	remove_folder(folder);
}

static void
test_bad_folder(void **state)
{
	char folder[256], path[600];

	(void)state;
	spoil("plugin.json", NULL, "there is no plugin.json");
	spoil("openapi.json", NULL, "there is no openapi.json");
	spoil("demo.so", NULL, "there is no demo.so; build");
	spoil("plugin.json", "/etc/passwd", "plugin.json: must be a regular");
	spoil("demo.so", "elsewhere.so", "demo.so: must be a regular");
	spoil("sql", "/tmp", "sql: must be a folder");
	spoil("assets/css", "/etc", "assets/css: must be a regular");

	put_demo(make_folder(folder, sizeof(folder)));
	put(folder, "other.so", "x");
	expect_folder(folder, "only demo.so may be there");
	remove_folder(folder);

	put_demo(make_folder(folder, sizeof(folder)));
	put(folder, "sql/create.sql", "x");
	expect_folder(folder, "a migration is named like");
	remove_folder(folder);

	put_demo(make_folder(folder, sizeof(folder)));
	snprintf(path, sizeof(path), "%s/assets/fifo", folder);
	assert_int_equal(mkfifo(path, 0644), 0);
	expect_folder(folder, "assets/fifo: must be a regular");
	remove_folder(folder);

	put_demo(make_folder(folder, sizeof(folder)));
	put(folder, "assets/\xc3\xa9.png", "x");
	expect_folder(folder, "printable ASCII");
	remove_folder(folder);

	put_demo(make_folder(folder, sizeof(folder)));
	put(folder, "openapi.json", "[1,2");
	expect_folder(folder, "openapi.json: line 1, column 5: ");
	put(folder, "openapi.json", "[1,2]");
	expect_folder(folder, "must be a JSON object");
	put(folder, "plugin.json", "not JSON");
	expect_folder(folder, "plugin.json: /: not JSON");
	remove_folder(folder);
}

#define SCHEMA_OPENAPI "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"t\"," \
	"\"version\":\"1\"},\"paths\":{},\"components\":{\"schemas\":{"	\
	"\"A\":{\"$ref\":\"schemas/b.json\"}}}}"

/* The files of schemas/ are part of the document. */
static void
test_schemas(void **state)
{
	struct xc_package *package, *again;
	struct xc_errbuf why = { "" };
	char folder[256], path[600];
	void *data;
	size_t len;

	(void)state;
	put_demo(make_folder(folder, sizeof(folder)));
	put(folder, "openapi.json", SCHEMA_OPENAPI);
	put(folder, "schemas/b.json", "{\"type\":\"string\"}");
	put(folder, "schemas/README.md", "stays at home");
	assert_int_equal(xc_package_open(folder, &package, &why), XC_OK);
	assert_non_null(xc_package_find(package, "schemas/b.json"));
	assert_null(xc_package_find(package, "schemas/README.md"));
	assert_non_null(strstr(package->contract->text,
	    "{\"$ref\":\"#/components/schemas/b\"}"));
	assert_ptr_equal(package->contract->root, package->openapi);
	assert_int_equal(xc_package_pack(package, &data, &len, &why), XC_OK);
	if (xc_package_read(data, len, &again, &why) != XC_OK)
		fail_msg("%s", why.text);
	assert_string_equal(again->hash, package->hash);
	assert_string_equal(again->contract->text, package->contract->text);
	free(data);
	xc_package_free(&again);
	xc_package_free(&package);

	put(folder, "schemas/b.json", "{\"type\":}");
	expect_folder(folder, "schemas/b.json: line 1, column 9: ");
	put(folder, "schemas/a b.json", "{}");
	expect_folder(folder, "schemas/a b.json: the name of a schema may");
	snprintf(path, sizeof(path), "%s/schemas", folder);
	xc_file_remove_at(AT_FDCWD, path);
	assert_int_equal(symlink("/tmp", path), 0);
	expect_folder(folder, "schemas: must be a folder");
	remove_folder(folder);
}

static void
test_too_large(void **state)
{
	char folder[256], path[600];
	int fd;

	(void)state;
	put_demo(make_folder(folder, sizeof(folder)));
	snprintf(path, sizeof(path), "%s/assets/huge", folder);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(ftruncate(fd, XC_PACKAGE_SIZE_MAX + 1ll), 0);
	expect_folder(folder, "is longer than");
	assert_int_equal(ftruncate(fd, XC_PACKAGE_SIZE_MAX), 0);
	expect_folder(folder, "more than 64 MiB");
	close(fd);
	unlink(path);
	for (int i = 0; i < XC_PACKAGE_FILES_MAX; i++) {
		snprintf(path, sizeof(path), "assets/%d", i);
		put(folder, path, "");
	}
	expect_folder(folder, "more than 2000 files");
	remove_folder(folder);
}

/* An archive under construction. */
struct builder {
	struct archive *archive;
	char data[200000];
	size_t len;
};

static struct builder *
begin(void)
{
	struct builder *builder = calloc(1, sizeof(*builder));

	builder->archive = archive_write_new();
	archive_write_set_format_pax(builder->archive);
	archive_write_open_memory(builder->archive, builder->data,
	    sizeof(builder->data), &builder->len);
	return builder;
}

/* type 'f' a file, 'l' and 'h' links to text, 'd' a folder, 'c' a device,
 * 'p' a FIFO, 's' a setuid file. */
static void
add(struct builder *builder, const char *name, char type, const char *text)
{
	struct archive_entry *entry = archive_entry_new();
	bool file = type == 'f' || type == 's';

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, type == 'l' ? AE_IFLNK :
	    type == 'd' ? AE_IFDIR : type == 'c' ? AE_IFCHR :
	    type == 'p' ? AE_IFIFO : AE_IFREG);
	archive_entry_set_perm(entry, type == 's' ? 04755 : 0644);
	archive_entry_set_size(entry, file ? (la_int64_t)strlen(text) : 0);
	if (type == 'l')
		archive_entry_set_symlink(entry, text);
	if (type == 'h')
		archive_entry_set_hardlink(entry, text);
	if (type == 'c')
		archive_entry_set_rdev(entry, makedev(1, 3));
	assert_true(archive_write_header(builder->archive, entry) >=
	    ARCHIVE_WARN);
	if (file)
		archive_write_data(builder->archive, text, strlen(text));
	archive_entry_free(entry);
}

static void
add_demo(struct builder *builder)
{
	add(builder, "./", 'd', "");
	add(builder, "./plugin.json", 'f', DEMO_MANIFEST);
	add(builder, "openapi.json", 'f', DEMO_OPENAPI);
	add(builder, "demo.so", 'f', "not really");
	add(builder, "assets/", 'd', "");
}

/* says NULL: it is taken. */
static void
finish(struct builder *builder, const char *says)
{
	struct xc_package *package;
	struct xc_errbuf why = { "" };
	enum xc_err err;

	archive_write_close(builder->archive);
	err = xc_package_read(builder->data, builder->len, &package, &why);
	assert_int_equal(err, says == NULL ? XC_OK : XC_ERR_INVALID);
	if (says != NULL && strstr(why.text, says) == NULL)
		fail_msg("%s", why.text);
	xc_package_free(&package);
	archive_write_free(builder->archive);
	free(builder);
}

static void
test_bad_archive(void **state)
{
	static const struct {
		const char *name;
		char type;
		const char *text;
		const char *says;
	} bad[] = {
		{ "assets/x", 'l', "/etc/passwd", "is a symbolic link" },
		{ "plugin.json", 'l', "/etc/passwd", "is a symbolic link" },
		{ "assets/x", 'h', "plugin.json", "is a hard link" },
		{ "assets/x", 'c', "", "is a device" },
		{ "assets/x", 'p', "", "is a device or the like" },
		{ "assets/x", 's', "x", "is setuid" },
		{ "/etc/xcore", 'f', "x", "absolute path" },
		{ "/plugin.json", 'f', "x", "absolute path" },
		{ "../plugin.json", 'f', "x", "\"..\"" },
		{ "assets/../../x", 'f', "x", "\"..\"" },
		{ "assets/..", 'f', "x", "\"..\"" },
		{ "assets//x", 'f', "x", "empty" },
		{ "././plugin.json", 'f', "x", "begins with a dot" },
		{ "assets/.htaccess", 'f', "x", "begins with a dot" },
		{ "assets/a\nb", 'f', "x", "printable ASCII" },
		{ "assets/a\\b", 'f', "x", "printable ASCII" },
		{ "plugin.json", 'f', DEMO_MANIFEST, "stands in it twice" },
		{ "./demo.so", 'f', "x", "stands in it twice" },
		{ "assets/a", 'd', "", NULL },
		{ "demo.c", 'f', "x", "does not belong" },
		{ "bin", 'd', "", "does not belong" },
		{ "sql/1.sql", 'f', "x", "does not belong" },
		{ "other.so", 'f', "x", "only demo.so" },
		{ "assets/ok.txt", 'f', "x", NULL },
		{ "LICENSE", 'f', "x", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct builder *builder = begin();

		add_demo(builder);
		add(builder, bad[i].name, bad[i].type, bad[i].text);
		finish(builder, bad[i].says);
	}
}

static void
test_clash(void **state)
{
	struct builder *builder = begin();

	(void)state;
	add_demo(builder);
	add(builder, "assets/a", 'f', "x");
	add(builder, "assets/a-b", 'f', "x");
	add(builder, "assets/a/b", 'f', "x");
	finish(builder, "assets/a is a file and a folder");
}

static void
test_not_archive(void **state)
{
	struct xc_package *package;
	struct xc_errbuf why = { "" };
	char folder[256], path[600];

	(void)state;
	make_folder(folder, sizeof(folder));
	put(folder, "empty.xcp", "");
	put(folder, "text.xcp", "this is not an archive");
	snprintf(path, sizeof(path), "%s/empty.xcp", folder);
	expect_folder(path, "is empty");
	snprintf(path, sizeof(path), "%s/text.xcp", folder);
	expect_folder(path, "is not a whole .xcp archive");
	expect_folder("/dev/null", "is not a regular file");
	snprintf(path, sizeof(path), "%s/none.xcp", folder);
	assert_int_equal(xc_package_open(path, &package, &why),
	    XC_ERR_NOT_FOUND);
	remove_folder(folder);
}

/* A few KB of archive that would be a gigabyte. */
static void
test_bomb(void **state)
{
	static char zeros[1 << 20];
	struct archive *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	struct xc_package *package;
	struct xc_errbuf why = { "" };
	char *data = malloc(4 << 20);
	size_t len;

	(void)state;
	archive_write_set_format_pax(archive);
	archive_write_add_filter_zstd(archive);
	archive_write_open_memory(archive, data, 4 << 20, &len);
	archive_entry_set_pathname(entry, "assets/bomb");
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_size(entry, 1ll << 30);
	archive_write_header(archive, entry);
	for (int i = 0; i < 1024; i++)
		archive_write_data(archive, zeros, sizeof(zeros));
	archive_entry_free(entry);
	archive_write_close(archive);
	archive_write_free(archive);
	assert_true(len < 1 << 20);
	assert_int_equal(xc_package_read(data, len, &package, &why),
	    XC_ERR_INVALID);
	assert_non_null(strstr(why.text, "64 MiB"));
	free(data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_folder),
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_bad_folder),
		cmocka_unit_test(test_schemas),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_bad_archive),
		cmocka_unit_test(test_clash),
		cmocka_unit_test(test_not_archive),
		cmocka_unit_test(test_bomb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
