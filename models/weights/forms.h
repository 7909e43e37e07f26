#pragma once

#include <filesystem>

#include "models/weights/translation.h"

/// Forms of tensors that differ between programs; each function changes what it finds of its own.
namespace realface::models {

/// attn.{q,k,v}.weight and bias, as transformers has them, to attn.qkv: rows of queries, keys, values. Biases of
/// queries and values alone become attn.q_bias and attn.v_bias.
void join_projections(Tensors& tensors);
/// The way back, for networks of ours: attn.qkv.weight and bias to attn.{q,k,v}.
void split_projections(Tensors& tensors);

/// [out, in] to [out, in, 1, 1] where a convolution of 1 x 1 is meant: pointwise ones, and those of channel gates.
void widen_convolutions(Tensors& tensors);

/// MARLIN's head predicts channel by channel, ours (as VideoMAE's) pixel by pixel; its position tables are those that
/// we compute. Throws Error, naming the file, if one is not.
void convert_marlin(Tensors& tensors, const std::filesystem::path& path);

}  // namespace realface::models
