/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Can a program of the system start? As execve(2) and ld.so(8) go about it: symbolic links, #! lines, the interpreter
 * of the ELF file, then the libraries and theirs. Where ld.so would look in more places than are known here, a library
 * of that name that is anywhere in them counts: what is called missing must be missing.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "../fmt/kernel/elf.h"
#include "../os/root/fileio.h"
#include "userland_int.h"

enum { HEAD_FIRST = 64 * 1024 };

/* A program or library in the queue of those whose libraries are looked for. */
struct object {
	char *path; /* real */
	struct bm_elf elf;
	uint64_t dev, ino;
};

/* What is at a path. */
enum state {
	STATE_NONE,   /* nothing, or of another machine */
	STATE_BROKEN, /* a file that can't be used: see why */
	STATE_GOOD,
};

struct walk {
	const struct bm_root *root;
	struct bm_program *program;
	struct object objects[BM_USERLAND_OBJECTS_MAX];
	size_t n;
	struct bm_strv dirs; /* where ld.so looks by itself */
	struct bm_buf cache; /* ld.so.cache, "" where there is none */
	const char *rpath;   /* of the program itself: it holds for its libraries, too */
	bool musl;
};

void bm_program_done(struct bm_program *program)
{
	free(program->missing);
	free(program->missing_for);
	free(program->missing_why);
	free(program->isa_file);
	bm_strv_done(&program->files);
	*program = (struct bm_program){0};
}

/* Notes the first lack; later ones are consequences. Takes why. */
static int lack(struct walk *walk, enum bm_userland_lack what, const char *missing, const char *needed_by, char *why)
{
	struct bm_program *program = walk->program;

	if (program->lack != BM_LACK_NONE) {
		free(why);
		return 0;
	}
	program->lack = what;
	program->missing_why = why;
	if (bm_str_set(&program->missing, missing) < 0 || bm_str_set(&program->missing_for, needed_by) < 0)
		return -ENOMEM;
	return 0;
}

/* What the file's head and its dynamic table tell. */
struct reading {
	struct bm_elf elf;
	unsigned int level;
	uint64_t needed; /* bytes that it must have */
};

static int read_head(int fd, size_t want, struct reading *reading)
{
	_cleanup_free_ uint8_t *head = malloc(want), *dynamic = NULL;
	uint64_t at = 0, size = 0;
	size_t len = 0, dynamic_len = 0;
	int r;

	if (!head)
		return -ENOMEM;
	r = bm_file_at(fd, 0, head, want, &len);
	if (r < 0)
		return r;
	if (bm_elf_dynamic_at(head, len, &at, &size) == 0 && (at > len || size > len - at)) {
		dynamic = malloc((size_t)size);
		if (!dynamic)
			return -ENOMEM;
		r = bm_file_at(fd, at, dynamic, (size_t)size, &dynamic_len);
		if (r < 0)
			return r;
	}
	reading->level = bm_elf_x86_level(head, len);
	reading->needed = bm_elf_size_needed(head, len);
	return bm_elf_parse(head, len, dynamic, dynamic_len, &reading->elf);
}

static int read_elf(const struct bm_root *root, const char *path, struct reading *reading)
{
	_cleanup_fd_ int fd = -1;
	int r = bm_root_open_file(root, path, &fd);

	if (r == 0)
		r = read_head(fd, HEAD_FIRST, reading);
	/* The names stand at the begin, in few files behind a large table of symbols. */
	if (r == 0 && reading->elf.kind == BM_ELF_BINARY && !reading->elf.complete) {
		bm_elf_done(&reading->elf);
		r = read_head(fd, BM_ELF_HEAD, reading);
	}
	return r;
}

/* What is wrong with the file, for free(); *ret_why NULL where nothing is. 0 or -ENOMEM. */
static int judge(const struct bm_root *root, const char *path, const struct bm_stat *st, bool program,
	struct reading *reading, char **ret_why)
{
	char *why;
	int r;

	if (st->type != BM_FILE_REGULAR) {
		why = strdup("is no regular file");
	} else if (st->size_bytes == 0) {
		why = strdup("is empty");
	} else if (program && !(st->mode & 0111)) {
		why = bm_strf("cannot be executed (mode %04o)", st->mode & 07777);
	} else {
		r = read_elf(root, path, reading);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			why = bm_strf("cannot be read: %s", bm_err_text(r));
		else if (reading->elf.kind == BM_ELF_OTHER || (!program && reading->elf.kind != BM_ELF_BINARY))
			why = strdup(program ? "is neither a program nor a script" : "is no library");
		else if (reading->needed > st->size_bytes)
			why = bm_strf("is cut off: %llu of %llu bytes are left", (unsigned long long)st->size_bytes,
				(unsigned long long)reading->needed);
		else {
			*ret_why = NULL;
			return 0;
		}
	}
	*ret_why = why;
	return why ? 0 : -ENOMEM;
}

