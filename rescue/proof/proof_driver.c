/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Are the drivers there? A driver is there when it is built into the kernel, or when its module and every module that
 * it depends on (those built in apart) are inside the image, in the directory of this kernel's version.
 *
 *	modules.builtin | modules.dep | inside	   -> verdict
 *	lists it	| any	      | any	   -> there
 *	else		| lists it    | whole	   -> there
 *	else		| lists it    | no, partly -> missing
 *	known		| any	      | no	   -> missing: this kernel has no such driver, or it is not inside
 *	unknown		| known, not  | no	   -> unknown: it can only be built in, which is noted
 *	unknown		| unknown     | no	   -> missing: nothing at all speaks for it
 */
#include <errno.h>
#include <string.h>

#include "../base/str.h"
#include "proof_int.h"

enum verdict { THERE, MISSING, UNKNOWN };

/* Filesystems that the driver of another serves where their own does not exist. */
static const struct {
	const char *type, *by;
} substitutes[] = {
	{"ext2", "ext4"},
	{"ext3", "ext4"},
	{"ext2", "ext3"},
};

static bool is_builtin(const struct bm_proof_need *need, const char *name)
{
	return need->modules && bm_modules_builtin(need->modules, name);
}

static bool is_module(const struct bm_proof_need *need, const char *name)
{
	return need->modules && bm_modules_has(need->modules, name);
}

/* The first module that is not inside of those that name needs, itself included; NULL: all are. for free(). */
static char *missing_of(struct bm_prover *prover, const char *name)
{
	const struct bm_proof_need *need = prover->need;
	_cleanup_strv_ struct bm_strv closure = {0};
	int r = is_module(need, name) ? bm_modules_closure(need->modules, name, &closure) : bm_strv_add(&closure, name);
	char *missing = NULL;

	if (r < 0)
		prover->failed = true;
	for (size_t i = closure.n; i > 0; i--) { /* itself comes last, and is the better thing to name */
		if (bm_image_list_module(prover->list, need->version, closure.items[i - 1]))
			continue;
		if (bm_str_set(&missing, closure.items[i - 1]) < 0)
			prover->failed = true;
		break;
	}
	return missing;
}

/* ret_missing is for free(): the module that is not inside. */
static enum verdict judge(struct bm_prover *prover, const char *name, char **ret_missing)
{
	const struct bm_proof_need *need = prover->need;

	*ret_missing = NULL;
	if (is_builtin(need, name))
		return THERE;
	*ret_missing = missing_of(prover, name);
	if (!*ret_missing)
		return THERE;
	if (is_module(need, name) || need->builtin_known || !need->dep_known)
		return MISSING;
	return UNKNOWN;
}

static void problem(
	struct bm_prover *prover, const struct bm_proof_driver *driver, const char *name, const char *missing)
{
	const struct bm_proof_need *need = prover->need;
	enum bm_proof_kind kind =
		driver->role == BM_PROOF_FILESYSTEM ? BM_PROOF_NO_FS_DRIVER : BM_PROOF_NO_STORAGE_DRIVER;
	const char *why = driver->why ? driver->why : "this machine";
	size_t before = prover->proof.n_problems;

	if (driver->role == BM_PROOF_OTHER)
		bm_prover_note(prover, "%s is not in the image (for %s)", name, why);
	else if (!bm_streq(name, missing))
		bm_prover_problem(prover, kind, name, "%s, which %s needs, can't be loaded: %s is not in the image",
			name, why, missing);
	else if (is_module(need, name))
		bm_prover_problem(prover, kind, name, "%s, which %s needs, is not in the image (it is %s)", name, why,
			bm_modules_path(need->modules, name));
	else if (need->builtin_known && need->dep_known)
		bm_prover_problem(
			prover, kind, name, "kernel %s has no driver %s, which %s needs", need->version, name, why);
	else
		bm_prover_problem(prover, kind, name,
			"%s, which %s needs, is not in the image, and nothing tells that kernel %s has it built in",
			name, why, need->version);
	if (driver->role != BM_PROOF_OTHER && prover->proof.n_problems > before)
		prover->proof.problems[before].no_module = need->dep_known && !is_module(need, name);
}

/* The modules of which any one will do. */
static void find_candidates(struct bm_prover *prover, const struct bm_proof_driver *driver, struct bm_strv *names)
{
	const struct bm_proof_need *need = prover->need;
	_cleanup_strv_ struct bm_strv resolved = {0};
	int r = 0;

	if (driver->modalias && need->modules)
		r = bm_modules_resolve(need->modules, driver->modalias, &resolved);
	/* -E2BIG: the patterns are hostile or damaged; the name is left. */
	if (r == -ENOMEM)
		prover->failed = true;
	r = 0;
	/* The one that drives the device now comes first, to be the one that is named. */
	if (driver->name && (is_module(need, driver->name) || is_builtin(need, driver->name)) &&
		(bm_strv_has(&resolved, driver->name) || resolved.n == 0))
		r = bm_strv_add(names, driver->name);
	for (size_t i = 0; r == 0 && i < resolved.n; i++)
		if (is_module(need, resolved.items[i]) || is_builtin(need, resolved.items[i]))
			r = bm_strv_add_once(names, resolved.items[i]);
	if (r == 0 && names->n == 0 && driver->name)
		r = bm_strv_add(names, driver->name);
	for (size_t i = 0; r == 0 && i < BM_ARRAY_SIZE(substitutes); i++)
		if (driver->role == BM_PROOF_FILESYSTEM && bm_streq(driver->name, substitutes[i].type))
			r = bm_strv_add_once(names, substitutes[i].by);
	if (r < 0)
		prover->failed = true;
}

