#pragma once

#include <cstdint>
#include <filesystem>

#include "models/weights/translation.h"

/// Changes of weights that are made only when asked for.
namespace realface::models::importing {

/// Position tables [1, 1 + g*g, D] for a grid of N x N patches: bicubic interpolation of the patches' rows, as
/// facebookresearch/mae (util/pos_embed.py) does it; the class token's row is kept. Nothing if the grid is that
/// already. Throws Error, naming the file, if there is no such table.
void resize_positions(Tensors& tensors, int64_t grid, const std::filesystem::path& path);

/// A network of pictures as the encoder of one of clips (docs/weights.md): the patch embedding is repeated over the
/// tubelet's frames and divided by their number (mae_st), so that a still clip's tokens are the picture's. Biases of
/// keys, which no softmax sees, class token, table and decoder are left out. Throws Error, naming the file, if it is no
/// network of pictures.
void inflate(Tensors& tensors, int64_t tubelet, const std::filesystem::path& path);

}  // namespace realface::models::importing
