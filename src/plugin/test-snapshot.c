/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "plugin/file.h"
#include "plugin/snapshot.h"

static char folder[64];

static int
make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/xcore-snapshot.XXXXXX");
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int
drop_folder(void **state)
{
	(void)state;
	return xc_file_remove_at(AT_FDCWD, folder) == XC_OK ? 0 : -1;
}

static void
write_keeping(int generation, int sequence, uint64_t keep, char *path_r)
{
	char text[256];
	struct json_object *snapshot;
	struct xc_errbuf errbuf = { "" };

	snprintf(text, sizeof(text), "{\"format\":1,\"generation\":%d,"
	    "\"sequence\":%d,\"plugins\":[{\"name\":\"a\",\"state\":"
	    "\"enabled\",\"prefix\":\"/app/a\"}]}", generation, sequence);
	snapshot = json_tokener_parse(text);
	assert_int_equal(xc_snapshot_write_keep(folder, snapshot, keep,
	    path_r, PATH_MAX, &errbuf), XC_OK);
	json_object_put(snapshot);
}

static void
write_one(int generation, int sequence, char *path_r)
{
	write_keeping(generation, sequence, 0, path_r);
}

static enum xc_err
read_one(const char *path, int *sequence_r)
{
	struct json_object *snapshot, *value;
	enum xc_err err = xc_snapshot_read(path, &snapshot, NULL);

	if (err != XC_OK) {
		assert_null(snapshot);
		return err;
	}
	json_object_object_get_ex(snapshot, "sequence", &value);
	*sequence_r = json_object_get_int(value);
	json_object_put(snapshot);
	return XC_OK;
}

static void
test_write_and_read(void **state)
{
	char path[PATH_MAX], current[PATH_MAX];
	int sequence = 0;

	(void)state;
	xc_snapshot_current(folder, current, sizeof(current));
	assert_int_equal(read_one(current, &sequence), XC_ERR_NOT_FOUND);
	assert_int_equal(xc_snapshot_last_sequence(folder), 0);
	write_one(3, 7, path);
	assert_non_null(strstr(path, "/snapshot/3-7.json"));
	assert_int_equal(read_one(path, &sequence), XC_OK);
	assert_int_equal(sequence, 7);
	assert_int_equal(read_one(current, &sequence), XC_OK);
	assert_int_equal(sequence, 7);
	assert_int_equal(xc_snapshot_last_sequence(folder), 7);
}

static void
test_five_are_kept(void **state)
{
	char path[PATH_MAX];
	int sequence;

	(void)state;
	for (int i = 1; i <= 12; i++)
		write_one(i / 3, i, path);
	for (int i = 1; i <= 12; i++) {
		snprintf(path, sizeof(path), "%s/snapshot/%d-%d.json", folder,
		    i / 3, i);
		assert_int_equal(read_one(path, &sequence), i > 7 ? XC_OK :
		    XC_ERR_NOT_FOUND);
	}
}

/* Workers that start read what is published, however much is tried since. */
static void
test_published_is_kept(void **state)
{
	char path[PATH_MAX], current[PATH_MAX], found[PATH_MAX];
	uint64_t sequence = 0;

	(void)state;
	write_one(1, 1, path);
	write_one(1, 2, path);
	for (int i = 3; i <= 12; i++)
		write_keeping(i, i, 2, path);
	xc_snapshot_current(folder, current, sizeof(current));
	assert_int_equal(xc_snapshot_beside(current, 2, found,
	    sizeof(found)), XC_OK);
	assert_non_null(strstr(found, "/snapshot/1-2.json"));
	assert_int_equal(xc_snapshot_beside(current, 12, found,
	    sizeof(found)), XC_OK);
	assert_string_equal(found, path);
	assert_int_equal(xc_snapshot_beside(current, 1, found,
	    sizeof(found)), XC_ERR_NOT_FOUND);
	assert_int_equal(xc_snapshot_beside(current, 0, found,
	    sizeof(found)), XC_ERR_NOT_FOUND);
	assert_int_equal(xc_snapshot_beside("", 2, found, sizeof(found)),
	    XC_ERR_NOT_FOUND);
	/* From the newest to the oldest. */
	assert_int_equal(xc_snapshot_before(folder, UINT64_MAX, found,
	    sizeof(found), &sequence), XC_OK);
	assert_int_equal(sequence, 12);
	assert_int_equal(xc_snapshot_before(folder, 8, found, sizeof(found),
	    &sequence), XC_OK);
	assert_int_equal(sequence, 2);
	assert_int_equal(xc_snapshot_before(folder, 2, found, sizeof(found),
	    &sequence), XC_ERR_NOT_FOUND);
}

/* Documents go with their snapshots, and are none themselves. */
static void
test_document(void **state)
{
	char path[PATH_MAX], document[2][PATH_MAX];

	(void)state;
	write_one(3, 1, path);
	assert_int_equal(xc_snapshot_document(path, "31", document[0],
	    PATH_MAX), XC_OK);
	assert_int_equal(xc_snapshot_document(path, "30", document[1],
	    PATH_MAX), XC_OK);
	assert_non_null(strstr(document[0], "/3-1.openapi31.json"));
	for (int i = 0; i < 2; i++)
		assert_int_equal(xc_snapshot_write_document(document[i],
		    "{}", 2, NULL), XC_OK);
	assert_int_equal(xc_snapshot_document("x", "31", path, PATH_MAX),
	    XC_ERR_INVALID);
	for (int i = 2; i < 6; i++) {
		assert_int_equal(access(document[0], R_OK), 0);
		assert_int_equal(access(document[1], R_OK), 0);
		write_one(3, i, path);
	}
	write_one(3, 6, path);
	assert_int_equal(xc_snapshot_last_sequence(folder), 6);
	assert_int_not_equal(access(document[0], F_OK), 0);
	assert_int_not_equal(access(document[1], F_OK), 0);
}

