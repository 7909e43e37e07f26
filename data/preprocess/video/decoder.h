#pragma once

#include <memory>
#include <string>

#include "data/preprocess/video/frame_reader.h"

/// Decoding in a child process: a file may be made so that a decoder dies of it or never comes back, and a rank that
/// dies takes all ranks with it.
namespace realface::data::preprocess {

class DecoderChild;

/// Opens sources, in this process or in a child: a program of ours, started by exec (what is forked from an MPI process
/// may not touch the network), that sends decoded frames through a socket.
///
/// All files are decoded in the child, not only those that crashed once: a crash in here cannot be survived, so the job
/// would have to be started again for each such file. The child costs its start, 0.3 s of processor time once for each
/// of these objects, and the way of the pixels: measured 0.8 ms for a frame of 1280 x 720, beside 6 ms of decoding.
///
/// One object a thread; the thread that calls `start` must outlive it, since the child dies with that thread.
class Decoder {
 public:
  /// An empty program: in this process, unprotected. Else `PROGRAM decode` is started, which must call serve_decoder.
  /// `patience`: seconds without a byte after which the child is given up.
  explicit Decoder(std::string program = {}, double patience = 300);
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  /// Makes sure that a child is there: a new one where the last one is dead or was left in the middle of a reading.
  /// Throws Error where none can be started.
  void start();

  /// As open_source. This and its reader throw DataError as they would in this process, and DecoderCrash where the
  /// child died, fell silent or failed otherwise, from then on at every use of every reader until `start`. One reader
  /// reads at a time.
  std::unique_ptr<FrameReader> open(const importers::Source& source);

 private:
  std::shared_ptr<DecoderChild> child_;  // shared with the readers
};

/// The child's side: answers on `socket` until the parent is gone. For tests, REALFACE_FAILPOINT=decoder.abort:TEXT
/// makes it abort where it shall open a path that contains TEXT, and decoder.hang:TEXT fall silent there.
void serve_decoder(int socket);

}  // namespace realface::data::preprocess
