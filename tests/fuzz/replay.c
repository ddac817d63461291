/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plays the inputs of a fuzz target's corpus without libFuzzer, each as it is and in many damaged forms: cut
 * at several lengths, and with bytes changed by a fixed sequence of numbers, so that a run can be repeated.
 *
 *	replay_TARGET CRASH FILE...	an input that crashes or hangs is written to the file CRASH
 *
 * Each input stands in a block of its own size, so that a read behind its end is seen by AddressSanitizer.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <unistd.h>

#define TIME_LIMIT_SECONDS 20
#define CUTS		   24
#define CHANGES		   96
#define CHANGES_LARGE	   12
#define LARGE_BYTES	   (64 * 1024)
#define SEED_LIMIT_BYTES   (4 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *crash_path;
static const char *seed_path;
static const uint8_t *input;
static size_t input_size;

static uint32_t next_number(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Only async-signal-safe calls. */
static void on_signal(int number)
{
	static const char during[] = "\nFAIL (crash or time limit) on a form of ";
	static const char kept[] = "\n  the input was written to ";
	int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd >= 0) {
		(void)!write(fd, input, input_size);
		close(fd);
	}
	(void)!write(STDOUT_FILENO, during, sizeof(during) - 1);
	(void)!write(STDOUT_FILENO, seed_path, strlen(seed_path));
	(void)!write(STDOUT_FILENO, kept, sizeof(kept) - 1);
	(void)!write(STDOUT_FILENO, crash_path, strlen(crash_path));
	(void)!write(STDOUT_FILENO, "\n", 1);
	signal(number, SIG_DFL);
	raise(number);
}

static void play(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	if (size)
		memcpy(copy, data, size);
	input = copy;
	input_size = size;
	alarm(TIME_LIMIT_SECONDS);
	LLVMFuzzerTestOneInput(copy, size);
	alarm(0);
	free(copy);
}

static void play_cut(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < CUTS; i++)
		play(data, size * i / CUTS);
	for (size_t cut = 1; cut <= 4 && cut < size; cut++)
		play(data, size - cut);
}

/* Whole bytes are set to values that parsers trip over, single bits are turned, and digits are changed. */
static void change(uint8_t *data, size_t size, uint32_t *state)
{
	static const uint8_t nasty[] = {0x00, 0xff, 0x7f, 0x80, '0', '9', '-', '\n', '"', '\'', '/', '{', '$', ' '};
	uint32_t times = 1 + next_number(state) % 4;

	while (times--) {
		size_t at = next_number(state) % size;

		if (next_number(state) & 1)
			data[at] = nasty[next_number(state) % sizeof(nasty)];
		else
			data[at] ^= (uint8_t)(1U << (next_number(state) % 8));
	}
}

static void play_changed(const uint8_t *data, size_t size)
{
	size_t times = size > LARGE_BYTES ? CHANGES_LARGE : CHANGES;
	uint32_t state = 0x626d2026;
	uint8_t *copy;

	if (!size)
		return;
	copy = malloc(size);
	if (!copy)
		abort();
	for (size_t i = 0; i < times; i++) {
		memcpy(copy, data, size);
		change(copy, size, &state);
		play(copy, size);
	}
	free(copy);
}

static int play_file(const char *path)
{
	uint8_t *data = malloc(SEED_LIMIT_BYTES);
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!data || !file) {
		printf("FAIL %s can't be read\n", path);
		return -1;
	}
	size = fread(data, 1, SEED_LIMIT_BYTES, file);
	fclose(file);
	seed_path = path;
	play(data, size);
	play_cut(data, size);
	play_changed(data, size);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int passed = 0;
	unsigned int failed = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: %s CRASH FILE...\n", argv[0]);
		return 2;
	}
	crash_path = argv[1];
	signal(SIGABRT, on_signal);
	signal(SIGALRM, on_signal);
	for (int i = 2; i < argc; i++) {
		if (play_file(argv[i]))
			failed++;
		else
			passed++;
	}
	printf("%u passed, %u failed, 0 skipped\n", passed, failed);
	return failed ? 1 : 0;
}
