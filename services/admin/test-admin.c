/* SPDX-License-Identifier: MIT */
/* Users and roles, and who may change them. */
#include <sys/wait.h>
#include <unistd.h>

#include <xcore/json.h>

#include "support.h"

static void
test_users(void **state)
{
	int64_t ana, ben;

	(void)state;
	assert_int_equal(ask(&root, "admin.user_add", "{'name':'Ana','email':"
	    "'Ana@Example.ORG','display':'Ana \xc3\x84','password':"
	    "'correct horse battery'}"), XC_OK);
	ana = got_id();
	assert_string_equal(got("/name"), "\"ana\"");
	assert_string_equal(got("/email"), "\"Ana@Example.ORG\"");
	assert_string_equal(got("/roles"), "[\"user\"]");
	assert_string_equal(got("/password"), "true");
	assert_string_equal(got("/otp"), "false");
	assert_string_equal(got("/state"), "\"active\"");
	assert_string_equal(got("/created_by"), "\"root@test\"");
	assert_string_equal(got("/last_login_at"), "null");
	assert_int_equal(got("/created_at")[20], '.');
	assert_int_equal(got("/created_at")[24], 'Z');
	ben = make_user("ben", "[]");
	assert_string_equal(got("/roles"), "[]");
	assert_string_equal(got("/password"), "false");
	assert_int_equal(ask(&root, "admin.user", "{'id':%lld}",
	    (long long)ana), XC_OK);
	assert_int_equal(got_id(), ana);
	assert_int_equal(ask(&root, "admin.user_set", "{'id':%lld,'name':"
	    "'benno','email':'b@example.org','display':'B'}",
	    (long long)ben), XC_OK);
	assert_string_equal(got("/name"), "\"benno\"");
	assert_int_equal(ask(&root, "admin.user_set",
	    "{'id':%lld,'email':null}", (long long)ben), XC_OK);
	assert_string_equal(got("/email"), "null");
	assert_string_equal(got("/display"), "\"B\"");
	assert_int_equal(refused(&root, "admin.user", "{'id':999999}"), 404);
	assert_int_equal(refused(&root, "admin.user", "{}"), 422);
	assert_int_equal(refused(&root, "admin.user", "{'id':'1'}"), 422);
	assert_int_equal(refused(&root, "admin.user", "{'id':-1}"), 422);
	assert_int_equal(ask(&root, "admin.user_remove", "{'id':%lld}",
	    (long long)ben), XC_OK);
	assert_int_equal(refused(&root, "admin.user", "{'id':%lld}",
	    (long long)ben), 404);
	/* An id is never used again. */
	assert_true(make_user("ben", "[]") > ben);
}

static const char *const bad_names[] = { "", "-a", ".a", "a b", "a\\nb",
	"a\\r\\nSet-Cookie: x", "\xd0\xb0na", "an\xc3\xa1", "a\\u0000b",
	"a@b", "a\\u0027 OR 1=1", "<a>", "a;b",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };

static const char *const bad_emails[] = { "", "a", "a@b", "@example.org",
	"a@@example.org", ".a@example.org", "a.@example.org",
	"a..b@example.org", "a@-example.org", "a@example-.org",
	"a@example..org", "a@example.org.", "a b@example.org",
	"a@example.org\\r\\nBcc: x@example.org", "a@example.org\\u0000",
	"\xd0\xb0@example.org", "a@ex\xc3\xa1mple.org", "a@[127.0.0.1]",
	"\\\"a b\\\"@example.org", "a(b)@example.org" };

static const char *const bad_displays[] = { "a\\nb", "a\\u0000b", "\\u001b[2J",
	"a\\u202eb", "a\\u200bb", "a\\u2028b", "a\\ufeffb", "a\\u0085b",
	"a\\u2066b" };

static void
test_fields(void **state)
{
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad_names) / sizeof(bad_names[0]); i++) {
		snprintf(text, sizeof(text), "{\"name\":\"%s\"}", bad_names[i]);
		assert_int_equal(refused(&root, "admin.user_add", "%s", text),
		    422);
		assert_string_equal(refusal.pointer, "/name");
	}
	for (i = 0; i < sizeof(bad_emails) / sizeof(bad_emails[0]); i++) {
		assert_int_equal(refused(&root, "admin.user_add",
		    "{'name':'ana','email':'%s'}", bad_emails[i]), 422);
		assert_string_equal(refusal.pointer, "/email");
	}
	for (i = 0; i < sizeof(bad_displays) / sizeof(bad_displays[0]); i++) {
		assert_int_equal(refused(&root, "admin.user_add",
		    "{'name':'ana','display':'%s'}", bad_displays[i]), 422);
		assert_string_equal(refusal.pointer, "/display");
	}
	assert_int_equal(refused(&root, "admin.user_add",
	    "{'name':'ana','nmae':1}"), 422);
	assert_int_equal(refused(&root, "admin.user_add", "{'name':1}"), 422);
	assert_int_equal(refused(&root, "admin.user_add",
	    "{'name':'ana','roles':['nope']}"), 422);
	assert_string_equal(refusal.pointer, "/roles/0");
	assert_int_equal(refused(&root, "admin.user_add",
	    "{'name':'ana','password':'short'}"), 422);
	assert_string_equal(refusal.pointer, "/password");
	assert_int_equal(number("SELECT COUNT(*) FROM xc_user"), 0);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_audit"), 0);
}

