/* SPDX-License-Identifier: MIT */
/*
 * kernel_body.h -- the dense kernel, compiled once an instruction set and element type.
 *
 * A tile of TILE_ROWS rows by one panel of weights (up to four vectors) is summed in registers
 * along the depth. Every sum is a chain over the depth in order, whichever tile its row falls
 * in: blocks of fewer rows run the same arithmetic with fewer registers, and where the depth is
 * cut into blocks, to keep a piece of a panel in the first-level cache, the partial sums wait
 * in `out` unrounded. That is why a row's bits depend on that row alone.
 *
 * A panel of two vectors sums each output in two chains (even and odd depths), one of a single
 * vector in four, added up at the end: narrow layers would else wait for the latency of each
 * multiply-add. How many is a matter of the layer's width, so nothing changes for the promise.
 * Sums begin with -0, the number that changes nothing when something is added to it.
 *
 * The including file defines: REAL; NAME(x), x with the type's name behind; TILE_ROWS, 2 to 6;
 * INLINE; and for each type NAME(vector), NAME(loose): the same without alignment,
 * NAME(multiply_add), NAME(relu), and NAME(mask) with NAME(first), NAME(load) and NAME(store)
 * for a vector's first elements.
 */
#define LANES (sizeof(NAME(vector)) / sizeof(REAL))
#define PANEL_WIDTH (ML__PANEL_VECTORS * LANES)
#define UNROLL _Pragma("GCC unroll 8")

/* Depths of a panel that stay in the first-level cache while many rows go by. */
#define DEPTH_BLOCK 128

/* A piece of work: some rows by one panel (or two) by one block of depth. */
struct NAME(tile) {
    const REAL *rows;    /* the first row, at the block's first depth */
    const REAL *weights; /* the panel, likewise */
    const REAL *bias;    /* of the panel's first column */
    REAL *out;           /* the first row, at the panel's first column */
    size_t row_stride;
    size_t out_stride;
    size_t panel_stride;
    size_t depth;   /* of the block */
    size_t columns; /* from the panel's first to the layer's last */
    bool first;     /* no sums of a block before */
    bool last;      /* no block after: bias and activation */
    bool relu;
};

/* The sums of the block before, or -0. */
INLINE void NAME(begin
)(const struct NAME(tile) * tile, NAME(vector) * sums, NAME(mask) mask, const size_t row_count,
  const size_t width) {
    const REAL *out = tile->out;

    UNROLL for (size_t row = 0; row < row_count; row++) {
        UNROLL for (size_t v = 0; v < width; v++) {
            NAME(vector) *sum = &sums[row * width + v];

            if (tile->first) {
                *sum = -(NAME(vector)){0};
            } else if (v + 1 < width) {
                *sum = *(const NAME(loose) *)(out + v * LANES);
            } else {
                *sum = NAME(load)(out + v * LANES, mask);
            }
        }
        out += tile->out_stride;
    }
}

/* Store the sums; those of the last block with bias and activation. */
INLINE void NAME(finish
)(const struct NAME(tile) * tile, NAME(vector) * sums, NAME(mask) mask, const size_t row_count,
  const size_t width) {
    REAL *out = tile->out;

    if (tile->last) {
        UNROLL for (size_t i = 0; i < row_count * width; i++) {
            sums[i] += *(const NAME(vector) *)(tile->bias + i % width * LANES);
            if (tile->relu) {
                sums[i] = NAME(relu)(sums[i]);
            }
        }
    }
    UNROLL for (size_t row = 0; row < row_count; row++) {
        UNROLL for (size_t v = 0; v + 1 < width; v++) {
            *(NAME(loose) *)(out + v * LANES) = sums[row * width + v];
        }
        NAME(store)(out + (width - 1) * LANES, mask, sums[row * width + width - 1]);
        out += tile->out_stride;
    }
}

/* One depth of a tile. */
INLINE void NAME(step
)(NAME(vector) * sums, const REAL *rows, const REAL *weights, const struct NAME(tile) * tile,
  const size_t row_count, const size_t vectors, const size_t panels) {
    UNROLL for (size_t panel = 0; panel < panels; panel++) {
        UNROLL for (size_t v = 0; v < vectors; v++) {
            const NAME(vector) weight =
                *(const NAME(vector) *)(weights + panel * tile->panel_stride + v * LANES);

            UNROLL for (size_t row = 0; row < row_count; row++) {
                const NAME(vector) value = rows[row * tile->row_stride] - (NAME(vector)){0};
                NAME(vector) *sum = &sums[row * panels * vectors + panel * vectors + v];

                *sum = NAME(multiply_add)(value, weight, *sum);
            }
        }
    }
}

