/* SPDX-License-Identifier: MIT */
/* Gathers scripts into numbered migrations. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/migrate-private.h"

#define SCRIPT_MAX (16u << 20)

/* The parts of "0001_create.up.sql". */
struct script_name {
	unsigned number;
	char name[96];
	bool down;
};

static bool
ends_with(const char *text, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len > n && strcmp(text + len - n, end) == 0;
}

static bool
parse_script_name(const char *file, struct script_name *name_r)
{
	size_t len = strlen(file);

	if (strspn(file, "0123456789") != 4 || file[4] != '_')
		return false;
	name_r->down = ends_with(file, len, ".down.sql");
	if (name_r->down)
		len -= strlen(".down.sql");
	else if (ends_with(file, len, ".up.sql"))
		len -= strlen(".up.sql");
	else
		return false;
	if (len <= 5 || len >= sizeof(name_r->name))
		return false;
	memcpy(name_r->name, file, len);
	name_r->name[len] = '\0';
	name_r->number = (unsigned)strtoul(file, NULL, 10);
	return name_r->number > 0;
}

static struct xc_migration *
find_number(struct xc_migration_set *set, unsigned number)
{
	for (size_t i = 0; i < set->n; i++) {
		if (set->rows[i].number == number)
			return &set->rows[i];
	}
	return NULL;
}

const struct xc_migration *
xc_migration_find(const struct xc_migration_set *set, unsigned number)
{
	for (size_t i = 0; i < set->n; i++) {
		if (set->rows[i].number == number)
			return &set->rows[i];
	}
	return NULL;
}

static enum xc_err
add_row(struct xc_migration_set *set, const struct script_name *name,
    struct xc_migration **row_r, struct xc_errbuf *errbuf)
{
	struct xc_migration *rows;

	*row_r = find_number(set, name->number);
	if (*row_r != NULL && strcmp((*row_r)->name, name->name) != 0)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "two migrations have the number %04u: %s and %s; give "
		    "one of them the next free number", name->number,
		    (*row_r)->name, name->name);
	if (*row_r != NULL)
		return XC_OK;
	rows = reallocarray(set->rows, set->n + 1, sizeof(*rows));
	if (rows == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	set->rows = rows;
	*row_r = &rows[set->n++];
	memset(*row_r, 0, sizeof(**row_r));
	(*row_r)->number = name->number;
	memcpy((*row_r)->name, name->name, sizeof(name->name));
	return XC_OK;
}

/* Takes text, whatever it returns. */
static enum xc_err
add_script(struct xc_migration_set *set, const char *file, char *text,
    size_t len, struct xc_errbuf *errbuf)
{
	struct script_name name;
	struct xc_migration *row;
	enum xc_err err = XC_OK;

	if (!parse_script_name(file, &name)) {
		free(text);
		return XC_OK;
	}
	err = add_row(set, &name, &row, errbuf);
	if (err != XC_OK) {
		free(text);
		return err;
	}
	if (name.down) {
		row->down = text;
		row->down_len = len;
		return XC_OK;
	}
	row->up = text;
	row->up_len = len;
	if (xc_digest_hex(text, len, row->checksum) != XC_OK)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	return XC_OK;
}

static int
by_number(const void *a, const void *b)
{
	const struct xc_migration *left = a, *right = b;

	return left->number < right->number ? -1 :
	    left->number > right->number;
}

static enum xc_err
finish_set(struct xc_migration_set *set, struct xc_errbuf *errbuf)
{
	for (size_t i = 0; i < set->n; i++) {
		if (set->rows[i].up == NULL)
			return xc_fail(errbuf, XC_ERR_INVALID,
			    "%s.down.sql has no %s.up.sql beside it",
			    set->rows[i].name, set->rows[i].name);
	}
	if (set->n > 0)
		qsort(set->rows, set->n, sizeof(*set->rows), by_number);
	return XC_OK;
}

void
xc_migration_set_free(struct xc_migration_set **set)
{
	if (*set == NULL)
		return;
	for (size_t i = 0; i < (*set)->n; i++) {
		free((*set)->rows[i].up);
		free((*set)->rows[i].down);
	}
	free((*set)->rows);
	free(*set);
	*set = NULL;
}