/* Who asks cannot tell which of the two is taken. */
static void
test_taken(void **state)
{
	static const char *const others[] = {
		"{'name':'ANA','email':'c@example.org'}",
		"{'name':'cleo','email':'ANA@example.ORG'}",
		"{'name':'cleo','email':'aNa@EXAMPLE.org'}" };
	char words[256] = "";

	(void)state;
	assert_int_equal(ask(&root, "admin.user_add",
	    "{'name':'ana','email':'ana@example.org'}"), XC_OK);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_int_equal(refused(&root, "admin.user_add", "%s",
		    others[i]), 409);
		if (words[0] != '\0')
			assert_string_equal(refusal.detail, words);
		snprintf(words, sizeof(words), "%s", refusal.detail);
		assert_string_equal(refusal.code, "taken");
		assert_string_equal(refusal.pointer, "");
	}
	assert_int_equal(refused(&root, "admin.user_set",
	    "{'id':%lld,'name':'Ana'}", (long long)make_user("ben", "[]")),
	    409);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_user"), 2);
}

static const char *const injections[] = { "' OR '1'='1", "a%", "%", "_",
	"\\\\", "a\\\\%", "'; DROP TABLE xc_user; --", "x' UNION SELECT 1 -- ",
	"*/", "`" };

static void
test_lists(void **state)
{
	char name[32];

	(void)state;
	for (int i = 0; i < 25; i++) {
		snprintf(name, sizeof(name), "u%02d", 24 - i);
		make_user(name, i % 5 == 0 ? "['user','admin']" : "['user']");
	}
	assert_int_equal(ask(&root, "admin.users", "{}"), XC_OK);
	assert_string_equal(got("/pagination"),
	    "{\"page\":1,\"per_page\":20,\"total\":25,\"pages\":2}");
	assert_string_equal(got("/items/0/name"), "\"u24\"");
	assert_string_equal(got("/items/19/name"), "\"u05\"");
	assert_int_equal(ask(&root, "admin.users",
	    "{'page':3,'per_page':10,'sort':'name'}"), XC_OK);
	assert_string_equal(got("/items/0/name"), "\"u20\"");
	assert_string_equal(got("/items/4/name"), "\"u24\"");
	assert_string_equal(got("/items/5"), "(nothing)");
	assert_int_equal(ask(&root, "admin.users",
	    "{'page':1,'per_page':10,'sort':'-name'}"), XC_OK);
	assert_string_equal(got("/items/0/name"), "\"u24\"");
	assert_string_equal(got("/items/9/name"), "\"u15\"");
	assert_int_equal(ask(&root, "admin.users",
	    "{'page':3,'per_page':10,'sort':'-name'}"), XC_OK);
	assert_string_equal(got("/items/0/name"), "\"u04\"");
	assert_string_equal(got("/items/4/name"), "\"u00\"");
	assert_int_equal(ask(&root, "admin.users",
	    "{'page':1000000,'per_page':100}"), XC_OK);
	assert_string_equal(got("/items"), "[]");
	assert_int_equal(ask(&root, "admin.users", "{'role':'admin'}"), XC_OK);
	assert_string_equal(got("/pagination/total"), "5");
	assert_string_equal(got("/items/0/roles"), "[\"admin\",\"user\"]");
	assert_int_equal(ask(&root, "admin.users", "{'role':'nope'}"), XC_OK);
	assert_string_equal(got("/pagination/total"), "0");
	assert_int_equal(ask(&root, "admin.users",
	    "{'q':'U1','role':'admin','state':'active','sort':'-id'}"), XC_OK);
	assert_string_equal(got("/pagination/total"), "2");
	assert_int_equal(ask(&root, "admin.users", "{'state':'locked'}"),
	    XC_OK);
	assert_string_equal(got("/pagination/total"), "0");
	for (size_t i = 0; i < sizeof(injections) / sizeof(injections[0]);
	    i++) {
		struct json_object *object = json_object_new_object();

		json_object_object_add(object, "q",
		    json_object_new_string(injections[i]));
		json_object_put(result);
		result = NULL;
		assert_int_equal(xc_desk_ask(&desk, &root, "admin.users",
		    object, &result, &refusal), XC_OK);
		assert_string_equal(got("/pagination/total"), "0");
		json_object_put(object);
		json_object_put(result);
		result = NULL;
	}
	assert_int_equal(number("SELECT COUNT(*) FROM xc_user"), 25);
}

