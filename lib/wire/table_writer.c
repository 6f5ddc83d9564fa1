/* SPDX-License-Identifier: MIT */
/*
 * table_writer.c -- write npy and csv files that are there whole or not at all.
 *
 * Rows go into a new file beside the path; ml_table_commit() makes it durable and renames it
 * over the path, which readers see in one step. The npy header, which tells the number of
 * rows, has a fixed size and is written last.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mlserve/wire.h>

#include "base/checked.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "wire/shortest.h"

#define BUFFER_BYTES 65536
#define NPY_HEADER_BYTES 128

struct ml_table_writer {
    char *path;
    char *temporary; /* the file beside it, and NULL when there is none */
    int file;
    ml_dtype dtype;
    size_t width;
    bool flat; /* a 1-D npy */
    bool csv;
    bool broken; /* a write failed: what is in the file is not known */
    uint64_t row_count;
    size_t used; /* of the buffer */
    char buffer[BUFFER_BYTES];
};

static ml_status fail_io(ml_error *err, const char *path, const char *what) {
    char room[64];

    return ml__fail(
        err, ML_EIO, "%.160s: %s: %s", path, what, strerror_r(errno, room, sizeof room)
    );
}

static ml_status flush(ml_table_writer *writer, ml_error *err) {
    const ml_status status =
        ml__file_write(writer->file, writer->path, writer->buffer, writer->used, err);

    writer->used = 0;
    if (status != ML_OK) {
        writer->broken = true;
    }
    return status;
}

static ml_status put(ml_table_writer *writer, const void *data, size_t size, ml_error *err) {
    const char *from = data;

    while (size > 0) {
        const size_t room = BUFFER_BYTES - writer->used;
        const size_t piece = size < room ? size : room;

        memcpy(writer->buffer + writer->used, from, piece);
        writer->used += piece;
        from += piece;
        size -= piece;
        if (writer->used == BUFFER_BYTES) {
            const ml_status status = flush(writer, err);

            if (status != ML_OK) {
                return status;
            }
        }
    }
    return ML_OK;
}

/* A name of the csv header, in quotes where it needs them. */
static ml_status put_name(ml_table_writer *writer, const char *name, ml_error *err) {
    ml_status status = ML_OK;

    if (strpbrk(name, "\",\r\n") == NULL) {
        return put(writer, name, strlen(name), err);
    }
    status = put(writer, "\"", 1, err);
    for (; status == ML_OK && *name != '\0'; name++) {
        status = put(writer, *name == '"' ? "\"\"" : name, *name == '"' ? 2 : 1, err);
    }
    return status == ML_OK ? put(writer, "\"", 1, err) : status;
}

static ml_status put_names(ml_table_writer *writer, const char *const *names, ml_error *err) {
    ml_status status = ML_OK;

    for (size_t column = 0; status == ML_OK && column < writer->width; column++) {
        char name[ML__NUMBER_ROOM + 2] = "c";

        if (names == NULL) {
            name[1 + ml__write_u64(column, name + 1)] = '\0';
        }
        status = put_name(writer, names != NULL ? names[column] : name, err);
        if (status == ML_OK) {
            status = put(writer, column + 1 < writer->width ? "," : "\n", 1, err);
        }
    }
    return status;
}

/* A new file beside the path, with a name that nobody has. */
static ml_status open_temporary(ml_table_writer *writer, ml_error *err) {
    const size_t size = strlen(writer->path) + sizeof ".0123456789abcdef.tmp";
    char *name = ml__make_raw(size, 1);

    if (name == NULL) {
        return ml__fail(err, ML_ENOMEM, "%.160s: a name of %zu bytes", writer->path, size);
    }
    for (int attempt = 0; attempt < 16; attempt++) {
        (void)snprintf(
            name, size, "%s.%016llx.tmp", writer->path, (unsigned long long)ml__seed_make().k0
        );
        writer->file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0666);
        if (writer->file >= 0) {
            writer->temporary = name;
            return ML_OK;
        }
        if (errno != EEXIST && errno != EINTR) {
            break;
        }
    }
    ml__free(name);
    return fail_io(err, writer->path, "create");
}

