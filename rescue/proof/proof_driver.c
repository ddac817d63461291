/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Are the drivers there? A driver is there when it is built into the kernel, or when its module and every module that
 * it depends on (those built in apart) are inside the image, in the directory of this kernel's version.
 *
 *	modules.builtin | modules.dep | inside	   -> verdict
 *	lists it (*)	| any	      | any	   -> there
 *	else		| lists it    | whole	   -> there
 *	else		| lists it    | no, partly -> missing
 *	known		| any	      | no	   -> missing: this kernel has no such driver, or it is not inside
 *	unknown		| known, not  | no	   -> unknown: it can only be built in, which is noted
 *	unknown		| unknown     | no	   -> missing: nothing at all speaks for it
 *
 * (*) or, where modules.builtin is gone, the image's copy of it, or the kernel's configuration
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

bool bm_prover_is_builtin(const struct bm_prover *prover, const char *name)
{
	const struct bm_proof_need *need = prover->need;

	return (need->modules && bm_modules_builtin(need->modules, name)) ||
	       (prover->inside && bm_modules_builtin(prover->inside, name)) ||
	       (need->config_builtin && bm_strv_has(need->config_builtin, name));
}

static bool is_module(const struct bm_proof_need *need, const char *name)
{
	return need->modules && bm_modules_has(need->modules, name);
}

/* Why a driver can't be loaded. */
struct lack {
	char *module;  /* of those that it needs, itself included, the one to name; NULL: nothing is lacking */
	char *because; /* what keeps that one out, which is inside; NULL: it is not inside */
	bool lasting;  /* another image has the same cause */
};

static void lack_done(struct lack *lack)
{
	free(lack->module);
	free(lack->because);
	*lack = (struct lack){0};
}

static void find_lack(struct bm_prover *prover, const char *name, bool by_alias, struct lack *ret_lack)
{
	const struct bm_proof_need *need = prover->need;
	_cleanup_strv_ struct bm_strv closure = {0};
	int r = is_module(need, name) ? bm_modules_closure(need->modules, name, &closure) : bm_strv_add(&closure, name);

	if (r < 0)
		prover->failed = true;
	for (size_t i = closure.n; i > 0; i--) { /* itself comes last, and is the better thing to name */
		const char *module = closure.items[i - 1];
		struct lack lack = {0};

		if (bm_image_list_module(prover->list, need->version, module)) {
			lack.because = bm_prover_hindrance(prover, module, by_alias && i == closure.n, &lack.lasting);
			if (!lack.because)
				continue;
		}
		if (bm_str_set(&lack.module, module) < 0)
			prover->failed = true;
		*ret_lack = lack;
		return;
	}
}

/* ret_lack is for lack_done(), which the caller has made empty. */
static enum verdict judge(struct bm_prover *prover, const char *name, bool by_alias, struct lack *ret_lack)
{
	const struct bm_proof_need *need = prover->need;

	if (bm_prover_is_builtin(prover, name))
		return THERE;
	find_lack(prover, name, by_alias, ret_lack);
	if (!ret_lack->module)
		return THERE;
	if (is_module(need, name) || need->builtin_known || !need->dep_known || ret_lack->because)
		return MISSING;
	return UNKNOWN;
}

static void problem(
	struct bm_prover *prover, const struct bm_proof_driver *driver, const char *name, const struct lack *lack)
{
	const struct bm_proof_need *need = prover->need;
	enum bm_proof_kind kind =
		driver->role == BM_PROOF_FILESYSTEM ? BM_PROOF_NO_FS_DRIVER : BM_PROOF_NO_STORAGE_DRIVER;
	const char *why = driver->why ? driver->why : "this machine";
	size_t before = prover->proof.n_problems;

	if (driver->role == BM_PROOF_OTHER)
		bm_prover_note(prover, "%s is not in the image (for %s)", name, why);
	else if (lack->because)
		bm_prover_problem(
			prover, kind, name, "%s, which %s needs, can't be loaded: %s", name, why, lack->because);
	else if (!bm_streq(name, lack->module))
		bm_prover_problem(prover, kind, name, "%s, which %s needs, can't be loaded: %s is not in the image",
			name, why, lack->module);
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
		prover->proof.problems[before].no_module =
			lack->because ? lack->lasting : need->dep_known && !is_module(need, name);
}

/* The modules of which any one will do; resolved are those of them that the modalias finds. */
static void find_candidates(
	struct bm_prover *prover, const struct bm_proof_driver *driver, struct bm_strv *names, struct bm_strv *resolved)
{
	const struct bm_proof_need *need = prover->need;
	int r = 0;