/* Each with the names that stand first and last on page 2 of 100. */
static const struct {
	const char *args;
	const char *first;
	const char *last;
	int total;
} long_lists[] = {
	{ "", "\"m00101\"", "\"m00200\"", 20100 },
	{ ",'sort':'-id'", "\"m20000\"", "\"m19901\"", 20100 },
	{ ",'sort':'name'", "\"m00101\"", "\"m00200\"", 20100 },
	{ ",'sort':'-name'", "\"m20000\"", "\"m19901\"", 20100 },
	{ ",'sort':'email'", "\"m19900\"", "\"m19801\"", 20100 },
	{ ",'sort':'last_login_at'", "\"m20000\"", "\"m19901\"", 20100 },
	{ ",'role':'user'", "\"m00101\"", "\"m00200\"", 20100 },
	{ ",'role':'user','sort':'-name'", "\"m20000\"", "\"m19901\"",
	    20100 },
	{ ",'role':'user','sort':'email'", "\"m19900\"", "\"m19801\"",
	    20100 },
	{ ",'role':'user','state':'active','sort':'-id'", "\"m20000\"",
	    "\"m19900\"", 20099 },
	{ ",'state':'active','sort':'name'", "\"m00101\"", "\"m00200\"",
	    20099 },
	{ ",'q':'m','sort':'-name'", "\"m20000\"", "\"m19901\"", 20100 },
	{ ",'q':'m','role':'user'", "\"m00101\"", "\"m00200\"", 20100 },
	{ ",'q':'m1','sort':'-name'", "\"m19899\"", "\"m19800\"", 10000 },
	{ ",'role':'admin','sort':'name'", "\"m00102\"", "\"m00201\"", 500 },
	{ ",'role':'admin','sort':'email'", "\"m00401\"", "\"m00302\"", 500 },
	{ ",'role':'admin','q':'m','sort':'-id'", "\"m00401\"", "\"m00302\"",
	    500 }
};

/* Of so many that they are found in another way. */
static void
test_long_lists(void **state)
{
	(void)state;
	must("INSERT INTO xc_user (name, name_key, email, email_key, state, "
	    "created_at, created_by, changed_at, last_login_at) SELECT "
	    "CONCAT('m', LPAD(seq, 5, '0')), CONCAT('m', LPAD(seq, 5, '0')), "
	    "CONCAT('e', 30000 - seq, '@x.org'), CONCAT('e', 30000 - seq, "
	    "'@x.org'), IF(seq = 19950, 'locked', 'active'), NOW(3), 'test', "
	    "NOW(3), '2026-01-01' - INTERVAL seq SECOND FROM "
	    "seq_1_to_20100");
	must("INSERT INTO xc_user_role SELECT id, 2 FROM xc_user");
	must("INSERT INTO xc_user_role SELECT id, 1 FROM xc_user WHERE "
	    "name BETWEEN 'm00002' AND 'm00501'");
	for (size_t i = 0; i < sizeof(long_lists) / sizeof(long_lists[0]);
	    i++) {
		const char *args = long_lists[i].args;
		int64_t total = 0;

		assert_int_equal(ask(&root, "admin.users",
		    "{'page':2,'per_page':100%s}", args), XC_OK);
		(void)xc_json_int(xc_json_member(result, "pagination"),
		    "total", &total);
		if (total != long_lists[i].total || strcmp(got(
		    "/items/0/name"), long_lists[i].first) != 0 || strcmp(got(
		    "/items/99/name"), long_lists[i].last) != 0)
			fail_msg("%s: %s to, %s of %lld", args,
			    got("/items/0/name"), got("/items/99/name"),
			    (long long)total);
	}
	/* From the other end. */
	assert_int_equal(ask(&root, "admin.users",
	    "{'page':201,'per_page':100,'sort':'name'}"), XC_OK);
	assert_string_equal(got("/items/0/name"), "\"m20001\"");
	assert_string_equal(got("/items/99/name"), "\"m20100\"");
	assert_int_equal(ask(&root, "admin.users",
	    "{'page':202,'per_page':100,'sort':'name'}"), XC_OK);
	assert_string_equal(got("/items"), "[]");
}

static const char *const bad_pages[] = { "'page':0", "'page':-1",
	"'page':1000001", "'page':9223372036854775807",
	"'page':18446744073709551615", "'page':1e3", "'page':'1'",
	"'page':true", "'per_page':0", "'per_page':101", "'per_page':-5",
	"'sort':'password'", "'sort':'name; DROP TABLE xc_user'",
	"'sort':'--name'", "'state':'x'", "'state':1", "'q':1",
	"'role':'a b'" };

