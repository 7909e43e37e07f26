#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "base/error.h"
#include "models/exporting/targets.h"
#include "models/mae/description.h"
#include "models/weights/description.h"
#include "models/weights/forms.h"

/// The way back of models/weights/translation.h.
namespace realface::models::exporting {
namespace {

using Json = nlohmann::json;

struct Renaming {
  std::string_view ours, theirs;
};
using Renamings = std::vector<Renaming>;

/// What names begin with; the first that fits is taken.
const Renamings kOfPictures{{"decoder_blocks.", "decoder.decoder_encoder.layer."},
                            {"decoder_", "decoder.decoder_"},
                            {"mask_token", "decoder.mask_token"},
                            {"blocks.", "vit.encoder.layer."},
                            {"norm.", "vit.layernorm."},
                            {"cls_token", "vit.embeddings.cls_token"},
                            {"pos_embed", "vit.embeddings.position_embeddings"},
                            {"patch_embed.proj.", "vit.embeddings.patch_embeddings.projection."}};
const Renamings kOfClips{{"encoder.blocks.", "videomae.encoder.layer."},
                         {"encoder.norm.", "videomae.layernorm."},
                         {"encoder.patch_embed.proj.", "videomae.embeddings.patch_embeddings.projection."},
                         {"decoder.blocks.", "decoder.decoder_layers."}};
/// What blocks have.
const Renamings kInBlocks{{".norm1.", ".layernorm_before."},           {".norm2.", ".layernorm_after."},
                          {".attn.proj.", ".attention.output.dense."}, {".attn.q.", ".attention.attention.query."},
                          {".attn.k.", ".attention.attention.key."},   {".attn.v.", ".attention.attention.value."},
                          {".attn.", ".attention.attention."},  // q_bias, v_bias
                          {".mlp.fc1.", ".intermediate.dense."},       {".mlp.fc2.", ".output.dense."}};

std::string their_name(std::string name, const Renamings& beginnings) {
  for (const auto& [ours, theirs] : beginnings) {
    if (!name.starts_with(ours)) { continue; }
    name.replace(0, ours.size(), theirs);
    break;
  }
  for (const auto& [ours, theirs] : kInBlocks) {
    const auto place = name.find(ours);
    if (place == std::string::npos) { continue; }
    name.replace(place, ours.size(), theirs);
    break;
  }
  return name;
}

/// All that the forward pass depends on. The library's own eps is 1e-12, which these networks were not trained with.
Json config_of(const MaeConfig& config) {
  Json made{{"architectures", {config.of_clips() ? "VideoMAEForPreTraining" : "ViTMAEForPreTraining"}},
            {"model_type", config.of_clips() ? "videomae" : "vit_mae"},
            {"image_size", config.image},
            {"patch_size", config.patch},
            {"num_channels", 3},
            {"hidden_size", config.width},
            {"num_hidden_layers", config.depth},
            {"num_attention_heads", config.heads},
            {"intermediate_size", config.mlp_ratio * config.width},
            {"hidden_act", "gelu"},
            {"hidden_dropout_prob", 0.0},
            {"attention_probs_dropout_prob", 0.0},
            {"layer_norm_eps", 1e-6},
            {"qkv_bias", true},
            {"decoder_hidden_size", config.decoder_width},
            {"decoder_num_hidden_layers", config.decoder_depth},
            {"decoder_num_attention_heads", config.decoder_heads},
            {"decoder_intermediate_size", config.mlp_ratio * config.decoder_width},
            {"norm_pix_loss", config.norm_pix}};
  if (config.of_clips()) {
    made["num_frames"] = config.frames;
    made["tubelet_size"] = config.tubelet;
    made["use_mean_pooling"] = false;  // true would leave out the encoder's last norm
  }
  return made;
}

}  // namespace

Exported for_transformers(const Tensors& network, const Json& description) {
  if (!is_of(description, "mae") && !is_of(description, "video_mae")) {
    throw Error(fmt::format(
        "[export] transformers has no network like this one ({}); it has mae and video_mae; --to safetensors and torch write any",
        description.dump()));
  }
  const auto config = mae_description(description).config;
  auto tensors = network;
  split_projections(tensors);
  Exported exported;
  for (const auto& [name, tensor] : tensors) {
    exported.file.tensors[their_name(name, config.of_clips() ? kOfClips : kOfPictures)] = tensor;
  }
  exported.file.metadata["description"] = description.dump();
  exported.config = config_of(config);
  exported.python = "transformers." + exported.config.at("architectures").at(0).get<std::string>();
  return exported;
}

}  // namespace realface::models::exporting
