/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *	statement  := command | if | for | while | until | function
 *	command    := WORD (WORD | block)*
 *	block      := "{" statements "}"
 *	if         := "if" statements "then" statements ("elif" statements "then" statements)* ["else" statements] "fi"
 *	for        := "for" WORD "in" WORD* SEP "do" statements "done"
 *	while      := ("while" | "until") statements "do" statements "done"
 *	function   := "function" WORD block			not inside a block; with SEP before its "}"
 *	statements := statement (SEP statement)*		SEP: newlines, or one ";" and newlines; none is empty
 *
 *	WORD: plain, \x, 'as it is', "with $variables", $name ${name} $1 $? $# $* $@; { } | & ; < > end a word anywhere
 *
 * Reference: GRUB manual, "Writing full configuration files directly". The manual reserves && and || without giving
 *them a meaning; here they have the shell's.
 */
#include "grubcfg_syntax.h"

#include <errno.h>
#include <string.h>

enum { CHUNK_SIZE = 64 * 1024 };

struct bm_grubcfg_chunk {
	struct bm_grubcfg_chunk *next;
	size_t used;
	_Alignas(16) char data[CHUNK_SIZE];
};

void bm_grubcfg_arena_done(struct bm_grubcfg_arena *arena)
{
	while (arena->chunks) {
		struct bm_grubcfg_chunk *next = arena->chunks->next;

		free(arena->chunks);
		arena->chunks = next;
	}
	arena->n_words = 0;
}

static void *allocate(struct bm_grubcfg_reader *r, size_t size)
{
	struct bm_grubcfg_arena *arena = r->arena;
	void *memory;

	size = (size + 15) & ~(size_t)15;
	if (arena->n_words >= BM_GRUBCFG_WORDS_MAX) {
		r->full = true;
		return NULL;
	}
	if (!arena->chunks || arena->chunks->used + size > CHUNK_SIZE) {
		struct bm_grubcfg_chunk *chunk = malloc(sizeof(*chunk));

		if (!chunk) {
			r->no_memory = true;
			return NULL;
		}
		chunk->next = arena->chunks;
		chunk->used = 0;
		arena->chunks = chunk;
	}
	arena->n_words++;
	memory = arena->chunks->data + arena->chunks->used;
	arena->chunks->used += size;
	memset(memory, 0, size);
	return memory;
}

void bm_grubcfg_reader_init(
	struct bm_grubcfg_reader *reader, struct bm_grubcfg_arena *arena, const char *text, size_t len)
{
	*reader = (struct bm_grubcfg_reader){.arena = arena, .text = text, .len = len, .line = 1};
}

/* -1 at the end. */
static int at(const struct bm_grubcfg_reader *r, size_t offset)
{
	return offset < r->len - r->pos ? (unsigned char)r->text[r->pos + offset] : -1;
}

static void advance(struct bm_grubcfg_reader *r)
{
	if (r->text[r->pos] == '\n')
		r->line++;
	r->pos++;
}

static int fail(struct bm_grubcfg_reader *r, const char *fault)
{
	if (!r->fault) {
		r->fault = fault;
		r->fault_line = r->line;
	}
	return r->no_memory ? -ENOMEM : r->full ? -E2BIG : -EINVAL;
}

static bool is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\0';
}

/* What ends a word. */
static bool is_meta(int c)
{
	return c < 0 || is_blank(c) || c == '\n' || (c != 0 && strchr("{}|&;<>", c));
}

