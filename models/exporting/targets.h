#pragma once

#include "models/exporting/export.h"

/// The programs that networks are exported to. Each function throws Error if the program has no such network.
namespace realface::models::exporting {

/// The encoder of a `mae`, a `vit` or an `xception`, whose names are timm's own.
Exported for_timm(const Tensors& network, const nlohmann::json& description);
/// A `mae` or `video_mae` by the names that transformers' save_pretrained gives its files, in versions 4 and 5.
Exported for_transformers(const Tensors& network, const nlohmann::json& description);

}  // namespace realface::models::exporting
