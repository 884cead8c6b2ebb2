/* SPDX-License-Identifier: MIT */
#include "crash-trace.h"

#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include "raw-text.h"

#define OBJECTS_MAX 512
#define FRAMES_MAX 32
#define NAME_SIZE 48
#define BUILD_SIZE 41		/* of a build id: 20 bytes in hexadecimal */

struct object {
	uintptr_t base;		/* what addresses in the file are added to */
	uintptr_t low;
	uintptr_t high;
	char name[NAME_SIZE];
	char build[BUILD_SIZE];
};

/*
 * Written by xc_trace_prepare() alone, n last, so that a handler which
 * interrupts it sees whole rows.
 */
static struct {
	struct object objects[OBJECTS_MAX];
	volatile size_t n;
	unsigned long long adds;	/* of the dynamic linker, as seen last */
	unsigned long long subs;
} known;

/* ---- which objects there are -------------------------------------------- */

static void
copy_name(struct object *object, const char *path)
{
	char program[256];
	const char *slash;
	struct xc_raw raw;
	ssize_t n;

	/* Of the program itself; what it was called may be overwritten. */
	if (path[0] == '\0') {
		n = readlink("/proc/self/exe", program, sizeof(program) - 1);
		program[n > 0 ? n : 0] = '\0';
		path = program;
	}
	slash = strrchr(path, '/');
	/* A private copy has no name but its number. */
	if (strncmp(path, "/proc/self/fd/", 14) != 0 && slash != NULL)
		path = slash + 1;
	xc_raw_begin(&raw, object->name, sizeof(object->name));
	xc_raw_put(&raw, path);
}

static void
copy_build(struct object *object, const unsigned char *id, size_t len)
{
	struct xc_raw raw;

	xc_raw_begin(&raw, object->build, sizeof(object->build));
	for (size_t i = 0; i < len; i++) {
		xc_raw_bytes(&raw, &"0123456789abcdef"[id[i] >> 4], 1);
		xc_raw_bytes(&raw, &"0123456789abcdef"[id[i] & 15], 1);
	}
}

static size_t
aligned(size_t size, size_t to)
{
	return (size + to - 1) & ~(to - 1);
}

/* Looks for the build id among the notes of a segment. */
static void
read_notes(struct object *object, const unsigned char *at, size_t len,
    size_t align)
{
	ElfW(Nhdr) note;
	size_t name, desc;

	if (align != 8)
		align = 4;
	while (len >= sizeof(note)) {
		memcpy(&note, at, sizeof(note));
		name = aligned(sizeof(note) + note.n_namesz, align);
		desc = aligned(note.n_descsz, align);
		if (name > len || note.n_descsz > len - name)
			return;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    memcmp(at + sizeof(note), "GNU", 4) == 0) {
			copy_build(object, at + name, note.n_descsz);
			return;
		}
		if (desc > len - name)
			return;
		at += name + desc;
		len -= name + desc;
	}
}

static void
read_segment(struct object *object, const ElfW(Phdr) *segment)
{
	uintptr_t low = object->base + segment->p_vaddr;
	uintptr_t high = low + segment->p_memsz;

	if (segment->p_type == PT_LOAD) {
		if (low < object->low)
			object->low = low;
		if (high > object->high)
			object->high = high;
	} else if (segment->p_type == PT_NOTE) {
		read_notes(object, (const unsigned char *)low,
		    segment->p_memsz, segment->p_align);
	}
}

struct survey {
	size_t n;		/* rows that stand */
	size_t i;
};

static int
take_object(struct dl_phdr_info *info, size_t size, void *data)
{
	struct survey *survey = data;
	struct object *object;

	(void)size;
	known.adds = info->dlpi_adds;
	known.subs = info->dlpi_subs;
	/* What was there the last time stands in front. */
	if (survey->i++ < survey->n)
		return 0;
	if (survey->n == OBJECTS_MAX)
		return 1;
	object = &known.objects[survey->n++];
	object->base = info->dlpi_addr;
	object->low = UINTPTR_MAX;
	object->high = 0;
	object->build[0] = '\0';
	copy_name(object, info->dlpi_name);
	for (size_t i = 0; i < info->dlpi_phnum; i++)
		read_segment(object, &info->dlpi_phdr[i]);
	return 0;
}

static int
see_counters(struct dl_phdr_info *info, size_t size, void *data)
{
	struct dl_phdr_info *seen = data;

	(void)size;
	*seen = *info;
	return 1;
}

static _Unwind_Reason_Code
nothing(struct _Unwind_Context *context, void *arg)
{
	(void)context;
	(void)arg;
	return _URC_END_OF_STACK;
}

