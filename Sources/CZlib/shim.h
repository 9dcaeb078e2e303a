// zlib, from Debian's zlib1g-dev. Used by Sources/Phidias only: Data/Gzip.swift,
// Images/PNG+Limit.swift, Import/ZipArchive.swift.
#include <zlib.h>
