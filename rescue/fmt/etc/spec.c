/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What fstab's first field, root= and resume= name. fstab(5), and udev's 60-persistent-storage.rules for the links:
 *
 *	UUID=value  UUID="value"	/dev/disk/by-uuid/value	 (bytes that are unsafe in a name written as \xNN)
 *	/dev/mapper/vg-lv		/dev/vg/lv		 (device-mapper doubles hyphens: my--vg-root is my-vg,
 *root) /dev/sda3			a whole name host:/path, //host/share	network word
 *no device at all
 *
 * and of the kernel's disk names: letters count in base 26 (sda, sdz, sdaa), partitions follow at once or behind a 'p'.
 *
 *	sd a 3    vd a 3    xvd a 3    hd a 3    nvme 0 n1 p3    mmcblk 0 p3    cciss/c0 d0 p3
 */
#include "fstab.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

static const struct {
	const char *tag;  /* NULL: only a link */
	const char *link; /* NULL: only a tag */
	enum bm_spec_kind kind;
} tags[] = {
	{"UUID", "by-uuid", BM_SPEC_UUID},
	{"LABEL", "by-label", BM_SPEC_LABEL},
	{"PARTUUID", "by-partuuid", BM_SPEC_PARTUUID},
	{"PARTLABEL", "by-partlabel", BM_SPEC_PARTLABEL},
	{"ID", "by-id", BM_SPEC_ID},
	{NULL, "by-path", BM_SPEC_PATH},
};

/* Folders of /dev whose members are no LVs although their names look so (/dev/VG/LV). */
static const char *const not_groups[] = {"disk", "mapper", "md", "cciss", "ida", "rd", "block", "char", "bus", "input",
	"loop", "pts", "shm", "mqueue", "hugepages", "fd", "zvol", "dri", "snd", "net", "cpu", "drbd"};

void bm_spec_done(struct bm_spec *spec)
{
	free(spec->value);
	free(spec->vg);
	free(spec->lv);
	*spec = (struct bm_spec){0};
}

const char *bm_spec_kind_name(enum bm_spec_kind kind)
{
	static const char *const names[] = {
		[BM_SPEC_NONE] = "nothing",
		[BM_SPEC_UUID] = "UUID",
		[BM_SPEC_LABEL] = "LABEL",
		[BM_SPEC_PARTUUID] = "PARTUUID",
		[BM_SPEC_PARTLABEL] = "PARTLABEL",
		[BM_SPEC_ID] = "by-id",
		[BM_SPEC_PATH] = "by-path",
		[BM_SPEC_MAPPER] = "mapper",
		[BM_SPEC_DEVNAME] = "device",
		[BM_SPEC_NETWORK] = "network",
		[BM_SPEC_FILE] = "file",
		[BM_SPEC_PSEUDO] = "pseudo",
		[BM_SPEC_TAG] = "unknown tag",
	};

	return (size_t)kind < BM_ARRAY_SIZE(names) ? names[kind] : "unknown";
}

/* A copy of text in which udev's \xNN are bytes again. \x00 stays as it is: it would hide the rest. */
static char *decode_link(const char *text)
{
	char *out = malloc(strlen(text) + 1);
	size_t n = 0;

	if (!out)
		return NULL;
	for (const char *p = text; *p; p++) {
		uint64_t byte;

		if (p[0] == '\\' && p[1] == 'x' && p[2] && p[3] && bm_num_base(p + 2, 2, 16, &byte) == 0 && byte != 0) {
			out[n++] = (char)byte;
			p += 3;
		} else {
			out[n++] = *p;
		}
	}
	out[n] = '\0';
	return out;
}

/* A copy of the value without the quotes around it. */
static char *unquote(const char *value)
{
	size_t len = strlen(value);

	if (len >= 2 && (*value == '"' || *value == '\'') && value[len - 1] == *value)
		return strndup(value + 1, len - 2);
	return strdup(value);
}

/* Splits a device-mapper name at its only single hyphen into VG and LV, and makes their doubled hyphens single.
 * Names with none or several are not an LV's and leave both NULL. */
