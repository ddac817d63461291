/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs statements: words are expanded into arguments, functions and loops followed, everything within the limits of
 * grubcfg.h. What is out of reach here (files, hardware, keys) has a documented answer, never a guess between two.
 */
#include "grubcfg_run.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

enum { COMMAND_UNITS = 16 }; /* what looking a command's name up is worth */

void bm_grubcfg_warn(struct bm_grubcfg_run *run, enum bm_grubcfg_warning_kind kind, const char *format, ...)
{
	struct bm_grubcfg *cfg = run->cfg;
	struct bm_grubcfg_warning *warning;
	struct bm_buf text = {0};
	va_list args;

	va_start(args, format);
	bm_buf_addv(&text, format, args);
	va_end(args);
	/* A loop says the same again and again. */
	for (size_t i = 0; i < cfg->n_warnings; i++) {
		if (cfg->warnings[i].line == run->line && bm_streq(cfg->warnings[i].text, bm_buf_text(&text)) &&
			bm_streq(cfg->warnings[i].file, run->file)) {
			bm_buf_done(&text);
			return;
		}
	}
	if (cfg->n_warnings >= BM_GRUBCFG_WARNINGS_MAX) {
		cfg->n_warnings_dropped++;
		bm_buf_done(&text);
		return;
	}
	warning = BM_VEC_PUSH(cfg->warnings, cfg->n_warnings, cfg->cap_warnings);
	if (!warning) {
		bm_buf_done(&text);
		bm_grubcfg_no_memory(run);
		return;
	}
	warning->kind = kind;
	warning->line = run->line;
	warning->text = bm_buf_steal(&text);
	if (!warning->text || bm_str_set(&warning->file, run->file) < 0)
		bm_grubcfg_no_memory(run);
	if (!warning->text)
		cfg->n_warnings--;
}

bool bm_grubcfg_charge(struct bm_grubcfg_run *run, size_t units)
{
	if (run->work > BM_GRUBCFG_WORK_MAX)
		return false;
	run->work += units;
	if (run->work <= BM_GRUBCFG_WORK_MAX)
		return true;
	bm_grubcfg_warn(run, BM_GRUBCFG_LIMIT, "the script does too much: not followed further");
	run->flow = BM_GRUBCFG_STOP;
	return false;
}

bool bm_grubcfg_keep(struct bm_grubcfg_run *run, char *text)
{
	char **slot = BM_VEC_PUSH(run->texts, run->n_texts, run->cap_texts);

	if (!slot) {
		free(text);
		bm_grubcfg_no_memory(run);
		return false;
	}
	*slot = text;
	return true;
}

/* A word on its way to arguments. */
struct expansion {
	struct bm_grubcfg_run *run;
	struct bm_strv *args;
	struct bm_buf word;
	bool started; /* there is a word, though it may be empty */
};

static void end_word(struct expansion *e)
{
	if (!e->started)
		return;
	if (e->word.failed || bm_strv_add(e->args, bm_buf_text(&e->word)) < 0)
		bm_grubcfg_no_memory(e->run);
	e->word.len = 0;
	if (e->word.data)
		e->word.data[0] = '\0';
	e->started = false;
}

static void add_text(struct expansion *e, const char *text, size_t len)
{
	size_t room = BM_GRUBCFG_WORD_MAX - BM_MIN(e->word.len, (size_t)BM_GRUBCFG_WORD_MAX);

	e->started = true;
	if (!bm_grubcfg_charge(e->run, len / 16))
		return;
	if (len > room) {
		bm_grubcfg_warn(e->run, BM_GRUBCFG_LIMIT, "a word is too long: cut");
		len = room;
	}
	bm_buf_add(&e->word, text, len);
}

