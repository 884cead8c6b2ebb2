/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <argon2.h>
#include <cmocka.h>

#include "password.h"
#include "phc.h"
#include "places.h"
#include "token.h"

static const struct xc_security_settings settings = {
	.argon2_kb = 19456,
	.argon2_passes = 2,
	.argon2_lanes = 1,
	.hashes_max = 2,
	.hash_wait_ms = 2000,
	.password_min = 12
};

static struct xc_hasher *
hasher_of(const struct xc_security_settings *with, int places)
{
	struct xc_hasher *hasher;
	struct xc_errbuf errbuf;

	assert_int_equal(xc_hasher_new(with, places, &hasher, &errbuf),
	    XC_OK);
	return hasher;
}

/* RFC 9106, section 5.3. */
static void
test_rfc9106(void **state)
{
	static const unsigned char want[32] = {
		0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c,
		0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b, 0x53, 0xc9,
		0xd0, 0x1e, 0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e,
		0xb5, 0x25, 0x20, 0xe9, 0x6b, 0x01, 0xe6, 0x59
	};
	unsigned char password[32], salt[16], secret[8], data[12], hash[32];
	argon2_context context = {
		.out = hash, .outlen = sizeof(hash),
		.pwd = password, .pwdlen = sizeof(password),
		.salt = salt, .saltlen = sizeof(salt),
		.secret = secret, .secretlen = sizeof(secret),
		.ad = data, .adlen = sizeof(data),
		.t_cost = 3, .m_cost = 32, .lanes = 4, .threads = 1,
		.version = ARGON2_VERSION_13
	};

	(void)state;
	memset(password, 1, sizeof(password));
	memset(salt, 2, sizeof(salt));
	memset(secret, 3, sizeof(secret));
	memset(data, 4, sizeof(data));
	assert_int_equal(argon2id_ctx(&context), ARGON2_OK);
	assert_memory_equal(hash, want, sizeof(want));
}

/* Strings that others have made; one has two lanes, which we compute in one
 * thread. */
static const char *const others[][2] = {
	{ "password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"
	    "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc" },
	{ "password", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$"
	    "bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc" },
};

static void
test_others(void **state)
{
	struct xc_hasher *hasher = hasher_of(&settings, -1);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(*others); i++) {
		assert_int_equal(xc_password_verify(hasher, others[i][1],
		    others[i][0], strlen(others[i][0])), XC_OK);
		assert_int_equal(xc_password_verify(hasher, others[i][1],
		    "passwore", 8), XC_ERR_DENIED);
		assert_true(xc_password_is_old(hasher, others[i][1]));
	}
	xc_hasher_free(&hasher);
	assert_null(hasher);
	xc_hasher_free(&hasher);
}

static void
test_hash(void **state)
{
	struct xc_security_settings more = settings;
	struct xc_hasher *hasher = hasher_of(&settings, -1), *later;
	char phc[XC_PHC_SIZE], again[XC_PHC_SIZE], *large;

	(void)state;
	assert_int_equal(xc_password_hash(hasher, "p\0q", 3, phc), XC_OK);
	assert_int_equal(strncmp(phc, "$argon2id$v=19$m=19456,t=2,p=1$", 31),
	    0);
	assert_int_equal(xc_password_hash(hasher, "p\0q", 3, again), XC_OK);
	assert_string_not_equal(phc, again);
	assert_int_equal(xc_password_verify(hasher, phc, "p\0q", 3), XC_OK);
	assert_int_equal(xc_password_verify(hasher, phc, "p\0r", 3),
	    XC_ERR_DENIED);
	assert_int_equal(xc_password_verify(hasher, phc, "p", 1),
	    XC_ERR_DENIED);
	assert_int_equal(xc_password_verify(hasher, phc, NULL, 0),
	    XC_ERR_DENIED);
	assert_false(xc_password_is_old(hasher, phc));
	assert_true(xc_password_is_old(hasher, NULL));
	assert_true(xc_password_is_old(hasher, ""));
	more.argon2_passes = 3;
	later = hasher_of(&more, -1);
	assert_true(xc_password_is_old(later, phc));
	assert_int_equal(xc_password_verify(later, phc, "p\0q", 3), XC_OK);
	xc_hasher_free(&later);

	/* As long as may be, and one byte more; bytes behind the 72nd count. */
	large = calloc(1, 10 * 1024 * 1024);
	assert_non_null(large);
	memset(large, 'x', XC_PASSWORD_MAX + 1);
	assert_int_equal(xc_password_hash(hasher, large, XC_PASSWORD_MAX,
	    phc), XC_OK);
	assert_int_equal(xc_password_verify(hasher, phc, large,
	    XC_PASSWORD_MAX), XC_OK);
	assert_int_equal(xc_password_verify(hasher, phc, large, 72),
	    XC_ERR_DENIED);
	large[XC_PASSWORD_MAX - 1] = 'y';
	assert_int_equal(xc_password_verify(hasher, phc, large,
	    XC_PASSWORD_MAX), XC_ERR_DENIED);
	assert_int_equal(xc_password_hash(hasher, large, XC_PASSWORD_MAX + 1,
	    phc), XC_ERR_INVALID);
	assert_string_equal(phc, "");
	assert_int_equal(xc_password_verify(hasher, again, large,
	    10 * 1024 * 1024), XC_ERR_DENIED);
	assert_int_equal(xc_password_hash(hasher, "", 0, phc), XC_OK);
	assert_int_equal(xc_password_verify(hasher, phc, "", 0), XC_OK);
	free(large);
	xc_hasher_free(&hasher);
}