static int split_mapper(const char *name, struct bm_spec *spec)
{
	size_t at = 0, len = strlen(name), n = 0;

	for (size_t i = 0; i < len; i++) {
		if (name[i] != '-')
			continue;
		if (name[i + 1] == '-') {
			i++;
			continue;
		}
		if (at > 0 || i == 0 || i + 1 == len)
			return 0;
		at = i;
	}
	if (at == 0)
		return 0;
	spec->vg = strndup(name, at);
	spec->lv = strdup(name + at + 1);
	if (!spec->vg || !spec->lv)
		return -ENOMEM;
	for (char *part = spec->vg;; part = spec->lv) {
		n = 0;
		for (size_t i = 0; part[i]; i++) {
			part[n++] = part[i];
			i += part[i] == '-' && part[i + 1] == '-';
		}
		part[n] = '\0';
		if (part == spec->lv)
			return 0;
	}
}

/* Appends text with its hyphens doubled; returns the end. */
static char *add_doubled(char *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		*out++ = text[i];
		if (text[i] == '-')
			*out++ = '-';
	}
	return out;
}

/* Whether name, the part behind /dev/, is VG/LV. */
static bool is_group_name(const char *name)
{
	const char *slash = strchr(name, '/');
	size_t len;

	if (!slash || slash == name || !slash[1] || strchr(slash + 1, '/'))
		return false;
	len = (size_t)(slash - name);
	for (size_t i = 0; i < BM_ARRAY_SIZE(not_groups); i++)
		if (strlen(not_groups[i]) == len && memcmp(not_groups[i], name, len) == 0)
			return false;
	return true;
}

static int parse_group(const char *name, struct bm_spec *spec)
{
	const char *slash = strchr(name, '/');
	size_t len = (size_t)(slash - name);
	char *out;

	spec->kind = BM_SPEC_MAPPER;
	spec->vg = strndup(name, len);
	spec->lv = strdup(slash + 1);
	spec->value = malloc(2 * strlen(name) + 1);
	if (!spec->vg || !spec->lv || !spec->value)
		return -ENOMEM;
	out = add_doubled(spec->value, name, len);
	*out++ = '-';
	out = add_doubled(out, slash + 1, strlen(slash + 1));
	*out = '\0';
	return 0;
}

static int parse_device(const char *spec_text, const char *name, struct bm_spec *spec)
{
	const char *link = bm_str_after(name, "disk/");
	const char *mapper = bm_str_after(name, "mapper/");

	for (size_t i = 0; link && i < BM_ARRAY_SIZE(tags); i++) {
		const char *rest = bm_str_after(link, tags[i].link);

		if (!rest || rest[0] != '/' || !rest[1])
			continue;
		spec->kind = tags[i].kind;
		/* A name in by-id or by-path is looked up as it is. */
		spec->value = spec->kind == BM_SPEC_ID || spec->kind == BM_SPEC_PATH ? strdup(rest + 1)
										     : decode_link(rest + 1);
		return spec->value ? 0 : -ENOMEM;
	}
	if (mapper && *mapper && !strchr(mapper, '/')) {
		spec->kind = BM_SPEC_MAPPER;
		spec->value = strdup(mapper);
		return spec->value ? split_mapper(mapper, spec) : -ENOMEM;
	}
	if (is_group_name(name))
		return parse_group(name, spec);
	spec->kind = BM_SPEC_DEVNAME;
	spec->value = strdup(spec_text);
	return spec->value ? 0 : -ENOMEM;
}

/* WORD=value. Returns 1 where the text is of that form. */
static int parse_tag(const char *text, struct bm_spec *spec)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

	if (len == 0 || text[len] != '=')
		return 0;
	spec->kind = BM_SPEC_TAG;
	for (size_t i = 0; i < BM_ARRAY_SIZE(tags); i++)
		if (tags[i].tag && strlen(tags[i].tag) == len && memcmp(tags[i].tag, text, len) == 0)
			spec->kind = tags[i].kind;
	spec->value = spec->kind == BM_SPEC_TAG ? strdup(text) : unquote(text + len + 1);
	/* On a kernel command line, which has no blanks in a word, a label is written as udev's link has it. */
	if (spec->value && (spec->kind == BM_SPEC_LABEL || spec->kind == BM_SPEC_PARTLABEL) &&
		strstr(spec->value, "\\x")) {
		char *decoded = decode_link(spec->value);

		free(spec->value);
		spec->value = decoded;
	}
	return spec->value ? 1 : -ENOMEM;
}

