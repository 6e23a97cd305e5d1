import { posix } from 'node:path'
import type { ComposeProject } from '../../parsers/compose/compose.ts'
import type { Container, ContainerMount } from '../../src/deployment/containers/container.ts'
import { isOneSlipAway } from '../../parsers/text/one-slip-away.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { filesBelow, type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { isIgnored } from './_copied-sources.ts'

/**
 * What is said of a bind mount whose file is not in the repository, where one of nearly its name lies in the directory
 * and nothing mounts that. A file that is missing alone says nothing: people write it on the machine itself.
 */
export function missingSource(
  { path, target }: ContainerMount,
  { project, projects, hostFiles }: Container,
): Omit<RuleFinding, 'at'> | null {
  if (path === null || hostFiles.kind(path) !== null || hostFiles.refusal(path) !== null) return null
  const written = inAnotherDirectory(path, hostFiles)
  if (written !== null && !isIgnored(path, hostFiles))
    return {
      severity: 'warning',
      message: `there is no directory \`${posix.basename(written.missing)}\`, and \`${posix.basename(written.present)}\` has what is named here: Docker makes an empty directory and mounts it at \`${target}\``,
      label: 'not there',
      help: `Write \`./${posix.relative(project.directory, written.path)}\``,
    }
  const deeper = lowerDown(path, project, [project, ...projects], hostFiles)
  if (deeper !== null)
    return {
      severity: 'warning',
      confidence: 'medium',
      message: `there is no such file, so Docker makes an empty directory of that name and mounts it at \`${target}\``,
      label: 'not there',
      help: `Write \`./${posix.relative(project.directory, deeper)}\``,
    }
  const other = nearlyCalledSo(path, [project, ...projects], hostFiles)
  if (other === null || isIgnored(path, hostFiles) || isNamedBeside(path, project, hostFiles)) return null
  return {
    severity: 'warning',
    confidence: 'medium',
    message: `there is no \`${posix.basename(path)}\` in its directory, which has \`${posix.basename(other)}\`: Docker makes an empty directory of that name and mounts it at \`${target}\``,
    label: 'not there',
    help: `Write \`./${posix.relative(project.directory, other)}\``,
  }
}

interface Misspelt {
  readonly missing: string
  readonly present: string
  readonly path: string
}

/** What a path leads to where one of its directories is written with one slip less; null where there is none. */
function inAnotherDirectory(path: string, files: FileSystem): Misspelt | null {
  let missing = posix.dirname(path)
  if (files.kind(missing) !== null) return null
  while (files.kind(posix.dirname(missing)) === null) {
    missing = posix.dirname(missing)
    if (posix.dirname(missing) === missing) return null
  }
  const home = posix.dirname(missing)
  const found = (files.list(home) ?? []).flatMap(({ name, kind }) => {
    const present = posix.join(home, name)
    const other = posix.join(present, posix.relative(missing, path))
    return kind === 'directory' && isOneSlipAway(name, posix.basename(missing)) && files.kind(other) !== null
      ? [{ missing, present, path: other }]
      : []
  })
  return found.length === 1 ? (found[0] ?? null) : null
}

/** What a program reads: certificates, passwords and dumps are files that each machine has of its own. */
const CONFIGURES = /\.(?:conf|ini|cnf|cfg|sh|ya?ml|toml|xml|php|py|lua|vcl|js)$/
/** What is copied to make the file. */
const MADE_FROM = /(?:^|[-._])(?:example|sample|dist|default|template|tmpl|tpl|bak|old|orig|test)(?:[-._]|$)/i

/**
 * The one file of a project that lies by the whole path of a missing one in another directory, `docker/nginx/site.conf`
 * for `nginx/site.conf`, and that nothing mounts; null where somebody may make the missing one.
 */
