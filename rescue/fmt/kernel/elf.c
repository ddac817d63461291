/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of an ELF file that tell what it needs (System V gABI, chapters 4 and 5; elf(5)); offsets for 32/64 bits:
 *
 *	0   7f E L F | class (1: 32, 2: 64) | data (1: little, 2: big endian) | ...	e_ident, 16 bytes
 *	16  e_type 2 | e_machine 2	 28/32 e_phoff	 42/54 e_phentsize 2	 44/56 e_phnum 2
 *
 *	program header:	32: p_type 4, p_offset 4, p_vaddr 4, p_paddr 4, p_filesz 4 ...
 *			64: p_type 4, p_flags 4, p_offset 8, p_vaddr 8, p_paddr 8, p_filesz 8 ...
 *	dynamic table:	pairs of d_tag, d_val (4 or 8 bytes each), to DT_NULL; names are offsets into DT_STRTAB, whose
 *			address is found in a PT_LOAD
 *
 *	note (PT_NOTE):	namesz 4, descsz 4, type 4, name and desc, each padded; of type NT_GNU_PROPERTY_TYPE_0 and name
 *			"GNU": desc is pairs of pr_type 4, pr_datasz 4, data, padded to a word (Linux extensions to
 *gABI)
 *
 * A script: "#!" [blanks] interpreter [blanks argument] newline (Linux, fs/binfmt_script.c).
 */
#include "elf.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

enum {
	PT_LOAD = 1,
	PT_DYNAMIC = 2,
	PT_INTERP = 3,
	PT_NOTE = 4,
	DT_NULL = 0,
	DT_NEEDED = 1,
	DT_STRTAB = 5,
	DT_STRSZ = 10,
	DT_SONAME = 14,
	DT_RPATH = 15,
	DT_RUNPATH = 29,
	PROGRAM_HEADERS_MAX = 128,
	MACHINE_X86_64 = 62,
	NT_GNU_PROPERTY_TYPE_0 = 5,
	NT_FDO_DLOPEN = 0x407c0c0a,
	X86_LEVELS = 4,
};

/* The processor's instruction sets that the file needs, a bit for each level of the psABI. */
#define GNU_PROPERTY_X86_ISA_1_NEEDED 0xc0008002U

struct view {
	const uint8_t *head;
	size_t len;
	bool is64, big;
	uint64_t phoff;
	unsigned int phentsize, phnum;
};

struct segment {
	uint32_t type;
	uint64_t offset, address, size;
};

void bm_elf_done(struct bm_elf *elf)
{
	free(elf->interpreter);
	free(elf->soname);
	free(elf->rpath);
	free(elf->runpath);
	bm_strv_done(&elf->needed);
	bm_strv_done(&elf->dlopen);
	*elf = (struct bm_elf){0};
}

static uint64_t number(const uint8_t *p, unsigned int bytes, bool big)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < bytes; i++)
		value |= (uint64_t)p[big ? bytes - 1 - i : i] << (8 * i);
	return value;
}

/* A field of the file's head; the caller has made sure that it is there. */
static uint64_t field(const struct view *view, size_t at, unsigned int bytes)
{
	return number(view->head + at, bytes, view->big);
}

/* False where it is no ELF file, or its header makes no sense. */
static bool view_open(const uint8_t *head, size_t len, struct view *ret_view)
{
	struct view view = {.head = head, .len = len};

	if (len < 52 ||
		memcmp(head,
			"\x7f"
			"ELF",
			4) != 0 ||
		head[4] < 1 || head[4] > 2 || head[5] < 1 || head[5] > 2)
		return false;
	view.is64 = head[4] == 2;
	view.big = head[5] == 2;
	if (view.is64 && len < 64)
		return false;
	view.phoff = view.is64 ? field(&view, 32, 8) : field(&view, 28, 4);
	view.phentsize = (unsigned int)field(&view, view.is64 ? 54 : 42, 2);
	view.phnum = (unsigned int)field(&view, view.is64 ? 56 : 44, 2);
	if (view.phentsize < (view.is64 ? 56U : 32U) || view.phnum > PROGRAM_HEADERS_MAX || view.phoff > len ||
		(uint64_t)view.phentsize * view.phnum > len - view.phoff)
		view.phnum = 0;
	*ret_view = view;
	return true;
}

