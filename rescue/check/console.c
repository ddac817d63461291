/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a text: its last boot, how far that came, and which signatures are in it.
 */
#include "console.h"

#include <errno.h>
#include <string.h>

#include "../base/str.h"
#include "../fmt/log/bootlog.h"
#include "console_end.h"

enum {
	OBSERVATIONS_MAX = 64,
	TEXT_MAX = 240,	   /* of an observation's line */
	SUBJECT_MAX = 200, /* of its subject */
	TABLE_SIZE = 4096, /* of the filter, a power of two */
	PATTERNS_MAX = 1024,
	FEW_LINES = 8, /* a boot of so few lines, without a kernel, is only the firmware's beginning */
};

/* What shows how far a boot came, and what it had. */
enum mark {
	MARK_STAGE, /* the row's stage */
	MARK_GIVEN, /* the kernel was given an initramfs */
	MARK_DISK,  /* the kernel found a disk */
	MARK_OVER,  /* what row's signature said is over */
};

static const struct {
	enum mark mark;
	int row; /* a stage, or of MARK_OVER a signature */
	const char *pattern;
} marks[] = {
#define MARK(kind, row, pattern) {MARK_##kind, BM_##row, pattern},
#include "mark.def"
#undef MARK
};

/* A pattern in the filter: those whose longest literal begins with the same three letters are in one list. */
struct entry {
	const char *pattern;
	size_t len;
	int signature; /* or -1 - the mark's row; those of end.def follow the marks */
	int next;
	unsigned int tried; /* the search that it was tried in last */
};

struct filter {
	short head[TABLE_SIZE];
	struct entry entries[PATTERNS_MAX];
	int n;
	unsigned int search; /* counts the lines */
};