static void
test_bad_pages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_pages) / sizeof(bad_pages[0]); i++) {
		if (refused(&root, "admin.users", "{%s}", bad_pages[i]) != 422)
			fail_msg("%s was taken", bad_pages[i]);
	}
	assert_int_equal(refused(&root, "admin.roles", "{'page':-1}"), 422);
	assert_int_equal(refused(&root, "admin.audit", "{'page':-1}"), 422);
	assert_int_equal(refused(&root, "admin.permissions", "{'per_page':0}"),
	    422);
}

static void
test_revision(void **state)
{
	int64_t ana = make_user("ana", "[]");

	(void)state;
	assert_string_equal(got("/revision"), "1");
	assert_int_equal(ask(&root, "admin.user_set",
	    "{'id':%lld,'display':'A','revision':1}", (long long)ana), XC_OK);
	assert_string_equal(got("/revision"), "2");
	assert_int_equal(refused(&root, "admin.user_set",
	    "{'id':%lld,'display':'B','revision':1}", (long long)ana), 412);
	assert_int_equal(refused(&root, "admin.user_remove",
	    "{'id':%lld,'revision':1}", (long long)ana), 412);
	assert_int_equal(refused(&root, "admin.user_roles",
	    "{'id':%lld,'roles':['user'],'revision':[1,7]}", (long long)ana),
	    412);
	assert_int_equal(refused(&root, "admin.user_roles",
	    "{'id':%lld,'roles':['user'],'revision':[]}", (long long)ana),
	    412);
	assert_int_equal(ask(&root, "admin.user_roles",
	    "{'id':%lld,'roles':['user','user'],'revision':[1,2]}",
	    (long long)ana), XC_OK);
	assert_string_equal(got("/revision"), "3");
	assert_string_equal(got("/roles"), "[\"user\"]");
	assert_int_equal(number("SELECT grants_revision FROM xc_user WHERE "
	    "id = %lld", (long long)ana), 2);
}

static void
test_roles(void **state)
{
	int64_t a, b, c;

	(void)state;
	assert_int_equal(ask(&root, "admin.role_add", "{'name':'Editor',"
	    "'description':'Edits','permissions':['todo:item:write',"
	    "'todo:*:*'],'includes':['user']}"), XC_OK);
	a = got_id();
	assert_string_equal(got("/name"), "\"editor\"");
	assert_string_equal(got("/permissions"),
	    "[\"todo:*:*\",\"todo:item:write\"]");
	assert_string_equal(got("/includes"), "[\"user\"]");
	assert_int_equal(ask(&root, "admin.permissions",
	    "{'sort':'-plugin','q':'todo:'}"), XC_OK);
	assert_string_equal(got("/items/0/name"), "\"todo:item:write\"");
	assert_int_equal(refused(&root, "admin.permissions",
	    "{'sort':'gone'}"), 422);
	assert_int_equal(ask(&root, "admin.audit", "{'sort':'at'}"), XC_OK);
	assert_string_equal(got("/items/0/seq"), "1");
	assert_int_equal(refused(&root, "admin.role_add",
	    "{'name':'EDITOR'}"), 409);
	assert_int_equal(refused(&root, "admin.role_add", "{'name':'x',"
	    "'permissions':['todo:item:fly']}"), 422);
	assert_string_equal(refusal.pointer, "/permissions/0");
	assert_int_equal(refused(&root, "admin.role_add", "{'name':'x',"
	    "'permissions':['*']}"), 422);
	assert_int_equal(refused(&root, "admin.role_add", "{'name':'x',"
	    "'permissions':['todo:item:write:x']}"), 422);
	assert_int_equal(ask(&root, "admin.role_add",
	    "{'name':'b','includes':['editor']}"), XC_OK);
	b = got_id();
	assert_int_equal(ask(&root, "admin.role_add",
	    "{'name':'c','includes':['b']}"), XC_OK);
	c = got_id();
	assert_int_equal(refused(&root, "admin.role_set",
	    "{'id':%lld,'includes':['editor']}", (long long)a), 422);
	assert_string_equal(refusal.code, "circle");
	assert_int_equal(refused(&root, "admin.role_set",
	    "{'id':%lld,'includes':['user','b']}", (long long)a), 422);
	assert_string_equal(refusal.pointer, "/includes/1");
	assert_int_equal(refused(&root, "admin.role_set",
	    "{'id':%lld,'includes':['c']}", (long long)a), 422);
	assert_int_equal(ask(&root, "admin.role", "{'id':%lld}",
	    (long long)a), XC_OK);
	assert_string_equal(got("/includes"), "[\"user\"]");
	assert_int_equal(ask(&root, "admin.role_set",
	    "{'id':%lld,'includes':['editor'],'revision':1}", (long long)c),
	    XC_OK);
	assert_int_equal(refused(&root, "admin.role_set",
	    "{'id':%lld,'description':'x','revision':1}", (long long)c), 412);
	assert_int_equal(ask(&root, "admin.role_remove", "{'id':%lld}",
	    (long long)a), XC_OK);
	assert_int_equal(ask(&root, "admin.role", "{'id':%lld}",
	    (long long)b), XC_OK);
	assert_string_equal(got("/includes"), "[]");
	assert_int_equal(ask(&root, "admin.roles", "{}"), XC_OK);
	assert_string_equal(got("/pagination/total"), "4");
	assert_string_equal(got("/items/0/name"), "\"admin\"");
	assert_string_equal(got("/items/0/built_in"), "true");
	assert_int_equal(refused(&root, "admin.role_remove", "{'id':1}"), 409);
	assert_int_equal(refused(&root, "admin.role_remove", "{'id':2}"), 409);
	assert_int_equal(refused(&root, "admin.role_set",
	    "{'id':1,'permissions':[]}"), 409);
	assert_string_equal(refusal.code, "built_in");
	assert_int_equal(ask(&root, "admin.role_set",
	    "{'id':2,'permissions':['todo:item:read']}"), XC_OK);
}

