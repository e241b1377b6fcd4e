#define TT_NAME avx512_bf16
#define TT_BYTES 64
#define TT_TILE 4
#include "loop.h"