static unsigned char low(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static unsigned int hash_of(const char *p)
{
	return (low(p[0]) * 961u + low(p[1]) * 31u + low(p[2])) & (TABLE_SIZE - 1);
}

/* The longest part of a pattern that stands in the text as it is. */
static const char *anchor_of(const char *pattern, size_t len, size_t *ret_len)
{
	const char *best = pattern, *end = pattern + len, *p = pattern;

	*ret_len = 0;
	while (p < end) {
		size_t n = 0;

		while (p + n < end && !strchr("*^$", p[n]) && !(p[n] == '{' && p + n + 1 < end && p[n + 1] == '}'))
			n++;
		if (n > *ret_len) {
			best = p;
			*ret_len = n;
		}
		p += n;
		while (p < end && (strchr("*^$", *p) || *p == '{' || *p == '}'))
			p++;
	}
	return best;
}

static void filter_add(struct filter *filter, const char *pattern, size_t len, int signature)
{
	size_t anchor_len;
	const char *anchor = anchor_of(pattern, len, &anchor_len);
	struct entry *entry;
	unsigned int hash;

	/* The tests see to it that each pattern has three letters, and that there are not too many. */
	if (anchor_len < 3 || filter->n >= PATTERNS_MAX)
		return;
	hash = hash_of(anchor);
	entry = &filter->entries[filter->n];
	*entry = (struct entry){pattern, len, signature, filter->head[hash], 0};
	filter->head[hash] = (short)filter->n++;
}

static void filter_fill(struct filter *filter)
{
	memset(filter->head, 0xff, sizeof(filter->head));
	filter->n = 0;
	for (int i = 0; i < BM_SIGNATURE_COUNT; i++)
		for (const char *p = bm_signatures[i].patterns; *p;) {
			size_t len = strcspn(p, "\n");

			filter_add(filter, p, len, i);
			p += len + (p[len] == '\n');
		}
	for (size_t i = 0; i < BM_ARRAY_SIZE(marks); i++)
		filter_add(filter, marks[i].pattern, strlen(marks[i].pattern), -1 - (int)i);
	for (size_t i = 0; i < bm_end_rows(); i++)
		filter_add(filter, bm_end_pattern(i), strlen(bm_end_pattern(i)), -1 - (int)(BM_ARRAY_SIZE(marks) + i));
}

/* What is found in a line: the first signature of the table, every mark, and the first row of end.def. */
struct found {
	int signature; /* or -1 */
	int end;       /* or -1 */
	const char *word;
	size_t word_len;
	enum bm_stage stage; /* 0: none */
	bool given, disk;
	int over; /* a signature, or -1 */
};

static void note_mark(struct found *found, size_t row)
{
	if (row >= BM_ARRAY_SIZE(marks)) {
		int end = (int)(row - BM_ARRAY_SIZE(marks));

		found->end = found->end < 0 ? end : BM_MIN(found->end, end);
		return;
	}
	found->given |= marks[row].mark == MARK_GIVEN;
	found->disk |= marks[row].mark == MARK_DISK;
	if (marks[row].mark == MARK_OVER)
		found->over = marks[row].row;
	if (marks[row].mark == MARK_STAGE)
		found->stage = BM_MAX(found->stage, (enum bm_stage)marks[row].row);
}

static void search_line(struct filter *filter, const char *text, struct found *ret)
{
	*ret = (struct found){.signature = -1, .end = -1, .over = -1};
	filter->search++;
	for (const char *p = text; p[0] && p[1] && p[2]; p++)
		for (int i = filter->head[hash_of(p)]; i >= 0; i = filter->entries[i].next) {
			struct entry *entry = &filter->entries[i];
			const char *word;
			size_t len;

			/* Once in a line, however often its letters come. */
			if (entry->tried == filter->search ||
				(entry->signature >= 0 && ret->signature >= 0 && entry->signature >= ret->signature))
				continue;
			entry->tried = filter->search;
			if (!bm_signature_match(entry->pattern, entry->len, text, &word, &len))
				continue;
			if (entry->signature >= 0) {
				ret->signature = entry->signature;
				ret->word = word;
				ret->word_len = len;
				continue;
			}
			note_mark(ret, (size_t)(-1 - entry->signature));
		}
}

/* The word as a whole, with systemd's escapes (\x2d) carried out, and without what names a unit or ends a sentence. */
static char *subject_of(const char *word)
{
	static const char *const suffixes[] = {".sh", ".device", ".mount", ".service"};
	size_t len = strcspn(word, " \"'()"), n = 0;
	char *subject = calloc(1, BM_MIN(len, (size_t)SUBJECT_MAX) + 1);
	bool unit;

	if (!subject)
		return NULL;
	for (size_t i = 0; i < len && n < SUBJECT_MAX; i++) {
		uint64_t code;

		if (word[i] == '\\' && i + 3 < len && word[i + 1] == 'x' &&
			bm_num_base(word + i + 2, 2, 16, &code) == 0 && code >= 0x20 && code < 0x7f) {
			/* A dash that was one: the others become slashes below. */
			subject[n++] = code == '-' ? '\001' : (char)code;
			i += 3;
			continue;
		}
		subject[n++] = word[i];
	}
	while (n > 0 && strchr(".,:;", subject[n - 1]))
		subject[--n] = '\0';
	unit = bm_str_starts(subject, "dev-");
	for (size_t i = 0; i < BM_ARRAY_SIZE(suffixes); i++)
		if (bm_str_ends(subject, suffixes[i]) && (unit || i == 0)) {
			n -= strlen(suffixes[i]);
			subject[n] = '\0';
		}
	for (size_t i = 0; i < n; i++) {
		if (unit && subject[i] == '-')
			subject[i] = '/';
		if (subject[i] == '\001')
			subject[i] = '-';
	}
	if (unit) {
		char *path = bm_strf("/%s", subject);

		free(subject);
		return path;
	}
	return subject;
}

static int observe(
	struct bm_console *console, const struct found *found, const struct bm_bootlog_line *line, const char *text)
{
	_cleanup_free_ char *subject = found->word ? subject_of(found->word) : NULL;
	struct bm_observation *observation;

	if (found->word && !subject)
		return -ENOMEM;
	for (size_t i = 0; i < console->n_observations; i++) {
		observation = &console->observations[i];
		if ((int)observation->signature == found->signature && bm_streq(observation->subject, subject)) {
			observation->times++;
			observation->last = line->number;
			/* What comes back after a recovery is not over. */
			observation->stage = BM_MAX(observation->stage, console->reached);
			return 0;
		}
	}
	if (console->n_observations >= OBSERVATIONS_MAX)
		return 0;
	observation = BM_VEC_PUSH(console->observations, console->n_observations, console->cap_observations);
	if (!observation)
		return -ENOMEM;
	*observation = (struct bm_observation){.signature = (enum bm_signature_id)found->signature,
		.line = line->number,
		.last = line->number,
		.times = 1,
		.stage = console->reached};
	observation->text = strlen(text) > TEXT_MAX ? bm_strf("%.*s...", TEXT_MAX, text) : strdup(text);
	observation->subject = subject;
	subject = NULL;
	return observation->text ? 0 : -ENOMEM;
}

static void observation_done(struct bm_observation *observation)
{
	free(observation->text);
	free(observation->subject);
}

/* Forgets what a stage that was reached later has shown to be harmless. */
static void forgive(struct bm_console *console, enum bm_stage stage)
{
	size_t kept = 0;

	for (size_t i = 0; i < console->n_observations; i++) {
		struct bm_observation *observation = &console->observations[i];

		if (bm_signatures[observation->signature].until <= stage)
			observation_done(observation);
		else
			console->observations[kept++] = *observation;
	}
	console->n_observations = kept;
}

/* Forgets what has this signature. */
static void forgive_one(struct bm_console *console, int signature)
{
	size_t kept = 0;

	for (size_t i = 0; i < console->n_observations; i++) {
		struct bm_observation *observation = &console->observations[i];

		if ((int)observation->signature == signature)
			observation_done(observation);
		else
			console->observations[kept++] = *observation;
	}
	console->n_observations = kept;
}

/* The line shows that what this signature says is over, and with it the question that mountall asked. */
static void get_over(struct bm_console *console, int signature)
{
	forgive_one(console, signature);
	if (signature == BM_SIGNATURE_MOUNTALL && console->end.text && strstr(console->end.text, "to skip mounting"))
		bm_end_forget(console);
}

/* An initramfs runs before the root, so that what came before its words did so, too. */
static void place_early(struct bm_console *console)
{
	for (size_t i = 0; i < console->n_observations; i++)
		if (console->observations[i].stage == BM_STAGE_KERNEL)
			console->observations[i].stage = BM_STAGE_INITRD;
}

static void forget_boot(struct bm_console *console)
{
	forgive(console, BM_STAGE_NEVER);
	bm_end_forget(console);
	console->reached = BM_STAGE_LOADER;
	console->initrd = console->disks = false;
}

/* What a running system says of a device or a server is no matter of its boot; that it dies, or what may keep it from
 * the next boot, is. */
static bool counts(const struct bm_console *console, int signature)
{
	return console->reached < BM_STAGE_UP || bm_signatures[signature].until == BM_STAGE_NEVER ||
	       (bm_signatures[signature].strength == BM_STRENGTH_END && signature >= BM_SIGNATURE_CPU_OLD) ||
	       signature == BM_SIGNATURE_FS_BAD;
}

static int read_boot(struct bm_console *console, struct filter *filter, const struct bm_bootlog *log,
	const struct bm_bootlog_boot *boot)
{
	struct bm_end_state state;
	unsigned int life = 0;

	if (bm_end_begin(&state, boot->cmdline) < 0)
		return -ENOMEM;
	for (size_t i = boot->first; i < boot->end; i++) {
		const char *text = bm_bootlog_text(log, i);
		struct found found;

		if (log->lines[i].sender >= BM_SENDER_INITRD || bm_str_starts(text, "[ OK ]"))
			life = log->lines[i].number;
		if (log->lines[i].sender == BM_SENDER_OTHER) {
			if (bm_end_line(&state, -1, &log->lines[i], text, console) < 0)
				return -ENOMEM;
			continue;
		}
		search_line(filter, text, &found);
		console->initrd |= found.given;
		console->disks |= found.disk;
		/* An initramfs has local filesystems, too: those count only behind the root. */
		if (found.stage == BM_STAGE_LOCAL && console->reached < BM_STAGE_ROOT)
			found.stage = BM_STAGE_LOADER;
		if (log->lines[i].sender == BM_SENDER_INITRD && console->reached < BM_STAGE_ROOT)
			found.stage = BM_MAX(found.stage, BM_STAGE_INITRD);
		/* A time, or words of the kernel and of what it starts: it runs. */
		if (found.stage == BM_STAGE_LOADER &&
			(log->lines[i].stamped || found.signature > BM_SIGNATURE_FIRMWARE_NOTHING))
			found.stage = BM_STAGE_KERNEL;
		if (found.stage > BM_STAGE_LOADER) {
			if (found.stage == BM_STAGE_INITRD && console->reached <= BM_STAGE_INITRD)
				place_early(console);
			console->reached = BM_MAX(console->reached, found.stage);
			forgive(console, found.stage);
			bm_end_stage(console, found.stage);
		}
		if (found.over >= 0)
			get_over(console, found.over);
		if (bm_end_line(&state, found.end, &log->lines[i], text, console) < 0)
			return -ENOMEM;
		if (found.signature >= 0 && counts(console, found.signature) &&
			observe(console, &found, &log->lines[i], text) < 0)
			return -ENOMEM;
	}
	bm_end_finish(&state, console);
	if (boot->end > boot->first)
		bm_console_relate(console, log->lines[boot->end - 1].number, life);
	return 0;
}

/* The boot that the text is about: the last one, but for one that has only just begun. */
static int read_last(struct bm_console *console, const struct bm_bootlog *log)
{
	struct filter *filter = calloc(1, sizeof(*filter));
	const struct bm_bootlog_boot *boot = NULL;
	int r = 0;

	if (!filter)
		return -ENOMEM;
	filter_fill(filter);
	for (size_t i = log->n_boots; r == 0 && i > 0; i--) {
		boot = &log->boots[i - 1];
		if (boot->crash)
			continue;
		forget_boot(console);
		r = read_boot(console, filter, log, boot);
		if (boot->kernel || console->n_observations > 0 || boot->end - boot->first > FEW_LINES ||
			console->reached > BM_STAGE_KERNEL)
			break;
	}
	free(filter);
	if (r < 0 || !boot)
		return r;
	console->time_s = boot->time_s;
	console->zoned = boot->zoned;
	return bm_str_set(&console->kernel, boot->kernel) < 0 || bm_str_set(&console->cmdline, boot->cmdline) < 0 ||
			       bm_str_set(&console->boot_id, boot->id) < 0
		       ? -ENOMEM
		       : 0;
}

int bm_console_read(
	struct bm_consoles *consoles, const char *name, enum bm_console_kind kind, const char *bytes, size_t len)
{
	_cleanup_bootlog_ struct bm_bootlog log = {0};
	struct bm_console *console;

	if (bm_bootlog_parse(bytes, len, &log) < 0)
		return -ENOMEM;
	console = BM_VEC_PUSH(consoles->items, consoles->n, consoles->capacity);
	if (!console)
		return -ENOMEM;
	console->kind = kind;
	console->n_lines = log.n_lines;
	console->n_boots = log.n_boots;
	console->cut = log.cut;
	if (bm_str_set(&console->name, name) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < log.n_boots; i++)
		if (log.boots[i].id && bm_strv_add_once(&console->boot_ids, log.boots[i].id) < 0)
			return -ENOMEM;
	return read_last(console, &log);
}

void bm_consoles_done(struct bm_consoles *consoles)
{
	for (size_t i = 0; i < consoles->n; i++) {
		struct bm_console *console = &consoles->items[i];

		for (size_t o = 0; o < console->n_observations; o++)
			observation_done(&console->observations[o]);
		free(console->observations);
		free(console->end.text);
		free(console->name);
		free(console->kernel);
		free(console->cmdline);
		free(console->boot_id);
		free(console->old);
		bm_strv_done(&console->boot_ids);
	}
	free(consoles->items);
	*consoles = (struct bm_consoles){0};
}

bool bm_consoles_up(const struct bm_consoles *consoles)
{
	for (size_t i = 0; i < consoles->n; i++)
		if (consoles->items[i].kind != BM_CONSOLE_KEPT && !consoles->items[i].old &&
			consoles->items[i].reached >= BM_STAGE_UP)
			return true;
	return false;
}

const char *bm_stage_text(enum bm_stage stage)
{
	static const char *const texts[] = {"loader", "kernel", "initramfs", "root", "local", "up", "never"};

	return texts[stage];
}

const char *bm_console_kind_text(enum bm_console_kind kind)
{
	static const char *const texts[] = {"given", "present", "kept"};

	return texts[kind];
}