#define SALT "c29tZXNhbHQ"
#define HASH "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"

static const char *const bad_strings[] = {
	"x", "$", "$argon2id$", "password",
	"$argon2i$v=19$m=65536,t=2,p=1$" SALT "$" HASH,
	"$argon2d$v=19$m=65536,t=2,p=1$" SALT "$" HASH,
	"$argon2id$v=16$m=65536,t=2,p=1$" SALT "$" HASH,
	"$argon2id$m=65536,t=2,p=1$" SALT "$" HASH,
	"$argon2id$v=19$t=2,m=65536,p=1$" SALT "$" HASH,
	"$argon2id$v=19$m=065536,t=2,p=1$" SALT "$" HASH,
	"$argon2id$v=19$m=+65536,t=2,p=1$" SALT "$" HASH,
	"$argon2id$v=19$m=-1,t=2,p=1$" SALT "$" HASH,
	"$argon2id$v=19$m=65536,t=0,p=1$" SALT "$" HASH,
	"$argon2id$v=19$m=65536,t=2,p=1,x=1$" SALT "$" HASH,
	"$argon2id$v=19$m=65536,t=2,p=1$" SALT "$" HASH "$",
	"$argon2id$v=19$m=65536,t=2,p=1$" SALT "$" HASH "=",
	"$argon2id$v=19$m=65536,t=2,p=1$" SALT "$" HASH "\n",
	"$argon2id$v=19$m=65536,t=2,p=1$" SALT "==$" HASH,
	"$argon2id$v=19$m=65536,t=2,p=1$" SALT "$",
	"$argon2id$v=19$m=65536,t=2,p=1$$" HASH,
	"$argon2id$v=19$m=65536,t=2,p=1$c2Fs$" HASH,
	"$argon2id$v=19$m=65536,t=2,p=1$" SALT "$CTFhFdXPJO1aFaM",
	/* bits that no byte holds */
	"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHR$" HASH,
	/* base64url's letters */
	"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhb-Q$" HASH,
	/* too much */
	"$argon2id$v=19$m=4294967295,t=2,p=1$" SALT "$" HASH,
	"$argon2id$v=19$m=4294967296,t=2,p=1$" SALT "$" HASH,
	"$argon2id$v=19$m=18446744073709551617,t=2,p=1$" SALT "$" HASH,
	"$argon2id$v=19$m=1048576,t=1,p=1$" SALT "$" HASH,
	"$argon2id$v=19$m=65536,t=4294967295,p=1$" SALT "$" HASH,
	"$argon2id$v=19$m=65536,t=17,p=1$" SALT "$" HASH,
	"$argon2id$v=19$m=65536,t=2,p=17$" SALT "$" HASH,
	"$argon2id$v=19$m=65536,t=2,p=16777216$" SALT "$" HASH,
	/* too little for its lanes */
	"$argon2id$v=19$m=15,t=2,p=2$" SALT "$" HASH,
	"$2b$12$abcdefghijklmnopqrstuuAbCdEfGhIjKlMnOpQrStUvWxYz01234",
};

