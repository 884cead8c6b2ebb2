/* SPDX-License-Identifier: MIT */
/*
 * Lists, searches and checks with many users and roles, on a MariaDB of its
 * own:
 *	sh tests/services/run-identity services/admin/bench-admin [USERS ROLES]
 * Each is asked 20 times by a service that remembers no count; the median and
 * the longest are shown.
 */
#include <time.h>

#include "support.h"

#define TIMES 20

static double
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
show(const char *what, double *times, const char *note)
{
	qsort(times, TIMES, sizeof(*times), compare);
	printf("%-44s %9.2f %9.2f  %s\n", what, times[TIMES / 2],
	    times[TIMES - 1], note);
	fflush(stdout);
}

static void
bench(const char *operation, const char *args, bool remember)
{
	double times[TIMES];
	char what[96], note[64];

	for (size_t i = 0; i < TIMES; i++) {
		double start;

		if (!remember)
			memset(admin->counts, 0, sizeof(admin->counts));
		start = now_ms();
		if (ask(&root, operation, "%s", args) != XC_OK)
			fail_msg("%s %s: %s", operation, args,
			    refusal.detail);
		times[i] = now_ms() - start;
	}
	snprintf(what, sizeof(what), "%s%s %s", operation + 6,
	    remember ? "+" : "", args);
	snprintf(note, sizeof(note), "total %s", got("/pagination/total"));
	show(what, times, result != NULL && json_object_object_get_ex(result,
	    "pagination", NULL) ? note : "");
}

static void
bench_grants(int64_t user)
{
	double times[TIMES];
	char *grants, note[64];
	size_t len = 0;

	for (size_t i = 0; i < TIMES; i++) {
		double start = now_ms();

		assert_int_equal(xc_user_grants(identity.store, user,
		    &grants), XC_OK);
		times[i] = now_ms() - start;
		len = strlen(grants);
		free(grants);
	}
	snprintf(note, sizeof(note), "%zu bytes", len);
	show("xc_user_grants", times, note);
}

/* Statements that may take long, which those of a store may not. */
static void sql(const char *text, ...) __attribute__((format(printf, 1, 2)));

static void
sql(const char *text, ...)
{
	static struct xc_connection *connection;
	char all[4096];
	va_list ap;

	va_start(ap, text);
	vsnprintf(all, sizeof(all), text, ap);
	va_end(ap);
	if (connection == NULL)
		assert_int_equal(xc_connection_new(&settings.database,
		    XC_ACCOUNT_CORE, &connection, NULL), XC_OK);
	if (xc_connection_query(connection, settings.database.name, all,
	    strlen(all)) != XC_OK)
		fail_msg("%s: %s", all,
		    xc_connection_error(connection)->message);
}

/* Users of which each has "user" and one other role; roles in chains of ten
 * with ten permissions each. */
static void
seed(long long users, long long roles)
{
	sql("SET GLOBAL innodb_buffer_pool_size = 1073741824");
	sql("INSERT INTO xc_permission (name, plugin) SELECT CONCAT('p', seq "
	    "DIV 50, ':r', seq MOD 50, ':write'), CONCAT('p', seq DIV 50) "
	    "FROM seq_1_to_5000");
	sql("INSERT INTO xc_role (name, created_at, changed_at) SELECT "
	    "CONCAT('role', seq), NOW(3), NOW(3) FROM seq_1_to_%lld", roles);
	sql("INSERT INTO xc_role_permission SELECT r.id, p.name FROM xc_role "
	    "r JOIN (SELECT name, ROW_NUMBER() OVER (ORDER BY name) n FROM "
	    "xc_permission) p ON p.n BETWEEN r.id MOD 490 * 10 + 1 AND "
	    "r.id MOD 490 * 10 + 10 WHERE r.built_in = 0");
	sql("INSERT INTO xc_role_include SELECT a.id, b.id FROM xc_role a "
	    "JOIN xc_role b ON b.id = a.id + 1 WHERE a.built_in = 0 AND "
	    "a.id MOD 10 <> 0");
	for (long long first = 0; first < users; first += 100000) {
		sql("INSERT INTO xc_user (name, name_key, email, email_key, "
		    "display, password, state, created_at, created_by, "
		    "changed_at, last_login_at) SELECT n, n, CONCAT(e, "
		    "'@example.org'), CONCAT(e, '@example.org'), 'A user of "
		    "the bench', REPEAT('x', 97), IF(k MOD 1000 = 0, "
		    "'locked', 'active'), NOW(3), 'bench', NOW(3), NOW(3) - "
		    "INTERVAL k SECOND FROM (SELECT seq + %lld AS k, "
		    "CONCAT(CHAR(97 + (seq * 7919) MOD 26), CHAR(97 + (seq * "
		    "104729) MOD 25), '.', LPAD(seq + %lld, 8, '0')) AS n, "
		    "CONCAT(CHAR(97 + (seq * 31) MOD 23), CHAR(97 + seq MOD "
		    "26), LPAD(seq + %lld, 8, '0')) AS e FROM "
		    "seq_1_to_100000) s", first, first, first);
	}
	sql("INSERT INTO xc_user_role SELECT id, 2 FROM xc_user");
	/* The ids of roles stand in a row, from 3 on. */
	sql("INSERT INTO xc_user_role SELECT id, 11 + id MOD %lld FROM "
	    "xc_user", roles - 20);
	sql("ANALYZE TABLE xc_user, xc_user_role, xc_role, "
	    "xc_role_permission, xc_role_include");
	sql("INSERT INTO xc_user_role SELECT id, 1 FROM xc_user WHERE id IN "
	    "(SELECT MIN(id) + 6 FROM xc_user)");
}

