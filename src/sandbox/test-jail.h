/* SPDX-License-Identifier: MIT */
/* What test-jail runs inside of sandboxes. */
#ifndef XC_TEST_JAIL_H
#define XC_TEST_JAIL_H

#include "sandbox/jail.h"
#include "sandbox/jail-private.h"

#define HAVE_ADDRESS_LIMIT (!XC_JAIL_HUGE_ADDRESS_SPACE)

/* How a child ends whose walls could not be built; page->why says why. */
#define EXIT_WALLS 99

/* Shared with each sandbox that is made. */
struct page {
	struct xc_layers layers;
	struct xc_errbuf why;
	bool ran;
	int error;	/* errno; 0: an attack has succeeded */
	unsigned count;
	char text[512];	/* what is not as it should be; "": nothing */
};
extern struct page *page;

/* What it does between the stages, and behind them. */
struct inmate {
	void (*early)(void);
	void (*late)(void);
	void (*late_jail)(const struct xc_jail *, const struct xc_jail_cell *,
	    const struct xc_layers *);
};

struct attack {
	const char *name;
	int (*run)(void);	/* errno, 0 if it succeeded */
	bool kills;		/* the filter ends the process */
	uint32_t stopped_by;	/* layers that do it alone; RLIMITS and
				 * NO_NEW_PRIVS are always there */
};
extern const struct attack attacks[];	/* until a NULL name */

struct work {
	const char *name;
	void (*early)(void);
	void (*late)(void);
	bool needs_limits;	/* not under a sanitizer */
};
extern const struct work works[];

struct page *make_page(void);
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
void pause_by_ppoll(void);

/* Layers but those without which there is no sandbox. */
#define OTHERS (~XC_LAYERS_ALWAYS)

bool put_text(const char *path, const char *text);
_Noreturn void wait_forever(void);

/* In the test's own process. */
struct xc_jail_cell cell_for_tests(void);
struct xc_jail *create_jail(uint32_t without);
pid_t start(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    const struct inmate *inmate, int *pidfd_r);
int reap(pid_t pid);	/* the status of waitpid() */
int run(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    const struct inmate *inmate);	/* start() and reap() */
void expect_end(int status);	/* by exit code 0 */
void expect_end_of(int fd);

void test_namespaces_used_up(void **state);
void test_no_more_processes(void **state);
void test_zygote(void **state);
void test_zygote_killed(void **state);
void test_no_cgroup(void **state);
void test_cgroup(void **state);
void test_limits_of_cgroup(void **state);
void test_cgroup_of_the_server(void **state);

void try_first_stage(void);
void start_lasting_thread(void);
void count_threads_had(void);
void exhaust_memory(void);
void be_zygote(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    const struct xc_layers *layers);

#endif
