#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/settings.h"
#include "base/state.h"
#include "data/batch.h"
#include "data/faces/augment.h"
#include "data/faces/masks.h"
#include "data/order/fold.h"
#include "data/shards/folders.h"
#include "distributed/world.h"

namespace realface::data {

struct DataConfig {
  Folders shards;                                // of *.h5 beside a manifest.json, made by `realface preprocess`
  std::map<std::string, std::string> sets = {};  // other folders by name, which a stage evaluates on
  int workers = 0;                               // threads that read, check and decode, a rank; 0: as many as
                                                 // workers_for says
  int prefetch = 4;                              // batches ready ahead of the step
  double max_bad_share = 1e-4;                   // a run ends when more than this share of its frames was damaged
  std::string order = "global";  // global: any sample may follow any other; window: for parallel file systems, which
                                 // want large reads: samples are mixed within windows of blocks (docs/data.md)
  std::string crops =
      "same";  // as those that weights were trained on: same: another policy is an error | any: it is not
  std::string align = "any";     // how the faces must have been aligned: any | none | similarity (G12)
  std::string compression = "";  // that all videos must have: raw | c23 | c40; empty: any
  int64_t block_mb = 16;         // of a window's block: whole videos, read at once
  int64_t window_blocks = 512;   // of a window; a node's page cache should hold three windows
};

void fields(Visitor& visitor, DataConfig& config);

/// How many threads read for a rank with that many cores: 1 beside a computing CPU; beside a GPU, which empties batches
/// faster than one thread fills them, half of the cores, 1 to 4.
int workers_for(const DataConfig& config, bool on_gpu, int cores);

/// What a stage asks of one stream; `stages::needs` fills it in.
struct StreamNeeds {
  std::string name = "faces";
  std::string split = "train";  // train | val | test | all
  std::string label = "real";   // real | fake | any
  bool endless = true;  // true: shuffled, epoch after epoch; false: in order, once, last batch padded with weight 0
  std::string unit = "frame";  // frame | video: one frame of it | clip: `frames` of a video, `stride` apart |
                               // segments: one frame of each of `frames` equal parts of a video
  int64_t frames = 1, stride = 1;
  int64_t views = 1;                      // not endless: samples of each video, evenly spread over it; 0: as many
                                          // clips as cover it
  std::vector<std::string> methods = {};  // fakes of these manipulations alone; empty: of all
  std::string balance = "none";  // none | label: half real, half fake, fakes uniform over types (G20) | domain:
                                 // datasets take turns
  AugmentConfig augment;         // landmarks too (G18)
  double sbi = 0;                // share of self-blended fakes, made of real frames; 0: none. Labels become 0 and 1
  int64_t batch = 0;             // samples an update, over all ranks and micro-batches
  int64_t accumulate = 1;        // micro-batches an update, on each rank
  int64_t group = 1;   // consecutive samples that one rank gets, in one micro-batch: what is not additive over
                       // samples (batch statistics, an episode) is then the same at every world size
  bool fixed = false;  // the same batch in every update and on every rank: a reference set
  Fold fold;
  uint64_t seed = 0;
  int64_t image = 224, patch = 16;  // the model's geometry; another crop size in the shards is refused
  int64_t slots = 1;                // of a clip's mask, one for each tubelet, over all patches; pictures have one
  MaskConfig mask;                  // kind none: no mask
  int64_t passes = 0;               // masks a sample, the same in every epoch (draw_passes); 0: one, drawn anew in each
  bool cover = false;               // after each of them another: all else that it might have masked
  bool by_frame = false;            // of clips and segments: a mask of each frame instead, by its own landmarks and
                                    // number, the same in every epoch
  bool truth = false;               // the dataset's masks of what was tampered with
  std::string companion = {};       // folder of a sealed companion, whose rows come with the samples

  bool several_masks() const { return passes > 0 || by_frame; }  // a sample
};

/// The named, resumable streams of a stage. Threads read ahead; what was handed out, not what was read, is the position
/// that a checkpoint holds. Used from the main thread. A batch may be kept as long as one likes: memory is used again
/// only when nobody holds it.
class Streams {
 public:
  virtual ~Streams() = default;
  /// The next update's batches. Collective where masks vary in number. Where a stream is not endless: nullopt at its
  /// end, and ever after. Throws DataError where more frames are damaged than `max_bad_share` allows.
  virtual std::optional<Step> next() = 0;
  virtual int64_t steps_per_epoch() const = 0;  // of the first stream, rounded up
  virtual int64_t samples() const = 0;          // of the first stream
  virtual std::string dataset_digest() const = 0;
  virtual nlohmann::json crops() const { return nlohmann::json::object(); }  // Manifest::crops(); empty: not known
  virtual std::vector<Part*> parts() = 0;
};

/// Opens the shards for all streams. Collective. Throws DataError (damaged, other schema version, wrong split) and
/// ConfigError (a batch that world size x accumulate does not divide, a crop size that is not the model's, faces of
/// another alignment or compression than the configuration asks for). Without needs there is a Step without batches for
/// every call, and dataset_digest() is that of config.sets, or of the shards.
std::unique_ptr<Streams> open(const DataConfig& config, const std::vector<StreamNeeds>& needs,
                              distributed::World& world);

}  // namespace realface::data
