import { UNKNOWN } from '../../../../parsers/text/source.ts'
import { type Fact, known } from '../../fact.ts'
import { fromBytes, toBytes } from '../../regex.ts'
import type { NginxDirective } from '../configuration.ts'
import { interpolate, isComputed } from './interpolate.ts'
import { argumentPlace, namePlace, wordPlace } from './places.ts'
import { type RequestState, requestVariables } from './request.ts'
import { childrenNamed, hasUnreadInclude } from './scope.ts'
import { isUnseenServer, serverAround } from './servers.ts'
import { baseDirectory, type FileBase, fileBase } from './static-content.ts'
import {
  misplacedAlias,
  endUnknown,
  enterNamed,
  fail,
  GO,
  internalRedirect,
  type Next,
  splitArguments,
  step,
  type Walk,
} from './walk.ts'

/** In whichever directory, there is no file of a name that no file has. */
const ANYWHERE = `/${UNKNOWN}`

/** `try_files` of the block in force: the first file that is there, else its last word. */
export function tryFilesStep(walk: Walk): Next {
  const { state } = walk
  const directive = childrenNamed(state.scope, 'try_files')[0]
  if (directive === undefined)
    return mayTryUnread(state) ? endUnknown(walk, NOT_READ, namePlace(state.scope)) : GO
  const last = directive.args.at(-1)
  const base = fileBase(state.configuration, state.scope)
  const misplaced = base.known ? misplacedAlias(walk, base.value) : null
  if (misplaced !== null) return misplaced
  const server = serverAround(state.scope)
  for (const word of directive.args.slice(0, -1)) {
    const at = wordPlace(directive, word)
    // Of a location alone nobody knows which others there are.
    if (!base.known && (server === null || isUnseenServer(server))) return endUnknown(walk, base.reason, at)
    const wantsDirectory = word.value.endsWith('/')
    const written = wantsDirectory ? word.value.slice(0, -1) : word.value
    const name = nameOf(state, base.known ? base.value : null, written)
    if (!name.known) return endUnknown(walk, name.reason, at)
    const directory = base.known ? baseDirectory(base.value, requestVariables(state), true) : base
    const path = fromBytes((directory.known ? directory.value : ANYWHERE) + name.value)
    const bare = path.replace(/(?<=.)\/+$/, '')
    const kind = walk.view.kind(bare)
    if (kind !== null && !base.known) return endUnknown(walk, base.reason, at)
    // The host may decide in which directory a script is supposed to be, and to what it is given all the same.
    if ((kind === 'directory' || kind === undefined) && !directory.known)
      return endUnknown(walk, directory.reason, at)
    if (kind === undefined) return endUnknown(walk, `whether \`${path}\` exists is not known`, at)
    if (kind === null || (kind === 'directory') !== wantsDirectory) continue
    // A file's name with a slash behind it is nothing to the system.
    if (kind === 'file' && bare !== path) continue
    const found = directory.known ? path : fromBytes(name.value)
    step(walk, 'try-files', `\`try_files\` finds \`${found}\``, at, directive)
    if (base.known) take(state, base.value, name.value, wantsDirectory)
    return GO
  }
  return last === undefined ? GO : fallback(walk, directive, base.known ? base.value : null, last.value)
}

const NOT_READ = 'something here was not read'

/** A script is looked for by files that many locations include; before a proxy nobody hides that. */
function mayTryUnread({ configuration, scope }: RequestState): boolean {
  if (scope.name !== 'location' || !hasUnreadInclude(configuration, scope, 'try_files')) return false
  return !scope.children.some(({ name }) => name === 'proxy_pass' || name === 'grpc_pass')
}

/** The URI becomes what was found; behind an alias with the location's name in front. */
function take(state: RequestState, base: FileBase, name: string, wantsDirectory: boolean): void {
  if (base.kind === 'root') state.uri = name
  else if (base.prefix !== null) state.uri = state.uri.slice(0, toBytes(base.prefix).length) + name
  else if (!wantsDirectory) {
    state.uri = name
    state.addsUri = true
  }
}

/** What nginx tries, or goes to: behind an alias it takes the location's name off again, if variables brought it. */
function nameOf(state: RequestState, base: FileBase | null, written: string): Fact<string> {
  const name = interpolate(written, requestVariables(state))
  if (!name.known || !isComputed(written) || base?.kind !== 'alias' || base.prefix === null) return name
  const { length } = toBytes(base.prefix)
  return name.value.startsWith(state.uri.slice(0, length)) ? known(name.value.slice(length)) : name
}

function fallback(walk: Walk, directive: NginxDirective, base: FileBase | null, written: string): Next {
  const at = argumentPlace(directive, directive.args.length - 1)
  if (written.startsWith('=')) {
    const status = Number.parseInt(written.slice(1), 10)
    step(walk, 'try-files', `\`try_files\` finds nothing: ${status}`, at, directive)
    return fail(walk, status, '`try_files` finds nothing', at)
  }
  const target = nameOf(walk.state, base, written)
  if (!target.known) return endUnknown(walk, target.reason, at)
  step(walk, 'try-files', `\`try_files\` falls back to \`${fromBytes(target.value)}\``, at, directive)
  if (target.value.startsWith('@')) return enterNamed(walk, target.value, at)
  const [uri, args] = splitArguments(target.value)
  return internalRedirect(walk, uri, args, at)
}