	if (driver->modalias && need->modules)
		r = bm_modules_resolve(need->modules, driver->modalias, resolved);
	/* -E2BIG: the patterns are hostile or damaged; the name is left. */
	if (r == -ENOMEM)
		prover->failed = true;
	r = 0;
	/* The one that drives the device now comes first, to be the one that is named. */
	if (driver->name && (is_module(need, driver->name) || bm_prover_is_builtin(prover, driver->name)) &&
		(bm_strv_has(resolved, driver->name) || resolved->n == 0))
		r = bm_strv_add(names, driver->name);
	for (size_t i = 0; r == 0 && i < resolved->n; i++)
		if (is_module(need, resolved->items[i]) || bm_prover_is_builtin(prover, resolved->items[i]))
			r = bm_strv_add_once(names, resolved->items[i]);
	if (r == 0 && names->n == 0 && driver->name)
		r = bm_strv_add(names, driver->name);
	for (size_t i = 0; r == 0 && i < BM_ARRAY_SIZE(substitutes); i++)
		if (driver->role == BM_PROOF_FILESYSTEM && bm_streq(driver->name, substitutes[i].type))
			r = bm_strv_add_once(names, substitutes[i].by);
	if (r < 0)
		prover->failed = true;
}

/*
 * Algorithms without which a module does not work, by what its softdep names. libcrc32c gets its own when it starts,
 * and fails without (lib/libcrc32c.c), ext4 and f2fs at every mount (ext4_fill_super() since 4.18, f2fs_fill_super()).
 * The kernel asks modprobe for crypto-ALGORITHM. Since 6.14 they call a library instead, and have no softdep. Whatever
 * else is asked for is loaded if it is there: kmod goes on without.
 */
static const struct {
	const char *module, *algorithm;
} vital[] = {
	{"libcrc32c", "crc32c"},
	{"ext4", "crc32c"},
	{"f2fs", "crc32"},
};

/* The algorithm that the module does not work without, where the softdep names it; NULL elsewhere. */
static const char *vital_algorithm(const char *module, const char *wanted)
{
	/* modules.softdep has what the module's source has, in kmod's form or as it is. */
	const char *dash = bm_str_after(wanted, "crypto-"), *line = bm_str_after(wanted, "crypto_");
	const char *algorithm = dash ? dash : line;

	for (size_t i = 0; i < BM_ARRAY_SIZE(vital); i++)
		if (bm_streq(vital[i].module, module) && bm_streq(vital[i].algorithm, algorithm ? algorithm : wanted))
			return vital[i].algorithm;
	return NULL;
}

int bm_proof_vital_modules(const struct bm_modules *modules, const char *module, struct bm_strv *list)
{
	_cleanup_strv_ struct bm_strv wanted = {0};

	if (bm_modules_softdeps(modules, module, &wanted) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < wanted.n; i++) {
		const char *algorithm = vital_algorithm(module, wanted.items[i]);
		_cleanup_free_ char *alias = algorithm ? bm_strf("crypto-%s", algorithm) : NULL;

		if (algorithm && (!alias || bm_modules_resolve(modules, alias, list) == -ENOMEM))
			return -ENOMEM;
	}
	return 0;
}

/* Whether modules serve the alias, of which none is built in and none inside. names gets them. */
static bool lacks_alias(struct bm_prover *prover, const char *alias, struct bm_strv *names)
{
	const struct bm_proof_need *need = prover->need;

	if (bm_modules_resolve(need->modules, alias, names) == -ENOMEM)
		prover->failed = true;
	for (size_t n = 0; n < names->n; n++)
		if (bm_prover_is_builtin(prover, names->items[n]) ||
			bm_image_list_module(prover->list, need->version, names->items[n]))
			return false;
	return names->n > 0;
}

/* One softdep of a module, which is the driver's own (name), or one that this depends on. */
static void check_softdep(struct bm_prover *prover, const struct bm_proof_driver *driver, const char *name,
	const char *module, const char *wanted)
{
	const struct bm_proof_need *need = prover->need;
	_cleanup_strv_ struct bm_strv providers = {0}, names = {0};
	const char *algorithm = vital_algorithm(module, wanted), *why = driver->why ? driver->why : "this machine";
	_cleanup_free_ char *alias = algorithm ? bm_strf("crypto-%s", algorithm) : NULL;

	prover->failed |= algorithm && !alias;
	/* Kernels before 5.2 do not tell the aliases of what is built in: then it is no more than a note. */
	if (alias && driver->role != BM_PROOF_OTHER && need->dep_known && need->builtin_known && need->aliases_known &&
		lacks_alias(prover, alias, &providers))
		bm_prover_problem(prover,
			driver->role == BM_PROOF_FILESYSTEM ? BM_PROOF_NO_FS_DRIVER : BM_PROOF_NO_STORAGE_DRIVER,
			providers.items[0],
			"%s, which %s needs, can't work: %s asks for %s, and %s is not in the image", name, why, module,
			wanted, providers.items[0]);
	else if (lacks_alias(prover, wanted, &names))
		bm_prover_note(prover, "%s asks for %s, and no module for that is inside", name, wanted);
}

