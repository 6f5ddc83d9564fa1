/* SPDX-License-Identifier: MIT */
/*
 * kernel_table.c -- which kernels this CPU runs.
 *
 * The answer comes from the compiler's copy of CPUID, filled before main() and cheap to ask
 * again, so nothing is remembered here. It includes whether the system saves the registers.
 */
#include "model/kernel_table.h"

size_t ml__kernel_list(const struct ml__kernel *list[ML__KERNEL_MAX]) {
    size_t count = 0;

#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("fma")) {
        list[count++] = &ml__kernel_avx512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        list[count++] = &ml__kernel_avx2;
    }
#endif
    list[count++] = &ml__kernel_generic;
    return count;
}

const struct ml__kernel *ml__kernel_best(void) {
    const struct ml__kernel *list[ML__KERNEL_MAX];

    (void)ml__kernel_list(list);
    return list[0];
}
