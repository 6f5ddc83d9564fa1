/* SPDX-License-Identifier: MIT */
/*
 * file.c -- reading and writing files.
 *
 * Files are read, not mapped: a mapped file that shrinks kills the process. The size that the
 * system tells is only where the buffer starts; the end is where read() says so, and a file
 * that grew past the limit meanwhile is refused like one that was too large before.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/memory.h"

/* strerror_r() of GNU needs no buffer of ours for the known numbers. */
static ml_status fail_errno(ml_error *err, const char *path, const char *what, int number) {
    char room[64];
    const ml_status status = number == ENOENT || number == ENOTDIR ? ML_ENOTFOUND
                             : number == ENOMEM                    ? ML_ENOMEM
                                                                   : ML_EIO;

    return ml__fail(
        err, status, "%.160s: %s: %s", path, what, strerror_r(number, room, sizeof room)
    );
}

ml_status ml__file_open(const char *path, int *file, ml_error *err) {
    struct stat about;
    int opened;

    do {
        opened = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    } while (opened < 0 && errno == EINTR);
    if (opened < 0) {
        return fail_errno(err, path, "open", errno);
    }
    if (fstat(opened, &about) != 0) {
        const int number = errno;

        ml__file_close(opened);
        return fail_errno(err, path, "stat", number);
    }
    if (!S_ISREG(about.st_mode)) {
        ml__file_close(opened);
        return ml__fail(err, ML_EIO, "%.160s: not a regular file", path);
    }
    *file = opened;
    return ML_OK;
}

void ml__file_close(int file) {
    if (file >= 0) {
        (void)close(file);
    }
}

ml_status ml__file_next(
    int file, const char *path, void *data, size_t room, size_t *size, ml_error *err
) {
    size_t done = 0;

    while (done < room) {
        const ssize_t got = read(file, (char *)data + done, room - done);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail_errno(err, path, "read", errno);
        }
        if (got == 0) {
            break;
        }
        done += (size_t)got;
    }
    *size = done;
    return ML_OK;
}

ml_status
ml__file_write(int file, const char *path, const void *data, size_t size, ml_error *err) {
    size_t done = 0;

    while (done < size) {
        const ssize_t put = write(file, (const char *)data + done, size - done);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return fail_errno(err, path, "write", errno);
        }
        done += (size_t)put;
    }
    return ML_OK;
}

/* The file's bytes into a block that starts with `expected` + 1 bytes of room. */
static ml_status read_all(
    int file, const char *path, size_t max_bytes, void **data, size_t *size, ml_error *err
) {
    size_t done = 0;
    size_t got = 0;
    ml_status status;

    for (;;) {
        status = ml__file_next(file, path, (char *)*data + done, *size - done, &got, err);
        if (status != ML_OK) {
            return status;
        }
        done += got;
        if (done < *size) {
            *size = done;
            return ML_OK;
        }
        /* It grew since it was measured. */
        if (done > max_bytes) {
            return ml__fail(err, ML_ELIMIT, "%.160s: larger than %zu bytes", path, max_bytes);
        }
        {
            const size_t room = done + done / 4 + 4096;
            void *larger = ml__resize(*data, room, 1);

            if (larger == NULL) {
                return ml__fail(err, ML_ENOMEM, "%.160s: %zu bytes", path, room);
            }
            *data = larger;
            *size = room;
        }
    }
}

ml_status
ml__file_read(const char *path, uint64_t max_bytes, void **data, size_t *size, ml_error *err) {
    struct stat about;
    void *block = NULL;
    size_t block_size;
    int file = -1;
    ml_status status = ml__file_open(path, &file, err);

    if (status != ML_OK) {
        return status;
    }
    if (fstat(file, &about) != 0) {
        status = fail_errno(err, path, "stat", errno);
        goto done;
    }
    if (max_bytes > SIZE_MAX / 4) {
        max_bytes = SIZE_MAX / 4;
    }
    if ((uint64_t)about.st_size > max_bytes) {
        status = ml__fail(
            err, ML_ELIMIT, "%.160s: %lld bytes, the limit is %llu", path,
            (long long)about.st_size, (unsigned long long)max_bytes
        );
        goto done;
    }
    block_size = (size_t)about.st_size + 1;
    block = ml__make_raw(block_size, 1);
    if (block == NULL) {
        status = ml__fail(err, ML_ENOMEM, "%.160s: %zu bytes", path, block_size);
        goto done;
    }
    status = read_all(file, path, (size_t)max_bytes, &block, &block_size, err);
    if (status == ML_OK) {
        *data = block;
        *size = block_size;
        block = NULL;
    }
done:
    ml__free(block);
    ml__file_close(file);
    return status;
}
