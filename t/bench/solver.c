/* SPDX-License-Identifier: MIT */
/* What one core hashes: each kernel of the solver, and OpenSSL's compression function, which knows
 * nothing about the puzzle. Prints a line for each: name, hashes a second of processor time.
 *
 * Argument: seconds for each, 1 unless given. */
#define OPENSSL_API_COMPAT 0x10100000L /* SHA256_Transform has no successor for single blocks */

#include "solver.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define AT_ONCE 100

static double now_secs(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double kernel_rate(const struct solver_kernel *kernel, double secs)
{
    static struct solver solver;
    unsigned long batches = 0;
    double start = now_secs();

    solver_init(&solver, (const unsigned char *)"sixteen bytes...", 30, 0);
    while (now_secs() - start < secs) {
        for (int i = 0; i < AT_ONCE; i++, batches++)
            solver_batch(&solver, kernel);
    }
    return (double)batches * SOLVER_BATCH / (now_secs() - start);
}

static double openssl_rate(double secs)
{
    static const unsigned char block[64];
    unsigned long blocks = 0;
    double start = now_secs();
    SHA256_CTX context;

    SHA256_Init(&context);
    while (now_secs() - start < secs) {
        for (int i = 0; i < AT_ONCE * SOLVER_BATCH; i++, blocks++)
            SHA256_Transform(&context, block);
    }
    return (double)blocks / (now_secs() - start);
}

int main(int argc, char **argv)
{
    double secs = argc > 1 ? strtod(argv[1], NULL) : 1;

    for (const struct solver_kernel *kernel = solver_kernels; kernel->name; kernel++) {
        if (kernel->works())
            printf("%s %.0f\n", kernel->name, kernel_rate(kernel, secs));
    }
    printf("openssl %.0f\n", openssl_rate(secs));
    return EXIT_SUCCESS;
}