static ml_status check_arguments(
    const char *path, ml_dtype dtype, size_t width, ml_table_writer **out, ml_error *err
) {
    struct stat about;
    size_t row_bytes;

    if (path == NULL || out == NULL || *path == '\0') {
        return ml__fail(err, ML_EINVAL, "path is NULL or empty, or out is NULL");
    }
    if (dtype != ML_FP32 && dtype != ML_FP64 && dtype != ML_INT64) {
        return ml__fail(
            err, ML_EINVAL, "dtype is %s, expected FP32, FP64 or INT64", ml_dtype_name(dtype)
        );
    }
    if (!ml__mul(width, ml_dtype_size(dtype), &row_bytes)) {
        return ml__fail(err, ML_EINVAL, "width %zu is too large", width);
    }
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode)) {
        return ml__fail(err, ML_EIO, "%.160s: not a regular file", path);
    }
    return ML_OK;
}

ml_status ml_table_create(
    const char *path, ml_dtype dtype, size_t width, const char *const *names,
    ml_table_writer **out, ml_error *err
) {
    static const char blank[NPY_HEADER_BYTES];
    ml_table_writer *writer = NULL;
    ml_status status = check_arguments(path, dtype, width, out, err);
    size_t length;

    if (status != ML_OK) {
        return status;
    }
    writer = ml__make(1, sizeof *writer);
    if (writer == NULL) {
        return ml__fail(err, ML_ENOMEM, "table handle of %zu bytes", sizeof *writer);
    }
    writer->file = -1;
    writer->dtype = dtype;
    writer->flat = width == 0;
    writer->width = width == 0 ? 1 : width;
    length = strlen(path);
    writer->csv = length >= 4 && strcmp(path + length - 4, ".csv") == 0;
    writer->path = ml__copy_text(path);
    if (writer->path == NULL) {
        status = ml__fail(err, ML_ENOMEM, "%.160s: a name of %zu bytes", path, length);
        goto done;
    }
    status = open_temporary(writer, err);
    if (status != ML_OK) {
        goto done;
    }
    status =
        writer->csv ? put_names(writer, names, err) : put(writer, blank, NPY_HEADER_BYTES, err);
    if (status != ML_OK) {
        goto done;
    }
    *out = writer;
    writer = NULL;
done:
    ml_table_abort(writer);
    return status;
}

/* A number of the table's type, at the writer's buffer, which has room. */
static size_t
write_cell(const ml_table_writer *writer, const void *values, size_t i, char *to) {
    const double wide = writer->dtype == ML_FP32   ? (double)((const float *)values)[i]
                        : writer->dtype == ML_FP64 ? ((const double *)values)[i]
                                                   : 0.0;

    if (writer->dtype == ML_INT64) {
        return ml__write_i64(((const int64_t *)values)[i], to);
    }
    if (!isfinite(wide)) {
        const char *word = isnan(wide) ? "nan" : wide > 0 ? "inf" : "-inf";

        memcpy(to, word, strlen(word));
        return strlen(word);
    }
    return writer->dtype == ML_FP32 ? ml__write_f32(((const float *)values)[i], to)
                                    : ml__write_f64(wide, to);
}

static ml_status
put_cells(ml_table_writer *writer, const void *values, size_t count, ml_error *err) {
    size_t column = 0;

    for (size_t i = 0; i < count; i++) {
        if (BUFFER_BYTES - writer->used < ML__NUMBER_ROOM + 1) {
            const ml_status status = flush(writer, err);

            if (status != ML_OK) {
                return status;
            }
        }
        writer->used += write_cell(writer, values, i, writer->buffer + writer->used);
        column = column + 1 == writer->width ? 0 : column + 1;
        writer->buffer[writer->used++] = column == 0 ? '\n' : ',';
    }
    return ML_OK;
}

