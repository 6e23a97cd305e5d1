import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { type JsToken, jsTokens } from '../../parsers/javascript/tokens.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** Paths that the server for development proxies, and nothing else: `/api` and what is below it. */
export interface DevProxy {
  readonly prefix: string
  readonly at: Place
}

const CONFIGURATIONS = ['vite', 'vue'].flatMap(tool =>
  ['js', 'ts', 'mjs', 'mts', 'cjs'].map(ending => `${tool}.config.${ending}`),
)

/** What Vite, Vue CLI and the server of react-scripts are told in the directory of a project. */
export const devProxies = memoByKey((files: FileSystem, home: string): readonly DevProxy[] => {
  const read = (name: string): readonly Source[] => {
    const source = sourceAt(files, posix.join(home, name))
    return source === null ? [] : [source]
  }
  return [
    ...CONFIGURATIONS.flatMap(read).flatMap(keysOfProxy),
    ...['src/setupProxy.js', 'src/setupProxy.ts'].flatMap(read).flatMap(pathsOfMiddleware),
  ]
})

/** `proxy: { '/api': … }`. */
function keysOfProxy(source: Source): readonly DevProxy[] {
  const tokens = jsTokens(source.code)
  return tokens.flatMap(({ text }, index) => {
    if (text !== 'proxy' || tokens[index + 1]?.text !== ':' || tokens[index + 2]?.text !== '{') return []
    return keysFrom(tokens, index + 3).flatMap(key => proxyOf(source, key))
  })
}

/** The keys of an object, from behind its brace on. */
function keysFrom(tokens: readonly JsToken[], from: number): readonly JsToken[] {
  const keys: JsToken[] = []
  let depth = 0
  for (let at = from; at < tokens.length; at++) {
    const token = tokens[at]!
    if (/^[{[(]$/.test(token.text) && token.kind === 'sign') depth++
    else if (/^[}\])]$/.test(token.text) && token.kind === 'sign' && --depth < 0) break
    else if (depth === 0 && token.kind === 'string' && tokens[at + 1]?.text === ':') keys.push(token)
  }
  return keys
}

/** `app.use('/api', createProxyMiddleware(…))`, `createProxyMiddleware('/api', …)`. */
function pathsOfMiddleware(source: Source): readonly DevProxy[] {
  const tokens = jsTokens(source.code)
  if (!tokens.some(({ text }) => /^(?:createProxyMiddleware|proxy)$/.test(text))) return []
  return tokens.flatMap((token, index) => {
    const call = tokens[index - 2]?.text ?? ''
    const isFirst = tokens[index - 1]?.text === '(' && /^(?:use|createProxyMiddleware|proxy)$/.test(call)
    return isFirst && token.kind === 'string' ? proxyOf(source, token) : []
  })
}

/** A plain path; an expression of Vite, which begins with `^`, is none. */
function proxyOf(source: Source, { text, start, end }: JsToken): readonly DevProxy[] {
  const prefix = /^(\/[\w-]+(?:\/[\w-]+)*)\/?$/.exec(text)?.[1]
  return prefix === undefined ? [] : [{ prefix, at: { source, start: start + 1, end: end - 1 } }]
}
