// zlib, from Debian's zlib1g-dev. Used by Sources/Phidias/Data only.
#include <zlib.h>
