# SPDX-License-Identifier: MIT
"""Writes siphash13.inc: SipHash-1-3 (Aumasson & Bernstein 2012) of 00 01 02 ... with key 00..0f.

python3 tests/unit/base/siphash13.py > tests/unit/base/siphash13.inc
"""
M = (1 << 64) - 1


def rotl(x, b):
    return ((x << b) | (x >> (64 - b))) & M


def rounds(v, n):
    v0, v1, v2, v3 = v
    for _ in range(n):
        v0 = (v0 + v1) & M
        v1 = rotl(v1, 13) ^ v0
        v0 = rotl(v0, 32)
        v2 = (v2 + v3) & M
        v3 = rotl(v3, 16) ^ v2
        v0 = (v0 + v3) & M
        v3 = rotl(v3, 21) ^ v0
        v2 = (v2 + v1) & M
        v1 = rotl(v1, 17) ^ v2
        v2 = rotl(v2, 32)
    return [v0, v1, v2, v3]


def siphash(key, data, c, d):
    k0 = int.from_bytes(key[:8], "little")
    k1 = int.from_bytes(key[8:], "little")
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D,
         k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]
    tail = data[len(data) // 8 * 8:]
    words = [int.from_bytes(data[i:i + 8], "little") for i in range(0, len(data) // 8 * 8, 8)]
    words.append(int.from_bytes(tail, "little") | (len(data) & 255) << 56)
    for m in words:
        v[3] ^= m
        v = rounds(v, c)
        v[0] ^= m
    v[2] ^= 255
    v = rounds(v, d)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


key = bytes(range(16))
# The paper's own test vector, for SipHash-2-4 of 15 bytes (appendix A).
assert siphash(key, bytes(range(15)), 2, 4) == 0xA129CA6149BE45E5
for n in range(64):
    print("0x%016xu," % siphash(key, bytes(range(n)), 1, 3))
