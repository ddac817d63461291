/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sha256.h"

#include <stdio.h>
#include <string.h>

static const uint32_t round_constants[64] = {
	0x428a2f98,
	0x71374491,
	0xb5c0fbcf,
	0xe9b5dba5,
	0x3956c25b,
	0x59f111f1,
	0x923f82a4,
	0xab1c5ed5,
	0xd807aa98,
	0x12835b01,
	0x243185be,
	0x550c7dc3,
	0x72be5d74,
	0x80deb1fe,
	0x9bdc06a7,
	0xc19bf174,
	0xe49b69c1,
	0xefbe4786,
	0x0fc19dc6,
	0x240ca1cc,
	0x2de92c6f,
	0x4a7484aa,
	0x5cb0a9dc,
	0x76f988da,
	0x983e5152,
	0xa831c66d,
	0xb00327c8,
	0xbf597fc7,
	0xc6e00bf3,
	0xd5a79147,
	0x06ca6351,
	0x14292967,
	0x27b70a85,
	0x2e1b2138,
	0x4d2c6dfc,
	0x53380d13,
	0x650a7354,
	0x766a0abb,
	0x81c2c92e,
	0x92722c85,
	0xa2bfe8a1,
	0xa81a664b,
	0xc24b8b70,
	0xc76c51a3,
	0xd192e819,
	0xd6990624,
	0xf40e3585,
	0x106aa070,
	0x19a4c116,
	0x1e376c08,
	0x2748774c,
	0x34b0bcb5,
	0x391c0cb3,
	0x4ed8aa4a,
	0x5b9cca4f,
	0x682e6ff3,
	0x748f82ee,
	0x78a5636f,
	0x84c87814,
	0x8cc70208,
	0x90befffa,
	0xa4506ceb,
	0xbef9a3f7,
	0xc67178f2,
};

void bm_sha256_init(struct bm_sha256 *hash)
{
	static const uint32_t start[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

	memcpy(hash->state, start, sizeof(start));
	hash->total = 0;
}

static uint32_t rotate(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

/* One round; the caller turns the names of the eight words by one place each time, so that none has to move. */
static inline void round_of(uint32_t a, uint32_t b, uint32_t c, uint32_t *d, uint32_t e, uint32_t f, uint32_t g,
	uint32_t *h, uint32_t input)
{
	uint32_t s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
	uint32_t s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);

	input += *h + s1 + ((e & f) ^ (~e & g));
	*d += input;
	*h = input + s0 + ((a & b) ^ (a & c) ^ (b & c));
}

static void compress(uint32_t state[8], const uint8_t *block)
{
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
	uint32_t w[64], k[64];

	for (unsigned int i = 0; i < 16; i++)
		w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
		       (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (unsigned int i = 16; i < 64; i++) {
		uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
		uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;

		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}
	for (unsigned int i = 0; i < 64; i++)
		k[i] = round_constants[i] + w[i];
	for (unsigned int i = 0; i < 64; i += 8) {
		round_of(a, b, c, &d, e, f, g, &h, k[i]);
		round_of(h, a, b, &c, d, e, f, &g, k[i + 1]);
		round_of(g, h, a, &b, c, d, e, &f, k[i + 2]);
		round_of(f, g, h, &a, b, c, d, &e, k[i + 3]);
		round_of(e, f, g, &h, a, b, c, &d, k[i + 4]);
		round_of(d, e, f, &g, h, a, b, &c, k[i + 5]);
		round_of(c, d, e, &f, g, h, a, &b, k[i + 6]);
		round_of(b, c, d, &e, f, g, h, &a, k[i + 7]);
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
}

void bm_sha256_add(struct bm_sha256 *hash, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	size_t used = hash->total % BM_SHA256_BLOCK;

	hash->total += len;
	if (used > 0) {
		size_t take = BM_MIN(len, BM_SHA256_BLOCK - used);

		memcpy(hash->block + used, p, take);
		p += take;
		len -= take;
		if (used + take < BM_SHA256_BLOCK)
			return;
		compress(hash->state, hash->block);
	}
	for (; len >= BM_SHA256_BLOCK; p += BM_SHA256_BLOCK, len -= BM_SHA256_BLOCK)
		compress(hash->state, p);
	if (len > 0)
		memcpy(hash->block, p, len);
}

void bm_sha256_end(struct bm_sha256 *hash, char ret_text[BM_SHA256_TEXT])
{
	static const uint8_t padding[BM_SHA256_BLOCK] = {0x80};
	uint64_t bits = hash->total * 8;
	size_t used = hash->total % BM_SHA256_BLOCK;
	uint8_t length[8];

	for (unsigned int i = 0; i < 8; i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	bm_sha256_add(hash, padding, used < 56 ? 56 - used : 120 - used);
	bm_sha256_add(hash, length, sizeof(length));
	for (unsigned int i = 0; i < 8; i++)
		snprintf(ret_text + (size_t)8 * i, 9, "%08x", hash->state[i]);
}

void bm_sha256_text(const void *bytes, size_t len, char ret_text[BM_SHA256_TEXT])
{
	struct bm_sha256 hash;

	bm_sha256_init(&hash);
	bm_sha256_add(&hash, bytes, len);
	bm_sha256_end(&hash, ret_text);
}