/* Looks at a file. For BROKEN ret_why (for free()) says what is wrong; for GOOD ret_object is filled. 0 or -ENOMEM. */
static int look(struct walk *walk, const char *path, bool program, enum state *ret_state, char **ret_why,
	struct object *ret_object)
{
	_cleanup_free_ char *real = NULL;
	struct reading reading = {0};
	struct bm_stat st;
	int r;

	*ret_state = STATE_NONE;
	*ret_why = NULL;
	if (bm_root_stat(walk->root, path, true, &st) < 0 || bm_root_realpath(walk->root, path, &real) < 0) {
		bm_err_clear();
		return 0;
	}
	r = judge(walk->root, path, &st, program, &reading, ret_why);
	bm_err_clear();
	if (r == 0 && !*ret_why && reading.level > walk->program->isa_level) {
		walk->program->isa_level = reading.level;
		r = bm_str_set(&walk->program->isa_file, real);
	}
	if (r < 0 || *ret_why) {
		bm_elf_done(&reading.elf);
		*ret_state = STATE_BROKEN;
		return r;
	}
	*ret_state = STATE_GOOD;
	*ret_object = (struct object){.path = real, .elf = reading.elf, .dev = st.dev, .ino = st.ino};
	real = NULL;
	return 0;
}

static void object_done(struct object *object)
{
	free(object->path);
	bm_elf_done(&object->elf);
}

/* Takes the object over. False where it is in the queue already, or that is full. */
static bool enqueue(struct walk *walk, struct object *object)
{
	bool known = walk->n == BM_USERLAND_OBJECTS_MAX;

	for (size_t i = 0; !known && i < walk->n; i++)
		known = walk->objects[i].dev == object->dev && walk->objects[i].ino == object->ino;
	if (known)
		object_done(object);
	else
		walk->objects[walk->n++] = *object;
	return !known;
}

/* --- where libraries are looked for --- */

static int find_dirs(struct walk *walk, const struct object *program)
{
	if (bm_userland_library_dirs(walk->root, &program->elf, walk->musl, &walk->dirs) < 0)
		return -ENOMEM;
	if (bm_root_read(walk->root, "/etc/ld.so.cache", BM_USERLAND_CACHE_MAX, &walk->cache) < 0)
		bm_buf_done(&walk->cache);
	bm_err_clear();
	return 0;
}

/* A library that is looked for, and what was met so far. */
struct wanted {
	const struct object *by;
	const char *name;
	bool found;
	char *broken, *why; /* a file of that name that can't be used */
};

/* One path: sets wanted->found (the object is in the queue then). */
static int try_path(struct walk *walk, struct wanted *wanted, const char *path)
{
	struct object object;
	enum state state;
	char *why = NULL;
	int r = look(walk, path, false, &state, &why, &object);

	if (r < 0)
		return r;
	if (state == STATE_GOOD) {
		if (object.elf.is64 == wanted->by->elf.is64 && object.elf.machine == wanted->by->elf.machine) {
			wanted->found = true;
			if (bm_str_starts(bm_path_base(path), "libc.so") &&
				bm_strv_add_once(&walk->program->files, object.path) < 0)
				r = -ENOMEM;
			enqueue(walk, &object);
		} else {
			object_done(&object);
		}
		return r;
	}
	if (state == STATE_BROKEN && !wanted->broken && bm_str_set(&wanted->broken, path) == 0) {
		wanted->why = why;
		return 0;
	}
	free(why);
	return 0;
}

static int try_dir(struct walk *walk, struct wanted *wanted, const char *dir, size_t len)
{
	static const char *const lib[] = {"lib64", "lib"};
	_cleanup_free_ char *text = strndup(dir, len), *path = NULL, *origin = NULL;
	const char *dollar = text ? strchr(text, '$') : NULL;
	const char *rest = NULL;
	int r = 0;

	if (!text)
		return -ENOMEM;
	if (!dollar) {
		path = bm_path_join(text, wanted->name);
		return path ? try_path(walk, wanted, path) : -ENOMEM;
	}
	if ((rest = bm_str_after(dollar, "$ORIGIN")) || (rest = bm_str_after(dollar, "${ORIGIN}"))) {
		origin = bm_path_dir(wanted->by->path);
		path = origin ? bm_strf("%s%s/%s", origin, rest, wanted->name) : NULL;
		return path ? try_path(walk, wanted, path) : -ENOMEM;
	}
	if ((rest = bm_str_after(dollar, "$LIB")) || (rest = bm_str_after(dollar, "${LIB}")))
		for (size_t i = 0; r == 0 && !wanted->found && i < BM_ARRAY_SIZE(lib); i++) {
			free(path);
			path = bm_strf("%.*s%s%s/%s", (int)(dollar - text), text, lib[i], rest, wanted->name);
			r = path ? try_path(walk, wanted, path) : -ENOMEM;
		}
	return r;
}

