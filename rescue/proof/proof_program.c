/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Can a program of the image start? As execve(2) and ld.so(8) go about it: symlinks, #! lines, the ELF interpreter,
 * then the libraries and theirs. Where ld.so would not look but a library of that name for this machine is there all
 * the same, it counts: generators copy what ldd found, and caches and hardware-dependent directories are many.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "../base/str.h"
#include "proof_int.h"

/* An ELF file in the queue of those whose libraries are looked for. */
struct object {
	const struct bm_image_node *node;
	const struct bm_elf *elf;
};

struct walk {
	struct bm_prover *prover;
	const struct bm_prover_program *program;
	struct object queue[BM_PROOF_LIBRARIES_MAX];
	size_t n;
	size_t steps;
	const char *rpath; /* of the program itself: it holds for its libraries too */
	bool musl;
};

static const char *safe_path(struct bm_prover *prover, const struct bm_image_node *node, char **path)
{
	free(*path);
	*path = bm_image_list_path(prover->list, node);
	if (!*path) {
		prover->failed = true;
		return "?";
	}
	return *path;
}

/* musl's ld.so is its own libc, and takes these names for itself (ldso/dynlink.c, load_library()). */
static bool is_musl_own(const char *name)
{
	static const char *const own[] = {"c.", "pthread.", "rt.", "m.", "dl.", "util.", "xnet."};

	for (size_t i = 0; bm_str_starts(name, "lib") && i < BM_ARRAY_SIZE(own); i++)
		if (bm_str_starts(name + 3, own[i]))
			return true;
	return false;
}

static bool fits(const struct bm_image_list *list, const struct bm_image_node *node, const struct bm_elf *like)
{
	const struct bm_elf *elf;

	if (!node || !S_ISREG(node->mode))
		return false;
	elf = bm_image_list_body(list, node)->elf;
	return elf && elf->kind == BM_ELF_BINARY && elf->is64 == like->is64 && elf->machine == like->machine;
}

/* dir/name, with $ORIGIN in dir replaced by the directory of the object. */
static const struct bm_image_node *in_dir(
	struct walk *walk, const struct object *object, const char *dir, size_t len, const char *name)
{
	const struct bm_image_list *list = walk->prover->list;
	_cleanup_free_ char *own = NULL, *origin = NULL, *path = NULL;
	const char *rest = NULL;
	const struct bm_image_node *node;

	walk->steps++;
	if (len >= 7 && memcmp(dir, "$ORIGIN", 7) == 0)
		rest = dir + 7;
	else if (len >= 9 && memcmp(dir, "${ORIGIN}", 9) == 0)
		rest = dir + 9;
	if (rest) {
		own = bm_image_list_path(list, object->node);
		origin = own ? bm_path_dir(own) : NULL;
		path = origin ? bm_strf("%s%.*s/%s", origin, (int)(len - (size_t)(rest - dir)), rest, name) : NULL;
	} else {
		path = bm_strf("%.*s/%s", (int)len, dir, name);
	}
	if (!path) {
		walk->prover->failed = true;
		return NULL;
	}
	node = bm_image_list_find(list, path);
	return fits(list, node, object->elf) ? node : NULL;
}

/* In the directories of a list with colons; NULL is an empty list. */
static const struct bm_image_node *in_path(
	struct walk *walk, const struct object *object, const char *dirs, const char *name)
{
	while (dirs && *dirs) {
		size_t len = strcspn(dirs, ":");
		const struct bm_image_node *node = len > 0 ? in_dir(walk, object, dirs, len, name) : NULL;

		if (node)
			return node;
		dirs += len + (dirs[len] == ':');
	}
	return NULL;
}

struct taker {
	const struct bm_image_list *list;
	const struct bm_elf *like;
};

static bool takes_any(void *ctx, const struct bm_image_node *node)
{
	const struct taker *taker = ctx;
	_cleanup_free_ char *path = NULL;

	if (S_ISLNK(node->mode)) {
		path = bm_image_list_path(taker->list, node);
		node = path ? bm_image_list_find(taker->list, path) : NULL;
	}
	return fits(taker->list, node, taker->like);
}

/* Whether the file is shorter than what is loaded of it: ld.so, or the first touch of a page behind its end, kills. */
static bool is_cut(const struct bm_image_list *list, const struct bm_image_node *node)
{
	const struct bm_image_body *body = bm_image_list_body(list, node);

	return body->elf->kind == BM_ELF_BINARY && body->size < body->elf->size_needed;
}

