#include "models/weights/translation.h"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "base/error.h"
#include "models/weights/forms.h"

namespace realface::models {
namespace {

struct Change {
  std::string_view from, to;
};

/// One program's names, bare.
struct Dialect {
  std::string_view mark;           // a name that all files of it have, and no others
  std::vector<Change> beginnings;  // at most one of them changes a name
  std::vector<Change> parts;       // each does, wherever it stands, in this order
};

/// transformers' blocks: versions before 5 and since then.
const std::vector<Change> kTransformersParts{
    {".layernorm_before.", ".norm1."},        {".layernorm_after.", ".norm2."},
    {".attention.attention.", ".attention."}, {".attention.output.dense.", ".attn.proj."},
    {".attention.o_proj.", ".attn.proj."},    {".attention.query.", ".attn.q."},
    {".attention.key.", ".attn.k."},          {".attention.value.", ".attn.v."},
    {".attention.q_proj.", ".attn.q."},       {".attention.k_proj.", ".attn.k."},
    {".attention.v_proj.", ".attn.v."},       {".attention.q_bias", ".attn.q_bias"},
    {".attention.v_bias", ".attn.v_bias"},    {".intermediate.dense.", ".mlp.fc1."},
    {".output.dense.", ".mlp.fc2."}};

const std::array<Dialect, 3> kDialects{{
    // transformers' ViTMAE
    {"embeddings.cls_token",
     {{"embeddings.cls_token", "cls_token"},
      {"embeddings.position_embeddings", "pos_embed"},
      {"embeddings.patch_embeddings.projection.", "patch_embed.proj."},
      {"layer.", "blocks."},
      {"layers.", "blocks."},
      {"layernorm.", "norm."},
      {"decoder.mask_token", "mask_token"},
      {"decoder.decoder_layers.", "decoder_blocks."},
      {"decoder.decoder_encoder.layer.", "decoder_blocks."},
      {"decoder.decoder_", "decoder_"},
      {"classifier.", "head."}},
     kTransformersParts},
    // transformers' VideoMAE
    {"embeddings.patch_embeddings.projection.weight",
     {{"embeddings.patch_embeddings.projection.", "patch_embed.proj."},
      {"layer.", "blocks."},
      {"layers.", "blocks."},
      {"layernorm.", "norm."},
      {"decoder.decoder_layers.", "decoder.blocks."},
      {"classifier.", "head."}},
     kTransformersParts},
    // MARLIN
    {"patch_embedding.projection.weight",
     {{"patch_embedding.projection.", "patch_embed.proj."},
      {"enc_dec_proj.", "encoder_to_decoder."},
      {"decoder.mask_token", "mask_token"}},
     {{".mlp.layers.0.linear.", ".mlp.fc1."}, {".mlp.layers.1.linear.", ".mlp.fc2."}}},
}};
const Dialect kOthers{"", {{"last_linear.", "fc."}}, {}};  // Cadene's classifiers

const Dialect& dialect_of(const Tensors& bare) {
  for (const auto& dialect : kDialects) {
    if (bare.contains(std::string(dialect.mark))) { return dialect; }
  }
  return kOthers;
}

std::string changed(std::string name, const Dialect& dialect) {
  for (const auto& [from, to] : dialect.beginnings) {
    if (!name.starts_with(from)) { continue; }
    name.replace(0, from.size(), to);
    break;
  }
  for (const auto& [from, to] : dialect.parts) {
    if (const auto place = name.find(from); place != std::string::npos) { name.replace(place, from.size(), to); }
  }
  return name;
}

/// The tensors by the names that `rename` gives them.
template <class Rename>
Tensors renamed_by(const Rename& rename, const Tensors& tensors, const std::filesystem::path& path) {
  Tensors result;
  for (const auto& [name, tensor] : tensors) {
    if (result.emplace(rename(name), tensor).second) { continue; }
    throw Error(
        fmt::format("[{}] holds two tensors that are both {}, one of them as {}; expected one network's weights",
                    path.string(), rename(name), name));
  }
  return result;
}

}  // namespace

std::string bare_name(std::string name) {
  static constexpr std::array<std::string_view, 7> kPrefixes{"module.", "model.", "backbone.", "encoder.",
                                                             "mae.",    "vit.",   "videomae."};
  for (bool again = true; again;) {
    again = false;
    for (const auto prefix : kPrefixes) {
      if (!name.starts_with(prefix)) { continue; }
      name.erase(0, prefix.size());
      again = true;
    }
  }
  return name;
}

bool of_decoder(const std::string& name) {
  return name.starts_with("decoder_") || name.starts_with("decoder.") || name.starts_with("encoder_to_decoder.") ||
         name == "mask_token";
}

bool of_classifier(const std::string& name) {
  return name.starts_with("head.") || name.starts_with("fc_norm.") || name.starts_with("fc.") ||
         name.starts_with("last_linear.");
}

Tensors translated(const Tensors& file, const std::filesystem::path& path) {
  const auto bare = renamed_by(bare_name, file, path);
  const auto& dialect = dialect_of(bare);
  auto tensors = renamed_by([&](const std::string& name) { return changed(name, dialect); }, bare, path);
  std::erase_if(tensors, [](const auto& one) { return one.first.ends_with("num_batches_tracked"); });
  join_projections(tensors);
  widen_convolutions(tensors);
  if (&dialect == &kDialects.back()) { convert_marlin(tensors, path); }
  return tensors;
}

}  // namespace realface::models
