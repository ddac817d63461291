/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BM_ERR_LINE_MAX = 1024 };

static char kept[BM_ERR_LINE_MAX];
static int kept_error;

int bm_err(int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(kept, sizeof(kept), format, args);
	va_end(args);
	kept_error = error;
	return error;
}

int bm_err_within(int error, const char *format, ...)
{
	char old[BM_ERR_LINE_MAX];
	va_list args;
	size_t len;

	memcpy(old, kept_error == error ? kept : "", kept_error == error ? sizeof(old) : 1);
	va_start(args, format);
	vsnprintf(kept, sizeof(kept), format, args);
	va_end(args);
	kept_error = error;
	len = strlen(kept);
	if (old[0] && len + 3 < sizeof(kept))
		snprintf(kept + len, sizeof(kept) - len, ": %.*s", (int)(sizeof(kept) - len - 3), old);
	return error;
}

const char *bm_err_text(int error)
{
	static char line[BM_ERR_LINE_MAX + 128];
	const char *reason = strerror(-error);

	if (kept_error != error || !kept[0])
		snprintf(line, sizeof(line), "%s", reason);
	else if (error == -ENOTRECOVERABLE || error == -ECANCELED)
		snprintf(line, sizeof(line), "%s", kept);
	else
		snprintf(line, sizeof(line), "%s: %s", kept, reason);
	return line;
}

void bm_err_clear(void)
{
	kept[0] = '\0';
	kept_error = 0;
}
