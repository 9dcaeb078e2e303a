// The entry of libFuzzer for programs that have a main of their own. Clang's library has no header
// for it.
#ifndef PHIDIAS_FUZZER_H
#define PHIDIAS_FUZZER_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *count, char ***arguments,
                        int (*test_one_input)(const uint8_t *bytes, size_t count));

#endif