/* A variable outside quotes: blanks in its value part words. */
static void add_split(struct expansion *e, const char *value)
{
	while (*value && e->run->flow == BM_GRUBCFG_GO) {
		size_t blanks = strspn(value, " \t\r\n\v\f"), n;

		if (blanks)
			end_word(e);
		value += blanks;
		n = strcspn(value, " \t\r\n\v\f");
		if (n)
			add_text(e, value, n);
		value += n;
	}
}

static void add_params(struct expansion *e, bool quoted, bool apart)
{
	const struct bm_strv *params = e->run->params;

	for (size_t i = 0; params && i < params->n && e->run->flow == BM_GRUBCFG_GO; i++) {
		if (i > 0 && quoted && !apart)
			add_text(e, " ", 1);
		else if (i > 0)
			end_word(e);
		if (quoted)
			add_text(e, params->items[i], strlen(params->items[i]));
		else
			add_split(e, params->items[i]);
	}
}

/* alone: the variable is all of its word, outside quotes; then the word is not there when the variable is not. */
static void add_variable(struct expansion *e, const struct bm_grubcfg_part *part, bool alone)
{
	struct bm_grubcfg_run *run = e->run;
	_cleanup_free_ char *number = NULL;
	char name[128];
	const char *value = NULL;
	uint64_t index;
	size_t len = BM_MIN(part->len, sizeof(name) - 1);

	memcpy(name, part->text, len);
	name[len] = '\0';
	if (*name == '*' || *name == '@') {
		add_params(e, part->quoted, *name == '@');
		return;
	}
	if (*name == '?' || *name == '#') {
		size_t n = run->params ? run->params->n : 0;

		number = bm_strf("%zu", *name == '#' ? n : (size_t)run->status);
		value = number;
	} else if (bm_num_u64(name, &index) == 0) {
		if (run->params && index >= 1 && index <= run->params->n)
			value = run->params->items[index - 1];
	} else {
		value = bm_grubcfg_get(run, name);
		if (!value && !alone && !bm_entry_variable_optional(name))
			run->unset = true;
	}
	if (!value)
		return;
	if (part->quoted)
		add_text(e, value, strlen(value));
	else
		add_split(e, value);
}

static void expand_word(struct bm_grubcfg_run *run, const struct bm_grubcfg_word *word, struct bm_strv *args)
{
	struct expansion e = {.run = run, .args = args, .started = word->quoted};

	for (const struct bm_grubcfg_part *part = word->parts; part && run->flow == BM_GRUBCFG_GO; part = part->next) {
		if (part->variable)
			add_variable(&e, part, !word->quoted && part == word->parts && !part->next);
		else
			add_text(&e, part->text, part->len);
	}
	end_word(&e);
	bm_buf_done(&e.word);
}

static void call(struct bm_grubcfg_run *run, const struct bm_grubcfg_function *function, const struct bm_strv *args)
{
	struct bm_strv *outer = run->params;
	const char *file = run->file;
	struct bm_strv params = {.items = args->items + 1, .n = args->n - 1};
	const struct bm_grubcfg_node *body = function->body;
	unsigned int loops = run->loops;

	if (run->depth >= BM_GRUBCFG_DEPTH_MAX) {
		bm_grubcfg_warn(run, BM_GRUBCFG_LIMIT, "functions call each other too deeply");
		run->status = 1;
		return;
	}
	run->depth++;
	run->params = &params;
	run->file = function->file;
	run->loops = 0;
	bm_grubcfg_exec(run, body);
	run->loops = loops;
	run->file = file;
	run->params = outer;
	run->depth--;
	if (run->flow == BM_GRUBCFG_RETURN)
		run->flow = BM_GRUBCFG_GO;
}

static struct bm_grubcfg_function *find_function(struct bm_grubcfg_run *run, const char *name)
{
	bm_grubcfg_charge(run, 1 + run->n_functions / 16);
	for (size_t i = 0; i < run->n_functions; i++) {
		if (bm_streq(run->functions[i].name, name))
			return &run->functions[i];
	}
	return NULL;
}