/* All of a tile: its sums stay in registers from the first depth of the block to the last. */
INLINE void NAME(tile
)(const struct NAME(tile) * tile, const size_t row_count, const size_t vectors,
  const size_t panels, const size_t chains) {
    NAME(vector) sums[TILE_ROWS * ML__PANEL_VECTORS];
    const size_t width = panels * vectors;
    const size_t count = row_count * width;
    const REAL *rows = tile->rows;
    const REAL *weights = tile->weights;
    const size_t last = tile->columns - (width - 1) * LANES; /* columns of the last vector */
    const NAME(mask) mask = NAME(first)(last < LANES ? last : LANES);
    size_t left = tile->depth;

    NAME(begin)(tile, sums, mask, row_count, width);
    UNROLL for (size_t i = count; i < chains * count; i++) {
        sums[i] = -(NAME(vector)){0};
    }
    for (; left >= chains; left -= chains) {
        UNROLL for (size_t chain = 0; chain < chains; chain++) {
            NAME(step)(&sums[chain * count], rows++, weights, tile, row_count, vectors, panels);
            weights += vectors * LANES;
        }
    }
    UNROLL for (size_t chain = 0; chain + 1 < chains; chain++) {
        if (chain < left) {
            NAME(step)(&sums[chain * count], rows++, weights, tile, row_count, vectors, panels);
            weights += vectors * LANES;
        }
    }
    UNROLL for (size_t half = chains / 2; half > 0; half /= 2) {
        UNROLL for (size_t i = 0; i < half * count; i++) {
            sums[i] += sums[i + half * count];
        }
    }
    NAME(finish)(tile, sums, mask, row_count, width);
}

/* A panel by any number of rows. */
INLINE void NAME(rows
)(struct NAME(tile) * tile, size_t row_count, const size_t vectors, const size_t chains) {
    for (; row_count >= TILE_ROWS; row_count -= TILE_ROWS) {
        NAME(tile)(tile, TILE_ROWS, vectors, 1, chains);
        tile->rows += TILE_ROWS * tile->row_stride;
        tile->out += TILE_ROWS * tile->out_stride;
    }
    switch (row_count) {
#if TILE_ROWS > 5
    case 5:
        NAME(tile)(tile, 5, vectors, 1, chains);
        break;
    case 4:
        NAME(tile)(tile, 4, vectors, 1, chains);
        break;
    case 3:
        NAME(tile)(tile, 3, vectors, 1, chains);
        break;
#endif
#if TILE_ROWS > 2
    case 2:
        NAME(tile)(tile, 2, vectors, 1, chains);
        break;
#endif
    case 1:
        NAME(tile)(tile, 1, vectors, 1, chains);
        break;
    default:
        break;
    }
}

static TARGET void NAME(rows_by_1)(struct NAME(tile) tile, size_t row_count) {
    NAME(rows)(&tile, row_count, 1, 4);
}

static TARGET void NAME(rows_by_2)(struct NAME(tile) tile, size_t row_count) {
    NAME(rows)(&tile, row_count, 2, 2);
}

static TARGET void NAME(rows_by_3)(struct NAME(tile) tile, size_t row_count) {
    NAME(rows)(&tile, row_count, 3, 1);
}

static TARGET void NAME(rows_by_4)(struct NAME(tile) tile, size_t row_count) {
    NAME(rows)(&tile, row_count, 4, 1);
}

/* One row by two panels: one panel alone would wait for the latency of each multiply-add. */
static TARGET void NAME(row_by_8)(struct NAME(tile) tile) {
    NAME(tile)(&tile, 1, 4, 2, 1);
}

/* Panels of four vectors by some rows, a block of depth after the other. */
static TARGET void NAME(wide
)(struct NAME(tile) tile, const struct ml__panels *panels, size_t row_count,
  size_t panel_count) {
    const size_t block = row_count > TILE_ROWS ? DEPTH_BLOCK : panels->depth;
    const struct NAME(tile) start = tile;

    for (size_t depth = 0; depth < panels->depth; depth += block) {
        const size_t left = panels->depth - depth;

        tile.first = depth == 0;
        tile.last = left <= block;
        tile.depth = tile.last ? left : block;
        tile.rows = start.rows + depth;
        for (size_t panel = 0; panel < panel_count; panel++) {
            const size_t column = panel * PANEL_WIDTH;

            tile.weights = start.weights + panel * start.panel_stride + depth * PANEL_WIDTH;
            tile.bias = start.bias + column;
            tile.out = start.out + column;
            tile.columns = start.columns - column;
            if (row_count == 1 && panel + 1 < panel_count) {
                NAME(row_by_8)(tile);
                panel++;
            } else {
                NAME(rows_by_4)(tile, row_count);
            }
        }
    }
}

static TARGET void NAME(run
)(const struct ml__panels *panels, const void *rows, void *out, size_t row_count) {
    const size_t vectors = (panels->width + LANES - 1) / LANES;
    const size_t whole = vectors / ML__PANEL_VECTORS;
    const size_t narrow = vectors % ML__PANEL_VECTORS;
    struct NAME(tile) tile = {
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

    NAME(wide)(tile, panels, row_count, whole);
    tile.weights += whole * tile.panel_stride;
    tile.bias += whole * PANEL_WIDTH;
    tile.out += whole * PANEL_WIDTH;
    tile.columns -= whole * PANEL_WIDTH;
    if (narrow == 1) {
        NAME(rows_by_1)(tile, row_count);
    } else if (narrow == 2) {
        NAME(rows_by_2)(tile, row_count);
    } else if (narrow == 3) {
        NAME(rows_by_3)(tile, row_count);
    }
}

#undef LANES
#undef PANEL_WIDTH
#undef UNROLL
#undef DEPTH_BLOCK