ml_status
ml_table_write(ml_table_writer *writer, const void *values, size_t row_count, ml_error *err) {
    size_t count;
    size_t bytes;
    ml_status status;

    if (writer == NULL || (values == NULL && row_count > 0) ||
        !ml__mul(row_count, writer->width, &count) ||
        !ml__mul(count, ml_dtype_size(writer->dtype), &bytes)) {
        return ml__fail(err, ML_EINVAL, "writer or values is NULL, or too many rows");
    }
    if (writer->broken) {
        return ml__fail(err, ML_EIO, "%.160s: an earlier write failed", writer->path);
    }
    status =
        writer->csv ? put_cells(writer, values, count, err) : put(writer, values, bytes, err);
    if (status == ML_OK) {
        writer->row_count += row_count;
    }
    return status;
}

/* The header in the place that was left for it. */
static ml_status put_npy_header(ml_table_writer *writer, ml_error *err) {
    const char *code = writer->dtype == ML_FP32   ? "<f4"
                       : writer->dtype == ML_FP64 ? "<f8"
                                                  : "<i8";
    char header[NPY_HEADER_BYTES + 1];
    char width[ML__NUMBER_ROOM + 1] = "";
    int size;

    if (!writer->flat) {
        width[ml__write_u64(writer->width, width)] = '\0';
    }
    memcpy(header, "\x93NUMPY\x01\x00\x76\x00", 10); /* 118 bytes follow */
    size = snprintf(
        header + 10, sizeof header - 10,
        "{'descr': '%s', 'fortran_order': False, 'shape': (%llu,%s%s), }", code,
        (unsigned long long)writer->row_count, writer->flat ? "" : " ", width
    );
    memset(header + 10 + size, ' ', NPY_HEADER_BYTES - 10 - (size_t)size);
    header[NPY_HEADER_BYTES - 1] = '\n';
    if (lseek(writer->file, 0, SEEK_SET) != 0) {
        return fail_io(err, writer->path, "seek");
    }
    return ml__file_write(writer->file, writer->path, header, NPY_HEADER_BYTES, err);
}

/* Make the new name durable. The file is there whatever this answers, so nothing is told. */
static void sync_folder(const char *path) {
    const char *slash = strrchr(path, '/');
    char *folder =
        slash == NULL ? ml__copy_text(".") : ml__copy_bytes(path, (size_t)(slash - path) + 1);
    const int file = folder != NULL ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (file >= 0) {
        (void)fsync(file);
        (void)close(file);
    }
    ml__free(folder);
}

ml_status ml_table_commit(ml_table_writer *writer, ml_error *err) {
    ml_status status;

    if (writer == NULL) {
        return ml__fail(err, ML_EINVAL, "writer is NULL");
    }
    status = writer->broken
                 ? ml__fail(err, ML_EIO, "%.160s: an earlier write failed", writer->path)
                 : flush(writer, err);
    if (status == ML_OK && !writer->csv) {
        status = put_npy_header(writer, err);
    }
    if (status == ML_OK && fsync(writer->file) != 0) {
        status = fail_io(err, writer->path, "sync");
    }
    if (status == ML_OK) {
        const int closed = close(writer->file);

        writer->file = -1;
        if (closed != 0 && errno != EINTR) {
            status = fail_io(err, writer->path, "close");
        }
    }
    if (status == ML_OK && rename(writer->temporary, writer->path) != 0) {
        status = fail_io(err, writer->path, "rename");
    }
    if (status == ML_OK) {
        ml__free(writer->temporary);
        writer->temporary = NULL;
        sync_folder(writer->path);
    }
    ml_table_abort(writer);
    return status;
}

void ml_table_abort(ml_table_writer *writer) {
    if (writer != NULL) {
        ml__file_close(writer->file);
        if (writer->temporary != NULL) {
            (void)unlink(writer->temporary);
            ml__free(writer->temporary);
        }
        ml__free(writer->path);
        ml__free(writer);
    }
}
