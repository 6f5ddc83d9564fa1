/* SPDX-License-Identifier: MIT */
/*
 * table_files.h -- files of given bytes in a folder of the test's own, and reading them.
 *
 * Include it after cmocka.h.
 */
#ifndef TESTS_UNIT_WIRE_TABLE_FILES_H
#define TESTS_UNIT_WIRE_TABLE_FILES_H

#include <mlserve/wire.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
    char path[64];
    char file[96]; /* the last one named */
};

static inline void folder_make(struct folder *folder) {
    (void)strcpy(folder->path, "/tmp/mlserve-test-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
}

static inline const char *folder_name(struct folder *folder, const char *name) {
    (void)snprintf(folder->file, sizeof folder->file, "%s/%s", folder->path, name);
    return folder->file;
}

/* Files in the folder; with `remove_all`, remove them and the folder. */
static inline size_t folder_count(const struct folder *folder, int remove_all) {
    DIR *listing = opendir(folder->path);
    struct dirent *entry;
    size_t count = 0;

    assert_non_null(listing);
    while ((entry = readdir(listing)) != NULL) {
        if (entry->d_name[0] != '.') {
            char path[400];

            count++;
            (void)snprintf(path, sizeof path, "%s/%s", folder->path, entry->d_name);
            if (remove_all) {
                assert_int_equal(unlink(path), 0);
            }
        }
    }
    (void)closedir(listing);
    if (remove_all) {
        assert_int_equal(rmdir(folder->path), 0);
    }
    return count;
}

static inline const char *
folder_write(struct folder *folder, const char *name, const void *bytes, size_t size) {
    FILE *file = fopen(folder_name(folder, name), "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return folder->file;
}

/* The file's bytes, ended by NUL, to free(). */
static inline char *file_bytes(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    char *bytes = calloc(1, 1 << 22);

    assert_non_null(file);
    *size = fread(bytes, 1, (1 << 22) - 1, file);
    (void)fclose(file);
    return bytes;
}

/* Open and read all rows as FP64, `step` at a time; answers the first failure. */
static inline ml_status read_table(
    const char *path, size_t step, double *values, size_t room, size_t *row_count, ml_error *err
) {
    ml_table_reader *reader = NULL;
    ml_status status = ml_table_open(path, NULL, &reader, err);
    size_t done = 0;
    size_t got = 1;

    while (status == ML_OK && got > 0) {
        const size_t width = (size_t)ml_table_describe(reader)->width;

        assert_true((done + step) * width <= room);
        status = ml_table_read(reader, ML_FP64, values + done * width, step, &got, err);
        done += status == ML_OK ? got : 0;
    }
    ml_table_close(reader);
    *row_count = done;
    return status;
}

#endif
