/** How much of a URL a prefix takes, where several slashes are as good as one. */
export function prefixLength(prefix: string, uri: string): number {
  let at = 0
  for (let index = 0; index < prefix.length; ) {
    if (prefix[index] !== '/') {
      index++
      at++
      continue
    }
    while (prefix[index] === '/') index++
    while (uri[at] === '/') at++
  }
  return at
}
