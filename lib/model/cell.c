/* SPDX-License-Identifier: MIT */
/*
 * cell.c -- what the compiler knows of one value of a graph.
 *
 * Constants stay where the file has them, of any alignment and maybe in 16 bits, until a step
 * is made of them: so a large matrix exists once beside its packed form, not twice.
 */
#include "model/cell.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"

#define CHUNK 512 /* elements that are aligned on the stack before they are converted */

/* Between number types, which cannot fail. */
static void
convert(const void *source, ml_dtype from, void *target, ml_dtype to, size_t count) {
    const ml_status status = ml_convert(source, from, target, to, count);

    assert(status == ML_OK);
    (void)status;
}

ml_dtype ml__computed_type(uint32_t dtype) {
    return dtype == ML_FP16 || dtype == ML_BF16 ? ML_FP32 : (ml_dtype)dtype;
}

double ml__cell_number(const struct ml__cell *cell, size_t i) {
    const size_t size = ml_dtype_size(cell->stored);
    uint64_t element = 0;
    double number = 0.0;

    memcpy(&element, (const char *)cell->data + (cell->elements == 1 ? 0 : i) * size, size);
    convert(&element, cell->stored, &number, ML_FP64, 1);
    return number;
}

void *ml__cell_load(const struct ml__cell *cell) {
    const size_t size = ml_dtype_size(cell->stored);
    const size_t wide = ml_dtype_size(cell->dtype);
    unsigned char *block = ml__make_aligned(cell->elements, wide);
    uint64_t chunk[CHUNK];

    if (block == NULL) {
        return NULL;
    }
    if (cell->stored == cell->dtype) {
        if (cell->elements > 0) {
            memcpy(block, cell->data, cell->elements * size);
        }
        return block;
    }
    for (size_t done = 0; done < cell->elements; done += CHUNK) {
        const size_t left = cell->elements - done;
        const size_t count = left < CHUNK ? left : CHUNK;

        memcpy(chunk, (const char *)cell->data + done * size, count * size);
        convert(chunk, cell->stored, block + done * wide, cell->dtype, count);
    }
    return block;
}

const char *ml__cell_text(const struct ml__cell *cell, char text[ML__SHAPE_TEXT]) {
    return ml__shape_text(&cell->shape, cell->kind == ML__CELL_ROWS, text);
}
