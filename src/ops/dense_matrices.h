// Steps of operators over matrices (FULLY_CONNECTED, BATCH_MATMUL): one product, or one per batch.
#pragma once

#include <vector>

#include "ops/dense_layer.h"

namespace litequant {

// Where the operands of one product begin, in elements.
struct DenseOffsets {
  int64_t data = 0, weights = 0, output = 0;
};

struct MatrixProducts {
  MatrixShape shape;                   // of each product
  std::vector<DenseOffsets> products;
  int64_t right_matrices = 1;          // that `weights` offsets refer to, one after another
};

// The step with the kernels that the options ask for. Each left row has its own scale when it is quantized on the fly
// (then its depth stride must be 1).
Step matrix_step(const NodeView& node, const DenseLayer& layer, const MatrixProducts& products,
                 const CompileOptions& options);

}  // namespace litequant
