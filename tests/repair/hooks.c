/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tests put in the place of bootmend's weak hooks; only build/hooked/bootmend has it.
 *
 * BOOTMEND_TEST_FAULT=N:kill|eio|enospc   the N-th effect (from 1) ends the process at once, or fails. With `N+:` all
 *                                         from the N-th on fail, as on a disk that stays full. N:flip: see record.c
 * BOOTMEND_TEST_FAULT_COUNT=FILE          a line `effect path` for every effect is put behind the file's end
 * BOOTMEND_TEST_MACHINE=FILE              the machine on which a --root system is said to run, a line a device:
 *
 *	disk vda 8G gpt driver=virtio:d00000002v00001AF4,virtio_blk
 *	part vda1 ext4 uuid=... label=...
 *	lv vg/root ext4 on=vda2,vdb1 uuid=...
 *	crypt luks-x ext4 on=vda2
 *	md md0 ext4 on=vda2,vdb2
 *	root vg-root
 *	cpu 1
 *	memory 256M
 *	efivars DIR		a UEFI firmware whose variables are the files of that folder
 */
#include "os/root/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "system/device.h"
#include "system/machine.h"
#include "hooks.h"

/* A test that is written wrongly must not look like one that passed. */
static _Noreturn void wrong(const char *what, const char *text)
{
	fprintf(stderr, "hooks: %s: %s\n", what, text);
	_exit(99);
}

_Noreturn void bm_hook_wrong(const char *what, const char *text)
{
	wrong(what, text);
}

static void note_effect(const char *effect, const char *path)
{
	const char *file = getenv("BOOTMEND_TEST_FAULT_COUNT");
	char line[4608];
	int fd, len;

	if (!file)
		return;
	len = snprintf(line, sizeof(line), "%s %s\n", effect, path ? path : "-");
	fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || len < 0 || write(fd, line, strlen(line)) < 0)
		wrong("cannot note an effect", file);
	close(fd);
}

int bm_fault_point(const char *effect, const char *path)
{
	static unsigned long n;
	const char *fault = getenv("BOOTMEND_TEST_FAULT");
	unsigned long at;
	bool all_after;
	char *rest;

	n++;
	note_effect(effect, path);
	if (!fault)
		return 0;
	at = strtoul(fault, &rest, 10);
	all_after = *rest == '+';
	rest += all_after;
	if (at == 0 || *rest++ != ':')
		wrong("BOOTMEND_TEST_FAULT", fault);
	if (all_after ? n < at : n != at)
		return 0;
	if (bm_streq(rest, "kill"))
		_exit(137);
	if (bm_streq(rest, "eio"))
		return -EIO;
	if (bm_streq(rest, "enospc"))
		return -ENOSPC;
	if (bm_streq(rest, "flip")) {
		bm_hook_flip = true;
		return 0;
	}
	wrong("BOOTMEND_TEST_FAULT", fault);
}

/* --- the machine --- */

struct line {
	char *words[32];
	size_t n;
};

static struct line split(char *text)
{
	struct line line = {0};
	char *rest = NULL;

	for (char *word = strtok_r(text, " \t\n", &rest); word && *word != '#'; word = strtok_r(NULL, " \t\n", &rest)) {
		if (line.n == BM_ARRAY_SIZE(line.words))
			wrong("too many words", word);
		line.words[line.n++] = word;
	}
	return line;
}

static char *copy(const char *text)
{
	char *made = strdup(text);

	if (!made)
		wrong("out of memory", text);
	return made;
}

static uint64_t bytes_of(const char *text)
{
	char *unit;
	uint64_t value = strtoull(text, &unit, 10);

	for (const char *units = "KMG"; *units; units++) {
		value *= 1024;
		if (*unit == *units)
			return value;
	}
	wrong("no size", text);
}

static size_t index_of(const struct bm_devices *devices, const char *name)
{
	for (size_t i = 0; i < devices->n; i++)
		if (bm_streq(devices->items[i].name, name))
			return i;
	wrong("no such device above", name);
}

static void add_parent(const struct bm_devices *devices, struct bm_device *device, const char *name)
{
	size_t parent = index_of(devices, name),
	       *slot = BM_VEC_PUSH(device->parents, device->n_parents, device->cap_parents);

	if (!slot)
		wrong("out of memory", name);
	*slot = parent;
}

/* vda of vda1, nvme0n1 of nvme0n1p1 */
static void add_disk(const struct bm_devices *devices, struct bm_device *device)
{
	char *disk = copy(device->name);
	size_t len = strlen(disk);

	while (len > 0 && disk[len - 1] >= '0' && disk[len - 1] <= '9')
		len--;
	device->part_number = (unsigned int)atoi(disk + len);
	if (len > 1 && disk[len - 1] == 'p' && disk[len - 2] >= '0' && disk[len - 2] <= '9')
		len--;
	disk[len] = '\0';
	add_parent(devices, device, disk);
	free(disk);
}

static void add_driver(struct bm_device *device, char *value)
{
	struct bm_device_driver *driver = BM_VEC_PUSH(device->drivers, device->n_drivers, device->cap_drivers);
	char *comma = strchr(value, ',');

	if (!driver || !comma)
		wrong("driver= takes MODALIAS,MODULE", value);
	*comma = '\0';
	driver->modalias = copy(value);
	driver->module = copy(comma + 1);
}

