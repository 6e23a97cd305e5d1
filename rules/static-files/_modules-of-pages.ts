import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { pageModules } from '../../parsers/html/page-modules.ts'
import type { Place } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** A module that lies below the root of a site, and the page there that loads it. */
export interface LoadedModule {
  /** The URL path, from the root of the site. */
  readonly path: string
  /** Where the page names it. */
  readonly at: Place
}

const MOST_PAGES = 10
const MOST_DIRECTORIES = 20

/** The first module that a page below a root loads and that lies there; null where none is seen. */
export const loadedModule = memoByKey((files: FileSystem, root: string): LoadedModule | null => {
  for (const page of pagesBelow(files, root)) {
    const source = sourceAt(files, page)
    for (const { path, at } of source === null ? [] : pageModules(source)) {
      const file = path.startsWith('/') ? posix.join(root, path) : posix.join(posix.dirname(page), path)
      if (file.startsWith(`${root}/`) && files.kind(file) === 'file')
        return { path: file.slice(root.length), at }
    }
  }
  return null
})

/** The pages of a directory and of those in it, two levels deep. */
function pagesBelow(files: FileSystem, root: string): readonly string[] {
  const pages: string[] = []
  const directories = [{ path: root, depth: 0 }]
  for (const { path, depth } of directories)
    for (const { name, kind } of files.list(path) ?? []) {
      if (kind === 'file' && /\.html?$/.test(name) && pages.length < MOST_PAGES)
        pages.push(posix.join(path, name))
      const isWorthIt = kind === 'directory' && depth < 2 && directories.length < MOST_DIRECTORIES
      if (isWorthIt && !/^(?:\.|node_modules$|vendor$)/.test(name))
        directories.push({ path: posix.join(path, name), depth: depth + 1 })
    }
  return pages
}