static void
test_bad_strings(void **state)
{
	struct xc_hasher *hasher = hasher_of(&settings, -1);
	char text[2 * XC_PHC_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad_strings) / sizeof(*bad_strings); i++)
		if (xc_password_verify(hasher, bad_strings[i], "password",
		    8) != XC_ERR_INVALID)
			fail_msg("%s", bad_strings[i]);
	/* Cut at each byte; the last cuts leave a shorter hash. */
	for (i = 1; i < strlen(others[1][1]) - 22; i++) {
		snprintf(text, sizeof(text), "%.*s", (int)i, others[1][1]);
		assert_int_equal(xc_password_verify(hasher, text, "password",
		    8), XC_ERR_INVALID);
	}
	for (; i < strlen(others[1][1]); i++) {
		snprintf(text, sizeof(text), "%.*s", (int)i, others[1][1]);
		assert_int_not_equal(xc_password_verify(hasher, text,
		    "password", 8), XC_OK);
	}
	/* A salt of 65 bytes. */
	memset(text, 'A', sizeof(text) - 1);
	memcpy(text, "$argon2id$v=19$m=256,t=2,p=1$", 29);
	memcpy(text + 29 + 87, "$" HASH, sizeof("$" HASH));
	assert_int_equal(xc_password_verify(hasher, text, "password", 8),
	    XC_ERR_INVALID);
	xc_hasher_free(&hasher);
}

/* Nobody's password: no string is right, and the same work is done. */
static void
test_nobody(void **state)
{
	struct xc_security_settings tiny = settings;
	struct xc_hasher *hasher = hasher_of(&settings, -1);
	int fd = xc_hasher_places();
	unsigned place;
	pid_t pid;
	int status;

	(void)state;
	assert_int_equal(xc_password_verify(hasher, NULL, "", 0),
	    XC_ERR_DENIED);
	assert_int_equal(xc_password_verify(hasher, "", "password", 8),
	    XC_ERR_DENIED);
	xc_hasher_free(&hasher);

	/* It needs a place as any other: where there is none, both are told
	 * so. */
	assert_true(fd >= 0);
	tiny.hashes_max = 1;
	tiny.hash_wait_ms = 1;
	assert_int_equal(xc_place_take(fd, 1, 0, &place), XC_OK);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		hasher = hasher_of(&tiny, fd);
		status = xc_password_verify(hasher, NULL, "x", 1) !=
		    XC_ERR_BUSY || xc_password_verify(hasher, others[0][1],
		    "x", 1) != XC_ERR_BUSY || xc_password_hash(hasher, "x", 1,
		    (char[XC_PHC_SIZE]){ "" }) != XC_ERR_BUSY;
		xc_hasher_free(&hasher);
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	xc_place_leave(fd, place);
	close(fd);
}

/* A process that takes a place, says so and holds it until it is killed. */
static pid_t
spawn_holder(int fd, unsigned n)
{
	unsigned place;
	int ends[2];
	char said = 'x';
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(ends[0]);
		said = xc_place_take(fd, n, 0, &place) == XC_OK ? 'y' : 'n';
		if (write(ends[1], &said, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &said, 1), 1);
	close(ends[0]);
	assert_int_equal(said, 'y');
	return pid;
}

static void
end(pid_t pid)
{
	int status;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void
test_places(void **state)
{
	int fd = xc_hasher_places(), status;
	unsigned place;
	pid_t one, two;

	(void)state;
	assert_true(fd >= 0);
	one = spawn_holder(fd, 2);
	two = spawn_holder(fd, 2);
	assert_int_equal(xc_place_take(fd, 2, 1, &place), XC_ERR_BUSY);
	/* One that is killed gives its place back. */
	end(one);
	assert_int_equal(xc_place_take(fd, 2, 1, &place), XC_OK);
	one = fork();
	assert_true(one >= 0);
	if (one == 0)
		_exit(xc_place_take(fd, 2, 1, &place) != XC_ERR_BUSY);
	assert_int_equal(waitpid(one, &status, 0), one);
	assert_int_equal(status, 0);
	end(two);
	close(fd);
	assert_int_equal(xc_place_take(fd, 2, 1, &place), XC_ERR_IO);
}

/* Many that need one place each get it in the end, one at a time. */
static void
test_turns(void **state)
{
	int fd = xc_hasher_places(), status, ends[2];
	unsigned place;
	pid_t pids[3];
	char log[64];
	size_t i;
	ssize_t n;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(pipe(ends), 0);
	for (i = 0; i < 3; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] != 0)
			continue;
		if (xc_place_take(fd, 1, 30000, &place) != XC_OK ||
		    write(ends[1], "(", 1) != 1 || usleep(2000) != 0 ||
		    write(ends[1], ")", 1) != 1)
			_exit(1);
		xc_place_leave(fd, place);
		_exit(0);
	}
	for (i = 0; i < 3; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	n = read(ends[0], log, sizeof(log) - 1);
	assert_int_equal(n, 6);
	log[6] = '\0';
	assert_string_equal(log, "()()()");
	close(ends[0]);
	close(ends[1]);
	close(fd);
}