static void set_key(const struct bm_devices *devices, struct bm_device *device, char *word)
{
	char *value = strchr(word, '='), *rest = NULL;
	const struct {
		const char *key;
		char **field;
	} texts[] = {
		{"uuid", &device->uuid},
		{"label", &device->label},
		{"partuuid", &device->partuuid},
		{"partlabel", &device->partlabel},
		{"vguuid", &device->vg_uuid},
		{"lvuuid", &device->lv_uuid},
		{"lvtype", &device->lv_type},
		{"model", &device->model},
	};

	*value++ = '\0';
	for (size_t i = 0; i < BM_ARRAY_SIZE(texts); i++)
		if (bm_streq(word, texts[i].key)) {
			*texts[i].field = copy(value);
			return;
		}
	if (bm_streq(word, "on"))
		for (char *name = strtok_r(value, ",", &rest); name; name = strtok_r(NULL, ",", &rest))
			add_parent(devices, device, name);
	else if (bm_streq(word, "driver"))
		add_driver(device, value);
	else if (bm_streq(word, "size"))
		device->size_bytes = bytes_of(value);
	else
		wrong("no such key", word);
}

static const struct {
	const char *word;
	enum bm_device_kind kind;
	const char *dir;
} kinds[] = {
	{"disk", BM_DEVICE_DISK, "/dev/"},
	{"part", BM_DEVICE_PARTITION, "/dev/"},
	{"lv", BM_DEVICE_LV, "/dev/mapper/"},
	{"crypt", BM_DEVICE_CRYPT, "/dev/mapper/"},
	{"md", BM_DEVICE_MD, "/dev/"},
};

static void name_device(struct bm_device *device, char *name, const char *dir)
{
	char *slash = strchr(name, '/');

	if (device->kind == BM_DEVICE_LV) {
		if (!slash)
			wrong("a volume is VG/LV", name);
		*slash = '\0';
		device->vg_name = copy(name);
		device->lv_name = copy(slash + 1);
		device->lv_type = copy("linear");
		device->name = bm_strf("%s-%s", device->vg_name, device->lv_name);
	} else {
		device->name = copy(name);
	}
	device->path = bm_strf("%s%s", dir, device->name ? device->name : "");
	if (!device->name || !device->path)
		wrong("out of memory", name);
}

static void add_device(struct bm_devices *devices, size_t row, const struct line *line)
{
	struct bm_device *device = BM_VEC_PUSH(devices->items, devices->n, devices->capacity);

	if (!device || line->n < 2)
		wrong("a device without a name", kinds[row].word);
	device->kind = kinds[row].kind;
	device->sector_size = 512;
	device->size_bytes = (uint64_t)1 << 30;
	name_device(device, line->words[1], kinds[row].dir);
	for (size_t i = 2; i < line->n; i++) {
		char *word = line->words[i];

		if (strchr(word, '='))
			set_key(devices, device, word);
		else if (bm_streq(word, "partial"))
			device->vg_partial = true;
		else if (bm_streq(word, "ro"))
			device->read_only = true;
		else if (bm_streq(word, "gpt") || bm_streq(word, "dos"))
			device->table = copy(word);
		else if (*word >= '1' && *word <= '9')
			device->size_bytes = bytes_of(word);
		else
			device->fstype = copy(word);
	}
	if (device->kind == BM_DEVICE_PARTITION && device->n_parents == 0)
		add_disk(devices, device);
}

static void read_firmware(const char *dir, struct bm_firmware *firmware)
{
	firmware->uefi = true;
	if (bm_firmware_read(dir, firmware) < 0)
		wrong("efivars", dir);
}

/* What the machine file says: the devices where they are asked for, and the machine's own lines. */
static int read_machine(struct bm_devices *devices, struct bm_machine *machine)
{
	const char *file = getenv("BOOTMEND_TEST_MACHINE");
	char *text = NULL;
	size_t room = 0, row;
	int root = BM_DEVICE_NONE;
	FILE *stream;

	if (!file)
		return root;
	stream = fopen(file, "re");
	if (!stream)
		wrong("BOOTMEND_TEST_MACHINE", file);
	if (devices)
		bm_devices_done(devices);
	if (machine)
		bm_firmware_done(&machine->firmware);
	while (getline(&text, &room, stream) >= 0) {
		struct line line = split(text);

		if (line.n == 0)
			continue;
		for (row = 0; row < BM_ARRAY_SIZE(kinds) && !bm_streq(kinds[row].word, line.words[0]); row++)
			;
		if (row < BM_ARRAY_SIZE(kinds)) {
			if (devices)
				add_device(devices, row, &line);
		} else if (line.n != 2) {
			wrong("a line that is not known", line.words[0]);
		} else if (bm_streq(line.words[0], "root")) {
			if (devices)
				root = (int)index_of(devices, line.words[1]);
		} else if (bm_streq(line.words[0], "cpu")) {
			if (machine)
				machine->cpu_level = (unsigned int)atoi(line.words[1]);
		} else if (bm_streq(line.words[0], "memory")) {
			if (machine)
				machine->memory_bytes = bytes_of(line.words[1]);
		} else if (bm_streq(line.words[0], "efivars")) {
			if (machine)
				read_firmware(line.words[1], &machine->firmware);
		} else {
			wrong("a line that is not known", line.words[0]);
		}
	}
	free(text);
	fclose(stream);
	return root;
}

int bm_devices_hook(struct bm_devices *devices)
{
	return read_machine(devices, NULL);
}

void bm_machine_hook(struct bm_machine *machine)
{
	read_machine(NULL, machine);
}
