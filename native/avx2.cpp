#define TT_NAME avx2
#define TT_BYTES 32
#define TT_TILE 1
#include "loop.h"
