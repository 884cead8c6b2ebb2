/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <string.h>

#include "elf.h"

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#define MACHINE_NAME "x86-64"
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#define MACHINE_NAME "AArch64"
#elif defined(__riscv) && __riscv_xlen == 64
#define MACHINE EM_RISCV
#define MACHINE_NAME "RISC-V"
#elif defined(__powerpc64__)
#define MACHINE EM_PPC64
#define MACHINE_NAME "PowerPC64"
#else
#error "plugins are not known on this machine: add its name here"
#endif

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
    "structures are read in place as little-endian");

/* What one object may have; more is damage. */
#define PHNUM_MAX 256
#define DYNAMIC_MAX 4096
#define SYMBOLS_MAX (1u << 20)

static bool
inside(const struct xc_elf *elf, uint64_t off, uint64_t len)
{
	return off <= elf->len && len <= elf->len - off;
}

/* Copies from the file, because nothing in it need be aligned. */
static bool
fetch(const struct xc_elf *elf, uint64_t off, void *out, size_t len)
{
	if (!inside(elf, off, len))
		return false;
	memcpy(out, elf->data + off, len);
	return true;
}

static enum xc_err
check_ident(const Elf64_Ehdr *header, struct xc_errbuf *errbuf)
{
	const unsigned char *ident = header->e_ident;

	if (memcmp(ident, ELFMAG, SELFMAG) != 0)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "is not a shared object (no ELF header)");
	if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != ELFDATA2LSB)
		return xc_fail(errbuf, XC_ERR_INVALID, "is not for this "
		    "machine (not 64-bit little-endian); build it here");
	if (ident[EI_VERSION] != EV_CURRENT || header->e_version != EV_CURRENT)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "is of an unknown ELF version");
	if (ident[EI_OSABI] != ELFOSABI_NONE &&
	    ident[EI_OSABI] != ELFOSABI_GNU)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "is for another operating system");
	return XC_OK;
}

static enum xc_err
read_header(struct xc_elf *elf, struct xc_errbuf *errbuf)
{
	Elf64_Ehdr header;
	enum xc_err err;

	if (elf->len == 0)
		return xc_fail(errbuf, XC_ERR_INVALID, "is empty");
	if (!fetch(elf, 0, &header, sizeof(header)))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "is not a shared object (%zu bytes are too few)",
		    elf->len);
	err = check_ident(&header, errbuf);
	if (err != XC_OK)
		return err;
	if (header.e_machine != MACHINE)
		return xc_fail(errbuf, XC_ERR_INVALID, "is not for this "
		    "machine (ELF machine %u, here " MACHINE_NAME " is %u); "
		    "build it here", header.e_machine, MACHINE);
	if (header.e_type != ET_DYN)
		return xc_fail(errbuf, XC_ERR_INVALID, "is not a shared "
		    "object (ELF type %u); link it with -shared",
		    header.e_type);
	if (header.e_phentsize != sizeof(Elf64_Phdr) ||
	    header.e_phnum == 0 || header.e_phnum > PHNUM_MAX ||
	    !inside(elf, header.e_phoff,
	    (uint64_t)header.e_phnum * sizeof(Elf64_Phdr)))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "is damaged or cut (program headers)");
	/* The section headers stand last: where they are, it is whole. */
	if (header.e_shnum > 0 && (header.e_shentsize != sizeof(Elf64_Shdr) ||
	    !inside(elf, header.e_shoff,
	    (uint64_t)header.e_shnum * sizeof(Elf64_Shdr))))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "is damaged or cut (section headers)");
	elf->phoff = header.e_phoff;
	elf->phnum = header.e_phnum;
	return XC_OK;
}

static Elf64_Phdr
segment(const struct xc_elf *elf, size_t n)
{
	Elf64_Phdr header;

	memcpy(&header, elf->data + elf->phoff + n * sizeof(header),
	    sizeof(header));
	return header;
}

/* Where in the file an address of the image is, with how many bytes behind
 * it in the same segment. */
static bool
file_offset(const struct xc_elf *elf, uint64_t address, uint64_t *off_r,
    uint64_t *room_r)
{
	for (size_t i = 0; i < elf->phnum; i++) {
		Elf64_Phdr header = segment(elf, i);

		if (header.p_type != PT_LOAD || address < header.p_vaddr ||
		    address - header.p_vaddr >= header.p_filesz)
			continue;
		*off_r = header.p_offset + (address - header.p_vaddr);
		*room_r = header.p_filesz - (address - header.p_vaddr);
		return true;
	}
	return false;
}

