/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ciphers that open QUIC's Initials: against the vectors of their standards, and against libcrypto on random input (always
 * the same) of every length that a packet can have.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "crypto/quic_keys.h"
#include "../cases/crypto_cases.h"

#define ROWS(table) (sizeof(table) / sizeof(*(table)))

static struct lc_gcm *gcm;
static struct lc_hkdf hkdf;
static uint64_t seed;

static uint32_t draw(uint32_t below)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % below;
}

static void draw_bytes(void *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((uint8_t *)to)[i] = draw(256);
}

static int setup(void **state)
{
	(void)state;
	seed = 20261123;
	gcm = calloc(1, sizeof(*gcm));
	return !gcm;
}

static int teardown(void **state)
{
	(void)state;
	free(gcm);
	return 0;
}

static size_t hex(const char *text, void *to)
{
	size_t n = strlen(text) / 2;

	for (size_t i = 0; i < n; i++)
		assert_int_equal(sscanf(text + 2 * i, "%2hhx", (uint8_t *)to + i), 1);
	return n;
}

static void expect_hex(const void *bytes, const char *text)
{
	uint8_t expected[64];
	size_t n = hex(text, expected);

	assert_memory_equal(bytes, expected, n);
}

/* Words in host order, as digests are kept. */
static void expect_words(const uint32_t *words, const char *text)
{
	uint32_t bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = lc_be32(words[i]);
	expect_hex(bytes, text);
}

static void load_block(struct lc_sha256 *s, const uint8_t *block)
{
	for (int i = 0; i < 16; i++)
		s->w[i] = lc_be32(lc_get32(block + 4 * i));
}

/* FIPS 180-4, 5.1.1: what is left of a message, with the end that says that it is so long. One block or two. */
static size_t pad(uint8_t *to, const uint8_t *rest, size_t n, uint64_t all)
{
	size_t size = n < 56 ? 64 : 128;

	memset(to, 0, size);
	memcpy(to, rest, n);
	to[n] = 0x80;
	for (int i = 0; i < 8; i++)
		to[size - 1 - i] = all * 8 >> 8 * i;
	return size;
}

static void digest(struct lc_sha256 *s, const uint8_t *message, size_t n)
{
	uint8_t end[128];
	size_t left = n % 64, size = pad(end, message + n - left, left, n);

	lc_sha256_begin(s);
	for (size_t i = 0; i + 64 <= n; i += 64) {
		load_block(s, message + i);
		lc_sha256_block(s);
	}
	for (size_t i = 0; i < size; i += 64) {
		load_block(s, end + i);
		lc_sha256_block(s);
	}
}

/* HMAC of up to 55 bytes under a key of up to 32. */
static void mac(struct lc_hkdf *h, const void *key, size_t key_len, const void *message, size_t n)
{
	uint8_t block[128], padded[32] = {};

	memcpy(padded, key, key_len);
	for (int i = 0; i < 8; i++)
		h->sha.state[i] = lc_be32(lc_get32(padded + 4 * i));
	lc_hmac_key(h);
	assert_int_equal(pad(block, message, n, 64 + n), 64);
	load_block(&h->sha, block);
	lc_hmac_finish(h);
}

static void test_sha256(void **state)
{
	uint8_t message[256];
	struct lc_sha256 s;

	(void)state;
	for (size_t i = 0; i < ROWS(crypto_sha_cases); i++) {
		digest(&s, message, hex(crypto_sha_cases[i].message, message));
		expect_words(s.state, crypto_sha_cases[i].digest);
	}
}

