#pragma once

#include "data/synthesis/drawing/layers.h"
#include "data/synthesis/drawing/motion.h"

namespace realface::data::synthesis {

/// Paints lids, eyeballs, irises and lashes onto `albedo` (the canvas, CV_32FC3).
void paint_eyes(const Identity& person, const Pose& pose, const Canvas& canvas, cv::Mat& albedo);

/// Paints lips and, where they part, teeth and tongue onto `albedo`.
void paint_mouth(const Identity& person, const Expression& expression, const Canvas& canvas, cv::Mat& albedo);

}  // namespace realface::data::synthesis
