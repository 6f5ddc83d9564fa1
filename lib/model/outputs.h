/* SPDX-License-Identifier: MIT */
/*
 * outputs.h -- which outputs a compiled graph offers, and what kind of model that makes it.
 */
#ifndef ML_MODEL_OUTPUTS_H
#define ML_MODEL_OUTPUTS_H

#include "model/draft.h"

struct ml__outputs {
    ml_port ports[ML__MAX_PORTS];
    uint32_t indexes[ML__MAX_PORTS]; /* the register of each */
    size_t count;
    uint32_t task;      /* an ml_task */
    size_t class_count; /* 0: no classifier */
};

/*
 * Choose them; adds the tasks that make those which the file does not have. `task` is an
 * ml_task that the program insists on, or 0.
 */
ML_MUST ml_status ml__outputs_choose(
    struct ml__draft *draft, uint32_t task, struct ml__outputs *outputs, ml_error *err
);

#endif
