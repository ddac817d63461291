/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A boot log as a whole: its encoding, its lines, its boots.
 *
 *	SeaBIOS (version ...		the firmware and the loader come first, and belong to the boot they begin
 *	error: file `/x' not found.
 *	Linux version 6.1.0-9-amd64 (...
 *	Command line: BOOT_IMAGE=... root=...
 *	...				up to the next firmware, loader or kernel
 */
#include "bootlog_int.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"

static void boot_done(struct bm_bootlog_boot *boot)
{
	free(boot->kernel);
	free(boot->cmdline);
	free(boot->id);
}

void bm_bootlog_done(struct bm_bootlog *log)
{
	for (size_t i = 0; i < log->n_boots; i++)
		boot_done(&log->boots[i]);
	free(log->boots);
	free(log->lines);
	free(log->text);
	*log = (struct bm_bootlog){0};
}

/* What GRUB says when it fails; a program of a running system may begin a line with "error: ", too. */
static bool is_grub_error(const char *text)
{
	static const char *const parts[] = {"file '", "grub-core", "no such device", "no such partition",
		"no such disk", "unknown filesystem", "you need to load the kernel", "disk '", "out of memory",
		"symbol '", "bad shim signature", "invalid signature", "failure reading sector", "can't find command",
		"premature end of file", "attempt to read or write outside", "invalid magic number", "invalid arch"};

	if (strncasecmp(text, "error: ", 7) != 0)
		return false;
	for (size_t i = 0; i < BM_ARRAY_SIZE(parts); i++)
		if (strcasestr(text, parts[i]))
			return true;
	return false;
}

/* Whether the line comes from before a kernel. */
static bool is_loader(const struct bm_bootlog_line *line, const char *text)
{
	static const char *const starts[] = {"SeaBIOS (version", "GNU GRUB", "Booting '", "Booting a command list",
		"Loading Linux ", "Loading initial ramdisk", "Welcome to GRUB", "EFI stub:", "BdsDxe:", "iPXE ",
		"ISOLINUX ", "SYSLINUX ", "Probing EDD", "early console in ", "Decompressing Linux", "GRUB loading",
		"Press ESC for boot menu", "UEFI firmware (version", "grub rescue>", "LILO "};

	if (line->sender != BM_SENDER_NONE || line->stamped)
		return false;
	for (size_t i = 0; i < BM_ARRAY_SIZE(starts); i++)
		if (strncasecmp(text, starts[i], strlen(starts[i])) == 0)
			return true;
	return is_grub_error(text);
}

static struct bm_bootlog_boot *new_boot(struct bm_bootlog *log)
{
	struct bm_bootlog_boot *boot;

	if (log->n_boots >= BM_BOOTLOG_BOOTS_MAX) {
		size_t drop = log->n_boots / 2;

		for (size_t i = 0; i < drop; i++)
			boot_done(&log->boots[i]);
		memmove(log->boots, log->boots + drop, (log->n_boots - drop) * sizeof(*log->boots));
		log->n_boots -= drop;
		log->cut = true;
	}
	boot = BM_VEC_PUSH(log->boots, log->n_boots, log->cap_boots);
	if (boot)
		boot->first = boot->end = log->n_lines;
	return boot;
}

/* "Linux version 6.1.0-9-amd64 (debian-kernel@...": the version, or NULL. */
static const char *kernel_of(const char *text, size_t *ret_len)
{
	const char *version = strncasecmp(text, "Linux version ", 14) == 0 ? text + 14 : NULL;

	if (!version || !isdigit((unsigned char)*version))
		return NULL;
	*ret_len = strcspn(version, " ");
	return version;
}

/* "-- Boot 3f2a... --" and "-- Reboot --" of journalctl; *ret_id is its id, or NULL. */
static bool is_separator(const char *text, const char **ret_id)
{
	*ret_id = NULL;
	if (bm_streq(text, "-- Reboot --"))
		return true;
	if (!bm_str_starts(text, "-- Boot ") || strspn(text + 8, "0123456789abcdef") != 32)
		return false;
	*ret_id = text + 8;
	return true;
}

/* The boot that a line with this text belongs to: the present one or a new one. */
static struct bm_bootlog_boot *boot_for(
	struct bm_bootlog *log, const struct bm_bootlog_line *line, const char *text, const char *boot_id)
{
	struct bm_bootlog_boot *boot = log->n_boots > 0 ? &log->boots[log->n_boots - 1] : NULL;
	size_t len;

	if (!boot)
		return new_boot(log);
	if (boot_id)
		return boot->id && !bm_streq(boot->id, boot_id) ? new_boot(log) : boot;
	if ((boot->kernel && kernel_of(text, &len)) || ((boot->kernel || boot->ran) && is_loader(line, text)))
		return new_boot(log);
	return boot;
}

static int note_boot(struct bm_bootlog_boot *boot, const char *text, const struct bm_bootlog_prefix *prefix,
	const struct bm_bootlog_record *record)
{
	const char *version, *cmdline = bm_str_after(text, "Command line: ");
	int64_t time_s = record->time_s ? record->time_s : prefix->time_s;
	size_t len;

	if (record->boot_id && !boot->id && bm_str_set(&boot->id, record->boot_id) < 0)
		return -ENOMEM;
	if (boot->time_s == 0 && time_s > 0) {
		boot->time_s = time_s;
		boot->zoned = record->time_s ? true : prefix->zoned;
	}
	version = boot->kernel ? NULL : kernel_of(text, &len);
	if (version) {
		boot->kernel = strndup(version, len);
		if (!boot->kernel)
			return -ENOMEM;
	}
	if (!cmdline)
		cmdline = bm_str_after(text, "Kernel command line: ");
	if (cmdline && !boot->cmdline) {
		if (bm_str_set(&boot->cmdline, cmdline) < 0)
			return -ENOMEM;
		boot->crash = strstr(cmdline, "elfcorehdr=") != NULL;
	}
	return 0;
}

/* Whether the line begins as a message does: then the one before it only happens to be as wide as a screen. */
static bool is_start(const char *text)
{
	static const char *const starts[] = {"ALERT!", "Warning: ", "modprobe: ", "mount: ", "error: ", "dracut",
		"Begin: ", "Kernel panic", "cryptsetup: ", "mdadm: ", "ERROR: ", "fsck", "run-init: ", "BusyBox ",
		"(initramfs)", "(or ", "Gave up ", "Dropping to ", "VFS: "};

	for (size_t i = 0; i < BM_ARRAY_SIZE(starts); i++)
		if (bm_str_starts(text, starts[i]))
			return true;
	return false;
}

/* One line that is clean: into its boot, or behind the last line, where that was broken at the console's width. */
static int put_line(struct bm_bootlog_maker *maker, const char *clean, const struct bm_bootlog_record *record)
{
	struct bm_bootlog *log = maker->log;
	struct bm_bootlog_prefix prefix = {.sender = record->sender};
	const char *text = record->known ? clean : bm_bootlog_message(clean, &prefix), *id;
	struct bm_bootlog_line line = {.at = maker->text.len,
		.number = maker->number,
		.sender = prefix.sender,
		.stamped = prefix.stamped || record->known};
	struct bm_bootlog_boot *boot;
	size_t len;

	if (!*text)
		return 0;
	if (is_separator(text, &id)) {
		boot = new_boot(log);
		if (boot && id)
			boot->id = strndup(id, 32);
		return boot && (!id || boot->id) ? 0 : -ENOMEM;
	}
	if (maker->wrapped && text == clean && log->n_lines > 0 && *text != '[' && !record->known && !is_start(text) &&
		maker->text.len - log->lines[log->n_lines - 1].at < BM_BOOTLOG_LINE_MAX) {
		/* In place of the NUL. */
		maker->text.len--;
		if (maker->wrapped_blank)
			bm_buf_addc(&maker->text, ' ');
		bm_buf_add(&maker->text, text, strlen(text) + 1);
		return maker->text.failed ? -ENOMEM : 0;
	}
	maker->again |= bm_streq(text, "+ dmesg");
	if (maker->again && kernel_of(text, &len) && log->n_boots > 0) {
		maker->again = false;
		boot = &log->boots[log->n_boots - 1];
	} else {
		boot = boot_for(log, &line, text, record->boot_id);
	}
	if (!boot || note_boot(boot, text, &prefix, record) < 0)
		return -ENOMEM;
	bm_buf_add(&maker->text, text, strlen(text) + 1);
	if (maker->text.failed || !BM_VEC_PUSH(log->lines, log->n_lines, log->cap_lines))
		return -ENOMEM;
	log->lines[log->n_lines - 1] = line;
	boot->end = log->n_lines;
	boot->ran |= line.stamped || bm_str_starts(text, "[ OK ]");
	return 0;
}

int bm_bootlog_put(struct bm_bootlog_maker *maker, const struct bm_bootlog_record *record)
{
	unsigned int columns;
	char *clean;

	maker->line.len = 0;
	if (bm_buf_addc(&maker->line, '\0') < 0)
		return -ENOMEM;
	maker->line.len = 0;
	maker->line.data[0] = '\0';
	if (bm_bootlog_clean(record->raw, record->len, &maker->line, &columns) < 0)
		return -ENOMEM;
	clean = maker->line.data;
	for (char *p = clean; p;) {
		char *end = strchr(p, '\n');
		int r;

		if (end)
			*end = '\0';
		r = put_line(maker, p, record);
		if (r < 0)
			return r;
		p = end ? end + 1 : NULL;
		maker->wrapped = false;
	}
	maker->wrapped = columns == BM_BOOTLOG_WIDTH || (maker->width > 0 && columns == maker->width);
	maker->wrapped_blank = record->len > 0 && record->raw[record->len - 1] == ' ';
	return 0;
}

/* The width at which the longest lines end, where more than one does and screens of that width are usual; or 0. */
static unsigned int width_of(const char *bytes, size_t len)
{
	static const unsigned short usual[] = {90, 100, 120, 128, 132, 160, 240};
	const char *end = bytes + len;
	size_t widest = 0, times = 0;

	for (const char *p = bytes; p < end;) {
		const char *newline = memchr(p, '\n', (size_t)(end - p)), *stop = newline ? newline : end;
		size_t n = (size_t)(stop - p);

		n -= n > 0 && p[n - 1] == '\r';
		times = n > widest ? 1 : times + (n == widest);
		widest = BM_MAX(widest, n);
		p = stop + 1;
	}
	for (size_t i = 0; i < BM_ARRAY_SIZE(usual); i++)
		if (widest == usual[i] && times > 1)
			return usual[i];
	return 0;
}

static int put_text(struct bm_bootlog_maker *maker, const char *bytes, size_t len)
{
	const char *p = bytes, *end = bytes + len;

	maker->width = width_of(bytes, len);
	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p)), *stop = newline ? newline : end;
		struct bm_bootlog_record record = {.raw = p, .len = (size_t)(stop - p)};
		int r;

		if (record.len > 0 && record.raw[record.len - 1] == '\r')
			record.len--;
		maker->number++;
		r = bm_bootlog_put(maker, &record);
		if (r < 0)
			return r;
		p = stop + 1;
	}
	return 0;
}

/* UTF-16 of either order, as a redirect of Windows' PowerShell writes it: every other byte of ASCII text is NUL. */
static bool is_utf16(const unsigned char *bytes, size_t len, bool *ret_big)
{
	size_t even = 0, odd = 0, n = BM_MIN(len, (size_t)256) & ~(size_t)1;

	if (len >= 2 && ((bytes[0] == 0xff && bytes[1] == 0xfe) || (bytes[0] == 0xfe && bytes[1] == 0xff))) {
		*ret_big = bytes[0] == 0xfe;
		return true;
	}
	for (size_t i = 0; i < n; i += 2) {
		even += bytes[i] == 0;
		odd += bytes[i + 1] == 0;
	}
	*ret_big = even > odd;
	return n >= 16 && BM_MAX(even, odd) * 10 >= n * 4 && BM_MIN(even, odd) * 10 < n;
}

static int from_utf16(const unsigned char *bytes, size_t len, bool big, struct bm_buf *out)
{
	if (bm_buf_reserve(out, len / 2 + 16) < 0)
		return -ENOMEM;
	for (size_t i = 0; i + 1 < len; i += 2) {
		unsigned int c = big ? bytes[i] << 8 | bytes[i + 1] : bytes[i + 1] << 8 | bytes[i];

		if (c < 0x80) {
			bm_buf_addc(out, (char)c);
		} else if (c < 0x800) {
			bm_buf_addc(out, (char)(0xc0 | c >> 6));
			bm_buf_addc(out, (char)(0x80 | (c & 0x3f)));
		} else if (c >= 0xd800 && c < 0xe000) {
			bm_buf_addc(out, '?');
		} else {
			bm_buf_addc(out, (char)(0xe0 | c >> 12));
			bm_buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
			bm_buf_addc(out, (char)(0x80 | (c & 0x3f)));
		}
	}
	return out->failed ? -ENOMEM : 0;
}

/* Where the last lines begin: at most so many bytes and lines. */
static size_t tail_of(const char *bytes, size_t len)
{
	size_t from = len > BM_BOOTLOG_SIZE_MAX ? len - BM_BOOTLOG_SIZE_MAX : 0, lines = 0;

	for (size_t i = len; i > from; i--)
		if (bytes[i - 1] == '\n' && ++lines > BM_BOOTLOG_LINES_MAX)
			return i;
	return from;
}

int bm_bootlog_parse(const char *bytes, size_t len, struct bm_bootlog *ret)
{
	struct bm_bootlog log = {0};
	struct bm_bootlog_maker maker = {.log = &log};
	_cleanup_buf_ struct bm_buf converted = {0};
	bool big, journal = false;
	size_t from;
	int r = 0;

	if (is_utf16((const unsigned char *)bytes, len, &big)) {
		/* An odd number of bytes before the part that is kept would swap them. */
		from = len > BM_BOOTLOG_SIZE_MAX ? (len - BM_BOOTLOG_SIZE_MAX) & ~(size_t)1 : 0;
		log.cut = from > 0;
		r = from_utf16((const unsigned char *)bytes + from, len - from, big, &converted);
		bytes = bm_buf_text(&converted);
		len = converted.len;
	}
	if (r == 0) {
		from = tail_of(bytes, len);
		log.cut |= from > 0;
		r = bm_bootlog_journal(&maker, bytes + from, len - from, &journal);
		if (r == 0 && !journal)
			r = put_text(&maker, bytes + from, len - from);
	}
	bm_buf_done(&maker.line);
	if (r == 0 && maker.text.len == 0 && bm_buf_addc(&maker.text, '\0') < 0)
		r = -ENOMEM;
	log.text = bm_buf_steal(&maker.text);
	if (r < 0 || !log.text) {
		bm_bootlog_done(&log);
		return -ENOMEM;
	}
	*ret = log;
	return 0;
}