void
xc_trace_prepare(void)
{
	struct survey survey = { .n = known.n };
	struct dl_phdr_info seen = { .dlpi_adds = 0 };

	(void)dl_iterate_phdr(see_counters, &seen);
	if (survey.n > 0 && seen.dlpi_adds == known.adds &&
	    seen.dlpi_subs == known.subs)
		return;
	/* Objects go from anywhere and come at the end. */
	if (seen.dlpi_subs != known.subs)
		survey.n = 0;
	known.n = survey.n;
	(void)dl_iterate_phdr(take_object, &survey);
	known.n = survey.n;
	/* The first time it looks up what it needs itself. */
	(void)_Unwind_Backtrace(nothing, NULL);
}

/* ---- in the handler ----------------------------------------------------- */

static const struct object *
find_object(uintptr_t address)
{
	size_t n = known.n;

	for (size_t i = 0; i < n; i++) {
		if (address >= known.objects[i].low &&
		    address < known.objects[i].high)
			return &known.objects[i];
	}
	return NULL;
}

static void
put_frame(struct xc_raw *raw, unsigned number, uintptr_t address)
{
	const struct object *object = find_object(address);

	xc_raw_put(raw, "#");
	xc_raw_padded(raw, number, 1);
	xc_raw_put(raw, " ");
	if (object != NULL) {
		xc_raw_put(raw, object->name);
		xc_raw_put(raw, "+");
		xc_raw_hex(raw, address - object->base);
	} else {
		xc_raw_hex(raw, address);
	}
	if (object != NULL && object->build[0] != '\0') {
		xc_raw_put(raw, " (build ");
		xc_raw_put(raw, object->build);
		xc_raw_put(raw, ")");
	}
	xc_raw_put(raw, "\n");
}

static uintptr_t
interrupted_at(const ucontext_t *context)
{
#if defined(__x86_64__)
	return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
	return (uintptr_t)context->uc_mcontext.pc;
#else
	(void)context;
	return 0;
#endif
}

/* Where the call came from that led to what is no function; else 0.  What
 * lies on the stack there is nobody's variable to a sanitizer. */
__attribute__((no_sanitize("address"))) static uintptr_t
called_from(const ucontext_t *context)
{
	uintptr_t from = 0;

	if (find_object(interrupted_at(context)) != NULL)
		return 0;
#if defined(__x86_64__)
	from = *(const volatile uintptr_t *)(uintptr_t)
	    context->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
	from = (uintptr_t)context->uc_mcontext.regs[30];
#endif
	return find_object(from) != NULL ? from : 0;
}

struct walk {
	struct xc_raw *raw;
	uintptr_t from;		/* frames below this one are the handler's */
	unsigned number;
	bool begun;
};

static _Unwind_Reason_Code
see_frame(struct _Unwind_Context *context, void *arg)
{
	struct walk *walk = arg;
	int before = 0;
	uintptr_t ip = (uintptr_t)_Unwind_GetIPInfo(context, &before);

	if (ip == 0)
		return _URC_END_OF_STACK;
	if (!walk->begun) {
		walk->begun = ip == walk->from;
		return _URC_NO_REASON;
	}
	/* A return address: the call stands before it. */
	put_frame(walk->raw, walk->number++, before ? ip : ip - 1);
	return walk->number < FRAMES_MAX ? _URC_NO_REASON :
	    _URC_END_OF_STACK;
}

static void
put_signal(struct xc_raw *raw, const siginfo_t *info)
{
	const char *name = sigabbrev_np(info->si_signo);

	xc_raw_put(raw, "signal ");
	if (name != NULL) {
		xc_raw_put(raw, "SIG");
		xc_raw_put(raw, name);
	} else {
		xc_raw_number(raw, info->si_signo);
	}
	/* What somebody sends has no address. */
	if (info->si_code > 0) {
		xc_raw_put(raw, " at ");
		xc_raw_hex(raw, (uintptr_t)info->si_addr);
	}
	xc_raw_put(raw, ", code ");
	xc_raw_number(raw, info->si_code);
	/* A filter of system calls that traps, see seccomp(2). */
	if (info->si_signo == SIGSYS) {
		xc_raw_put(raw, ", system call ");
		xc_raw_number(raw, info->si_syscall);
	}
	xc_raw_put(raw, "\n");
}

size_t
xc_trace_write(char *buf, size_t size, const siginfo_t *info,
    const void *ucontext)
{
	struct xc_raw raw;
	struct walk walk = { .raw = &raw, .number = 1 };
	uintptr_t from;

	if (size == 0)
		return 0;
	xc_raw_begin(&raw, buf, size);
	put_signal(&raw, info);
	walk.from = interrupted_at(ucontext);
	put_frame(&raw, 0, walk.from);
	/* From here on memory is read that may not be there. */
	from = called_from(ucontext);
	if (from != 0)
		put_frame(&raw, walk.number++, from - 1);
	if (walk.from != 0)
		(void)_Unwind_Backtrace(see_frame, &walk);
	return raw.len;
}