function lowerDown(
  path: string,
  project: ComposeProject,
  projects: readonly ComposeProject[],
  files: FileSystem,
): string | null {
  const { directory, sources } = project
  const written = posix.relative(directory, path)
  // The paths of a file that is laid over another one begin in the directory of that one.
  const isMain = /(?:^|\/)(?:docker-)?compose\.ya?ml$/.test(sources[0]?.path ?? '')
  if (!isMain || written.startsWith('..') || !written.includes('/') || !CONFIGURES.test(written)) return null
  const found = [...filesBelow(files, directory, REACH)].filter(each =>
    posix.relative(directory, each).endsWith(`/${written}`),
  )
  const [only] = found
  if (only === undefined || found.length > 1 || projects.flatMap(sourcesOf).includes(only)) return null
  return isIgnored(path, files) || isNamedBeside(path, project, files, only) ? null : only
}

function nearlyCalledSo(path: string, projects: readonly ComposeProject[], files: FileSystem): string | null {
  const name = posix.basename(path)
  if (!CONFIGURES.test(name)) return null
  const home = posix.dirname(path)
  const alike = (files.list(home) ?? []).filter(
    each =>
      each.kind === 'file' &&
      endingOf(each.name) === endingOf(name) &&
      !MADE_FROM.test(each.name) &&
      isNearly(name, each.name),
  )
  const mounted = new Set(projects.flatMap(sourcesOf))
  const [first] = alike.filter(each => !mounted.has(posix.join(home, each.name)))
  // A number of such files, of which each has a service of its own, has room for one more.
  return first === undefined || alike.length > 2 ? null : posix.join(home, first.name)
}

function sourcesOf({ services }: ComposeProject): readonly string[] {
  return [...services.values()].flatMap(({ volumes }) =>
    volumes.flatMap(({ source }) => (source?.known === true ? [source.value] : [])),
  )
}

/** `.yml` is the other way to write `.yaml`. */
function endingOf(name: string): string {
  return posix.extname(name).replace('.yaml', '.yml')
}

/** Words that say of no file what it is about. */
const GENERAL =
  /^(?:app|server|client|nginx|apache|php|docker|site|main|my|init|run|start|setup|entrypoint|ssl|tls|https?|db|database|settings|conf|config|compose|dev|prod|local|staging|production|development|\d+)$/

/** True where the name of one file has at least half of the words of the other, or both end in the same two endings. */
function isNearly(missing: string, present: string): boolean {
  const [own, other] = [wordsOf(missing), wordsOf(present)]
  if (own.join() === other.join()) return true
  const shared = own.filter(word => other.includes(word) && !GENERAL.test(word))
  const ending = /\.(?:dev|prod|local|staging)\.\w+$/.exec(missing)?.[0]
  return (
    (shared.length > 0 && shared.length * 2 >= own.length) ||
    (ending !== undefined && present.endsWith(ending))
  )
}

function wordsOf(name: string): readonly string[] {
  return name
    .slice(0, -posix.extname(name).length)
    .replace(/([a-z])(?=[A-Z])/g, '$1-')
    .toLowerCase()
    .split(/[-._]+/)
    .filter(word => word !== '' && !/^\d+$/.test(word))
}

/** What may write the file, or tells people to. */
const TELLS =
  /\.(?:sh|bash|md|rst|txt|adoc|mk|py|ps1)$|^(?:Makefile|justfile|README|INSTALL|configure|setup|install)$/i
const REACH = { levels: 3, skipped: /^(?:\.git|node_modules|vendor)$/ }
/** More than that are not read, and of what they say nobody knows. */
const MOST = 200

/** True where a script or a document beside the compose file has the name, so that somebody makes the file. */
function isNamedBeside(
  path: string,
  { directory }: ComposeProject,
  files: FileSystem,
  other: string | null = null,
): boolean {
  const names = new RegExp(`(?<![\\w.-])${posix.basename(path).replace(/[.+]/g, '\\$&')}(?![\\w-])`)
  // What is said of the other file has its path.
  const textBeside = (each: string): string => {
    const text = sourceAt(files, each)?.text ?? ''
    return other === null ? text : text.replaceAll(posix.relative(directory, other), '')
  }
  let read = 0
  for (const home of new Set([directory, posix.dirname(path)]))
    for (const each of filesBelow(files, home, REACH)) {
      if (!TELLS.test(posix.basename(each))) continue
      if (++read > MOST || names.test(textBeside(each))) return true
    }
  return false
}