/* What modules.softdep asks to load with the module, or with one that it depends on (libcrc32c wants a crc32c). */
static void check_softdeps(struct bm_prover *prover, const struct bm_proof_driver *driver, const char *name)
{
	const struct bm_proof_need *need = prover->need;
	_cleanup_strv_ struct bm_strv closure = {0};

	if (!is_module(need, name) || bm_modules_closure(need->modules, name, &closure) < 0)
		return;
	for (size_t i = 0; i < closure.n; i++) {
		_cleanup_strv_ struct bm_strv wanted = {0};

		if (bm_modules_softdeps(need->modules, closure.items[i], &wanted) < 0)
			prover->failed = true;
		for (size_t w = 0; w < wanted.n; w++)
			check_softdep(prover, driver, name, closure.items[i], wanted.items[w]);
	}
}

/* A candidate that is there serves the driver. */
static void serve(struct bm_prover *prover, const struct bm_proof_driver *driver, const struct bm_strv *names, size_t i,
	bool by_alias, struct bm_prover_served *served)
{
	const char *why = driver->why ? driver->why : "this machine";
	bool builtin = bm_prover_is_builtin(prover, names->items[i]);

	bm_prover_proven(
		prover, "%s, for %s, is %s", names->items[i], why, builtin ? "built into the kernel" : "inside");
	if (i > 0)
		bm_prover_note(
			prover, "%s is not inside, %s serves %s in its place", names->items[0], names->items[i], why);
	if (builtin || driver->role == BM_PROOF_OTHER)
		return;
	check_softdeps(prover, driver, names->items[i]);
	if (driver->modalias && driver->role == BM_PROOF_STORAGE)
		served->devices = true;
	else
		served->others = true;
	served->by_alias |= by_alias;
}

/* Adds to served what a module (not a built-in) is there for. */
static void check_driver(
	struct bm_prover *prover, const struct bm_proof_driver *driver, struct bm_prover_served *served)
{
	_cleanup_strv_ struct bm_strv names = {0}, resolved = {0};
	const char *why = driver->why ? driver->why : "this machine", *worst = NULL;
	struct lack lacking = {0};

	find_candidates(prover, driver, &names, &resolved);
	if (names.n == 0 && driver->modalias)
		bm_prover_note(prover, "kernel %s names no module for %s (%s): built in, or none",
			prover->need->version, driver->modalias, why);
	for (size_t i = 0; i < names.n; i++) {
		bool by_alias = bm_strv_has(&resolved, names.items[i]);
		struct lack lack = {0};
		enum verdict verdict = judge(prover, names.items[i], by_alias, &lack);

		if (verdict == THERE) {
			serve(prover, driver, &names, i, by_alias, served);
			lack_done(&lacking);
			return;
		}
		/* The one to name is the first that is a module of this kernel, if any is. */
		if (verdict == UNKNOWN ||
			(worst && (is_module(prover->need, worst) || !is_module(prover->need, names.items[i])))) {
			lack_done(&lack);
			continue;
		}
		worst = names.items[i];
		lack_done(&lacking);
		lacking = lack;
	}
	if (worst)
		problem(prover, driver, worst, &lacking);
	else if (names.n > 0)
		bm_prover_note(prover, "%s, for %s, is no module of kernel %s: whether it is built in is not known",
			names.items[0], why, prover->need->version);
	lack_done(&lacking);
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

/* The tools copy the kernel's modules.builtin into the image. It proves what is built in, not what is not: somebody may
 * have shortened it. */
static void read_inside(struct bm_prover *prover)
{
	static const char *const dirs[] = {"/usr/lib/modules", "/lib/modules"};

	for (size_t i = 0; !prover->need->builtin_known && !prover->inside && i < BM_ARRAY_SIZE(dirs); i++) {
		_cleanup_free_ char *path = bm_strf("%s/%s/modules.builtin", dirs[i], prover->need->version);
		const struct bm_image_node *node = path ? bm_image_list_find(prover->list, path) : NULL;
		struct bm_modules_texts texts = {0};

		prover->failed |= !path;
		if (!node)
			continue;
		texts.builtin = bm_image_list_content(prover->list, node, &texts.builtin_len);
		if (texts.builtin && bm_modules_new(&texts, &prover->inside) == -ENOMEM)
			prover->failed = true;
	}
}

void bm_prover_drivers(struct bm_prover *prover)
{
	const struct bm_proof_need *need = prover->need;
	struct bm_prover_served served = {0};

	if (!check_version(prover))
		return;
	read_inside(prover);
	for (size_t i = 0; i < need->n_drivers && !prover->failed; i++)
		check_driver(prover, &need->drivers[i], &served);
	bm_prover_check_loading(prover, served);
}
