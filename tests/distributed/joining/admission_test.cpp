#include "distributed/joining/admission.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "distributed/joining/cores.h"

namespace realface::distributed {
namespace {

std::function<const char*(const char*)> environment(std::map<std::string, std::string> variables) {
  return [variables = std::make_shared<std::map<std::string, std::string>>(std::move(variables))](const char* name) {
    const auto found = variables->find(name);
    return found == variables->end() ? nullptr : found->second.c_str();
  };
}

std::string refusal(const std::function<void()>& check) {
  try {
    check();
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << "one line";
    return message;
  }
  return "";
}

TEST(Admission, SingletonsOfPromisedTasksAreRefused) {
  EXPECT_EQ(refusal([] { check_promised_tasks(1, environment({})); }), "");
  EXPECT_EQ(refusal([] { check_promised_tasks(4, environment({{"SLURM_NTASKS", "4"}})); }), "");
  const auto slurm = refusal([] { check_promised_tasks(1, environment({{"SLURM_NTASKS", "4"}})); });
  EXPECT_NE(slurm.find("SLURM_NTASKS promises 4"), std::string::npos) << slurm;
  EXPECT_NE(slurm.find("srun --mpi=pmix"), std::string::npos) << slurm;
  EXPECT_NE(refusal([] { check_promised_tasks(1, environment({{"OMPI_COMM_WORLD_SIZE", "2"}})); }), "");
}

TEST(Admission, AStepOfOneTaskInALargerAllocationIsMeantToBeAlone) {
  EXPECT_EQ(refusal([] {
              check_promised_tasks(1, environment({{"SLURM_NTASKS", "8"}, {"SLURM_STEP_NUM_TASKS", "1"}}));
            }),
            "");
  EXPECT_EQ(refusal([] {
              check_promised_tasks(1, environment({{"SLURM_NTASKS", "8"}, {"OMPI_COMM_WORLD_SIZE", "1"}}));
            }),
            "");
}

TEST(Admission, TwoRanksOnOneGpuAreRefusedByName) {
  EXPECT_EQ(refusal([] { check_devices({{"a", "GPU-1"}, {"a", "GPU-2"}, {"b", "GPU-1"}}); }), "");
  EXPECT_EQ(refusal([] { check_devices({{"a", ""}, {"a", ""}}); }), "");
  const auto shared = refusal([] { check_devices({{"a", "GPU-1"}, {"a", "GPU-2"}, {"a", "GPU-1"}}); });
  EXPECT_NE(shared.find("ranks 0 and 2 are both on GPU GPU-1 of a"), std::string::npos) << shared;
}

TEST(Admission, AMixtureOfGpusAndCpusIsRefused) {
  EXPECT_NE(refusal([] { check_devices({{"a", "GPU-1"}, {"b", ""}}); }).find("rank 1 (b)"), std::string::npos);
}

TEST(Cores, AreDividedAmongTheRanksThatMayUseThem) {
  EXPECT_EQ(share_of_cores({{0, 1, 2, 3}}, 0), 4);
  EXPECT_EQ(share_of_cores({{0, 1, 2, 3}, {0, 1, 2, 3}}, 1), 2);
  EXPECT_EQ(share_of_cores({{0, 1}, {2, 3}}, 0), 2) << "bound apart: each has its own";
  EXPECT_EQ(share_of_cores({{0, 1, 2}, {0, 1, 2}, {0, 1, 2}}, 0), 1);
  EXPECT_EQ(share_of_cores({{0}, {0}, {0}}, 2), 1) << "never none";
}

TEST(Cores, SurviveTheirText) {
  EXPECT_EQ(cores_of_text(text_of_cores({0, 5, 17})), (std::vector<int>{0, 5, 17}));
  EXPECT_TRUE(cores_of_text("").empty());
  EXPECT_FALSE(allowed_cores().empty());
}

}  // namespace
}  // namespace realface::distributed