static int try_list(struct walk *walk, struct wanted *wanted, const char *dirs)
{
	while (dirs && *dirs && !wanted->found) {
		size_t len = strcspn(dirs, ":");

		if (len > 0 && try_dir(walk, wanted, dirs, len) < 0)
			return -ENOMEM;
		dirs += len + (dirs[len] == ':');
	}
	return 0;
}

/* ld.so.cache holds whole paths, each ended by a NUL; more of its format need not be known to find a name. */
static int try_cache(struct walk *walk, struct wanted *wanted)
{
	const char *text = bm_buf_text(&walk->cache);
	_cleanup_free_ char *tail = bm_strf("/%s", wanted->name);
	size_t len, at = 0;

	if (!tail)
		return -ENOMEM;
	len = strlen(tail) + 1;
	while (!wanted->found && walk->cache.len > at) {
		const char *hit = memmem(text + at, walk->cache.len - at, tail, len), *begin = hit;

		if (!hit)
			return 0;
		while (begin > text && begin[-1] && hit - begin < BM_ROOT_PATH_MAX)
			begin--;
		if (*begin == '/' && try_path(walk, wanted, begin) < 0)
			return -ENOMEM;
		at = (size_t)(hit - text) + len;
	}
	return 0;
}

/* DIR/glibc-hwcaps/x86-64-v2 and the like. */
static int try_hwcaps(struct walk *walk, struct wanted *wanted)
{
	for (size_t i = 0; !wanted->found && i < walk->dirs.n; i++) {
		_cleanup_free_ char *dir = bm_path_join(walk->dirs.items[i], "glibc-hwcaps");
		_cleanup_strv_ struct bm_strv names = {0};

		if (!dir)
			return -ENOMEM;
		if (bm_root_list(walk->root, dir, 0, &names) < 0)
			continue;
		for (size_t n = 0; !wanted->found && n < names.n; n++) {
			_cleanup_free_ char *sub = bm_path_join(dir, names.items[n]);

			if (!sub || try_dir(walk, wanted, sub, strlen(sub)) < 0)
				return -ENOMEM;
		}
	}
	bm_err_clear();
	return 0;
}

static int find_library(struct walk *walk, struct wanted *wanted)
{
	const struct bm_elf *elf = &wanted->by->elf;
	int r;

	if (strchr(wanted->name, '/'))
		return try_path(walk, wanted, wanted->name);
	r = try_list(walk, wanted, elf->runpath ? elf->runpath : elf->rpath);
	if (r == 0 && !elf->runpath)
		r = try_list(walk, wanted, walk->rpath);
	for (size_t i = 0; r == 0 && !wanted->found && i < walk->dirs.n; i++)
		r = try_dir(walk, wanted, walk->dirs.items[i], strlen(walk->dirs.items[i]));
	if (r == 0 && !wanted->found)
		r = try_cache(walk, wanted);
	return r == 0 && !wanted->found ? try_hwcaps(walk, wanted) : r;
}

/* --- the walk --- */

/* musl's loader is its own C library and takes these names for itself (ldso/dynlink.c, load_library()). */
static bool is_musl_own(const char *name)
{
	static const char *const own[] = {"c.", "pthread.", "rt.", "m.", "dl.", "util.", "xnet."};

	for (size_t i = 0; bm_str_starts(name, "lib") && i < BM_ARRAY_SIZE(own); i++)
		if (bm_str_starts(name + 3, own[i]))
			return true;
	return false;
}

/* ld.so takes a library that is loaded already by its DT_SONAME, wherever it was found. */
static bool is_loaded(const struct walk *walk, const char *name)
{
	for (size_t i = 0; i < walk->n; i++)
		if (bm_streq(walk->objects[i].elf.soname, name) || bm_streq(bm_path_base(walk->objects[i].path), name))
			return true;
	return false;
}

