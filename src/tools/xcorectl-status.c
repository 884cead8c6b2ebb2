/* SPDX-License-Identifier: MIT */
/* "xcorectl status" for people: aligned columns, the essential first. */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tools/xcorectl.h"

#define COLUMNS_MAX 12

struct page {
	FILE *out;
	bool colour;
};

/* Rows of cells, each column as wide as its widest cell. */
struct table {
	size_t columns;
	size_t rows;
	char **cells;		/* rows * columns */
};

static const char *
text_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) || value == NULL)
		return "";
	return json_object_get_string(value);
}

static int64_t
number_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value))
		return 0;
	return json_object_get_int64(value);
}

static bool
flag_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) &&
	    json_object_get_boolean(value);
}

static struct json_object *
part_of(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	(void)json_object_object_get_ex(object, key, &value);
	return value;
}

static size_t
length_of(struct json_object *list)
{
	return json_object_is_type(list, json_type_array) ?
	    json_object_array_length(list) : 0;
}

static const char *
paint(const struct page *page, const char *code)
{
	return page->colour ? code : "";
}

/* ---- tables ------------------------------------------------------------- */

/* What a plugin or a package put into a text must not steer a terminal. */
static char *
clean_copy(const char *text)
{
	char *copy = strdup(text);

	for (char *p = copy; p != NULL && *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	}
	return copy;
}

static void
add_row(struct table *table, ...)
{
	char **cells;
	va_list ap;

	cells = realloc(table->cells,
	    (table->rows + 1) * table->columns * sizeof(*cells));
	if (cells == NULL)
		return;
	table->cells = cells;
	va_start(ap, table);
	for (size_t i = 0; i < table->columns; i++)
		cells[table->rows * table->columns + i] =
		    clean_copy(va_arg(ap, const char *));
	va_end(ap);
	table->rows++;
}

static const char *
cell(const struct table *table, size_t row, size_t column)
{
	const char *text = table->cells[row * table->columns + column];

	return text == NULL ? "" : text;
}

static void
print_table(const struct page *page, struct table *table)
{
	int width[COLUMNS_MAX] = { 0 };
	size_t last;
	int len;

	for (size_t i = 0; i < table->rows * table->columns; i++) {
		len = (int)strlen(cell(table, 0, i));
		if (len > width[i % table->columns])
			width[i % table->columns] = len;
	}
	for (size_t r = 0; r < table->rows; r++) {
		fputs(r == 0 ? paint(page, "\033[1m") : "", page->out);
		/* No line ends in blanks. */
		for (last = table->columns - 1;
		    last > 0 && *cell(table, r, last) == '\0';)
			last--;
		for (size_t c = 0; c < last; c++)
			fprintf(page->out, "  %-*s", width[c],
			    cell(table, r, c));
		fprintf(page->out, "  %s%s\n", cell(table, r, last),
		    r == 0 ? paint(page, "\033[0m") : "");
	}
	for (size_t i = 0; i < table->rows * table->columns; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct table){ .columns = table->columns };
}

/* "3.2 s", "5 min", "2 h 10 min", "4 d 3 h". */
static const char *
span(int64_t ms, char *text, size_t size)
{
	int64_t s = ms / 1000;

	if (s < 60)
		snprintf(text, size, "%" PRId64 ".%" PRId64 " s", s,
		    ms % 1000 / 100);
	else if (s < 3600)
		snprintf(text, size, "%" PRId64 " min", s / 60);
	else if (s < 86400)
		snprintf(text, size, "%" PRId64 " h %" PRId64 " min",
		    s / 3600, s % 3600 / 60);
	else
		snprintf(text, size, "%" PRId64 " d %" PRId64 " h",
		    s / 86400, s % 86400 / 3600);
	return text;
}

/* ---- parts -------------------------------------------------------------- */

static void
print_manager(const struct page *page, struct json_object *data)
{
	char text[32];

	fprintf(page->out, "xcored %s, process %" PRId64 ", %s for %s, %s\n",
	    text_of(data, "version"), number_of(data, "pid"),
	    text_of(data, "state"),
	    span(number_of(data, "uptime_ms"), text, sizeof(text)),
	    text_of(data, "listen"));
	if (flag_of(data, "safe"))
		fprintf(page->out, "%ssafe mode%s: only xcore's own plugins "
		    "are served\n", paint(page, "\033[33m"),
		    paint(page, "\033[0m"));
	fprintf(page->out, "configuration %s", text_of(data, "config"));
	if (number_of(data, "upgrades") > 0)
		fprintf(page->out, ", upgrades: %" PRId64,
		    number_of(data, "upgrades"));
	fputc('\n', page->out);
}

static void
print_generation(const struct page *page, struct json_object *data)
{
	struct json_object *generation = part_of(data, "generation");
	struct json_object *registry = part_of(data, "registry");
	int64_t desired = number_of(generation, "desired");
	int64_t applied = number_of(generation, "applied");
	int64_t pending = number_of(generation, "pending");
	bool done = desired == applied && pending == 0;

	fprintf(page->out, "generation %s%" PRId64 " of %" PRId64
	    " applied%s by %" PRId64 " workers", paint(page,
	    done ? "\033[32m" : "\033[33m"), applied, desired,
	    paint(page, "\033[0m"), number_of(generation, "serving"));
	if (pending > 0)
		fprintf(page->out, ", %" PRId64 " still to come", pending);
	else if (number_of(generation, "last_apply_ms") > 0)
		fprintf(page->out, ", the last in %" PRId64 " ms",
		    number_of(generation, "last_apply_ms"));
	fputc('\n', page->out);
	if (flag_of(registry, "reachable"))
		fprintf(page->out, "registry answers\n");
	else
		fprintf(page->out, "registry %sdoes not answer%s: %s\n",
		    paint(page, "\033[31m"), paint(page, "\033[0m"),
		    text_of(registry, "reason"));
}

