import { posix } from 'node:path'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { filesBelow, sourceAt } from '../../src/files/file-system.ts'

const REACH = { levels: 6, skipped: /^(?:node_modules|\.next|\.git|dist|tests?|__tests__|cypress|e2e)$/ }
const MOST = 500

/** What runs in the browser, and not on the server alone, which reads the variable when it runs. */
const OF_BROWSER = /^\s*['"]use client['"]|\buse(?:State|Effect|LayoutEffect|Reducer|Ref)\s*\(|\bonClick=/m

/** What stands in front of a value that is shown to people, and that nobody connects to. */
const SHOWN =
  /(?:\b(?:mask|format|redact|shorten|truncate|show|display|render|print)\w*\(|\bconsole\.\w+\(|(?<![=:])>\s*\{)\s*$/i

/**
 * Where scripts that surely run in the browser, or a module that one of them imports, read a variable.
 * @param isServerToo tells those that may read it on the server alone, which are passed over
 * @param isLeftOut tells uses that do not count, by where they stand
 */
export function readOfBrowser(
  { service, hostFiles }: Container,
  name: string,
  isServerToo: (text: string) => boolean = () => false,
  isLeftOut: (text: string, index: number) => boolean = () => false,
): Place | null {
  const context = service.build?.context
  if (context?.known !== true) return null
  const sources: Source[] = []
  for (const path of filesBelow(hostFiles, context.value, REACH)) {
    if (!/\.(?:[jt]sx?|mjs)$/.test(path) || /\.config\.|\.test\.|\/api\/.*\/route\./.test(path)) continue
    const source = sourceAt(hostFiles, path)
    if (source !== null && !isServerToo(source.text)) sources.push(source)
    if (sources.length > MOST) return null
  }
  const pages = sources.filter(({ text }) => OF_BROWSER.test(text))
  const word = `process.env.${name}`
  for (const source of sources) {
    const uses = [...source.text.matchAll(new RegExp(`process\\.env\\.${name}\\b`, 'g'))]
    const start = uses.map(({ index }) => index).find(index => !isLeftOut(source.text, index))
    if (start === undefined) continue
    const module = posix.basename(source.path).replace(/\.\w+$/, '')
    const imported = new RegExp(
      `\\b(?:import|export)\\s+(?!type\\s)[^;'"]*\\bfrom\\s+["'][^"']*/${module.replace(/[^\w-]/g, '.')}["']`,
    )
    if (pages.some(page => page === source || imported.test(page.text)))
      return { source, start, end: start + word.length }
  }
  return null
}

/** True where a value is only shown. */
export function isShown(text: string, index: number): boolean {
  return SHOWN.test(text.slice(Math.max(0, index - 100), index))
}