static enum xc_err
check_segments(struct xc_elf *elf, struct xc_errbuf *errbuf)
{
	bool dynamic = false;

	for (size_t i = 0; i < elf->phnum; i++) {
		Elf64_Phdr header = segment(elf, i);

		if (header.p_type == PT_NULL)
			continue;
		if (!inside(elf, header.p_offset, header.p_filesz))
			return xc_fail(errbuf, XC_ERR_INVALID, "is damaged or "
			    "cut (segment %zu goes past the end of the file)",
			    i);
		if (header.p_type == PT_LOAD &&
		    (header.p_flags & (PF_W | PF_X)) == (PF_W | PF_X))
			return xc_fail(errbuf, XC_ERR_INVALID, "has a segment "
			    "that is writable and executable; link it with "
			    "-Wl,-z,noexecstack and without -Wl,-N");
		if (header.p_type == PT_DYNAMIC) {
			dynamic = true;
			elf->dynamic_off = header.p_offset;
			elf->n_dynamic = header.p_filesz / sizeof(Elf64_Dyn);
		}
	}
	if (!dynamic || elf->n_dynamic == 0 || elf->n_dynamic > DYNAMIC_MAX)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "is damaged or no shared object (no dynamic section)");
	return XC_OK;
}

/* The n-th entry; false at DT_NULL, which ends the section. */
static bool
dynamic_entry(const struct xc_elf *elf, size_t n, Elf64_Dyn *entry_r)
{
	if (n >= elf->n_dynamic)
		return false;
	memcpy(entry_r, elf->data + elf->dynamic_off + n * sizeof(*entry_r),
	    sizeof(*entry_r));
	return entry_r->d_tag != DT_NULL;
}

static bool
dynamic_value(const struct xc_elf *elf, int64_t tag, uint64_t *value_r)
{
	Elf64_Dyn entry;

	for (size_t i = 0; dynamic_entry(elf, i, &entry); i++) {
		if (entry.d_tag == tag) {
			*value_r = entry.d_un.d_val;
			return true;
		}
	}
	return false;
}

/* The number of symbols by the old hash table. */
static bool
count_sysv(const struct xc_elf *elf, uint64_t off, uint64_t *n_r)
{
	uint32_t words[2];

	if (!fetch(elf, off, words, sizeof(words)))
		return false;
	*n_r = words[1];
	return true;
}

/* The highest symbol that a bucket of the GNU hash table begins with. */
static bool
highest_bucket(const struct xc_elf *elf, uint64_t buckets, uint32_t n,
    uint32_t *highest_r)
{
	*highest_r = 0;
	if (!inside(elf, buckets, (uint64_t)n * 4))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t bucket = 0;

		fetch(elf, buckets + (uint64_t)i * 4, &bucket, 4);
		if (bucket > *highest_r)
			*highest_r = bucket;
	}
	return true;
}

/* The number of symbols by the GNU hash table, which does not say it: the
 * chain of the highest bucket ends at the last symbol. */
static bool
count_gnu(const struct xc_elf *elf, uint64_t off, uint64_t *n_r)
{
	uint32_t head[4], last, hash;
	uint64_t buckets, chain;

	if (!fetch(elf, off, head, sizeof(head)))
		return false;
	buckets = off + sizeof(head) + (uint64_t)head[2] * 8;
	chain = buckets + (uint64_t)head[0] * 4;
	if (!highest_bucket(elf, buckets, head[0], &last))
		return false;
	if (last < head[1]) {
		*n_r = head[1];
		return true;
	}
	do {
		if (!fetch(elf, chain + (uint64_t)(last - head[1]) * 4, &hash,
		    4))
			return false;
		last++;
	} while ((hash & 1) == 0);
	*n_r = last;
	return true;
}

static bool
count_symbols(const struct xc_elf *elf, uint64_t *n_r)
{
	uint64_t address, off, room;

	if (dynamic_value(elf, DT_GNU_HASH, &address))
		return file_offset(elf, address, &off, &room) &&
		    count_gnu(elf, off, n_r);
	return dynamic_value(elf, DT_HASH, &address) &&
	    file_offset(elf, address, &off, &room) &&
	    count_sysv(elf, off, n_r);
}

static bool
find_strings(struct xc_elf *elf)
{
	uint64_t address, room;

	if (!dynamic_value(elf, DT_STRTAB, &address) ||
	    !dynamic_value(elf, DT_STRSZ, &elf->strings_len) ||
	    !file_offset(elf, address, &elf->strings_off, &room))
		return false;
	return elf->strings_len > 0 && elf->strings_len <= room &&
	    inside(elf, elf->strings_off, elf->strings_len);
}

static bool
find_symbols(struct xc_elf *elf)
{
	uint64_t address, room, n = 0, size;

	if (!dynamic_value(elf, DT_SYMTAB, &address) ||
	    !file_offset(elf, address, &elf->symbols_off, &room) ||
	    !count_symbols(elf, &n))
		return false;
	if (dynamic_value(elf, DT_SYMENT, &size) && size != sizeof(Elf64_Sym))
		return false;
	if (n > SYMBOLS_MAX || n * sizeof(Elf64_Sym) > room ||
	    !inside(elf, elf->symbols_off, n * sizeof(Elf64_Sym)))
		return false;
	elf->n_symbols = (size_t)n;
	return true;
}