/* One that waits for a place, says its letter when it has it, and leaves. */
static pid_t
spawn_waiter(int fd, unsigned n, int out, char letter)
{
	unsigned place, tries, before = xc_places_waiting(fd, n);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (xc_place_take(fd, n, 30000, &place) != XC_OK ||
		    write(out, &letter, 1) != 1)
			_exit(1);
		xc_place_leave(fd, place);
		_exit(0);
	}
	for (tries = 0; xc_places_waiting(fd, n) == before; tries++) {
		assert_true(tries < 100000);
		usleep(200);
	}
	return pid;
}

/* In the order of coming; and one that dies in the line holds up nobody. */
static void
test_order(void **state)
{
	int fd = xc_hasher_places(), status, ends[2];
	unsigned place, i, round;
	pid_t holder, pids[4];
	char log[5];

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(pipe(ends), 0);
	holder = spawn_holder(fd, 2);
	for (round = 0; round < 10; round++) {
		assert_int_equal(xc_place_take(fd, 2, 0, &place), XC_OK);
		for (i = 0; i < 4; i++)
			pids[i] = spawn_waiter(fd, 2, ends[1],
			    (char)('a' + i));
		/* There are four seats. */
		i = round % 5;
		if (i < 4)
			end(pids[i]);
		assert_int_equal(xc_places_waiting(fd, 2), i < 4 ? 3 : 4);
		xc_place_leave(fd, place);
		memset(log, 0, sizeof(log));
		for (unsigned k = 0; k < 4; k++) {
			if (k == i)
				continue;
			assert_int_equal(waitpid(pids[k], &status, 0),
			    pids[k]);
			assert_int_equal(status, 0);
		}
		assert_int_equal(read(ends[0], log, 4), i < 4 ? 3 : 4);
		assert_string_equal(log, ((const char *const[]){ "bcd", "acd",
		    "abd", "abc", "abcd" })[i]);
	}
	end(holder);
	close(ends[0]);
	close(ends[1]);
	close(fd);
}

/* A holder that dies rings no bell: who waits finds its place all the same. */
static void
test_dead_holder(void **state)
{
	int fd = xc_hasher_places(), status, ends[2];
	pid_t holder, waiter;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(pipe(ends), 0);
	holder = spawn_holder(fd, 1);
	waiter = spawn_waiter(fd, 1, ends[1], 'a');
	end(holder);
	assert_int_equal(waitpid(waiter, &status, 0), waiter);
	assert_int_equal(status, 0);
	close(ends[0]);
	close(ends[1]);
	close(fd);
}

static pid_t
spawn_user(int fd)
{
	unsigned place;
	pid_t pid = fork();

	assert_true(pid >= 0);
	while (pid == 0)
		if (xc_place_take(fd, 2, 5, &place) == XC_OK)
			xc_place_leave(fd, place);
	return pid;
}

/* Killed at any moment, they lose no place and leave nobody in the line. */
static void
test_killed(void **state)
{
	int fd = xc_hasher_places();
	pid_t pids[8], one, two;
	unsigned i;

	(void)state;
	assert_true(fd >= 0);
	for (i = 0; i < 8; i++)
		pids[i] = spawn_user(fd);
	for (i = 0; i < 400; i++) {
		usleep(i * 7919 % 500);
		end(pids[i % 8]);
		pids[i % 8] = spawn_user(fd);
	}
	for (i = 0; i < 8; i++)
		end(pids[i]);
	assert_int_equal(xc_places_waiting(fd, 2), 0);
	one = spawn_holder(fd, 2);
	two = spawn_holder(fd, 2);
	end(one);
	end(two);
	close(fd);
}

struct fault_case {
	const char *password;
	const char *fault;	/* the beginning of it; NULL: it is good */
};

#define EASY "This password is too easy"
#define OWN "The password must not be"

