/* SPDX-License-Identifier: MIT */
/*
 * kernel_body.h -- the dense kernel, compiled once an instruction set and element type.
 *
 * A tile of up to TILE_ROWS rows by one panel of weights (up to four vectors) is summed in
 * registers along the depth. Every sum is a chain over the depth in order, whichever tile its
 * row falls in: tiles of fewer rows run the same arithmetic with fewer registers, and where the
 * depth is cut into blocks, to keep a piece of a panel in the second-level cache, the partial
 * sums wait in `out` as they are. That is why a row's bits depend on that row alone.
 *
 * A panel of two vectors sums each output in two chains (even and odd depths), one of a single
 * vector in four, added up at the end: narrow layers would else wait for the latency of each
 * multiply-add. How many is a matter of the layer's width, so nothing changes for the promise.
 * Sums begin with -0, the number that changes nothing when something is added to it.
 *
 * Layers of at most half a vector would pad their weights with more than they are: these
 * are kept column by column instead, and the lanes of a vector run along the depth.
 *
 * The including file defines: REAL; NAME(x), x with the type's name behind; TILE_ROWS: 2, 3 or
 * 6; TARGET and INLINE; and for each type NAME(vector), NAME(loose): the same without
 * alignment, NAME(multiply_add), NAME(relu), and NAME(mask) with NAME(first), NAME(load) and
 * NAME(store) for a vector's first elements, and NAME(total): the sum of a vector's elements in
 * a fixed order.
 */
#define VECTOR NAME(vector)
#define LOOSE NAME(loose)
#define MASK NAME(mask)
#define SHAPE struct NAME(tile)
#define LANES (sizeof(VECTOR) / sizeof(REAL))
#define PANEL_WIDTH (ML__PANEL_VECTORS * LANES)
#define UNROLL _Pragma("GCC unroll 24")

/* Depths of a panel that stay in the second-level cache while many rows go by. */
#define DEPTH_BLOCK 512

/* A piece of work: some rows by one panel (or two) by one block of depth. */
SHAPE {
    const REAL *rows;    /* the first row, at the block's first depth */
    const REAL *weights; /* the panel, likewise */
    const REAL *bias;    /* of the panel's first column */
    REAL *out;           /* the first row, at the panel's first column */
    size_t row_stride;
    size_t out_stride;
    size_t panel_stride;
    size_t depth;   /* of the block */
    size_t columns; /* from the panel's first to the layer's last */
    bool first;     /* no block before it, whose sums wait */
    bool last;      /* no block after it: bias and activation */
    bool relu;
};

/* Those columns of a tile's last vector that the layer has. */
INLINE MASK NAME(last_columns)(const SHAPE *tile, const size_t width) {
    const size_t count = tile->columns - (width - 1) * LANES;

    return NAME(first)(count < LANES ? count : LANES);
}

/* The sums of the block before, or -0. */
INLINE void NAME(begin
)(const SHAPE *tile, VECTOR *sums, const size_t row_count, const size_t width) {
    const REAL *out = tile->out;

    if (tile->first) {
        UNROLL for (size_t i = 0; i < row_count * width; i++) {
            sums[i] = -(VECTOR){0};
        }
        return;
    }
    UNROLL for (size_t row = 0; row < row_count; row++) {
        VECTOR *last = &sums[(row + 1) * width - 1];

        UNROLL for (size_t v = 0; v + 1 < width; v++) {
            sums[row * width + v] = *(const LOOSE *)(out + v * LANES);
        }
        *last = NAME(load)(out + (width - 1) * LANES, NAME(last_columns)(tile, width));
        out += tile->out_stride;
    }
}

/* Store the sums; those of the last block with bias and activation. */
INLINE void NAME(finish
)(const SHAPE *tile, VECTOR *sums, const size_t row_count, const size_t width) {
    const MASK mask = NAME(last_columns)(tile, width);
    REAL *out = tile->out;

    if (tile->last) {
        UNROLL for (size_t i = 0; i < row_count * width; i++) {
            sums[i] += *(const VECTOR *)(tile->bias + i % width * LANES);
        }
    }
    if (tile->last && tile->relu) {
        UNROLL for (size_t i = 0; i < row_count * width; i++) {
            sums[i] = NAME(relu)(sums[i]);
        }
    }
    UNROLL for (size_t row = 0; row < row_count; row++) {
        UNROLL for (size_t v = 0; v + 1 < width; v++) {
            *(LOOSE *)(out + v * LANES) = sums[row * width + v];
        }
        NAME(store)(out + (width - 1) * LANES, mask, sums[(row + 1) * width - 1]);
        out += tile->out_stride;
    }
}