static const struct bm_image_node *find_library(struct walk *walk, const struct object *object, const char *name)
{
	static const char *const standard[] = {"/lib64", "/usr/lib64", "/lib", "/usr/lib"};
	const struct bm_image_list *list = walk->prover->list;
	const struct bm_elf *elf = object->elf;
	const struct bm_image_node *node = NULL;
	struct taker taker = {list, elf};

	if (strchr(name, '/')) {
		node = bm_image_list_find(list, name);
		return fits(list, node, elf) ? node : NULL;
	}
	node = in_path(walk, object, elf->runpath ? elf->runpath : elf->rpath, name);
	if (!node && !elf->runpath)
		node = in_path(walk, object, walk->rpath, name);
	for (size_t i = 0; !node && i < list->library_dirs.n; i++) {
		const char *dir = list->library_dirs.items[i];

		node = in_dir(walk, object, dir, strlen(dir), name);
	}
	for (size_t i = 0; !node && i < BM_ARRAY_SIZE(standard); i++)
		node = in_dir(walk, object, standard[i], strlen(standard[i]), name);
	if (node)
		return node;
	walk->steps += 1 + list->n_nodes / 32;
	return bm_image_list_any(list, name, takes_any, &taker);
}

static void enqueue(struct walk *walk, const struct bm_image_node *node)
{
	const struct bm_elf *elf = bm_image_list_body(walk->prover->list, node)->elf;

	for (size_t i = 0; i < walk->n; i++)
		if (walk->queue[i].elf == elf)
			return;
	if (walk->n == BM_PROOF_LIBRARIES_MAX)
		walk->steps = BM_PROOF_STEPS_MAX + 1; /* check_binary() says so */
	else
		walk->queue[walk->n++] = (struct object){node, elf};
}

/* One object of the queue: its libraries are there and come into the queue. */
static bool check_needed(struct walk *walk, struct object object)
{
	struct bm_prover *prover = walk->prover;
	_cleanup_free_ char *path = NULL;
	bool ok = true;

	if (!object.elf->complete)
		bm_prover_note(prover, "which libraries %s needs can't be told", safe_path(prover, object.node, &path));
	for (size_t i = 0; i < object.elf->needed.n; i++) {
		const char *name = object.elf->needed.items[i];
		const struct bm_image_node *library;

		if (walk->musl && is_musl_own(name))
			continue;
		if (walk->steps > BM_PROOF_STEPS_MAX)
			return false;
		library = find_library(walk, &object, name);
		if (library && !is_cut(prover->list, library)) {
			enqueue(walk, library);
			continue;
		}
		ok = false;
		if (library) {
			bm_prover_problem(prover, walk->program->library, name, "%s, which %s needs, is cut off", name,
				safe_path(prover, object.node, &path));
			continue;
		}
		bm_prover_problem(prover, walk->program->library, name, "%s needs %s, which is not in the image",
			safe_path(prover, object.node, &path), name);
	}
	return ok;
}

static bool check_binary(struct walk *walk, const struct bm_image_node *node, const struct bm_elf *elf)
{
	struct bm_prover *prover = walk->prover;
	const struct bm_image_node *loader;
	_cleanup_free_ char *path = NULL;
	bool ok = true;

	walk->rpath = elf->rpath;
	walk->musl = false;
	walk->n = 0;
	if (elf->interpreter) {
		loader = bm_image_list_find(prover->list, elf->interpreter);
		if (!fits(prover->list, loader, elf)) {
			bm_prover_problem(prover, walk->program->interpreter, elf->interpreter,
				"%s needs the program interpreter %s, which %s", safe_path(prover, node, &path),
				elf->interpreter, loader ? "is no such thing in the image" : "is not in the image");
			return false;
		}
		if (is_cut(prover->list, loader)) {
			bm_prover_problem(prover, walk->program->interpreter, elf->interpreter,
				"the program interpreter %s is cut off", elf->interpreter);
			return false;
		}
		walk->musl = bm_str_starts(bm_path_base(elf->interpreter), "ld-musl");
	}
	enqueue(walk, node);
	for (size_t i = 0; i < walk->n && !prover->failed && walk->steps <= BM_PROOF_STEPS_MAX; i++)
		ok &= check_needed(walk, walk->queue[i]);
	if (walk->steps <= BM_PROOF_STEPS_MAX)
		return ok;
	bm_prover_problem(prover, BM_PROOF_TOO_LARGE, walk->program->path,
		"%s needs more libraries than can be looked for", walk->program->path);
	return false;
}