static void
test_grants(void **state)
{
	int64_t ana;
	char *grants;

	(void)state;
	must("INSERT INTO xc_permission (name, plugin, everyone, gone) VALUES "
	    "('hello:all:read', 'hello', 1, 0), ('old:all:read', 'old', 1, "
	    "1)");
	assert_int_equal(ask(&root, "admin.role_add", "{'name':'a',"
	    "'permissions':['todo:item:read']}"), XC_OK);
	assert_int_equal(ask(&root, "admin.role_add", "{'name':'b',"
	    "'permissions':['todo:item:read','todo:item:write'],"
	    "'includes':['a']}"), XC_OK);
	assert_int_equal(ask(&root, "admin.role_add", "{'name':'c',"
	    "'includes':['b']}"), XC_OK);
	/* A circle that no service made. */
	must("INSERT INTO xc_role_include (role_id, included_id) SELECT a.id, "
	    "c.id FROM xc_role a, xc_role c WHERE a.name = 'a' AND "
	    "c.name = 'c'");
	ana = make_user("ana", "['c']");
	assert_int_equal(xc_user_grants(identity.store, ana, &grants), XC_OK);
	assert_string_equal(grants,
	    "hello:all:read todo:item:read todo:item:write");
	free(grants);
	assert_int_equal(xc_user_grants(identity.store, 99999, &grants),
	    XC_OK);
	assert_string_equal(grants, "hello:all:read");
	free(grants);
	assert_int_equal(ask(&root, "admin.explain",
	    "{'id':%lld,'permission':'todo:item:write'}", (long long)ana),
	    XC_OK);
	assert_string_equal(got(""), "{\"permission\":\"todo:item:write\","
	    "\"allowed\":true,\"state\":\"active\",\"because\":[{\"role\":"
	    "\"b\",\"via\":[\"c\",\"b\"],\"permission\":"
	    "\"todo:item:write\"}]}");
	assert_int_equal(ask(&root, "admin.explain",
	    "{'id':%lld,'permission':'todo:item:read'}", (long long)ana),
	    XC_OK);
	assert_string_equal(got("/because/0/via"), "[\"c\",\"b\",\"a\"]");
	assert_string_equal(got("/because/1/via"), "[\"c\",\"b\"]");
	assert_int_equal(ask(&root, "admin.explain",
	    "{'id':%lld,'permission':'hello:all:read'}", (long long)ana),
	    XC_OK);
	assert_string_equal(got("/because"), "[{\"role\":null,\"via\":[],"
	    "\"permission\":\"hello:all:read\"}]");
	assert_int_equal(ask(&root, "admin.explain",
	    "{'id':%lld,'permission':'todo:item:fly'}", (long long)ana),
	    XC_OK);
	assert_string_equal(got("/allowed"), "false");
	assert_int_equal(ask(&root, "admin.user_lock", "{'id':%lld,"
	    "'locked':true,'reason':'left'}", (long long)ana), XC_OK);
	assert_int_equal(ask(&root, "admin.explain",
	    "{'id':%lld,'permission':'todo:item:read'}", (long long)ana),
	    XC_OK);
	assert_string_equal(got("/allowed"), "false");
	assert_string_equal(got("/state"), "\"locked\"");
	assert_int_equal(refused(&root, "admin.explain",
	    "{'id':%lld,'permission':'todo'}", (long long)ana), 422);
}

static struct xc_caller lesser;
static int64_t boss;

/* Operations by which one who may manage, but not do everything, could come
 * to more. */
