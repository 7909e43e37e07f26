#pragma once

#include <torch/types.h>
#include <cstdint>

/// Pictures and clips as tokens, and which of them a masked autoencoder sees.
namespace realface::models {

/// How a picture, or a clip of T pictures, is cut. A clip's tokens are tubelets: one patch of `tubelet` consecutive
/// frames, which are a slot. The token of a slot, row and column has the number slot * places + row * grid + column.
struct TokenGrid {
  int64_t image = 224, patch = 16;
  int64_t frames = 1, tubelet = 1;

  int64_t grid() const { return image / patch; }
  int64_t places() const { return grid() * grid(); }
  int64_t slots() const { return frames / tubelet; }
  int64_t tokens() const { return slots() * places(); }
  int64_t values() const { return tubelet * patch * patch * 3; }  // of a token
};

/// The visible tokens of a batch, padded to one length L (G7).
struct Visible {
  torch::Tensor ids;     // i64 [B, L] token ids, ascending; padding repeats id 0
  torch::Tensor valid;   // bool [B, L], or undefined if every entry is valid
  torch::Tensor masked;  // i64 [B, M] masked token ids if every sample has M of them, else undefined
  int64_t packed = 0;    // how many are valid, if an encoder shall compute those alone (packing.h), else 0
};

/// From mask bool [B, N], true = masked. `fixed`: all samples have exactly `length` visible tokens; else `length` is at
/// least the most of any sample (more than N counts as N). No host synchronisation.
Visible visible_tokens(const torch::Tensor& mask, int64_t length, bool fixed);

/// Rows `ids` [B, L] of x [B, N, C] -> [B, L, C].
torch::Tensor gather_rows(const torch::Tensor& x, const torch::Tensor& ids);

/// [B, N, D]: the visible tokens' rows [B, L, D] at their places, `filling` [1, 1, D] wherever no valid one belongs.
torch::Tensor place_rows(const torch::Tensor& rows, const Visible& visible, const torch::Tensor& filling,
                         int64_t count);

/// [B, H, W, C] -> [B, N, P*P*C]; the vector index of a patch is (py*P + px)*C + channel. Any dtype. And back.
torch::Tensor patchify(const torch::Tensor& images, int64_t patch);
torch::Tensor unpatchify(const torch::Tensor& patches, int64_t patch, int64_t channels = 3);

/// [B, T, H, W, 3] -> [B, T/t * N, t*P*P*3], t the tubelet; the index is ((dt*P + py)*P + px)*3 + channel. And back.
torch::Tensor tubify(const torch::Tensor& clips, int64_t patch, int64_t tubelet);
torch::Tensor untubify(const torch::Tensor& tokens, const TokenGrid& grid);

}  // namespace realface::models
