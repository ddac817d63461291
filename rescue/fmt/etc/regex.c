/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expressions become a program for a machine that is in many places at once (Thompson's construction):
 *
 *	ab|c*	0 SPLIT 1 4	1 BYTE a	2 BYTE b	3 JUMP 7
 *				4 SPLIT 5 7	5 BYTE c	6 JUMP 4	7 MATCH
 *
 * Targets are kept relative, so that a block of the program can be moved and copied as it is. The language is that of
 * pcre2pattern(3), as far as regex.h says.
 */
#include "regex.h"

#include <errno.h>
#include <string.h>

enum op { OP_BYTE, OP_ANY, OP_SET, OP_SPLIT, OP_JUMP, OP_BEGIN, OP_END, OP_MATCH };

struct inst {
	enum op op;
	uint8_t byte;
	int16_t x, y; /* relative targets of SPLIT, JUMP; the number of a SET */
};

struct set {
	uint8_t bits[32];
};

struct bm_regex {
	struct inst code[BM_REGEX_STATES_MAX];
	int n;
	struct set *sets;
	int n_sets, cap_sets;
	/* the machine: where it is, where it will be, and what is still to be followed */
	uint16_t now[BM_REGEX_STATES_MAX], next[BM_REGEX_STATES_MAX], stack[BM_REGEX_STATES_MAX];
	uint32_t mark[BM_REGEX_STATES_MAX], round;
};

struct parser {
	struct bm_regex *regex;
	const char *at;
	unsigned int depth;
};

static int emit(struct bm_regex *regex, enum op op, uint8_t byte, int x, int y)
{
	if (regex->n >= BM_REGEX_STATES_MAX)
		return -E2BIG;
	regex->code[regex->n++] = (struct inst){op, byte, (int16_t)x, (int16_t)y};
	return 0;
}

/* Puts a SPLIT before the block that begins at start; targets are relative to the SPLIT. */
static int insert_split(struct bm_regex *regex, int start, int x, int y)
{
	int r = emit(regex, OP_SPLIT, 0, 0, 0);

	if (r < 0)
		return r;
	memmove(regex->code + start + 1, regex->code + start, (size_t)(regex->n - 1 - start) * sizeof(*regex->code));
	regex->code[start] = (struct inst){OP_SPLIT, 0, (int16_t)x, (int16_t)y};
	return 0;
}

/* --- sets --- */

static void set_add(struct set *set, unsigned int from, unsigned int to)
{
	for (unsigned int c = from; c <= to; c++)
		set->bits[c / 8] |= (uint8_t)(1U << (c % 8));
}

static bool set_has(const struct set *set, unsigned int c)
{
	return set->bits[c / 8] >> (c % 8) & 1;
}

static void set_invert(struct set *set)
{
	for (size_t i = 0; i < sizeof(set->bits); i++)
		set->bits[i] = (uint8_t)~set->bits[i];
}

/* Adds what \d, \w, \s and their opposites stand for; false for another letter. */
static bool set_add_kind(struct set *set, char letter)
{
	struct set kind = {{0}};

	switch (letter) {
	case 'd':
	case 'D':
		set_add(&kind, '0', '9');
		break;
	case 'w':
	case 'W':
		set_add(&kind, '0', '9');
		set_add(&kind, 'A', 'Z');
		set_add(&kind, 'a', 'z');
		set_add(&kind, '_', '_');
		break;
	case 's':
	case 'S':
		set_add(&kind, '\t', '\r');
		set_add(&kind, ' ', ' ');
		break;
	default:
		return false;
	}
	if (letter == 'D' || letter == 'W' || letter == 'S')
		set_invert(&kind);
	for (size_t i = 0; i < sizeof(set->bits); i++)
		set->bits[i] |= kind.bits[i];
	return true;
}

static const struct {
	const char *name;
	const char *ranges; /* pairs of first and last byte */
} classes[] = {
	{"alnum", "09AZaz"},
	{"alpha", "AZaz"},
	{"blank", "\t\t  "},
	{"digit", "09"},
	{"lower", "az"},
	{"punct", "!/:@[`{~"},
	{"space", "\t\r  "},
	{"upper", "AZ"},
	{"word", "09AZaz__"},
	{"xdigit", "09AFaf"},
};

/* A class "[:alpha:]" at p: adds it and returns the byte behind it, or NULL where there is none. */
static const char *set_add_class(struct set *set, const char *p)
{
	for (size_t i = 0; i < BM_ARRAY_SIZE(classes); i++) {
		size_t len = strlen(classes[i].name);

		if (strncmp(p + 2, classes[i].name, len) != 0 || strncmp(p + 2 + len, ":]", 2) != 0)
			continue;
		for (const char *range = classes[i].ranges; *range; range += 2)
			set_add(set, (unsigned char)range[0], (unsigned char)range[1]);
		return p + 4 + len;
	}
	return NULL;
}

static int hex_value(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* The byte that an escape stands for; parser->at is behind the backslash. -EINVAL for one that is no single byte. */
static int escaped_byte(struct parser *parser)
{
	static const char names[] = "tnrfae", bytes[] = "\t\n\r\f\a\033";
	char c = *parser->at;
	const char *known;

	if (c == '\0')
		return -EINVAL;
	parser->at++;
	if (!is_alnum(c))
		return (unsigned char)c;
	known = strchr(names, c);
	if (known)
		return (unsigned char)bytes[known - names];
	if (c == 'x' && hex_value(parser->at[0]) >= 0 && hex_value(parser->at[1]) >= 0) {
		parser->at += 2;
		return hex_value(parser->at[-2]) * 16 + hex_value(parser->at[-1]);
	}
	return -EINVAL;
}

/* One end of a range inside brackets. A kind (\d) or a class is added at once, and -EAGAIN says so. */
static int set_byte(struct parser *parser, struct set *set)
{
	if (parser->at[0] == '[' && parser->at[1] == ':') {
		const char *end = set_add_class(set, parser->at);

		if (!end)
			return -EINVAL;
		parser->at = end;
		return -EAGAIN;
	}
	if (*parser->at != '\\')
		return (unsigned char)*parser->at++;
	parser->at++;
	if (*parser->at && set_add_kind(set, *parser->at)) {
		parser->at++;
		return -EAGAIN;
	}
	return escaped_byte(parser);
}

static int keep_set(struct bm_regex *regex, const struct set *set)
{
	if (regex->n_sets == regex->cap_sets) {
		int cap = regex->cap_sets ? regex->cap_sets * 2 : 8;
		struct set *sets;

		if (cap > BM_REGEX_STATES_MAX)
			return -E2BIG;
		sets = realloc(regex->sets, (size_t)cap * sizeof(*sets));
		if (!sets)
			return -ENOMEM;
		regex->sets = sets;
		regex->cap_sets = cap;
	}
	regex->sets[regex->n_sets] = *set;
	return emit(regex, OP_SET, 0, regex->n_sets++, 0);
}

/* [...]; parser->at is behind the bracket. */
static int parse_set(struct parser *parser)
{
	struct set set = {{0}};
	bool invert = *parser->at == '^';

	if (invert)
		parser->at++;
	for (bool first = true; first || *parser->at != ']'; first = false) {
		int from, to;

		if (*parser->at == '\0')
			return -EINVAL;
		from = set_byte(parser, &set);
		if (from == -EAGAIN)
			continue;
		if (from < 0)
			return from;
		to = from;
		if (parser->at[0] == '-' && parser->at[1] != ']' && parser->at[1] != '\0') {
			parser->at++;
			to = set_byte(parser, &set);
		}
		if (to < from)
			return -EINVAL;
		set_add(&set, (unsigned int)from, (unsigned int)to);
	}
	parser->at++;
	if (invert)
		set_invert(&set);
	return keep_set(parser->regex, &set);
}

/* --- the grammar --- */

static int parse_branches(struct parser *parser);

static int parse_group(struct parser *parser)
{
	int r;

	if (parser->at[0] == '?' && parser->at[1] == ':')
		parser->at += 2;
	else if (parser->at[0] == '?' || parser->at[0] == '*')
		return -EINVAL;
	if (++parser->depth > BM_REGEX_DEPTH_MAX)
		return -E2BIG;
	r = parse_branches(parser);
	if (r < 0)
		return r;
	if (*parser->at != ')')
		return -EINVAL;
	parser->at++;
	parser->depth--;
	return 0;
}

static int parse_escape(struct parser *parser)
{
	struct set set = {{0}};
	int byte;

	if (*parser->at == 'A' || *parser->at == 'z' || *parser->at == 'Z')
		return emit(parser->regex, *parser->at++ == 'A' ? OP_BEGIN : OP_END, 0, 0, 0);
	if (*parser->at && set_add_kind(&set, *parser->at)) {
		parser->at++;
		return keep_set(parser->regex, &set);
	}
	byte = escaped_byte(parser);
	return byte < 0 ? byte : emit(parser->regex, OP_BYTE, (uint8_t)byte, 0, 0);
}

static bool read_count(const char **at, unsigned int *ret_count)
{
	unsigned int count = 0;

	if (**at < '0' || **at > '9')
		return false;
	for (; **at >= '0' && **at <= '9'; (*at)++)
		count = BM_MIN(count * 10 + (unsigned int)(**at - '0'), (unsigned int)BM_REGEX_REPEAT_MAX + 1);
	*ret_count = count;
	return true;
}

/* {m}, {m,}, {m,n} at p: returns what is behind it, or NULL where the brace stands for itself. */
static const char *read_bounds(const char *p, unsigned int *ret_least, unsigned int *ret_most)
{
	if (*p++ != '{' || !read_count(&p, ret_least))
		return NULL;
	*ret_most = *ret_least;
	if (*p == ',') {
		p++;
		*ret_most = UINT32_MAX;
		if (*p != '}' && !read_count(&p, ret_most))
			return NULL;
	}
	return *p == '}' ? p + 1 : NULL;
}

static int parse_atom(struct parser *parser)
{
	unsigned int least, most;
	char c = *parser->at++;

	switch (c) {
	case '(':
		return parse_group(parser);
	case '[':
		return parse_set(parser);
	case '\\':
		return parse_escape(parser);
	case '.':
		return emit(parser->regex, OP_ANY, 0, 0, 0);
	case '^':
		return emit(parser->regex, OP_BEGIN, 0, 0, 0);
	case '$':
		return emit(parser->regex, OP_END, 0, 0, 0);
	case '*':
	case '+':
	case '?':
		return -EINVAL;
	case '{':
		if (read_bounds(parser->at - 1, &least, &most))
			return -EINVAL;
		return emit(parser->regex, OP_BYTE, (uint8_t)c, 0, 0);
	default:
		return emit(parser->regex, OP_BYTE, (uint8_t)c, 0, 0);
	}
}

static int append(struct bm_regex *regex, const struct inst *block, int len)
{
	if (len > BM_REGEX_STATES_MAX - regex->n)
		return -E2BIG;
	/* An empty expression has no block at all. */
	if (len > 0)
		memcpy(regex->code + regex->n, block, (size_t)len * sizeof(*block));
	regex->n += len;
	return 0;
}

static int star(struct bm_regex *regex, int start)
{
	int len = regex->n - start, r;

	r = insert_split(regex, start, 1, len + 2);
	return r < 0 ? r : emit(regex, OP_JUMP, 0, -(len + 1), 0);
}

/* The block from start on, least to most times. */
static int repeat(struct bm_regex *regex, int start, unsigned int least, unsigned int most)
{
	_cleanup_free_ struct inst *block = NULL;
	int len = regex->n - start, r = 0;

	if (least > most)
		return -EINVAL;
	if (least > BM_REGEX_REPEAT_MAX || (most > BM_REGEX_REPEAT_MAX && most != UINT32_MAX))
		return -E2BIG;
	block = malloc((size_t)len * sizeof(*block) + 1);
	if (!block)
		return -ENOMEM;
	memcpy(block, regex->code + start, (size_t)len * sizeof(*block));
	regex->n = start;
	for (unsigned int i = 0; r == 0 && i < least; i++)
		r = append(regex, block, len);
	if (r == 0 && most == UINT32_MAX) {
		start = regex->n;
		r = append(regex, block, len);
		return r < 0 ? r : star(regex, start);
	}
	for (unsigned int i = least; r == 0 && i < most; i++) {
		r = emit(regex, OP_SPLIT, 0, 1, len + 1);
		if (r == 0)
			r = append(regex, block, len);
	}
	return r;
}

static int parse_piece(struct parser *parser)
{
	struct bm_regex *regex = parser->regex;
	unsigned int least, most;
	const char *behind;
	int start = regex->n, r;

	r = parse_atom(parser);
	if (r < 0)
		return r;
	behind = read_bounds(parser->at, &least, &most);
	if (behind) {
		parser->at = behind;
		r = repeat(regex, start, least, most);
	} else if (*parser->at == '*') {
		parser->at++;
		r = star(regex, start);
	} else if (*parser->at == '+') {
		parser->at++;
		r = emit(regex, OP_SPLIT, 0, start - regex->n, 1);
	} else if (*parser->at == '?') {
		parser->at++;
		r = insert_split(regex, start, 1, regex->n - start + 1);
	} else {
		return 0;
	}
	/* Lazy is the same where all of the text is to match; possessive is not. */
	if (*parser->at == '?')
		parser->at++;
	return r;
}

/* a|b|c. The JUMPs behind the branches are linked by y until their end is known. */
static int parse_branches(struct parser *parser)
{
	struct bm_regex *regex = parser->regex;
	int jumps = -1, r;

	for (;;) {
		int start = regex->n;

		while (*parser->at && *parser->at != '|' && *parser->at != ')') {
			r = parse_piece(parser);
			if (r < 0)
				return r;
		}
		if (*parser->at != '|')
			break;
		parser->at++;
		r = insert_split(regex, start, 1, regex->n - start + 2);
		if (r == 0)
			r = emit(regex, OP_JUMP, 0, 0, jumps);
		if (r < 0)
			return r;
		jumps = regex->n - 1;
	}
	while (jumps >= 0) {
		int before = regex->code[jumps].y;

		regex->code[jumps].x = (int16_t)(regex->n - jumps);
		jumps = before;
	}
	return 0;
}

int bm_regex_new(const char *pattern, struct bm_regex **ret_regex)
{
	struct bm_regex *regex = calloc(1, sizeof(*regex));
	struct parser parser = {.regex = regex, .at = pattern};
	int r;

	if (!regex)
		return -ENOMEM;
	r = parse_branches(&parser);
	if (r == 0 && *parser.at != '\0')
		r = -EINVAL;
	if (r == 0)
		r = emit(regex, OP_MATCH, 0, 0, 0);
	if (r < 0) {
		bm_regex_free(regex);
		return r;
	}
	*ret_regex = regex;
	return 0;
}

struct bm_regex *bm_regex_free(struct bm_regex *regex)
{
	if (regex)
		free(regex->sets);
	free(regex);
	return NULL;
}

void bm_regex_freep(struct bm_regex **regex)
{
	*regex = bm_regex_free(*regex);
}

/* --- the machine --- */

/* Adds the places that are reached from pc without a byte. Each is pushed once a round, so the stack holds them all. */
static int follow(struct bm_regex *regex, int pc, bool begin, bool end, uint16_t *list, int n)
{
	int top = 0;

	if (regex->mark[pc] == regex->round)
		return n;
	regex->mark[pc] = regex->round;
	regex->stack[top++] = (uint16_t)pc;
	while (top > 0) {
		const struct inst *inst;
		int targets[2], n_targets = 0;

		pc = regex->stack[--top];
		inst = &regex->code[pc];
		if (inst->op == OP_SPLIT || inst->op == OP_JUMP)
			targets[n_targets++] = pc + inst->x;
		else if ((inst->op == OP_BEGIN && begin) || (inst->op == OP_END && end))
			targets[n_targets++] = pc + 1;
		else if (inst->op != OP_BEGIN && inst->op != OP_END)
			list[n++] = (uint16_t)pc;
		if (inst->op == OP_SPLIT)
			targets[n_targets++] = pc + inst->y;
		for (int i = 0; i < n_targets; i++)
			if (regex->mark[targets[i]] != regex->round) {
				regex->mark[targets[i]] = regex->round;
				regex->stack[top++] = (uint16_t)targets[i];
			}
	}
	return n;
}

static bool takes(const struct bm_regex *regex, const struct inst *inst, unsigned char c)
{
	return inst->op == OP_ANY || (inst->op == OP_BYTE && inst->byte == c) ||
	       (inst->op == OP_SET && set_has(&regex->sets[inst->x], c));
}

bool bm_regex_match(struct bm_regex *regex, const char *text)
{
	size_t len = strnlen(text, BM_REGEX_TEXT_MAX + 1);
	int n;

	if (len > BM_REGEX_TEXT_MAX)
		return false;
	/* The marks of earlier texts must not come round again. */
	if (regex->round > UINT32_MAX - BM_REGEX_TEXT_MAX - 2) {
		memset(regex->mark, 0, sizeof(regex->mark));
		regex->round = 0;
	}
	regex->round++;
	n = follow(regex, 0, true, len == 0, regex->now, 0);
	for (size_t i = 0; i < len && n > 0; i++) {
		int n_next = 0;

		regex->round++;
		for (int s = 0; s < n; s++)
			if (takes(regex, &regex->code[regex->now[s]], (unsigned char)text[i]))
				n_next = follow(regex, regex->now[s] + 1, false, i + 1 == len, regex->next, n_next);
		memcpy(regex->now, regex->next, (size_t)n_next * sizeof(*regex->now));
		n = n_next;
	}
	for (int s = 0; s < n; s++)
		if (regex->code[regex->now[s]].op == OP_MATCH)
			return true;
	return false;
}