static void
test_escalation(void **state)
{
	int64_t own, helper, power;

	(void)state;
	assert_int_equal(ask(&root, "admin.role_add", "{'name':'helper',"
	    "'permissions':['admin:user:read','admin:user:write',"
	    "'admin:role:read','admin:role:write','todo:item:read']}"),
	    XC_OK);
	helper = got_id();
	assert_int_equal(ask(&root, "admin.role_add", "{'name':'power',"
	    "'permissions':['*:*:*']}"), XC_OK);
	power = got_id();
	boss = make_user("boss", "['admin']");
	own = make_user("ana", "['helper']");
	lesser = as_user(own);
	assert_int_equal(refused(&lesser, "admin.role_add",
	    "{'name':'x','permissions':['*:*:*']}"), 403);
	assert_string_equal(refusal.code, "beyond");
	assert_int_equal(refused(&lesser, "admin.role_add",
	    "{'name':'x','permissions':['todo:item:*']}"), 403);
	assert_int_equal(refused(&lesser, "admin.role_add",
	    "{'name':'x','permissions':['admin:audit:read']}"), 403);
	assert_int_equal(refused(&lesser, "admin.role_add",
	    "{'name':'x','includes':['admin']}"), 403);
	assert_int_equal(refused(&lesser, "admin.role_add",
	    "{'name':'x','includes':['power']}"), 403);
	assert_int_equal(refused(&lesser, "admin.role_set", "{'id':%lld,"
	    "'permissions':['todo:item:write']}", (long long)helper), 403);
	assert_int_equal(refused(&lesser, "admin.role_set", "{'id':2,"
	    "'permissions':['*:*:*']}"), 403);
	assert_int_equal(refused(&lesser, "admin.role_set", "{'id':%lld,"
	    "'permissions':[]}", (long long)power), 403);
	assert_int_equal(refused(&lesser, "admin.role_remove", "{'id':%lld}",
	    (long long)power), 403);
	assert_int_equal(refused(&lesser, "admin.user_roles", "{'id':%lld,"
	    "'roles':['admin']}", (long long)own), 403);
	assert_int_equal(refused(&lesser, "admin.user_roles", "{'id':%lld,"
	    "'roles':['helper','power']}", (long long)own), 403);
	assert_int_equal(refused(&lesser, "admin.user_add", "{'name':'x',"
	    "'roles':['admin']}"), 403);
	assert_int_equal(refused(&lesser, "admin.user_password", "{'id':%lld,"
	    "'password':'correct horse battery'}", (long long)boss), 403);
	assert_int_equal(refused(&lesser, "admin.user_set", "{'id':%lld,"
	    "'email':'me@example.org'}", (long long)boss), 403);
	assert_int_equal(refused(&lesser, "admin.user_lock", "{'id':%lld,"
	    "'locked':true}", (long long)boss), 403);
	assert_int_equal(refused(&lesser, "admin.user_remove", "{'id':%lld}",
	    (long long)boss), 403);
	assert_int_equal(refused(&lesser, "admin.user_roles", "{'id':%lld,"
	    "'roles':[]}", (long long)boss), 403);
	assert_int_equal(refused(&lesser, "admin.user_otp_reset",
	    "{'id':%lld}", (long long)boss), 403);
	assert_int_equal(refused(&lesser, "admin.user_sessions_end",
	    "{'id':%lld}", (long long)boss), 403);
	/* What he has he may give. */
	assert_int_equal(ask(&lesser, "admin.role_add",
	    "{'name':'x','permissions':['todo:item:read']}"), XC_OK);
	assert_int_equal(ask(&lesser, "admin.user_add", "{'name':'ben',"
	    "'roles':['x','helper']}"), XC_OK);
	/* The desk asks for the grant of the operation. */
	assert_int_equal(ask(&lesser, "admin.audit", "{}"), XC_ERR_DENIED);
	lesser.grants = "todo:item:read";
	assert_int_equal(ask(&lesser, "admin.users", "{}"), XC_ERR_DENIED);
	lesser.user_id = 0;
	assert_int_equal(ask(&lesser, "admin.users", "{}"), XC_ERR_DENIED);
}

static void
test_last_admin(void **state)
{
	int64_t ana, ben, role;

	(void)state;
	/* A site without one can be brought to life. */
	ana = make_user("ana", "['admin']");
	assert_int_equal(refused(&root, "admin.user_remove", "{'id':%lld}",
	    (long long)ana), 409);
	assert_string_equal(refusal.code, "last_admin");
	assert_int_equal(refused(&root, "admin.user_lock",
	    "{'id':%lld,'locked':true}", (long long)ana), 409);
	assert_int_equal(refused(&root, "admin.user_roles",
	    "{'id':%lld,'roles':['user']}", (long long)ana), 409);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_user WHERE "
	    "state = 'active'"), 1);
	/* By a role of their own, and by one that it includes. */
	assert_int_equal(ask(&root, "admin.role_add",
	    "{'name':'top','includes':['admin']}"), XC_OK);
	role = got_id();
	ben = make_user("ben", "['top']");
	assert_int_equal(ask(&root, "admin.user_roles",
	    "{'id':%lld,'roles':['user']}", (long long)ana), XC_OK);
	assert_int_equal(refused(&root, "admin.role_set",
	    "{'id':%lld,'includes':[]}", (long long)role), 409);
	assert_string_equal(refusal.code, "last_admin");
	assert_int_equal(refused(&root, "admin.role_remove", "{'id':%lld}",
	    (long long)role), 409);
	assert_string_equal(refusal.code, "last_admin");
	assert_int_equal(refused(&root, "admin.user_remove", "{'id':%lld}",
	    (long long)ben), 409);
	assert_int_equal(ask(&root, "admin.user_roles",
	    "{'id':%lld,'roles':['admin']}", (long long)ana), XC_OK);
	assert_int_equal(ask(&root, "admin.user_lock",
	    "{'id':%lld,'locked':true}", (long long)ana), XC_OK);
	/* Locked ones do not count. */
	assert_int_equal(refused(&root, "admin.user_lock",
	    "{'id':%lld,'locked':true}", (long long)ben), 409);
	assert_int_equal(ask(&root, "admin.user_lock",
	    "{'id':%lld,'locked':false}", (long long)ana), XC_OK);
	assert_int_equal(ask(&root, "admin.user_remove", "{'id':%lld}",
	    (long long)ben), XC_OK);
}

