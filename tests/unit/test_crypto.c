/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ciphers that open QUIC's Initials: against the vectors of their standards, and against libcrypto on random input (always the
 * same) of every length that a packet can have.
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

static const struct {
	const char *says, *message, *digest;
} sha_rows[] = {
	{ "FIPS 180-4, one block", "616263", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "FIPS 180-4, two blocks",
	  "6162636462636465636465666465666765666768666768696768696a68696a6b696a6b6c6a6b6c6d6b6c6d6e6c6d6e6f6d6e6f706e6f7071",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ "CAVS, empty", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "CAVS short, one byte", "d3", "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1" },
	{ "CAVS long, 163 bytes",
	  "451101250ec6f26652249d59dc974b7361d571a8101cdfd36aba3b5854d3ae086b5fdd4597721b66e3c0dc5d8c606d9657d0e323283a5217"
	  "d1f53f2f284f57b85c8a61ac8924711f895c5ed90ef17745ed2d728abd22a5f7a13479a462d71b56c19a74a40b655c58edfe0a188ad2cf46"
	  "cbf30524f65d423c837dd1ff2bf462ac4198007345bb44dbb7b1c861298cdf61982a833afc728fae1eda2f87aa2c9480858bec",
	  "3c593aa539fdcdae516cdf2f15000f6634185c88f505b39775fb9ab137a10aa2" },
};