static struct segment segment_at(const struct view *view, unsigned int i)
{
	size_t at = (size_t)view->phoff + (size_t)i * view->phentsize;

	if (view->is64)
		return (struct segment){(uint32_t)field(view, at, 4), field(view, at + 8, 8), field(view, at + 16, 8),
			field(view, at + 32, 8)};
	return (struct segment){
		(uint32_t)field(view, at, 4), field(view, at + 4, 4), field(view, at + 8, 4), field(view, at + 16, 4)};
}

static bool find_segment(const struct view *view, uint32_t type, struct segment *ret_segment)
{
	for (unsigned int i = 0; i < view->phnum; i++) {
		*ret_segment = segment_at(view, i);
		if (ret_segment->type == type)
			return true;
	}
	return false;
}

int bm_elf_dynamic_at(const uint8_t *head, size_t len, uint64_t *ret_offset, uint64_t *ret_size)
{
	struct segment dynamic;
	struct view view;

	if (!view_open(head, len, &view) || !find_segment(&view, PT_DYNAMIC, &dynamic) || dynamic.size == 0)
		return -ENOENT;
	*ret_offset = dynamic.offset;
	*ret_size = BM_MIN(dynamic.size, (uint64_t)BM_ELF_DYNAMIC_MAX);
	return 0;
}

/* Where in the file an address of the loaded program stands. */
static bool file_offset(const struct view *view, uint64_t address, uint64_t *ret_offset)
{
	for (unsigned int i = 0; i < view->phnum; i++) {
		struct segment load = segment_at(view, i);

		if (load.type != PT_LOAD || address < load.address || address - load.address >= load.size)
			continue;
		if (load.offset > UINT64_MAX - (address - load.address))
			return false;
		*ret_offset = load.offset + (address - load.address);
		return true;
	}
	return false;
}

/* A text in the head, with its NUL inside limit; NULL where it is not at hand. */
static const char *text_at(const struct view *view, uint64_t offset, uint64_t limit)
{
	uint64_t room;

	if (offset >= view->len)
		return NULL;
	room = BM_MIN(BM_MIN(view->len - offset, limit), (uint64_t)BM_ELF_NAME_MAX);
	if (!memchr(view->head + offset, '\0', (size_t)room))
		return NULL;
	return (const char *)view->head + offset;
}

struct names {
	uint64_t offset, size; /* of the string table in the file */
	bool found;
};

static bool dynamic_entry(
	const struct view *view, const uint8_t *table, size_t len, size_t i, uint64_t *ret_tag, uint64_t *ret_value)
{
	unsigned int word = view->is64 ? 8 : 4;

	if ((i + 1) * 2 * word > len)
		return false;
	*ret_tag = number(table + i * 2 * word, word, view->big);
	*ret_value = number(table + (i * 2 + 1) * word, word, view->big);
	return *ret_tag != DT_NULL;
}

static struct names names_of(const struct view *view, const uint8_t *table, size_t len)
{
	struct names names = {.size = UINT64_MAX};
	uint64_t tag, value;

	for (size_t i = 0; dynamic_entry(view, table, len, i, &tag, &value); i++) {
		if (tag == DT_STRTAB)
			names.found = file_offset(view, value, &names.offset);
		else if (tag == DT_STRSZ)
			names.size = value;
	}
	return names;
}

static int take_entry(struct bm_elf *elf, uint64_t tag, const char *text)
{
	switch (tag) {
	case DT_NEEDED:
		if (elf->needed.n >= BM_ELF_NEEDED_MAX) {
			elf->complete = false;
			return 0;
		}
		return bm_strv_add(&elf->needed, text);
	case DT_SONAME:
		return bm_str_set(&elf->soname, text);
	case DT_RPATH:
		return bm_str_set(&elf->rpath, text);
	default:
		return bm_str_set(&elf->runpath, text);
	}
}