#define MANY 12000

static void
make_many(int64_t role)
{
	must("INSERT INTO xc_user (name, name_key, created_at, created_by, "
	    "changed_at) SELECT CONCAT('m', seq), CONCAT('m', seq), NOW(3), "
	    "'test', NOW(3) FROM seq_1_to_%d", MANY);
	must("INSERT INTO xc_user_role SELECT id, %lld FROM xc_user WHERE "
	    "name LIKE 'm%%'", (long long)role);
}

/* A role that more have than one transaction takes it from. */
static void
test_remove_from_many(void **state)
{
	int64_t role, ana, grants, audits;
	struct xc_caller caller;

	(void)state;
	assert_int_equal(ask(&root, "admin.role_add", "{'name':'many',"
	    "'permissions':['*:*:*']}"), XC_OK);
	role = got_id();
	make_many(role);
	/* They are all who may do everything. */
	assert_int_equal(refused(&root, "admin.role_remove", "{'id':%lld}",
	    (long long)role), 409);
	assert_string_equal(refusal.code, "last_admin");
	assert_int_equal(number("SELECT COUNT(*) FROM xc_user_role WHERE "
	    "role_id = %lld", (long long)role), MANY);
	assert_int_equal(number("SELECT MAX(revision) FROM xc_user"), 1);
	ana = make_user("ana", "['admin']");
	caller = as_user(ana);
	grants = number("SELECT revision FROM xc_grants");
	audits = number("SELECT COUNT(*) FROM xc_audit");
	assert_int_equal(ask(&caller, "admin.role_remove", "{'id':%lld}",
	    (long long)role), XC_OK);
	/* It gives nothing at once, though the machine may be too slow to
	 * take it from all while somebody waits. */
	assert_true(number("SELECT revision FROM xc_grants") > grants);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_audit"), audits + 1);
	caller = as_user(number("SELECT id FROM xc_user WHERE name = "
	    "'m%d'", MANY));
	assert_string_equal(caller.grants, "");
	assert_int_equal(refused(&root, "admin.role", "{'id':%lld}",
	    (long long)role), 404);
	/* What is left goes with the next one that is removed, and so does
	 * what one who was killed has left. */
	must("INSERT INTO xc_user_role SELECT id, 999999999 FROM xc_user");
	assert_int_equal(ask(&root, "admin.role_add", "{'name':'next'}"),
	    XC_OK);
	assert_int_equal(ask(&root, "admin.role_remove", "{'id':%lld}",
	    (long long)got_id()), XC_OK);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_user_role"), 1);
	assert_int_equal(number("SELECT MIN(revision) FROM xc_user WHERE "
	    "name LIKE 'm%%'"), 3);
	assert_int_equal(refused(&root, "admin.role_remove", "{'id':%lld}",
	    (long long)role), 404);
	assert_int_equal(refused(&root, "admin.user_remove", "{'id':%lld}",
	    (long long)ana), 409);
}

static const char *const ways[] = {
	"admin.user_remove", "{'id':%lld}",
	"admin.user_roles", "{'id':%lld,'roles':[]}",
	"admin.user_lock", "{'id':%lld,'locked':true}"
};

/* A process of its own: exit status 0 done, 1 refused, 2 failed. */
static pid_t
start(int64_t id, size_t way, const int gate[2])
{
	pid_t pid = fork();
	char byte, args[64];
	int status;

	if (pid != 0)
		return pid;
	close(gate[1]);
	memset(&identity, 0, sizeof(identity));
	memset(&desk, 0, sizeof(desk));
	if (!open_service() || read(gate[0], &byte, 1) < 0)
		_exit(2);
	snprintf(args, sizeof(args), way == 0 ? "{'id':%lld}" : way == 1 ?
	    "{'id':%lld,'roles':[]}" : "{'id':%lld,'locked':true}",
	    (long long)id);
	status = refused(&root, ways[2 * way], "%s", args);
	_exit(status == 0 ? 0 : status == 409 ? 1 : 2);
}

