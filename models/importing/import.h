#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "models/weights/tensor_file.h"

/// Weights of other programs made into files of ours (docs/weights.md).
namespace realface::models {

struct ImportOptions {
  std::string kind;                      // of import_kinds()
  int64_t image = 0, grid = 0;           // side of pictures, or of their grid of patches; 0: as the file has it
  int64_t frames = 0;                    // of a clip; 0: 16
  int64_t heads = 0, decoder_heads = 0;  // 0: those of the published size
  bool norm_pix = false;                 // the autoencoder predicts normalised patches
  int64_t inflate_frames = 0, inflate_tubelet = 0;           // both over 0: a network of pictures becomes one of clips
  std::string licence;                                       // in the place of the kind's
  std::vector<std::string> allow_missing, allow_unexpected;  // names, or what names begin with before a dot
};

struct Imported {
  TensorFile file;                 // with "license", if one is known, and "description" of the network in its metadata
  std::vector<std::string> notes;  // for readers: what was left out or is missing
  std::string licence;             // "" if none is known
};

/// What `--as` knows: name and what it stands for.
struct ImportKind {
  std::string name, what;
};
std::vector<ImportKind> import_kinds();

/// `file`: as read from `path`. Its tensors get our names and forms and must be those of a network of the kind whose
/// sizes their shapes tell. A position table of another grid is interpolated, and pictures inflated to clips, only if
/// the options say so. Throws Error, listing all tensors that are missing, unexpected or of another shape and not
/// allowed.
Imported import_weights(const TensorFile& file, const std::filesystem::path& path, const ImportOptions& options);

}  // namespace realface::models