static void test_sha256_million(void **state)
{
	uint8_t *message = malloc(1000000);
	struct lc_sha256 s;

	(void)state;
	memset(message, 'a', 1000000);
	digest(&s, message, 1000000);
	expect_words(s.state, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(message);
}

static void test_sha256_random(void **state)
{
	uint8_t message[1500], expected[32];
	struct lc_sha256 s;

	(void)state;
	for (size_t n = 0; n <= sizeof(message); n++) {
		draw_bytes(message, n);
		digest(&s, message, n);
		EVP_Digest(message, n, expected, NULL, EVP_sha256(), NULL);
		for (int i = 0; i < 8; i++)
			assert_int_equal(lc_be32(s.state[i]), lc_get32(expected + 4 * i));
	}
}

static void test_hmac(void **state)
{
	uint8_t key[32], message[64];

	(void)state;
	for (size_t i = 0; i < ROWS(crypto_hmac_cases); i++) {
		size_t key_len = hex(crypto_hmac_cases[i].key, key);

		mac(&hkdf, key, key_len, message, hex(crypto_hmac_cases[i].message, message));
		expect_words(hkdf.sha.state, crypto_hmac_cases[i].mac);
	}
}

/* HKDF-Expand-Label by libcrypto's HMAC; RFC 8446, 7.1. */
static void expand_label(const uint8_t *secret, const char *label, uint8_t len, uint8_t *ret_out)
{
	uint8_t info[64] = { 0, len, strlen(label) + 6 };
	int n = 3 + sprintf((char *)info + 3, "tls13 %s", label);

	info[n++] = 0;
	info[n++] = 1;
	HMAC(EVP_sha256(), secret, 32, info, n, ret_out, NULL);
}

/* A label that is made here, as the tables' macro makes them. */
static void test_expand_label(void **state)
{
	static const struct lc_hkdf_label made = LC_HKDF_LABEL(12, "a label of forty bytes, as long as fits.");
	uint8_t secret[32], expected[32], none[128];

	(void)state;
	for (int round = 0; round < 1000; round++) {
		draw_bytes(secret, sizeof(secret));
		mac(&hkdf, secret, 32, none, 0); /* leaves its key behind */
		lc_hkdf_expand(&hkdf, &made);
		expand_label(secret, "a label of forty bytes, as long as fits.", 12, expected);
		for (int i = 0; i < 8; i++)
			assert_int_equal(lc_be32(hkdf.sha.state[i]), lc_get32(expected + 4 * i));
	}
}

static void test_aes(void **state)
{
	struct lc_aes_key key;
	struct lc_block block;

	(void)state;
	for (size_t i = 0; i < ROWS(crypto_aes_cases); i++) {
		hex(crypto_aes_cases[i].key, &key.round[0]);
		hex(crypto_aes_cases[i].plain, &block);
		lc_aes_expand(&key);
		lc_aes_encrypt(&key, &block);
		expect_hex(&block, crypto_aes_cases[i].cipher);
	}
	hex(crypto_aes_cases[0].key, &key.round[0]);
	lc_aes_expand(&key);
	expect_hex(&key.round[10], "d014f9a8c9ee2589e13f0cc8b6630ca6"); /* FIPS 197, A.1 */
}

static void test_aes_random(void **state)
{
	EVP_CIPHER_CTX *evp = EVP_CIPHER_CTX_new();
	struct lc_block block, expected;
	struct lc_aes_key key;
	int n;

	(void)state;
	for (int round = 0; round < 5000; round++) {
		draw_bytes(&key.round[0], 16);
		draw_bytes(&block, 16);
		EVP_EncryptInit_ex(evp, EVP_aes_128_ecb(), NULL, key.round[0].byte, NULL);
		EVP_EncryptUpdate(evp, expected.byte, &n, block.byte, 16);
		lc_aes_expand(&key);
		lc_aes_encrypt(&key, &block);
		assert_memory_equal(&block, &expected, 16);
	}
	EVP_CIPHER_CTX_free(evp);
}

/* What is worked out once for all counts is the same as each by itself. */
static void test_aes_counter(void **state)
{
	struct lc_aes_counter counter;
	struct lc_block zero, block;
	struct lc_aes_key key;

	(void)state;
	for (int round = 0; round < 20; round++) {
		draw_bytes(&key.round[0], 16);
		draw_bytes(&zero, 16);
		zero.byte[15] = 0;
		lc_aes_expand(&key);
		lc_aes_counter_begin(&counter, &key, &zero);
		for (int count = 0; count < 256; count++) {
			struct lc_block got = lc_aes_counter_block(&counter, &key, count);

			block = zero;
			block.byte[15] = count;
			lc_aes_encrypt(&key, &block);
			assert_memory_equal(&got, &block, 16);
		}
	}
}

/* SP 800-38D's reference document, test case 2; twice, the second time by the table that is there. */
static void test_ghash(void **state)
{
	struct lc_ghash *g = &gcm->ghash;
	struct lc_block key, block;

	(void)state;
	hex("66e94bd4ef8a2c3b884cfa59ca342b2e", &key);
	hex("0388dace60b6a392f328c2b971b2fe78", &block);
	for (int round = 0; round < 2; round++) {
		lc_ghash_begin(g, &key);
		lc_ghash_add(g, block.half[0], block.half[1]);
		expect_hex(&g->sum, "5e2ec746917062882c85b0685353deb7");
		lc_ghash_add(g, 0, lc_be64(128));
		expect_hex(&g->sum, "f38cbb1ad69223dcc3457ae5b6b0f885");
	}
}

static void test_gcm(void **state)
{
	struct lc_gcm_key key;

	(void)state;
	for (size_t i = 0; i < ROWS(crypto_gcm_cases); i++) {
		uint8_t plain[64];

		hex(crypto_gcm_cases[i].key, &key.aes.round[0]);
		lc_gcm_expand(&key);
		hex(crypto_gcm_cases[i].nonce, &gcm->nonce);
		gcm->at = i; /* anywhere */
		gcm->done = 0;
		gcm->aad_len = hex(crypto_gcm_cases[i].aad, gcm->bytes + gcm->at);
		gcm->len = hex(crypto_gcm_cases[i].plain, plain);
		hex(crypto_gcm_cases[i].cipher, gcm->bytes + gcm->at + gcm->aad_len);
		assert_int_equal(lc_gcm_open(gcm, &key), 0);
		assert_memory_equal(gcm->bytes + gcm->at + gcm->aad_len, plain, gcm->len);
	}
}

/* A packet by libcrypto, with something before and behind it that is not to be touched. */
struct sealed {
	struct lc_gcm_key key;
	uint8_t plain[LC_GCM_MAX];
	uint8_t before[LC_GCM_MAX + 16]; /* all of the buffer, as it came */
};

static void seal(struct sealed *s, uint32_t aad_len, uint32_t len)
{
	EVP_CIPHER_CTX *evp = EVP_CIPHER_CTX_new();
	uint8_t *aad, *cipher;
	int n;

	gcm->at = draw(LC_GCM_MAX - LC_GCM_TAG - aad_len - len + 1);
	gcm->aad_len = aad_len;
	gcm->len = len;
	gcm->done = 0;
	draw_bytes(gcm->bytes, sizeof(gcm->bytes));
	draw_bytes(&gcm->nonce, sizeof(gcm->nonce));
	draw_bytes(&s->key.aes.round[0], 16);
	draw_bytes(s->plain, len);
	aad = gcm->bytes + gcm->at;
	cipher = aad + aad_len;
	EVP_EncryptInit_ex(evp, EVP_aes_128_gcm(), NULL, s->key.aes.round[0].byte, gcm->nonce.byte);
	EVP_EncryptUpdate(evp, NULL, &n, aad, aad_len);
	EVP_EncryptUpdate(evp, cipher, &n, s->plain, len);
	EVP_EncryptFinal_ex(evp, cipher + len, &n);
	EVP_CIPHER_CTX_ctrl(evp, EVP_CTRL_GCM_GET_TAG, LC_GCM_TAG, cipher + len);
	EVP_CIPHER_CTX_free(evp);
	memcpy(s->before, gcm->bytes, sizeof(s->before));
	lc_gcm_expand(&s->key);
}

/* One bit other than it was, in header, ciphertext or tag: refused, and nothing decrypted. */
static void expect_spoilt(const struct sealed *s)
{
	uint32_t bit = draw((gcm->aad_len + gcm->len + LC_GCM_TAG) * 8);
	uint8_t *at = gcm->bytes + gcm->at + bit / 8;

	*at ^= 1 << bit % 8;
	assert_int_equal(lc_gcm_open(gcm, &s->key), -EBADMSG);
	*at ^= 1 << bit % 8;
	assert_memory_equal(gcm->bytes, s->before, sizeof(s->before));
	assert_int_equal(gcm->done, 0);
}

static void expect_open(const struct sealed *s)
{
	uint32_t from = gcm->at + gcm->aad_len, end = from + gcm->len + LC_GCM_TAG;

	assert_int_equal(lc_gcm_check(gcm, &s->key), 0);
	for (uint32_t upto = 0; gcm->done < gcm->len; upto += draw(200)) {
		lc_gcm_decrypt(gcm, &s->key, upto);
		assert_int_equal(gcm->done, ((upto < gcm->len ? upto : gcm->len) + 15) / 16 * 16);
		assert_memory_equal(gcm->bytes + from, s->plain, gcm->done < gcm->len ? gcm->done : gcm->len);
	}
	assert_memory_equal(gcm->bytes, s->before, from);
	assert_memory_equal(gcm->bytes + end, s->before + end, sizeof(s->before) - end);
}

static void test_gcm_random(void **state)
{
	struct sealed *s = malloc(sizeof(*s));

	(void)state;
	for (uint32_t len = 0; len <= 1500; len++) {
		seal(s, draw(LC_GCM_MAX - LC_GCM_TAG - len + 1), len);
		expect_spoilt(s);
		expect_open(s);
	}
	for (uint32_t aad_len = 0; aad_len <= 1200; aad_len++) {
		seal(s, aad_len, draw(LC_GCM_MAX - LC_GCM_TAG - aad_len + 1));
		expect_spoilt(s);
		expect_open(s);
	}
	free(s);
}

/* Lengths that do not fit, alone or in their sum; a tag asked for when its bytes are gone. */
static void test_gcm_refuses(void **state)
{
	static const uint32_t rows[][3] = {
		{ 0, 0, LC_GCM_MAX - LC_GCM_TAG + 1 },
		{ 1, 1, LC_GCM_MAX - LC_GCM_TAG - 1 },
		{ 0, LC_GCM_MAX, 0 },
		{ LC_GCM_MAX, 0, 0 },
		{ 0xffffffff, 1, 0 },
		{ 0, 0xffffffff, 1 },
		{ 0, 1, 0xffffffff },
		{ 0x80000000, 0x80000000, 0 },
	};
	struct lc_gcm_key key = {};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		gcm->at = rows[i][0];
		gcm->aad_len = rows[i][1];
		gcm->len = rows[i][2];
		gcm->done = 0;
		assert_int_equal(lc_gcm_check(gcm, &key), -EINVAL);
		assert_int_equal(lc_gcm_decrypt(gcm, &key, 1), -EINVAL);
		assert_int_equal(gcm->done, 0);
	}
	gcm->at = gcm->aad_len = 0;
	gcm->len = 100;
	assert_int_equal(lc_gcm_decrypt(gcm, &key, 1), 0);
	assert_int_equal(gcm->done, 16);
	assert_int_equal(lc_gcm_open(gcm, &key), -EINVAL);
}

