/** True for a directory and everything in it, of clean paths. */
export function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`)
}

/** True where one of two clean paths is the other, or lies below it. */
export function overlap(one: string, other: string): boolean {
  return isBelow(one, other) || isBelow(other, one)
}

/** The path from the directory inside which names of directories mean something. */
export function below(path: string, within: string): string {
  return within !== '/' && path.startsWith(`${within}/`) ? path.slice(within.length) : path
}

/** A path as people write it who stand in the directory that was asked for; any other path stays. */
export function shownFrom(path: string, within: string): string {
  if (within === '/' || !isBelow(path, within)) return path
  return path === within ? '.' : path.slice(within.length + 1)
}
