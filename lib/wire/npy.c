/* SPDX-License-Identifier: MIT */
/*
 * npy.c -- read npy files (NEP 1, formats 1.0 to 3.0).
 *
 * The header is a Python dictionary as numpy.lib.format writes it. We read just that grammar:
 * three keys, each once, in any order; strings without escapes, True or False, a tuple of
 * integers. The shape is checked against the file's size before anything trusts it.
 *
 * Rows are read through the stream's buffer and converted from there; the buffer's start is
 * aligned, and so is every element, because what is unused is moved there first.
 */
#include "wire/npy.h"

#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/checked.h"
#include "base/fail.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "npy files are read as the machine's own numbers, which must be little-endian"
#endif

static const char magic[] = "\x93NUMPY";
#define MAGIC_SIZE (sizeof magic - 1)

/* The dictionary being read; `offset` is where it stands in the file. */
struct dictionary {
    const char *text;
    const char *next;
    const char *end;
    size_t offset;
};

struct slice {
    const char *text;
    size_t size;
};

bool ml__npy_is(const char *bytes, size_t size) {
    return size >= MAGIC_SIZE && memcmp(bytes, magic, MAGIC_SIZE) == 0;
}

static ml_status unexpected(const struct dictionary *d, const char *expected, ml_error *err) {
    return ml__fail(
        err, ML_EFORMAT, "npy header: byte %zu: expected %s",
        d->offset + (size_t)(d->next - d->text), expected
    );
}

static void skip_spaces(struct dictionary *d) {
    while (d->next < d->end && *d->next == ' ') {
        d->next++;
    }
}

static bool take(struct dictionary *d, char c) {
    skip_spaces(d);
    if (d->next == d->end || *d->next != c) {
        return false;
    }
    d->next++;
    return true;
}

/* A string in either quotes; without escapes, which none of ours has. */
static bool take_string(struct dictionary *d, struct slice *slice) {
    char quote = '\'';
    const char *close;

    if (!take(d, quote)) {
        quote = '"';
        if (!take(d, quote)) {
            return false;
        }
    }
    close = memchr(d->next, quote, (size_t)(d->end - d->next));
    if (close == NULL || memchr(d->next, '\\', (size_t)(close - d->next)) != NULL) {
        return false;
    }
    slice->text = d->next;
    slice->size = (size_t)(close - d->next);
    d->next = close + 1;
    return true;
}

static bool is(struct slice slice, const char *text) {
    return slice.size == strlen(text) && memcmp(slice.text, text, slice.size) == 0;
}

static ml_status take_dtype(struct dictionary *d, struct ml__npy *npy, ml_error *err) {
    static const struct {
        const char *code;
        ml_dtype dtype;
    } codes[] = {
        {"f4", ML_FP32},   {"f8", ML_FP64},   {"f2", ML_FP16},   {"i1", ML_INT8},
        {"i2", ML_INT16},  {"i4", ML_INT32},  {"i8", ML_INT64},  {"u1", ML_UINT8},
        {"u2", ML_UINT16}, {"u4", ML_UINT32}, {"u8", ML_UINT64}, {"b1", ML_BOOL},
    };
    struct slice descr;
    struct slice code;
    char order;

    if (take(d, '[')) {
        return ml__fail(err, ML_EUNSUPPORTED, "npy header: rows of named fields");
    }
    if (!take_string(d, &descr) || descr.size < 2) {
        return unexpected(d, "the type's name", err);
    }
    order = descr.text[0];
    code.text = descr.text + 1;
    code.size = descr.size - 1;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (!is(code, codes[i].code)) {
            continue;
        }
        if (order == '>' && codes[i].code[1] != '1') {
            return ml__fail(
                err, ML_EUNSUPPORTED, "npy header: type '%.*s' is big-endian", (int)descr.size,
                descr.text
            );
        }
        if (order == '<' || (order == '|' && codes[i].code[1] == '1')) {
            npy->dtype = codes[i].dtype;
            return ML_OK;
        }
    }
    return ml__fail(
        err, ML_EUNSUPPORTED, "npy header: type '%.*s' is no number",
        (int)(descr.size < 32 ? descr.size : 32), descr.text
    );
}

