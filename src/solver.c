/* SPDX-License-Identifier: MIT */
#include "solver.h"

#ifdef __wasm__ /* where there is no library */
#define memcpy __builtin_memcpy
#else
#include <string.h>
#endif

#define VARIABLE 13 /* the word that varies within a batch */
#define BITS ((16 + SOLVER_DIGITS) * 8)

/* FIPS 180-4, 4.1.2. */
#define ROTATE(x, n) ((x) >> (n) | (x) << (32 - (n)))
#define BIG0(x) (ROTATE(x, 2) ^ ROTATE(x, 13) ^ ROTATE(x, 22))
#define BIG1(x) (ROTATE(x, 6) ^ ROTATE(x, 11) ^ ROTATE(x, 25))
#define LITTLE0(x) (ROTATE(x, 7) ^ ROTATE(x, 18) ^ (x) >> 3)
#define LITTLE1(x) (ROTATE(x, 17) ^ ROTATE(x, 19) ^ (x) >> 10)
#define CHOICE(x, y, z) ((z) ^ ((x) & ((y) ^ (z))))
#define MAJORITY(x, y, z) ((y) ^ (((x) ^ (y)) & ((y) ^ (z))))

static const uint32_t START[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* Four bytes of a message as a word. */
static uint32_t word_of(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void put_digits(unsigned char *out, unsigned count, uint32_t n)
{
    for (unsigned i = count; i > 0; i--, n /= 10)
        out[i - 1] = (unsigned char)('0' + n % 10);
}

static void put_nonce(unsigned char *out, unsigned lane, uint32_t batch, unsigned n)
{
    put_digits(out, 3, SOLVER_LANES + lane);
    put_digits(out + 3, SOLVER_DIGITS - 6, batch);
    put_digits(out + SOLVER_DIGITS - 3, 3, n);
}

/* The `n` highest bits of a word. */
static uint32_t high_bits(unsigned n)
{
    return n == 0 ? 0 : n > 31 ? UINT32_MAX : ~(UINT32_MAX >> n);
}

void solver_init(struct solver *solver, const unsigned char challenge[16], unsigned difficulty,
                 unsigned lane)
{
    unsigned char end[4] = {0, 0, 0, 0x80};

    for (unsigned t = 0; t < 4; t++)
        solver->words[t] = word_of(challenge + 4 * t);
    solver->words[14] = 0;
    solver->words[15] = BITS;
    for (unsigned n = 0; n < SOLVER_SUFFIXES; n++) {
        put_digits(end, 3, n);
        solver->suffixes[n] = word_of(end);
    }
    solver->mask[0] = high_bits(difficulty);
    solver->mask[1] = high_bits(difficulty > 32 ? difficulty - 32 : 0);
    solver->lane = lane;
    solver->batch = 0;
    solver->hit_count = 0;
}

/* A round of SHA-256 with a word that the whole batch shares. */
static void common_round(uint32_t *state, uint32_t word)
{
    uint32_t sum = state[7] + BIG1(state[4]) + CHOICE(state[4], state[5], state[6]) + word;
    uint32_t more = BIG0(state[0]) + MAJORITY(state[0], state[1], state[2]);

    for (unsigned i = 7; i > 0; i--)
        state[i] = state[i - 1];
    state[4] += sum;
    state[0] = sum + more;
}

/* Sets up what the next batch shares. */
static void prepare(struct solver *solver)
{
    unsigned char nonce[SOLVER_DIGITS];
    uint32_t state[8];

    put_nonce(nonce, solver->lane, solver->batch, 0);
    for (unsigned t = 4; t < VARIABLE; t++)
        solver->words[t] = word_of(nonce + 4 * (t - 4));
    memcpy(state, START, sizeof(state));
    for (unsigned t = 0; t < VARIABLE; t++) {
        memcpy(solver->early, state, sizeof(state));
        common_round(state, solver->words[t] + K[t]);
    }
    memcpy(solver->midstate, state, sizeof(state));
    solver->hit_count = 0;
}

/* A candidate is a proof when no bit of its hash is set that must be zero. */
static void add_candidate(struct solver *solver, unsigned n, uint32_t bits)
{
    if (bits == 0 && n < SOLVER_BATCH)
        solver->hits[solver->hit_count++] = (uint16_t)n;
}

#ifndef __wasm_simd128__
#define LANES 1
#define LANES_TYPE uint32_t
#define LANES_RUN run_portable
#define LANES_TARGET
#include "solver_lanes.def"
#endif

#if defined(__wasm_simd128__) || defined(__SSE2__) || defined(__ARM_NEON)
typedef uint32_t vector4 __attribute__((vector_size(16)));
#define LANES 4
#define LANES_TYPE vector4
#define LANES_RUN run_vector
#define LANES_TARGET
#include "solver_lanes.def"
#define HAVE_VECTOR
#endif

#ifdef __wasm__
/* The page's side of this is in static/wasm.js. */
#define EXPORT(name) __attribute__((export_name(#name))) name

static struct solver only;
static unsigned char challenge[16];

unsigned char *EXPORT(challenge_bytes)(void)
{
    return challenge;
}

uint16_t *EXPORT(hits)(void)
{
    return only.hits;
}

void EXPORT(begin)(unsigned difficulty, unsigned lane)
{
    solver_init(&only, challenge, difficulty, lane);
}

unsigned EXPORT(batch)(void)
{
    prepare(&only);
#ifdef HAVE_VECTOR
    run_vector(&only);
#else
    run_portable(&only);
#endif
    only.batch++;
    return only.hit_count;
}

#else
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#include <immintrin.h>

typedef uint32_t vector8 __attribute__((vector_size(32)));
#define LANES 8
#define LANES_TYPE vector8
#define LANES_RUN run_avx2
#define LANES_TARGET __attribute__((target("avx2")))
#include "solver_lanes.def"

typedef uint32_t vector16 __attribute__((vector_size(64)));
#define LANES 16
#define LANES_TYPE vector16
#define LANES_RUN run_avx512
#define LANES_TARGET __attribute__((target("avx512f")))
#include "solver_lanes.def"

/* The instructions for SHA do four rounds on vectors of four words, each waiting for the one
 * before: so two candidates are under way at once. */
#define SHA_TARGET __attribute__((target("sha,sse4.1")))

struct sha_stream {
    __m128i abef, cdgh; /* the state, in the order of the instructions */
    __m128i w[4];       /* the last sixteen words of the schedule */
};

SHA_TARGET static inline __m128i sha_load(const uint32_t *words)
{
    return _mm_loadu_si128((const __m128i *)words);
}

SHA_TARGET static inline void sha_begin(struct sha_stream *stream, const struct solver *solver,
                                        unsigned n)
{
    const uint32_t *early = solver->early;

    stream->abef = _mm_set_epi32((int)early[0], (int)early[1], (int)early[4], (int)early[5]);
    stream->cdgh = _mm_set_epi32((int)early[2], (int)early[3], (int)early[6], (int)early[7]);
    for (unsigned i = 0; i < 4; i++)
        stream->w[i] = sha_load(solver->words + 4 * i);
    stream->w[3] = _mm_insert_epi32(stream->w[3], (int)solver->suffixes[n], VARIABLE - 12);
}

/* Four rounds with the newest words. */
SHA_TARGET static inline void sha_rounds(struct sha_stream *stream, const uint32_t *k)
{
    __m128i sum = _mm_add_epi32(stream->w[3], sha_load(k));

    stream->cdgh = _mm_sha256rnds2_epu32(stream->cdgh, stream->abef, sum);
    stream->abef = _mm_sha256rnds2_epu32(stream->abef, stream->cdgh, _mm_shuffle_epi32(sum, 0x0e));
}

/* The next four words of the schedule. */
SHA_TARGET static inline void sha_extend(struct sha_stream *stream)
{
    __m128i *w = stream->w;
    __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w[0], w[1]), _mm_alignr_epi8(w[3], w[2], 4));

    w[0] = w[1];
    w[1] = w[2];
    w[2] = w[3];
    w[3] = _mm_sha256msg2_epu32(sum, w[3]);
}