/*
 * What modules.softdep asks to load with the module, or with one that it depends on (libcrc32c wants a crc32c). Old
 * kernels do not tell the aliases of what is built in, so that it is never more than a note.
 */
static void note_softdeps(struct bm_prover *prover, const char *name)
{
	const struct bm_proof_need *need = prover->need;
	_cleanup_strv_ struct bm_strv closure = {0}, wanted = {0};

	if (!is_module(need, name) || bm_modules_closure(need->modules, name, &closure) < 0)
		return;
	for (size_t i = 0; i < closure.n; i++)
		if (bm_modules_softdeps(need->modules, closure.items[i], &wanted) < 0)
			prover->failed = true;
	for (size_t i = 0; i < wanted.n; i++) {
		_cleanup_strv_ struct bm_strv names = {0};
		bool there = false;

		if (bm_modules_resolve(need->modules, wanted.items[i], &names) == -ENOMEM)
			prover->failed = true;
		for (size_t n = 0; n < names.n; n++)
			there |= is_builtin(need, names.items[n]) ||
				 bm_image_list_module(prover->list, need->version, names.items[n]);
		if (names.n > 0 && !there)
			bm_prover_note(
				prover, "%s asks for %s, and no module for that is inside", name, wanted.items[i]);
	}
}

/* A candidate that is there serves the driver. True when it is a module, not a built-in. */
static bool served(struct bm_prover *prover, const struct bm_strv *names, size_t i, const char *why)
{
	bool builtin = is_builtin(prover->need, names->items[i]);

	bm_prover_proven(
		prover, "%s, for %s, is %s", names->items[i], why, builtin ? "built into the kernel" : "inside");
	if (i > 0)
		bm_prover_note(
			prover, "%s is not inside, %s serves %s in its place", names->items[0], names->items[i], why);
	if (!builtin)
		note_softdeps(prover, names->items[i]);
	return !builtin;
}

/* Returns true when a module (not only built-ins) serves the driver: modprobe needs its index then. */
static bool check_driver(struct bm_prover *prover, const struct bm_proof_driver *driver)
{
	_cleanup_strv_ struct bm_strv names = {0};
	_cleanup_free_ char *lacking = NULL;
	const char *why = driver->why ? driver->why : "this machine", *worst = NULL;

	find_candidates(prover, driver, &names);
	if (names.n == 0) {
		if (driver->modalias)
			bm_prover_note(prover, "kernel %s names no module for %s (%s): built in, or none",
				prover->need->version, driver->modalias, why);
		return false;
	}
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *missing = NULL;
		enum verdict verdict = judge(prover, names.items[i], &missing);

		if (verdict == THERE)
			return served(prover, &names, i, why);
		/* The one to name is the first that is a module of this kernel, if any is. */
		if (verdict == UNKNOWN ||
			(worst && (is_module(prover->need, worst) || !is_module(prover->need, names.items[i]))))
			continue;
		worst = names.items[i];
		free(lacking);
		lacking = missing;
		missing = NULL;
	}
	if (worst)
		problem(prover, driver, worst, lacking);
	else
		bm_prover_note(prover, "%s, for %s, is no module of kernel %s: whether it is built in is not known",
			names.items[0], why, prover->need->version);
	return false;
}

/* Only other kernels' modules: one problem, of which the drivers' would be consequences. */
static bool check_version(struct bm_prover *prover)
{
	const struct bm_image_list *list = prover->list;
	const struct bm_image_version *own = bm_image_list_version(list, prover->need->version);
	_cleanup_strv_ struct bm_strv others = {0};
	_cleanup_free_ char *joined = NULL;

	for (size_t i = 0; i < list->n_versions; i++)
		if (&list->versions[i] != own && list->versions[i].modules > 0 &&
			bm_strv_add(&others, list->versions[i].version) < 0)
			prover->failed = true;
	joined = bm_strv_join(&others, ", ");
	if (!joined) {
		prover->failed = true;
		return false;
	}
	if (own && own->modules > 0) {
		bm_prover_proven(prover, "its %zu modules are those of kernel %s", own->modules, own->version);
		if (others.n > 0)
			bm_prover_note(prover, "there are also modules of %s inside", joined);
		return true;
	}
	if (others.n > 0) {
		bm_prover_problem(prover, BM_PROOF_WRONG_VERSION, others.items[0],
			"its modules are those of kernel %s, none is of %s", joined, prover->need->version);
		return false;
	}
	bm_prover_note(prover, "there are no modules in the image");
	return true;
}

/* modprobe, and udev by itself, find modules by their index. */
static void check_index(struct bm_prover *prover)
{
	static const char *const loaders[] = {"/usr/sbin/modprobe", "/sbin/modprobe", "/usr/bin/kmod", "/bin/kmod",
		"/usr/lib/systemd/systemd-udevd", "/lib/systemd/systemd-udevd"};
	const struct bm_image_version *own = bm_image_list_version(prover->list, prover->need->version);

	if (!own || own->indexes & (BM_IMAGE_DEP | BM_IMAGE_DEP_BIN))
		return;
	for (size_t i = 0; i < BM_ARRAY_SIZE(loaders); i++)
		if (bm_image_list_find(prover->list, loaders[i])) {
			bm_prover_problem(prover, BM_PROOF_MODULES_DEP, own->version,
				"modules.dep of kernel %s is not in the image, so %s finds no driver", own->version,
				loaders[i]);
			return;
		}
}

void bm_prover_drivers(struct bm_prover *prover)
{
	const struct bm_proof_need *need = prover->need;
	bool modules = false;

	if (!check_version(prover))
		return;
	for (size_t i = 0; i < need->n_drivers && !prover->failed; i++)
		modules |= check_driver(prover, &need->drivers[i]);
	if (modules)
		check_index(prover);
}