static ml_status take_order(struct dictionary *d, ml_error *err) {
    const char *word;

    skip_spaces(d);
    word = d->next;
    if ((size_t)(d->end - word) >= 5 && memcmp(word, "False", 5) == 0) {
        d->next += 5;
        return ML_OK;
    }
    if ((size_t)(d->end - word) >= 4 && memcmp(word, "True", 4) == 0) {
        return ml__fail(err, ML_EUNSUPPORTED, "npy header: fortran_order is True");
    }
    return unexpected(d, "True or False", err);
}

static bool take_size(struct dictionary *d, size_t *size) {
    const char *start;
    size_t value = 0;

    skip_spaces(d);
    start = d->next;
    while (d->next < d->end && *d->next >= '0' && *d->next <= '9') {
        if (!ml__mul(value, 10, &value) || !ml__add(value, (size_t)(*d->next - '0'), &value)) {
            return false;
        }
        d->next++;
    }
    *size = value;
    return d->next > start;
}

static ml_status take_shape(struct dictionary *d, struct ml__npy *npy, ml_error *err) {
    size_t axes = 0;
    size_t size;
    bool comma = true;

    npy->width = 1;
    if (!take(d, '(')) {
        return unexpected(d, "a tuple", err);
    }
    while (!take(d, ')')) {
        if (!comma || !take_size(d, &size)) {
            return unexpected(d, "a number of elements", err);
        }
        if (axes++ == 0) {
            npy->row_count = size;
        } else if (!ml__mul(npy->width, size, &npy->width)) {
            return ml__fail(err, ML_EFORMAT, "npy header: the shape is too large");
        }
        comma = take(d, ',');
    }
    if (axes == 0) {
        return ml__fail(err, ML_EUNSUPPORTED, "npy header: shape () is a number, not a table");
    }
    if (axes == 1 && !comma) {
        return unexpected(d, "a tuple", err);
    }
    if (npy->width == 0) {
        return ml__fail(err, ML_EUNSUPPORTED, "npy header: the rows have no columns");
    }
    return ML_OK;
}

/* {'descr': '<f4', 'fortran_order': False, 'shape': (10, 3), } and spaces up to a newline. */
static ml_status take_dictionary(struct dictionary *d, struct ml__npy *npy, ml_error *err) {
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    unsigned seen = 0;
    bool comma = true;

    if (!take(d, '{')) {
        return unexpected(d, "{", err);
    }
    while (!take(d, '}')) {
        struct slice key;
        size_t k = 0;
        ml_status status;

        if (!comma || !take_string(d, &key)) {
            return unexpected(d, comma ? "a key" : ", or }", err);
        }
        while (k < 3 && !is(key, keys[k])) {
            k++;
        }
        if (k == 3 || (seen & 1u << k) != 0) {
            return unexpected(d, "descr, fortran_order and shape, each once", err);
        }
        seen |= 1u << k;
        if (!take(d, ':')) {
            return unexpected(d, ":", err);
        }
        status = k == 0   ? take_dtype(d, npy, err)
                 : k == 1 ? take_order(d, err)
                          : take_shape(d, npy, err);
        if (status != ML_OK) {
            return status;
        }
        comma = take(d, ',');
    }
    if (seen != 7) {
        return unexpected(d, "descr, fortran_order and shape, each once", err);
    }
    if (!take(d, '\n') || d->next != d->end) {
        return unexpected(d, "spaces and a newline at the end", err);
    }
    return ML_OK;
}