SHA_TARGET static inline void sha_end(const struct sha_stream *stream, struct solver *solver,
                                      unsigned n)
{
    uint32_t first = (uint32_t)_mm_extract_epi32(stream->abef, 3) + START[0];
    uint32_t second = (uint32_t)_mm_extract_epi32(stream->abef, 2) + START[1];

    add_candidate(solver, n, (first & solver->mask[0]) | (second & solver->mask[1]));
}

SHA_TARGET static void run_sha(struct solver *solver)
{
    struct sha_stream x, y;

    for (unsigned n = 0; n < SOLVER_BATCH; n += 2) {
        sha_begin(&x, solver, n);
        sha_begin(&y, solver, n + 1);
        sha_rounds(&x, K + 12);
        sha_rounds(&y, K + 12);
        for (const uint32_t *k = K + 16; k < K + 64; k += 4) {
            sha_extend(&x);
            sha_extend(&y);
            sha_rounds(&x, k);
            sha_rounds(&y, k);
        }
        sha_end(&x, solver, n);
        sha_end(&y, solver, n + 1);
    }
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f");
}

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}

static bool has_sha(void)
{
    unsigned a, b = 0, c, d;

    return __builtin_cpu_supports("sse4.1") && __get_cpuid_count(7, 0, &a, &b, &c, &d) &&
           (b & bit_SHA);
}
#endif

static bool always(void)
{
    return true;
}

const struct solver_kernel solver_kernels[] = {
#if defined(__x86_64__) || defined(__i386__)
    {"avx512", has_avx512, run_avx512}, {"sha", has_sha, run_sha},
    {"avx2", has_avx2, run_avx2},
#endif
#ifdef HAVE_VECTOR
    {"vector", always, run_vector},
#endif
    {"portable", always, run_portable}, {0},
};

const struct solver_kernel *solver_choose(const char *name)
{
    for (const struct solver_kernel *kernel = solver_kernels; kernel->name; kernel++) {
        if (name == NULL ? kernel->works() : strcmp(kernel->name, name) == 0)
            return kernel->works() ? kernel : NULL;
    }
    return NULL;
}

unsigned solver_batch(struct solver *solver, const struct solver_kernel *kernel)
{
    prepare(solver);
    kernel->run(solver);
    solver->batch++;
    return solver->hit_count;
}

void solver_nonce(const struct solver *solver, unsigned n, char nonce[SOLVER_DIGITS + 1])
{
    put_nonce((unsigned char *)nonce, solver->lane, solver->batch - 1, solver->hits[n]);
    nonce[SOLVER_DIGITS] = '\0';
}
#endif
