/* SPDX-License-Identifier: MIT */
/*
 * Changes a plugin of a running site between two installed versions:
 *
 *   reloads -s DATABASE-SOCKET -u USER -P PASSWORD-FILE -d DATABASE
 *           -c CONTROL-SOCKET [-n TIMES] PLUGIN
 *
 * Each change is what the installer's last transaction does (the plugin's
 * row, and one more generation), without the work before it; then the
 * manager is told and asked until all workers serve the new generation.
 * Prints the milliseconds of each change, "median MS p99 MS max MS".
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <mysql.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_MS 10000.0

static const char *control;

static _Noreturn void
fail(const char *what)
{
	fprintf(stderr, "reloads: %s\n", what);
	exit(1);
}

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* One line to the manager, one line back. */
static void
ask(const char *line, char *answer, size_t size)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t used = 0;
	ssize_t n;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", control);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
	    send(fd, line, strlen(line), MSG_NOSIGNAL) < 0)
		fail("the manager does not answer");
	while (used < size - 1 &&
	    (n = recv(fd, answer + used, size - 1 - used, 0)) > 0) {
		used += (size_t)n;
		if (answer[used - 1] == '\n')
			break;
	}
	answer[used] = '\0';
	close(fd);
}

static uint64_t
applied(void)
{
	static char answer[1 << 20];
	char *at;

	ask("{\"command\":\"status\"}\n", answer, sizeof(answer));
	at = strstr(answer, "\"generation\"");
	at = at != NULL ? strstr(at, "\"applied\"") : NULL;
	at = at != NULL ? strchr(at, ':') : NULL;
	if (at == NULL)
		fail("the manager's status has no generation.applied");
	return strtoull(at + 1, NULL, 10);
}

static void
query(MYSQL *db, const char *text)
{
	if (mysql_query(db, text) != 0)
		fail(mysql_error(db));
}

static uint64_t
change(MYSQL *db, const char *plugin)
{
	char text[512];
	MYSQL_RES *result;
	MYSQL_ROW row;
	uint64_t generation;

	query(db, "START TRANSACTION");
	/* Assignments run from left to right, so these two change places. */
	snprintf(text, sizeof(text), "UPDATE xc_plugin SET"
	    " previous_package_id = previous_package_id + package_id,"
	    " package_id = previous_package_id - package_id,"
	    " previous_package_id = previous_package_id - package_id,"
	    " revision = revision + 1 WHERE name = '%s'", plugin);
	query(db, text);
	if (mysql_affected_rows(db) != 1)
		fail("the plugin is not installed, or has no other version");
	query(db, "UPDATE xc_generation SET generation = generation + 1,"
	    " changed_at = UTC_TIMESTAMP(3) WHERE id = 1");
	query(db, "SELECT generation FROM xc_generation WHERE id = 1");
	result = mysql_store_result(db);
	row = result != NULL ? mysql_fetch_row(result) : NULL;
	if (row == NULL)
		fail("no generation");
	generation = strtoull(row[0], NULL, 10);
	mysql_free_result(result);
	query(db, "COMMIT");
	return generation;
}

static double
reload(MYSQL *db, const char *plugin)
{
	const struct timespec pause = { .tv_nsec = 500000 };
	char answer[4096];
	uint64_t generation = change(db, plugin);
	double begin = now_ms();

	ask("{\"command\":\"poke\"}\n", answer, sizeof(answer));
	while (applied() < generation) {
		if (now_ms() - begin > LIMIT_MS)
			fail("the workers do not follow");
		nanosleep(&pause, NULL);
	}
	return now_ms() - begin;
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static MYSQL *
connect_to(const char *path, const char *user, const char *password_file,
    const char *name)
{
	char password[256] = "";
	FILE *file = fopen(password_file, "re");
	MYSQL *db = mysql_init(NULL);

	if (file == NULL || fgets(password, sizeof(password), file) == NULL)
		fail("the password file cannot be read");
	fclose(file);
	password[strcspn(password, "\n")] = '\0';
	if (db == NULL || mysql_real_connect(db, NULL, user, password, name, 0,
	    path, 0) == NULL)
		fail(db != NULL ? mysql_error(db) : "out of memory");
	return db;
}

int
main(int argc, char **argv)
{
	const char *path = "", *user = "xcore", *file = "", *name = "xcore";
	size_t n = 100;
	double *times;
	MYSQL *db;
	int option;

	while ((option = getopt(argc, argv, "s:u:P:d:c:n:")) != -1)
		switch (option) {
		case 's': path = optarg; break;
		case 'u': user = optarg; break;
		case 'P': file = optarg; break;
		case 'd': name = optarg; break;
		case 'c': control = optarg; break;
		case 'n': n = strtoul(optarg, NULL, 10); break;
		default: return 2;
		}
	if (optind != argc - 1 || n == 0 || control == NULL) {
		fprintf(stderr, "usage: reloads -s DATABASE-SOCKET -u USER"
		    " -P PASSWORD-FILE -d DATABASE -c CONTROL-SOCKET"
		    " [-n TIMES] PLUGIN\n");
		return 2;
	}
	times = calloc(n, sizeof(*times));
	if (times == NULL)
		fail("out of memory");
	db = connect_to(path, user, file, name);
	for (size_t i = 0; i < n; i++)
		times[i] = reload(db, argv[optind]);
	qsort(times, n, sizeof(*times), compare);
	printf("median %.1f p99 %.1f max %.1f\n", times[n / 2],
	    times[n - 1 - n / 100], times[n - 1]);
	mysql_close(db);
	free(times);
	return 0;
}
