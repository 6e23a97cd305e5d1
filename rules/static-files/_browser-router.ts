import { posix } from 'node:path'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** Packages that show a page for each path of the browser's address. */
const ROUTERS =
  /"(?:react-router(?:-dom)?|@tanstack\/react-router|vue-router|@angular\/router|wouter|@solidjs\/router)"\s*:/
/** What makes such a router of the address, and not of what stands behind its `#`. */
const BY_PATH =
  /\b(?:BrowserRouter|createBrowserRouter|createWebHistory|provideRouter\(|RouterModule\.forRoot\(|createRouter\(|wouter)|\bmode:\s*['"]history['"]/
const BY_HASH =
  /\b(?:HashRouter|createHashRouter|createWebHashHistory|withHashLocation|HashLocationStrategy|useHash\w*|createHashHistory|MemoryRouter|createMemoryRouter)\b/
/** Frameworks that write a file for each page, or answer themselves. */
const OWN_PAGES =
  /"(?:next|nuxt|gatsby|astro|@remix-run\/\w+|@react-router\/dev|vite-ssg|react-snap|@sveltejs\/kit|prerender-spa-plugin|@angular\/ssr|vike)"\s*:/

/** As many files of sources are looked into, and as deep. */
const MOST_FILES = 150
const DEEPEST = 4

/** True where an application in the browser surely shows pages of its own by their paths. */
export function routesByPath(files: FileSystem, directory: string): boolean {
  const manifest = sourceAt(files, posix.join(directory, 'package.json'))?.text
  if (manifest === undefined || !ROUTERS.test(manifest) || OWN_PAGES.test(manifest)) return false
  let left = MOST_FILES
  let isByPath = false
  const look = (path: string, depth: number): boolean => {
    for (const { name, kind } of files.list(path) ?? []) {
      const below = posix.join(path, name)
      if (
        kind === 'directory' &&
        depth < DEEPEST &&
        !/^(?:node_modules|__tests__|tests?|assets)$/.test(name)
      ) {
        if (!look(below, depth + 1)) return false
      } else if (
        kind === 'file' &&
        /\.(?:[jt]sx?|vue|mjs)$/.test(name) &&
        !/\.(?:test|spec|d)\.\w+$/.test(name)
      ) {
        if (left-- <= 0) return true
        const text = sourceAt(files, below)?.text ?? ''
        if (BY_HASH.test(text)) return false
        isByPath ||= BY_PATH.test(text)
      }
    }
    return true
  }
  return look(posix.join(directory, 'src'), 0) && isByPath
}