static void exec_command(struct bm_grubcfg_run *run, const struct bm_grubcfg_node *node)
{
	_cleanup_strv_ struct bm_strv list = {0};
	const struct bm_grubcfg_function *function;
	struct bm_strv args;
	bool invert = false;
	const char *equals;

	run->unset = false;
	for (const struct bm_grubcfg_word *word = node->words; word && run->flow == BM_GRUBCFG_GO; word = word->next)
		expand_word(run, word, &list);
	if (run->flow != BM_GRUBCFG_GO || !bm_grubcfg_charge(run, COMMAND_UNITS))
		return;
	args = list;
	while (args.n > 0 && bm_streq(args.items[0], "!")) {
		invert = !invert;
		args.items++;
		args.n--;
	}
	run->status = 0;
	if (args.n > 0) {
		function = NULL;
		if (bm_grubcfg_command(run, &args, node)) {
			;
		} else if ((function = find_function(run, args.items[0]))) {
			call(run, function, &args);
		} else if (bm_grubcfg_command_silent(args.items[0])) {
			;
		} else if ((equals = strchr(args.items[0], '='))) {
			_cleanup_free_ char *name = strndup(args.items[0], (size_t)(equals - args.items[0]));

			if (name)
				bm_grubcfg_set(run, name, equals + 1);
			else
				bm_grubcfg_no_memory(run);
		} else {
			bm_grubcfg_warn(run, BM_GRUBCFG_UNKNOWN, "unknown command: %.64s", args.items[0]);
			run->status = 1;
		}
	}
	if (invert)
		run->status = !run->status;
}

static void exec_if(struct bm_grubcfg_run *run, const struct bm_grubcfg_node *node)
{
	for (;;) {
		bm_grubcfg_exec(run, node->cond);
		if (run->flow != BM_GRUBCFG_GO)
			return;
		if (run->status == 0) {
			bm_grubcfg_exec(run, node->body);
			return;
		}
		run->status = 0;
		if (!node->elif)
			break;
		node = node->other;
		bm_grubcfg_charge(run, 1);
	}
	bm_grubcfg_exec(run, node->other);
}

/* After a loop's body: true where the loop ends. */
static bool leave_loop(struct bm_grubcfg_run *run)
{
	bool again;

	if (run->flow == BM_GRUBCFG_GO)
		return false;
	if (run->flow != BM_GRUBCFG_BREAK && run->flow != BM_GRUBCFG_CONTINUE)
		return true;
	if (run->flow_levels > 1 && run->loops > 1) {
		run->flow_levels--;
		return true;
	}
	again = run->flow == BM_GRUBCFG_CONTINUE;
	run->flow = BM_GRUBCFG_GO;
	return !again;
}

bool bm_grubcfg_is_pattern(const char *text)
{
	return strpbrk(text, "*?") != NULL;
}

static void exec_for(struct bm_grubcfg_run *run, const struct bm_grubcfg_node *node)
{
	_cleanup_strv_ struct bm_strv values = {0}, name = {0};

	expand_word(run, node->words, &name);
	for (const struct bm_grubcfg_word *word = node->words->next; word && run->flow == BM_GRUBCFG_GO;
		word = word->next)
		expand_word(run, word, &values);
	if (run->flow != BM_GRUBCFG_GO || name.n == 0)
		return;
	for (size_t i = 0; i < values.n; i++)
		if (bm_grubcfg_is_pattern(values.items[i])) {
			bm_grubcfg_warn(
				run, BM_GRUBCFG_PATTERN, "a loop over the files that match %.128s", values.items[i]);
			break;
		}
	run->loops++;
	for (size_t i = 0; i < values.n; i++) {
		if (i >= BM_GRUBCFG_LOOP_MAX) {
			bm_grubcfg_warn(run, BM_GRUBCFG_LIMIT, "a loop has too many rounds: left");
			break;
		}
		bm_grubcfg_set(run, name.items[0], values.items[i]);
		bm_grubcfg_exec(run, node->body);
		if (leave_loop(run))
			break;
	}
	run->loops--;
}