enum xc_err
xc_elf_open(struct xc_elf *elf, const void *data, size_t len,
    struct xc_errbuf *errbuf)
{
	enum xc_err err;

	memset(elf, 0, sizeof(*elf));
	elf->data = data;
	elf->len = len;
	err = read_header(elf, errbuf);
	if (err == XC_OK)
		err = check_segments(elf, errbuf);
	if (err != XC_OK)
		return err;
	if (!find_strings(elf))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "is damaged (table of dynamic strings)");
	if (!find_symbols(elf))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "is damaged (table of dynamic symbols)");
	return XC_OK;
}

struct note {
	const unsigned char *name;
	const unsigned char *data;
	Elf64_Nhdr header;
};

/* Reads the note at *off of a segment that ends at end, and goes on. */
static bool
next_note(const struct xc_elf *elf, uint64_t *off, uint64_t end,
    uint64_t align, struct note *note)
{
	uint64_t name = *off + sizeof(note->header), data, next;

	if (*off > end || end - *off < sizeof(note->header) ||
	    !fetch(elf, *off, &note->header, sizeof(note->header)))
		return false;
	data = (name + note->header.n_namesz + align - 1) & ~(align - 1);
	next = (data + note->header.n_descsz + align - 1) & ~(align - 1);
	if (name + note->header.n_namesz > end ||
	    data + note->header.n_descsz > end)
		return false;
	note->name = elf->data + name;
	note->data = elf->data + data;
	*off = next;
	return true;
}

static bool
is_named(const struct note *note, const char *name, uint32_t type)
{
	return note->header.n_type == type &&
	    note->header.n_namesz == strlen(name) + 1 &&
	    memcmp(note->name, name, strlen(name) + 1) == 0;
}

bool
xc_elf_note(const struct xc_elf *elf, const char *name, uint32_t type,
    const void **data_r, size_t *len_r)
{
	for (size_t i = 0; i < elf->phnum; i++) {
		Elf64_Phdr header = segment(elf, i);
		uint64_t off = header.p_offset;
		uint64_t end = header.p_offset + header.p_filesz;
		struct note note;

		if (header.p_type != PT_NOTE)
			continue;
		while (next_note(elf, &off, end,
		    header.p_align == 8 ? 8 : 4, &note)) {
			if (!is_named(&note, name, type))
				continue;
			*data_r = note.data;
			*len_r = note.header.n_descsz;
			return true;
		}
	}
	return false;
}

/* A string of the table; "" if it does not lie inside with its NUL. */
static const char *
string_at(const struct xc_elf *elf, uint64_t at)
{
	const char *text;

	if (at >= elf->strings_len)
		return "";
	text = (const char *)elf->data + elf->strings_off + at;
	return memchr(text, '\0', elf->strings_len - at) != NULL ? text : "";
}

const char *
xc_elf_needed(const struct xc_elf *elf, size_t n)
{
	Elf64_Dyn entry;

	for (size_t i = 0; dynamic_entry(elf, i, &entry); i++) {
		if (entry.d_tag == DT_NEEDED && n-- == 0)
			return string_at(elf, entry.d_un.d_val);
	}
	return NULL;
}

static Elf64_Sym
symbol_at(const struct xc_elf *elf, size_t n)
{
	Elf64_Sym symbol;

	memcpy(&symbol, elf->data + elf->symbols_off + n * sizeof(symbol),
	    sizeof(symbol));
	return symbol;
}

const char *
xc_elf_undefined(const struct xc_elf *elf, size_t *at)
{
	/* The first symbol of each table is a dummy. */
	while (++*at < elf->n_symbols) {
		Elf64_Sym symbol = symbol_at(elf, *at);

		if (symbol.st_shndx == SHN_UNDEF)
			return string_at(elf, symbol.st_name);
	}
	return NULL;
}

static bool
is_exported(const Elf64_Sym *symbol)
{
	unsigned bind = ELF64_ST_BIND(symbol->st_info);
	unsigned visibility = ELF64_ST_VISIBILITY(symbol->st_other);

	return symbol->st_shndx != SHN_UNDEF &&
	    (bind == STB_GLOBAL || bind == STB_WEAK) &&
	    (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

bool
xc_elf_defined(const struct xc_elf *elf, const char *name,
    struct xc_elf_symbol *symbol_r)
{
	for (size_t i = 1; i < elf->n_symbols; i++) {
		Elf64_Sym symbol = symbol_at(elf, i);
		uint64_t off, room;

		if (!is_exported(&symbol) ||
		    strcmp(string_at(elf, symbol.st_name), name) != 0)
			continue;
		symbol_r->size = symbol.st_size;
		symbol_r->is_data =
		    ELF64_ST_TYPE(symbol.st_info) == STT_OBJECT;
		symbol_r->data = NULL;
		if (file_offset(elf, symbol.st_value, &off, &room) &&
		    room >= symbol.st_size && inside(elf, off, symbol.st_size))
			symbol_r->data = elf->data + off;
		return true;
	}
	return false;
}
