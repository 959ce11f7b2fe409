// The schema's generated types; for src/format alone.
#pragma once

#include <limits.h>  // on some systems it defines ARG_MAX, which is also an operator of the schema
#undef ARG_MAX

#include "tflite_generated.h"