static bool is_name(int c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void skip_blanks(struct bm_grubcfg_reader *r)
{
	for (;;) {
		if (is_blank(at(r, 0)))
			advance(r);
		else if (at(r, 0) == '\\' && at(r, 1) == '\n')
			r->pos++, advance(r);
		else if (at(r, 0) == '\\' && at(r, 1) == '\r' && at(r, 2) == '\n')
			r->pos += 2, advance(r);
		else
			break;
	}
	if (at(r, 0) == '#') {
		while (at(r, 0) >= 0 && at(r, 0) != '\n')
			r->pos++;
	}
}

static void skip_newlines(struct bm_grubcfg_reader *r)
{
	for (skip_blanks(r); at(r, 0) == '\n'; skip_blanks(r))
		advance(r);
}

/* Whether the next word is this one, without quotes. */
static bool next_is(const struct bm_grubcfg_reader *r, const char *keyword)
{
	size_t n = strlen(keyword);

	return r->len - r->pos >= n && memcmp(r->text + r->pos, keyword, n) == 0 && is_meta(at(r, n));
}

/* Whether the next word is a plain name, as for and function want one. */
static bool next_is_name(const struct bm_grubcfg_reader *r)
{
	size_t n = 0;

	while (is_name(at(r, n)))
		n++;
	return n > 0 && !(at(r, 0) >= '0' && at(r, 0) <= '9') && is_meta(at(r, n));
}

static bool take_keyword(struct bm_grubcfg_reader *r, const char *keyword)
{
	if (!next_is(r, keyword))
		return false;
	r->pos += strlen(keyword);
	return true;
}

/* Whether the next word ends a list of statements. */
static bool next_closes(const struct bm_grubcfg_reader *r)
{
	static const char *const words[] = {"then", "elif", "else", "fi", "do", "done", "in", "case", "esac", "select"};

	if (at(r, 0) < 0 || at(r, 0) == '}')
		return true;
	for (size_t i = 0; i < BM_ARRAY_SIZE(words); i++) {
		if (next_is(r, words[i]))
			return true;
	}
	return false;
}

/* Where the next part of a word goes. */
struct word_end {
	struct bm_grubcfg_word *word;
	struct bm_grubcfg_part **tail;
};

static int add_part(
	struct bm_grubcfg_reader *r, struct word_end *end, const char *text, size_t len, bool variable, bool quoted)
{
	struct bm_grubcfg_part *part;

	if (len == 0)
		return 0;
	part = allocate(r, sizeof(*part));
	if (!part)
		return fail(r, "too many words");
	part->text = text;
	part->len = len;
	part->variable = variable;
	part->quoted = quoted;
	*end->tail = part;
	end->tail = &part->next;
	return 0;
}

/* Length of the variable's name that stands here: letters, digits alone, or one special character. */
static size_t variable_length(const struct bm_grubcfg_reader *r)
{
	size_t n = 0;
	int c = at(r, 0);

	if (c > 0 && strchr("?#*@", c))
		return 1;
	if (c >= '0' && c <= '9') {
		while (at(r, n) >= '0' && at(r, n) <= '9')
			n++;
	} else {
		while (is_name(at(r, n)))
			n++;
	}
	return n;
}

/* Behind a "$". */
static int read_variable(struct bm_grubcfg_reader *r, struct word_end *end, bool quoted)
{
	const char *start;
	size_t n;
	int c;

	r->pos++;
	c = at(r, 0);
	if (c == '{') {
		r->pos++;
		start = r->text + r->pos;
		n = variable_length(r);
		if (n == 0 || at(r, n) != '}')
			return fail(r, "${ without a variable's name and }");
		r->pos += n + 1;
		return add_part(r, end, start, n, true, quoted);
	}
	start = r->text + r->pos;
	n = variable_length(r);
	if (n == 0) {
		/* $"text" is text to translate */
		return c == '"' && !quoted ? 0 : fail(r, "a $ without a variable's name");
	}
	r->pos += n;
	return add_part(r, end, start, n, true, quoted);
}

static int read_single_quotes(struct bm_grubcfg_reader *r, struct word_end *end)
{
	const char *start;

	r->pos++;
	start = r->text + r->pos;
	while (at(r, 0) >= 0 && at(r, 0) != '\'')
		advance(r);
	if (at(r, 0) < 0)
		return fail(r, "a ' that is not closed");
	r->pos++;
	return add_part(r, end, start, (size_t)(r->text + r->pos - 1 - start), false, true);
}

static int read_double_quotes(struct bm_grubcfg_reader *r, struct word_end *end)
{
	const char *start;
	int error = 0, c;

	r->pos++;
	start = r->text + r->pos;
	while (error == 0 && (c = at(r, 0)) != '"') {
		if (c < 0)
			return fail(r, "a \" that is not closed");
		if (c != '$' && (c != '\\' || at(r, 1) < 0 || !strchr("$\"\\\n", at(r, 1)) || at(r, 1) == 0)) {
			advance(r);
			continue;
		}
		error = add_part(r, end, start, (size_t)(r->text + r->pos - start), false, true);
		if (error == 0 && c == '$') {
			error = read_variable(r, end, true);
		} else if (error == 0) {
			bool newline = at(r, 1) == '\n';

			r->pos++;
			if (!newline)
				error = add_part(r, end, r->text + r->pos, 1, false, true);
			advance(r);
		}
		start = r->text + r->pos;
	}
	if (error == 0)
		error = add_part(r, end, start, (size_t)(r->text + r->pos - start), false, true);
	r->pos++;
	return error;
}

static bool is_hex(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_hex_escape(const struct bm_grubcfg_reader *r)
{
	return at(r, 1) == 'x' && is_hex(at(r, 2)) && is_hex(at(r, 3));
}

static int read_word(struct bm_grubcfg_reader *r, struct bm_grubcfg_word **ret_word)
{
	struct bm_grubcfg_word *word = allocate(r, sizeof(*word));
	struct word_end end;
	int error = 0;

	if (!word)
		return fail(r, "too many words");
	end = (struct word_end){word, &word->parts};
	while (error == 0 && !is_meta(at(r, 0))) {
		int c = at(r, 0);

		if (c == '\'') {
			word->quoted = true;
			error = read_single_quotes(r, &end);
		} else if (c == '"') {
			word->quoted = true;
			error = read_double_quotes(r, &end);
		} else if (c == '$') {
			error = read_variable(r, &end, false);
		} else if (c == '\\' && at(r, 1) == '\n') {
			r->pos++;
			advance(r);
		} else if (c == '\\' && r->keeps_hex && is_hex_escape(r)) {
			error = add_part(r, &end, r->text + r->pos, 4, false, true);
			r->pos += 4;
		} else if (c == '\\' && at(r, 1) >= 0) {
			r->pos++;
			error = add_part(r, &end, r->text + r->pos, 1, false, true);
			advance(r);
		} else {
			const char *start = r->text + r->pos;

			r->pos++;
			while (!is_meta(at(r, 0)) && !strchr("'\"$\\", at(r, 0)))
				r->pos++;
			error = add_part(r, &end, start, (size_t)(r->text + r->pos - start), false, false);
		}
	}
	*ret_word = word;
	return error;
}

static int read_list(struct bm_grubcfg_reader *r, struct bm_grubcfg_node **ret_list);

static int read_block(struct bm_grubcfg_reader *r, struct bm_grubcfg_node **ret_list)
{
	unsigned int line = r->line;
	int error;

	r->pos++;
	error = read_list(r, ret_list);
	if (error < 0)
		return error;
	if (at(r, 0) != '}') {
		if (at(r, 0) < 0 && !r->fault) {
			r->fault = "a { that is not closed";
			r->fault_line = line;
		}
		return fail(r, "a word that belongs to if or a loop instead of }");
	}
	r->pos++;
	return 0;
}

static int read_command(struct bm_grubcfg_reader *r, struct bm_grubcfg_node *node)
{
	struct bm_grubcfg_word **tail = &node->words;
	int error = 0;

	for (skip_blanks(r); error == 0; skip_blanks(r)) {
		int c = at(r, 0);

		if (c < 0 || c == '\n' || c == ';' || c == '&' || c == '|' || c == '}')
			break;
		if (c == '<' || c == '>')
			return fail(r, "< or > outside quotes");
		if (c == '{') {
			if (!node->words || node->block)
				return fail(r, "a { that belongs to no command");
			node->block = true;
			error = read_block(r, &node->body);
			continue;
		}
		if (next_is(r, "[[") || next_is(r, "]]"))
			return fail(r, "[[ or ]], which GRUB does not know");
		error = read_word(r, tail);
		if (error == 0)
			tail = &(*tail)->next;
	}
	return error;
}

static int expect(struct bm_grubcfg_reader *r, const char *keyword, const char *fault)
{
	return take_keyword(r, keyword) ? 0 : fail(r, fault);
}

/* Behind "if": a chain of elif is a list, so that its length does not nest. */
static int read_if(struct bm_grubcfg_reader *r, struct bm_grubcfg_node *node)
{
	for (;;) {
		int error = read_list(r, &node->cond);

		if (error == 0)
			error = expect(r, "then", "an if without then");
		if (error == 0)
			error = read_list(r, &node->body);
		if (error < 0)
			return error;
		if (take_keyword(r, "elif")) {
			struct bm_grubcfg_node *other = allocate(r, sizeof(*other));

			if (!other)
				return fail(r, "too many words");
			other->kind = BM_GRUBCFG_IF;
			other->line = r->line;
			node->other = other;
			node->elif = true;
			node = other;
			continue;
		}
		if (take_keyword(r, "else")) {
			error = read_list(r, &node->other);
			if (error < 0)
				return error;
		}
		return expect(r, "fi", "an if without fi");
	}
}

static int read_loop(struct bm_grubcfg_reader *r, struct bm_grubcfg_node *node)
{
	int error = 0;

	if (node->kind == BM_GRUBCFG_FOR) {
		struct bm_grubcfg_word **tail = &node->words;

		skip_blanks(r);
		if (!next_is_name(r))
			return fail(r, "a for without a variable");
		error = read_word(r, tail);
		if (error == 0) {
			tail = &(*tail)->next;
			skip_blanks(r);
			error = expect(r, "in", "a for without in");
		}
		for (skip_blanks(r); error == 0 && !is_meta(at(r, 0)); skip_blanks(r)) {
			error = read_word(r, tail);
			if (error == 0)
				tail = &(*tail)->next;
		}
		if (at(r, 0) == ';')
			advance(r);
		skip_newlines(r);
	} else {
		error = read_list(r, &node->cond);
	}
	if (error == 0)
		error = expect(r, "do", "a loop without do");
	if (error == 0)
		error = read_list(r, &node->body);
	return error < 0 ? error : expect(r, "done", "a loop without done");
}

static int read_function(struct bm_grubcfg_reader *r, struct bm_grubcfg_node *node)
{
	int error;

	skip_blanks(r);
	if (!next_is_name(r))
		return fail(r, "a function without a name");
	error = read_word(r, &node->words);
	if (error < 0)
		return error;
	skip_newlines(r);
	if (at(r, 0) != '{')
		return fail(r, "a function without {");
	error = read_block(r, &node->body);
	if (error == 0 && !r->delimited)
		return fail(r, "a function's last command needs ; or a newline before }");
	return error;
}

static int read_statement(struct bm_grubcfg_reader *r, struct bm_grubcfg_node **ret_node)
{
	static const struct {
		const char *word;
		enum bm_grubcfg_node_kind kind;
	} keywords[] = {{"if", BM_GRUBCFG_IF}, {"for", BM_GRUBCFG_FOR}, {"while", BM_GRUBCFG_WHILE},
		{"until", BM_GRUBCFG_UNTIL}, {"function", BM_GRUBCFG_FUNCTION}};
	struct bm_grubcfg_node *node = allocate(r, sizeof(*node));
	int error;

	if (!node)
		return fail(r, "too many words");
	node->kind = BM_GRUBCFG_COMMAND;
	node->line = r->line;
	for (size_t i = 0; i < BM_ARRAY_SIZE(keywords); i++) {
		if (take_keyword(r, keywords[i].word)) {
			node->kind = keywords[i].kind;
			break;
		}
	}
	if (node->kind == BM_GRUBCFG_COMMAND)
		error = read_command(r, node);
	else if (node->kind == BM_GRUBCFG_IF)
		error = read_if(r, node);
	else if (node->kind == BM_GRUBCFG_FUNCTION)
		error = r->depth ? fail(r, "a function inside another block") : read_function(r, node);
	else
		error = read_loop(r, node);
	if (error == 0 && node->kind == BM_GRUBCFG_COMMAND && !node->words)
		error = fail(r, "a command is missing");
	*ret_node = node;
	return error;
}

/* A statement and what ends it: one ";" is taken, a newline and what closes a block are left. */
static int read_ended(struct bm_grubcfg_reader *r, struct bm_grubcfg_node **ret_node)
{
	int error = read_statement(r, ret_node), c;

	if (error < 0)
		return error;
	skip_blanks(r);
	c = at(r, 0);
	r->delimited = c == ';' || c == '\n';
	if (c == ';')
		advance(r);
	else if (c == '&' || c == '|')
		return fail(r, "& or | outside quotes");
	else if (c >= 0 && c != '\n' && c != '}')
		return fail(r, "something behind the end of a statement");
	return 0;
}

/* Statements up to a word that closes a list, which is left to the caller. */
static int read_list(struct bm_grubcfg_reader *r, struct bm_grubcfg_node **ret_list)
{
	struct bm_grubcfg_node **tail = ret_list;
	int error = 0;

	if (++r->depth > BM_GRUBCFG_NESTING_MAX) {
		r->depth--;
		return fail(r, "too many blocks inside each other");
	}
	for (skip_newlines(r); error == 0 && !next_closes(r); skip_newlines(r)) {
		error = read_ended(r, tail);
		if (error == 0)
			tail = &(*tail)->next;
	}
	r->depth--;
	if (error == 0 && !*ret_list && at(r, 0) >= 0)
		return fail(r, "nothing where a command belongs");
	return error;
}

int bm_grubcfg_read(struct bm_grubcfg_reader *reader, struct bm_grubcfg_node **ret_node)
{
	struct bm_grubcfg_node *node = NULL;
	int error = 0;

	reader->fault = NULL;
	reader->depth = 0;
	skip_newlines(reader);
	if (at(reader, 0) == '}')
		error = fail(reader, "a } that closes nothing");
	else if (at(reader, 0) >= 0 && next_closes(reader))
		error = fail(reader, "then, else, fi, do or done without its beginning");
	else if (at(reader, 0) >= 0)
		error = read_ended(reader, &node);
	if (error == 0 && at(reader, 0) == '}')
		error = fail(reader, "a } that closes nothing");
	if (error == 0) {
		*ret_node = node;
		return 0;
	}
	while (at(reader, 0) >= 0 && at(reader, 0) != '\n')
		reader->pos++;
	return error;
}
