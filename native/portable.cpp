#define TT_NAME portable
#define TT_BYTES 16
#define TT_TILE 1
#include "loop.h"
