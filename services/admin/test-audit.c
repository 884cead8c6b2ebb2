/* SPDX-License-Identifier: MIT */
/* The audit log: what is written, and each way to tamper with it. */
#include "support.h"

static struct xc_audit_verdict verdict;
static struct xc_errbuf why;

static enum xc_err
verify(void)
{
	return xc_audit_verify(identity.store, identity.ring, &verdict, &why);
}

/* Five rows, of which some have NULL columns. */
static void
fill(void)
{
	int64_t ana = make_user("ana", "[]");

	ask(&root, "admin.user_set", "{'id':%lld,'display':'\xc3\x84na \\\"q'}",
	    (long long)ana);
	ask(&root, "admin.user_password",
	    "{'id':%lld,'password':'correct horse battery'}", (long long)ana);
	ask(&root, "admin.role_add", "{'name':'x'}");
	ask(&root, "admin.user_remove", "{'id':%lld}", (long long)ana);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_audit"), 5);
	assert_int_equal(verify(), XC_OK);
	assert_int_equal(verdict.rows, 5);
}

static void
test_rows(void **state)
{
	(void)state;
	assert_int_equal(verify(), XC_OK);
	assert_int_equal(verdict.rows, 0);
	fill();
	assert_int_equal(ask(&root, "admin.audit", "{}"), XC_OK);
	assert_string_equal(got("/pagination/total"), "5");
	assert_string_equal(got("/items/0/action"), "\"user.remove\"");
	assert_string_equal(got("/items/0/actor"), "\"root@test\"");
	assert_string_equal(got("/items/0/address"), "\"127.0.0.1\"");
	assert_string_equal(got("/items/0/request_id"), "\"r-1\"");
	assert_string_equal(got("/items/0/after"), "null");
	assert_string_equal(got("/items/0/before/name"), "\"ana\"");
	assert_string_equal(got("/items/2/after"), "{\"password\":\"set\"}");
	assert_string_equal(got("/items/4/before"), "null");
	assert_int_equal(ask(&root, "admin.audit",
	    "{'action':'role.create'}"), XC_OK);
	assert_string_equal(got("/pagination/total"), "1");
	assert_int_equal(ask(&root, "admin.audit", "{'q':'role:'}"), XC_OK);
	assert_string_equal(got("/pagination/total"), "1");
	assert_int_equal(ask(&root, "admin.audit", "{'actor':'x'}"), XC_OK);
	assert_string_equal(got("/pagination/total"), "0");
	/* What was refused left nothing. */
	assert_int_equal(refused(&root, "admin.user_remove", "{'id':1}"), 404);
	assert_int_equal(number("SELECT COUNT(*) FROM xc_audit"), 5);
}

/* Each statement with the row that must be found; undone by the next test. */
static const struct {
	const char *sql[3];
	uint64_t seq;
} tampers[] = {
	{ { "UPDATE xc_audit SET at = at + INTERVAL 1 SECOND WHERE seq = 2" },
	    2 },
	{ { "UPDATE xc_audit SET actor = 'eve' WHERE seq = 1" }, 1 },
	{ { "UPDATE xc_audit SET address = '10.0.0.1' WHERE seq = 3" }, 3 },
	{ { "UPDATE xc_audit SET request_id = '' WHERE seq = 4" }, 4 },
	{ { "UPDATE xc_audit SET action = 'user.change' WHERE seq = 5" }, 5 },
	{ { "UPDATE xc_audit SET target = 'user:1 x' WHERE seq = 5" }, 5 },
	{ { "UPDATE xc_audit SET state_before = NULL WHERE seq = 5" }, 5 },
	{ { "UPDATE xc_audit SET state_after = '' WHERE seq = 5" }, 5 },
	{ { "UPDATE xc_audit SET state_after = 'null' WHERE seq = 5" }, 5 },
	{ { "UPDATE xc_audit SET hash = REPEAT('x', 32) WHERE seq = 3" }, 3 },
	/* A column's end taken for the next one's beginning. */
	{ { "UPDATE xc_audit SET actor = CONCAT(actor, LEFT(address, 1)), "
	    "address = SUBSTR(address, 2) WHERE seq = 2" }, 2 },
	{ { "DELETE FROM xc_audit WHERE seq = 1" }, 1 },
	{ { "DELETE FROM xc_audit WHERE seq = 3" }, 3 },
	{ { "DELETE FROM xc_audit WHERE seq = 5" }, 5 },
	{ { "DELETE FROM xc_audit" }, 1 },
	/* Taken out, and the numbers closed up. */
	{ { "DELETE FROM xc_audit WHERE seq = 3",
	    "UPDATE xc_audit SET seq = seq - 1 WHERE seq > 3 ORDER BY seq" },
	    3 },
	/* Two in each other's place. */
	{ { "UPDATE xc_audit SET seq = 99 WHERE seq = 2",
	    "UPDATE xc_audit SET seq = 2 WHERE seq = 3",
	    "UPDATE xc_audit SET seq = 3 WHERE seq = 99" }, 2 },
	{ { "INSERT INTO xc_audit SELECT 6, at, actor, address, request_id, "
	    "action, target, state_before, state_after, hash FROM xc_audit "
	    "WHERE seq = 5" }, 6 },
	/* Cut off, and the head set back. */
	{ { "DELETE FROM xc_audit WHERE seq = 5",
	    "UPDATE xc_audit_head SET seq = 4, hash = (SELECT hash FROM "
	    "xc_audit WHERE seq = 4)" }, 4 },
	{ { "UPDATE xc_audit_head SET seq = 4" }, 5 },
	{ { "UPDATE xc_audit_head SET seq = 6" }, 6 },
	{ { "UPDATE xc_audit_head SET hash = REPEAT('x', 32)" }, 5 },
	{ { "UPDATE xc_audit_head SET key_id = '', signature = NULL" }, 5 },
	{ { "UPDATE xc_audit_head SET key_id = 'other'" }, 5 },
	{ { "UPDATE xc_audit_head SET signature = REPEAT('x', 64)" }, 5 },
	{ { "UPDATE xc_audit_head SET signature = NULL" }, 5 },
	{ { "DELETE FROM xc_audit_head" }, 1 },
};

