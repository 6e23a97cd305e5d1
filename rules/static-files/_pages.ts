import { posix } from 'node:path'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'
import { effectivePass } from '../../src/servers/nginx/queries/proxy-target.ts'
import { selectLocation } from '../../src/servers/nginx/queries/select-location.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { toBytes } from '../../src/servers/regex.ts'

/** The file that a URI means where nginx serves files for it; null where something else answers, or nobody knows. */
export function pathOf(
  configuration: NginxConfiguration,
  server: NginxDirective,
  uri: string,
): { readonly path: string; readonly base: NginxDirective | null } | null {
  const selected = selectLocation(configuration, server, toBytes(uri))
  if (!selected.known) return null
  const block = selected.value.location?.directive ?? server
  if (effectivePass(configuration, block) !== null) return null
  if (block.children.some(({ name }) => /^(?:return|rewrite|if|set)$/.test(name))) return null
  const base = fileBase(configuration, block)
  const directory = directoryOf(configuration, block)
  if (!base.known || directory === null) return null
  const { kind, prefix, directive } = base.value
  const inside = kind === 'root' ? uri : prefix === null ? null : uri.slice(prefix.length)
  return inside === null ? null : { path: posix.join(directory, inside), base: directive }
}

export function directoryOf(configuration: NginxConfiguration, scope: NginxDirective): string | null {
  const base = fileBase(configuration, scope)
  if (!base.known || isComputed(base.value.path) || !base.value.path.startsWith('/')) return null
  return base.value.path
}

/** The page that stands in place of one that is not there: of the same name, or the start page of an application. */
export function nearest(files: FileSystem, path: string): string | null {
  const entries = namesIn(files, posix.dirname(path))
  const name = posix.basename(path)
  if (entries === null || entries.has(name)) return null
  const stem = name.replace(/\.html?$/, '')
  const sibling = [...entries].find(other => /\.html?$/.test(other) && other.replace(/\.html?$/, '') === stem)
  if (sibling !== undefined) return sibling
  if (/^(?:app|main|home|default|start)$/.test(stem) && entries.has('index.html')) return 'index.html'
  return pageBeside(files, path)
}

/** The page that is called after the status of an `error_page`, in the directory where another is looked for. */
export function pageOfStatus(files: FileSystem, { name, args }: NginxDirective, path: string): string | null {
  const statuses = args.slice(0, -1).map(({ value }) => value)
  const [status, ...others] = statuses.filter(value => /^\d{3}$/.test(value))
  const entries = namesIn(files, posix.dirname(path))
  if (name !== 'error_page' || status === undefined || others.length > 0) return null
  if (entries === null || entries.has(posix.basename(path))) return null
  return entries.has(`${status}.html`) ? `${status}.html` : null
}

/** The only page of that name in a directory of the one where it is looked for, or in the one around. */
function pageBeside(files: FileSystem, path: string): string | null {
  const [directory, name] = [posix.dirname(path), posix.basename(path)]
  const below = (files.list(directory) ?? [])
    .filter(({ kind, name: each }) => kind === 'directory' && !each.startsWith('.') && !SOURCES.has(each))
    .slice(0, MOST_DIRECTORIES)
    .map(({ name: each }) => posix.join(directory, each, name))
    .filter(each => files.kind(each) === 'file')
  return below.length === 1 ? (below[0] ?? null) : null
}

const MOST_DIRECTORIES = 50

/** Where there are pages that nobody is to serve as they are. */
const SOURCES: ReadonlySet<string> = new Set([
  'src',
  'source',
  'templates',
  'node_modules',
  'vendor',
  'test',
  'tests',
  'docs',
  'examples',
])

/** The names in a directory that the audit holds; null where it does not. */
export function namesIn(files: FileSystem, directory: string): ReadonlySet<string> | null {
  const entries = files.list(directory)
  return entries === null || entries.length === 0 ? null : new Set(entries.map(({ name }) => name))
}

/** The other usual name of a script that answers every page, where it is there. */
export function otherFrontController(names: ReadonlySet<string>, script: string): string | undefined {
  return /^(?:app|index|main|front)\.php$/.test(script)
    ? ['index.php', 'app.php'].find(each => each !== script && names.has(each))
    : undefined
}
