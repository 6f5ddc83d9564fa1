/* SPDX-License-Identifier: MIT */
/*
 * detect.h -- tell the kind of a model file by its content, never by its name.
 */
#ifndef ML_FORMATS_DETECT_H
#define ML_FORMATS_DETECT_H

#include <stddef.h>

enum ml__format { ML__FORMAT_UNKNOWN, ML__FORMAT_ONNX, ML__FORMAT_SAFETENSORS };

/* The most likely kind; an empty file is taken for ONNX, as an empty protobuf is one. */
enum ml__format ml__format_detect(const void *data, size_t size);

#endif