static void derive(uint32_t version, struct lc_quic_keys *keys)
{
	struct lc_quic_cid cid = { .len = 8 };

	hex("8394c8f03e515708", cid.bytes);
	assert_int_equal(lc_quic_keys_derive(&hkdf, keys, &cid, version), 0);
}

static void test_quic_keys(void **state)
{
	struct lc_quic_keys keys;

	(void)state;
	for (size_t i = 0; i < ROWS(crypto_quic_cases); i++) {
		derive(crypto_quic_cases[i].version, &keys);
		expect_hex(&keys.payload.aes.round[0], crypto_quic_cases[i].key);
		expect_hex(keys.iv, crypto_quic_cases[i].iv);
		expect_hex(&keys.header.round[0], crypto_quic_cases[i].hp);
	}
}

/* The table's states are those of the salts. */
static void test_quic_salts(void **state)
{
	uint8_t salt[32] = {}, none[1];

	(void)state;
	for (size_t i = 0; i < ROWS(crypto_quic_cases); i++) {
		const struct lc_quic_version *row = &lc_quic_versions[lc_quic_version_row(crypto_quic_cases[i].version)];

		mac(&hkdf, salt, hex(crypto_quic_cases[i].salt, salt), none, 0);
		assert_memory_equal(&hkdf.key, &row->salt, sizeof(row->salt));
	}
}

