#include "distributed/mpi/messenger.h"

#include <cstring>
#include <vector>

#include "distributed/mpi/calls.h"

namespace realface::distributed {
namespace {

class MpiMessenger : public Messenger {
 public:
  MpiMessenger() : group_(MPI_COMM_WORLD) {}
  ~MpiMessenger() override {
    forget_delivered();
    // What nobody took is left behind, a few hundred bytes at the end of a run: MPI may read it at any time.
    for (auto& sending : sendings_) {
      MPI_Request_free(&sending.request);
      (void)sending.message.release();
    }
  }

  int rank() const override { return group_.rank(); }
  int size() const override { return group_.size(); }

  void send(const void* message, size_t bytes, int rank, int tag) override {
    forget_delivered();
    Sending sending{std::make_unique<std::byte[]>(bytes), MPI_REQUEST_NULL};
    std::memcpy(sending.message.get(), message, bytes);
    const auto count = static_cast<int>(bytes);
    if (MPI_Isend(sending.message.get(), count, MPI_BYTE, rank, tag, group_.get(), &sending.request) == MPI_SUCCESS) {
      sendings_.push_back(std::move(sending));
    }
  }

  int receive(void* message, size_t bytes, int tag) override {
    int there = 0;
    MPI_Status status;
    if (MPI_Iprobe(MPI_ANY_SOURCE, tag, group_.get(), &there, &status) != MPI_SUCCESS || there == 0) { return -1; }
    const int code =
        MPI_Recv(message, static_cast<int>(bytes), MPI_BYTE, status.MPI_SOURCE, tag, group_.get(), MPI_STATUS_IGNORE);
    return code == MPI_SUCCESS ? status.MPI_SOURCE : -1;
  }

  void end_run(int exit_code) override { abort_world(exit_code); }

 private:
  struct Sending {
    std::unique_ptr<std::byte[]> message;
    MPI_Request request;
  };

  void forget_delivered() {
    std::erase_if(sendings_, [](Sending& sending) {
      int done = 0;
      return MPI_Test(&sending.request, &done, MPI_STATUS_IGNORE) == MPI_SUCCESS && done != 0;
    });
  }

  const MpiGroup group_;
  std::vector<Sending> sendings_;
};

}  // namespace

std::unique_ptr<Messenger> make_mpi_messenger() { return std::make_unique<MpiMessenger>(); }

}  // namespace realface::distributed