static enum xc_err
read_script(int folder, const char *name, char **text_r, size_t *len_r,
    struct xc_errbuf *errbuf)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n = -1;

	*text_r = NULL;
	if (fd < 0 || fstat(fd, &st) != 0) {
		if (fd >= 0)
			close(fd);
		return xc_fail(errbuf, XC_ERR_IO, "cannot read %s: %s", name,
		    strerror(errno));
	}
	if (S_ISREG(st.st_mode) && st.st_size <= (off_t)SCRIPT_MAX)
		*text_r = malloc((size_t)st.st_size + 1);
	if (*text_r != NULL)
		n = read(fd, *text_r, (size_t)st.st_size);
	close(fd);
	if (n == st.st_size) {
		(*text_r)[n] = '\0';
		*len_r = (size_t)n;
		return XC_OK;
	}
	free(*text_r);
	*text_r = NULL;
	return xc_fail(errbuf, XC_ERR_IO, "cannot read %s whole", name);
}

static enum xc_err
read_folder(DIR *dir, struct xc_migration_set *set, struct xc_errbuf *errbuf)
{
	struct script_name ignored;
	struct dirent *entry;
	enum xc_err err = XC_OK;

	while (err == XC_OK && (entry = readdir(dir)) != NULL) {
		char *text;
		size_t len = 0;

		if (!parse_script_name(entry->d_name, &ignored))
			continue;
		err = read_script(dirfd(dir), entry->d_name, &text, &len,
		    errbuf);
		if (err == XC_OK)
			err = add_script(set, entry->d_name, text, len,
			    errbuf);
	}
	return err;
}

enum xc_err
xc_migration_set_read(const char *folder, struct xc_migration_set **set_r,
    struct xc_errbuf *errbuf)
{
	struct xc_migration_set *set;
	enum xc_err err;
	DIR *dir;

	*set_r = NULL;
	dir = opendir(folder);
	if (dir == NULL)
		return xc_fail(errbuf, XC_ERR_IO,
		    "cannot read the migrations in %s: %s", folder,
		    strerror(errno));
	set = calloc(1, sizeof(*set));
	if (set == NULL)
		err = xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	else
		err = read_folder(dir, set, errbuf);
	closedir(dir);
	if (err == XC_OK)
		err = finish_set(set, errbuf);
	if (err != XC_OK) {
		xc_migration_set_free(&set);
		return err;
	}
	*set_r = set;
	return XC_OK;
}

static enum xc_err
read_package(const struct xc_package *package, struct xc_migration_set *set,
    struct xc_errbuf *errbuf)
{
	enum xc_err err = XC_OK;

	for (size_t i = 0; i < package->n_files && err == XC_OK; i++) {
		const struct xc_package_file *file = &package->files[i];
		char *text;

		if (strncmp(file->name, "sql/", 4) != 0)
			continue;
		text = malloc(file->len + 1);
		if (text == NULL)
			return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
		memcpy(text, file->data, file->len);
		text[file->len] = '\0';
		err = add_script(set, file->name + 4, text, file->len,
		    errbuf);
	}
	return err;
}

enum xc_err
xc_migration_set_of(const struct xc_package *package,
    struct xc_migration_set **set_r, struct xc_errbuf *errbuf)
{
	struct xc_migration_set *set = calloc(1, sizeof(*set));
	enum xc_err err;

	*set_r = NULL;
	if (set == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	err = read_package(package, set, errbuf);
	if (err == XC_OK)
		err = finish_set(set, errbuf);
	if (err != XC_OK) {
		xc_migration_set_free(&set);
		return err;
	}
	*set_r = set;
	return XC_OK;
}

static enum xc_err
check_script(const char *text, size_t len, struct xc_errbuf *errbuf)
{
	struct xc_sql_statement *statements;
	enum xc_err err;
	size_t n;

	err = xc_sql_split(text, len, &statements, &n, errbuf);
	for (size_t i = 0; err == XC_OK && i < n; i++)
		err = xc_sql_check_plugin(&statements[i], errbuf);
	free(statements);
	return err;
}

enum xc_err
xc_migration_set_check(const struct xc_migration_set *set,
    struct xc_errbuf *errbuf)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct xc_migration *row = &set->rows[i];
		const char *which = "up";
		enum xc_err err = check_script(row->up, row->up_len, errbuf);

		if (err == XC_OK && row->down != NULL) {
			which = "down";
			err = check_script(row->down, row->down_len, errbuf);
		}
		if (err != XC_OK)
			return xc_fail_prefix(errbuf, err, "sql/%s.%s.sql",
			    row->name, which);
	}
	return XC_OK;
}
