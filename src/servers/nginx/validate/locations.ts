import { ownTable } from '../../../../parsers/text/own-table.ts'
import type { NginxWord } from '../../../../parsers/nginx/syntax.ts'
import type { NginxDirective } from '../configuration.ts'
import { compileRegex } from './rewrite.ts'
import { type Check, nameOf, type Reading, report } from './unit.ts'

/** A location's match as nginx takes it apart; modifiers may be glued to the path. */
export interface LocationMatch {
  readonly kind: 'prefix' | 'exact' | 'no-regex' | 'regex' | 'regex-caseless' | 'named'
  /** The path, the name with its `@`, or the regular expression. */
  readonly path: string
  readonly word: NginxWord
}

/** Null where nginx refuses the arguments. */
export function readLocationMatch(directive: NginxDirective): LocationMatch | null {
  const [first, second] = directive.args
  if (first === undefined) return null
  if (second !== undefined) {
    const kind = MODIFIERS[first.value]
    return kind === undefined ? null : { kind, path: second.value, word: second }
  }
  const { value } = first
  const word = first
  if (value.startsWith('=')) return { kind: 'exact', path: value.slice(1), word }
  if (value.startsWith('^~')) return { kind: 'no-regex', path: value.slice(2), word }
  if (value.startsWith('~*')) return { kind: 'regex-caseless', path: value.slice(2), word }
  if (value.startsWith('~')) return { kind: 'regex', path: value.slice(1), word }
  return { kind: value.startsWith('@') ? 'named' : 'prefix', path: value, word }
}

const MODIFIERS: Readonly<Record<string, LocationMatch['kind']>> = ownTable({
  '=': 'exact',
  '^~': 'no-regex',
  '~': 'regex',
  '~*': 'regex-caseless',
})

export const checkLocation: Check = (reading, directive, _facts, level) => {
  const match = readLocationMatch(directive)
  const [first] = directive.args
  if (match === null) {
    if (first !== undefined)
      report(
        reading,
        'invalid-location',
        directive,
        first,
        `\`${first.value}\` is no modifier of a location: those are \`=\`, \`^~\`, \`~\` and \`~*\``,
      )
    return
  }
  const isRegex = match.kind === 'regex' || match.kind === 'regex-caseless'
  if (isRegex && !compileRegex(reading, reading.http, directive, match.word, match.path)) return
  const { parent } = directive
  if (level.context !== 'location' || parent === null) return
  const outer = readLocationMatch(parent)
  if (outer === null) return
  const related = [{ at: nameOf(parent), message: 'the location around it' }]
  if (outer.kind === 'exact' || outer.kind === 'named') {
    const kind = outer.kind === 'exact' ? 'an exact' : 'a named'
    const message = `location \`${match.path}\` stands inside ${kind} location, \`${outer.path}\`, which takes none`
    report(reading, 'invalid-location', directive, match.word, message, { related })
  } else if (match.kind === 'named') {
    const message = `the named location \`${match.path}\` stands inside another: it belongs to the server itself`
    report(reading, 'invalid-location', directive, match.word, message, { related })
  } else if (!isRegex && !match.path.startsWith(outer.path)) {
    const message = `location \`${match.path}\` is outside of \`${outer.path}\`, in which it stands`
    report(reading, 'location-outside-parent', directive, match.word, message, { related })
  }
}

/** nginx sorts the locations of each level when `http` ends, and finds those that are there twice. */
export function checkDuplicateLocations(reading: Reading, children: readonly NginxDirective[]): void {
  let seen: Map<string, NginxDirective> | null = null
  for (const child of children) {
    if (child.name !== 'location' || child.node.block === null) continue
    const match = readLocationMatch(child)
    if (match === null) continue
    if (child.children.length > 0) checkDuplicateLocations(reading, child.children)
    if (match.kind !== 'exact' && match.kind !== 'prefix' && match.kind !== 'no-regex') continue
    const key = `${match.kind === 'exact' ? '=' : ' '}${match.path}`
    seen ??= new Map()
    const first = seen.get(key)
    if (first === undefined) seen.set(key, child)
    else {
      const related = [{ at: nameOf(first), message: 'here it is for the first time' }]
      const message = `location \`${match.path}\` is there twice`
      report(reading, 'duplicate-location', child, match.word, message, { related })
    }
  }
}
