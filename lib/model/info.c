/* SPDX-License-Identifier: MIT */
/*
 * info.c -- a model's description: checked, and copied with all it points to.
 *
 * The copy is made twice by the same code: once with no memory behind it, to learn how much is
 * needed, and once into a block of that size. So there is one allocation, one release, and no
 * count that could differ from what is written.
 */
#include "model/info.h"

#include <string.h>

#include "base/checked.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/options.h"

/* Where the next bytes go; `base` is NULL while only the size is wanted. */
struct packer {
    unsigned char *base;
    size_t used;
    bool overflow;
};

static void *reserve(struct packer *packer, size_t count, size_t size) {
    const size_t padding = (8 - packer->used % 8) % 8;
    void *place = NULL;
    size_t bytes;

    if (!ml__mul(count, size, &bytes) || !ml__add(bytes, packer->used, &bytes) ||
        !ml__add(bytes, padding, &bytes)) {
        packer->overflow = true;
        return NULL;
    }
    if (packer->base != NULL) {
        place = packer->base + packer->used + padding;
    }
    packer->used = bytes;
    return place;
}

static void *pack(struct packer *packer, const void *data, size_t count, size_t size) {
    void *place = reserve(packer, count, size);

    if (place != NULL) {
        memcpy(place, data, count * size);
    }
    return place;
}

static const char *pack_text(struct packer *packer, const char *text) {
    return text == NULL ? NULL : pack(packer, text, strlen(text) + 1, 1);
}

static const ml_port *pack_ports(struct packer *packer, const ml_port *ports, size_t count) {
    ml_port *copy = pack(packer, ports, count, sizeof *ports);

    for (size_t i = 0; i < count; i++) {
        const char *name = pack_text(packer, ports[i].name);
        const char *alias = pack_text(packer, ports[i].alias);

        if (copy != NULL) {
            copy[i].name = name;
            copy[i].alias = alias;
            copy[i].shape[0] = 0;
        }
    }
    return copy;
}

static const char *const *
pack_labels(struct packer *packer, const char *const *labels, size_t count) {
    const char **copy = reserve(packer, count, sizeof *copy);

    for (size_t i = 0; i < count; i++) {
        const char *label = pack_text(packer, labels[i]);

        if (copy != NULL) {
            copy[i] = label;
        }
    }
    return copy;
}

static ml_model_info *pack_info(struct packer *packer, const ml_model_info *info) {
    ml_model_info *copy = pack(packer, info, 1, sizeof *info);
    ml_model_info own = *info;

    own.kind = pack_text(packer, info->kind == NULL ? "" : info->kind);
    own.detail = pack_text(packer, info->detail == NULL ? "" : info->detail);
    own.inputs = pack_ports(packer, info->inputs, info->input_count);
    own.outputs = pack_ports(packer, info->outputs, info->output_count);
    if (info->labels != NULL) {
        own.labels = pack_labels(packer, info->labels, info->label_count);
    }
    if (info->label_numbers != NULL) {
        own.label_numbers =
            pack(packer, info->label_numbers, info->label_count, sizeof(int64_t));
    }
    if (copy != NULL) {
        *copy = own;
    }
    return copy;
}

bool ml__row_elements(const size_t *shape, uint32_t rank, size_t *out) {
    size_t elements = 1;

    for (uint32_t axis = 1; axis < rank; axis++) {
        if (!ml__mul(elements, shape[axis], &elements)) {
            return false;
        }
    }
    *out = elements;
    return true;
}

static ml_status
check_port(const ml_port *port, const char *what, size_t place, ml_error *err) {
    size_t elements = 0;
    size_t bytes;

    if (port->name == NULL) {
        return ml__fail(err, ML_EINVAL, "%s %zu has no name", what, place);
    }
    if (ml_dtype_size((ml_dtype)port->dtype) == 0) {
        return ml__fail(
            err, ML_EINVAL, "%s '%.80s': %u is no type", what, port->name, port->dtype
        );
    }
    if (port->rank < 1 || port->rank > ML_MAX_RANK) {
        return ml__fail(
            err, ML_EINVAL, "%s '%.80s': rank is %u, expected 1..%d", what, port->name,
            port->rank, ML_MAX_RANK
        );
    }
    if (!ml__row_elements(port->shape, port->rank, &elements) || elements == 0 ||
        elements != port->row_elements ||
        !ml__mul(elements, ml_dtype_size((ml_dtype)port->dtype), &bytes)) {
        return ml__fail(
            err, ML_EINVAL, "%s '%.80s': row_elements is %zu, its shape holds %zu", what,
            port->name, port->row_elements, elements
        );
    }
    return ML_OK;
}

static ml_status
check_ports(const ml_port *ports, size_t count, const char *what, ml_error *err) {
    ml_status status = ML_OK;

    if (ports == NULL || count == 0) {
        return ml__fail(err, ML_EINVAL, "a model needs an %s", what);
    }
    for (size_t i = 0; i < count && status == ML_OK; i++) {
        status = check_port(&ports[i], what, i, err);
    }
    return status;
}

static ml_status check_info(const ml_model_info *info, ml_error *err) {
    ml_status status = check_ports(info->inputs, info->input_count, "input", err);

    if (status == ML_OK) {
        status = check_ports(info->outputs, info->output_count, "output", err);
    }
    if (status == ML_OK && info->task > ML_TASK_REGRESSOR) {
        status = ml__fail(err, ML_EINVAL, "task is %u, no ml_task", info->task);
    }
    if (status == ML_OK && info->reserved != 0) {
        status = ml__fail(err, ML_EINVAL, "reserved is %u, expected 0", info->reserved);
    }
    for (size_t i = 0; status == ML_OK && info->labels != NULL && i < info->label_count; i++) {
        if (info->labels[i] == NULL) {
            status = ml__fail(err, ML_EINVAL, "label %zu is NULL", i);
        }
    }
    return status;
}

ml_status ml__info_copy(const ml_model_info *info, ml_model_info **out, ml_error *err) {
    struct packer packer = {NULL, 0, false};
    ml_model_info own;
    ml_status status;

    if (info == NULL) {
        return ml__fail(err, ML_EINVAL, "a model needs an info");
    }
    status = ml__options_read(&own, sizeof own, info, err);
    if (status == ML_OK) {
        status = check_info(&own, err);
    }
    if (status != ML_OK) {
        return status;
    }
    own.size = sizeof own;
    (void)pack_info(&packer, &own);
    if (!packer.overflow) {
        packer.base = ml__make_raw(packer.used, 1);
    }
    if (packer.base == NULL) {
        return ml__fail(err, ML_ENOMEM, "model description of %zu bytes", packer.used);
    }
    packer.used = 0;
    *out = pack_info(&packer, &own);
    return ML_OK;
}