/* One depth of a tile. */
INLINE void NAME(step
)(const SHAPE *tile, VECTOR *sums, const REAL *rows, const REAL *weights,
  const size_t row_count, const size_t vectors, const size_t panels) {
    VECTOR values[TILE_ROWS];

    UNROLL for (size_t row = 0; row < row_count; row++) {
        values[row] = rows[row * tile->row_stride] - (VECTOR){0};
    }
    UNROLL for (size_t v = 0; v < panels * vectors; v++) {
        const size_t panel = v / vectors * tile->panel_stride;
        const VECTOR weight = *(const VECTOR *)(weights + panel + v % vectors * LANES);

        UNROLL for (size_t row = 0; row < row_count; row++) {
            VECTOR *sum = &sums[row * panels * vectors + v];

            *sum = NAME(multiply_add)(values[row], weight, *sum);
        }
    }
}

/* All of a tile: its sums stay in registers from the first depth of the block to the last. */
INLINE void NAME(tile
)(const SHAPE *tile, const size_t row_count, const size_t vectors, const size_t panels,
  const size_t chains) {
    VECTOR sums[TILE_ROWS * ML__PANEL_VECTORS];
    const size_t width = panels * vectors;
    const size_t count = row_count * width;
    const REAL *rows = tile->rows;
    const REAL *weights = tile->weights;
    size_t left = tile->depth;

    NAME(begin)(tile, sums, row_count, width);
    UNROLL for (size_t i = count; i < chains * count; i++) {
        sums[i] = -(VECTOR){0};
    }
    for (; left >= chains; left -= chains) {
        UNROLL for (size_t chain = 0; chain < chains; chain++) {
            NAME(step)(tile, &sums[chain * count], rows, weights, row_count, vectors, panels);
            weights += vectors * LANES;
            rows++;
        }
    }
    UNROLL for (size_t chain = 0; chain + 1 < chains; chain++) {
        if (chain < left) {
            NAME(step)(tile, &sums[chain * count], rows, weights, row_count, vectors, panels);
            weights += vectors * LANES;
            rows++;
        }
    }
    UNROLL for (size_t half = chains / 2; half > 0; half /= 2) {
        UNROLL for (size_t i = 0; i < half * count; i++) {
            sums[i] += sums[i + half * count];
        }
    }
    NAME(finish)(tile, sums, row_count, width);
}

/*
 * A function for each number of rows and vectors. None is inlined: what a loop around them
 * keeps in registers is taken from the sums.
 */
#define TILE(name, rows, vectors, panels, chains)                                              \
    static __attribute__((noinline)) TARGET void NAME(name)(const SHAPE *tile) {               \
        NAME(tile)(tile, rows, vectors, panels, chains);                                       \
    }