static const char *const asked[] = {
	"{}", "{'page':1000,'per_page':100}", "{'page':5000,'per_page':100}",
	"{'page':10000,'per_page':100}", "{'sort':'name'}",
	"{'sort':'-name','page':5000,'per_page':100}",
	"{'sort':'-last_login_at'}", "{'sort':'email'}",
	"{'state':'locked'}", "{'state':'locked','sort':'name'}",
	"{'state':'active','sort':'name'}",
	"{'role':'admin'}", "{'role':'role77'}", "{'role':'user'}",
	"{'role':'user','sort':'name'}", "{'role':'role77','sort':'name'}",
	"{'role':'user','page':5000,'per_page':100}",
	"{'q':'ab.00'}", "{'q':'ab.0012'}", "{'q':'a'}",
	"{'q':'a','sort':'name'}", "{'q':'z','sort':'-last_login_at'}",
	"{'q':'nobody'}", "{'q':'a','role':'user','state':'active'}" };

/* With an id in the arguments. */
static void
bench_one(const char *operation, const char *format, int64_t id)
{
	const char *at = strstr(format, "%lld");
	char args[128];

	snprintf(args, sizeof(args), "%.*s%lld%s", (int)(at - format), format,
	    (long long)id, at + 4);
	bench(operation, args, false);
}

static void
bench_all(void)
{
	int64_t id;

	printf("%-44s %9s %9s\n", "", "median ms", "worst ms");
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		bench("admin.users", asked[i], false);
	bench("admin.users", "{}", true);
	bench("admin.users", "{'q':'a'}", true);
	bench("admin.users", "{'role':'user','sort':'name'}", true);
	id = number("SELECT id FROM xc_user ORDER BY id LIMIT 1 OFFSET 4711");
	bench_one("admin.user", "{'id':%lld}", id);
	bench_one("admin.explain",
	    "{'id':%lld,'permission':'p7:r7:write'}", id);
	bench_one("admin.user_lock", "{'id':%lld,'locked':true}", id);
	bench_one("admin.user_roles",
	    "{'id':%lld,'roles':['user','role9']}", id);
	bench("admin.roles", "{}", false);
	bench("admin.roles", "{'page':100,'per_page':100}", false);
	bench("admin.roles", "{'q':'role77'}", false);
	bench("admin.permissions", "{'q':'p7:'}", false);
	bench("admin.audit", "{}", false);
	bench_grants(id);
}

int
main(int argc, char **argv)
{
	long long users = argc > 1 ? atoll(argv[1]) : 1000000;
	long long roles = argc > 2 ? atoll(argv[2]) : 10000;
	double start = now_ms();

	if (getenv("XCORE_TEST_DB_SOCKET") == NULL || set_up(NULL) != 0) {
		fputs("bench-admin: run it by tests/services/run-identity\n",
		    stderr);
		return 2;
	}
	seed(users, roles);
	printf("%lld users, %lld roles; seeded in %.0f s\n", users, roles,
	    (now_ms() - start) / 1e3);
	bench_all();
	return tear_down(NULL);
}
