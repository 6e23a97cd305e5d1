import { memo } from '../collections/memo.ts'
import type { Place, Source } from '../text/source.ts'

/** A module of the site itself that a page loads. */
export interface PageModule {
  /** As the page names it, without its query: `/js/app.mjs`, `./app.mjs`. */
  readonly path: string
  readonly at: Place
}

const TAG = /<script\b((?:[^>"']|"[^"]*"|'[^']*')*)>/gi
const IS_MODULE = /(?:^|\s)type\s*=\s*["']?module["']?(?=[\s/]|$)/i
const SRC = /(?:^|\s)src\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i
const IMPORT = /\b(?:from|import)\s*\(?\s*(["'])(\.{0,2}\/[\w./-]+\.mjs)(?:\?[^"']*)?\1/g
const OF_SITE = /^[\w./-]+\.mjs(?=\?|$)/

/** The `.mjs` that the tags and the scripts of a page of HTML load; none of a template, in which anything may be. */
export const pageModules = memo((source: Source): readonly PageModule[] => {
  if (!source.text.includes('.mjs')) return []
  const code = source.text.replace(/<!--[\s\S]*?-->/g, text => ' '.repeat(text.length))
  if (/\{\{|\{%|<%|<\?php|<base\b/i.test(code)) return []
  const modules: PageModule[] = []
  for (const { 0: whole, 1: words = '', index } of code.matchAll(TAG)) {
    if (!IS_MODULE.test(words)) continue
    const start = index + whole.length
    const src = SRC.exec(words)
    const url = src?.[1] ?? src?.[2] ?? src?.[3]
    if (url !== undefined) {
      const path = OF_SITE.exec(url)?.[0]
      if (path !== undefined && !path.startsWith('//'))
        modules.push({ path, at: { source, start: index, end: start } })
      continue
    }
    const close = code.toLowerCase().indexOf('</script', start)
    const body = code
      .slice(start, close === -1 ? code.length : close)
      .replace(/\/\/.*|\/\*[\s\S]*?\*\//g, text => ' '.repeat(text.length))
    for (const found of body.matchAll(IMPORT))
      modules.push({
        path: found[2] ?? '',
        at: { source, start: start + found.index, end: start + found.index + found[0].length },
      })
  }
  return modules
})
