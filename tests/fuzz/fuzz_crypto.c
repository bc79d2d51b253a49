/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any bytes as a packet that somebody sealed, and as one that nobody did: what libcrypto sealed is opened, what it refuses is
 * refused and left as it was. The keys are those of a connection id and version, worked out by both.
 */
#include <stdint.h>
#include <stdlib.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "crypto/quic_keys.h"

static struct lc_gcm gcm;
static struct lc_hkdf hkdf;
static struct lc_quic_keys keys;

static const struct {
	uint32_t version;
	const char *salt, *label[3];
} versions[] = {
	{ LC_QUIC_V1, "\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a",
	  { "\x10\x0etls13 quic key", "\x0c\x0dtls13 quic iv", "\x10\x0dtls13 quic hp" } },
	{ LC_QUIC_V2, "\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9",
	  { "\x10\x10tls13 quicv2 key", "\x0c\x0ftls13 quicv2 iv", "\x10\x0ftls13 quicv2 hp" } },
	{ LC_QUIC_DRAFT_29, "\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99",
	  { "\x10\x0etls13 quic key", "\x0c\x0dtls13 quic iv", "\x10\x0dtls13 quic hp" } },
};

static void expect(int right)
{
	if (!right)
		abort();
}

/* label: length of output, then of the label, then it. */
static void expand(const uint8_t *secret, const char *label, uint8_t *ret_out)
{
	uint8_t info[64] = { 0 };
	size_t n = strlen(label);

	memcpy(info + 1, label, n);
	info[n + 2] = 1;
	HMAC(EVP_sha256(), secret, 32, info, n + 3, ret_out, NULL);
}

static void derive(const struct lc_quic_cid *cid, int row)
{
	uint8_t secret[32], client[32], out[3][32];

	HMAC(EVP_sha256(), versions[row].salt, 20, cid->bytes, cid->len, secret, NULL);
	expand(secret, "\x20\x0ftls13 client in", client);
	for (int i = 0; i < 3; i++)
		expand(client, versions[row].label[i], out[i]);
	expect(!lc_quic_keys_derive(&hkdf, &keys, cid, versions[row].version));
	expect(!memcmp(&keys.payload.aes.round[0], out[0], 16));
	expect(!memcmp(keys.iv, out[1], 12));
	expect(!memcmp(&keys.header.round[0], out[2], 16));
}

/* By libcrypto, from gcm's buffer to plain; seal: what is there is plain, a tag is made. Returns whether the tag was right. */
static int cross(int seal, uint8_t *out)
{
	uint8_t *aad = gcm.bytes + gcm.at, *from = aad + gcm.aad_len, *tag = from + gcm.len;
	EVP_CIPHER_CTX *evp = EVP_CIPHER_CTX_new();
	int n, right;

	EVP_CipherInit_ex(evp, EVP_aes_128_gcm(), NULL, keys.payload.aes.round[0].byte, gcm.nonce.byte, seal);
	EVP_CipherUpdate(evp, NULL, &n, aad, gcm.aad_len);
	EVP_CipherUpdate(evp, out, &n, from, gcm.len);
	if (!seal)
		EVP_CIPHER_CTX_ctrl(evp, EVP_CTRL_GCM_SET_TAG, LC_GCM_TAG, tag);
	right = EVP_CipherFinal_ex(evp, out + gcm.len, &n) > 0;
	if (seal)
		EVP_CIPHER_CTX_ctrl(evp, EVP_CTRL_GCM_GET_TAG, LC_GCM_TAG, tag);
	EVP_CIPHER_CTX_free(evp);
	return right;
}

/* The buffer as it came, with a tag that is right by chance only; then sealed. */
static void open_both(void)
{
	static uint8_t before[sizeof(gcm.bytes)], plain[LC_GCM_MAX], cipher[LC_GCM_MAX];
	uint32_t from = gcm.at + gcm.aad_len;

	memcpy(before, gcm.bytes, sizeof(before));
	if (!cross(0, plain)) {
		expect(lc_gcm_open(&gcm, &keys.payload) == -EBADMSG);
		expect(!memcmp(before, gcm.bytes, sizeof(before)));
	}
	memcpy(plain, gcm.bytes + from, gcm.len);
	cross(1, cipher);
	memcpy(gcm.bytes + from, cipher, gcm.len);
	expect(!lc_gcm_open(&gcm, &keys.payload));
	expect(!memcmp(gcm.bytes + from, plain, gcm.len));
	expect(!memcmp(gcm.bytes, before, from));
}

/* Input: version, connection id, where the packet is and how it is divided; then the packet. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lc_quic_cid cid = { 0 };

	if (size < 32)
		return 0;
	cid.len = data[1] % (LC_QUIC_CID_MAX + 1);
	memcpy(cid.bytes, data + 2, sizeof(cid.bytes));
	derive(&cid, data[0] % 3);
	gcm.at = data[26];
	gcm.aad_len = (data[27] | data[28] << 8) % LC_GCM_MAX;
	gcm.len = size - 32;
	gcm.done = 0;
	lc_quic_nonce(&gcm, &keys, data[29] | (uint64_t)data[30] << 33);
	memset(gcm.bytes, data[31], sizeof(gcm.bytes));
	if (gcm.at + gcm.aad_len + gcm.len + LC_GCM_TAG > LC_GCM_MAX) {
		expect(lc_gcm_open(&gcm, &keys.payload) == -EINVAL);
		return 0;
	}
	memcpy(gcm.bytes + gcm.at + gcm.aad_len, data + 32, gcm.len);
	open_both();
	return 0;
}