static int read_dynamic(const struct view *view, const uint8_t *table, size_t len, struct bm_elf *elf)
{
	struct names names = names_of(view, table, len);
	uint64_t tag, value;
	int r;

	elf->complete = names.found;
	for (size_t i = 0; names.found && dynamic_entry(view, table, len, i, &tag, &value); i++) {
		const char *text;

		if (tag != DT_NEEDED && tag != DT_SONAME && tag != DT_RPATH && tag != DT_RUNPATH)
			continue;
		text = value < names.size && names.offset <= UINT64_MAX - value
			       ? text_at(view, names.offset + value, names.size - value)
			       : NULL;
		if (!text) {
			elf->complete = false;
			continue;
		}
		r = take_entry(elf, tag, text);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The library names of a note for dlopen: a JSON text, [{"feature":"kmod",...,"soname":["libkmod.so.2"]}]. Of several
 * names for one library the first is the newest. */
static int take_dlopen(struct bm_elf *elf, const char *text, size_t len)
{
	static const char key[] = "\"soname\":[\"";
	const char *end = text + len;

	while (elf->dlopen.n < BM_ELF_NEEDED_MAX) {
		const char *name = memmem(text, (size_t)(end - text), key, sizeof(key) - 1), *stop;

		if (!name)
			break;
		name += sizeof(key) - 1;
		stop = memchr(name, '"', (size_t)(end - name));
		if (!stop)
			break;
		if (stop > name && stop - name < BM_ELF_NAME_MAX && !memchr(name, '\0', (size_t)(stop - name)) &&
			bm_strv_addn(&elf->dlopen, name, (size_t)(stop - name)) < 0)
			return -ENOMEM;
		text = stop;
	}
	return 0;
}

/* The notes of one segment, which is at hand: from at to end. */
static int read_notes(const struct view *view, size_t at, size_t end, struct bm_elf *elf)
{
	while (end - at >= 12) {
		uint64_t name = (field(view, at, 4) + 3) / 4 * 4, desc = field(view, at + 4, 4);
		uint32_t type = (uint32_t)field(view, at + 8, 4);

		at += 12;
		if (name > end - at || desc > end - at - name)
			break;
		if (type == NT_FDO_DLOPEN && name == 4 && memcmp(view->head + at, "FDO", 4) == 0 &&
			take_dlopen(elf, (const char *)view->head + at + 4, (size_t)desc) < 0)
			return -ENOMEM;
		at += (size_t)name;
		at += (size_t)BM_MIN((desc + 3) / 4 * 4, (uint64_t)(end - at));
	}
	return 0;
}

static int read_dlopen(const struct view *view, struct bm_elf *elf)
{
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < view->phnum; i++) {
		struct segment notes = segment_at(view, i);

		if (notes.type == PT_NOTE && notes.offset <= view->len && notes.size <= view->len - notes.offset)
			r = read_notes(view, (size_t)notes.offset, (size_t)(notes.offset + notes.size), elf);
	}
	return r;
}

static uint64_t size_needed(const struct view *view)
{
	uint64_t needed = 0;

	for (unsigned int i = 0; i < view->phnum; i++) {
		struct segment load = segment_at(view, i);

		if (load.type == PT_LOAD && load.offset <= UINT64_MAX - load.size)
			needed = BM_MAX(needed, load.offset + load.size);
	}
	return needed;
}

static int parse_binary(const struct view *view, const uint8_t *dynamic, size_t dynamic_len, struct bm_elf *elf)
{
	struct segment segment;
	int r;

	elf->kind = BM_ELF_BINARY;
	elf->is64 = view->is64;
	elf->big_endian = view->big;
	elf->type = (uint16_t)field(view, 16, 2);
	elf->machine = (uint16_t)field(view, 18, 2);
	elf->complete = view->phnum > 0;
	elf->size_needed = size_needed(view);
	if (find_segment(view, PT_INTERP, &segment)) {
		const char *text = text_at(view, segment.offset, segment.size);

		if (text) {
			r = bm_str_set(&elf->interpreter, text);
			if (r < 0)
				return r;
		} else {
			elf->complete = false;
		}
	}
	r = read_dlopen(view, elf);
	if (r < 0 || !find_segment(view, PT_DYNAMIC, &segment))
		return r;
	elf->dynamic = true;
	if (segment.offset < view->len && segment.size <= view->len - segment.offset)
		return read_dynamic(view, view->head + segment.offset,
			(size_t)BM_MIN(segment.size, (uint64_t)BM_ELF_DYNAMIC_MAX), elf);
	if (!dynamic) {
		elf->complete = false;
		return 0;
	}
	return read_dynamic(view, dynamic, (size_t)BM_MIN(dynamic_len, segment.size), elf);
}

static int parse_script(const uint8_t *head, size_t len, struct bm_elf *elf)
{
	const char *text = (const char *)head + 2, *end = (const char *)head + BM_MIN(len, (size_t)BM_ELF_SCRIPT_MAX);
	const char *stop;

	elf->kind = BM_ELF_SCRIPT;
	elf->complete = true;
	while (text < end && (*text == ' ' || *text == '\t'))
		text++;
	for (stop = text; stop < end && *stop && !strchr(" \t\n", *stop); stop++)
		;
	if (stop == text)
		return 0;
	elf->interpreter = strndup(text, (size_t)(stop - text));
	return elf->interpreter ? 0 : -ENOMEM;
}

int bm_elf_parse(const uint8_t *head, size_t len, const uint8_t *dynamic, size_t dynamic_len, struct bm_elf *ret_elf)
{
	struct bm_elf elf = {0};
	struct view view;
	int r = 0;

	if (len >= 2 && head[0] == '#' && head[1] == '!')
		r = parse_script(head, len, &elf);
	else if (view_open(head, len, &view))
		r = parse_binary(&view, dynamic, dynamic_len, &elf);
	if (r < 0) {
		bm_elf_done(&elf);
		return r;
	}
	*ret_elf = elf;
	return 0;
}

uint64_t bm_elf_size_needed(const uint8_t *head, size_t len)
{
	struct view view;

	return view_open(head, len, &view) ? size_needed(&view) : 0;
}

/* The level in the properties of one note. */
static unsigned int level_of_properties(const struct view *view, size_t at, size_t end)
{
	size_t word = view->is64 ? 8 : 4;
	unsigned int level = 0;

	while (end - at >= 8) {
		uint32_t type = (uint32_t)field(view, at, 4);
		uint64_t size = field(view, at + 4, 4);

		at += 8;
		if (size > end - at)
			break;
		if (type == GNU_PROPERTY_X86_ISA_1_NEEDED && size >= 4)
			for (unsigned int bit = 0; bit < X86_LEVELS; bit++)
				if (field(view, at, 4) & (1U << bit))
					level = bit + 1;
		size = (size + word - 1) / word * word;
		at += (size_t)BM_MIN(size, (uint64_t)(end - at));
	}
	return level;
}

static unsigned int level_of_notes(const struct view *view, size_t at, size_t end)
{
	unsigned int level = 0;

	while (end - at >= 12) {
		uint64_t name = field(view, at, 4), desc = field(view, at + 4, 4);
		uint32_t type = (uint32_t)field(view, at + 8, 4);
		/* Property notes pad to a word, all others to four bytes; their names are "GNU" and a NUL. */
		size_t pad = type == NT_GNU_PROPERTY_TYPE_0 && view->is64 ? 8 : 4;

		at += 12;
		name = (name + 3) / 4 * 4;
		if (name > end - at || desc > end - at - name)
			break;
		if (type == NT_GNU_PROPERTY_TYPE_0 && name == 4 && memcmp(view->head + at, "GNU", 4) == 0)
			level = BM_MAX(level, level_of_properties(view, at + 4, at + 4 + (size_t)desc));
		desc = (desc + pad - 1) / pad * pad;
		at += (size_t)name;
		at += (size_t)BM_MIN(desc, (uint64_t)(end - at));
	}
	return level;
}

unsigned int bm_elf_x86_level(const uint8_t *head, size_t len)
{
	unsigned int level = 0;
	struct view view;

	if (!view_open(head, len, &view) || view.big || field(&view, 18, 2) != MACHINE_X86_64)
		return 0;
	for (unsigned int i = 0; i < view.phnum; i++) {
		struct segment notes = segment_at(&view, i);

		if (notes.type == PT_NOTE && notes.offset <= len && notes.size <= len - notes.offset)
			level = BM_MAX(level,
				level_of_notes(&view, (size_t)notes.offset, (size_t)(notes.offset + notes.size)));
	}
	return level;
}