/* Two administrators, each taken away by a process at the same time. */
static void
test_last_admin_race(void **state)
{
	(void)state;
	for (size_t round = 0; round < 18; round++) {
		int64_t ids[2];
		int gate[2], sum = 0;
		pid_t pids[2];
		char name[32];

		must("DELETE FROM xc_user");
		must("DELETE FROM xc_user_role");
		for (size_t i = 0; i < 2; i++) {
			snprintf(name, sizeof(name), "a%zu-%zu", round, i);
			ids[i] = make_user(name, "['admin']");
		}
		assert_int_equal(pipe(gate), 0);
		for (size_t i = 0; i < 2; i++) {
			pids[i] = start(ids[i], (round + i * (round / 3)) % 3,
			    gate);
			assert_true(pids[i] > 0);
		}
		/* Both wait at the pipe, and both see its end. */
		close(gate[0]);
		close(gate[1]);
		for (size_t i = 0; i < 2; i++) {
			int status;

			assert_int_equal(waitpid(pids[i], &status, 0),
			    pids[i]);
			assert_true(WIFEXITED(status));
			assert_true(WEXITSTATUS(status) < 2);
			sum += WEXITSTATUS(status);
		}
		assert_int_equal(sum, 1);
		assert_int_equal(number("SELECT COUNT(*) FROM xc_user u JOIN "
		    "xc_user_role r ON r.user_id = u.id AND r.role_id = 1 "
		    "WHERE u.state = 'active'"), 1);
	}
}

/* How many of one session a word finds. */
static const struct {
	const char *args;
	const char *total;
} finds[] = {
	{ ",'q':'192.0.2'", "1" },
	{ ",'q':'TES'", "1" },
	{ ",'q':'198'", "0" },
	{ ",'q':'%'", "0" },
	{ ",'sort':'-seen_at'", "1" },
	{ ",'sort':'expires_at','q':'192'", "1" },
};

static void
test_sessions(void **state)
{
	static const char id[] = "00112233445566778899aabbccddeeff";
	int64_t ana = make_user("ana", "[]"), ben = make_user("ben", "[]");

	(void)state;
	must("INSERT INTO xc_session (id, user_id, kind, created_at, seen_at, "
	    "expires_at, address, agent) VALUES (UNHEX('%s'), %lld, 'token', "
	    "UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL "
	    "1 HOUR, '192.0.2.7', 'test')", id, (long long)ana);
	must("INSERT INTO xc_refresh (hash, session_id, issued_at, expires_at)"
	    " VALUES (REPEAT('x', 32), UNHEX('%s'), UTC_TIMESTAMP(3), "
	    "UTC_TIMESTAMP(3))", id);
	assert_int_equal(ask(&root, "admin.user_sessions", "{'id':%lld}",
	    (long long)ana), XC_OK);
	assert_string_equal(got("/items/0/id"),
	    "\"00112233445566778899aabbccddeeff\"");
	assert_string_equal(got("/items/0/address"), "\"192.0.2.7\"");
	for (size_t i = 0; i < sizeof(finds) / sizeof(finds[0]); i++) {
		assert_int_equal(ask(&root, "admin.user_sessions",
		    "{'id':%lld%s}", (long long)ana, finds[i].args), XC_OK);
		assert_string_equal(got("/pagination/total"),
		    finds[i].total);
	}
	assert_int_equal(refused(&root, "admin.user_sessions",
	    "{'id':%lld,'sort':'secret'}", (long long)ana), 422);
	assert_int_equal(refused(&root, "admin.user_sessions",
	    "{'id':999999}"), 404);
	/* Of another user it is none. */
	assert_int_equal(refused(&root, "admin.user_sessions_end",
	    "{'id':%lld,'session':'%s'}", (long long)ben, id), 404);
	assert_int_equal(refused(&root, "admin.user_sessions_end",
	    "{'id':%lld,'session':'x'}", (long long)ben), 422);
	assert_int_equal(ask(&root, "admin.user_sessions_end",
	    "{'id':%lld,'session':'%s'}", (long long)ana, id), XC_OK);
	assert_string_equal(got("/ended"), "1");
	assert_int_equal(number("SELECT COUNT(*) FROM xc_session"), 0);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_refresh"), 0);
	assert_int_equal(ask(&root, "admin.user_sessions_end", "{'id':%lld}",
	    (long long)ana), XC_OK);
	assert_string_equal(got("/ended"), "0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_users, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_fields, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lists, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long_lists, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_bad_pages, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_revision, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_roles, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_grants, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_escalation, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_last_admin, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_remove_from_many,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_last_admin_race, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_sessions, set_up,
		    tear_down),
	};

	if (getenv("XCORE_TEST_DB_SOCKET") == NULL) {
		fputs("test-admin: run it by tests/services/identity.sh\n",
		    stderr);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
