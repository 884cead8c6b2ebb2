/* SPDX-License-Identifier: MIT */
/* Run by root, a sandbox gets an account of its own, to which a private folder
 * is closed.  It needs but the shared object, so that is lent to it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit/subject.h"
#include "plugin/file.h"

#define OBJECT_MAX (256u << 20)

/* Whether an account that is nobody here gets to it and can read it. */
static bool
reachable(const char *path)
{
	char part[PATH_MAX];
	struct stat st;

	if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part) ||
	    stat(part, &st) != 0 || (st.st_mode & S_IROTH) == 0)
		return false;
	for (;;) {
		char *slash = strrchr(part, '/');

		if (slash == NULL || slash == part)
			return true;
		*slash = '\0';
		if (stat(part, &st) != 0 || (st.st_mode & S_IXOTH) == 0)
			return false;
	}
}

static enum xc_err
copy_object(const char *from, const char *folder, const char *to,
    struct xc_errbuf *errbuf)
{
	unsigned char *data;
	enum xc_err err;
	size_t len;

	if (chmod(folder, 0755) != 0)
		return xc_fail(errbuf, XC_ERR_IO, "%s: %s", folder,
		    strerror(errno));
	err = xc_file_read_at(AT_FDCWD, from, OBJECT_MAX, &data, &len,
	    errbuf);
	if (err != XC_OK)
		return err;
	err = xc_file_write_at(AT_FDCWD, to, 0644, data, len, errbuf);
	free(data);
	return err;
}

enum xc_err
xc_subject_expose(struct xc_subject *subject, struct xc_errbuf *errbuf)
{
	const char *parent = getenv("TMPDIR");
	char folder[PATH_MAX];
	enum xc_err err;

	if (geteuid() != 0 || reachable(subject->so))
		return XC_OK;
	if (access(subject->so, R_OK) != 0)
		return XC_OK;	/* the loader says it better */
	if (parent == NULL || !reachable(parent))
		parent = "/tmp";
	snprintf(folder, sizeof(folder), "%s/xcore-plugin-XXXXXX", parent);
	if (mkdtemp(folder) == NULL)
		return xc_fail(errbuf, XC_ERR_IO, "%s: %s", folder,
		    strerror(errno));
	subject->lent_dir = strdup(folder);
	if (subject->lent_dir == NULL || asprintf(&subject->lent,
	    "%s/%s.so", folder, subject->plugin.name) == -1) {
		rmdir(folder);
		subject->lent = NULL;
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	}
	err = copy_object(subject->so, folder, subject->lent, errbuf);
	if (err != XC_OK)
		xc_subject_hide(subject);
	subject->spec.so = err == XC_OK ? subject->lent : subject->so;
	subject->spec.dir = err == XC_OK ? subject->lent_dir : subject->dir;
	return err;
}

void
xc_subject_hide(struct xc_subject *subject)
{
	if (subject->lent != NULL)
		unlink(subject->lent);
	if (subject->lent_dir != NULL)
		rmdir(subject->lent_dir);
	free(subject->lent);
	free(subject->lent_dir);
	subject->lent = subject->lent_dir = NULL;
	subject->spec.so = subject->so;
	subject->spec.dir = subject->dir;
}