int bm_fstab_spec_parse(const char *text, struct bm_spec *ret_spec)
{
	struct bm_spec spec = {.kind = BM_SPEC_NONE};
	const char *device = bm_str_after(text, "/dev/");
	int r;

	r = parse_tag(text, &spec);
	if (r == 0) {
		if (device && *device) {
			r = parse_device(text, device, &spec);
		} else {
			if (bm_str_starts(text, "//"))
				spec.kind = BM_SPEC_NETWORK;
			else if (*text == '/')
				spec.kind = BM_SPEC_FILE;
			else if (strchr(text, ':'))
				spec.kind = BM_SPEC_NETWORK;
			else if (*text)
				spec.kind = BM_SPEC_PSEUDO;
			spec.value = strdup(text);
			r = spec.value ? 0 : -ENOMEM;
		}
	}
	if (r < 0) {
		bm_spec_done(&spec);
		return r;
	}
	*ret_spec = spec;
	return 0;
}

/* Reads a number of at most six digits without a leading zero (but 0 itself); NULL where there is none. */
static const char *read_number(const char *p, unsigned int *ret_value)
{
	size_t len = strspn(p, "0123456789");
	uint64_t value;

	if (len == 0 || len > 6 || (len > 1 && *p == '0') || bm_num_base(p, len, 10, &value) < 0)
		return NULL;
	*ret_value = (unsigned int)value;
	return p + len;
}

/* Reads up to three letters as a number in base 26 without a zero: a is 0, z is 25, aa is 26. */
static const char *read_letters(const char *p, unsigned int *ret_value)
{
	size_t len = strspn(p, "abcdefghijklmnopqrstuvwxyz");
	unsigned int value = 0;

	if (len == 0 || len > 3)
		return NULL;
	for (size_t i = 0; i < len; i++)
		value = value * 26 + (unsigned int)(p[i] - 'a') + 1;
	*ret_value = value - 1;
	return p + len;
}

/* The end of a name: nothing (the whole disk), or behind the separator a partition's number. */
static bool read_partition(const char *p, const char *separator, unsigned int *ret_partition)
{
	*ret_partition = 0;
	if (*p == '\0')
		return true;
	p = bm_str_after(p, separator);
	if (!p)
		return false;
	p = read_number(p, ret_partition);
	return p && *p == '\0' && *ret_partition > 0;
}

bool bm_devname_parse(const char *name, struct bm_devname *ret_name)
{
	static const char *const lettered[] = {"hd", "sd", "vd", "xvd"};
	const char *bare = bm_str_after(name, "/dev/");
	struct bm_devname found = {0};
	unsigned int unit = 0;
	const char *p;

	if (!bare)
		bare = name;
	for (size_t i = 0; i < BM_ARRAY_SIZE(lettered); i++) {
		p = bm_str_after(bare, lettered[i]);
		p = p ? read_letters(p, &found.disk) : NULL;
		if (p && read_partition(p, "", &found.partition)) {
			memcpy(found.family, lettered[i], strlen(lettered[i]) + 1);
			*ret_name = found;
			return true;
		}
	}
	found.disk = 0;
	if ((p = bm_str_after(bare, "nvme")) && (p = read_number(p, &found.disk)) && *p == 'n' &&
		(p = read_number(p + 1, &unit)) && unit > 0 && read_partition(p, "p", &found.partition)) {
		/* Some machines have a controller for each disk, others a namespace: one of both counts. */
		found.disk += unit - 1;
		memcpy(found.family, "nvme", sizeof("nvme"));
	} else if ((p = bm_str_after(bare, "mmcblk")) && (p = read_number(p, &found.disk)) &&
		   read_partition(p, "p", &found.partition)) {
		memcpy(found.family, "mmcblk", sizeof("mmcblk"));
	} else if ((p = bm_str_after(bare, "cciss/c")) && (p = read_number(p, &unit)) && *p == 'd' &&
		   (p = read_number(p + 1, &found.disk)) && read_partition(p, "p", &found.partition)) {
		memcpy(found.family, "cciss", sizeof("cciss"));
	} else {
		return false;
	}
	*ret_name = found;
	return true;
}

bool bm_devname_alike(const char *a, const char *b)
{
	struct bm_devname one, other;

	return bm_devname_parse(a, &one) && bm_devname_parse(b, &other) && one.disk == other.disk &&
	       one.partition == other.partition;
}
