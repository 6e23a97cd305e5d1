import { fromBytes, toBytes } from '../../regex.ts'
import type { NginxDirective } from '../configuration.ts'
import { interpolate } from './interpolate.ts'
import { argumentPlace, wordPlace } from './places.ts'
import { type RequestState, requestVariables } from './request.ts'
import { childrenNamed } from './scope.ts'
import { baseFolder, type FileBase, fileBase, filePath } from './static-content.ts'
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

/** `try_files` of the block in force: the first file that is there, else its last word. */
export function tryFilesStep(walk: Walk): Next {
  const { state } = walk
  const directive = childrenNamed(state.scope, 'try_files')[0]
  if (directive === undefined) return GO
  const last = directive.args.at(-1)
  const base = fileBase(state.configuration, state.scope)
  const misplaced = base.known ? misplacedAlias(walk, base.value) : null
  if (misplaced !== null) return misplaced
  for (const word of directive.args.slice(0, -1)) {
    const at = wordPlace(directive, word)
    const wantsFolder = word.value.endsWith('/')
    const written = wantsFolder ? word.value.slice(0, -1) : word.value
    const name = interpolate(written, requestVariables(state))
    if (!name.known) return endUnknown(walk, name.reason, at)
    if (!base.known) return endUnknown(walk, base.reason, at)
    const path = pathOf(state, base.value, toBytes(name.value))
    if (path === null) return endUnknown(walk, 'the folder of the files is not known', at)
    const bare = path.replace(/(?<=.)\/+$/, '')
    const kind = walk.files?.kind(bare) ?? null
    if (kind === null && !walk.files?.covers(bare))
      return endUnknown(walk, `whether \`${path}\` is there is not known`, at)
    if (kind === null || (kind === 'directory') !== wantsFolder) continue
    // A file's name with a slash behind it is nothing to the system.
    if (kind === 'file' && bare !== path) continue
    step(walk, 'try-files', `\`${path}\` is there`, at)
    state.uri = uriOf(base.value, toBytes(name.value))
    return GO
  }
  return last === undefined ? GO : fallback(walk, directive, last.value)
}

/** With an alias, what is tried lies below it once the location's name is taken off. */
function pathOf(state: RequestState, base: FileBase, name: string): string | null {
  const variables = requestVariables(state)
  if (base.kind === 'root') {
    const path = filePath(base, name, variables)
    return path.known ? path.value : null
  }
  const folder = baseFolder(base, variables)
  if (!folder.known) return null
  return fromBytes(toBytes(folder.value) + withoutPrefix(base, name))
}

function withoutPrefix({ prefix }: FileBase, name: string): string {
  const bytes = toBytes(prefix ?? '')
  return bytes !== '' && name.startsWith(bytes) ? name.slice(bytes.length) : name
}

function uriOf(base: FileBase, name: string): string {
  if (base.kind === 'root' || base.prefix === null) return name
  return toBytes(base.prefix) + withoutPrefix(base, name)
}

function fallback(walk: Walk, directive: NginxDirective, written: string): Next {
  const at = argumentPlace(directive, directive.args.length - 1)
  if (written.startsWith('=')) {
    const status = Number.parseInt(written.slice(1), 10)
    step(walk, 'try-files', `nothing is there: ${status}`, at)
    return fail(walk, status, '`try_files` finds nothing', at)
  }
  const target = interpolate(written, requestVariables(walk.state))
  if (!target.known) return endUnknown(walk, target.reason, at)
  step(walk, 'try-files', `nothing is there: \`${target.value}\``, at)
  if (target.value.startsWith('@')) return enterNamed(walk, target.value, at)
  const [uri, args] = splitArguments(toBytes(target.value))
  return internalRedirect(walk, uri, args, at)
}
