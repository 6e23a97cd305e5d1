import { posix } from 'node:path'
import { filesBelow, type FileSystem, sourceAt } from '../../src/files/file-system.ts'

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
const REACH = { levels: 4, skipped: /^(?:node_modules|__tests__|tests?|assets)$/ }

/** True where an application in the browser surely shows pages of its own by their paths. */
export function routesByPath(files: FileSystem, directory: string): boolean {
  const manifest = sourceAt(files, posix.join(directory, 'package.json'))?.text
  if (manifest === undefined || !ROUTERS.test(manifest) || OWN_PAGES.test(manifest)) return false
  let left = MOST_FILES
  let isByPath = false
  for (const path of filesBelow(files, posix.join(directory, 'src'), REACH)) {
    if (!/\.(?:[jt]sx?|vue|mjs)$/.test(path) || /\.(?:test|spec|d)\.\w+$/.test(path)) continue
    if (left-- <= 0) break
    const text = sourceAt(files, path)?.text ?? ''
    if (BY_HASH.test(text)) return false
    isByPath ||= BY_PATH.test(text)
  }
  return isByPath
}