ml_status ml__npy_header(const char *bytes, size_t size, struct ml__npy *npy, ml_error *err) {
    struct ml__bytes reader = ml__bytes_over(bytes, size);
    struct dictionary d;
    const unsigned char *block;
    uint8_t major = 0;
    uint8_t minor = 0;
    uint16_t short_size = 0;
    uint32_t text_size = 0;
    size_t data_size;
    ml_status status;

    if (!ml__take_block(&reader, MAGIC_SIZE, &block) || memcmp(block, magic, MAGIC_SIZE) != 0) {
        return ml__fail(err, ML_EFORMAT, "npy header: no npy file");
    }
    if (!ml__take_u8(&reader, &major) || !ml__take_u8(&reader, &minor)) {
        return ml__fail(err, ML_EFORMAT, "npy header: the file ends in it");
    }
    if (major < 1 || major > 3 || minor != 0) {
        return ml__fail(
            err, ML_EUNSUPPORTED, "npy header: format %u.%u, known are 1.0 to 3.0", major, minor
        );
    }
    if (major == 1 ? !ml__take_u16(&reader, &short_size) : !ml__take_u32(&reader, &text_size)) {
        return ml__fail(err, ML_EFORMAT, "npy header: the file ends in it");
    }
    text_size = major == 1 ? short_size : text_size;
    if (text_size > ML__NPY_HEADER_MAX - 12) {
        return ml__fail(
            err, ML_ELIMIT, "npy header: %u bytes, the limit is %d", text_size,
            ML__NPY_HEADER_MAX - 12
        );
    }
    d.offset = ml__bytes_place(&reader);
    if (!ml__take_block(&reader, text_size, &block)) {
        return ml__fail(err, ML_EFORMAT, "npy header: the file ends in it");
    }
    d.text = (const char *)block;
    d.next = d.text;
    d.end = d.text + text_size;
    status = take_dictionary(&d, npy, err);
    if (status != ML_OK) {
        return status;
    }
    npy->header_size = ml__bytes_place(&reader);
    if (!ml__mul(npy->width, ml_dtype_size(npy->dtype), &npy->row_bytes) ||
        !ml__mul(npy->row_bytes, (size_t)npy->row_count, &data_size)) {
        return ml__fail(err, ML_EFORMAT, "npy header: the shape is too large");
    }
    return ML_OK;
}

ml_status ml__npy_open(ml_table_reader *reader, ml_error *err) {
    struct ml__table_stream *stream = &reader->stream;
    struct ml__npy npy;
    struct stat about;
    size_t expected;
    ml_status status = ml__npy_header(stream->buffer, stream->end, &npy, err);

    if (status != ML_OK) {
        return ml__fail_prefix(err, status, reader->path);
    }
    if (npy.width > reader->max_columns) {
        return ml__fail(
            err, ML_ELIMIT, "%.100s: %zu columns, the limit is %zu", reader->path, npy.width,
            reader->max_columns
        );
    }
    if (fstat(stream->file, &about) != 0) {
        return ml__fail(err, ML_EIO, "%.100s: its size cannot be told", reader->path);
    }
    expected = (size_t)npy.row_count * npy.row_bytes;
    if (!ml__add(expected, npy.header_size, &expected) ||
        (uintmax_t)about.st_size != (uintmax_t)expected) {
        return ml__fail(
            err, ML_EFORMAT,
            "%.100s: %lld bytes, but a header of %zu and %llu rows of %zu bytes", reader->path,
            (long long)about.st_size, npy.header_size, (unsigned long long)npy.row_count,
            npy.row_bytes
        );
    }
    stream->next = npy.header_size;
    reader->info.dtype = npy.dtype;
    reader->info.row_count = npy.row_count;
    reader->info.width = npy.width;
    reader->rows_left = npy.row_count;
    reader->element_size = ml_dtype_size(npy.dtype);
    return ML_OK;
}

ml_status ml__npy_read(
    ml_table_reader *reader, ml_dtype dtype, void *values, size_t max_rows, size_t *row_count,
    ml_error *err
) {
    struct ml__table_stream *stream = &reader->stream;
    const size_t element_size = reader->element_size;
    const size_t rows = max_rows < reader->rows_left ? max_rows : (size_t)reader->rows_left;
    const size_t wanted = rows * (size_t)reader->info.width;
    size_t done = 0;

    while (done < wanted) {
        size_t count = (stream->end - stream->next) / element_size;
        ml_status status = ML_OK;

        if (count == 0 || stream->next % element_size != 0) {
            status = ml__table_fill(stream, err);
            count = stream->end / element_size;
        }
        if (status == ML_OK && count == 0) {
            status = ml__fail(err, ML_EFORMAT, "%.100s: it has become shorter", reader->path);
        }
        if (status != ML_OK) {
            return status;
        }
        if (count > wanted - done) {
            count = wanted - done;
        }
        status = ml_convert(
            stream->buffer + stream->next, (ml_dtype)reader->info.dtype,
            (char *)values + done * ml_dtype_size(dtype), dtype, count
        );
        if (status != ML_OK) {
            return ml__fail(
                err, ML_EINVAL, "%.100s: numbers cannot be read as %s", reader->path,
                ml_dtype_name(dtype)
            );
        }
        stream->next += count * element_size;
        done += count;
    }
    reader->rows_left -= rows;
    *row_count = rows;
    return ML_OK;
}