/* RFC 9001, 5.4: header protection off, payload opened. */
static void test_quic_packets(void **state)
{
	struct lc_quic_keys keys;
	uint8_t plain[1162] = {};

	(void)state;
	hex(crypto_rfc_payload, plain);
	for (size_t i = 0; i < ROWS(crypto_quic_cases) && crypto_quic_cases[i].packet; i++) {
		struct lc_block mask;

		derive(crypto_quic_cases[i].version, &keys);
		assert_int_equal(hex(crypto_quic_cases[i].packet, gcm->bytes), 1200);
		memcpy(&mask, gcm->bytes + 22, 16);
		lc_quic_hp_mask(&keys, &mask);
		expect_hex(&mask, crypto_quic_cases[i].mask);
		gcm->bytes[0] ^= mask.byte[0] & 0x0f;
		for (int j = 0; j < 4; j++)
			gcm->bytes[18 + j] ^= mask.byte[1 + j];
		lc_quic_nonce(gcm, &keys, 2);
		gcm->at = gcm->done = 0;
		gcm->aad_len = 22;
		gcm->len = 1162;
		assert_int_equal(lc_gcm_open(gcm, &keys.payload), 0);
		assert_memory_equal(gcm->bytes + 22, plain, 1162);
	}
}

/* RFC 9001, A.5: a packet number of more than 16 bits. */
static void test_quic_nonce(void **state)
{
	struct lc_quic_keys keys;

	(void)state;
	hex("e0459b3474bdd0e44a41c144", keys.iv);
	lc_quic_nonce(gcm, &keys, 654360564);
	expect_hex(&gcm->nonce, "e0459b3474bdd0e46d417eb0");
	lc_quic_nonce(gcm, &keys, 0x123456789abcdef0);
	expect_hex(&gcm->nonce, "e0459b346689869cd0fd1fb4");
}

