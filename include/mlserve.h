/* SPDX-License-Identifier: MIT */
/*
 * mlserve.h -- all of libmlserve: model serving inside a C or C++ program.
 */
#ifndef MLSERVE_H
#define MLSERVE_H

#include <mlserve/base.h>
#include <mlserve/model.h>
#include <mlserve/pool.h>
#include <mlserve/predictor.h>
#include <mlserve/wire.h>

#endif
