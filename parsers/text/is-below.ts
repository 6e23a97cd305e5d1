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