/* Every byte that is changed, and every length, is noticed. */
static void
test_damage(void **state)
{
	char path[PATH_MAX], damaged[PATH_MAX];
	unsigned char *data;
	size_t len;
	int sequence;

	(void)state;
	write_one(1, 1, path);
	assert_int_equal(xc_file_read_at(AT_FDCWD, path, 4096, &data, &len,
	    NULL), XC_OK);
	snprintf(damaged, sizeof(damaged), "%s/damaged.json", folder);
	for (size_t i = 0; i < len; i++) {
		data[i] ^= 1;
		unlink(damaged);
		assert_int_equal(xc_file_write_at(AT_FDCWD, damaged, 0600,
		    data, len, NULL), XC_OK);
		assert_int_equal(read_one(damaged, &sequence),
		    XC_ERR_INVALID);
		data[i] ^= 1;
		unlink(damaged);
		assert_int_equal(xc_file_write_at(AT_FDCWD, damaged, 0600,
		    data, i, NULL), XC_OK);
		assert_int_equal(read_one(damaged, &sequence),
		    XC_ERR_INVALID);
	}
	free(data);
}

static void
test_recover(void **state)
{
	char path[PATH_MAX], current[PATH_MAX];
	struct json_object *snapshot;
	struct xc_errbuf errbuf;
	int sequence = 0;

	(void)state;
	write_one(1, 1, path);
	write_one(2, 2, path);
	write_one(2, 3, path);
	assert_int_equal(truncate(path, 20), 0);
	xc_snapshot_current(folder, current, sizeof(current));
	assert_int_equal(read_one(current, &sequence), XC_ERR_INVALID);
	assert_int_equal(xc_snapshot_recover(folder, path, sizeof(path),
	    &snapshot, &errbuf), XC_OK);
	json_object_put(snapshot);
	assert_non_null(strstr(path, "/2-2.json"));
	assert_int_equal(read_one(current, &sequence), XC_OK);
	assert_int_equal(sequence, 2);
	/* The number of the damaged one is not used again. */
	assert_int_equal(xc_snapshot_last_sequence(folder), 3);
}

static void
test_nothing_to_recover(void **state)
{
	char path[PATH_MAX];
	struct json_object *snapshot;
	struct xc_errbuf errbuf;

	(void)state;
	assert_int_equal(xc_snapshot_recover(folder, path, sizeof(path),
	    &snapshot, &errbuf), XC_ERR_NOT_FOUND);
}

static void
test_shape(void **state)
{
	static const char *const texts[] = { "{}", "[]",
		"{\"generation\":1,\"sequence\":1,\"plugins\":[]}",
		"{\"format\":2,\"generation\":1,\"sequence\":1,"
		"\"plugins\":[]}",
		"{\"format\":1,\"generation\":1,\"sequence\":1,"
		"\"plugins\":{}}",
		"{\"format\":1,\"generation\":1,\"sequence\":1,"
		"\"plugins\":[{\"name\":\"a\"}]}" };
	struct json_object *snapshot;
	char path[PATH_MAX];
	int sequence;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		snapshot = json_tokener_parse(texts[i]);
		if (xc_snapshot_write(folder, snapshot, path, sizeof(path),
		    NULL) == XC_OK)
			assert_int_not_equal(read_one(path, &sequence),
			    XC_OK);
		json_object_put(snapshot);
	}
}

/* Settings may be as deep as a manifest and a configuration allow; what could
 * not be read again is not written. */
static void
test_depth(void **state)
{
	static const struct {
		int levels;
		enum xc_err err;
	} rows[] = { { 40, XC_OK }, { 58, XC_OK }, { 64, XC_ERR_INVALID } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct json_object *snapshot = json_tokener_parse(
		    "{\"format\":1,\"generation\":9,\"sequence\":90,"
		    "\"plugins\":[]}");
		struct json_object *value = json_object_new_int(1);
		struct xc_errbuf errbuf = { "" };
		char path[PATH_MAX];
		int sequence = 0;

		for (int n = 0; n < rows[i].levels; n++) {
			struct json_object *around = json_object_new_array();

			json_object_array_add(around, value);
			value = around;
		}
		json_object_object_add(snapshot, "config", value);
		assert_int_equal(xc_snapshot_write(folder, snapshot, path,
		    sizeof(path), &errbuf), rows[i].err);
		json_object_put(snapshot);
		if (rows[i].err == XC_OK)
			assert_int_equal(read_one(path, &sequence), XC_OK);
		else
			assert_non_null(strstr(errbuf.text, "deeper"));
	}
}

int
main(void)
{
#define IN_FOLDER(test) \
	cmocka_unit_test_setup_teardown(test, make_folder, drop_folder)
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_write_and_read),
		IN_FOLDER(test_five_are_kept),
		IN_FOLDER(test_published_is_kept),
		IN_FOLDER(test_document),
		IN_FOLDER(test_damage),
		IN_FOLDER(test_recover),
		IN_FOLDER(test_nothing_to_recover),
		IN_FOLDER(test_shape),
		IN_FOLDER(test_depth)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
