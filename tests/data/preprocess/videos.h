#pragma once

#include <cstdint>
#include <filesystem>

#include "data/preprocess/video/picture.h"

/// Small videos for tests, made on the spot.
namespace realface::data {

/// A square H.264 video with B-frames whose frame k shows the number k as bars, bit after bit.
void write_counting_video(const std::filesystem::path& path, int frames, int size = 128);
/// The number that a frame of such a video shows.
int shown_number(const preprocess::Picture& picture);

/// A FaceForensics++ tree of procedural faces: 6 people, all of its fakes of one method with masks, 224 pixels.
void write_face_tree(const std::filesystem::path& folder, int64_t frames);

/// Moves an mp4's index before its pictures, as videos for the web have it.
void put_index_first(const std::filesystem::path& path);

/// Asks players of an mp4 to turn its pictures by so many degrees clockwise, a multiple of 90, as a telephone does.
void turn_on_screen(const std::filesystem::path& path, int degrees);

/// Cuts a file to a share of its bytes.
void cut_short(const std::filesystem::path& path, double share);

}  // namespace realface::data