static void exec_while(struct bm_grubcfg_run *run, const struct bm_grubcfg_node *node)
{
	run->loops++;
	for (size_t i = 0;; i++) {
		if (i >= BM_GRUBCFG_LOOP_MAX) {
			bm_grubcfg_warn(run, BM_GRUBCFG_LIMIT, "a loop has too many rounds: left");
			break;
		}
		bm_grubcfg_exec(run, node->cond);
		if (run->flow != BM_GRUBCFG_GO || (run->status == 0) != (node->kind == BM_GRUBCFG_WHILE))
			break;
		bm_grubcfg_exec(run, node->body);
		if (leave_loop(run))
			break;
	}
	run->loops--;
}

static void define(struct bm_grubcfg_run *run, const struct bm_grubcfg_node *node)
{
	_cleanup_strv_ struct bm_strv name = {0};
	struct bm_grubcfg_function *function;

	expand_word(run, node->words, &name);
	if (run->flow != BM_GRUBCFG_GO || name.n == 0)
		return;
	function = find_function(run, name.items[0]);
	if (!function && run->n_functions >= BM_GRUBCFG_FUNCTIONS_MAX) {
		bm_grubcfg_warn(run, BM_GRUBCFG_LIMIT, "too many functions: %.64s is not defined", name.items[0]);
		return;
	}
	if (!function) {
		function = BM_VEC_PUSH(run->functions, run->n_functions, run->cap_functions);
		if (!function || bm_str_set(&function->name, name.items[0]) < 0) {
			bm_grubcfg_no_memory(run);
			return;
		}
	}
	function->body = node->body;
	function->file = run->file;
}

void bm_grubcfg_exec(struct bm_grubcfg_run *run, const struct bm_grubcfg_node *list)
{
	for (const struct bm_grubcfg_node *node = list; node; node = node->next) {
		if (run->flow != BM_GRUBCFG_GO || !bm_grubcfg_charge(run, 1))
			return;
		run->line = node->line;
		switch (node->kind) {
		case BM_GRUBCFG_COMMAND:
			exec_command(run, node);
			break;
		case BM_GRUBCFG_IF:
			exec_if(run, node);
			break;
		case BM_GRUBCFG_FOR:
			exec_for(run, node);
			break;
		case BM_GRUBCFG_WHILE:
		case BM_GRUBCFG_UNTIL:
			exec_while(run, node);
			break;
		case BM_GRUBCFG_FUNCTION:
			define(run, node);
			break;
		}
	}
}

void bm_grubcfg_exec_text(struct bm_grubcfg_run *run, const char *text, size_t len, const char *name)
{
	struct bm_grubcfg_reader reader;
	const char *file = run->file;

	run->file = name;
	if (len > BM_GRUBCFG_SIZE_MAX) {
		bm_grubcfg_warn(run, BM_GRUBCFG_LIMIT, "the file is too long: its end is not read");
		len = BM_GRUBCFG_SIZE_MAX;
	}
	bm_grubcfg_reader_init(&reader, &run->arena, text, len);
	reader.keeps_hex = run->input->keeps_hex;
	bm_grubcfg_charge(run, len / 4);
	while (run->flow == BM_GRUBCFG_GO) {
		struct bm_grubcfg_node *list = NULL;
		int error = bm_grubcfg_read(&reader, &list);

		if (error == -ENOMEM) {
			bm_grubcfg_no_memory(run);
		} else if (error < 0) {
			run->line = reader.fault_line;
			bm_grubcfg_warn(
				run, error == -E2BIG ? BM_GRUBCFG_LIMIT : BM_GRUBCFG_SYNTAX, "%s", reader.fault);
			if (error == -E2BIG)
				break;
		} else if (!list) {
			break;
		} else {
			bm_grubcfg_exec(run, list);
		}
	}
	run->file = file;
}
