#include "data/preprocess/people.h"

#include <algorithm>
#include <set>

#include "data/preprocess/faces/crop.h"

namespace realface::data::preprocess {
namespace {

constexpr int64_t kForgotten = 25;  // looked-at frames after which a face at the same place is somebody else's
constexpr size_t kMostHeld = size_t{512} << 20U;

}  // namespace

People::People(const CropPolicy& policy, size_t window, std::function<void(Appearance)> take,
               std::function<void(Frame)> pass_on)
    : policy_(policy), window_(window), take_(std::move(take)), pass_on_(std::move(pass_on)) {}

/// The number of the person whose last box this one continues; a new one's if there is nobody.
int64_t People::recognised(const Box& box, const std::vector<std::pair<int64_t, Face>>& others) const {
  auto best = static_cast<int64_t>(known_.size());
  float most = kSamePerson;
  for (size_t i = 0; i < known_.size(); ++i) {
    const auto number = static_cast<int64_t>(i);
    const bool taken = std::ranges::any_of(others, [&](const auto& other) { return other.first == number; });
    const float shared = overlap(known_[i].last, box);
    if (taken || position_ - known_[i].seen > kForgotten || shared <= most) { continue; }
    best = number;
    most = shared;
  }
  return best;
}

void People::look(Frame frame, std::vector<Face> faces) {
  Looked looked;
  for (auto& face : faces) {
    const int64_t number = recognised(face.box, looked.people);
    if (number == seen()) { known_.emplace_back(); }
    known_[static_cast<size_t>(number)] = {face.box, position_};
    looked.people.emplace_back(number, std::move(face));
  }
  ++position_;
  if (looked.people.empty() && !pass_on_) { frame.picture = {}; }  // nothing will be cut out of it
  held_ += frame.picture.bytes();
  looked.frame = std::move(frame);
  looked_.push_back(std::move(looked));
  if (looked_.size() >= window_ || held_ > kMostHeld) { finish(); }
}

void People::finish() {
  std::set<int64_t> people;
  for (const auto& one : looked_) {
    for (const auto& [number, face] : one.people) { people.insert(number); }
  }
  for (const int64_t person : people) { take_(appearance(person)); }
  for (auto& one : looked_) {
    if (pass_on_) { pass_on_(std::move(one.frame)); }
  }
  looked_.clear();
  held_ = 0;
}

Appearance People::appearance(int64_t person) const {
  Appearance found;
  found.person = person;
  std::vector<const Picture*> pictures;
  std::vector<Face> faces;
  for (const auto& one : looked_) {
    const auto own = std::ranges::find(one.people, person, &std::pair<int64_t, Face>::first);
    if (own == one.people.end()) { continue; }
    found.frames.push_back(one.frame.index);
    found.times_us.push_back(one.frame.pts_us);
    found.boxes.push_back(own->second.box);
    faces.push_back(own->second);
    pictures.push_back(&one.frame.picture);
  }
  const Placer placer(policy_, faces);
  for (size_t t = 0; t < pictures.size(); ++t) {
    const auto to_crop = placer.place(faces[t]).to_crop;
    found.to_crop.push_back(to_crop);
    const auto pixels = crop_pixels(*pictures[t], to_crop, policy_.size);
    const auto points = mapped(to_crop, faces[t].landmarks);
    found.landmarks.insert(found.landmarks.end(), points.begin(), points.end());
    found.crops.insert(found.crops.end(), pixels.begin(), pixels.end());
  }
  return found;
}

}  // namespace realface::data::preprocess
