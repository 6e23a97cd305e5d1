import { posix } from 'node:path'
import { once } from '../../parsers/collections/once.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import {
  type AskedHost,
  askedHosts,
  askHost,
  urlOfDirectory,
} from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { htaccessFilesOf } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { directoryPath, sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { directivesOfHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'

/** `FallbackResource` of a directory below another site, which names a file of that site: one that is not there, or another's. */
export function* fallbacksOutside(deployment: Deployment): Iterable<RuleFinding> {
  const roots = once(
    () =>
      new Set(
        askedHosts(deployment).flatMap(asked => {
          const root = documentRoot(asked)
          return root.known ? [directoryPath(root.value)] : []
        }),
      ),
  )
  for (const asked of hostsHolding(deployment, ['fallbackresource'])) {
    const files = deployment.filesOf(asked.configuration)
    for (const { line, directory } of fallbacksOf(asked, files)) {
      const target = line.args[0]?.value ?? ''
      // A directory that is the root of a site has its own start.
      if (!/^\/[\w-]+\.\w+$/.test(target) || roots().has(directory)) continue
      const root = documentRoot(asked)
      if (!root.known || (files.list(root.value) ?? []).length === 0) continue
      const isHere = files.kind(posix.join(directory, target)) === 'file'
      const other = posix.join(root.value, target)
      const isTaken = files.kind(other) !== null
      // Below the document root it may be meant: one script for all of its directories.
      const isBeside = !directory.startsWith(directoryPath(root.value))
      if (!isHere || (isTaken && !(isBeside && isAnother(files, directory, target, other)))) continue
      const url = urlsOf(asked, directory).find(each => leadsOutside(deployment, asked, line, each + MISSING))
      if (url === undefined) continue
      yield {
        at: argumentPlace(line, 0),
        ...(isTaken && { severity: 'warning' as const }),
        message: `\`FallbackResource\` sends every page below \`${url}\` to \`${target}\` of the document root, which is ${isTaken ? 'that of another site' : 'not there'}: the one here is \`${posix.join(url, target)}\``,
      }
    }
  }
}

/** True for a script of the document root that is not the one of the directory, and does not lead there. */
function isAnother(files: FileSystem, directory: string, target: string, other: string): boolean {
  const own = sourceAt(files, posix.join(directory, target))?.text
  const text = sourceAt(files, other)?.text
  // The directory is called after the application, or is its public part.
  const names = directory
    .split('/')
    .slice(-3)
    .filter(name => name !== '')
  return own !== undefined && text !== undefined && own !== text && !names.some(name => text.includes(name))
}

/** True where a page that is not there is taken to that of the document root, or to nothing. */
function leadsOutside(
  deployment: Deployment,
  asked: AskedHost,
  line: ApacheDirective,
  page: string,
): boolean {
  const { end, steps } = askHost(deployment, asked, page)
  const fallback = steps.find(({ kind }) => kind === 'fallback')
  return fallback === undefined ? end.kind === 'response' && end.status === 404 : fallback.directive === line
}

interface Fallback {
  readonly line: ApacheDirective
  /** With its last slash. */
  readonly directory: string
}

/** Those of one directory each, in the files of the server and in `.htaccess`. */
function fallbacksOf({ configuration, host }: AskedHost, files: FileSystem): readonly Fallback[] {
  const inSections = (configuration.occurrences.get('fallbackresource') ?? []).flatMap(line => {
    const { parent } = line
    if (parent?.name !== 'Directory') return []
    const { kind, text } = sectionPattern(parent)
    return kind === 'plain' ? [{ line, directory: directoryPath(text) }] : []
  })
  const inFiles = htaccessFilesOf(configuration, files, host).flatMap(({ file, directory }) =>
    (file.occurrences.get('fallbackresource') ?? []).map(line => ({
      line,
      directory: directoryPath(directory),
    })),
  )
  return [...inSections, ...inFiles]
}

/** The URLs of a directory: below the document root, and by `Alias`, each with its last slash. */
function urlsOf(asked: AskedHost, directory: string): readonly string[] {
  const { configuration, host } = asked
  const aliased = [...new Set([host?.directive ?? null, null])]
    .flatMap(holder => directivesOfHost(configuration, holder, 'alias'))
    .flatMap(({ args: [url, path] }) =>
      url !== undefined &&
      path !== undefined &&
      isSettled(url.value + path.value) &&
      directoryPath(path.value) === directory
        ? [directoryPath(url.value)]
        : [],
    )
  const own = urlOfDirectory(asked, directory)
  return own === null || own === '/' ? aliased : [own, ...aliased]
}