#define TILES(rows)                                                                            \
    TILE(tile_##rows##_by_1, rows, 1, 1, 4)                                                    \
    TILE(tile_##rows##_by_2, rows, 2, 1, 2)                                                    \
    TILE(tile_##rows##_by_3, rows, 3, 1, 1)                                                    \
    TILE(tile_##rows##_by_4, rows, 4, 1, 1)
#define NAMES(rows)                                                                            \
    {                                                                                          \
        NAME(tile_##rows##_by_1), NAME(tile_##rows##_by_2), NAME(tile_##rows##_by_3),          \
            NAME(tile_##rows##_by_4)                                                           \
    }

/* One row by two panels: one panel alone would wait for the latency of each multiply-add. */
TILE(row_by_8, 1, 4, 2, 1)
TILES(1)
TILES(2)
#if TILE_ROWS >= 3
TILES(3)
#endif
#if TILE_ROWS >= 6
TILES(4)
TILES(5)
TILES(6)
#endif

static void (*const NAME(tiles)[TILE_ROWS][ML__PANEL_VECTORS])(const SHAPE *tile) = {
    NAMES(1), NAMES(2),
#if TILE_ROWS >= 3
    NAMES(3),
#endif
#if TILE_ROWS >= 6
    NAMES(4), NAMES(5), NAMES(6),
#endif
};

/* A panel of some vectors by any number of rows. */
static void NAME(panel)(SHAPE tile, size_t row_count, size_t vectors) {
    while (row_count > 0) {
        const size_t count = row_count < TILE_ROWS ? row_count : TILE_ROWS;

        NAME(tiles)[count - 1][vectors - 1](&tile);
        tile.rows += count * tile.row_stride;
        tile.out += count * tile.out_stride;
        row_count -= count;
    }
}

/* Panels of four vectors by some rows, a block of depth after the other. */
static void NAME(wide)(SHAPE tile, size_t depth, size_t row_count, size_t panel_count) {
    const size_t block = row_count > TILE_ROWS ? DEPTH_BLOCK : depth;
    const SHAPE start = tile;

    for (size_t done = 0; done < depth; done += block) {
        tile.first = done == 0;
        tile.last = depth - done <= block;
        tile.depth = tile.last ? depth - done : block;
        tile.rows = start.rows + done;
        for (size_t panel = 0; panel < panel_count; panel++) {
            const size_t column = panel * PANEL_WIDTH;

            tile.weights = start.weights + panel * tile.panel_stride + done * PANEL_WIDTH;
            tile.bias = start.bias + column;
            tile.out = start.out + column;
            tile.columns = start.columns - column;
            if (row_count == 1 && panel + 1 < panel_count) {
                NAME(row_by_8)(&tile);
                panel++;
            } else {
                NAME(panel)(tile, row_count, ML__PANEL_VECTORS);
            }
        }
    }
}

/* A row by a column, whose weights go on to a whole vector: four vectors of chains. */
INLINE REAL NAME(dot)(const REAL *row, const REAL *weights, size_t depth) {
    VECTOR sums[4] = {-(VECTOR){0}, -(VECTOR){0}, -(VECTOR){0}, -(VECTOR){0}};

    for (; depth >= 4 * LANES; depth -= 4 * LANES) {
        UNROLL for (size_t i = 0; i < 4; i++) {
            const VECTOR value = *(const LOOSE *)(row + i * LANES);

            sums[i] = NAME(multiply_add)(value, ((const VECTOR *)weights)[i], sums[i]);
        }
        row += 4 * LANES;
        weights += 4 * LANES;
    }
    UNROLL for (size_t i = 0; i < 4; i++) {
        if (depth > 0) {
            const size_t count = depth < LANES ? depth : LANES;
            const VECTOR value = NAME(load)(row, NAME(first)(count));

            sums[i] = NAME(multiply_add)(value, *(const VECTOR *)weights, sums[i]);
            row += count;
            weights += LANES;
            depth -= count;
        }
    }
    return NAME(total)((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

/* Layers of at most half a vector: see struct ml__kernel_type. */
static TARGET void NAME(run_columns
)(const struct ml__panels *panels, const void *rows, void *out, size_t row_count) {
    const size_t stride = (panels->depth + LANES - 1) / LANES * LANES;
    const REAL *weights = panels->weights;
    const REAL *bias = panels->bias;
    const REAL *row = rows;
    REAL *target = out;

    for (size_t i = 0; i < row_count; i++) {
        for (size_t column = 0; column < panels->width; column++) {
            REAL sum = NAME(dot)(row, weights + column * stride, panels->depth) + bias[column];

            *target++ = panels->relu && sum < 0 ? 0 : sum;
        }
        row += panels->depth;
    }
}

/* All others: see struct ml__kernel_type. */
static void NAME(run_panels
)(const struct ml__panels *panels, const void *rows, void *out, size_t row_count) {
    const size_t vectors = (panels->width + LANES - 1) / LANES;
    const size_t whole = vectors / ML__PANEL_VECTORS;
    const size_t narrow = vectors % ML__PANEL_VECTORS;
    SHAPE tile = {
        .rows = rows,
        .weights = panels->weights,
        .bias = panels->bias,
        .out = out,
        .row_stride = panels->depth,
        .out_stride = panels->width,
        .panel_stride = panels->depth * PANEL_WIDTH,
        .depth = panels->depth,
        .columns = panels->width,
        .first = true,
        .last = true,
        .relu = panels->relu,
    };

    NAME(wide)(tile, panels->depth, row_count, whole);
    if (narrow > 0) {
        tile.weights += whole * tile.panel_stride;
        tile.bias += whole * PANEL_WIDTH;
        tile.out += whole * PANEL_WIDTH;
        tile.columns -= whole * PANEL_WIDTH;
        NAME(panel)(tile, row_count, narrow);
    }
}

#undef VECTOR
#undef LOOSE
#undef MASK
#undef SHAPE
#undef LANES
#undef PANEL_WIDTH
#undef UNROLL
#undef DEPTH_BLOCK
#undef TILE
#undef TILES
#undef NAMES