static void test_sha256(void **state)
{
	uint8_t message[256];
	struct lc_sha256 s;

	(void)state;
	for (size_t i = 0; i < ROWS(sha_rows); i++) {
		digest(&s, message, hex(sha_rows[i].message, message));
		expect_words(s.state, sha_rows[i].digest);
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

static const struct {
	const char *says, *key, *message, *mac;
} hmac_rows[] = {
	{ "RFC 4231, 4.2", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
	  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
	{ "RFC 4231, 4.3", "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	{ "RFC 4231, 4.4", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd",
	  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
	{ "RFC 5869, A.1, PRK", "000102030405060708090a0b0c", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
	  "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5" },
	{ "A.1, T(1)", "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5", "f0f1f2f3f4f5f6f7f8f901",
	  "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf" },
	{ "A.1, T(2)", "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
	  "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bff0f1f2f3f4f5f6f7f8f902", "34007208d5b887185865" },
	{ "A.3, PRK", "", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
	  "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04" },
	{ "A.3, T(1)", "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04", "01",
	  "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d" },
	{ "A.3, T(2)", "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
	  "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d02", "9d201395faa4b61a96c8" },
};

static void test_hmac(void **state)
{
	uint8_t key[32], message[64];

	(void)state;
	for (size_t i = 0; i < ROWS(hmac_rows); i++) {
		size_t key_len = hex(hmac_rows[i].key, key);

		mac(&hkdf, key, key_len, message, hex(hmac_rows[i].message, message));
		expect_words(hkdf.sha.state, hmac_rows[i].mac);
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

static const struct {
	const char *says, *key, *plain, *cipher;
} aes_rows[] = {
	{ "FIPS 197, B", "2b7e151628aed2a6abf7158809cf4f3c", "3243f6a8885a308d313198a2e0370734", "3925841d02dc09fbdc118597196a0b32" },
	{ "FIPS 197, C.1", "000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff",
	  "69c4e0d86a7b0430d8cdb78070b4c55a" },
	{ "SP 800-38A, F.1.1", "2b7e151628aed2a6abf7158809cf4f3c", "6bc1bee22e409f96e93d7e117393172a",
	  "3ad77bb40d7a3660a89ecaf32466ef97" },
	{ "SP 800-38A, F.1.1", "2b7e151628aed2a6abf7158809cf4f3c", "ae2d8a571e03ac9c9eb76fac45af8e51",
	  "f5d3d58503b9699de785895a96fdbaaf" },
	{ "CAVS VarKey", "80000000000000000000000000000000", "00000000000000000000000000000000", "0edd33d3c621e546455bd8ba1418bec8" },
	{ "CAVS VarTxt", "00000000000000000000000000000000", "80000000000000000000000000000000", "3ad78e726c1ec02b7ebfe92b23d9ec34" },
};

static void test_aes(void **state)
{
	struct lc_aes_key key;
	struct lc_block block;

	(void)state;
	for (size_t i = 0; i < ROWS(aes_rows); i++) {
		hex(aes_rows[i].key, &key.round[0]);
		hex(aes_rows[i].plain, &block);
		lc_aes_expand(&key);
		lc_aes_encrypt(&key, &block);
		expect_hex(&block, aes_rows[i].cipher);
	}
	hex(aes_rows[0].key, &key.round[0]);
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

static const struct {
	const char *says, *key, *nonce, *plain, *aad, *cipher; /* and the tag behind it */
} gcm_rows[] = {
	{ "CAVS, nothing", "11754cd72aec309bf52f7687212e8957", "3c819d9a9bed087615030b65", "", "", "250327c674aaf477aef2675748cf6971" },
	{ "CAVS, header only", "77be63708971c4e240d1cb79e8d77feb", "e0e00f19fed7ba0136a797f3", "",
	  "7a43ec1d9c0a5a78a0b16533a6213cab", "209fcc8d3675ed938e9c7166709dd946" },
	{ "CAVS, one block", "7fddb57453c241d03efbed3ac44e371c", "ee283a3fc75575e33efd4887", "d5de42b461646c255c87bd2962d3b9a2", "",
	  "2ccda4a5415cb91e135c2a0f78c9b2fdb36d1df9b9d5e596f83e8b7f52971cb3" },
	{ "CAVS, 51 and 20 bytes", "fe47fcce5fc32665d2ae399e4eec72ba", "5adb9609dbaeb58cbd6e7275",
	  "7c0e88c88899a779228465074797cd4c2e1498d259b54390b85e3eef1c02df60e743f1b840382c4bccaf3bafb4ca8429bea063",
	  "88319d6e1d3ffa5f987199166c8a9b56c2aeba5a",
	  "98f4826f05a265e6dd2be82db241c0fbbbf9ffb1c173aa83964b7cf5393043736365253ddbc5db8778371495da76d269e5db3e291ef1982e4d"
	  "efedaa2249f898556b47" },
	{ "CAVS, 51 and 90 bytes", "2c1f21cf0f6fb3661943155c3e3d8492", "23cb5ff362e22426984d1907",
	  "42f758836986954db44bf37c6ef5e4ac0adaf38f27252a1b82d02ea949c8a1a2dbc0d68b5615ba7c1220ff6510e259f06655d8",
	  "5d3624879d35e46849953e45a32a624d6a6c536ed9857c613b572b0333e701557a713e3f010ecdf9a6bd6c9e3e44b065208645aff4aabee611"
	  "b391528514170084ccf587177f4488f33cfb5e979e42b6e1cfc0a60238982a7aec",
	  "81824f0e0d523db30d3da369fdc0d60894c7a0a20646dd015073ad2732bd989b14a222b6ad57af43e1895df9dca2a5344a62cc57a3ee28136e"
	  "94c74838997ae9823f3a" },
	{ "CAVS, 13 bytes", "fe9bb47deb3a61e423c2231841cfd1fb", "4d328eb776f500a2f7fb47aa", "f1cc3818e421876bb6b8bbd6c9", "",
	  "b88c5c1977b35b517b0aeae96743fd4727fe5cdb4b5b42818dea7ef8c9" },
	{ "SP 800-38D's test case 4", "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
	  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba"
	  "637b39", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
	  "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d"
	  "58e0915bc94fbc3221a5db94fae95ae7121a47" },
};

static void test_gcm(void **state)
{
	struct lc_gcm_key key;

	(void)state;
	for (size_t i = 0; i < ROWS(gcm_rows); i++) {
		uint8_t plain[64];

		hex(gcm_rows[i].key, &key.aes.round[0]);
		lc_gcm_expand(&key);
		hex(gcm_rows[i].nonce, &gcm->nonce);
		gcm->at = i; /* anywhere */
		gcm->done = 0;
		gcm->aad_len = hex(gcm_rows[i].aad, gcm->bytes + gcm->at);
		gcm->len = hex(gcm_rows[i].plain, plain);
		hex(gcm_rows[i].cipher, gcm->bytes + gcm->at + gcm->aad_len);
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
		assert_true(gcm->done >= (upto < gcm->len ? upto : gcm->len));
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
		{ 0, 0, LC_GCM_MAX - LC_GCM_TAG + 1 }, { 0, LC_GCM_MAX, 0 }, { LC_GCM_MAX, 0, 0 }, { 1, 1, LC_GCM_MAX - LC_GCM_TAG - 1 },
		{ 0xffffffff, 1, 0 }, { 0, 0xffffffff, 1 }, { 0, 1, 0xffffffff }, { 0x80000000, 0x80000000, 0 },
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

static const char rfc_payload[] =
	"060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c0000000"
	"10000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e0005000501000000000033"
	"00260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e040305"
	"0306030203080408050806002d00020101001c00024001003900320408ffffffffffffffff05048000ffff07048000ffff08011001048000"
	"75300901100f088394c8f03e51570806048000ffff";

static const char rfc9001_packet[] =
	"c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9bd8bab936b47d92ec356c0bab7df5976d27cd"
	"449f63300099f3991c260ec4c60d17b31f8429157bb35a1282a643a8d2262cad67500cadb8e7378c8eb7539ec4d4905fed1bee1fc8aafba1"
	"7c750e2c7ace01e6005f80fcb7df621230c83711b39343fa028cea7f7fb5ff89eac2308249a02252155e2347b63d58c5457afd84d05dfffd"
	"b20392844ae812154682e9cf012f9021a6f0be17ddd0c2084dce25ff9b06cde535d0f920a2db1bf362c23e596d11a4f5a6cf3948838a3aec"
	"4e15daf8500a6ef69ec4e3feb6b1d98e610ac8b7ec3faf6ad760b7bad1db4ba3485e8a94dc250ae3fdb41ed15fb6a8e5eba0fc3dd60bc8e3"
	"0c5c4287e53805db059ae0648db2f64264ed5e39be2e20d82df566da8dd5998ccabdae053060ae6c7b4378e846d29f37ed7b4ea9ec5d82e7"
	"961b7f25a9323851f681d582363aa5f89937f5a67258bf63ad6f1a0b1d96dbd4faddfcefc5266ba6611722395c906556be52afe3f565636a"
	"d1b17d508b73d8743eeb524be22b3dcbc2c7468d54119c7468449a13d8e3b95811a198f3491de3e7fe942b330407abf82a4ed7c1b311663a"
	"c69890f4157015853d91e923037c227a33cdd5ec281ca3f79c44546b9d90ca00f064c99e3dd97911d39fe9c5d0b23a229a234cb36186c481"
	"9e8b9c5927726632291d6a418211cc2962e20fe47feb3edf330f2c603a9d48c0fcb5699dbfe5896425c5bac4aee82e57a85aaf4e2513e4f0"
	"5796b07ba2ee47d80506f8d2c25e50fd14de71e6c418559302f939b0e1abd576f279c4b2e0feb85c1f28ff18f58891ffef132eef2fa09346"
	"aee33c28eb130ff28f5b766953334113211996d20011a198e3fc433f9f2541010ae17c1bf202580f6047472fb36857fe843b19f5984009dd"
	"c324044e847a4f4a0ab34f719595de37252d6235365e9b84392b061085349d73203a4a13e96f5432ec0fd4a1ee65accdd5e3904df54c1da5"
	"10b0ff20dcc0c77fcb2c0e0eb605cb0504db87632cf3d8b4dae6e705769d1de354270123cb11450efc60ac47683d7b8d0f811365565fd98c"
	"4c8eb936bcab8d069fc33bd801b03adea2e1fbc5aa463d08ca19896d2bf59a071b851e6c239052172f296bfb5e72404790a2181014f3b94a"
	"4e97d117b438130368cc39dbb2d198065ae3986547926cd2162f40a29f0c3c8745c0f50fba3852e566d44575c29d39a03f0cda721984b6f4"
	"40591f355e12d439ff150aab7613499dbd49adabc8676eef023b15b65bfc5ca06948109f23f350db82123535eb8a7433bdabcb909271a6ec"
	"bcb58b936a88cd4e8f2e6ff5800175f113253d8fa9ca8885c2f552e657dc603f252e1a8e308f76f0be79e2fb8f5d5fbbe2e30ecadd220723"
	"c8c0aea8078cdfcb3868263ff8f0940054da48781893a7e49ad5aff4af300cd804a6b6279ab3ff3afb64491c85194aab760d58a606654f9f"
	"4400e8b38591356fbf6425aca26dc85244259ff2b19c41b9f96f3ca9ec1dde434da7d2d392b905ddf3d1f9af93d1af5950bd493f5aa731b4"
	"056df31bd267b6b90a079831aaf579be0a39013137aac6d404f518cfd46840647e78bfe706ca4cf5e9c5453e9f7cfd2b8b4c8d169a44e55c"
	"88d4a9a7f9474241e221af44860018ab0856972e194cd934";

static const char rfc9369_packet[] =
	"d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485dd04de806071bf03dceebfa162e75d6c96058bdbfb127cdf"
	"cbf903388e99ad049f9a3dd4425ae4d0992cfff18ecf0fdb5a842d09747052f17ac2053d21f57c5d250f2c4f0e0202b70785b7946e992e58"
	"a59ac52dea6774d4f03b55545243cf1a12834e3f249a78d395e0d18f4d766004f1a2674802a747eaa901c3f10cda5500cb9122faa9f1df66"
	"c392079a1b40f0de1c6054196a11cbea40afb6ef5253cd6818f6625efce3b6def6ba7e4b37a40f7732e093daa7d52190935b8da58976ff33"
	"12ae50b187c1433c0f028edcc4c2838b6a9bfc226ca4b4530e7a4ccee1bfa2a3d396ae5a3fb512384b2fdd851f784a65e03f2c4fbe11a53c"
	"7777c023462239dd6f7521a3f6c7d5dd3ec9b3f233773d4b46d23cc375eb198c63301c21801f6520bcfb7966fc49b393f0061d974a2706df"
	"8c4a9449f11d7f3d2dcbb90c6b877045636e7c0c0fe4eb0f697545460c806910d2c355f1d253bc9d2452aaa549e27a1fac7cf4ed77f322e8"
	"fa894b6a83810a34b361901751a6f5eb65a0326e07de7c1216ccce2d0193f958bb3850a833f7ae432b65bc5a53975c155aa4bcb4f7b2c4e5"
	"4df16efaf6ddea94e2c50b4cd1dfe06017e0e9d02900cffe1935e0491d77ffb4fdf85290fdd893d577b1131a610ef6a5c32b2ee0293617a3"
	"7cbb08b847741c3b8017c25ca9052ca1079d8b78aebd47876d330a30f6a8c6d61dd1ab5589329de714d19d61370f8149748c72f132f0fc99"
	"f34d766c6938597040d8f9e2bb522ff99c63a344d6a2ae8aa8e51b7b90a4a806105fcbca31506c446151adfeceb51b91abfe43960977c874"
	"71cf9ad4074d30e10d6a7f03c63bd5d4317f68ff325ba3bd80bf4dc8b52a0ba031758022eb025cdd770b44d6d6cf0670f4e990b22347a7db"
	"848265e3e5eb72dfe8299ad7481a408322cac55786e52f633b2fb6b614eaed18d703dd84045a274ae8bfa73379661388d6991fe39b0d93de"
	"bb41700b41f90a15c4d526250235ddcd6776fc77bc97e7a417ebcb31600d01e57f32162a8560cacc7e27a096d37a1a86952ec71bd89a3e9a"
	"30a2a26162984d7740f81193e8238e61f6b5b984d4d3dfa033c1bb7e4f0037febf406d91c0dccf32acf423cfa1e7071010d3f270121b493c"
	"e85054ef58bada42310138fe081adb04e2bd901f2f13458b3d6758158197107c14ebb193230cd1157380aa79cae1374a7c1e5bbcb80ee23e"
	"06ebfde206bfb0fcbc0edc4ebec309661bdd908d532eb0c6adc38b7ca7331dce8dfce39ab71e7c32d318d136b6100671a1ae6a6600e3899f"
	"31f0eed19e3417d134b90c9058f8632c798d4490da4987307cba922d61c39805d072b589bd52fdf1e86215c2d54e6670e07383a27bbffb5a"
	"ddf47d66aa85a0c6f9f32e59d85a44dd5d3b22dc2be80919b490437ae4f36a0ae55edf1d0b5cb4e9a3ecabee93dfc6e38d209d0fa6536d27"
	"a5d6fbb17641cde27525d61093f1b28072d111b2b4ae5f89d5974ee12e5cf7d5da4d6a31123041f33e61407e76cffcdcfd7e19ba58cf4b53"
	"6f4c4938ae79324dc402894b44faf8afbab35282ab659d13c93f70412e85cb199a37ddec600545473cfb5a05e08d0b209973b2172b4d21fb"
	"69745a262ccde96ba18b2faa745b6fe189cf772a9f84cbfc";

static const struct quic_row {
	const char *says;
	uint32_t version;
	const char *salt, *key_label, *iv_label, *hp_label;
	const char *key, *iv, *hp; /* of connection id 8394c8f03e515708 */
	const char *packet, *mask;
} quic_rows[] = {
	{ "RFC 9001, A.1 and A.2", LC_QUIC_V1, "38762cf7f55934b34d179ae6a4c80cadccbb7f0a", "quic key", "quic iv", "quic hp",
	  "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c", "9f50449e04a0e810283a1e9933adedd2",
	  rfc9001_packet, "437b9aec36" },
	{ "RFC 9369, A.1 and A.2", LC_QUIC_V2, "0dede3def700a6db819381be6e269dcbf9bd2ed9", "quicv2 key", "quicv2 iv", "quicv2 hp",
	  "8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f", "45b95e15235d6f45a6b19cbcb0294ba9",
	  rfc9369_packet, "94a0c95e80" },
	{ "draft-ietf-quic-tls-29, A.1", LC_QUIC_DRAFT_29, "afbfec289993d24c9e9786f19c6111e04390a899", "quic key", "quic iv", "quic hp",
	  "175257a31eb09dea9366d8bb79ad80ba", "6b26114b9cba2b63a9e8dd4f", "9ddd12c994c0698b89374a9c077a3077", NULL, NULL },
};

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
	for (size_t i = 0; i < ROWS(quic_rows); i++) {
		derive(quic_rows[i].version, &keys);
		expect_hex(&keys.payload.aes.round[0], quic_rows[i].key);
		expect_hex(keys.iv, quic_rows[i].iv);
		expect_hex(&keys.header.round[0], quic_rows[i].hp);
	}
}

/* The table's states are those of the salts. */
static void test_quic_salts(void **state)
{
	uint8_t salt[32] = {}, none[1];

	(void)state;
	for (size_t i = 0; i < ROWS(quic_rows); i++) {
		const struct lc_quic_version *row = &lc_quic_versions[lc_quic_version_row(quic_rows[i].version)];

		mac(&hkdf, salt, hex(quic_rows[i].salt, salt), none, 0);
		assert_memory_equal(&hkdf.key, &row->salt, sizeof(row->salt));
	}
}

/* RFC 9001, 5.4: header protection off, payload opened. */
static void test_quic_packets(void **state)
{
	struct lc_quic_keys keys;
	uint8_t plain[1162] = {};

	(void)state;
	hex(rfc_payload, plain);
	for (size_t i = 0; i < ROWS(quic_rows) && quic_rows[i].packet; i++) {
		struct lc_block mask;

		derive(quic_rows[i].version, &keys);
		assert_int_equal(hex(quic_rows[i].packet, gcm->bytes), 1200);
		memcpy(&mask, gcm->bytes + 22, 16);
		lc_quic_hp_mask(&keys, &mask);
		expect_hex(&mask, quic_rows[i].mask);
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

static void expect_derived(const struct quic_row *row, const struct lc_quic_cid *cid)
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
			for (size_t i = 0; i < ROWS(quic_rows); i++)
				expect_derived(&quic_rows[i], &cid);
		}
	}
}

static void test_quic_refuses(void **state)
{
	static const uint32_t versions[] = { 0, 2, 0xff00001c, 0xff00001e, 0x709a50c4, 0x0a1a2a3a, 0xffffffff };
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

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_sha256), CASE(test_sha256_million), CASE(test_sha256_random), CASE(test_hmac), CASE(test_expand_label),
		CASE(test_aes), CASE(test_aes_random), CASE(test_aes_counter), CASE(test_ghash), CASE(test_gcm), CASE(test_gcm_random),
		CASE(test_gcm_refuses), CASE(test_quic_keys), CASE(test_quic_salts), CASE(test_quic_packets), CASE(test_quic_nonce),
		CASE(test_quic_keys_random), CASE(test_quic_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
