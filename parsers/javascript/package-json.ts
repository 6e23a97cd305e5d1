import { memo } from '../collections/memo.ts'
import type { Place, Source } from '../text/source.ts'
import { type JsToken, jsTokens } from './tokens.ts'

/** What a `package.json` says of its scripts and of what is installed for them. */
export interface PackageJson {
  readonly scripts: ReadonlyMap<string, string>
  readonly dependencies: ReadonlySet<string>
  readonly devDependencies: ReadonlyMap<string, Place>
  /** True where other packages of the repository are installed with it. */
  readonly hasWorkspaces: boolean
}

/** The members of objects of texts; whatever else stands there is left out. */
export const readPackageJson = memo((source: Source): PackageJson => {
  const tokens = jsTokens(source.code)
  const texts = (name: string): ReadonlyMap<string, JsToken> => {
    const found = new Map<string, JsToken>()
    const start = memberAt(tokens, name)
    if (start === null || tokens[start]?.text !== '{') return found
    for (let at = start + 1; at < tokens.length && tokens[at]!.text !== '}'; at++)
      if (tokens[at]!.kind === 'string' && tokens[at + 1]?.text === ':' && tokens[at + 2]?.kind === 'string')
        found.set(tokens[at]!.text, tokens[at + 2]!)
    return found
  }
  return {
    scripts: new Map([...texts('scripts')].map(([name, { text }]) => [name, text])),
    dependencies: new Set(
      ['dependencies', 'optionalDependencies', 'peerDependencies'].flatMap(name => [...texts(name).keys()]),
    ),
    devDependencies: new Map(
      [...texts('devDependencies')].map(([name, { start, end }]) => [name, { source, start, end }]),
    ),
    hasWorkspaces: memberAt(tokens, 'workspaces') !== null,
  }
})

/** The first token of the value of a member of the outermost object. */
function memberAt(tokens: readonly JsToken[], name: string): number | null {
  let depth = 0
  for (const [index, { kind, text }] of tokens.entries()) {
    if (kind === 'sign' && /^[{[]$/.test(text)) depth++
    else if (kind === 'sign' && /^[}\]]$/.test(text)) depth--
    else if (depth === 1 && kind === 'string' && text === name && tokens[index + 1]?.text === ':')
      return index + 2
  }
  return null
}