static const struct fault_case fault_cases[] = {
	{ "", "The password is too short: it needs 12" },
	{ "kzt-vorn-pl", "The password is too short" },
	{ "kzt-vorn-plu", NULL },
	{ "a perfectly good pass phrase", NULL },
	{ "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc", "The password is "
	    "too short" },
	{ "\xe6\xad\xa3\xe7\xa1\xae\xe9\xa9\xac\xe7\x94\xb5\xe6\xb1\xa0\xe8\xae"
	    "\xa2\xe4\xb9\xa6\xe9\x92\x89\xe6\x9c\xba\xe5\x99\xa8\xe4\xba\xba"
	    "\xe5\xa4\xa9", NULL },
	{ "\xf0\x9f\x98\x80\xf0\x9f\x98\x81\xf0\x9f\x98\x82\xf0\x9f\x98\x83"
	    "\xf0\x9f\x98\x84\xf0\x9f\x98\x85\xf0\x9f\x98\x86\xf0\x9f\x98\x87"
	    "\xf0\x9f\x98\x88\xf0\x9f\x98\x89\xf0\x9f\x98\x8a\xf0\x9f\x98\x8b",
	    NULL },
	{ "abc\xff" "defghijklmn", "The password is not valid UTF-8" },
	{ "abc\xed\xa0\x80" "defghijklmn", "The password is not valid UTF-8" },
	{ "passwordpassword", EASY }, { "Password1234", EASY },
	{ "123password123", EASY }, { "PASSWORD!!!!", EASY },
	{ "!!!!iloveyou", EASY }, { "Welcome12345", EASY },
	{ "qwertyuiop[]", EASY }, { "qwertyuiop12", EASY },
	{ "aaaaaaaaaaaa", EASY }, { "abababababab", EASY },
	{ "123412341234", EASY }, { "123456789012", EASY },
	{ "098765432109", EASY }, { "abcdefghijkl", EASY },
	{ "lkjihgfedcba", EASY }, { "1q2w3e4r5t6y", EASY },
	{ "            ", EASY }, { "correcthorsebatterystaple", EASY },
	{ "love38261947362019", NULL }, { "passwordless-zebra", NULL },
	{ "ana.lopez2026", OWN }, { "ANA.LOPEZ@example.org", OWN },
	{ "AnaLopezMore", NULL }, { "2026ana.lopez", OWN },
	{ "rivendell.42", OWN }, { "rivendellrivendell", OWN },
	{ "P@55w0rd!234", EASY }, { "1L0v3Y0u!!!!", EASY },
	{ "12w31c0m3w3lc0me", EASY }, { "p@ssworthless", NULL },
	{ "R1v3nd3ll.42", OWN }, { "@na.l0pez2026", OWN },
	{ "todo-st1ft1234", NULL }, { "T0d0-St@tion#1", OWN },
	{ "todo-stationtodo-station", OWN },
};

static const struct xc_password_owner owner = { .name = "Rivendell",
	.email = "Ana.Lopez@example.org", .site = "Todo-Station" };
static const struct xc_password_owner nobody;
static const struct xc_password_owner empty = { "", "", "" };

static void
test_fault(void **state)
{
	const struct fault_case *c;
	char large[XC_PASSWORD_MAX + 1];
	const char *fault;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(fault_cases) / sizeof(*fault_cases); i++) {
		c = &fault_cases[i];
		fault = xc_password_fault(&settings, c->password,
		    strlen(c->password), &owner);
		if (c->fault == NULL ? fault != NULL : fault == NULL ||
		    strncmp(fault, c->fault, strlen(c->fault)) != 0)
			fail_msg("%s: %s", c->password,
			    fault != NULL ? fault : "nothing");
	}
	assert_null(xc_password_fault(&settings, "rivendell.42", 12,
	    &nobody));
	assert_null(xc_password_fault(&settings, "rivendell.42", 12,
	    &empty));
	assert_string_equal(xc_password_fault(&settings, "abcdefgh\0ijklmn",
	    15, &nobody), "The password has a NUL character in it.");
	for (i = 0; i < sizeof(large); i++)
		large[i] = "kzt-vorn+plux"[i % 13];
	assert_null(xc_password_fault(&settings, large, XC_PASSWORD_MAX,
	    &nobody));
	assert_string_equal(xc_password_fault(&settings, large,
	    XC_PASSWORD_MAX + 1, &nobody),
	    "The password is too long: it may have 1024 bytes.");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc9106),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_bad_strings),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_dead_holder),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
