// Takes files out of the page cache. Node has no posix_fadvise, so Python does it, and counts what stayed.
import { spawnSync } from "node:child_process";

const SCRIPT = `
import ctypes, mmap, os, sys
stayed = 0
paths = []
for path in sys.argv[1:]:
  below = [os.path.join(place, name) for place, _, names in os.walk(path) for name in names]
  paths += below if os.path.isdir(path) else [path]
for path in paths:
  fd = os.open(path, os.O_RDONLY)
  os.fdatasync(fd)
  os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
  size = os.fstat(fd).st_size
  if size > 0:
    view = mmap.mmap(fd, size, access=mmap.ACCESS_COPY)
    pages = (ctypes.c_ubyte * (size // mmap.PAGESIZE + 1))()
    address = ctypes.addressof(ctypes.c_char.from_buffer(view))
    if ctypes.CDLL(None).mincore(ctypes.c_void_p(address), ctypes.c_size_t(size), pages) != 0: sys.exit(1)
    stayed += sum(page & 1 for page in pages)
  os.close(fd)
print(stayed)
`;

/**
 * @param {...string} paths of files, or of directories with all that is below
 * @returns {boolean} false: a file, or some of it, may still be in memory
 */
export function dropFromCache(...paths) {
  const { status, stdout } = spawnSync("python3", ["-c", SCRIPT, ...paths], { encoding: "utf8" });
  return status === 0 && stdout.trim() === "0";
}
