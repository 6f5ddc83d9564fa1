/* SPDX-License-Identifier: MIT */
/*
 * safetensors_layers.h -- the layers that the metadata list become nodes.
 *
 * safetensors hold weights and no structure, so the header's __metadata__ must tell it:
 *
 *   kind "mlp"             layers "0:linear,1:relu,2:linear,3:softmax": the numbers ascend, and
 *                          linear layer n has the tensors "n.weight" [out, in] and, if it has
 *                          a bias, "n.bias" [out]
 *   kind "linear-softmax"  the tensors "weight" and "bias"
 *   input_scale            optional: a number that the inputs are multiplied with
 *   layout                 optional: "weight[out,in]", the only one
 */
#ifndef ML_FORMATS_SAFETENSORS_LAYERS_H
#define ML_FORMATS_SAFETENSORS_LAYERS_H

#include "formats/builder.h"
#include "formats/safetensors_header.h"

/* Add what the layers need to the room that the tensors need. */
void ml__layers_room(const struct ml__metadata *metadata, struct ml__room *room);

/*
 * Make the nodes from the input "X" to the output: "probabilities" after a softmax, else
 * "variable", as converters call them; linear-softmax also has the output "logits". The tensors
 * are in the builder. ML_EUNSUPPORTED where the metadata tell no layers that we know;
 * ML_EFORMAT, ML_ESHAPE, ML_ENOMEM, ML_ELIMIT.
 */
ML_MUST ml_status ml__layers_build(
    struct ml__builder *builder, const struct ml__metadata *metadata, ml_error *err
);

#endif
