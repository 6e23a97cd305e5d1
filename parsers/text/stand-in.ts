import type { Source } from './source.ts'

/** Below it lie texts of which no file is in the audit: no machine has a path like it. */
export const STAND_IN = '/-/'

/** True for a source that stands for a file which nobody wrote here: nothing is to be found in it. */
export function isStandIn({ path }: Source): boolean {
  return path.startsWith(STAND_IN)
}

/** How people are shown where a line of such a text comes from: `image of nginx: /etc/nginx/nginx.conf`. */
export function standInName(path: string): string {
  const [, owner = '', inside = ''] = /^\/-\/([^/]*)(.*)$/.exec(path) ?? []
  return inside === '' ? owner : `${owner}: ${inside}`
}