/* The file exists, can be executed and holds something; true then. */
static bool check_file(struct walk *walk, const char *path, const struct bm_image_node *node, enum bm_proof_kind kind)
{
	struct bm_prover *prover = walk->prover;
	const struct bm_image_node *link = bm_image_list_lfind(prover->list, path);

	if (!node && link && S_ISLNK(link->mode))
		bm_prover_problem(prover, kind, path, "%s is a symlink to %s, which is not in the image", path,
			bm_image_list_link(prover->list, link));
	else if (!node)
		bm_prover_problem(prover, kind, path, "%s is not in the image (%s)", path, walk->program->why);
	else if (!S_ISREG(node->mode))
		bm_prover_problem(prover, kind, path, "%s is no regular file", path);
	else if (bm_image_list_body(prover->list, node)->size == 0)
		bm_prover_problem(prover, kind, path, "%s is an empty file", path);
	else if (!(node->mode & 0111))
		bm_prover_problem(prover, kind, path, "%s is not executable (mode %04o)", path, node->mode & 07777);
	else if (bm_image_list_body(prover->list, node)->elf && is_cut(prover->list, node))
		bm_prover_problem(prover, kind, path, "%s is cut off", path);
	else if (!bm_image_list_body(prover->list, node)->elf)
		bm_prover_problem(prover, kind, path, "%s is neither a program nor a script", path);
	else
		return true;
	return false;
}

static bool check_program(struct walk *walk)
{
	struct bm_prover *prover = walk->prover;
	const char *path = walk->program->path;
	enum bm_proof_kind kind = walk->program->missing;

	for (int depth = 0; depth <= BM_PROOF_SCRIPT_DEPTH; depth++) {
		const struct bm_image_node *node = bm_image_list_find(prover->list, path);
		const struct bm_elf *elf;

		if (!check_file(walk, path, node, kind))
			return false;
		elf = bm_image_list_body(prover->list, node)->elf;
		if (elf->kind == BM_ELF_BINARY)
			return check_binary(walk, node, elf);
		kind = walk->program->interpreter;
		if (!elf->interpreter) {
			bm_prover_problem(prover, kind, path, "the script %s names no interpreter", path);
			return false;
		}
		path = elf->interpreter;
	}
	bm_prover_problem(
		prover, kind, path, "%s is a script run by a script, too many times over", walk->program->path);
	return false;
}

void bm_prover_program(struct bm_prover *prover, const struct bm_prover_program *program)
{
	struct walk *walk = malloc(sizeof(*walk));
	const struct bm_image_node *node;
	_cleanup_free_ char *path = NULL;

	if (!walk) {
		prover->failed = true;
		return;
	}
	*walk = (struct walk){.prover = prover, .program = program};
	if (check_program(walk)) {
		const struct bm_image_node *last = walk->queue[0].node;
		_cleanup_free_ char *runs = NULL;

		node = bm_image_list_find(prover->list, program->path);
		bm_prover_proven(prover, "%s can start: %s%s%s, with %zu librar%s", program->path,
			safe_path(prover, node, &path), node != last ? ", run by " : "",
			node != last ? safe_path(prover, last, &runs) : "", walk->n - 1, walk->n == 2 ? "y" : "ies");
	}
	free(walk);
}

void bm_prover_must_start(struct bm_prover *prover, const char *name, const char *path, bool of_init, const char *why)
{
	const struct bm_prover_program program = {
		.missing = of_init ? BM_PROOF_NO_INIT : BM_PROOF_NO_LOADER,
		.interpreter = of_init ? BM_PROOF_INIT_INTERPRETER : BM_PROOF_NO_LOADER,
		.library = of_init ? BM_PROOF_INIT_LIBRARY : BM_PROOF_NO_LOADER,
		.path = path,
		.why = why,
	};

	if (path)
		bm_prover_program(prover, &program);
	else
		bm_prover_problem(prover, program.missing, name, "%s is not in the image (%s)", name, why);
}

void bm_prover_init_tool(struct bm_prover *prover, const char *name, const char *why)
{
	_cleanup_free_ char *path = bm_prover_find_tool(prover, name);

	bm_prover_must_start(prover, name, path, true, why);
}