static void
test_tampered(void **state)
{
	(void)state;
	fill();
	must("CREATE OR REPLACE TABLE kept AS SELECT * FROM xc_audit");
	must("CREATE OR REPLACE TABLE kept_head AS SELECT * FROM "
	    "xc_audit_head");
	for (size_t i = 0; i < sizeof(tampers) / sizeof(tampers[0]); i++) {
		for (size_t k = 0; k < 3 && tampers[i].sql[k] != NULL; k++)
			must("%s", tampers[i].sql[k]);
		if (verify() != XC_ERR_INVALID)
			fail_msg("not found: %s", tampers[i].sql[0]);
		if (verdict.seq != tampers[i].seq)
			fail_msg("%s: row %llu: %s", tampers[i].sql[0],
			    (unsigned long long)verdict.seq, verdict.why);
		assert_true(verdict.why[0] != '\0');
		must("DELETE FROM xc_audit");
		must("INSERT INTO xc_audit SELECT * FROM kept");
		must("DELETE FROM xc_audit_head");
		must("INSERT INTO xc_audit_head SELECT * FROM kept_head");
		assert_int_equal(verify(), XC_OK);
	}
	must("DROP TABLE kept");
	must("DROP TABLE kept_head");
}

/* All of it made anew by one without the key. */
static void
test_made_anew(void **state)
{
	struct xc_keyring *ring = identity.ring, *other;
	struct xc_errbuf errbuf;

	(void)state;
	fill();
	must("DELETE FROM xc_audit");
	must("UPDATE xc_audit_head SET seq = 0, hash = REPEAT(CHAR(0), 32)");
	assert_int_equal(xc_keyring_fake(&other, &errbuf), XC_OK);
	identity.ring = NULL;
	assert_int_equal(verify(), XC_OK);
	xc_admin_free(&admin);
	memset(&desk, 0, sizeof(desk));
	assert_int_equal(xc_admin_new(&identity, NULL, &admin, &errbuf),
	    XC_OK);
	assert_int_equal(xc_desk_add(&desk, xc_admin_rows, admin), XC_OK);
	make_user("eve", "[]");
	/* Who has no key either cannot tell; who has, can. */
	assert_int_equal(verify(), XC_OK);
	identity.ring = ring;
	assert_int_equal(verify(), XC_ERR_INVALID);
	identity.ring = other;
	assert_int_equal(verify(), XC_ERR_INVALID);
	identity.ring = ring;
	xc_keyring_free(&other);
}

/* More rows than are read at once. */
static void
test_many(void **state)
{
	struct xc_audit_entry entry = { .action = "test", .target = "" };

	(void)state;
	for (int i = 0; i < 5003; i++) {
		assert_int_equal(xc_connection_begin(xc_store_connection(
		    identity.store)), XC_OK);
		assert_int_equal(xc_audit_add(identity.store, NULL, &root,
		    &entry), XC_OK);
		assert_int_equal(xc_connection_commit(xc_store_connection(
		    identity.store)), XC_OK);
	}
	must("UPDATE xc_audit_head SET key_id = ''");
	assert_int_equal(xc_audit_verify(identity.store, NULL, &verdict, &why),
	    XC_OK);
	assert_int_equal(verdict.rows, 5003);
	must("DELETE FROM xc_audit WHERE seq = 5002");
	assert_int_equal(xc_audit_verify(identity.store, NULL, &verdict, &why),
	    XC_ERR_INVALID);
	assert_int_equal(verdict.seq, 5002);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tampered, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_made_anew, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
	};

	if (getenv("XCORE_TEST_DB_SOCKET") == NULL) {
		fputs("test-audit: run it by tests/services/identity.sh\n",
		    stderr);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