static void expect_derived(const struct crypto_quic_case *row, const struct lc_quic_cid *cid)
{
	uint8_t salt[20], initial[32], secret[32], key[32], iv[32], hp[32];
	struct lc_quic_keys keys;

	hex(row->salt, salt);
	HMAC(EVP_sha256(), salt, sizeof(salt), cid->bytes, cid->len, initial, NULL);
	expand_label(initial, "client in", 32, secret);
	expand_label(secret, row->key_label, 16, key);
	expand_label(secret, row->iv_label, 12, iv);
	expand_label(secret, row->hp_label, 16, hp);
	assert_int_equal(lc_quic_keys_derive(&hkdf, &keys, cid, row->version), 0);
	assert_memory_equal(&keys.payload.aes.round[0], key, 16);
	assert_memory_equal(keys.iv, iv, 12);
	assert_memory_equal(&keys.header.round[0], hp, 16);
}

/* Connection ids of every length; what lies behind them is noise. */
static void test_quic_keys_random(void **state)
{
	struct lc_quic_cid cid;

	(void)state;
	for (int round = 0; round < 100; round++) {
		for (cid.len = 0; cid.len <= LC_QUIC_CID_MAX; cid.len++) {
			draw_bytes(cid.bytes, sizeof(cid.bytes));
			for (size_t i = 0; i < ROWS(crypto_quic_cases); i++)
				expect_derived(&crypto_quic_cases[i], &cid);
		}
	}
}

static void test_quic_refuses(void **state)
{
	static const uint32_t versions[] = { 0, 2, 0xff00001c, 0xff000023, 0x709a50c4, 0x0a1a2a3a, 0xffffffff };
	struct lc_quic_cid cid = { .len = LC_QUIC_CID_MAX + 1 };
	struct lc_quic_keys keys;

	(void)state;
	assert_int_equal(lc_quic_keys_derive(&hkdf, &keys, &cid, LC_QUIC_V1), -EINVAL);
	cid.len = 0xffffffff;
	assert_int_equal(lc_quic_keys_derive(&hkdf, &keys, &cid, LC_QUIC_V1), -EINVAL);
	cid.len = 8;
	for (size_t i = 0; i < ROWS(versions); i++)
		assert_int_equal(lc_quic_keys_derive(&hkdf, &keys, &cid, versions[i]), -EPROTONOSUPPORT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sha256, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sha256_million, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sha256_random, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hmac, setup, teardown),
		cmocka_unit_test_setup_teardown(test_expand_label, setup, teardown),
		cmocka_unit_test_setup_teardown(test_aes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_aes_random, setup, teardown),
		cmocka_unit_test_setup_teardown(test_aes_counter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ghash, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gcm, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gcm_random, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gcm_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_quic_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(test_quic_salts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_quic_packets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_quic_nonce, setup, teardown),
		cmocka_unit_test_setup_teardown(test_quic_keys_random, setup, teardown),
		cmocka_unit_test_setup_teardown(test_quic_refuses, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
