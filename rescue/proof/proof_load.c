/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How modules get into the kernel, and what keeps one out.
 *
 * A device's driver is loaded by udevd, through libkmod, by an alias; a filesystem's by the kernel itself, which runs
 * modprobe, by the alias fs-TYPE. libkmod reads the binary indexes alone (libkmod/libkmod.c), busybox and the old
 * module-init-tools read texts. A module that a blacklist names is not loaded by an alias (libkmod-module.c,
 * kmod_module_probe_insert_module(); the kernel's own calls included), but by its name, or where another needs it.
 * Since systemd 256 udevd takes libkmod only if it is there, by dlopen.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "../base/str.h"
#include "../fmt/boot/cmdline.h"
#include "../fmt/etc/modprobed.h"
#include "proof_int.h"

enum { FILES_MAX = 256 };

/* A file of modprobe.d, and how many rules there are up to its end. */
struct source {
	const struct bm_image_node *node;
	const char *dir;
	size_t end;
};

struct bm_prover_loading {
	struct bm_modprobed rules;
	struct source sources[FILES_MAX];
	size_t n_sources;
	struct bm_strv by_name;	    /* what the image's scripts load by its name */
	struct bm_strv forbidden;   /* by module_blacklist=: the kernel refuses them */
	struct bm_strv blacklisted; /* by arguments that stand for blacklist lines */
};

void bm_prover_loading_free(struct bm_prover_loading *loading)
{
	if (!loading)
		return;
	bm_modprobed_done(&loading->rules);
	bm_strv_done(&loading->by_name);
	bm_strv_done(&loading->forbidden);
	bm_strv_done(&loading->blacklisted);
	free(loading);
}

/* Adds names, which blanks or commas part, in the form of lsmod. */
static void add_names(struct bm_prover *prover, struct bm_strv *list, const char *text)
{
	_cleanup_strv_ struct bm_strv words = {0};
	char name[BM_MODPROBED_NAME_MAX];

	if (bm_strv_split(&words, text, " ,\t\r\n") < 0)
		prover->failed = true;
	for (size_t i = 0; i < words.n; i++)
		if (bm_modules_name(words.items[i], name, sizeof(name)) == 0 && bm_strv_add_once(list, name) < 0)
			prover->failed = true;
}

/* The file's names a line, without comments. */
static void add_lines(struct bm_prover *prover, struct bm_strv *list, const char *text)
{
	_cleanup_strv_ struct bm_strv lines = {0};

	if (bm_strv_split(&lines, text, "\n") < 0)
		prover->failed = true;
	for (size_t i = 0; i < lines.n; i++) {
		lines.items[i][strcspn(lines.items[i], "# ")] = '\0';
		add_names(prover, list, lines.items[i]);
	}
}

/* The arguments of the entry that keep modules out, or bring them in by their names. */
static void take_arguments(struct bm_prover *prover, struct bm_prover_loading *loading)
{
	const char *generator = prover->list->generator ? prover->list->generator : "";
	bool dracut = bm_str_starts(generator, "dracut"), tools = bm_streq(generator, "initramfs-tools");
	const struct {
		const char *key;
		struct bm_strv *list;
		bool counts;
	} rows[] = {
		{"module_blacklist", &loading->forbidden, true},
		{"modprobe.blacklist", &loading->blacklisted, true},
		{"rd.driver.blacklist", &loading->blacklisted, dracut},
		{"rdblacklist", &loading->blacklisted, dracut},
		{"blacklist", &loading->blacklisted, tools},
		{"rd.driver.pre", &loading->by_name, dracut},
		{"rd.driver.post", &loading->by_name, dracut},
	};
	_cleanup_cmdline_ struct bm_cmdline line = {0};
	const char *text = prover->need->cmdline;

	if (!text)
		return;
	if (bm_cmdline_parse(text, strlen(text), &line) < 0)
		prover->failed = true;
	for (size_t i = 0; i < BM_ARRAY_SIZE(rows); i++) {
		_cleanup_strv_ struct bm_strv values = {0};

		if (rows[i].counts && bm_cmdline_all(&line, rows[i].key, &values) < 0)
			prover->failed = true;
		for (size_t v = 0; v < values.n; v++)
			add_names(prover, rows[i].list, values.items[v]);
	}
}

static int compare_sources(const struct bm_image_list *list, const struct source *a, const struct source *b)
{
	return strcmp(bm_image_list_name(list, a->node), bm_image_list_name(list, b->node));
}

/* Keeps the sources sorted by name; a file in an earlier directory hides one of its name in a later. */
static void add_source(struct bm_prover *prover, struct bm_prover_loading *loading, struct source source)
{
	size_t at = loading->n_sources;

	for (size_t i = 0; i < loading->n_sources; i++)
		if (compare_sources(prover->list, &loading->sources[i], &source) == 0)
			return;
	if (at == FILES_MAX) {
		bm_prover_note(prover, "there are more files of modprobe.d than are read (%d)", FILES_MAX);
		return;
	}
	for (; at > 0 && compare_sources(prover->list, &source, &loading->sources[at - 1]) < 0; at--)
		loading->sources[at] = loading->sources[at - 1];
	loading->sources[at] = source;
	loading->n_sources++;
}

/* kmod's directories in its order. */
static void take_rules(struct bm_prover *prover, struct bm_prover_loading *loading)
{
	static const char *const dirs[] = {"/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d",
		"/usr/lib/modprobe.d", "/lib/modprobe.d"};
	const struct bm_image_list *list = prover->list;

	for (size_t d = 0; d < BM_ARRAY_SIZE(dirs); d++) {
		const struct bm_image_node *dir = bm_image_list_find(list, dirs[d]);

		for (size_t i = 1; dir && i < list->n_nodes; i++) {
			const struct bm_image_node *node = &list->nodes[i];

			if (&list->nodes[node->parent] == dir && node->mode != 0 &&
				bm_str_ends(bm_image_list_name(list, node), ".conf"))
				add_source(prover, loading, (struct source){node, dirs[d], 0});
		}
	}
	for (size_t i = 0; i < loading->n_sources; i++) {
		struct source *source = &loading->sources[i];
		size_t len = 0;
		const char *text = bm_image_list_content(list, source->node, &len);

		if (text && bm_modprobed_parse(text, len, &loading->rules) == -ENOMEM)
			prover->failed = true;
		else if (!text && bm_image_list_body(list, source->node)->size > 0)
			bm_prover_note(
				prover, "%s/%s was not read", source->dir, bm_image_list_name(list, source->node));
		source->end = loading->rules.n;
	}
}

struct bm_prover_loading *bm_prover_loading_new(struct bm_prover *prover)
{
	struct bm_prover_loading *loading = calloc(1, sizeof(*loading));
	const struct bm_image_node *file = bm_image_list_find(prover->list, "/conf/modules");
	const char *text;
	size_t len = 0;

	if (!loading) {
		prover->failed = true;
		return NULL;
	}
	text = file ? bm_image_list_content(prover->list, file, &len) : NULL;
	if (text)
		add_lines(prover, &loading->by_name, text);
	take_arguments(prover, loading);
	take_rules(prover, loading);
	return loading;
}

/* What a module's own file says against it; NULL: nothing. for free(). */
static char *fault_of_file(struct bm_prover *prover, const char *name, bool *ret_lasting)
{
	const struct bm_proof_need *need = prover->need;
	const struct bm_image_module_facts *facts = bm_image_list_module_facts(prover->list, need->version, name);
	char *text = NULL;
	bool faulty = true;

	if (!facts || facts->unjudged)
		return NULL;
	if (facts->damaged)
		text = bm_strf("%s is damaged or cut off: it can't be unpacked", name);
	else if (!facts->file.elf)
		text = bm_strf("the file of %s is no module", name);
	else if (!facts->file.whole)
		text = bm_strf("the file of %s is cut off", name);
	else if (bm_kofile_foreign(&facts->file, need->version))
		text = bm_strf("%s is built for kernel %.*s", name, (int)strcspn(facts->file.vermagic, " "),
			facts->file.vermagic);
	else if (need->signatures_forced && !facts->file.is_signed) {
		text = bm_strf("%s has no signature, and %s", name, need->signatures_forced);
		*ret_lasting = true;
	} else {
		faulty = false;
	}
	if (faulty && !text)
		prover->failed = true;
	return text;
}

/* Where the rule stands. */
static char *fault_of_rule(
	struct bm_prover *prover, const struct bm_prover_loading *loading, const struct bm_modprobed_rule *rule)
{
	size_t index = (size_t)(rule - loading->rules.rules), i = 0;
	bool install = rule->kind == BM_MODPROBED_INSTALL;

	while (i + 1 < loading->n_sources && loading->sources[i].end <= index)
		i++;
	return bm_strf("%s/%s of the image has \"%s %s%s%s\" in line %u", loading->sources[i].dir,
		bm_image_list_name(prover->list, loading->sources[i].node), install ? "install" : "blacklist",
		rule->module, install ? " " : "", install ? rule->command : "", rule->line);
}

char *bm_prover_hindrance(struct bm_prover *prover, const char *name, bool by_alias, bool *ret_lasting)
{
	const struct bm_prover_loading *loading = prover->loading;
	const struct bm_modprobed_rule *rule;
	bool lasting = false;
	char *text = fault_of_file(prover, name, &lasting);

	*ret_lasting = lasting;
	if (text || !loading)
		return text;
	by_alias = by_alias && !bm_strv_has(&loading->by_name, name);
	rule = bm_modprobed_hinders(&loading->rules, name, by_alias);
	if (bm_strv_has(&loading->forbidden, name))
		text = bm_strf("module_blacklist= of the command line forbids %s", name);
	else if (rule)
		text = fault_of_rule(prover, loading, rule);
	else if (by_alias && bm_strv_has(&loading->blacklisted, name))
		text = bm_strf("the command line has %s on a blacklist", name);
	else
		return NULL;
	if (!text)
		prover->failed = true;
	*ret_lasting = bm_strv_has(&loading->forbidden, name) || !rule;
	return text;
}

/* Whether what loads modules in this image is known: udevd and modprobe, where a generator that uses them made it and
 * its init is systemd or a script. Another program in the place of init may do it in its own way. */
static bool knows_loader(const struct bm_prover *prover)
{
	const char *generator = prover->list->generator;
	const struct bm_image_node *init =
		bm_image_list_find(prover->list, prover->need->rdinit ? prover->need->rdinit : "/init");
	const struct bm_elf *elf = init ? bm_image_list_body(prover->list, init)->elf : NULL;

	return generator && !bm_streq(generator, "booster") &&
	       (!elf || elf->kind == BM_ELF_SCRIPT || bm_streq(bm_image_list_name(prover->list, init), "systemd"));
}

/* The program that the kernel runs (CONFIG_MODPROBE_PATH); NULL where there is none. */
static const char *find_modprobe(const struct bm_image_list *list)
{
	static const char *const paths[] = {"/sbin/modprobe", "/usr/sbin/modprobe"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(paths); i++)
		if (bm_image_list_find(list, paths[i]))
			return paths[i];
	return NULL;
}

/* libkmod and the programs that are linked with it read no texts. */
static bool reads_binary(const struct bm_image_list *list, const char *modprobe)
{
	const struct bm_image_node *node = modprobe ? bm_image_list_find(list, modprobe) : NULL;

	return node && bm_streq(bm_image_list_name(list, node), "kmod");
}

static void check_index(struct bm_prover *prover, const char *modprobe, bool by_alias)
{
	static const char *const loaders[] = {"/usr/lib/systemd/systemd-udevd", "/lib/systemd/systemd-udevd"};
	const struct bm_image_version *own = bm_image_list_version(prover->list, prover->need->version);
	bool binary = reads_binary(prover->list, modprobe);
	unsigned int dep = binary ? BM_IMAGE_DEP_BIN : BM_IMAGE_DEP | BM_IMAGE_DEP_BIN | BM_IMAGE_DEP_BB;
	unsigned int alias = binary ? BM_IMAGE_ALIAS_BIN : BM_IMAGE_ALIAS | BM_IMAGE_ALIAS_BIN | BM_IMAGE_DEP_BB;
	const char *end = binary ? ".bin" : "";

	for (size_t i = 0; !modprobe && i < BM_ARRAY_SIZE(loaders); i++)
		if (bm_image_list_find(prover->list, loaders[i]))
			modprobe = loaders[i];
	if (!own || !modprobe)
		return;
	if (!(own->indexes & dep))
		bm_prover_problem(prover, BM_PROOF_MODULES_DEP, own->version,
			"modules.dep%s of kernel %s is not in the image, or damaged, so %s finds no driver", end,
			own->version, modprobe);
	else if (by_alias && binary && !(own->indexes & alias))
		bm_prover_problem(prover, BM_PROOF_MODULES_DEP, own->version,
			"modules.alias%s of kernel %s is not in the image, or damaged, so no driver is found for a "
			"device",
			end, own->version);
}

/* A library by which udevd loads drivers, asked for by dlopen and not there. */
static void check_dlopen(struct bm_prover *prover)
{
	static const char library[] = "libkmod.so.2";
	const struct bm_image_list *list = prover->list;
	bool asked = false;

	for (size_t i = 1; i < list->n_nodes; i++) {
		const char *name = bm_image_list_name(list, &list->nodes[i]);
		const struct bm_elf *elf = bm_image_list_body(list, &list->nodes[i])->elf;

		if (list->nodes[i].mode != 0 && bm_streq(name, library))
			return;
		asked |= elf && bm_strv_has(&elf->dlopen, library);
	}
	if (asked)
		bm_prover_problem(prover, BM_PROOF_NO_LOADER, library,
			"%s is not in the image: systemd-udevd loads drivers with it, and starts without it", library);
}

void bm_prover_check_loading(struct bm_prover *prover, struct bm_prover_served served)
{
	const char *modprobe = find_modprobe(prover->list);

	if (knows_loader(prover))
		bm_prover_udev(prover, served.devices);
	if (!served.devices && !served.others)
		return;
	if (knows_loader(prover) && served.others)
		bm_prover_must_start(prover, "modprobe", modprobe ? modprobe : "/sbin/modprobe", false,
			"the kernel loads modules with it");
	if (knows_loader(prover) && served.devices)
		check_dlopen(prover);
	check_index(prover, modprobe, served.by_alias);
}

bool bm_prover_loads_by_name(const struct bm_prover *prover, const char *name)
{
	return prover->loading && bm_strv_has(&prover->loading->by_name, name);
}
