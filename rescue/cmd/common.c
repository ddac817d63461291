/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every verb needs: options, messages, help.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "cmd.h"

static const char global_help[] =
	"Options of every verb:\n"
	"  --disk DEVICE|IMAGE  look at this disk or image file only (may be repeated)\n"
	"  --system ID          the system to work on: start of its root's UUID, or host name\n"
	"  --root DIR           the system is already mounted at DIR\n"
	"  --json               write JSON for programs\n"
	"  -v, -q               say more, say less\n"
	"  --color WHEN         always, never, auto\n"
	"  --help, --version\n"
	"\n"
	"Exit status, as bits: 0 nothing wrong, 1 repaired, 2 reboot advised, 4 problems remain,\n"
	"8 could not work, 16 usage, 32 cancelled, 64 ambiguous (name a system with --system).\n";

/* Where a line's first letter is: behind colours, which a script may take out. */
static size_t colours(const char *at, const char *end)
{
	const char *begin = at;

	while (end - at > 2 && at[0] == '\033' && at[1] == '[') {
		const char *letter = at + 2;

		while (letter < end && (*letter == ';' || (*letter >= '0' && *letter <= '9')))
			letter++;
		if (letter == end || *letter != 'm')
			break;
		at = letter + 1;
	}
	return (size_t)(at - begin);
}

int bm_cmd_guard(const char *text, size_t len, struct bm_buf *out)
{
	static const char prefix[] = BM_CMD_RESULT;
	const char *end = text + len;
	bool begins = true;

	for (const char *at = text; at < end; at++) {
		size_t skip = begins ? colours(at, end) : 0;

		if (begins && (size_t)(end - at) - skip >= sizeof(prefix) - 1 &&
			memcmp(at + skip, prefix, sizeof(prefix) - 1) == 0)
			bm_buf_adds(out, "| ");
		begins = *at == '\n' || *at == '\r';
		bm_buf_addc(out, *at);
	}
	return out->failed ? -ENOMEM : 0;
}

void bm_cmd_say(FILE *stream, const char *text)
{
	_cleanup_buf_ struct bm_buf out = {0};

	if (bm_cmd_guard(text, strlen(text), &out) == 0)
		fputs(bm_buf_text(&out), stream);
}

/* Of a line that is longer the end is left out. */
static char said[512];

const char *bm_cmd_said(void)
{
	return said;
}

void bm_cmd_error(const char *format, ...)
{
	_cleanup_buf_ struct bm_buf line = {0}, out = {0};
	_cleanup_free_ char *safe = NULL;
	va_list args;

	va_start(args, format);
	bm_buf_addv(&line, format, args);
	va_end(args);
	safe = bm_str_safe(bm_buf_text(&line));
	snprintf(said, sizeof(said), "%s", safe ? safe : "out of memory");
	bm_buf_addf(&out, "bootmend: %s\n", safe ? safe : "out of memory");
	bm_cmd_say(stderr, bm_buf_text(&out));
}

int bm_cmd_failed(int error, const char *what)
{
	if (what)
		bm_cmd_error("%s: %s", what, bm_err_text(error));
	else
		bm_cmd_error("%s", bm_err_text(error));
	return BM_EXIT_FAILED;
}

int bm_cmd_usage(const char *format, ...)
{
	_cleanup_buf_ struct bm_buf line = {0};
	va_list args;

	va_start(args, format);
	bm_buf_addv(&line, format, args);
	va_end(args);
	bm_cmd_error("%s (see bootmend --help)", bm_buf_text(&line));
	return BM_EXIT_USAGE;
}

int bm_cmd_print(const struct bm_buf *text, int status)
{
	_cleanup_buf_ struct bm_buf out = {0};

	if (text->failed || bm_cmd_guard(bm_buf_text(text), text->len, &out) < 0) {
		bm_cmd_error("out of memory");
		return BM_EXIT_FAILED;
	}
	if (out.len > 0 && (fwrite(out.data, 1, out.len, stdout) != out.len)) {
		bm_cmd_error("cannot write the result: %s", strerror(errno));
		return BM_EXIT_FAILED;
	}
	if (fflush(stdout) != 0) {
		bm_cmd_error("cannot write the result: %s", strerror(errno));
		return BM_EXIT_FAILED;
	}
	return status;
}

void bm_cmd_help(const struct bm_cmd *cmd)
{
	if (cmd) {
		printf("bootmend %s %s\n  %s\n", cmd->name, cmd->arguments, cmd->summary);
		if (cmd->details)
			printf("\n%s", cmd->details);
		printf("\n%s", global_help);
		return;
	}
	printf("bootmend: gets a Linux machine that does not boot back on its feet\n\n"
	       "  bootmend                   on a console: the menu\n");
	for (size_t i = 0; i < bm_cmds_n; i++) {
		_cleanup_free_ char *usage = bm_strf("%s %s", bm_cmds[i]->name, bm_cmds[i]->arguments);

		if (!usage)
			return;
		if (strlen(usage) > 17)
			printf("  bootmend %s\n%29s%s\n", usage, "", bm_cmds[i]->summary);
		else
			printf("  bootmend %-17s %s\n", usage, bm_cmds[i]->summary);
	}
	printf("\n%s", global_help);
}

static const struct bm_cmd_option *find_option(
	const struct bm_cmd_option *options, size_t n, const char *word, const char **ret_inline)
{
	for (size_t i = 0; i < n; i++) {
		const char *rest = bm_str_after(word, options[i].name);

		*ret_inline = NULL;
		if (rest && *rest == '\0')
			return &options[i];
		if (rest && *rest == '=') {
			*ret_inline = rest + 1;
			return &options[i];
		}
		if (options[i].letter && word[0] == '-' && word[1] == options[i].letter && word[2] == '\0')
			return &options[i];
	}
	return NULL;
}

int bm_cmd_options(const struct bm_cmd_option *options, size_t n, int argc, char **argv, int *ret_n_words)
{
	bool ended = false;
	int words = 0;

	for (int i = 1; i < argc; i++) {
		const struct bm_cmd_option *option;
		const char *value = NULL;

		if (ended || argv[i][0] != '-' || argv[i][1] == '\0') {
			argv[1 + words++] = argv[i];
			continue;
		}
		if (bm_streq(argv[i], "--")) {
			ended = true;
			continue;
		}
		option = find_option(options, n, argv[i], &value);
		if (!option)
			return bm_cmd_usage("%s has no option %s", argv[0], argv[i]);
		if (option->flag) {
			if (value)
				return bm_cmd_usage("%s takes no value", option->name);
			*option->flag = true;
			continue;
		}
		if (!value && i + 1 < argc)
			value = argv[++i];
		if (!value || !*value)
			return bm_cmd_usage("%s needs a value", option->name);
		*option->value = value;
	}
	*ret_n_words = words;
	return BM_EXIT_OK;
}
