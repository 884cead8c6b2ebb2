/* SPDX-License-Identifier: MIT */
/*
 * "plugin.logs": the last records of one plugin, from the end of the log's
 * file on this host.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "lib/text.h"
#include "worker/desk.h"

#define LINES 50
#define LINES_MAX 500
#define LOOKED_AT ((size_t)4 << 20)	/* bytes, from the end */

/* What is wanted, and what was found so far: the newest first. */
struct search {
	char logger[48];	/* "plugin.todo" */
	int64_t lines;
	struct json_object *found[LINES_MAX];
	int64_t n;
};

static void
add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static struct json_object *
make_item(const char *time, const char *level, const char *text,
    const char *id)
{
	struct json_object *item = json_object_new_object();

	add_text(item, "time", time);
	add_text(item, "level", level);
	add_text(item, "text", text);
	json_object_object_add(item, "request_id", id != NULL && *id != '\0' ?
	    json_object_new_string(id) : NULL);
	return item;
}

/* {"time","level","logger","pid","request_id","message"} */
static struct json_object *
take_json(const struct search *search, const char *line, size_t len)
{
	struct json_object *record = NULL, *item = NULL;
	const char *logger;

	if (memmem(line, len, search->logger, strlen(search->logger)) == NULL)
		return NULL;
	if (xc_json_parse(line, len, &record, NULL, 0) != XC_OK)
		return NULL;
	logger = xc_json_string(record, "logger");
	if (logger != NULL && strcmp(logger, search->logger) == 0 &&
	    xc_json_string(record, "time") != NULL &&
	    xc_json_string(record, "level") != NULL &&
	    xc_json_string(record, "message") != NULL)
		item = make_item(xc_json_string(record, "time"),
		    xc_json_string(record, "level"),
		    xc_json_string(record, "message"),
		    xc_json_string(record, "request_id"));
	json_object_put(record);
	return item;
}

/* "INFO" as "info". */
static void
lower(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

/* TIME LEVEL LOGGER[PID] TEXT request_id=ID, as src/loggers/record.c writes
 * it. */
static struct json_object *
take_text(const struct search *search, const char *line, size_t len)
{
	char copy[4200], *time, *level, *logger, *text, *id, *bracket;
	char *rest = copy;

	if (len >= sizeof(copy))
		return NULL;
	memcpy(copy, line, len);
	copy[len] = '\0';
	time = strsep(&rest, " ");
	level = strsep(&rest, " ");
	logger = strsep(&rest, " ");
	text = rest;
	if (text == NULL || strlen(time) != 24 || time[23] != 'Z')
		return NULL;
	bracket = strchr(logger, '[');
	if (bracket == NULL)
		return NULL;
	*bracket = '\0';
	if (strcmp(logger, search->logger) != 0)
		return NULL;
	id = strrchr(text, ' ');
	if (id != NULL && strncmp(id, " request_id=", 12) == 0) {
		*id = '\0';
		id += 12;
	} else {
		id = NULL;
	}
	lower(level);
	xc_utf8_tidy(text);
	return make_item(time, level, text, id);
}

static void
take_line(struct search *search, const char *line, size_t len)
{
	struct json_object *item;

	if (len == 0)
		return;
	item = line[0] == '{' ? take_json(search, line, len) :
	    take_text(search, line, len);
	if (item != NULL)
		search->found[search->n++] = item;
}

/* Backwards; the first line may have been cut. */
static void
take_lines(struct search *search, const char *data, size_t len, bool whole)
{
	while (len > 0 && search->n < search->lines) {
		const char *newline;
		size_t from;

		if (data[len - 1] == '\n')
			len--;
		newline = memrchr(data, '\n', len);
		from = newline != NULL ? (size_t)(newline - data) + 1 : 0;
		if (from > 0 || whole)
			take_line(search, data + from, len - from);
		len = from;
	}
}

static enum xc_err
look_into(struct search *search, int fd)
{
	struct stat st;
	size_t want;
	char *data;
	ssize_t n;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return XC_ERR_IO;
	want = st.st_size < (off_t)LOOKED_AT ? (size_t)st.st_size : LOOKED_AT;
	data = malloc(want + 1);
	if (data == NULL)
		return XC_ERR_NOMEM;
	n = pread(fd, data, want, st.st_size - (off_t)want);
	if (n > 0)
		take_lines(search, data, (size_t)n,
		    (off_t)want == st.st_size);
	free(data);
	return n >= 0 ? XC_OK : XC_ERR_IO;
}

static enum xc_err
look(struct search *search, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum xc_err err;

	if (fd == -1)
		return errno == ENOENT ? XC_OK : XC_ERR_IO;
	err = look_into(search, fd);
	close(fd);
	return err;
}

static struct json_object *
result_of(struct search *search, bool kept)
{
	struct json_object *result = json_object_new_object();
	struct json_object *items = json_object_new_array();

	while (search->n > 0)
		json_object_array_add(items, search->found[--search->n]);
	json_object_object_add(result, "kept", json_object_new_boolean(kept));
	json_object_object_add(result, "items", items);
	return result;
}

static enum xc_err
take_args(struct search *search, struct json_object *args,
    struct xc_refusal *refusal_r)
{
	const char *name;
	enum xc_err err = xc_staff_plugin(args, &name, refusal_r);

	if (err != XC_OK)
		return err;
	snprintf(search->logger, sizeof(search->logger), "plugin.%s", name);
	search->lines = LINES;
	if (xc_json_member(args, "lines") == NULL ||
	    (xc_json_int(args, "lines", &search->lines) &&
	    search->lines >= 1 && search->lines <= LINES_MAX))
		return XC_OK;
	return xc_refuse_at(refusal_r, "/lines", "range",
	    "must be a number from 1 to %d", LINES_MAX);
}

enum xc_err
xc_operator_logs(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	const struct xc_staff *staff = service;
	const struct xc_log_config *log = &staff->settings->log;
	bool kept = strcmp(log->sink, "file") == 0;
	struct search *search = calloc(1, sizeof(*search));
	enum xc_err err = XC_ERR_NOMEM;

	(void)caller;
	if (search != NULL)
		err = take_args(search, args, refusal_r);
	if (err == XC_OK && kept)
		err = look(search, log->file);
	if (err == XC_OK)
		*result_r = result_of(search, kept);
	while (err != XC_OK && search != NULL && search->n > 0)
		json_object_put(search->found[--search->n]);
	free(search);
	return err;
}
