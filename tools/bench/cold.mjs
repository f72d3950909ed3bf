// Takes a file out of the page cache. Node has no posix_fadvise, so Python does it, and counts what stayed.
import { spawnSync } from "node:child_process";

const SCRIPT = `
import ctypes, mmap, os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
os.fdatasync(fd)
os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
size = os.fstat(fd).st_size
view = mmap.mmap(fd, size, access=mmap.ACCESS_COPY)
pages = (ctypes.c_ubyte * (size // mmap.PAGESIZE + 1))()
address = ctypes.addressof(ctypes.c_char.from_buffer(view))
if ctypes.CDLL(None).mincore(ctypes.c_void_p(address), ctypes.c_size_t(size), pages) != 0: sys.exit(1)
print(sum(page & 1 for page in pages))
`;

/**
 * @param {string} path
 * @returns {boolean} false: the file, or some of it, may still be in memory
 */
export function dropFromCache(path) {
  const { status, stdout } = spawnSync("python3", ["-c", SCRIPT, path], { encoding: "utf8" });
  return status === 0 && stdout.trim() === "0";
}
