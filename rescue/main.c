/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootmend: finds the systems on a machine's disks, says why one does not boot, and repairs it.
 * Looks the verb up, takes the global options out of the command line, and returns the verb's exit status.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/version.h"

struct parse {
	struct bm_global global;
	bool help;
	bool version;
	const struct bm_cmd *cmd;
	char **words; /* the verb and what belongs to it */
	int n_words;
	char **early; /* options of the verb that stand before it */
	int n_early;
};

/* The value of the option at argv[*at], behind a '=' or in the next word; NULL where there is none. */
static const char *option_value(int argc, char **argv, int *at, const char *name)
{
	const char *rest = bm_str_after(argv[*at], name);

	if (rest && *rest == '=')
		return rest + 1;
	if (*at + 1 >= argc)
		return NULL;
	return argv[++*at];
}

static bool is_option(const char *word, const char *name)
{
	const char *rest = bm_str_after(word, name);

	return rest && (*rest == '\0' || *rest == '=');
}

/* Takes a global option. Returns 1 when the word was one, 0 when not, an exit status's negative when it is wrong. */
static int take_global(struct parse *parse, int argc, char **argv, int *at)
{
	static const char *const with_value[] = {"--disk", "--system", "--root", "--color"};
	struct bm_global *global = &parse->global;
	const char *word = argv[*at];

	for (size_t i = 0; i < BM_ARRAY_SIZE(with_value); i++) {
		const char *value;

		if (!is_option(word, with_value[i]))
			continue;
		value = option_value(argc, argv, at, with_value[i]);
		if (!value || !*value)
			return -bm_cmd_usage("%s needs a value", with_value[i]);
		if (i == 0 && bm_strv_add(&global->disks, value) < 0)
			return -bm_cmd_failed(-12, "cannot start");
		if (i == 1)
			global->system = value;
		if (i == 2)
			global->root = value;
		if (i == 3 && !bm_streq(value, "always") && !bm_streq(value, "never") && !bm_streq(value, "auto"))
			return -bm_cmd_usage("--color takes always, never or auto");
		if (i == 3 && !bm_streq(value, "auto"))
			global->color = bm_streq(value, "always");
		return 1;
	}
	if (bm_streq(word, "--json"))
		global->json = true;
	else if (bm_streq(word, "-v") || bm_streq(word, "--verbose"))
		global->verbose++;
	else if (bm_streq(word, "-q") || bm_streq(word, "--quiet"))
		global->quiet = true;
	else if (bm_streq(word, "-h") || bm_streq(word, "--help"))
		parse->help = true;
	else if (bm_streq(word, "--version"))
		parse->version = true;
	else
		return 0;
	return 1;
}

/* Keeps an option of a verb that stands before it, with its value, until the verb is known. */
static bool take_early(struct parse *parse, int argc, char **argv, int *at)
{
	bool value = is_option(argv[*at], "--console");

	if (!value && !bm_streq(argv[*at], "--no-disks"))
		return false;
	parse->early[parse->n_early++] = argv[*at];
	if (value && !strchr(argv[*at], '=') && *at + 1 < argc)
		parse->early[parse->n_early++] = argv[++*at];
	return true;
}

/* The verb, and behind it what stood before it. */
static void put_words(struct parse *parse, char *verb)
{
	parse->words[parse->n_words++] = verb;
	for (int i = 0; i < parse->n_early; i++)
		parse->words[parse->n_words++] = parse->early[i];
}

/* Returns BM_EXIT_OK with parse filled, or BM_EXIT_USAGE after saying why. */
static int parse_words(int argc, char **argv, struct parse *parse)
{
	bool ended = false;

	for (int i = 1; i < argc; i++) {
		/* "--" is the verb's, which stops reading its own options there. */
		if (bm_streq(argv[i], "--"))
			ended = true;
		if (!ended) {
			int r = take_global(parse, argc, argv, &i);

			if (r < 0)
				return -r;
			if (r > 0)
				continue;
		}
		if (!parse->cmd && bm_streq(argv[i], "help")) {
			parse->help = true;
			continue;
		}
		if (!parse->cmd && take_early(parse, argc, argv, &i))
			continue;
		if (!parse->cmd) {
			if (argv[i][0] == '-')
				return bm_cmd_usage("unknown option %s", argv[i]);
			parse->cmd = bm_cmd_find(argv[i]);
			if (!parse->cmd)
				return bm_cmd_usage("unknown verb %s", argv[i]);
			put_words(parse, argv[i]);
			continue;
		} else if (parse->cmd->passes_options && argv[i][0] != '-') {
			/* The rest is another program's. */
			ended = true;
		}
		parse->words[parse->n_words++] = argv[i];
	}
	if (!parse->cmd && parse->n_early > 0)
		return bm_cmd_usage("%s needs the verb diagnose", parse->early[0]);
	return BM_EXIT_OK;
}

int main(int argc, char **argv)
{
	struct parse parse = {.global.color = isatty(STDOUT_FILENO)};
	int status;

	/* A reader that went away is an error of a write, not a death in the middle of a repair. */
	signal(SIGPIPE, SIG_IGN);
	parse.words = calloc((size_t)argc + 1, sizeof(*parse.words));
	parse.early = calloc((size_t)argc + 1, sizeof(*parse.early));
	if (!parse.words || !parse.early)
		return bm_cmd_failed(-12, "cannot start");
	status = parse_words(argc, argv, &parse);
	if (status == BM_EXIT_OK) {
		if (parse.version)
			status = bm_cmd_version(parse.global.json);
		else if (parse.help)
			bm_cmd_help(parse.cmd);
		else if (parse.cmd)
			status = parse.cmd->run(&parse.global, parse.n_words, parse.words);
		else if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
			status = bm_cmd_find("menu")->run(&parse.global, 0, parse.words);
		else
			bm_cmd_help(NULL);
	}
	bm_strv_done(&parse.global.disks);
	free(parse.words);
	free(parse.early);
	return status;
}
