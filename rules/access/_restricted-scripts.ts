import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { type AskedHost, urlOfDirectory } from '../../src/deployment/requests/ask-host.ts'
import { CLIENT, MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import type { HtaccessFile } from '../../src/servers/apache/evaluate-htaccess.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { effectiveAccess } from '../../src/servers/apache/queries/effective-access.ts'
import { htaccessFilesOf, htaccessIn, htaccessReader } from '../../src/servers/apache/queries/htaccess.ts'
import { isSettled } from '../../src/servers/apache/queries/places.ts'
import { sectionsFor } from '../../src/servers/apache/queries/sections-for.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import { fromBytes } from '../../src/servers/regex.ts'

/** A script that sections for files, or a `.htaccess`, keep from some clients. */
export interface RestrictedScript {
  readonly url: string
  /** What keeps them away. */
  readonly at: Place
  /** True where everybody is kept from this one script. */
  readonly isDenied: boolean
  /** Whether a `.htaccess` is why it is looked at. */
  readonly ofHtaccess: boolean
}

/** One of each directory and each name that some line is about; of a directory that is not here a made-up one. */
export function* restrictedScripts(deployment: Deployment, asked: AskedHost): Iterable<RestrictedScript> {
  const files = deployment.filesOf(asked.configuration)
  for (const { path, isNamed, ofHtaccess } of candidates(asked, files)) {
    const directory = urlOfDirectory(asked, posix.dirname(path))
    if (directory === null) continue
    const url = `${directory}${posix.basename(path)}`
    const restriction = restrictionOf(asked, files, url, path)
    // What nobody may ask for are scripts that others include, of which a client gains nothing.
    if (restriction !== null && (isNamed || !restriction.isDenied)) yield { url, ofHtaccess, ...restriction }
  }
}

interface Candidate {
  readonly path: string
  /** True where a section is for this script alone. */
  readonly isNamed: boolean
  readonly ofHtaccess: boolean
}

function* candidates(asked: AskedHost, files: FileSystem): Iterable<Candidate> {
  const { configuration, host } = asked
  const parent = host?.directive ?? null
  const root = documentRoot(asked)
  if (!root.known) return
  const top = withoutSlash(fromBytes(root.value))
  yield* namedIn(top, directivesIn(configuration, parent, 'files'), false)
  for (const section of directivesIn(configuration, parent, 'directory')) {
    const path = section.args[0]?.value ?? ''
    if (!path.startsWith('/') || !isSettled(path) || /[*?[]/.test(path)) continue
    const directory = withoutSlash(path)
    yield* namedIn(directory, section.children, false)
    const isMade = files.kind(directory) === null
    const script = isMade ? posix.join(directory, `${MISSING}.php`) : scriptBelow(files, directory)
    if (script !== null && directory !== top) yield { path: script, isNamed: false, ofHtaccess: false }
  }
  for (const { file, directory } of htaccessOf(asked, files, top)) {
    yield* namedIn(directory, file.children, true)
    const script = scriptBelow(files, directory)
    if (script !== null) yield { path: script, isNamed: false, ofHtaccess: true }
  }
}

interface HtaccessIn {
  readonly file: HtaccessFile
  readonly directory: string
}

/** Also that of a document root of which everything is proxied. */
function* htaccessOf(
  { configuration, host }: AskedHost,
  files: FileSystem,
  root: string,
): Iterable<HtaccessIn> {
  const own = htaccessIn(configuration, files, host, `${root}/`)
  if (own !== null) yield { file: own, directory: root }
  for (const { file, directory } of htaccessFilesOf(configuration, files, host))
    if (withoutSlash(directory) !== root) yield { file, directory: withoutSlash(directory) }
}

/** What `<Files "wp-login.php">` stands for in a directory. */
function namedIn(
  directory: string,
  sections: readonly ApacheDirective[],
  ofHtaccess: boolean,
): readonly Candidate[] {
  return sections.flatMap(({ name, args }) => {
    const [file = '', second] = args.map(({ value }) => value)
    const isPlain = name === 'Files' && second === undefined && /^[\w-]+\.php$/.test(file)
    if (!isPlain || OF_NOBODY.test(file)) return []
    return [{ path: posix.join(directory, file), isNamed: true, ofHtaccess }]
  })
}

/** Scripts that set variables, and show nothing to whoever asks for them. */
const OF_NOBODY = /config|settings|setup|parameters/i

/** Directories that are looked at for a script. */
const MOST_DIRECTORIES = 30

function scriptBelow(files: FileSystem, directory: string): string | null {
  const pending = [directory]
  for (let looked = 0; looked < MOST_DIRECTORIES; looked++) {
    const path = pending.shift()
    if (path === undefined) return null
    for (const { name, kind } of files.list(path) ?? []) {
      if (kind === 'file' && name.endsWith('.php')) return posix.join(path, name)
      if (kind === 'directory') pending.push(posix.join(path, name))
    }
  }
  return null
}

/** What keeps an anonymous client from the file, were it one of this server. */
function restrictionOf(
  { configuration, host }: AskedHost,
  files: FileSystem,
  uri: string,
  file: string,
): Pick<RestrictedScript, 'at' | 'isDenied'> | null {
  const path = { uri, file, directory: false }
  const levels = sectionsFor(configuration, host, path, htaccessReader(configuration, files, host))
  const anonymous = { method: 'GET', authenticated: false, address: CLIENT }
  const { allowed, at } = effectiveAccess(configuration, levels, anonymous)
  if (allowed !== false || at === null) return null
  return { at, isDenied: effectiveAccess(configuration, levels, { method: 'GET' }).allowed === false }
}

function withoutSlash(path: string): string {
  return path.replace(/(?<=.)\/+$/, '')
}