/* Only what is not as usual. */
static void
print_spawner(const struct page *page, struct json_object *spawner)
{
	int64_t restarts = number_of(spawner, "restarts");

	if (restarts > 0)
		fprintf(page->out, "restarts of the sandboxes' spawner: %"
		    PRId64 ", see the log\n", restarts);
	if (spawner != NULL && number_of(spawner, "pid") == 0)
		fprintf(page->out, "the sandboxes' spawner %sdoes not run%s, "
		    "see the log\n", paint(page, "\033[31m"),
		    paint(page, "\033[0m"));
}

static void
print_workers(const struct page *page, struct json_object *list)
{
	struct table table = { .columns = 10 };
	struct json_object *w;
	char uptime[32];
	const char *state;

	add_row(&table, "WORKER", "PID", "STATE", "UP", "GEN", "SEQ",
	    "REQUESTS", "ERRORS", "CONNS", "PLUGIN");
	for (size_t i = 0; i < length_of(list); i++) {
		w = json_object_array_get_idx(list, i);
		state = text_of(w, "state");
		span(number_of(w, "uptime_ms"), uptime, sizeof(uptime));
		add_row(&table, text_of(w, "worker"), text_of(w, "pid"),
		    state, uptime, text_of(w, "generation"),
		    text_of(w, "sequence"), text_of(w, "requests"),
		    text_of(w, "errors"), text_of(w, "connections"),
		    text_of(w, "plugin"));
	}
	fprintf(page->out, "\nworkers\n");
	print_table(page, &table);
}

/* "crash 2, rate 31"; "-" if there were none. */
static const char *
breaches_of(struct json_object *plugin, char *text, size_t size)
{
	struct json_object *breaches = part_of(plugin, "breaches");
	size_t len = 0;

	snprintf(text, size, "-");
	if (!json_object_is_type(breaches, json_type_object))
		return text;
	json_object_object_foreach(breaches, name, n) {
		if (len >= size)
			break;
		len += (size_t)snprintf(text + len, size - len,
		    "%s%s %" PRId64, len > 0 ? ", " : "", name,
		    json_object_get_int64(n));
	}
	return text;
}

static void
print_plugins(const struct page *page, struct json_object *list)
{
	struct table table = { .columns = 7 };
	struct json_object *p;
	char breaches[200];

	if (length_of(list) == 0)
		return;
	add_row(&table, "PLUGIN", "VERSION", "STATE", "LEVEL", "REQUESTS",
	    "BREACHES", "REASON");
	for (size_t i = 0; i < length_of(list); i++) {
		p = json_object_array_get_idx(list, i);
		add_row(&table, text_of(p, "name"), text_of(p, "version"),
		    text_of(p, "state"), text_of(p, "isolation"),
		    text_of(p, "requests"),
		    breaches_of(p, breaches, sizeof(breaches)),
		    text_of(p, "reason"));
	}
	fprintf(page->out, "\nplugins\n");
	print_table(page, &table);
}

static void
print_rejected(const struct page *page, struct json_object *list)
{
	struct table table = { .columns = 3 };
	struct json_object *p;

	if (length_of(list) == 0)
		return;
	add_row(&table, "PLUGIN", "VERSION", "REASON");
	for (size_t i = 0; i < length_of(list); i++) {
		p = json_object_array_get_idx(list, i);
		add_row(&table, text_of(p, "name"), text_of(p, "version"),
		    text_of(p, "reason"));
	}
	fprintf(page->out, "\nrejected on this host\n");
	print_table(page, &table);
}

static void
print_quarantined(const struct page *page, struct json_object *list)
{
	struct table table = { .columns = 5 };
	struct json_object *q;

	if (length_of(list) == 0)
		return;
	add_row(&table, "PLUGIN", "VERSION", "SINCE", "BY", "REASON");
	for (size_t i = 0; i < length_of(list); i++) {
		q = json_object_array_get_idx(list, i);
		add_row(&table, text_of(q, "name"), text_of(q, "version"),
		    text_of(q, "at"), text_of(q, "by"),
		    text_of(q, "reason"));
	}
	fprintf(page->out, "\n%squarantined%s, until \"xcore-install enable "
	    "NAME\"\n", paint(page, "\033[31m"), paint(page, "\033[0m"));
	print_table(page, &table);
}

static void
print_crashes(const struct page *page, struct json_object *data)
{
	struct json_object *list = part_of(data, "crashes"), *c;
	struct table table = { .columns = 7 };

	if (length_of(list) == 0)
		return;
	add_row(&table, "WHEN", "WORKER", "PID", "ENDED BY", "PLUGIN",
	    "OPERATION", "REQUEST");
	for (size_t i = length_of(list); i > 0; i--) {
		c = json_object_array_get_idx(list, i - 1);
		add_row(&table, text_of(c, "when"), text_of(c, "worker"),
		    text_of(c, "pid"), text_of(c, "signal"),
		    text_of(c, "plugin"), text_of(c, "operation"),
		    text_of(c, "request_id"));
	}
	fprintf(page->out, "\ncrashes, the last of %" PRId64 "\n",
	    number_of(data, "crashes_total"));
	print_table(page, &table);
}

void
ctl_print_status(struct json_object *data, FILE *out, bool colour)
{
	const struct page page = { out, colour };

	print_manager(&page, data);
	print_generation(&page, data);
	print_spawner(&page, part_of(data, "spawner"));
	print_workers(&page, part_of(data, "workers"));
	print_plugins(&page, part_of(data, "plugins"));
	print_rejected(&page, part_of(data, "rejected"));
	print_quarantined(&page, part_of(data, "quarantined"));
	print_crashes(&page, data);
}