/* Beside what was found already: private libraries of a program lie together. */
static int try_beside(struct walk *walk, struct wanted *wanted)
{
	size_t n = walk->n;

	for (size_t i = 0; !wanted->found && i < n; i++) {
		_cleanup_free_ char *dir = bm_path_dir(walk->objects[i].path);

		if (!dir || try_dir(walk, wanted, dir, strlen(dir)) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* One library of the object at index. The array of objects may grow, but does not move. */
static int check_library(struct walk *walk, size_t index, const char *name)
{
	struct wanted wanted = {.by = &walk->objects[index], .name = name};
	int r;

	if ((walk->musl && is_musl_own(name)) || is_loaded(walk, name))
		return 0;
	r = find_library(walk, &wanted);
	if (r == 0 && !wanted.found)
		r = try_beside(walk, &wanted);
	if (r == 0 && !wanted.found) {
		char *why = wanted.why ? wanted.why : strdup("does not exist");

		wanted.why = NULL;
		r = why ? lack(walk, BM_LACK_LIBRARY, wanted.broken ? wanted.broken : name, wanted.by->path, why)
			: -ENOMEM;
	}
	free(wanted.broken);
	free(wanted.why);
	return r;
}

static int check_loader(struct walk *walk, const struct object *program)
{
	const char *path = program->elf.interpreter;
	struct object loader;
	enum state state;
	char *why = NULL;
	int r;

	if (!path)
		return 0;
	walk->musl = bm_str_starts(bm_path_base(path), "ld-musl");
	r = look(walk, path, false, &state, &why, &loader);
	if (r < 0)
		return r;
	if (state == STATE_GOOD) {
		r = bm_strv_add_once(&walk->program->files, loader.path);
		enqueue(walk, &loader);
		return r;
	}
	if (!why)
		why = strdup("does not exist");
	return why ? lack(walk, BM_LACK_LOADER, path, program->path, why) : -ENOMEM;
}

static int check_binary(struct walk *walk)
{
	int r = check_loader(walk, &walk->objects[0]);

	walk->rpath = walk->objects[0].elf.rpath;
	if (r == 0 && walk->program->lack == BM_LACK_NONE)
		r = find_dirs(walk, &walk->objects[0]);
	/* Where a file's names could not be read, its libraries are not known, and nothing is said of them. */
	for (size_t i = 0; r == 0 && walk->program->lack == BM_LACK_NONE && i < walk->n; i++)
		for (size_t n = 0; r == 0 && n < walk->objects[i].elf.needed.n; n++)
			r = check_library(walk, i, walk->objects[i].elf.needed.items[n]);
	return r;
}

/* What is wrong with the link at path, for free(). */
static char *why_missing(const struct bm_root *root, const char *path)
{
	_cleanup_free_ char *target = NULL;

	if (bm_root_readlink(root, path, &target) == 0)
		return bm_strf("is a link to %s, which does not exist", target);
	bm_err_clear();
	return strdup("does not exist");
}

static int follow(struct walk *walk, const char *path)
{
	_cleanup_free_ char *name = strdup(path), *by = NULL;

	for (int depth = 0; name && depth <= BM_USERLAND_SCRIPT_DEPTH; depth++) {
		struct object object;
		enum state state;
		char *why = NULL;
		int r = look(walk, name, true, &state, &why, &object);

		if (r < 0)
			return r;
		if (state != STATE_GOOD) {
			if (!why)
				why = why_missing(walk->root, name);
			if (!why)
				return -ENOMEM;
			return lack(walk, depth == 0 ? BM_LACK_INIT : BM_LACK_LOADER, name, by, why);
		}
		if (object.elf.kind == BM_ELF_BINARY) {
			enqueue(walk, &object);
			return check_binary(walk);
		}
		free(by);
		by = name;
		name = object.elf.interpreter ? strdup(object.elf.interpreter) : NULL;
		if (!object.elf.interpreter)
			name = strdup("/bin/sh");
		object_done(&object);
	}
	return name ? 0 : -ENOMEM;
}

int bm_program_follow(const struct bm_root *root, const char *path, struct bm_program *ret_program)
{
	struct bm_program program = {0};
	struct walk *walk = calloc(1, sizeof(*walk));
	int r;

	if (!walk)
		return -ENOMEM;
	walk->root = root;
	walk->program = &program;
	r = follow(walk, path);
	for (size_t i = 0; i < walk->n; i++)
		object_done(&walk->objects[i]);
	bm_strv_done(&walk->dirs);
	bm_buf_done(&walk->cache);
	free(walk);
	if (r < 0) {
		bm_program_done(&program);
		return r;
	}
	*ret_program = program;
	return 0;
}
